//! The simulator's record of what actually happened.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp, Vendor};
use serde::{Deserialize, Serialize};

use crate::platform::DomainKind;
use crate::verdict::ReviewItem;

/// The truth about one app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AppTruth {
    /// Its vendor.
    pub vendor: Vendor,
    /// Its id.
    pub app_id: AppId,
    /// WeChat's original id, `gh_…`.
    pub original_id: String,
    /// How often each operation took effect, whatever was returned. Operations that never did are omitted.
    pub effects: BTreeMap<String, u64>,
    /// The newest upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploaded: Option<VersionTruth>,
    /// The version that users see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<VersionTruth>,
    /// The version that a rollback would restore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<VersionTruth>,
    /// The newest gray release (WeChat).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gray: Option<GrayTruth>,
    /// Whether users may visit the app.
    pub open: bool,
    /// The minimum library version.
    pub min_library_version: String,
    /// All submissions, oldest first.
    pub audits: Vec<AuditTruth>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// The address or media id of its icon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The ids of its categories.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Its domains: its own until a release or submission replaces them, and those set through the platform.
    #[serde(default)]
    pub domains: BTreeMap<DomainKind, Vec<String>>,
    /// Permission to read phone numbers (Baidu): `none`, `pending`, `refused` or `granted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_permission: Option<String>,
    /// Reviews in progress other than that of code, oldest first.
    #[serde(default)]
    pub reviews: Vec<ReviewTruth>,
    /// How often each item may still be changed (Baidu).
    #[serde(default)]
    pub changes_left: BTreeMap<ReviewItem, u32>,
    /// WeChat ids of its testers (WeChat).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub testers: Vec<String>,
    /// Start of the platform's authorization; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Timestamp>,
    /// The latest messages sent to its users through the API, oldest first (WeChat).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageTruth>,
}

impl AppTruth {
    /// Returns how often the operation took effect.
    #[must_use]
    pub fn effects_of(&self, operation: &str) -> u64 {
        self.effects.get(operation).copied().unwrap_or(0)
    }

    /// Returns the version online, if any.
    #[must_use]
    pub fn online_version(&self) -> Option<&str> {
        self.online.as_ref().map(|online| online.version.as_str())
    }
}

/// A message to a user of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessageTruth {
    /// The user.
    pub to: String,
    /// Its kind, such as `text`.
    pub kind: String,
    /// Its text; empty for other kinds.
    pub content: String,
}

/// A version of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VersionTruth {
    /// Its version, as the platform named it.
    pub version: String,
    /// Its description.
    pub description: String,
    /// The package id (Baidu) or `app_version` (WeChat, once released).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was uploaded or went online.
    pub since: Timestamp,
}

/// A gray release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GrayTruth {
    /// The vendor's number: 1 running, 3 finished, 4 deleted.
    pub status: i64,
    /// Percentage of users.
    pub percentage: u8,
}

/// A submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditTruth {
    /// The audit id (WeChat) or package id (Baidu).
    pub id: String,
    /// `in_review`, `approved`, `rejected`, `delayed` or `withdrawn`.
    pub status: String,
    /// The version submitted.
    pub version: String,
    /// The reason for rejection or delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An item under review other than code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReviewTruth {
    /// The vendor's id of the review.
    pub id: String,
    /// The item.
    pub item: ReviewItem,
    /// The value that would take effect; null if there is none.
    pub value: serde_json::Value,
}

/// A request that reached a vendor's API, tokens masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Time on the simulator's clock.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, tokens masked.
    pub query: String,
    /// The body, tokens masked; truncated if long.
    pub body: String,
    /// The app whose token was sent, or that a token request was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// The fault that was injected, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<serde_json::Value>,
}

/// A push that was sent, or would have been if a URL were configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SentPush {
    /// Time on the simulator's clock.
    pub at: Timestamp,
    /// The vendor's event name.
    pub event: String,
    /// Always `POST`.
    pub method: String,
    /// The URL without its query; absent if none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The query, which carries WeChat's signature; empty at Baidu.
    pub query: String,
    /// The content type.
    pub content_type: String,
    /// The body, encrypted.
    pub body: String,
    /// The number of this delivery, from 1.
    pub attempt: u32,
}
