//! The `miniprogram` command.
fn main() {}
