//! The same over the embedded store: what is acknowledged survives the service.

use std::sync::Arc;

use miniprogram_core::{Secret, TokenScope};
use miniprogram_store::{Inbox, InboxFilter, InboxState, Maintenance, SqliteStore, StoreOptions, TokenStore};

use crate::support::{
    APP, Act, NOW, ORIGINAL, Recorder, Setup, authorization, messages_of, now, ticket, verdict, wechat_key,
    wechat_push, wechat_push_at,
};

#[tokio::test]
async fn what_was_acknowledged_is_handled_once_by_whoever_comes_after() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("platform.db");
    let store = Arc::new(SqliteStore::create(&path, StoreOptions::default()).await.unwrap());
    let key = wechat_key();
    let scope = TokenScope::authorizer(key.vendor, key.platform.clone(), APP.into());
    store.bind_original_id(&scope, ORIGINAL, now()).await.unwrap();
    let never = Arc::new(tokio::sync::Notify::new());
    let stuck = Recorder::scripted([Act::Hang(never)]);
    let first = Setup::new(store.clone()).with(|builder| builder.with_handler(stuck.clone())).serve().await;
    for nth in 0..3 {
        let push = wechat_push(&verdict(ORIGINAL, NOW + nth));
        assert_eq!(first.deliver(&messages_of(APP), &push).await.body, "success");
    }
    let other = wechat_push(&verdict("gh_000000000000", NOW));
    assert_eq!(first.deliver(&messages_of(APP), &other).await.status, 403);
    stuck.wait_for(1).await;
    first.kill().await;
    store.close().await;
    drop(store);

    let store = Arc::new(SqliteStore::open(&path, StoreOptions::default()).await.unwrap());
    let handler = Recorder::scripted([Act::Accept, Act::Fail]);
    let second =
        Setup::new(store.clone()).with(|builder| builder.with_handler(handler.clone())).serve().await;
    let again = wechat_push_at(&verdict(ORIGINAL, NOW + 1), NOW + 5, "9");
    assert_eq!(second.deliver(&messages_of(APP), &again).await.body, "success");
    assert_eq!(
        second.deliver(&authorization(), &wechat_push(&ticket("ticket@@@1", NOW))).await.body,
        "success"
    );
    second.turn_until(async || store.counts().await.unwrap().done == 4).await;
    let of_app = handler.seen().into_iter().filter(|seen| seen.app.is_some());
    let times: Vec<_> = of_app.map(|seen| seen.occurred_at.unwrap().as_unix() - NOW).collect();
    assert!(times.is_sorted() && times.len() == 4, "in order, one of them twice: {times:?}");
    assert_eq!(store.ticket(&key).await.unwrap().unwrap().ticket, Secret::new("ticket@@@1"));
    let entries = store.entries(&InboxFilter::new(10)).await.unwrap();
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry.state() == Some(InboxState::Done)));
    second.stop().await.unwrap();
    store.close().await;
}
