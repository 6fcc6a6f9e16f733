use std::time::Duration;

use serde_json::Map;
use tracing::Instrument as _;

use super::{Call, CallToken, Expect, Pipeline, Reply, VendorRefusal, Verdict};
use crate::clock::{Busy, backoff, within};
use crate::codes::CodeRow;
use crate::error::{Error, Result};
use crate::error_kind::{ErrorKind, Retry};
use crate::id::SubjectRef;
use crate::outcome::Outcome;
use crate::permit::Permit;
use crate::telemetry::Watched;
use crate::time::Timestamp;
use crate::token::{AccessToken, TokenKind, TokenScope};
use crate::transport::{Request, Response, TransportError};

const MAX_JSON: usize = 4 << 20;
const MAX_IMAGE: usize = 8 << 20;
const MAX_FILE: usize = 32 << 20;
const MIN_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// A running operation on one app, or on the platform itself: reads, pauses and attempts that share one deadline.
#[derive(Debug)]
pub struct Op<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) subject: SubjectRef<'a>,
    operation: &'static str,
    /// How many requests of the effect were sent.
    pub(super) sent: u32,
    /// How far the operation's own waits extend its default deadline.
    extra: Duration,
    /// Whether the outcome of an effect is being queried; no deadline cuts this short.
    pub(super) settling: bool,
    /// Whether it is a read of a caller rather than of an effect.
    pub(super) for_caller: bool,
    started_at: Timestamp,
    pub(super) watched: Watched,
    _busy: Busy,
}

impl<'a> Op<'a> {
    pub(super) fn begin(pipeline: &'a Pipeline, subject: SubjectRef<'a>, operation: &'static str) -> Self {
        let busy = pipeline.clock().enter();
        let started_at = pipeline.clock().now();
        let watched = Watched::begin(pipeline.vendor(), pipeline.platform_id(), subject, operation);
        Self {
            pipeline,
            subject,
            operation,
            sent: 0,
            extra: Duration::ZERO,
            settling: false,
            for_caller: false,
            started_at,
            watched,
            _busy: busy,
        }
    }

    /// Marks that the reads are compared, as those of an effect are: an incomplete list is then an error, not an
    /// empty list.
    #[must_use]
    pub fn comparing(mut self) -> Self {
        self.for_caller = false;
        self
    }

    /// Returns the subject that the operation acts on.
    #[must_use]
    pub const fn subject(&self) -> SubjectRef<'a> {
        self.subject
    }

    /// Returns the operation's name.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.pipeline.clock().now()
    }

    /// Creates an error about what the operation's reads returned. It names the vendor, and nothing took effect.
    #[must_use]
    pub fn failure(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation).for_vendor(self.pipeline.vendor()).with_outcome(Outcome::NotDone)
    }

    /// Pauses the operation.
    pub async fn pause(&self, duration: Duration) {
        self.pipeline.clock().sleep(duration).await;
    }

    /// Extends the default deadline for waits that belong to the operation. A configured deadline stays.
    pub fn extend(&mut self, duration: Duration) {
        self.extra = self.extra.saturating_add(duration);
    }

    /// Sends a call that has no effect, and retries it with growing pauses while that makes sense.
    ///
    /// # Errors
    /// The error of the last attempt; its outcome is `not_sent` or `not_done`.
    pub async fn read(&mut self, call: &Call) -> Result<Reply> {
        let mut withdrawal = None;
        let mut attempt = 1;
        loop {
            let (mut sent, span) = (0, self.watched.span.clone());
            let error = match self.attempt(call, attempt, &mut sent).instrument(span).await {
                Ok(mut reply) => {
                    self.pipeline.0.budget.succeeded(withdrawal);
                    reply.if_unreadable = Outcome::NotDone;
                    reply.compared = !self.for_caller;
                    return Ok(reply);
                }
                Err(error) => error,
            };
            // A read has no effect: only its response is unknown.
            let error = match error.outcome() {
                Outcome::Unknown => error.with_outcome(Outcome::NotDone),
                _ => error,
            };
            let again = error.retry() == Retry::Backoff || error.kind() == ErrorKind::Protocol;
            withdrawal = match again.then(|| self.may_repeat(attempt, call, &error)).flatten() {
                Some((pause, withdrawal)) => {
                    tracing::debug!(parent: &self.watched.span, endpoint = call.name(), path = %call.path, attempt, %error, "read again");
                    self.pause(pause).await;
                    Some(withdrawal)
                }
                None => return Err(error.with_operation(self.operation).with_attempts(attempt)),
            };
            attempt += 1;
        }
    }

    /// Sends a call once, whatever it does: for unmodelled endpoints. Retries only if the token was refused.
    ///
    /// # Errors
    /// With outcome `unknown` the call may have taken effect; this never applies to a call that only reads.
    pub async fn send_once(&mut self, call: &Call) -> Result<Reply> {
        let mut sent = 0;
        match self.attempt(call, 1, &mut sent).instrument(self.watched.span.clone()).await {
            Ok(mut reply) => {
                if call.is_read {
                    reply.if_unreadable = Outcome::NotDone;
                }
                Ok(reply)
            }
            Err(error) if call.is_read && error.outcome() == Outcome::Unknown => {
                Err(error.with_outcome(Outcome::NotDone).with_attempts(sent))
            }
            Err(error) => Err(error.with_attempts(sent)),
        }
    }

    /// Returns whether one more attempt is allowed, and after which pause.
    pub(super) fn may_repeat(
        &self,
        attempt: u32,
        call: &Call,
        error: &Error,
    ) -> Option<(Duration, super::budget::Withdrawal)> {
        if attempt >= self.pipeline.0.max_attempts {
            return None;
        }
        let pause = self.backoff(attempt).max(error.retry_after().unwrap_or_default());
        // Settling probes again automatically: it holds the app's gate and must not wait for a long
        // `Retry-After`.
        let too_late =
            if self.settling { pause > MAX_PAUSE } else { self.now().after(pause) > self.deadline(call) };
        if too_late {
            return None;
        }
        let withdrawal = self.pipeline.0.budget.withdraw(error.kind() == ErrorKind::Timeout)?;
        Some((pause, withdrawal))
    }

    /// Returns the time after which no further attempt may begin.
    fn deadline(&self, call: &Call) -> Timestamp {
        let inner = &self.pipeline.0;
        let whole = inner.deadline.unwrap_or_else(|| {
            let attempts = self.timeout(call).saturating_mul(inner.max_attempts);
            attempts.saturating_add(inner.settle_time).saturating_add(self.extra)
        });
        self.started_at.after(whole)
    }

    /// Returns the rest of a configured deadline, which cuts attempts short. The default deadline only prevents
    /// new ones.
    fn time_left(&self) -> Option<Duration> {
        let whole = self.pipeline.0.deadline.filter(|_| !self.settling)?;
        Some(self.started_at.after(whole).since(self.now()))
    }

    pub(super) fn timeout(&self, call: &Call) -> Duration {
        if call.is_upload { self.pipeline.0.upload_timeout } else { self.pipeline.0.timeout }
    }

    /// Returns a pause with full jitter over a doubling span, 0.2 to 10 seconds.
    fn backoff(&self, attempt: u32) -> Duration {
        let span = backoff(attempt, MIN_PAUSE * 4, MAX_PAUSE);
        MIN_PAUSE + span.saturating_sub(MIN_PAUSE).mul_f64(self.pipeline.random())
    }

    /// Sends a call once. A refused token is replaced and the call is sent once more, since a refused call did
    /// nothing.
    pub(super) async fn attempt(&self, call: &Call, attempt: u32, sent: &mut u32) -> Result<Reply> {
        self.attempt_while(call, attempt, sent, None).await
    }

    /// Attempts a call like [`attempt`](Self::attempt), if the permit is held when it is to be sent.
    pub(super) async fn attempt_while(
        &self,
        call: &Call,
        attempt: u32,
        sent: &mut u32,
        permit: Option<Permit<'_>>,
    ) -> Result<Reply> {
        if self.time_left().is_some_and(|left| left.is_zero()) {
            let why = "the deadline of the whole operation has passed";
            return Err(self.error(ErrorKind::Timeout).with_retry(Retry::No).with_detail(why));
        }
        let permitted = || permit.map_or(Ok(()), |permit| self.permitted(permit));
        let kind = match &call.token {
            CallToken::Of(kind) => *kind,
            CallToken::None => {
                permitted()?;
                *sent += 1;
                return self.exchange(call, attempt, None).await;
            }
            CallToken::Given(token) => {
                permitted()?;
                *sent += 1;
                return self.exchange(call, attempt, Some(token)).await;
            }
        };
        let scope = self.scope(kind)?;
        let tokens = &self.pipeline.0.tokens;
        let named = |error: Error| error.with_operation(self.operation);
        // Whatever error fetching a token returns: the call itself was not sent, or was refused.
        let token =
            tokens.token(&scope).await.map_err(|error| named(error).with_outcome(Outcome::NotSent))?;
        permitted()?;
        *sent += 1;
        let error = match self.exchange(call, attempt, Some(&token)).await {
            Err(error) if error.retry() == Retry::AfterRefresh && error.outcome() == Outcome::NotDone => {
                error
            }
            result => return result,
        };
        let refused = |error: Error| named(error).with_outcome(Outcome::NotDone);
        tokens.reject(&scope, &token).await.map_err(refused)?;
        let fresh = tokens.token(&scope).await.map_err(refused)?;
        if fresh == token {
            return Err(error);
        }
        permitted()?;
        *sent += 1;
        self.exchange(call, attempt, Some(&fresh)).await
    }

    /// Returns an error if a permit is no longer held.
    pub(super) fn permitted(&self, permit: Permit<'_>) -> Result<()> {
        if permit.is_held() {
            return Ok(());
        }
        let why = "the permit to perform it has ended";
        Err(self
            .error(ErrorKind::Cancelled)
            .with_retry(Retry::No)
            .with_outcome(Outcome::NotSent)
            .with_detail(why))
    }

    fn scope(&self, kind: TokenKind) -> Result<TokenScope> {
        let (vendor, platform) = (self.pipeline.vendor(), self.pipeline.0.platform_id.clone());
        Ok(match (kind, self.subject) {
            (TokenKind::Authorizer, SubjectRef::App(app)) => {
                TokenScope::authorizer(vendor, platform, app.clone())
            }
            (TokenKind::Authorizer, SubjectRef::Platform(_)) => {
                return Err(self
                    .error(ErrorKind::Config)
                    .with_detail("the call takes an app's token, but it acts on the platform itself"));
            }
            (TokenKind::Platform, _) => TokenScope::platform(vendor, platform),
            (TokenKind::ClientCredentials, _) => TokenScope::client_credentials(vendor, platform),
        })
    }

    async fn exchange(&self, call: &Call, attempt: u32, token: Option<&AccessToken>) -> Result<Reply> {
        let timeout = self.timeout(call).min(self.time_left().unwrap_or(Duration::MAX));
        let mut request = self.request(call, token)?;
        request.timeout = timeout;
        request.max_bytes = match call.expect {
            Expect::Json => MAX_JSON,
            Expect::Image => MAX_IMAGE,
            Expect::Anything => MAX_FILE,
        };
        crate::requests::sent();
        let watched = self.watched.attempt(call.name(), &call.path, attempt);
        let sending = self.pipeline.0.transport.send(request);
        let sending = within(self.pipeline.clock(), timeout, sending).instrument(watched.span.clone());
        let result = match sending.await {
            Some(Ok(response)) => {
                watched.answered_with(response.status);
                self.classify(call, token, &response)
            }
            Some(Err(problem)) => Err(self.not_answered(problem)),
            None => Err(self.not_answered(TransportError::Timeout)),
        };
        watched.ended(result.as_ref().map(|reply| reply.request_id.as_deref()));
        result
    }

    fn request(&self, call: &Call, token: Option<&AccessToken>) -> Result<Request> {
        call.request(&*self.pipeline.0.dialect, token, self.now())
            .map_err(|error| error.with_operation(self.operation))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, self.operation).for_vendor(self.pipeline.vendor())
    }

    fn not_answered(&self, problem: TransportError) -> Error {
        let (kind, outcome) = match &problem {
            TransportError::Connect(_) => (ErrorKind::Unavailable, Outcome::NotSent),
            TransportError::Build(_) => (ErrorKind::Config, Outcome::NotSent),
            TransportError::Timeout => (ErrorKind::Timeout, Outcome::Unknown),
            TransportError::Cut(_) => (ErrorKind::Unavailable, Outcome::Unknown),
            TransportError::TooLarge(_) => (ErrorKind::Protocol, Outcome::Unknown),
        };
        self.error(kind).with_outcome(outcome).with_source(problem)
    }

    fn classify(&self, call: &Call, token: Option<&AccessToken>, response: &Response) -> Result<Reply> {
        let verdict = self.pipeline.0.dialect.read(call, response);
        let status = response.status;
        let why = match verdict {
            Verdict::Refused(refusal) => {
                // Sending consumed the request, so it is created again. A message that cannot be masked is not
                // repeated.
                let refusal = match self.request(call, token) {
                    Ok(request) => refusal.redacted(&request),
                    Err(_) => VendorRefusal { message: String::new(), fields: Map::new(), ..refusal },
                };
                return Err(self.refused(response, refusal));
            }
            Verdict::Success(mut reply) if (200..300).contains(&status) => {
                reply.status = status;
                reply.headers.clone_from(&response.headers);
                reply.date = response.date();
                reply.received_at = self.now();
                reply.operation = self.operation;
                reply.vendor = Some(self.pipeline.vendor());
                return Ok(reply);
            }
            Verdict::Success(_) => "the body does not say why".to_owned(),
            Verdict::NotUnderstood(why) => why,
        };
        let (kind, outcome) = match status {
            429 => (ErrorKind::RateLimited, Outcome::NotDone),
            500..=599 => (ErrorKind::Unavailable, Outcome::Unknown),
            _ => (ErrorKind::Protocol, Outcome::Unknown),
        };
        Err(self
            .error(kind)
            .with_outcome(outcome)
            .with_retry_after(response.retry_after())
            .with_detail(format!("HTTP status {status}: {why}")))
    }

    fn refused(&self, response: &Response, refusal: VendorRefusal) -> Error {
        let row_says = refusal.row.and_then(CodeRow::retry_after);
        refusal
            .into_error(self.pipeline.vendor(), self.operation)
            .with_retry_after(response.retry_after())
            .with_retry_after(row_says)
    }
}
