//! How a command's end is reported: the exit code, and what failed on standard error.

use std::borrow::Cow;
use std::io;
use std::process::ExitCode;

use miniprogram::vendor_api::{Printable, printable_json};
use miniprogram::{Error, ErrorKind, Outcome};
use serde_json::json;

use crate::failure::{Failure, Finish};
use crate::logging;
use crate::terminal::{Format, colours};
use crate::vendors::{VendorEntry, Vendors};
use crate::words;

/// The advice of kinds that have another one for an effect whose outcome is open.
const LATER: &str = "nothing was done: repeat the command later";
const ODD_RESPONSE: &str =
    "nothing was done: repeat the command, and report the response to the vendor if it stays so";
const AGAIN: &str = "nothing was done: run the command again";

/// Reports how a command ended and returns the exit code.
pub(crate) fn report(ended: Result<Finish, Failure>, format: Format, vendors: &Vendors) -> ExitCode {
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
    let entry = error.vendor().and_then(|vendor| vendors.find(vendor.as_str())).map(|entry| &**entry);
    let text = match format {
        Format::Json => object(&error, entry),
        Format::Table => lines(&error, entry),
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

/// One JSON object on one line; what a terminal would not show is escaped. `operation` is the method, for machines.
fn object(error: &Error, entry: Option<&dyn VendorEntry>) -> String {
    let mut report = json!({ "error": error.report() });
    report["error"]["advice"] = json!(advice(error, entry));
    format!("{}\n", printable_json(&report).unwrap_or_else(|_| report.to_string()))
}

/// What to do next, in the words of this command line.
fn advice<'e>(error: &'e Error, entry: Option<&dyn VendorEntry>) -> Cow<'e, str> {
    let nothing_happened = matches!(error.outcome(), Outcome::NotSent | Outcome::NotDone);
    let general = match error.kind() {
        _ if error.has_own_advice() => None,
        ErrorKind::Unavailable | ErrorKind::Timeout if nothing_happened => Some(LATER),
        ErrorKind::Protocol if nothing_happened => Some(ODD_RESPONSE),
        ErrorKind::Cancelled if nothing_happened => Some(AGAIN),
        _ => None,
    };
    general.map_or_else(|| words::with_commands(error.advice(), entry), Cow::Borrowed)
}

/// One line with the error, one with the advice. What stands there is not said again.
fn lines(error: &Error, entry: Option<&dyn VendorEntry>) -> String {
    let (red, plain) = if colours(&io::stderr()) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    let operation = words::operation(error.operation(), entry);
    // Of what fails on this machine, nothing was on its way, and field and place are enough.
    let is_local = matches!(error.kind(), ErrorKind::Config | ErrorKind::Store) && error.vendor().is_none();
    let mut line = match (error.detail(), error.field()) {
        (Some(detail), field) if is_local => {
            let head = if field == Some(operation) { String::new() } else { format!("{operation}: ") };
            let field = field.filter(|field| *field != "config");
            let field = field.map(|field| format!("`{}` ", Printable(field))).unwrap_or_default();
            format!("{head}{field}{}", Printable(detail))
        }
        _ => error.clone().with_operation(operation.to_owned()).to_string(),
    };
    if error.detail().is_none()
        && error.vendor_error().is_none()
        && let Some(source) = std::error::Error::source(error)
    {
        line.push_str(&format!(": {}", Printable(&source.to_string())));
    }
    if let Some(id) = error.request_id().filter(|id| !line.contains(*id)) {
        line.push_str(&format!("; request {}", Printable(id)));
    }
    if let Some(earlier) = error.earlier() {
        let outcome = earlier.settled.outcome;
        let command = words::operation(earlier.intent.operation.as_str(), entry);
        line.push_str(&format!("; the earlier {command} is settled: {outcome}"));
    }
    if !is_local || matches!(error.outcome(), Outcome::Done | Outcome::Unknown) {
        line.push_str(&format!("; outcome {}", error.outcome()));
    }
    let fields = error.vendor_fields().and_then(|fields| printable_json(fields).ok());
    let fields = fields.map(|fields| format!("vendor fields: {fields}\n")).unwrap_or_default();
    format!("{red}error:{plain} {line}\n{fields}advice: {}\n", Printable(&advice(error, entry)))
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
        for text in [lines(&error, None), object(&error, None)] {
            assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{9b}']), "{text}");
            assert!(text.contains("safe\\u"), "{text}");
        }
        let read: serde_json::Value = serde_json::from_str(&object(&error, None)).unwrap();
        assert_eq!(read["error"], serde_json::to_value(error.report()).unwrap());
    }

    #[test]
    fn what_else_the_vendor_says_is_one_more_line() {
        let fields = json!({ "hints": ["a\u{202e}b\n"], "procedure_id": "p1" });
        let answer = VendorError::new(Vendor::new("acme"), 86202, "no")
            .with_fields(fields.as_object().cloned().unwrap());
        let text = lines(&Error::new(ErrorKind::Conflict, "call").with_vendor(answer), None);
        let line = text.lines().nth(1).unwrap();
        assert!(line.starts_with("vendor fields: {\"hints\":["), "{text}");
        assert!(line.contains("\"procedure_id\":\"p1\""), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
    }

    #[test]
    fn no_fact_is_said_twice() {
        let missing = Error::new(ErrorKind::Config, "read_configuration")
            .with_field("config")
            .with_detail("nofile.toml does not exist");
        assert!(lines(&missing, None).starts_with("error: configuration: nofile.toml does not exist\n"));
        let field = missing.with_field("store");
        assert!(lines(&field, None).starts_with("error: configuration: `store` nofile.toml"), "{field}");
        let answer =
            VendorError::new(Vendor::new("acme"), 85, "no, rid: r1").with_request_id(Some("r1".to_owned()));
        let text = lines(&Error::new(ErrorKind::Conflict, "latest_audit").with_vendor(answer), None);
        assert_eq!(text.matches("r1").count(), 1, "{text}");
        assert!(text.starts_with("error: audit latest: conflict (acme code 85: "), "{text}");
    }

    #[test]
    fn the_advice_depends_on_what_happened() {
        let error = Error::new(ErrorKind::Unavailable, "latest_audit").with_outcome(Outcome::NotDone);
        assert_eq!(advice(&error, None), LATER);
        assert_ne!(advice(&error.clone().with_outcome(Outcome::Unknown), None), LATER);
        let own = error.with_advice("see `latest_audit`");
        assert_eq!(advice(&own, None), "see `audit latest`");
    }

    #[test]
    fn a_failure_is_a_line_and_an_advice() {
        let error = Error::new(ErrorKind::Timeout, "release")
            .with_outcome(Outcome::Unknown)
            .with_source(io::Error::other("no\nanswer"));
        let text = lines(&error, None);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.starts_with("error: release publish: timeout: no\\nanswer; outcome unknown\nadvice: "),
            "{text}"
        );
    }
}
