//! WeChat: breaches of the rules, and the names that are refused.

use miniprogram_core::AppId;

use super::Simulator;
use crate::error::SimError;
use crate::verdict::Decision;
use crate::wechat;

impl Simulator {
    /// What WeChat refuses in names from now on: each word with its code, of 53010 to 53019 and 91001 to 91019. A name
    /// with a word of 91009 needs proof. Signatures may hold none of the words, and an app whose name holds one can
    /// upload no material for an audit. There are none by default.
    pub fn set_wechat_name_rules<W: Into<String>>(&self, rules: impl IntoIterator<Item = (W, i64)>) {
        let rules = rules.into_iter().map(|(word, code)| (word.into(), code)).collect();
        self.hub.with(|world, _| world.platform.wechat.name_rules = rules);
    }

    /// Puts a breach of the rules on a WeChat app's record; its id. Until an appeal succeeds, the search status of the
    /// app cannot be changed.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at Baidu.
    pub fn add_illegal_record(&self, app: &AppId, reason: &str, content: &str) -> Result<String, SimError> {
        self.hub.with(|world, now| wechat::add_breach(world, app, reason, content, now))
    }

    /// Puts an appeal against a breach on record, decided, and pushes `wxa_appeal_record`.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], [`SimError::InvalidArgument`] if no breach has that id, or [`SimError::Unsupported`]
    /// for a delay, or at Baidu.
    pub fn decide_appeal(&self, app: &AppId, record: &str, decision: &Decision) -> Result<(), SimError> {
        self.hub.with(|world, now| wechat::add_appeal(world, app, record, decision, now))
    }
}
