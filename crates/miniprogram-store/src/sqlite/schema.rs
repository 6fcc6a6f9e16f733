use std::fs::{self, File, OpenOptions};
use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteJournalMode;

use super::*;
use crate::failure::{MIGRATE, RESTORE, store};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// "MPST", as the first migration writes it.
const APPLICATION_ID: i64 = 0x4d50_5354;

/// Makes a store beside the path and moves it there when it is complete: a half-made one never stands at the path.
pub(super) async fn make(path: &Path) -> Result<(), Failure> {
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
    let mut connection = connect(&draft, connection(&draft).journal_mode(SqliteJournalMode::Wal)).await?;
    run_migrations(&mut connection).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
    connection.close().await?;
    let publish = || -> std::io::Result<()> {
        File::open(&draft)?.sync_all()?;
        fs::rename(&draft, path)?;
        file::sync_directory(path)
    };
    publish().map_err(|problem| file::failed("make", path, &problem).into())
}

/// Brings the schema of a store up to date.
pub(super) async fn migrate(path: &Path) -> Result<(), Failure> {
    let mut connection = connect(path, connection(path)).await?;
    verify_ours(&mut connection, path).await?;
    if schema_version(&mut connection).await? > newest() {
        return Err(newer(path).into());
    }
    run_migrations(&mut connection).await?;
    Ok(connection.close().await?)
}

async fn run_migrations(connection: &mut Conn) -> Result<(), Failure> {
    MIGRATIONS.run(connection).await.map_err(|problem| {
        let advice = "restore the store from a backup, or use the version of miniprogram that wrote it";
        store(format!("the schema could not be brought up to date: {problem}"), advice).into()
    })
}

/// Refuses what is no sound store of this version.
pub(super) async fn verify(connection: &mut Conn, path: &Path) -> Result<(), Failure> {
    verify_ours(connection, path).await?;
    let version = schema_version(connection).await.map_err(|failure| match failure {
        Failure::Database(error) => refusal(path, error),
        refused @ Failure::Refused(_) => refused,
    })?;
    match version.cmp(&newest()) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(newer(path).into()),
        std::cmp::Ordering::Less => {
            let why = format!("{} has the schema of an earlier version", path.display());
            Err(store(why, MIGRATE).into())
        }
    }
}

async fn verify_ours(connection: &mut Conn, path: &Path) -> Result<(), Failure> {
    let refused = |error| refusal(path, error);
    let id: i64 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(refused)?;
    if id != APPLICATION_ID {
        let why = format!("{} is the database of another program", path.display());
        return Err(store(why, "correct the path of the store").into());
    }
    let problems = structural_problems(connection).await?;
    if let Some(problem) = problems.first() {
        return Err(store(format!("{} is damaged: {problem}", path.display()), RESTORE).into());
    }
    Ok(())
}

pub(super) async fn structural_problems(connection: &mut Conn) -> Result<Vec<String>, Failure> {
    let rows = sqlx::query("PRAGMA quick_check(10)").fetch_all(connection).await;
    let rows = match rows {
        Ok(rows) => rows,
        Err(sqlx::Error::Database(error)) => return Ok(vec![error.message().to_owned()]),
        Err(error) => return Err(error.into()),
    };
    let mut problems = Vec::new();
    for row in rows {
        problems.push(row.try_get::<String, _>(0)?);
    }
    problems.retain(|problem| problem != "ok");
    Ok(problems)
}

pub(super) async fn schema_version(connection: &mut Conn) -> Result<i64, Failure> {
    let version =
        sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations WHERE success");
    Ok(version.fetch_one(connection).await?.unwrap_or_default())
}

fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn newer(path: &Path) -> miniprogram_core::Error {
    store(
        format!("{} was written by a later version", path.display()),
        "use that version of miniprogram, or a later one",
    )
}

/// A file that SQLite does not take.
pub(super) fn refusal(path: &Path, error: sqlx::Error) -> Failure {
    match &error {
        sqlx::Error::Database(database) if database.code().as_deref() == Some("26") => {
            let why = format!("{} is no SQLite database", path.display());
            store(why, "correct the path of the store, or restore it from a backup").into()
        }
        sqlx::Error::Database(database) if database.message().contains("malformed") => {
            store(format!("{} is damaged: {}", path.display(), database.message()), RESTORE).into()
        }
        _ => error.into(),
    }
}
