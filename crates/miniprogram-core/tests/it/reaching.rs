//! How a vendor is reached, and what is said if it is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use miniprogram_core::Secret;
use miniprogram_core::transport::{
    BaseUrl, HttpTransport, HttpTransportBuilder, Proxy, Transport, TransportError, reqwest,
};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Barrier;

use crate::proxies::ForwardProxy;
use crate::servers::{Authority, Server, read_head, request};

fn through(proxy: &str) -> HttpTransportBuilder {
    HttpTransport::builder().with_proxy(Proxy::parse(proxy).unwrap())
}

/// Why no connection was opened; nothing of the request is in it.
async fn refusal(http: HttpTransportBuilder, base: BaseUrl) -> String {
    let error = http.build(base).unwrap().send(request()).await.unwrap_err();
    assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
    let debug = format!("{error:?}");
    assert!(!["canary", "get_page", "s3cret"].iter().any(|part| debug.contains(part)), "{debug}");
    error.to_string()
}

#[tokio::test]
async fn an_http_proxy_forwards_and_tunnels() {
    let authority = Authority::new("ours");
    let (plain, tls) = (Server::plain().await, Server::tls(&authority, "127.0.0.1").await);
    // Base64 of `shop:p@ss word`.
    let proxy = ForwardProxy::http(Some("Basic c2hvcDpwQHNzIHdvcmQ=")).await;
    let http = || through(&format!("http://shop:p%40ss%20word@{}", proxy.address));
    let response = http().build(plain.base("http")).unwrap().send(request()).await.unwrap();
    assert_eq!(&response.body[..], b"{}");
    let trusting = http().with_root_certificates(authority.pem().as_bytes()).unwrap();
    let response = trusting.build(tls.base("https")).unwrap().send(request()).await.unwrap();
    assert_eq!(response.status, 200);
    let asked = proxy.asked();
    assert!(asked[0].starts_with("GET http://127.0.0.1:"), "{asked:?}");
    assert_eq!(asked[1], format!("CONNECT {} HTTP/1.1", tls.address), "path and query stay inside of TLS");
    assert!(tls.arrived()[0].head.starts_with("GET /wxa/get_page?q=canary-7f3a "), "{:?}", tls.arrived());
}

#[tokio::test]
async fn a_proxy_that_refuses_the_credentials_is_named() {
    let authority = Authority::new("ours");
    let tls = Server::tls(&authority, "127.0.0.1").await;
    let proxy = ForwardProxy::http(Some("Basic c2hvcDpwQHNzIHdvcmQ=")).await;
    let proxy = Proxy::parse(&format!("http://{}", proxy.address)).unwrap();
    let http = HttpTransport::builder().with_proxy(proxy.with_credentials("shop", Secret::new("s3cret")));
    let why = refusal(http, tls.base("https")).await;
    assert_eq!(why, "the connection could not be opened: the proxy wants other credentials");
    assert!(tls.arrived().is_empty());
}

#[tokio::test]
async fn a_socks_proxy_forwards() {
    let server = Server::plain().await;
    let proxy = ForwardProxy::socks(Some(("shop", "s3cret"))).await;
    for (scheme, host) in [("socks5", "127.0.0.1"), ("socks5h", "localhost")] {
        let base = BaseUrl::parse(&format!("http://{host}:{}", server.address.port())).unwrap();
        let http = through(&format!("{scheme}://shop:s3cret@{}", proxy.address));
        assert_eq!(http.build(base).unwrap().send(request()).await.unwrap().status, 200, "{scheme}");
    }
    let port = server.address.port();
    assert_eq!(proxy.asked(), [format!("127.0.0.1:{port}"), format!("localhost:{port}")]);
    let open = ForwardProxy::socks(None).await;
    let http = through(&format!("socks5://{}", open.address));
    assert_eq!(http.build(server.base("http")).unwrap().send(request()).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_private_authority_is_trusted_only_when_it_is_given() {
    let (authority, other) = (Authority::new("ours"), Authority::new("another"));
    let server = Server::tls(&authority, "127.0.0.1").await;
    let unknown =
        "the connection could not be opened: certificate of an unknown issuer: its authority is not trusted";
    assert_eq!(refusal(HttpTransport::builder(), server.base("https")).await, unknown);
    let wrong = HttpTransport::builder().with_root_certificates(other.pem().as_bytes()).unwrap();
    assert_eq!(refusal(wrong, server.base("https")).await, unknown);
    let both = format!("{}{}", other.pem(), authority.pem());
    let trusting = HttpTransport::builder().with_root_certificates(both.as_bytes()).unwrap();
    assert_eq!(trusting.build(server.base("https")).unwrap().send(request()).await.unwrap().status, 200);
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    for text in ["", "no PEM", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"] {
        let error = HttpTransport::builder().with_root_certificates(text.as_bytes()).unwrap_err();
        assert_eq!(error.field(), Some("ca_file"), "{text}");
    }
}

#[tokio::test]
async fn the_reason_is_named() {
    let authority = Authority::new("ours");
    let elsewhere = Server::tls(&authority, "elsewhere.example").await;
    let trusting = HttpTransport::builder().with_root_certificates(authority.pem().as_bytes()).unwrap();
    let why = refusal(trusting, elsewhere.base("https")).await;
    assert_eq!(why, "the connection could not be opened: certificate of another host");

    // What a server of plain HTTP answers to TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let answered = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let (why, _stream) = tokio::join!(refusal(HttpTransport::builder(), plain), answered);
    assert_eq!(why, "the connection could not be opened: no TLS is spoken there: it may expect http");

    let plain = Server::plain().await;
    let local = HttpTransport::builder().with_local_address("192.0.2.7".parse().unwrap());
    let why = refusal(local, plain.base("http")).await;
    assert_eq!(
        why,
        "the connection could not be opened: the local address is not an address of this machine"
    );
}

#[tokio::test]
async fn address_and_name_are_those_that_were_set() {
    let server = Server::plain().await;
    let http = HttpTransport::builder()
        .with_local_address("127.0.0.2".parse().unwrap())
        .with_user_agent("shop/1.0")
        .unwrap();
    http.build(server.base("http")).unwrap().send(request()).await.unwrap();
    let arrived = &server.arrived()[0];
    assert_eq!(arrived.from.to_string(), "127.0.0.2");
    assert!(arrived.head.contains("user-agent: shop/1.0\r\n"), "{}", arrived.head);
    assert_eq!(HttpTransport::builder().with_user_agent("a\nb").unwrap_err().field(), Some("user_agent"));
}

/// A server that answers two requests only together, and counts how many were in progress at most.
#[tokio::test]
async fn no_more_requests_than_the_limit_are_in_progress() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (barrier, highest) = (Arc::new(Barrier::new(2)), Arc::clone(&most));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (open, most, barrier) = (Arc::clone(&open), Arc::clone(&most), Arc::clone(&barrier));
            tokio::spawn(async move {
                while read_head(&mut stream).await.is_some() {
                    most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    barrier.wait().await;
                    open.fetch_sub(1, Ordering::SeqCst);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    stream.write_all(answer).await.unwrap();
                }
            });
        }
    });
    let transport = HttpTransport::builder().with_max_requests(2.try_into().unwrap()).build(base).unwrap();
    let responses = join_all((0..8).map(|_| transport.send(request()))).await;
    assert!(responses.iter().all(Result::is_ok), "{responses:?}");
    assert_eq!(highest.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_client_of_ones_own_is_used() {
    let server = Server::plain().await;
    let client = reqwest::Client::builder().user_agent("own/1.0").no_proxy().build().unwrap();
    let transport = HttpTransport::from_client(client, server.base("http"));
    assert_eq!(transport.send(request()).await.unwrap().status, 200);
    assert!(server.arrived()[0].head.contains("user-agent: own/1.0\r\n"));
}
