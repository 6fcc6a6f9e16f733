use std::sync::{Mutex, PoisonError};

/// Prevents the retries of a whole fleet from becoming a second load: if too many calls fail, no more are
/// retried.
#[derive(Debug)]
pub(super) struct RetryBudget(Mutex<u32>);

const FULL: u32 = 500;
const RETRY: u32 = 5;
const RETRY_AFTER_TIMEOUT: u32 = 10;

/// The cost withdrawn for a retry; if that retry succeeds, it is put back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Withdrawal(u32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(Mutex::new(FULL))
    }
}

impl RetryBudget {
    /// Withdraws the cost of a retry, if enough is left.
    pub(super) fn withdraw(&self, after_timeout: bool) -> Option<Withdrawal> {
        let cost = if after_timeout { RETRY_AFTER_TIMEOUT } else { RETRY };
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.checked_sub(cost)?;
        Some(Withdrawal(cost))
    }

    /// Records that a call succeeded, at once or as a retry.
    pub(super) fn succeeded(&self, retry: Option<Withdrawal>) {
        let gain = retry.map_or(1, |withdrawal| withdrawal.0);
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + gain).min(FULL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_failures_ends_the_retries_and_successes_bring_them_back() {
        let budget = RetryBudget::default();
        let withdrawn = (0..).take_while(|_| budget.withdraw(true).is_some()).count();
        assert_eq!(withdrawn, 50);
        for _ in 0..4 {
            budget.succeeded(None);
        }
        assert!(budget.withdraw(false).is_none());
        budget.succeeded(None);
        let retry = budget.withdraw(false);
        assert!(retry.is_some());
        budget.succeeded(retry);
        assert!(budget.withdraw(false).is_some(), "the retry's success returned its cost");
    }
    #[test]
    fn successes_save_nothing_up_beyond_the_full_budget() {
        let budget = RetryBudget::default();
        for _ in 0..10 {
            budget.succeeded(None);
        }
        assert_eq!((0..).take_while(|_| budget.withdraw(true).is_some()).count(), 50);
        for _ in 0..4 {
            budget.succeeded(None);
        }
        assert!(budget.withdraw(false).is_none());
    }
}
