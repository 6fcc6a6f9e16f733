//! PostgreSQL: one database, shared by processes and machines.

use std::fmt::{self, Debug};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use miniprogram_core::{Error, ErrorKind, Outcome, Result};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::failure::{Failure, MIGRATE, store};
use crate::keys::{Purpose, StoreKeys};
use crate::migrations::{self, Migration};
use crate::open::StoreOptions;

mod driver;
mod group;
mod inbox;
mod intents;
mod structure;

macro_rules! for_update {
    ($($sql:expr),* $(,)?) => { concat!($($sql,)* " FOR UPDATE") };
}
macro_rules! held_by_session {
    ($column:expr) => {
        ""
    };
}

#[cfg_attr(
    feature = "sqlite",
    expect(clippy::duplicate_mod, reason = "each database compiles the statements with its own types")
)]
// `scripts/mutants` mutates these files once, as a part of SQLite. No build sees the attribute: Miri runs no
// database.
#[cfg_attr(miri, mutants::skip)]
#[path = "sql/mod.rs"]
mod sql;

use driver::Conn;
use group::Groups;
use inbox::{Ending, Owner};
use intents::Journal;
use sql::events::Arrival;

type Handle = PostgresStore;

const BACKEND: &str = "postgres";
/// The clause of a statement that supplies ids of its own.
const OVERRIDING: &str = " OVERRIDING SYSTEM VALUE";

const MIGRATIONS: [Migration; 6] = [
    Migration {
        version: 1,
        description: "initial",
        sql: include_str!("../migrations/postgres/0001_initial.sql"),
    },
    Migration { version: 2, description: "keys", sql: include_str!("../migrations/postgres/0002_keys.sql") },
    Migration {
        version: 3,
        description: "groups",
        sql: include_str!("../migrations/postgres/0003_groups.sql"),
    },
    Migration {
        version: 4,
        description: "rollouts",
        sql: include_str!("../migrations/postgres/0004_rollouts.sql"),
    },
    Migration {
        version: 5,
        description: "closed intents",
        sql: include_str!("../migrations/postgres/0005_closed_intents.sql"),
    },
    Migration {
        version: 6,
        description: "large rollouts",
        sql: include_str!("../migrations/postgres/0006_large_rollouts.sql"),
    },
];

/// The table that holds the schema versions, under its original name.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                        installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, \
                        checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)";
/// The lock that a migration takes: "MPST".
const MIGRATION_LOCK: i64 = 0x4d50_5354;

/// The settings of every connection. A session that stalls in the middle of a transaction loses it, and with it
/// the rows it has locked.
const SESSION: &str = "SET synchronous_commit = on; SET search_path = miniprogram; SET lock_timeout = '10s'; \
                       SET idle_in_transaction_session_timeout = '10s'";

/// For how long an idle connection is assumed to be alive.
const TRUSTED: Duration = Duration::from_secs(1);

/// A store in a database that is shared by any number of processes.
///
/// Every write is durable on the server before its method returns. A write that has begun is finished even if its
/// caller is dropped. Rows are locked while they change, and leases and claims carry fencing numbers: a holder
/// that was paused cannot overwrite what its successor wrote. Cloning is cheap.
///
/// The tables are in the schema `miniprogram`. The clocks of the processes must agree to well within a lease.
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: PgPool,
    arrivals: Groups<Arrival>,
    endings: Groups<Ending>,
    owners: Groups<Owner>,
    journal: Journal,
    /// The database and the table of events that were opened; set once the schema was verified.
    place: OnceLock<Place>,
    keys: StoreKeys,
    read_only: bool,
}

impl Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("keys", &self.0.keys)
            .field("read_only", &self.0.read_only)
            .finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens the store at `postgres://USER:PASSWORD@HOST/DATABASE`. No error contains the password.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an invalid URL. [`Store`](ErrorKind::Store) if the server cannot be
    /// reached or does not keep what it acknowledges (`fsync` or `full_page_writes` off); if the database
    /// contains no store, or one of another schema version; if the keys are not those of the store.
    pub async fn connect(url: &str, options: StoreOptions) -> Result<Self> {
        let opened = async {
            let opened = Self::pool(url, options, false).await?;
            opened.verify_schema().await?;
            opened.prove_keys().await?;
            Ok(opened)
        };
        opened.await.map_err(|failure: Failure| failure.into_error("connect"))
    }

    /// Opens the store read-only: writes fail.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn connect_read_only(url: &str, options: StoreOptions) -> Result<Self> {
        let opened = async {
            let opened = Self::pool(url, options, true).await?;
            opened.verify_schema().await?;
            opened.prove_keys().await?;
            Ok(opened)
        };
        opened.await.map_err(|failure: Failure| failure.into_error("connect_read_only"))
    }

    /// Creates the tables if they do not exist, brings their schema up to date, and opens the store.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), except for a missing store and an earlier schema.
    pub async fn migrate(url: &str, options: StoreOptions) -> Result<Self> {
        let migrated = async {
            let opened = Self::pool(url, options, false).await?;
            run_migrations(&opened.0.pool)
                .await
                .map_err(|failure| migrations::failed(&failure.into_error("migrate")))?;
            opened.verify_schema().await?;
            opened.prove_keys().await?;
            Ok(opened)
        };
        migrated.await.map_err(|failure: Failure| failure.into_error("migrate"))
    }

    async fn pool(url: &str, options: StoreOptions, read_only: bool) -> Result<Self, Failure> {
        let address: PgConnectOptions = url.parse().map_err(|_| {
            // The parser's message may quote the URL, including the password.
            Error::new(ErrorKind::Config, "connect")
                .with_field("store")
                .with_detail("must be postgres://USER:PASSWORD@HOST:PORT/DATABASE")
        })?;
        let address = address.disable_statement_logging();
        // Connect once without the pool: a pool retries until its timeout and discards the reason.
        let mut first = address.connect().await?;
        for setting in ["fsync", "full_page_writes"] {
            let value: String =
                sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(&mut first).await?;
            if value != "on" {
                let why =
                    format!("the server runs with {setting} = {value}: it may lose what it acknowledged");
                let advice = "set fsync and full_page_writes to on in the server's configuration";
                return Err(store(why, advice).into());
            }
        }
        first.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(Duration::from_secs(10))
            // Checking whether the server is still there takes a round trip.
            .test_before_acquire(false)
            .before_acquire(|connection, of| {
                Box::pin(async move {
                    if of.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(SESSION).await?;
                    if read_only {
                        connection.execute("SET default_transaction_read_only = on").await?;
                    }
                    Ok(())
                })
            })
            .connect_with(address)
            .await?;
        Ok(Self(Arc::new(Inner {
            pool,
            arrivals: Groups::default(),
            endings: Groups::default(),
            owners: Groups::default(),
            journal: Journal::default(),
            place: OnceLock::new(),
            keys: options.keys,
            read_only,
        })))
    }

    async fn verify_schema(&self) -> Result<(), Failure> {
        let newest = migrations::newest(&MIGRATIONS);
        let mut connection = self.0.pool.acquire().await?;
        let version = match schema_version(&mut connection).await {
            Err(Failure::Postgres(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some("42P01") =>
            {
                return Err(store("the database contains no store", MIGRATE).into());
            }
            other => other?,
        };
        match version.cmp(&newest) {
            std::cmp::Ordering::Equal => {
                let place = place(&mut connection).await?;
                self.0.place.get_or_init(|| place);
                Ok(())
            }
            std::cmp::Ordering::Less => {
                Err(store("the store has the schema of an earlier version", MIGRATE).into())
            }
            std::cmp::Ordering::Greater => {
                let advice = "use that version of miniprogram, or a later one";
                Err(store("the store was written by a later version", advice).into())
            }
        }
    }

    /// Compares the keys with those of the store, and records new ones. From then on the database itself refuses
    /// values that are not sealed with one of the store's keys.
    async fn prove_keys(&self) -> Result<(), Failure> {
        let purpose = if self.0.read_only { Purpose::Read } else { Purpose::Write };
        let mut connection = self.0.pool.acquire().await?;
        let kept = sql::keys::kept(&mut connection).await?;
        drop(connection);
        if !self.keys().prove(&kept, purpose)?.is_empty() {
            let mut transaction = self.0.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            sql::keys::register(&mut transaction, self.keys()).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    fn keys(&self) -> &StoreKeys {
        &self.0.keys
    }

    async fn write<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.writable(operation)?;
        let pool = self.0.pool.clone();
        finish(operation, async move {
            let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
            match work(&mut transaction, &arguments).await {
                Ok(value) => {
                    transaction.commit().await.map_err(|error| commit_failure(operation, error))?;
                    Ok(value)
                }
                Err(failure) => {
                    if let Err(error) = transaction.rollback().await {
                        tracing::debug!(operation, error = %Failure::from(error).into_error("rollback"), "the server ends the transaction itself");
                    }
                    Err(failure)
                }
            }
        })
        .await
    }

    /// Writes with one statement, which is its own transaction.
    async fn write_at_once<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.writable(operation)?;
        let pool = self.0.pool.clone();
        finish(operation, async move {
            let mut connection = pool.acquire().await?;
            work(&mut connection, &arguments).await.map_err(|failure| match failure {
                Failure::Postgres(_) if !group::is_refusal(&failure) => {
                    failure.into_error(operation).with_outcome(Outcome::Unknown).into()
                }
                refused => refused,
            })
        })
        .await
    }

    fn writable(&self, operation: &'static str) -> Result<()> {
        if self.0.read_only {
            let advice = "open it without `read_only` to write";
            return Err(store("the store is open for reading alone", advice).with_operation(operation));
        }
        Ok(())
    }

    /// Writes data that may be lost if the machine crashes.
    async fn write_unsynced<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T>
    where
        A: Send + Sync + 'static,
        T: Send + 'static,
    {
        self.write(operation, arguments, work).await
    }

    async fn read<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T> {
        let read = async {
            let mut connection = self.0.pool.acquire().await?;
            work(&mut connection, &arguments).await
        };
        read.await.map_err(|failure: Failure| failure.into_error(operation))
    }

    async fn look_up<A, T>(&self, operation: &'static str, arguments: A, work: Work<A, T>) -> Result<T> {
        self.read(operation, arguments, work).await
    }

    async fn verify_place(&self) -> Result<bool, Failure> {
        let mut connection = self.0.pool.acquire().await?;
        let now = place(&mut connection).await?;
        Ok(self.0.place.get().is_none_or(|opened| *opened == now))
    }

    async fn shut_down(&self) {
        self.0.pool.close().await;
    }
}

/// Writes in a separate task: a dropped caller cannot leave a commit half sent.
async fn finish<T: Send + 'static>(
    operation: &'static str,
    write: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T> {
    match tokio::spawn(write).await {
        Ok(result) => result.map_err(|failure| failure.into_error(operation)),
        Err(_) => Err(group::cut_off(operation)),
    }
}

/// If the transaction was refused, nothing was written. After any other error the commit may have taken place.
fn commit_failure(operation: &'static str, error: sqlx::Error) -> Failure {
    let refused = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("40") || code.starts_with("23"));
    let outcome = if refused { Outcome::NotDone } else { Outcome::Unknown };
    Failure::from(error).into_error(operation).with_outcome(outcome).into()
}

/// A database and a table in it, identified by numbers that are never reused.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    database: i64,
    events: i64,
}

async fn place(connection: &mut Conn) -> Result<Place, Failure> {
    let (database, events) = sqlx::query_as(
        "SELECT (SELECT oid::BIGINT FROM pg_database WHERE datname = current_database()), \
         COALESCE(TO_REGCLASS('events')::OID::BIGINT, 0)",
    )
    .fetch_one(connection)
    .await?;
    Ok(Place { database, events })
}

/// The work of a write or a read, given its arguments.
type Work<A, T> = for<'c> fn(&'c mut Conn, &'c A) -> BoxFuture<'c, Result<T, Failure>>;

/// Brings the schema up to date, one process at a time.
async fn run_migrations(pool: &PgPool) -> Result<(), Failure> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *transaction).await?;
    transaction.execute("CREATE SCHEMA IF NOT EXISTS miniprogram").await?;
    transaction.execute(VERSIONS).await?;
    let present = schema_version(&mut transaction).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > present) {
        transaction.execute(migration.sql).await?;
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ($1, $2, TRUE, $3, 0)",
        )
        .bind(migration.version)
        .bind(migration.description)
        .bind(migration.checksum())
        .execute(&mut *transaction)
        .await?;
    }
    Ok(transaction.commit().await?)
}

async fn schema_version(connection: &mut Conn) -> Result<i64, Failure> {
    let version =
        sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations WHERE success");
    Ok(version.fetch_one(connection).await?.unwrap_or_default())
}

async fn structural_problems(connection: &mut Conn) -> Result<Vec<String>, Failure> {
    structure::problems(connection).await
}

/// Returns the highest id that a table has ever assigned.
async fn highest_id(connection: &mut Conn, table: &'static str) -> Result<i64, Failure> {
    let highest = "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass)";
    let highest: Option<i64> = sqlx::query_scalar(highest).bind(table).fetch_one(connection).await?;
    Ok(highest.unwrap_or_default())
}

/// Ensures that no id up to this one is assigned any more.
async fn raise_id(connection: &mut Conn, table: &'static str, id: i64) -> Result<(), Failure> {
    if id > highest_id(&mut *connection, table).await? {
        let raise = "SELECT setval(pg_get_serial_sequence($1, 'id')::regclass, $2)";
        sqlx::query(raise).bind(table).bind(id).execute(connection).await?;
    }
    Ok(())
}
