//! Baidu's numbers and words and what they mean here: status tables and error codes, as data that can be listed.
//!
//! Sources: Baidu's documents 000, 001, 003 and 004, whose own words win where they print some, its current SDKs, and
//! the lists of its open-API gateway and authorization service. Success is `errno` 0; the table lists it so that
//! nothing printed by the vendor is missing.

use miniprogram_core::codes::{CodeRow, CodeTable, Explanation, Meaning};
use miniprogram_core::{
    AuditStatus, Code, ErrorKind, QuotaPeriod, Stage, StatusRow, StatusTable, UploadStatus, VisitStatus,
};

use crate::BAIDU;

mod advice;
mod app;
mod gateway;
mod general;
mod oauth;
mod operations;
mod other;
mod service;

pub use operations::OPERATIONS;

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

/// The same numbers as [`PACKAGE_STAGE`], read as where the package's audit stands.
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

/// `status` of `app/info`: document 004, and later editions for 5, 6 and 7. Three of the numbers do not say whether
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

/// Names the second meaning of 501, "HTTP method not supported" (请求方式不支持), where an operation is asked for.
///
/// The number alone means "busy", and then an effect may have happened; only the words of the answer tell them apart.
/// Looked up in place of an operation, this selects the row of the refusal.
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

/// Names the second meaning of 63002, "template id unknown", like [`METHOD_NOT_SUPPORTED`]. An upload and the deletion
/// of a template have this meaning by themselves.
pub const TEMPLATE_UNKNOWN: &str = "template_unknown";

/// Names the second meaning of `invalid_request`, "invalid refresh token", like [`METHOD_NOT_SUPPORTED`].
pub const REFRESH_TOKEN_INVALID: &str = "refresh_token_invalid";

/// The call that sends a ticket: there a refused ticket is one that a newer one replaces.
const TICKET_CALLS: &[&str] = &["platform_token", "/public/2.0/smartapp/auth/tp/token"];

/// The calls of the token chain, which are given their token: there 100 speaks of that token.
const GIVEN_TOKEN_CALLS: &[&str] = &[
    "pre_authorization_code",
    "/rest/2.0/smartapp/tp/createpreauthcode",
    "exchange",
    "refresh",
    "/rest/2.0/oauth/token",
    "recover",
    "/rest/2.0/smartapp/auth/retrieve/authorizationcode",
    "authorizer_info",
    "/rest/2.0/smartapp/app/info",
];

/// The calls that set domains: there 50040 and 50041 speak of the domain, not of the account.
const DOMAIN_CALLS: &[&str] = &[
    "server_domains",
    "change_server_domains",
    "web_view_domains",
    "change_web_view_domains",
    "/rest/2.0/smartapp/app/modifydomain",
    "/rest/2.0/smartapp/app/modifywebviewdomain",
    "/rest/2.0/smartapp/tp/modifydomain",
    "/rest/2.0/smartapp/tp/modifywebviewdomain",
];

/// The calls that set web-view domains: there 470013 asks for those.
const WEB_VIEW_CALLS: &[&str] = &[
    "web_view_domains",
    "change_web_view_domains",
    "/rest/2.0/smartapp/app/modifywebviewdomain",
    "/rest/2.0/smartapp/tp/modifywebviewdomain",
];

/// The calls that ask for the permission to read phone numbers, and give it up: there 40045 speaks of that permission.
const PHONE_CALLS: &[&str] = &[
    "apply_phone_permission",
    "cancel_phone_permission",
    "/rest/2.0/smartapp/app/apply/mobileauth",
    "/rest/2.0/smartapp/app/cancel/mobileauth",
];

/// The calls that hand in a sitemap: there 47005 and 60005 speak of the file and of the search account.
const SITEMAP_CALLS: &[&str] =
    &["/rest/2.0/smartapp/access/submit/sitemap", "/rest/2.0/smartapp/access/submitsitemap/api"];

/// The calls of the open-source alliance: their token is fetched another way.
const ALLIANCE_CALLS: &[&str] = &[
    "alliance_apps",
    "alliance_packages",
    "alliance_package",
    "/rest/2.0/smartapp/oss/app/info",
    "/rest/2.0/smartapp/oss/package/get",
    "/rest/2.0/smartapp/oss/package/getdetail",
];

const GROUPS: &[&[CodeRow]] = &[general::ROWS, app::ROWS, service::ROWS, other::ROWS];

/// `errno`, the codes of the service itself: documents 000 to 004 and Baidu's current SDKs.
///
/// A row that holds for some operations only names the trait's method and the endpoint path.
pub static ERRNO: CodeTable = CodeTable::new(BAIDU, "errno", GROUPS);

/// `error_code`, the codes of the open-API gateway in front of the service: the gateway's general list.
pub static GATEWAY: CodeTable = CodeTable::new(BAIDU, "gateway", &[gateway::ROWS]);

/// `error`, the words of the authorization service: its general list.
pub static OAUTH: CodeTable = CodeTable::new(BAIDU, "oauth", &[oauth::ROWS]);

/// `upload_err_code` of a package whose upload failed: Baidu's current SDKs. It is part of a read's answer and
/// reports a failure that is certain.
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

/// What a code means, to an operation (a trait's method or an endpoint path) where it is given.
///
/// Looks in [`ERRNO`], then in [`GATEWAY`], then in [`OAUTH`]; no number stands in two of them. The name of a table
/// (`gateway`, `upload_err_code`, …) in place of the operation looks in that table alone. Without an operation the
/// answer also names what the code means elsewhere.
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
        let uploads = UPLOAD_ERR.find(code, None).map(|row| Meaning::of(row).under(&["upload_err_code"]));
        explanation.also.extend(uploads);
    }
    explanation
}

/// Every name that [`explain`] takes as an operation: the methods and endpoint paths of [`OPERATIONS`], the tables, and
/// the second meanings of a number.
pub fn operations() -> impl Iterator<Item = &'static str> {
    let calls =
        OPERATIONS.iter().flat_map(|(method, paths)| std::iter::once(*method).chain(paths.iter().copied()));
    let meanings =
        [METHOD_NOT_SUPPORTED, TOKEN_NOT_VALID, AES_KEY_TOO_SHORT, TEMPLATE_UNKNOWN, REFRESH_TOKEN_INVALID];
    calls.chain(TABLES.iter().map(|table| table.name())).chain(meanings)
}
