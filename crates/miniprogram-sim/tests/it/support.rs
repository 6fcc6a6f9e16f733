use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use miniprogram_core::clock::{Busy, Clock, VirtualClock};
use miniprogram_core::{AppId, Secret, Timestamp};
use miniprogram_sim::{AppSpec, SimConfig, Simulator, State};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const PACKAGE: &str = "/rest/2.0/smartapp/package/";
pub(crate) const APP: &str = "/rest/2.0/smartapp/app/";

/// Result of one attempt, as seen by the client.
#[derive(Debug)]
pub(crate) enum Seen {
    Answer {
        status: u16,
        headers: reqwest::header::HeaderMap,
        body: Vec<u8>,
    },
    /// The connection broke, before or within the response.
    Broken,
    TimedOut,
}

impl Seen {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Answer { status: 200, body, .. } => {
                let text = String::from_utf8_lossy(body);
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
            }
            other => panic!("no answer: {other:?}"),
        }
    }

    /// The code, whatever its field.
    #[track_caller]
    pub(crate) fn code(&self) -> i64 {
        let body = self.json();
        let code = ["errcode", "errno", "error_code"].iter().find_map(|name| body.get(*name));
        code.and_then(Value::as_i64).unwrap_or_else(|| panic!("no code in {body}"))
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        match self {
            Self::Answer { headers, .. } => headers[name].to_str().unwrap().to_owned(),
            other => panic!("no answer: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Answer { body, .. } => body,
            other => panic!("no answer: {other:?}"),
        }
    }
}

pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) clock: VirtualClock,
    pub(crate) app: AppId,
    pub(crate) token: Secret,
    http: reqwest::Client,
    operating: AtomicBool,
}

/// An operation of several requests: holds a busy mark until dropped.
pub(crate) struct Operating<'a> {
    bench: &'a Bench,
    _busy: Busy,
}

impl Drop for Operating<'_> {
    fn drop(&mut self) {
        self.bench.operating.store(false, Ordering::SeqCst);
    }
}

pub(crate) fn start_time() -> Timestamp {
    Timestamp::from_rfc3339("2026-03-10T04:00:00Z").unwrap()
}

impl Bench {
    pub(crate) async fn new(config: SimConfig, spec: AppSpec) -> Self {
        Self::seeded(11, config, spec).await
    }

    pub(crate) async fn seeded(seed: u64, config: SimConfig, spec: AppSpec) -> Self {
        let clock = VirtualClock::new(start_time());
        let sim = Simulator::start(config.with_seed(seed).with_virtual_clock(clock.clone())).await.unwrap();
        let app = spec.app_id.clone();
        let token = sim.add_app(spec).unwrap();
        Self {
            sim,
            clock,
            app,
            token,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            operating: AtomicBool::new(false),
        }
    }

    pub(crate) async fn wechat(state: State) -> Self {
        Self::new(SimConfig::new(), AppSpec::wechat("wxtest0000000001").with_state(state)).await
    }

    pub(crate) async fn baidu(state: State) -> Self {
        Self::new(SimConfig::new(), AppSpec::baidu("1452365").with_state(state)).await
    }

    pub(crate) fn effects(&self, operation: &str) -> u64 {
        self.sim.effects(&self.app, operation)
    }

    /// Starts an operation: its requests and waits share one busy mark.
    pub(crate) fn operate(&self) -> Operating<'_> {
        assert!(!self.operating.swap(true, Ordering::SeqCst), "one mark per operation");
        Operating { bench: self, _busy: self.clock.enter() }
    }

    /// A busy mark for a single request, unless an operation holds one.
    fn busy(&self) -> Busy {
        if self.operating.load(Ordering::SeqCst) { Busy::unmarked() } else { self.clock.enter() }
    }

    /// Sends one request as a client does: busy meanwhile, with a timeout of 10 seconds.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: String,
        kind: &str,
        body: impl Into<reqwest::Body>,
    ) -> Seen {
        let _busy = self.busy();
        let attempt = async {
            let request = self.http.request(method, url).header("content-type", kind).body(body);
            let Ok(answer) = request.send().await else { return Seen::Broken };
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            match answer.bytes().await {
                Ok(body) => Seen::Answer { status, headers, body: body.to_vec() },
                Err(_) => Seen::Broken,
            }
        };
        tokio::select! {
            seen = attempt => seen,
            () = self.clock.deadline(Duration::from_secs(10)) => Seen::TimedOut,
        }
    }

    pub(crate) fn url(&self, path: &str, token: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{separator}access_token={token}", self.sim.base_url())
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, self.url(path, self.token.expose()), "", String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Seen {
        self.post_text(path, &body.to_string()).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Seen {
        self.send(Method::POST, self.url(path, self.token.expose()), "application/json", body.to_owned())
            .await
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.form_as(self.token.expose(), path, fields).await
    }

    pub(crate) async fn form_as(&self, token: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut body = String::new();
        for (name, value) in fields {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let _ = write!(body, "{name}={value}&");
        }
        let url = self.url(path, token);
        self.send(Method::POST, url, "application/x-www-form-urlencoded", body).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Seen {
        self.send(Method::GET, self.url(path, token), "", String::new()).await
    }

    /// Uploads an image to Baidu.
    pub(crate) async fn upload_image(&self, token: &str, fields: &[(&str, &str)], image: &[u8]) -> Seen {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend(
                format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        let head = "--b\r\nContent-Disposition: form-data; name=\"multipartFile\"; filename=\"i.png\"\r\n\
                    Content-Type: image/png\r\n\r\n";
        body.extend([head.as_bytes(), image, b"\r\n--b--\r\n"].concat());
        let url = self.url("/file/2.0/smartapp/upload/image", token);
        self.send(Method::POST, url, "multipart/form-data; boundary=b", body).await
    }

    /// The URL of a newly uploaded image at Baidu.
    pub(crate) async fn image(&self) -> String {
        let uploaded = self.upload_image(self.token.expose(), &[], &png(144, 144)).await;
        uploaded.json()["data"].as_str().unwrap().to_owned()
    }

    /// Advances simulated time.
    pub(crate) async fn wait(&self, seconds: u64) {
        let _busy = self.busy();
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    pub(crate) async fn commit(&self, version: &str) -> Seen {
        self.post(
            "/wxa/commit",
            json!({ "template_id": 0, "ext_json": "{\"ext\":{}}", "user_version": version, "user_desc": "描述" }),
        )
        .await
    }

    pub(crate) async fn submit(&self) -> Seen {
        self.post("/wxa/submit_audit", json!({ "item_list": [item()] })).await
    }

    pub(crate) async fn upload(&self, version: &str) -> Seen {
        let fields = [
            ("template_id", "754"),
            ("ext_json", "{\"extEnable\":true}"),
            ("user_version", version),
            ("user_desc", "描述"),
        ];
        self.form(&format!("{PACKAGE}upload"), &fields).await
    }

    /// The packages listed by `package/get`.
    pub(crate) async fn packages(&self) -> Vec<Value> {
        let list = self.get(&format!("{PACKAGE}get")).await.json();
        list["data"].as_array().unwrap().clone()
    }

    pub(crate) async fn package_with(&self, status: i64) -> i64 {
        let packages = self.packages().await;
        let package = packages.iter().find(|package| package["status"] == status);
        package.unwrap_or_else(|| panic!("no package of status {status} in {packages:?}"))["package_id"]
            .as_i64()
            .unwrap()
    }

    pub(crate) async fn on_package(&self, endpoint: &str, id: i64) -> Seen {
        let id = id.to_string();
        let fields = [("package_id", id.as_str()), ("content", "送审"), ("remark", "备注")];
        self.form(&format!("{PACKAGE}{endpoint}"), &fields).await
    }
}

/// Decodes an image with one QR code; returns its text, width and height.
#[track_caller]
pub(crate) fn decoded(picture: &[u8]) -> (String, (u32, u32)) {
    let picture = image::load_from_memory(picture).unwrap().into_luma8();
    let (width, height) = picture.dimensions();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            picture.get_pixel(x as u32, y as u32).0[0]
        });
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "one code in the picture");
    (grids[0].decode().unwrap().1, (width, height))
}

/// Just enough of a PNG to state its size.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let start = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    [start.as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x06\0\0\0"].concat()
}

pub(crate) fn item() -> Value {
    json!({
        "address": "index", "tag": "学习 生活", "title": "首页",
        "first_class": "工具", "second_class": "备忘录", "first_id": 1, "second_id": 2,
    })
}
