//! Errors of the simulator's own API.

use miniprogram_core::AppId;

/// An invalid request to the simulator itself, not to a simulated vendor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// No app with that id has been added.
    #[error("app {0} does not exist")]
    UnknownApp(AppId),
    /// An app with that id exists; ids are unique across both vendors.
    #[error("app {0} already exists")]
    AppExists(AppId),
    /// The vendor is neither `wechat` nor `baidu`, or the call does not apply to it.
    #[error("the vendor must be wechat or baidu")]
    UnknownVendor,
    /// The app has not authorized the platform, or has revoked it.
    #[error("{0} has not authorized the platform")]
    NotAuthorized(AppId),
    /// The app has nothing under review.
    #[error("{0} has nothing under review")]
    NothingInReview(AppId),
    /// The app's vendor does not support this.
    #[error("the vendor of {0} does not support {1}")]
    Unsupported(AppId, &'static str),
    /// An invalid argument.
    #[error("{0}")]
    InvalidArgument(String),
    /// The clock was supplied by the caller, who alone can advance it.
    #[error("the clock was supplied by the caller and can only be advanced there")]
    ForeignClock,
}
