use std::collections::BTreeSet;

use miniprogram_sim::{AppSpec, BAIDU, SimConfig, WECHAT, endpoints};
use reqwest::Method;

use crate::support::Bench;

/// Every listed endpoint is reachable with its method and one of the tokens.
#[tokio::test]
async fn every_endpoint_answers() {
    let spec = AppSpec::baidu("7").with_alliance_key("AK", "SK");
    let bench = Bench::new(SimConfig::new(), spec).await;
    let wechat = bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    let key = "grant_type=client_credentials&client_id=AK&client_secret=SK&scope=smartapp_snsapi_base";
    let url = format!("{}/oauth/2.0/token?{key}", bench.sim.base_url());
    let client =
        bench.send(Method::GET, url, "", "").await.json()["access_token"].as_str().unwrap().to_owned();
    for endpoint in endpoints() {
        // These return OAuth errors, not codes.
        if ["client_credentials", "exchange", "refresh"].contains(&endpoint.operation)
            && endpoint.vendor == BAIDU
        {
            continue;
        }
        let platform = bench.sim.platform_token(endpoint.vendor).unwrap();
        let app = if endpoint.vendor == BAIDU { &bench.token } else { &wechat };
        let mut reached = false;
        for token in [app.expose(), platform.expose(), client.as_str()] {
            let method = Method::from_bytes(endpoint.method.as_bytes()).unwrap();
            let url = bench.url(endpoint.path, token);
            let code = bench.send(method, url, "application/x-www-form-urlencoded", "").await;
            let code = if matches!(&code, crate::support::Seen::Answer { body, .. } if body.starts_with(b"\x89PNG") || body.starts_with(b"\xff\xd8"))
            {
                0
            } else {
                code.code()
            };
            // Wrong kind of token, unknown path, wrong method.
            reached |= ![3, 6, 61014, 61015, 40066, 501, 43001, 43002, 110, 40014].contains(&code);
        }
        assert!(reached, "{endpoint:?}");
    }
}

#[test]
fn the_list_names_operations_once_a_path() {
    let all = endpoints();
    let rows: BTreeSet<_> = all
        .iter()
        .map(|endpoint| (endpoint.vendor, endpoint.method, endpoint.path, endpoint.operation))
        .collect();
    assert_eq!(rows.len(), all.len());
    let of = |vendor, operation| {
        all.iter().filter(move |info| info.vendor == vendor && info.operation == operation).count()
    };
    assert_eq!(
        (of(BAIDU, "client_credentials"), of(BAIDU, "server_domains"), of(WECHAT, "release")),
        (2, 1, 1)
    );
    let effect = |operation| all.iter().find(|info| info.operation == operation).unwrap().is_effect;
    assert!(effect("change_server_domains") && !effect("server_domains") && !effect("rollback_targets"));
}
