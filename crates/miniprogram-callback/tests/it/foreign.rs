//! A vendor unknown to the workspace: plain forms, signed by an HMAC over the body in a header.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hmac::{Hmac, KeyInit, Mac};
use miniprogram_callback::CallbackPlatform;
use miniprogram_core::callback::{Answer, CallbackProtocol, Route};
use miniprogram_core::push::{CallbackCheck, EventCredential, Push};
use miniprogram_core::{
    AppId, Event, EventDecoder, EventKind, PlatformId, Result, Secret, Timestamp, Vendor,
};
use miniprogram_store::{Inbox, InboxFilter, InboxState, PlatformKey, TokenStore};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::support::{Answer as Received, MemoryStore, NOW, Recorder, Server, Setup, get, request, send};

const ACME: Vendor = Vendor::new("acme");
const PLATFORM: &str = "p1";
const KEY: &[u8] = b"canaryAcmeKey";
const SIGNATURE: &str = "X-Acme-Signature";

/// Acme's callbacks.
#[derive(Default)]
struct AcmeCallback {
    /// What it says about a push that was not taken.
    failure: Option<&'static str>,
}

impl Debug for AcmeCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AcmeCallback")
    }
}

impl EventDecoder for AcmeCallback {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        let refuse = |check: CallbackCheck| check.refuse(ACME);
        let signature =
            push.header(SIGNATURE).and_then(from_hex).ok_or_else(|| refuse(CallbackCheck::Signature))?;
        mac(push.body).verify_slice(&signature).map_err(|_| refuse(CallbackCheck::Signature))?;
        let text = std::str::from_utf8(push.body).map_err(|_| refuse(CallbackCheck::Message))?;
        let pairs = text.split('&').map(|pair| pair.split_once('='));
        let fields = pairs.map(|pair| pair.map(|(name, value)| (name.to_owned(), Value::from(value))));
        let fields: Map<_, _> =
            fields.collect::<Option<_>>().ok_or_else(|| refuse(CallbackCheck::Message))?;
        let field = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let name = field("event").unwrap_or_default();
        let kind = match name.as_str() {
            "hello" => EventKind::Ticket,
            "granted" => EventKind::Authorized,
            "passed" => EventKind::AuditApproved,
            _ => EventKind::Unknown,
        };
        let (app, at) = (field("app").map(AppId::from), field("at"));
        let mut event = Event::new(ACME, kind, Cow::Owned(name), Value::Object(fields));
        event.app_id = app;
        event.occurred_at = at.and_then(|at| at.parse().ok()).map(Timestamp::from_unix);
        event.take_credential("key_to_all", EventCredential::Ticket);
        event.take_credential("grant", EventCredential::AuthorizationCode);
        Ok(event)
    }
}

impl CallbackProtocol for AcmeCallback {
    fn platform_id(&self) -> Option<&PlatformId> {
        None
    }

    fn fits(&self, event: &Event<'_>, route: Route) -> bool {
        (event.kind == EventKind::AuditApproved) == (route != Route::Authorization)
    }

    fn acknowledgement(&self) -> Answer {
        Answer::new("application/json", r#"{"taken":true}"#)
    }

    fn failure(&self) -> Option<Answer> {
        self.failure.map(Answer::text)
    }

    fn reply(&self, event: &Event<'_>, _now: Timestamp) -> Option<Result<Answer>> {
        event.payload.get("broken").map(|_| Err(CallbackCheck::Message.refuse(ACME)))
    }
}

fn mac(body: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(KEY).unwrap().chain_update(body)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(byte).collect()
}

fn signature(body: &str) -> String {
    mac(body.as_bytes()).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn post(server: &Server, path: &str, body: &str, signatures: &[&str]) -> Received {
    let headers: Vec<_> = signatures.iter().map(|signature| (SIGNATURE, *signature)).collect();
    let path = format!("/acme/{PLATFORM}/{path}");
    send(server.address, &request("POST", &path, &headers, body.as_bytes())).await
}

async fn serve(store: &Arc<MemoryStore>, handler: &Arc<Recorder>) -> Server {
    serve_with(AcmeCallback::default(), store, handler).await
}

async fn serve_with(callback: AcmeCallback, store: &Arc<MemoryStore>, handler: &Arc<Recorder>) -> Server {
    let key = PlatformKey::new(ACME, PLATFORM);
    // A protocol may be boxed, as when it is chosen at run time.
    let protocol: Box<dyn CallbackProtocol> = Box::new(callback);
    let platform = CallbackPlatform::new(key, protocol).unwrap();
    let setup = Setup::of([platform], store.clone());
    setup.with(|builder| builder.with_handler(handler.clone())).serve().await
}

#[tokio::test]
async fn pushes_of_a_vendor_from_elsewhere_are_received_like_any_other() {
    let (store, handler) = (Arc::new(MemoryStore::default()), Arc::new(Recorder::default()));
    let server = serve(&store, &handler).await;
    let hello = format!("event=hello&at={NOW}&key_to_all=canaryTicket");
    let granted = format!("event=granted&at={NOW}&app=7&grant=canaryGrant");
    let passed = format!("event=passed&at={NOW}&app=7");
    for (path, body) in [
        ("authorization", &hello),
        ("authorization", &granted),
        ("messages/7", &passed),
        ("messages", &passed),
    ] {
        let answer = post(&server, path, body, &[&signature(body)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"taken":true}"#), "{body}");
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    }
    let seen = handler.wait_for(3).await;
    let seen: Vec<_> = seen.iter().map(|seen| (seen.raw_event.as_str(), seen.credential.as_ref())).collect();
    let ticket = EventCredential::Ticket(Secret::new("canaryTicket"));
    let grant = EventCredential::AuthorizationCode(Secret::new("canaryGrant"));
    assert_eq!(seen, [("hello", Some(&ticket)), ("granted", Some(&grant)), ("passed", None)]);
    let kept = store.ticket(&PlatformKey::new(ACME, PLATFORM)).await.unwrap().unwrap();
    assert_eq!(kept.ticket, Secret::new("canaryTicket"));
    assert_eq!(store.all()[2].deliveries, 2);
    assert_eq!(server.metric("miniprogram_tickets_total{vendor=\"acme\",newest=\"true\"}"), 1.0);

    let forged = signature(&format!("{passed}0"));
    let whole = signature(&passed);
    for (path, body, signatures) in [
        ("messages/7", &passed, &[][..]),
        ("messages/7", &passed, &[forged.as_str()][..]),
        ("messages/7", &passed, &["no hex"][..]),
        // Two of them: it is ambiguous which one applies.
        ("messages/7", &passed, &[whole.as_str(), whole.as_str()][..]),
        ("messages/8", &passed, &[whole.as_str()][..]),
        ("authorization", &passed, &[whole.as_str()][..]),
    ] {
        let answer = post(&server, path, body, signatures).await;
        assert_eq!((answer.status, answer.body.as_str()), (403, ""), "{path} {signatures:?}");
    }
    assert_eq!(server.refusals("acme", "signature"), 4.0);
    assert_eq!((server.refusals("acme", "app"), server.refusals("acme", "sort")), (1.0, 1.0));
    // It has no URL check.
    assert_eq!(send(server.address, &get(&format!("/acme/{PLATFORM}/messages"))).await.status, 403);
    assert_eq!(server.refusals("acme", "method"), 1.0);
    assert_eq!(store.all().len(), 3);
}

#[tokio::test]
async fn a_ticket_event_without_a_ticket_is_refused() {
    let store = Arc::new(MemoryStore::default());
    let server = serve(&store, &Arc::default()).await;
    for body in [
        format!("event=hello&at={NOW}"),
        format!("event=hello&at={NOW}&grant=1"),
        "event=hello&key_to_all=1".to_owned(),
    ] {
        assert_eq!(post(&server, "authorization", &body, &[&signature(&body)]).await.status, 403, "{body}");
    }
    assert_eq!(server.refusals("acme", "message"), 3.0);
    assert_eq!(store.all().len(), 0);
}

#[tokio::test]
async fn a_reply_that_cannot_be_made_costs_no_push() {
    let store = Arc::new(MemoryStore::default());
    let server = serve(&store, &Arc::default()).await;
    let body = format!("event=passed&at={NOW}&app=7&broken=1");
    let answer = post(&server, "messages", &body, &[&signature(&body)]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"taken":true}"#));
    server.turn_until(async || store.in_state(InboxState::Done) == 1).await;
    assert_eq!(store.entries(&InboxFilter::new(9)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn whatever_was_not_taken_is_answered_with_the_vendors_word_for_it() {
    let store = Arc::new(MemoryStore::default());
    let callback = AcmeCallback { failure: Some("fail") };
    let server = serve_with(callback, &store, &Arc::default()).await;
    let body = format!("event=passed&at={NOW}&app=7");
    for (path, signatures, expected) in [
        ("messages", vec![signature(&body)], (200, r#"{"taken":true}"#)),
        ("messages", vec![signature("forged")], (403, "fail")),
        ("authorization", vec![signature(&body)], (403, "fail")),
    ] {
        let signatures: Vec<_> = signatures.iter().map(String::as_str).collect();
        let answer = post(&server, path, &body, &signatures).await;
        assert_eq!((answer.status, answer.body.as_str()), expected, "{path}");
    }
    store.fails.store(true, Ordering::SeqCst);
    let answer = post(&server, "messages", &body, &[&signature(&body)]).await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "fail"));
    // Nobody's platform has no word.
    let stranger = send(server.address, &request("POST", "/acme/other/messages", &[], body.as_bytes())).await;
    assert_eq!((stranger.status, stranger.body.as_str()), (403, ""));
}
