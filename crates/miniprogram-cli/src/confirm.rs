//! A question before what cannot be undone.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::Args;
use miniprogram::{Error, ErrorKind, Outcome};

use crate::failure::local;

/// The option of commands that ask.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Yes {
    /// Go on without asking; only a terminal is asked
    #[arg(long, short)]
    yes: bool,
}

impl Yes {
    /// Asks on a terminal whether to go on. Standard input and standard error must both be one.
    ///
    /// # Errors
    /// [`Cancelled`](ErrorKind::Cancelled) for any answer but yes.
    pub(crate) fn ask(self, operation: &'static str, what: &str) -> Result<(), Error> {
        let (stdin, mut stderr) = (io::stdin(), io::stderr());
        if self.yes || !stdin.is_terminal() || !stderr.is_terminal() {
            return Ok(());
        }
        let mut answer = String::new();
        write!(stderr, "{what}\ncontinue? [y/N] ")
            .and_then(|()| stderr.flush())
            .and_then(|()| stdin.lock().read_line(&mut answer))
            .map_err(|problem| local(operation, &problem))?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Error::new(ErrorKind::Cancelled, operation)
                .with_outcome(Outcome::NotSent)
                .with_detail("it was not confirmed, and nothing was done")
                .with_advice("answer y, or use --yes")),
        }
    }
}
