//! How a simulator is set up.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::{Clock, Secret, TemplateId, Vendor, VirtualClock};

use crate::baidu::NameRules;
use crate::callback::Callback;
use crate::clock::{SimClock, Time};
use crate::faults::{FaultRule, PushFaultRule};
use crate::tokens::Holder;
use crate::verdict::AuditPolicy;
use crate::{BAIDU, WECHAT};

/// The last template that exists unless others are named.
pub(crate) const LAST_TEMPLATE: i64 = 9999;

/// The set-up of a [`Simulator`](crate::Simulator).
///
/// ```
/// use std::time::Duration;
///
/// use miniprogram_sim::{AuditPolicy, SimConfig};
///
/// let config = SimConfig::new()
///     .with_seed(7)
///     .with_audit_policy(AuditPolicy::approve_after(Duration::from_secs(2 * 3600)))
///     .with_privacy_scan(Duration::from_secs(60));
/// ```
#[derive(Debug, Clone)]
pub struct SimConfig {
    pub(crate) address: SocketAddr,
    pub(crate) time: Time,
    pub(crate) seed: u64,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) push_faults: Vec<PushFaultRule>,
    pub(crate) settings: Settings,
}

/// What the vendors look up while they work.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) audit_policy: AuditPolicy,
    pub(crate) privacy_scan: Duration,
    pub(crate) upload_time: Duration,
    pub(crate) rollback_time: Duration,
    pub(crate) templates: Option<BTreeSet<TemplateId>>,
    pub(crate) token_lifetime: Option<Duration>,
    pub(crate) code_lifetime: Option<Duration>,
    pub(crate) rotates_refresh_tokens: bool,
    pub(crate) ticket_interval: Option<Duration>,
    pub(crate) wechat_secret: Secret,
    pub(crate) baidu_key: String,
    pub(crate) wechat_audits: u32,
    pub(crate) wechat_speedups: u32,
    pub(crate) wechat_withdrawals_per_day: usize,
    pub(crate) wechat_withdrawals_per_month: usize,
    pub(crate) wechat_daily_calls: u64,
    pub(crate) baidu_audits: Option<u32>,
    pub(crate) rollback_version_prefix: bool,
    pub(crate) name_rules: NameRules,
    pub(crate) baidu_domain_changes: usize,
    pub(crate) wechat_callback: Callback,
    pub(crate) baidu_callback: Callback,
}

impl Settings {
    pub(crate) fn callback(&self, vendor: Vendor) -> &Callback {
        if vendor == BAIDU { &self.baidu_callback } else { &self.wechat_callback }
    }

    pub(crate) fn callback_mut(&mut self, vendor: Vendor) -> &mut Callback {
        if vendor == BAIDU { &mut self.baidu_callback } else { &mut self.wechat_callback }
    }

    pub(crate) fn token_lifetime(&self, vendor: Vendor, holder: &Holder) -> Duration {
        self.token_lifetime.unwrap_or(Duration::from_secs(match holder {
            _ if vendor != BAIDU => 7200,
            Holder::App(_) => 3600,
            Holder::Platform(_) | Holder::Client(_) => 30 * 24 * 3600,
        }))
    }

    /// How long an authorization code can be exchanged.
    pub(crate) fn code_lifetime(&self, vendor: Vendor) -> Duration {
        self.code_lifetime.unwrap_or(Duration::from_secs(if vendor == BAIDU { 3600 } else { 600 }))
    }

    pub(crate) fn knows_template(&self, id: &TemplateId) -> bool {
        match &self.templates {
            Some(known) => known.contains(id),
            None => id.as_str() == "0" || id.as_number().is_some_and(|number| number <= LAST_TEMPLATE),
        }
    }
}

impl SimConfig {
    /// Loopback, any free port, a clock of its own over real time, a random seed, audits decided by hand, no faults,
    /// no callback address.
    #[must_use]
    pub fn new() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            time: Time::Own(SimClock::new()),
            seed: fastrand::u64(..1 << 53),
            faults: Vec::new(),
            push_faults: Vec::new(),
            settings: Settings {
                audit_policy: AuditPolicy::Manual,
                privacy_scan: Duration::ZERO,
                upload_time: Duration::from_secs(3),
                rollback_time: Duration::from_secs(1),
                templates: None,
                token_lifetime: None,
                code_lifetime: None,
                rotates_refresh_tokens: false,
                ticket_interval: None,
                wechat_secret: Secret::new("5ec0de00simulated00secret0000001"),
                baidu_key: "simulatedbaiduplatformkey0000001".to_owned(),
                wechat_audits: 100_000,
                wechat_speedups: 100,
                wechat_withdrawals_per_day: 1,
                wechat_withdrawals_per_month: 10,
                wechat_daily_calls: 1_000_000,
                baidu_audits: None,
                rollback_version_prefix: true,
                name_rules: NameRules::sample(),
                baidu_domain_changes: 50,
                wechat_callback: Callback::sample(WECHAT),
                baidu_callback: Callback::sample(BAIDU),
            },
        }
    }

    /// The address to listen on.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Shares a virtual clock with the client, so that nothing waits for real.
    #[must_use]
    pub fn with_virtual_clock(mut self, clock: VirtualClock) -> Self {
        self.time = Time::Virtual(clock);
        self
    }

    /// Uses a clock over real time that the caller keeps a clone of.
    #[must_use]
    pub fn with_sim_clock(mut self, clock: SimClock) -> Self {
        self.time = Time::Own(clock);
        self
    }

    /// Uses any other clock; [`Simulator::advance`](crate::Simulator::advance) then refuses.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.time = Time::Other(clock);
        self
    }

    /// The seed of everything drawn: faults, tokens, nonces.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Faults from the start.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<FaultRule>) -> Self {
        self.faults = faults;
        self
    }

    /// Faults of pushes from the start.
    #[must_use]
    pub fn with_push_faults(mut self, faults: Vec<PushFaultRule>) -> Self {
        self.push_faults = faults;
        self
    }

    /// What becomes of what goes to review, code and everything else; by hand by default.
    #[must_use]
    pub fn with_audit_policy(mut self, policy: AuditPolicy) -> Self {
        self.settings.audit_policy = policy;
        self
    }

    /// How long WeChat's privacy scan runs after a commit; it is over at once by default.
    #[must_use]
    pub fn with_privacy_scan(mut self, duration: Duration) -> Self {
        self.settings.privacy_scan = duration;
        self
    }

    /// How long Baidu works on an upload; 3 seconds by default.
    #[must_use]
    pub fn with_upload_time(mut self, duration: Duration) -> Self {
        self.settings.upload_time = duration;
        self
    }

    /// How long Baidu rolls back; 1 second by default.
    #[must_use]
    pub fn with_rollback_time(mut self, duration: Duration) -> Self {
        self.settings.rollback_time = duration;
        self
    }

    /// The templates that exist; every number up to 9999 by default.
    #[must_use]
    pub fn with_templates(mut self, templates: impl IntoIterator<Item = TemplateId>) -> Self {
        self.settings.templates = Some(templates.into_iter().collect());
        self
    }

    /// How long an access token lives. By default 2 hours at WeChat; at Baidu 1 hour for an app, 30 days for the
    /// platform and for client credentials.
    #[must_use]
    pub fn with_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = Some(lifetime);
        self
    }

    /// How long an authorization code can be exchanged. By default 10 minutes at WeChat and 1 hour at Baidu.
    #[must_use]
    pub fn with_code_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.code_lifetime = Some(lifetime);
        self
    }

    /// Whether WeChat answers each refresh with another refresh token; no by default. The one before stays good for 5
    /// minutes. At Baidu every refresh spends the token.
    #[must_use]
    pub fn with_refresh_token_rotation(mut self, rotates: bool) -> Self {
        self.settings.rotates_refresh_tokens = rotates;
        self
    }

    /// Pushes tickets by itself: at the start and then at this interval, 10 minutes at both vendors; only on demand by
    /// default. On a virtual clock a ticket that has fallen due goes out when the simulator is next spoken to.
    #[must_use]
    pub fn with_ticket_interval(mut self, interval: Duration) -> Self {
        self.settings.ticket_interval = Some(interval);
        self
    }

    /// The platform's secret at WeChat, `component_appsecret`.
    #[must_use]
    pub fn with_wechat_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.settings.wechat_secret = secret.into();
        self
    }

    /// The platform's key at Baidu, the `client_id` of its token.
    #[must_use]
    pub fn with_baidu_key(mut self, key: impl Into<String>) -> Self {
        self.settings.baidu_key = key.into();
        self
    }

    /// WeChat's submissions of this month, shared by all apps; 100,000 by default.
    #[must_use]
    pub fn with_wechat_audits(mut self, limit: u32) -> Self {
        self.settings.wechat_audits = limit;
        self
    }

    /// WeChat's speed-ups of this month, shared by all apps; 100 by default.
    #[must_use]
    pub fn with_wechat_speedups(mut self, limit: u32) -> Self {
        self.settings.wechat_speedups = limit;
        self
    }

    /// How many audits WeChat lets an app withdraw on one day of Beijing: 1 by default, as document 002 has it
    /// (section 16); the vendor's page of today says 5. Beyond it answers 87013.
    #[must_use]
    pub fn with_wechat_withdrawals_per_day(mut self, limit: usize) -> Self {
        self.settings.wechat_withdrawals_per_day = limit;
        self
    }

    /// How many audits WeChat lets an app withdraw in one month of Beijing: 10 by default, as document 002 has it
    /// (section 16). Beyond it answers 87013.
    #[must_use]
    pub fn with_wechat_withdrawals_per_month(mut self, limit: usize) -> Self {
        self.settings.wechat_withdrawals_per_month = limit;
        self
    }

    /// How often WeChat takes each call for an app in a day; 1,000,000 by default. Beyond it answers 45009, until the
    /// day is over or the counts are cleared.
    #[must_use]
    pub fn with_wechat_daily_calls(mut self, limit: u64) -> Self {
        self.settings.wechat_daily_calls = limit;
        self
    }

    /// Baidu's submissions of an app in a week; unlimited by default.
    #[must_use]
    pub fn with_baidu_audits(mut self, weekly: u32) -> Self {
        self.settings.baidu_audits = Some(weekly);
        self
    }

    /// What Baidu's check of names looks for; a few sample words by default.
    #[must_use]
    pub fn with_name_rules(mut self, rules: NameRules) -> Self {
        self.settings.name_rules = rules;
        self
    }

    /// How often Baidu lets an app change its server domains, and as often its business domains, in 30 days; 50 by
    /// default.
    #[must_use]
    pub fn with_baidu_domain_changes(mut self, limit: usize) -> Self {
        self.settings.baidu_domain_changes = limit;
        self
    }

    /// Whether Baidu writes `rollback_version` with a `v` that the version does not have, as in its sample; yes by
    /// default.
    #[must_use]
    pub fn with_rollback_version_prefix(mut self, prefix: bool) -> Self {
        self.settings.rollback_version_prefix = prefix;
        self
    }

    /// The platform's own app id at a vendor, which also stands at the end of each encrypted frame. Set it after the
    /// vendor's callback.
    #[must_use]
    pub fn with_platform_id(mut self, vendor: Vendor, id: impl Into<String>) -> Self {
        let callback = self.settings.callback_mut(vendor);
        callback.platform_id = id.into();
        callback.receiver_id.clone_from(&callback.platform_id);
        self
    }

    /// Where WeChat's pushes go, and how they are signed and encrypted.
    #[must_use]
    pub fn with_wechat_callback(mut self, callback: Callback) -> Self {
        self.settings.wechat_callback = callback;
        self
    }

    /// Where Baidu's pushes go, and how they are signed and encrypted.
    #[must_use]
    pub fn with_baidu_callback(mut self, callback: Callback) -> Self {
        self.settings.baidu_callback = callback;
        self
    }
}

impl Default for SimConfig {
    fn default() -> Self {
        Self::new()
    }
}
