//! One suite for every store, and the tests specific to each.

#![allow(clippy::unwrap_used, reason = "a test that fails panics")]

mod copies;
mod identity;
mod on_postgres;
mod on_sqlite;
mod postgres;
mod suite;
mod values;

use std::sync::Arc;

use miniprogram_store::{PostgresStore, SqliteStore, Store, StoreKeys, StoreOptions};
use tempfile::TempDir;

/// The location of a test's store, which can be opened any number of times.
enum Place {
    Sqlite(TempDir),
    Postgres(String),
}

impl Place {
    fn sqlite(_test: &str) -> Option<Self> {
        Some(Self::Sqlite(TempDir::new().unwrap()))
    }

    fn postgres(test: &str) -> Option<Self> {
        postgres::database(test).map(Self::Postgres)
    }

    /// Opens the store, creating it if missing.
    async fn store(&self) -> Arc<dyn Store> {
        self.store_with(StoreKeys::default()).await
    }

    async fn store_with(&self, keys: StoreKeys) -> Arc<dyn Store> {
        let options = StoreOptions::default().with_keys(keys);
        match self {
            Self::Sqlite(directory) => {
                let path = directory.path().join("store.db");
                Arc::new(SqliteStore::migrate(path, options).await.unwrap())
            }
            Self::Postgres(url) => Arc::new(PostgresStore::migrate(url, options).await.unwrap()),
        }
    }

    /// Which database it is in.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// Its URL.
    fn url(&self) -> String {
        match self {
            Self::Sqlite(directory) => format!("sqlite:{}", directory.path().join("store.db").display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// A second handle on the open store, as in another process.
    async fn beside(&self, _open: &Arc<dyn Store>) -> Arc<dyn Store> {
        self.store().await
    }

    /// Executes a statement that differs between the databases.
    async fn statement_of(&self, sqlite: &'static str, postgres: &'static str) {
        self.statement(if matches!(self, Self::Sqlite(_)) { sqlite } else { postgres }).await;
    }

    async fn statement(&self, sql: &'static str) {
        match self {
            Self::Sqlite(directory) => {
                statement_in(&directory.path().join("store.db"), sql);
            }
            Self::Postgres(url) => {
                let pool = sqlx::PgPool::connect(url).await.unwrap();
                let mut connection = pool.acquire().await.unwrap();
                sqlx::raw_sql("SET search_path = miniprogram").execute(&mut *connection).await.unwrap();
                sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap();
                drop(connection);
                pool.close().await;
            }
        }
    }

    /// All stored values of a column, as hex digits.
    async fn stored(&self, sqlite: &'static str, postgres: &'static str) -> Vec<String> {
        match self {
            Self::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(directory.path().join("store.db")).unwrap();
                let mut statement = connection.prepare(sqlite).unwrap();
                let values = statement.query_map([], |row| row.get(0)).unwrap();
                values.collect::<Result<_, _>>().unwrap()
            }
            Self::Postgres(url) => {
                let pool = sqlx::PgPool::connect(url).await.unwrap();
                let values = sqlx::query_scalar(postgres).fetch_all(&pool).await.unwrap();
                pool.close().await;
                values
            }
        }
    }
}

/// Executes a statement in a file that may be a store.
fn statement_in(path: &std::path::Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}
