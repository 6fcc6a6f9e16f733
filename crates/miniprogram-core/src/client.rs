//! What a platform is built from; the same for every vendor.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::id::PlatformId;
use crate::intent::{Journal, NoJournal};
use crate::token::{NoTokens, TokenProvider};
use crate::transport::{BaseUrl, Transport};

/// What a platform is built from. Only the platform's id and the tokens have no default.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The platform's own id at the vendor.
    pub platform_id: PlatformId,
    /// Where access tokens come from.
    pub tokens: Arc<dyn TokenProvider>,
    /// Scheme and host; the vendor's own by default.
    pub base_url: Option<BaseUrl>,
    /// The transport; HTTP to the base URL by default.
    pub transport: Option<Arc<dyn Transport>>,
    /// Where intents are written down; nowhere by default.
    pub journal: Arc<dyn Journal>,
    /// The clock; the system's by default.
    pub clock: Arc<dyn Clock>,
    /// How long one attempt may take: 10 s by default.
    pub timeout: Duration,
    /// How long one upload may take: 60 s by default.
    pub upload_timeout: Duration,
    /// How long a whole operation may take. No attempt begins later, and one under way is cut short; only asking
    /// whether a cut effect took place goes on, up to the settle time and the reads it takes. By default no attempt
    /// begins later than attempts × time-out + settle time after the first, and none is cut short.
    pub deadline: Option<Duration>,
    /// How long an effect may still land after its attempt ended; the vendor's by default.
    pub settle_time: Option<Duration>,
    /// How often a request is sent at most: 3 by default; one-shot effects 2.
    pub max_attempts: u32,
    /// The seed of the jitter; drawn from the operating system by default.
    pub seed: Option<u64>,
}

impl ClientConfig {
    /// A platform with the vendor's address, real time and no journal.
    #[must_use]
    pub fn new(platform_id: impl Into<PlatformId>, tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            platform_id: platform_id.into(),
            tokens,
            base_url: None,
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

    /// A platform whose calls take no token, or are given theirs: for the calls of the token chain itself.
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

    /// Sends through another transport.
    #[must_use]
    pub fn with_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Writes intents down.
    #[must_use]
    pub fn with_journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = journal;
        self
    }

    /// Takes time from another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how long one attempt may take, uploads included.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
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

    /// Sets how often a request is sent at most.
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
}
