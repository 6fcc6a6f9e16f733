//! The content of a push, by WeChat's own fields.
//!
//! Source: vendor document 002 section 6, and WeChat's pages on pushes to the message URL and the authorization URL.

mod account;
mod audit;
mod authorization;
mod message;
mod order_path;
mod record;

use std::fmt::Display;

use miniprogram_core::vendor_api::{Fields, StatusTable};
use miniprogram_core::{AppId, Event, EventKind, Result, Secret};

pub use account::{
    AuthTask, BetaAppVerification, Dispatch, FaceVerification, Filing, FilingProcedure, Registration,
    RegistrationInfo, VerificationExpiry,
};
pub use audit::{AuditApproved, AuditDelayed, AuditRejected, CategoryAudit, NicknameAudit, PrivacyAudit};
pub use authorization::Authorization;
pub use message::CustomerMessage;
pub use order_path::{OrderPathApplication, OrderPathAudit};
pub use record::{AppealEvidence, AppealMaterial, AppealRecord, IllegalMaterial, IllegalRecord};

use crate::WECHAT;
use crate::values::Coded;

/// A push by WeChat's own fields, in addition to the neutral [`Event`] that names app, platform and time.
///
/// Ids and numbers may have arrived as strings; a field that the vendor omitted, sent as null or sent empty is
/// `None`. Only the fields that a push exists to deliver are required: tickets, authorization codes, verdicts, and
/// their subject if no app identifies it.
///
/// ```
/// use miniprogram_core::callback::CallbackConfig;
/// use miniprogram_core::{EventDecoder, Timestamp};
/// use miniprogram_core::push::Push;
/// use wechat_wxa::event::{WeChatEvent, WeChatEventDecoder};
/// use wechat_wxa::values::ReviewStatus;
///
/// let mut body = "<xml><ToUserName>gh_1</ToUserName><CreateTime>1690000100</CreateTime><MsgType>event</MsgType>\
///     <Event>wxa_category_audit</Event><ret>2</ret><first>1</first><second>2</second><reason>…</reason></xml>"
///     .to_owned()
///     .into_bytes();
/// let decoder = WeChatEventDecoder::new(CallbackConfig::plain())?;
/// let event = decoder.decode(Push::new(Timestamp::from_unix(1_690_000_100), &mut body))?;
///
/// if let WeChatEvent::CategoryAudited(audit) = WeChatEvent::from_event(&event)? {
///     assert_eq!(audit.verdict.value, ReviewStatus::Rejected);
///     assert_eq!((audit.first, audit.second), (Some(1), Some(2)));
/// }
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WeChatEvent {
    /// `weapp_audit_success`. With `FailTime` and without `SuccTime` it is [`Unknown`](Self::Unknown), because
    /// document 002 prints that name in the table of the failure push. Query the audit in that case.
    AuditApproved(AuditApproved),
    /// `weapp_audit_fail`.
    AuditRejected(AuditRejected),
    /// `weapp_audit_delay`.
    AuditDelayed(AuditDelayed),
    /// `wxa_nickname_audit`.
    NicknameAudited(NicknameAudit),
    /// `wxa_category_audit`.
    CategoryAudited(CategoryAudit),
    /// `wxa_privacy_apply`.
    PrivacyAudited(PrivacyAudit),
    /// `wxa_appeal_record`.
    AppealRecorded(AppealRecord),
    /// `wxa_illegal_record`.
    IllegalRecorded(IllegalRecord),
    /// `betaapp_verify_event`.
    BetaAppVerified(BetaAppVerification),
    /// `betaapp_verify_apply_event`.
    BetaAppVerificationApplied(BetaAppVerification),
    /// `debug_demo`: a test push sent from the console, and its `debug_str`.
    DebugDemo(Option<String>),
    /// A message from a customer.
    CustomerMessage(CustomerMessage),
    /// `component_verify_ticket`: the ticket required to fetch the platform's token.
    Ticket(Secret),
    /// `authorized`.
    Authorized(Authorization),
    /// `updateauthorized`: the permission sets have changed; exchange the new code.
    AuthorizationUpdated(Authorization),
    /// `unauthorized`: drop the tokens of this app.
    AuthorizationRevoked(AppId),
    /// `notify_third_fasteregister`.
    Registered(Registration),
    /// `notify_third_fastregisterbetaapp`.
    BetaAppRegistered(Registration),
    /// `notify_third_fastverifybetaapp`.
    BetaAppMadeRegular(Registration),
    /// `notify_3rd_wxa_auth`.
    AuthTaskChanged(AuthTask),
    /// `notify_3rd_wxa_wxverify`.
    VerificationExpiring(VerificationExpiry),
    /// `notify_icpfiling_verify_result`.
    FaceVerified(FaceVerification),
    /// `notify_apply_icpfiling_result`.
    FilingAudited(Filing),
    /// `notify_3rd_wxa_auth_and_icp`.
    FilingProcedureChanged(FilingProcedure),
    /// `order_path_apply_result_notify`: the result of each app's application.
    OrderPathsApplied(Vec<OrderPathApplication>),
    /// `order_path_audit_result_notify`: the verdict on each app's order path.
    OrderPathsAudited(Vec<OrderPathAudit>),
    /// An unlisted name, or the empty name of a message without `InfoType`, `MsgType` and `Event`.
    Unknown(String),
}

impl WeChatEvent {
    /// Reads an event's payload.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), naming `vendor`, if the event is another
    /// vendor's; [`Protocol`](miniprogram_core::ErrorKind::Protocol), naming the field, if a required field is
    /// missing or has an unexpected shape. The event itself remains valid.
    pub fn from_event(event: &Event<'_>) -> Result<Self> {
        let fields = Fields::of(event, WECHAT)?;
        if fields.holds("InfoType") {
            Self::authorization_event(event, &fields)
        } else if !fields.holds("MsgType") || fields.text("MsgType")?.as_deref() == Some("event") {
            Self::message_event(event, &fields)
        } else {
            CustomerMessage::read(&fields).map(Self::CustomerMessage)
        }
    }

    fn message_event(event: &Event<'_>, fields: &Fields<'_>) -> Result<Self> {
        Ok(match &*event.raw_event {
            // The fields contradict the name: see the decoder.
            name @ "weapp_audit_success" if event.kind == EventKind::Unknown => {
                Self::Unknown(name.to_owned())
            }
            "weapp_audit_success" => Self::AuditApproved(AuditApproved::read(fields)?),
            "weapp_audit_fail" => Self::AuditRejected(AuditRejected::read(fields)?),
            "weapp_audit_delay" => Self::AuditDelayed(AuditDelayed::read(fields)?),
            "wxa_nickname_audit" => Self::NicknameAudited(NicknameAudit::read(fields)?),
            "wxa_category_audit" => Self::CategoryAudited(CategoryAudit::read(fields)?),
            "wxa_privacy_apply" => Self::PrivacyAudited(PrivacyAudit::read(fields)?),
            "wxa_appeal_record" => Self::AppealRecorded(AppealRecord::read(fields)?),
            "wxa_illegal_record" => Self::IllegalRecorded(IllegalRecord::read(fields)?),
            "betaapp_verify_event" => Self::BetaAppVerified(BetaAppVerification::read(fields)?),
            "betaapp_verify_apply_event" => {
                Self::BetaAppVerificationApplied(BetaAppVerification::read(fields)?)
            }
            "debug_demo" => Self::DebugDemo(fields.text("debug_str")?),
            name => Self::Unknown(name.to_owned()),
        })
    }

    fn authorization_event(event: &Event<'_>, fields: &Fields<'_>) -> Result<Self> {
        Ok(match &*event.raw_event {
            "component_verify_ticket" => {
                Self::Ticket(fields.required("ComponentVerifyTicket", Fields::secret)?)
            }
            "authorized" => Self::Authorized(Authorization::read(fields, event.occurred_at)?),
            "updateauthorized" => Self::AuthorizationUpdated(Authorization::read(fields, event.occurred_at)?),
            "unauthorized" => Self::AuthorizationRevoked(app_id(fields, "AuthorizerAppid")?),
            "notify_third_fasteregister" => Self::Registered(Registration::read(fields)?),
            "notify_third_fastregisterbetaapp" => Self::BetaAppRegistered(Registration::read(fields)?),
            "notify_third_fastverifybetaapp" => Self::BetaAppMadeRegular(Registration::read(fields)?),
            "notify_3rd_wxa_auth" => Self::AuthTaskChanged(AuthTask::read(fields)?),
            "notify_3rd_wxa_wxverify" => Self::VerificationExpiring(VerificationExpiry::read(fields)?),
            "notify_icpfiling_verify_result" => Self::FaceVerified(FaceVerification::read(fields)?),
            "notify_apply_icpfiling_result" => Self::FilingAudited(Filing::read(fields)?),
            "notify_3rd_wxa_auth_and_icp" => Self::FilingProcedureChanged(FilingProcedure::read(fields)?),
            "order_path_apply_result_notify" => {
                Self::OrderPathsApplied(each(fields, OrderPathApplication::read)?)
            }
            "order_path_audit_result_notify" => Self::OrderPathsAudited(each(fields, OrderPathAudit::read)?),
            name => Self::Unknown(name.to_owned()),
        })
    }
}

/// Reads a required number, by its table.
fn coded<S: Copy + Display>(fields: &Fields<'_>, name: &str, table: &StatusTable<S>) -> Result<Coded<S>> {
    Ok(Coded::new(table, fields.required(name, Fields::number)?))
}

/// Reads an optional number, by its table.
fn coded_if_told<S: Copy + Display>(
    fields: &Fields<'_>,
    name: &str,
    table: &StatusTable<S>,
) -> Result<Option<Coded<S>>> {
    Ok(fields.number(name)?.map(|code| Coded::new(table, code)))
}

fn app_id(fields: &Fields<'_>, name: &str) -> Result<AppId> {
    fields.required(name, Fields::text).map(AppId::from)
}

/// Reads every item of the repeated `list` in the order path pushes.
fn each<T>(fields: &Fields<'_>, read: impl Fn(&Fields<'_>) -> Result<T>) -> Result<Vec<T>> {
    fields.required("list", Fields::objects)?.iter().map(read).collect()
}
