//! The scan for privacy interfaces that runs after an upload; submitting before its end is refused.

use std::time::Duration;

use miniprogram_core::pipeline::{Call, Op};
use miniprogram_core::{Error, ErrorKind, Result, Retry};
use serde::Serialize;

use crate::client::{self, WeChatApp};
use crate::dialect::whole;
use crate::{WECHAT, wire};

pub(crate) const GET_CODE_PRIVACY_INFO: &str = "/wxa/security/get_code_privacy_info";

/// The code that says that the scan still runs.
const RUNNING: i64 = 61039;

/// How long a submission waits for the scan at most.
const LONGEST: Duration = Duration::from_secs(300);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(5);

/// What the scan of the uploaded code for privacy interfaces has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PrivacyScan {
    /// It still runs, for about a minute after an upload.
    Running,
    /// It has ended.
    #[non_exhaustive]
    Finished {
        /// Whether a submission would be refused with 61040, unless it declares the interfaces unused.
        blocks_submission: bool,
        /// Why a submission would be refused, in the vendor's words, which name the interface.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Interfaces that the code uses and the app has no permission for.
        without_auth: Vec<String>,
        /// Interfaces that the code uses and does not declare.
        without_conf: Vec<String>,
    },
}

impl WeChatApp {
    /// What the scan of the uploaded code for privacy interfaces has found: `get_code_privacy_info`. Running (61039)
    /// and blocked (61040) are answers, not errors.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if nothing is uploaded, and those of any read.
    pub async fn privacy_scan(&self) -> Result<PrivacyScan> {
        read_scan(&mut self.begin("privacy_scan"), "privacy_scan").await
    }
}

pub(crate) fn privacy_call(operation: &'static str) -> Call {
    Call::get(operation, GET_CODE_PRIVACY_INFO)
}

pub(super) async fn read_scan(op: &mut Op<'_>, operation: &'static str) -> Result<PrivacyScan> {
    let reply = op.read(&privacy_call(operation)).await?;
    let privacy: wire::Privacy = client::decode(&reply)?;
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

/// Waits for the end of the scan, up to five minutes.
pub(crate) async fn wait_for_scan(op: &mut Op<'_>) -> Result<()> {
    op.extend(LONGEST);
    let give_up_at = op.now().after(LONGEST);
    while read_scan(op, "upload_progress").await? == PrivacyScan::Running {
        if op.now() >= give_up_at {
            return Err(Error::new(ErrorKind::Unavailable, "submit_audit")
                .for_vendor(WECHAT)
                .with_retry(Retry::Backoff)
                .with_detail("the vendor's privacy scan of the uploaded code did not end within 5 minutes")
                .with_advice("submit again later; do not upload again, that starts the scan anew"));
        }
        op.pause(PAUSE).await;
    }
    Ok(())
}
