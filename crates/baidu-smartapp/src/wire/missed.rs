use serde::Deserialize;
use serde_with::serde_as;

use super::{MaybeNumber, Number, Text};

/// `pushmsg/getmsg`.
#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct MissedPushes {
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) count: Option<i64>,
    /// Null where there is none.
    pub(crate) list: Option<Vec<MissedPush>>,
}

#[serde_as]
#[derive(Debug, Deserialize)]
pub(crate) struct MissedPush {
    #[serde_as(as = "Text")]
    pub(crate) id: String,
    pub(crate) content: String,
    #[serde_as(as = "Number")]
    pub(crate) status: i64,
}
