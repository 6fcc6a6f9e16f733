//! Acme passes the suite that every vendor passes.

use miniprogram_core::conformance as suite;
use miniprogram_core::conformance::Harness;

use super::super::harness::AcmeHarness;
use super::say;

/// Runs every case.
pub(crate) async fn run() {
    macro_rules! run {
        ($($case:ident)*) => {$(
            let acme = AcmeHarness::new();
            suite::$case(&acme, |app| acme.app(app)).await;
            say(concat!("conformance  ", stringify!($case)));
        )*};
    }
    run! {
        release_cycle
        a_rejection_tells_why
        a_withdrawn_audit_can_be_submitted_again
        a_fresh_app_was_never_submitted
        gray_release_rises_and_ends
        visit_status_round_trip
        library_version_round_trip
        reads_have_their_shape
        unsupported_operations_stay_local
        a_dry_run_sends_nothing
        a_refused_token_is_replaced_once
        an_unlisted_code_reaches_the_caller
        an_unlisted_status_survives
        garbage_is_a_protocol_error
        states_that_forbid_it_are_conflicts
        every_effect_survives_every_fault
        lasting_failure_is_never_called_success
        a_dropped_effect_is_settled_by_the_next
        an_open_intent_is_settled_after_a_crash
        a_state_that_does_not_say_proves_nothing
        a_repeated_call_returns_what_became_of_the_first
        an_earlier_effect_is_told_beside_another
    }
}
