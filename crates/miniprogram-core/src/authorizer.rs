//! The base of the managers: one app that has authorized the platform.

use crate::capability::Capabilities;
use crate::id::AppId;
use crate::subject::Subject;

/// One app that has authorized the platform, at one vendor.
///
/// What its effects promise, [`Subject`] says.
pub trait Authorizer: Subject {
    /// The app that every call acts on.
    fn app_id(&self) -> &AppId;

    /// What the vendor can do.
    fn capabilities(&self) -> Capabilities;
}
