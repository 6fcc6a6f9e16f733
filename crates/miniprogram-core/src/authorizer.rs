//! The base of the managers: one app that has authorized the platform.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::capability::Capabilities;
use crate::error::Result;
use crate::id::AppId;
use crate::intent::{Intent, Settled};
use crate::vendor::Vendor;

/// One app that has authorized the platform, at one vendor.
///
/// The effects of the managers above this trait share one promise: each takes place at most once. An error with
/// [`Outcome::Unknown`](crate::Outcome::Unknown) leaves the effect open, and [`Error::intent`](crate::Error::intent) holds
/// it. To repeat the call is the natural way on:
///
/// - The vendor is asked first. If the effect took place, its result is the result of the repeated call, value included,
///   and nothing is sent; if not, the call is carried out.
/// - Arguments such as "what is approved" may mean another target by then: a call about another target is a new effect.
///   Where that cannot be told, the call is refused as a [`Conflict`](crate::ErrorKind::Conflict) and not sent.
/// - A call of another effect settles the open one first, and tells what became of it:
///   [`Effect::earlier`](crate::Effect::earlier), [`Error::earlier`](crate::Error::earlier).
///
/// This holds within one platform value. Another one, such as that of the next process, knows of an open effect by the
/// [`Journal`](crate::Journal) that they share. Dropping the future of a call is safe: it leaves the effect open.
#[async_trait]
pub trait Authorizer: Debug + Send + Sync + 'static {
    /// The vendor.
    fn vendor(&self) -> Vendor;

    /// The app that every call acts on.
    fn app_id(&self) -> &AppId;

    /// What the vendor can do.
    fn capabilities(&self) -> Capabilities;

    /// Finds out by asking whether an effect with an unknown outcome took place: after a crash, or after an error with
    /// [`Outcome::Unknown`](crate::Outcome::Unknown), whose [`intent`](crate::Error::intent) it takes. Sends no effect.
    ///
    /// It waits up to the vendor's settle time, because a request that timed out may still land.
    ///
    /// Once the outcome is known, the intent is closed in the platform value and in its journal, with what was found
    /// out. The caller closes nothing. To repeat the effect's own call does the same, and returns the effect's result if
    /// it took place.
    ///
    /// # Errors
    /// When the state cannot be read or does not say, with outcome `unknown`; the intent stays open then.
    /// [`Config`](crate::ErrorKind::Config) if the intent is of another app or vendor.
    async fn settle(&self, intent: &Intent) -> Result<Settled>;

    /// Closes an intent in the platform value and in its journal with what a person has found out, without asking the
    /// vendor: the way on where [`settle`](Self::settle) cannot tell, because an open effect bars the app's next one.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the intent is of another app or vendor,
    /// [`Store`](crate::ErrorKind::Store) if the journal cannot be written; the intent stays open then.
    async fn resolve(&self, intent: &Intent, settled: &Settled) -> Result<()>;
}
