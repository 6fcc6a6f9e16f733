use miniprogram_core::{Error, ErrorKind, Outcome};

#[cfg(feature = "postgres")]
use crate::keys;

/// Why a database operation failed, before the name of the operation is known.
#[derive(Debug)]
pub(crate) enum Failure {
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::Error),
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(rusqlite::Error),
    /// A violated rule of the store.
    Refused(Error),
}

impl Failure {
    pub(crate) fn into_error(self, operation: &'static str) -> Error {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(error) => of_postgres(operation, &error),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(error) => of_sqlite(operation, &error),
            Self::Refused(error) => error.with_operation(operation),
        }
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

#[cfg(feature = "sqlite")]
impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Creates the error for a failure of the store, with advice on what to do. Nothing was written.
pub(crate) fn store(detail: impl Into<String>, advice: &'static str) -> Error {
    Error::new(ErrorKind::Store, "store")
        .with_outcome(Outcome::NotDone)
        .with_detail(detail)
        .with_advice(advice)
}

/// Creates the error for a state that does not allow the operation. Nothing was written.
pub(crate) fn conflict(detail: impl Into<String>, advice: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, "store")
        .with_outcome(Outcome::NotDone)
        .with_detail(detail)
        .with_advice(advice)
}

/// Creates the error for a row or a column that cannot be understood.
pub(crate) fn unreadable(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Error {
    store(format!("{what} cannot be read: {why}"), RESTORE)
}

pub(crate) const RESTORE: &str =
    "stop, run `miniprogram store check`, and restore the store from a backup if it is damaged";

/// The error code of the database for a value that is not sealed with a key of the store; its message lists the
/// ids of the keys.
#[cfg(feature = "postgres")]
const NOT_THE_KEY: &str = "MPKEY";

/// Uses only the database's message: its other fields may quote a row, and the text of a connection error may
/// quote the address.
#[cfg(feature = "postgres")]
fn of_postgres(operation: &'static str, error: &sqlx::Error) -> Error {
    let (detail, advice) = match error {
        sqlx::Error::Database(database) if database.code().as_deref() == Some(NOT_THE_KEY) => {
            return keys::not_active(database.message()).with_operation(operation);
        }
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            (format!("{} (code {code})", database.message()), advice_on_postgres(&code))
        }
        sqlx::Error::Configuration(_) => {
            ("the address cannot be understood".to_owned(), "use postgres://USER@HOST/DATABASE")
        }
        sqlx::Error::Io(problem) => (format!("connection lost: {problem}"), REACH),
        sqlx::Error::Tls(problem) => (format!("no TLS connection: {problem}"), REACH),
        sqlx::Error::PoolTimedOut => ("no connection became free in time".to_owned(), REACH),
        other => (other.to_string(), ErrorKind::Store.advice()),
    };
    store(detail, advice).with_operation(operation)
}

#[cfg(feature = "postgres")]
const REACH: &str = "see that the database can be reached and takes connections, then repeat";

#[cfg(feature = "postgres")]
fn advice_on_postgres(code: &str) -> &'static str {
    match code {
        "3F000" | "42P01" | "42703" => MIGRATE,
        "28000" | "28P01" | "3D000" => "correct the user, the password or the name of the database",
        "25006" => "this server is read-only: connect to the primary one",
        "53100" => "make room on the server's disk, then repeat",
        _ => ErrorKind::Store.advice(),
    }
}

#[cfg(feature = "sqlite")]
fn of_sqlite(operation: &'static str, error: &rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(problem, words) = error else {
        return store(error.to_string(), ErrorKind::Store.advice()).with_operation(operation);
    };
    // The lowest byte of an extended code is its class.
    let code = problem.extended_code;
    let advice = match code & 0xff {
        5 | 6 => "another program holds the file: end it, then repeat",
        8 => "the file or its directory cannot be written: correct the permissions",
        10 => "the disk failed: see the system's log, then restore the store from a backup if it is damaged",
        11 | 26 => RESTORE,
        13 => "make room on the disk, then repeat",
        14 => "the file cannot be opened: correct the path or the permissions",
        _ => ErrorKind::Store.advice(),
    };
    let words = words.clone().unwrap_or_else(|| problem.to_string());
    store(format!("{words} (code {code})"), advice).with_operation(operation)
}

pub(crate) const MIGRATE: &str = "run `miniprogram store migrate`";

#[cfg(test)]
mod tests {
    #[cfg(feature = "sqlite")]
    #[test]
    fn a_failure_of_a_file_says_what_to_do_about_it() {
        for (code, words) in [
            (5, "another program holds the file"),
            (6, "another program holds the file"),
            (8, "correct the permissions"),
            (10, "the disk failed"),
            (11, "store check"),
            (13, "make room on the disk"),
            (14, "the file cannot be opened"),
            (26, "store check"),
            // An extended code: only its class matters.
            (10 | 3 << 8, "the disk failed"),
        ] {
            let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let error = super::of_sqlite("open", &failure);
            assert!(error.advice().contains(words), "{code}: {error:#}");
            assert!(error.to_string().contains(&format!("(code {code})")), "{error}");
        }
        let other = super::of_sqlite("open", &rusqlite::Error::QueryReturnedNoRows);
        assert_eq!((other.operation(), other.advice()), ("open", super::ErrorKind::Store.advice()));
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_refusal_of_a_server_says_what_to_do_about_it() {
        for (codes, words) in [
            (&["3F000", "42P01", "42703"][..], "store migrate"),
            (&["28000", "28P01", "3D000"], "the user, the password"),
            (&["25006"], "connect to the primary one"),
            (&["53100"], "make room on the server's disk"),
        ] {
            for code in codes {
                assert!(super::advice_on_postgres(code).contains(words), "{code}");
            }
        }
        assert_eq!(super::advice_on_postgres("XX000"), super::ErrorKind::Store.advice());
    }
}
