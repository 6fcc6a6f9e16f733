//! Processing of one request: the checks in order, then the inbox, then the response.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use futures::future::BoxFuture;
use http::{HeaderMap, Method, header};
use http_body_util::BodyExt;
use miniprogram_core::callback::{Answer, Route, UrlCheck};
use miniprogram_core::push::{CallbackCheck, EventCredential, Push};
use miniprogram_core::{AppId, Error, ErrorKind, Event, EventKind, Result, Timestamp, Vendor};
use miniprogram_store::{Arrived, InboxState, Listed, NewEvent, PlatformKey, Received, Ticket};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use crate::binding::Binding;
use crate::connections::Waiting;
use crate::dispatch::hand_over_received;
use crate::limits::MEMORY_UNIT;
use crate::lookups::For;
use crate::metrics::{self, Outcome};
use crate::platform::{CallbackPlatform, is_id};
use crate::refusal::{Refusal, refused, respond, unavailable};
use crate::state::Shared;

/// How far a ticket's creation time may be ahead of its arrival. A ticket from a later time would block all
/// others.
const TICKET_AHEAD: std::time::Duration = std::time::Duration::from_secs(3600);

/// The number of bytes of a body that do not count towards the memory shared by all connections.
pub(crate) const SMALL_BODY: usize = 16 << 10;

/// The destination of a request, given by its path.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) route: Route,
    pub(crate) vendor: String,
    pub(crate) platform: String,
    pub(crate) app: Option<String>,
}

/// Why a request is not acknowledged.
enum Failure {
    /// The request is invalid.
    Refused(Refusal),
    /// The receiver failed.
    Store(Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The result of an accepted request, with its response.
enum Taken {
    /// The push is stored.
    Kept(Received, Answer),
    /// It was the check of a URL, and the response proves the ownership of the URL.
    Verified(Answer),
}

/// Responds to a request to a callback URL.
pub(crate) async fn answer(shared: Arc<Shared>, target: Option<Target>, request: Request) -> Response {
    let started = Instant::now();
    let route = target.as_ref().map_or(Route::Messages, |target| target.route);
    let platform = target.as_ref().and_then(|target| find_platform(&shared, target)).cloned();
    let vendor = platform.as_ref().map(|platform| platform.key().vendor);
    let span = tracing::info_span!(
        "callback",
        vendor = vendor.map(tracing::field::display),
        operation = "receive",
        platform = platform.as_ref().map(|platform| tracing::field::display(&platform.key().platform)),
        route = route.as_str(),
        outcome = tracing::field::Empty,
        check = tracing::field::Empty,
    );
    let answered = async {
        let platform = platform.as_ref().ok_or(Refusal::Route);
        receive(&shared, platform, target.as_ref(), request).await
    }
    .instrument(span.clone())
    .await;
    let _entered = span.enter();
    let failure = || platform.as_ref().and_then(|platform| platform.protocol().failure());
    let (outcome, response) = match answered {
        Ok(Taken::Kept(received, answer)) => (kept(received), respond(answer)),
        Ok(Taken::Verified(answer)) => (Outcome::Verified, respond(answer)),
        Err(Failure::Refused(refusal)) => {
            span.record("check", refusal.as_str());
            report_refusal(&shared, vendor, refusal);
            match refusal {
                Refusal::Memory | Refusal::Unbound => (Outcome::Unavailable, unavailable(failure())),
                _ => (Outcome::Refused, refused(failure())),
            }
        }
        Err(Failure::Store(error)) => {
            tracing::error!(%error, "the push cannot be kept; the vendor delivers it again");
            (Outcome::Unavailable, unavailable(failure()))
        }
    };
    span.record("outcome", outcome.as_str());
    tracing::debug!("answered");
    metrics::request(vendor, route, outcome, started);
    response
}

/// Counts a rejection, and logs the failed check for the operator of the receiver.
pub(crate) fn report_refusal(shared: &Shared, vendor: Option<Vendor>, refusal: Refusal) {
    let check = refusal.as_str();
    metrics::refusal(vendor, refusal);
    if shared.is_worth_a_warning(check) {
        tracing::warn!(check, "refused; further refusals by this check within a minute are only counted");
    }
}

fn find_platform<'s>(shared: &'s Shared, target: &Target) -> Option<&'s CallbackPlatform> {
    let vendor = target.vendor.parse().ok()?;
    shared.platforms.get(&PlatformKey::new(vendor, target.platform.as_str()))
}

async fn receive(
    shared: &Arc<Shared>,
    platform: Result<&CallbackPlatform, Refusal>,
    target: Option<&Target>,
    request: Request,
) -> Result<Taken, Failure> {
    let received_at = shared.clock.now();
    let (head, body) = request.into_parts();
    if head.method != Method::GET && head.method != Method::POST {
        return Err(Refusal::Method.into());
    }
    let (platform, target) = (platform?, target.ok_or(Refusal::Route)?);
    if head.method == Method::GET && !platform.protocol().checks_by_get() {
        return Err(Refusal::Method.into());
    }
    let app = target.app.as_deref().map(app_of_route).transpose()?;
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::Encoding.into());
    }
    let (mut body, _room) = if head.method == Method::GET {
        (Vec::new(), None)
    } else {
        let body = read_body(&head.headers, body, shared.limits.max_body, &shared.body_memory);
        shared.within(shared.limits.body_timeout, body).await.ok_or(Refusal::Deadline)??
    };
    // The request has arrived completely: its connection may no longer be displaced.
    let _answering = head.extensions.get::<Arc<Waiting>>().map(Waiting::answering);
    let query = head.uri.query().unwrap_or_default();
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let check = match head.method {
        Method::GET => UrlCheck::Get { query },
        _ => UrlCheck::Post { query, content_type, body: &body },
    };
    if let Some(answer) = platform.protocol().url_check(&check, received_at) {
        return Ok(Taken::Verified(answer.map_err(|error| Refusal::of(&error))?));
    }
    let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let push = Push::new(received_at, &mut body)
        .with_query(query)
        .with_content_type(content_type)
        .with_headers(headers);
    let event = platform.protocol().decode(push).map_err(|error| Refusal::of(&error))?.into_owned();
    let is_small = body.len() <= SMALL_BODY;
    drop(body);
    if !platform.protocol().fits(&event, target.route) {
        return Err(Refusal::Sort.into());
    }
    let left = shared.limits.answer_timeout.saturating_sub(shared.clock.now().since(received_at));
    let kept = shared.within(left, keep(shared, platform, app, event, received_at, is_small)).await;
    let kept = kept.unwrap_or_else(|| {
        let detail = "took longer than the vendor waits for its answer";
        Err(Failure::Store(Error::new(ErrorKind::Store, "receive").with_detail(detail)))
    });
    match &kept {
        Ok(_) => shared.store_worked(true),
        Err(Failure::Store(_)) => shared.store_worked(false),
        Err(Failure::Refused(_)) => {}
    }
    kept
}

/// Returns the app that a route names. `/callback/$APPID$` may pass the id with an additional slash.
fn app_of_route(text: &str) -> Result<AppId, Refusal> {
    let text = text.strip_prefix('/').unwrap_or(text);
    if is_id(text) { Ok(AppId::new(text)) } else { Err(Refusal::Route) }
}

/// Reads a body of limited length; a declared `Content-Length` over the limit is rejected before reading.
///
/// The part beyond a small body is allocated from the memory shared by all connections, so a small push has room
/// however many large bodies are being read.
async fn read_body(
    headers: &HeaderMap,
    mut body: Body,
    max: usize,
    memory: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Refusal> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let told = told.and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if told > max {
        return Err(Refusal::Size);
    }
    let mut bytes = Vec::with_capacity(told.min(SMALL_BODY));
    let mut room: Option<OwnedSemaphorePermit> = None;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Broken)?;
        if let Some(data) = frame.data_ref() {
            if data.len() > max - bytes.len() {
                return Err(Refusal::Size);
            }
            let needed = (bytes.len() + data.len()).saturating_sub(SMALL_BODY).div_ceil(MEMORY_UNIT);
            let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            if let Ok(more @ 1..) = u32::try_from(needed.saturating_sub(held)) {
                let more = Arc::clone(memory).try_acquire_many_owned(more).map_err(|_| Refusal::Memory)?;
                match &mut room {
                    Some(room) => room.merge(more),
                    none => *none = Some(more),
                }
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok((bytes, room))
}

/// Binds the event to its app, stores its ticket, and stores the event.
async fn keep(
    shared: &Arc<Shared>,
    platform: &CallbackPlatform,
    route: Option<AppId>,
    event: Event<'static>,
    received_at: Timestamp,
    is_small: bool,
) -> Result<Taken, Failure> {
    let key = platform.key();
    let mut event = event;
    let mut bound = true;
    match (&event.app_id, route, event.alias.as_deref()) {
        (Some(named), Some(route), _) if *named != route => return Err(Refusal::App.into()),
        // The message itself names its app, or the event concerns the platform.
        (Some(_), ..) | (None, None, None) => {}
        // Nothing in the message binds the route's app to it.
        (None, Some(_), None) => {}
        (None, None, Some(_)) => bound = false,
        (None, Some(route), Some(alias)) => {
            let tested = platform.protocol().is_test_app(&route);
            let ask = (!tested).then_some(For::Push);
            bound = match shared.bind(key, &route, alias, ask).await.map_err(Failure::Store)? {
                Binding::Bound => true,
                Binding::Foreign => return Err(Refusal::App.into()),
                Binding::Unknown { recorded, .. } => {
                    // If there is no room to record the route, the event could not be bound by it: it is not
                    // acknowledged.
                    if !tested && !shared.lookups.note_route(key, alias, &route, recorded) {
                        return Err(Refusal::Unbound.into());
                    }
                    tested
                }
            };
            event.app_id = Some(route);
        }
    }
    // The only place that saves a pushed ticket: it has to be durable before the push is acknowledged to the
    // vendor.
    let mut newest_ticket = None;
    if event.kind == EventKind::Ticket {
        let ticket = ticket_of(&event, received_at)?;
        newest_ticket = Some(shared.store.save_ticket(key, &ticket).await.map_err(Failure::Store)?);
    }
    let answer = answer_to(platform, &event, received_at);
    let has_alias = event.alias.is_some();
    let new = NewEvent::new(key.clone(), event, received_at).with_bound(bound);
    let received = store(shared, new, is_small).await.map_err(Failure::Store)?;
    if let (Received::New(_), Some(newest)) = (received, newest_ticket) {
        metrics::ticket(key.vendor, newest);
        tracing::debug!(newest, "a ticket arrived");
    }
    if let Received::Duplicate(id) = received
        && bound
        && has_alias
    {
        revive(shared, id).await;
    }
    Ok(Taken::Kept(received, answer))
}

/// Stores an event. If there is room, it is claimed with the same write when its app has no earlier one, and handed
/// over at once. A large event is not, as it could wait in memory for its handlers.
async fn store(shared: &Arc<Shared>, new: NewEvent, is_small: bool) -> Result<Received> {
    let room = shared.room().filter(|_| is_small && !shared.stopping.load(Ordering::Acquire));
    let Some((room, place)) = room.and_then(|room| room.reserve().map(|place| (room, place))) else {
        let _wake = WakeOnDrop(shared);
        return shared.store.receive(&new).await;
    };
    let shared = Arc::clone(shared);
    let stored = async move {
        let now = shared.clock.now();
        let arrived = shared.store.receive_and_claim(new, &shared.owner, now, shared.retry.lease).await;
        match arrived {
            Ok(Arrived::Claimed(claim)) => {
                let id = claim.entry.id;
                tokio::spawn(hand_over_received(shared, room, place, *claim, now));
                Ok(Received::New(id))
            }
            Ok(Arrived::Waiting(id)) => Ok(Received::New(id)),
            Ok(Arrived::Duplicate(id)) => Ok(Received::Duplicate(id)),
            Ok(Arrived::Unclaimed(id)) => {
                shared.arrived.notify_one();
                Ok(Received::New(id))
            }
            // It may be stored all the same.
            Err(error) => {
                shared.arrived.notify_one();
                Err(error)
            }
        }
    };
    ToTheEnd(Some(Box::pin(stored))).await
}

/// Goes on with some work when its caller is dropped, such as when the vendor closes the connection before the
/// response: an event that was claimed must not be lost before it is delivered.
struct ToTheEnd<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // Not put back if it panics: there is nothing to go on with then.
        let Some(mut work) = self.0.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.0 = Some(work);
        }
        polled
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(work);
        }
    }
}

/// Returns the response to a push once it is stored.
fn answer_to(platform: &CallbackPlatform, event: &Event<'_>, now: Timestamp) -> Answer {
    let protocol = platform.protocol();
    match protocol.reply(event, now) {
        None => protocol.acknowledgement(),
        Some(Ok(reply)) => reply,
        Some(Err(error)) => {
            tracing::error!(%error, "the reply cannot be made; the push is acknowledged without it");
            protocol.acknowledgement()
        }
    }
}

/// Replays a dead letter that failed because its app was not known, now that it is known.
async fn revive(shared: &Shared, id: i64) {
    let revived = async {
        let entry = shared.store.entry(id).await?.and_then(Listed::readable);
        if entry.is_some_and(|entry| entry.state == InboxState::Dead && !entry.bound) {
            shared.store.replay(id, shared.clock.now()).await?;
            shared.arrived.notify_one();
        }
        Ok(())
    };
    let revived: Result<()> = revived.await;
    match revived {
        Ok(()) => {}
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::Conflict => {}
        Err(error) => tracing::warn!(id, %error, "the event stays a dead letter: its app is known now"),
    }
}

/// Wakes the dispatcher however this ends: a committed event has to be handled, even if the vendor closed the
/// connection before the response.
struct WakeOnDrop<'s>(&'s Shared);

impl Drop for WakeOnDrop<'_> {
    fn drop(&mut self) {
        self.0.arrived.notify_one();
    }
}

/// Returns the ticket of a ticket event. Without its creation time it could not be determined which of two
/// tickets is newer.
fn ticket_of(event: &Event<'_>, received_at: Timestamp) -> Result<Ticket, Refusal> {
    match (&event.credential, event.occurred_at) {
        (Some(EventCredential::Ticket(ticket)), Some(created_at))
            if !ticket.is_empty() && created_at <= received_at.after(TICKET_AHEAD) =>
        {
            Ok(Ticket::new(ticket.clone(), created_at, received_at))
        }
        _ => Err(Refusal::Decoder(CallbackCheck::Message)),
    }
}

const fn kept(received: Received) -> Outcome {
    match received {
        Received::Duplicate(_) => Outcome::Duplicate,
        _ => Outcome::Received,
    }
}
