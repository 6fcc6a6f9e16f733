//! The call pipeline: token → send → read the envelope → classify → settle, or maybe again.
//!
//! A vendor crate provides a [`Dialect`] (how to read a response) and one [`EffectPlan`] per effect (what to read
//! before it, what to send, how to probe afterwards). Everything else is implemented once, here.

mod budget;
mod call;
mod course;
mod effect;
mod fields;
mod gate;
mod op;
mod plan;
mod settle;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use call::{Call, CallToken, Expect, Reply, VendorRefusal, Verdict};
pub use fields::Fields;
pub use op::Op;
pub use plan::{AfterRefusal, EffectClass, EffectPlan, EffectSource, Finding, Preview, Repeat};

use crate::client::ClientConfig;
use crate::clock::Clock;
use crate::command::Command;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::PlatformId;
use crate::id::{SubjectId, SubjectRef};
use crate::journal::Journal;
use crate::planned::PlannedRequest;
use crate::time::Timestamp;
use crate::token::{AccessToken, TokenProvider};
use crate::transport::{Request, Response, Transport};
use crate::vendor::Vendor;

/// How requests to a vendor are authorized and its responses are read.
pub trait Dialect: std::fmt::Debug + Send + Sync + 'static {
    /// Returns the vendor.
    fn vendor(&self) -> Vendor;

    /// Returns the vendor's base URL.
    fn base_url(&self) -> &'static str;

    /// Returns how long an effect may still land after its attempt ended.
    fn settle_time(&self) -> Duration;

    /// Authenticates the caller to the vendor: adds the token as a secret in the place that the vendor expects,
    /// or signs the request, which is final at this point. Called for every attempt, immediately before it is
    /// sent. Also called for requests that are not sent: to plan one, with [`MASK`] for a token, and to find out
    /// what has to be masked in a refusal.
    ///
    /// # Errors
    /// An error fails the attempt before anything is sent.
    ///
    /// [`MASK`]: crate::vendor_api::redact::MASK
    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, now: Timestamp) -> Result<()>;

    /// Reads a response, whatever its HTTP status: vendors report failures with 200, and empty successes with
    /// 502.
    fn read(&self, call: &Call, response: &Response) -> Verdict;
}

/// Runs the calls of one platform. Clones share all state.
#[derive(Debug, Clone)]
pub struct Pipeline(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dialect: Box<dyn Dialect>,
    platform_id: PlatformId,
    tokens: Arc<dyn TokenProvider>,
    transport: Arc<dyn Transport>,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    upload_timeout: Duration,
    deadline: Option<Duration>,
    settle_time: Duration,
    max_attempts: u32,
    budget: budget::RetryBudget,
    gates: gate::Gates,
    random: Mutex<fastrand::Rng>,
}

impl Pipeline {
    /// Creates a pipeline of one platform at the dialect's vendor.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the HTTP transport cannot be set up.
    pub fn new(config: ClientConfig, dialect: impl Dialect) -> Result<Self> {
        let transport = config.transport(dialect.base_url())?;
        Ok(Self(Arc::new(Inner {
            platform_id: config.platform_id,
            tokens: config.tokens,
            transport,
            journal: config.journal,
            clock: config.clock,
            timeout: config.timeout,
            upload_timeout: config.upload_timeout,
            deadline: config.deadline,
            settle_time: config.settle_time.unwrap_or_else(|| dialect.settle_time()),
            max_attempts: config.max_attempts.max(1),
            budget: budget::RetryBudget::default(),
            gates: gate::Gates::default(),
            random: Mutex::new(config.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)),
            dialect: Box::new(dialect),
        })))
    }

    /// Returns the vendor.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.0.dialect.vendor()
    }

    /// Returns the platform's own id.
    #[must_use]
    pub fn platform_id(&self) -> &PlatformId {
        &self.0.platform_id
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Begins a read-only operation on an app, or on the platform itself.
    #[must_use]
    pub fn begin<'a>(&'a self, subject: impl Into<SubjectRef<'a>>, operation: &'static str) -> Op<'a> {
        let mut op = Op::begin(self, subject.into(), operation);
        op.for_caller = true;
        op
    }

    /// Returns the requests that an effect would send, the effect last; secrets are masked. Sends nothing.
    ///
    /// # Errors
    /// The errors that the effect would return before its first request.
    pub fn plan(&self, source: &dyn EffectSource, command: &Command) -> Result<Vec<PlannedRequest>> {
        let preview = self.plan_of(source, command)?.preview();
        preview
            .and_then(|preview| preview.planned(&*self.0.dialect))
            .map_err(|error| self.stamp(error).with_operation(command.operation().as_str()))
    }

    fn plan_of(&self, source: &dyn EffectSource, command: &Command) -> Result<Box<dyn EffectPlan>> {
        source.effect_plan(command).map_err(|error| self.stamp(error))
    }

    /// Names the vendor in an error of an effect's plan.
    fn stamp(&self, error: Error) -> Error {
        error.for_vendor(self.vendor())
    }

    /// What an id names at this platform. An app's id that is the platform's own names the platform: so intents of the
    /// platform were written before there was a [`SubjectId`].
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for another platform.
    pub fn subject(&self, id: &SubjectId) -> Result<SubjectId> {
        let own = self.platform_id();
        match id {
            SubjectId::Platform(platform) if platform != own => Err(Error::new(ErrorKind::Config, "subject")
                .for_vendor(self.vendor())
                .with_field("subject")
                .with_detail(format!("is platform {platform}, and this is platform {own}"))),
            id => Ok(SubjectId::at(own, id.as_str())),
        }
    }

    /// A number from 0 up to 1.
    fn random(&self) -> f64 {
        self.0.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}
