//! Pushes of any content, and pushes sent again.

use std::io;

use miniprogram_core::AppId;
use serde_json::Value;

use super::Simulator;
use crate::acceptance::{self, AcceptanceReport};
use crate::error::SimError;
use crate::pushes;
use crate::truth::SentPush;

/// What a receiver answered to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushAnswer {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Simulator {
    /// Pushes an event of any name about an app to the URL for messages and events. The members of `fields` become
    /// members of the message (Baidu) or its elements (WeChat: text in CDATA, numbers plain, objects nested, a list as
    /// the element repeated).
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::InvalidArgument`] if `fields` is neither an object nor null.
    pub fn push_event(&self, app: &AppId, event: &str, fields: Value) -> Result<(), SimError> {
        self.hub.with(|world, now| world.push_event(app, event, fields, now))
    }

    /// Pushes a text that a user wrote to an app (WeChat); its `MsgId`.
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::Unsupported`] at Baidu.
    pub fn push_text(&self, app: &AppId, from: &str, content: &str) -> Result<u64, SimError> {
        self.hub.with(|world, now| {
            let (push, id) = world.text(app, from, content, now)?;
            world.send(push, now);
            Ok(id)
        })
    }

    /// Posts a push once more, byte for byte as it was sent, to any URL: a replay. The query of the push is put behind
    /// it; nothing is recorded or repeated.
    ///
    /// # Errors
    /// If the receiver cannot be reached, or its answer breaks off.
    pub async fn replay(&self, push: &SentPush, url: &str) -> io::Result<PushAnswer> {
        let push = SentPush { url: Some(url.to_owned()), ..push.clone() };
        let address = pushes::address(&push).ok_or(io::ErrorKind::InvalidInput)?;
        let answer = self.hub.post(address, &push).await;
        let (status, body) = answer.map_err(|error| io::Error::other(error.without_url()))?;
        Ok(PushAnswer { status, body: body.to_vec() })
    }

    /// Plays WeChat's acceptance test of a platform that is to be published: a ticket, an authorization and two texts to
    /// one of the published test accounts, which is added if it is not there. Waits for the answers: 5 seconds each by
    /// the simulator's clock, and 10 seconds of real time for the message that the platform is to send.
    ///
    /// On a virtual clock the caller must hold no busy mark.
    ///
    /// # Errors
    /// [`SimError::InvalidArgument`] if WeChat's callback has no URL for both kinds of pushes, or
    /// [`SimError::AppExists`] if the test account was added as an app of Baidu.
    pub async fn run_acceptance_test(&self) -> Result<AcceptanceReport, SimError> {
        acceptance::run(&self.hub).await
    }
}
