//! Operations on an app other than its code.

use miniprogram_core::AppId;

use super::Simulator;
use crate::baidu::{self, ForcedOffline, Measure, NameRules};
use crate::error::SimError;
use crate::verdict::{Decision, ReviewItem};

type Result = std::result::Result<(), SimError>;

impl Simulator {
    /// Decides a review other than that of code, and pushes the verdict.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], [`SimError::NothingInReview`], or [`SimError::Unsupported`] for a delay, or for an
    /// item that the vendor does not review.
    pub fn decide_review(&self, app: &AppId, item: ReviewItem, decision: &Decision) -> Result {
        self.hub.with(|world, now| world.decide_review(app, item, None, decision, now))
    }

    /// Takes a Baidu app offline and pushes `APP_FORCE_OFFLINE`. `app/offline/update` lifts it for basic information, a
    /// release for the package.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat.
    pub fn force_offline(&self, app: &AppId, offline: ForcedOffline) -> Result {
        self.enforce(app, Measure::ForceOffline(offline))
    }

    /// Closes the traffic of a Baidu app and pushes `FLOW_CLOSE_NOTIFY`; `appflow/applyRecovery` requests its
    /// restoration.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat.
    pub fn close_traffic(&self, app: &AppId) -> Result {
        self.enforce(app, Measure::CloseTraffic)
    }

    /// Sets a Baidu app a deadline for rectification and pushes `TIME_LIMIT_RECTIFY_NOTIFY`; a release ends it.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat.
    pub fn require_rectification(&self, app: &AppId) -> Result {
        self.enforce(app, Measure::RequireRectification)
    }

    /// Changes the legal subject of a Baidu app: its permission for phone numbers, granted or pending, is cancelled,
    /// and `APP_MOBILE_AUTH_CANCEL` is pushed.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat.
    pub fn change_subject(&self, app: &AppId) -> Result {
        self.enforce(app, Measure::ChangeSubject)
    }

    /// Certifies a Baidu app's legal subject, or revokes that: without certification, releases are refused (001, 第三步).
    /// Nothing is pushed.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at WeChat.
    pub fn set_authenticated(&self, app: &AppId, is_authenticated: bool) -> Result {
        self.hub.with(|world, _| world.set_authenticated(app, is_authenticated))
    }

    /// Replaces the rules of Baidu's name check.
    pub fn set_name_rules(&self, rules: NameRules) {
        self.hub.with(|world, _| world.settings.name_rules = rules);
    }

    fn enforce(&self, app: &AppId, measure: Measure) -> Result {
        self.hub.with(|world, now| baidu::enforce(world, app, measure, now))
    }
}
