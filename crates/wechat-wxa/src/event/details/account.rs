//! Registration, verification and filing of an app's subject.

use miniprogram_core::vendor_api::Fields;
use miniprogram_core::{AppId, Result, Secret, Timestamp};

use super::{app_id, coded, coded_if_told};
use crate::values::{APPLY_STATUS, AUTH_TASK, ApplyStatus, AuthTaskStatus, Coded, FACE_CHECK, FaceCheck};

/// The result of registering an app through the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// `status`: 0 on success, otherwise WeChat's code for the failure.
    pub status: i64,
    /// `appid`: the new app; absent if there is none.
    pub app_id: Option<AppId>,
    /// `auth_code`: exchange it for the app's tokens. It can be used only once.
    pub auth_code: Option<Secret>,
    /// `msg`.
    pub message: Option<String>,
    /// `taskid`: the task of the application, as named in the response to it. Also read from `info`, and as
    /// `task_id`.
    pub task_id: Option<String>,
    /// `info`: the data of the application.
    pub info: Option<RegistrationInfo>,
}

impl Registration {
    /// Returns whether the app was registered.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.status == 0
    }

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let info = fields.object("info")?;
        let mut task_id = None;
        for place in std::iter::once(fields).chain(&info) {
            for name in ["taskid", "task_id"] {
                task_id = task_id.or(place.text(name)?);
            }
        }
        Ok(Self {
            task_id,
            status: fields.required("status", Fields::number)?,
            app_id: fields.text("appid")?.map(AppId::from),
            auth_code: fields.text("auth_code")?.map(Secret::from),
            message: fields.text("msg")?,
            info: info.as_ref().map(RegistrationInfo::read).transpose()?,
        })
    }
}

/// The data of a registration's application, which identifies the application that a result belongs to. Enterprises,
/// persons and trial apps fill different fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrationInfo {
    /// `name`: the enterprise, or the trial app.
    pub name: Option<String>,
    /// `code`: the enterprise's code.
    pub code: Option<String>,
    /// `code_type`: the type of that code.
    pub code_type: Option<i64>,
    /// `legal_persona_wechat`: the legal representative's WeChat id.
    pub legal_persona_wechat: Option<String>,
    /// `legal_persona_name`: the legal representative's name.
    pub legal_persona_name: Option<String>,
    /// `component_phone`: the platform's telephone.
    pub component_phone: Option<String>,
    /// `wxuser`: a person's WeChat id.
    pub wxuser: Option<String>,
    /// `idname`: a person's name.
    pub idname: Option<String>,
    /// `unique_id`: the application of the trial app.
    pub unique_id: Option<String>,
}

impl RegistrationInfo {
    fn read(info: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            name: info.text("name")?,
            code: info.text("code")?,
            code_type: info.number("code_type")?,
            legal_persona_wechat: info.text("legal_persona_wechat")?,
            legal_persona_name: info.text("legal_persona_name")?,
            component_phone: info.text("component_phone")?,
            wxuser: info.text("wxuser")?,
            idname: info.text("idname")?,
            unique_id: info.text("unique_id")?,
        })
    }
}

/// A trial app is being verified: `ApplyAuthorizationInfoNoitfy` (sic), WeChat's spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BetaAppVerification {
    /// `appid`, as it was sent; WeChat's pages do not state whose it is.
    pub app_id: Option<AppId>,
    /// `mp_appid`: the app.
    pub mp_app_id: Option<AppId>,
    /// `status`: the vendor's number.
    pub status: Option<i64>,
    /// `msg`.
    pub message: Option<String>,
    /// `operation_time`.
    pub operated_at: Option<Timestamp>,
    /// `ticket`.
    pub ticket: Option<Secret>,
}

impl BetaAppVerification {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let info = fields.required("ApplyAuthorizationInfoNoitfy", Fields::object)?;
        Ok(Self {
            app_id: info.text("appid")?.map(AppId::from),
            mp_app_id: info.text("mp_appid")?.map(AppId::from),
            status: info.number("status")?,
            message: info.text("msg")?,
            operated_at: info.time("operation_time")?,
            ticket: info.text("ticket")?.map(Secret::from),
        })
    }
}

/// The verification of an app's subject has progressed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthTask {
    /// `appid`: the app.
    pub app_id: AppId,
    /// `taskid`.
    pub task_id: Option<String>,
    /// `task_status`: the progress of the task.
    pub status: Coded<AuthTaskStatus>,
    /// `apply_status`: the progress of the review, once there is one.
    pub apply_status: Option<Coded<ApplyStatus>>,
    /// `message`: the reviewer's message.
    pub message: Option<String>,
    /// `dispatch_info`: the agency that reviews it.
    pub dispatch: Option<Dispatch>,
}

impl AuthTask {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            app_id: app_id(fields, "appid")?,
            task_id: fields.text("taskid")?,
            status: coded(fields, "task_status", &AUTH_TASK)?,
            apply_status: coded_if_told(fields, "apply_status", &APPLY_STATUS)?,
            message: fields.text("message")?,
            dispatch: fields.object("dispatch_info")?.as_ref().map(Dispatch::read).transpose()?,
        })
    }
}

/// The agency that reviews a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dispatch {
    /// `provider`: the reviewing agency.
    pub provider: Option<String>,
    /// `contact`: how to reach the agency.
    pub contact: Option<String>,
    /// `dispatch_time`.
    pub dispatched_at: Option<Timestamp>,
}

impl Dispatch {
    fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            provider: fields.text("provider")?,
            contact: fields.text("contact")?,
            dispatched_at: fields.time("dispatch_time")?,
        })
    }
}

/// A verification is due, or has expired and the app is restricted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerificationExpiry {
    /// `appid`: the app.
    pub app_id: AppId,
    /// `expired`: when the verification expires or expired.
    pub expires_at: Option<Timestamp>,
    /// `message`, without surrounding whitespace and line breaks.
    pub message: Option<String>,
}

impl VerificationExpiry {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        let message = fields.text("message")?.map(|text| text.trim().to_owned());
        Ok(Self {
            app_id: app_id(fields, "appid")?,
            expires_at: fields.time("expired")?,
            message: message.filter(|text| !text.is_empty()),
        })
    }
}

/// The person in charge of an app took the face check for its filing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaceVerification {
    /// `verify_appid`: the app.
    pub app_id: AppId,
    /// `task_id`.
    pub task_id: Option<String>,
    /// `result`.
    pub result: Coded<FaceCheck>,
    /// `along_with_auth_result`: the vendor's number for a verification of the subject in the same step.
    pub along_with_auth_result: Option<i64>,
}

impl FaceVerification {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            app_id: app_id(fields, "verify_appid")?,
            task_id: fields.text("task_id")?,
            result: coded(fields, "result", &FACE_CHECK)?,
            along_with_auth_result: fields.number("along_with_auth_result")?,
        })
    }
}

/// An app's filing was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filing {
    /// `authorizer_appid`: the app.
    pub app_id: AppId,
    /// `beian_status`: the vendor's number.
    pub status: i64,
}

impl Filing {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            app_id: app_id(fields, "authorizer_appid")?,
            status: fields.required("beian_status", Fields::number)?,
        })
    }
}

/// Verification and filing in one procedure have progressed. The push does not name an app.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilingProcedure {
    /// `procedure_id`.
    pub procedure_id: String,
    /// `procedure_status`: the vendor's number.
    pub status: i64,
}

impl FilingProcedure {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self> {
        Ok(Self {
            procedure_id: fields.required("procedure_id", Fields::text)?,
            status: fields.required("procedure_status", Fields::number)?,
        })
    }
}
