//! How a command ends.

use std::io;

use miniprogram::{Error, ErrorKind, Outcome};

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// Done.
    Done,
    /// No verdict in time.
    NotFinished,
    /// The audit was rejected.
    Rejected,
    /// What was checked is not in order.
    Faulty,
    /// The outcome of an effect is still unknown.
    Unknown,
}

/// The advice for what a vendor does not have.
const UNSUPPORTED: &str = "this vendor cannot do it; `miniprogram vendors` shows what each can do";

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call or something on this machine failed.
    Error(Error),
    /// The command line is wrong, or asks for help.
    Usage(Box<clap::Error>),
    /// Standard output was closed by its reader, who has what it wanted.
    BrokenPipe,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // The kind's advice names a method; here there is a command.
        let is_general = error.kind() == ErrorKind::Unsupported && !error.has_own_advice();
        Self::Error(if is_general { error.with_advice(UNSUPPORTED) } else { error })
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::Usage(Box::new(error))
    }
}

impl Failure {
    /// Standard output could not be written.
    pub(crate) fn of_output(problem: &io::Error) -> Self {
        if problem.kind() == io::ErrorKind::BrokenPipe {
            return Self::BrokenPipe;
        }
        let error = Error::new(ErrorKind::Config, "output")
            .with_detail(format!("standard output cannot be written: {problem}"))
            .with_advice("free space or redirect the output; an effect with outcome done stays done");
        Self::Error(error)
    }

    /// Lines of a daemon's log were lost.
    pub(crate) fn of_log(lines: u64) -> Self {
        let error = Error::new(ErrorKind::Unavailable, "log")
            .with_outcome(Outcome::Done)
            .with_detail(format!("standard error was not read: at least {lines} lines of the log were lost"))
            .with_advice("read standard error, or redirect it to a file; everything else was done");
        Self::Error(error)
    }

    /// The same failure after an effect that is done.
    pub(crate) fn after_effect(self) -> Self {
        match self {
            Self::Error(error) => Self::Error(error.with_outcome(Outcome::Done)),
            other => other,
        }
    }

    /// The failure as an error of an operation.
    pub(crate) fn to_error(&self, operation: &'static str) -> Error {
        match self {
            Self::Error(error) => error.clone(),
            _ => Error::new(ErrorKind::Cancelled, operation).with_detail("standard output was closed"),
        }
    }
}

/// Something on this machine failed.
pub(crate) fn local(operation: &'static str, problem: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Config, operation).with_detail(problem.to_string())
}
