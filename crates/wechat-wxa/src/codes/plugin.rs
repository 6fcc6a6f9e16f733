//! Plugins that a template uses.
//!
//! Words: document 002 where it prints some, else the `errmsg` of WeChat's public error tables, else a gloss.

use miniprogram_core::ErrorKind::{InvalidArgument, NotFound, PermissionDenied};
use miniprogram_core::codes::CodeRow;
use miniprogram_core::codes::Owner::Merchant;

use super::advice::code;

// One row a line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(80066, InvalidArgument, "plugin version not valid").advice(code::PLUGIN_VERSION),
    CodeRow::new(80067, NotFound, "plugin not found").advice(code::PLUGIN),
    CodeRow::new(80082, PermissionDenied, "no permission for the plugin").owner(Merchant).advice(code::PLUGIN_RIGHT),
];
