//! Pushes: sealed the vendor's way, delivered over HTTP with its retries.

use std::time::Duration;

use miniprogram_core::frame::{self, FrameKey};
use miniprogram_core::{AppId, Timestamp, Vendor};
use serde_json::json;

use crate::BAIDU;
use crate::callback::Callback;
use crate::truth::SentPush;
use crate::wechat::push::{SENDER, cdata};

/// How often a vendor tries to deliver.
pub(crate) const DELIVERIES: u32 = 3;
/// How long it waits for the acknowledgement, and after a refusal for the next delivery.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a push is held back to be overtaken.
pub(crate) const HELD: Duration = Duration::from_secs(60);

/// A message on its way.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) vendor: Vendor,
    pub(crate) route: Route,
    pub(crate) event: String,
    pub(crate) message: String,
    /// Its place among those that can be asked for again (Baidu).
    pub(crate) number: Option<u64>,
    /// The life of the app that it is about; absent if it was never put off.
    pub(crate) life: Option<u64>,
}

/// Which of the platform's two URLs it goes to.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// Messages and events of an app.
    App { app: AppId, original_id: String },
    /// Authorization events, some of them about an app.
    Platform { about: Option<AppId> },
}

impl Push {
    pub(crate) fn new(vendor: Vendor, route: Route, event: &str, message: String) -> Self {
        Self { vendor, route, event: event.to_owned(), message, number: None, life: None }
    }

    /// The app that it goes to.
    pub(crate) fn app(&self) -> Option<&AppId> {
        match &self.route {
            Route::App { app, .. } => Some(app),
            Route::Platform { .. } => None,
        }
    }

    /// The app that it is about, wherever it goes.
    pub(crate) fn about(&self) -> Option<&AppId> {
        match &self.route {
            Route::App { app, .. } => Some(app),
            Route::Platform { about } => about.as_ref(),
        }
    }

    /// Where it goes; `None` if nobody listens.
    pub(crate) fn url(&self, callback: &Callback) -> Option<String> {
        match &self.route {
            Route::App { app, .. } if self.vendor != BAIDU => {
                callback.url.as_ref().map(|url| url.replace("$APPID$", app.as_str()))
            }
            Route::App { .. } => callback.url.clone(),
            Route::Platform { .. } => callback.authorization_url.clone(),
        }
    }

    /// Encrypts and signs it, afresh for each delivery.
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

/// Whether an answer acknowledges a push: at WeChat an empty one and a reply to a message do so too.
pub(crate) fn acknowledges(vendor: Vendor, status: u16, body: &[u8]) -> bool {
    let is_reply = || vendor != BAIDU && (body.is_empty() || body.trim_ascii_start().starts_with(b"<xml>"));
    status == 200 && (body == b"success" || is_reply())
}

/// The address with the query behind it.
pub(crate) fn address(push: &SentPush) -> Option<String> {
    let url = push.url.as_ref()?;
    if push.query.is_empty() {
        return Some(url.clone());
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!("{url}{separator}{}", push.query))
}
