//! The proof: Acme behind everything that serves any vendor.

pub(crate) mod command;
pub(crate) mod conformance;
pub(crate) mod receiver;
pub(crate) mod tokens;

#[expect(clippy::print_stdout, reason = "an example speaks to its reader")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
