//! How this process prints: the format, and whether with colours.

use std::io::IsTerminal;

use clap::ValueEnum;

/// How results and errors are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value, or JSON lines where there are several; errors as one JSON object.
    Json,
}

/// Returns whether a stream shows colours.
pub(crate) fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
