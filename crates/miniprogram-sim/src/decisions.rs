//! What the documents leave open, and how the simulator decides it: for who reads, and for the README, which is rendered
//! from it.

use std::time::Duration;

use miniprogram_core::Vendor;
use serde::Serialize;

use crate::authorization::TICKET_LIFETIME;
use crate::page::PHONE;
use crate::pushes::{DELIVERIES, PATIENCE};
use crate::{baidu, wechat};

/// Something that the vendors' documents leave open, and what the simulator does about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecisionInfo {
    /// The vendor that it is about; absent if it holds for both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// What it is about, in a few words.
    pub about: &'static str,
    /// The document and the section that leave it open, such as `002, 16`; empty if none of the documents is about it.
    pub source: &'static str,
    /// What the simulator does.
    pub decision: String,
    /// The tests of this crate that hold it, as `module::function` below `tests/it`.
    pub held_by: &'static [&'static str],
}

/// A row for both vendors, or for one of them.
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

/// Every decision of the simulator: those for both vendors first, then WeChat's, then Baidu's.
#[must_use]
pub fn decisions() -> Vec<DecisionInfo> {
    [both(), wechat::decisions(), baidu::decisions()].concat()
}

/// In the largest unit that fits.
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

/// With a comma before every three digits.
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
        "What goes to review waits for the audit policy or for a decision by hand. There is no other reviewer.",
        &["pushes::a_policy_decides_at_its_time", "wechat_names::the_policy_decides_names_too"],
    );
    rows.add(
        "authorization page",
        "",
        "The merchant consents at once. The app is the one that is named, else the first that has not \
         authorized the platform, in order of the ids. A code of a visit is good for one visit.",
        &["authorization::the_authorization_page_sends_the_browser_back_with_a_code"],
    );
    rows.add(
        "authorization code",
        "",
        "The code in the push of an authorization is the one in the redirect, and lives as long.",
        &["authorization::the_authorization_page_sends_the_browser_back_with_a_code"],
    );
    rows.add(
        "tickets",
        "",
        format!("A ticket is good for {}, beside newer ones.", time(TICKET_LIFETIME)),
        &[
            "wechat_authorization::a_ticket_buys_the_platform_token_for_twelve_hours",
            "baidu_authorization::a_ticket_buys_the_platform_token",
        ],
    );
    rows.add(
        "access tokens",
        "",
        "A new token ends the one before at once.",
        &[
            "wechat::tokens_are_bound_expire_and_are_replaced",
            "baidu_authorization::every_refresh_spends_its_token",
        ],
    );
    rows.add(
        "repeated pushes",
        "",
        format!(
            "A push that is not acknowledged within {} comes again, {} deliveries in all, {} apart, each \
             encrypted afresh.",
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
        "An app that is removed takes its tokens, codes, keys and names along, and no push tells of it. An app \
         of the same id that is added afterwards is another one.",
        &[
            "removal::what_an_app_held_is_refused_once_it_is_gone",
            "removal::nothing_of_an_old_app_happens_to_a_new_one_of_its_id",
        ],
    );
    rows.done()
}

/// The page of a phone, as the decisions of WeChat name it.
pub(crate) fn phone_page() -> String {
    PHONE.map(|path| format!("`{path}`")).join(" or ")
}
