//! Named points between two steps that must not be lost or repeated if the process dies there.
//!
//! Without the feature `crash-points` reaching one costs nothing. With it, each is a fail point of the crate `fail`, whose
//! callback can ask for the `step`. For the tests of this workspace.

/// Every point, in the order in which a rollout reaches them.
pub const ALL: [&str; 25] = [
    // A rollout is stored.
    "start.created",
    "start.superseded",
    "start.added",
    // A driver takes it over.
    "drive.granted",
    "drive.renewed",
    // It acts on what others have said.
    "signals.read",
    "signals.stored",
    "work.read",
    "work.stored",
    // It takes a step of apps.
    "steps.decided",
    "steps.stored",
    "action.begun",
    "action.finished",
    "resume.recorded",
    // It performs an effect.
    "effect.begun",
    "effect.opened",
    "effect.answered",
    "effect.settled",
    "effect.closed",
    // It settles an earlier effect.
    "settle.asked",
    "settle.closed",
    // The store writes a group.
    "write.performed",
    "write.committed",
    // It ends.
    "end.decided",
    "end.stored",
];

/// Reaches a point on the way through a step, such as `submit_audit`.
#[inline]
pub fn reach(point: &'static str, step: &str) {
    #[cfg(feature = "crash-points")]
    armed::reach(point, step);
    #[cfg(not(feature = "crash-points"))]
    let _ = (point, step);
}

#[cfg(feature = "crash-points")]
pub use armed::step;

#[cfg(feature = "crash-points")]
mod armed {
    use std::cell::RefCell;

    thread_local! {
        static STEP: RefCell<String> = const { RefCell::new(String::new()) };
    }

    pub(super) fn reach(point: &'static str, step: &str) {
        debug_assert!(super::ALL.contains(&point), "{point} is not listed");
        STEP.with_borrow_mut(|current| step.clone_into(current));
        fail::fail_point!(point);
    }

    /// Returns the step on whose way this thread has reached its latest point.
    #[must_use]
    pub fn step() -> String {
        STEP.with_borrow(String::clone)
    }
}
