//! What an app has other than code.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::basics::Basics;
use super::categories::{Categories, CategoryStatus};
use super::domains::Domains;
use super::media::Media;
use super::naming::Naming;
use super::options::Options;
use super::order_path::OrderPath;
use super::privacy::Privacy;
use super::quota::Usage;
use super::records::Records;
use super::testers::Tester;
use crate::spec::AppSpec;
use crate::truth::{AppTruth, MessageTruth, ReviewTruth};
use crate::verdict::ReviewItem;

/// What an app has other than code; independent of its versions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    /// Whether the owner is a person and not an organisation.
    pub(super) is_personal: bool,
    pub(super) naming: Naming,
    pub(super) basics: Basics,
    pub(super) categories: Categories,
    pub(super) domains: Domains,
    pub(super) testers: Vec<Tester>,
    pub(super) privacy: Privacy,
    pub(super) order_path: OrderPath,
    pub(super) media: Media,
    pub(super) records: Records,
    pub(super) usage: Usage,
    pub(super) options: Options,
    pub(crate) messages: VecDeque<MessageTruth>,
}

impl Profile {
    pub(crate) fn new(spec: &AppSpec) -> Self {
        let name = spec.name.clone().unwrap_or_else(|| format!("小程序{}", spec.app_id));
        Self {
            is_personal: spec.is_personal,
            naming: Naming::new(name),
            domains: Domains::of_owner(&spec.own_domains),
            ..Self::default()
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.naming.name
    }

    pub(super) fn signature(&self) -> &str {
        &self.basics.signature
    }

    /// Names of the approved categories.
    pub(super) fn approved_categories(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let approved =
            self.categories.own.iter().filter(|category| category.status == CategoryStatus::Approved);
        approved.map(|category| category.names())
    }

    /// Applies what takes effect with a release.
    pub(super) fn release(&mut self) {
        self.domains.release();
        self.privacy.release();
    }

    pub(super) fn describe(&self, truth: &mut AppTruth) {
        truth.name.clone_from(&self.naming.name);
        truth.description.clone_from(&self.basics.signature);
        truth.messages = self.messages.iter().cloned().collect();
        truth.icon.clone_from(&self.basics.head_image);
        let approved =
            self.categories.own.iter().filter(|category| category.status == CategoryStatus::Approved);
        truth.categories = approved.map(|category| category.second.to_string()).collect();
        truth.domains = self.domains.all();
        truth.testers = self.testers.iter().map(|tester| tester.wechat_id.clone()).collect();
        truth.reviews = self.reviews();
    }

    /// Reviews in progress, oldest first.
    fn reviews(&self) -> Vec<ReviewTruth> {
        let mut reviews: Vec<(u64, ReviewItem, Value)> = Vec::new();
        if let Some(rename) = self.naming.pending() {
            reviews.push((rename.audit, ReviewItem::Name, json!(rename.nickname)));
        }
        for category in self.categories.own.iter() {
            if category.status == CategoryStatus::InReview {
                let ids = json!({ "first": category.first, "second": category.second });
                reviews.push((category.audit, ReviewItem::Categories, ids));
            }
        }
        for (name, application) in self.privacy.interfaces.pending() {
            reviews.push((application.audit, ReviewItem::PrivacyInterface, json!(name)));
        }
        if let Some(path) = self.order_path.pending() {
            reviews.push((path.audit(), ReviewItem::OrderPath, json!(path.path())));
        }
        reviews.sort_by_key(|(id, ..)| *id);
        let describe =
            |(id, item, value): (u64, ReviewItem, Value)| ReviewTruth { id: id.to_string(), item, value };
        reviews.into_iter().map(describe).collect()
    }
}
