//! The content of a push, by Baidu's own fields.
//!
//! Source: vendor documents 001, 003 and 004 for their pushes, Baidu's pages on third-party platforms and its SDKs for
//! the others.

mod account;
mod app;
mod audit;

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, Event, EventKind, Result, Secret};

pub use account::{
    AdvancedAudit, Authorization, CreatedApp, CreationCancelled, CreationFailed, RegisteredAuthorization,
};
pub use app::{CustomerMessage, ForcedOffline, NameCleared, PackageChange};
pub use audit::{
    BrandWordAudit, Cancellation, NameAudit, OfflineUpdateAudit, PackageAudit, SearchKeyword,
    SearchPathAudit, SubchainAudit, Verdict,
};

use super::{EVENTS, PHONE_PERMISSION_GRANTED};
use crate::BAIDU;

/// A push by Baidu's own fields, in addition to the neutral [`Event`] that names app, platform and time.
///
/// Passed and failed audits of one kind share a variant. Ids and numbers may have arrived as strings; a field that
/// the vendor omitted, sent as null or sent empty is `None`, and so is an invalid value in place of an id. Only the
/// fields that a push exists to deliver are required: tickets, authorization codes, and the subject of a verdict if
/// no app identifies it.
///
/// ```
/// use baidu_smartapp::event::{BaiduEvent, BaiduEventDecoder};
/// use baidu_smartapp::values::OfflineReason;
/// use miniprogram_core::callback::CallbackConfig;
/// use miniprogram_core::{EventDecoder, Timestamp};
/// use miniprogram_core::push::Push;
///
/// let mut body = r#"{"appId":1452365,"tpAppId":17328232,"eventTime":"2019-01-14 12:45:10",
///     "event":"APP_FORCE_OFFLINE","reason":"…","offlineReason":1,"illegalFields":"appName,photoAddr"}"#
///     .to_owned()
///     .into_bytes();
/// let decoder = BaiduEventDecoder::new(CallbackConfig::plain());
/// let event = decoder.decode(Push::new(Timestamp::from_unix(1_547_441_110), &mut body))?;
///
/// if let BaiduEvent::ForcedOffline(offline) = BaiduEvent::from_event(&event)? {
///     assert_eq!(offline.offline_reason.map(|reason| reason.value), Some(OfflineReason::BasicInformation));
///     assert_eq!(offline.illegal_fields.len(), 2);
/// }
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaiduEvent {
    /// The ticket push: the ticket required to fetch the platform's token.
    Ticket(Secret),
    /// `AUTHORIZED`.
    Authorized(Authorization),
    /// `UPDATE_AUTHORIZED`: the permissions have changed; exchange the new code.
    AuthorizationUpdated(Authorization),
    /// `UNAUTHORIZED`: drop the app's tokens.
    AuthorizationRevoked,
    /// `CREATE_APP_AUTH_CANCEL`.
    CreationCancelled(CreationCancelled),
    /// `REGISTER_AUTH_SUCCESS`.
    AuthorizedByRegistration(RegisteredAuthorization),
    /// `ACCOUNT_AND_APP_CREATE_AUDIT_PASS`.
    AppCreated(CreatedApp),
    /// `ACCOUNT_AND_APP_CREATE_AUDIT_FAIL`.
    CreationRejected(CreationFailed),
    /// `APP_CREATE_FAIL`.
    CreationFailed(CreationFailed),
    /// `PACKAGE_AUDIT_PASS`, `PACKAGE_AUDIT_FAIL`.
    PackageAudited(PackageAudit),
    /// `APP_NAME_AUDIT_PASS`, `APP_NAME_AUDIT_FAIL`.
    NameAudited(NameAudit),
    /// `APP_NAME_CLEAR`.
    NameCleared(NameCleared),
    /// `APP_ICON_AUDIT_PASS`, `APP_ICON_AUDIT_FAIL`.
    IconAudited(Verdict),
    /// `APP_DESC_AUDIT_PASS`, `APP_DESC_AUDIT_FAIL`.
    DescriptionAudited(Verdict),
    /// `APP_CATEGORY_AUDIT_PASS`, `APP_CATEGORY_AUDIT_FAIL`.
    CategoryAudited(Verdict),
    /// `APP_FORCE_OFFLINE`.
    ForcedOffline(ForcedOffline),
    /// `APP_SERVER_PAUSE`.
    ServicePaused,
    /// `APP_SERVER_RESUME`.
    ServiceResumed,
    /// `TIME_LIMIT_RECTIFY_NOTIFY`.
    RectificationRequired,
    /// `FLOW_CLOSE_NOTIFY`.
    TrafficClosed,
    /// `FLOW_CLOSE_AUDIT_PASS`, `FLOW_CLOSE_AUDIT_FAIL`.
    TrafficRecoveryAudited(Verdict),
    /// `BASE_INFO_OFFLINE_AUDIT_SUCCESS`, `BASE_INFO_OFFLINE_AUDIT_FAIL`.
    OfflineUpdateAudited(OfflineUpdateAudit),
    /// `APPLY_APP_MOBILE_AUTH_PASS` without a reason, `APPLY_APP_MOBILE_AUTH_REJECT`.
    PhonePermissionAudited(Verdict),
    /// `APPLY_APP_MOBILE_AUTH_PASS` with a reason, and that reason: whether the permission was granted or withdrawn
    /// cannot be determined. Document 003 prints the sample of a withdrawn permission under that name, with the
    /// reason 主体信息变更. Query the status (`BaiduApp::phone_permission`).
    PhonePermissionUnclear(String),
    /// `APP_MOBILE_AUTH_CANCEL`.
    PhonePermissionCancelled(Cancellation),
    /// `ADVANCED_AUDIT_CHANGED`: the certification of the app's subject.
    AdvancedAuditChanged(AdvancedAudit),
    /// `APP_PAYMENT_CREATE_ACCOUNT_PASS`, `APP_PAYMENT_CREATE_ACCOUNT_FAIL`.
    PaymentAccountAudited(Verdict),
    /// `APP_PAYMENT_CREATE_PAYMENT_PASS`, `APP_PAYMENT_CREATE_PAYMENT_FAIL`.
    PaymentServiceAudited(Verdict),
    /// `APP_PAYMENT_UPDATE_DEVELOP_CONFIG_PASS`, `APP_PAYMENT_UPDATE_DEVELOP_CONFIG_FAIL`.
    PaymentConfigAudited(Verdict),
    /// `AUDIT_SUB_CHAIN_PASS`, `AUDIT_SUB_CHAIN_FAILED`.
    SubchainAudited(SubchainAudit),
    /// `BRAND_WORD_AUDIT_SUCCESS`, `BRAND_WORD_AUDIT_FAIL`.
    BrandWordAudited(BrandWordAudit),
    /// `APP_SEARCH_PATH_AUDIT_PASS`, `APP_SEARCH_PATH_AUDIT_FAIL`.
    SearchPathAudited(SearchPathAudit),
    /// Notification 100: read the app's information again.
    AppChanged(AppId),
    /// Notification 101: read the package again.
    PackageChanged(PackageChange),
    /// A message from a customer.
    CustomerMessage(CustomerMessage),
    /// The name of one of [`EVENTS`] whose fields are not published anywhere. The event's payload contains what was
    /// received.
    Named(String),
    /// An unlisted name, or the empty name of a message without `event` and `MsgType`.
    Unknown(String),
}

impl BaiduEvent {
    /// Reads an event's payload.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), naming `vendor`, if the event is another
    /// vendor's; [`Protocol`](miniprogram_core::ErrorKind::Protocol), naming the field, if a required field is
    /// missing or has an unexpected shape. The event itself remains valid.
    pub fn from_event(event: &Event<'_>) -> Result<Self> {
        let fields = Fields::of(event, BAIDU)?;
        match event.kind {
            EventKind::Ticket => return Ok(Self::Ticket(fields.required("Ticket", Fields::secret)?)),
            EventKind::AppChanged => return app::changed_app(&fields).map(Self::AppChanged),
            EventKind::PackageChanged => return PackageChange::read(&fields).map(Self::PackageChanged),
            _ => {}
        }
        if !fields.holds("event") && fields.holds("MsgType") {
            return CustomerMessage::read(&fields).map(Self::CustomerMessage);
        }
        Self::system_event(&event.raw_event, &fields)
    }

    fn system_event(name: &str, fields: &Fields<'_>) -> Result<Self> {
        let event = match name {
            "AUTHORIZED" => Self::Authorized(Authorization::read(fields)?),
            "UPDATE_AUTHORIZED" => Self::AuthorizationUpdated(Authorization::read(fields)?),
            "UNAUTHORIZED" => Self::AuthorizationRevoked,
            "CREATE_APP_AUTH_CANCEL" => Self::CreationCancelled(CreationCancelled::read(fields)?),
            "REGISTER_AUTH_SUCCESS" => Self::AuthorizedByRegistration(RegisteredAuthorization::read(fields)?),
            "ACCOUNT_AND_APP_CREATE_AUDIT_PASS" => Self::AppCreated(CreatedApp::read(fields)?),
            "ACCOUNT_AND_APP_CREATE_AUDIT_FAIL" => Self::CreationRejected(CreationFailed::read(fields)?),
            "APP_CREATE_FAIL" => Self::CreationFailed(CreationFailed::read(fields)?),
            "PACKAGE_AUDIT_PASS" => Self::PackageAudited(PackageAudit::read(true, fields)?),
            "PACKAGE_AUDIT_FAIL" => Self::PackageAudited(PackageAudit::read(false, fields)?),
            "APP_NAME_AUDIT_PASS" => Self::NameAudited(NameAudit::read(true, fields)?),
            "APP_NAME_AUDIT_FAIL" => Self::NameAudited(NameAudit::read(false, fields)?),
            "APP_NAME_CLEAR" => Self::NameCleared(NameCleared::read(fields)?),
            "APP_ICON_AUDIT_PASS" => Self::IconAudited(Verdict::read(true, fields)?),
            "APP_ICON_AUDIT_FAIL" => Self::IconAudited(Verdict::read(false, fields)?),
            "APP_DESC_AUDIT_PASS" => Self::DescriptionAudited(Verdict::read(true, fields)?),
            "APP_DESC_AUDIT_FAIL" => Self::DescriptionAudited(Verdict::read(false, fields)?),
            "APP_CATEGORY_AUDIT_PASS" => Self::CategoryAudited(Verdict::read(true, fields)?),
            "APP_CATEGORY_AUDIT_FAIL" => Self::CategoryAudited(Verdict::read(false, fields)?),
            "APP_FORCE_OFFLINE" => Self::ForcedOffline(ForcedOffline::read(fields)?),
            "APP_SERVER_PAUSE" => Self::ServicePaused,
            "APP_SERVER_RESUME" => Self::ServiceResumed,
            "TIME_LIMIT_RECTIFY_NOTIFY" => Self::RectificationRequired,
            "FLOW_CLOSE_NOTIFY" => Self::TrafficClosed,
            "FLOW_CLOSE_AUDIT_PASS" => Self::TrafficRecoveryAudited(Verdict::read(true, fields)?),
            "FLOW_CLOSE_AUDIT_FAIL" => Self::TrafficRecoveryAudited(Verdict::read(false, fields)?),
            "BASE_INFO_OFFLINE_AUDIT_SUCCESS" => {
                Self::OfflineUpdateAudited(OfflineUpdateAudit::read(true, fields)?)
            }
            "BASE_INFO_OFFLINE_AUDIT_FAIL" => {
                Self::OfflineUpdateAudited(OfflineUpdateAudit::read(false, fields)?)
            }
            PHONE_PERMISSION_GRANTED => {
                let verdict = Verdict::read(true, fields)?;
                match verdict.reason {
                    None => Self::PhonePermissionAudited(verdict),
                    Some(reason) => Self::PhonePermissionUnclear(reason),
                }
            }
            "APPLY_APP_MOBILE_AUTH_REJECT" => Self::PhonePermissionAudited(Verdict::read(false, fields)?),
            "APP_MOBILE_AUTH_CANCEL" => Self::PhonePermissionCancelled(Cancellation::read(fields)?),
            "ADVANCED_AUDIT_CHANGED" => Self::AdvancedAuditChanged(AdvancedAudit::read(fields)?),
            "APP_PAYMENT_CREATE_ACCOUNT_PASS" => Self::PaymentAccountAudited(Verdict::read(true, fields)?),
            // Baidu's page prints the sample of a failed sub-chain under this name.
            "APP_PAYMENT_CREATE_ACCOUNT_FAIL" if fields.holds("subchainId") => Self::Named(name.to_owned()),
            "APP_PAYMENT_CREATE_ACCOUNT_FAIL" => Self::PaymentAccountAudited(Verdict::read(false, fields)?),
            "APP_PAYMENT_CREATE_PAYMENT_PASS" => Self::PaymentServiceAudited(Verdict::read(true, fields)?),
            "APP_PAYMENT_CREATE_PAYMENT_FAIL" => Self::PaymentServiceAudited(Verdict::read(false, fields)?),
            "APP_PAYMENT_UPDATE_DEVELOP_CONFIG_PASS" => {
                Self::PaymentConfigAudited(Verdict::read(true, fields)?)
            }
            "APP_PAYMENT_UPDATE_DEVELOP_CONFIG_FAIL" => {
                Self::PaymentConfigAudited(Verdict::read(false, fields)?)
            }
            "AUDIT_SUB_CHAIN_PASS" => Self::SubchainAudited(SubchainAudit::read(true, fields)?),
            "AUDIT_SUB_CHAIN_FAILED" => Self::SubchainAudited(SubchainAudit::read(false, fields)?),
            "BRAND_WORD_AUDIT_SUCCESS" => Self::BrandWordAudited(BrandWordAudit::read(true, fields)?),
            "BRAND_WORD_AUDIT_FAIL" => Self::BrandWordAudited(BrandWordAudit::read(false, fields)?),
            "APP_SEARCH_PATH_AUDIT_PASS" => Self::SearchPathAudited(SearchPathAudit::read(true, fields)?),
            "APP_SEARCH_PATH_AUDIT_FAIL" => Self::SearchPathAudited(SearchPathAudit::read(false, fields)?),
            name if EVENTS.iter().any(|(listed, ..)| *listed == name) => Self::Named(name.to_owned()),
            name => Self::Unknown(name.to_owned()),
        };
        Ok(event)
    }
}

/// Reads the vendor's message: documented as `reason`, spelled `reson` in some pushes. A blank one counts as absent.
fn reason(fields: &Fields<'_>) -> Result<Option<String>> {
    let present =
        |name| -> Result<_> { Ok(fields.text(name)?.filter(|text: &String| !text.trim().is_empty())) };
    Ok(present("reason")?.or(present("reson")?))
}
