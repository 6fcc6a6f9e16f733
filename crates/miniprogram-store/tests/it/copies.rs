//! Copying a whole store to another database.

use std::sync::Arc;

use miniprogram_core::{ErrorKind, Secret, Timestamp};
use miniprogram_store::{Maintenance, PostgresStore, SqliteStore, Store, StoreKeys, StoreOptions, copy};
use serde_json::Value;

use crate::{postgres, statement_in, suite};

fn key(letter: char) -> StoreKeys {
    StoreKeys::new(&Secret::new(format!("{}A=", letter.to_string().repeat(42)))).unwrap()
}

fn with(keys: StoreKeys) -> StoreOptions {
    StoreOptions::default().with_keys(keys)
}

/// Everything except secrets and what a copy does not transfer.
async fn exported(store: &dyn Store) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut write = |value: &Value| {
        let mut value = value.clone();
        if let Some(lease) = value.get_mut("lease") {
            lease["until"] = Value::Null;
        }
        lines.push(value);
        Ok(())
    };
    store.export(Timestamp::from_unix(2_000_000_000), &mut write).await.unwrap();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_to_postgresql_and_back() {
    let Some(url) = postgres::database("everything_moves_to_postgresql_and_back") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.db"), folder.path().join("second.db"));
    let (from, back) = (format!("sqlite:{}", first.display()), format!("sqlite:{}", second.display()));
    let source = SqliteStore::create(&first, with(key('a'))).await.unwrap();
    let source: Arc<dyn Store> = Arc::new(source);
    suite::fill_for_a_copy(&source).await;
    let before = exported(&*source).await;
    source.close().await;
    drop(source);

    let copied = copy(&from, key('a'), &url, key('b')).await.unwrap();
    assert_eq!((copied.rows["events"], copied.resumed), (451, 0));
    let target = PostgresStore::connect(&url, with(key('b'))).await.unwrap();
    assert_eq!(exported(&target).await, before);
    let report = target.check(Timestamp::from_unix(0)).await.unwrap();
    assert!(report.is_ok() && report.sealed_with.len() == 1 && report.open_values == 0, "{report:?}");
    assert_eq!(report.rows, copied.rows);

    // Interrupted midway: it resumes, and no row is duplicated.
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    let cut = "DELETE FROM miniprogram.events WHERE id > 300; DELETE FROM miniprogram.lanes";
    sqlx::raw_sql(cut).execute(&pool).await.unwrap();
    let again = copy(&from, key('a'), &url, key('b')).await.unwrap();
    assert_eq!((&again.rows, again.resumed), (&copied.rows, copied.rows.values().sum::<u64>() - 152));

    let returned = copy(&url, key('b'), &back, key('c')).await.unwrap();
    assert_eq!(returned.rows, copied.rows);
    let target: Arc<dyn Store> = Arc::new(SqliteStore::open(&second, with(key('c'))).await.unwrap());
    assert_eq!(exported(&*target).await, before);
    suite::assert_a_copy_goes_on(&target).await;
    target.close().await;

    // A target with other rows is refused, and nothing is written to it.
    let error = copy(&from, key('a'), &back, key('c')).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    statement_in(&first, "UPDATE events SET deliveries = deliveries + 1 WHERE id = 7");
    let error = copy(&from, key('a'), &url, key('b')).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("row 7 of events"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_to_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.db"), folder.path().join("second.db"));
    let (from, to) = (format!("sqlite:{}", first.display()), format!("sqlite:{}", second.display()));
    let source: Arc<dyn Store> = Arc::new(SqliteStore::create(&first, with(key('a'))).await.unwrap());
    suite::fill_for_a_copy(&source).await;
    let before = exported(&*source).await;
    source.close().await;
    drop(source);

    let copied = copy(&from, key('a'), &to, key('b')).await.unwrap();
    assert_eq!((copied.rows["events"], copied.resumed), (451, 0));

    // Interrupted midway: it resumes, and no row is duplicated.
    statement_in(&second, "DELETE FROM events WHERE id > 300; DELETE FROM lanes");
    let again = copy(&from, key('a'), &to, key('b')).await.unwrap();
    assert_eq!((&again.rows, again.resumed), (&copied.rows, copied.rows.values().sum::<u64>() - 152));
    let target: Arc<dyn Store> = Arc::new(SqliteStore::open(&second, with(key('b'))).await.unwrap());
    assert_eq!(exported(&*target).await, before);
    let report = target.check(Timestamp::from_unix(0)).await.unwrap();
    assert!(report.is_ok() && report.sealed_with.len() == 1 && report.open_values == 0, "{report:?}");
    assert_eq!(report.rows, copied.rows);
    suite::assert_a_copy_goes_on(&target).await;
    target.close().await;
    drop(target);

    // A target with other rows is refused.
    let error = copy(&from, key('a'), &to, key('b')).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_in_use_or_cannot_be_read_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.db"), folder.path().join("second.db"));
    let (from, to) = (format!("sqlite:{}", first.display()), format!("sqlite:{}", second.display()));
    let daemon: Arc<dyn Store> =
        Arc::new(SqliteStore::migrate(&first, with(key('a')).as_daemon()).await.unwrap());
    suite::fill_for_a_copy(&daemon).await;
    let error = copy(&from, key('a'), &to, key('a')).await.unwrap_err();
    assert!(error.to_string().contains("daemon"), "{error}");
    daemon.close().await;
    drop(daemon);
    let error = copy(&from, key('b'), &to, key('b')).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store, "{error}");
    copy(&from, key('a'), &to, key('a')).await.unwrap();
}

/// Used ids stay used, even if no row is left of them.
#[tokio::test(flavor = "multi_thread")]
async fn ids_of_rows_that_are_gone_are_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.db"), folder.path().join("second.db"));
    let from = format!("sqlite:{}", first.display());
    let source: Arc<dyn Store> = Arc::new(SqliteStore::create(&first, with(key('a'))).await.unwrap());
    let last = suite::fill_and_prune(&source).await;
    source.close().await;
    drop(source);
    let mut targets = vec![format!("sqlite:{}", second.display())];
    targets.extend(postgres::database("ids_of_rows_that_are_gone_are_not_given_again"));
    for to in targets {
        let copied = copy(&from, key('a'), &to, key('b')).await.unwrap();
        assert_eq!(copied.rows.values().sum::<u64>(), 0, "{to}");
        let target = miniprogram_store::open(&to, key('b')).await.unwrap();
        assert!(suite::receive(&target, "new", 1).await > last, "{to}");
        target.close().await;
    }
}

/// Once a copy is reported complete, it can be used at once, by another process as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_complete_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.db"), folder.path().join("second.db"));
    let (from, to) = (format!("sqlite:{}", first.display()), format!("sqlite:{}", second.display()));
    SqliteStore::create(&first, with(key('a'))).await.unwrap().close().await;
    copy(&from, key('a'), &to, key('b')).await.unwrap();
    let daemons = std::fs::OpenOptions::new().write(true).open(folder.path().join("second.db.lock")).unwrap();
    daemons.try_lock().unwrap();
}
