//! The configuration of a member of the alliance.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::token::TokenProvider;
use miniprogram_core::transport::{BaseUrl, HttpTransportBuilder, Transport};
use miniprogram_core::{ClientConfig, PlatformId, Secret};

/// The configuration of a member of the alliance: a key, and how to reach Baidu.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AllianceConfig {
    /// The key's id: `client_id`, also called API key or AK.
    pub client_id: PlatformId,
    /// The key's secret: `client_secret`, also called SK. `None` if tokens come from elsewhere.
    pub client_secret: Option<Secret>,
    /// The alternative source of tokens.
    pub tokens: Option<Arc<dyn TokenProvider>>,
    /// Scheme and host; Baidu's own by default.
    pub base_url: Option<BaseUrl>,
    /// How HTTP reaches the base URL: proxy, certificates, local address, limits.
    pub http: HttpTransportBuilder,
    /// The transport; HTTP to the base URL by default.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock; the system's by default.
    pub clock: Arc<dyn Clock>,
    /// The timeout of one attempt: 10 s by default.
    pub timeout: Duration,
    /// The deadline of a whole operation, excluding fetching a token; see [`ClientConfig::deadline`].
    pub deadline: Option<Duration>,
}

impl AllianceConfig {
    /// Creates a configuration that fetches tokens with the key's secret, uses Baidu's address and runs in real time.
    #[must_use]
    pub fn new(client_id: impl Into<PlatformId>, client_secret: impl Into<Secret>) -> Self {
        Self::of(client_id.into(), Some(client_secret.into()), None)
    }

    /// Creates a configuration whose tokens come from elsewhere: they are requested with the scope
    /// [`client_credentials`](miniprogram_core::token::TokenScope::client_credentials) of the key.
    #[must_use]
    pub fn with_tokens(client_id: impl Into<PlatformId>, tokens: Arc<dyn TokenProvider>) -> Self {
        Self::of(client_id.into(), None, Some(tokens))
    }

    fn of(
        client_id: PlatformId,
        client_secret: Option<Secret>,
        tokens: Option<Arc<dyn TokenProvider>>,
    ) -> Self {
        Self {
            client_id,
            client_secret,
            tokens,
            base_url: None,
            http: HttpTransportBuilder::default(),
            transport: None,
            clock: Arc::new(SystemClock),
            timeout: Duration::from_secs(10),
            deadline: None,
        }
    }

    /// Sends requests to another scheme and host: a simulator or a gateway.
    #[must_use]
    pub fn with_base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Sets how HTTP reaches Baidu. Without effect on another [transport](Self::with_transport).
    #[must_use]
    pub fn with_http(mut self, http: HttpTransportBuilder) -> Self {
        self.http = http;
        self
    }

    /// Sends requests through another transport.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Uses another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the timeout of one attempt.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the deadline of a whole operation.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Converts the configuration for the pipeline.
    pub(super) fn client(&self, tokens: Arc<dyn TokenProvider>) -> ClientConfig {
        let mut client = ClientConfig::new(self.client_id.clone(), tokens)
            .with_clock(Arc::clone(&self.clock))
            .with_timeout(self.timeout);
        client.base_url.clone_from(&self.base_url);
        client.http.clone_from(&self.http);
        client.transport.clone_from(&self.transport);
        client.deadline = self.deadline;
        client
    }
}
