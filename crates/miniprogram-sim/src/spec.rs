//! Apps to add, and the states they can be put into.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Secret, Vendor};
use serde::{Deserialize, Serialize};

use crate::platform::DomainKind;
use crate::{BAIDU, WECHAT};

/// An app to add.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AppSpec {
    /// Its vendor: [`WECHAT`] or [`BAIDU`].
    pub vendor: Vendor,
    /// Its id; unique across both vendors.
    pub app_id: AppId,
    /// WeChat's original id, `gh_…`; derived from the app id if absent.
    pub original_id: Option<String>,
    /// Whether it has authorized the platform and has tokens; `true` by default.
    pub authorized: bool,
    /// Its first access token; issued if absent.
    pub token: Option<Secret>,
    /// Its first refresh token; issued if absent.
    pub refresh_token: Option<Secret>,
    /// Its initial state; one version online and one before it by default.
    pub state: State,
    /// Its name; derived from the app id if absent.
    pub name: Option<String>,
    /// Its own key at Baidu, for client credentials.
    pub alliance_key: Option<AllianceKey>,
    /// Domains that it set itself, without the platform.
    pub own_domains: BTreeMap<DomainKind, Vec<String>>,
    /// Whether its owner is a person and not an organisation (WeChat).
    pub is_personal: bool,
    /// Whether its legal subject is certified, as a release requires (Baidu).
    pub is_authenticated: bool,
}

/// An app's own key at Baidu: AppKey and AppSecret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AllianceKey {
    /// The AppKey.
    pub client_id: String,
    /// The AppSecret.
    pub client_secret: Secret,
}

impl AppSpec {
    /// An app of that vendor with one version online and one before it.
    #[must_use]
    pub fn new(vendor: Vendor, app_id: impl Into<AppId>) -> Self {
        Self {
            vendor,
            app_id: app_id.into(),
            original_id: None,
            authorized: true,
            token: None,
            refresh_token: None,
            state: State::Online,
            name: None,
            alliance_key: None,
            own_domains: BTreeMap::new(),
            is_personal: false,
            is_authenticated: true,
        }
    }

    /// A WeChat app.
    #[must_use]
    pub fn wechat(app_id: impl Into<AppId>) -> Self {
        Self::new(WECHAT, app_id)
    }

    /// A Baidu app.
    #[must_use]
    pub fn baidu(app_id: impl Into<AppId>) -> Self {
        Self::new(BAIDU, app_id)
    }

    /// Sets WeChat's original id.
    #[must_use]
    pub fn with_original_id(mut self, id: impl Into<String>) -> Self {
        self.original_id = Some(id.into());
        self
    }

    /// Sets the first access token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the first refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, token: impl Into<Secret>) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    /// Starts it without an authorization: it has no tokens until
    /// [`Simulator::authorize`](crate::Simulator::authorize).
    #[must_use]
    pub fn unauthorized(mut self) -> Self {
        self.authorized = false;
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the app's own key, for client credentials (Baidu).
    #[must_use]
    pub fn with_alliance_key(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<Secret>,
    ) -> Self {
        let (client_id, client_secret) = (client_id.into(), client_secret.into());
        self.alliance_key = Some(AllianceKey { client_id, client_secret });
        self
    }

    /// Adds domains that the app set itself. A submission or release through the platform removes them.
    #[must_use]
    pub fn with_own_domains<D: Into<String>>(
        mut self,
        kind: DomainKind,
        domains: impl IntoIterator<Item = D>,
    ) -> Self {
        self.own_domains.entry(kind).or_default().extend(domains.into_iter().map(Into::into));
        self
    }

    /// Makes a person its owner (WeChat): no web view domains, fewer categories.
    #[must_use]
    pub fn with_personal_owner(mut self) -> Self {
        self.is_personal = true;
        self
    }

    /// Leaves its legal subject uncertified (Baidu): releases are refused until
    /// [`Simulator::set_authenticated`](crate::Simulator::set_authenticated).
    #[must_use]
    pub fn without_authentication(mut self) -> Self {
        self.is_authenticated = false;
        self
    }

    /// Sets the initial state.
    #[must_use]
    pub fn with_state(mut self, state: State) -> Self {
        self.state = state;
        self
    }
}

/// A state to put an app into; no effect is counted.
///
/// Except for `Fresh`, `NoPrevious` and `OnlineAs`, version 1.1.0 is online and 1.0.0 came before it; uploads on top are
/// 1.2.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Nothing was ever uploaded.
    Fresh,
    /// A version online and one before it, nothing in progress.
    Online,
    /// A version online and none before it.
    NoPrevious,
    /// This version online and none before it.
    OnlineAs {
        /// Its version.
        version: String,
    },
    /// A version uploaded, not submitted.
    Uploaded {
        /// Its version.
        version: String,
    },
    /// A version under review.
    InReview,
    /// A version approved, not released.
    Approved,
    /// A version rejected.
    Rejected {
        /// The reason.
        reason: String,
    },
    /// A version whose review is delayed (WeChat).
    Delayed {
        /// The reason.
        reason: String,
    },
    /// A version withdrawn from review.
    Withdrawn,
    /// A version approved and released to some users: a gray (phased) release (WeChat).
    GrayRunning {
        /// Percentage of users.
        percentage: u8,
    },
    /// The new version is released.
    Released,
    /// The version online was rolled back to the one before it.
    RolledBack,
    /// The app is closed to visitors.
    Closed,
}
