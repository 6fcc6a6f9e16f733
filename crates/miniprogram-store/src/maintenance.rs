//! Looking after a store: check, export, key rotation.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use miniprogram_core::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// Looks after a store.
#[async_trait]
pub trait Maintenance: Debug + Send + Sync + 'static {
    /// Reads everything that is kept, and reports what is wrong with it.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if the database itself cannot be read.
    async fn check(&self, now: Timestamp) -> Result<CheckReport>;

    /// Whether the store that was opened is still the one in its place: a file that was replaced, moved or deleted, or
    /// a database that was made anew, is not. Cheap; a file's writes look by themselves before and after each commit.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if that cannot be found out now.
    async fn verify(&self) -> Result<bool>;

    /// Hands every record over as a JSON object: tickets, tokens, intents, events, by id. Secrets are left out, and
    /// so is what may hold some: the arguments of effects and the payloads of events. No key is needed: the store may be
    /// opened with [`StoreKeys::without_secrets`](crate::StoreKeys::without_secrets).
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), and whatever `write` answers: it ends the export.
    async fn export(
        &self,
        now: Timestamp,
        write: &mut (dyn for<'a> FnMut(&'a Value) -> Result<()> + Send),
    ) -> Result<()>;

    /// Seals every value with the current key: key rotation, and the first sealing of a store that had no key. May
    /// run beside other work, if everybody else seals with this key already: who still seals with another one is refused
    /// from now on. Afterwards the other keys are retired. Answers how many values were rewritten.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), for a value whose key is not given too; what was rewritten until
    /// then stays.
    async fn reseal(&self) -> Result<u64>;

    /// Sets right or gives up what [`check`](Self::check) names, row by row, and hands each over with what is lost by it.
    /// What lacks only its key is left alone. May run beside other work.
    ///
    /// - A ticket is dropped: the next push brings another.
    /// - Of a token the damaged parts are dropped. Without a refresh token it is
    ///   [`NeedsRecovery`](crate::GrantState::NeedsRecovery).
    /// - An open effect stays open without its arguments, for a person to close.
    /// - A pending event becomes a dead letter.
    /// - An app whose next event is written down wrongly gets it anew.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), and whatever `each` answers: it ends the repair. What was done until
    /// then stays.
    async fn repair(
        &self,
        options: &RepairOptions,
        now: Timestamp,
        each: &mut (dyn for<'a> FnMut(&'a Repaired) -> Result<()> + Send),
    ) -> Result<()>;

    /// Finishes what was begun and gives the store back, so that another process can open it. Later calls fail.
    async fn close(&self);
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    /// The version of the schema: the number of its last migration.
    pub schema_version: i64,
    /// What is wrong with the structure, as far as that can be seen, and which rows do not fit together.
    pub problems: Vec<String>,
    /// How many rows each table has.
    pub rows: BTreeMap<&'static str, u64>,
    /// How many intents are open: unknown outcomes, or effects under way.
    pub open_intents: u64,
    /// How many leases ran out without being given back: renewals that somebody did not live to finish.
    pub expired_leases: u64,
    /// How many values are sealed, by the id of their key.
    pub sealed_with: BTreeMap<String, u64>,
    /// The keys of the store, by their ids. A key that is retired is not needed any more.
    pub keys: BTreeMap<String, KeyState>,
    /// How many values are stored open.
    pub open_values: u64,
    /// The values that cannot be read.
    pub unreadable: Vec<UnreadableValue>,
}

impl CheckReport {
    /// Whether everything can be read.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.problems.is_empty() && self.unreadable.is_empty()
    }
}

/// What a key of a store is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyState {
    /// It seals. During a rotation there may be several.
    Active,
    /// It seals no more; what it sealed is being sealed anew.
    Replaced,
    /// It seals no more, and nothing that it sealed is left.
    Retired,
}

impl KeyState {
    /// The name that is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Replaced => "replaced",
            Self::Retired => "retired",
        }
    }
}

/// How a store is repaired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairOptions {
    /// Nothing is written: what would be done is told.
    pub dry_run: bool,
    /// Rows that have nothing left to give are deleted: dead and done events, and rows of which not even their place can
    /// be read.
    pub drop: bool,
}

impl RepairOptions {
    /// Nothing is written.
    #[must_use]
    pub const fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Rows that have nothing left to give are deleted.
    #[must_use]
    pub const fn with_drop(mut self, drop: bool) -> Self {
        self.drop = drop;
        self
    }
}

/// What was done about a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repaired {
    /// Its table.
    pub table: &'static str,
    /// Its id.
    pub id: i64,
    /// The column that cannot be read; none where several rows do not fit together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// Its vendor, as far as that is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its platform.
    #[serde(rename = "platform_id", skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Its app.
    #[serde(rename = "app_id", skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// What was done.
    pub action: RepairAction,
    /// What is lost by that, and what to do next.
    pub lost: &'static str,
    /// Why it cannot be read.
    pub reason: String,
}

/// What a repair does about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepairAction {
    /// The value, or the row, is gone.
    Dropped,
    /// The token has to be recovered.
    NeedsRecovery,
    /// The event became a dead letter.
    Dead,
    /// The effect stays open, without its arguments.
    StaysOpen,
    /// The app's next event was found anew.
    FoundAnew,
    /// It was left as it is.
    Left,
}

impl RepairAction {
    /// The machine name, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::NeedsRecovery => "needs_recovery",
            Self::Dead => "dead",
            Self::StaysOpen => "stays_open",
            Self::FoundAnew => "found_anew",
            Self::Left => "left",
        }
    }
}

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableValue {
    /// Its table.
    pub table: &'static str,
    /// The row's id.
    pub id: i64,
    /// Its column.
    pub column: &'static str,
    /// Why.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}
