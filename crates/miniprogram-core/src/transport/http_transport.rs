mod builder;
mod proxy;
mod why;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use http::header::CONTENT_TYPE;
use reqwest::multipart;
use tokio::sync::Semaphore;
use url::{Host, Url};

pub use builder::HttpTransportBuilder;
pub use proxy::Proxy;

use super::{Body, Part, Request, Response, Transport, TransportError};
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;

/// Scheme and host of the requests. `https` unless the host is a loopback address; no user, no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Parses a base URL such as `https://api.weixin.qq.com` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) that states which rule it violates; the text is not repeated.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::new(ErrorKind::Config, "base_url").with_field("base_url").with_detail(why))
        };
        let Ok(url) = Url::parse(text) else {
            return refuse("is not an absolute URL; use scheme and host, such as https://example.com");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not contain a user or a password");
        }
        if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return refuse("must contain only scheme, host and port: paths and queries are the vendor's");
        }
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return refuse("must name a host"),
        };
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if loopback => Ok(Self(url)),
            "http" => refuse("must be https: plain http is for loopback addresses only"),
            _ => refuse("must be https"),
        }
    }

    /// Returns scheme, host and port, with a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn join(&self, request: &Request) -> Url {
        let mut url = self.0.clone();
        url.set_path(&request.path);
        let mut pairs = request.query_pairs().peekable();
        if pairs.peek().is_some() {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        url
    }
}

/// HTTP through reqwest: no redirects, no referer, no ambient proxy, no retries of its own, limited body sizes.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    base_url: BaseUrl,
    /// One permit per request that may be in progress.
    turns: Option<Arc<Semaphore>>,
}

impl HttpTransport {
    /// Creates a pool of connections to one vendor, with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the TLS library cannot be set up.
    pub fn new(base_url: BaseUrl) -> Result<Self> {
        Self::builder().build(base_url)
    }

    /// Begins to build a transport: proxy, certificates, local address, limits.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::default()
    }

    /// Sends through a client of your own, for what the builder does not offer. It must follow no redirects and retry
    /// nothing: a request that is sent twice may take effect twice.
    ///
    /// ```
    /// use miniprogram_core::transport::{BaseUrl, HttpTransport, reqwest};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .retry(reqwest::retry::never())
    ///     .build()?;
    /// let transport = HttpTransport::from_client(client, BaseUrl::parse("https://api.weixin.qq.com")?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn from_client(client: reqwest::Client, base_url: BaseUrl) -> Self {
        Self { client, base_url, turns: None }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        // Held until the response is complete. It is never closed.
        let _turn = match &self.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        let url = self.base_url.join(&request);
        // The deadline of the pipeline takes effect first; this one only guards against a clock that stands
        // still.
        let backstop = request.timeout.saturating_mul(2).max(Duration::from_secs(30));
        let headers = request.sent_headers().map_err(|error| TransportError::Build(error.into()))?;
        let with_secrets = match request.sent_body().map_err(|error| TransportError::Build(error.into()))? {
            Cow::Owned(body) => Some(body),
            Cow::Borrowed(_) => None,
        };
        let body = with_secrets.unwrap_or(request.body);
        let mut builder = self.client.request(request.method.clone(), url).timeout(backstop).headers(headers);
        builder = match body {
            Body::Multipart(parts) => builder.multipart(multipart(parts)?),
            body => match body.encode() {
                Some((media_type, bytes)) => builder.header(CONTENT_TYPE, media_type).body(bytes),
                None => builder,
            },
        };
        let mut answer = builder.send().await.map_err(classify)?;
        if answer.content_length().is_some_and(|length| length > request.max_bytes as u64) {
            return Err(TransportError::TooLarge(request.max_bytes));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > request.max_bytes {
                return Err(TransportError::TooLarge(request.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(answer.headers_mut());
        Ok(Response::new(answer.status().as_u16(), headers, body.freeze()))
    }
}

fn multipart(parts: Vec<Part>) -> Result<multipart::Form, TransportError> {
    parts.into_iter().try_fold(multipart::Form::new(), |form, Part { name, content, file }| {
        let length = content.len() as u64;
        let part = multipart::Part::stream_with_length(content, length);
        let part = match file {
            None => part,
            Some((file_name, media_type)) => {
                part.file_name(file_name).mime_str(&media_type).map_err(classify)?
            }
        };
        Ok(form.part(name, part))
    })
}

fn classify(problem: reqwest::Error) -> TransportError {
    let problem = problem.without_url();
    if problem.is_connect() {
        TransportError::Connect(why::NotConnected::new(problem).into())
    } else if problem.is_builder() {
        TransportError::Build(problem.into())
    } else if problem.is_timeout() {
        TransportError::Timeout
    } else {
        TransportError::Cut(problem.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Place;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in
            ["https://api.example.com", "http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9"]
        {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "api.example.com",
            "http://api.example.com",
            "ftp://127.0.0.1",
            "https://user@example.com",
            "https://example.com/rest",
            "https://example.com/?a=1",
            "https://",
        ] {
            let error = BaseUrl::parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("base_url")), "{bad}");
        }
    }

    #[test]
    fn paths_and_queries_are_encoded_once() {
        let mut request = Request::new(http::Method::GET, "/wxa/get_qrcode");
        request.query.push(("path".into(), "page/index?a=1&b=二".into()));
        request.add_secret(Place::query("access_token"), "t/+=&".into()).unwrap();
        let url = BaseUrl::parse("https://example.com").unwrap().join(&request);
        assert_eq!(
            url.as_str(),
            "https://example.com/wxa/get_qrcode?access_token=t%2F%2B%3D%26&path=page%2Findex%3Fa%3D1%26b%3D%E4%BA%8C"
        );
        assert!(!format!("{request:?}").contains("t/+"));
    }

    #[tokio::test]
    async fn a_refused_connection_was_not_sent() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let transport =
            HttpTransport::new(BaseUrl::parse(&format!("http://127.0.0.1:{port}")).unwrap()).unwrap();
        let mut request = Request::new(http::Method::GET, "/wxa/get_page");
        request.add_secret(Place::query("access_token"), "canary-7f3a".into()).unwrap();
        let error = transport.send(request).await.unwrap_err();
        assert!(matches!(error, TransportError::Connect(_)), "{error:?}");
        assert_eq!(error.to_string(), "the connection could not be opened: refused: nothing listens there");
        let text = format!("{error:?}");
        assert!(!["canary", "http://", "get_page"].iter().any(|part| text.contains(part)), "{text}");
    }
}
