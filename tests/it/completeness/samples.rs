//! Every sample of vendor output that the documents print, read by the method that calls the endpoint, or by the
//! decoder. Old and new editions of a document yield the same values.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::baidu::alliance::{AllianceConfig, BaiduAlliance};
use miniprogram::baidu::event::{BaiduEventDecoder, decode_notification};
use miniprogram::baidu::{BAIDU, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::clock::VirtualClock;
use miniprogram::push::Push;
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::{Body, Request, Response, Transport, TransportError};
use miniprogram::wechat::event::WeChatEventDecoder;
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::callers::{BAIDU_APP, Callers, WECHAT_APP};

#[derive(Debug, Clone, Deserialize)]
struct Sample {
    document: String,
    vendor: Vendor,
    kind: Kind,
    /// The endpoint that returns it.
    path: Option<String>,
    /// Which of the endpoint's responses it is.
    variant: Option<String>,
    /// The push's name.
    event: Option<String>,
    body: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Response,
    Push,
    Notification,
}

fn samples() -> Vec<Sample> {
    serde_json::from_str(include_str!("vendor_samples.json")).expect("the list of the samples")
}

/// Returns a sample from one endpoint, and whatever the method needs from others.
#[derive(Debug)]
struct Printed {
    sample: Sample,
    others: Vec<Sample>,
}

impl Printed {
    fn of(&self, request: &Request) -> String {
        let path = request.path.as_ref();
        if self.sample.path.as_deref() != Some(path) {
            return beside(self.sample.path.as_deref().unwrap_or_default(), path);
        }
        let reads = matches!(&request.body, Body::Form(fields)
            if fields.iter().any(|(name, value)| name == "action" && value == "get"));
        let asked = match &self.sample.variant {
            Some(variant) if variant == "get" || variant == "change" => {
                Some(if reads { "get" } else { "change" })
            }
            _ => self.sample.variant.as_deref(),
        };
        let twin = self.others.iter().find(|other| {
            (&other.document, &other.path, other.variant.as_deref())
                == (&self.sample.document, &self.sample.path, asked)
        });
        twin.unwrap_or(&self.sample).body.clone()
    }
}

#[async_trait]
impl Transport for Printed {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        Ok(Response::new(200, http::HeaderMap::new(), self.of(&request)))
    }
}

/// Response of an endpoint that a method calls in addition to the one under test.
fn beside(about: &str, path: &str) -> String {
    let package = |id: u32, status: i64| json!({ "package_id": id, "status": status, "version": format!("1.{id}.0"), "version_desc": "d" });
    let status = match about.rsplit_once('/').map_or("", |(_, name)| name) {
        "withdraw" => 4,
        "release" => 6,
        _ => 3,
    };
    let answer = match path {
        "/wxa/get_latest_auditstatus" => {
            let status = if about.ends_with("release") { 0 } else { 2 };
            json!({ "errcode": 0, "errmsg": "ok", "auditid": 1_234_567, "status": status })
        }
        "/wxa/getversioninfo" => json!({
            "errcode": 0, "errmsg": "ok",
            "exp_info": { "exp_time": 1, "exp_version": "2", "exp_desc": "d" },
            "release_info": { "release_time": 1, "release_version": "1", "release_desc": "d" },
        }),
        "/rest/2.0/smartapp/package/get" | "/rest/2.0/smartapp/oss/package/get" => json!({
            "errno": 0, "msg": "success",
            "data": [package(201, status), { "package_id": 1, "status": 1, "version": "1.0.0",
                "version_desc": "d", "rollback_version": "0.9.0" }],
        }),
        "/rest/2.0/smartapp/app/info" => json!({
            "errno": 0, "msg": "success",
            "data": { "app_id": 17_000_001, "app_name": "n", "app_desc": "d", "photo_addr": "[]", "status": 1 },
        }),
        "/rest/2.0/smartapp/app/get/mobileauthstatus" => {
            json!({ "errno": 0, "msg": "success", "data": { "status": 0 } })
        }
        "/rest/2.0/smartapp/app/apply/mobileauth" => json!({ "errno": 0, "msg": "success", "data": {} }),
        "/oauth/2.0/token" => json!({ "access_token": "1.a.86400.1-2-3", "expires_in": 86400 }),
        other => panic!("{about}: {other} is asked as well"),
    };
    answer.to_string()
}

/// Reads a sample with the clients.
async fn read(sample: &Sample, all: &[Sample]) -> Result<Value> {
    let transport: Arc<dyn Transport> = Arc::new(Printed { sample: sample.clone(), others: all.to_vec() });
    let clock = Arc::new(VirtualClock::new(Timestamp::from_unix(1_547_441_110)));
    let config = |vendor, app: &str| {
        let token = StaticToken::new(vendor, app, AccessToken::new("t").unwrap());
        ClientConfig::new("17328232", Arc::new(token))
            .with_transport(Arc::clone(&transport))
            .with_clock(Arc::<VirtualClock>::clone(&clock))
    };
    let alliance =
        AllianceConfig::new("key", "secret").with_transport(Arc::clone(&transport)).with_clock(clock.clone());
    let callers = Callers::new(
        BaiduPlatform::new(config(BAIDU, BAIDU_APP))?.app(BAIDU_APP),
        WeChatPlatform::new(config(WECHAT, WECHAT_APP))?.app(WECHAT_APP),
        BaiduAlliance::new(alliance)?,
        "https://b.bdstatic.com/searchbox/mappconsole/image/1.png".to_owned(),
    );
    let path = sample.path.as_deref().unwrap_or_default();
    let called = if path == "/oauth/2.0/token" { "/rest/2.0/smartapp/oss/package/get" } else { path };
    callers.call(called).await
}

/// Reads a sample with the decoders.
fn decode(sample: &Sample) -> Result<Value> {
    let mut body = sample.body.clone().into_bytes();
    let push = Push::new(Timestamp::from_unix(1_547_441_110), &mut body);
    let config = CallbackConfig::plain();
    let event = match (sample.kind, sample.vendor) {
        (Kind::Notification, _) => decode_notification(&sample.body)?,
        (_, BAIDU) => BaiduEventDecoder::new(config).decode(push)?,
        _ => WeChatEventDecoder::new(config)?.decode(push)?,
    };
    if let Some(name) = &sample.event {
        assert_eq!(event.raw_event, name.as_str());
    }
    assert_ne!(event.kind, EventKind::Unknown, "{sample:?}");
    Ok(serde_json::to_value(event).expect("an event that is JSON"))
}

#[tokio::test]
async fn every_printed_sample_is_understood() {
    let all = samples();
    let mut read_as: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    let mut problems = Vec::new();
    for sample in &all {
        let what = sample.path.as_deref().or(sample.event.as_deref()).unwrap_or("notification");
        let name = format!("{what} {}", sample.variant.as_deref().unwrap_or_default());
        let understood = match sample.kind {
            Kind::Response => read(sample, &all).await,
            Kind::Push | Kind::Notification => decode(sample),
        };
        match understood {
            Ok(value) => {
                read_as.entry(name.trim_end().to_owned()).or_default().insert(sample.document.clone(), value);
            }
            Err(error) if sample.variant.as_deref() == Some("refused") => {
                let report = serde_json::to_value(error.report()).expect("a report that is JSON");
                read_as.entry(name).or_default().insert(sample.document.clone(), report);
            }
            Err(error) => problems.push(format!("{} {name}: {error:#}", sample.document)),
        }
    }
    assert!(problems.is_empty(), "{} samples:\n{}", problems.len(), problems.join("\n"));
    for (name, editions) in &read_as {
        let first = editions.values().next();
        for (document, value) in editions {
            assert_eq!(Some(value), first, "{name}: document {document} reads differently");
        }
    }
    let of = |path: &str, document: &str| read_as[path][document].clone();
    assert_eq!(
        of("/rest/2.0/smartapp/package/get", "000"),
        of("/rest/2.0/smartapp/oss/package/get", "004"),
        "the alliance's packages are packages"
    );
    let values: BTreeMap<&String, &Value> =
        read_as.iter().filter_map(|(name, editions)| Some((name, editions.values().next()?))).collect();
    insta::assert_json_snapshot!("vendor_samples", values);
}
