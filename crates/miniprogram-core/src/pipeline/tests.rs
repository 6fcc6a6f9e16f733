//! The pipeline against a scripted vendor.

mod calls;
mod fields;
mod journal;
mod reading;
mod repeats;
mod sending;
mod settling;
mod telemetry;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::*;
use crate::clock::VirtualClock;
use crate::codes::CodeRow;
use crate::command::Command;
use crate::command::EffectValue;
use crate::effect::Effect;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::error_kind::{ErrorKind, Retry};
use crate::id::AppId;
use crate::id::SubjectId;
use crate::intent::Intent;
use crate::journal::MemoryJournal;
use crate::outcome::Outcome;
use crate::status::VisitStatus;
use crate::time::Timestamp;
use crate::token::{AccessToken, StaticToken};
use crate::transport::{Place, Request, Response, TransportError};

static READ: Endpoint = Endpoint::get("read", "/read");
static STATE: Endpoint = Endpoint::get("state", "/a");
static EFFECT: Endpoint = Endpoint::get("effect", "/effect");
static CHANGE: Endpoint = Endpoint::post("change", "/a");

const ACME: Vendor = Vendor::new("acme");
const SETTLE: Duration = Duration::from_secs(6);
/// The pause between two probes: a third of the settle time, rounded up.
const LOOK_PAUSE: Duration = Duration::from_millis(2001);
const START: Timestamp = Timestamp::from_unix(1000);

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Done,
    /// Done, after some milliseconds.
    DoneAfter(u64),
    /// A success with this HTTP status.
    Status(u16),
    /// Refused with a code; see [`ROWS`].
    Code(i64),
    /// Refused with a code, to be retried after some seconds.
    CodeWait(i64, u64),
    /// Refused with a code, after some milliseconds.
    CodeAfter(i64, u64),
    /// 429, to be retried after some seconds.
    Wait(u64),
    /// The connection breaks.
    Lost,
    /// The vendor never responds.
    Hung,
    /// The connection cannot be opened.
    Unreachable,
    /// The request cannot be built.
    Unbuildable,
    /// The response exceeds the limit of the transport.
    TooLarge,
}

/// Code 1, which refuses the request permanently.
const REFUSED: Answer = Answer::Code(1);
/// Code 2, which states that nothing was done and that the request may be retried.
const BUSY: Answer = Answer::Code(2);
/// Code 4, which refuses the token.
const STALE: Answer = Answer::Code(4);
/// 429, to be retried in a day.
const TOMORROW: Answer = Answer::Wait(86400);

static ROWS: [CodeRow; 5] = [
    CodeRow::new(1, ErrorKind::Conflict, "refused"),
    CodeRow::new(2, ErrorKind::RateLimited, "busy"),
    CodeRow::new(3, ErrorKind::RateLimited, "busy for three seconds").wait(Duration::from_secs(3)),
    CodeRow::new(4, ErrorKind::TokenRejected, "the token is refused"),
    CodeRow::new(5, ErrorKind::TokenRejected, "perhaps the token is refused").open(),
];

/// The result of a probe of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Done,
    Absent,
    Pending,
    Unknowable,
    Untold,
    /// Someone else changed the state first.
    Conflict,
    /// Someone else changed the state, perhaps after the effect.
    Overtaken,
    /// Reads `/read`, and shows nothing.
    Read,
    /// Reads `/read`, and shows an effect in progress.
    ReadPending,
}

/// What the refusal of a repeat reveals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Ask,
    Done,
    DoneUnlessShown,
}

/// Whether a command repeats the previous one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Same,
    New,
    Indeterminate,
    /// The state cannot be read.
    Unread,
}

/// A scripted vendor; the last response is repeated.
#[derive(Debug, Clone)]
struct Acme(Arc<Mutex<Script>>, VirtualClock);

#[derive(Debug)]
struct Script {
    effects: VecDeque<Answer>,
    reads: VecDeque<Answer>,
    looks: VecDeque<Look>,
    class: EffectClass,
    refusal: Refusal,
    repeats: Repeats,
    /// The error of the plan before anything is sent.
    before: Option<Error>,
    /// The error of the plan when it builds the request.
    request: Option<Error>,
    /// The requests of effects, with the time each was sent.
    sent: Vec<(Duration, Request)>,
    /// The requests of reads.
    read: Vec<(Duration, Request)>,
    /// When each probe began.
    looked: Vec<Duration>,
}

fn next<T: Copy>(script: &mut VecDeque<T>) -> T {
    if script.len() > 1 { script.pop_front() } else { script.front().copied() }.unwrap()
}

impl Acme {
    fn new(effects: &[Answer], looks: &[Look]) -> Self {
        let script = Script {
            effects: effects.iter().copied().collect(),
            reads: VecDeque::new(),
            looks: looks.iter().copied().collect(),
            class: EffectClass::Guarded,
            refusal: Refusal::Ask,
            repeats: Repeats::Same,
            before: None,
            request: None,
            sent: Vec::new(),
            read: Vec::new(),
            looked: Vec::new(),
        };
        Self(Arc::new(Mutex::new(script)), VirtualClock::new(START))
    }

    /// Creates a vendor that is only read.
    fn reading(reads: &[Answer]) -> Self {
        Self::new(&[], &[]).with_reads(reads)
    }

    fn with_reads(self, reads: &[Answer]) -> Self {
        self.script().reads = reads.iter().copied().collect();
        self
    }

    fn of_class(self, class: EffectClass) -> Self {
        self.script().class = class;
        self
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap()
    }

    /// Replaces the remaining script.
    fn expect(&self, effects: &[Answer], looks: &[Look]) {
        let mut script = self.script();
        script.effects = effects.iter().copied().collect();
        script.looks = looks.iter().copied().collect();
    }

    /// Returns how many requests of effects were sent, and how many probes were made.
    fn counts(&self) -> (usize, usize) {
        let script = self.script();
        (script.sent.len(), script.looked.len())
    }

    /// Returns when the requests of effects were sent.
    fn sent_at(&self) -> Vec<Duration> {
        self.script().sent.iter().map(|(at, _)| *at).collect()
    }

    /// Returns how much time has passed.
    fn elapsed(&self) -> Duration {
        self.1.now().since(START)
    }

    fn config(&self) -> ClientConfig {
        let token = StaticToken::new(ACME, "1", AccessToken::new("t").unwrap());
        ClientConfig::new("platform", Arc::new(token))
            .with_transport(Arc::new(self.clone()))
            .with_clock(Arc::new(self.1.clone()))
            .with_settle_time(SETTLE)
            .with_seed(1)
    }

    fn pipeline(&self) -> Pipeline {
        pipeline(self.config())
    }
}

fn pipeline(config: ClientConfig) -> Pipeline {
    Pipeline::new(config, Plain).unwrap()
}

fn app() -> AppId {
    AppId::from("1")
}

/// Returns the command that [`run`] performs.
fn command() -> Command {
    Command::SetVisitStatus { status: VisitStatus::Open }
}

/// Returns a command of someone else.
fn other_command() -> Command {
    Command::SetMinLibraryVersion { version: "2".to_owned() }
}

/// Returns an intent of the app that began some time ago.
fn begun(command: Command, ago: Duration) -> Intent {
    let at = START.as_unix_millis() - i64::try_from(ago.as_millis()).unwrap();
    Intent::new(ACME, app(), command, Value::Null, Timestamp::from_unix_millis(at))
}

async fn run(pipeline: &Pipeline, acme: &Acme) -> Result<Effect<EffectValue>> {
    pipeline.effect(&app(), acme, command()).await
}

async fn run_other(pipeline: &Pipeline, acme: &Acme) -> Result<Effect<EffectValue>> {
    pipeline.effect(&app(), acme, other_command()).await
}

async fn outcome(pipeline: &Pipeline, acme: &Acme) -> Outcome {
    match run(pipeline, acme).await {
        Ok(_) => Outcome::Done,
        Err(error) => error.outcome(),
    }
}

#[async_trait]
impl Transport for Acme {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let answer = {
            let now = self.elapsed();
            let mut script = self.script();
            if request.path == "/read" {
                script.read.push((now, request));
                next(&mut script.reads)
            } else {
                script.sent.push((now, request));
                next(&mut script.effects)
            }
        };
        if let Answer::DoneAfter(millis) | Answer::CodeAfter(_, millis) = answer {
            self.1.stall(Some(Duration::from_millis(millis))).await;
        }
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_static("Thu, 01 Jan 1970 01:00:00 GMT"));
        match answer {
            Answer::Done | Answer::DoneAfter(_) => Ok(Response::new(200, headers, "0")),
            Answer::Status(status) => Ok(Response::new(status, headers, "0")),
            Answer::Code(code) | Answer::CodeAfter(code, _) => {
                Ok(Response::new(200, headers, code.to_string()))
            }
            Answer::CodeWait(code, seconds) => {
                headers.insert("retry-after", HeaderValue::from(seconds));
                Ok(Response::new(200, headers, code.to_string()))
            }
            Answer::Wait(seconds) => {
                headers.insert("retry-after", HeaderValue::from(seconds));
                Ok(Response::new(429, headers, "busy"))
            }
            Answer::Lost => Err(TransportError::Cut("lost".into())),
            Answer::Hung => {
                self.1.stall(None).await;
                Err(TransportError::Timeout)
            }
            Answer::Unreachable => Err(TransportError::Connect("unreachable".into())),
            Answer::Unbuildable => Err(TransportError::Build("no such host".into())),
            Answer::TooLarge => Err(TransportError::TooLarge(4)),
        }
    }
}

/// A dialect whose responses are numbers; 0 is a success.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn base_url(&self) -> &'static str {
        "https://acme.example"
    }

    fn settle_time(&self) -> Duration {
        SETTLE
    }

    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, _now: Timestamp) -> Result<()> {
        match token {
            Some(token) => request.add_secret(Place::query("access_token"), token.secret().clone()),
            None => Ok(()),
        }
    }

    fn read(&self, _call: &Call, response: &Response) -> Verdict {
        match std::str::from_utf8(&response.body).unwrap().parse() {
            Ok(0) => Verdict::Success(
                Reply::new(Value::Null, response.body.clone()).with_request_id(Some("r-0".to_owned())),
            ),
            Ok(code) => {
                let row = ROWS.iter().find(|row| row.number == code);
                let refusal = VendorRefusal::new(code.into(), "no".to_owned(), row);
                Verdict::Refused(refusal.with_request_id(Some(format!("r-{code}"))))
            }
            Err(_) => Verdict::NotUnderstood("no number".to_owned()),
        }
    }
}

impl EffectSource for Acme {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        match command {
            Command::CancelGrayRelease => Err(Error::unsupported(ACME, command.operation().as_str())),
            _ => Ok(Box::new(self.clone())),
        }
    }
}

#[async_trait]
impl EffectPlan for Acme {
    fn class(&self) -> EffectClass {
        self.script().class
    }

    async fn before(&self, _op: &mut Op<'_>) -> Result<Value> {
        self.script().before.clone().map_or(Ok(Value::Null), Err)
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        self.script().request.clone().map_or_else(|| Ok(Call::to(&EFFECT)), Err)
    }

    async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        let found = {
            let now = self.elapsed();
            let mut script = self.script();
            script.looked.push(now);
            next(&mut script.looks)
        };
        let conflict = Error::new(ErrorKind::Conflict, "look").with_detail("someone else was there");
        Ok(match found {
            Look::Done => Finding::Done(EffectValue::None),
            Look::Absent => Finding::Absent,
            Look::Pending => Finding::Pending,
            Look::Unknowable => Finding::Unknowable,
            Look::Untold => Finding::Untold("state"),
            Look::Conflict => Finding::Conflict(conflict),
            Look::Overtaken => Finding::Conflict(conflict.with_outcome(Outcome::Unknown)),
            Look::Read | Look::ReadPending => {
                op.read(&Call::to(&READ)).await?;
                if found == Look::Read { Finding::Absent } else { Finding::Pending }
            }
        })
    }

    fn after_refusal(&self, _intent: &Intent, _refusal: &Error) -> AfterRefusal {
        match self.script().refusal {
            Refusal::Ask => AfterRefusal::Ask,
            Refusal::Done => AfterRefusal::Done(EffectValue::None),
            Refusal::DoneUnlessShown => AfterRefusal::DoneUnlessShown(EffectValue::None),
        }
    }

    async fn repeats(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Repeat> {
        match self.script().repeats {
            Repeats::Same => Ok(Repeat::Same),
            Repeats::New => Ok(Repeat::New),
            Repeats::Indeterminate => Ok(Repeat::Indeterminate("`state` is missing".to_owned())),
            Repeats::Unread => Err(Error::new(ErrorKind::Unavailable, "repeats")),
        }
    }
}
