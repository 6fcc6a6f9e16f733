//! One platform whose callbacks are received, and what its vendor does its own way.

#[cfg(feature = "baidu")]
mod baidu;
#[cfg(feature = "wechat")]
mod wechat;

use std::fmt::Debug;
use std::sync::Arc;

use http::request::Parts;
#[cfg(any(feature = "wechat", feature = "baidu"))]
use miniprogram_core::callback::CallbackConfig;
use miniprogram_core::{Event, Push, Result, Timestamp};
use miniprogram_store::PlatformKey;

#[cfg(feature = "wechat")]
use crate::acceptance::Reply;

/// Which of a platform's two URLs a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Authorization events.
    Authorization,
    /// Messages and events of any app.
    Messages,
    /// Messages and events of the app that the URL names.
    App,
}

impl Route {
    /// The name in logs and metrics.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Messages | Self::App => "messages",
        }
    }
}

/// What a vendor does its own way.
pub(crate) trait Dialect: Debug + Send + Sync {
    /// Whether the vendor checks URLs by GET.
    fn checks_by_get(&self) -> bool;

    /// The answer to the check of a URL; `None` if the request is none.
    fn verify_url(&self, head: &Parts, body: &[u8], now: Timestamp) -> Option<Result<String>>;

    /// Verifies, decrypts and reads a push.
    fn decode(&self, push: Push<'_>) -> Result<Event<'static>>;

    /// Whether such an event may come by such a route.
    fn fits(&self, event: &Event<'_>, route: Route) -> bool;

    /// The member of a ticket's payload that holds the ticket.
    fn ticket_member(&self) -> &'static str;

    /// Seals the reply to a customer's message; `None` where the vendor knows none.
    #[cfg(feature = "wechat")]
    fn seal_reply(
        &self,
        _fields: &serde_json::Map<String, serde_json::Value>,
        _now: Timestamp,
    ) -> Option<Result<Reply>> {
        None
    }
}

/// A platform of a vendor whose callbacks are received, with the secrets that its pushes are sealed with.
#[derive(Debug, Clone)]
pub struct CallbackPlatform {
    key: PlatformKey,
    dialect: Arc<dyn Dialect>,
}

impl CallbackPlatform {
    /// A platform at WeChat, named by its app id (`wx…`).
    ///
    /// The id is checked inside every push: behind the message inside the frame (unless the configuration names another
    /// receiver) and, where an event names a platform, there. Pushes are XML unless the configuration says
    /// [`BodyFormat::Json`](miniprogram_core::callback::BodyFormat::Json); replies are written the same way.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `platform_id`, if the id cannot stand in a URL, or if
    /// the configuration names another platform.
    #[cfg(feature = "wechat")]
    pub fn wechat(platform_id: impl Into<String>, config: CallbackConfig) -> Result<Self> {
        let (id, config) = with_platform(platform_id.into(), config)?;
        let dialect = wechat::WeChat::new(config)?;
        Ok(Self { key: PlatformKey::new(wechat_wxa::WECHAT, id), dialect: Arc::new(dialect) })
    }

    /// A platform at Baidu, named by its app id (digits), which every system event has to name as `tpAppId`. Its pushes
    /// are JSON; the configured body format is not used.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `platform_id`, if the id cannot stand in a URL, or if
    /// the configuration names another platform.
    #[cfg(feature = "baidu")]
    pub fn baidu(platform_id: impl Into<String>, config: CallbackConfig) -> Result<Self> {
        let (id, config) = with_platform(platform_id.into(), config)?;
        let key = PlatformKey::new(baidu_smartapp::BAIDU, id);
        Ok(Self { key, dialect: Arc::new(baidu::Baidu::new(config)) })
    }

    /// Vendor and id.
    #[must_use]
    pub const fn key(&self) -> &PlatformKey {
        &self.key
    }

    pub(crate) fn dialect(&self) -> &dyn Dialect {
        self.dialect.as_ref()
    }
}

#[cfg(any(feature = "wechat", feature = "baidu"))]
fn with_platform(id: String, config: CallbackConfig) -> Result<(String, CallbackConfig)> {
    if !is_id(&id) {
        let detail = "must be 1 to 64 letters, digits, `_` or `-`; copy it from the vendor's console";
        return Err(crate::limits::misconfigured("platform_id", detail));
    }
    match config.platform_id() {
        Some(named) if named.as_str() != id => {
            let detail = "is not the one that the callback configuration names; give the same id to both";
            Err(crate::limits::misconfigured("platform_id", detail))
        }
        Some(_) => Ok((id, config)),
        None => {
            let config = config.with_platform_id(id.as_str());
            Ok((id, config))
        }
    }
}

/// Whether a text may be the id of a platform or an app in a URL.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Whether a member of the message holds a text.
#[cfg(any(feature = "wechat", feature = "baidu"))]
fn names(event: &Event<'_>, member: &str) -> bool {
    event.payload.get(member).and_then(serde_json::Value::as_str).is_some_and(|text| !text.trim().is_empty())
}
