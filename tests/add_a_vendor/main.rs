//! The example `add_a_vendor` as a whole, and the command that it builds.
//!
//! This binary is both: run by `cargo test` it runs the example, which starts it again as a command with a third vendor.

#[path = "../../examples/add_a_vendor/main.rs"]
mod example;

use std::process::ExitCode;

fn main() -> ExitCode {
    example::main()
}
