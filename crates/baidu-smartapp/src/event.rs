//! Baidu's pushes: decoder and encoder.
//!
//! A push is a JSON envelope with `Nonce`, `TimeStamp`, `Encrypt` and `MsgSignature`. The decrypted message is JSON
//! of one of three shapes: system events (`event`, `appId`, `tpAppId`, `eventTime`), the ticket, and customer
//! messages (`MsgType`).
//!
//! Reply to every accepted push with the text `success` and status 200. Reply to all refused pushes alike: 4xx,
//! without a reason.
//!
//! Source: vendor documents 000, 001 and 003 (pushes) and Baidu's third-party-platform documentation (encryption);
//! order and rules of the checks: `docs/design.md`, "Callbacks".

mod details;
mod encode;
mod envelope;
mod message;
mod notification;
pub(crate) mod protocol;
mod verify_url;

use miniprogram_core::callback::{CallbackConfig, CallbackMode};
use miniprogram_core::push::{CallbackCheck, Push};
use miniprogram_core::{Error, Event, EventDecoder, EventKind, Result, Vendor};

pub use details::{
    AdvancedAudit, Authorization, BaiduEvent, BrandWordAudit, Cancellation, CreatedApp, CreationCancelled,
    CreationFailed, CustomerMessage, ForcedOffline, NameAudit, NameCleared, OfflineUpdateAudit, PackageAudit,
    PackageChange, RegisteredAuthorization, SearchKeyword, SearchPathAudit, SubchainAudit, Verdict,
};
pub use encode::BaiduEventEncoder;
pub use notification::decode_notification;

use crate::BAIDU;

/// Maps the vendor's name of an event to its meaning, and to the verdict if it is one. Names end in `PASS`,
/// `SUCCESS`, `FAIL`, `FAILED` and `REJECT` unsystematically, so nothing is guessed from them: any other name is
/// [`Unknown`](EventKind::Unknown), as are the names listed as such here; [`BaiduEvent`] distinguishes those.
///
/// `APPLY_APP_MOBILE_AUTH_PASS` is not a verdict if it gives a reason: document 003 also prints the withdrawal of the
/// permission under that name. Query the status (`BaiduApp::phone_permission`) in that case.
///
/// Source: vendor documents 000, 001, 003 and the event numbers of Baidu's own SDKs.
pub static EVENTS: &[(&str, EventKind, Option<bool>)] = &[
    ("AUTHORIZED", EventKind::Authorized, None),
    ("UNAUTHORIZED", EventKind::AuthorizationRevoked, None),
    ("UPDATE_AUTHORIZED", EventKind::AuthorizationUpdated, None),
    ("CREATE_APP_AUTH_CANCEL", EventKind::Unknown, None),
    ("REGISTER_AUTH_SUCCESS", EventKind::Unknown, None),
    ("ACCOUNT_AND_APP_CREATE_AUDIT_PASS", EventKind::Unknown, None),
    ("ACCOUNT_AND_APP_CREATE_AUDIT_FAIL", EventKind::Unknown, None),
    ("APP_CREATE_FAIL", EventKind::Unknown, None),
    ("APP_CREATE_SUCCESS_AND_AUTH_FAIL", EventKind::Unknown, None),
    ("PACKAGE_AUDIT_PASS", EventKind::AuditApproved, None),
    ("PACKAGE_AUDIT_FAIL", EventKind::AuditRejected, None),
    ("BATCH_TASK_UPLOAD_PACKAGE_SUCCESS", EventKind::Unknown, None),
    ("BATCH_TASK_UPLOAD_PACKAGE_FAIL", EventKind::Unknown, None),
    ("BATCH_TASK_UPLOAD_SUBMIT_AUDIT_FAIL", EventKind::Unknown, None),
    ("BATCH_TASK_UPLOAD_RELEASE_SUCCESS", EventKind::Unknown, None),
    ("BATCH_TASK_UPLOAD_RELEASE_FAIL", EventKind::Unknown, None),
    ("BATCH_UPLOAD_SUBMIT_SUCCESS", EventKind::Unknown, None),
    ("BATCH_UPLOAD_SUBMIT_FAIL", EventKind::Unknown, None),
    ("APP_NAME_AUDIT_PASS", EventKind::NameAudited, Some(true)),
    ("APP_NAME_AUDIT_FAIL", EventKind::NameAudited, Some(false)),
    // Not a verdict: the name was released because no package was submitted in time.
    ("APP_NAME_CLEAR", EventKind::Unknown, None),
    ("APP_ICON_AUDIT_PASS", EventKind::IconAudited, Some(true)),
    ("APP_ICON_AUDIT_FAIL", EventKind::IconAudited, Some(false)),
    ("APP_DESC_AUDIT_PASS", EventKind::DescriptionAudited, Some(true)),
    ("APP_DESC_AUDIT_FAIL", EventKind::DescriptionAudited, Some(false)),
    ("APP_CATEGORY_AUDIT_PASS", EventKind::CategoryAudited, Some(true)),
    ("APP_CATEGORY_AUDIT_FAIL", EventKind::CategoryAudited, Some(false)),
    ("APP_FORCE_OFFLINE", EventKind::ForcedOffline, None),
    ("APP_SERVER_PAUSE", EventKind::ServicePaused, None),
    ("APP_SERVER_RESUME", EventKind::ServiceResumed, None),
    ("TIME_LIMIT_RECTIFY_NOTIFY", EventKind::RectificationRequired, None),
    ("FLOW_CLOSE_NOTIFY", EventKind::TrafficClosed, None),
    ("FLOW_CLOSE_AUDIT_PASS", EventKind::TrafficRecoveryAudited, Some(true)),
    ("FLOW_CLOSE_AUDIT_FAIL", EventKind::TrafficRecoveryAudited, Some(false)),
    ("BASE_INFO_OFFLINE_AUDIT_SUCCESS", EventKind::OfflineUpdateAudited, Some(true)),
    ("BASE_INFO_OFFLINE_AUDIT_FAIL", EventKind::OfflineUpdateAudited, Some(false)),
    ("APPLY_APP_MOBILE_AUTH_PASS", EventKind::PhonePermissionAudited, Some(true)),
    ("APPLY_APP_MOBILE_AUTH_REJECT", EventKind::PhonePermissionAudited, Some(false)),
    ("APP_MOBILE_AUTH_CANCEL", EventKind::PhonePermissionCancelled, None),
    ("ADVANCED_AUDIT_CHANGED", EventKind::Unknown, None),
    ("ANNUAL_REVIEW_PENDING", EventKind::Unknown, None),
    ("ANNUAL_REVIEW_OVERDUE", EventKind::Unknown, None),
    ("ANNUAL_REVIEW_PASS", EventKind::Unknown, None),
    ("APP_PAYMENT_CREATE_ACCOUNT_PASS", EventKind::Unknown, None),
    ("APP_PAYMENT_CREATE_ACCOUNT_FAIL", EventKind::Unknown, None),
    ("APP_PAYMENT_CREATE_PAYMENT_PASS", EventKind::Unknown, None),
    ("APP_PAYMENT_CREATE_PAYMENT_FAIL", EventKind::Unknown, None),
    ("APP_PAYMENT_UPDATE_DEVELOP_CONFIG_PASS", EventKind::Unknown, None),
    ("APP_PAYMENT_UPDATE_DEVELOP_CONFIG_FAIL", EventKind::Unknown, None),
    ("APP_PAY_CLOSE", EventKind::Unknown, None),
    ("AUDIT_SUB_CHAIN_PASS", EventKind::Unknown, None),
    ("AUDIT_SUB_CHAIN_FAILED", EventKind::Unknown, None),
    ("BRAND_WORD_AUDIT_SUCCESS", EventKind::Unknown, None),
    ("BRAND_WORD_AUDIT_FAIL", EventKind::Unknown, None),
    ("APP_SEARCH_PATH_AUDIT_PASS", EventKind::Unknown, None),
    ("APP_SEARCH_PATH_AUDIT_FAIL", EventKind::Unknown, None),
    ("SERVER_RESOURCE_PASS", EventKind::Unknown, None),
    ("SERVER_RESOURCE_REJECT", EventKind::Unknown, None),
    ("SERVER_RESOURCE_WAIT", EventKind::Unknown, None),
    ("SERVER_RESOURCE_CANCEL", EventKind::Unknown, None),
    ("SERVER_RESOURCE_DELIVER_WAIT", EventKind::Unknown, None),
    ("SERVER_RESOURCE_DELETE", EventKind::Unknown, None),
    ("ARTICLE_MOUNT_AUDIT_SUCCESS", EventKind::Unknown, None),
    ("ARTICLE_MOUNT_AUDIT_FAIL", EventKind::Unknown, None),
];

/// The event of a granted permission to read phone numbers, and in document 003's sample that of its withdrawal.
const PHONE_PERMISSION_GRANTED: &str = "APPLY_APP_MOBILE_AUTH_PASS";

/// Decodes Baidu's pushes.
///
/// Text typed by users is kept as typed: control characters in the texts of a message, including raw line breaks, do
/// not cause a refusal, and numbers that do not fit into 64 bits stay text. An invalid id is kept only in the
/// payload; only an invalid `appId` or `tpAppId`, which bind a push to its app and platform, causes a refusal. A
/// message without `event` and `MsgType` is an event of kind [`Unknown`](EventKind::Unknown) with an empty name.
///
/// The part that follows the message inside a frame is checked only if a receiver id is configured, because public
/// sources disagree on what it is. Configure the platform id, and `tpAppId` of every system event must equal it. The
/// query and the configured body format are not used.
///
/// A plain configuration also accepts the Kafka notifications that [`decode_notification`] reads.
///
/// ```
/// use baidu_smartapp::event::{BaiduEventDecoder, BaiduEventEncoder};
/// use miniprogram_core::callback::{CallbackConfig, Seal};
/// use miniprogram_core::{EventDecoder, EventKind, Secret, Timestamp};
///
/// let key = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFA");
/// let config = CallbackConfig::encrypted("Zq7tokenForPush", &key)?.with_platform_id("17328232");
///
/// let message = r#"{"appId":1452365,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10",
///     "event":"PACKAGE_AUDIT_PASS","packageId":529394}"#;
/// let seal = Seal::new(Timestamp::from_unix(1_547_441_110), "987654321");
/// let mut push = BaiduEventEncoder::new(config.clone())?.seal_push(message, &seal)?;
///
/// let event = BaiduEventDecoder::new(config).decode(push.as_push())?;
/// assert_eq!(event.kind, EventKind::AuditApproved);
/// assert_eq!(event.package_id, Some("529394".into()));
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BaiduEventDecoder {
    config: CallbackConfig,
}

impl BaiduEventDecoder {
    /// Creates a decoder for one platform.
    #[must_use]
    pub const fn new(config: CallbackConfig) -> Self {
        Self { config }
    }

    fn open<'a>(&self, push: Push<'a>) -> Result<&'a str> {
        let sealed = {
            let envelope = envelope::Envelope::read(push.body)?;
            self.config.check_freshness(BAIDU, envelope.time, push.received_at)?;
            self.config.check_signature(BAIDU, &envelope.signed())?;
            envelope.sealed(push.body)
        };
        self.config.open(BAIDU, sealed.place(push.body))
    }

    /// Decodes a push that Baidu has kept (`pushmsg/getmsg`). It has neither a signature nor a time of its own, so it
    /// must come only from a response of Baidu, never from a request.
    ///
    /// # Errors
    /// [`Callback`](miniprogram_core::ErrorKind::Callback) for a ciphertext that cannot be decrypted, an invalid
    /// message, another platform, or a plain configuration.
    pub fn decode_kept(&self, content: &str) -> Result<Event<'static>> {
        let mut content = content.as_bytes().to_vec();
        let fields = message::parse(self.config.open(BAIDU, &mut content)?)?;
        Ok(message::into_event(fields, self.config.platform_id())?.into_owned())
    }
}

impl EventDecoder for BaiduEventDecoder {
    fn vendor(&self) -> Vendor {
        BAIDU
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        self.config.check_size(BAIDU, push.body)?;
        match self.config.mode() {
            CallbackMode::Encrypted => {
                let fields = message::parse(self.open(push)?)?;
                message::into_event(fields, self.config.platform_id())
            }
            CallbackMode::Plain => {
                let text = std::str::from_utf8(push.body).map_err(|_| refused("the message is not UTF-8"))?;
                let fields = message::parse(text).or_else(|error| notification::parse(text).ok_or(error))?;
                if fields.contains_key("Encrypt") {
                    let detail = "the push is encrypted, only plain ones are accepted";
                    return Err(CallbackCheck::Mode.because(BAIDU, detail));
                }
                if notification::is_one(&fields) {
                    notification::into_event(fields)
                } else {
                    message::into_event(fields, self.config.platform_id())
                }
            }
        }
    }
}

/// Builds a refusal of the decrypted message.
fn refused(detail: &'static str) -> Error {
    CallbackCheck::Message.because(BAIDU, detail)
}
