//! A push is about its route's app only if its alias belongs to that app.

use std::sync::Arc;

use miniprogram_store::InboxState;

use crate::support::{
    APP, MemoryStore, NOW, ORIGINAL, OTHER_APP, Recorder, Server, Setup, Table, WECHAT_PLATFORM, messages_of,
    verdict, wechat_key, wechat_push,
};

struct Scene {
    store: Arc<MemoryStore>,
    handler: Arc<Recorder>,
    table: Arc<Table>,
    server: Server,
}

async fn scene(known: &[(&'static str, &'static str)]) -> Scene {
    let (store, handler) = (Arc::new(MemoryStore::default()), Arc::new(Recorder::default()));
    let table = Arc::new(Table::default());
    table.0.lock().unwrap().extend(known);
    let server = Setup::new(store.clone())
        .with(|builder| builder.with_handler(handler.clone()).with_aliases(table.clone()))
        .serve()
        .await;
    Scene { store, handler, table, server }
}

impl Scene {
    async fn deliver_to(&self, app: &str) -> u16 {
        self.server.deliver(&messages_of(app), &wechat_push(&verdict(ORIGINAL, NOW))).await.status
    }
}

#[tokio::test]
async fn a_genuine_push_replayed_to_another_apps_route_is_refused() {
    let scene = scene(&[]).await;
    scene.store.know(wechat_key(), APP, ORIGINAL);
    assert_eq!(scene.deliver_to(OTHER_APP).await, 403);
    assert_eq!(scene.deliver_to(APP).await, 200);
    assert_eq!(scene.server.refusals("wechat", "app"), 1.0);
    let seen = scene.handler.wait_for(1).await;
    assert_eq!(seen[0].app, Some(APP.into()));
}

#[tokio::test]
async fn an_app_with_another_alias_is_refused_though_this_one_is_unknown() {
    let scene = scene(&[]).await;
    scene.store.know(wechat_key(), APP, "gh_000000000000");
    assert_eq!(scene.deliver_to(APP).await, 403);
}

#[tokio::test]
async fn what_the_store_does_not_know_is_asked_once_and_kept() {
    let scene = scene(&[(APP, ORIGINAL), (OTHER_APP, "gh_000000000000")]).await;
    assert_eq!(scene.deliver_to(OTHER_APP).await, 403);
    assert_eq!(scene.deliver_to(APP).await, 200);
    assert!(scene.store.all()[0].bound);
    // The aliases are in the store now.
    scene.table.0.lock().unwrap().clear();
    assert_eq!(scene.deliver_to(APP).await, 200);
    assert_eq!(scene.deliver_to(OTHER_APP).await, 403);
}

#[tokio::test]
async fn what_cannot_be_found_out_now_is_kept_and_found_out_before_a_handler_sees_it() {
    let scene = scene(&[]).await;
    assert_eq!(scene.deliver_to(APP).await, 200);
    assert!(!scene.store.all()[0].bound);
    scene.server.turn_until(async || scene.store.all()[0].attempts == 3).await;
    assert_eq!(scene.handler.seen(), []);
    scene.table.0.lock().unwrap().push((APP, ORIGINAL));
    scene.server.turn_until(async || scene.store.in_state(InboxState::Done) == 1).await;
    let seen = scene.handler.seen();
    assert_eq!((seen.len(), seen[0].app.as_ref().unwrap().as_str()), (1, APP));
    assert!(scene.store.all()[0].bound);
}

#[tokio::test]
async fn what_turns_out_to_be_another_apps_goes_to_the_dead_unseen() {
    let scene = scene(&[]).await;
    assert_eq!(scene.deliver_to(APP).await, 200);
    scene.table.0.lock().unwrap().push((APP, "gh_000000000000"));
    scene.server.turn_until(async || scene.store.in_state(InboxState::Dead) == 1).await;
    assert_eq!(scene.handler.seen(), []);
    let error = scene.store.all()[0].last_error.clone().unwrap();
    assert!(error.contains("another app"), "{error}");
}

#[tokio::test]
async fn without_an_app_in_the_route_the_alias_says_which_it_is() {
    let scene = scene(&[]).await;
    let path = format!("/wechat/{WECHAT_PLATFORM}/messages");
    let push = wechat_push(&verdict(ORIGINAL, NOW));
    assert_eq!(scene.server.deliver(&path, &push).await.status, 200);
    scene.server.turn_until(async || scene.store.all()[0].attempts == 2).await;
    assert_eq!(scene.handler.seen(), []);
    scene.store.know(wechat_key(), APP, ORIGINAL);
    scene.server.turn_until(async || !scene.handler.seen().is_empty()).await;
    assert_eq!(scene.handler.seen()[0].app, Some(APP.into()));
    // A redelivery is the same event, although its app is known by now.
    assert_eq!(scene.server.deliver(&path, &push).await.status, 200);
    assert_eq!(scene.store.all().len(), 1);
}

#[tokio::test]
async fn a_route_says_nothing_about_a_message_that_names_nobody() {
    let scene = scene(&[]).await;
    let push = wechat_push(&verdict("", NOW));
    assert_eq!(scene.server.deliver(&messages_of(APP), &push).await.status, 200);
    assert_eq!(scene.handler.wait_for(1).await[0].app, None);
}

/// Whoever has captured a push can send it to any number of routes.
#[tokio::test]
async fn one_push_replayed_to_sixty_routes_is_one_event_and_few_lookups() {
    let scene = scene(&[]).await;
    let replays = (0..60).map(|number| {
        let scene = &scene;
        async move { scene.deliver_to(&format!("wx{number:016}")).await }
    });
    let statuses = futures::future::join_all(replays).await;
    let acknowledged = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(acknowledged, 8, "a route that is not remembered is not acknowledged: {statuses:?}");
    assert!(statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    assert_eq!(scene.store.all().len(), 1, "whatever the route says");
    let asked = scene.table.asked().len();
    assert!(
        asked <= 12,
        "a tenth of the budget is for apps without a record, for pushes and for events: {asked}"
    );
    // The genuine push uses its own route, and the event is handled once, as that app's.
    scene.table.0.lock().unwrap().push((APP, ORIGINAL));
    scene.server.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(scene.deliver_to(APP).await, 200);
    scene.server.turn_until(async || scene.store.in_state(InboxState::Done) == 1).await;
    let seen = scene.handler.seen();
    assert_eq!((seen.len(), seen[0].app.as_ref().unwrap().as_str()), (1, APP));
    assert_eq!(scene.store.all().len(), 1);
}

#[tokio::test]
async fn an_app_is_looked_up_once_at_a_time_and_not_again_at_once_after_a_failure() {
    let scene = scene(&[]).await;
    let pushes = (0..20).map(|number| {
        let scene = &scene;
        let push = wechat_push(&verdict(ORIGINAL, NOW + number));
        async move { scene.server.deliver(&messages_of(APP), &push).await.status }
    });
    for status in futures::future::join_all(pushes).await {
        assert_eq!(status, 200);
    }
    assert_eq!(scene.store.all().len(), 20, "these are different events");
    assert_eq!(scene.table.asked(), [APP.into()]);
    scene.server.clock.advance(std::time::Duration::from_secs(29));
    scene.deliver_to(APP).await;
    assert_eq!(scene.table.asked().len(), 1);
    scene.server.turn_until(async || scene.table.asked().len() == 2).await;
}

#[tokio::test]
async fn an_event_that_came_by_a_wrong_route_first_is_handled_by_the_right_one() {
    let scene = scene(&[(OTHER_APP, "gh_000000000000")]).await;
    scene.table.0.lock().unwrap().clear();
    assert_eq!(scene.deliver_to(OTHER_APP).await, 200);
    assert_eq!(scene.deliver_to(APP).await, 200);
    scene.server.turn_until(async || scene.store.all()[0].attempts == 1).await;
    scene.table.0.lock().unwrap().extend([(OTHER_APP, "gh_000000000000"), (APP, ORIGINAL)]);
    scene.server.turn_until(async || scene.store.in_state(InboxState::Done) == 1).await;
    assert_eq!(scene.handler.seen()[0].app, Some(APP.into()), "both routes were tried");
    assert_eq!(scene.store.all().len(), 1);
}

#[tokio::test]
async fn what_was_given_up_is_handled_when_it_comes_by_the_right_route() {
    let scene = scene(&[]).await;
    assert_eq!(scene.deliver_to(OTHER_APP).await, 200);
    scene.table.0.lock().unwrap().push((OTHER_APP, "gh_000000000000"));
    scene.server.turn_until(async || scene.store.in_state(InboxState::Dead) == 1).await;
    scene.table.0.lock().unwrap().push((APP, ORIGINAL));
    assert_eq!(scene.deliver_to(APP).await, 200);
    scene.server.turn_until(async || scene.store.in_state(InboxState::Done) == 1).await;
    assert_eq!(scene.handler.seen()[0].app, Some(APP.into()));
    // Once handled, it stays handled.
    assert_eq!(scene.deliver_to(APP).await, 200);
    assert_eq!((scene.store.all().len(), scene.handler.seen().len()), (1, 1));
}
