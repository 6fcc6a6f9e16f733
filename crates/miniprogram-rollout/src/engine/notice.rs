//! What a person has to know.

use std::fmt::Debug;

use async_trait::async_trait;
use miniprogram_core::{AppId, Vendor};

use super::status::Halt;
use crate::machine::Need;

/// What a person has to know about a rollout. Given out once it is stored, at least once: after a crash it may come again
/// or, if it was stored just before, not at all, so look at [`RolloutEngine::status`](super::RolloutEngine::status) too.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A wave has used up its failure budget: nothing new is submitted or released.
    Halted(Halt),
    /// Submissions are held, because the vendor delayed an audit.
    SubmissionsHeld,
    /// An app needs a person.
    Needs {
        /// The app's vendor.
        vendor: Vendor,
        /// The app.
        app_id: AppId,
        /// What for.
        need: Need,
    },
    /// Every app has ended.
    Ended,
}

/// Is told what a person has to know.
///
/// Implement it with the attribute [`async_trait`](macro@miniprogram_core::async_trait).
#[async_trait]
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Passes a notice on. The rollout waits for it, so return soon.
    async fn notify(&self, rollout: &str, notice: &Notice);
}

/// Logs notices as warnings.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogNotices;

#[async_trait]
impl Notifier for LogNotices {
    async fn notify(&self, rollout: &str, notice: &Notice) {
        tracing::warn!(rollout, ?notice, "a rollout wants attention");
    }
}
