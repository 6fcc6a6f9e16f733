//! A transport that responds from a script and records requests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use baidu_smartapp::{BAIDU, BaiduApp, BaiduPlatform};
use http::{HeaderMap, HeaderName, HeaderValue};
use miniprogram_core::clock::VirtualClock;
use miniprogram_core::journal::{Journal, NoJournal};
use miniprogram_core::token::{AccessToken, StaticToken, TokenKind, TokenProvider, TokenScope};
use miniprogram_core::transport::{Request, Response, Transport, TransportError};
use miniprogram_core::{
    ClientConfig, Effect, Error, ErrorKind, Evidence, Outcome, PlannedRequest, Result, Timestamp,
};

pub(crate) const APP: &str = "100000282";
pub(crate) const TOKEN: &str = "45.canary-of-the-token";
pub(crate) const PLATFORM_TOKEN: &str = "42.canary-of-the-platform-token";
pub(crate) const DONE: &str = r#"{"errno":0,"msg":"success"}"#;
pub(crate) const BUSY: &str = r#"{"errno":500,"msg":"未知错误，请稍后重试"}"#;
pub(crate) const LOST: Answer = Answer::Lost;

/// One response of the script.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status and a body.
    Body(u16, Vec<u8>),
    /// A status, headers and a body.
    Full(u16, HeaderMap, Vec<u8>),
    /// The request was sent, the response is lost.
    Lost,
    /// Nothing could be sent.
    Unreachable,
}

impl From<&str> for Answer {
    fn from(body: &str) -> Self {
        Self::Body(200, body.as_bytes().to_vec())
    }
}

impl From<String> for Answer {
    fn from(body: String) -> Self {
        Self::Body(200, body.into_bytes())
    }
}

impl From<Vec<u8>> for Answer {
    fn from(body: Vec<u8>) -> Self {
        Self::Body(200, body)
    }
}

/// Responses by endpoint: each response once, the last one repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Script {
    answers: Mutex<HashMap<String, VecDeque<Answer>>>,
    sent: Mutex<Vec<PlannedRequest>>,
    tokens: Mutex<Vec<String>>,
    queries: Mutex<Vec<String>>,
}

/// The app's token and the platform's.
#[derive(Debug)]
struct Tokens(StaticToken, StaticToken);

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        match scope.kind {
            TokenKind::Platform => self.1.token(scope).await,
            _ => self.0.token(scope).await,
        }
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Script {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds responses to an endpoint, named without its prefix.
    pub(crate) fn on<A: Into<Answer>>(
        self: &Arc<Self>,
        endpoint: &str,
        answers: impl IntoIterator<Item = A>,
    ) -> Arc<Self> {
        let answers = answers.into_iter().map(Into::into);
        locked(&self.answers).entry(endpoint.to_owned()).or_default().extend(answers);
        Arc::clone(self)
    }

    /// Replaces the responses of an endpoint.
    pub(crate) fn replace<A: Into<Answer>>(&self, endpoint: &str, answers: impl IntoIterator<Item = A>) {
        let answers = answers.into_iter().map(Into::into).collect();
        locked(&self.answers).insert(endpoint.to_owned(), answers);
    }

    pub(crate) fn sent(&self) -> Vec<PlannedRequest> {
        locked(&self.sent).clone()
    }

    /// The tokens sent.
    pub(crate) fn tokens(&self) -> Vec<String> {
        locked(&self.tokens).clone()
    }

    /// The query of the last request, without the token.
    pub(crate) fn last_query(&self) -> String {
        locked(&self.queries).last().unwrap().clone()
    }

    /// Number of requests to an endpoint.
    pub(crate) fn count(&self, endpoint: &str) -> usize {
        locked(&self.sent).iter().filter(|request| endpoint_of(&request.path) == endpoint).count()
    }

    /// The app connected to this script, with a virtual clock.
    pub(crate) fn app(self: &Arc<Self>) -> BaiduApp {
        self.platform().app(APP)
    }

    pub(crate) fn platform(self: &Arc<Self>) -> BaiduPlatform {
        self.platform_with_journal(Arc::new(NoJournal))
    }

    pub(crate) fn platform_with_journal(self: &Arc<Self>, journal: Arc<dyn Journal>) -> BaiduPlatform {
        let of_app = StaticToken::new(BAIDU, APP, AccessToken::new(TOKEN).unwrap());
        let of_platform = StaticToken::platform(BAIDU, AccessToken::new(PLATFORM_TOKEN).unwrap());
        let config = ClientConfig::new("7", Arc::new(Tokens(of_app, of_platform)))
            .with_transport(Arc::clone(self) as Arc<dyn Transport>)
            .with_journal(journal)
            .with_clock(Arc::new(VirtualClock::new(Timestamp::from_unix(1_700_000_000))))
            .with_seed(7);
        BaiduPlatform::new(config).unwrap()
    }
}

/// The path without the common prefix.
pub(crate) fn endpoint_of(path: &str) -> &str {
    path.strip_prefix("/rest/2.0/smartapp/").unwrap_or(path)
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let planned = request.planned();
        let answer = {
            let mut answers = locked(&self.answers);
            let queue = answers.get_mut(endpoint_of(&planned.path));
            queue.and_then(|queue| if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() })
        };
        locked(&self.sent).push(planned.clone());
        let pairs = request.query_pairs().filter(|(name, _)| *name != "access_token");
        let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
        locked(&self.queries).push(pairs.collect::<Vec<_>>().join("&"));
        locked(&self.tokens).extend(token_of(&request));
        match answer {
            Some(Answer::Body(status, body)) => Ok(Response::new(status, HeaderMap::new(), body)),
            Some(Answer::Full(status, headers, body)) => Ok(Response::new(status, headers, body)),
            Some(Answer::Lost) => Err(TransportError::Timeout),
            Some(Answer::Unreachable) => Err(TransportError::Connect("refused".into())),
            None => Err(TransportError::Build(format!("no answer for {}", planned.path).into())),
        }
    }
}

/// Builds headers from pairs.
pub(crate) fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(pair).collect()
}

/// Wraps data in an envelope.
pub(crate) fn data(json: &str) -> String {
    format!(r#"{{"errno":0,"msg":"success","data":{json}}}"#)
}

/// A list of packages: id, version, status.
pub(crate) fn packages(list: &[(i64, &str, i64)]) -> String {
    let one = |(id, version, status): &(i64, &str, i64)| package(*id, version, *status);
    data(&format!("[{}]", list.iter().map(one).collect::<Vec<_>>().join(",")))
}

pub(crate) fn package(id: i64, version: &str, status: i64) -> String {
    let back = if status == 1 { r#","rollback_version":"v1.0.0""# } else { "" };
    format!(
        r#"{{"version":"{version}","remark":"","msg":"","committer":"--","status":{status},"commit_time":"2018/09/04 17:13:{:02}","version_desc":"desc","package_id":{id}{back}}}"#,
        id % 60
    )
}

/// A response of `package/getdetail`.
pub(crate) fn detail(id: i64, status: i64) -> String {
    data(&package(id, "1.2.7", status))
}

pub(crate) fn done() -> Answer {
    DONE.into()
}

/// A refusal with number and message.
pub(crate) fn refusing(errno: i64, words: &str) -> Answer {
    format!(r#"{{"errno":{errno},"msg":"{words}"}}"#).into()
}

/// How an effect's result is known, and how many requests it took.
pub(crate) fn known(effect: &Effect<impl Sized>) -> (Evidence, u32) {
    (effect.evidence, effect.attempts)
}

/// The error of a failed effect.
pub(crate) fn failed<T: std::fmt::Debug>(result: Result<T>) -> (ErrorKind, Outcome, Error) {
    let error = result.unwrap_err();
    (error.kind(), error.outcome(), error)
}

/// Returns the access token of a request, if any.
fn token_of(request: &Request) -> Option<String> {
    let token = request.secrets.iter().find(|(place, _)| place.name() == "access_token");
    token.map(|(_, token)| token.expose().to_owned())
}
