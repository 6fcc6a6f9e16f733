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
    /// What the database's own check of its structure found; empty where nothing is wrong, or it has none.
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
}
