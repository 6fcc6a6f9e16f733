//! What Acme's words mean.

use miniprogram_core::vendor_api::codes::{CodeRow, CodeTable};
use miniprogram_core::vendor_api::{StatusRow, StatusTable};
use miniprogram_core::{AuditStatus, ErrorKind, GrayStatus, VisitStatus};

use super::ACME;

// guide: codes
pub static CODES: CodeTable = CodeTable::new(
    ACME,
    "code",
    &[&[
        CodeRow::word("BUSY", ErrorKind::Unavailable, "try again later").open(),
        CodeRow::word("SIGN_INVALID", ErrorKind::Config, "signature or time is wrong"),
        CodeRow::word("TOKEN_INVALID", ErrorKind::TokenRejected, "no such app token"),
        CodeRow::word("GRANT_INVALID", ErrorKind::Unauthorized, "no such code or refresh token"),
        CodeRow::word("PARAM_INVALID", ErrorKind::InvalidArgument, "an argument is wrong"),
        CodeRow::word("AUDIT_RUNNING", ErrorKind::Conflict, "a version is being audited"),
        CodeRow::word("STATE_CONFLICT", ErrorKind::Conflict, "the app's state forbids it"),
    ]],
);

pub static AUDIT: StatusTable<AuditStatus> = StatusTable::new(
    ACME,
    "audit",
    AuditStatus::Unknown,
    &[
        StatusRow::of_word("NONE", AuditStatus::NotSubmitted, "nothing was submitted"),
        StatusRow::of_word("RUNNING", AuditStatus::InReview, "being audited"),
        StatusRow::of_word("PASSED", AuditStatus::Approved, "passed"),
        StatusRow::of_word("FAILED", AuditStatus::Rejected, "failed"),
        StatusRow::of_word("CANCELLED", AuditStatus::Withdrawn, "taken back"),
    ],
);
// end

pub(super) static GRAY: StatusTable<GrayStatus> = StatusTable::new(
    ACME,
    "gray",
    GrayStatus::Unknown,
    &[
        StatusRow::of_word("RUNNING", GrayStatus::Running, "serving a share of the users"),
        StatusRow::of_word("ENDED", GrayStatus::Deleted, "over"),
    ],
);

pub(super) static VISIBILITY: StatusTable<VisitStatus> = StatusTable::new(
    ACME,
    "visibility",
    VisitStatus::Unknown,
    &[
        StatusRow::of_word("VISIBLE", VisitStatus::Open, "users can open it"),
        StatusRow::of_word("HIDDEN", VisitStatus::Closed, "users cannot open it"),
    ],
);
