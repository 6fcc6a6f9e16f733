//! Configuration of a simulator.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::{Secret, TemplateId, Vendor};

use crate::baidu::NameRules;
use crate::callback::Callback;
use crate::clock::{SimClock, Time};
use crate::faults::{FaultRule, PushFaultRule};
use crate::tokens::Holder;
use crate::verdict::AuditPolicy;
use crate::{BAIDU, WECHAT};

/// The last template id that exists by default.
pub(crate) const LAST_TEMPLATE: i64 = 9999;

/// Configuration of a [`Simulator`](crate::Simulator).
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

/// Settings that the vendors consult at run time.
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
    pub(crate) wechat_content_checks: bool,
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
    /// Loopback, any free port, its own clock over real time, a random seed, audits decided manually, no faults, no
    /// callback URL.
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
                wechat_content_checks: true,
                baidu_audits: None,
                rollback_version_prefix: true,
                name_rules: NameRules::sample(),
                baidu_domain_changes: 50,
                wechat_callback: Callback::sample(WECHAT),
                baidu_callback: Callback::sample(BAIDU),
            },
        }
    }

    /// Sets the address to listen on.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Shares a virtual clock with the client, so that no test waits in real time.
    #[must_use]
    pub fn with_virtual_clock(mut self, clock: VirtualClock) -> Self {
        self.time = Time::Virtual(clock);
        self
    }

    /// Uses a clock over real time of which the caller keeps a clone.
    #[must_use]
    pub fn with_sim_clock(mut self, clock: SimClock) -> Self {
        self.time = Time::Own(clock);
        self
    }

    /// Uses any other clock; [`Simulator::advance`](crate::Simulator::advance) then fails.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.time = Time::Other(clock);
        self
    }

    /// Sets the seed for everything random: faults, tokens, nonces.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the initial faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<FaultRule>) -> Self {
        self.faults = faults;
        self
    }

    /// Sets the initial push faults.
    #[must_use]
    pub fn with_push_faults(mut self, faults: Vec<PushFaultRule>) -> Self {
        self.push_faults = faults;
        self
    }

    /// Sets how reviews, of code and of everything else, are decided; manually by default.
    #[must_use]
    pub fn with_audit_policy(mut self, policy: AuditPolicy) -> Self {
        self.settings.audit_policy = policy;
        self
    }

    /// Sets how long WeChat's privacy scan runs after a commit; zero by default.
    #[must_use]
    pub fn with_privacy_scan(mut self, duration: Duration) -> Self {
        self.settings.privacy_scan = duration;
        self
    }

    /// Sets how long Baidu processes an upload; 3 seconds by default.
    #[must_use]
    pub fn with_upload_time(mut self, duration: Duration) -> Self {
        self.settings.upload_time = duration;
        self
    }

    /// Sets how long a rollback takes at Baidu; 1 second by default.
    #[must_use]
    pub fn with_rollback_time(mut self, duration: Duration) -> Self {
        self.settings.rollback_time = duration;
        self
    }

    /// Sets the templates that exist; by default every id up to 9999.
    #[must_use]
    pub fn with_templates(mut self, templates: impl IntoIterator<Item = TemplateId>) -> Self {
        self.settings.templates = Some(templates.into_iter().collect());
        self
    }

    /// Sets the lifetime of access tokens. By default 2 hours at WeChat; at Baidu 1 hour for an app, 30 days for the
    /// platform and for client credentials.
    #[must_use]
    pub fn with_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = Some(lifetime);
        self
    }

    /// Sets the lifetime of authorization codes. By default 10 minutes at WeChat and 1 hour at Baidu.
    #[must_use]
    pub fn with_code_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.code_lifetime = Some(lifetime);
        self
    }

    /// Sets whether WeChat returns a new refresh token on each refresh; `false` by default. The previous one stays
    /// valid for 5 minutes. At Baidu every refresh spends the token.
    #[must_use]
    pub fn with_refresh_token_rotation(mut self, rotates: bool) -> Self {
        self.settings.rotates_refresh_tokens = rotates;
        self
    }

    /// Pushes tickets automatically, at start and then at this interval (10 minutes at both vendors); by default only
    /// on demand. On a virtual clock a due ticket is pushed at the simulator's next request.
    #[must_use]
    pub fn with_ticket_interval(mut self, interval: Duration) -> Self {
        self.settings.ticket_interval = Some(interval);
        self
    }

    /// Sets the platform's secret at WeChat, `component_appsecret`.
    #[must_use]
    pub fn with_wechat_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.settings.wechat_secret = secret.into();
        self
    }

    /// Sets the platform's key at Baidu, the `client_id` of its token.
    #[must_use]
    pub fn with_baidu_key(mut self, key: impl Into<String>) -> Self {
        self.settings.baidu_key = key.into();
        self
    }

    /// Sets WeChat's monthly submissions, shared by all apps; 100,000 by default.
    #[must_use]
    pub fn with_wechat_audits(mut self, limit: u32) -> Self {
        self.settings.wechat_audits = limit;
        self
    }

    /// Sets WeChat's monthly expedited audits, shared by all apps; 100 by default.
    #[must_use]
    pub fn with_wechat_speedups(mut self, limit: u32) -> Self {
        self.settings.wechat_speedups = limit;
        self
    }

    /// Sets how many audits an app may withdraw at WeChat per calendar day in Beijing: 1 by default, as in document 002
    /// (section 16); the vendor's current page says 5. Further withdrawals are refused with 87013.
    #[must_use]
    pub fn with_wechat_withdrawals_per_day(mut self, limit: usize) -> Self {
        self.settings.wechat_withdrawals_per_day = limit;
        self
    }

    /// Sets how many audits an app may withdraw at WeChat per calendar month in Beijing: 10 by default, as in document
    /// 002 (section 16). Further withdrawals are refused with 87013.
    #[must_use]
    pub fn with_wechat_withdrawals_per_month(mut self, limit: usize) -> Self {
        self.settings.wechat_withdrawals_per_month = limit;
        self
    }

    /// Sets how often WeChat accepts each call for an app per day; 1,000,000 by default. Further calls are refused with
    /// 45009 until the day ends or the counts are cleared.
    #[must_use]
    pub fn with_wechat_daily_calls(mut self, limit: u64) -> Self {
        self.settings.wechat_daily_calls = limit;
        self
    }

    /// Sets whether WeChat compares the pages of an upload and a submission with those of the template, and the
    /// categories of a submission with those of the app; `true` by default. Without it any are accepted: for content that
    /// was made for real templates and apps.
    #[must_use]
    pub fn with_wechat_content_checks(mut self, checks: bool) -> Self {
        self.settings.wechat_content_checks = checks;
        self
    }

    /// Sets Baidu's weekly submissions per app; unlimited by default.
    #[must_use]
    pub fn with_baidu_audits(mut self, weekly: u32) -> Self {
        self.settings.baidu_audits = Some(weekly);
        self
    }

    /// Sets the rules of Baidu's name check; a few sample words by default.
    #[must_use]
    pub fn with_name_rules(mut self, rules: NameRules) -> Self {
        self.settings.name_rules = rules;
        self
    }

    /// Sets how often an app may change its server domains, and separately its business domains, at Baidu in 30 days;
    /// 50 by default.
    #[must_use]
    pub fn with_baidu_domain_changes(mut self, limit: usize) -> Self {
        self.settings.baidu_domain_changes = limit;
        self
    }

    /// Sets whether Baidu prefixes `rollback_version` with a `v` that the version does not have, as in its sample;
    /// `true` by default.
    #[must_use]
    pub fn with_rollback_version_prefix(mut self, prefix: bool) -> Self {
        self.settings.rollback_version_prefix = prefix;
        self
    }

    /// Sets the platform's own app id at a vendor, which also ends each encrypted frame. Call it after setting the
    /// vendor's callback.
    #[must_use]
    pub fn with_platform_id(mut self, vendor: Vendor, id: impl Into<String>) -> Self {
        let callback = self.settings.callback_mut(vendor);
        callback.platform_id = id.into();
        callback.receiver_id.clone_from(&callback.platform_id);
        self
    }

    /// Sets WeChat's callback.
    #[must_use]
    pub fn with_wechat_callback(mut self, callback: Callback) -> Self {
        self.settings.wechat_callback = callback;
        self
    }

    /// Sets Baidu's callback.
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
