//! The effects that `app/info` shows: each has one form and one review, and uses up one of a limited number of
//! changes.

use std::collections::BTreeSet;

use miniprogram_core::vendor_api::kit::{OneCall, effect_value};
use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Finding, Reply};
use miniprogram_core::{EffectValue, Result};
use serde::{Deserialize, Serialize};

use super::Examination;
use crate::app_info::{self, AppInfo, ChangeCount, PendingChange};

/// `status` of an app in service.
const SERVING: i64 = 1;
/// `status` of an app whose traffic is closed.
const TRAFFIC_CLOSED: i64 = 7;
/// The status of a change that failed the review.
const FAILED: i64 = 3;

/// Selects a part of the observed information.
pub(super) type PartOf = fn(&Seen) -> &Part;

/// What `app/info` shows once the change is made.
#[derive(Debug)]
pub(super) enum Wanted {
    /// A part has this value, or has it in review.
    Part { of: PartOf, value: String },
    /// The categories are these.
    Categories(BTreeSet<i64>),
    /// Every part has its value in review.
    Offline(Vec<(PartOf, String)>),
    /// The app is in service again.
    Recovery,
}

/// The state of the changeable parts in `app/info`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    status: Option<i64>,
    pub(super) name: Part,
    pub(super) description: Part,
    pub(super) icon: Part,
    categories: BTreeSet<i64>,
    /// The number of changes of the categories.
    categories_changed: Option<i64>,
}

/// The state of one part.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    current: Vec<String>,
    pending: Vec<String>,
    pending_status: Option<i64>,
    /// The number of changes.
    changed: Option<i64>,
}

impl Part {
    fn new(current: Vec<String>, pending: Option<&PendingChange>, count: ChangeCount) -> Self {
        let status = pending.and_then(|pending| pending.status.as_ref());
        Self {
            current,
            pending: pending.map(|pending| pending.values.clone()).unwrap_or_default(),
            pending_status: status.and_then(|status| status.raw.code.as_number()),
            changed: count.used,
        }
    }

    /// Whether it contains any value that it did not contain before.
    fn holds_another(&self, before: &Self) -> bool {
        let mut held = self.current.iter().chain(&self.pending);
        held.any(|value| !before.current.contains(value) && !before.pending.contains(value))
    }

    /// Whether it contains a value that it did not contain before. The fate of a value that was in review before says
    /// nothing about another request for the same value.
    fn newly_holds(&self, value: &str, before: &Self) -> bool {
        let has = |values: &[String]| values.iter().any(|held| held == value);
        let was_pending = has(&before.pending);
        if was_pending && before.pending_status != Some(FAILED) {
            return false;
        }
        let in_review = has(&self.pending) && !(was_pending && self.pending_status == before.pending_status);
        in_review || (has(&self.current) && !has(&before.current))
    }

    /// Whether Baidu reports neither a value nor the number of changes.
    fn is_untold(&self) -> bool {
        let blank = |values: &[String]| values.iter().all(|value| value.trim().is_empty());
        self.changed.is_none() && blank(&self.current) && blank(&self.pending)
    }

    fn looks_like(&self, other: &Self) -> bool {
        (&self.current, &self.pending, self.pending_status)
            == (&other.current, &other.pending, other.pending_status)
    }
}

impl Seen {
    fn of(reply: &Reply) -> Result<Self> {
        app_info::one(reply).map(Self::from)
    }
}

impl From<AppInfo> for Seen {
    fn from(info: AppInfo) -> Self {
        let text = |text: Option<String>| text.into_iter().collect();
        let (pending, changes) = (info.pending, info.changes);
        Self {
            status: info.visit.raw_status.and_then(|raw| raw.code.as_number()),
            name: Part::new(text(info.name), pending.name.as_ref(), changes.name),
            description: Part::new(text(info.description), pending.description.as_ref(), changes.description),
            icon: Part::new(info.icon_urls, pending.icon.as_ref(), changes.icon),
            categories: info.categories.iter().filter_map(|category| category.id).collect(),
            categories_changed: changes.categories.used,
        }
    }
}

/// Whether another change was counted; `None` if there is no count, or the counter has been reset.
fn counted(before: Option<i64>, now: Option<i64>) -> Option<bool> {
    let (before, now) = (before?, now?);
    (now >= before).then_some(now > before)
}

/// Builds the plan of a change: one form, and the comparison of what `app/info` shows before it and afterwards.
pub(super) fn plan(call: Call, wanted: Wanted) -> Result<Box<dyn EffectPlan>> {
    let is_reviewed = !matches!(wanted, Wanted::Recovery);
    OneCall::new(EffectClass::OneShot, call)
        .changes(app_info::call(), Seen::of, move |before, now| wanted.judge(before, &now))
        .yielding(move |reply| match is_reviewed {
            true => Ok(effect_value(&Examination::of(reply))),
            false => Ok(EffectValue::None),
        })
        .boxed()
}

impl Wanted {
    fn done(&self) -> Finding {
        Finding::Done(match self {
            Self::Recovery => EffectValue::None,
            _ => effect_value(&Examination::default()),
        })
    }

    /// Judges what a part shows of its new value. If a change was counted although the part looks as before, the
    /// change is ours and not shown yet. If the part shows another value, there was a concurrent change, and ours may
    /// have been made before it or not at all.
    fn of_part(&self, value: &str, before: &Part, now: &Part) -> Finding {
        if now.is_untold() {
            return Finding::Untold("data.audit_info");
        }
        if now.newly_holds(value, before) {
            return self.done();
        }
        match counted(before.changed, now.changed) {
            Some(true) if now.looks_like(before) => self.done(),
            Some(false) if !now.holds_another(before) => Finding::Absent,
            _ => Finding::Unknowable,
        }
    }

    /// Judges categories in the same way; they also show what is in review.
    fn of_categories(&self, wanted: &BTreeSet<i64>, before: &Seen, now: &Seen) -> Finding {
        let (ours, as_before) = (now.categories == *wanted, now.categories == before.categories);
        match counted(before.categories_changed, now.categories_changed) {
            Some(true) if ours || as_before => self.done(),
            Some(true) => Finding::Unknowable,
            None if now.categories.is_empty() => Finding::Untold("data.category"),
            _ if ours && !as_before => self.done(),
            None if ours => Finding::Unknowable,
            _ if now.categories.is_subset(&before.categories) => Finding::Absent,
            _ => Finding::Unknowable,
        }
    }

    fn judge(&self, before: &Seen, now: &Seen) -> Finding {
        match self {
            Self::Part { of, value } => self.of_part(value, of(before), of(now)),
            Self::Categories(wanted) => self.of_categories(wanted, before, now),
            Self::Offline(parts) => {
                let shown = |(of, value): &(PartOf, String)| of(now).newly_holds(value, of(before));
                if parts.iter().any(|(of, _)| of(now).is_untold()) {
                    Finding::Untold("data.audit_info")
                } else if !parts.is_empty() && parts.iter().all(shown) {
                    self.done()
                } else {
                    Finding::Unknowable
                }
            }
            Self::Recovery if now.status.is_none() => Finding::Untold("data.status"),
            Self::Recovery => {
                let recovered = before.status == Some(TRAFFIC_CLOSED) && now.status == Some(SERVING);
                if recovered { self.done() } else { Finding::Unknowable }
            }
        }
    }
}
