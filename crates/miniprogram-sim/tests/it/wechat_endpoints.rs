use miniprogram_sim::{State, WECHAT, endpoints};
use reqwest::Method;

use crate::support::Bench;

/// Endpoints that take a file instead of JSON.
const FILES: [&str; 3] =
    ["/wxa/uploadmedia", "/cgi-bin/media/upload", "/cgi-bin/component/uploadprivacyextfile"];

#[tokio::test]
async fn every_endpoint_checks_method_body_and_token_first() {
    let bench = Bench::wechat(State::Online).await;
    let platform = bench.sim.platform_token(WECHAT).unwrap();
    let platform_calls = [
        "/wxa/gettemplatedraftlist",
        "/wxa/gettemplatelist",
        "/wxa/addtotemplate",
        "/wxa/deletetemplate",
        "/cgi-bin/component/modify_wxa_server_domain",
        "/cgi-bin/component/modify_wxa_jump_domain",
        "/cgi-bin/component/get_domain_confirmfile",
        "/wxa/security/applysetorderpathinfo",
        "/cgi-bin/component/api_create_preauthcode",
        "/cgi-bin/component/api_query_auth",
        "/cgi-bin/component/api_authorizer_token",
        "/cgi-bin/component/api_get_authorizer_info",
        "/cgi-bin/component/api_get_authorizer_list",
    ];
    let without_token = ["start_ticket_push", "platform_token", "clear_quota_with_secret"];
    for endpoint in endpoints().into_iter().filter(|endpoint| endpoint.vendor == WECHAT) {
        let path = endpoint.path;
        let of_platform = platform_calls.contains(&path);
        let (right, wrong) = if of_platform { (&platform, &bench.token) } else { (&bench.token, &platform) };
        let send = |method: Method, token: &str, body: &str| {
            bench.send(method, bench.url(path, token), "application/json", body.to_owned())
        };
        let posts = endpoint.method == "POST";
        let (method, other) = if posts { (Method::POST, Method::GET) } else { (Method::GET, Method::POST) };
        let code = send(other, right.expose(), "").await.code();
        assert_eq!(code, if posts { 43002 } else { 43001 }, "{path}");
        if posts && !FILES.contains(&path) {
            for (body, code) in [("", 44002), ("[]", 47001), ("{", 47001), ("a=b", 47001)] {
                assert_eq!(send(method.clone(), right.expose(), body).await.code(), code, "{path} {body:?}");
            }
        }
        if without_token.contains(&endpoint.operation) {
            assert_eq!(send(method, "", "{}").await.code(), 41018, "{path}");
            continue;
        }
        let takes_both = matches!(path, "/wxa/gettemplatelist" | "/wxa/gettemplatedraftlist");
        if !takes_both && !path.ends_with("_authorizer_option") {
            let code = if of_platform { 61014 } else { 61015 };
            assert_eq!(send(method.clone(), wrong.expose(), "{}").await.code(), code, "{path}");
        }
        assert_eq!(send(method.clone(), "", "{}").await.code(), 41001, "{path}");
    }
    assert!(bench.sim.truth(&bench.app).unwrap().effects.is_empty());
}
