//! Codes 80000 to 80999: plugins that a template uses.
//!
//! Messages are those of document 002 where it prints one, otherwise the `errmsg` of WeChat's public error tables,
//! otherwise a gloss.

use miniprogram_core::ErrorKind::{InvalidArgument, NotFound, PermissionDenied};
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::advice::code;

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(80066, InvalidArgument, "plugin version not valid").advice(code::PLUGIN_VERSION),
    CodeRow::new(80067, NotFound, "plugin not found").advice(code::PLUGIN),
    CodeRow::new(80082, PermissionDenied, "no permission for the plugin").owner(Merchant).advice(code::PLUGIN_RIGHT),
];
