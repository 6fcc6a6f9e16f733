//! Acme's pushes reach the receiver over a real socket: what is genuine and new is delivered, once; what is not is
//! answered with `fail` and not stored.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_callback::{CallbackPlatform, CallbackService};
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::push::{Delivery, EventCredential};
use miniprogram_core::transport::{BaseUrl, Body, HttpTransport, Request, Transport};
use miniprogram_core::{AppId, Event, EventHandler, EventKind, Result};
use miniprogram_store::{PlatformKey, SqliteStore, Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use super::super::acme::{ACME, AcmeCallback, Key};
use super::super::server::{Acme, CONSOLE_KEY, PLATFORM, form};
use super::say;

type Form = Vec<(String, String)>;

/// Passes on what arrives.
#[derive(Debug)]
struct Listener(mpsc::UnboundedSender<Event<'static>>);

#[async_trait]
impl EventHandler for Listener {
    async fn handle(&self, event: &Event<'static>, _delivery: &Delivery) -> Result<()> {
        let _ = self.0.send(event.clone());
        Ok(())
    }
}

/// Sends a push as Acme does, and returns the answer.
async fn post(receiver: &BaseUrl, route: &str, fields: Form) -> Result<(u16, String), Box<dyn Error>> {
    let mut request = Request::new(http::Method::POST, format!("/acme/{PLATFORM}/{route}"));
    request.body = Body::Form(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let answer = HttpTransport::new(receiver.clone())?.send(request).await?;
    Ok((answer.status, String::from_utf8(answer.body.to_vec())?))
}

/// Runs the receiver, and pushes to it.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("state.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::create(path, StoreOptions::default()).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let receiver = BaseUrl::parse(&format!("http://{}", listener.local_addr()?))?;
    let (sender, mut events) = mpsc::unbounded_channel();
    // guide: receiver
    let protocol = AcmeCallback::new(PLATFORM, Key::new(CONSOLE_KEY));
    let service = CallbackService::builder(store.clone())
        .with_platform(CallbackPlatform::new(PlatformKey::new(ACME, PLATFORM), protocol)?)
        .with_handler(Arc::new(Listener(sender)))
        .build()?;
    // end
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move { service.serve(listener, async { drop(stopped.await) }).await });

    let acme = Acme::new(Arc::new(SystemClock));
    let granted = acme.event("GRANTED", "bakery", &[("code", "code-1")]);
    let passed = acme.event("AUDIT_PASSED", "bakery", &[("reason", "面 包 & more")]);
    let taken = (200, "success".to_owned());
    assert_eq!(post(&receiver, "authorization", granted).await?, taken);
    // Acme pushes again until it reads `success`.
    for route in ["messages", "messages", "messages/bakery"] {
        assert_eq!(post(&receiver, route, passed.clone()).await?, taken);
    }
    let event = events.recv().await.ok_or("the receiver has stopped")?;
    let code = EventCredential::AuthorizationCode("code-1".into());
    assert_eq!((event.kind, event.credential), (EventKind::Authorized, Some(code)));
    assert!(!event.payload.to_string().contains("code-1"), "a code is not part of the payload");
    let event = events.recv().await.ok_or("the receiver has stopped")?;
    assert_eq!((event.kind, event.app_id), (EventKind::AuditApproved, Some(AppId::from("bakery"))));
    assert_eq!(event.reason.as_deref(), Some("面 包 & more"));
    say("receiver     signed forms are acknowledged with success, and delivered once");

    for (what, route, fields) in refusals(&acme) {
        let answer = post(&receiver, route, fields).await?;
        assert_eq!(answer, (403, "fail".to_owned()), "{what}");
        say(&format!("receiver     {what} is answered with fail"));
    }
    assert_eq!(store.counts().await?.pending, 0);
    assert!(events.try_recv().is_err(), "nothing else was delivered");
    drop(stop);
    serving.await?;
    Ok(())
}

/// What is not to be delivered, and the route it arrives on.
fn refusals(acme: &Acme) -> Vec<(&'static str, &'static str, Form)> {
    let passed = || acme.event("AUDIT_PASSED", "bakery", &[]);
    let changed = |name: &str, value: &str| {
        let change =
            |(field, old): (String, String)| if field == name { (field, value.into()) } else { (field, old) };
        passed().into_iter().map(change).collect::<Form>()
    };
    let signed_by = |key: &str, platform: &str, age: u64| {
        let time = SystemClock.now().as_unix() - i64::try_from(age).unwrap_or_default();
        let time = time.to_string();
        let fields = [("platform", platform), ("event", "AUDIT_PASSED"), ("app", "bakery"), ("time", &time)];
        form(&Key::new(key), &fields)
    };
    let unsigned = passed().into_iter().filter(|(name, _)| name != "sign").collect();
    let repeated = passed().into_iter().chain([("app".to_owned(), "other".to_owned())]).collect();
    vec![
        ("a push about another app than was signed", "messages", changed("app", "other")),
        ("a push whose signature is not valid", "messages", changed("sign", "面包")),
        ("a push without a signature", "messages", unsigned),
        ("a push with a repeated field", "messages", repeated),
        ("a push signed with another key", "messages", signed_by("forged", PLATFORM, 0)),
        ("a push to another platform", "messages", signed_by(CONSOLE_KEY, "p2", 0)),
        ("a push of an hour ago", "messages", signed_by(CONSOLE_KEY, PLATFORM, 3600)),
        ("a push about another app than its route", "messages/other", passed()),
        ("a push on the route for grants", "authorization", passed()),
    ]
}
