//! WeChat: illegal records, appeals and name rules.

use miniprogram_core::AppId;

use super::Simulator;
use crate::error::SimError;
use crate::verdict::Decision;
use crate::wechat;

impl Simulator {
    /// Replaces the words that WeChat refuses in names, each with its code, of 53010 to 53019 and 91001 to 91019. A
    /// name with a word of 91009 needs proof. Signatures must contain none of the words, and an app whose name contains
    /// one cannot upload audit material. None by default.
    pub fn set_wechat_name_rules<W: Into<String>>(&self, rules: impl IntoIterator<Item = (W, i64)>) {
        let rules = rules.into_iter().map(|(word, code)| (word.into(), code)).collect();
        self.hub.with(|world, _| world.platform.wechat.name_rules = rules);
    }

    /// Adds an illegal record to a WeChat app and returns its id. Until an appeal succeeds, the app's search status
    /// cannot be changed.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at Baidu.
    pub fn add_illegal_record(&self, app: &AppId, reason: &str, content: &str) -> Result<String, SimError> {
        self.hub.with(|world, now| wechat::add_breach(world, app, reason, content, now))
    }

    /// Adds a decided appeal against an illegal record, and pushes `wxa_appeal_record`.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], [`SimError::InvalidArgument`] if no record has that id, or [`SimError::Unsupported`]
    /// for a delay, or at Baidu.
    pub fn decide_appeal(&self, app: &AppId, record: &str, decision: &Decision) -> Result<(), SimError> {
        self.hub.with(|world, now| wechat::add_appeal(world, app, record, decision, now))
    }
}
