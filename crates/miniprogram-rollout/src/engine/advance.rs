//! How far the apps of a rollout are and what is known of their vendors, as a survey tells it and a forecast needs it.

use std::collections::BTreeMap;
use std::time::Duration;

use miniprogram_core::{AuditStatus, Timestamp, Vendor};
use serde::Serialize;

use super::control::{Control, Learned, ToldQuota};
use super::status::RolloutStatus;
use crate::machine::{AppState, Phase};
use crate::plan::{KnownQuota, Reached, Remaining, VendorSettings};

/// The audits of one vendor in a rollout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct VendorLook {
    /// The vendor.
    pub vendor: Vendor,
    /// How many audits were submitted.
    pub submitted: u64,
    /// How many of them the vendor has delayed.
    pub delayed: u64,
    /// Their share in percent; absent without a submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delayed_percent: Option<f64>,
    /// The median time from a submission to the verdict so far, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_seconds: Option<u64>,
    /// The audit quota as the driver last knew it; absent before it has asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaLook>,
}

/// An audit quota as a driver last knew it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QuotaLook {
    /// Whether there is no limit.
    pub unlimited: bool,
    /// Whether all apps of the platform share it. Otherwise it is that of the app that was submitted last.
    pub shared: bool,
    /// Submissions left: what the vendor told, less what this rollout has submitted since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Submissions allowed in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// How many of them the plan leaves to others.
    pub kept: u64,
    /// When it is full again, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refilled_at: Option<Timestamp>,
    /// When the vendor told it.
    pub known_at: Timestamp,
}

impl VendorLook {
    pub(super) fn new(settings: &VendorSettings, learned: &Learned, audit: Option<Duration>) -> Self {
        let Learned { submitted, delayed, quota } = learned;
        let tenths = delayed.saturating_mul(1000).checked_div(*submitted);
        let tenths = tenths.map(|tenths| f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0);
        Self {
            vendor: settings.vendor,
            submitted: *submitted,
            delayed: *delayed,
            delayed_percent: tenths,
            audit_seconds: audit.map(|audit| audit.as_secs()),
            quota: quota.as_ref().map(|told| QuotaLook::new(settings, told, *submitted)),
        }
    }
}

impl QuotaLook {
    fn new(settings: &VendorSettings, told: &ToldQuota, submitted: u64) -> Self {
        let known = told.known(submitted);
        let refilled_at = known.refilled_at();
        let quota = known.quota;
        let whole = quota.limit.or(quota.remaining).unwrap_or_default();
        let kept = settings.quota_kept.of(usize::try_from(whole).unwrap_or(usize::MAX));
        Self {
            unlimited: quota.unlimited,
            shared: quota.shared,
            left: quota.remaining,
            limit: quota.limit,
            kept: u64::try_from(kept).unwrap_or(u64::MAX),
            refilled_at,
            known_at: told.at,
        }
    }
}

impl ToldQuota {
    /// The quota less what was submitted since. That of a single app says nothing about other apps' submissions.
    fn known(&self, submitted: u64) -> KnownQuota {
        let mut quota = self.quota.clone();
        if quota.shared {
            let since = submitted.saturating_sub(self.submitted);
            quota.remaining = quota.remaining.map(|remaining| remaining.saturating_sub(since));
        }
        KnownQuota::new(quota, self.at)
    }
}

/// What the driver knows of the quotas.
pub(super) fn quotas(control: &Control) -> BTreeMap<Vendor, KnownQuota> {
    let told = control
        .learned
        .iter()
        .filter_map(|(vendor, learned)| Some((*vendor, learned.quota.as_ref()?.known(learned.submitted))));
    told.collect()
}

/// How far apps are, and how long their audits took.
#[derive(Debug, Default)]
pub(super) struct Advance {
    reached: Vec<Remaining>,
    /// Those of each wave, vendor and phase that were read.
    read: BTreeMap<(u32, Vendor, &'static str), u64>,
    times: BTreeMap<Vendor, Vec<Duration>>,
}

impl Advance {
    /// Takes an app in that has begun.
    pub(super) fn take(&mut self, wave: u32, vendor: Vendor, state: &AppState, now: Timestamp) {
        self.time(vendor, state);
        *self.read.entry((wave, vendor, state.phase.as_str())).or_default() += 1;
        let facts = state.facts.as_deref();
        let steps = facts.map_or(0, |facts| usize::from(facts.steps));
        let reached = match state.phase {
            Phase::InReview | Phase::Expediting => {
                Reached::Submitted(facts.and_then(|facts| facts.submitted_at).unwrap_or(now))
            }
            Phase::Baking => Reached::Approved { steps: steps + 1, from: state.due().unwrap_or(now) },
            Phase::Observing => Reached::Online(state.since.unwrap_or(now)),
            phase => match whereabouts(phase, now) {
                Some(Reached::Approved { from, .. }) => Reached::Approved { steps, from },
                Some(reached) => reached,
                None => return,
            },
        };
        self.reached.push(Remaining::new(wave, vendor, 1, reached));
    }

    /// Takes the time in audit of an app in.
    pub(super) fn time(&mut self, vendor: Vendor, state: &AppState) {
        let submitted = state.facts.as_ref().and_then(|facts| facts.submitted_at);
        let verdict = state.verdict();
        let decided =
            verdict.filter(|verdict| matches!(verdict.status, AuditStatus::Approved | AuditStatus::Rejected));
        if let Some((verdict, submitted)) = decided.zip(submitted) {
            self.times.entry(vendor).or_default().push(verdict.read_at.since(submitted));
        }
    }

    /// The median time in audit of each vendor.
    pub(super) fn medians(&mut self) -> BTreeMap<Vendor, Duration> {
        let median = |(vendor, times): (&Vendor, &mut Vec<Duration>)| {
            times.sort_unstable();
            Some((*vendor, *times.get(times.len() / 2)?))
        };
        self.times.iter_mut().filter_map(median).collect()
    }

    /// The apps that have not ended. Those that were not read count as if their phase had just begun.
    pub(super) fn remaining(&self, status: &RolloutStatus, now: Timestamp) -> Vec<Remaining> {
        let mut remaining = self.reached.clone();
        for count in &status.counts {
            let phase = Phase::ALL.iter().find(|phase| phase.as_str() == count.phase);
            let Some(phase) = phase else { continue };
            let read =
                self.read.get(&(count.wave, count.vendor, phase.as_str())).copied().unwrap_or_default();
            if let Some(reached) = whereabouts(*phase, now) {
                let apps = count.apps.saturating_sub(read);
                remaining.push(Remaining::new(count.wave, count.vendor, apps, reached));
            }
        }
        remaining
    }
}

/// How far an app is by its phase alone; none if it is on its way out or has ended.
fn whereabouts(phase: Phase, now: Timestamp) -> Option<Reached> {
    match phase {
        Phase::Waiting
        | Phase::Preflight
        | Phase::Uploading
        | Phase::Processing
        | Phase::Submitting
        | Phase::Looking => Some(Reached::Nothing),
        Phase::InReview | Phase::Expediting => Some(Reached::Submitted(now)),
        Phase::StartingGray | Phase::Baking => Some(Reached::Approved { steps: 0, from: now }),
        Phase::Releasing | Phase::Confirming => Some(Reached::Approved { steps: usize::MAX, from: now }),
        Phase::Observing => Some(Reached::Online(now)),
        _ => None,
    }
}
