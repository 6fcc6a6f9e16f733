//! The configuration of a platform; the same for every vendor.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::error::Result;
use crate::id::PlatformId;
use crate::journal::{Journal, NoJournal};
use crate::token::{NoTokens, TokenProvider};
use crate::transport::{BaseUrl, HttpTransportBuilder, Transport};

/// The configuration from which a platform is built. Only the platform's id and the tokens have no default.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The platform's own id at the vendor.
    pub platform_id: PlatformId,
    /// Where access tokens come from.
    pub tokens: Arc<dyn TokenProvider>,
    /// Scheme and host; the vendor's own by default.
    pub base_url: Option<BaseUrl>,
    /// How HTTP reaches the base URL: proxy, certificates, local address, limits.
    pub http: HttpTransportBuilder,
    /// The transport; HTTP to the base URL by default.
    pub transport: Option<Arc<dyn Transport>>,
    /// Where intents are recorded; nowhere by default.
    pub journal: Arc<dyn Journal>,
    /// The clock; the system's by default.
    pub clock: Arc<dyn Clock>,
    /// How long one attempt may take: 10 s by default.
    pub timeout: Duration,
    /// How long one upload may take: 60 s by default.
    pub upload_timeout: Duration,
    /// How long a whole operation may take.
    ///
    /// No attempt begins after it, and an attempt in progress is cut short. Only the query whether a cut effect
    /// took place continues, up to the settle time plus the reads it takes. By default no attempt begins later
    /// than attempts × timeout + settle time after the first, and none is cut short.
    pub deadline: Option<Duration>,
    /// How long an effect may still land after its attempt ended; the vendor's value by default.
    pub settle_time: Option<Duration>,
    /// The maximum number of times a request is sent: 3 by default, 2 for one-shot effects.
    pub max_attempts: u32,
    /// The seed of the jitter; drawn from the operating system by default.
    pub seed: Option<u64>,
}

impl ClientConfig {
    /// Creates a platform configuration with the vendor's address, the system clock and no journal.
    #[must_use]
    pub fn new(platform_id: impl Into<PlatformId>, tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            platform_id: platform_id.into(),
            tokens,
            base_url: None,
            http: HttpTransportBuilder::default(),
            transport: None,
            journal: Arc::new(NoJournal),
            clock: Arc::new(SystemClock),
            timeout: Duration::from_secs(10),
            upload_timeout: Duration::from_secs(60),
            deadline: None,
            settle_time: None,
            max_attempts: 3,
            seed: None,
        }
    }

    /// Creates the configuration of a platform whose calls take no token or are given one explicitly, as the
    /// calls that obtain tokens do.
    #[must_use]
    pub fn without_tokens(platform_id: impl Into<PlatformId>) -> Self {
        Self::new(platform_id, Arc::new(NoTokens))
    }

    /// Sends to another scheme and host: a simulator, a gateway, the vendor's second address.
    #[must_use]
    pub fn with_base_url(mut self, base_url: BaseUrl) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// Sets how HTTP reaches the vendor. Without effect on another [transport](Self::with_transport).
    #[must_use]
    pub fn with_http(mut self, http: HttpTransportBuilder) -> Self {
        self.http = http;
        self
    }

    /// Sends through another transport.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Sets the journal that records intents.
    #[must_use]
    pub fn with_journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = journal;
        self
    }

    /// Sets another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how long one attempt may take, uploads included; [`with_upload_timeout`](Self::with_upload_timeout) after it sets
    /// another one for these.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.upload_timeout = timeout;
        self
    }

    /// Sets how long one upload may take.
    #[must_use]
    pub const fn with_upload_timeout(mut self, timeout: Duration) -> Self {
        self.upload_timeout = timeout;
        self
    }

    /// Sets how long a whole operation may take.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how long an effect may still land after its attempt ended.
    #[must_use]
    pub const fn with_settle_time(mut self, settle_time: Duration) -> Self {
        self.settle_time = Some(settle_time);
        self
    }

    /// Sets the maximum number of times a request is sent.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the seed of the jitter.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Returns the transport, built if none was given; `vendor` is the vendor's own address.
    pub(crate) fn transport(&self, vendor: &str) -> Result<Arc<dyn Transport>> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        let base_url = match &self.base_url {
            Some(base_url) => base_url.clone(),
            None => BaseUrl::parse(vendor)?,
        };
        Ok(Arc::new(self.http.clone().build(base_url)?))
    }
}
