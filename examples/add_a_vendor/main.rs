//! Adds a third vendor to the workspace without a change in any of its crates, and proves that it is one: it passes the
//! conformance suite, its pushes arrive at the receiver, the token manager obtains and renews its tokens, and a command of
//! its own runs the verbs.
//!
//! ```sh
//! cargo run --example add_a_vendor
//! ```
//!
//! `acme/` is what a vendor crate contains; `server/` plays the vendor; `harness.rs` shows it to the conformance suite and
//! `entry.rs` to the command line; `proof/` runs everything. "Add a vendor" in `CONTRIBUTING.md` is the guide to it.

#[expect(unreachable_pub, reason = "written as a crate of its own would be")]
mod acme;
mod entry;
mod harness;
mod proof;
mod server;

use std::error::Error;
use std::process::ExitCode;

pub(crate) fn main() -> ExitCode {
    if let Some(command) = proof::command::wanted() {
        return command.run();
    }
    match prove() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            proof::say(&format!("failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn prove() -> Result<(), Box<dyn Error>> {
    proof::conformance::run().await;
    proof::receiver::run().await?;
    proof::tokens::run().await?;
    proof::command::run().await?;
    proof::say("acme is a vendor like any other");
    Ok(())
}
