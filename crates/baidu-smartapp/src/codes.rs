//! Baidu's codes and their meaning here: status tables and error codes, as data that can be listed.
//!
//! Sources: Baidu's documents 000, 001, 003 and 004, whose own wording takes precedence where they print any, its
//! current SDKs, and the lists of its open-API gateway and authorization service. Success is `errno` 0; the table
//! lists it so that no code printed by the vendor is missing.

use miniprogram_core::model::QuotaPeriod;
use miniprogram_core::vendor_api::codes::{CodeRow, CodeTable, Explanation, Meaning};
use miniprogram_core::vendor_api::endpoint::{self, Endpoint, UNMODELLED};
use miniprogram_core::vendor_api::{StatusRow, StatusTable};
use miniprogram_core::{AuditStatus, Code, ErrorKind, Stage, UploadStatus, VisitStatus};

use crate::{BAIDU, endpoints};

mod advice;
mod c45xxx_to_c51xxx;
mod c60xxx_to_c69xxx;
mod from_c70xxx;
mod gateway;
mod oauth;
mod up_to_c44xxx;

/// `status` of a package: documents 000 and 001, `package/get` and `package/getdetail`.
///
/// ```
/// use baidu_smartapp::codes::PACKAGE_STAGE;
/// use miniprogram_core::Stage;
///
/// assert_eq!(PACKAGE_STAGE.translate(6).0, Stage::Approved);
/// assert_eq!(PACKAGE_STAGE.translate(7).0, Stage::Unknown);
/// ```
pub static PACKAGE_STAGE: StatusTable<Stage> = StatusTable::new(
    BAIDU,
    "package",
    Stage::Unknown,
    &[
        StatusRow::new(1, Stage::Released, "线上版本"),
        StatusRow::new(3, Stage::Development, "开发中"),
        StatusRow::new(4, Stage::InReview, "审核中"),
        StatusRow::new(5, Stage::Rejected, "审核失败"),
        StatusRow::new(6, Stage::Approved, "审核通过"),
        StatusRow::new(8, Stage::RollingBack, "回滚中"),
    ],
);

/// The same numbers as [`PACKAGE_STAGE`], read as the state of the package's audit.
pub static PACKAGE_AUDIT: StatusTable<AuditStatus> = StatusTable::new(
    BAIDU,
    "package",
    AuditStatus::Unknown,
    &[
        StatusRow::new(1, AuditStatus::Approved, "线上版本"),
        StatusRow::new(3, AuditStatus::NotSubmitted, "开发中"),
        StatusRow::new(4, AuditStatus::InReview, "审核中"),
        StatusRow::new(5, AuditStatus::Rejected, "审核失败"),
        StatusRow::new(6, AuditStatus::Approved, "审核通过"),
        StatusRow::new(8, AuditStatus::Approved, "回滚中"),
    ],
);

/// `upload_status` of a package: documents 000 and 001, `package/get`. Absent once the upload has succeeded.
pub static UPLOAD: StatusTable<UploadStatus> = StatusTable::new(
    BAIDU,
    "upload",
    UploadStatus::Unknown,
    &[
        StatusRow::new(1, UploadStatus::Processing, "上传中"),
        StatusRow::new(3, UploadStatus::Failed, "上传失败"),
    ],
);

/// `status` of `app/info`: document 004, and later editions for 5, 6 and 7. Three of the numbers do not show whether
/// users can open the app.
pub static APP_VISIT: StatusTable<VisitStatus> = StatusTable::new(
    BAIDU,
    "app",
    VisitStatus::Unknown,
    &[
        StatusRow::new(-1, VisitStatus::Closed, "封禁"),
        StatusRow::new(1, VisitStatus::Open, "正常"),
        StatusRow::new(2, VisitStatus::Unknown, "审核中"),
        StatusRow::new(4, VisitStatus::Closed, "暂停服务"),
        StatusRow::new(5, VisitStatus::Closed, "强制下线"),
        StatusRow::new(6, VisitStatus::Unknown, "限时整改"),
        StatusRow::new(7, VisitStatus::Unknown, "流量下线"),
    ],
);

/// `quota_type` of `package/auditquota`: Baidu's current SDKs.
pub static QUOTA_PERIOD: StatusTable<QuotaPeriod> = StatusTable::new(
    BAIDU,
    "quota_type",
    QuotaPeriod::Unknown,
    &[StatusRow::new(2, QuotaPeriod::Week, "weekly")],
);

/// Names the second meaning of 501, "HTTP method not supported" (请求方式不支持), to be used in place of an operation.
///
/// The number alone means "busy", in which case an effect may have happened; only the response's message
/// distinguishes them. Looked up in place of an operation, this name selects the row of the refusal.
///
/// ```
/// use baidu_smartapp::codes::{ERRNO, METHOD_NOT_SUPPORTED};
/// use miniprogram_core::ErrorKind;
///
/// let row = ERRNO.find(&501.into(), Some(METHOD_NOT_SUPPORTED)).unwrap();
/// assert_eq!(row.kind, ErrorKind::InvalidArgument);
/// ```
pub const METHOD_NOT_SUPPORTED: &str = "method_not_supported";

/// Names the second meaning of 44001, "token not valid", like [`METHOD_NOT_SUPPORTED`].
pub const TOKEN_NOT_VALID: &str = "token_not_valid";

/// Names the second meaning of 50037, "AES key shorter than 43 characters", like [`METHOD_NOT_SUPPORTED`].
pub const AES_KEY_TOO_SHORT: &str = "aes_key_too_short";

/// Names the second meaning of 63002, "template id unknown", like [`METHOD_NOT_SUPPORTED`]. For an upload and the
/// deletion of a template, this meaning applies automatically.
pub const TEMPLATE_UNKNOWN: &str = "template_unknown";

/// Names the second meaning of `invalid_request`, "invalid refresh token", like [`METHOD_NOT_SUPPORTED`].
pub const REFRESH_TOKEN_INVALID: &str = "refresh_token_invalid";

/// The call that sends a ticket: for it, a refused ticket is one that has been replaced by a newer one.
const TICKET_CALLS: &[&Endpoint] = &[&endpoints::PLATFORM_TOKEN];

/// The calls of the token chain, which are given their token: for these, 100 refers to that token.
const GIVEN_TOKEN_CALLS: &[&Endpoint] = &[
    &endpoints::PRE_AUTHORIZATION_CODE,
    &endpoints::OAUTH_TOKEN,
    &endpoints::RECOVER,
    &endpoints::AUTHORIZER_INFO,
];

/// The calls that set domains: for these, 50040 and 50041 refer to the domain, not to the account.
const DOMAIN_CALLS: &[&Endpoint] = &[
    &endpoints::SERVER_DOMAINS,
    &endpoints::WEB_VIEW_DOMAINS,
    &endpoints::PLATFORM_SERVER_DOMAINS,
    &endpoints::PLATFORM_WEB_VIEW_DOMAINS,
];

/// The calls that set web-view domains: for these, 470013 refers to those domains.
const WEB_VIEW_CALLS: &[&Endpoint] = &[&endpoints::WEB_VIEW_DOMAINS, &endpoints::PLATFORM_WEB_VIEW_DOMAINS];

/// The calls that request or give up the permission to read phone numbers: for these, 40045 refers to that
/// permission.
const PHONE_CALLS: &[&Endpoint] = &[&endpoints::APPLY_PHONE_PERMISSION, &endpoints::CANCEL_PHONE_PERMISSION];

/// The calls that submit a sitemap: for these, 47005 and 60005 refer to the file and to the search account.
const SITEMAP_CALLS: &[&Endpoint] = &[&endpoints::SUBMIT_SITEMAP, &endpoints::SUBMIT_SITEMAP_API];

/// The calls of the open-source alliance, whose token is fetched in another way.
const ALLIANCE_CALLS: &[&Endpoint] =
    &[&endpoints::ALLIANCE_APPS, &endpoints::ALLIANCE_PACKAGES, &endpoints::ALLIANCE_PACKAGE];

const GROUPS: &[&[CodeRow]] =
    &[up_to_c44xxx::ROWS, c45xxx_to_c51xxx::ROWS, c60xxx_to_c69xxx::ROWS, from_c70xxx::ROWS];

/// `errno`, the codes of the service itself: documents 000 to 004 and Baidu's current SDKs.
///
/// A row that applies only to some operations names their endpoints.
pub static ERRNO: CodeTable = CodeTable::new(BAIDU, "errno", GROUPS);

/// `error_code`, the codes of the open-API gateway in front of the service: the gateway's general list.
pub static GATEWAY: CodeTable = CodeTable::new(BAIDU, "gateway", &[gateway::ROWS]);

/// `error`, the named codes of the authorization service: its general list.
pub static OAUTH: CodeTable = CodeTable::new(BAIDU, "oauth", &[oauth::ROWS]);

/// `upload_err_code` of a package whose upload failed: Baidu's current SDKs. It is part of a read's response and
/// reports a definite failure.
pub static UPLOAD_ERR: CodeTable = CodeTable::new(
    BAIDU,
    "upload_err_code",
    &[&[
        CodeRow::new(-1, ErrorKind::Vendor, "unknown failure").advice(advice::code::UPLOAD_UNKNOWN),
        CodeRow::new(69010, ErrorKind::InvalidArgument, "template file could not be parsed")
            .advice(advice::code::TEMPLATE_FILE),
        CodeRow::new(69009, ErrorKind::Unavailable, "upload service temporarily unavailable")
            .advice(advice::code::UPLOAD_FAILED),
        CodeRow::new(40001, ErrorKind::InvalidArgument, "parameter wrong").advice(advice::code::EXT_AGAIN),
    ]],
);

/// Every table of error codes.
pub static TABLES: &[&CodeTable] = &[&ERRNO, &GATEWAY, &OAUTH, &UPLOAD_ERR];

/// Explains a code, for a specific operation (a trait's method or an endpoint path) if one is given.
///
/// Searches [`ERRNO`], then [`GATEWAY`], then [`OAUTH`]; no code is in two of them. With the name of a table
/// (`gateway`, `upload_err_code`, …) in place of the operation, only that table is searched. Without an operation the
/// result also names what the code means elsewhere.
///
/// ```
/// use baidu_smartapp::codes::explain;
///
/// assert_eq!(explain(&110.into(), None).table, Some("gateway"));
/// assert_eq!(explain(&40001.into(), Some("upload_err_code")).table, Some("upload_err_code"));
/// ```
#[must_use]
pub fn explain(code: &Code, operation: Option<&str>) -> Explanation {
    if let Some(table) = operation.and_then(|name| TABLES.iter().find(|table| table.name() == name)) {
        return table.explain(code, None);
    }
    let table = [&ERRNO, &GATEWAY, &OAUTH].into_iter().find(|table| table.find(code, operation).is_some());
    let mut explanation = table.unwrap_or(&ERRNO).explain(code, operation);
    if operation.is_none() {
        let uploads = UPLOAD_ERR.find(code, None).map(|row| Meaning::of(row).under("upload_err_code"));
        explanation.also.extend(uploads);
    }
    explanation
}

/// Returns every name that [`explain`] accepts as an operation: the methods of the client, `call` for the low-level one,
/// the paths of [`endpoints`], the tables, and the second meanings of a number.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let calls = endpoint::names(endpoints::ALL).into_iter().chain([UNMODELLED]);
    let meanings =
        [METHOD_NOT_SUPPORTED, TOKEN_NOT_VALID, AES_KEY_TOO_SHORT, TEMPLATE_UNKNOWN, REFRESH_TOKEN_INVALID];
    let others = endpoints::WITHOUT_ENDPOINT.iter().copied();
    calls.chain(others).chain(TABLES.iter().map(|table| table.name())).chain(meanings)
}
