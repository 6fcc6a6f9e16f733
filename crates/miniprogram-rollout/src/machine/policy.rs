//! What the plan says about the course of an app. The same for all apps of a rollout; it never changes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::windows::Windows;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The rules of a rollout, beside the target, which is what one app is to get.
///
/// Durations are whole milliseconds in JSON. The default has no gray steps, no gate and no windows; it waits for a
/// verdict for seven days, and then for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Policy {
    /// The steps before the full release, in ascending order. A vendor that has no gray releases gets none of them,
    /// and one that offers only some shares gets those.
    pub gray: Vec<GrayStep>,
    /// How long a version is observed after everybody has it. Zero: the app is done once the vendor shows it.
    #[serde(with = "millis")]
    pub bake_after_release: Duration,
    /// Whether there is a health gate. It is asked at the end of every bake time.
    pub gate: bool,
    /// What follows if the gate fails.
    pub gate_failure: GateFailure,
    /// What to do about an audit without a verdict.
    pub stuck: StuckPolicy,
    /// What follows a rejection.
    pub rejection: RejectionPolicy,
    /// What one delayed audit means for its wave. The machine only reports the delay; the wave is the engine's.
    pub delay: DelayPolicy,
    /// How often a state is read while the vendor or a person has the move.
    pub polling: Polling,
    /// How often something is tried again before a person has to look.
    pub patience: Patience,
    /// When versions may reach users. The engine checks it before a release; the machine does not.
    pub windows: Windows,
}

/// One step of a gray release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GrayStep {
    /// The share of users in percent.
    pub percentage: u8,
    /// How long the step is observed before the next one.
    #[serde(with = "millis")]
    pub bake: Duration,
}

impl GrayStep {
    /// Creates a step.
    #[must_use]
    pub const fn new(percentage: u8, bake: Duration) -> Self {
        Self { percentage, bake }
    }
}

/// What follows if the health gate fails. An inconclusive gate always pauses the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GateFailure {
    /// The version is taken back: the gray release is cancelled, or the release is rolled back.
    #[default]
    TakeBack,
    /// Everything stays as it is, and a person decides.
    Hold,
}

/// What to do about an audit without a verdict. Each measure gets the deadline anew; the last one is always a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StuckPolicy {
    /// How long an audit may take.
    #[serde(with = "millis")]
    pub deadline: Duration,
    /// Whether the vendor is asked to expedite it, if it has such a call.
    pub expedite: bool,
    /// Whether it is then withdrawn and submitted again, once. Both spend the vendor's quotas.
    pub resubmit: bool,
}

impl Default for StuckPolicy {
    fn default() -> Self {
        Self { deadline: 7 * 24 * HOUR, expedite: false, resubmit: false }
    }
}

/// What follows a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectionPolicy {
    /// The app is at its end: the rollout does not wait for it.
    #[default]
    End,
    /// The rollout waits for a corrected submission.
    Correct,
}

/// What one delayed audit means for the wave: some vendors sample mass submissions, and bad samples delay them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DelayPolicy {
    /// Go on.
    #[default]
    GoOn,
    /// Submit nothing more until a person decides.
    Hold,
    /// Withdraw what has not been decided.
    Withdraw,
}

/// Growing intervals between two reads of the same state. Each is jittered by up to a quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Polling {
    /// The interval before the first repetition; each further one is twice as long.
    #[serde(with = "millis")]
    pub first: Duration,
    /// The longest interval.
    #[serde(with = "millis")]
    pub longest: Duration,
}

impl Polling {
    /// Creates intervals.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self::new(10 * MINUTE, 6 * HOUR)
    }
}

/// How often something is tried again before a person has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Patience {
    /// The pauses before a call is repeated that the vendor refused for now, or whose outcome is unknown.
    pub pause: Polling,
    /// How many times in a row one effect may end with an unknown outcome.
    pub unknown: u16,
    /// How many times in a row one call may be refused for now or fail on its way. A quota or a frequency limit does
    /// not count: those end by themselves.
    pub failures: u16,
    /// How long the vendor may process an upload.
    #[serde(with = "millis")]
    pub processing: Duration,
    /// How long the vendor may take to show what it has confirmed: a release or a rollback.
    #[serde(with = "millis")]
    pub showing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            pause: Polling::new(MINUTE / 2, HOUR),
            unknown: 12,
            failures: 24,
            processing: 2 * HOUR,
            showing: 2 * HOUR,
        }
    }
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_back_as_it_was_and_what_is_left_out_has_its_default() {
        let gray = vec![GrayStep::new(10, HOUR), GrayStep::new(50, 24 * HOUR)];
        let policy = Policy { gray, gate: true, ..Policy::default() };
        let json = serde_json::to_value(&policy).unwrap();
        assert_eq!(json["gray"][0]["bake"], 3_600_000);
        assert_eq!(serde_json::from_value::<Policy>(json).unwrap(), policy);
        assert_eq!(serde_json::from_str::<Policy>("{}").unwrap(), Policy::default());
    }
}
