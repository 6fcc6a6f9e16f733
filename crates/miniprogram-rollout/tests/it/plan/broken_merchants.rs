//! Tables of merchants with mistakes: every case asserts all problems at once, word for word.

use super::{check, check_csv, file_with};

fn csv(merchants: &str) -> String {
    check_csv(merchants).unwrap_err().to_string()
}

fn json_lines(merchants: &str) -> String {
    let file = file_with(r#"merchants = "m.jsonl""#, "");
    check(&file, &[("m.jsonl", merchants.as_bytes())]).unwrap_err().to_string()
}

#[test]
fn tables_without_merchants() {
    let shown = ["", "\n \n", "\u{feff}", "vendor,app_id\n", "vendor,app_id\n\n,\n"].map(csv);
    insta::assert_snapshot!("csv_without_merchants", shown.join("\n\n"));
    let shown = ["", "\n\n", "[]"].map(json_lines);
    insta::assert_snapshot!("json_lines_without_merchants", shown.join("\n\n"));
}

#[test]
fn headers() {
    let shown = [
        "app_id,name\na1,n\n",
        "vendor;app_id\nacme;a1\n",
        "vendor,app_id,name,name,\nacme,a1,x,y,z\n",
        "acme,a1\nacme,a2\n",
    ];
    insta::assert_snapshot!("csv_headers", shown.map(csv).join("\n\n"));
}

#[test]
fn rows_of_csv() {
    let merchants = "vendor,app_id,wave,priority\r\n\
        acme,a1,all,\r\n\
        acmee,a2,,\r\n\
        ,a3,,\r\n\
        acme,,,\r\n\
        acme,1.7328E+16,,\r\n\
        acme,\"a 5\",,\r\n\
        acme,a1,,\r\n\
        acme,\"a6\",\"al\",\"high\"\r\n\
        bolt,b1,,\r\n\
        bolt,b2,,\r\n\
        acme,a7\r\n\
        acme,a8,,,,\r\n\
        \r\n\
        acme,a9,all,1.5\r\n";
    insta::assert_snapshot!("csv_rows", csv(merchants));
}

#[test]
fn lines_are_those_of_the_file() {
    let quoted = "vendor,app_id,note\n\n\nacme,a1,\"two\nlines\"\nacme,a1,x\n";
    assert_eq!(csv(quoted), "m.csv:6: app_id: a1 is there twice, first in line 4; remove one of the two");
    for end in ["\n", "\r\n", "\r"] {
        let table = ["\u{feff}vendor,app_id", "acme,a1", "", "acme,a2", "acne,a3", ""].join(end);
        assert_eq!(csv(&table), "m.csv:5: vendor: there is no vendor \"acne\"; write `acme`", "{end:?}");
    }
}

#[test]
fn a_quote_without_an_end_does_not_hide_the_rest() {
    let shown =
        csv("vendor,app_id,note\nacme,a1,\"fine\"\"\"\nacme,a2,5\" pipe\nacme,a3,\"open\nacme,a4,x\n");
    assert_eq!(
        shown,
        "m.csv:4: a quoted value has no end; close it with `\"`; write a quote inside a quoted value twice"
    );
}

#[test]
fn apps_whose_row_has_a_mistake_are_not_reported_as_missing() {
    let file = file_with(r#"merchants = "m.csv""#, "[filter]\nonly = [\"a1\", \"a2\"]");
    let file = file.replace("\"rest\"", "[\"a1\", \"a2\"]");
    let shown = check(&file, &[("m.csv", b"vendor,app_id,priority\nacme,a1,\nacme,a2,high\n")]).unwrap_err();
    let expected = "m.csv:3: priority: \"high\" is not a whole number; write a number such as 10, or nothing";
    assert_eq!(shown.to_string(), expected);
}

#[test]
fn text_that_is_not_utf_8() {
    let file = file_with(r#"merchants = "m.csv""#, "");
    let gbk = b"vendor,app_id,name\nacme,a1,\xc3\xe6\xb0\xfc\n";
    let shown = check(&file, &[("m.csv", gbk)]).unwrap_err().to_string();
    assert_eq!(shown, "m.csv:2: is not UTF-8; save the file as UTF-8, in a spreadsheet as \"CSV UTF-8\"");
}

#[test]
fn rows_of_json_lines() {
    let merchants = r#"{"vendor":"acme","app_id":"a1","app_id":"a1"}
{"vendor":"acme","app_id":1.7e+16}
{"vendor":"acme"}
{"vendor":"acme","app_id":"a2"
{"vendor":"acme","app_id":"a2"},

"a3"
{"vendor":null,"app_id":"a4"}
{"vendor":"acme","app_id":["a5", "a6"]}
{"vendor":"acme","app_id":"a7","priority":2.5,"wave":"one"}
"#;
    insta::assert_snapshot!("json_lines_rows", json_lines(merchants));
}

#[test]
fn values_that_the_settings_need() {
    let file = r#"
merchants = "m.csv"
secret_columns = ["secret"]
failure_budget = "2%"

[vendor.acme]
template = 1
version = "1"
description = "of ${name}"
extension_column = "ext"

[vendor.bolt]
template = 1
version = "1"
description = "of ${name}"
extension = { ext = { a = "${name}", b = "${ext:json}" } }
submit = { s = "${secret}" }

[[wave]]
name = "all"
apps = "rest"
"#;
    let long = "x".repeat(200);
    let merchants = format!(
        r#"vendor,app_id,name,ext,secret
acme,a1, ,{{}},
acme,a2,n,,
acme,a3,n,[1],
acme,a4,n,"{{""a"":1,""a"":2}}",
acme,a5,n,"{{""a"":""{long}""}}",
bolt,b1,n,{{,
bolt,b2,n,"{{""a"":[1]}}",s
bolt,b3,n,"{{""a"":1,""a"":2}}",s
"#
    );
    let shown = check(file, &[("m.csv", merchants.as_bytes())]).unwrap_err().to_string();
    insta::assert_snapshot!("csv_values_that_the_settings_need", shown);
}

#[test]
fn options_of_a_submission_that_would_be_lost_are_refused() {
    let file = file_with(r#"merchants = "m.csv""#, "");
    let submit = r#"description = "d"
submit = { remark = "r", list = "${list:json}" }"#;
    let file = file.replacen(r#"description = "d""#, submit, 1);
    for list in [r#"{""a"":1,""a"":2}"#, "[1e999]", r#"""\ud800"""#] {
        let merchants = format!("vendor,app_id,list\nacme,a1,\"{list}\"\nacme,a2,[1]\n");
        let problems = check(&file, &[("m.csv", merchants.as_bytes())]).map(|_| ()).unwrap_err().to_string();
        let expected = "m.csv:2: the options of the submission are not one JSON object: ";
        assert!(problems.starts_with(expected) && problems.lines().count() == 1, "{problems}");
    }
}
