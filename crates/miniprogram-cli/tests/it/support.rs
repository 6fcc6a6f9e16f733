use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use miniprogram::{AppId, Vendor};
use miniprogram_sim::{AppSpec, SimConfig, Simulator, State};
use serde_json::Value;

pub(crate) const WECHAT_APP: &str = "wx0123456789abcdef";
pub(crate) const BAIDU_APP: &str = "17000001";
/// The Baidu app's key at the alliance.
pub(crate) const CLIENT_ID: &str = "Va5yQRHlA4Fq4eR3LT0vuXV4";
pub(crate) const CLIENT_SECRET: &str = "0rDSjzQ20XUj5itV7WRtznPQSzr5pVw2";

/// The command without this process's environment variables that it reads.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_miniprogram"));
    for name in [
        "ACCESS_TOKEN",
        "AES_KEY",
        "APP",
        "AUTHORIZATION_CODE",
        "BASE_URL",
        "CALLBACK_TOKEN",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "CONFIG",
        "LOG",
        "PROXY",
        "STORE",
        "STORE_KEY",
        "STORE_PREVIOUS_KEYS",
        "STORE_TARGET_KEY",
        "VENDOR",
    ] {
        command.env_remove(format!("MINIPROGRAM_{name}"));
    }
    command.stdin(Stdio::null());
    command
}

/// Result of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts exactly one JSON value on standard output, nothing on standard error, exit code 0.
    pub(crate) fn json(&self) -> Value {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Asserts exactly one JSON error on standard error, nothing on standard output.
    pub(crate) fn error(&self, code: i32) -> Value {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{self:?}");
        let mut value: Value = serde_json::from_str(&self.stderr).unwrap();
        assert_eq!(value.as_object().unwrap().len(), 1, "{value}");
        value["error"].take()
    }
}

/// Runs the command with standard input.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Ran {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    // A command that fails before reading closes its end.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sends a signal, such as `TERM`.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(sent.success());
}

/// JSON results and short waits.
const WAITS: [&str; 6] = ["--format", "json", "--timeout", "2s", "--settle-time", "300ms"];

/// A simulator with one app of each vendor.
pub(crate) struct Bench {
    pub(crate) sim: Simulator,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let config =
            SimConfig::new().with_seed(7).with_upload_time(Duration::ZERO).with_rollback_time(Duration::ZERO);
        let sim = Simulator::start(config).await.unwrap();
        sim.add_app(AppSpec::wechat(WECHAT_APP)).unwrap();
        sim.add_app(AppSpec::baidu(BAIDU_APP).with_alliance_key(CLIENT_ID, CLIENT_SECRET)).unwrap();
        Self { sim }
    }

    pub(crate) fn arrange(&self, app: &str, state: &State) {
        self.sim.arrange(&AppId::from(app), state).unwrap();
    }

    /// The command for an app, with its token in the environment and short waits.
    pub(crate) fn command(&self, app: &str, line: &[&str]) -> Command {
        let mut command = self.without_token(app, line);
        let token = self.sim.token(&AppId::from(app)).unwrap();
        command.env("MINIPROGRAM_ACCESS_TOKEN", token.expose());
        command
    }

    /// Like `command`, without a token.
    pub(crate) fn without_token(&self, app: &str, line: &[&str]) -> Command {
        let mut command = command();
        command.args(line).args(["--vendor", vendor_of(app), "--app", app]);
        command.env("MINIPROGRAM_BASE_URL", self.sim.base_url());
        command
    }

    /// Runs a command for an app with JSON results.
    pub(crate) fn run(&self, app: &str, line: &[&str]) -> Ran {
        Ran::of(self.command(app, line).args(WAITS))
    }

    /// Runs a platform command with the platform's token, with JSON results.
    pub(crate) fn run_as_platform(&self, vendor: Vendor, line: &[&str]) -> Ran {
        let token = self.sim.platform_token(vendor).unwrap();
        let mut command = command();
        command.args(line).args(["--vendor", vendor.as_str()]).args(WAITS);
        command.env("MINIPROGRAM_BASE_URL", self.sim.base_url());
        Ran::of(command.env("MINIPROGRAM_ACCESS_TOKEN", token.expose()))
    }
}

pub(crate) fn vendor_of(app: &str) -> &'static str {
    if app == BAIDU_APP { "baidu" } else { "wechat" }
}

/// The field names of an object.
pub(crate) fn field_names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}
