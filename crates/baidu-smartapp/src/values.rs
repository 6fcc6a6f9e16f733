//! The values that Baidu's documents enumerate, each table complete: received values as
//! [`StatusTable`](miniprogram_core::vendor_api::StatusTable)s of open enumerations, sent values and words as [`WireTable`]s.
//!
//! The statuses of packages, uploads and apps and the codes of refusals are in [`codes`](crate::codes).
//!
//! Source: documents 003 and 004; where they print fewer values, Baidu's later pages and SDKs.

mod received;
mod sent;
mod wire_table;

pub use miniprogram_core::Coded;
pub use received::*;
pub use sent::*;
pub use wire_table::{WireRow, WireTable};
