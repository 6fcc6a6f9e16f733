//! The values that WeChat enumerates in addition to the statuses of code: received values as
//! [`StatusTable`](miniprogram_core::vendor_api::StatusTable)s of open enumerations, sent values as enumerations with their wire
//! form.
//!
//! The statuses of audits, gray releases and visits and the codes of refusals are in [`codes`](crate::codes).
//!
//! Source: WeChat's pages on third-party platforms. A label is WeChat's own where its pages print one, otherwise a
//! gloss.

mod received;
mod sent;

pub use miniprogram_core::Coded;
pub use received::*;
pub use sent::*;
