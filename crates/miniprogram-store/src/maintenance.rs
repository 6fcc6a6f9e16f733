//! Maintenance of a store: check, export, key rotation.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use miniprogram_core::{Result, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// Maintains a store.
#[async_trait]
pub trait Maintenance: Debug + Send + Sync + 'static {
    /// Reads all stored data and reports what is wrong with it.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if the database itself cannot be read.
    async fn check(&self, now: Timestamp) -> Result<CheckReport>;

    /// Returns whether the opened store is still the one in its place. It is not if the file was replaced, moved
    /// or deleted, or if the database was recreated. Cheap; writes to a file check this automatically before and
    /// after each commit.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if this cannot be determined now.
    async fn verify(&self) -> Result<bool>;

    /// Returns why the store refuses every write of this process: another process has replaced the key that this one
    /// seals with, or has sealed the store, since this one opened it ([`reseal`](Self::reseal)). Names the keys by
    /// their ids, and says what to do. `None` if writes are accepted, and for a store without keys, the default.
    /// Cheap.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store) if this cannot be determined now.
    async fn replaced_key(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Passes every record to `write` as a JSON object: tickets, tokens, intents, events, by id. Secrets are
    /// omitted, as are values that may contain them: the arguments of effects and the payloads of events. No key
    /// is needed: the store may be opened with [`StoreKeys::without_secrets`](crate::StoreKeys::without_secrets).
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), and any error returned by `write`, which ends the export.
    async fn export(
        &self,
        now: Timestamp,
        write: &mut (dyn for<'a> FnMut(&'a Value) -> Result<()> + Send),
    ) -> Result<()>;

    /// Seals every value with the current key. Use this for key rotation, and to seal a store that had no key. It
    /// may run alongside other work if all other processes already seal with this key; writes that still use
    /// another key are refused from now on. Afterwards the other keys are retired. Returns how many values were
    /// rewritten.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), also for a value whose key was not provided; values
    /// rewritten until then stay rewritten.
    async fn reseal(&self) -> Result<u64>;

    /// Repairs or gives up the data reported by [`check`](Self::check), row by row, and reports each row with
    /// what is lost. Data that only lacks its key is left alone. May run alongside other work.
    ///
    /// - A ticket is dropped: the next push delivers another.
    /// - The damaged parts of a token are dropped. Without a refresh token it is
    ///   [`NeedsRecovery`](crate::GrantState::NeedsRecovery).
    /// - An open effect stays open without its arguments, for a person to close.
    /// - A pending event becomes a dead letter.
    /// - If the next event of an app is recorded incorrectly, it is determined again.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store), and any error returned by `each`, which ends the repair.
    /// Repairs made until then stay.
    async fn repair(
        &self,
        options: &RepairOptions,
        now: Timestamp,
        each: &mut (dyn for<'a> FnMut(&'a Repaired) -> Result<()> + Send),
    ) -> Result<()>;

    /// Finishes pending work and closes the store, so that another process can open it. Later calls fail.
    async fn close(&self);
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// `sqlite` or `postgres`.
    pub backend: &'static str,
    /// The version of the schema: the number of its last migration.
    pub schema_version: i64,
    /// What is wrong with the structure, as far as that is visible, and which rows are inconsistent.
    pub problems: Vec<String>,
    /// The number of rows of each table.
    pub rows: BTreeMap<&'static str, u64>,
    /// How many intents are open: unknown outcomes, or effects in progress.
    pub open_intents: u64,
    /// How many leases expired without being released: renewals that were never finished.
    pub expired_leases: u64,
    /// The number of sealed values, by key id.
    pub sealed_with: BTreeMap<String, u64>,
    /// The keys of the store, by id. A retired key is no longer needed.
    pub keys: BTreeMap<String, KeyState>,
    /// How many values are stored unsealed.
    pub open_values: u64,
    /// The unreadable values.
    pub unreadable: Vec<UnreadableValue>,
}

impl CheckReport {
    /// Returns whether everything can be read.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.problems.is_empty() && self.unreadable.is_empty()
    }
}

/// The state of a key of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyState {
    /// It seals new values. During a rotation there may be several.
    Active,
    /// It no longer seals; the values it sealed are being resealed.
    Replaced,
    /// It no longer seals, and no value that it sealed is left.
    Retired,
}

impl KeyState {
    /// Returns the stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Replaced => "replaced",
            Self::Retired => "retired",
        }
    }
}

/// Options of a repair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairOptions {
    /// Whether to only report what would be done, without writing anything.
    pub dry_run: bool,
    /// Whether to delete rows with nothing left to recover: done events, dead letters, and rows of which not even
    /// the place can be read.
    pub drop: bool,
}

impl RepairOptions {
    /// Sets whether to write nothing.
    #[must_use]
    pub const fn with_dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Sets whether to delete rows with nothing left to recover.
    #[must_use]
    pub const fn with_drop(mut self, drop: bool) -> Self {
        self.drop = drop;
        self
    }
}

/// The repair of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repaired {
    /// Its table.
    pub table: &'static str,
    /// Its id.
    pub id: i64,
    /// The unreadable column; none if several rows are inconsistent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<&'static str>,
    /// Its vendor, if it is readable as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Its platform.
    #[serde(rename = "platform_id", skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Its app.
    #[serde(rename = "app_id", skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// The action taken.
    pub action: RepairAction,
    /// What is lost by that, and what to do next.
    pub lost: &'static str,
    /// Why it cannot be read.
    pub reason: String,
}

/// The action that a repair takes on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepairAction {
    /// The value or the row was removed.
    Dropped,
    /// The token has to be recovered.
    NeedsRecovery,
    /// The event became a dead letter.
    Dead,
    /// The effect stays open, without its arguments.
    StaysOpen,
    /// The app's next event was determined again.
    FoundAnew,
    /// It was left unchanged.
    Left,
}

impl RepairAction {
    /// Returns the machine name, as used in JSON.
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
    /// Why it cannot be read.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}
