//! The scan for privacy interfaces that runs after an upload; submitting before it ends is refused.

use std::time::Duration;

use miniprogram_core::vendor_api::pipeline::{Call, Op};
use miniprogram_core::{Error, ErrorKind, Result, Retry};
use serde::Serialize;

use crate::client::WeChatApp;
use crate::dialect::whole;
use crate::endpoints;
use crate::wire;

/// The code for a scan that is still running.
const RUNNING: i64 = 61039;

/// The longest time that a submission waits for the scan.
const LONGEST: Duration = Duration::from_secs(300);
/// The pause between two probes.
const PAUSE: Duration = Duration::from_secs(5);

/// The result of the scan of the uploaded code for privacy interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PrivacyScan {
    /// The scan is still running; it takes about a minute after an upload.
    Running,
    /// The scan has finished.
    #[non_exhaustive]
    Finished {
        /// Whether a submission would be refused with 61040 unless it declares the interfaces unused.
        blocks_submission: bool,
        /// Why a submission would be refused: the vendor's message, which names the interface.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Interfaces that the code uses without the app having permission.
        without_auth: Vec<String>,
        /// Interfaces that the code uses but does not declare.
        without_conf: Vec<String>,
    },
}

impl WeChatApp {
    /// Returns the result of the scan of the uploaded code for privacy interfaces: `get_code_privacy_info`. Running
    /// (61039) and blocked (61040) are results, not errors.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if nothing is uploaded, and those of any read.
    pub async fn privacy_scan(&self) -> Result<PrivacyScan> {
        read_scan(&mut self.begin("privacy_scan")).await
    }
}

pub(crate) fn privacy_call() -> Call {
    Call::to(&endpoints::PRIVACY_SCAN)
}

pub(super) async fn read_scan(op: &mut Op<'_>) -> Result<PrivacyScan> {
    let reply = op.read(&privacy_call()).await?;
    let privacy: wire::Privacy = reply.decode()?;
    Ok(match reply.json.get("errcode").and_then(whole) {
        Some(RUNNING) => PrivacyScan::Running,
        code => PrivacyScan::Finished {
            blocks_submission: code != Some(0),
            reason: privacy.errmsg.filter(|_| code != Some(0)),
            without_auth: privacy.without_auth_list,
            without_conf: privacy.without_conf_list,
        },
    })
}

/// Waits for the scan to finish, up to five minutes.
pub(crate) async fn wait_for_scan(op: &mut Op<'_>) -> Result<()> {
    op.extend(LONGEST);
    let give_up_at = op.now().after(LONGEST);
    while read_scan(op).await? == PrivacyScan::Running {
        if op.now() >= give_up_at {
            return Err(Error::new(ErrorKind::Unavailable, "submit_audit")
                .with_retry(Retry::Backoff)
                .with_detail("the vendor's privacy scan of the uploaded code did not end within 5 minutes")
                .with_advice("submit again later; do not upload again, that starts the scan anew"));
        }
        op.pause(PAUSE).await;
    }
    Ok(())
}
