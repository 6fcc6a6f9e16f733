use std::fs::{self, File, OpenOptions};
use std::path::Path;

use super::driver::{Access, Conn};
use super::file;
use super::turn::Mark;
use crate::failure::{Failure, MIGRATE, RESTORE, store};
use crate::migrations::{self, Migration, newest};

const MIGRATIONS: [Migration; 6] = [
    Migration {
        version: 1,
        description: "initial",
        sql: include_str!("../../migrations/sqlite/0001_initial.sql"),
    },
    Migration {
        version: 2,
        description: "side by side",
        sql: include_str!("../../migrations/sqlite/0002_side_by_side.sql"),
    },
    Migration { version: 3, description: "keys", sql: include_str!("../../migrations/sqlite/0003_keys.sql") },
    Migration {
        version: 4,
        description: "rollouts",
        sql: include_str!("../../migrations/sqlite/0004_rollouts.sql"),
    },
    Migration {
        version: 5,
        description: "closed intents",
        sql: include_str!("../../migrations/sqlite/0005_closed_intents.sql"),
    },
    Migration {
        version: 6,
        description: "large rollouts",
        sql: include_str!("../../migrations/sqlite/0006_large_rollouts.sql"),
    },
];

/// The table that holds the schema versions, under its original name.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
                        checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";

/// "MPST", as written by the first migration.
const APPLICATION_ID: i64 = 0x4d50_5354;

/// Creates a store next to the path and moves it there when it is complete: an incomplete store is never at the
/// path.
pub(super) fn make(path: &Path) -> Result<(), Failure> {
    let draft = file::beside(path, ".new");
    for leftover in ["", "-wal", "-shm"] {
        match fs::remove_file(file::beside(&draft, leftover)) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                return Err(file::failed("remove", &draft, &problem).into());
            }
            _ => {}
        }
    }
    file::private(OpenOptions::new().write(true).create_new(true))
        .open(&draft)
        .map_err(|problem| file::failed("make", &draft, &problem))?;
    let connection = Conn::open(&draft, Access::Write)?;
    let _mode: String = connection.value("PRAGMA journal_mode = WAL")?;
    run_migrations(&connection)?;
    let _busy: i64 = connection.value("PRAGMA wal_checkpoint(TRUNCATE)")?;
    connection.close()?;
    let publish = || -> std::io::Result<()> {
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, path)?;
        file::sync_directory(path)
    };
    publish().map_err(|problem| file::failed("make", path, &problem).into())
}

/// Brings the schema of a store up to date.
pub(super) fn migrate(path: &Path) -> Result<(), Failure> {
    let connection = Conn::open(path, Access::Write).map_err(|error| refusal(path, error))?;
    verify_ours(&connection, path)?;
    verify_structure(&connection, path)?;
    if version(&connection)? > newest(&MIGRATIONS) {
        return Err(newer(path).into());
    }
    run_migrations(&connection)?;
    Ok(connection.close()?)
}

/// Returns whether a store has the schema of this version; fails if the file is not a store, or one of a later
/// version.
pub(super) fn is_up_to_date(path: &Path) -> Result<bool, Failure> {
    let connection = Conn::open(path, Access::ReadOnly).map_err(|error| refusal(path, error))?;
    verify_ours(&connection, path)?;
    match version(&connection)?.cmp(&newest(&MIGRATIONS)) {
        std::cmp::Ordering::Equal => Ok(true),
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Greater => Err(newer(path).into()),
    }
}

fn run_migrations(connection: &Conn) -> Result<(), Failure> {
    let migrate = || -> Result<(), Failure> {
        connection.run(VERSIONS)?;
        let present = version(connection)?;
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > present) {
            connection.run("BEGIN IMMEDIATE")?;
            connection.run(migration.sql)?;
            let Migration { version, description, .. } = migration;
            let checksum: String = migration.checksum().iter().map(|byte| format!("{byte:02x}")).collect();
            connection.run(&format!(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES ({version}, '{description}', 1, x'{checksum}', 0)"
            ))?;
            connection.run("COMMIT")?;
        }
        Ok(())
    };
    migrate().map_err(|failure| migrations::failed(&failure.into_error("migrate")).into())
}

/// Refuses anything that is not a store of this version.
pub(super) fn verify(connection: &Conn, path: &Path) -> Result<(), Failure> {
    verify_ours(connection, path)?;
    let version = version(connection).map_err(|failure| match failure {
        Failure::Sqlite(error) => refusal(path, error),
        other => other,
    })?;
    match version.cmp(&newest(&MIGRATIONS)) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(newer(path).into()),
        std::cmp::Ordering::Less => {
            let why = format!("{} has the schema of an earlier version", path.display());
            Err(store(why, MIGRATE).into())
        }
    }
}

fn verify_ours(connection: &Conn, path: &Path) -> Result<(), Failure> {
    let id: i64 = connection.value("PRAGMA application_id").map_err(|error| refusal(path, error))?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let why = format!("{} is the database of another program", path.display());
    Err(store(why, "correct the path of the store").into())
}

/// Refuses a damaged store. Reads the whole store.
pub(super) fn verify_structure(connection: &Conn, path: &Path) -> Result<(), Failure> {
    match problems(connection)?.first() {
        Some(problem) => Err(store(format!("{} is damaged: {problem}", path.display()), RESTORE).into()),
        None => Ok(()),
    }
}

/// Refuses a store that has lost acknowledged commits: its log was truncated or deleted, or it was replaced by an
/// earlier copy.
pub(super) fn verify_commits(connection: &Conn, path: &Path, mark: Option<&Mark>) -> Result<(), Failure> {
    let Some(mark) = mark else { return Ok(()) };
    let identity: String = connection.value("SELECT identity FROM store")?;
    let commits: i64 = connection.value("SELECT commits FROM store")?;
    mark.compare(path, &identity, commits).map_err(Failure::from)
}

/// Returns the problems that SQLite's own check of the structure finds.
pub(super) fn problems(connection: &Conn) -> Result<Vec<String>, Failure> {
    let found = connection.texts("PRAGMA quick_check(10)");
    match found {
        Ok(mut problems) => {
            problems.retain(|problem| problem != "ok");
            Ok(problems)
        }
        Err(rusqlite::Error::SqliteFailure(problem, words)) => {
            Ok(vec![words.unwrap_or_else(|| problem.to_string())])
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn version(connection: &Conn) -> Result<i64, Failure> {
    let version: Option<i64> = connection.value("SELECT MAX(version) FROM _sqlx_migrations WHERE success")?;
    Ok(version.unwrap_or_default())
}

fn newer(path: &Path) -> miniprogram_core::Error {
    store(
        format!("{} was written by a later version", path.display()),
        "use that version of miniprogram, or a later one",
    )
}

/// Returns the error for a file that SQLite refuses.
pub(super) fn refusal(path: &Path, error: rusqlite::Error) -> Failure {
    match error.sqlite_error().map(|problem| problem.extended_code & 0xff) {
        Some(rusqlite::ffi::SQLITE_NOTADB) => {
            let why = format!("{} is not a SQLite database", path.display());
            store(why, "correct the path of the store, or restore it from a backup").into()
        }
        Some(rusqlite::ffi::SQLITE_CORRUPT) => {
            store(format!("{} is damaged: {error}", path.display()), RESTORE).into()
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another process may have been faster, with this version or with a later one.
    #[test]
    fn a_schema_that_was_brought_up_to_date_meanwhile_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        make(&path).unwrap();
        migrate(&path).unwrap();
        let connection = Conn::open(&path, Access::Write).unwrap();
        connection.run("UPDATE _sqlx_migrations SET version = 99 WHERE version = 4").unwrap();
        let error = migrate(&path).unwrap_err().into_error("migrate");
        assert!(error.to_string().contains("later version"), "{error}");
    }
}
