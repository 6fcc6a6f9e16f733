//! Tokens by client credentials: fetched once for all callers, cached, replaced, never printed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use baidu_smartapp::BAIDU;
use baidu_smartapp::alliance::{AllianceConfig, BaiduAlliance, ClientCredentials};
use futures::FutureExt;
use futures::future::join_all;
use http::HeaderMap;
use miniprogram_core::clock::{Busy, Clock, VirtualClock, Wait};
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::transport::{BaseUrl, Request, Response, Transport, TransportError};
use miniprogram_core::{Code, Error, ErrorKind, Outcome, Timestamp};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::support::{Answer, Script, data};

const KEY: &str = "Va5yQRHlA4Fq4eR";
const SECRET: &str = "canary-of-the-secret";
const ENDPOINT: &str = "/oauth/2.0/token";
const APPS: &str = "oss/app/info";
/// A refused token, as the gateway encodes it.
const EXPIRED: &str = r#"{"error_code":111,"error_msg":"Access token expired"}"#;
const WRONG_KEY: &str = r#"{"error":"invalid_client","error_description":"unknown client id"}"#;

/// The response of document 004, with its missing comma.
fn issued(token: &str) -> String {
    format!(
        r#"{{"access_token":"{token}","expires_in":86400,
            "refresh_token":"2.385d55f8615fdfd9edb7c4b5ebdc3e39.604800.1293440400-2346678-124328",
            "scope":"smartapp_snsapi_base","session_key":"ANXxSNjwQDugf8615OnqeikRMu2bKaXCdlLxn",
            "session_secret":"248APxvxjCZ0VEC43EYrvxqaK4oZExMB"}}"#
    )
}

fn scope() -> TokenScope {
    TokenScope::client_credentials(BAIDU, KEY.into())
}

fn clock() -> VirtualClock {
    VirtualClock::new(Timestamp::from_unix(1_700_000_000))
}

fn config(transport: Arc<dyn Transport>, clock: &VirtualClock) -> AllianceConfig {
    AllianceConfig::new(KEY, SECRET).with_transport(transport).with_clock(Arc::new(clock.clone()))
}

fn credentials(script: &Arc<Script>, clock: &VirtualClock) -> ClientCredentials {
    ClientCredentials::new(&config(Arc::clone(script) as _, clock)).unwrap()
}

async fn token(credentials: &ClientCredentials) -> Result<String, Error> {
    Ok(credentials.token(&scope()).await?.secret().expose().to_owned())
}

fn assert_no_secret(text: &str) {
    assert!(
        !["canary", "1.a6b7", "2.385d", "ANXx", "248A"].iter().any(|secret| text.contains(secret)),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_answered_beside_the_token_is_there_and_is_secret() {
    let answer = r#"{"access_token":"1.a6b7","expires_in":"86400","refresh_token":"2.385d","scope":"smartapp_snsapi_base",
        "session_key":"ANXx","session_secret":"248A","more":{"a":1,"token":"canary"}}"#;
    let script = Script::new().on(ENDPOINT, [answer, r#"{"access_token":"1.b","expires_in":60,"scope":""}"#]);
    let credentials = credentials(&script, &clock());
    assert_eq!(credentials.response(), None);
    token(&credentials).await.unwrap();
    let response = credentials.response().unwrap();
    assert_no_secret(&format!("{response:?}"));
    let told =
        |secret: &Option<miniprogram_core::Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    assert_eq!(told(&response.refresh_token).as_deref(), Some("2.385d"));
    assert_eq!(told(&response.session_key).as_deref(), Some("ANXx"));
    assert_eq!(told(&response.session_secret).as_deref(), Some("248A"));
    assert_eq!(response.scope.as_deref(), Some("smartapp_snsapi_base"));
    assert_eq!(
        (response.expires_in, json!(response.extra)),
        (Duration::from_secs(86400), json!({ "more": { "a": 1 } }))
    );

    credentials.reject(&scope(), &AccessToken::new("1.a6b7").unwrap()).await.unwrap();
    assert_eq!(credentials.response(), None, "it belongs to the token");
    token(&credentials).await.unwrap();
    let bare = credentials.response().unwrap();
    assert_eq!((bare.scope, bare.refresh_token, bare.session_key), (None, None, None));
}

#[tokio::test]
async fn a_token_is_fetched_with_the_four_fields_and_kept() {
    let script = Script::new().on(ENDPOINT, [issued("1.a6b7")]).on(APPS, [data("[]")]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&script) as _, &clock())).unwrap();
    assert_eq!(alliance.client_id().as_str(), KEY);
    for _ in 0..3 {
        alliance.alliance_apps(&["1".into()]).await.unwrap();
    }
    assert_eq!((script.count(ENDPOINT), script.count(APPS)), (1, 3));
    let sent = script.sent();
    assert_eq!(
        (sent[0].method.as_str(), sent[0].query.is_empty()),
        ("POST", true),
        "the secret is in no URL"
    );
    // Recorded requests mask the secret; `over_real_sockets` sees it sent.
    let form = json!({
        "grant_type": "client_credentials", "client_id": KEY, "client_secret": "***",
        "scope": "smartapp_snsapi_base",
    });
    assert_eq!(sent[0].body, Some(form));
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_its_end() {
    let lives = [("86400", 86_100), (r#""2592000""#, 2_591_700), ("3000", 2_700), ("30", 27)];
    for (expires_in, kept) in lives {
        let answer = |token: &str| format!(r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#);
        let script = Script::new().on(ENDPOINT, [answer("first"), answer("second")]);
        let clock = clock();
        let credentials = credentials(&script, &clock);
        let _busy = clock.enter();
        assert_eq!(token(&credentials).await.unwrap(), "first");
        clock.advance(Duration::from_secs(kept) - Duration::from_millis(1));
        assert_eq!(token(&credentials).await.unwrap(), "first", "{expires_in}");
        clock.advance(Duration::from_millis(1));
        assert_eq!(token(&credentials).await.unwrap(), "second", "{expires_in}");
        assert_eq!(script.count(ENDPOINT), 2);
    }
}

/// A clock that can be set back by seconds.
#[derive(Debug)]
struct Watch {
    inner: VirtualClock,
    back: AtomicUsize,
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        let back = i64::try_from(self.back.load(Ordering::SeqCst)).unwrap();
        Timestamp::from_unix(self.inner.now().as_unix() - back)
    }

    fn sleep(&self, duration: Duration) -> Wait {
        self.inner.sleep(duration)
    }

    fn deadline(&self, duration: Duration) -> Wait {
        self.inner.deadline(duration)
    }

    fn enter(&self) -> Busy {
        self.inner.enter()
    }
}

#[tokio::test]
async fn a_token_is_not_kept_longer_by_a_clock_that_was_set_back() {
    let script = Script::new().on(ENDPOINT, [issued("first"), issued("second")]);
    let clock = Arc::new(Watch { inner: clock(), back: AtomicUsize::new(0) });
    let config = AllianceConfig::new(KEY, SECRET).with_transport(Arc::clone(&script) as _);
    let credentials = ClientCredentials::new(&config.with_clock(Arc::clone(&clock) as _)).unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "first");
    clock.back.store(3600, Ordering::SeqCst);
    assert_eq!(token(&credentials).await.unwrap(), "second", "nobody knows how old the first one is");
    assert_eq!(token(&credentials).await.unwrap(), "second");
    assert_eq!(script.count(ENDPOINT), 2);
}

#[tokio::test]
async fn answers_without_a_usable_token_are_protocol_errors() {
    let answers = [
        r#"{"expires_in":86400}"#,
        r#"{"access_token":"","expires_in":86400}"#,
        r#"{"access_token":" \n","expires_in":86400}"#,
        r#"{"access_token":null,"expires_in":86400}"#,
        r#"{"access_token":"1.a6b7"}"#,
        r#"{"access_token":"1.a6b7","expires_in":null}"#,
        r#"{"access_token":"1.a6b7","expires_in":"soon"}"#,
        r#"{"access_token":"1.a6b7","expires_in":0}"#,
        r#"{"access_token":"1.a6b7","expires_in":-1}"#,
        r#"{"errno":0,"access_token":["1.a6b7"],"expires_in":86400}"#,
        "<html>",
    ];
    for answer in answers {
        let script = Script::new().on(ENDPOINT, [answer]);
        let clock = clock();
        let _busy = clock.enter();
        let error = token(&credentials(&script, &clock)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answer}: {error}");
        assert_no_secret(&format!("{error:#} {error:?}"));
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_sent_again() {
    let script = Script::new()
        .on(ENDPOINT, [issued("first"), issued("second")])
        .on(APPS, [EXPIRED.to_owned(), data("[]")]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&script) as _, &clock())).unwrap();
    alliance.alliance_apps(&["1".into()]).await.unwrap();
    assert_eq!((script.count(ENDPOINT), script.count(APPS)), (2, 2));

    let script = Script::new().on(ENDPOINT, [issued("same")]).on(APPS, [EXPIRED]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&script) as _, &clock())).unwrap();
    let error = alliance.alliance_apps(&["1".into()]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TokenRejected, Outcome::NotDone));
    assert_eq!(script.count(APPS), 1, "the same token is not shown twice");
}

#[tokio::test]
async fn only_the_current_token_can_be_rejected() {
    let script = Script::new().on(ENDPOINT, [issued("first"), issued("second"), issued("third")]);
    let clock = clock();
    let _busy = clock.enter();
    let credentials = credentials(&script, &clock);
    let first = credentials.token(&scope()).await.unwrap();
    credentials.reject(&scope(), &AccessToken::new("another").unwrap()).await.unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "first");
    credentials.reject(&scope(), &first).await.unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "second");
    credentials.reject(&scope(), &first).await.unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "second", "a late refusal of the old one changes nothing");
    assert_eq!(script.count(ENDPOINT), 2);
}

#[tokio::test]
async fn another_scope_is_refused() {
    let script = Script::new();
    let credentials = credentials(&script, &clock());
    let others = [
        TokenScope::client_credentials(BAIDU, "another".into()),
        TokenScope::platform(BAIDU, KEY.into()),
        TokenScope::authorizer(BAIDU, KEY.into(), "1".into()),
    ];
    for other in others {
        let error = credentials.token(&other).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Config, Outcome::NotSent), "{other}");
    }
    assert!(script.sent().is_empty());
}

/// Returns responses of the token endpoint once permitted; each response once, the last one repeatedly.
#[derive(Debug)]
struct Gate {
    open: Semaphore,
    asked: AtomicUsize,
    answers: Vec<(u16, String)>,
}

impl Gate {
    fn new(answers: Vec<(u16, String)>) -> Arc<Self> {
        Arc::new(Self { open: Semaphore::new(0), asked: AtomicUsize::new(0), answers })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        self.open.acquire().await.unwrap().forget();
        let (status, body) = self.answers.get(asked).or(self.answers.last()).unwrap().clone();
        Ok(Response::new(status, HeaderMap::new(), body))
    }
}

#[tokio::test]
async fn a_hundred_callers_bring_one_request() {
    let gate = Gate::new(vec![(200, issued("only"))]);
    let clock = clock();
    let credentials = ClientCredentials::new(&config(Arc::clone(&gate) as _, &clock)).unwrap();
    let callers = (0..100).map(|_| {
        let (credentials, busy) = (credentials.clone(), clock.enter());
        tokio::spawn(async move {
            let token = token(&credentials).await;
            drop(busy);
            token
        })
    });
    let callers: Vec<_> = callers.collect();
    tokio::task::yield_now().await;
    gate.open.add_permits(100);
    for token in join_all(callers).await {
        assert_eq!(token.unwrap().unwrap(), "only");
    }
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_late_refusal_of_the_old_token_leaves_the_request_for_the_new_one_alone() {
    let gate = Gate::new(vec![(200, issued("first")), (200, issued("second"))]);
    let clock = clock();
    let _busy = clock.enter();
    let credentials = ClientCredentials::new(&config(Arc::clone(&gate) as _, &clock)).unwrap();
    gate.open.add_permits(1);
    let first = credentials.token(&scope()).await.unwrap();
    credentials.reject(&scope(), &first).await.unwrap();
    let mut next = Box::pin(token(&credentials));
    assert!((&mut next).now_or_never().is_none());
    credentials.reject(&scope(), &first).await.unwrap();
    let mut joined = Box::pin(token(&credentials));
    assert!((&mut joined).now_or_never().is_none());
    gate.open.add_permits(1);
    assert_eq!((next.await.unwrap(), joined.await.unwrap()), ("second".to_owned(), "second".to_owned()));
    assert_eq!((token(&credentials).await.unwrap(), gate.asked()), ("second".to_owned(), 2));
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_stop_the_request_of_the_others() {
    let gate = Gate::new(vec![(200, issued("only"))]);
    let clock = clock();
    let _busy = (clock.enter(), clock.enter());
    let credentials = ClientCredentials::new(&config(Arc::clone(&gate) as _, &clock)).unwrap();
    let mut first = Box::pin(token(&credentials));
    let mut second = Box::pin(token(&credentials));
    assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
    drop(first);
    gate.open.add_permits(1);
    assert_eq!(second.await.unwrap(), "only");
    assert_eq!(gate.asked(), 1);

    // Without waiting callers the flight stops; the next caller starts a new one.
    let gate = Gate::new(vec![(200, issued("only"))]);
    let credentials = ClientCredentials::new(&config(Arc::clone(&gate) as _, &clock)).unwrap();
    assert!(token(&credentials).now_or_never().is_none());
    gate.open.add_permits(2);
    assert_eq!(token(&credentials).await.unwrap(), "only");
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_and_not_kept() {
    let gate = Gate::new(vec![(400, WRONG_KEY.to_owned()), (200, issued("later"))]);
    let clock = clock();
    let _busy: Vec<_> = (0..3).map(|_| clock.enter()).collect();
    let credentials = ClientCredentials::new(&config(Arc::clone(&gate) as _, &clock)).unwrap();
    let callers = [credentials.clone(), credentials.clone(), credentials.clone()];
    let waiting = tokio::spawn(async move { join_all(callers.iter().map(token)).await });
    while gate.asked() == 0 {
        tokio::task::yield_now().await;
    }
    gate.open.add_permits(2);
    for error in waiting.await.unwrap().into_iter().map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::PermissionDenied, Outcome::NotDone));
        assert_eq!(error.code(), Some(&Code::from("invalid_client".to_owned())));
        assert_eq!(error.vendor_error().unwrap().message, "unknown client id");
        assert!(error.advice().contains("client_secret"), "{}", error.advice());
        assert_eq!((error.operation(), error.attempts()), ("token", 1));
        assert_no_secret(&format!("{error:#} {error:?}"));
    }
    assert_eq!(gate.asked(), 1, "a wrong key is not tried again");
    assert_eq!(token(&credentials).await.unwrap(), "later");
    assert_eq!(gate.asked(), 2);
}

#[tokio::test]
async fn a_busy_service_is_asked_again_while_the_callers_wait() {
    let busy = || Answer::Body(503, b"busy".to_vec());
    let script =
        Script::new().on(ENDPOINT, [busy(), Answer::Lost, issued("third").into()]).on(APPS, [data("[]")]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&script) as _, &clock())).unwrap();
    let callers = (0..10).map(|_| {
        let alliance = alliance.clone();
        tokio::spawn(async move { alliance.alliance_apps(&["1".into()]).await })
    });
    for answer in join_all(callers.collect::<Vec<_>>()).await {
        answer.unwrap().unwrap();
    }
    assert_eq!((script.count(ENDPOINT), script.count(APPS)), (3, 10));

    let script = Script::new().on(ENDPOINT, [busy()]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&script) as _, &clock())).unwrap();
    let error = alliance.alliance_apps(&["1".into()]).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotSent));
    assert_eq!((error.operation(), script.count(ENDPOINT)), ("alliance_apps", 3));
}

#[tokio::test]
async fn a_service_that_never_answers_runs_into_the_time_out() {
    let clock = clock();
    let gate = Gate::new(vec![(200, issued("never"))]);
    let alliance = BaiduAlliance::new(config(Arc::clone(&gate) as _, &clock)).unwrap();
    let asking = tokio::spawn(async move { alliance.alliance_apps(&["1".into()]).await });
    let begun = clock.now();
    while !asking.is_finished() {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
    }
    let error = asking.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome(), gate.asked()), (ErrorKind::Timeout, Outcome::NotSent, 3));
    assert!(clock.now().since(begun) >= Duration::from_secs(30));
}

#[test]
fn a_key_without_id_or_secret_is_refused() {
    for (id, secret, field) in [("", SECRET, "client_id"), (KEY, "", "client_secret")] {
        let error = BaiduAlliance::new(AllianceConfig::new(id, secret)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(field)));
    }
}

#[tokio::test]
async fn nothing_prints_a_secret() {
    let transport = Arc::new(Silent);
    let clock = clock();
    let _busy = clock.enter();
    let config = config(transport, &clock);
    assert_no_secret(&format!("{config:?}"));
    let credentials = ClientCredentials::new(&config).unwrap();
    assert_eq!(token(&credentials).await.unwrap(), "1.a6b7");
    assert_no_secret(&format!("{credentials:?} {:?}", BaiduAlliance::new(config).unwrap()));
}

/// Returns a token; its `Debug` shows none of it.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl Transport for Silent {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        Ok(Response::new(200, HeaderMap::new(), issued("1.a6b7")))
    }
}

/// Serves one request after another over real sockets; returns the requests.
async fn serve(listener: TcpListener, answers: Vec<(u16, String)>) -> Vec<String> {
    let mut requests = Vec::new();
    for (status, body) in answers {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            assert_ne!(socket.read_buf(&mut request).await.unwrap(), 0, "the request was cut");
        }
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        socket.write_all(answer.as_bytes()).await.unwrap();
        requests.push(String::from_utf8(request).unwrap());
    }
    requests
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

#[tokio::test]
async fn over_real_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answers = vec![(200, issued("1.a6b7/+=")), (200, data(r#"[{"app_id":1111,"status":1}]"#))];
    let server = tokio::spawn(serve(listener, answers));
    let config = AllianceConfig::new(KEY, "top&secret").with_base_url(BaseUrl::parse(&address).unwrap());
    let apps =
        BaiduAlliance::new(config).unwrap().alliance_apps(&["1111".into(), "22".into()]).await.unwrap();
    assert_eq!(apps.len(), 1);
    let requests = server.await.unwrap();
    assert!(requests[0].starts_with("POST /oauth/2.0/token HTTP/1.1\r\n"), "{}", requests[0]);
    let form = "grant_type=client_credentials&client_id=Va5yQRHlA4Fq4eR&scope=smartapp_snsapi_base&client_secret=top%26secret";
    assert!(requests[0].ends_with(form), "{}", requests[0]);
    let read =
        "GET /rest/2.0/smartapp/oss/app/info?access_token=1.a6b7%2F%2B%3D&app_ids=1111%2C22 HTTP/1.1\r\n";
    assert!(requests[1].starts_with(read), "{}", requests[1]);
}
