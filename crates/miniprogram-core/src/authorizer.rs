//! The base of the managers: one app that has authorized the platform.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::capability::Capabilities;
use crate::error::Result;
use crate::id::AppId;
use crate::intent::{Intent, Settled};
use crate::vendor::Vendor;

/// One app that has authorized the platform, at one vendor.
#[async_trait]
pub trait Authorizer: Debug + Send + Sync + 'static {
    /// The vendor.
    fn vendor(&self) -> Vendor;

    /// The app that every call acts on.
    fn app_id(&self) -> &AppId;

    /// What the vendor can do.
    fn capabilities(&self) -> Capabilities;

    /// Finds out by asking whether an effect took place whose outcome nobody knows: after a crash, or after an error
    /// with [`Outcome::Unknown`](crate::Outcome::Unknown). Sends no effect.
    ///
    /// It waits up to the vendor's settle time, because a request that timed out may still land.
    ///
    /// # Errors
    /// When the state cannot be read, with outcome `unknown`; [`Config`](crate::ErrorKind::Config) if the intent is
    /// of another app or vendor.
    async fn settle(&self, intent: &Intent) -> Result<Settled>;
}
