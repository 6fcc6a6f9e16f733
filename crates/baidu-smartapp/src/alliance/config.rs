//! What a member of the alliance is built from.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::{
    BaseUrl, ClientConfig, Clock, PlatformId, Secret, SystemClock, TokenProvider, Transport,
};

/// What a member of the alliance is built from: a key, and how to reach Baidu.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AllianceConfig {
    /// The key's id: `client_id`, also called API key or AK.
    pub client_id: PlatformId,
    /// The key's secret: `client_secret`, also called SK. None where tokens come from elsewhere.
    pub client_secret: Option<Secret>,
    /// Where tokens come from instead.
    pub tokens: Option<Arc<dyn TokenProvider>>,
    /// Scheme and host; Baidu's own by default.
    pub base_url: Option<BaseUrl>,
    /// The transport; HTTP to the base URL by default.
    pub transport: Option<Arc<dyn Transport>>,
    /// The clock; the system's by default.
    pub clock: Arc<dyn Clock>,
    /// How long one attempt may take: 10 s by default.
    pub timeout: Duration,
    /// How long a whole operation may take, fetching a token aside; see [`ClientConfig::deadline`].
    pub deadline: Option<Duration>,
}

impl AllianceConfig {
    /// A member that fetches its tokens with the key's secret, from Baidu's address, in real time.
    #[must_use]
    pub fn new(client_id: impl Into<PlatformId>, client_secret: impl Into<Secret>) -> Self {
        Self::of(client_id.into(), Some(client_secret.into()), None)
    }

    /// A member whose tokens come from elsewhere: they are asked for with the scope
    /// [`client_credentials`](miniprogram_core::TokenScope::client_credentials) of the key.
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
            transport: None,
            clock: Arc::new(SystemClock),
            timeout: Duration::from_secs(10),
            deadline: None,
        }
    }

    /// Sends to another scheme and host: a simulator or a gateway.
    #[must_use]
    pub fn with_base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Sends through another transport.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes time from another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how long one attempt may take.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long a whole operation may take.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The same for the pipeline.
    pub(super) fn client(&self, tokens: Arc<dyn TokenProvider>) -> ClientConfig {
        let mut client = ClientConfig::new(self.client_id.clone(), tokens)
            .with_clock(Arc::clone(&self.clock))
            .with_timeout(self.timeout);
        client.base_url.clone_from(&self.base_url);
        client.transport.clone_from(&self.transport);
        client.deadline = self.deadline;
        client
    }
}
