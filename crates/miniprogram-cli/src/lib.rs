#![doc = include_str!("../README.md")]

mod cli;
mod commands;
mod config;
mod confirm;
mod context;
mod effects;
mod failure;
mod limits;
mod logging;
mod outlet;
mod output;
mod paced;
mod report;
mod terminal;
mod values;
mod vendors;
mod words;

use std::process::ExitCode;
use std::sync::Arc;

pub use vendors::{
    Baidu, PlatformConfig, PushSettings, RawCall, RawCalls, VendorEntry, WeChat, alliance, app,
};

use cli::Cli;
use context::Context;
use failure::{Failure, Finish};
use terminal::Format;
use vendors::Vendors;

/// The command line, with the vendors that are registered.
///
/// A vendor of another crate registers like those of this one, and every verb, the configuration, `explain`, `auth`
/// and `events` know it:
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use miniprogram::vendor_api::codes::Explanation;
/// use miniprogram::{Code, MiniProgramPlatform, Result, Vendor};
/// use miniprogram_cli::{Baidu, Command, PlatformConfig, VendorEntry, WeChat};
/// # mod acme {
/// #     use miniprogram::vendor_api::codes::CodeTable;
/// #     use miniprogram::{Error, MiniProgramPlatform, Result, Vendor};
/// #     use miniprogram_cli::PlatformConfig;
/// #     pub const ACME: Vendor = Vendor::new("acme");
/// #     pub static CODES: CodeTable = CodeTable::new(ACME, "code", &[]);
/// #     pub fn platform(_: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
/// #         Err(Error::unsupported(ACME, "platform"))
/// #     }
/// # }
///
/// #[derive(Debug)]
/// struct Acme;
///
/// impl VendorEntry for Acme {
///     fn vendor(&self) -> Vendor {
///         acme::ACME
///     }
///
///     fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
///         acme::platform(config)
///     }
///
///     fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
///         acme::CODES.explain(code, operation)
///     }
/// }
///
/// fn main() -> ExitCode {
///     Command::new().with_vendor(Baidu).with_vendor(WeChat).with_vendor(Acme).run()
/// }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a command does nothing unless it is run"]
pub struct Command {
    vendors: Vendors,
}

impl Command {
    /// Creates a command without vendors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a vendor. It replaces a registered one of the same name.
    pub fn with_vendor(mut self, entry: impl VendorEntry) -> Self {
        self.vendors.register(Arc::new(entry));
        self
    }

    /// Runs the command line of this process and returns its exit code. Results go to standard output, errors to
    /// standard error.
    ///
    /// To be called once, from `main`: it configures the log and the limits of the process.
    #[must_use = "`main` returns the exit code"]
    pub fn run(self) -> ExitCode {
        let cli = match cli::parse(std::env::args_os(), &self.vendors) {
            Ok(cli) => cli,
            Err(usage) => return report::report(Err(usage.into()), Format::Table, &self.vendors),
        };
        let format = cli.common.format;
        report::report(run(cli, self.vendors.clone()), format, &self.vendors)
    }
}

fn run(cli: Cli, vendors: Vendors) -> Result<Finish, Failure> {
    limits::forbid_core_dumps();
    logging::init(&cli.noun, &vendors)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|problem| failure::local("runtime", &problem))?;
    let context = Context::new(cli.common, vendors)?.with_defaults(&cli.noun)?;
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
