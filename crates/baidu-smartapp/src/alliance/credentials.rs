//! Tokens by client credentials: fetched with a key's id and secret, and kept until shortly before they expire.

use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::{Shared, WeakShared};
use miniprogram_core::clock::{Busy, idle};
use miniprogram_core::token::{AccessToken, NoTokens, TokenProvider, TokenScope};
use miniprogram_core::transport::Place;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op, Pipeline};
use miniprogram_core::vendor_api::redact;
use miniprogram_core::{Error, ErrorKind, Result, Secret, Timestamp};
use serde_json::{Map, Value};

use super::AllianceConfig;
use crate::dialect::BaiduDialect;
use crate::endpoints;
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "token";
/// How long before its expiry a token is replaced: a tenth of its lifetime, at most this.
const MARGIN: Duration = Duration::from_secs(300);

/// Provides tokens of one key, fetched with the key's id and secret. Clones share the token.
///
/// A token is kept for the `expires_in` that Baidu returns, less a tenth of it, at most five minutes. Any number of
/// concurrent callers share one request, which continues as long as one of them waits. It is sent once: the call that
/// needs the token is retried where appropriate, and requests it again. A refused token is replaced only while it is
/// the current one. A failure is reported to the callers that waited for it; the next caller makes a new request.
///
/// Source: document 004, client credentials.
#[derive(Debug, Clone)]
pub struct ClientCredentials(Arc<Key>);

struct Key {
    pipeline: Pipeline,
    secret: Secret,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// The request in flight, as long as any caller waits for it.
    flight: Option<WeakShared<Flight>>,
}

/// The fields that Baidu returns besides a token. `Debug` shows no secret. Source: document 004, client credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenResponse {
    /// `expires_in`: the token's lifetime from when it was issued.
    pub expires_in: Duration,
    /// `scope`: the scope of the token.
    pub scope: Option<String>,
    /// `refresh_token`. The document has no call that takes it: a token is replaced by using the key.
    pub refresh_token: Option<Secret>,
    /// `session_key`.
    pub session_key: Option<Secret>,
    /// `session_secret`.
    pub session_secret: Option<Secret>,
    /// The other fields by Baidu's names, except those that contain secrets.
    pub extra: Map<String, Value>,
}

/// The token that is provided between two times; a time before the first one means that the clock was set back.
struct Current {
    token: AccessToken,
    response: TokenResponse,
    asked_at: Timestamp,
    until: Timestamp,
}

impl Current {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (self.asked_at..self.until).contains(&now)
    }
}

type Flight = Pin<Box<dyn Future<Output = Landing> + Send>>;

/// The result of a request, for all callers that wait for it.
#[derive(Clone)]
struct Landing {
    token: Result<AccessToken>,
    /// Keeps the clock busy until one of the callers continues.
    _busy: Arc<Busy>,
}

impl ClientCredentials {
    /// Creates credentials from the key, secret, address, transport, clock and timeouts of the configuration. Sends
    /// no request.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the key's id or secret is missing or empty, or the HTTP transport cannot be
    /// set up.
    pub fn new(config: &AllianceConfig) -> Result<Self> {
        if config.client_id.as_str().trim().is_empty() {
            return Err(missing("client_id"));
        }
        let secret = config.client_secret.clone().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or_else(|| missing("client_secret"))?;
        let pipeline = Pipeline::new(config.client(Arc::new(NoTokens)), BaiduDialect)?;
        Ok(Self(Arc::new(Key { pipeline, secret, state: Mutex::default() })))
    }

    /// Returns the fields that came with the current token; `None` before the first token, and after a token was
    /// refused. Sends no request.
    #[must_use]
    pub fn response(&self) -> Option<TokenResponse> {
        self.0.state().current.as_ref().map(|current| current.response.clone())
    }

    fn check(&self, scope: &TokenScope) -> Result<()> {
        let served = TokenScope::client_credentials(BAIDU, self.0.pipeline.platform_id().clone());
        if *scope == served {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Config, OPERATION)
            .for_vendor(scope.vendor)
            .with_detail(format!("the key {} has no {scope}", served.platform)))
    }

    /// Returns the current token, or the request that fetches the next one.
    fn current(&self) -> Result<AccessToken, Shared<Flight>> {
        let mut state = self.0.state();
        let now = self.0.pipeline.clock().now();
        if let Some(current) = state.current.as_ref().filter(|current| current.is_fresh(now)) {
            return Ok(current.token.clone());
        }
        Err(state.flight.as_ref().and_then(WeakShared::upgrade).unwrap_or_else(|| {
            let flight = Key::fly(Arc::clone(&self.0)).boxed().shared();
            state.flight = flight.downgrade();
            flight
        }))
    }
}

impl Key {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches a token and keeps it.
    async fn fly(self: Arc<Self>) -> Landing {
        let mut op = self.pipeline.begin(self.pipeline.platform_id(), OPERATION);
        let fetched = self.fetch(&mut op).await;
        let token = {
            let mut state = self.state();
            state.flight = None;
            fetched.map(|current| state.current.insert(current).token.clone())
        };
        // The flight stays marked as busy until it has landed: `op` drops its own mark when this returns.
        let busy = self.pipeline.clock().enter();
        Landing { token, _busy: Arc::new(busy) }
    }

    async fn fetch(&self, op: &mut Op<'_>) -> Result<Current> {
        let asked_at = op.now();
        let reply = op.send_once(&self.call()).await?;
        let mut answer = reply.fields();
        let Ok(token) = AccessToken::new(answer.required("access_token", Fields::text)?) else {
            return Err(reply
                .protocol("is empty, or contains whitespace or control characters")
                .with_field("access_token"));
        };
        let seconds = answer.required("expires_in", Fields::number)?;
        let lifetime = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let Some(lifetime) = lifetime.map(Duration::from_secs) else {
            let why = format!("must be a positive number of seconds, is {seconds}");
            return Err(reply.protocol(why).with_field("expires_in"));
        };
        let response = TokenResponse {
            expires_in: lifetime,
            scope: answer.text("scope"),
            refresh_token: answer.text("refresh_token").map(Secret::new),
            session_key: answer.text("session_key").map(Secret::new),
            session_secret: answer.text("session_secret").map(Secret::new),
            extra: redact::fields_without_secrets(answer.rest()),
        };
        Ok(Current {
            token,
            response,
            asked_at,
            until: asked_at.after(lifetime - (lifetime / 10).min(MARGIN)),
        })
    }

    /// The call that needs the token is repeated, and with it this one: only its response may be unknown.
    fn call(&self) -> Call {
        let fields = vec![
            ("grant_type".into(), "client_credentials".to_owned()),
            ("client_id".into(), self.pipeline.platform_id().to_string()),
            ("scope".into(), "smartapp_snsapi_base".to_owned()),
        ];
        Call::to(&endpoints::CLIENT_TOKEN)
            .with_form(fields)
            .with_secret(Place::body("client_secret"), self.secret.clone())
            .without_token()
            .without_effect()
    }
}

impl Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("client_id", self.pipeline.platform_id()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for ClientCredentials {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        self.check(scope)?;
        let flight = match self.current() {
            Ok(token) => return Ok(token),
            Err(flight) => flight,
        };
        // The request is what is busy, not the caller waiting for it.
        idle(self.0.pipeline.clock(), flight).await.token
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        self.check(scope)?;
        let mut state = self.0.state();
        if state.current.as_ref().is_some_and(|current| current.token == *refused) {
            state.current = None;
        }
        Ok(())
    }
}

fn missing(field: &'static str) -> Error {
    REFUSE.config(OPERATION, field, "must not be empty: tokens are fetched with the key's id and secret")
}
