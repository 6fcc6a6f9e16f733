//! Server domains and business domains.

use miniprogram_sim::{AppSpec, BAIDU, DomainKind, SimConfig, State};
use serde_json::{Value, json};

use crate::support::{APP, Bench};

async fn bench(config: SimConfig) -> Bench {
    let own = AppSpec::baidu("7")
        .with_state(State::Uploaded { version: "1.2.0".to_owned() })
        .with_own_domains(DomainKind::Request, ["https://own.example.net"]);
    let bench = Bench::new(config, own).await;
    let register = |kind, domain: &str| bench.sim.set_platform_domains(BAIDU, kind, [domain]).unwrap();
    register(DomainKind::Request, "example.com");
    register(DomainKind::Socket, "wss://socket.example.com");
    register(DomainKind::WebView, "https://h5.example.com");
    bench
}

async fn server(bench: &Bench, fields: &[(&str, &str)]) -> i64 {
    bench.form(&format!("{APP}modifydomain"), fields).await.code()
}

async fn domains(bench: &Bench) -> Value {
    bench.form(&format!("{APP}modifydomain"), &[("action", "get")]).await.json()["data"].clone()
}

#[tokio::test]
async fn server_domains_are_those_of_the_platform_or_below() {
    let bench = bench(SimConfig::new()).await;
    let empty = json!({ "request_domain": "https://own.example.net", "socket_domain": "", "download_domain": "", "upload_domain": "" });
    assert_eq!(domains(&bench).await, empty);
    for (fields, code) in [
        (vec![("action", "add")], 470_013),
        (vec![("action", "add"), ("request_domain", "")], 470_015),
        (vec![("action", "set"), ("request_domain", "https://example.com,,")], 470_015),
        (vec![("action", "add"), ("request_domain", "example.com")], 470_014),
        (vec![("action", "add"), ("request_domain", "http://example.com")], 470_014),
        (vec![("action", "add"), ("request_domain", "https://example.com/path")], 470_014),
        (vec![("action", "add"), ("request_domain", "https://example.org")], 470_016),
        (vec![("action", "add"), ("request_domain", "https://badexample.com")], 470_016),
        (vec![("action", "add"), ("upload_domain", "https://example.com")], 470_016),
        (vec![("action", "delete"), ("request_domain", "https://example.com")], 470_017),
        (vec![("action", "replace"), ("request_domain", "https://example.com")], 40001),
    ] {
        assert_eq!(server(&bench, &fields).await, code, "{fields:?}");
    }
    assert_eq!(bench.effects("change_server_domains"), 0);

    let add = [("action", "add"), ("request_domain", "https://example.com,https://api.example.com")];
    let added = bench.form(&format!("{APP}modifydomain"), &add).await.json();
    assert_eq!(added, json!({ "errno": 0, "msg": "success" }));
    let both = "https://own.example.net,https://example.com,https://api.example.com";
    assert_eq!(domains(&bench).await["request_domain"], both);
    let delete = [("action", "delete"), ("request_domain", "https://example.com")];
    assert_eq!(server(&bench, &delete).await, 0);
    let set = [("action", "set"), ("socket_domain", "wss://socket.example.com")];
    assert_eq!(server(&bench, &set).await, 0);

    // The platform submits a package: the domains that the app set itself are dropped.
    let id = bench.package_with(3).await;
    assert_eq!(bench.on_package("submitaudit", id).await.code(), 0);
    let left = domains(&bench).await;
    assert_eq!(
        (&left["request_domain"], &left["socket_domain"]),
        (&json!("https://api.example.com"), &json!("wss://socket.example.com"))
    );
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!(truth.domains[&DomainKind::Request], ["https://api.example.com"]);
    assert_eq!((bench.effects("change_server_domains"), bench.effects("server_domains")), (3, 0));
}

#[tokio::test]
async fn without_an_action_all_that_is_registered_is_added() {
    let bench = bench(SimConfig::new()).await;
    // The printed sample's four parameters are ignored.
    let ignored = [("upload_domain", "https://www.baidu.com")];
    assert_eq!(server(&bench, &ignored).await, 0);
    let all = domains(&bench).await;
    assert_eq!(
        (&all["request_domain"], &all["socket_domain"], &all["upload_domain"]),
        (&json!("https://own.example.net,example.com"), &json!("wss://socket.example.com"), &json!(""))
    );
    let web_view = format!("{APP}modifywebviewdomain");
    assert_eq!(bench.form(&web_view, &[]).await.code(), 0);
    let get = bench.form(&web_view, &[("action", "get")]).await.json();
    assert_eq!(get["data"], "https://h5.example.com");
    assert_eq!((bench.effects("change_server_domains"), bench.effects("change_web_view_domains")), (1, 1));
}

#[tokio::test]
async fn business_domains_are_one_text() {
    let bench = bench(SimConfig::new().with_baidu_domain_changes(2)).await;
    let path = format!("{APP}modifywebviewdomain");
    let web = async |action: &str, domain: &str| {
        bench.form(&path, &[("action", action), ("web_view_domain", domain)]).await.code()
    };
    assert_eq!(web("add", "https://www.example.com").await, 470_016);
    assert_eq!(bench.form(&path, &[("action", "set")]).await.code(), 470_013);
    assert_eq!(web("set", "https://h5.example.com,https://a.h5.example.com").await, 0);
    assert_eq!(web("delete", "https://h5.example.com").await, 0);
    // The domain in a `get` is ignored.
    let get = bench.form(&path, &[("action", "get"), ("web_view_domain", "https://www.baidu.com")]).await;
    assert_eq!(get.json()["data"], "https://a.h5.example.com");
    assert_eq!(web("add", "https://h5.example.com").await, 470_012, "two changes a month");
    let request = [("action", "add"), ("request_domain", "https://example.com")];
    assert_eq!(server(&bench, &request).await, 0, "counted apart");
    assert_eq!(server(&bench, &request).await, 0);
    assert_eq!(server(&bench, &request).await, 470_011);
    bench.sim.advance(std::time::Duration::from_secs(30 * 24 * 3600)).unwrap();
    let token = bench.sim.token(&bench.app).unwrap();
    let next_month = bench.form_as(
        token.expose(),
        &path,
        &[("action", "add"), ("web_view_domain", "https://h5.example.com")],
    );
    assert_eq!(next_month.await.code(), 0);
}
