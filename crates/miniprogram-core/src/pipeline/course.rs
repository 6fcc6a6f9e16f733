//! How an effect continues after each of its attempts: a decision without I/O.

use super::plan::EffectClass;
use super::settle::{Answer, conflicting, untold_detail};
use crate::command::EffectValue;
use crate::error::Error;
use crate::error_kind::Retry;
use crate::outcome::Evidence;
use crate::outcome::Outcome;

/// What is known about all attempts of one effect so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    class: EffectClass,
    /// The outcome of all attempts together.
    so_far: Outcome,
    /// Whether the outcome of any attempt was unknown when it ended.
    unknown_before: bool,
}

/// What has to be determined after a failed attempt, before anything is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether the attempt took effect: wait for the settle time, and probe.
    WaitAndLook,
    /// Whether an earlier attempt took effect: this one was refused, and the refusal may reveal it.
    AfterRefusal,
    /// Nothing: this attempt was refused or not sent, and no earlier one is open.
    Nothing,
}

/// How the effect continues.
#[derive(Debug)]
pub(super) enum Next {
    /// It took effect.
    Done(EffectValue, Evidence),
    /// The same request may be sent again; if it is not, the effect fails with this error.
    MayRepeat(Error),
    /// It fails. With outcome `unknown` the intent stays open, and is settled before anything else is sent.
    Failed(Error),
}

impl Course {
    pub(super) const fn new(class: EffectClass) -> Self {
        Self { class, so_far: Outcome::NotSent, unknown_before: false }
    }

    /// Returns the outcome of all attempts so far.
    pub(super) const fn so_far(&self) -> Outcome {
        self.so_far
    }

    /// Returns whether the outcome of any attempt was unknown when it ended.
    pub(super) const fn was_unknown(&self) -> bool {
        self.unknown_before
    }

    /// Returns the maximum number of attempts.
    pub(super) fn limit(&self, max_attempts: u32) -> u32 {
        match self.class {
            EffectClass::OneShot => max_attempts.min(2),
            EffectClass::Set | EffectClass::Guarded => max_attempts,
        }
    }

    /// Returns whether the outcome of an attempt has to be queried.
    pub(super) fn ask(&mut self, error: &Error) -> Ask {
        match error.outcome() {
            Outcome::Unknown => {
                self.unknown_before = true;
                Ask::WaitAndLook
            }
            Outcome::NotDone if self.unknown_before => Ask::AfterRefusal,
            _ => Ask::Nothing,
        }
    }

    /// Decides how the effect continues after a failed attempt, given the answer to the query.
    /// [`Answer::NotDone`] also represents an attempt that needed no query.
    pub(super) fn judge(&self, answer: Answer, error: Error) -> Next {
        match answer {
            Answer::Done(value, evidence) => Next::Done(value, evidence),
            Answer::NotDone => {
                // The query has shown that nothing happened, so the same request may be sent again, whatever the
                // error says. A refusal is repeated only if its code allows it.
                let shown_absent = error.outcome() == Outcome::Unknown;
                let again = shown_absent || error.retry() == Retry::Backoff;
                let outcome = match error.outcome() {
                    Outcome::Unknown => Outcome::NotDone,
                    // An attempt that was not sent reveals nothing about earlier attempts.
                    Outcome::NotSent => self.so_far,
                    known => known,
                };
                let error = error.with_outcome(outcome);
                if again { Next::MayRepeat(error) } else { Next::Failed(error) }
            }
            Answer::Conflict(conflict) => {
                let outcome = conflicting(&conflict).outcome;
                let error = conflict.with_operation(error.operation().to_owned());
                Next::Failed(error.with_outcome(outcome))
            }
            Answer::Unknowable => {
                // No query will ever reveal the outcome. A repeat is harmless if it sets the same state, or if
                // the vendor refuses it when it is done already; a second effect of a one-shot is not.
                let refused = error.outcome() == Outcome::NotDone;
                let harmless = self.class != EffectClass::OneShot;
                let again = harmless && (!refused || error.retry() == Retry::Backoff);
                let error = error.with_outcome(Outcome::Unknown);
                if again { Next::MayRepeat(error) } else { Next::Failed(error) }
            }
            Answer::Failed { untold } => {
                let error = match untold {
                    Some(field) if error.detail().is_none() => error.with_detail(untold_detail(field)),
                    _ => error,
                };
                Next::Failed(error.with_outcome(Outcome::Unknown))
            }
        }
    }

    /// Records that the request is sent again after an attempt that ended with this error.
    pub(super) fn repeat(&mut self, error: &Error) {
        self.so_far = error.outcome();
    }
}

#[cfg(test)]
mod tests {
    use EffectClass::{Guarded, OneShot, Set};
    use Outcome::{NotDone, NotSent, Unknown};

    use super::*;
    use crate::error_kind::ErrorKind;

    const VALUE: EffectValue = EffectValue::None;
    const CLASSES: [EffectClass; 3] = [Set, Guarded, OneShot];

    /// Returns the error of an attempt that ended with this outcome. `retry` is the vendor code's rule on
    /// retrying.
    fn ended(outcome: Outcome, retry: Retry) -> Error {
        Error::new(ErrorKind::Vendor, "release").with_outcome(outcome).with_retry(retry)
    }

    /// Returns the next step, in short, and the outcome that would be reported to the caller.
    fn next(course: Course, answer: Answer, error: Error) -> (&'static str, Outcome) {
        match course.judge(answer, error) {
            Next::Done(..) => ("done", Outcome::Done),
            Next::MayRepeat(error) => ("may repeat", error.outcome()),
            Next::Failed(error) => ("failed", error.outcome()),
        }
    }

    fn after(class: EffectClass, so_far: Outcome) -> Course {
        Course { so_far, unknown_before: so_far == Unknown, ..Course::new(class) }
    }

    fn conflict(outcome: Outcome) -> Answer {
        Answer::Conflict(Error::new(ErrorKind::Conflict, "look").with_outcome(outcome))
    }

    #[test]
    fn what_was_lost_is_asked_for_and_a_refusal_after_it_too() {
        let mut course = Course::new(Guarded);
        assert_eq!(course.ask(&ended(NotDone, Retry::Backoff)), Ask::Nothing, "nothing was lost yet");
        assert_eq!(course.ask(&ended(Unknown, Retry::No)), Ask::WaitAndLook);
        assert_eq!(
            course.ask(&ended(NotSent, Retry::Backoff)),
            Ask::Nothing,
            "it says nothing of the others"
        );
        assert_eq!(course.ask(&ended(NotDone, Retry::No)), Ask::AfterRefusal);
        assert_eq!(course.ask(&ended(Unknown, Retry::No)), Ask::WaitAndLook);
    }

    #[test]
    fn an_effect_that_shows_is_done_whatever_the_attempt_ended_with() {
        for class in CLASSES {
            for outcome in [NotSent, NotDone, Unknown] {
                let shown = Answer::Done(VALUE, Evidence::Asked);
                let next = after(class, Unknown).judge(shown, ended(outcome, Retry::No));
                assert!(
                    matches!(next, Next::Done(EffectValue::None, Evidence::Asked)),
                    "{class:?}, {outcome}"
                );
            }
        }
    }

    #[test]
    fn what_did_not_happen_is_sent_again_where_the_vendor_lets_it() {
        for class in CLASSES {
            for (so_far, attempt, retry, expected) in [
                // The response was lost, and the query shows that it did not take effect: its own retry rule does
                // not matter.
                (NotSent, Unknown, Retry::No, ("may repeat", NotDone)),
                (NotDone, Unknown, Retry::No, ("may repeat", NotDone)),
                (Unknown, Unknown, Retry::No, ("may repeat", NotDone)),
                // Refused.
                (NotSent, NotDone, Retry::Backoff, ("may repeat", NotDone)),
                (NotSent, NotDone, Retry::No, ("failed", NotDone)),
                (Unknown, NotDone, Retry::No, ("failed", NotDone)),
                // Not sent: what is known about earlier attempts stays.
                (NotSent, NotSent, Retry::Backoff, ("may repeat", NotSent)),
                (NotSent, NotSent, Retry::No, ("failed", NotSent)),
                (NotDone, NotSent, Retry::No, ("failed", NotDone)),
                (Unknown, NotSent, Retry::Backoff, ("may repeat", Unknown)),
                (Unknown, NotSent, Retry::No, ("failed", Unknown)),
            ] {
                let found = next(after(class, so_far), Answer::NotDone, ended(attempt, retry));
                assert_eq!(found, expected, "{class:?} after {so_far}: {attempt}, {retry:?}");
            }
        }
    }

    #[test]
    fn what_no_query_tells_is_repeated_only_where_a_repeat_does_no_harm() {
        for (class, attempt, retry, expected) in [
            (Set, Unknown, Retry::No, "may repeat"),
            (Guarded, Unknown, Retry::No, "may repeat"),
            (OneShot, Unknown, Retry::No, "failed"),
            (OneShot, Unknown, Retry::Backoff, "failed"),
            (Set, NotDone, Retry::Backoff, "may repeat"),
            (Guarded, NotDone, Retry::Backoff, "may repeat"),
            (Set, NotDone, Retry::No, "failed"),
            (Guarded, NotDone, Retry::No, "failed"),
            (OneShot, NotDone, Retry::Backoff, "failed"),
        ] {
            let found = next(after(class, Unknown), Answer::Unknowable, ended(attempt, retry));
            assert_eq!(found, (expected, Unknown), "{class:?}: {attempt}, {retry:?}");
        }
    }

    #[test]
    fn nothing_is_sent_where_the_state_cannot_be_read_or_is_somebody_elses() {
        for class in CLASSES {
            for attempt in [NotDone, Unknown] {
                let error = || ended(attempt, Retry::Backoff);
                let course = after(class, Unknown);
                assert_eq!(next(course, Answer::Failed { untold: None }, error()), ("failed", Unknown));
                assert_eq!(next(course, conflict(Unknown), error()), ("failed", Unknown));
                assert_eq!(next(course, conflict(NotDone), error()), ("failed", NotDone));
                assert_eq!(next(course, conflict(NotSent), error()), ("failed", NotDone));
            }
        }
    }

    #[test]
    fn a_field_that_is_not_told_is_named_where_the_vendor_said_nothing_better() {
        let course = after(Guarded, Unknown);
        let untold = || Answer::Failed { untold: Some("release_time") };
        let Next::Failed(error) = course.judge(untold(), ended(Unknown, Retry::No)) else {
            panic!("it fails")
        };
        assert!(error.detail().is_some_and(|detail| detail.contains("`release_time`")), "{error:#}");
        let told = ended(Unknown, Retry::No).with_detail("HTTP status 502");
        let Next::Failed(error) = course.judge(untold(), told) else { panic!("it fails") };
        assert_eq!(error.detail(), Some("HTTP status 502"));
    }

    #[test]
    fn a_one_shot_is_sent_twice_at_most() {
        let limits = |class| [1, 2, 3].map(|most| Course::new(class).limit(most));
        assert_eq!((limits(OneShot), limits(Set), limits(Guarded)), ([1, 2, 2], [1, 2, 3], [1, 2, 3]));
    }
}
