//! What can go wrong, for which requests, and how often.

mod push;

use std::collections::HashSet;
use std::time::Duration;

use miniprogram_core::{AppId, Vendor};
use serde::{Deserialize, Serialize};

pub(crate) use push::PushFaults;
pub use push::{PushFault, PushFaultRule};

/// One rule: for the requests in `scope`, `when` says how often, `fault` what happens.
///
/// Rules are tried in the order they were set; the first that strikes decides. What is drawn for the n-th request of an
/// app to a path depends on the seed, the rule, the app, the path and n alone, so runs with the same seed agree however
/// the requests of different apps interleave.
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
    /// Only this vendor; both if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// Only this app; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// How often.
    #[serde(default)]
    pub when: When,
    /// Only once the vendor has seen a request of this operation, such as `release`, about the same app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once_tried: Option<String>,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// A rule that strikes every matching request.
    #[must_use]
    pub fn always(scope: Scope, fault: Fault) -> Self {
        Self { scope, vendor: None, app: None, when: When::Always, once_tried: None, fault }
    }

    /// A rule that strikes the next `count` matching requests.
    #[must_use]
    pub fn next(count: u32, scope: Scope, fault: Fault) -> Self {
        Self { when: When::Next(count), ..Self::always(scope, fault) }
    }

    /// A rule that strikes a matching request with a probability from 0 to 1.
    #[must_use]
    pub fn probability(probability: f64, scope: Scope, fault: Fault) -> Self {
        Self { when: When::Probability(probability), ..Self::always(scope, fault) }
    }

    /// Limits the rule to one app.
    #[must_use]
    pub fn with_app(mut self, app: AppId) -> Self {
        self.app = Some(app);
        self
    }

    /// Keeps the rule from striking until the vendor has seen a request of that operation about the same app.
    #[must_use]
    pub fn once_tried(mut self, operation: impl Into<String>) -> Self {
        self.once_tried = Some(operation.into());
        self
    }

    /// Limits the rule to one vendor.
    #[must_use]
    pub fn with_vendor(mut self, vendor: Vendor) -> Self {
        self.vendor = Some(vendor);
        self
    }
}

/// Which requests a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Every endpoint.
    #[default]
    All,
    /// Every request that would change something.
    Effects,
    /// Every request that only reads.
    Reads,
    /// One path, such as `/wxa/commit`.
    Path(String),
    /// One operation, such as `upload_code`, whichever vendor's path it has.
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

/// How often a rule strikes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum When {
    /// Each time.
    #[default]
    Always,
    /// The next so many times. A request that the vendor refuses anyway does not use up a fault that comes after the
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
    /// The request has no effect, and the answer is disturbed.
    Before(Disturbance),
    /// The request has its effect, and the answer is disturbed.
    After(Disturbance),
    /// The answer is disturbed, and the effect lands later, if the vendor would still accept the request then. On a
    /// read it is the same as [`After`](Self::After).
    Late {
        /// When the effect lands; 3 seconds after the request by default.
        #[serde(default)]
        lands: Lands,
        /// How the answer is disturbed.
        answer: Disturbance,
    },
    /// The request waits so many milliseconds of simulated time, then goes its normal way. Keep it shorter than the
    /// client's patience: a request whose client has gone is dropped, but the simulator may notice too late.
    Latency {
        /// The wait.
        millis: u64,
    },
    /// The vendor refuses with this code; nothing is done.
    VendorError {
        /// `errcode` or `errno`.
        code: i64,
        /// The words beside it.
        message: String,
    },
    /// Baidu's gateway refuses with this `error_code`; nothing is done. The same as `VendorError` at WeChat, which has
    /// no gateway of its own voice.
    GatewayError {
        /// `error_code`.
        code: i64,
        /// The words beside it.
        message: String,
    },
    /// The vendor says that the token has expired, though it has not; nothing is done.
    ExpiredToken,
    /// Every `status` in the answer is this number. Strikes only answers that have one.
    UnknownStatus(i64),
    /// Every member of this name in the answer is an empty text, as with a token that is not there. Strikes only
    /// answers that have one.
    EmptyMember(String),
    /// Every member of this name is left out of the answer. Strikes only answers that have one.
    MissingMember(String),
    /// The answer tells nothing but that the request succeeded: every field of it beside the vendor's envelope is left
    /// out, null or blank. Strikes only answers that have such fields.
    Untold(Untold),
}

/// How an answer leaves its fields untold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Untold {
    /// The fields are left out.
    Absent,
    /// The fields are null.
    Null,
    /// The fields are empty texts.
    Empty,
    /// Lists and objects keep their shape, and the fields inside are texts of blanks.
    Blank,
}

impl Untold {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Absent, Self::Null, Self::Empty, Self::Blank];
}

impl Fault {
    /// A late effect that lands so long after the request arrived.
    #[must_use]
    pub fn late(lands: Duration, answer: Disturbance) -> Self {
        Self::Late { lands: Lands::AfterArrival { millis: millis(lands) }, answer }
    }

    /// A late effect that lands so long after the client closed the connection. Makes sense with
    /// [`Disturbance::Hang`]; with the others the connection counts as closed at once.
    ///
    /// The simulator learns of the closing over the network. On a virtual clock that jumps as soon as the client waits,
    /// prefer [`late`](Self::late) with the client's time-out added.
    #[must_use]
    pub fn late_after_close(lands: Duration, answer: Disturbance) -> Self {
        Self::Late { lands: Lands::AfterClose { millis: millis(lands) }, answer }
    }

    /// A wait before the request is looked at.
    #[must_use]
    pub fn latency(latency: Duration) -> Self {
        Self::Latency { millis: millis(latency) }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When a late effect lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lands {
    /// So many milliseconds of simulated time after the request arrived.
    AfterArrival {
        /// The wait.
        millis: u64,
    },
    /// So many milliseconds of simulated time after the client closed the connection.
    AfterClose {
        /// The wait.
        millis: u64,
    },
}

impl Default for Lands {
    fn default() -> Self {
        Self::AfterArrival { millis: 3000 }
    }
}

/// How an answer is disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Disturbance {
    /// An HTTP error of a gateway, such as 502 or 503, with a page of HTML.
    ServerError(u16),
    /// The vendor's own code for "busy": -1 at WeChat, 500 at Baidu.
    Busy,
    /// Another of the vendor's codes for "busy", such as 501 or 5000 at Baidu.
    BusyCode(i64),
    /// Baidu's gateway is busy (`error_code` 2); the same as [`Busy`](Self::Busy) at WeChat.
    GatewayBusy,
    /// The connection is closed without a byte of an answer.
    Reset,
    /// No answer comes as long as the client waits.
    Hang,
    /// Half of the answer comes, then the connection is closed.
    CutBody,
    /// The answer is larger than any honest one: over 4 MiB of JSON, over 8 MiB of image.
    OversizedBody,
    /// The answer is no JSON and no image.
    GarbageBody,
}

/// The fault that was drawn for a request, and by which rule.
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

/// FNV-1a over the parts, started from the seed.
pub(crate) fn mix(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(u64, FaultRule)>,
    /// The operations of which requests were seen, by app.
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

    /// Takes back a fault that did not come to pass.
    pub(crate) fn give_back(&mut self, drawn: &Drawn) {
        let rule = self.rules.iter_mut().find(|(id, _)| *id == drawn.rule);
        if let Some((_, FaultRule { when: When::Next(left), .. })) = rule {
            *left += 1;
        }
    }
}
