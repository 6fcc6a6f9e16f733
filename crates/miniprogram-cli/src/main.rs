//! The `miniprogram` command with the vendors of this workspace.

use std::process::ExitCode;

use miniprogram_cli::{Baidu, Command, WeChat};

fn main() -> ExitCode {
    Command::new().with_vendor(Baidu).with_vendor(WeChat).run()
}
