//! What a rollout needs and when it will have ended, by its plan. Pure functions: the caller says what time it is and
//! what is known of the vendors.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::{Offset, TimeZone};
use miniprogram_core::model::{AuditQuota, QuotaPeriod};
use miniprogram_core::{Timestamp, Vendor};
use serde::Serialize;

use super::settings::{Settings, VendorSettings};
use super::{Plan, Share};
use crate::machine::{Polling, Windows};

/// How long an audit is assumed to take where neither the plan nor the rollout itself says.
pub const ASSUMED_AUDIT: Duration = Duration::from_secs(2 * 86_400);

/// Until an audit is open.
const TO_SUBMIT: Stage = Stage { requests: 7, actions: 4 };
/// A gray step, or the release.
const TO_RELEASE: Stage = Stage { requests: 3, actions: 2 };
/// How long an action takes, for the concurrency.
const ACTION: Duration = Duration::from_millis(500);
/// Into how many parts the apps of a vendor and a wave are divided: they pass through each stage one after the other.
const PARTS: u64 = 400;

/// What one app takes to pass a part of its way, with the reads that precede and confirm each effect.
struct Stage {
    /// The rate of a plan is one of requests.
    requests: u32,
    /// The concurrency is one of actions.
    actions: u32,
}

/// What the apps of one vendor need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct VendorNeeds {
    /// The vendor.
    pub vendor: Vendor,
    /// How many apps.
    pub apps: u64,
    /// Audit slots: one for each app, unless one is rejected and submitted again.
    pub submissions: u64,
    /// About how many requests, if none fails. Most are reads of open audits, by the plan's polling.
    pub calls: u64,
}

/// What is known when a forecast is made.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Outlook {
    /// When the forecast is made.
    pub now: Timestamp,
    /// The apps that have not ended.
    pub remaining: Vec<Remaining>,
    /// The audit quotas, as far as they are known. A vendor that is absent is taken to have enough.
    pub quotas: BTreeMap<Vendor, KnownQuota>,
    /// How long audits have taken in this rollout. Where it is absent, the plan's `audit_time` or [`ASSUMED_AUDIT`] holds.
    pub measured: BTreeMap<Vendor, Duration>,
}

/// Apps that are equally far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// The position of their wave.
    pub wave: u32,
    /// Their vendor.
    pub vendor: Vendor,
    /// How many.
    pub apps: u64,
    /// How far they are.
    pub reached: Reached,
}

impl Remaining {
    /// Creates a group.
    #[must_use]
    pub const fn new(wave: u32, vendor: Vendor, apps: u64, reached: Reached) -> Self {
        Self { wave, vendor, apps, reached }
    }
}

/// How far an app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reached {
    /// It has not been submitted.
    Nothing,
    /// It was submitted then.
    Submitted(Timestamp),
    /// It is approved: so many of the plan's gray steps are behind it, and the next step or the release may follow then.
    Approved {
        /// How many gray steps.
        steps: usize,
        /// When it may go on.
        from: Timestamp,
    },
    /// Everybody has the version since then.
    Online(Timestamp),
}

/// An audit quota, as the vendor told it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownQuota {
    /// The quota.
    pub quota: AuditQuota,
    /// When the vendor told it.
    pub at: Timestamp,
}

impl KnownQuota {
    /// Creates a quota that was told then.
    #[must_use]
    pub const fn new(quota: AuditQuota, at: Timestamp) -> Self {
        Self { quota, at }
    }

    /// Returns when it is full again, if that is known.
    #[must_use]
    pub fn refilled_at(&self) -> Option<Timestamp> {
        next_refill(self.quota.period, self.at)
    }
}

/// When a rollout will have ended if nothing fails, every audit passes and no person holds it up.
///
/// Vendors' pushes are taken to arrive, so that a verdict is known at once. Reads of open audits are not counted against
/// the rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Forecast {
    /// The end; absent if the audit quota does not suffice and when it is full again is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// The waves with apps that have not ended.
    pub waves: Vec<WaveForecast>,
    /// What is assumed of each vendor.
    pub assumed: Vec<Assumed>,
}

/// One wave of a forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WaveForecast {
    /// Its position.
    pub wave: u32,
    /// Its name.
    pub name: String,
    /// When it begins, or goes on; absent if the wave before has no known end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// When the last app is submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted: Option<Timestamp>,
    /// When the last app has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
}

/// How long a vendor's audits are assumed to take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Assumed {
    /// The vendor.
    pub vendor: Vendor,
    /// The time in audit, in seconds.
    pub audit_seconds: u64,
    /// Where that comes from.
    pub by: Basis,
    /// Whether the audit quota is known. If not, it is taken to suffice.
    pub quota_known: bool,
}

/// Where the time in audit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// Nothing is known: [`ASSUMED_AUDIT`].
    Default,
    /// The plan says it.
    Plan,
    /// The median of what this rollout has seen so far.
    Measured,
}

impl Outlook {
    /// Creates the outlook of apps, about whose vendors nothing is known.
    #[must_use]
    pub const fn new(now: Timestamp, remaining: Vec<Remaining>) -> Self {
        Self { now, remaining, quotas: BTreeMap::new(), measured: BTreeMap::new() }
    }
}

impl Plan {
    /// Returns what the apps of each vendor need.
    #[must_use]
    pub fn needs(&self) -> Vec<VendorNeeds> {
        let settings = self.settings();
        let summary = self.summary();
        let needs = |own: &VendorSettings| {
            let apps = summary.submissions.get(&own.vendor).copied().unwrap_or_default();
            let apps = u64::try_from(apps).unwrap_or(u64::MAX);
            let audit = own.audit_time.unwrap_or(ASSUMED_AUDIT);
            let steps = u64::try_from(own.gray.len()).unwrap_or(u64::MAX);
            let of_steps = u64::from(TO_RELEASE.requests).saturating_mul(steps);
            let to_all = u64::from(TO_SUBMIT.requests + TO_RELEASE.requests);
            let each = to_all.saturating_add(of_steps).saturating_add(reads(settings.polling, audit));
            VendorNeeds { vendor: own.vendor, apps, submissions: apps, calls: apps.saturating_mul(each) }
        };
        settings.vendors.iter().map(needs).collect()
    }

    /// Returns every app of the plan, none of which has begun.
    #[must_use]
    pub fn remaining(&self) -> Vec<Remaining> {
        let rows = self.summary().rows;
        let group = |row: super::SummaryRow| {
            let wave = u32::try_from(row.wave).unwrap_or(u32::MAX);
            Remaining::new(wave, row.vendor, u64::try_from(row.apps).unwrap_or(u64::MAX), Reached::Nothing)
        };
        rows.into_iter().map(group).collect()
    }
}

/// How many reads of an audit there are until it ends: intervals double, less an eighth of jitter on average.
fn reads(polling: Polling, audit: Duration) -> u64 {
    let (mut reads, mut passed, mut next) = (1, Duration::ZERO, polling.first);
    // A plan may have an audit of years and an interval of a second: what follows the longest interval is divided.
    loop {
        let interval = next.min(polling.longest.max(polling.first)) * 7 / 8;
        passed += interval;
        if passed >= audit || interval.is_zero() {
            return reads;
        }
        if next >= polling.longest {
            let left = (audit - passed).as_nanos().div_ceil(interval.as_nanos());
            return u64::try_from(left).map_or(u64::MAX, |left| reads.saturating_add(left));
        }
        (reads, next) = (reads + 1, next.saturating_mul(2));
    }
}

/// Returns when a rollout will have ended.
#[must_use]
pub fn forecast(settings: &Settings, outlook: &Outlook) -> Forecast {
    let mut courses: Vec<Course<'_>> =
        settings.vendors.iter().map(|own| Course::new(settings, own, outlook)).collect();
    let mut waves = Vec::new();
    let mut now = Some(outlook.now);
    for (place, wave) in settings.waves.iter().enumerate() {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let mut row =
            WaveForecast { wave: place, name: wave.name.clone(), begins: now, submitted: None, ends: now };
        let mut is_empty = true;
        for course in &mut courses {
            let of_it = |group: &&Remaining| {
                group.wave == place && group.vendor == course.settings.vendor && group.apps > 0
            };
            let mut groups: Vec<Remaining> = outlook.remaining.iter().filter(of_it).copied().collect();
            // Those that are furthest do not wait for the others.
            groups.sort_by_key(|group| std::cmp::Reverse(group.reached));
            is_empty &= groups.is_empty();
            if let Some(begin) = now.filter(|_| !groups.is_empty()) {
                let (submitted, ends) = course.wave(begin, &groups);
                row.submitted = row.submitted.max(submitted);
                row.ends = row.ends.zip(ends).map(|(one, other)| one.max(other));
            }
        }
        if is_empty {
            continue;
        }
        now = row.ends;
        waves.push(row);
    }
    Forecast { end: now, waves, assumed: courses.iter().map(Course::assumed).collect() }
}

/// How the apps of one vendor pass.
struct Course<'a> {
    settings: &'a VendorSettings,
    windows: &'a Windows,
    bake_after_release: Duration,
    audit: Duration,
    by: Basis,
    slots: Option<Slots>,
    quota_known: bool,
    /// Between two requests, by the rate.
    by_rate: Duration,
    /// Between two actions, by the concurrency.
    by_concurrency: Duration,
    now: Timestamp,
    /// When each stage is free for the next app: the submission, the gray steps, the release.
    free: Vec<Timestamp>,
}

impl<'a> Course<'a> {
    fn new(all: &'a Settings, settings: &'a VendorSettings, outlook: &Outlook) -> Self {
        let measured = outlook.measured.get(&settings.vendor).map(|audit| (*audit, Basis::Measured));
        let planned = settings.audit_time.map(|audit| (audit, Basis::Plan));
        let (audit, by) = measured.or(planned).unwrap_or((ASSUMED_AUDIT, Basis::Default));
        let quota = outlook.quotas.get(&settings.vendor);
        Self {
            settings,
            windows: &all.windows,
            bake_after_release: all.bake_after_release,
            audit,
            by,
            slots: quota.and_then(|known| Slots::new(known, settings.quota_kept, outlook.now)),
            quota_known: quota.is_some(),
            by_rate: Duration::from_secs_f64(1.0 / settings.rate.per_second()),
            by_concurrency: ACTION / settings.concurrency.max(1),
            now: outlook.now,
            free: vec![outlook.now; settings.gray.len() + 2],
        }
    }

    fn assumed(&self) -> Assumed {
        Assumed {
            vendor: self.settings.vendor,
            audit_seconds: self.audit.as_secs(),
            by: self.by,
            quota_known: self.quota_known,
        }
    }

    /// Passes the apps of a wave; returns when the last one is submitted, and when the last one has ended.
    fn wave(&mut self, begin: Timestamp, groups: &[Remaining]) -> (Option<Timestamp>, Option<Timestamp>) {
        let (mut submitted, mut ends) = (None, begin);
        for group in groups {
            let part = group.apps.div_ceil(PARTS).max(1);
            let mut left = group.apps;
            while left > 0 {
                let apps = left.min(part);
                let (apps, end) = match group.reached {
                    Reached::Nothing => {
                        let Some((apps, at)) = self.submit(begin, apps) else { return (submitted, None) };
                        submitted = submitted.max(Some(at));
                        (apps, self.release(0, at.after(self.audit), apps))
                    }
                    Reached::Submitted(at) => (apps, self.release(0, at.after(self.audit).max(begin), apps)),
                    Reached::Approved { steps, from } => (apps, self.release(steps, from.max(begin), apps)),
                    Reached::Online(at) => (apps, at.after(self.bake_after_release)),
                };
                left -= apps;
                ends = ends.max(end);
            }
        }
        (submitted, Some(ends))
    }

    /// Submits apps, as many as there are slots for; returns how many, and when the last of them is submitted.
    fn submit(&mut self, begin: Timestamp, apps: u64) -> Option<(u64, Timestamp)> {
        let mut from = self.free[0].max(begin);
        let apps = match &mut self.slots {
            Some(slots) => slots.take(apps, &mut from)?,
            None => apps,
        };
        self.free[0] = self.passed(from, apps, &TO_SUBMIT);
        Some((apps, self.free[0]))
    }

    /// Takes apps from a gray step on to everybody; returns when they have ended.
    fn release(&mut self, steps: usize, from: Timestamp, apps: u64) -> Timestamp {
        let bakes = self.settings.gray.iter().map(|step| step.bake).chain([self.bake_after_release]);
        let bakes: Vec<Duration> = bakes.collect();
        let mut at = from;
        for (stage, bake) in bakes.into_iter().enumerate().skip(steps.min(self.settings.gray.len())) {
            let opens = self.windows.next_open(at.max(self.free[stage + 1]).max(self.now));
            self.free[stage + 1] = self.passed(opens, apps, &TO_RELEASE);
            at = self.free[stage + 1].after(bake);
        }
        at
    }

    /// When so many apps have passed a stage.
    fn passed(&self, from: Timestamp, apps: u64, stage: &Stage) -> Timestamp {
        let by_rate = self.by_rate.saturating_mul(stage.requests);
        let each = by_rate.max(self.by_concurrency.saturating_mul(stage.actions));
        let nanos = each.as_nanos().saturating_mul(apps.into());
        from.after(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// The audit slots that are this rollout's.
struct Slots {
    left: u64,
    /// How many there are in each period.
    each: u64,
    period: Option<QuotaPeriod>,
    refill: Option<Timestamp>,
}

impl Slots {
    /// None if nothing limits the submissions of a whole fleet: there is no limit, or each app has its own.
    fn new(known: &KnownQuota, kept: Share, now: Timestamp) -> Option<Self> {
        let AuditQuota { unlimited: false, shared: true, remaining: Some(remaining), .. } = known.quota
        else {
            return None;
        };
        let whole = known.quota.limit.unwrap_or(remaining);
        let kept = kept.of(usize::try_from(whole).unwrap_or(usize::MAX));
        let ours = |slots: u64| slots.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX));
        let period = known.quota.period;
        let mut slots =
            Self { left: ours(remaining), each: ours(whole), period, refill: known.refilled_at() };
        slots.refill_until(now);
        Some(slots)
    }

    fn refill_until(&mut self, time: Timestamp) {
        if self.refill.is_some_and(|refill| refill <= time) {
            self.left = self.each;
            self.refill = next_refill(self.period, time);
        }
    }

    /// Takes as many of so many slots as there are, and moves the time on if it has to wait for some. None if there will
    /// be none, as far as is known.
    fn take(&mut self, wanted: u64, from: &mut Timestamp) -> Option<u64> {
        self.refill_until(*from);
        if self.left == 0 {
            *from = self.refill?;
            self.refill_until(*from);
        }
        let taken = wanted.min(self.left);
        self.left -= taken;
        (taken > 0).then_some(taken)
    }
}

/// Returns when a quota is full again: a month is that of Beijing. When a week begins no vendor says.
pub(crate) fn next_refill(period: Option<QuotaPeriod>, now: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::fixed(Offset::constant(8));
    let date = jiff::Timestamp::from_millisecond(now.as_unix_millis()).ok()?.to_zoned(zone.clone()).date();
    let next = match period? {
        QuotaPeriod::Month => date.first_of_month().checked_add(1.month()).ok()?,
        _ => return None,
    };
    let begin = next.to_zoned(zone).ok()?;
    Some(Timestamp::from_unix_millis(begin.timestamp().as_millisecond()))
}
