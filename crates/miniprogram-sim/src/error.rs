//! What a simulator refuses to do for the one who directs it.

use miniprogram_core::AppId;

/// A request to the simulator itself, not to a vendor it plays, that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// No app of that id was added.
    #[error("no app {0} has been added")]
    UnknownApp(AppId),
    /// An app of that id exists already; ids are unique across both vendors.
    #[error("an app {0} has been added already")]
    AppExists(AppId),
    /// The vendor is neither `wechat` nor `baidu`, or does not fit the call.
    #[error("the vendor must be wechat or baidu")]
    UnknownVendor,
    /// The app has not authorized the platform, or no longer.
    #[error("{0} has not authorized the platform")]
    NotAuthorized(AppId),
    /// Nothing of that app is under review.
    #[error("nothing of {0} is under review")]
    NothingInReview(AppId),
    /// The vendor of the app has no such state.
    #[error("the vendor of {0} knows no {1}")]
    Unsupported(AppId, &'static str),
    /// An argument breaks a rule.
    #[error("{0}")]
    InvalidArgument(String),
    /// The clock was handed in and can only be moved by its owner.
    #[error("the clock belongs to somebody else and cannot be advanced here")]
    ForeignClock,
}
