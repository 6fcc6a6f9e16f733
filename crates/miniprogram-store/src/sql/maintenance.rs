use std::collections::BTreeMap;

use async_trait::async_trait;
use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::{EffectValue, Result};
use serde_json::{Map, Value, json};

use super::intents::SealedEffect;
use super::*;
use crate::keys::sealed_with;
use crate::maintenance::{CheckReport, Maintenance, RepairOptions, Repaired, UnreadableValue};

/// How many rows are read or rewritten at a time.
pub(super) const PAGE: i64 = 200;

/// A column, and whether its contents are readable.
type Column<T> = (&'static str, fn(&T) -> bool);

/// A table with sealed columns.
pub(super) struct Sealed {
    pub(super) table: &'static str,
    /// The columns that the values of a row are bound to, in the order of their [`Place`].
    row: &'static [&'static str],
    /// The sealed columns.
    columns: &'static [Column<[u8]>],
    /// Columns of text that must be one of several words.
    words: &'static [Column<str>],
}

pub(super) const SEALED: [Sealed; 8] = [
    Sealed {
        table: "tickets",
        row: &["vendor", "platform"],
        columns: &[("ticket", is_secret)],
        words: &[("vendor", is_vendor)],
    },
    Sealed {
        table: "tokens",
        row: &["vendor", "platform", "kind", "app"],
        columns: &[("access", is_secret), ("refresh", is_secret), ("previous_refresh", is_secret)],
        words: &[("vendor", is_vendor), ("kind", is_token_kind), ("state", tokens::is_state)],
    },
    Sealed {
        table: "intents",
        row: &["vendor", "platform", "app", "CAST(id AS TEXT)"],
        columns: &[("effect", is_json::<SealedEffect>), ("value", is_json::<EffectValue>)],
        words: &[("vendor", is_vendor), ("operation", is_operation)],
    },
    Sealed {
        table: "events",
        row: &["vendor", "platform", "app", "identity"],
        columns: &[("event", is_event)],
        words: &[("vendor", is_vendor), ("state", events::is_state)],
    },
    Sealed {
        table: "rollouts",
        row: &["name"],
        columns: &[("plan", is_secret), ("control", is_secret)],
        words: &[],
    },
    Sealed {
        table: "rollout_apps",
        row: &["CAST(rollout AS TEXT)", "vendor", "app"],
        columns: &[("state", is_secret)],
        words: &[("vendor", is_vendor)],
    },
    Sealed {
        table: "rollout_ledger",
        row: &["CAST(rollout AS TEXT)", "vendor", "app", "CAST(seq AS TEXT)"],
        columns: &[("entry", is_secret)],
        words: &[],
    },
    Sealed {
        table: "rollout_signals",
        row: &["CAST(rollout AS TEXT)", "vendor", "app", "CAST(at AS TEXT)"],
        columns: &[("signal", is_secret)],
        words: &[],
    },
];

fn is_secret(plain: &[u8]) -> bool {
    !plain.is_empty() && std::str::from_utf8(plain).is_ok()
}

fn is_json<T: serde::de::DeserializeOwned>(plain: &[u8]) -> bool {
    serde_json::from_slice::<T>(plain).is_ok()
}

fn is_event(plain: &[u8]) -> bool {
    sealed_event::read(plain).is_ok()
}

fn is_vendor(text: &str) -> bool {
    text.parse::<Vendor>().is_ok()
}

fn is_token_kind(text: &str) -> bool {
    [TokenKind::Authorizer, TokenKind::Platform, TokenKind::ClientCredentials]
        .iter()
        .any(|kind| kind.as_str() == text)
}

fn is_operation(text: &str) -> bool {
    serde_json::from_value::<MethodName>(Value::from(text)).is_ok()
}

/// The values of one row.
pub(super) struct SealedRow {
    pub(super) id: i64,
    row: Vec<Option<String>>,
    values: Vec<Option<Vec<u8>>>,
    words: Vec<Option<String>>,
    /// The columns whose values have the wrong type.
    odd: Vec<&'static str>,
}

impl Sealed {
    /// Returns the statement for the rows that match a condition.
    fn statement(&self, condition: &str, lock: bool) -> String {
        let row = self.row.iter().enumerate().map(|(at, part)| format!("{part} AS row_{at}"));
        let columns = self.columns.iter().map(|(column, _)| (*column).to_owned());
        let words = self.words.iter().map(|(column, _)| format!("{column} AS word_{column}"));
        let columns: Vec<_> = row.chain(columns).chain(words).collect();
        let table = self.table;
        let lock = if lock { for_update!("") } else { "" };
        format!("SELECT id, {} FROM {table} WHERE {condition}{lock}", columns.join(", "))
    }

    pub(super) async fn page(
        &self,
        db: &mut Conn,
        after: i64,
        lock: bool,
    ) -> Result<Vec<SealedRow>, Failure> {
        let statement = self.statement(&format!("id > $1 ORDER BY id LIMIT {PAGE}"), lock);
        let page = dynamic_query(statement).bind(after).fetch_all(db).await?;
        page.iter().map(|row| self.row_in(row)).collect()
    }

    /// One row, locked if it is to be written.
    pub(super) async fn row(&self, db: &mut Conn, id: i64, lock: bool) -> Result<Option<SealedRow>, Failure> {
        let row = dynamic_query(self.statement("id = $1", lock)).bind(id).fetch_optional(db).await?;
        row.map(|row| self.row_in(&row)).transpose()
    }

    fn row_in(&self, row: &Row) -> Result<SealedRow, Failure> {
        let mut odd = Vec::new();
        let parts = (0..self.row.len()).map(|at| row.try_get(format!("row_{at}").as_str()).ok()).collect();
        let mut values = Vec::new();
        for (column, _) in self.columns {
            values.push(row.try_get(*column).unwrap_or_else(|_| {
                odd.push(*column);
                None
            }));
        }
        let words = self.words.iter().map(|(column, _)| row.try_get(format!("word_{column}").as_str()).ok());
        let words = words.collect();
        Ok(SealedRow { id: row.try_get("id")?, row: parts, values, words, odd })
    }
}

impl SealedRow {
    /// Calls `each` for the sealed values that are present, with the number of their column and their place; for
    /// none if the place is damaged.
    fn each(&self, table: &Sealed, mut each: impl FnMut(usize, &Place<'_>, &[u8])) {
        let Some(row) = self.row.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>() else { return };
        for (at, (value, (column, _))) in self.values.iter().zip(table.columns).enumerate() {
            if let Some(stored) = value {
                each(at, &Place { table: table.table, column, row: &row }, stored);
            }
        }
    }

    /// Returns its vendor, platform and app, as far as they are text.
    pub(super) fn lane(&self, table: &Sealed) -> [Option<String>; 3] {
        ["vendor", "platform", "app"].map(|name| {
            let at = table.row.iter().position(|part| *part == name)?;
            self.row[at].clone().filter(|text| !text.is_empty())
        })
    }

    /// Returns the parts of it that cannot be read.
    pub(super) fn unreadable(&self, table: &Sealed, keys: &StoreKeys) -> Vec<UnreadableValue> {
        let mut found = Vec::new();
        let mut name = |column, reason: String, lacks_key| {
            found.push(UnreadableValue { table: table.table, id: self.id, column, reason, lacks_key });
        };
        for (at, _) in self.row.iter().enumerate().filter(|(_, part)| part.is_none()) {
            name(table.row[at], "it is not text".to_owned(), false);
        }
        for (word, (column, is_readable)) in self.words.iter().zip(table.words) {
            match word {
                Some(word) if is_readable(word) => {}
                // Reported as part of its place.
                None if table.row.contains(column) => {}
                Some(word) => name(column, format!("{word:?} is none that this version knows"), false),
                None => name(column, "it is not text".to_owned(), false),
            }
        }
        for column in &self.odd {
            name(column, "it is in no known form".to_owned(), false);
        }
        self.each(table, |at, place, stored| {
            let (column, is_readable) = table.columns[at];
            match keys.unseal(place, stored) {
                Ok(plain) if is_readable(&plain) => {}
                Ok(_) => name(column, "its content is damaged, or of a later version".to_owned(), false),
                Err(error) => {
                    let lacks_key = error.field() == Some(KEY_VARIABLE);
                    name(column, error.detail().unwrap_or_default().to_owned(), lacks_key);
                }
            }
        });
        found
    }
}

#[async_trait]
impl Maintenance for Handle {
    async fn check(&self, now: Timestamp) -> Result<CheckReport> {
        let arguments = (self.keys().clone(), now);
        self.read("check", arguments, |db, (keys, now)| Box::pin(check(db, keys, *now))).await
    }

    async fn verify(&self) -> Result<bool> {
        self.verify_place().await.map_err(|failure| failure.into_error("verify"))
    }

    async fn replaced_key(&self) -> Result<Option<String>> {
        let given = self.keys().clone();
        self.read("verify", given, |db, given| {
            Box::pin(async move { Ok(given.replaced(&keys::kept(db).await?)) })
        })
        .await
    }

    async fn export(
        &self,
        now: Timestamp,
        write: &mut (dyn for<'a> FnMut(&'a Value) -> Result<()> + Send),
    ) -> Result<()> {
        for (statement, value) in EXPORTS {
            let mut after = 0;
            loop {
                let arguments = (statement, value, after, now);
                let page = self.read("export", arguments, |db, &(statement, value, after, now)| {
                    Box::pin(page(db, statement, value, after, now))
                });
                let page = page.await?;
                let Some((last, _)) = page.last() else { break };
                after = *last;
                for (_, value) in &page {
                    write(value)?;
                }
            }
        }
        Ok(())
    }

    async fn reseal(&self) -> Result<u64> {
        let given = self.keys().clone();
        let others = self.read("reseal", given, |db, given| Box::pin(keys::others(db, given))).await?;
        if !others.is_empty() {
            let arguments = (self.keys().clone(), others.clone());
            self.write("reseal", arguments, |db, (given, ids)| Box::pin(keys::replace(db, given, ids)))
                .await?;
        }
        let mut rewritten = 0;
        for table in &SEALED {
            let mut after = 0;
            loop {
                let arguments = (self.keys().clone(), table, after);
                let page = self.write("reseal", arguments, |db, (keys, table, after)| {
                    Box::pin(reseal_page(db, keys, table, *after))
                });
                let (last, values) = page.await?;
                rewritten += values;
                match last {
                    Some(last) => after = last,
                    None => break,
                }
            }
        }
        if !others.is_empty() {
            self.write("reseal", others, |db, ids| Box::pin(keys::retire(db, ids))).await?;
        }
        Ok(rewritten)
    }

    async fn repair(
        &self,
        options: &RepairOptions,
        now: Timestamp,
        each: &mut (dyn for<'a> FnMut(&'a Repaired) -> Result<()> + Send),
    ) -> Result<()> {
        self.repair_rows(options, now, each).await
    }

    async fn close(&self) {
        self.shut_down().await;
    }
}

async fn check(db: &mut Conn, given: &StoreKeys, now: Timestamp) -> Result<CheckReport, Failure> {
    let mut report = CheckReport {
        backend: BACKEND,
        schema_version: schema_version(db).await?,
        problems: structural_problems(db).await?,
        rows: BTreeMap::new(),
        open_intents: 0,
        expired_leases: 0,
        sealed_with: BTreeMap::new(),
        keys: keys::kept(db).await?.into_iter().map(|key| (key.id, key.state)).collect(),
        open_values: 0,
        unreadable: Vec::new(),
    };
    if let Err(failure) = read_all(db, given, now, &mut report).await {
        // The missing structure explains it; otherwise the database itself cannot be read.
        if report.problems.is_empty() {
            return Err(failure);
        }
        report.problems.push(why_of(failure));
    }
    Ok(report)
}

async fn read_all(
    db: &mut Conn,
    keys: &StoreKeys,
    now: Timestamp,
    report: &mut CheckReport,
) -> Result<(), Failure> {
    let open = "SELECT COUNT(*) AS count FROM intents WHERE closed_at IS NULL";
    report.open_intents = count(db, open, None).await?;
    let expired = "SELECT COUNT(*) AS count FROM tokens WHERE lease_until <= $1";
    report.expired_leases = count(db, expired, Some(now)).await?;
    for lane in repair::odd_lanes(db).await? {
        report.problems.push(lane.reason());
    }
    for table in &SEALED {
        let (mut after, mut rows) = (0, 0);
        loop {
            let page = table.page(db, after, false).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            rows += page.len() as u64;
            for row in &page {
                row.each(table, |_, _, stored| match sealed_with(stored) {
                    Some(key) => *report.sealed_with.entry(key.to_string()).or_default() += 1,
                    None => report.open_values += 1,
                });
                report.unreadable.extend(row.unreadable(table, keys));
            }
        }
        report.rows.insert(table.table, rows);
    }
    Ok(())
}

async fn count(db: &mut Conn, statement: &'static str, now: Option<Timestamp>) -> Result<u64, Failure> {
    let mut count = query(statement);
    if let Some(now) = now {
        count = count.bind(now.as_unix_millis());
    }
    Ok(count.fetch_one(db).await?.try_get::<i64, _>("count")?.unsigned_abs())
}

/// Returns the last id of the page, none after the last page, and how many values were rewritten.
async fn reseal_page(
    db: &mut Conn,
    keys: &StoreKeys,
    table: &'static Sealed,
    after: i64,
) -> Result<(Option<i64>, u64), Failure> {
    let page = table.page(db, after, true).await?;
    let mut rewritten = 0;
    for row in &page {
        let mut sealed = Vec::new();
        row.each(table, |at, place, stored| {
            if !keys.is_current(stored) {
                let value = keys.unseal(place, stored).and_then(|plain| keys.seal(place, &plain));
                sealed.push((table.columns[at].0, value));
            }
        });
        for (column, value) in sealed {
            let statement = format!("UPDATE {} SET {column} = $2 WHERE id = $1", table.table);
            dynamic_query(statement).bind(row.id).bind(value?).execute(&mut *db).await?;
            rewritten += 1;
        }
    }
    Ok((page.last().map(|row| row.id), rewritten))
}

type Exported = fn(&Row, Timestamp) -> Result<Value, Failure>;

const EXPORTS: [(&str, Exported); 7] = [
    (
        "SELECT id, vendor, platform, created_at, received_at FROM tickets WHERE id > $1 ORDER BY id LIMIT $2",
        ticket_value,
    ),
    (
        "SELECT id, vendor, platform, kind, app, issued_at, expires_at, refused, refresh IS NOT NULL AS has_refresh, \
         previous_refresh IS NOT NULL AS has_previous, access IS NOT NULL AS has_access, generation, state, \
         granted_at, original_id, lease_owner, lease_fence, lease_until, updated_at \
         FROM tokens WHERE id > $1 ORDER BY id LIMIT $2",
        token_value,
    ),
    (
        "SELECT id, vendor, platform, app, operation, attempt, started_at, outcome, evidence, closed_at \
         FROM intents WHERE id > $1 ORDER BY id LIMIT $2",
        intent_value,
    ),
    (
        "SELECT id, vendor, platform, app, identity, kind, received_at, deliveries, state, bound, attempts, due_at, \
         last_error, finished_at FROM events WHERE id > $1 ORDER BY id LIMIT $2",
        event_value,
    ),
    (
        "SELECT id, name, plan_hash, version, apps, complete, created_at, updated_at, ended_at, lease_owner, \
         lease_until FROM rollouts WHERE id > $1 ORDER BY id LIMIT $2",
        rollout_value,
    ),
    (
        "SELECT id, rollout, vendor, app, wave, priority, phase, version, due_at, ended FROM rollout_apps \
         WHERE id > $1 ORDER BY id LIMIT $2",
        rollout_app_value,
    ),
    (
        "SELECT id, rollout, vendor, app, seq, at, kind FROM rollout_ledger WHERE id > $1 ORDER BY id LIMIT $2",
        rollout_entry_value,
    ),
];

async fn page(
    db: &mut Conn,
    statement: &'static str,
    value: Exported,
    after: i64,
    now: Timestamp,
) -> Result<Vec<(i64, Value)>, Failure> {
    let rows = query(statement).bind(after).bind(PAGE).fetch_all(db).await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, value(row, now)?))).collect()
}

fn ticket_value(row: &Row, now: Timestamp) -> Result<Value, Failure> {
    let mut value = head("ticket", row)?;
    let created_at = time_in(row, "created_at")?;
    value.insert("created_at".into(), json!(created_at));
    value.insert("received_at".into(), json!(time_in(row, "received_at")?));
    value.insert("age_seconds".into(), json!(now.since(created_at).as_secs()));
    Ok(Value::Object(value))
}

fn token_value(row: &Row, now: Timestamp) -> Result<Value, Failure> {
    let mut value = head("token", row)?;
    insert_text(&mut value, row, "kind")?;
    insert_app(&mut value, row)?;
    insert_text(&mut value, row, "state")?;
    value.insert("generation".into(), json!(row.try_get::<i64, _>("generation")?));
    if row.try_get::<bool, _>("has_access")? {
        let issued_at = time_in(row, "issued_at")?;
        let access = json!({
            "issued_at": issued_at,
            "expires_at": maybe_time_in(row, "expires_at")?,
            "age_seconds": now.since(issued_at).as_secs(),
            "refused": flag_in(row, "refused")?,
        });
        value.insert("access".into(), access);
    }
    value.insert("has_refresh_token".into(), json!(row.try_get::<bool, _>("has_refresh")?));
    value.insert("has_previous_refresh_token".into(), json!(row.try_get::<bool, _>("has_previous")?));
    insert_time(&mut value, row, "granted_at")?;
    insert_text(&mut value, row, "original_id")?;
    if let Some(until) = maybe_time_in(row, "lease_until")? {
        let owner: String = row.try_get("lease_owner")?;
        let lease = json!({ "owner": owner, "fence": row.try_get::<i64, _>("lease_fence")?, "until": until });
        value.insert("lease".into(), lease);
    }
    insert_time(&mut value, row, "updated_at")?;
    Ok(Value::Object(value))
}

fn intent_value(row: &Row, _now: Timestamp) -> Result<Value, Failure> {
    let mut value = head("intent", row)?;
    insert_app(&mut value, row)?;
    insert_text(&mut value, row, "operation")?;
    value.insert("attempt".into(), json!(count_in(row, "attempt")?));
    insert_time(&mut value, row, "started_at")?;
    insert_text(&mut value, row, "outcome")?;
    insert_text(&mut value, row, "evidence")?;
    insert_time(&mut value, row, "closed_at")?;
    Ok(Value::Object(value))
}

fn event_value(row: &Row, _now: Timestamp) -> Result<Value, Failure> {
    let mut value = head("event", row)?;
    insert_app(&mut value, row)?;
    for column in ["identity", "kind", "state", "last_error"] {
        insert_text(&mut value, row, column)?;
    }
    for column in ["deliveries", "attempts"] {
        value.insert(column.into(), json!(count_in(row, column)?));
    }
    value.insert("bound".into(), json!(flag_in(row, "bound")?));
    for column in ["received_at", "due_at", "finished_at"] {
        insert_time(&mut value, row, column)?;
    }
    Ok(Value::Object(value))
}

fn rollout_value(row: &Row, _now: Timestamp) -> Result<Value, Failure> {
    let mut value = record("rollout", row)?;
    for column in ["name", "plan_hash", "lease_owner"] {
        insert_text(&mut value, row, column)?;
    }
    for column in ["version", "apps"] {
        value.insert(column.into(), json!(row.try_get::<i64, _>(column)?));
    }
    value.insert("complete".into(), json!(flag_in(row, "complete")?));
    for column in ["created_at", "updated_at", "ended_at", "lease_until"] {
        insert_time(&mut value, row, column)?;
    }
    Ok(Value::Object(value))
}

fn rollout_app_value(row: &Row, _now: Timestamp) -> Result<Value, Failure> {
    let mut value = record("rollout_app", row)?;
    for column in ["vendor", "app", "phase"] {
        insert_text(&mut value, row, column)?;
    }
    for column in ["rollout", "wave", "priority", "version"] {
        value.insert(column.into(), json!(row.try_get::<i64, _>(column)?));
    }
    insert_time(&mut value, row, "due_at")?;
    value.insert("ended".into(), json!(flag_in(row, "ended")?));
    Ok(Value::Object(value))
}

fn rollout_entry_value(row: &Row, _now: Timestamp) -> Result<Value, Failure> {
    let mut value = record("rollout_entry", row)?;
    if let Some(app) = app_in(row)? {
        insert_text(&mut value, row, "vendor")?;
        value.insert("app".into(), json!(app));
    }
    for column in ["rollout", "seq"] {
        value.insert(column.into(), json!(row.try_get::<i64, _>(column)?));
    }
    insert_time(&mut value, row, "at")?;
    insert_text(&mut value, row, "kind")?;
    Ok(Value::Object(value))
}

/// The beginning of a record of a platform.
fn head(name: &str, row: &Row) -> Result<Map<String, Value>, Failure> {
    let mut value = record(name, row)?;
    insert_text(&mut value, row, "vendor")?;
    insert_text(&mut value, row, "platform")?;
    Ok(value)
}

/// The beginning of any record.
fn record(name: &str, row: &Row) -> Result<Map<String, Value>, Failure> {
    let mut value = Map::new();
    value.insert("record".into(), json!(name));
    value.insert("id".into(), json!(row.try_get::<i64, _>("id")?));
    Ok(value)
}

fn insert_text(value: &mut Map<String, Value>, row: &Row, column: &str) -> Result<(), Failure> {
    if let Some(text) = row.try_get::<Option<String>, _>(column)? {
        value.insert(column.into(), json!(text));
    }
    Ok(())
}

fn insert_time(value: &mut Map<String, Value>, row: &Row, column: &str) -> Result<(), Failure> {
    if let Some(time) = maybe_time_in(row, column)? {
        value.insert(column.into(), json!(time));
    }
    Ok(())
}

fn insert_app(value: &mut Map<String, Value>, row: &Row) -> Result<(), Failure> {
    if let Some(app) = app_in(row)? {
        value.insert("app".into(), json!(app));
    }
    Ok(())
}
