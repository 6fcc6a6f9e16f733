//! The statements, written once: each database compiles them with its own `driver`, `Handle` and lock clauses.
//!
//! The work of a write or a read is a function of its arguments, not a closure: a group of writes that fails
//! halfway is repeated without the one that failed.

mod copy;
pub(super) mod events;
pub(super) mod intents;
pub(super) mod keys;
mod maintenance;
mod repair;
mod rollouts;
mod sealed_event;
mod tokens;

use miniprogram_core::token::{TokenKind, TokenScope};
use miniprogram_core::{AppId, Error, PlatformId, Timestamp, Vendor};

use super::driver::{self, Conn, Query, QueryBuilder, ReadRow as _, Row, dynamic_query, query};
use super::{BACKEND, Handle, schema_version, structural_problems};
use crate::failure::{Failure, conflict, unreadable};
use crate::keys::{KEY_VARIABLE, Place, StoreKeys};
use crate::tokens::PlatformKey;

/// Text that both databases keep as it is: PostgreSQL has no place for a zero character.
fn text<'a>(field: &'static str, value: &'a str) -> Result<&'a str, Error> {
    if value.contains('\0') {
        return Err(Error::invalid("store", field, "must not contain a NUL character"));
    }
    Ok(value)
}

/// Checks for an id that must not be empty.
fn id<'a>(field: &'static str, value: &'a str) -> Result<&'a str, Error> {
    if value.is_empty() {
        return Err(Error::invalid("store", field, "must not be empty"));
    }
    text(field, value)
}

fn platform_of<'a>(vendor: &'a Vendor, platform: &'a PlatformId) -> Result<[&'a str; 2], Error> {
    Ok([vendor.as_str(), id("platform", platform.as_str())?])
}

fn vendor_in(row: &Row) -> Result<Vendor, Failure> {
    let name: String = row.try_get("vendor")?;
    Ok(name.parse().map_err(|problem| unreadable("a vendor", problem))?)
}

fn time_in(row: &Row, column: &str) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_unix_millis(row.try_get(column)?))
}

fn maybe_time_in(row: &Row, column: &str) -> Result<Option<Timestamp>, Failure> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_unix_millis))
}

fn flag_in(row: &Row, column: &str) -> Result<bool, Failure> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

fn count_in(row: &Row, column: &str) -> Result<u32, Failure> {
    let count: i64 = row.try_get(column)?;
    Ok(u32::try_from(count)
        .map_err(|_| unreadable(format!("`{column}`"), format!("{count} is not a count")))?)
}

/// The app that a column names; none for the empty text.
fn app_in(row: &Row) -> Result<Option<AppId>, Failure> {
    let app: String = row.try_get("app")?;
    Ok(Some(app).filter(|app| !app.is_empty()).map(AppId::from))
}

/// How many rows are deleted per write.
const PRUNED: u64 = 500;

impl Handle {
    /// Deletes the rows that a statement finds, page by page.
    async fn prune_with(
        &self,
        operation: &'static str,
        statement: &'static str,
        before: Timestamp,
    ) -> Result<u64, Error> {
        self.delete_in_parts(operation, statement, before.as_unix_millis()).await
    }

    /// Deletes the rows that a statement finds for a number, page by page.
    async fn delete_in_parts(
        &self,
        operation: &'static str,
        statement: &'static str,
        number: i64,
    ) -> Result<u64, Error> {
        let mut pruned = 0;
        loop {
            let page = self.write(operation, (statement, number), |db, &(statement, number)| {
                Box::pin(async move {
                    let done = query(statement).bind(number).bind(PRUNED as i64);
                    Ok(done.execute(db).await?.rows_affected())
                })
            });
            let page = page.await?;
            pruned += page;
            if page < PRUNED {
                return Ok(pruned);
            }
        }
    }
}

/// Returns whether a value could be read with a key that was not provided.
fn lacks_key(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(error) if error.field() == Some(KEY_VARIABLE))
}

/// Returns why something cannot be read.
fn why_of(failure: Failure) -> String {
    failure.into_error("read").detail().unwrap_or_default().to_owned()
}

/// Returns what is wrong with JSON, without quoting it.
fn json_problem(problem: &serde_json::Error) -> String {
    format!("its JSON does not fit at column {}", problem.column())
}
