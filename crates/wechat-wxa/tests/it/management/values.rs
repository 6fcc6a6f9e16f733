//! The complete tables of values.

use wechat_wxa::values::*;

#[test]
fn tables_are_as_recorded() {
    macro_rules! recorded {
        ($($name:literal $table:ident)*) => { $(insta::assert_snapshot!($name, $table.render());)* };
    }
    recorded! {
        "template_audit" TEMPLATE_AUDIT
        "template_type" TEMPLATE_TYPE
        "name_audit" NAME_AUDIT
        "pushed_verdict" PUSHED_VERDICT
        "category_audit" CATEGORY_AUDIT
        "privacy_interface" PRIVACY_INTERFACE
        "order_path" ORDER_PATH
        "order_path_application" ORDER_PATH_APPLICATION
        "auth_task" AUTH_TASK
        "apply_status" APPLY_STATUS
        "face_check" FACE_CHECK
        "appeal_source" APPEAL_SOURCE
        "account_type" ACCOUNT_TYPE
        "realname_status" REALNAME_STATUS
        "search_status" SEARCH_STATUS
    }
}

#[test]
fn what_is_sent_is_as_recorded() {
    let mut text = String::new();
    macro_rules! rows {
        ($($kind:ident)*) => { $(
            for value in $kind::ALL {
                text.push_str(&format!("{:<18} {:<12} {}\n", stringify!($kind), value.as_wire(), value));
            }
        )* };
    }
    rows! { DomainAction ServerDomainKind MaterialKind PrivacyVersion OrderPathKind }
    insta::assert_snapshot!("sent", text);
}
