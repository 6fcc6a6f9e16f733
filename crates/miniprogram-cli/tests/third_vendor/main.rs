//! A command with a third vendor, registered from outside the crate.
//!
//! This binary is both: run by `cargo test` it checks the command, which is itself, started again.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that fails panics")]

mod acme;
mod chainless;

use std::process::ExitCode;

use acme::Acme;
use miniprogram_cli::{Baidu, Command, WeChat};
use serde_json::{Value, json};

/// Set for the command.
const AS_COMMAND: &str = "THIRD_VENDOR_AS_COMMAND";

fn main() -> ExitCode {
    if let Some(role) = std::env::var_os(AS_COMMAND) {
        let acme = Acme { receives: role == "receiver" };
        return Command::new().with_vendor(Baidu).with_vendor(WeChat).with_vendor(acme).run();
    }
    let checks: [(&str, fn()); 9] = [
        ("help_and_capabilities_list_it", help_and_capabilities_list_it),
        ("an_unknown_vendors_error_names_all", an_unknown_vendors_error_names_all),
        ("its_codes_are_explained", its_codes_are_explained),
        ("its_configuration_reaches_its_client", its_configuration_reaches_its_client),
        ("its_effects_are_planned_without_a_secret", its_effects_are_planned_without_a_secret),
        ("what_it_does_not_implement_is_unsupported", what_it_does_not_implement_is_unsupported),
        ("what_nothing_can_tell_about_an_app_is_skipped", what_nothing_can_tell_about_an_app_is_skipped),
        ("its_pushes_are_received", chainless::its_pushes_are_received),
        ("its_tokens_are_those_in_the_store", chainless::its_tokens_are_those_in_the_store),
    ];
    for (name, check) in checks {
        check();
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// How a run ended: exit code, standard output, standard error.
struct Ran(i32, String, String);

impl Ran {
    fn json(&self) -> Value {
        assert_eq!((self.0, self.2.as_str()), (0, ""), "{}", self.1);
        serde_json::from_str(&self.1).unwrap()
    }
}

/// The command, in a role: `receiver` has a protocol of pushes.
fn command(role: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("MINIPROGRAM_") {
            command.env_remove(name);
        }
    }
    command.env(AS_COMMAND, role).env("COLUMNS", "100");
    command
}

fn run(line: &[&str]) -> Ran {
    let output = command("client").args(line).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran(output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn help_and_capabilities_list_it() {
    for line in [&["code", "pages", "--help"][..], &["explain", "--help"]] {
        let Ran(code, help, _) = run(line);
        assert!(code == 0 && help.contains("[possible values: baidu, wechat, acme]"), "{help}");
    }
    let vendors = run(&["vendors", "--format", "json"]).json();
    let pages: Vec<_> = vendors.as_array().unwrap().iter().map(|row| &row["capabilities"]["pages"]).collect();
    assert_eq!(
        (&vendors[2]["vendor"], pages),
        (&json!("acme"), vec![&json!(false), &json!(true), &json!(true)])
    );
}

fn an_unknown_vendors_error_names_all() {
    for line in [&["code", "pages", "--vendor", "acne"][..], &["explain", "acne", "1"]] {
        let Ran(code, _, error) = run(line);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("[possible values: baidu, wechat, acme]"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(&folder, "vendor = \"acne\"\nid = \"p1\"");
    let Ran(code, _, error) = run(&["code", "pages", "--vendor", "acme", "--app", "a1", "--config", &config]);
    assert!(code == 1 && error.contains("write one of baidu, wechat, acme"), "{error}");
}

fn its_codes_are_explained() {
    let explained = run(&["explain", "acme", "NO_APP", "--format", "json"]).json();
    assert_eq!((&explained["vendor"], &explained["kind"]), (&json!("acme"), &json!("not_found")));
}

fn its_configuration_reaches_its_client() {
    let folder = tempfile::tempdir().unwrap();
    let platform = "vendor = \"acme\"\nid = \"p1\"\nbase_url = \"http://127.0.0.1:9\"\n";
    let config = write_config(&folder, &format!("{platform}signing_key = \"canaryKey\""));
    let line =
        ["code", "pages", "--vendor", "acme", "--app", "a1", "--access-token", "t", "--format", "json"];
    let read = run(&[&line[..], &["--config", &config]].concat()).json();
    assert_eq!(read, json!(["p1", "a1", "http://127.0.0.1:9/", "signed", "t"]));

    let Ran(code, _, error) = run(&line);
    assert!(code == 2 && error.contains("whose credential signs requests"), "{error}");
    for (fields, says) in [
        ("", "`signing_key` of the acme platform p1 is missing"),
        ("secret = \"canarySecret\"", "`secret` of the acme platform p1 is unknown"),
    ] {
        let config = write_config(&folder, &format!("{platform}{fields}"));
        let Ran(code, _, error) = run(&[&line[..8], &["--config", &config]].concat());
        assert!(code == 1 && error.contains(says), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

fn its_effects_are_planned_without_a_secret() {
    let planned = run(&["release", "publish", "--vendor", "acme", "--app", "a1", "--dry-run"]).json();
    assert_eq!(
        planned,
        json!([{ "method": "POST", "path": "/release", "query": {}, "body": { "app": "a1" } }])
    );
}

fn what_it_does_not_implement_is_unsupported() {
    for line in [
        &["call", "GET", "/x", "--app", "a1", "--access-token", "t", "--dry-run"][..],
        &["app", "info"],
        &["events", "decode", "--plain"],
        &["template", "list", "--access-token", "t"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = write_config(&folder, "vendor = \"acme\"\nid = \"p1\"\nsigning_key = \"canaryKey\"");
        let mut line = [line, &["--vendor", "acme", "--format", "json"]].concat();
        if line[0] == "template" {
            line.extend(["--config", &config]);
        }
        let Ran(code, _, error) = run(&line);
        assert_eq!(code, 3, "{line:?}: {error}");
        let error: Value = serde_json::from_str(&error).unwrap();
        assert_eq!(
            (&error["error"]["vendor"], &error["error"]["kind"]),
            (&json!("acme"), &json!("unsupported"))
        );
    }
}

fn what_nothing_can_tell_about_an_app_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_config(&folder, "vendor = \"acme\"\nid = \"p1\"\nsigning_key = \"canaryKey\"");
    let line = ["doctor", "--vendor", "acme", "--app", "a1", "--access-token", "t", "--format", "json"];
    let report = run(&[&line[..], &["--config", &config]].concat()).json();
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 13 && report["blocked"] == false, "{report}");
    assert!(checks.iter().all(|check| check["level"] == "skipped" && check["detail"] != ""), "{report}");
}

/// A configuration with one platform, which other users cannot read.
fn write_config(folder: &tempfile::TempDir, platform: &str) -> String {
    let file = folder.path().join("test.toml");
    std::fs::write(&file, format!("[[platform]]\n{platform}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    file.to_str().unwrap().to_owned()
}
