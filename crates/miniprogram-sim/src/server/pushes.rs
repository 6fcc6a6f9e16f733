//! Arbitrary pushes, and replays.

use std::io;

use miniprogram_core::AppId;
use serde_json::Value;

use super::Simulator;
use crate::acceptance::{self, AcceptanceReport};
use crate::error::SimError;
use crate::pushes;
use crate::truth::SentPush;

/// A receiver's response to a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Simulator {
    /// Pushes an event of any name about an app to the URL for messages and events. The `fields` become fields of the
    /// message (Baidu) or its elements (WeChat: strings in CDATA, numbers plain, objects nested, a list as the repeated
    /// element).
    ///
    /// # Errors
    /// [`SimError::UnknownApp`], or [`SimError::InvalidArgument`] if `fields` is neither an object nor null.
    pub fn push_event(&self, app: &AppId, event: &str, fields: Value) -> Result<(), SimError> {
        self.hub.with(|world, now| world.push_event(app, event, fields, now))
    }

    /// Pushes a user's text to an app (WeChat) and returns its `MsgId`.
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

    /// Posts a push again, byte for byte, to any URL: a replay. The push's query is appended; nothing is recorded or
    /// retried.
    ///
    /// # Errors
    /// If the receiver cannot be reached, or its response is cut off.
    pub async fn replay(&self, push: &SentPush, url: &str) -> io::Result<PushAnswer> {
        let push = SentPush { url: Some(url.to_owned()), ..push.clone() };
        let address = pushes::address(&push).ok_or(io::ErrorKind::InvalidInput)?;
        let answer = self.hub.post(address, &push).await;
        let (status, body) = answer.map_err(|error| io::Error::other(error.without_url()))?;
        Ok(PushAnswer { status, body: body.to_vec() })
    }

    /// Runs WeChat's acceptance test, which a platform passes before it is published: a ticket, an authorization and
    /// two texts to one of the published test accounts, which is added if missing. Waits up to 5 seconds for each
    /// response by the simulator's clock, and 10 seconds of real time for the message that the platform must send.
    ///
    /// On a virtual clock the caller must hold no busy mark.
    ///
    /// # Errors
    /// [`SimError::InvalidArgument`] if WeChat's callback lacks one of its two URLs, or [`SimError::AppExists`] if the
    /// test account was added as a Baidu app.
    pub async fn run_acceptance_test(&self) -> Result<AcceptanceReport, SimError> {
        acceptance::run(&self.hub).await
    }
}
