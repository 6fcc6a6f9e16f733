//! A command with Acme among its vendors runs the verbs against Acme's server.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command as Process, Output};
use std::sync::Arc;

use miniprogram_cli::{Baidu, Command, WeChat};
use miniprogram_core::clock::SystemClock;
use miniprogram_core::conformance::{Fault, Untold};
use serde_json::{Value, json};

use super::super::entry::AcmeEntry;
use super::super::server::{Acme, App, CONSOLE_KEY, PLATFORM};
use super::say;

/// Set where this program is to be the command.
const AS_COMMAND: &str = "ADD_A_VENDOR_AS_COMMAND";

/// Returns the command, if this program is to be it.
pub(crate) fn wanted() -> Option<Command> {
    std::env::var_os(AS_COMMAND)?;
    // guide: command
    let command = Command::new().with_vendor(Baidu).with_vendor(WeChat).with_vendor(AcmeEntry);
    // end
    Some(command)
}

/// A shell in front of Acme's server.
struct Desk {
    directory: tempfile::TempDir,
    acme: Acme,
}

impl Desk {
    async fn start() -> Result<Self, Box<dyn Error>> {
        let directory = tempfile::tempdir()?;
        let acme = Acme::new(Arc::new(SystemClock));
        let address = acme.listen().await?;
        let text = format!(
            "store = \"sqlite:state.db\"\n[[platform]]\nvendor = \"acme\"\nid = \"{PLATFORM}\"\nbase_url = \"{}\"\n\
             signing_key = \"{CONSOLE_KEY}\"\n",
            address.as_str()
        );
        private(&directory.path().join("miniprogram.toml"))?.write_all(text.as_bytes())?;
        Ok(Self { directory, acme })
    }

    /// Runs one line, for the app `bakery` unless it names a vendor itself.
    async fn run(&self, line: &str) -> Result<Output, Box<dyn Error>> {
        let mut command = Process::new(std::env::current_exe()?);
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("MINIPROGRAM_")) {
            command.env_remove(name);
        }
        command.env(AS_COMMAND, "1").current_dir(self.directory.path()).args(line.split_whitespace());
        command.args(["--format", "json"]);
        if !line.starts_with("store ") && line != "vendors" && !line.contains("--vendor") {
            command.args(["--vendor", "acme", "--app", "bakery"]);
        }
        Ok(tokio::task::spawn_blocking(move || command.output()).await??)
    }

    /// Runs a line that succeeds, and returns what it printed.
    async fn done(&self, line: &str) -> Result<Value, Box<dyn Error>> {
        let output = self.run(line).await?;
        let (shown, errors) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        assert!(output.status.success(), "{line}: {shown}{errors}");
        say(&format!("command      {line}"));
        Ok(serde_json::from_str(&shown)?)
    }

    /// Runs a line that fails, and returns its exit code and the error.
    async fn fails(&self, line: &str) -> Result<(Option<i32>, Value), Box<dyn Error>> {
        let output = self.run(line).await?;
        let error: Value = serde_json::from_slice(&output.stderr)?;
        say(&format!("command      {line}: {}", error["error"]["kind"]));
        Ok((output.status.code(), error["error"].clone()))
    }

    fn app<T>(&self, look: impl FnOnce(&mut App) -> T) -> T {
        look(self.acme.world().apps.entry("bakery".to_owned()).or_default())
    }

    fn decide(&self, status: &'static str) {
        self.app(|app| app.review.as_mut().expect("an audit to decide").status = status);
    }
}

/// Creates a file that other users cannot read.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Runs the verbs.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let desk = Desk::start().await?;
    desk.app(|app| *app = App::with_versions("2.4.0", "2.3.0"));

    desk.done("store migrate").await?;
    let link = desk.done("auth url --redirect-uri https://platform.example/back").await?;
    assert!(link["url"].as_str().is_some_and(|url| url.starts_with("https://open.acme.example/")), "{link}");
    let code = desk.acme.world().grants.consent("bakery", None);
    let authorized = desk.done(&format!("auth exchange --code {code}")).await?;
    assert_eq!(authorized["app_id"], "bakery");
    let status = desk.done("auth status").await?;
    assert_eq!((&status[0]["state"], &status[0]["expires_at"]), (&json!("active"), &Value::Null), "{status}");
    let of_platform = desk.done("auth status --vendor acme").await?;
    let kinds: Vec<_> = of_platform.as_array().into_iter().flatten().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, ["authorizer"], "a platform that signs its requests has no ticket: {of_platform}");
    assert_eq!(desk.fails("auth recover").await?.0, Some(3), "there is no recovery");

    let upload = "code upload --template-id 7 --ext-json {} --user-version 2.5.0 --user-desc spring";
    assert_eq!(desk.done(upload).await?["version"], "2.5.0");
    let submitted = desk.done("audit submit").await?;
    assert_eq!((&submitted["outcome"], &submitted["audit_id"]), (&json!("done"), &json!("R1")));
    let refused = desk.fails("audit submit").await?;
    assert_eq!((refused.0, &refused.1["code"]), (Some(1), &json!("AUDIT_RUNNING")), "{}", refused.1);
    assert_eq!(desk.done("audit latest").await?["raw_status"]["code"], "RUNNING");
    desk.decide("PASSED");

    let refused = desk.fails("release gray start --percentage 20").await?;
    assert_eq!((&refused.1["kind"], &refused.1["field"]), (&json!("invalid_argument"), &json!("percentage")));
    assert!(refused.1["message"].as_str().is_some_and(|told| told.contains("10, 30, 50")), "{}", refused.1);
    desk.done("release gray start --percentage 30").await?;
    assert_eq!(desk.done("release gray status").await?["percentage"], 30);
    desk.done("release gray cancel").await?;

    // The response to the release is lost, and the state does not show what became of it.
    let (app, path) = ("bakery".to_owned(), "/v1/app/release");
    desk.acme.world().faults.effects.push((app.clone(), path, Fault::ResetAfter, 1));
    desk.acme.world().faults.silent.insert(app, (path, false, Untold::Null));
    let open = desk.fails("release publish --settle-time 10ms").await?;
    assert_eq!((open.0, &open.1["outcome"]), (Some(6), &json!("unknown")), "{}", open.1);
    desk.acme.world().faults.silent.clear();
    let settled = desk.done("effects settle").await?;
    assert_eq!(settled["outcome"], "done", "{settled}");
    assert_eq!(desk.app(|app| app.effects[path]), 1, "released once");

    let versions = desk.done("code versions").await?;
    let online = versions.as_array().into_iter().flatten().find(|version| version["stage"] == "released");
    assert_eq!(online.map(|online| &online["version"]), Some(&json!("2.5.0")), "{versions}");
    desk.done("release rollback").await?;
    assert_eq!(desk.app(|app| app.online.clone()).as_deref(), Some("2.4.0"));
    desk.done("release visit close").await?;
    assert_eq!(desk.done("release visit status").await?["status"], "closed");
    assert_eq!(desk.done("code categories").await?[0]["levels"][0]["id"], "FOOD_BAKERY");

    let vendors = desk.done("vendors").await?;
    let acme = vendors.as_array().into_iter().flatten().find(|row| row["vendor"] == "acme");
    assert_eq!(acme.map(|acme| &acme["capabilities"]["gray_release"]), Some(&json!([10, 30, 50])));
    let planned = desk.done("release publish --dry-run").await?;
    let shown = planned.to_string();
    assert!(shown.contains("/v1/app/release") && !shown.contains(CONSOLE_KEY), "{shown}");
    Ok(())
}
