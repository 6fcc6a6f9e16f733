//! An effect with an unknown outcome: listed, shown, settled, closed manually, or repeated.

use miniprogram::AppId;
use miniprogram_sim::{BAIDU, Disturbance, Fault, FaultRule, Scope, State, Untold, WECHAT};
use serde_json::{Value, json};

use crate::support::{BAIDU_APP, Bench, Ran, WECHAT_APP, command, vendor_of};

/// A simulator and a store.
struct Desk {
    bench: Bench,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn start() -> Self {
        let desk = Self { bench: Bench::start().await, folder: tempfile::tempdir().unwrap() };
        let store = desk.store();
        Ran::of(command().args(["store", "migrate", "--store", &store, "--format", "json"])).json();
        desk
    }

    fn store(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("state.db").display())
    }

    fn run(&self, app: &str, line: &[&str]) -> Ran {
        self.bench.run(app, &[line, &["--store", &self.store(), "--platform-id", "platform"]].concat())
    }

    /// A release that takes effect and whose response is lost; later reads meet `reads`.
    fn lose_release(&self, app: &str, reads: Fault) -> Value {
        let id = AppId::from(app);
        self.bench.arrange(app, &State::Approved);
        let lost = Fault::After(Disturbance::Reset);
        self.bench.sim.set_faults(vec![
            FaultRule::next(1, Scope::operation("release"), lost).with_app(id.clone()),
            FaultRule::always(Scope::Reads, reads).with_app(id.clone()).once_tried("release"),
        ]);
        let error = self.run(app, &["release", "publish"]).error(6);
        assert_eq!((&error["outcome"], self.releases(app)), (&json!("unknown"), 1), "{error}");
        let advice = error["advice"].as_str().unwrap();
        let command = format!("miniprogram effects settle --vendor {} --app {app}", vendor_of(app));
        assert!(advice.contains(&command), "{advice}");
        error
    }

    fn releases(&self, app: &str) -> u64 {
        self.bench.sim.effects(&AppId::from(app), "release")
    }

    /// The open effects.
    fn open(&self, app: &str) -> Vec<Value> {
        let rows = self.run(app, &["effects", "list"]).json();
        rows.as_array().unwrap().iter().map(|row| row["operation"].clone()).collect()
    }
}

fn down() -> Fault {
    Fault::Before(Disturbance::ServerError(503))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_command_again_prints_what_became_of_the_first() {
    let desk = Desk::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        desk.lose_release(app, down());
        assert_eq!(desk.open(app), ["release"]);
        desk.bench.sim.clear_faults();
        let again = desk.run(app, &["release", "publish"]).json();
        assert_eq!((&again["outcome"], &again["evidence"]), (&json!("done"), &json!("asked")), "{again}");
        assert!(again["version"].is_string(), "what is online now: {again}");
        assert_eq!(desk.releases(app), 1);
        assert!(desk.open(app).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expected_version_that_went_online_is_the_same_command_again() {
    let desk = Desk::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        let id = AppId::from(app);
        desk.bench.arrange(app, &State::Approved);
        let versions = desk.run(app, &["code", "versions"]).json();
        let approved = versions.as_array().unwrap().iter().find(|one| one["stage"] == "approved").unwrap();
        let publish = ["release", "publish", "--expect-version", approved["version"].as_str().unwrap()];
        desk.bench.sim.set_faults(vec![
            FaultRule::next(1, Scope::operation("release"), Fault::After(Disturbance::Reset))
                .with_app(id.clone()),
            FaultRule::always(Scope::Reads, down()).with_app(id).once_tried("release"),
        ]);
        desk.run(app, &publish).error(6);
        desk.bench.sim.clear_faults();
        let again = desk.run(app, &publish).json();
        assert_eq!((&again["outcome"], &again["evidence"]), (&json!("done"), &json!("asked")), "{again}");
        assert_eq!((&again["version"], desk.releases(app)), (&approved["version"], 1), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_effect_is_shown_and_settled() {
    let desk = Desk::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        desk.lose_release(app, down());
        let shown = desk.run(app, &["effects", "show"]).json();
        assert_eq!((&shown["app_id"], &shown["operation"]), (&json!(app), &json!("release")), "{shown}");
        assert_eq!(shown["arguments"], json!({ "release": { "target": "approved" } }));
        // No query succeeds yet: it stays open.
        let error = desk.run(app, &["effects", "settle"]).error(6);
        assert_eq!(error["outcome"], "unknown", "{error}");
        assert_eq!(desk.open(app), ["release"]);

        desk.bench.sim.clear_faults();
        let settled = desk.run(app, &["effects", "settle"]).json();
        assert_eq!((&settled["outcome"], &settled["evidence"]), (&json!("done"), &json!("asked")));
        assert_eq!(desk.releases(app), 1, "settling sends nothing");
        assert_eq!(desk.run(app, &["effects", "settle"]).error(1)["kind"], "not_found");
        assert_eq!(desk.run(app, &["effects", "show"]).error(1)["kind"], "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_query_tells_is_closed_by_a_person() {
    let desk = Desk::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        let error = desk.lose_release(app, Fault::Untold(Untold::Null));
        if app == WECHAT_APP {
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("does not report `release_info.release_version`"), "{error}");
        }
        let blocked = desk.run(app, &["release", "rollback"]).error(1);
        assert_eq!(blocked["outcome"], "not_sent", "{blocked}");
        let closed = desk.run(app, &["effects", "settle", "--as", "done"]).json();
        assert_eq!(closed["outcome"], "done");
        assert!(desk.open(app).is_empty());
        desk.bench.sim.clear_faults();
        assert_eq!(desk.run(app, &["release", "rollback"]).json()["outcome"], "done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_command_tells_what_became_of_the_earlier_effect() {
    let desk = Desk::start().await;
    for app in [WECHAT_APP, BAIDU_APP] {
        desk.lose_release(app, down());
        desk.bench.sim.clear_faults();
        let other = desk.run(app, &["release", "visit", "close"]).json();
        let earlier = json!({ "operation": "release", "outcome": "done", "evidence": "asked" });
        assert_eq!((&other["outcome"], &other["earlier"]), (&json!("done"), &earlier), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_store_the_advice_names_none() {
    let bench = Bench::start().await;
    bench.arrange(WECHAT_APP, &State::Approved);
    bench.sim.set_faults(vec![
        FaultRule::next(1, Scope::operation("release"), Fault::After(Disturbance::Reset)),
        FaultRule::always(Scope::Reads, down()).once_tried("release"),
    ]);
    let error = bench.run(WECHAT_APP, &["release", "publish"]).error(6);
    let advice = error["advice"].as_str().unwrap();
    assert!(advice.contains("--store") && advice.contains("before sending anything again"), "{advice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_of_the_platform_is_listed_and_settled_under_its_id() {
    let desk = Desk::start().await;
    for vendor in [WECHAT, BAIDU] {
        let draft = desk.bench.sim.add_template_draft(vendor, "1.2.0", "opening hours").unwrap();
        let run = |line: &[&str]| {
            let store = ["--store", &desk.store(), "--platform-id", "platform"];
            desk.bench.run_as_platform(vendor, &[line, &store].concat())
        };
        desk.bench.sim.set_faults(vec![
            FaultRule::next(1, Scope::operation("add_template"), Fault::After(Disturbance::Reset)),
            FaultRule::always(Scope::Reads, down()).once_tried("add_template"),
        ]);
        let error = run(&["template", "add", "--draft-id", draft.as_str()]).error(6);
        assert_eq!(error["outcome"], "unknown", "{error}");
        let next = format!("settle --vendor {vendor} --platform-id platform`");
        assert!(error["advice"].as_str().unwrap().contains(&next), "{error}");
        let listed = run(&["effects", "list"]).json();
        assert_eq!(
            (&listed[0]["platform_id"], &listed[0]["operation"]),
            (&json!("platform"), &json!("add_template"))
        );
        assert!(listed[0].get("app_id").is_none(), "it is no app's: {listed}");
        assert_eq!(run(&["effects", "show", "--app", "platform"]).json(), run(&["effects", "show"]).json());
        let shown = run(&["effects", "show"]).json();
        assert!(shown.get("app_id").is_none(), "{shown}");
        let arguments = &shown["arguments"]["inherent"]["arguments"];
        assert_eq!(arguments["draft_id"], draft.as_str(), "{shown}");
        desk.bench.sim.clear_faults();
        // The platform's id as an app's names it as well.
        let by_app = ["effects", "settle", "--app", "platform"];
        let settled = run(if vendor == WECHAT { &["effects", "settle"] } else { &by_app }).json();
        assert_eq!(
            (&settled["outcome"], &settled["evidence"]),
            (&json!("done"), &json!("asked")),
            "{settled}"
        );
        assert!(settled["value"]["inherent"]["template_id"].is_string(), "{settled}");
        assert_eq!(desk.bench.sim.platform_effects(vendor, "add_template"), 1, "{vendor}");
        assert_eq!(run(&["effects", "list"]).json(), json!([]));
    }
}
