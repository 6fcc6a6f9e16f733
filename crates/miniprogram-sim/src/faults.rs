//! Faults of requests.

mod push;

use std::collections::HashSet;
use std::time::Duration;

use miniprogram_core::{AppId, Vendor};
use serde::{Deserialize, Serialize};

pub(crate) use push::PushFaults;
pub use push::{PushFault, PushFaultRule};

/// A rule: which requests (`scope`), how often (`when`), and what happens to them (`fault`).
///
/// Rules are tried in order; the first that fires wins. The draw for an app's n-th request to a path depends only on
/// the seed, the rule, the app, the path and n, so runs with the same seed agree however requests of different apps
/// interleave.
///
/// ```
/// use miniprogram_sim::{Disturbance, Fault, FaultRule, Scope};
///
/// let rule = FaultRule::next(1, Scope::operation("release"), Fault::After(Disturbance::Reset));
/// assert_eq!(
///     serde_json::to_string(&rule).unwrap(),
///     r#"{"scope":{"operation":"release"},"when":{"next":1},"fault":{"after":"reset"}}"#,
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FaultRule {
    /// Which requests.
    #[serde(default)]
    pub scope: Scope,
    /// Restricts the rule to one vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// Restricts the rule to one app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// How often.
    #[serde(default)]
    pub when: When,
    /// Delays the rule until a request of this operation, such as `release`, has been seen for the same app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once_tried: Option<String>,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule that fires for every matching request.
    #[must_use]
    pub fn always(scope: Scope, fault: Fault) -> Self {
        Self { scope, vendor: None, app: None, when: When::Always, once_tried: None, fault }
    }

    /// A rule that fires for the next `count` matching requests.
    #[must_use]
    pub fn next(count: u32, scope: Scope, fault: Fault) -> Self {
        Self { when: When::Next(count), ..Self::always(scope, fault) }
    }

    /// A rule that fires with a probability from 0 to 1.
    #[must_use]
    pub fn probability(probability: f64, scope: Scope, fault: Fault) -> Self {
        Self { when: When::Probability(probability), ..Self::always(scope, fault) }
    }

    /// Restricts the rule to one app.
    #[must_use]
    pub fn with_app(mut self, app: AppId) -> Self {
        self.app = Some(app);
        self
    }

    /// Delays the rule until a request of that operation has been seen for the same app.
    #[must_use]
    pub fn once_tried(mut self, operation: impl Into<String>) -> Self {
        self.once_tried = Some(operation.into());
        self
    }

    /// Restricts the rule to one vendor.
    #[must_use]
    pub fn with_vendor(mut self, vendor: Vendor) -> Self {
        self.vendor = Some(vendor);
        self
    }
}

/// The requests that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Every endpoint.
    #[default]
    All,
    /// Requests that would change something.
    Effects,
    /// Requests that only read.
    Reads,
    /// One path, such as `/wxa/commit`.
    Path(String),
    /// One operation, such as `upload_code`, whatever its path.
    Operation(String),
}

impl Scope {
    /// One path, such as `/wxa/commit`.
    #[must_use]
    pub fn path(path: impl Into<String>) -> Self {
        Self::Path(path.into())
    }

    /// One operation, such as `upload_code`.
    #[must_use]
    pub fn operation(operation: impl Into<String>) -> Self {
        Self::Operation(operation.into())
    }
}

/// How often a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// Every time.
    #[default]
    Always,
    /// The next `n` times. A request that the vendor refuses anyway does not use up a fault that strikes after the
    /// effect.
    Next(u32),
    /// With a probability from 0 to 1.
    Probability(f64),
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// No effect; the response is disturbed.
    Before(Disturbance),
    /// The request takes effect; the response is disturbed.
    After(Disturbance),
    /// The response is disturbed and the effect lands later, if the vendor would still accept the request by then. For
    /// reads the same as [`After`](Self::After).
    Late {
        /// When the effect lands; 3 seconds after the request by default.
        #[serde(default)]
        lands: Lands,
        /// How the response is disturbed.
        answer: Disturbance,
    },
    /// The request is delayed by this many milliseconds of simulated time and then processed normally. Keep it below
    /// the client's timeout: a request whose client has disconnected is dropped, but the simulator may notice too late.
    Latency {
        /// The delay.
        millis: u64,
    },
    /// The vendor refuses with this code; no effect.
    VendorError {
        /// `errcode` or `errno`.
        code: i64,
        /// The message next to it.
        message: String,
    },
    /// Baidu's gateway refuses with this `error_code`; no effect. Same as `VendorError` at WeChat, which has no gateway
    /// errors.
    GatewayError {
        /// `error_code`.
        code: i64,
        /// The message next to it.
        message: String,
    },
    /// The vendor claims that the token has expired; no effect.
    ExpiredToken,
    /// Every `status` in the response is this number. Fires only for responses that have one.
    UnknownStatus(i64),
    /// Every field of this name in the response is an empty string, such as a missing token. Fires only for responses
    /// that have one.
    #[serde(alias = "empty_member")]
    EmptyField(String),
    /// Every field of this name is omitted from the response. Fires only for responses that have one.
    #[serde(alias = "missing_member")]
    MissingField(String),
    /// The response reports success and nothing else: every field outside the vendor's envelope is omitted, null or
    /// blank. Fires only for responses that have such fields.
    Untold(Untold),
}

/// How the fields of a response are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Untold {
    /// Fields are omitted.
    Absent,
    /// The fields are null.
    Null,
    /// Fields are empty strings.
    Empty,
    /// Lists and objects keep their shape; the fields inside are whitespace.
    Blank,
}

impl Untold {
    /// All variants.
    pub const ALL: [Self; 4] = [Self::Absent, Self::Null, Self::Empty, Self::Blank];
}

impl Fault {
    /// A late effect that lands this long after the request arrived.
    #[must_use]
    pub fn late(lands: Duration, answer: Disturbance) -> Self {
        Self::Late { lands: Lands::AfterArrival { millis: millis(lands) }, answer }
    }

    /// A late effect that lands this long after the client closed the connection. Use it with [`Disturbance::Hang`];
    /// for other disturbances the connection counts as closed at once.
    ///
    /// The simulator learns of the disconnect over the network. On a virtual clock, which jumps as soon as the client
    /// waits, prefer [`late`](Self::late) with the client's timeout added.
    #[must_use]
    pub fn late_after_close(lands: Duration, answer: Disturbance) -> Self {
        Self::Late { lands: Lands::AfterClose { millis: millis(lands) }, answer }
    }

    /// A delay before the request is processed.
    #[must_use]
    pub fn latency(latency: Duration) -> Self {
        Self::Latency { millis: millis(latency) }
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When a late effect lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lands {
    /// This many milliseconds of simulated time after the request arrived.
    AfterArrival {
        /// The delay.
        millis: u64,
    },
    /// This many milliseconds of simulated time after the client closed the connection.
    AfterClose {
        /// The delay.
        millis: u64,
    },
}

impl Default for Lands {
    fn default() -> Self {
        Self::AfterArrival { millis: 3000 }
    }
}

/// How a response is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Disturbance {
    /// An HTTP error of a gateway, such as 502 or 503, with an HTML page.
    ServerError(u16),
    /// The vendor's "busy" code: -1 at WeChat, 500 at Baidu.
    Busy,
    /// Another "busy" code, such as 501 or 5000 at Baidu.
    BusyCode(i64),
    /// Baidu's gateway is busy (`error_code` 2); same as [`Busy`](Self::Busy) at WeChat.
    GatewayBusy,
    /// The connection is closed before any byte of a response.
    Reset,
    /// No response while the client waits.
    Hang,
    /// Half of the response is sent, then the connection is closed.
    CutBody,
    /// The response is larger than any real one: over 4 MiB of JSON, over 8 MiB of image.
    OversizedBody,
    /// The response is neither valid JSON nor an image.
    GarbageBody,
}

/// The fault drawn for a request, and the rule it came from.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) fault: Fault,
    rule: u64,
}

/// What a draw depends on.
pub(crate) struct Draw<'a> {
    pub(crate) seed: u64,
    pub(crate) vendor: Vendor,
    pub(crate) app: Option<&'a AppId>,
    pub(crate) path: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) effect: bool,
    pub(crate) count: u64,
}

impl Draw<'_> {
    fn fits(&self, rule: &FaultRule) -> bool {
        let scope = match &rule.scope {
            Scope::All => true,
            Scope::Effects => self.effect,
            Scope::Reads => !self.effect,
            Scope::Path(path) => path == self.path,
            Scope::Operation(operation) => operation == self.operation,
        };
        scope
            && rule.vendor.is_none_or(|vendor| vendor == self.vendor)
            && rule.app.as_ref().is_none_or(|app| Some(app) == self.app)
    }

    fn strikes(&self, probability: f64, rule: u64) -> bool {
        let app = self.app.map_or("", AppId::as_str);
        let mixed = mix(
            self.seed,
            &[app.as_bytes(), self.path.as_bytes(), &self.count.to_be_bytes(), &rule.to_be_bytes()],
        );
        fastrand::Rng::with_seed(mixed).f64() < probability
    }
}

/// FNV-1a over the parts, starting from the seed.
pub(crate) fn mix(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// The active rules.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(u64, FaultRule)>,
    /// Operations seen so far, by app.
    tried: HashSet<(Option<AppId>, String)>,
    next: u64,
}

impl Faults {
    pub(crate) fn set(&mut self, rules: Vec<FaultRule>) {
        self.rules.clear();
        self.tried.clear();
        self.next = 0;
        rules.into_iter().for_each(|rule| self.add(rule));
    }

    pub(crate) fn add(&mut self, rule: FaultRule) {
        self.rules.push((self.next, rule));
        self.next += 1;
    }

    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.rules.iter().map(|(_, rule)| rule.clone()).collect()
    }

    pub(crate) fn draw(&mut self, draw: &Draw<'_>) -> Option<Drawn> {
        let tried = (draw.app.cloned(), draw.operation.to_owned());
        if self.rules.iter().any(|(_, rule)| rule.once_tried.as_ref() == Some(&tried.1)) {
            self.tried.insert(tried);
        }
        let was_tried = |operation: &String| self.tried.contains(&(draw.app.cloned(), operation.clone()));
        let (id, rule) = self.rules.iter_mut().find(|(id, rule)| {
            draw.fits(rule)
                && rule.once_tried.as_ref().is_none_or(was_tried)
                && match rule.when {
                    When::Always => true,
                    When::Next(left) => left > 0,
                    When::Probability(probability) => draw.strikes(probability, *id),
                }
        })?;
        if let When::Next(left) = &mut rule.when {
            *left -= 1;
        }
        Some(Drawn { fault: rule.fault.clone(), rule: *id })
    }

    /// Returns a fault that did not strike.
    pub(crate) fn give_back(&mut self, drawn: &Drawn) {
        let rule = self.rules.iter_mut().find(|(id, _)| *id == drawn.rule);
        if let Some((_, FaultRule { when: When::Next(left), .. })) = rule {
            *left += 1;
        }
    }
}
