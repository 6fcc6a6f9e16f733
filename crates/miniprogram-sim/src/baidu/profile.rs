//! Basic information of an app, and its reviews.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::domains::Domains;
use super::offline::{ForcedOffline, OfflineFault};
use super::phone::Phone;
use crate::spec::AppSpec;
use crate::truth::{AppTruth, ReviewTruth};
use crate::verdict::ReviewItem;

/// How often name, icon and description may be changed.
pub(super) const CHANGES: u32 = 5;
/// How often the categories may be changed.
pub(super) const CATEGORY_CHANGES: u32 = 3;

#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) description: String,
    /// URL of the icon.
    pub(crate) icon: String,
    /// Ids of sub-categories.
    pub(crate) categories: Vec<u64>,
    /// How often each item was submitted.
    used: BTreeMap<ReviewItem, u32>,
    /// Reviews in progress, oldest first; at most one per item.
    pub(crate) reviews: Vec<Review>,
    /// What the last review of an item refused, with the reason.
    pub(crate) refused: BTreeMap<ReviewItem, (Change, String)>,
    pub(crate) phone: Phone,
    pub(crate) domains: Domains,
    pub(crate) offline: Option<ForcedOffline>,
    pub(crate) traffic_closed: bool,
    pub(crate) rectification: bool,
    /// Whether the legal subject is certified, as a release requires.
    pub(crate) is_authenticated: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    /// The examine id.
    pub(crate) id: u64,
    pub(crate) change: Change,
}

/// The change that a review would apply.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Name(String),
    Icon(String),
    Description(String),
    Categories(Vec<u64>),
    PhonePermission,
    Recovery,
    OfflineUpdate { name: Option<String>, description: Option<String>, icon: Option<String> },
}

impl Change {
    pub(crate) fn item(&self) -> ReviewItem {
        match self {
            Self::Name(_) => ReviewItem::Name,
            Self::Icon(_) => ReviewItem::Icon,
            Self::Description(_) => ReviewItem::Description,
            Self::Categories(_) => ReviewItem::Categories,
            Self::PhonePermission => ReviewItem::PhonePermission,
            Self::Recovery => ReviewItem::Recovery,
            Self::OfflineUpdate { .. } => ReviewItem::OfflineUpdate,
        }
    }

    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Name(text) | Self::Icon(text) | Self::Description(text) => json!(text),
            Self::Categories(ids) => json!(ids),
            Self::PhonePermission | Self::Recovery => Value::Null,
            Self::OfflineUpdate { name, description, icon } => {
                json!({ "name": name, "description": description, "icon": icon })
            }
        }
    }
}

impl Profile {
    /// Starts with the app's own domains.
    pub(crate) fn new(spec: &AppSpec) -> Self {
        Self {
            name: spec.name.clone().unwrap_or_else(|| format!("app {}", spec.app_id)),
            domains: Domains::own(spec.own_domains.clone()),
            is_authenticated: spec.is_authenticated,
            ..Self::default()
        }
    }

    /// Returns the code that refuses a submission while basic information is under review (001, 第二步).
    pub(super) fn obstacle(&self) -> Option<i64> {
        let under_review = |item| self.review(item).is_some();
        let update = self.review(ReviewItem::OfflineUpdate).map(|review| &review.change);
        let renames = matches!(update, Some(Change::OfflineUpdate { name: Some(_), .. }));
        match (under_review(ReviewItem::Name) || renames, under_review(ReviewItem::Categories)) {
            (true, true) => Some(69003),
            (true, false) => Some(69001),
            (false, true) => Some(69002),
            (false, false) => {
                let other = [ReviewItem::Icon, ReviewItem::Description, ReviewItem::OfflineUpdate];
                other.into_iter().any(under_review).then_some(40045)
            }
        }
    }

    pub(crate) fn review(&self, item: ReviewItem) -> Option<&Review> {
        self.reviews.iter().find(|review| review.change.item() == item)
    }

    pub(crate) fn quota(item: ReviewItem) -> u32 {
        if item == ReviewItem::Categories { CATEGORY_CHANGES } else { CHANGES }
    }

    pub(crate) fn used(&self, item: ReviewItem) -> u32 {
        self.used.get(&item).copied().unwrap_or(0)
    }

    /// Puts a change under review.
    pub(super) fn submit(&mut self, id: u64, change: Change) {
        *self.used.entry(change.item()).or_default() += 1;
        self.refused.remove(&change.item());
        self.reviews.push(Review { id, change });
    }

    /// A new package is online: problems of the previous one are over.
    pub(super) fn release(&mut self) {
        self.rectification = false;
        if self.offline.as_ref().is_some_and(|offline| offline.fault == OfflineFault::Package) {
            self.offline = None;
        }
    }

    /// Returns the documents' number.
    pub(crate) fn status(&self, paused: bool) -> i64 {
        if self.offline.is_some() {
            5
        } else if self.traffic_closed {
            7
        } else if paused {
            4
        } else if self.rectification {
            6
        } else {
            1
        }
    }

    pub(crate) fn describe(&self, truth: &mut AppTruth) {
        truth.name.clone_from(&self.name);
        truth.description.clone_from(&self.description);
        truth.icon = Some(self.icon.clone()).filter(|icon| !icon.is_empty());
        truth.categories = self.categories.iter().map(u64::to_string).collect();
        truth.domains = self.domains.all();
        truth.phone_permission = Some(self.phone.status.as_str().to_owned());
        let review = |review: &Review| ReviewTruth {
            id: review.id.to_string(),
            item: review.change.item(),
            value: review.change.value(),
        };
        truth.reviews = self.reviews.iter().map(review).collect();
        let items = [ReviewItem::Name, ReviewItem::Icon, ReviewItem::Description, ReviewItem::Categories];
        truth.changes_left =
            items.into_iter().map(|item| (item, Self::quota(item).saturating_sub(self.used(item)))).collect();
    }
}
