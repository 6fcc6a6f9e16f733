//! The complete tables: a changed row is a changed snapshot. Quote the vendor's page in the commit.

use std::collections::BTreeSet;

use baidu_smartapp::codes::{
    AES_KEY_TOO_SHORT, APP_VISIT, ERRNO, GATEWAY, METHOD_NOT_SUPPORTED, OAUTH, PACKAGE_AUDIT, PACKAGE_STAGE,
    QUOTA_PERIOD, REFRESH_TOKEN_INVALID, TABLES, TEMPLATE_UNKNOWN, TOKEN_NOT_VALID, UPLOAD, UPLOAD_ERR,
    explain, operations,
};
use baidu_smartapp::endpoints;
use miniprogram_core::model::QuotaPeriod;
use miniprogram_core::vendor_api::codes::{Certainty, CodeRow, CodeTable, Language, Owner};
use miniprogram_core::vendor_api::endpoint;
use miniprogram_core::{AuditStatus, Code, ErrorKind, Retry, Stage, UploadStatus, VisitStatus};

fn row(code: i64, operation: Option<&str>) -> &'static CodeRow {
    ERRNO.find(&code.into(), operation).unwrap_or_else(|| panic!("no row for {code}"))
}

fn word(text: &str) -> Code {
    text.parse().unwrap()
}

fn open(table: &CodeTable) -> BTreeSet<i64> {
    table.rows().filter(|row| row.certainty() == Certainty::Open).map(|row| row.number).collect()
}

#[test]
fn tables_are_as_recorded() {
    insta::assert_snapshot!("baidu_package_stage", PACKAGE_STAGE.render());
    insta::assert_snapshot!("baidu_package_audit", PACKAGE_AUDIT.render());
    insta::assert_snapshot!("baidu_upload", UPLOAD.render());
    insta::assert_snapshot!("baidu_app", APP_VISIT.render());
    insta::assert_snapshot!("baidu_quota_type", QUOTA_PERIOD.render());
    insta::assert_snapshot!("baidu_errno", ERRNO.render());
    insta::assert_snapshot!("baidu_gateway", GATEWAY.render());
    insta::assert_snapshot!("baidu_oauth", OAUTH.render());
    insta::assert_snapshot!("baidu_upload_err_code", UPLOAD_ERR.render());
}

#[test]
fn every_table_is_sound() {
    for table in TABLES {
        assert_eq!(table.check(), [""; 0]);
    }
}

#[test]
fn no_code_stands_in_two_of_the_tables_that_explain_looks_in() {
    for row in GATEWAY.rows().chain(OAUTH.rows()) {
        assert!(ERRNO.find(&row.code(), None).is_none(), "{}", row.code());
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
    for row in TABLES.iter().flat_map(|table| table.rows()) {
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
    for name in ["release", "/rest/2.0/smartapp/package/release", "upload_err_code", TEMPLATE_UNKNOWN] {
        assert!(operations().any(|operation| operation == name), "{name}");
    }
    assert!(operations().all(|operation| operation != "set_everything"));
}

#[test]
fn what_the_merchant_is_to_do_is_the_merchants_move() {
    for row in TABLES.iter().flat_map(|table| table.rows()) {
        if row.advice_text().starts_with("let the merchant") {
            assert_eq!(row.owner_of_move(), Owner::Merchant, "{}: {}", row.code(), row.advice_text());
        }
    }
}

#[test]
fn the_codes_that_the_documents_print_say_more_than_their_kind() {
    let printed = [
        30007, 40001, 40028, 40032, 40045, 47002, 47004, 47005, 47006, 47007, 47008, 50013, 50061, 50062,
        50063, 470011, 470012, 470013, 470014, 470015, 470016, 470017, 470018, 470019, 470020, 470021,
    ];
    let categories = row(50060, Some("update_categories"));
    for row in ERRNO.rows().filter(|row| printed.contains(&row.number)).chain([categories]) {
        for language in Language::ALL {
            assert_ne!(row.advice_in(language), row.kind.advice_in(language), "{}", row.code());
        }
    }
}

#[test]
fn an_advice_names_what_the_operation_is_about() {
    for (code, operation, names) in [
        (40045, "submit_audit", "in review"),
        (40045, "/rest/2.0/smartapp/package/withdraw", "`audit_status`"),
        (40045, "release", "approved"),
        (40045, "rollback", "`rollback_targets`"),
        (40045, "set_visit_status", "`visit_status`"),
        (40045, "cancel_phone_permission", "`phone_permission`"),
        (40045, "/rest/2.0/smartapp/app/apply/mobileauth", "`phone_permission`"),
        (40045, "update_offline_info", "basic information"),
        (40045, "apply_recovery", "recovery"),
        (40045, "set_name", "`app_info`"),
        (470013, "change_web_view_domains", "`web_view_domain`"),
        (470013, "change_server_domains", "`request_domain`"),
    ] {
        let advice = row(code, Some(operation)).advice_text();
        assert!(advice.contains(names), "{code} {operation}: {advice}");
    }
    assert!(!row(40045, None).advice_text().contains("phone"), "said to those calls alone");
}

#[test]
fn the_kinds_that_the_contract_names() {
    for (code, kind) in [
        (470020, ErrorKind::NotFound),
        (470017, ErrorKind::Conflict),
        (50032, ErrorKind::Unauthorized),
        (30007, ErrorKind::PermissionDenied),
        (40001, ErrorKind::InvalidArgument),
        (50061, ErrorKind::InvalidArgument),
        (50062, ErrorKind::InvalidArgument),
        (50063, ErrorKind::InvalidArgument),
        (47004, ErrorKind::QuotaExhausted),
        (47005, ErrorKind::QuotaExhausted),
        (47006, ErrorKind::QuotaExhausted),
        (47007, ErrorKind::QuotaExhausted),
        (470011, ErrorKind::QuotaExhausted),
        (470012, ErrorKind::QuotaExhausted),
        (69013, ErrorKind::QuotaExhausted),
        (50029, ErrorKind::RateLimited),
    ] {
        assert_eq!(row(code, None).kind, kind, "{code}");
    }
    for operation in ["update_categories", "/rest/2.0/smartapp/app/category/update"] {
        assert_eq!(row(50060, Some(operation)).kind, ErrorKind::InvalidArgument, "{operation}");
    }
    assert_eq!(row(50060, Some("upload_code")).kind, ErrorKind::Vendor);
    for (code, kind) in [
        (110, ErrorKind::TokenRejected),
        (111, ErrorKind::TokenRejected),
        (4, ErrorKind::RateLimited),
        (18, ErrorKind::RateLimited),
        (17, ErrorKind::QuotaExhausted),
        (19, ErrorKind::QuotaExhausted),
    ] {
        assert_eq!(explain(&code.into(), None).kind, kind, "{code}");
    }
    for text in ["invalid_grant", "expired_token"] {
        assert_eq!(explain(&word(text), None).kind, ErrorKind::Unauthorized, "{text}");
    }
}

#[test]
fn only_busy_codes_leave_an_effect_open() {
    assert_eq!(
        open(&ERRNO),
        BTreeSet::from([500, 501, 1000, 4002, 5000, 6002, 40003, 40005, 62000, 69009, 69011, 69012])
    );
    assert_eq!(open(&GATEWAY), BTreeSet::from([1, 2, 13]));
    assert_eq!((open(&OAUTH), open(&UPLOAD_ERR)), (BTreeSet::new(), BTreeSet::new()));
    for code in [50015, 50031, 50050, 470022] {
        let row = row(code, None);
        assert_eq!((row.kind, row.retry_rule()), (ErrorKind::Unavailable, Retry::Backoff), "{code}");
        assert_eq!(row.certainty(), Certainty::Refused, "{code} is refused, try later");
    }
}

#[test]
fn a_code_means_what_it_means_to_the_operation() {
    let refused = row(501, Some(METHOD_NOT_SUPPORTED));
    assert_eq!((refused.kind, refused.certainty()), (ErrorKind::InvalidArgument, Certainty::Refused));
    assert_eq!(row(501, Some("release")).kind, ErrorKind::Unavailable);
    assert_eq!(row(44001, Some("release")).retry_rule(), Retry::AfterRefresh);
    assert_eq!(row(44001, Some(TOKEN_NOT_VALID)).kind, ErrorKind::TokenRejected);
    assert_eq!(row(50037, Some(AES_KEY_TOO_SHORT)).kind, ErrorKind::InvalidArgument);
    assert_eq!(row(63002, Some(TEMPLATE_UNKNOWN)).kind, ErrorKind::NotFound);
    assert_eq!(row(63002, Some("upload_code")).kind, ErrorKind::NotFound);
    assert_eq!(row(63002, Some("delete_template")).kind, ErrorKind::NotFound);
    assert_eq!(row(63002, None).kind, ErrorKind::InvalidArgument);
    assert_eq!(row(50040, Some("/rest/2.0/smartapp/app/modifydomain")).kind, ErrorKind::NotFound);
    assert_eq!(row(50041, Some("/rest/2.0/smartapp/tp/modifydomain")).meaning, "verification file missing");
    assert_eq!(row(47005, Some("/rest/2.0/smartapp/access/submit/sitemap")).kind, ErrorKind::Unavailable);
    assert_eq!(row(60005, Some("/rest/2.0/smartapp/access/submit/sitemap")).kind, ErrorKind::Conflict);
    assert_eq!(row(50038, Some("submit_audit")).owner_of_move(), Owner::Merchant);
    for operation in ["change_server_domains", "change_web_view_domains", "server_domains"] {
        assert_eq!(row(50040, Some(operation)).kind, ErrorKind::NotFound, "{operation}");
        assert_eq!(row(50041, Some(operation)).meaning, "verification file missing", "{operation}");
    }
    for operation in ["alliance_apps", "/rest/2.0/smartapp/oss/package/get"] {
        let alliance = explain(&110.into(), Some(operation));
        assert_eq!((alliance.kind, alliance.retry), (ErrorKind::TokenRejected, Retry::AfterRefresh));
        assert!(alliance.advice.contains("client_credentials"), "{}", alliance.advice);
    }
    assert_eq!(explain(&word("invalid_request"), Some("refresh")).kind, ErrorKind::InvalidArgument);
    let spent = explain(&word("invalid_request"), Some(REFRESH_TOKEN_INVALID));
    assert_eq!((spent.kind, spent.table), (ErrorKind::Unauthorized, Some("oauth")));
    for code in [502, 50001, 50003] {
        assert_eq!(row(code, Some("platform_token")).kind, ErrorKind::TokenRejected, "{code}");
        assert_eq!(row(code, Some("platform_token")).retry_rule(), Retry::AfterChange, "{code}");
    }
    let client = explain(&word("invalid_client"), Some("client_credentials"));
    assert_ne!(client.advice, explain(&word("invalid_client"), None).advice);
}

#[test]
fn an_explanation_names_its_table() {
    assert_eq!(explain(&110.into(), Some("release")).table, Some("gateway"));
    assert_eq!(explain(&69009.into(), None).table, Some("errno"));
    assert_eq!(explain(&69009.into(), Some("upload_err_code")).table, Some("upload_err_code"));
    assert_eq!(explain(&word("invalid_grant"), None).table, Some("oauth"));
    assert_eq!(explain(&500.into(), Some("gateway")).table, None);
}

#[test]
fn an_explanation_without_an_operation_names_the_other_meanings() {
    let names = |code: i64| -> Vec<_> {
        explain(&code.into(), None).also.into_iter().flat_map(|meaning| meaning.operations).collect()
    };
    assert_eq!(names(69009), ["upload_err_code"]);
    assert_eq!(names(501), [METHOD_NOT_SUPPORTED]);
    assert_eq!(names(50060), ["update_categories", "/rest/2.0/smartapp/app/category/update"]);
    assert_eq!(names(470020), [""; 0]);
    assert_eq!(explain(&69009.into(), Some("upload_code")).also, []);
}

#[test]
fn a_code_that_nobody_has_listed_is_never_repeated() {
    for code in [Code::from(1_234_567), word("made_up")] {
        let unlisted = explain(&code, Some("release"));
        assert_eq!((unlisted.kind, unlisted.retry, unlisted.table), (ErrorKind::Vendor, Retry::No, None));
    }
    for row in TABLES.iter().flat_map(|table| table.rows()).filter(|row| row.kind == ErrorKind::Vendor) {
        assert_eq!(row.retry_rule(), Retry::No, "{}", row.code());
    }
}

#[test]
fn numbers_that_no_table_lists_are_unknown_and_kept() {
    assert_eq!(PACKAGE_STAGE.translate(7).0, Stage::Unknown);
    assert_eq!(PACKAGE_AUDIT.translate(2).0, AuditStatus::Unknown);
    assert_eq!(UPLOAD.translate(2).0, UploadStatus::Unknown);
    assert_eq!(APP_VISIT.translate(3).0, VisitStatus::Unknown);
    assert_eq!(QUOTA_PERIOD.translate(1).0, QuotaPeriod::Unknown);
    assert_eq!(UPLOAD.translate(2).1.table, "upload");
}
