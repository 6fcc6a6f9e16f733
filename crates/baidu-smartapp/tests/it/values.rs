//! The enumerated values of documents 003 and 004, each table complete: a changed row is a changed snapshot. Quote the
//! vendor's page in the commit.

use std::fmt::Display;

use baidu_smartapp::values::{
    AD_STATUS, AD_TYPE, ADVANCED_AUDIT, ANNUAL_REVIEW, AUDIT_INFO, AppPart, CATEGORY_AUDIT, CATEGORY_SCOPE,
    CATEGORY_TYPE, CHECK_RESULT, Coded, DOMAIN_ACTION, DomainAction, ILLEGAL_FIELD, IMAGE_KIND,
    NEED_QUALIFICATION, NameVerdict, OFFLINE_REASON, PERMISSION_SCOPE, PHONE_PERMISSION,
    PHONE_PERMISSION_REASON, PHONE_PERMISSION_SCENE, PUSH_STATUS, QUALIFICATION_MUST, SUBJECT_STATUS,
    SUBJECT_TYPE, WEB_STATUS, WireTable,
};

#[test]
fn tables_of_what_arrives_are_as_recorded() {
    insta::assert_snapshot!("baidu_category_type", CATEGORY_TYPE.render());
    insta::assert_snapshot!("baidu_need_quali", NEED_QUALIFICATION.render());
    insta::assert_snapshot!("baidu_must", QUALIFICATION_MUST.render());
    insta::assert_snapshot!("baidu_check_result", CHECK_RESULT.render());
    insta::assert_snapshot!("baidu_mobileauth", PHONE_PERMISSION.render());
    insta::assert_snapshot!("baidu_offline_reason", OFFLINE_REASON.render());
    insta::assert_snapshot!("baidu_illegal_fields", ILLEGAL_FIELD.render());
    insta::assert_snapshot!("baidu_qualification_type", SUBJECT_TYPE.render());
    insta::assert_snapshot!("baidu_qualification_status", SUBJECT_STATUS.render());
    insta::assert_snapshot!("baidu_ad_type", AD_TYPE.render());
    insta::assert_snapshot!("baidu_advanced_audit", ADVANCED_AUDIT.render());
    insta::assert_snapshot!("baidu_ad_status", AD_STATUS.render());
    insta::assert_snapshot!("baidu_category_audit_status", CATEGORY_AUDIT.render());
    insta::assert_snapshot!("baidu_audit_info_status", AUDIT_INFO.render());
    insta::assert_snapshot!("baidu_annual_review_status", ANNUAL_REVIEW.render());
    insta::assert_snapshot!("baidu_web_status", WEB_STATUS.render());
    insta::assert_snapshot!("baidu_auth_info_type", PERMISSION_SCOPE.render());
    insta::assert_snapshot!("baidu_push_status", PUSH_STATUS.render());
}

#[test]
fn tables_of_what_is_sent_are_as_recorded() {
    insta::assert_snapshot!("baidu_sent_category_type", CATEGORY_SCOPE.render());
    insta::assert_snapshot!("baidu_sent_action", DOMAIN_ACTION.render());
    insta::assert_snapshot!("baidu_sent_image_type", IMAGE_KIND.render());
    insta::assert_snapshot!("baidu_sent_reason", PHONE_PERMISSION_REASON.render());
    insta::assert_snapshot!("baidu_sent_used_scene", PHONE_PERMISSION_SCENE.render());
}

#[test]
fn every_value_that_is_sent_is_found_by_its_form_on_the_wire() {
    fn check<T: Copy + PartialEq + Display>(table: &WireTable<T>, as_wire: impl Fn(T) -> &'static str) {
        for row in table.rows() {
            assert_eq!(as_wire(row.value), row.wire, "{}", table.name());
            assert!(table.find(row.wire) == Some(row.value), "{} {}", table.name(), row.wire);
            assert!(!row.label.is_empty());
        }
    }
    check(&CATEGORY_SCOPE, |value| value.as_wire());
    check(&DOMAIN_ACTION, |value| value.as_wire());
    check(&IMAGE_KIND, |value| value.as_wire());
    check(&PHONE_PERMISSION_REASON, |value| value.as_wire());
    check(&PHONE_PERMISSION_SCENE, |value| value.as_wire());
    assert_eq!(DOMAIN_ACTION.find("replace"), None);
    assert_eq!(serde_json::to_string(&DomainAction::Delete).unwrap(), "\"delete\"");
}

#[test]
fn a_value_that_no_table_lists_is_unknown_and_kept() {
    let verdict = Coded::new(&CHECK_RESULT, 9);
    assert_eq!((verdict.value, verdict.raw.code), (NameVerdict::Unknown, 9.into()));
    assert_eq!(ILLEGAL_FIELD.find("appVideo").unwrap_or(AppPart::Unknown), AppPart::Unknown);
}
