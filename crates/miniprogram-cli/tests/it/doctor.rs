//! `doctor`: every check has a case that blocks and one that passes, where the simulator can show both.

use std::fs;
use std::sync::Arc;

use miniprogram::model::{Check, CheckLevel, CheckResult, CheckTarget};
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::values::ServerDomainKind;
use miniprogram::wechat::{
    AuditItem, DomainChange, PrivacyOwner, PrivacySetting, PrivacyUse, SubmitOptions, WeChatApp,
    WeChatExtJson, WeChatPlatform,
};
use miniprogram::{AppId, ClientConfig, check_submission};
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State};
use serde_json::{Value, json};

use crate::platform::Platforms;
use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, vendor_of};

const APPS: [&str; 2] = [WECHAT_APP, BAIDU_APP];

/// The level of a check in a report of one app.
fn level<'r>(report: &'r Value, check: &str) -> &'r str {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|result| result["check"] == check).unwrap()["level"].as_str().unwrap()
}

/// The report of a run, and whether it blocks.
fn report(ran: &Ran) -> Value {
    assert!([0, 1].contains(&ran.code) && ran.stderr.is_empty(), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["blocked"], ran.code == 1, "{report}");
    report
}

fn of(results: &[CheckResult], check: Check) -> &CheckResult {
    results.iter().find(|result| result.check == check).unwrap()
}

fn wechat(sim: &Simulator) -> WeChatApp {
    let app = AppId::from(WECHAT_APP);
    let token = AccessToken::new(sim.token(&app).unwrap()).unwrap();
    let tokens = StaticToken::new(miniprogram::wechat::WECHAT, app, token);
    let config =
        ClientConfig::new("", Arc::new(tokens)).with_base_url(BaseUrl::parse(&sim.base_url()).unwrap());
    WeChatPlatform::new(config).unwrap().app(WECHAT_APP)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_audit_and_a_version_that_is_not_newer_block() {
    let bench = Bench::start().await;
    for app in APPS {
        bench.arrange(app, &State::Online);
        let newer = report(&bench.run(app, &["doctor", "--user-version", "1.2.0"]));
        for check in ["authorization", "token", "quota", "open_audit", "version"] {
            assert_eq!(level(&newer, check), "ok", "{check}: {newer}");
        }
        let same = report(&bench.run(app, &["doctor", "--user-version", "1.1.0"]));
        assert_eq!((level(&same, "version"), &same["blocked"]), ("error", &json!(true)), "{same}");
        bench.arrange(app, &State::InReview);
        let open = report(&bench.run(app, &["doctor"]));
        assert_eq!((level(&open, "open_audit"), level(&open, "version")), ("error", "skipped"), "{open}");
        let checks = open["checks"].as_array().unwrap();
        assert_eq!(checks.len(), Check::ALL.len(), "{open}");
        let audit = checks.iter().find(|result| result["check"] == "open_audit").unwrap();
        assert!(audit["advice"].is_string() && audit["owner"] == "platform", "{audit}");
    }
    let table = Ran::of(&mut bench.command(BAIDU_APP, &["doctor"]));
    assert!(table.code == 1 && table.stdout.contains("open_audit"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_reads_is_sent() {
    let bench = Bench::start().await;
    for app in APPS {
        bench.arrange(app, &State::Online);
        let before = bench.sim.truth(&AppId::from(app)).unwrap();
        bench.run(app, &["doctor", "--user-version", "9.0.0"]);
        assert_eq!(bench.sim.truth(&AppId::from(app)).unwrap(), before, "{app}");
    }
    assert!(bench.sim.requests() >= 8);
    for endpoint in miniprogram_sim::endpoints().into_iter().filter(|endpoint| endpoint.is_effect) {
        for app in APPS {
            assert_eq!(bench.sim.effects(&AppId::from(app), endpoint.operation), 0, "{}", endpoint.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wechats_own_checks_block_until_they_are_put_right() {
    let bench = Bench::start().await;
    bench.arrange(WECHAT_APP, &State::Online);
    let app = wechat(&bench.sim);
    let item = |first: i64, second: i64| {
        let item = json!({
            "address": "pages/index/index",
            "first_class": "一", "second_class": "二", "first_id": first, "second_id": second,
        });
        SubmitOptions::default().with_item(serde_json::from_value::<AuditItem>(item).unwrap())
    };
    let ext =
        |interface: &str| WeChatExtJson::new().with_required_private_infos([interface]).build().unwrap();
    let wanted = CheckTarget::default().with_version("1.2.0");

    let bad = wanted.clone().with_submit(item(90, 91).into()).with_ext(ext("getLocation"));
    let found = check_submission(&app, &bad).await;
    for check in [Check::Category, Check::PrivacySetting, Check::PrivacyInterfaces] {
        let result = of(&found, check);
        assert_eq!(result.level, CheckLevel::Error, "{result:?}");
    }
    assert!(of(&found, Check::PrivacyInterfaces).detail.contains("getLocation"));
    assert_eq!(of(&found, Check::Domains).level, CheckLevel::Warning);

    let owner = PrivacyOwner::new("公告").with_email("privacy@example.com");
    let guide = PrivacySetting::of_development(owner).with_use(PrivacyUse::new("UserInfo", "会员"));
    app.set_privacy_setting(&guide).await.unwrap();
    let partly = check_submission(&app, &wanted).await;
    assert!(of(&partly, Check::PrivacySetting).detail.ends_with("Location"), "{partly:?}");
    app.set_privacy_setting(&guide.with_use(PrivacyUse::new("Location", "门店"))).await.unwrap();
    let domains = DomainChange::add().with(ServerDomainKind::Request, ["https://api.example.com"]);
    app.change_server_domains_directly(&domains).await.unwrap();
    app.set_description("每天早晨的新鲜面包").await.unwrap();
    let good = wanted.with_submit(item(1, 2).into()).with_ext(ext("chooseAddress"));
    let found = check_submission(&app, &good).await;
    for check in
        [Check::Category, Check::PrivacySetting, Check::PrivacyInterfaces, Check::Domains, Check::Version]
    {
        assert_eq!(of(&found, check).level, CheckLevel::Ok, "{:?}", of(&found, check));
    }
    assert_eq!(of(&found, Check::IcpFiling).level, CheckLevel::Skipped);
}

#[tokio::test(flavor = "multi_thread")]
async fn baidus_own_checks_block_and_pass() {
    let bench = Bench::start().await;
    bench.arrange(BAIDU_APP, &State::Online);
    let before = report(&bench.run(BAIDU_APP, &["doctor"]));
    assert_eq!((level(&before, "account"), level(&before, "permissions")), ("ok", "ok"), "{before}");
    assert_eq!((level(&before, "category"), level(&before, "domains")), ("error", "warning"), "{before}");
    for check in ["privacy_setting", "privacy_interfaces", "icp_filing"] {
        assert_eq!(level(&before, check), "skipped", "{before}");
    }
    let sim = Simulator::start(SimConfig::new()).await.unwrap();
    sim.add_app(AppSpec::baidu(BAIDU_APP).without_authentication()).unwrap();
    let found = report(&Bench { sim }.run(BAIDU_APP, &["doctor"]));
    assert_eq!(level(&found, "account"), "error", "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_is_used_up_blocks() {
    let sim = Simulator::start(SimConfig::new().with_wechat_audits(0).with_baidu_audits(0)).await.unwrap();
    sim.add_app(AppSpec::wechat(WECHAT_APP)).unwrap();
    sim.add_app(AppSpec::baidu(BAIDU_APP)).unwrap();
    let bench = Bench { sim };
    for app in APPS {
        let found = report(&bench.run(app, &["doctor"]));
        assert_eq!(level(&found, "quota"), "error", "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_proves_nothing_and_a_refused_token_blocks() {
    let bench = Bench::start().await;
    for (app, path) in
        [(WECHAT_APP, "/wxa/get_effective_domain"), (BAIDU_APP, "/rest/2.0/smartapp/app/modifydomain")]
    {
        bench.arrange(app, &State::Online);
        let fault = Fault::Before(Disturbance::ServerError(502));
        bench.sim.add_fault(FaultRule::always(Scope::path(path), fault));
        let found = report(&bench.run(app, &["doctor"]));
        assert_eq!((level(&found, "domains"), level(&found, "quota")), ("skipped", "ok"), "{found}");
        let mut refused = bench.without_token(app, &["doctor", "--format", "json"]);
        let found = report(&Ran::of(refused.env("MINIPROGRAM_ACCESS_TOKEN", "no-such-token")));
        assert_eq!((level(&found, "token"), level(&found, "open_audit")), ("error", "skipped"), "{found}");
        assert!(!found.to_string().contains("no-such-token"), "{found}");
    }
}

const PLAN: &str = r#"
merchants = "merchants.csv"
failure_budget = 0

[vendor.wechat]
template = 7
version = "1.2.0"
description = "spring"
rate = 500
submit = { items = [{ address = "pages/index/index", first_class = "工具", second_class = "备忘录", first_id = 1, second_id = 2 }] }

[vendor.baidu]
template = 7
version = "1.2.0"
description = "spring"
rate = 500
submit = { content = "spring", remark = "none" }

[[wave]]
name = "all"
apps = "rest"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_examined_with_the_store_and_its_own_levels() {
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let daemon = platforms.serve(&[]);
    for app in APPS {
        platforms.authorize(app).await;
        platforms.sim.arrange(&AppId::from(app), &State::Online).unwrap();
    }
    daemon.stop();
    let stranger = "wx00000000000000ff";
    platforms.sim.add_app(AppSpec::wechat(stranger).unauthorized()).unwrap();
    let write = |plan: &str, apps: &[&str]| {
        let rows: String = apps.iter().map(|app| format!("{},{app}\n", vendor_of(app))).collect();
        fs::write(platforms.file("merchants.csv"), format!("vendor,app_id\n{rows}")).unwrap();
        fs::write(platforms.file("spring.toml"), plan).unwrap();
    };
    write(PLAN, &[WECHAT_APP, stranger, BAIDU_APP]);
    let found = report_of_plan(&platforms.run(&["doctor", "spring.toml"]), 1);
    assert_eq!((&found["apps"], &found["blocked"]), (&json!(3), &json!(3)), "{found}");
    let row =
        |check: &str| found["summary"].as_array().unwrap().iter().find(|row| row["check"] == check).unwrap();
    for check in ["ticket", "token"] {
        assert_eq!(row(check)["error"], 0, "{found}");
    }
    assert_eq!(
        (&row("permissions")["ok"], &row("authorization")["error"]),
        (&json!(2), &json!(1)),
        "{found}"
    );
    let failing = found["failing"].as_array().unwrap();
    assert_eq!(failing[1]["app_id"], stranger, "in the order of the plan: {found}");
    assert_eq!(failing[1]["checks"].as_array().unwrap().len(), 1, "{found}");

    let levels = "\n[doctor]\nprivacy_setting = \"warning\"\ncategory = \"skipped\"\naccount = \"warning\"\n";
    write(&format!("{PLAN}{levels}"), &APPS);
    let found = report_of_plan(&platforms.run(&["doctor", "spring.toml"]), 0);
    assert_eq!((&found["blocked"], &found["failing"]), (&json!(0), &json!([])), "{found}");
    write(&format!("{PLAN}{levels}domains = \"error\"\n"), &APPS);
    let one = report(&platforms.run_for(WECHAT_APP, &["doctor", "spring.toml"]));
    assert_eq!((level(&one, "domains"), level(&one, "category")), ("error", "skipped"), "{one}");
    assert_eq!((level(&one, "ticket"), level(&one, "version")), ("ok", "ok"), "{one}");

    write(&format!("{PLAN}\n[doctor]\ndomain = \"error\"\n"), &APPS);
    let refused = platforms.run(&["doctor", "spring.toml"]);
    assert!(refused.code == 1 && refused.stdout.contains("doctor.domain"), "{refused:?}");
}

fn report_of_plan(ran: &Ran, code: i32) -> Value {
    assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}
