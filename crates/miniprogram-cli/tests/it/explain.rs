//! `explain`: what a code means, in the language and for the operation asked for.

use serde_json::{Value, json};

use crate::support::{Ran, command, field_names};

fn explain(line: &[&str]) -> Ran {
    Ran::of(command().arg("explain").args(line))
}

fn explained(line: &[&str]) -> Value {
    explain(&[line, &["--format", "json"]].concat()).json()
}

#[test]
fn the_advice_is_told_in_the_language_asked_for_and_nothing_else_changes() {
    let default = explained(&["wechat", "85009"]);
    let mut english = explained(&["wechat", "85009", "--lang", "en"]);
    let mut chinese = explained(&["wechat", "85009", "--lang", "zh"]);
    assert_eq!(default, english);
    assert_eq!(english["advice"], "wait for the verdict on the version in audit, or withdraw that one first");
    assert_eq!(chinese["advice"], "已有版本在审核中，请等待审核结果，或先用 `audit withdraw` 撤回");
    for value in [&mut english, &mut chinese] {
        value["advice"].take();
    }
    assert_eq!(english, chinese);
    let table = explain(&["wechat", "85009", "--lang", "zh"]);
    assert!(table.stdout.contains("\nadvice   已有版本在审核中"), "{}", table.stdout);
    assert!(table.stdout.starts_with("vendor   wechat\n"), "{}", table.stdout);
}

#[test]
fn the_environment_does_not_pick_the_language() {
    let ran = Ran::of(command().args(["explain", "wechat", "85009"]).env("LANG", "zh_CN.UTF-8"));
    assert!(ran.stdout.contains("wait for the verdict"), "{}", ran.stdout);
    let refused = explain(&["wechat", "85009", "--lang", "fr"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("--lang") && refused.stderr.contains("zh"), "{}", refused.stderr);
}

#[test]
fn other_meanings_are_named_while_no_operation_is_given() {
    let general = explained(&["wechat", "86002"]);
    let also = json!([{
        "operations": ["start_gray_release", "/wxa/grayrelease"],
        "kind": "conflict",
        "meaning": "小程序未初始化完成",
    }]);
    assert_eq!(general["also"], also);
    for operation in ["start_gray_release", "submit_audit", "/wxa/submit_audit"] {
        let asked = explained(&["wechat", "86002", "--operation", operation]);
        assert!(!field_names(&asked).contains(&"also"), "{asked}");
    }
    assert!(!field_names(&explained(&["wechat", "85009"])).contains(&"also"));
    let table = explain(&["wechat", "86002"]).stdout;
    let line =
        "also     conflict, 小程序未初始化完成 (with --operation start_gray_release or /wxa/grayrelease)";
    assert!(table.lines().any(|one| one.trim_end() == line), "{table}");

    let upload = explained(&["baidu", "69009"]);
    assert_eq!(upload["also"][0]["operations"], json!(["upload_err_code"]));
    assert_eq!(explained(&["baidu", "69009", "--operation", "upload_err_code"])["table"], "upload_err_code");
}

#[test]
fn an_operation_may_be_a_method_or_a_path_with_or_without_its_slash() {
    let named = explained(&["wechat", "85015", "--operation", "change_web_view_domains"]);
    assert_eq!(named["meaning"], "account is not a mini program");
    for path in ["/wxa/setwebviewdomain", "wxa/setwebviewdomain"] {
        assert_eq!(explained(&["wechat", "85015", "--operation", path]), named);
    }
    let general = explained(&["baidu", "470020", "--operation", "trial_qr_code"]);
    assert_eq!(general["kind"], "not_found");
    let words = explained(&["baidu", "501", "--operation", "method_not_supported"]);
    assert_eq!(words["kind"], "invalid_argument");
}

#[test]
fn an_unknown_operation_is_a_mistake_and_not_the_general_answer() {
    for (line, similar) in [
        (["wechat", "85015", "--operation", "set_min_libary_version"], "'set_min_library_version'"),
        (["wechat", "-1", "--operation", "wxa/realease"], "'/wxa/release'"),
        (["wechat", "-1", "--operation", "comit"], "'/wxa/commit'"),
        (["wechat", "85020", "--operation", "/rest/2.0/smartapp/package/release"], ""),
        (["baidu", "501", "--operation", "submitaudit"], "'submit_audit'"),
        (["baidu", "501", "--operation", "package/get"], "'/rest/2.0/smartapp/package/get'"),
        (["baidu", "501", "--operation", "bind_tester"], ""),
    ] {
        for format in ["table", "json"] {
            let ran = explain(&[&line[..], &["--format", format]].concat());
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{line:?}");
            let named = ran.stderr.contains("--operation") && ran.stderr.contains(line[3]);
            assert!(named && ran.stderr.contains(similar), "{line:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn negative_codes_and_words_are_codes_too() {
    let busy = explained(&["wechat", "-1", "--operation", "release"]);
    assert_eq!((&busy["code"], &busy["kind"]), (&json!(-1), &json!("unavailable")));
    let gone = explained(&["baidu", "invalid_grant", "--lang", "zh"]);
    assert_eq!((&gone["code"], &gone["table"]), (&json!("invalid_grant"), &json!("oauth")));
    assert!(gone["advice"].as_str().unwrap().contains("授权"), "{gone}");
    let ran = explain(&["baidu", "-987654", "--lang", "zh", "--format", "json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "a script sees that it is not listed");
    let unlisted: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&unlisted["code"], &unlisted["kind"]), (&json!(-987_654), &json!("vendor")));
    assert!(
        !field_names(&unlisted).contains(&"table") && unlisted["advice"].as_str().unwrap().contains("错误码")
    );
}
