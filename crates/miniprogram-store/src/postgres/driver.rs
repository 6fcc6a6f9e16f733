//! The database interface that `sql/` requires, implemented with sqlx.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Postgres};

pub(super) use sqlx::Row as ReadRow;

pub(super) type Conn = PgConnection;
pub(super) type Row = PgRow;
pub(super) type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;
pub(super) type QueryBuilder = sqlx::QueryBuilder<Postgres>;

/// Executed before the table of keys is changed: waits for every transaction that has compared the keys.
pub(super) const BEFORE_KEYS_CHANGE: &str = "LOCK TABLE keys IN ACCESS EXCLUSIVE MODE";

/// Creates a query from a static statement.
pub(super) fn query<'q>(sql: &'static str) -> Query<'q> {
    sqlx::query(sql)
}

/// Creates a query from a statement assembled from static parts.
pub(super) fn dynamic_query<'q>(sql: String) -> Query<'q> {
    sqlx::query(AssertSqlSafe(sql))
}

pub(super) fn no_row() -> sqlx::Error {
    sqlx::Error::RowNotFound
}

/// Returns whether a row with another key already has that value.
pub(super) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
