//! Forwarding proxies: HTTP with `CONNECT` and with absolute addresses, and SOCKS 5.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::read_head;

/// What each client of a proxy asked for.
type Asked = Arc<Mutex<Vec<String>>>;

pub(crate) struct ForwardProxy {
    pub(crate) address: SocketAddr,
    asked: Asked,
}

impl ForwardProxy {
    /// A proxy that demands this value of `Proxy-Authorization`, if any.
    pub(crate) async fn http(demanded: Option<&'static str>) -> Self {
        Self::start(move |stream, asked| forward_http(stream, asked, demanded)).await
    }

    /// A proxy that demands this user and password, if any.
    pub(crate) async fn socks(demanded: Option<(&'static str, &'static str)>) -> Self {
        Self::start(move |stream, asked| forward_socks(stream, asked, demanded)).await
    }

    async fn start<F>(forward: impl Fn(TcpStream, Asked) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(forward(stream, Arc::clone(&log)));
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn forward_http(mut client: TcpStream, asked: Asked, demanded: Option<&str>) -> Option<()> {
    let head = read_head(&mut client).await?;
    let line = head.lines().next()?.to_owned();
    asked.lock().unwrap().push(line.clone());
    let given = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("proxy-authorization").then_some(value)
    });
    if demanded.is_some() && given != demanded {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return client.write_all(refusal).await.ok();
    }
    let target = line.split(' ').nth(1)?;
    let mut server = if line.starts_with("CONNECT ") {
        let server = TcpStream::connect(target).await.ok()?;
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
        server
    } else {
        let authority = target.strip_prefix("http://")?.split('/').next()?;
        let mut server = TcpStream::connect(authority).await.ok()?;
        server.write_all(head.as_bytes()).await.ok()?;
        server
    };
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

async fn forward_socks(mut client: TcpStream, asked: Asked, demanded: Option<(&str, &str)>) -> Option<()> {
    let [_version, methods] = read(&mut client).await?;
    let mut offered = vec![0; methods.into()];
    client.read_exact(&mut offered).await.ok()?;
    let method = if demanded.is_some() { 2 } else { 0 };
    client.write_all(&[5, method]).await.ok()?;
    if let Some(demanded) = demanded {
        let [_version] = read(&mut client).await?;
        let (user, password) = (text(&mut client).await?, text(&mut client).await?);
        let fits = (user.as_str(), password.as_str()) == demanded;
        client.write_all(&[1, u8::from(!fits)]).await.ok()?;
        if !fits {
            return None;
        }
    }
    let [_version, _connect, _reserved, kind] = read(&mut client).await?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(&mut client).await?).to_string(),
        _ => text(&mut client).await?,
    };
    let target = format!("{host}:{}", u16::from_be_bytes(read(&mut client).await?));
    asked.lock().unwrap().push(target.clone());
    let mut server = TcpStream::connect(&target).await.ok()?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

async fn read<const N: usize>(stream: &mut TcpStream) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

/// Reads a text after the byte with its length.
async fn text(stream: &mut TcpStream) -> Option<String> {
    let [length] = read(stream).await?;
    let mut bytes = vec![0; length.into()];
    stream.read_exact(&mut bytes).await.ok()?;
    String::from_utf8(bytes).ok()
}
