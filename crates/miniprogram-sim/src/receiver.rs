//! A receiver of pushes in the simulator's own process.

use std::fmt::Debug;

use async_trait::async_trait;
use miniprogram_core::{AppId, Vendor};

use crate::SentPush;

/// Takes pushes in place of the callback URLs: nothing listens, and nothing is sent over a socket.
#[async_trait]
pub trait PushReceiver: Debug + Send + Sync + 'static {
    /// Takes a push, encrypted and signed as it would be sent. Returns whether it is acknowledged; if not, it comes again.
    ///
    /// `app` is the app that the URL would name, if it names one. A virtual clock stands still meanwhile.
    async fn receive(&self, vendor: Vendor, app: Option<&AppId>, push: &SentPush) -> bool;
}
