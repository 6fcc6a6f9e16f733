//! How a command's end is reported: the exit code, and what failed on standard error.

use std::io;
use std::process::ExitCode;

use miniprogram::vendor_api::{Printable, printable_json};
use miniprogram::{Error, ErrorKind, Outcome};
use serde_json::json;

use crate::failure::{Failure, Finish};
use crate::logging;
use crate::terminal::{Format, colours};

/// Reports how a command ended and returns the exit code.
pub(crate) fn report(ended: Result<Finish, Failure>, format: Format) -> ExitCode {
    let error = match ended {
        Ok(finish) => return ExitCode::from(finish_code(finish)),
        Err(Failure::BrokenPipe) => return ExitCode::SUCCESS,
        Err(Failure::Usage(usage)) => {
            // If it cannot be printed, there is no way to report that either.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
        Err(Failure::Error(error)) => error,
    };
    let text = match format {
        Format::Json => object(&error),
        Format::Table => lines(&error),
    };
    logging::say(&text);
    ExitCode::from(code(&error))
}

fn finish_code(finish: Finish) -> u8 {
    match finish {
        Finish::Done => 0,
        Finish::Faulty => 1,
        Finish::NotFinished => 4,
        Finish::Rejected => 5,
        Finish::Unknown => 6,
    }
}

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

/// One line with the error, one with the advice.
fn lines(error: &Error) -> String {
    let (red, plain) = if colours(&io::stderr()) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
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
