//! How fast a vendor is called: rate, concurrency, pauses that it asks for, and its audit quota.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{InsufficientCapacity, Quota, RateLimiter};
use miniprogram_core::clock::Clock;
use miniprogram_core::model::{AuditQuota, QuotaPeriod};
use miniprogram_core::{ErrorKind, Retry, Timestamp};

use crate::machine::Trouble;
use crate::plan::{VendorSettings, next_refill};

/// The shortest wait for the rate.
const LEAST_WAIT: Duration = Duration::from_millis(1);
/// The pause after a frequency code that names none.
const PAUSE: Duration = Duration::from_secs(30);
/// When a quota without a known period is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(3600);
/// How old a quota may be before it is asked for again: others spend from it too.
const FRESH: Duration = Duration::from_secs(600);

/// The engine's clock, as governor wants it.
#[derive(Debug, Clone)]
struct Time(Arc<dyn Clock>);

impl GovernorClock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = u64::try_from(self.0.now().as_unix_millis()).unwrap_or_default();
        Nanos::from(Duration::from_millis(millis))
    }
}

/// How fast a vendor is called.
pub(super) struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, Time, NoOpMiddleware<Nanos>>,
    clock: Time,
    concurrency: usize,
    /// How many actions are in progress.
    running: usize,
    /// How many requests the limiter gives out at once.
    burst: NonZeroU32,
    /// How many requests were sent that the rate has not been asked for.
    debt: u64,
    /// Until when the vendor wants no call.
    paused_until: Option<Timestamp>,
    slots: Slots,
    /// The share of the quota that is left to others.
    kept: crate::plan::Share,
}

/// What is known of the audit quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slots {
    /// It has to be asked for.
    Unknown,
    /// It is being asked for.
    Asked,
    /// There is none.
    Unlimited,
    /// Each app has its own: it is asked for before each submission.
    PerApp,
    /// So many submissions are ours, as known then.
    Left { slots: u64, asked_at: Timestamp, refill: Timestamp },
}

/// Whether a submission may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// It may: a slot is reserved for it.
    Taken,
    /// The quota has to be asked for first.
    Ask,
    /// It is being asked for.
    Asked,
    /// Not before then.
    Wait(Timestamp),
}

impl Pace {
    pub(super) fn new(settings: &VendorSettings, clock: &Arc<dyn Clock>) -> Self {
        let time = Time(Arc::clone(clock));
        let rate = settings.rate.per_second();
        let burst = NonZeroU32::new(rate as u32).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(Duration::from_secs_f64(1.0 / rate));
        let quota = quota.unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        Self {
            limiter: RateLimiter::direct_with_clock(quota, time.clone()),
            clock: time,
            concurrency: settings.concurrency as usize,
            running: 0,
            burst,
            debt: 0,
            paused_until: None,
            slots: Slots::Unknown,
            kept: settings.quota_kept,
        }
    }

    /// Returns how many more actions may be started at once.
    pub(super) fn room(&self, now: Timestamp) -> usize {
        if self.paused_until.is_some_and(|until| until > now) {
            return 0;
        }
        self.concurrency.saturating_sub(self.running)
    }

    /// Spends one request of the rate, or returns how long it has to wait. What was sent before without asking is paid
    /// first.
    pub(super) fn check(&mut self) -> Result<(), Duration> {
        loop {
            // All that is owed and one more, as far as the limiter gives out at once: the wait is then the whole one.
            let wanted = u32::try_from(self.debt.saturating_add(1)).unwrap_or(u32::MAX);
            let asked = NonZeroU32::new(wanted).map_or(self.burst, |wanted| wanted.min(self.burst));
            match self.limiter.check_n(asked) {
                Ok(Ok(())) if u64::from(asked.get()) > self.debt => {
                    self.debt = 0;
                    return Ok(());
                }
                Ok(Ok(())) => self.debt -= u64::from(asked.get()),
                Ok(Err(early)) => return Err(early.wait_time_from(self.clock.now()).max(LEAST_WAIT)),
                // More than the limiter ever gives out at once is not asked for.
                Err(InsufficientCapacity(_)) => return Err(LEAST_WAIT),
            }
        }
    }

    /// Charges requests that were sent without asking: how many an action needs is known once it has ended.
    pub(super) const fn charge(&mut self, requests: u64) {
        self.debt = self.debt.saturating_add(requests);
    }

    pub(super) fn begin(&mut self) {
        self.running += 1;
    }

    pub(super) fn end(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Returns how long the vendor wants no call.
    pub(super) fn pause(&self, now: Timestamp) -> Option<Duration> {
        self.paused_until.filter(|until| *until > now).map(|until| until.since(now))
    }

    /// Learns from a failed call: a frequency code concerns all apps of the vendor.
    pub(super) fn learn(&mut self, trouble: &Trouble, now: Timestamp) {
        let wait = trouble.retry_after.map(Duration::from_millis);
        if trouble.kind == ErrorKind::QuotaExhausted || trouble.retry == Retry::NextWindow {
            self.slots = Slots::Unknown;
        } else if trouble.kind == ErrorKind::RateLimited || wait.is_some() {
            let until = now.after(wait.unwrap_or(PAUSE));
            self.paused_until = Some(self.paused_until.map_or(until, |before| before.max(until)));
        }
    }

    /// Reserves a slot of the audit quota.
    pub(super) fn take_slot(&mut self, now: Timestamp) -> Slot {
        match &mut self.slots {
            Slots::Unlimited => Slot::Taken,
            Slots::PerApp => Slot::Ask,
            Slots::Asked => Slot::Asked,
            Slots::Unknown => self.ask(),
            Slots::Left { asked_at, refill, .. } if now >= *refill || now.since(*asked_at) >= FRESH => {
                self.ask()
            }
            Slots::Left { slots: 0, refill, .. } => Slot::Wait(*refill),
            Slots::Left { slots, .. } => {
                *slots -= 1;
                Slot::Taken
            }
        }
    }

    /// Forgets that the quota is being asked for: no answer will come.
    pub(super) fn forget_quota(&mut self) {
        if self.slots == Slots::Asked {
            self.slots = Slots::Unknown;
        }
    }

    fn ask(&mut self) -> Slot {
        self.slots = Slots::Asked;
        Slot::Ask
    }

    /// Learns the quota, as asked for an app, and reserves a slot of it; `None` if the vendor did not tell.
    pub(super) fn take_slot_of(&mut self, quota: Option<&AuditQuota>, now: Timestamp) -> Slot {
        let Some(quota @ AuditQuota { unlimited: false, remaining: Some(remaining), .. }) = quota else {
            // The vendor refuses a submission that goes too far.
            self.slots = Slots::Unlimited;
            return Slot::Taken;
        };
        let whole = usize::try_from(quota.limit.unwrap_or(*remaining)).unwrap_or(usize::MAX);
        let slots = remaining.saturating_sub(self.kept.of(whole) as u64);
        let refill = refill(quota.period, now);
        if !quota.shared {
            self.slots = Slots::PerApp;
            return if slots == 0 { Slot::Wait(refill) } else { Slot::Taken };
        }
        self.slots = Slots::Left { slots, asked_at: now, refill };
        self.take_slot(now)
    }
}

/// Returns when a quota is full again. If that is not known, it is asked for again and again.
fn refill(period: Option<QuotaPeriod>, now: Timestamp) -> Timestamp {
    next_refill(period, now).unwrap_or_else(|| now.after(ASK_AGAIN))
}
