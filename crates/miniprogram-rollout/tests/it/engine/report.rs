//! The report of a rollout that was really driven: both vendors, gray, a rejection, a revoked authorization.

use std::io;

use baidu_smartapp::BAIDU;
use miniprogram_core::{ClientConfig, Language, MiniProgramPlatform as _, Vendor};
use miniprogram_rollout::engine::RolloutEngine;
use miniprogram_rollout::plan::{Context, KnownVendor, Plan};
use miniprogram_rollout::report::Report;
use miniprogram_store::{SqliteStore, StoreOptions};

use super::*;
use crate::report::{read, row};

const SECRET: &str = "s3cret-of-a-merchant";

/// A plan whose merchants have a secret, which the vendor gets.
fn plan_with_a_secret(fleet: &Fleet) -> Plan {
    let known = Context::new([
        KnownVendor::new(WECHAT, fleet.wechat(ClientConfig::new("p", fleet.tokens())).capabilities()),
        KnownVendor::new(BAIDU, fleet.baidu(ClientConfig::new("p", fleet.tokens())).capabilities()),
    ]);
    let file = r#"
        merchants = "merchants.csv"
        secret_columns = ["password"]
        failure_budget = "100%"
        [vendor.wechat]
        template = 7
        version = "2.0.0"
        description = "spring"
        rate = 50
        extension = { extEnable = true, ext = { login = "${password}" } }
        gray = [{ share = "10%", bake = "1h" }, { share = "50%", bake = "1h" }]
        submit = { items = [{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }] }
        [vendor.baidu]
        template = 7
        version = "2.0.0"
        description = "spring"
        rate = 50
        extension = { extEnable = true }
        submit = { content = "spring", remark = "none", extra = { test_account = "t", test_password = "${password}" } }
        [[wave]]
        name = "all"
        apps = "rest"
    "#;
    let mut merchants = "vendor,app_id,password\n".to_owned();
    for (vendor, app) in &fleet.apps {
        merchants += &format!("{vendor},{app},{SECRET}-{app}\n");
    }
    let mut files = |name: &str| match name {
        "merchants.csv" => Ok(merchants.clone().into_bytes()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    Plan::check("rollout.toml", file.as_bytes(), &mut files, &known)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// Four apps per vendor: one revoked, two rejected, five released.
async fn driven() -> (Fleet, RolloutEngine) {
    let fleet = Fleet::new(4, config().with_audit_policy(AuditPolicy::Manual)).await;
    let engine = fleet.engine("one", Health::Pass).await;
    engine.start(NAME, &plan_with_a_secret(&fleet), "tester").await.unwrap();
    drive_until(&fleet, &engine, |status| status.count("in_review") == 8).await;
    let of = |vendor: Vendor| fleet.apps.iter().filter(move |(of, _)| *of == vendor).map(|(_, app)| app);
    let revoked = of(WECHAT).next().unwrap();
    let store =
        SqliteStore::open(fleet.folder.path().join("state.db"), StoreOptions::default()).await.unwrap();
    let events = RolloutEvents::new(Arc::new(store), Arc::new(fleet.clock.clone()));
    let mut event = Event::new(WECHAT, EventKind::AuthorizationRevoked, "unauthorized".into(), json!({}));
    event.app_id = Some(revoked.clone());
    events.handle(&event, &Delivery::new(1, "p".into(), fleet.clock.now())).await.unwrap();
    for app in of(WECHAT).chain(of(BAIDU)).filter(|app| *app != revoked) {
        let decision = if Some(app) == of(WECHAT).nth(1) {
            Decision::reject(format!("<script>alert(\"{app}\")</script> login {SECRET}-{app} fails"))
        } else if Some(app) == of(BAIDU).next() {
            Decision::reject("no login")
        } else {
            Decision::Approve
        };
        fleet.sim.decide_audit(app, &decision).unwrap();
    }
    assert_eq!(drive(&engine).await, Driven::Ended);
    (fleet, engine)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_a_driven_rollout_has_every_section_with_the_true_figures() {
    let (fleet, _engine) = driven().await;
    let store =
        SqliteStore::open(fleet.folder.path().join("state.db"), StoreOptions::default()).await.unwrap();
    let report = Report::collect(&store, NAME, fleet.clock.now()).await.unwrap();
    let report = report.with_vendor_name(WECHAT, "微信").with_vendor_name(BAIDU, "百度");
    let mut pages = Vec::new();
    for language in Language::ALL {
        let html = report.to_html(language);
        assert!(!html.contains(SECRET), "a secret of the plan is shown");
        let (text, charts) = read(&html);
        assert_eq!(charts, 4);
        for section in ["funnel", "states", "audits", "failures", "ledger"] {
            assert!(html.contains(&format!("<section id=\"{section}\">")), "{section}");
        }
        pages.push(text);
    }
    let text = &pages[0];
    // Planned, begun, uploaded, submitted, passed, released, of them gray, released now: the simulator's truth.
    assert_eq!(row(text, "微信 | 4")[1..], ["4", "4", "4", "4", "2", "2", "2", "2"]);
    assert_eq!(row(text, "百度 | 4")[1..], ["4", "4", "4", "4", "3", "3", "0", "3"]);
    assert_eq!(fleet.on_new_version(), 5);
    // Passed, rejected, open, delays, begun by others.
    assert_eq!(row(text, "微信 | 2 | 1")[1..6], ["2", "1", "0", "0", "0"]);
    assert_eq!(row(text, "百度 | 3 | 1")[1..6], ["3", "1", "0", "0", "0"]);
    assert!(text.contains("<script>alert(\"wx0000000000000002\")</script> login *** fails"), "{text}");
    let titles = [("States over time", "in review"), ("状态随时间的变化", "审核中")];
    for (page, (title, state)) in pages.iter().zip(titles) {
        let section = page.split("\n\n").find(|section| section.trim_start().starts_with(title));
        assert!(section.is_some_and(|section| section.contains(state)), "{page}");
    }
    insta::with_settings!({ filters => vec![
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "[time]"),
        (r"\[time\][^\n]* \| [^\n]*\n", "[row]\n"),
        (r"(\[row\]\n)+", "[rows]\n"),
        (r"\| \d+ (h|min|s|小时|分|秒)( \d+ (min|s|分|秒))? ", "| [span] "),
        (r"[0-9a-f]{64}", "[hash]"),
        (r"(answered|due|查询结果|到时) \d+", "$1 [count]"),
        (r"(Entries: |条目总数：)\d+", "$1[count]"),
        // Which states are seen at the sampled times is chance: some take no time on this clock.
        (r"(?s)(States over time|状态随时间的变化)\n.*?\n\[rows\]", "$1\n[states]"),
    ] }, {
        insta::assert_snapshot!("report_en", pages[0]);
        insta::assert_snapshot!("report_zh", pages[1]);
    });
}
