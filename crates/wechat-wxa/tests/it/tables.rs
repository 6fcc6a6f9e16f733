//! The complete tables: a changed row is a changed snapshot. Quote the vendor's page in the commit.

use std::collections::BTreeSet;
use std::time::Duration;

use miniprogram_core::vendor_api::codes::{Certainty, CodeRow, Language, Owner};
use miniprogram_core::vendor_api::endpoint;
use miniprogram_core::{AuditStatus, ErrorKind, GrayStatus, Retry, Stage, VisitStatus};
use wechat_wxa::codes::{AUDIT, AUDIT_STAGE, ERRCODE, GRAY, TABLES, VISIT, explain, operations};
use wechat_wxa::endpoints;

fn row(code: i64, operation: Option<&str>) -> &'static CodeRow {
    ERRCODE.find(&code.into(), operation).unwrap_or_else(|| panic!("no row for {code}"))
}

#[test]
fn tables_are_as_recorded() {
    insta::assert_snapshot!("wechat_audit", AUDIT.render());
    insta::assert_snapshot!("wechat_audit_stage", AUDIT_STAGE.render());
    insta::assert_snapshot!("wechat_gray_release_plan", GRAY.render());
    insta::assert_snapshot!("wechat_visit", VISIT.render());
    insta::assert_snapshot!("wechat_errcode", ERRCODE.render());
}

#[test]
fn every_table_is_sound() {
    for table in TABLES {
        assert_eq!(table.check(), [""; 0]);
    }
}

#[test]
fn every_endpoint_is_listed_once() {
    assert_eq!(endpoint::check(endpoints::ALL), [""; 0]);
    let source = include_str!("../../src/endpoints.rs");
    let declared =
        source.lines().filter_map(|line| line.strip_prefix("pub static ")?.split_once(": Endpoint"));
    for (name, _) in declared.clone() {
        assert!(source.contains(&format!("    &{name},\n")), "{name} is not in ALL");
    }
    assert_eq!(declared.count(), endpoints::ALL.len());
}

#[test]
fn a_row_for_some_operations_names_listed_endpoints() {
    for row in ERRCODE.rows() {
        for endpoint in row.endpoints {
            assert!(endpoints::ALL.contains(endpoint), "{}: {}", row.code(), endpoint.path());
        }
    }
}

#[test]
fn what_explain_can_be_asked_about_is_listed_once() {
    let mut names: Vec<&str> = operations().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "a name stands twice");
    for name in ["release", "/wxa/release", "call", "bind_tester"] {
        assert!(operations().any(|operation| operation == name), "{name}");
    }
    assert!(operations().all(|operation| operation != "set_everything"));
}

#[test]
fn what_the_merchant_is_to_do_is_the_merchants_move() {
    for row in ERRCODE.rows().filter(|row| row.advice_text().starts_with("let the merchant")) {
        assert_eq!(row.owner_of_move(), Owner::Merchant, "{}: {}", row.code(), row.advice_text());
    }
}

#[test]
fn the_codes_that_the_document_prints_say_more_than_their_kind() {
    let printed = [
        -1, 85006, 85007, 85008, 85009, 85010, 85011, 85012, 85013, 85014, 85015, 85019, 85020, 85021, 85022,
        85023, 85043, 85044, 85045, 85046, 85047, 85048, 85077, 85079, 85080, 85081, 85082, 86000, 86001,
        86002, 87011, 87012, 87013,
    ];
    for row in ERRCODE.rows().filter(|row| printed.contains(&row.number)) {
        for language in Language::ALL {
            assert_ne!(row.advice_in(language), row.kind.advice_in(language), "{}", row.code());
        }
    }
}

#[test]
fn the_codes_that_integrators_report_are_listed_with_an_advice_of_their_own() {
    let registration = (61051..=61056).chain([61061]).chain(61063..=61069);
    let messages = [43004, 43019, 44004, 45015, 45047, 48002];
    let filing = [86201, 86202, 86205, 86324, 86328, 86330, 86353, 86355, 86368];
    let plugins = [89016, 89017, 89240, 89241, 89242, 89245, 89246, 89259];
    let others = [85053, 85059, 86003, 89502, 89504, 89505, 886_000, 10_060_035, 10_120_002];
    for code in registration.chain(messages).chain(filing).chain(plugins).chain(others) {
        let row = row(code, None);
        for language in Language::ALL {
            assert_ne!(row.advice_in(language), row.kind.advice_in(language), "{code}");
        }
        assert_eq!(row.certainty(), Certainty::Refused, "{code}");
        assert_ne!(row.retry_rule(), Retry::Backoff, "{code}: nothing changes while one waits a moment");
    }
    assert_eq!(
        (row(10_060_035, None).kind, row(10_060_035, None).retry_rule()),
        (ErrorKind::Vendor, Retry::No)
    );
    assert_eq!(row(886_000, None).retry_rule(), Retry::NextWindow, "the count starts anew each month");
    assert_eq!(row(45047, None).retry_rule(), Retry::AfterChange, "no window opens until the user writes");
}

#[test]
fn an_advice_names_every_cause_that_the_vendor_names() {
    for (code, operation, names) in [
        (85008, Some("submit_audit"), ["`first_id`", "`second_id`"]),
        (85080, Some("start_gray_release"), ["approved", "released in full already"]),
        (48001, None, ["exclusive", "token"]),
        (61007, None, ["permission set", "exclusive"]),
        (61058, Some("platform_token"), ["component_verify_ticket", "component token"]),
        (61058, None, ["registered all the same", "scan again"]),
        (61009, Some("exchange"), ["works once", "percent-decoded"]),
        (86202, None, ["`hints`", "own code"]),
    ] {
        let advice = row(code, operation).advice_text();
        for name in names {
            assert!(advice.contains(name), "{code}: {advice}");
        }
    }
    let check = row(86328, Some("/wxa/icp/query_icp_verifytask"));
    assert_eq!((check.kind, check.meaning), (ErrorKind::NotFound, "无法找到资源"));
    assert_eq!(row(86328, None).owner_of_move(), Owner::Merchant);
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
    assert_eq!(open, BTreeSet::from([-1, 61450, 89247, 89250, 89401, 886_001]));
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
    let secret = row(40001, Some("/cgi-bin/component/api_component_token"));
    assert_eq!((secret.kind, secret.retry_rule()), (ErrorKind::Config, Retry::AfterChange));
    for code in [40091, 61005, 61006, 61058] {
        let ticket = row(code, Some("platform_token"));
        assert_eq!(
            (ticket.kind, ticket.retry_rule()),
            (ErrorKind::TokenRejected, Retry::AfterChange),
            "{code}"
        );
    }
    for code in [40029, 40116, 40163, 61009, 61010] {
        assert_eq!(row(code, Some("exchange")).kind, ErrorKind::Unauthorized, "{code}");
    }
    for operation in ["change_server_domains_directly", "change_web_view_domains", "/wxa/setwebviewdomain"] {
        assert_eq!(row(85015, Some(operation)).meaning, "account is not a mini program", "{operation}");
    }
    for (code, operation, names) in [
        (40097, "set_icon", "media id"),
        (40097, "rollback", "rollback_targets"),
        (40097, "start_gray_release", "percentage"),
        (61039, "privacy_scan", "query again"),
        (85064, "add_template", "template_drafts"),
        (85064, "delete_template", "`templates`"),
    ] {
        let advice = row(code, Some(operation)).advice_text();
        assert!(advice.contains(names), "{code} {operation}: {advice}");
        assert_ne!(advice, row(code, None).advice_text(), "{code} {operation}");
    }
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
    assert_eq!(busy.also[0].meaning, "系统错误");
}

#[test]
fn numbers_that_no_table_lists_are_unknown_and_kept() {
    assert_eq!(AUDIT.translate(9).0, AuditStatus::Unknown);
    assert_eq!(AUDIT_STAGE.translate(3).0, Stage::Development);
    assert_eq!(GRAY.translate(-7).0, GrayStatus::Unknown);
    assert_eq!(VISIT.translate(2).0, VisitStatus::Unknown);
    assert_eq!(VISIT.translate(2).1.code, 2);
}
