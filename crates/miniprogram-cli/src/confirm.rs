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
    /// Whether there is somebody to ask: standard input and standard error are a terminal.
    pub(crate) fn asks(self) -> bool {
        !self.yes && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks on a terminal whether to go on.
    ///
    /// # Errors
    /// [`Cancelled`](ErrorKind::Cancelled) for any answer but yes.
    pub(crate) fn ask(self, operation: &'static str, what: &str) -> Result<(), Error> {
        if !self.asks() {
            return Ok(());
        }
        let (stdin, mut stderr) = (io::stdin(), io::stderr());
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
