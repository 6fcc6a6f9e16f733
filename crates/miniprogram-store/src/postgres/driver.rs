//! What `sql/` asks of a database, answered by sqlx.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Postgres};

pub(super) use sqlx::Row as ReadRow;

pub(super) type Conn = PgConnection;
pub(super) type Row = PgRow;
pub(super) type Query<'q> = sqlx::query::Query<'q, Postgres, PgArguments>;
pub(super) type QueryBuilder = sqlx::QueryBuilder<Postgres>;

/// What is done before the table of keys is changed: it waits for every transaction that has compared them.
pub(super) const BEFORE_KEYS_CHANGE: &str = "LOCK TABLE keys IN ACCESS EXCLUSIVE MODE";

/// A statement that is written down.
pub(super) fn query<'q>(sql: &'static str) -> Query<'q> {
    sqlx::query(sql)
}

/// A statement that was put together, of parts that are written down.
pub(super) fn dynamic_query<'q>(sql: String) -> Query<'q> {
    sqlx::query(AssertSqlSafe(sql))
}

pub(super) fn no_row() -> sqlx::Error {
    sqlx::Error::RowNotFound
}

/// Whether a row of another key has that value already.
pub(super) fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
