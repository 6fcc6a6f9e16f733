//! A URL that is told something.

use std::time::Duration;

use miniprogram_core::{Error, ErrorKind, Result};

/// How much of a response is read, in bytes.
const MOST: usize = 64 * 1024;

/// Posts JSON. Redirects are not followed, and no proxy of the environment is used.
#[derive(Debug, Clone)]
pub(super) struct Poster(reqwest::Client);

impl Poster {
    pub(super) fn new() -> Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("miniprogram/", env!("CARGO_PKG_VERSION")))
            .build();
        client.map(Self).map_err(|problem| {
            Error::new(ErrorKind::Config, "hooks")
                .with_detail("no HTTP client can be built")
                .with_source(problem)
        })
    }

    /// Posts a body, and returns the status and the beginning of the response. The error names neither the URL nor the
    /// body.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
        patience: Duration,
    ) -> std::result::Result<(u16, Vec<u8>), String> {
        let mut request = self.0.post(url).timeout(patience).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let lost = |problem: reqwest::Error| {
            if problem.is_timeout() {
                format!("no response within {patience:?}")
            } else if problem.is_connect() {
                "the connection failed".to_owned()
            } else {
                "the response was lost".to_owned()
            }
        };
        let mut response = request.body(body).send().await.map_err(lost)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST {
                return Err(format!("the response has more than {MOST} bytes"));
            }
        }
        Ok((response.status().as_u16(), bytes))
    }
}
