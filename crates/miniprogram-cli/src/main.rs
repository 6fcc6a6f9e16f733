#![doc = include_str!("../README.md")]

mod cli;
mod commands;
mod config;
mod context;
mod effects;
mod failure;
mod limits;
mod logging;
mod outlet;
mod output;
mod values;
mod vendors;

use std::process::ExitCode;

use cli::Cli;
use context::Context;
use failure::{Failure, Finish};

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(usage) => return Failure::from(usage).report(output::Format::Table),
    };
    let format = cli.common.format;
    match run(cli) {
        Ok(finish) => finish.exit_code(),
        Err(failure) => failure.report(format),
    }
}

fn run(cli: Cli) -> Result<Finish, Failure> {
    limits::forbid_core_dumps();
    logging::init(&cli.noun)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|problem| failure::local("runtime", &problem))?;
    let context = Context::new(cli.common);
    let held = context.held();
    let finish = runtime.block_on(async {
        let finish = commands::run(context, cli.noun).await;
        held.close().await;
        finish
    });
    // A name look-up cannot be interrupted: leave it behind instead of waiting for it.
    runtime.shutdown_background();
    let lost = logging::finish();
    if lost > 0 && finish.is_ok() {
        return Err(Failure::of_log(lost));
    }
    finish
}
