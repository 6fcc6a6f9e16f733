//! The common base of the managers: one app that has authorized the platform.

use crate::capability::Capabilities;
use crate::id::AppId;
use crate::subject::Subject;

/// One app that has authorized the platform, at one vendor.
///
/// [`Subject`] documents the guarantees of its effects.
pub trait Authorizer: Subject {
    /// Returns the app that every call acts on.
    fn app_id(&self) -> &AppId;

    /// Returns what the vendor supports.
    fn capabilities(&self) -> Capabilities;
}
