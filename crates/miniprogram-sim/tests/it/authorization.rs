//! What both vendors' token chains have in common: faults, expiry, pages, pushes, load.

use std::time::{Duration, Instant};

use miniprogram_core::{AppId, Secret};
use miniprogram_sim::{
    AppSpec, AppTruth, BAIDU, Callback, Disturbance, Fault, FaultRule, PushFault, PushFaultRule, Scope,
    SimClock, SimConfig, SimError, Simulator, WECHAT,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pushes::{Receiver, open_baidu, open_wechat};
use crate::support::{Bench, Seen};

const REFRESH: &str = "/cgi-bin/component/api_authorizer_token";

/// A refresh as the platform sends it, at either vendor.
async fn refresh(bench: &Bench, app: &AppId, refresh_token: &Secret) -> Seen {
    if app.as_str().starts_with("wx") {
        let body = json!({ "authorizer_appid": app, "authorizer_refresh_token": refresh_token.expose() });
        bench.component("api_authorizer_token", body).await
    } else {
        let token = bench.sim.platform_token(BAIDU).unwrap();
        let grant = "grant_type=app_to_tp_refresh_token";
        let path = format!("/rest/2.0/oauth/token?{grant}&refresh_token={}", refresh_token.expose());
        bench.get_as(token.expose(), &path).await
    }
}

async fn both() -> Bench {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx1")).await;
    bench.sim.add_app(AppSpec::baidu("77")).unwrap();
    bench
}

#[tokio::test]
async fn a_refresh_whose_answer_is_lost_took_effect() {
    let bench = both().await;
    for (id, stays) in [("wx1", true), ("77", false)] {
        let app = AppId::from(id);
        let token = bench.sim.refresh_token(&app).unwrap().unwrap();
        let scope = || Scope::operation("refresh");
        for fault in [
            Fault::Before(Disturbance::Reset),
            Fault::Before(Disturbance::Hang),
            Fault::Before(Disturbance::Busy),
            Fault::VendorError { code: 45009, message: String::new() },
        ] {
            bench.sim.add_fault(FaultRule::next(1, scope(), fault).with_app(app.clone()));
            refresh(&bench, &app, &token).await;
            assert_eq!(bench.sim.effects(&app, "refresh"), 0);
            assert!(bench.sim.refresh_token_is_valid(&app, &token));
        }
        for (index, disturbance) in
            [Disturbance::Reset, Disturbance::CutBody, Disturbance::ServerError(502), Disturbance::Hang]
                .into_iter()
                .enumerate()
        {
            let token = bench.sim.refresh_token(&app).unwrap().unwrap();
            bench.sim.add_fault(FaultRule::next(1, scope(), Fault::After(disturbance)));
            let seen = refresh(&bench, &app, &token).await;
            assert!(!matches!(seen, Seen::Answer { status: 200, .. }), "{seen:?}");
            assert_eq!(bench.sim.effects(&app, "refresh"), index as u64 + 1);
            assert_eq!(bench.sim.refresh_token_is_valid(&app, &token), stays, "{disturbance:?}");
        }
    }
}

#[tokio::test]
async fn a_late_refresh_spends_the_token_later() {
    let bench = both().await;
    let app = AppId::from("77");
    let token = bench.sim.refresh_token(&app).unwrap().unwrap();
    let late = Fault::late(Duration::from_secs(3), Disturbance::ServerError(504));
    bench.sim.add_fault(FaultRule::next(1, Scope::operation("refresh"), late));
    let operating = bench.operate();
    assert!(matches!(refresh(&bench, &app, &token).await, Seen::Answer { status: 504, .. }));
    assert!(bench.sim.refresh_token_is_valid(&app, &token));
    bench.wait(3).await;
    assert!(!bench.sim.refresh_token_is_valid(&app, &token));
    assert_eq!(bench.sim.effects(&app, "refresh"), 1);
    drop(operating);
    // The call without a token can be delayed as well.
    let ticket = bench.sim.push_ticket(BAIDU).unwrap();
    let late = Fault::late(Duration::from_secs(3), Disturbance::ServerError(504));
    bench.sim.add_fault(FaultRule::next(1, Scope::operation("platform_token"), late));
    let key = bench.sim.baidu_key();
    let query = format!("client_id={key}&ticket={}", ticket.expose());
    let url = format!("{}/public/2.0/smartapp/auth/tp/token?{query}", bench.sim.base_url());
    let operating = bench.operate();
    bench.send(Method::GET, url, "", "").await;
    assert_eq!(bench.sim.platform_effects(BAIDU, "platform_token"), 0);
    bench.wait(3).await;
    drop(operating);
    assert_eq!(bench.sim.platform_effects(BAIDU, "platform_token"), 1);
}

/// An app's draws do not depend on other apps' requests.
#[tokio::test]
async fn lost_replies_are_drawn_for_each_app() {
    let lost = async |others: usize| {
        let bench = Bench::seeded(5, SimConfig::new(), AppSpec::wechat("wx1")).await;
        let fault = Fault::After(Disturbance::Reset);
        bench.sim.add_fault(FaultRule::probability(0.1, Scope::operation("refresh"), fault));
        let ids: Vec<AppId> = (0..others).map(|number| AppId::from(format!("wx1{number}"))).collect();
        for id in &ids {
            bench.sim.add_app(AppSpec::wechat(id.clone())).unwrap();
        }
        let mut seen = Vec::new();
        for _ in 0..60 {
            for id in &ids {
                let token = bench.sim.refresh_token(id).unwrap().unwrap();
                refresh(&bench, id, &token).await;
            }
            let token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
            seen.push(matches!(refresh(&bench, &bench.app, &token).await, Seen::Broken));
        }
        assert_eq!(bench.effects("refresh"), 60);
        let log = bench.sim.request_log();
        assert_eq!(log.iter().filter(|request| request.app_id.as_ref() == Some(&bench.app)).count(), 60);
        seen
    };
    let alone = lost(0).await;
    assert_eq!(alone, lost(2).await);
    let count = alone.iter().filter(|lost| **lost).count();
    assert!((1..20).contains(&count), "{count} of 60");
}

#[tokio::test]
async fn an_answer_without_its_token() {
    let bench = both().await;
    let token = bench.sim.refresh_token(&bench.app).unwrap().unwrap();
    let empty = Fault::EmptyField("authorizer_refresh_token".to_owned());
    let missing = Fault::MissingField("authorizer_access_token".to_owned());
    bench.sim.add_fault(FaultRule::next(1, Scope::path(REFRESH), empty));
    bench.sim.add_fault(FaultRule::next(1, Scope::path(REFRESH), missing));
    // A refusal has no field to omit, so it does not use up the faults.
    assert_eq!(refresh(&bench, &bench.app, &Secret::new("wrong")).await.code(), 61023);
    let first = refresh(&bench, &bench.app, &token).await.json();
    assert_eq!(first["authorizer_refresh_token"], "");
    assert!(!first["authorizer_access_token"].as_str().unwrap().is_empty());
    let second = refresh(&bench, &bench.app, &token).await.json();
    assert!(second.get("authorizer_access_token").is_none(), "{second}");
    assert_eq!(bench.effects("refresh"), 2);
}

/// 10,000 apps, and 20,000 expiries and refreshes.
#[tokio::test]
async fn many_apps_are_refreshed_in_one_go() {
    let bench = both().await;
    let started = Instant::now();
    let apps: Vec<AppId> = (0..10_000).map(|number| AppId::from(format!("wx9{number:05}"))).collect();
    for app in &apps {
        bench.sim.add_app(AppSpec::wechat(app.clone())).unwrap();
    }
    let added = started.elapsed();
    for _ in 0..2 {
        for app in &apps {
            bench.sim.expire_token(app).unwrap();
            bench.sim.rotate_token(app).unwrap();
        }
    }
    let turned = started.elapsed();
    for app in apps.iter().take(500) {
        let token = bench.sim.refresh_token(app).unwrap().unwrap();
        assert_eq!(refresh(&bench, app, &token).await.json()["expires_in"], 7200);
    }
    println!("added in {added:?}, turned over by {turned:?}, 500 refreshed by {:?}", started.elapsed());
    let page = json!({ "offset": 9_990, "count": 500 });
    let page = bench.component("api_get_authorizer_list", page).await.json();
    assert_eq!((page["list"].as_array().unwrap().len(), &page["total_count"]), (11, &json!(10_001)));
    assert_eq!(bench.sim.platform_effects(WECHAT, "refresh"), 500);
}

#[tokio::test]
async fn the_authorization_page_sends_the_browser_back_with_a_code() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx2").unauthorized()).await;
    bench.sim.add_app(AppSpec::wechat("wx1")).unwrap();
    bench.sim.add_app(AppSpec::baidu("77").unauthorized()).unwrap();
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let visit = async |path: &str, query: &[(&str, &str)]| {
        let mut url = form_urlencoded::Serializer::new(format!("{}{path}?", bench.sim.base_url()));
        url.extend_pairs(query);
        let answer = http.get(url.finish()).send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location)
    };
    let wechat = "/cgi-bin/componentloginpage";
    let code = bench.component("api_create_preauthcode", json!({})).await.json()["pre_auth_code"].clone();
    let query = |code: &str, redirect: &str, more: &[(&str, &str)]| {
        let mut query = vec![
            ("component_appid".to_owned(), "wx5ec0de0000000001".to_owned()),
            ("pre_auth_code".to_owned(), code.to_owned()),
            ("redirect_uri".to_owned(), redirect.to_owned()),
            ("auth_type".to_owned(), "2".to_owned()),
        ];
        query.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        query
    };
    let visit_wechat = async |code: &str, redirect: &str, more: &[(&str, &str)]| {
        let query = query(code, redirect, more);
        let query: Vec<(&str, &str)> =
            query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        visit(wechat, &query).await
    };
    let code = code.as_str().unwrap();
    assert_eq!(visit_wechat("preauthcode@@@x", "https://p.example/back", &[]).await.0, 400);
    assert_eq!(visit_wechat(code, "javascript:alert(1)", &[]).await.0, 400);
    assert_eq!(visit_wechat(code, "https://p.example/back", &[("biz_appid", "wxnobody")]).await.0, 400);
    // wx1 has authorized the platform, so wx2 is next.
    let (status, back) = visit_wechat(code, "https://p.example/back?state=1", &[]).await;
    let back = back.unwrap();
    assert_eq!(status, 302);
    let auth_code = back.strip_prefix("https://p.example/back?state=1&auth_code=").unwrap();
    let (auth_code, expires_in) = auth_code.split_once('&').unwrap();
    assert_eq!(expires_in, "expires_in=600");
    assert!(bench.sim.is_authorized(&"wx2".into()));
    let push = open_wechat(&bench.sim.platform_pushes(WECHAT)[0]);
    assert!(push.contains(&format!("<PreAuthCode><![CDATA[{code}]]></PreAuthCode>")), "{push}");
    let auth_code: String = form_urlencoded::parse(auth_code.as_bytes()).next().unwrap().0.into_owned();
    assert!(push.contains(&auth_code), "the same code by both ways");
    assert_eq!(visit_wechat(code, "https://p.example/back", &[]).await.0, 400, "one visit a code");

    let token = bench.sim.platform_token(BAIDU).unwrap();
    let code = bench.get_as(token.expose(), "/rest/2.0/smartapp/tp/createpreauthcode").await.json();
    let key = bench.sim.baidu_key();
    let query = [
        ("client_id", key.as_str()),
        ("pre_auth_code", code["data"]["pre_auth_code"].as_str().unwrap()),
        ("redirect_uri", "https://p.example/back"),
    ];
    let (status, back) = visit("/mappconsole/tp/authorization", &query).await;
    assert_eq!(status, 302);
    assert!(back.unwrap().starts_with("https://p.example/back?authorization_code="));
    assert!(bench.sim.is_authorized(&"77".into()));
}

/// The phone page, at its current and its older path, requires `action` and `no_scan`.
#[tokio::test]
async fn the_page_for_a_phone_sends_the_browser_back_too() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx1").unauthorized()).await;
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let visit = async |path: &str, more: &[(&str, &str)]| {
        let issued = bench.component("api_create_preauthcode", json!({})).await.json();
        let mut url = form_urlencoded::Serializer::new(format!("{}{path}?", bench.sim.base_url()));
        url.append_pair("component_appid", "wx5ec0de0000000001")
            .append_pair("pre_auth_code", issued["pre_auth_code"].as_str().unwrap())
            .append_pair("redirect_uri", "https://p.example/back")
            .extend_pairs(more);
        // As a phone's browser requests it: the fragment after # is not sent.
        let answer = http.get(format!("{}#wechat_redirect", url.finish())).send().await.unwrap();
        let location = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or(answer.text().await.unwrap()))
    };
    let phone = [("action", "bindcomponent"), ("no_scan", "1")];
    for path in ["/wxaopen/safe/bindcomponent", "/safe/bindcomponent"] {
        for missing in 0..2 {
            let (status, words) = visit(path, &[phone[missing], ("auth_type", "2")]).await;
            assert_eq!(status, 400);
            assert!(words.contains(phone[1 - missing].0), "{words}");
        }
        let (status, back) = visit(path, &[phone[0], phone[1], ("auth_type", "2")]).await;
        assert_eq!(status, 302, "{back}");
        assert!(back.starts_with("https://p.example/back?auth_code=") && back.contains("&expires_in=600"));
        let code = form_urlencoded::parse(back.split_once('?').unwrap().1.as_bytes()).next().unwrap().1;
        let exchanged = bench.component("api_query_auth", json!({ "authorization_code": code })).await.json();
        assert_eq!(exchanged["authorization_info"]["authorizer_appid"], "wx1", "{path}");
        bench.sim.revoke_authorization(&bench.app).unwrap();
    }
}

/// Only mini programs exist here, so a page for other accounts finds none; a named account takes precedence.
#[tokio::test]
async fn the_kinds_of_accounts_that_a_page_offers() {
    let bench = Bench::new(SimConfig::new(), AppSpec::wechat("wx1").unauthorized()).await;
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let visit = async |more: &str| {
        let issued = bench.component("api_create_preauthcode", json!({})).await.json();
        let code: String =
            form_urlencoded::byte_serialize(issued["pre_auth_code"].as_str().unwrap().as_bytes()).collect();
        let url = format!(
            "{}/cgi-bin/componentloginpage?component_appid=wx5ec0de0000000001&pre_auth_code={code}\
             &redirect_uri=https%3A%2F%2Fp.example%2F{more}",
            bench.sim.base_url()
        );
        let status = http.get(url).send().await.unwrap().status().as_u16();
        if status == 302 {
            bench.sim.revoke_authorization(&bench.app).unwrap();
        }
        status
    };
    for kind in ["2", "3", "6"] {
        assert_eq!(visit(&format!("&auth_type={kind}")).await, 302, "{kind}");
    }
    for kind in ["1", "4", "5", "8"] {
        assert_eq!(visit(&format!("&auth_type={kind}")).await, 400, "{kind}");
        assert_eq!(visit(&format!("&auth_type={kind}&biz_appid=wx1")).await, 302, "{kind}, named");
    }
    for kind in ["0", "7", "9", "x", ""] {
        assert_eq!(visit(&format!("&auth_type={kind}&biz_appid=wx1")).await, 400, "{kind}");
    }
    assert_eq!(visit("").await, 302);
}

#[tokio::test]
async fn pushes_about_authorizations_are_delivered_and_disturbed() {
    let receiver = Receiver::new(&[(500, ""), (200, "success")], None).await;
    let callback = Callback::sample(WECHAT).with_authorization_url(format!("{}/wechat", receiver.url));
    let config = SimConfig::new().with_wechat_callback(callback);
    let bench = Bench::new(config, AppSpec::wechat("wx1").unauthorized()).await;
    bench.sim.authorize(&bench.app).unwrap();
    bench.sim.idle().await;
    let sent = bench.sim.platform_pushes(WECHAT);
    assert_eq!((sent.len(), receiver.seen().len()), (2, 2));
    assert_ne!(sent[0].body, sent[1].body, "encrypted afresh");
    assert_eq!(open_wechat(&sent[0]), open_wechat(&sent[1]));
    assert_eq!(sent[1].attempt, 2);

    bench.sim.set_push_faults(vec![PushFaultRule::next(1, PushFault::Lost).with_app(bench.app.clone())]);
    bench.sim.update_authorization(&bench.app).unwrap();
    bench.sim.idle().await;
    assert_eq!(bench.sim.platform_pushes(WECHAT).len(), 2);
    bench.sim.set_push_faults(vec![PushFaultRule::next(1, PushFault::Duplicated)]);
    bench.sim.revoke_authorization(&bench.app).unwrap();
    bench.sim.idle().await;
    let events: Vec<String> =
        bench.sim.platform_pushes(WECHAT).into_iter().skip(2).map(|push| push.event).collect();
    assert_eq!(events, ["unauthorized", "unauthorized"]);
    assert!(bench.sim.pushes(&bench.app).is_empty(), "they went to the other URL");
}

/// On a clock over real time no request is needed: the timer pushes.
#[tokio::test]
async fn tickets_are_pushed_while_nobody_asks() {
    let receiver = Receiver::new(&[(200, "success")], None).await;
    let callback = Callback::sample(WECHAT).with_authorization_url(receiver.url.clone());
    let clock = SimClock::new();
    let config = SimConfig::new()
        .with_sim_clock(clock.clone())
        .with_wechat_callback(callback)
        .with_ticket_interval(Duration::from_secs(600));
    let sim = Simulator::start(config).await.unwrap();
    let started = Instant::now();
    for expected in 1..=3 {
        while receiver.seen().len() < expected {
            assert!(started.elapsed() < Duration::from_secs(20), "{expected} tickets");
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(600));
    }
    sim.settle().await;
}

#[tokio::test]
async fn events_and_texts_of_any_content_are_pushed() {
    let bench = both().await;
    let fields = json!({
        "Text": "a]]>b", "Number": 7, "Nothing": null,
        "list": [{ "appid": "wx1" }, { "appid": "wx2" }],
    });
    bench.sim.push_event(&bench.app, "some_event", fields.clone()).unwrap();
    let message = open_wechat(&bench.sim.pushes(&bench.app)[0]);
    for part in [
        "<Event><![CDATA[some_event]]></Event>",
        "<Text><![CDATA[a]]]]><![CDATA[>b]]></Text><Number>7</Number><Nothing></Nothing>",
        "<list><appid><![CDATA[wx1]]></appid></list><list><appid><![CDATA[wx2]]></appid></list>",
    ] {
        assert!(message.contains(part), "{part} in {message}");
    }
    let id = bench.sim.push_text(&bench.app, "oUser", "你好").unwrap();
    let message = open_wechat(&bench.sim.pushes(&bench.app)[1]);
    for part in [
        "<FromUserName><![CDATA[oUser]]></FromUserName>".to_owned(),
        "<MsgType><![CDATA[text]]></MsgType>".to_owned(),
        "<Content><![CDATA[你好]]></Content>".to_owned(),
        format!("<MsgId>{id}</MsgId>"),
    ] {
        assert!(message.contains(&part), "{part} in {message}");
    }
    let baidu = AppId::from("77");
    bench.sim.push_event(&baidu, "SOME_EVENT", fields.clone()).unwrap();
    let message = open_baidu(&bench.sim.pushes(&baidu)[0]);
    assert_eq!((&message["event"], &message["list"]), (&json!("SOME_EVENT"), &fields["list"]));
    assert!(matches!(bench.sim.push_text(&baidu, "u", "x"), Err(SimError::Unsupported(..))));
    let wrong = bench.sim.push_event(&baidu, "X", json!([1]));
    assert!(matches!(wrong, Err(SimError::InvalidArgument(_))), "{wrong:?}");
}

#[tokio::test]
async fn a_push_is_replayed_to_another_route() {
    let receiver = Receiver::new(&[(200, "success"), (403, "")], None).await;
    let callback = Callback::sample(WECHAT).with_url(format!("{}/$APPID$", receiver.url));
    let bench = Bench::new(SimConfig::new().with_wechat_callback(callback), AppSpec::wechat("wx1")).await;
    bench.sim.push_event(&bench.app, "some_event", Value::Null).unwrap();
    bench.sim.idle().await;
    let push = bench.sim.pushes(&bench.app).remove(0);
    let answer = bench.sim.replay(&push, &format!("{}/wx2", receiver.url)).await.unwrap();
    assert_eq!((answer.status, answer.body), (403, Vec::new()));
    let seen = receiver.seen();
    assert_eq!(seen[1].0, format!("POST /wx2?{} HTTP/1.1", push.query));
    assert_eq!(seen[0].1, seen[1].1);
    assert!(bench.sim.replay(&push, "http://127.0.0.1:1/").await.is_err());
    assert_eq!(bench.sim.pushes(&bench.app).len(), 1, "a replay is nobody's push");
}

#[tokio::test]
async fn authorizations_are_led_over_http() {
    let bench = Bench::new(SimConfig::new(), AppSpec::baidu("77")).await;
    let ask = async |method: Method, path: &str, body: Value| {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let url = format!("{}{path}", bench.sim.admin_url());
        match bench.send(method, url, "application/json", text).await {
            Seen::Answer { status, body, .. } => (status, serde_json::from_slice::<Value>(&body).unwrap()),
            other => panic!("{other:?}"),
        }
    };
    let new = json!({ "vendor": "wechat", "app_id": "wx1", "authorized": false });
    let (_, added) = ask(Method::POST, "/apps", new).await;
    assert_eq!(added["access_token"], Value::Null);
    assert_eq!(ask(Method::GET, "/apps/wx1/token", Value::Null).await.0, 409);
    assert_eq!(ask(Method::POST, "/apps/wx1/revoke-authorization", Value::Null).await.0, 409);
    let (status, consent) = ask(Method::POST, "/apps/wx1/authorize", Value::Null).await;
    assert_eq!((status, &consent["expires_in"]), (200, &json!(600)));
    let code = json!({ "authorization_code": consent["authorization_code"] });
    let tokens = bench.component("api_query_auth", code).await.json();
    let (_, current) = ask(Method::GET, "/apps/wx1/refresh-token", Value::Null).await;
    assert_eq!(current["refresh_token"], tokens["authorization_info"]["authorizer_refresh_token"]);
    assert_eq!(ask(Method::POST, "/apps/wx1/update-authorization", Value::Null).await.0, 200);
    let (_, truth) = ask(Method::GET, "/apps/wx1", Value::Null).await;
    assert_eq!((&truth["effects"], truth.get("authorized_at").is_some()), (&json!({ "exchange": 1 }), true));
    let back: AppTruth = serde_json::from_value(truth).unwrap();
    assert_eq!(back, bench.sim.truth(&"wx1".into()).unwrap());
    assert_eq!(ask(Method::POST, "/apps/wx1/revoke-authorization", Value::Null).await.0, 200);
    assert_eq!(ask(Method::GET, "/apps/wx1/refresh-token", Value::Null).await.0, 409);

    let event = json!({ "event": "APP_SERVER_PAUSE", "fields": { "number": 1 } });
    assert_eq!(ask(Method::POST, "/apps/77/events", event).await.0, 200);
    assert_eq!(open_baidu(&bench.sim.pushes(&bench.app)[0])["number"], 1);
    let text = json!({ "from": "oUser", "content": "hi" });
    assert_eq!(ask(Method::POST, "/apps/wx1/texts", text.clone()).await.0, 200);
    assert_eq!(ask(Method::POST, "/apps/77/texts", text).await.0, 400);
    let (_, wechat) = ask(Method::GET, "/platforms/wechat/credentials", Value::Null).await;
    assert_eq!(wechat["secret"], bench.sim.wechat_secret().expose());
    let (_, baidu) = ask(Method::GET, "/platforms/baidu/credentials", Value::Null).await;
    assert_eq!(baidu, json!({ "platform_id": "17328232", "client_id": bench.sim.baidu_key() }));
}
