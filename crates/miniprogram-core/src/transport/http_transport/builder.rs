use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::proxy::Proxy;
use super::{BaseUrl, HttpTransport};
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;

/// How long connecting may take by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How a vendor is reached over HTTP. Nothing is taken from the environment, `HTTPS_PROXY` included.
///
/// It finishes as an [`HttpTransport`], or is given to a platform that knows its vendor's address:
///
/// ```
/// use miniprogram_core::transport::{HttpTransport, Proxy};
/// use miniprogram_core::ClientConfig;
///
/// # fn main() -> miniprogram_core::Result<()> {
/// let http = HttpTransport::builder()
///     .with_proxy(Proxy::parse("http://127.0.0.1:3128")?)
///     .with_max_requests(64.try_into().unwrap());
/// let config = ClientConfig::without_tokens("wx0123456789abcdef").with_http(http);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "finish it with `build`, or give it to `ClientConfig::with_http`"]
pub struct HttpTransportBuilder {
    proxy: Option<Proxy>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    roots: Vec<reqwest::Certificate>,
    local_address: Option<IpAddr>,
    connect_timeout: Duration,
    max_idle: Option<usize>,
    max_requests: Option<NonZeroUsize>,
    user_agent: Option<http::HeaderValue>,
}

impl Default for HttpTransportBuilder {
    fn default() -> Self {
        Self {
            proxy: None,
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            roots: Vec::new(),
            local_address: None,
            connect_timeout: CONNECT_TIMEOUT,
            max_idle: None,
            max_requests: None,
            user_agent: None,
        }
    }
}

impl HttpTransportBuilder {
    /// Sends every request through a proxy.
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Trusts further authorities besides those of the system: one or more certificates as PEM text.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) that names `ca_file` if the text contains no certificate or one that cannot be read.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self> {
        let refuse = |why: &str| {
            Error::new(ErrorKind::Config, "transport").with_field("ca_file").with_detail(why).with_advice(
                "give a PEM file with the certificates of the authority, each from BEGIN to END CERTIFICATE",
            )
        };
        let found = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|_| refuse("contains a certificate that is not valid PEM"))?;
        if found.is_empty() {
            return Err(refuse("contains no certificate in PEM form"));
        }
        self.roots.extend(found);
        Ok(self)
    }

    /// Connects from this address of the machine, such as the one that the vendor's list of allowed addresses has.
    pub const fn with_local_address(mut self, address: IpAddr) -> Self {
        self.local_address = Some(address);
        self
    }

    /// Sets how long connecting may take, TLS and proxy included: 3 seconds by default.
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how many idle connections are kept open: without a limit by default, each for 90 seconds.
    pub const fn with_max_idle_connections(mut self, connections: usize) -> Self {
        self.max_idle = Some(connections);
        self
    }

    /// Sets how many requests may be in progress at once, and thereby how many connections are open: without a limit by
    /// default. A request that waits for its turn spends its timeout, and was not sent.
    pub const fn with_max_requests(mut self, requests: NonZeroUsize) -> Self {
        self.max_requests = Some(requests);
        self
    }

    /// Sets the `User-Agent` header: `miniprogram/` and the version by default.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) that names `user_agent` for a text that a header cannot contain.
    pub fn with_user_agent(mut self, text: &str) -> Result<Self> {
        let value = http::HeaderValue::from_str(text).map_err(|_| {
            Error::new(ErrorKind::Config, "transport")
                .with_field("user_agent")
                .with_detail("contains characters that a header cannot contain")
                .with_advice("use visible ASCII characters")
        })?;
        self.user_agent = Some(value);
        Ok(self)
    }

    /// Returns a pool of connections to one vendor.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the TLS library cannot be set up.
    pub fn build(self, base_url: BaseUrl) -> Result<HttpTransport> {
        let refuse = |problem: reqwest::Error| {
            Error::new(ErrorKind::Config, "transport").with_source(problem.without_url())
        };
        let own =
            const { http::HeaderValue::from_static(concat!("miniprogram/", env!("CARGO_PKG_VERSION"))) };
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(self.connect_timeout)
            .local_address(self.local_address)
            .user_agent(self.user_agent.unwrap_or(own));
        if let Some(proxy) = &self.proxy {
            client = client.proxy(proxy.build().map_err(refuse)?);
        }
        if let Some(connections) = self.max_idle {
            client = client.pool_max_idle_per_host(connections);
        }
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if !self.roots.is_empty() {
            client = client.tls_certs_merge(self.roots);
        }
        Ok(HttpTransport {
            client: client.build().map_err(refuse)?,
            base_url,
            turns: self.max_requests.map(|requests| Arc::new(Semaphore::new(requests.get()))),
        })
    }
}
