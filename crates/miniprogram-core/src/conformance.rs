//! The test suite that every implementation of the traits runs. It is exempt from the stability promise.
//!
//! A [`Harness`] maps vendor-neutral scenes to one vendor's state and counts what actually took place. Each case
//! is generic over the app handle, so that [`conformance_suite!`](crate::conformance_suite) runs it on the
//! concrete type, on `Box<dyn MiniProgram>` and on `Arc<dyn MiniProgram>`.

mod cycle;
mod errors;
mod harness;
mod outcomes;
mod silence;

pub use cycle::{
    a_fresh_app_was_never_submitted, a_rejection_tells_why, a_withdrawn_audit_can_be_submitted_again,
    gray_release_rises_and_ends, library_version_round_trip, reads_have_their_shape, release_cycle,
    visit_status_round_trip,
};
pub use errors::{
    a_dry_run_sends_nothing, a_refused_token_is_replaced_once, an_unlisted_code_reaches_the_caller,
    an_unlisted_status_survives, garbage_is_a_protocol_error, states_that_forbid_it_are_conflicts,
    unsupported_operations_stay_local,
};
pub use harness::{Decision, Fault, Harness, Scene, Untold};
pub use outcomes::{
    a_dropped_effect_is_settled_by_the_next, an_open_intent_is_settled_after_a_crash,
    every_effect_survives_every_fault, lasting_failure_is_never_called_success,
};
pub use silence::{
    a_repeated_call_returns_what_became_of_the_first, a_state_that_does_not_say_proves_nothing,
    an_earlier_effect_is_told_beside_another,
};

/// Declares a module with one test per case and per way of holding an app.
///
/// `conformance_suite!(wechat, WeChatHarness::start().await)`: the expression is evaluated again for every test.
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $harness:expr) => {
        $crate::conformance_suite!(@cases $module, $harness, [
            release_cycle,
            a_rejection_tells_why,
            a_withdrawn_audit_can_be_submitted_again,
            a_fresh_app_was_never_submitted,
            gray_release_rises_and_ends,
            visit_status_round_trip,
            library_version_round_trip,
            reads_have_their_shape,
            unsupported_operations_stay_local,
            a_dry_run_sends_nothing,
            a_refused_token_is_replaced_once,
            an_unlisted_code_reaches_the_caller,
            an_unlisted_status_survives,
            garbage_is_a_protocol_error,
            states_that_forbid_it_are_conflicts,
            every_effect_survives_every_fault,
            lasting_failure_is_never_called_success,
            a_dropped_effect_is_settled_by_the_next,
            an_open_intent_is_settled_after_a_crash,
            a_state_that_does_not_say_proves_nothing,
            a_repeated_call_returns_what_became_of_the_first,
            an_earlier_effect_is_told_beside_another,
        ]);
    };
    (@cases $module:ident, $harness:expr, [$($case:ident,)*]) => {
        mod $module {
            mod concrete {
                #[allow(unused_imports)]
                use super::super::*;
                $(#[tokio::test]
                async fn $case() {
                    let harness = $harness;
                    $crate::conformance::$case(&harness, |app| $crate::conformance::Harness::app(&harness, app)).await;
                })*
            }
            mod boxed {
                #[allow(unused_imports)]
                use super::super::*;
                $(#[tokio::test]
                async fn $case() {
                    let harness = $harness;
                    $crate::conformance::$case(&harness, |app| {
                        Box::new($crate::conformance::Harness::app(&harness, app)) as Box<dyn $crate::MiniProgram>
                    }).await;
                })*
            }
            mod shared {
                #[allow(unused_imports)]
                use super::super::*;
                $(#[tokio::test]
                async fn $case() {
                    let harness = $harness;
                    $crate::conformance::$case(&harness, |app| {
                        std::sync::Arc::new($crate::conformance::Harness::app(&harness, app))
                            as std::sync::Arc<dyn $crate::MiniProgram>
                    }).await;
                })*
            }
        }
    };
}
