//! Helpers for the tests of WeChat's other endpoints.

use std::time::Duration;

use miniprogram_sim::{AppSpec, SimConfig, State, WECHAT};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Bench, Seen};

/// Start of a GIF, as text.
pub(crate) const GIF: &str = "GIF89a picture";
/// Start of an MP4, as text.
pub(crate) const MP4: &str = "\0\0\0\u{18}ftypmp42 video";
pub(crate) const DAY: u64 = 86_400;
const BOUNDARY: &str = "----boundary7f3a";

/// A bench whose token lives for years, for monthly quotas.
pub(crate) async fn patient(state: State) -> Bench {
    let config = SimConfig::new().with_token_lifetime(Duration::from_secs(1000 * DAY));
    Bench::new(config, AppSpec::wechat("wxtest0000000001").with_state(state)).await
}

impl Bench {
    /// A request with the platform's own token.
    pub(crate) async fn component_post(&self, path: &str, body: Value) -> Seen {
        let token = self.sim.platform_token(WECHAT).unwrap();
        let url = self.url(path, token.expose());
        self.send(Method::POST, url, "application/json", body.to_string()).await
    }

    pub(crate) async fn component_get(&self, path: &str) -> Seen {
        let token = self.sim.platform_token(WECHAT).unwrap();
        self.send(Method::GET, self.url(path, token.expose()), "", String::new()).await
    }

    /// Uploads a file as one part of a form.
    pub(crate) async fn file(&self, path: &str, part: &str, file_name: &str, content: &str) -> Seen {
        let body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{file_name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
        );
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(Method::POST, self.url(path, self.token.expose()), &kind, body).await
    }

    /// Uploads a picture and returns its media id.
    pub(crate) async fn picture(&self) -> String {
        let uploaded = self.file("/cgi-bin/media/upload?type=image", "media", "a.gif", GIF).await.json();
        uploaded["media_id"].as_str().unwrap().to_owned()
    }

    /// The events pushed so far, each once.
    pub(crate) fn events(&self) -> Vec<String> {
        self.sim.pushes(&self.app).into_iter().map(|push| push.event).collect()
    }
}
