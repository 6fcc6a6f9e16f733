//! Raw HTTP, so that nothing between test and service corrects a malformed request.

use std::net::SocketAddr;

use miniprogram_core::push::OwnedPush;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A response. `Display` of the head omits the date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers without the date.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let lines: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with("date:")).collect();
        Some(Self { status, head: lines.join("\n"), body: body.to_owned() })
    }
}

/// Encodes a request.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\nhost: platform.example\r\nconnection: close\r\n");
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET"
        && !headers.iter().any(|(name, _)| *name == "transfer-encoding" || *name == "content-length")
    {
        bytes.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn post(path: &str, push: &OwnedPush) -> Vec<u8> {
    let target = if push.query.is_empty() { path.to_owned() } else { format!("{path}?{}", push.query) };
    let headers: Vec<_> = push.content_type.iter().map(|value| ("content-type", value.as_str())).collect();
    request("POST", &target, &headers, &push.body)
}

pub(crate) fn get(target: &str) -> Vec<u8> {
    request("GET", target, &[], &[])
}

/// Sends bytes on a new connection and reads until it closes.
pub(crate) async fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    exchange(address, bytes).await.expect("an answer")
}

/// Like [`send`]; `None` if the connection was closed without a response.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A sender that is refused may be cut off while still sending.
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received).await;
    Answer::read(&received)
}
