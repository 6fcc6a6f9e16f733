use miniprogram_sim::{AppSpec, Decision, DomainKind, SimConfig, State, WECHAT};
use serde_json::{Value, json};

use crate::support::Bench;
use crate::wechat_support::patient;

const SERVER: &str = "/wxa/modify_domain";
const WEB_VIEW: &str = "/wxa/setwebviewdomain";
const PLATFORM: &str = "/cgi-bin/component/modify_wxa_server_domain";

async fn registered() -> Bench {
    let bench = patient(State::Online).await;
    let domains = ["example.com", "example.org"];
    bench.sim.set_platform_domains(WECHAT, DomainKind::Request, domains).unwrap();
    bench.sim.set_platform_domains(WECHAT, DomainKind::WebView, domains).unwrap();
    bench
}

#[tokio::test]
async fn server_domains_are_added_replaced_and_deleted() {
    let bench = registered().await;
    let added = json!({
        "action": "add",
        "requestdomain": ["https://api.example.com", "https://example.org"],
        "wsrequestdomain": ["wss://push.example.com:8443"],
        "udpdomain": ["udp://media.example.com"],
    });
    let answer = bench.post(SERVER, added.clone()).await.json();
    assert_eq!(answer["errcode"], 0);
    assert_eq!(answer["requestdomain"], added["requestdomain"]);
    assert_eq!(answer["tcpdomain"], json!([]));
    assert_eq!(bench.post(SERVER, added).await.code(), 85017, "nothing is left to add");

    let set = json!({ "action": "set", "requestdomain": ["https://example.org"] });
    assert_eq!(bench.post(SERVER, set).await.json()["requestdomain"], json!(["https://example.org"]));
    let delete = json!({ "action": "delete", "wsrequestdomain": ["wss://push.example.com:8443"] });
    assert_eq!(bench.post(SERVER, delete.clone()).await.code(), 0);
    assert_eq!(bench.post(SERVER, delete).await.code(), 85017);

    let seen = bench.post(SERVER, json!({ "action": "get" })).await.json();
    assert_eq!(seen["requestdomain"], json!(["https://example.org"]));
    assert_eq!(seen["wsrequestdomain"], json!([]));
    assert_eq!(seen["udpdomain"], json!(["udp://media.example.com"]));
    assert_eq!(bench.effects("change_server_domains"), 3);
    assert_eq!(bench.effects("server_domains"), 0);
}

#[tokio::test]
async fn server_domains_that_are_refused() {
    let bench = registered().await;
    let add = |domains: Value| bench.post(SERVER, json!({ "action": "add", "requestdomain": domains }));
    for (domains, code) in [
        (json!(["http://api.example.com"]), 86100),
        (json!(["https://api.weixin.qq.com"]), 86101),
        (json!(["https://elsewhere.net"]), 85017),
        (json!(["https://api.example.com", "https://elsewhere.net"]), 85018),
        (json!(["https://example.com/path"]), 85301),
        (json!(["https://127.0.0.1"]), 85301),
        (json!(["https://a.unfiled.example"]), 85302),
        (json!(["https://localhost", "https://a.unfiled.example"]), 85303),
        (json!("https://api.example.com"), 47003),
        (json!([7]), 47003),
    ] {
        assert_eq!(add(domains.clone()).await.code(), code, "{domains}");
    }
    assert_eq!(bench.post(SERVER, json!({ "action": "add" })).await.code(), 85017);
    assert_eq!(bench.post(SERVER, json!({ "action": "replace" })).await.code(), 85022);
    assert_eq!(bench.effects("change_server_domains"), 0);

    let many: Vec<String> = (0..201).map(|number| format!("https://d{number}.example.com")).collect();
    assert_eq!(add(json!(many)).await.code(), 85016);
    assert_eq!(add(json!(many[..200])).await.code(), 0);
}

#[tokio::test]
async fn a_refusal_for_its_form_names_the_domains() {
    let bench = registered().await;
    let good = json!({ "action": "add", "requestdomain": ["https://example.com"] });
    assert_eq!(bench.post(SERVER, good).await.code(), 0);
    let bad = json!({
        "action": "add",
        "requestdomain": ["https://fine.example.com", "https://bad_name.example.com"],
        "uploaddomain": ["https://example", "https://x.unfiled.example"],
    });
    let answer = bench.post(SERVER, bad).await.json();
    assert_eq!(answer["errcode"], 85303);
    assert_eq!(answer["requestdomain"], json!(["https://example.com"]));
    assert_eq!(answer["invalid_requestdomain"], json!(["https://bad_name.example.com"]));
    assert_eq!(answer["invalid_uploaddomain"], json!(["https://example"]));
    assert_eq!(answer["no_icp_domain"], json!(["https://x.unfiled.example"]));
}

#[tokio::test]
async fn changes_of_a_month_are_counted() {
    let bench = registered().await;
    let change = |number: u32| {
        bench.post(
            SERVER,
            json!({ "action": "set", "requestdomain": [format!("https://d{number}.example.com")] }),
        )
    };
    for number in 0..50 {
        assert_eq!(change(number).await.code(), 0);
    }
    assert_eq!(change(50).await.code(), 86102);
    assert_eq!(bench.post(SERVER, json!({ "action": "get" })).await.code(), 0);
    bench.wait(31 * 86_400).await;
    assert_eq!(change(50).await.code(), 0);
}

#[tokio::test]
async fn domains_set_directly_need_no_registration() {
    let bench = Bench::wechat(State::Online).await;
    let add = json!({ "action": "add", "requestdomain": ["https://elsewhere.net"] });
    assert_eq!(bench.post(SERVER, add.clone()).await.code(), 85017);
    let answer = bench.post("/wxa/modify_domain_directly", add).await.json();
    assert_eq!(answer["requestdomain"], json!(["https://elsewhere.net"]));
    let broken = json!({ "action": "add", "requestdomain": ["https://nowhere"] });
    assert_eq!(bench.post("/wxa/modify_domain_directly", broken).await.code(), 85301);
    assert_eq!(bench.post(SERVER, json!({ "action": "get" })).await.json()["requestdomain"], json!([]));

    let web = json!({ "action": "add", "webviewdomain": ["https://elsewhere.net"] });
    assert_eq!(bench.post(WEB_VIEW, web.clone()).await.code(), 89020);
    assert_eq!(bench.post("/wxa/setwebviewdomain_directly", web).await.code(), 0);
    assert_eq!(bench.effects("change_server_domains_directly"), 1);
    assert_eq!(bench.effects("change_web_view_domains_directly"), 1);
}

#[tokio::test]
async fn a_release_puts_the_platforms_domains_in_the_place_of_the_apps_own() {
    let spec = AppSpec::wechat("wxtest0000000001")
        .with_state(State::InReview)
        .with_own_domains(DomainKind::Request, ["https://own.net"])
        .with_own_domains(DomainKind::WebView, ["https://own.net"]);
    let bench = Bench::new(SimConfig::new(), spec).await;
    bench.sim.set_platform_domains(WECHAT, DomainKind::Request, ["example.com"]).unwrap();
    bench.sim.set_platform_domains(WECHAT, DomainKind::WebView, ["example.com"]).unwrap();
    let add = json!({ "action": "add", "requestdomain": ["https://api.example.com"] });
    assert_eq!(bench.post(SERVER, add).await.code(), 0);
    // Without an action, all domains registered by the platform are added.
    assert_eq!(bench.post(WEB_VIEW, json!({})).await.json()["webviewdomain"], json!(["https://example.com"]));

    let effective = bench.post("/wxa/get_effective_domain", json!({})).await.json();
    assert_eq!(effective["mp_domain"]["requestdomain"], json!(["https://own.net"]));
    assert_eq!(effective["third_domain"]["requestdomain"], json!(["https://api.example.com"]));
    assert_eq!(effective["direct_domain"]["requestdomain"], json!([]));
    assert_eq!(effective["effective_domain"]["requestdomain"], json!(["https://own.net"]));

    let both = ["https://own.net", "https://api.example.com"];
    assert_eq!(bench.sim.truth(&bench.app).unwrap().domains[&DomainKind::Request], both);

    bench.sim.decide_audit(&bench.app, &Decision::Approve).unwrap();
    assert_eq!(bench.post("/wxa/release", json!({})).await.code(), 0);
    let effective = bench.post("/wxa/get_effective_domain", json!({})).await.json();
    assert_eq!(effective["effective_domain"]["requestdomain"], json!(["https://api.example.com"]));
    let effective = bench.post("/wxa/get_effective_webviewdomain", json!({})).await.json();
    assert_eq!(effective["mp_webviewdomain"], json!([]));
    assert_eq!(effective["effective_webviewdomain"], json!(["https://example.com"]));
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!(truth.domains[&DomainKind::Request], ["https://api.example.com"]);
    assert_eq!(truth.domains[&DomainKind::WebView], ["https://example.com"]);
}

#[tokio::test]
async fn web_view_domains() {
    let bench = registered().await;
    let change = |action: &str, domains: Value| {
        bench.post(WEB_VIEW, json!({ "action": action, "webviewdomain": domains }))
    };
    assert_eq!(change("add", json!(["https://a.example.com"])).await.code(), 0);
    for (action, domains, code) in [
        ("add", json!(["https://a.example.com"]), 89019),
        ("add", json!(["https://elsewhere.net"]), 89021),
        ("delete", json!(["https://b.example.com"]), 89022),
        ("add", json!(["http://a.example.com"]), 86100),
        ("keep", json!([]), 85022),
    ] {
        assert_eq!(change(action, domains.clone()).await.code(), code, "{action} {domains}");
    }
    let many: Vec<String> = (0..301).map(|number| format!("https://d{number}.example.com")).collect();
    assert_eq!(change("set", json!(many)).await.code(), 89029);
    assert_eq!(change("delete", json!(["https://a.example.com"])).await.code(), 0);
    assert_eq!(change("get", json!([])).await.json()["webviewdomain"], json!([]));
    assert_eq!(bench.effects("change_web_view_domains"), 2);

    let spec = AppSpec::wechat("wxtest0000000002").with_personal_owner();
    let personal = Bench::new(SimConfig::new(), spec).await;
    assert_eq!(personal.post(WEB_VIEW, json!({ "action": "add", "webviewdomain": [] })).await.code(), 89231);
}

#[tokio::test]
async fn check_files_and_prefetched_domains() {
    let bench = Bench::wechat(State::Online).await;
    let own = bench.post("/wxa/get_webviewdomain_confirmfile", json!({})).await.json();
    assert!(own["file_name"].as_str().unwrap().ends_with(".txt"), "{own}");
    let platform = bench.component_post("/cgi-bin/component/get_domain_confirmfile", json!({})).await.json();
    assert_ne!(own["file_content"], platform["file_content"]);

    let set =
        |domains: Value| bench.post("/wxa/set_prefetchdnsdomain", json!({ "prefetch_dns_domain": domains }));
    assert_eq!(set(json!([{ "url": "img.example.com" }])).await.code(), 0);
    assert_eq!(set(json!([{ "url": "https://img.example.com" }])).await.code(), 9_410_016);
    let many: Vec<Value> = (0..6).map(|number| json!({ "url": format!("d{number}.example.com") })).collect();
    assert_eq!(set(json!(many)).await.code(), 85016);
    assert_eq!(set(json!(["img.example.com"])).await.code(), 47003);
    let seen = bench.get("/wxa/get_prefetchdnsdomain").await.json();
    assert_eq!(seen["prefetch_dns_domain"][0]["url"], "img.example.com");
    assert_eq!(seen["size_limit"], 5);
    assert_eq!(bench.effects("set_prefetch_domains"), 1);
}

#[tokio::test]
async fn the_platform_registers_domains() {
    let bench = patient(State::Online).await;
    let modify = |action: &str, domains: &str, together: bool| {
        bench.component_post(
            PLATFORM,
            json!({ "action": action, "wxa_server_domain": domains, "is_modify_published_together": together }),
        )
    };
    let empty = modify("get", "", false).await.json();
    assert!(empty.get("testing_wxa_server_domain").is_none(), "{empty}");
    let added = modify("add", "example.com;not_a_domain;example.org", true).await.json();
    assert_eq!(added["published_wxa_server_domain"], "example.com;example.org");
    assert_eq!(added["testing_wxa_server_domain"], "example.com;example.org");
    assert_eq!(added["invalid_wxa_server_domain"], "not_a_domain");
    let tested = modify("add", "beta.net", false).await.json();
    assert_eq!(tested["testing_wxa_server_domain"], "example.com;example.org;beta.net");
    assert_eq!(tested["published_wxa_server_domain"], "example.com;example.org");
    let app = |domain: &str| bench.post(SERVER, json!({ "action": "add", "requestdomain": [domain] }));
    assert_eq!(app("https://beta.net").await.code(), 85017);
    assert_eq!(app("https://example.org").await.code(), 0);

    for (action, domains, code) in [
        ("add", "https://example.net", 86100),
        ("add", "api.weixin.qq.com", 86101),
        ("add", "example.com", 85017),
        ("delete", "nobody.net", 85017),
        ("move", "example.com", 85022),
    ] {
        assert_eq!(modify(action, domains, true).await.code(), code, "{action} {domains}");
    }
    let body = json!({ "action": "add", "is_modify_published_together": "true" });
    assert_eq!(bench.component_post(PLATFORM, body).await.code(), 47003);
    let many: Vec<String> = (0..1000).map(|number| format!("d{number}.net")).collect();
    assert_eq!(modify("add", &many.join(";"), true).await.code(), 65316);

    let web =
        json!({ "action": "add", "wxa_jump_h5_domain": "example.com", "is_modify_published_together": true });
    let web = bench.component_post("/cgi-bin/component/modify_wxa_jump_domain", web).await.json();
    assert_eq!(web["published_wxa_jump_h5_domain"], "example.com");
    assert_eq!(bench.sim.platform_effects(WECHAT, "change_platform_server_domains"), 2);
    assert_eq!(bench.sim.platform_effects(WECHAT, "change_platform_web_view_domains"), 1);
    assert_eq!(bench.sim.platform_effects(WECHAT, "platform_server_domains"), 0);
    assert_eq!(bench.post(PLATFORM, json!({ "action": "get" })).await.code(), 61014);
    assert_eq!(bench.component_post(SERVER, json!({ "action": "get" })).await.code(), 61015);

    for number in 0..48 {
        assert_eq!(modify("add", &format!("m{number}.net"), false).await.code(), 0);
    }
    assert_eq!(modify("add", "last.net", false).await.code(), 45104);
}
