//! A rollout as one HTML file.

use std::path::Path;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{Error, Outcome};
use miniprogram_rollout::report::Report;
use serde_json::json;

use crate::cli::Report as Args;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::write_whole;

const REPORT: &str = "report";
/// The file name for standard output.
pub(super) const STDOUT: &str = "-";

/// Writes the report of a rollout.
pub(super) async fn run(context: &Context, args: &Args) -> Result<Finish, Failure> {
    let name = &args.rollout.name;
    let file = match &args.output {
        Some(file) => file.clone(),
        None => file_of(name)?,
    };
    let page = Page { operation: REPORT, field: "output", file: &file, force: args.written.force };
    page.check()?;
    let store = context.open_read_only(&context.settings()?).await?;
    let report = Report::collect(&*store, name, SystemClock.now()).await?;
    let html = report.to_html(args.written.lang);
    if file == STDOUT {
        context.output.bytes(html.as_bytes())?;
        return Ok(Finish::Done);
    }
    page.write(&html)?;
    context
        .output
        .record(&json!({ "rollout": name, "output": file, "bytes": html.len() }))
        .map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// The file in this folder that a rollout's report goes to.
fn file_of(name: &str) -> Result<String, Error> {
    let is_file_name = Path::new(name).file_name().is_some_and(|file| file == name);
    if !is_file_name || name.contains(['/', '\\']) {
        let why = "does not follow from the rollout's name, which is no file name";
        return Err(Error::invalid(REPORT, "output", why).with_advice("give one with --output"));
    }
    Ok(format!("{name}.html"))
}

/// A file to write an HTML page to.
pub(super) struct Page<'a> {
    pub(super) operation: &'static str,
    /// The option that names it.
    pub(super) field: &'static str,
    pub(super) file: &'a str,
    /// Whether it replaces a file that exists.
    pub(super) force: bool,
}

impl Page<'_> {
    /// Returns an error if the file exists and may not be replaced.
    pub(super) fn check(&self) -> Result<(), Error> {
        let exists = self.file != STDOUT && Path::new(self.file).symlink_metadata().is_ok();
        if exists && !self.force {
            return Err(self.refused("already exists; --force replaces it"));
        }
        Ok(())
    }

    /// Writes the file, completely or not at all.
    pub(super) fn write(&self, html: &str) -> Result<(), Error> {
        write_whole(Path::new(self.file), html.as_bytes(), self.force)
            .map_err(|problem| self.refused(&problem.to_string()).with_outcome(Outcome::NotDone))
    }

    fn refused(&self, why: &str) -> Error {
        Error::invalid(self.operation, self.field, format!("{}: {why}", self.file))
    }
}
