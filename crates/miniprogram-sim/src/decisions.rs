//! The decisions on what the documents leave open. The README's tables are rendered from this list.

use std::time::Duration;

use miniprogram_core::Vendor;
use serde::Serialize;

use crate::authorization::TICKET_LIFETIME;
use crate::page::PHONE;
use crate::pushes::{DELIVERIES, PATIENCE};
use crate::{baidu, wechat};

/// A point that the vendors' documents leave open, and what the simulator does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecisionInfo {
    /// The vendor concerned; absent if it applies to both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// The subject, in a few words.
    pub about: &'static str,
    /// Document and section that leave it open, such as `002, 16`; empty if no document covers it.
    pub source: &'static str,
    /// What the simulator does.
    pub decision: String,
    /// The tests of this crate that check it, as `module::function` below `tests/it`.
    pub held_by: &'static [&'static str],
}

/// Builds the rows for both vendors, or for one of them.
pub(crate) struct Rows {
    vendor: Option<Vendor>,
    rows: Vec<DecisionInfo>,
}

impl Rows {
    pub(crate) fn new(vendor: Option<Vendor>) -> Self {
        Self { vendor, rows: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        about: &'static str,
        source: &'static str,
        decision: impl Into<String>,
        held_by: &'static [&'static str],
    ) {
        let (vendor, decision) = (self.vendor, decision.into());
        self.rows.push(DecisionInfo { vendor, about, source, decision, held_by });
    }

    pub(crate) fn done(self) -> Vec<DecisionInfo> {
        self.rows
    }
}

/// Returns every decision: those for both vendors first, then WeChat's, then Baidu's.
#[must_use]
pub fn decisions() -> Vec<DecisionInfo> {
    [both(), wechat::decisions(), baidu::decisions()].concat()
}

/// Formats a duration in the largest unit that divides it.
pub(crate) fn time(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        _ if seconds.is_multiple_of(86_400) => (seconds / 86_400, "day"),
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, "hour"),
        _ if seconds.is_multiple_of(60) => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Formats a number with thousands separators.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
    let groups = rest.as_bytes().chunks(3).map(String::from_utf8_lossy);
    groups.fold(first.to_owned(), |text, group| format!("{text},{group}"))
}

fn both() -> Vec<DecisionInfo> {
    let mut rows = Rows::new(None);
    rows.add(
        "reviews",
        "",
        "Reviews wait for the audit policy (`with_audit_policy`) or a manual decision. There is no other reviewer. \
         A policy approves or rejects every review, or rejects a share of them by the seed.",
        &["pushes::a_policy_decides_at_its_time", "pushes::a_policy_rejects_a_share_by_the_seed", "wechat_names::the_policy_decides_names_too"],
    );
    rows.add(
        "authorization page",
        "",
        "The merchant consents at once. The app is the named one, otherwise the first by id that has not \
         authorized the platform. A visit's code is valid for one visit.",
        &["authorization::the_authorization_page_sends_the_browser_back_with_a_code"],
    );
    rows.add(
        "authorization code",
        "",
        "The pushed code and the redirect's code are the same, with the same lifetime.",
        &["authorization::the_authorization_page_sends_the_browser_back_with_a_code"],
    );
    rows.add(
        "tickets",
        "",
        format!("A ticket is valid for {}, even after newer ones.", time(TICKET_LIFETIME)),
        &[
            "wechat_authorization::a_ticket_buys_the_platform_token_for_twelve_hours",
            "baidu_authorization::a_ticket_buys_the_platform_token",
        ],
    );
    rows.add(
        "access tokens",
        "",
        "A new token invalidates the previous one at once.",
        &[
            "wechat::tokens_are_bound_expire_and_are_replaced",
            "baidu_authorization::every_refresh_spends_its_token",
        ],
    );
    rows.add(
        "repeated pushes",
        "",
        format!(
            "A push that is not acknowledged within {} is delivered up to {} times in all, {} apart, \
             encrypted anew each time.",
            time(PATIENCE),
            DELIVERIES,
            time(PATIENCE)
        ),
        &[
            "pushes::what_is_not_acknowledged_comes_three_times_each_encrypted_afresh",
            "pushes::a_silent_receiver_is_given_five_seconds",
        ],
    );
    rows.add(
        "removed apps",
        "",
        "Removing an app removes its tokens, codes, keys and names; no push reports it. An app added later \
         with the same id is a different one.",
        &[
            "removal::what_an_app_held_is_refused_once_it_is_gone",
            "removal::nothing_of_an_old_app_happens_to_a_new_one_of_its_id",
        ],
    );
    rows.done()
}

/// The phone page as WeChat's decisions name it.
pub(crate) fn phone_page() -> String {
    PHONE.map(|path| format!("`{path}`")).join(" or ")
}
