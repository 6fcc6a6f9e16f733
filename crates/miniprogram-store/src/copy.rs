//! Moving a store to another database.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
#[cfg(doc)]
use miniprogram_core::ErrorKind;
use miniprogram_core::Result;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::failure::conflict;
use crate::keys::StoreKeys;

/// A table to be copied.
#[derive(Debug)]
pub(crate) struct CopiedTable {
    pub(crate) name: &'static str,
    /// The columns other than the id.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// The columns that its sealed values are bound to; `id` is that of the row itself.
    pub(crate) place: &'static [&'static str],
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Sealed,
}

/// A value of a row; sealed values are opened here.
#[derive(PartialEq, Eq)]
pub(crate) enum Cell {
    Number(Option<i64>),
    Text(Option<String>),
    Sealed(Option<Zeroizing<Vec<u8>>>),
}

/// A row, in the order of the columns of its table.
#[derive(PartialEq, Eq)]
pub(crate) struct CopiedRow {
    pub(crate) id: i64,
    pub(crate) cells: Vec<Cell>,
}

use Kind::{Number, Sealed, Text};

/// Claims and lanes are not included: claims are released in the copy, and lanes are derived from the events.
pub(crate) const TABLES: [CopiedTable; 8] = [
    CopiedTable {
        name: "tickets",
        columns: &[
            ("vendor", Text),
            ("platform", Text),
            ("ticket", Sealed),
            ("created_at", Number),
            ("received_at", Number),
        ],
        place: &["vendor", "platform"],
    },
    CopiedTable {
        name: "tokens",
        columns: &[
            ("vendor", Text),
            ("platform", Text),
            ("kind", Text),
            ("app", Text),
            ("access", Sealed),
            ("issued_at", Number),
            ("expires_at", Number),
            ("refused", Number),
            ("refresh", Sealed),
            ("previous_refresh", Sealed),
            ("generation", Number),
            ("state", Text),
            ("granted_at", Number),
            ("original_id", Text),
            ("lease_owner", Text),
            ("lease_fence", Number),
            ("lease_until", Number),
            ("lease_revoked", Number),
            ("updated_at", Number),
        ],
        place: &["vendor", "platform", "kind", "app"],
    },
    CopiedTable {
        name: "intents",
        columns: &[
            ("vendor", Text),
            ("platform", Text),
            ("app", Text),
            ("operation", Text),
            ("attempt", Number),
            ("started_at", Number),
            ("effect", Sealed),
            ("outcome", Text),
            ("evidence", Text),
            ("value", Sealed),
            ("closed_at", Number),
        ],
        place: &["vendor", "platform", "app", "id"],
    },
    CopiedTable {
        name: "events",
        columns: &[
            ("vendor", Text),
            ("platform", Text),
            ("app", Text),
            ("identity", Text),
            ("kind", Text),
            ("event", Sealed),
            ("received_at", Number),
            ("deliveries", Number),
            ("state", Text),
            ("bound", Number),
            ("attempts", Number),
            ("due_at", Number),
            ("last_error", Text),
            ("finished_at", Number),
            ("claim_fence", Number),
        ],
        place: &["vendor", "platform", "app", "identity"],
    },
    CopiedTable {
        name: "rollouts",
        columns: &[
            ("name", Text),
            ("plan_hash", Text),
            ("plan", Sealed),
            ("control", Sealed),
            ("version", Number),
            ("apps", Number),
            ("complete", Number),
            ("created_at", Number),
            ("updated_at", Number),
            ("ended_at", Number),
            ("lease_owner", Text),
            ("lease_fence", Number),
            ("lease_until", Number),
        ],
        place: &["name"],
    },
    CopiedTable {
        name: "rollout_apps",
        columns: &[
            ("rollout", Number),
            ("vendor", Text),
            ("app", Text),
            ("wave", Number),
            ("priority", Number),
            ("phase", Text),
            ("state", Sealed),
            ("version", Number),
            ("due_at", Number),
            ("ended", Number),
        ],
        place: &["rollout", "vendor", "app"],
    },
    CopiedTable {
        name: "rollout_ledger",
        columns: &[
            ("rollout", Number),
            ("vendor", Text),
            ("app", Text),
            ("seq", Number),
            ("at", Number),
            ("kind", Text),
            ("entry", Sealed),
        ],
        place: &["rollout", "vendor", "app", "seq"],
    },
    CopiedTable {
        name: "rollout_signals",
        columns: &[("rollout", Number), ("vendor", Text), ("app", Text), ("at", Number), ("signal", Sealed)],
        place: &["rollout", "vendor", "app", "at"],
    },
];

impl CopiedTable {
    fn at(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| *column == name)
    }

    /// Returns the values that a row's sealed values are bound to.
    pub(crate) fn place_of(&self, row: &CopiedRow) -> Vec<String> {
        let part = |name: &&str| match self.at(name).map(|at| &row.cells[at]) {
            Some(Cell::Text(Some(text))) => text.clone(),
            Some(Cell::Number(Some(number))) => number.to_string(),
            _ => row.id.to_string(),
        };
        self.place.iter().map(part).collect()
    }
}

impl CopiedRow {
    /// Ends a lease that is held in the source: in the copy it has expired. Its holder does not know the copy,
    /// and the next holder is informed that a renewal was interrupted.
    pub(crate) fn end_lease(&mut self, table: &CopiedTable) {
        let (Some(until), Some(updated)) = (table.at("lease_until"), table.at("updated_at")) else { return };
        if let (Cell::Number(Some(until_at)), Cell::Number(Some(updated_at))) =
            (&self.cells[until], &self.cells[updated])
        {
            self.cells[until] = Cell::Number(Some((*until_at).min(*updated_at)));
        }
    }
}

/// The operations of a store that a copy needs.
#[async_trait]
pub(crate) trait Copying: Debug + Send + Sync {
    /// Returns the next rows after an id, with sealed values opened.
    async fn rows_behind(&self, table: &'static CopiedTable, after: i64) -> Result<Vec<CopiedRow>>;

    /// Writes rows, sealed with the current key, in one transaction.
    async fn put_rows(&self, table: &'static CopiedTable, rows: Vec<CopiedRow>) -> Result<()>;

    /// Returns the highest id that a table has ever assigned.
    async fn highest_id(&self, table: &'static CopiedTable) -> Result<i64>;

    /// Ensures that no id up to this one is assigned any more.
    async fn raise_id(&self, table: &'static CopiedTable, id: i64) -> Result<()>;

    /// Determines the next event of each app.
    async fn make_lanes(&self) -> Result<()>;

    /// Closes the store.
    async fn end(&self);
}

/// The result of a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Copied {
    /// The number of rows of each table, equal in source and target: every row was compared at the end.
    pub rows: BTreeMap<&'static str, u64>,
    /// How many of the rows an earlier run had copied.
    pub resumed: u64,
}

/// Copies everything from one store to another, seals it with the target's key, and compares every row at the
/// end. The target is created if it does not exist. An interrupted copy is continued by another call.
///
/// Nothing may write to the source or the target until the copy has ended: a change in the source fails the
/// comparison. Ids and the order of events are preserved. Held leases have expired in the target, and claims are
/// released.
///
/// # Errors
/// [`Conflict`](ErrorKind::Conflict) if the rows of the target differ from those of the source, or if rows
/// changed during the copy; [`Store`](ErrorKind::Store), also for an unreadable value in the source, and if the
/// daemon of either store is running; [`Config`](ErrorKind::Config) as for [`open`](crate::open()).
pub async fn copy(from: &str, from_keys: StoreKeys, to: &str, to_keys: StoreKeys) -> Result<Copied> {
    let source = crate::open::copy_source(from, from_keys).await?;
    let target = crate::open::copy_target(to, to_keys).await?;
    let copied = run(&*source, &*target).await;
    source.end().await;
    target.end().await;
    copied.map_err(|error| error.with_operation("copy"))
}

async fn run(source: &dyn Copying, target: &dyn Copying) -> Result<Copied> {
    let mut copied = Copied::default();
    let mut ends = Vec::new();
    for table in &TABLES {
        let (rows, end, _) = compare(source, target, table).await?;
        copied.resumed += rows;
        ends.push(end);
    }
    for (table, mut after) in TABLES.iter().zip(ends) {
        loop {
            let rows = source.rows_behind(table, after).await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            target.put_rows(table, rows).await?;
        }
        target.raise_id(table, source.highest_id(table).await?).await?;
    }
    target.make_lanes().await?;
    for table in &TABLES {
        let (rows, _, complete) = compare(source, target, table).await?;
        if !complete {
            let why = format!("the source got more rows of {} during the copy", table.name);
            return Err(conflict(why, "stop what writes to the source, then run the copy again"));
        }
        copied.rows.insert(table.name, rows);
    }
    Ok(copied)
}

/// Compares the rows of the target with the same number of rows of the source. Returns how many there are, the
/// last id, and whether the source has no more rows.
async fn compare(
    source: &dyn Copying,
    target: &dyn Copying,
    table: &'static CopiedTable,
) -> Result<(u64, i64, bool)> {
    let (mut rows, mut after) = (0, 0);
    loop {
        let (theirs, ours) =
            (source.rows_behind(table, after).await?, target.rows_behind(table, after).await?);
        let Some(last) = ours.last() else { return Ok((rows, after, theirs.is_empty())) };
        let mut theirs = theirs.iter();
        for row in &ours {
            if theirs.next() != Some(row) {
                let why = format!("row {} of {} in the target is not that of the source", row.id, table.name);
                let advice = "copy to a store that is empty, or was begun by this copy; if the source was written to \
                              since, make the target anew";
                return Err(conflict(why, advice));
            }
        }
        rows += ours.len() as u64;
        after = last.id;
    }
}

/// Returns the error for a source that is being written to.
#[cfg(feature = "sqlite")]
pub(crate) fn in_use(what: &str) -> miniprogram_core::Error {
    crate::failure::store(
        format!("the daemon of {what} is running"),
        "end it first: nothing may change during a copy",
    )
}
