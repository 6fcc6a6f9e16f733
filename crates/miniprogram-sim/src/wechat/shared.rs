//! What WeChat keeps for the platform: domains, the template library, names, answers.

use std::collections::BTreeMap;

use miniprogram_core::{AppId, Timestamp};

use super::Account;
use super::answers::Answers;
use super::platform_domains::Changed;
use super::templates::Library;
use crate::platform::DomainKind;

/// What all apps of the platform share at WeChat.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(super) library: Library,
    /// The domains that the apps may be given, or any below them. Those that the platform registers for servers serve
    /// every kind, and are kept under [`DomainKind::Request`].
    pub(crate) domains: BTreeMap<DomainKind, Vec<String>>,
    pub(super) server_domains: Changed,
    pub(super) web_view_domains: Changed,
    /// How many apps a person tests, by WeChat id.
    pub(super) tested: BTreeMap<String, usize>,
    /// The names of the apps.
    pub(crate) names: BTreeMap<AppId, String>,
    /// The code that a name with this word is refused with.
    pub(crate) name_rules: BTreeMap<String, i64>,
    pub(super) answers: Answers,
}

impl Shared {
    /// Puts a draft beside the others; its id.
    pub(crate) fn add_draft(&mut self, version: &str, description: &str, now: Timestamp) -> u64 {
        self.library.add_draft(version, description, now)
    }

    /// Forgets an app: its name, its testers, the answers to it.
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
