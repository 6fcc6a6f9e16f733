//! The crate of a vendor. Acme requires a signature on every request, returns text codes and text statuses, issues a
//! token to each app and none to the platform, and offers gray releases in three steps.
//!
//! This file is the `lib.rs` of such a crate.

mod app;
mod authorization;
mod codes;
mod dialect;
mod effects;
mod endpoints;
mod events;
mod platform;
mod signature;

pub use app::AcmeApp;
pub use authorization::AcmeAuthorization;
pub use codes::{AUDIT, CODES};
pub use events::AcmeCallback;
pub use platform::{AcmePlatform, CAPABILITIES};
pub use signature::Key;

use miniprogram_core::Vendor;

/// The vendor's name, as it appears in errors, stores and URLs.
pub const ACME: Vendor = Vendor::new("acme");
