//! WeChat's numeric codes and their meaning here: status tables and error codes, as data that can be listed.
//!
//! Sources: WeChat's code management document (002), whose own wording takes precedence where it prints any, and its
//! current public error tables. Success is `errcode` 0; the table lists it so that no code printed by the vendor is
//! missing.

use miniprogram_core::vendor_api::codes::{CodeRow, CodeTable, Explanation};
use miniprogram_core::vendor_api::endpoint::{self, Endpoint, UNMODELLED};
use miniprogram_core::vendor_api::{StatusRow, StatusTable};
use miniprogram_core::{AuditStatus, Code, GrayStatus, Stage, VisitStatus};

use crate::{WECHAT, endpoints};

mod advice;
mod c53xxx;
mod c61xxx_to_c76xxx;
mod c80xxx;
mod c85xxx;
mod c86xxx_to_c87xxx;
mod c89xxx_to_c91xxx;
mod from_c200xxx;
mod up_to_c50xxx;

/// `status` of `get_auditstatus` and `get_latest_auditstatus`: document 002 sections 7 and 8, and the current page.
///
/// ```
/// use miniprogram_core::AuditStatus;
/// use wechat_wxa::codes::AUDIT;
///
/// let (status, raw) = AUDIT.translate(4);
/// assert_eq!(status, AuditStatus::Delayed);
/// assert_eq!(raw.code, 4);
/// assert_eq!(AUDIT.translate(9).0, AuditStatus::Unknown);
/// ```
pub static AUDIT: StatusTable<AuditStatus> = StatusTable::new(
    WECHAT,
    "audit",
    AuditStatus::Unknown,
    &[
        StatusRow::new(0, AuditStatus::Approved, "审核成功"),
        StatusRow::new(1, AuditStatus::Rejected, "审核失败"),
        StatusRow::new(2, AuditStatus::InReview, "审核中"),
        StatusRow::new(3, AuditStatus::Withdrawn, "已撤回"),
        StatusRow::new(4, AuditStatus::Delayed, "审核延后"),
    ],
);

/// The same numbers as [`AUDIT`], read as the stage of the version in audit: a withdrawn version is in development
/// again.
pub static AUDIT_STAGE: StatusTable<Stage> = StatusTable::new(
    WECHAT,
    "audit",
    Stage::Unknown,
    &[
        StatusRow::new(0, Stage::Approved, "审核成功"),
        StatusRow::new(1, Stage::Rejected, "审核失败"),
        StatusRow::new(2, Stage::InReview, "审核中"),
        StatusRow::new(3, Stage::Development, "已撤回"),
        StatusRow::new(4, Stage::InReview, "审核延后"),
    ],
);

/// `gray_release_plan.status` of `getgrayreleaseplan`: document 002 section 17.3.
pub static GRAY: StatusTable<GrayStatus> = StatusTable::new(
    WECHAT,
    "gray_release_plan",
    GrayStatus::Unknown,
    &[
        StatusRow::new(0, GrayStatus::Initial, "初始状态"),
        StatusRow::new(1, GrayStatus::Running, "执行中"),
        StatusRow::new(2, GrayStatus::Paused, "暂停中"),
        StatusRow::new(3, GrayStatus::Finished, "执行完毕"),
        StatusRow::new(4, GrayStatus::Deleted, "被删除"),
    ],
);

/// `status` of `getvisitstatus`: the current page; the labels are those of `change_visitstatus`, document 002 section
/// 10.
pub static VISIT: StatusTable<VisitStatus> = StatusTable::new(
    WECHAT,
    "visit",
    VisitStatus::Unknown,
    &[StatusRow::new(0, VisitStatus::Closed, "不可见"), StatusRow::new(1, VisitStatus::Open, "可见")],
);

/// The calls that set domains: for these, 85015 refers to the account, not to a library version.
const DOMAIN_CALLS: &[&Endpoint] = &[
    &endpoints::SERVER_DOMAINS,
    &endpoints::SERVER_DOMAINS_DIRECTLY,
    &endpoints::WEB_VIEW_DOMAINS,
    &endpoints::WEB_VIEW_DOMAINS_DIRECTLY,
];

/// The call that sends a ticket: for it, a refused ticket is one that has been replaced by a newer one.
const TICKET_CALLS: &[&Endpoint] = &[&endpoints::PLATFORM_TOKEN];

/// The call that sends an authorization code: for it, a refused code means that the authorization no longer exists.
const CODE_CALLS: &[&Endpoint] = &[&endpoints::EXCHANGE];

const GROUPS: &[&[CodeRow]] = &[
    up_to_c50xxx::ROWS,
    c53xxx::ROWS,
    c61xxx_to_c76xxx::ROWS,
    c80xxx::ROWS,
    c85xxx::ROWS,
    c86xxx_to_c87xxx::ROWS,
    c89xxx_to_c91xxx::ROWS,
    from_c200xxx::ROWS,
];

/// `errcode`, whichever call returns it: WeChat's public error tables and document 002.
///
/// A row that applies only to some operations names their endpoints.
///
/// ```
/// use miniprogram_core::ErrorKind;
/// use wechat_wxa::codes::ERRCODE;
///
/// let row = ERRCODE.find(&87012.into(), Some("rollback")).unwrap();
/// assert_eq!(row.kind, ErrorKind::Conflict);
/// ```
pub static ERRCODE: CodeTable = CodeTable::new(WECHAT, "errcode", GROUPS);

/// Every table of error codes.
pub static TABLES: &[&CodeTable] = &[&ERRCODE];

/// Explains an `errcode`, for a specific operation (a trait's method or an endpoint path) if one is given.
///
/// ```
/// use miniprogram_core::vendor_api::codes::Language;
/// use wechat_wxa::codes::explain;
///
/// let busy = explain(&61039.into(), Some("submit_audit"));
/// assert_eq!(busy.advice, "wait about a minute and submit again; do not upload again");
/// assert_eq!(busy.in_language(Language::Chinese).advice, "隐私接口检测未完成，请约 1 分钟后重新提审，不要重新上传代码");
/// ```
#[must_use]
pub fn explain(code: &Code, operation: Option<&str>) -> Explanation {
    ERRCODE.explain(code, operation)
}

/// Returns every name that [`explain`] accepts as an operation: the methods of the client, `call` for the low-level one,
/// and the paths of [`endpoints`].
pub fn operations() -> impl Iterator<Item = &'static str> {
    endpoint::names(endpoints::ALL).into_iter().chain([UNMODELLED])
}
