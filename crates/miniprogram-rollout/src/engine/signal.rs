//! What other processes tell a driver, as it is stored.

use miniprogram_core::Result;
use miniprogram_store::rollouts::SealedText;
use serde::{Deserialize, Serialize};

use super::unreadable;
use crate::machine::{Correction, Ordered, Wake};

/// What another process tells a driver.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// A person's order, for an app or for the whole rollout.
    Ordered(Ordered),
    /// Begin an app again.
    Retry {
        by: String,
        #[serde(default)]
        correction: Correction,
    },
    /// A push about an app.
    Woken(Wake),
    /// The merchant revoked the authorization.
    Revoked,
    /// A newer rollout names the app.
    Superseded { rollout: String },
}

impl Told {
    pub(super) fn sealed(&self) -> Result<SealedText> {
        let text = serde_json::to_string(self).map_err(|_| unreadable("a signal", "it is not JSON"))?;
        Ok(SealedText::new(text))
    }

    /// Reads it; an error of serde can quote a value, and is left out.
    pub(super) fn read(text: &SealedText) -> Option<Self> {
        serde_json::from_str(text.expose()).ok()
    }
}
