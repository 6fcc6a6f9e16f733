//! What a gray release at WeChat says beside its percentage.

use miniprogram_core::Result;
use miniprogram_core::model::GrayReleasePlan;
use miniprogram_core::vendor_api::kit::read_options;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::gray::START;
use crate::REFUSE;

const DEVELOPERS_FIRST: &str = "developers_first";
const TESTERS_FIRST: &str = "testers_first";

/// Who gets the new version first in a gray release. A release to 0 % needs one of them.
///
/// Source: WeChat code management, `grayrelease` and `getgrayreleaseplan`.
///
/// ```
/// use miniprogram_core::GrayRelease;
/// use wechat_wxa::GrayReleaseOptions;
///
/// let gray = GrayRelease::percentage(0).with_options(GrayReleaseOptions::new().developers_first());
/// assert_eq!(gray.options.fields()["developers_first"], true);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[must_use]
pub struct GrayReleaseOptions {
    /// Whether project members come first.
    pub developers_first: Option<bool>,
    /// Whether experience members come first.
    pub testers_first: Option<bool>,
}

impl GrayReleaseOptions {
    /// Creates options that say nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Includes project members first (`support_debuger_first`).
    pub const fn developers_first(mut self) -> Self {
        self.developers_first = Some(true);
        self
    }

    /// Includes experience members first (`support_experiencer_first`).
    pub const fn testers_first(mut self) -> Self {
        self.testers_first = Some(true);
        self
    }

    /// Returns the options that WeChat reports of a plan; `None` for one that it does not report.
    pub fn of_plan(plan: &GrayReleasePlan) -> Self {
        let flag = |name: &str| plan.extra.get(name).and_then(Value::as_bool);
        Self { developers_first: flag(DEVELOPERS_FIRST), testers_first: flag(TESTERS_FIRST) }
    }

    /// Returns the fields of a plan that reports these.
    pub(super) fn reported(self) -> Map<String, Value> {
        let flags = [(DEVELOPERS_FIRST, self.developers_first), (TESTERS_FIRST, self.testers_first)];
        flags.into_iter().filter_map(|(name, flag)| Some((name.to_owned(), flag?.into()))).collect()
    }

    /// Reads the options of a command.
    pub(super) fn read(options: &miniprogram_core::GrayReleaseOptions) -> Result<Self> {
        let known = [DEVELOPERS_FIRST, TESTERS_FIRST];
        read_options(REFUSE, START, "a gray release", options.fields(), &known)
    }
}

impl From<GrayReleaseOptions> for miniprogram_core::GrayReleaseOptions {
    fn from(options: GrayReleaseOptions) -> Self {
        Self::default()
            .with_field(DEVELOPERS_FIRST, options.developers_first)
            .with_field(TESTERS_FIRST, options.testers_first)
    }
}
