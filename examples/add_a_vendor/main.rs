//! Adds a third vendor without touching any crate: a dialect, one plan per effect, three small traits, and the
//! conformance suite that every vendor passes.
//!
//! ```sh
//! cargo run --example add_a_vendor
//! ```
//!
//! `acme.rs` is what a vendor crate holds; `server.rs` plays the vendor in memory and is the suite's harness.

mod acme;
mod server;

use miniprogram_core::conformance as suite;
use miniprogram_core::conformance::Harness;

#[tokio::main]
async fn main() {
    macro_rules! run {
        ($($case:ident)*) => {$(
            let acme = server::AcmeHarness::new();
            suite::$case(&acme, |app| acme.app(app)).await;
            say(concat!("passed  ", stringify!($case)));
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
    }
    say("acme is a vendor like any other");
}

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
fn say(line: &str) {
    println!("{line}");
}
