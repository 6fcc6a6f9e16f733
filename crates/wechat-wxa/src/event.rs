//! WeChat's pushes: decoder and encoder.
//!
//! A push is XML (JSON if configured): an envelope with the ciphertext in `Encrypt`, signed in the query. The
//! decrypted message has one of two shapes: events of an app to the message URL (`MsgType`, `Event`; `ToUserName`
//! names the app by its original id) and events of the platform to the authorization URL (`InfoType`; `AppId` is the
//! platform's).
//!
//! Reply to every accepted push with the text `success` and status 200 within 5 seconds (to a customer's message
//! alternatively with [`WeChatEventEncoder::seal_reply`]). Reply to all refused pushes alike: 4xx, without a reason.
//!
//! Source: vendor document 002 section 6 and WeChat's guides to pushes and their encryption; order and rules of the
//! checks: `docs/design.md`, "Callbacks".

pub(crate) mod acceptance_test;
mod details;
mod encode;
mod envelope;
mod message;
pub(crate) mod protocol;
mod verify_url;
mod xml;

use miniprogram_core::callback::{
    BodyFormat, CallbackConfig, CallbackMode, Sealed, Signed, misconfigured, timestamp_parameter, without_bom,
};
use miniprogram_core::push::{CallbackCheck, Push};
use miniprogram_core::vendor_api::frame::HexCase;
use miniprogram_core::{Error, Event, EventDecoder, EventKind, PlatformId, Result, Vendor};

pub use details::{
    AppealEvidence, AppealMaterial, AppealRecord, AuditApproved, AuditDelayed, AuditRejected, AuthTask,
    Authorization, BetaAppVerification, CategoryAudit, CustomerMessage, Dispatch, FaceVerification, Filing,
    FilingProcedure, IllegalMaterial, IllegalRecord, NicknameAudit, OrderPathApplication, OrderPathAudit,
    PrivacyAudit, Registration, RegistrationInfo, VerificationExpiry, WeChatEvent,
};
pub use encode::{PushRoute, WeChatEventEncoder};

use crate::WECHAT;

/// Maps the `Event` of a message whose `MsgType` is `event` to its meaning. Any other name is
/// [`Unknown`](EventKind::Unknown), as are the names listed as such here; [`WeChatEvent`] distinguishes those.
///
/// Source: vendor document 002 section 6 and WeChat's pages on pushes to the message URL.
pub static EVENTS: &[(&str, EventKind)] = &[
    ("weapp_audit_success", EventKind::AuditApproved),
    ("weapp_audit_fail", EventKind::AuditRejected),
    ("weapp_audit_delay", EventKind::AuditDelayed),
    ("wxa_nickname_audit", EventKind::NameAudited),
    ("wxa_category_audit", EventKind::CategoryAudited),
    ("wxa_privacy_apply", EventKind::PrivacyAudited),
    ("wxa_appeal_record", EventKind::Unknown),
    ("wxa_illegal_record", EventKind::Unknown),
    ("betaapp_verify_event", EventKind::Unknown),
    ("betaapp_verify_apply_event", EventKind::Unknown),
    ("debug_demo", EventKind::Unknown),
];

/// Maps the `InfoType` of an authorization event to its meaning. Any other name is [`Unknown`](EventKind::Unknown),
/// as are the names listed as such here; [`WeChatEvent`] distinguishes those.
///
/// Source: WeChat's pages on pushes to the authorization URL.
pub static INFO_TYPES: &[(&str, EventKind)] = &[
    ("component_verify_ticket", EventKind::Ticket),
    ("authorized", EventKind::Authorized),
    ("updateauthorized", EventKind::AuthorizationUpdated),
    ("unauthorized", EventKind::AuthorizationRevoked),
    ("notify_third_fasteregister", EventKind::Unknown),
    ("notify_third_fastregisterbetaapp", EventKind::Unknown),
    ("notify_third_fastverifybetaapp", EventKind::Unknown),
    ("notify_3rd_wxa_auth", EventKind::Unknown),
    ("notify_3rd_wxa_wxverify", EventKind::Unknown),
    ("notify_icpfiling_verify_result", EventKind::Unknown),
    ("notify_apply_icpfiling_result", EventKind::Unknown),
    ("notify_3rd_wxa_auth_and_icp", EventKind::Unknown),
    ("order_path_apply_result_notify", EventKind::Unknown),
    ("order_path_audit_result_notify", EventKind::Unknown),
];

/// Decodes WeChat's pushes.
///
/// Text typed by users is kept as typed: control characters in the texts of a message do not cause a refusal. The
/// envelope, which the signature does not cover, must not contain any, and NUL is refused in both. A message without
/// `InfoType`, `MsgType` and `Event` is an event of kind [`Unknown`](EventKind::Unknown) with an empty name; a
/// message with `Event` alone is interpreted by that name.
///
/// An encrypted configuration needs the id that follows the message inside a frame, which is the platform's app id.
/// It can be given as receiver id or as platform id; each substitutes for the other. A plain configuration chooses
/// XML or JSON by content.
///
/// ```
/// use miniprogram_core::callback::{CallbackConfig, Seal};
/// use miniprogram_core::{EventDecoder, EventKind, Secret, Timestamp};
/// use wechat_wxa::event::{PushRoute, WeChatEventDecoder, WeChatEventEncoder};
///
/// let key = Secret::new("R2VuZXJhdGVkUmVmS2V5MTIzNDU2Nzg5MGFiY2RlZm5");
/// let config = CallbackConfig::encrypted("refTok7", &key)?.with_receiver_id("wx1a2b3c4d5e6f7081")?;
///
/// let message = "<xml><ToUserName>gh_1</ToUserName><CreateTime>1690000100</CreateTime>\
///     <MsgType>event</MsgType><Event>weapp_audit_success</Event></xml>";
/// let seal = Seal::new(Timestamp::from_unix(1_690_000_100), "77");
/// let encoder = WeChatEventEncoder::new(config.clone())?;
/// let mut push = encoder.seal_push(PushRoute::Message { original_id: "gh_1" }, message, &seal)?;
///
/// let decoder = WeChatEventDecoder::new(config)?;
/// let event = decoder.decode(push.as_push())?;
/// assert_eq!(event.kind, EventKind::AuditApproved);
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WeChatEventDecoder {
    config: CallbackConfig,
}

impl WeChatEventDecoder {
    /// Creates a decoder for one platform, or for one app that receives its own pushes.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config), naming `receiver_id`, if the configuration is encrypted and
    /// has neither a receiver id nor a platform id.
    pub fn new(config: CallbackConfig) -> Result<Self> {
        Ok(Self { config: with_both_ids(config)? })
    }

    fn open<'a>(&self, push: Push<'a>) -> Result<&'a str> {
        let query = envelope::Query::read(push.query)?;
        let sealed = {
            let envelope = envelope::read(push.body, self.config.body_format())?;
            let Some(encrypt) = envelope else {
                let detail = "the push is plain, only encrypted ones are accepted";
                return Err(CallbackCheck::Mode.because(WECHAT, detail));
            };
            let signed = Signed {
                timestamp: query.timestamp()?,
                nonce: query.nonce()?,
                encrypt: Some(&encrypt),
                signature: query.msg_signature()?,
                case: HexCase::Lower,
            };
            let time = timestamp_parameter(WECHAT, signed.timestamp)?;
            self.config.check_freshness(WECHAT, time, push.received_at)?;
            self.config.check_signature(WECHAT, &signed)?;
            Sealed::locate(push.body, &encrypt)
        };
        self.config.open(WECHAT, sealed.place(push.body))
    }
}

impl EventDecoder for WeChatEventDecoder {
    fn vendor(&self) -> Vendor {
        WECHAT
    }

    fn decode<'a>(&self, push: Push<'a>) -> Result<Event<'a>> {
        self.config.check_size(WECHAT, push.body)?;
        let (text, format) = match self.config.mode() {
            CallbackMode::Encrypted => (self.open(push)?, self.config.body_format()),
            CallbackMode::Plain => {
                let body: &'a [u8] = push.body;
                let text = std::str::from_utf8(body).map_err(|_| refused("the message is not UTF-8"))?;
                (text, format_of(text))
            }
        };
        let fields = message::Fields::read(text, format)?;
        if self.config.mode() == CallbackMode::Plain && fields.holds("Encrypt") {
            let detail = "the push is encrypted, only plain ones are accepted";
            return Err(CallbackCheck::Mode.because(WECHAT, detail));
        }
        fields.into_event(self.config.platform_id())
    }
}

/// Determines the format of plain text: an object starts with a brace.
fn format_of(text: &str) -> BodyFormat {
    if without_bom(text).trim_ascii_start().starts_with('{') { BodyFormat::Json } else { BodyFormat::Xml }
}

/// For a platform, receiver id and platform id are the same; each substitutes for the other.
fn with_both_ids(config: CallbackConfig) -> Result<CallbackConfig> {
    let receiver = config.receiver_id().map(str::to_owned);
    let platform = config.platform_id().map(|id| id.as_str().to_owned());
    match (receiver, platform) {
        (Some(receiver), None) => Ok(config.with_platform_id(PlatformId::new(receiver))),
        (None, Some(platform)) => config.with_receiver_id(platform),
        (None, None) if config.mode() == CallbackMode::Encrypted => Err(misconfigured(
            "receiver_id",
            "is missing",
            "give the platform's app id (`wx…`): every frame ends with it",
        )
        .for_vendor(WECHAT)),
        _ => Ok(config),
    }
}

/// Builds a refusal of the decrypted message.
fn refused(detail: &'static str) -> Error {
    CallbackCheck::Message.because(WECHAT, detail)
}
