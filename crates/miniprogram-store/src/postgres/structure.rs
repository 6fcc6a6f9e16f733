//! Detection of visible damage to the structure of a database.

use std::collections::{BTreeMap, BTreeSet};

use crate::copy::TABLES;
use crate::failure::Failure;

use super::driver::Conn;

/// The unique constraints that the rules of the store rely on, by table and columns.
const UNIQUE: [(&str, &str); 18] = [
    ("tickets", "id"),
    ("tickets", "vendor, platform"),
    ("tokens", "id"),
    ("tokens", "vendor, platform, kind, app"),
    ("tokens", "vendor, platform, original_id"),
    ("intents", "id"),
    ("intents", "vendor, platform, app"),
    ("events", "id"),
    ("events", "identity"),
    ("lanes", "id"),
    ("lanes", "vendor, platform, app"),
    ("rollouts", "id"),
    ("rollouts", "name"),
    ("rollout_apps", "id"),
    ("rollout_apps", "rollout, vendor, app"),
    ("rollout_ledger", "id"),
    ("rollout_ledger", "rollout, vendor, app, seq"),
    ("rollout_signals", "id"),
];

/// The columns of tables in addition to the copied ones.
const MORE_COLUMNS: [(&str, &[&str]); 3] = [
    ("tokens", &["id"]),
    ("events", &["id", "claim_owner", "claim_until"]),
    ("lanes", &["id", "vendor", "platform", "app", "head", "ready_at"]),
];

/// Returns a description of every problem. The server checks its pages automatically if configured to; the number
/// of failed checks is reported here too.
pub(super) async fn problems(connection: &mut Conn) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    columns(connection, &mut problems).await?;
    indexes(connection, &mut problems).await?;
    let unchecked: Vec<String> = sqlx::query_scalar(
        "SELECT conname::TEXT FROM pg_constraint WHERE connamespace = 'miniprogram'::regnamespace \
         AND NOT convalidated ORDER BY conname",
    )
    .fetch_all(&mut *connection)
    .await?;
    problems.extend(unchecked.iter().map(|name| format!("the constraint {name} was never checked")));
    let failures: Option<i64> = sqlx::query_scalar(
        "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    if let Some(failures) = failures.filter(|failures| *failures > 0) {
        problems.push(format!("the server found {failures} pages whose checksum is wrong"));
    }
    Ok(problems)
}

async fn columns(connection: &mut Conn, problems: &mut Vec<String>) -> Result<(), Failure> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.relname::TEXT, a.attname::TEXT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = 'miniprogram'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
    )
    .fetch_all(connection)
    .await?;
    let mut tables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (table, column) in &found {
        tables.entry(table).or_default().insert(column);
    }
    let copied =
        TABLES.iter().map(|table| (table.name, table.columns.iter().map(|(name, _)| *name).collect()));
    let more = MORE_COLUMNS.iter().map(|(table, columns)| (*table, columns.to_vec()));
    let mut missing = BTreeSet::new();
    for (table, wanted) in copied.chain(more) {
        let wanted: Vec<&str> = wanted;
        match tables.get(table) {
            None => drop(missing.insert(format!("the table {table} is missing"))),
            Some(columns) => {
                let lost = wanted.iter().filter(|column| !columns.contains(*column));
                missing.extend(lost.map(|column| format!("the column {column} of {table} is missing")));
            }
        }
    }
    problems.extend(missing);
    Ok(())
}

async fn indexes(connection: &mut Conn, problems: &mut Vec<String>) -> Result<(), Failure> {
    let found: Vec<(String, String, bool, bool, String)> = sqlx::query_as(
        "SELECT t.relname::TEXT, i.relname::TEXT, x.indisvalid AND x.indisready, x.indisunique, \
         COALESCE((SELECT STRING_AGG(a.attname::TEXT, ', ' ORDER BY k.at) FROM \
         UNNEST(x.indkey::INT2[]) WITH ORDINALITY AS k (number, at) \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), '') \
         FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
         WHERE t.relnamespace = 'miniprogram'::regnamespace ORDER BY i.relname",
    )
    .fetch_all(connection)
    .await?;
    for (table, index, valid, ..) in &found {
        if !valid {
            problems.push(format!("the index {index} of {table} is not valid: it may lack rows"));
        }
    }
    for (table, columns) in UNIQUE {
        let holds = found.iter().any(|(of, _, _, unique, on)| *unique && of == table && on == columns);
        if !holds {
            problems.push(format!("nothing makes ({columns}) of {table} unique any more"));
        }
    }
    Ok(())
}
