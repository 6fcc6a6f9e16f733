use std::time::Duration;

use miniprogram_core::clock::Clock;
use miniprogram_sim::{AppSpec, AuditPolicy, SimClock, SimConfig, Simulator, State, WECHAT};
use reqwest::Client;
use serde_json::{Value, json};

use crate::support::item;

#[tokio::test]
async fn an_audit_of_three_days_passes_at_once() {
    let three_days = Duration::from_secs(3 * 24 * 3600);
    let config = SimConfig::new().with_audit_policy(AuditPolicy::approve_after(three_days));
    let sim = Simulator::start(config).await.unwrap();
    let token = sim
        .add_app(AppSpec::new(WECHAT, "wx1").with_state(State::Uploaded { version: "2.0.0".to_owned() }))
        .unwrap();
    let http = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/wxa/submit_audit?access_token={}", sim.base_url(), token.expose());
    http.post(url).body(json!({ "item_list": [item()] }).to_string()).send().await.unwrap();
    sim.advance(three_days - Duration::from_secs(60)).unwrap();
    let app = "wx1".into();
    assert_eq!(sim.truth(&app).unwrap().audits[2].status, "in_review");
    let advance = format!("{}/clock/advance", sim.admin_url());
    let answer = http.post(advance).body("{\"seconds\":60}").send().await.unwrap().bytes().await.unwrap();
    assert!(serde_json::from_slice::<Value>(&answer).unwrap()["now"].is_string());
    assert_eq!(sim.truth(&app).unwrap().audits[2].status, "approved");
    sim.settle().await;
    assert_eq!(sim.pushes(&app).len(), 1);
}

#[tokio::test]
async fn advancing_wakes_sleepers_whose_time_has_come() {
    let clock = SimClock::new();
    let (early, late) = (clock.sleep(Duration::from_secs(100)), clock.sleep(Duration::from_secs(300)));
    let late = tokio::spawn(late);
    clock.advance(Duration::from_secs(200));
    early.await;
    assert!(!late.is_finished());
    clock.clone().advance(Duration::from_secs(100));
    late.await.unwrap();
}

#[tokio::test]
async fn many_apps_and_clients_are_served() {
    let sim = Simulator::start(SimConfig::new()).await.unwrap();
    let tokens: Vec<_> = (0..1000)
        .map(|n| sim.add_app(AppSpec::wechat(format!("wx{n}")).with_state(State::Approved)).unwrap())
        .collect();
    let http = Client::builder().no_proxy().build().unwrap();
    let mut clients = tokio::task::JoinSet::new();
    let base = sim.base_url();
    for client in 0..64 {
        let mine: Vec<String> =
            tokens.iter().skip(client).step_by(64).map(|token| token.expose().to_owned()).collect();
        let (http, base) = (http.clone(), base.clone());
        clients.spawn(async move {
            for token in mine {
                let answer = http
                    .post(format!("{base}/wxa/release?access_token={token}"))
                    .body("{}")
                    .send()
                    .await
                    .unwrap();
                let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
                assert_eq!(body["errcode"], 0);
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert_eq!(sim.requests(), 1000);
    assert!((0..1000).all(|n| sim.effects(&format!("wx{n}").into(), "release") == 1));
    let url = format!("{base}/wxa/get_page?access_token=x");
    sim.shutdown().await;
    assert!(http.get(url).send().await.is_err(), "stopped");
}
