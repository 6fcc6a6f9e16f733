//! Fleet rollouts: the state of every app, the evidence for it, and who drives.
//!
//! The store knows the shape of a rollout and none of its rules. Plans, states, ledger entries and signals are texts of
//! whoever writes them; they are sealed, because they may contain what a merchant's extension contains.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
#[cfg(doc)]
use miniprogram_core::ErrorKind;
use miniprogram_core::{AppId, Result, Secret, Timestamp, Vendor};
use serde::{Deserialize, Serialize};

/// The longest time for which a rollout may be held without a renewal: 10 minutes.
pub const LONGEST_DRIVE: Duration = Duration::from_secs(600);

/// The id that a store gave a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RolloutId(pub(crate) i64);

impl RolloutId {
    /// Creates an id from its number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Text that is sealed in the store: a plan, a state, an entry of the ledger. `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedText(Secret);

impl SealedText {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Returns the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedText({} bytes)", self.expose().len())
    }
}

/// A rollout to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewRollout {
    /// Its name, unique in the store: 1 to 100 characters.
    pub name: String,
    /// The digest of the plan.
    pub plan_hash: String,
    /// The plan, which never changes.
    pub plan: SealedText,
    /// What is decided about the rollout as a whole.
    pub control: SealedText,
    /// How many apps it has; each of them is added before the rollout can be driven.
    pub apps: u64,
}

impl NewRollout {
    /// Creates a rollout of no app.
    #[must_use]
    pub fn new(name: impl Into<String>, plan_hash: impl Into<String>, plan: SealedText) -> Self {
        Self { name: name.into(), plan_hash: plan_hash.into(), plan, control: SealedText::new("{}"), apps: 0 }
    }

    /// Sets what is decided about the rollout as a whole.
    #[must_use]
    pub fn with_control(mut self, control: SealedText) -> Self {
        self.control = control;
        self
    }

    /// Sets how many apps it has.
    #[must_use]
    pub const fn with_apps(mut self, apps: u64) -> Self {
        self.apps = apps;
        self
    }
}

/// An app to be added to a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewRolloutApp {
    /// The app's vendor.
    pub vendor: Vendor,
    /// The app.
    pub app: AppId,
    /// Its wave, from 0.
    pub wave: u32,
    /// Its priority: higher ones come first.
    pub priority: i64,
    /// Where it is.
    pub progress: Progress,
}

impl NewRolloutApp {
    /// Creates an app of the first wave with priority 0.
    #[must_use]
    pub const fn new(vendor: Vendor, app: AppId, progress: Progress) -> Self {
        Self { vendor, app, wave: 0, priority: 0, progress }
    }

    /// Sets its wave and its priority.
    #[must_use]
    pub const fn with_place(mut self, wave: u32, priority: i64) -> Self {
        self.wave = wave;
        self.priority = priority;
        self
    }
}

/// Where an app is in its rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The name of its phase, by which apps are counted: 1 to 63 characters of `a-z`, `0-9` and `_`.
    pub phase: String,
    /// The state, in the form of whoever writes it.
    pub state: SealedText,
    /// When there is something to do; none while it waits for somebody else.
    pub due_at: Option<Timestamp>,
    /// Whether nothing more happens to it unless a person asks for it.
    pub ended: bool,
}

impl Progress {
    /// Creates a place in a rollout where nothing is due.
    #[must_use]
    pub fn new(phase: impl Into<String>, state: SealedText) -> Self {
        Self { phase: phase.into(), state, due_at: None, ended: false }
    }

    /// Sets when there is something to do.
    #[must_use]
    pub const fn due_at(mut self, due_at: Option<Timestamp>) -> Self {
        self.due_at = due_at;
        self
    }

    /// Sets whether it has ended.
    #[must_use]
    pub const fn with_ended(mut self, ended: bool) -> Self {
        self.ended = ended;
        self
    }
}

/// A rollout, without its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutRecord {
    /// Its id.
    pub id: RolloutId,
    /// Its name.
    pub name: String,
    /// The digest of the plan.
    pub plan_hash: String,
    /// What is decided about it as a whole.
    pub control: SealedText,
    /// The version of `control`, which grows with every change of it.
    pub version: i64,
    /// How many apps it has.
    pub apps: u64,
    /// Whether every app has its row. A rollout without all of its rows cannot be driven.
    pub complete: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When `control` last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Who drives it, until when.
    pub driver: Option<(String, Timestamp)>,
}

/// An app of a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutApp {
    /// The id of its row: apps are listed in the order of it.
    pub id: i64,
    /// The app's vendor.
    pub vendor: Vendor,
    /// The app.
    pub app: AppId,
    /// Its wave, from 0.
    pub wave: u32,
    /// Its priority.
    pub priority: i64,
    /// Where it is.
    pub progress: Progress,
    /// The version of its row, which grows with every step.
    pub version: i64,
}

/// An app's row that cannot be read: it is set aside, and all others go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableApp {
    /// The id of its row.
    pub id: i64,
    /// The app's vendor, if that is readable.
    pub vendor: Option<String>,
    /// The app, if that is readable.
    pub app: Option<String>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only the key is missing.
    pub lacks_key: bool,
}

impl UnreadableApp {
    /// Creates it for a row whose state nobody can read.
    #[must_use]
    pub fn new(id: i64, vendor: Vendor, app: &AppId, reason: impl Into<String>) -> Self {
        let (vendor, app) = (Some(vendor.to_string()), Some(app.to_string()));
        Self { id, vendor, app, reason: reason.into(), lacks_key: false }
    }
}

/// A page of apps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutPage {
    /// The apps.
    pub apps: Vec<RolloutApp>,
    /// The rows among them that cannot be read.
    pub unreadable: Vec<UnreadableApp>,
    /// The id to continue after; none after the last page.
    pub next: Option<i64>,
}

/// A filter of the apps to list, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutFilter {
    /// Only apps of this vendor.
    pub vendor: Option<Vendor>,
    /// Only apps of this wave.
    pub wave: Option<u32>,
    /// Only apps in this phase.
    pub phase: Option<String>,
    /// Only this app, at every vendor.
    pub app: Option<AppId>,
    /// Only apps after this id: the `next` of the previous page.
    pub after: i64,
    /// The maximum number of apps.
    pub limit: u32,
}

impl RolloutFilter {
    /// Creates a filter for the first apps of all.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { vendor: None, wave: None, phase: None, app: None, after: 0, limit }
    }

    /// Restricts it to a vendor.
    #[must_use]
    pub const fn of_vendor(mut self, vendor: Option<Vendor>) -> Self {
        self.vendor = vendor;
        self
    }

    /// Restricts it to a wave.
    #[must_use]
    pub const fn of_wave(mut self, wave: Option<u32>) -> Self {
        self.wave = wave;
        self
    }

    /// Restricts it to a phase.
    #[must_use]
    pub fn in_phase(mut self, phase: Option<String>) -> Self {
        self.phase = phase;
        self
    }

    /// Restricts it to an app.
    #[must_use]
    pub fn of_app(mut self, app: Option<AppId>) -> Self {
        self.app = app;
        self
    }

    /// Continues after an id.
    #[must_use]
    pub const fn after(mut self, id: i64) -> Self {
        self.after = id;
        self
    }
}

/// How many apps of a wave and a vendor are in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PhaseCount {
    /// The wave, from 0.
    pub wave: u32,
    /// The vendor.
    pub vendor: Vendor,
    /// The phase.
    pub phase: String,
    /// How many apps.
    pub apps: u64,
}

/// An app that has not ended in another rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElsewhereApp {
    /// The app.
    pub app: AppId,
    /// The other rollout.
    pub rollout: RolloutId,
    /// The phase there.
    pub phase: String,
    /// Until when a process drives the other rollout, unless it renews; `None` if none does.
    pub driven_until: Option<Timestamp>,
}

/// The right to drive a rollout. Every write of the driver proves that no other process has taken it over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drive {
    /// The rollout.
    pub rollout: RolloutId,
    /// The fencing number: every later driver has a greater one.
    pub fence: i64,
    /// Until when it is held.
    pub until: Timestamp,
}

/// The result of asking to drive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driving {
    /// The right to drive.
    Granted(Drive),
    /// Another process drives.
    Held {
        /// Its name.
        owner: String,
        /// Until when, unless it renews.
        until: Timestamp,
    },
}

/// One step of an app: compare-and-set, and the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppStep {
    /// The id of its row.
    pub id: i64,
    /// The version of the row that the step was decided on.
    pub version: i64,
    /// Where it is afterwards.
    pub progress: Progress,
    /// What is added to its ledger.
    pub entries: Vec<NewEntry>,
}

impl AppStep {
    /// Creates a step of an app as it was read.
    #[must_use]
    pub const fn of(app: &RolloutApp, progress: Progress, entries: Vec<NewEntry>) -> Self {
        Self { id: app.id, version: app.version, progress, entries }
    }
}

/// A change of what is decided about a rollout as a whole: compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControlStep {
    /// The version that it was decided on.
    pub version: i64,
    /// What is decided from now on.
    pub control: SealedText,
    /// Whether the rollout has ended.
    pub ended: bool,
    /// What is added to the ledger of the rollout as a whole.
    pub entries: Vec<NewEntry>,
}

impl ControlStep {
    /// Creates a change of a rollout as it was read.
    #[must_use]
    pub const fn of(rollout: &RolloutRecord, control: SealedText, entries: Vec<NewEntry>) -> Self {
        Self { version: rollout.version, control, ended: false, entries }
    }

    /// Sets whether the rollout has ended.
    #[must_use]
    pub const fn with_ended(mut self, ended: bool) -> Self {
        self.ended = ended;
        self
    }
}

/// Everything that a driver writes at once: all of it, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steps {
    /// Steps of apps.
    pub apps: Vec<AppStep>,
    /// A change of the rollout as a whole.
    pub control: Option<ControlStep>,
    /// Signals that have been acted on.
    pub signals: Vec<i64>,
}

impl Steps {
    /// Returns whether there is nothing to write.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.control.is_none() && self.signals.is_empty()
    }
}

/// An entry to be added to a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewEntry {
    /// When it happened.
    pub at: Timestamp,
    /// The kind: 1 to 63 characters of `a-z`, `0-9` and `_`.
    pub kind: String,
    /// The entry, in the form of whoever writes it.
    pub entry: SealedText,
}

impl NewEntry {
    /// Creates an entry.
    #[must_use]
    pub fn new(at: Timestamp, kind: impl Into<String>, entry: SealedText) -> Self {
        Self { at, kind: kind.into(), entry }
    }
}

/// An entry of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerEntry {
    /// Its id in the store: the order of writing, across all apps.
    pub id: i64,
    /// The app; none for an entry of the rollout as a whole.
    pub app: Option<(Vendor, AppId)>,
    /// Its number among the entries of its app, from 1 without gaps.
    pub seq: i64,
    /// The entry.
    pub entry: NewEntry,
}

/// An entry of a ledger that cannot be read: it is set aside, and all others are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableEntry {
    /// Its id in the store.
    pub id: i64,
    /// The app's vendor, if that is readable.
    pub vendor: Option<String>,
    /// The app, if that is readable.
    pub app: Option<String>,
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only the key is missing.
    pub lacks_key: bool,
}

/// A page of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerPage {
    /// The entries.
    pub entries: Vec<LedgerEntry>,
    /// The entries among them that cannot be read.
    pub unreadable: Vec<UnreadableEntry>,
    /// The id to continue after; none after the last page.
    pub next: Option<i64>,
}

/// What another process wants of a rollout, or of one of its apps.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signal {
    /// Its id: signals are acted on in the order of it.
    pub id: i64,
    /// The app; none for the rollout as a whole.
    pub app: Option<(Vendor, AppId)>,
    /// When it was sent.
    pub at: Timestamp,
    /// What is wanted, in the form of whoever writes it.
    pub signal: SealedText,
}

/// The durable state of rollouts.
#[async_trait]
pub trait RolloutStore: Debug + Send + Sync + 'static {
    /// Creates a rollout without apps. Repeating it with the same name and plan returns the same rollout, so that an
    /// interrupted start continues.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if there is a rollout of that name with another plan;
    /// [`Store`](ErrorKind::Store).
    async fn create_rollout(&self, new: &NewRollout, now: Timestamp) -> Result<RolloutId>;

    /// Adds apps; those that it already has are left as they are. Once all of them are there, the rollout is complete.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if there is no such rollout, or it would get more apps than it was to have;
    /// [`Store`](ErrorKind::Store).
    async fn add_rollout_apps(&self, rollout: RolloutId, apps: Vec<NewRolloutApp>) -> Result<()>;

    /// Finds a rollout by its name.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store), also if it cannot be read.
    async fn rollout(&self, name: &str) -> Result<Option<RolloutRecord>>;

    /// Lists the rollouts, newest first.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store), also if one cannot be read.
    async fn rollouts(&self, limit: u32) -> Result<Vec<RolloutRecord>>;

    /// Returns the plan of a rollout.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store), also if it cannot be read.
    async fn rollout_plan(&self, rollout: RolloutId) -> Result<Option<SealedText>>;

    /// Asks to drive a rollout, or to go on driving it: `held` is what was granted before. At most
    /// [`LONGEST_DRIVE`] at a time.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if there is no such rollout, or it is not complete, or `held` has been taken
    /// over; [`Store`](ErrorKind::Store).
    async fn drive_rollout(
        &self,
        rollout: RolloutId,
        owner: &str,
        held: Option<&Drive>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Driving>;

    /// Gives the right to drive back. Does nothing if another process has it.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn leave_rollout(&self, drive: &Drive) -> Result<()>;

    /// Writes steps: all of them, or nothing.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if another process has taken the rollout over, or a row is no longer the one
    /// that a step was decided on; nothing is written then. [`Store`](ErrorKind::Store).
    async fn commit_steps(&self, drive: &Drive, steps: Steps, now: Timestamp) -> Result<()>;

    /// Lists apps of a vendor that are due, the highest priority first, then the earliest.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn due_apps(
        &self,
        rollout: RolloutId,
        vendor: Vendor,
        now: Timestamp,
        limit: u32,
    ) -> Result<RolloutPage>;

    /// Returns the earliest time later than `after` at which an app of a rollout is due; `None` if there is none.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn next_due_app(&self, rollout: RolloutId, after: Timestamp) -> Result<Option<Timestamp>>;

    /// Lists apps.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn rollout_apps(&self, rollout: RolloutId, filter: &RolloutFilter) -> Result<RolloutPage>;

    /// Finds out which of these apps have not ended in a rollout that is older than this one.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn apps_of_older_rollouts(
        &self,
        rollout: RolloutId,
        vendor: Vendor,
        apps: Vec<AppId>,
    ) -> Result<Vec<ElsewhereApp>>;

    /// Counts the apps by wave, vendor and phase.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn count_phases(&self, rollout: RolloutId) -> Result<Vec<PhaseCount>>;

    /// Lists the ledger of an app, or of everything, in the order of writing, after an id.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store), also if an entry cannot be read.
    async fn ledger(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>>;

    /// Lists a ledger like [`ledger`](Self::ledger), and sets the entries aside that cannot be read.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn ledger_page(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        after: i64,
        limit: u32,
    ) -> Result<LedgerPage>;

    /// Tells the driver of a rollout something, about the whole or about one app.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if there is no such rollout, or it has no such app;
    /// [`Store`](ErrorKind::Store).
    async fn signal_rollout(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        signal: SealedText,
        now: Timestamp,
    ) -> Result<()>;

    /// Tells the drivers of every rollout in which an app has not ended something about it; returns how many there
    /// are.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn signal_app(
        &self,
        vendor: Vendor,
        app: &AppId,
        signal: SealedText,
        now: Timestamp,
    ) -> Result<u64>;

    /// Lists the signals of a rollout that have not been acted on, oldest first.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store), also if one cannot be read.
    async fn signals(&self, rollout: RolloutId, limit: u32) -> Result<Vec<Signal>>;

    /// Deletes the rollouts that ended before the given time, with their apps and ledgers; returns how many there were.
    /// One that a process drives or that has signals is kept. The deletion is done in parts, between which other writes
    /// proceed; if it is interrupted, the next one continues.
    ///
    /// # Errors
    /// [`Store`](ErrorKind::Store).
    async fn prune_rollouts(&self, ended_before: Timestamp) -> Result<u64>;
}
