//! How a command ends: the exit codes, and what is said on standard error.

use std::io;
use std::process::ExitCode;

use miniprogram::{Error, ErrorKind, Outcome, printable_json};
use serde_json::json;

use crate::logging;
use crate::output::{self, Format, Printable};

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// Done: 0.
    Done,
    /// The time was over before there was a verdict: 4.
    NotFinished,
    /// The audit ended with a rejection: 5.
    Rejected,
    /// What was looked at is not in order: 1.
    Faulty,
    /// What became of an effect is still not known: 6.
    Unknown,
}

impl Finish {
    /// The exit code.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::NotFinished => 4,
            Self::Rejected => 5,
            Self::Faulty => 1,
            Self::Unknown => 6,
        })
    }
}

/// What to do about something that a vendor has not.
const UNSUPPORTED: &str = "this vendor cannot do it; `miniprogram vendors` shows what each can do";

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The call failed: 1, 3 if it is unsupported, 6 if its outcome is unknown.
    Error(Error),
    /// The command line is wrong, 2; or help was asked for, 0.
    Usage(Box<clap::Error>),
    /// Nobody reads standard output any more: 0, without a word.
    NobodyReads,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // The library's own advice names a method; here there is a command.
        let general = error.kind() == ErrorKind::Unsupported && error.advice().contains("capabilities()");
        Self::Error(if general { error.with_advice(UNSUPPORTED) } else { error })
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(Box::new(error))
    }
}

impl Failure {
    /// Standard output took nothing more.
    pub(crate) fn of_output(problem: &io::Error) -> Self {
        if problem.kind() == io::ErrorKind::BrokenPipe {
            return Self::NobodyReads;
        }
        let error = Error::new(ErrorKind::Config, "output")
            .with_detail(format!("standard output cannot be written: {problem}"))
            .with_advice("make room, or print to another place; an effect with outcome done is not undone");
        Self::Error(error)
    }

    /// Lines of a daemon's log that nobody read.
    pub(crate) fn of_log(lines: u64) -> Self {
        let error = Error::new(ErrorKind::Unavailable, "log")
            .with_outcome(Outcome::Done)
            .with_detail(format!("standard error took no more: {lines} lines of the log or more were lost"))
            .with_advice("read standard error, or send it to a file with room; everything else was done");
        Self::Error(error)
    }

    /// The same after an effect that is done.
    pub(crate) fn after_effect(self) -> Self {
        match self {
            Self::Error(error) => Self::Error(error.with_outcome(Outcome::Done)),
            other => other,
        }
    }

    /// The same as an error of an operation, for who passes errors alone.
    pub(crate) fn to_error(&self, operation: &'static str) -> Error {
        match self {
            Self::Error(error) => error.clone(),
            _ => Error::new(ErrorKind::Cancelled, operation).with_detail("nobody reads standard output"),
        }
    }

    /// Says it on standard error and answers the exit code.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        let error = match self {
            Self::NobodyReads => return ExitCode::SUCCESS,
            Self::Usage(usage) => {
                // If it cannot be printed there is nobody to tell.
                let _ = usage.print();
                return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
            }
            Self::Error(error) => error,
        };
        let text = match format {
            Format::Json => object(error),
            Format::Table => lines(error),
        };
        logging::say(&text);
        ExitCode::from(code(error))
    }
}

/// Something on this machine failed.
pub(crate) fn local(operation: &'static str, problem: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Config, operation).with_detail(problem.to_string())
}

/// The exit code of an error.
fn code(error: &Error) -> u8 {
    match (error.kind(), error.outcome()) {
        (_, Outcome::Unknown) => 6,
        (ErrorKind::Unsupported, _) => 3,
        _ => 1,
    }
}

/// One JSON object on one line; what a terminal would not show is escaped.
fn object(error: &Error) -> String {
    let report = json!({ "error": error.report() });
    format!("{}\n", printable_json(&report).unwrap_or_else(|_| report.to_string()))
}

/// One line that says what is wrong, one that says what to do.
fn lines(error: &Error) -> String {
    let (red, plain) = if output::colours(&io::stderr()) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    let mut line = error.to_string();
    if error.detail().is_none()
        && error.vendor_error().is_none()
        && let Some(source) = std::error::Error::source(error)
    {
        line.push_str(&format!(": {}", Printable(&source.to_string())));
    }
    if let Some(id) = error.request_id() {
        line.push_str(&format!("; request {}", Printable(id)));
    }
    if let Some(earlier) = error.earlier() {
        let (operation, outcome) = (earlier.intent.operation, earlier.settled.outcome);
        line.push_str(&format!("; the earlier {operation} is settled: {outcome}"));
    }
    let outcome = error.outcome();
    let fields = error.vendor_fields().and_then(|fields| printable_json(fields).ok());
    let fields = fields.map(|fields| format!("vendor fields: {fields}\n")).unwrap_or_default();
    format!("{red}error:{plain} {line}; outcome {outcome}\n{fields}advice: {}\n", Printable(error.advice()))
}

#[cfg(test)]
mod tests {
    use miniprogram::{Code, Vendor, VendorError};

    use super::*;

    #[test]
    fn an_unknown_outcome_goes_before_the_kind() {
        let error = Error::unsupported(Vendor::new("acme"), "pages");
        assert_eq!(code(&error), 3);
        assert_eq!(code(&error.with_outcome(Outcome::Unknown)), 6);
        assert_eq!(code(&Error::invalid("release", "percentage", "is too large")), 1);
    }

    #[test]
    fn nothing_that_cannot_be_seen_is_printed_as_it_is() {
        let words = "safe\u{202e}gnp.exe\u{200b}\u{9b}\n";
        let answer = VendorError::new(Vendor::new("acme"), Code::from(words.to_owned()), words);
        let error = Error::new(ErrorKind::Vendor, "release").with_vendor(answer).with_field(words.to_owned());
        for text in [lines(&error), object(&error)] {
            assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{9b}']), "{text}");
            assert!(text.contains("safe\\u"), "{text}");
        }
        let read: serde_json::Value = serde_json::from_str(&object(&error)).unwrap();
        assert_eq!(read["error"], serde_json::to_value(error.report()).unwrap());
    }

    #[test]
    fn what_else_the_vendor_says_is_one_more_line() {
        let fields = json!({ "hints": ["a\u{202e}b\n"], "procedure_id": "p1" });
        let answer = VendorError::new(Vendor::new("acme"), 86202, "no")
            .with_fields(fields.as_object().cloned().unwrap());
        let text = lines(&Error::new(ErrorKind::Conflict, "call").with_vendor(answer));
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with("vendor fields: {\"hints\":["), "{text}");
        assert!(line.contains("\"procedure_id\":\"p1\""), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
    }

    #[test]
    fn a_failure_is_a_line_and_an_advice() {
        let error = Error::new(ErrorKind::Timeout, "release")
            .with_outcome(Outcome::Unknown)
            .with_source(io::Error::other("no\nanswer"));
        let text = lines(&error);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.starts_with("error: release: timeout: no\\nanswer; outcome unknown\nadvice: "),
            "{text}"
        );
    }
}
