//! Pushes: sealed as the vendor does, delivered over HTTP with retries.

use std::time::Duration;

use miniprogram_core::vendor_api::frame::{self, FrameKey};
use miniprogram_core::{AppId, Timestamp, Vendor};
use serde_json::json;

use crate::BAIDU;
use crate::callback::Callback;
use crate::truth::SentPush;
use crate::wechat::push::{SENDER, cdata};

/// Number of delivery attempts.
pub(crate) const DELIVERIES: u32 = 3;
/// How long a vendor waits for the acknowledgement, and between deliveries.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a push is held back so that another can overtake it.
pub(crate) const HELD: Duration = Duration::from_secs(60);

/// An outgoing message.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) vendor: Vendor,
    pub(crate) route: Route,
    pub(crate) event: String,
    pub(crate) message: String,
    /// Its number in the list of past pushes (Baidu).
    pub(crate) number: Option<u64>,
    /// Generation of the app concerned; absent if the push was never delayed.
    pub(crate) generation: Option<u64>,
}

/// Which of the platform's two URLs it is sent to.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// Messages and events of an app.
    App { app: AppId, original_id: String },
    /// Authorization events, some of them about an app.
    Platform { about: Option<AppId> },
}

impl Push {
    pub(crate) fn new(vendor: Vendor, route: Route, event: &str, message: String) -> Self {
        Self { vendor, route, event: event.to_owned(), message, number: None, generation: None }
    }

    /// The app it is addressed to.
    pub(crate) fn app(&self) -> Option<&AppId> {
        match &self.route {
            Route::App { app, .. } => Some(app),
            Route::Platform { .. } => None,
        }
    }

    /// The app it is about, whatever its URL.
    pub(crate) fn about(&self) -> Option<&AppId> {
        match &self.route {
            Route::App { app, .. } => Some(app),
            Route::Platform { about } => about.as_ref(),
        }
    }

    /// Returns its URL; `None` if no receiver is configured.
    pub(crate) fn url(&self, callback: &Callback) -> Option<String> {
        match &self.route {
            Route::App { app, .. } if self.vendor != BAIDU => {
                callback.url.as_ref().map(|url| url.replace("$APPID$", app.as_str()))
            }
            Route::App { .. } => callback.url.clone(),
            Route::Platform { .. } => callback.authorization_url.clone(),
        }
    }

    /// Encrypts and signs it, with new randomness for each delivery.
    pub(crate) fn seal(
        &self,
        callback: &Callback,
        key: &FrameKey,
        random: &mut fastrand::Rng,
        now: Timestamp,
        attempt: u32,
    ) -> SentPush {
        let mut prefix = [0; 16];
        random.fill(&mut prefix);
        let encrypted = frame::seal(key, prefix, self.message.as_bytes(), callback.receiver_id.as_bytes());
        let (timestamp, nonce) = (now.as_unix().to_string(), random.u32(100_000_000..).to_string());
        let token = callback.token.expose();
        let signature = frame::signature(&[token, &timestamp, &nonce, &encrypted]);
        let mut sent = SentPush {
            at: now,
            event: self.event.clone(),
            method: "POST".to_owned(),
            url: self.url(callback),
            query: String::new(),
            content_type: "application/json".to_owned(),
            body: String::new(),
            attempt,
        };
        if self.vendor == BAIDU {
            let envelope = json!({
                "Nonce": nonce,
                "TimeStamp": timestamp,
                "Encrypt": encrypted,
                "MsgSignature": signature,
            });
            sent.body = envelope.to_string();
            return sent;
        }
        let receiver = match &self.route {
            Route::App { original_id, .. } => format!("<ToUserName>{}</ToUserName>", cdata(original_id)),
            Route::Platform { .. } => format!("<AppId>{}</AppId>", cdata(&callback.platform_id)),
        };
        sent.body = format!("<xml>\n    {receiver}\n    <Encrypt>{}</Encrypt>\n</xml>", cdata(&encrypted));
        sent.content_type = "text/xml".to_owned();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("signature", &frame::signature(&[token, &timestamp, &nonce]))
            .append_pair("timestamp", &timestamp)
            .append_pair("nonce", &nonce);
        if matches!(self.route, Route::App { .. }) {
            query.append_pair("openid", SENDER);
        }
        query.append_pair("encrypt_type", "aes").append_pair("msg_signature", &signature);
        sent.query = query.finish();
        sent
    }
}

/// Returns whether a response acknowledges a push: at WeChat an empty body and a reply to a message do as well.
pub(crate) fn acknowledges(vendor: Vendor, status: u16, body: &[u8]) -> bool {
    let is_reply = || vendor != BAIDU && (body.is_empty() || body.trim_ascii_start().starts_with(b"<xml>"));
    status == 200 && (body == b"success" || is_reply())
}

/// Returns the URL with the query appended.
pub(crate) fn address(push: &SentPush) -> Option<String> {
    let url = push.url.as_ref()?;
    if push.query.is_empty() {
        return Some(url.clone());
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}{}", push.query))
}
