use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::{Busy, Clock, Wait};
use crate::time::Timestamp;

/// A clock for tests: it stands still while anything is busy, and otherwise jumps to the next due time.
///
/// Clones share one time. Waits that are due at the same time wake in the order in which they were requested.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// Marks held, minus pauses and held-back responses in progress.
    busy: i64,
    /// Held-back responses whose waiting party has already given up; their end no longer changes anything.
    abandoned: i64,
    next: u64,
    waits: BTreeMap<(Timestamp, u64), Waiting>,
}

#[derive(Debug)]
struct Waiting {
    kind: Kind,
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sleep,
    Deadline,
    Stall,
}

impl VirtualClock {
    /// Creates a clock that shows the given time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let state = State { now, busy: 0, abandoned: 0, next: 0, waits: BTreeMap::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Advances the clock and wakes everything that becomes due on the way.
    pub fn advance(&self, duration: Duration) {
        let mut state = self.lock();
        let target = state.now.after(duration);
        let mut woken = Vec::new();
        while let Some((&(due, id), _)) = state.waits.first_key_value()
            && due <= target
        {
            state.now = state.now.max(due);
            woken.extend(state.fire((due, id)));
        }
        state.now = state.now.max(target);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let woken = state.jump();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    fn wait(&self, kind: Kind, duration: Option<Duration>) -> Wait {
        let mut key = (Timestamp::from_unix(i64::MAX), 0);
        self.change(|state| {
            if let Some(duration) = duration {
                key.0 = state.now.after(duration);
            }
            key.1 = state.next;
            state.next += 1;
            state.waits.insert(key, Waiting { kind, waker: None });
            if kind != Kind::Deadline {
                state.busy -= 1;
            }
            state.abandon_orphans();
        });
        Box::pin(Pending { clock: self.clone(), key })
    }
}

impl State {
    /// Jumps from due time to due time until something is busy or nothing is due.
    fn jump(&mut self) -> Vec<Waker> {
        let mut woken = Vec::new();
        while self.busy <= 0
            && let Some((&key, _)) = self.waits.first_key_value()
            && key.0 < Timestamp::from_unix(i64::MAX)
        {
            self.now = self.now.max(key.0);
            woken.extend(self.fire(key));
        }
        woken
    }

    fn fire(&mut self, key: (Timestamp, u64)) -> Option<Waker> {
        let waiting = self.waits.remove(&key)?;
        self.ended(waiting.kind, true);
        waiting.waker
    }

    fn ended(&mut self, kind: Kind, due: bool) {
        match kind {
            Kind::Sleep => self.busy += 1,
            Kind::Stall => {
                // One that becomes due is a response to a waiting client; one that is dropped has usually lost
                // its client.
                let orphaned =
                    if due { self.abandoned > self.count(Kind::Stall) } else { self.abandoned > 0 };
                if orphaned { self.abandoned -= 1 } else { self.busy += 1 }
            }
            Kind::Deadline => {}
        }
        self.abandon_orphans();
    }

    /// Every request in progress has one deadline. If more responses are held back than there are deadlines, the
    /// clients of the rest are gone: timed out or dropped. A client that continues counts as busy again.
    fn abandon_orphans(&mut self) {
        let orphans = self.count(Kind::Stall) - self.abandoned - self.count(Kind::Deadline);
        if orphans > 0 {
            self.abandoned += orphans;
            self.busy += orphans;
        }
    }

    fn count(&self, kind: Kind) -> i64 {
        let count = self.waits.values().filter(|waiting| waiting.kind == kind).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn sleep(&self, duration: Duration) -> Wait {
        self.wait(Kind::Sleep, Some(duration))
    }

    fn deadline(&self, duration: Duration) -> Wait {
        self.wait(Kind::Deadline, Some(duration))
    }

    fn enter(&self) -> Busy {
        self.lock().busy += 1;
        Busy { _mark: Some(BusyMark(self.clone())) }
    }

    fn stall(&self, duration: Option<Duration>) -> Wait {
        self.wait(Kind::Stall, duration)
    }
}

#[derive(Debug)]
pub(super) struct BusyMark(VirtualClock);

impl Drop for BusyMark {
    fn drop(&mut self) {
        self.0.change(|state| state.busy -= 1);
    }
}

struct Pending {
    clock: VirtualClock,
    key: (Timestamp, u64),
}

impl Future for Pending {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.clock.lock().waits.get_mut(&self.key) {
            None => Poll::Ready(()),
            Some(waiting) => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let key = self.key;
        self.clock.change(|state| {
            if let Some(waiting) = state.waits.remove(&key) {
                state.ended(waiting.kind, false);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> VirtualClock {
        VirtualClock::new(Timestamp::from_unix(1000))
    }

    #[tokio::test]
    async fn a_pause_costs_nothing_when_nothing_else_is_busy() {
        let clock = clock();
        let busy = clock.enter();
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now(), Timestamp::from_unix(4600));
        drop(busy);
    }

    #[tokio::test]
    async fn time_stands_still_while_another_operation_is_busy() {
        let clock = clock();
        let mine = clock.enter();
        let other = clock.enter();
        let pause = clock.sleep(Duration::from_secs(5));
        assert_eq!(clock.now(), Timestamp::from_unix(1000));
        drop(other);
        pause.await;
        assert_eq!(clock.now(), Timestamp::from_unix(1005));
        drop(mine);
    }

    #[tokio::test]
    async fn a_hung_answer_runs_into_the_deadline_and_the_client_is_busy_again() {
        let clock = clock();
        let client = clock.enter();
        let deadline = clock.deadline(Duration::from_secs(10));
        let hung = clock.stall(None);
        deadline.await;
        assert_eq!(clock.now(), Timestamp::from_unix(1010));
        // The client continues: nothing may jump now, before or after the server notices.
        let later = clock.deadline(Duration::from_secs(60));
        drop(hung);
        assert_eq!(clock.now(), Timestamp::from_unix(1010));
        drop(later);
        drop(client);
    }

    #[tokio::test]
    async fn a_late_answer_wins_against_a_later_deadline() {
        let clock = clock();
        let client = clock.enter();
        let deadline = clock.deadline(Duration::from_secs(10));
        clock.stall(Some(Duration::from_secs(3))).await;
        assert_eq!(clock.now(), Timestamp::from_unix(1003));
        drop(deadline);
        drop(client);
    }

    #[tokio::test]
    async fn a_dropped_client_does_not_let_time_run_for_the_others() {
        let clock = clock();
        let other = clock.enter();
        let client = clock.enter();
        let deadline = clock.deadline(Duration::from_secs(10));
        let hung = clock.stall(None);
        drop(deadline);
        drop(client);
        let race = clock.deadline(Duration::from_secs(10));
        assert_eq!(clock.now(), Timestamp::from_unix(1000));
        drop(hung);
        assert_eq!(clock.now(), Timestamp::from_unix(1000));
        drop(race);
        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), Timestamp::from_unix(1001));
        drop(other);
    }

    #[test]
    fn advancing_by_hand_passes_every_due_time() {
        let clock = clock();
        let busy = clock.enter();
        let wait = clock.deadline(Duration::from_secs(5));
        clock.advance(Duration::from_secs(7));
        assert_eq!(clock.now(), Timestamp::from_unix(1007));
        assert!(clock.lock().waits.is_empty());
        drop((wait, busy));
    }
}
