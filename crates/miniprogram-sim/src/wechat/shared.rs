//! What WeChat keeps per platform: domains, the template library, names, responses.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp};

use super::Account;
use super::answers::Answers;
use super::platform_domains::Changed;
use super::templates::Library;
use super::uses::Spent;
use crate::platform::DomainKind;

/// State shared by all apps of the platform at WeChat.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(super) library: Library,
    pub(super) audits: Spent,
    pub(super) speedups: Spent,
    /// Registered domains; apps may use them and their subdomains. Registered server domains apply to every kind and
    /// are kept under [`DomainKind::Request`].
    pub(crate) domains: BTreeMap<DomainKind, Vec<String>>,
    pub(super) server_domains: Changed,
    pub(super) web_view_domains: Changed,
    /// How many apps each person tests, by WeChat id.
    pub(super) tested: BTreeMap<String, usize>,
    /// Names of the apps.
    pub(crate) names: BTreeMap<AppId, String>,
    /// The code that refuses a name with this word.
    pub(crate) name_rules: BTreeMap<String, i64>,
    pub(super) answers: Answers,
}

impl Shared {
    /// Adds a draft and returns its id.
    pub(crate) fn add_draft(&mut self, version: &str, description: &str, now: Timestamp) -> u64 {
        self.library.add_draft(version, description, now)
    }

    /// Forgets an app: its name, testers and responses.
    pub(crate) fn forget(&mut self, app: &AppId, account: &Account) {
        self.names.remove(app);
        for tester in &account.profile.testers {
            if let Some(apps) = self.tested.get_mut(&tester.wechat_id) {
                *apps = apps.saturating_sub(1);
            }
        }
        self.answers.forget_app(app);
    }

    pub(crate) fn domains_of(&self, kind: DomainKind) -> &[String] {
        self.domains.get(&kind).map_or(&[], Vec::as_slice)
    }
}
