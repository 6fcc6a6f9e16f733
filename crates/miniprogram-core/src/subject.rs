//! The subjects of effects: an app, or the platform itself.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::command::{Command, EffectValue};
use crate::effect::Effect;
use crate::error::Result;
use crate::id::SubjectId;
use crate::intent::{Intent, Recorded, Settled};
use crate::permit::Permit;
use crate::planned::PlannedRequest;
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// The subject of effects at a vendor: an app that has authorized the platform, or the platform itself.
///
/// Every effect goes through [`perform`](Self::perform). The methods of the managers, those of
/// [`TemplateLibrary`](crate::TemplateLibrary) and the inherent methods of the vendors' clients build a
/// [`Command`] and call it, so a program that holds commands as data (a queue, a command line, a rollout) has the
/// same guarantee: each effect takes place at most once. An error with
/// [`Outcome::Unknown`](crate::Outcome::Unknown) leaves the effect open, and
/// [`Error::intent`](crate::Error::intent) holds it. Repeating the call is the natural way to continue:
///
/// - The vendor is queried first. If the effect took place, its result, including the value, is the result of the
///   repeated call, and nothing is sent; if not, the call is performed.
/// - The target of arguments such as "what is approved" may have changed by then: a call with another target is a
///   new effect. If that cannot be determined, the call is rejected as a [`Conflict`](crate::ErrorKind::Conflict)
///   and not sent.
/// - A call of another effect settles the open one first, and reports its outcome:
///   [`Effect::earlier`](crate::Effect::earlier), [`Error::earlier`](crate::Error::earlier).
///
/// This holds within one platform value. Another one, such as that of the next process, learns of an open effect
/// through a shared [`Journal`](crate::journal::Journal). Dropping the future of a call is safe at any
/// point, as a timeout around a single call or a web framework does: nothing is sent afterwards, and the effect stays
/// open.
#[async_trait]
pub trait Subject: Debug + Send + Sync + 'static {
    /// Returns the vendor.
    fn vendor(&self) -> Vendor;

    /// Returns the subject that every effect of this value acts on.
    fn id(&self) -> SubjectId;

    /// Returns the requests that an effect would send, the effect last; secrets are masked. Sends nothing.
    ///
    /// # Errors
    /// The errors that [`perform`](Self::perform) would return before its first request.
    fn plan(&self, command: &Command) -> Result<Vec<PlannedRequest>>;

    /// Performs an effect, at most once.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// determined without a request, and the errors of the method that the command represents.
    async fn perform(&self, command: Command) -> Result<Effect<EffectValue>>;

    /// Performs an effect like [`perform`](Self::perform), for as long as a permit is held: it is asked before the
    /// intent is recorded, and again right before each request of the effect is sent. Reads are sent without it.
    ///
    /// A request that was sent while the permit was held may arrive when it no longer is. The intent is open then, so
    /// that whoever holds the permit next settles it first.
    ///
    /// # Errors
    /// [`Cancelled`](crate::ErrorKind::Cancelled) if the permit is no longer held, with what is known of the requests
    /// before; the errors of [`perform`](Self::perform).
    async fn perform_while(&self, command: Command, permit: Permit<'_>) -> Result<Effect<EffectValue>>;

    /// Queries whether an effect with an unknown outcome took place: after a crash, or after an error with
    /// [`Outcome::Unknown`](crate::Outcome::Unknown), using its [`intent`](crate::Error::intent). Sends no
    /// effect.
    ///
    /// It waits up to the vendor's settle time, because a request that timed out may still land.
    ///
    /// Once the outcome is known, the intent is closed with it in the platform value and in its journal. The
    /// caller does not close anything. Repeating the effect's own call does the same, and returns the effect's
    /// result if it took place.
    ///
    /// # Errors
    /// If the state cannot be read or does not reveal the outcome, with outcome `unknown`; the intent stays open
    /// then. [`Config`](crate::ErrorKind::Config) if the intent belongs to another subject or vendor.
    async fn settle(&self, intent: &Intent) -> Result<Settled>;

    /// Closes an intent in the platform value and in its journal with the outcome that a person has determined,
    /// without querying the vendor. Use it if [`settle`](Self::settle) cannot determine the outcome, because an
    /// open effect blocks the subject's next one.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the intent belongs to another subject or vendor,
    /// [`Store`](crate::ErrorKind::Store) if the journal cannot be written; the intent stays open then.
    async fn resolve(&self, intent: &Intent, settled: &Settled) -> Result<()>;

    /// Returns what the journal keeps of a command: an effect of this subject that is open, whichever it is, or else
    /// this very command if its outcome became known at `since` or later. `None` if the command was not sent since
    /// then. Sends nothing.
    ///
    /// [`perform`](Self::perform) settles an effect whose intent is open. Once the intent is closed, the same command
    /// is another effect. A caller that stores the results of effects, and was killed before it stored one, asks here
    /// before it performs the command again.
    ///
    /// # Errors
    /// [`Store`](crate::ErrorKind::Store) if the journal cannot be read.
    async fn recorded(&self, command: &Command, since: Timestamp) -> Result<Option<Recorded>>;
}

/// Implements [`Subject`] for a vendor's handle: each method is the pipeline's, with the handle as its
/// [`EffectSource`](crate::vendor_api::pipeline::EffectSource). The caller's crate depends on `async-trait`.
///
/// Takes the handle's type, then, of a handle, its [`Pipeline`](crate::vendor_api::pipeline::Pipeline) and the id that its effects act
/// on: `subject!(AcmeApp, |app| app.pipeline, &app.app);`.
#[cfg(feature = "client")]
#[macro_export]
macro_rules! subject {
    ($handle:ty, |$this:ident| $pipeline:expr, $id:expr) => {
        #[async_trait::async_trait]
        impl $crate::Subject for $handle {
            fn vendor(&self) -> $crate::Vendor {
                let $this = self;
                $pipeline.vendor()
            }

            fn id(&self) -> $crate::SubjectId {
                let $this = self;
                $crate::SubjectId::from($id)
            }

            fn plan(&self, command: &$crate::Command) -> $crate::Result<Vec<$crate::PlannedRequest>> {
                let $this = self;
                $pipeline.plan(self, command)
            }

            async fn perform(
                &self,
                command: $crate::Command,
            ) -> $crate::Result<$crate::Effect<$crate::EffectValue>> {
                let $this = self;
                $pipeline.effect($id, self, command).await
            }

            async fn perform_while(
                &self,
                command: $crate::Command,
                permit: $crate::Permit<'_>,
            ) -> $crate::Result<$crate::Effect<$crate::EffectValue>> {
                let $this = self;
                $pipeline.effect_while($id, self, command, permit).await
            }

            async fn settle(&self, intent: &$crate::Intent) -> $crate::Result<$crate::Settled> {
                let $this = self;
                $pipeline.settle($id, self, intent).await
            }

            async fn resolve(
                &self,
                intent: &$crate::Intent,
                settled: &$crate::Settled,
            ) -> $crate::Result<()> {
                let $this = self;
                $pipeline.resolve($id, intent, settled).await
            }

            async fn recorded(
                &self,
                command: &$crate::Command,
                since: $crate::Timestamp,
            ) -> $crate::Result<Option<$crate::Recorded>> {
                let $this = self;
                $pipeline.recorded($id, command, since).await
            }
        }
    };
}
