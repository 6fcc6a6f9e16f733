//! The HTTP transport over a real socket: what it sends, and what it refuses to follow, read or repeat.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use miniprogram::baidu::{BAIDU, BaiduPlatform, SubmitOptions};
use miniprogram::clock::{Clock as _, VirtualClock};
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::{BaseUrl, Request, Response, Transport, TransportError};
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Returns the same bytes on every connection, and records the requests.
struct Server {
    base_url: BaseUrl,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (answer.into(), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut chunk = [0; 4096];
                while !complete(&request) {
                    match socket.read(&mut chunk).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&chunk[..read]),
                    }
                }
                log.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
                let _ = socket.write_all(&answer).await;
            }
        });
        Self { base_url, heard }
    }

    fn app(&self) -> Box<dyn MiniProgram> {
        let app = AppId::from("wx1");
        let token = StaticToken::new(WECHAT, app.clone(), AccessToken::new("t0ken").unwrap());
        let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
        let config = ClientConfig::new("wx5ec0de0000000001", Arc::new(token))
            .with_base_url(self.base_url.clone())
            .with_clock(Arc::new(clock));
        WeChatPlatform::new(config).unwrap().authorizer(app)
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// Returns whether head and body of a request have arrived.
fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn http(status: &str, head: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{head}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_request_carries_token_and_body_and_nothing_that_betrays_them() {
    let server = Server::answering(http("200 OK", "", r#"{"errcode":0,"errmsg":"ok","status":1}"#)).await;
    server.app().visit_status().await.unwrap();
    let heard = server.heard().remove(0);
    assert!(heard.starts_with("POST /wxa/getvisitstatus?access_token=t0ken HTTP/1.1\r\n"), "{heard}");
    assert!(heard.ends_with("\r\n\r\n{}"), "a POST without parameters still needs the two bytes: {heard}");
    let lower = heard.to_ascii_lowercase();
    assert!(!lower.contains("\r\nreferer:") && !lower.contains("\r\naccept-encoding:"), "{heard}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_leaves_an_effect_open() {
    let target = Server::answering(http("200 OK", "", r#"{"errcode":0,"errmsg":"ok"}"#)).await;
    let to =
        format!("location: {}/wxa/change_visitstatus\r\n", target.base_url.as_str().trim_end_matches('/'));
    let server = Server::answering(http("307 Temporary Redirect", &to, "")).await;
    let error = server.app().set_visit_status(VisitStatus::Closed).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown), "{error:#}");
    assert!(target.heard().is_empty(), "the token was sent to the redirect's target");
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_cap_and_no_further() {
    let endless = format!("{{\"errcode\":0,\"errmsg\":\"{}\"}}", "x".repeat(5 << 20));
    for answer in [
        http("200 OK", "", &endless),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{endless}\r\n0\r\n\r\n",
            endless.len()
        ),
    ] {
        let server = Server::answering(answer).await;
        let error = server.app().visit_status().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone), "{error:#}");
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_no_answer() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{\"errcode\":0",
    )
    .await;
    let error = server.app().visit_status().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotDone), "{error:#}");
    assert_eq!(server.heard().len(), 3, "a read is repeated, three times in all");
}

#[tokio::test]
async fn a_vendors_code_counts_whatever_the_http_status() {
    let words = "invalid audit id rid: 65a1b2c3-01234567-89abcdef";
    let server =
        Server::answering(http("500 Oops", "", &format!(r#"{{"errcode":85012,"errmsg":"{words}"}}"#))).await;
    let error = server.app().audit_status(&AuditId::from(7_u64)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some(&Code::Number(85_012))), "{error:#}");
    assert_eq!(error.request_id(), Some("65a1b2c3-01234567-89abcdef"));
    assert_eq!(error.vendor_error().unwrap().message, words);
    assert_eq!(server.heard().len(), 1, "a definite refusal is not repeated");
}

#[tokio::test]
async fn too_many_requests_waits_as_long_as_it_is_told() {
    let server = Server::answering(http("429 Too Many Requests", "retry-after: 7\r\n", "slow down")).await;
    let error = server.app().visit_status().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::RateLimited, Outcome::NotDone), "{error:#}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

/// A vendor that accepts every request and never responds.
#[derive(Debug)]
struct Silent(VirtualClock);

#[async_trait::async_trait]
impl Transport for Silent {
    async fn send(&self, _request: Request) -> Result<Response, TransportError> {
        self.0.stall(None).await;
        Err(TransportError::Timeout)
    }
}

#[tokio::test]
async fn a_configured_deadline_cuts_an_attempt_short() {
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let read = async |seconds| {
        let app = AppId::from("wx1");
        let token = StaticToken::new(WECHAT, app.clone(), AccessToken::new("t0ken").unwrap());
        let config = ClientConfig::new("wx5ec0de0000000001", Arc::new(token))
            .with_transport(Arc::new(Silent(clock.clone())))
            .with_clock(Arc::new(clock.clone()))
            .with_deadline(Duration::from_secs(seconds));
        WeChatPlatform::new(config).unwrap().authorizer(app).visit_status().await.unwrap_err()
    };
    let before = clock.now();
    let error = read(4).await;
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotDone), "{error:#}");
    assert_eq!(clock.now().since(before).as_secs(), 4);
    let error = read(0).await;
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::NotSent), "{error:#}");
}

#[tokio::test]
async fn the_reviewers_password_is_sent_though_no_plan_shows_it() {
    let package =
        r#"{"errno":0,"data":[{"package_id":201,"status":3,"version":"1.2.0","version_desc":"d"}]}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", package.len());
    let server = Server::answering(head + package).await;
    let token = StaticToken::new(BAIDU, "17000001", AccessToken::new("t0ken").unwrap());
    let config = ClientConfig::new("17328232", Arc::new(token)).with_base_url(server.base_url.clone());
    let app = BaiduPlatform::new(config).unwrap().app("17000001");
    let options = SubmitOptions::new("orders", "none").with_test_account("tester", "let me in");
    app.submit_audit(&SubmitTarget::Newest, &options.into()).await.unwrap();
    let submission = server.heard().pop().unwrap();
    assert!(submission.contains("test_account=tester&test_password=let+me+in"), "{submission}");
}
