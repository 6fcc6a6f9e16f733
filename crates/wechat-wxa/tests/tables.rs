//! The tables, whole: a changed row is a changed snapshot. Quote the vendor's page in the commit.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use miniprogram_core::codes::{Certainty, CodeRow, Owner};
use miniprogram_core::{AuditStatus, ErrorKind, GrayStatus, Retry, Stage, VisitStatus};
use wechat_wxa::codes::{AUDIT, AUDIT_STAGE, ERRCODE, GRAY, TABLES, VISIT, explain};

fn row(code: i64, operation: Option<&str>) -> &'static CodeRow {
    ERRCODE.find(&code.into(), operation).unwrap_or_else(|| panic!("no row for {code}"))
}

/// The rows whose advice is not that of their kind.
fn advice() -> String {
    let mut text = String::new();
    for row in ERRCODE.rows().filter(|row| row.advice_text() != row.kind.advice()) {
        let operation = row.operations.first().unwrap_or(&"*");
        let _ = writeln!(text, "{} | {operation} | {}", row.code(), row.advice_text());
    }
    text
}

#[test]
fn tables_are_as_recorded() {
    insta::assert_snapshot!("wechat_audit", AUDIT.render());
    insta::assert_snapshot!("wechat_audit_stage", AUDIT_STAGE.render());
    insta::assert_snapshot!("wechat_gray_release_plan", GRAY.render());
    insta::assert_snapshot!("wechat_visit", VISIT.render());
    insta::assert_snapshot!("wechat_errcode", ERRCODE.render());
    insta::assert_snapshot!("wechat_errcode_advice", advice());
}

#[test]
fn no_two_rows_answer_the_same_question() {
    for table in TABLES {
        for (index, row) in table.rows().enumerate() {
            for other in table.rows().take(index).filter(|other| other.code() == row.code()) {
                let both_general = row.operations.is_empty() && other.operations.is_empty();
                let shared = row.operations.iter().any(|operation| other.operations.contains(operation));
                assert!(!both_general && !shared, "{} stands twice", row.code());
            }
        }
    }
}

#[test]
fn every_row_has_words_and_a_general_row() {
    for row in ERRCODE.rows() {
        assert!(!row.meaning.is_empty() && !row.advice_text().is_empty(), "{}", row.code());
        assert!(!row.advice_text().ends_with('.'), "{}", row.code());
        assert!(ERRCODE.find(&row.code(), None).is_some(), "{} has no general row", row.code());
        for path in row.operations.iter().filter(|operation| operation.contains('/')) {
            assert!(path.starts_with('/'), "{path}");
        }
    }
}

#[test]
fn the_kinds_that_the_contract_names() {
    for (code, kind) in [
        (86001, ErrorKind::NotFound),
        (85014, ErrorKind::InvalidArgument),
        (45009, ErrorKind::QuotaExhausted),
        (45011, ErrorKind::RateLimited),
        (87013, ErrorKind::QuotaExhausted),
        (85012, ErrorKind::NotFound),
        (85058, ErrorKind::NotFound),
        (85009, ErrorKind::Conflict),
        (85019, ErrorKind::Conflict),
        (85020, ErrorKind::Conflict),
        (85021, ErrorKind::Conflict),
        (85079, ErrorKind::Conflict),
        (85080, ErrorKind::Conflict),
        (85082, ErrorKind::Conflict),
        (87011, ErrorKind::Conflict),
        (87012, ErrorKind::Conflict),
        (40001, ErrorKind::TokenRejected),
        (40014, ErrorKind::TokenRejected),
        (42001, ErrorKind::TokenRejected),
        (61003, ErrorKind::Unauthorized),
        (61023, ErrorKind::Unauthorized),
        (40030, ErrorKind::Unauthorized),
        (42002, ErrorKind::Unauthorized),
        (42007, ErrorKind::Unauthorized),
        (48001, ErrorKind::PermissionDenied),
        (61004, ErrorKind::PermissionDenied),
        (61007, ErrorKind::PermissionDenied),
        (40125, ErrorKind::Config),
    ] {
        assert_eq!(row(code, None).kind, kind, "{code}");
    }
    for code in [85006, 85007, 85008, 85013, 85014, 85015, 85043, 85044, 85045, 85046, 85047, 85048] {
        assert_eq!(row(code, None).kind, ErrorKind::InvalidArgument, "{code}");
    }
}

#[test]
fn only_busy_codes_leave_an_effect_open() {
    let open: BTreeSet<i64> =
        ERRCODE.rows().filter(|row| row.certainty() == Certainty::Open).map(|row| row.number).collect();
    assert_eq!(open, BTreeSet::from([-1, 61450, 89247, 89250, 89401]));
    for code in [61039, 85090, 9402202] {
        assert_eq!(row(code, None).retry_rule(), Retry::Backoff, "{code} is refused, try later");
    }
    assert_eq!(row(61039, Some("submit_audit")).retry_after(), Some(Duration::from_secs(60)));
}

#[test]
fn a_code_means_what_it_means_to_the_operation() {
    assert_eq!(row(86002, Some("start_gray_release")).meaning, "小程序未初始化完成");
    assert_eq!(row(86002, Some("/wxa/grayrelease")).meaning, "小程序未初始化完成");
    assert!(row(86002, Some("submit_audit")).meaning.starts_with("小程序还未设置昵称"));
    assert_eq!(row(86002, Some("submit_audit")).owner_of_move(), Owner::Merchant);
    assert!(row(87012, Some("rollback")).meaning.starts_with("该版本不能回退"));
    assert_eq!(row(87012, Some("withdraw_audit")).meaning, "no audit to withdraw");
    assert_eq!(row(85015, Some("set_min_library_version")).meaning, "版本输入错误");
    assert_eq!(row(85015, Some("/wxa/modify_domain")).meaning, "account is not a mini program");
    assert_eq!(row(85020, Some("release")).meaning, "审核状态未满足发布");
    assert_eq!(row(85021, Some("set_visit_status")).meaning, "状态不可变");
    assert_eq!(row(85012, Some("latest_audit")).kind, ErrorKind::NotFound);
}

#[test]
fn a_code_that_nobody_has_listed_is_never_repeated() {
    let unlisted = explain(&1_234_567.into(), Some("release"));
    assert_eq!((unlisted.kind, unlisted.retry, unlisted.table), (ErrorKind::Vendor, Retry::No, None));
    for row in ERRCODE.rows().filter(|row| row.kind == ErrorKind::Vendor) {
        assert_eq!(row.retry_rule(), Retry::No, "{}", row.code());
    }
}

#[test]
fn an_explanation_names_its_table_and_reads_words_of_numbers() {
    let code: miniprogram_core::Code = "-1".parse().unwrap();
    let busy = explain(&code, None);
    assert_eq!((busy.table, busy.meaning, busy.owner), (Some("errcode"), "系统繁忙", Owner::Vendor));
}

#[test]
fn numbers_that_no_table_lists_are_unknown_and_kept() {
    assert_eq!(AUDIT.translate(9).0, AuditStatus::Unknown);
    assert_eq!(AUDIT_STAGE.translate(3).0, Stage::Development);
    assert_eq!(GRAY.translate(-7).0, GrayStatus::Unknown);
    assert_eq!(VISIT.translate(2).0, VisitStatus::Unknown);
    assert_eq!(VISIT.translate(2).1.code, 2);
}
