//! A client method calls every endpoint with every documented parameter, and the simulator responds.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use miniprogram::baidu::alliance::{AllianceConfig, BaiduAlliance};
use miniprogram::baidu::values::ImageKind;
use miniprogram::baidu::{BAIDU, BaiduPlatform};
use miniprogram::model::QrCodeOptions;
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{
    AppSpec, DomainKind, ForcedOffline, IllegalField, LoggedRequest, OfflineFault, SimConfig, Simulator,
    State,
};

use super::callers::{BAIDU_APP, Callers, WECHAT_APP};
use super::{Endpoint, documents};
use crate::harness::SimTokens;

const CLIENT_ID: &str = "Va5yQRHlA4Fq4eR";
const CLIENT_SECRET: &str = "0rDSjzQ20XUj5itV7WRtznPQS";

/// A simulator with one app of each vendor, and the clients that call it.
pub(super) async fn stage() -> (Arc<Simulator>, Callers) {
    let config =
        SimConfig::new().with_seed(7).with_upload_time(Duration::ZERO).with_privacy_scan(Duration::ZERO);
    let sim = Arc::new(Simulator::start(config).await.unwrap());
    sim.add_app(AppSpec::wechat(WECHAT_APP)).unwrap();
    sim.add_app(AppSpec::baidu(BAIDU_APP).with_alliance_key(CLIENT_ID, CLIENT_SECRET)).unwrap();
    let kinds = [DomainKind::Request, DomainKind::Socket, DomainKind::Download, DomainKind::Upload];
    for kind in kinds.into_iter().chain([DomainKind::WebView]) {
        let own = ["https://www.example.com", "wss://www.example.com"];
        sim.set_platform_domains(BAIDU, kind, own).unwrap();
    }
    let config = |vendor| {
        ClientConfig::new(
            sim.callback(vendor).unwrap().platform_id,
            Arc::new(SimTokens::new(Arc::clone(&sim))),
        )
        .with_base_url(base_url(&sim))
        .with_clock(sim.clock())
    };
    let baidu = BaiduPlatform::new(config(BAIDU)).unwrap();
    let wechat = WeChatPlatform::new(config(WECHAT)).unwrap().app(WECHAT_APP);
    let alliance = AllianceConfig::new(CLIENT_ID, CLIENT_SECRET).with_base_url(base_url(&sim));
    let alliance = BaiduAlliance::new(alliance.with_clock(sim.clock())).unwrap();
    let icon = baidu.app(BAIDU_APP).trial_qr_code(&QrCodeOptions::default()).await.unwrap().bytes;
    let image = baidu.upload_image(ImageKind::Icon, "icon.png", icon).await.unwrap();
    (sim, Callers::new(baidu.app(BAIDU_APP), wechat, alliance, image))
}

fn base_url(sim: &Simulator) -> BaseUrl {
    BaseUrl::parse(&sim.base_url()).unwrap()
}

/// Sets up the state that an endpoint needs.
pub(super) fn arrange(sim: &Simulator, path: &str) {
    let put = |app: &str, state: State| sim.arrange(&app.into(), &state).unwrap();
    let uploaded = || State::Uploaded { version: "1.2.0".to_owned() };
    match path.rsplit_once('/').map_or(path, |(_, name)| name) {
        "get_page" | "submit_audit" => put(WECHAT_APP, uploaded()),
        "get_auditstatus" | "get_latest_auditstatus" | "undocodeaudit" => put(WECHAT_APP, State::InReview),
        "release" if path.starts_with("/wxa") => put(WECHAT_APP, State::Approved),
        "grayrelease" => put(WECHAT_APP, State::Approved),
        "revertgrayrelease" | "getgrayreleaseplan" => {
            put(WECHAT_APP, State::GrayRunning { percentage: 10 });
        }
        "submitaudit" | "gettrial" => put(BAIDU_APP, uploaded()),
        "withdraw" => put(BAIDU_APP, State::InReview),
        "release" => put(BAIDU_APP, State::Approved),
        "applyRecovery" => sim.close_traffic(&BAIDU_APP.into()).unwrap(),
        "update" if path.contains("/offline/") => {
            let offline = ForcedOffline::new(OfflineFault::BasicInformation, "the name")
                .with_illegal_field(IllegalField::Name);
            sim.force_offline(&BAIDU_APP.into(), offline).unwrap();
        }
        _ => {}
    }
}

/// Returns whether one of the requests has a parameter: in its query or form, or as a field of its JSON.
fn has(requests: &[LoggedRequest], parameter: &str) -> bool {
    let name = parameter.rsplit('.').next().unwrap_or(parameter).trim_end_matches("[]");
    requests.iter().any(|request| {
        let pairs = format!("&{}&{}", request.query, request.body);
        // A field of JSON inside a form or inside JSON is percent-encoded or escaped.
        pairs.contains(&format!("&{name}="))
            || [format!("\"{name}\""), format!("\\\"{name}\\\""), format!("%22{name}%22")]
                .iter()
                .any(|field| pairs.contains(field))
    })
}

fn missing(endpoint: &Endpoint, requests: &[LoggedRequest]) -> Vec<String> {
    let absent = endpoint.parameters.iter().filter(|parameter| !has(requests, &parameter.name));
    absent
        .map(|parameter| {
            let rank = if parameter.required { "required" } else { "optional" };
            format!("{} {} is never sent ({rank})", endpoint.path, parameter.name)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_calls_every_endpoint_with_every_parameter() {
    let mut problems = Vec::new();
    for endpoint in documents().endpoints {
        let (sim, callers) = stage().await;
        arrange(&sim, &endpoint.path);
        let before = sim.request_log().len();
        if let Err(error) = callers.call(&endpoint.path).await {
            problems.push(format!("{}: {error:#}", endpoint.path));
            continue;
        }
        let requests: Vec<LoggedRequest> = sim.request_log().split_off(before);
        let to_it: Vec<LoggedRequest> = requests
            .into_iter()
            .filter(|request| (&request.path, &request.method) == (&endpoint.path, &endpoint.http_method))
            .collect();
        if to_it.is_empty() {
            problems.push(format!("{} {} was not called", endpoint.http_method, endpoint.path));
            continue;
        }
        problems.extend(missing(&endpoint, &to_it));
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn the_simulator_has_every_endpoint() {
    let routes = miniprogram_sim::endpoints();
    for endpoint in documents().endpoints {
        let found: BTreeSet<bool> = routes
            .iter()
            .filter(|route| {
                (route.vendor, route.method, route.path)
                    == (endpoint.vendor, endpoint.http_method.as_str(), endpoint.path.as_str())
            })
            .map(|route| route.is_effect)
            .collect();
        assert!(found.contains(&endpoint.effect), "{} {}: {found:?}", endpoint.http_method, endpoint.path);
    }
}
