//! Unreadable rows, long-kept rows, and another database.

use std::path::PathBuf;
use std::time::Duration;

use miniprogram::authorization::IssuedToken;
use miniprogram::token::{AccessToken, TokenScope};
use miniprogram::vendor_api::MethodName;
use miniprogram::{AppId, Command as Effect, Event, EventKind, Intent, PlatformId, Timestamp};
use miniprogram_sim::WECHAT;
use miniprogram_store::{
    Acquired, Inbox, IntentStore, Maintenance, NewEvent, NewTokens, PlatformKey, SqliteStore, StoreOptions,
    StoredAccess, Ticket, TokenStore,
};
use serde_json::{Value, json};

use crate::support::{Ran, WECHAT_APP, command};

const OTHER_APP: &str = "wx1111111111111111";
const PLATFORM: &str = "wxplatform";

/// A store with a ticket, and a token, an open effect and an event of two apps.
struct Kept(tempfile::TempDir);

impl Kept {
    async fn start() -> Self {
        let kept = Self(tempfile::tempdir().unwrap());
        let store = SqliteStore::migrate(kept.file(), StoreOptions::default()).await.unwrap();
        let (now, key) = (Timestamp::from_unix(1_690_000_000), PlatformKey::new(WECHAT, PLATFORM));
        store.save_ticket(&key, &Ticket::new("ticket".into(), now, now)).await.unwrap();
        for app in [WECHAT_APP, OTHER_APP] {
            let app = AppId::from(app);
            let scope = TokenScope::authorizer(WECHAT, PlatformId::from(PLATFORM), app.clone());
            let acquired = store.acquire(&scope, "me", now, Duration::from_secs(30)).await.unwrap();
            let Acquired::Granted { lease, .. } = acquired else { panic!("not granted: {acquired:?}") };
            let token = AccessToken::new("token").unwrap();
            let access = StoredAccess::new(&IssuedToken::new(token, Duration::from_secs(7200)), now);
            let tokens = NewTokens::new(Some(access)).with_refresh_token(Some("refresh".into()));
            store.commit(&lease, &tokens, now).await.unwrap();
            let effect = Effect::inherent(MethodName::new("set_name"), &json!({ "name": "n" })).unwrap();
            let intent = Intent::new(WECHAT, app.clone(), effect, Value::Null, now);
            store.open_intent(&PlatformId::from(PLATFORM), &intent).await.unwrap();
            let mut event = Event::new(WECHAT, EventKind::AuditApproved, "passed".into(), json!({ "n": 1 }));
            event.app_id = Some(app);
            store.receive(&NewEvent::new(key.clone(), event, now)).await.unwrap();
        }
        store.close().await;
        kept
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("state.db")
    }

    /// Gives one value of the first app an unknown form.
    fn damage(&self, table: &str, column: &str) {
        let file = rusqlite::Connection::open(self.file()).unwrap();
        let damage = format!("UPDATE {table} SET {column} = CAST(x'07' AS BLOB) WHERE id = 1");
        assert_eq!(file.execute(&damage, []).unwrap(), 1);
    }

    fn run(&self, line: &[&str]) -> Ran {
        let url = format!("sqlite:{}", self.file().display());
        Ran::of(command().args(line).args(["--store", &url, "--format", "json"]))
    }

    fn run_for(&self, app: &str, line: &[&str]) -> Ran {
        let of_app = ["--vendor", "wechat", "--platform-id", PLATFORM, "--app", app];
        self.run(&[line, &of_app].concat())
    }
}

/// The JSON on standard output of a command that exited with that code.
fn told(ran: &Ran, code: i32) -> Value {
    assert_eq!(ran.code, code, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[tokio::test]
async fn what_cannot_be_read_is_listed_repaired_and_told() {
    let kept = Kept::start().await;
    for (table, column) in
        [("tickets", "ticket"), ("tokens", "refresh"), ("intents", "effect"), ("events", "event")]
    {
        kept.damage(table, column);
    }
    let check = told(&kept.run(&["store", "check"]), 1);
    assert_eq!(check["unreadable"].as_array().unwrap().len(), 4, "{check}");

    let events = kept.run(&["events", "list"]).json();
    assert!(events[0].get("unreadable").is_none() && events[0]["id"] == 2, "{events}");
    assert_eq!((&events[1]["id"], &events[1]["app_id"]), (&json!(1), &json!(WECHAT_APP)), "{events}");
    assert!(events[1]["unreadable"].as_str().unwrap().contains("no known form"), "{events}");
    assert_eq!(kept.run(&["events", "show", "1"]).json()["state"], "pending");

    let status = kept.run(&["auth", "status"]).json();
    let states: Vec<_> =
        status.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unreadable", "needs_recovery", "active"], "{status}");
    assert_eq!(status[1]["unreadable"][0]["column"], "refresh", "{status}");

    let all = ["effects", "list", "--vendor", "wechat", "--platform-id", PLATFORM];
    let effects = kept.run(&all).json();
    assert!(effects[0].get("unreadable").is_none() && effects[0]["app_id"] == OTHER_APP, "{effects}");
    assert_eq!((&effects[1]["app_id"], &effects[1]["operation"]), (&json!(WECHAT_APP), &json!("set_name")));

    let would = told(&kept.run(&["store", "repair", "--dry-run"]), 0);
    assert_eq!(told(&kept.run(&["store", "check"]), 1), check, "nothing was written");
    let repaired = told(&kept.run(&["store", "repair"]), 0);
    assert_eq!(repaired, would);
    let actions: Vec<_> =
        repaired.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["dropped", "needs_recovery", "stays_open", "dead"], "{repaired}");
    assert_eq!(repaired[3]["app_id"], WECHAT_APP);
    assert!(repaired[3]["lost"].as_str().unwrap().contains("what the event says"), "{repaired}");

    // The dead letter is replayed alone, and reported.
    let replayed = told(&kept.run(&["events", "replay", "--dead"]), 1);
    assert_eq!(replayed[0]["id"], 1, "{replayed}");
    assert!(replayed[0]["unreadable"].is_string(), "{replayed}");
    assert_eq!(told(&kept.run(&["store", "repair"]), 1)[0]["action"], "left");
    assert_eq!(told(&kept.run(&["store", "repair", "--drop"]), 0)[0]["action"], "dropped");
    told(&kept.run(&["store", "check"]), 0);

    // The effect is open until someone records its outcome.
    let error = kept.run_for(WECHAT_APP, &["effects", "settle"]).error(6);
    assert!(error["advice"].as_str().unwrap().contains("--as done"), "{error}");
    let closed = kept.run_for(WECHAT_APP, &["effects", "settle", "--as", "not-done"]).json();
    assert_eq!((&closed["outcome"], &closed["operation"]), (&json!("not_done"), &json!("set_name")));
    assert_eq!(kept.run(&all).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_week_is_remembered_at_least() {
    let kept = Kept::start().await;
    let refused = kept.run(&["store", "prune", "--older-than", "6d"]);
    assert!(refused.code == 2 && refused.stderr.contains("7d or longer"), "{refused:?}");
    let file = rusqlite::Connection::open(kept.file()).unwrap();
    let done = "UPDATE events SET state = 'done', finished_at = 5 WHERE id = 1; \
                UPDATE events SET state = 'dead', finished_at = 5 WHERE id = 2; UPDATE lanes SET head = NULL; \
                UPDATE intents SET closed_at = 5 WHERE id = 1";
    file.execute_batch(done).unwrap();
    let pruned = kept.run(&["store", "prune", "--older-than", "7d"]).json();
    assert_eq!(pruned, json!({ "done_events": 1, "dead_events": 0, "closed_effects": 1 }));
    assert_eq!(kept.run(&["store", "prune", "--older-than", "7d", "--dead"]).json()["dead_events"], 1);

    // Rollouts only if that is wanted, and only those that have ended.
    file.execute_batch(
        "INSERT INTO rollouts (name, plan_hash, plan, control, apps, complete, created_at, updated_at, ended_at) \
         VALUES ('ended', 'hash', x'00', x'00', 0, 1, 1, 1, 5), ('open', 'hash', x'00', x'00', 0, 1, 1, 1, NULL)",
    )
    .unwrap();
    let names = || -> Vec<String> {
        let mut rows = file.prepare("SELECT name FROM rollouts ORDER BY name").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    kept.run(&["store", "prune", "--older-than", "7d"]).json();
    assert_eq!(names(), ["ended", "open"]);
    let pruned = kept.run(&["store", "prune", "--older-than", "7d", "--rollouts-older-than", "90d"]).json();
    assert_eq!((&pruned["ended_rollouts"], names()), (&json!(1), vec!["open".to_owned()]));
}

#[tokio::test]
async fn a_store_is_copied_under_another_key() {
    let kept = Kept::start().await;
    let (from, to) = (format!("sqlite:{}", kept.file().display()), kept.0.path().join("copy.db"));
    let to = format!("sqlite:{}", to.display());
    let key = format!("{}A=", "b".repeat(42));
    let copy = |key: &str| {
        let mut line = command();
        line.args(["store", "copy", &from, &to, "--format", "json"]).env("MINIPROGRAM_STORE_TARGET_KEY", key);
        Ran::of(&mut line)
    };
    assert_eq!(copy("short").error(1)["field"], "MINIPROGRAM_STORE_TARGET_KEY");
    let rows = json!({
        "events": 2, "intents": 2, "rollout_apps": 0, "rollout_ledger": 0, "rollout_signals": 0, "rollouts": 0,
        "tickets": 1, "tokens": 2,
    });
    assert_eq!(copy(&key).json(), json!({ "rows": rows, "resumed": 0 }));
    assert_eq!(copy(&key).json(), json!({ "rows": rows, "resumed": 7 }));
    let mut check = command();
    check.args(["store", "check", "--store", &to, "--format", "json"]).env("MINIPROGRAM_STORE_KEY", &key);
    let report = Ran::of(&mut check).json();
    assert_eq!((&report["rows"], &report["open_values"]), (&rows, &json!(0)), "{report}");
}

#[tokio::test]
async fn a_file_that_lost_commits_is_taken_as_it_is_when_told_so() {
    let kept = Kept::start().await;
    let copy = std::fs::read(kept.file()).unwrap();
    kept.run(&["events", "replay", "--dead"]).json();
    let store = SqliteStore::open(kept.file(), StoreOptions::default()).await.unwrap();
    let now = Timestamp::from_unix(1_690_000_001);
    let key = PlatformKey::new(WECHAT, PLATFORM);
    store.save_ticket(&key, &Ticket::new("newer".into(), now, now)).await.unwrap();
    store.close().await;
    drop(store);
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(kept.0.path().join(format!("state.db{end}")));
    }
    std::fs::write(kept.file(), copy).unwrap();
    let error = kept.run(&["events", "list"]).error(1);
    assert!(error["advice"].as_str().unwrap().contains("store repair --accept-loss"), "{error}");
    assert_eq!(kept.run(&["store", "repair", "--accept-loss"]).json(), json!({ "lost_commits": 1 }));
    assert_eq!(kept.run(&["events", "list"]).json().as_array().unwrap().len(), 2);
}
