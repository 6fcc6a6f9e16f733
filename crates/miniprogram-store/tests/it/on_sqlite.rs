//! Guarantees specific to the single-file store.

use std::borrow::Cow;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use miniprogram_core::token::TokenScope;
use miniprogram_core::{
    AppId, Command, ErrorKind, Event, EventKind, Intent, Outcome, PlatformId, Settled, Timestamp, Vendor,
};
use miniprogram_store::{
    Acquired, Arrived, Inbox, IntentStore, Maintenance, NewEvent, PlatformKey, SqliteStore, StoreKeys,
    StoreOptions, Ticket, TokenFilter, TokenStore, accept_loss,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::statement_in;

const ACME: Vendor = Vendor::new("acme");

fn key() -> PlatformKey {
    PlatformKey::new(ACME, "p1")
}

fn ticket(text: &str) -> Ticket {
    Ticket::new(text.into(), Timestamp::from_unix(1), Timestamp::from_unix(1))
}

fn options() -> StoreOptions {
    StoreOptions::default()
}

/// A closed store with some content.
async fn made() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.db");
    let store = SqliteStore::create(&path, options()).await.unwrap();
    store.save_ticket(&key(), &ticket("first")).await.unwrap();
    for app in 0..200 {
        let scope = TokenScope::authorizer(ACME, PlatformId::from("p1"), AppId::from(format!("app{app}")));
        store.acquire(&scope, "me", Timestamp::from_unix(1), Duration::from_secs(1)).await.unwrap();
    }
    store.close().await;
    (directory, path)
}

async fn assert_refused(path: &PathBuf, words: &str) {
    for error in [
        SqliteStore::open(path, options()).await.unwrap_err(),
        SqliteStore::open_read_only(path, options()).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
        assert!(error.to_string().contains(words), "{error} does not say {words:?}");
        assert_ne!(error.advice(), ErrorKind::Store.advice(), "{error:#}");
    }
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_named_the_first() {
    let (directory, path) = made().await;
    let options = || options().as_daemon();
    let first = SqliteStore::open(&path, options()).await.unwrap();
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        let error = SqliteStore::open(path, options()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.to_string().contains(&format!("in use by process {}", std::process::id())), "{error}");
    }
    assert!(SqliteStore::migrate(&path, options()).await.is_err());
    first.save_ticket(&key(), &ticket("still mine")).await.unwrap();
    drop(first);
    let second = SqliteStore::open(&path, options()).await.unwrap();
    assert_eq!(second.ticket(&key()).await.unwrap(), Some(ticket("still mine")));
}

/// An acknowledgement written to a file that cannot be found again is lost.
#[tokio::test]
async fn nothing_is_written_to_a_file_that_is_not_in_its_place() {
    for end in ["", "-wal"] {
        for replaced in [false, true] {
            let (directory, path) = made().await;
            let store = SqliteStore::open(&path, options()).await.unwrap();
            store.save_ticket(&key(), &ticket("first")).await.unwrap();
            assert!(store.verify().await.unwrap());
            let gone = directory.path().join(format!("store.db{end}"));
            let kept = directory.path().join("kept");
            fs::rename(&gone, &kept).unwrap();
            if replaced {
                fs::copy(&kept, &gone).unwrap();
            }
            let error = store.save_ticket(&key(), &ticket("lost")).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
            assert!(error.to_string().contains("not the file that was opened"), "{error}");
            assert_eq!(store.verify().await.unwrap(), !end.is_empty(), "the file itself is looked at");
            fs::rename(&kept, &gone).unwrap();
            store.save_ticket(&key(), &ticket("back")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn who_lost_the_store_cannot_write_to_it() {
    let (_directory, path) = made().await;
    let options = || options().as_daemon();
    let first = SqliteStore::open(&path, options()).await.unwrap();
    // As if someone deleted the lock of a running process.
    fs::remove_file(path.with_file_name("store.db.lock")).unwrap();
    let second = SqliteStore::open(&path, options()).await.unwrap();
    let error = first.save_ticket(&key(), &ticket("from the first")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone));
    assert!(error.to_string().contains("another process has become the store"), "{error}");
    second.save_ticket(&key(), &ticket("from the second")).await.unwrap();
    assert_eq!(second.ticket(&key()).await.unwrap(), Some(ticket("from the second")));
}

#[tokio::test]
async fn the_owner_alone_may_read_the_files() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options().as_daemon()).await.unwrap();
    store.save_ticket(&key(), &ticket("t")).await.unwrap();
    let names = ["", "-wal", "-shm", ".lock", ".queue", ".turn"].map(|end| format!("store.db{end}"));
    for name in names {
        let mode = fs::metadata(path.with_file_name(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    store.close().await;
    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_refused(&path, &format!("has mode {mode:04o}")).await;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    SqliteStore::open(&path, options()).await.unwrap();
}

#[tokio::test]
async fn a_store_is_never_begun_empty() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.db");
    assert_refused(&path, "there is no store at").await;
    assert!(!path.exists(), "looking for it made it");
    let nowhere = directory.path().join("missing/store.db");
    assert!(SqliteStore::create(&nowhere, options()).await.is_err());

    let store = SqliteStore::create(&path, options()).await.unwrap();
    store.close().await;
    let error = SqliteStore::create(&path, options()).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
    let files = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.queue", "store.db.turn"], "there is nothing left of the making");
}

#[tokio::test]
async fn what_is_no_sound_store_is_refused() {
    let (directory, path) = made().await;
    let whole = fs::read(&path).unwrap();

    fs::write(&path, b"").unwrap();
    assert_refused(&path, "is empty").await;
    fs::write(&path, "an address book, and no database at all. ".repeat(200)).unwrap();
    assert_refused(&path, "is not a SQLite database").await;
    for kept in [whole.len() / 2, 4096, 1000] {
        fs::write(&path, &whole[..kept]).unwrap();
        let error = SqliteStore::open(&path, options()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{kept} bytes: {error}");
        assert!(error.to_string().contains("is damaged: database disk image is malformed"), "{error}");
        assert!(error.advice().contains("backup"), "{kept} bytes: {error:#}");
        assert_eq!(fs::read(&path).unwrap(), whole[..kept], "it was written to");
    }
    let mut altered = whole.clone();
    for page in 2..whole.len() / 4096 {
        altered[page * 4096..page * 4096 + 64].fill(0xaa);
    }
    fs::write(&path, &altered).unwrap();
    assert_refused(&path, "is damaged").await;
    fs::write(&path, &whole).unwrap();
    SqliteStore::open(&path, options()).await.unwrap().close().await;

    let foreign = directory.path().join("foreign.db");
    statement_in(&foreign, "CREATE TABLE tokens (id INTEGER)");
    fs::set_permissions(&foreign, fs::Permissions::from_mode(0o600)).unwrap();
    assert_refused(&foreign, "is the database of another program").await;
}

#[tokio::test]
async fn the_schema_of_another_version_is_refused() {
    let (_directory, path) = made().await;
    let statement = |sql| statement_in(&path, sql);
    statement(
        "INSERT INTO _sqlx_migrations SELECT 99, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1",
    );
    assert_refused(&path, "was written by a later version").await;
    assert!(SqliteStore::migrate(&path, options()).await.unwrap_err().to_string().contains("later version"));
    statement("DELETE FROM _sqlx_migrations");
    assert_refused(&path, "has the schema of an earlier version").await;
}

#[tokio::test]
async fn every_step_of_the_schema_is_kept_with_its_digest() {
    let (_directory, path) = made().await;
    let file = rusqlite::Connection::open(&path).unwrap();
    let digests = "SELECT COUNT(*), COUNT(DISTINCT checksum), MIN(LENGTH(checksum)) FROM _sqlx_migrations";
    let digests = file.query_row(digests, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    assert_eq!(digests.unwrap(), (6, 6, 32));
}

#[tokio::test]
async fn text_that_is_none_is_named_once() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    statement_in(
        &path,
        "UPDATE tokens SET kind = CAST(x'ff' AS TEXT), state = CAST(x'ff' AS TEXT) WHERE app = 'app7'",
    );
    let report = store.check(Timestamp::from_unix(2)).await.unwrap();
    let found: Vec<_> = report.unreadable.iter().map(|value| (value.column, &value.reason[..])).collect();
    assert_eq!(found, [("kind", "it is not text"), ("state", "it is not text")]);
}

#[tokio::test]
async fn readers_look_on_while_the_owner_writes() {
    let (_directory, path) = made().await;
    let owner = SqliteStore::open(&path, options()).await.unwrap();
    let url = format!("sqlite:{}", path.display());
    let reader = miniprogram_store::open_read_only(&url, StoreKeys::default()).await.unwrap();
    owner.save_ticket(&key(), &ticket("second")).await.unwrap();
    assert_eq!(reader.ticket(&key()).await.unwrap(), Some(ticket("second")));
    assert!(reader.check(Timestamp::from_unix(0)).await.unwrap().is_ok());
    let error = reader.save_ticket(&key(), &ticket("third")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    assert!(error.to_string().contains("for reading alone"), "{error}");
    assert_eq!(owner.ticket(&key()).await.unwrap(), Some(ticket("second")));
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_come_together_share_a_sync() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..1000 {
        let store = store.clone();
        tasks.spawn(async move {
            let key = PlatformKey::new(ACME, format!("platform{task}"));
            // One in ten is refused, without affecting the others of its group.
            let text = if task % 10 == 0 { "" } else { "t" };
            store.save_ticket(&key, &ticket(text)).await.is_ok()
        });
    }
    let saved = tasks.join_all().await.into_iter().filter(|saved| *saved).count();
    assert_eq!(saved, 900);
    let stats = store.stats();
    assert_eq!(stats.operations, 1000);
    assert!(stats.commits <= 200, "{stats:?}");
    for task in [1, 999] {
        let key = PlatformKey::new(ACME, format!("platform{task}"));
        assert_eq!(store.ticket(&key).await.unwrap(), Some(ticket("t")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_finished_without_its_caller() {
    let (_directory, path) = made().await;
    let store = Arc::new(SqliteStore::open(&path, options()).await.unwrap());
    for task in 0..100 {
        let store = Arc::clone(&store);
        let caller = tokio::spawn(async move {
            let key = PlatformKey::new(ACME, format!("platform{task}"));
            store.save_ticket(&key, &ticket("t")).await
        });
        tokio::task::yield_now().await;
        caller.abort();
        let _aborted = caller.await;
    }
    let begun = store.stats().operations;
    store.close().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let report = store.check(Timestamp::from_unix(0)).await.unwrap();
    assert!(report.is_ok() && report.rows["tickets"] > begun, "{begun} of {report:?}");
}

/// Polls a write until it waits, and drops it: it is done as soon as it has its turn.
async fn write_and_leave(store: &SqliteStore, text: &str) {
    let (key, ticket) = (key(), ticket(text));
    let mut write = store.save_ticket(&key, &ticket);
    std::future::poll_fn(|context| {
        assert!(write.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_was_dropped_is_opened_again_when_it_has_finished() {
    let (directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let turn = OpenOptions::new().write(true).open(directory.path().join("store.db.turn")).unwrap();
    turn.lock().unwrap();
    write_and_leave(&store, "last").await;
    drop(store);
    let again = tokio::spawn({
        let path = path.clone();
        async move { SqliteStore::open(path, options()).await }
    });
    for other in ["one.db", "another.db", "third.db"] {
        SqliteStore::create(directory.path().join(other), options()).await.unwrap().close().await;
    }
    assert!(!again.is_finished(), "the dropped one has not written yet");
    turn.unlock().unwrap();
    let store = again.await.unwrap().unwrap();
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket("last")));
}

#[tokio::test]
async fn what_is_written_behind_a_close_is_refused() {
    let (directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let turn = OpenOptions::new().write(true).open(directory.path().join("store.db.turn")).unwrap();
    turn.lock().unwrap();
    write_and_leave(&store, "before").await;
    let (key, behind) = (key(), ticket("behind"));
    let (close, write) = (store.close(), store.save_ticket(&key, &behind));
    let release = async {
        turn.unlock().unwrap();
    };
    let ((), written, ()) = tokio::join!(close, write, release);
    assert_eq!(written.unwrap_err().kind(), ErrorKind::Store);
    let store = SqliteStore::open(&path, options()).await.unwrap();
    assert_eq!(store.ticket(&key).await.unwrap(), Some(ticket("before")));
}

/// Number of this process's open connections to a file.
#[cfg(target_os = "linux")]
fn connections_to(path: &Path) -> usize {
    let open =
        fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    open.filter(|file| file == path).count()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_read_are_kept_until_the_store_is_closed() {
    let (_directory, path) = made().await;
    let options = options().with_connections(2);
    let store = SqliteStore::open_read_only(&path, options).await.unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let store = store.clone();
        readers.spawn(async move { store.ticket(&key()).await.unwrap() });
    }
    assert_eq!(readers.join_all().await, vec![Some(ticket("first")); 40]);
    assert!((1..=2).contains(&connections_to(&path)));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let store = store.clone();
        readers.spawn(async move { store.tokens(&TokenFilter::new(200)).await.unwrap().records.len() });
    }
    assert_eq!(readers.join_all().await, [200; 40]);
    assert!((1..=2).contains(&connections_to(&path)), "those that read many rows wait for one of them");
    store.close().await;
    assert_eq!(connections_to(&path), 0);
    assert!(store.ticket(&key()).await.is_err());
}

#[tokio::test]
async fn a_commit_that_went_missing_is_noticed_by_the_next_write() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    statement_in(&path, "UPDATE store SET commits = commits - 1");
    let error = store.save_ticket(&key(), &ticket("second")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone));
    assert!(error.to_string().contains("has lost its last 1 commits"), "{error}");
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket("first")));
}

#[tokio::test]
async fn a_store_whose_mark_cannot_be_read_is_not_taken_to_have_none() {
    let (directory, path) = made().await;
    let mark = directory.path().join("store.db.turn");
    fs::remove_file(&mark).unwrap();
    std::os::unix::fs::symlink(&mark, &mark).unwrap();
    assert_refused(&path, "cannot open").await;
}

/// A name that links to itself: its content is indeterminate, which is not the same as empty.
#[tokio::test]
async fn a_file_that_cannot_be_looked_at_is_not_taken_to_be_missing() {
    let (directory, path) = made().await;
    let endless = directory.path().join("endless.db");
    std::os::unix::fs::symlink(&endless, &endless).unwrap();
    assert_refused(&endless, "cannot look at").await;

    let store = SqliteStore::open(&path, options()).await.unwrap();
    let kept = directory.path().join("kept");
    fs::rename(&path, &kept).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let error = store.verify().await.unwrap_err();
    assert!(error.to_string().contains("cannot look at"), "{error}");
    fs::rename(&kept, &path).unwrap();
    assert!(store.verify().await.unwrap());
    store.close().await;

    let log = directory.path().join("store.db-wal");
    std::os::unix::fs::symlink(&log, &log).unwrap();
    assert_refused(&path, "cannot look at").await;
}

#[tokio::test]
async fn without_a_mark_nobody_knows_what_is_missing() {
    let (directory, path) = made().await;
    fs::remove_file(directory.path().join("store.db.turn")).unwrap();
    assert_eq!(accept_loss(&format!("sqlite:{}", path.display())).await.unwrap(), None);
    let error = accept_loss("postgres://user@host/database").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{error}");
}

/// A row that no write of the store could have created.
const DAMAGE: &str = "PRAGMA ignore_check_constraints = ON; \
                      INSERT INTO store (id, identity, commits, session, process) \
                      SELECT 2, identity, commits, session, process FROM store";

#[tokio::test]
async fn a_check_tells_what_is_damaged_in_the_structure() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    statement_in(&path, DAMAGE);
    let report = store.check(Timestamp::from_unix(2)).await.unwrap();
    assert!(report.problems.iter().any(|problem| problem.contains("CHECK")), "{:?}", report.problems);
}

/// The whole file is read when it is opened, which takes time: next to a daemon that has done so, it is not repeated.
#[tokio::test]
async fn a_store_is_read_through_unless_its_daemon_has_done_that() {
    let (_directory, path) = made().await;
    let daemon = SqliteStore::open(&path, options().as_daemon()).await.unwrap();
    statement_in(&path, DAMAGE);
    SqliteStore::open(&path, options()).await.unwrap().close().await;
    daemon.close().await;
    for error in [
        SqliteStore::open(&path, options()).await.unwrap_err(),
        SqliteStore::open(&path, options().as_daemon()).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("is damaged: CHECK constraint failed"), "{error}");
    }
}

#[tokio::test]
async fn debug_output_tells_which_store_it_is() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    assert!(format!("{store:?}").contains(&format!("{path:?}")), "{store:?}");
}

/// A program may migrate its store before each start: a daemon blocks that only if the schema must change.
#[tokio::test]
async fn the_schema_is_changed_without_a_daemon_alone() {
    let (_directory, path) = made().await;
    let daemon = SqliteStore::open(&path, options().as_daemon()).await.unwrap();
    SqliteStore::migrate(&path, options()).await.unwrap().close().await;
    statement_in(&path, "DELETE FROM _sqlx_migrations WHERE version = 6; DROP INDEX rollout_apps_ready");
    let error = SqliteStore::migrate(&path, options()).await.unwrap_err();
    assert!(error.to_string().contains("has a daemon already"), "{error}");
    daemon.close().await;
}

#[tokio::test]
async fn a_write_that_changes_nothing_costs_no_sync() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    store.save_ticket(&key(), &ticket("second")).await.unwrap();
    let before = store.stats();
    store.save_ticket(&key(), &ticket("")).await.unwrap_err();
    let older = Ticket::new("older".into(), Timestamp::from_unix(0), Timestamp::from_unix(2));
    assert!(!store.save_ticket(&key(), &older).await.unwrap());
    let after = store.stats();
    assert_eq!((after.operations - before.operations, after.commits - before.commits), (2, 0));
}

/// As on a full disk: the database ends the transaction, and nothing in the group is written.
#[tokio::test]
async fn a_group_that_the_database_gives_up_is_not_done() {
    let (directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    statement_in(
        &path,
        "CREATE TRIGGER full BEFORE INSERT ON tickets WHEN NEW.platform = 'full' \
         BEGIN SELECT RAISE(ROLLBACK, 'no room'); END",
    );
    let turn = OpenOptions::new().write(true).open(directory.path().join("store.db.turn")).unwrap();
    turn.lock().unwrap();
    write_and_leave(&store, "held up").await;
    let (full, behind) = (PlatformKey::new(ACME, "full"), PlatformKey::new(ACME, "behind"));
    let new = ticket("new");
    let release = async {
        turn.unlock().unwrap();
    };
    let (one, other, ()) =
        tokio::join!(store.save_ticket(&full, &new), store.save_ticket(&behind, &new), release);
    for error in [one.unwrap_err(), other.unwrap_err()] {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    }
    assert_eq!(store.ticket(&behind).await.unwrap(), None);
    store.save_ticket(&behind, &new).await.unwrap();
    assert_eq!(store.ticket(&behind).await.unwrap(), Some(new));
}

/// A process that only checks for a daemon holds its lock for a moment.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_starts_though_somebody_looks_for_it() {
    let (_directory, path) = made().await;
    let lock = path.with_file_name("store.db.lock");
    SqliteStore::open(&path, options().as_daemon()).await.unwrap().close().await;
    for _ in 0..5 {
        let looker = OpenOptions::new().write(true).open(&lock).unwrap();
        looker.lock().unwrap();
        let path = path.clone();
        let opening = tokio::spawn(async move { SqliteStore::open(path, options().as_daemon()).await });
        while connections_to(&lock) < 2 && !opening.is_finished() {}
        // It has the file open, and has found the lock taken.
        (0..100).for_each(|_| std::thread::yield_now());
        drop(looker);
        opening.await.unwrap().unwrap().close().await;
    }
}

#[tokio::test]
async fn a_daemon_that_left_no_name_is_another_process() {
    let (directory, path) = made().await;
    let lock = fs::File::create(directory.path().join("store.db.lock")).unwrap();
    lock.lock().unwrap();
    let error = SqliteStore::open(&path, options().as_daemon()).await.unwrap_err();
    assert!(error.to_string().contains("in use by another process"), "{error}");
}

#[tokio::test]
async fn a_group_that_fails_leaves_the_store_usable() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let statement = |sql| statement_in(&path, sql);
    // A constraint that is checked at commit, and fails.
    statement(
        "CREATE TABLE child (parent INTEGER REFERENCES tickets (id) DEFERRABLE INITIALLY DEFERRED); \
         CREATE TRIGGER fail AFTER UPDATE ON tickets BEGIN INSERT INTO child VALUES (-1); END",
    );
    let error = store.save_ticket(&key(), &ticket("second")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::Unknown), "{error}");
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket("first")));
    statement("DROP TRIGGER fail; ALTER TABLE store RENAME TO away");
    let error = store.save_ticket(&key(), &ticket("third")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    statement("ALTER TABLE away RENAME TO store");
    store.save_ticket(&key(), &ticket("fourth")).await.unwrap();
    assert_eq!(store.ticket(&key()).await.unwrap(), Some(ticket("fourth")));
}

#[tokio::test]
async fn a_daemon_ends_the_leases_and_claims_of_the_daemon_before() {
    let (_directory, path) = made().await;
    let daemon = || SqliteStore::open(&path, options().as_daemon());
    let store = daemon().await.unwrap();
    let command = SqliteStore::open(&path, options()).await.unwrap();
    let (scope, others) = (
        TokenScope::platform(ACME, PlatformId::from("p1")),
        TokenScope::client_credentials(ACME, PlatformId::from("p1")),
    );
    let now = Timestamp::from_unix(1000);
    let lease = Duration::from_secs(600);
    store.acquire(&scope, "dead", now, lease).await.unwrap();
    command.acquire(&others, "command", now, lease).await.unwrap();
    let receive = async |name| {
        let mut event = Event::new(ACME, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null);
        event.app_id = Some(AppId::from(name));
        store.receive(&NewEvent::new(key(), event, now)).await.unwrap();
    };
    receive("a").await;
    let dead = store.claim("dead", now, lease, 1).await.unwrap().remove(0);
    receive("b").await;
    let held = command.claim("command", now, lease, 1).await.unwrap().remove(0);
    drop(store);
    let store = daemon().await.unwrap();
    let Acquired::Granted { lease: taken, .. } = store.acquire(&scope, "next", now, lease).await.unwrap()
    else {
        panic!("the lease of a process that is gone still counts");
    };
    assert!(taken.interrupted);
    let still = store.acquire(&others, "next", now, lease).await.unwrap();
    assert!(matches!(still, Acquired::Held { .. }), "the lease of a command that runs beside it: {still:?}");
    let claims = store.claim("next", now, lease, 9).await.unwrap();
    let claim = &claims[0];
    assert_eq!((claims.len(), claim.entry.id, claim.entry.attempts), (1, dead.entry.id, 2));
    assert_eq!(store.complete(&dead, now).await.unwrap_err().kind(), ErrorKind::Conflict);
    store.complete(claim, now).await.unwrap();
    command.complete(&held, now).await.unwrap();
}

/// What a killed daemon had claimed with the write that stored it is handled by the next daemon at once; what a command
/// had claimed so, when the lease is over.
#[tokio::test]
async fn a_daemon_ends_the_claims_of_what_the_daemon_before_received() {
    let (_directory, path) = made().await;
    let daemon = || SqliteStore::open(&path, options().as_daemon());
    let store = daemon().await.unwrap();
    let command = SqliteStore::open(&path, options()).await.unwrap();
    let (now, lease) = (Timestamp::from_unix(1000), Duration::from_secs(600));
    let receive = async |store: &SqliteStore, name| {
        let mut event = Event::new(ACME, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null);
        event.app_id = Some(AppId::from(name));
        let new = NewEvent::new(key(), event, now);
        match store.receive_and_claim(new, "dead", now, lease).await.unwrap() {
            Arrived::Claimed(claim) => *claim,
            other => panic!("not claimed: {other:?}"),
        }
    };
    let dead = receive(&store, "a").await;
    let held = receive(&command, "b").await;
    let begun = store.stats();
    assert_eq!((begun.operations, begun.commits), (1, 1), "one write stores and claims");
    drop(store);
    let store = daemon().await.unwrap();
    let claims = store.claim("next", now, lease, 9).await.unwrap();
    let claimed: Vec<_> = claims.iter().map(|claim| (claim.entry.id, claim.entry.attempts)).collect();
    assert_eq!(claimed, [(dead.entry.id, 2)]);
    assert_eq!(store.complete(&dead, now).await.unwrap_err().kind(), ErrorKind::Conflict);
    let claims = store.claim("next", now.after(lease), lease, 9).await.unwrap();
    assert_eq!(claims.last().map(|claim| claim.entry.id), Some(held.entry.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_handles_write_beside_the_daemon() {
    let (_directory, path) = made().await;
    let daemon = SqliteStore::open(&path, options().as_daemon()).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for handle in 0..8 {
        let path = path.clone();
        tasks.spawn(async move {
            let store = SqliteStore::open(&path, options()).await.unwrap();
            for ticket_of in 0..25 {
                let key = PlatformKey::new(ACME, format!("platform{handle}-{ticket_of}"));
                store.save_ticket(&key, &ticket("t")).await.unwrap();
            }
            store.close().await;
        });
    }
    let busy = daemon.clone();
    let load = tokio::spawn(async move {
        for number in 0.. {
            let key = PlatformKey::new(ACME, format!("daemon{number}"));
            if busy.save_ticket(&key, &ticket("t")).await.is_err() {
                return number;
            }
        }
        0
    });
    tasks.join_all().await;
    daemon.close().await;
    let saved = load.await.unwrap();
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let report = store.check(Timestamp::from_unix(0)).await.unwrap();
    assert!(report.is_ok() && report.rows["tickets"] >= 1 + 200 + saved, "{saved} and 200 of {report:?}");
}

/// The log's content was acknowledged: a store without its log is not considered complete.
#[tokio::test]
async fn a_log_that_was_cut_short_is_noticed_when_the_store_is_opened() {
    for kept in [0, 32, 4096 + 56] {
        let (directory, path) = made().await;
        let store = SqliteStore::open(&path, options()).await.unwrap();
        for number in 0..3 {
            let key = PlatformKey::new(ACME, format!("platform{number}"));
            store.save_ticket(&key, &ticket("t")).await.unwrap();
        }
        // The files after a machine failure, without the log.
        let after = directory.path().join("after");
        fs::create_dir(&after).unwrap();
        for name in ["store.db", "store.db-wal", "store.db.turn"] {
            fs::copy(path.with_file_name(name), after.join(name)).unwrap();
        }
        let log = OpenOptions::new().write(true).open(after.join("store.db-wal")).unwrap();
        log.set_len(kept).unwrap();
        let left = after.join("store.db");
        for error in [
            SqliteStore::open(&left, options()).await.unwrap_err(),
            SqliteStore::open(&left, options().as_daemon()).await.unwrap_err(),
            SqliteStore::open_read_only(&left, options()).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone));
            assert!(error.to_string().contains("has lost its last"), "{kept} bytes: {error}");
            assert!(error.advice().contains("--accept-loss"), "{error:#}");
        }
        let missing = accept_loss(&format!("sqlite:{}", left.display())).await.unwrap();
        assert!(missing.is_some_and(|missing| missing > 0), "{missing:?}");
        let store = SqliteStore::open(&left, options()).await.unwrap();
        store.save_ticket(&key(), &ticket("on")).await.unwrap();
        store.close().await;
        SqliteStore::open(&left, options()).await.unwrap();
    }
}

#[tokio::test]
async fn an_earlier_copy_in_the_place_of_the_store_is_noticed() {
    let (directory, path) = made().await;
    let copy = directory.path().join("copy");
    fs::copy(&path, &copy).unwrap();
    let store = SqliteStore::open(&path, options()).await.unwrap();
    store.save_ticket(&key(), &ticket("second")).await.unwrap();
    store.close().await;
    fs::copy(&copy, &path).unwrap();
    assert_refused(&path, "has lost its last").await;
}

/// Opening the file by another name creates another log next to it.
#[tokio::test]
async fn a_file_with_two_names_is_refused() {
    let (directory, path) = made().await;
    let other = directory.path().join("other.db");
    let store = SqliteStore::open(&path, options()).await.unwrap();
    store.save_ticket(&key(), &ticket("first")).await.unwrap();
    fs::hard_link(&path, &other).unwrap();
    let error = store.save_ticket(&key(), &ticket("second")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotDone), "{error}");
    assert!(error.to_string().contains("has 2 names"), "{error}");
    assert!(store.verify().await.is_err(), "health says so");
    assert_refused(&path, "has 2 names").await;
    assert_refused(&other, "has 2 names").await;
    fs::remove_file(&other).unwrap();
    store.save_ticket(&key(), &ticket("second")).await.unwrap();
}

/// A write that fails after its first statement rolls back only itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_half_way_costs_no_other() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    statement_in(
        &path,
        "CREATE TRIGGER fail BEFORE INSERT ON lanes WHEN NEW.app = 'app13' \
         BEGIN SELECT RAISE(ABORT, 'no lane for it'); END",
    );
    let mut tasks = tokio::task::JoinSet::new();
    for app in 0..50 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut event = Event::new(ACME, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null);
            event.app_id = Some(AppId::from(format!("app{app}")));
            (app, store.receive(&NewEvent::new(key(), event, Timestamp::from_unix(1))).await)
        });
    }
    for (app, received) in tasks.join_all().await {
        assert_eq!(received.is_err(), app == 13, "{app}: {received:?}");
    }
    assert_eq!(store.counts().await.unwrap().pending, 49);
    let check = store.check(Timestamp::from_unix(1)).await.unwrap();
    assert_eq!(check.rows["events"], 49, "its first statement counts as little as its second");
}

#[tokio::test]
async fn a_store_is_opened_by_its_address() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}", directory.path().join("store.db").display());
    let error = miniprogram_store::open(&url, StoreKeys::default()).await.unwrap_err();
    assert!(error.advice().contains("store migrate"), "{error:#}");
    miniprogram_store::migrate(&url, StoreKeys::default()).await.unwrap().close().await;
    let store = miniprogram_store::open(&url, StoreKeys::default()).await.unwrap();
    assert_eq!(store.tokens(&TokenFilter::new(1)).await.unwrap().records, []);
    for bad in ["", "store.db", "sqlite:", "mysql://host/db", "postgres:host"] {
        let error = miniprogram_store::open(bad, StoreKeys::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("store")), "{bad:?}");
        assert!(error.to_string().contains("sqlite:PATH or postgres://"), "{bad:?}: {error}");
    }
}

#[tokio::test]
async fn a_half_made_store_stands_in_nobodys_way() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("store.db");
    let draft = directory.path().join("store.db.new");
    OpenOptions::new().write(true).create(true).truncate(true).open(&draft).unwrap();
    SqliteStore::create(&path, options()).await.unwrap();
    assert!(!draft.exists());
    fs::create_dir(directory.path().join("other.db.new")).unwrap();
    let error = SqliteStore::create(directory.path().join("other.db"), options()).await.unwrap_err();
    assert!(error.to_string().contains("cannot remove"), "it is no file, and not ours: {error}");
}

/// One effect at a time costs one sync: the previous outcome becomes durable with the next write.
#[tokio::test]
async fn what_became_of_an_intent_is_seen_at_once_and_synced_with_the_next_write() {
    let (_directory, path) = made().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    let other = SqliteStore::open(&path, options()).await.unwrap();
    let platform = PlatformId::from("p1");
    let before = store.stats();
    let commits = || -> i64 {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.query_row("SELECT commits FROM store", [], |row| row.get(0)).unwrap()
    };
    let synced = commits();
    for number in 0..10 {
        let app = AppId::from(format!("app{number}"));
        let at = Timestamp::from_unix(number);
        let intent = Intent::new(ACME, app.clone(), Command::CancelGrayRelease, Value::Null, at);
        store.open_intent(&platform, &intent).await.unwrap();
        assert!(other.pending_intent(&platform, ACME, &app.clone().into()).await.unwrap().is_some());
        store.close_intent(&platform, &intent, &Settled::unknown(), at).await.unwrap();
        assert!(other.pending_intent(&platform, ACME, &app.clone().into()).await.unwrap().is_none());
    }
    assert_eq!(commits() - synced, 10, "one sync each");
    assert_eq!(store.stats().operations - before.operations, 20);
    store.close().await;
    let store = SqliteStore::open(&path, options()).await.unwrap();
    assert_eq!(store.pending_intents(&key()).await.unwrap().intents, []);
}
