//! The database interface that `sql/` requires, implemented with a connection on the calling thread. No future
//! here ever waits: the functions are `async` only because those of PostgreSQL are.

use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, OpenFlags};

use crate::failure::Failure;

/// How long a connection waits for a program that does not take turns: a backup, a shell.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many statements stay prepared.
const PREPARED: usize = 128;

/// A connection.
pub(super) struct Conn {
    db: Connection,
    /// Whether its commits are synced.
    synced: bool,
}

/// The access mode of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read and write.
    Write,
    /// Read, and create missing files next to the store.
    Read,
    /// Read, and create nothing.
    ReadOnly,
}

impl Conn {
    /// Opens an existing file. Every commit is synced, and replaced or deleted data is overwritten.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let mode = match access {
            Access::Write | Access::Read => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        if access != Access::Write {
            connection.pragma_update(None, "query_only", "ON")?;
        }
        Ok(Self { db: connection, synced: true })
    }

    /// Sets whether the next commits are synced, or wait for a commit that is.
    pub(super) fn set_sync(&mut self, synced: bool) -> Result<(), Error> {
        if self.synced != synced {
            self.db.pragma_update(None, "synchronous", if synced { "FULL" } else { "NORMAL" })?;
            self.synced = synced;
        }
        Ok(())
    }

    /// Runs statements that return nothing.
    pub(super) fn run(&self, sql: &str) -> Result<(), Error> {
        self.db.execute_batch(sql)
    }

    /// Returns the first column of the first row.
    pub(super) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, Error> {
        self.db.query_row(sql, [], |row| row.get(0))
    }

    /// Returns the first column of every row.
    pub(super) fn texts(&self, sql: &str) -> Result<Vec<String>, Error> {
        let mut statement = self.db.prepare(sql)?;
        let texts = statement.query_map([], |row| row.get(0))?;
        texts.collect()
    }

    /// Returns how many rows this connection has changed since it was opened.
    pub(super) fn changes(&self) -> u64 {
        self.db.total_changes()
    }

    /// Returns the id of the row that this connection inserted last.
    pub(super) fn last_id(&self) -> i64 {
        self.db.last_insert_rowid()
    }

    /// Returns whether the database has rolled the transaction back on its own, as it does when the disk is full.
    pub(super) fn has_given_up(&self) -> bool {
        self.db.is_autocommit()
    }

    /// Makes `session()` return the number of the daemon's session, or `NULL`.
    pub(super) fn name_session(&self, session: Option<i64>) -> Result<(), Error> {
        self.db.create_scalar_function("session", 0, FunctionFlags::SQLITE_UTF8, move |_| Ok(session))
    }

    /// Closes it, and returns any error of doing so.
    pub(super) fn close(self) -> Result<(), Error> {
        self.db.close().map_err(|(_, error)| error)
    }

    fn rows(&self, query: Query<'_>, most: usize) -> Result<Vec<Row>, Error> {
        let mut statement = query.prepared(&self.db)?;
        let mut rows = statement.raw_query();
        let mut found: Vec<Row> = Vec::new();
        while let Some(row) = rows.next()? {
            if found.len() < most {
                let columns = match found.first() {
                    Some(first) => Arc::clone(&first.columns),
                    None => row.as_ref().column_names().map(str::to_owned).collect(),
                };
                let values = (0..columns.len()).map(|at| Ok(value_of(row.get_ref(at)?)));
                let values = values.collect::<Result<_, Error>>()?;
                found.push(Row { columns, values });
            }
        }
        Ok(found)
    }
}

/// Returns an owned value. Text that is not UTF-8 is damaged: it does not read as text, and affects no other
/// value.
fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Blob(bytes.to_owned()),
        },
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_owned()),
    }
}

/// Executed before the table of keys is changed: makes every writer compare them.
pub(super) const BEFORE_KEYS_CHANGE: &str =
    "UPDATE store SET keys_generation = keys_generation + 1 WHERE id = 1";

/// Runs the work of one or more statements, which is done before this returns.
pub(super) fn done<T>(work: BoxFuture<'_, Result<T, Failure>>) -> Result<T, Failure> {
    work.now_or_never().unwrap_or_else(|| Err(Error::ExecuteReturnedResults.into()))
}

/// A statement with its arguments, numbered from `$1`.
pub(super) struct Query<'q> {
    sql: Cow<'q, str>,
    arguments: Vec<Argument<'q>>,
}

/// Creates a query from a static statement.
pub(super) fn query<'q>(sql: &'static str) -> Query<'q> {
    Query { sql: Cow::Borrowed(sql), arguments: Vec::new() }
}

/// Creates a query from a statement assembled from static parts.
pub(super) fn dynamic_query<'q>(sql: String) -> Query<'q> {
    Query { sql: Cow::Owned(sql), arguments: Vec::new() }
}

impl<'q> Query<'q> {
    pub(super) fn bind(mut self, argument: impl Into<Argument<'q>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// SQLite numbers `$2` by its first appearance, not by its name.
    fn prepared(self, connection: &Connection) -> Result<rusqlite::CachedStatement<'_>, Error> {
        let mut statement = connection.prepare_cached(&self.sql)?;
        for at in 1..=statement.parameter_count() {
            let number = statement.parameter_name(at).and_then(|name| name[1..].parse::<usize>().ok());
            let argument = number.and_then(|number| self.arguments.get(number.checked_sub(1)?));
            let argument = argument.ok_or(Error::InvalidParameterCount(self.arguments.len(), at))?;
            statement.raw_bind_parameter(at, argument)?;
        }
        Ok(statement)
    }

    pub(super) async fn execute(self, db: &mut Conn) -> Result<Executed, Error> {
        let changes = self.prepared(&db.db)?.raw_execute()?;
        Ok(Executed(changes as u64))
    }

    pub(super) async fn fetch_all(self, db: &mut Conn) -> Result<Vec<Row>, Error> {
        db.rows(self, usize::MAX)
    }

    pub(super) async fn fetch_optional(self, db: &mut Conn) -> Result<Option<Row>, Error> {
        // Steps through all rows: a change that returns rows is not complete before the last one.
        Ok(db.rows(self, 1)?.pop())
    }

    pub(super) async fn fetch_one(self, db: &mut Conn) -> Result<Row, Error> {
        self.fetch_optional(db).await?.ok_or(Error::QueryReturnedNoRows)
    }
}

/// The number of rows that a statement changed.
pub(super) struct Executed(u64);

impl Executed {
    pub(super) const fn rows_affected(&self) -> u64 {
        self.0
    }
}

/// An argument of a statement.
pub(super) enum Argument<'q> {
    Null,
    Integer(i64),
    Text(Cow<'q, str>),
    Blob(Cow<'q, [u8]>),
}

impl rusqlite::ToSql for Argument<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::ToSqlOutput;
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl From<i64> for Argument<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<'q> From<&'q str> for Argument<'q> {
    fn from(text: &'q str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Argument<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'q> From<&'q [u8]> for Argument<'q> {
    fn from(bytes: &'q [u8]) -> Self {
        Self::Blob(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Argument<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(Cow::Owned(bytes))
    }
}

impl<'q, T: Into<Argument<'q>>> From<Option<T>> for Argument<'q> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A statement assembled from parts and arguments.
pub(super) struct QueryBuilder<'q> {
    sql: String,
    arguments: Vec<Argument<'q>>,
}

impl<'q> QueryBuilder<'q> {
    pub(super) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), arguments: Vec::new() }
    }

    pub(super) fn push(&mut self, sql: impl Display) -> &mut Self {
        self.sql.push_str(&sql.to_string());
        self
    }

    pub(super) fn push_bind(&mut self, argument: impl Into<Argument<'q>>) -> &mut Self {
        self.arguments.push(argument.into());
        self.sql.push_str(&format!("${}", self.arguments.len()));
        self
    }

    pub(super) fn build(&mut self) -> Query<'q> {
        let (sql, arguments) = (std::mem::take(&mut self.sql), std::mem::take(&mut self.arguments));
        Query { sql: Cow::Owned(sql), arguments }
    }
}

/// A row, with the names of its columns.
#[derive(Debug)]
pub(super) struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

/// Reads a row by the names of its columns.
pub(super) trait ReadRow {
    fn try_get<T: Column, N: AsRef<str>>(&self, column: N) -> Result<T, Error>;
}

impl ReadRow for Row {
    fn try_get<T: Column, N: AsRef<str>>(&self, column: N) -> Result<T, Error> {
        let name = column.as_ref();
        let at = self.columns.iter().position(|column| column == name);
        let at = at.ok_or_else(|| Error::InvalidColumnName(name.to_owned()))?;
        let value = &self.values[at];
        T::of(value).ok_or_else(|| Error::InvalidColumnType(at, name.to_owned(), value.data_type()))
    }
}

/// A type that a column may hold.
pub(super) trait Column: Sized {
    fn of(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Integer(number) = value { Some(*number) } else { None }
    }
}

impl Column for bool {
    fn of(value: &Value) -> Option<Self> {
        i64::of(value).map(|number| number != 0)
    }
}

impl Column for String {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Column for Vec<u8> {
    fn of(value: &Value) -> Option<Self> {
        if let Value::Blob(bytes) = value { Some(bytes.clone()) } else { None }
    }
}

impl<T: Column> Column for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::of(value).map(Some) }
    }
}

pub(super) fn no_row() -> Error {
    Error::QueryReturnedNoRows
}

/// Returns whether a row with another key already has that value.
pub(super) fn is_unique_violation(error: &Error) -> bool {
    let unique = [rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    error.sqlite_error().is_some_and(|error| unique.contains(&error.extended_code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> (tempfile::NamedTempFile, Conn) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let connection = Conn::open(file.path(), Access::Write).unwrap();
        (file, connection)
    }

    #[test]
    fn a_commit_is_synced_unless_it_may_wait() {
        let (_file, mut connection) = opened();
        for (synced, level) in [(true, 2), (false, 1), (false, 1), (true, 2)] {
            connection.set_sync(synced).unwrap();
            assert_eq!(connection.value::<i64>("PRAGMA synchronous").unwrap(), level, "{synced}");
        }
    }

    #[test]
    fn of_several_rows_the_first_one_is_taken() {
        let (_file, mut connection) = opened();
        let numbers = || query("SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3");
        let first = numbers().fetch_one(&mut connection).now_or_never().unwrap().unwrap();
        assert_eq!(first.try_get::<i64, _>("number").unwrap(), 1);
        assert_eq!(numbers().fetch_all(&mut connection).now_or_never().unwrap().unwrap().len(), 3);
    }
}
