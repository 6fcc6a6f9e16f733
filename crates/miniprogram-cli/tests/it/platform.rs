//! A platform on its store: tickets, authorizations, events, tokens, the daemon and commands next to it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{AppId, Vendor};
use miniprogram_sim::{
    AppSpec, BAIDU, Callback, Decision, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State,
    WECHAT,
};
use serde_json::{Value, json};

use crate::postgres;
use crate::support::{BAIDU_APP, Ran, WECHAT_APP, command, run_with_input, signal, vendor_of};

/// Timeout of a condition on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

/// A simulator, and a folder with the configuration of a platform of each vendor.
pub(crate) struct Platforms {
    pub(crate) sim: Simulator,
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Platforms {
    pub(crate) async fn start() -> Self {
        let config =
            SimConfig::new().with_seed(7).with_upload_time(Duration::ZERO).with_rollback_time(Duration::ZERO);
        let sim = Simulator::start(config).await.unwrap();
        sim.add_app(AppSpec::wechat(WECHAT_APP).unauthorized()).unwrap();
        sim.add_app(AppSpec::baidu(BAIDU_APP).unauthorized()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let platforms = Self { sim, folder, environment: Vec::new() };
        platforms.configure();
        platforms
    }

    fn configure(&self) {
        let mut text = "store = \"sqlite:state.db\"\nlisten = \"127.0.0.1:0\"\n".to_owned();
        for (vendor, credential) in [
            (WECHAT, format!("secret = \"{}\"", self.sim.wechat_secret().expose())),
            (BAIDU, format!("client_id = \"{}\"", self.sim.baidu_key())),
        ] {
            let callback = Callback::sample(vendor);
            let base = self.sim.base_url();
            text += &format!(
                "[[platform]]\nvendor = \"{vendor}\"\nid = \"{}\"\n{credential}\ntoken = \"{}\"\naes_key = \"{}\"\n\
                 base_url = \"{base}\"\npage_url = \"{base}\"\n",
                callback.platform_id,
                callback.token.expose(),
                callback.aes_key.expose(),
            );
        }
        write_private(&self.file("miniprogram.toml"), &text);
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds environment variables.
    fn with(mut self, environment: &[(&'static str, &str)]) -> Self {
        self.environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self
    }

    /// A command in the platform's folder, where its configuration is the default.
    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = command();
        command.current_dir(self.folder.path()).args(line);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command with JSON results and short waits.
    pub(crate) fn run(&self, line: &[&str]) -> Ran {
        Ran::of(self.command(line).args(["--format", "json"]))
    }

    /// Like `run`, for an app.
    pub(crate) fn run_for(&self, app: &str, line: &[&str]) -> Ran {
        self.run(&[line, &["--vendor", vendor_of(app), "--app", app]].concat())
    }

    /// Starts the daemon and registers its address with the vendors.
    pub(crate) fn serve(&self, options: &[&str]) -> Daemon {
        let mut command = self.command(&["serve", "--format", "json"]);
        let daemon = Daemon::start(command.args(options));
        for vendor in [WECHAT, BAIDU] {
            let callback = Callback::sample(vendor);
            let routes = daemon.first["routes"].as_array().unwrap();
            let of_vendor = routes.iter().find(|route| route["vendor"] == vendor.as_str()).unwrap();
            assert_eq!(of_vendor["platform_id"], callback.platform_id);
            let url = of_vendor["messages_url"].as_str().unwrap();
            let authorization = of_vendor["authorization_url"].as_str().unwrap();
            let callback = callback.with_url(url).with_authorization_url(authorization);
            self.sim.set_callback(vendor, callback).unwrap();
        }
        daemon
    }

    /// The row of a status, once it satisfies a condition.
    async fn status(&self, line: &[&str], fulfilled: impl Fn(&Value) -> bool) -> Value {
        let asked = || {
            let rows = self.run(&[&["auth", "status"], line].concat()).json();
            rows.as_array().unwrap().iter().find(|row| fulfilled(row)).cloned()
        };
        until(asked, || self.run(&["events", "list"]).stdout).await
    }

    /// The newest event of a kind, once in that state.
    async fn event(&self, app: &str, kind: &str, state: &str) -> Value {
        let asked = || {
            let rows = self.run_for(app, &["events", "list", "--kind", kind, "--state", state]).json();
            rows.as_array().unwrap().first().cloned()
        };
        until(asked, || self.run(&["events", "list"]).stdout).await
    }

    /// Pushes a ticket, and authorizes the platform for the app.
    pub(crate) async fn authorize(&self, app: &str) {
        let vendor = if app == BAIDU_APP { BAIDU } else { WECHAT };
        self.sim.push_ticket(vendor).unwrap();
        self.status(&["--vendor", vendor.as_str()], |row| {
            row["kind"] == "ticket" && row["state"] == "present"
        })
        .await;
        self.sim.authorize(&AppId::from(app)).unwrap();
        self.status(&["--app", app], |row| row["expires_in_seconds"].as_u64() > Some(0)).await;
    }
}

fn write_private(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// Polls until there is a result.
pub(crate) async fn until<T>(mut ask: impl FnMut() -> Option<T>, told: impl Fn() -> String) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "it did not come to that: {}", told());
        SystemClock.deadline(Duration::from_millis(20)).await;
    }
}

/// `serve` as a process.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) first: Value,
    /// Output after the first line, so far.
    printed: Arc<Mutex<String>>,
    said: Arc<Mutex<String>>,
}

impl Daemon {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let said = collect(BufReader::new(child.stderr.take().unwrap()));
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let first = serde_json::from_str(&first)
            .unwrap_or_else(|_| panic!("no first line: {first}{}", said.lock().unwrap()));
        Self { child, first, printed: collect(stdout), said }
    }

    /// The JSON lines of `--jsonl`, so far.
    fn lines(&self) -> Vec<Value> {
        let printed = self.printed.lock().unwrap();
        let whole = printed.rsplit_once('\n').map(|(whole, _)| whole).unwrap_or_default();
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Asks it to stop; it exits with 0.
    pub(crate) fn stop(mut self) -> String {
        signal(&self.child, "TERM");
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.said.lock().unwrap());
        format!("{}{}", self.printed.lock().unwrap(), self.said.lock().unwrap())
    }
}

/// A failing test leaves no process behind.
impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut from: impl BufRead + Send + 'static) -> Arc<Mutex<String>> {
    let collected = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&collected);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            into.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    });
    collected
}

const ITEM: &str = r#"{"address":"pages/index/index","first_class":"工具","second_class":"备忘录","first_id":1,"second_id":2}"#;

const UPLOAD: [&str; 10] = [
    "code",
    "upload",
    "--template-id",
    "7",
    "--ext-json",
    r#"{"extEnable":true,"ext":{}}"#,
    "--user-version",
    "2.0.0",
    "--user-desc",
    "opening hours",
];

/// From an empty folder to a released version, with the tokens of the store alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_platform_lives_on_its_store() {
    let platforms = Platforms::start().await;
    assert_eq!(platforms.run(&["events", "list"]).error(1)["kind"], "store", "there is no store yet");
    let made = platforms.run(&["store", "migrate"]).json();
    assert_eq!((&made["backend"], &made["resealed"]), (&json!("sqlite"), &json!(0)));
    assert_eq!(platforms.run(&["auth", "ticket", "--vendor", "wechat"]).json()["state"], "absent");
    let early = platforms.run_for(WECHAT_APP, &["code", "versions"]).error(1);
    assert_eq!(early["kind"], "unauthorized");
    assert!(early["advice"].as_str().unwrap().contains("authorize"), "{early}");
    let url = ["auth", "url", "--vendor", "wechat", "--redirect-uri", "https://platform.example.com/"];
    let early = platforms.run(&url).error(1);
    assert!(early["advice"].as_str().unwrap().contains("ticket"), "{early}");

    let daemon = platforms.serve(&["--jsonl"]);
    for app in [WECHAT_APP, BAIDU_APP] {
        platforms.authorize(app).await;
    }
    let second = platforms.run(&["serve"]).error(1);
    assert_eq!((&second["kind"], &second["outcome"]), (&json!("store"), &json!("not_done")), "{second}");
    assert!(second["message"].as_str().unwrap().contains(&daemon.child.id().to_string()), "{second}");
    assert!(second["advice"].as_str().unwrap().contains("commands may run beside it"), "{second}");

    // Everything else runs next to the daemon.
    for app in [WECHAT_APP, BAIDU_APP] {
        let id = AppId::from(app);
        let uploaded = platforms.run_for(app, &UPLOAD).json();
        assert_eq!(uploaded["outcome"], "done");
        assert_eq!(platforms.sim.effects(&id, "upload_code"), 1);
        let item = ["--item", ITEM];
        let words = ["--content", "opening hours", "--remark", "none"];
        let options = if app == WECHAT_APP { &item[..] } else { &words };
        platforms.run_for(app, &[&["audit", "submit"], options].concat()).json();

        // A token that the vendor refuses is replaced once, and the new one is stored.
        platforms.sim.expire_token(&id).unwrap();
        platforms.run_for(app, &["code", "versions"]).json();
        let kept = platforms.run(&["auth", "status", "--app", app]).json();
        assert_eq!((&kept[0]["generation"], &kept[0]["refused"]), (&json!(2), &json!(false)), "{kept}");
        let refreshed = platforms.run_for(app, &["auth", "refresh"]).json();
        assert_eq!(refreshed["generation"], 3, "{refreshed}");
        let recovered = platforms.run_for(app, &["auth", "recover"]).json();
        assert_eq!((&recovered["state"], &recovered["app_id"]), (&json!("active"), &json!(app)));
    }

    for app in [WECHAT_APP, BAIDU_APP] {
        platforms.sim.decide_audit(&AppId::from(app), &Decision::Approve).unwrap();
        let verdict = platforms.event(app, "audit_approved", "done").await;
        let line = until(
            || daemon.lines().into_iter().find(|line| line["id"] == verdict["id"]),
            || format!("{:?}", daemon.lines()),
        )
        .await;
        assert_eq!((&line["kind"], &line["app_id"]), (&json!("audit_approved"), &json!(app)));
        assert_eq!((&line["attempt"], &line["vendor"]), (&json!(1), &json!(vendor_of(app))));
        let shown = platforms.run(&["events", "show", &verdict["id"].to_string()]).json();
        assert_eq!(shown["event"]["payload"], line["payload"]);
    }

    let verdict = platforms.event(WECHAT_APP, "audit_approved", "done").await;
    let id = verdict["id"].to_string();
    let handed_over = || daemon.lines().into_iter().filter(|line| line["id"] == verdict["id"]).count();
    assert_eq!(handed_over(), 1);
    let replayed = platforms.run(&["events", "replay", &id]).json();
    assert_eq!(replayed, json!([{ "id": verdict["id"], "state": "pending" }]));
    assert_eq!(platforms.run(&["events", "replay", "4242"]).error(1)["kind"], "not_found");
    until(|| (handed_over() == 2).then_some(()), || format!("{:?}", daemon.lines())).await;
    platforms.event(WECHAT_APP, "audit_approved", "done").await;
    daemon.stop();
    platforms.run(&["events", "replay", &id]).json();
    assert_eq!(platforms.run(&["events", "replay", &id]).error(1)["kind"], "conflict", "it is pending");

    for app in [WECHAT_APP, BAIDU_APP] {
        assert_eq!(platforms.run_for(app, &["release", "publish"]).json()["outcome"], "done");
        assert_eq!(platforms.sim.effects(&AppId::from(app), "release"), 1);
    }
    let report = platforms.run(&["store", "check"]).json();
    assert_eq!((&report["problems"], &report["unreadable"]), (&json!([]), &json!([])), "{report}");
    assert_eq!(report["open_intents"], 0, "every effect was closed in the journal");
}

/// Failing handlers, dead letters, and their replay.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_cannot_handle_is_dead_until_it_is_replayed() {
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let daemon = platforms.serve(&["--attempts", "1", "--exec", "exit 3"]);
    platforms.sim.push_ticket(WECHAT).unwrap();
    let asked = || {
        let dead = platforms.run(&["events", "list", "--state", "dead"]).json();
        dead.as_array().unwrap().first().cloned()
    };
    let dead = until(asked, String::new).await;
    assert!(dead["last_error"].as_str().unwrap().contains("exit status: 3"), "{dead}");
    assert_eq!((&dead["kind"], &dead["attempts"]), (&json!("ticket"), &json!(1)));
    let ticket = platforms.run(&["auth", "ticket", "--vendor", "wechat"]).json();
    assert_eq!(ticket["state"], "present", "the tokens were asked first");
    daemon.stop();

    let replayed = platforms.run(&["events", "replay", "--dead", "--vendor", "baidu"]).json();
    assert_eq!(replayed, json!([]));
    let replayed = platforms.run(&["events", "replay", "--dead"]).json();
    assert_eq!(replayed[0]["id"], dead["id"]);
    let handled = platforms.file("handled.jsonl");
    let daemon = platforms.serve(&["--exec", &format!("cat >> {}", handled.display())]);
    let done = || {
        let entry = platforms.run(&["events", "show", &dead["id"].to_string()]).json();
        (entry["state"] == "done").then_some(entry)
    };
    let done = until(done, String::new).await;
    assert_eq!(done["event"]["payload"]["ComponentVerifyTicket"], "***");
    daemon.stop();
    let handled: Value = serde_json::from_str(&fs::read_to_string(handled).unwrap()).unwrap();
    assert_eq!((&handled["id"], &handled["payload"]["ComponentVerifyTicket"]), (&dead["id"], &json!("***")));
}

/// WeChat's JSON envelopes are accepted if the configuration or the option says so.
#[tokio::test(flavor = "multi_thread")]
async fn pushes_in_json_are_received_where_that_is_configured() {
    use miniprogram::Secret;
    use miniprogram::callback::{BodyFormat, CallbackConfig, Seal};
    use miniprogram::wechat::event::{PushRoute, WeChatEventEncoder};

    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let callback = Callback::sample(WECHAT);
    let config = CallbackConfig::encrypted(callback.token.clone(), &Secret::new(callback.aes_key.expose()));
    let config = config.unwrap().with_platform_id(callback.platform_id.as_str());
    let deliver = async |daemon: &Daemon, format: BodyFormat, note: &str| {
        let encoder = WeChatEventEncoder::new(config.clone().with_body_format(format)).unwrap();
        let fields = json!({ "AppId": callback.platform_id, "InfoType": "brand_new", "Note": note });
        let message = encoder.message(fields.as_object().unwrap()).unwrap();
        let seal = Seal::new(SystemClock.now(), "77");
        let push = encoder.seal_push(PushRoute::Authorization, &message, &seal).unwrap();
        let routes = daemon.first["routes"].as_array().unwrap();
        let route = routes.iter().find(|route| route["vendor"] == WECHAT.as_str()).unwrap();
        let url = format!("{}?{}", route["authorization_url"].as_str().unwrap(), push.query);
        let request = reqwest::Client::new().post(url).header("content-type", push.content_type.unwrap());
        request.body(push.body).send().await.unwrap().status().as_u16()
    };
    let file = platforms.file("miniprogram.toml");
    let by_default = fs::read_to_string(&file).unwrap();
    let configured = by_default.replace("vendor = \"wechat\"", "vendor = \"wechat\"\nbody_format = \"json\"");
    for (text, options, json) in [
        (&by_default, &[][..], 403),
        (&by_default, &["--body-format", "json"], 200),
        (&configured, &[], 200),
        (&configured, &["--body-format", "xml"], 403),
    ] {
        write_private(&file, text);
        let daemon = platforms.serve(&[&["--jsonl"], options].concat());
        let xml = if json == 200 { 403 } else { 200 };
        let note = format!("safe\u{202e}{}", SystemClock.now().as_unix_millis());
        assert_eq!(deliver(&daemon, BodyFormat::Json, &note).await, json, "{options:?}");
        assert_eq!(deliver(&daemon, BodyFormat::Xml, &note).await, xml, "{options:?}");
        let line = until(|| daemon.lines().into_iter().next(), || format!("{:?}", daemon.lines())).await;
        assert_eq!(line["payload"]["Note"], note);
        assert!(!daemon.stop().contains('\u{202e}'), "it is printed as it is");
    }

    write_private(
        &file,
        &by_default.split("[[platform]]").nth(2).map(|baidu| format!("[[platform]]{baidu}")).unwrap(),
    );
    let useless = ["serve", "--body-format", "json", "--store", "sqlite:state.db", "--listen", "127.0.0.1:0"];
    let refused = platforms.run(&useless).error(1);
    assert_eq!((&refused["kind"], &refused["field"]), (&json!("invalid_argument"), &json!("body_format")));
}

/// A command killed in the middle of an effect leaves it to the next one, which queries before it sends.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_command_leaves_an_intent_that_the_next_one_settles() {
    for app in [WECHAT_APP, BAIDU_APP] {
        let platforms = Platforms::start().await;
        platforms.run(&["store", "migrate"]).json();
        let daemon = platforms.serve(&[]);
        platforms.authorize(app).await;
        daemon.stop();
        let id = AppId::from(app);
        platforms.sim.arrange(&id, &State::Approved).unwrap();
        platforms.sim.add_fault(FaultRule::next(1, Scope::Effects, Fault::After(Disturbance::Hang)));
        let line = ["release", "publish", "--vendor", vendor_of(app), "--app", app, "--format", "json"];
        let mut killed =
            platforms.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until(|| (platforms.sim.effects(&id, "release") == 1).then_some(()), String::new).await;
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(platforms.run(&["store", "check"]).json()["open_intents"], 1);

        // Another effect: the open one is settled first, and not sent again.
        let after = platforms.run_for(app, &["release", "visit", "close", "--settle-time", "300ms"]).json();
        assert_eq!(after["outcome"], "done");
        assert_eq!(platforms.sim.effects(&id, "release"), 1, "{app}");
        assert_eq!(platforms.run(&["store", "check"]).json()["open_intents"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_sent_to_the_page_and_the_code_is_exchanged() {
    for (app, list) in [(WECHAT_APP, 0), (BAIDU_APP, 3)] {
        let platforms = Platforms::start().await;
        platforms.run(&["store", "migrate"]).json();
        let vendor = vendor_of(app);
        let of: Vendor = if app == BAIDU_APP { BAIDU } else { WECHAT };
        let ticket = platforms.sim.push_ticket(of).unwrap();
        let mut set =
            platforms.command(&["auth", "ticket", "--vendor", vendor, "--set", "-", "--format", "json"]);
        let kept = run_with_input(&mut set, format!("{}\n", ticket.expose()).as_bytes()).json();
        assert_eq!(kept["state"], "present");

        let redirect = "https://platform.example.com/authorized";
        let link = platforms.run(&["auth", "url", "--vendor", vendor, "--redirect-uri", redirect]).json();
        assert!(link["url"].as_str().unwrap().starts_with(&platforms.sim.base_url()), "{link}");
        assert!(link["expires_in_seconds"].as_u64() > Some(0));

        let code = platforms.sim.authorize(&AppId::from(app)).unwrap();
        let mut exchange = platforms.command(&["auth", "exchange", "--vendor", vendor, "--code", "-"]);
        let authorized = run_with_input(exchange.args(["--format", "json"]), code.expose().as_bytes()).json();
        assert_eq!(authorized["app_id"], app);
        platforms.run_for(app, &["code", "versions"]).json();
        let ran = platforms.run(&["auth", "list", "--all", "--vendor", vendor]);
        assert_eq!(ran.code, list, "{ran:?}");
        if list == 0 {
            assert_eq!(ran.json()[0]["app_id"], app);
        }
        let all = platforms.run(&["auth", "refresh", "--all", "--vendor", vendor]).json();
        assert_eq!(all, json!([{ "app_id": app, "outcome": "done" }]));
        platforms.run(&["auth", "refresh", "--platform", "--vendor", vendor]).json();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_taken_as_the_browser_shows_it_and_only_for_its_app() {
    for (app, parameter) in [(WECHAT_APP, "auth_code"), (BAIDU_APP, "authorization_code")] {
        let platforms = Platforms::start().await;
        platforms.run(&["store", "migrate"]).json();
        let vendor = vendor_of(app);
        let of: Vendor = if app == BAIDU_APP { BAIDU } else { WECHAT };
        let ticket = platforms.sim.push_ticket(of).unwrap();
        let mut set =
            platforms.command(&["auth", "ticket", "--vendor", vendor, "--set", "-", "--format", "json"]);
        run_with_input(&mut set, ticket.expose().as_bytes()).json();
        let exchange = |input: String, options: &[&str]| {
            let mut command = platforms.command(&["auth", "exchange", "--vendor", vendor, "--code", "-"]);
            run_with_input(command.args(["--format", "json"]).args(options), input.as_bytes())
        };
        let rows = || platforms.run(&["auth", "status", "--vendor", vendor]).json();
        let lists = |id: &str| rows().as_array().unwrap().iter().any(|row| row["app_id"] == id);

        let code = platforms.sim.authorize(&AppId::from(app)).unwrap();
        let error = exchange(code.expose().to_owned(), &["--app", "another"]).error(1);
        assert_eq!((&error["kind"], &error["outcome"]), (&json!("conflict"), &json!("done")), "{error}");
        assert!(error["message"].as_str().unwrap().contains(app), "{error}");
        let recover = format!("`auth recover --vendor {vendor} --app {app}`");
        assert!(error["advice"].as_str().unwrap().contains(&recover), "{error}");
        assert!(!lists("another"), "{}", rows());
        platforms.run_for(app, &["auth", "recover"]).json();
        assert!(lists(app), "{}", rows());

        let code = platforms.sim.authorize(&AppId::from(app)).unwrap();
        let encoded: String = code.expose().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let address = format!("https://platform.example.com/back?{parameter}={encoded}&expires_in=600");
        let other = format!("https://platform.example.com/back?other={encoded}");
        let refused = exchange(other, &[]).error(1);
        assert_eq!((&refused["field"], &refused["outcome"]), (&json!("code"), &json!("not_sent")));
        assert!(refused["message"].as_str().unwrap().contains(parameter), "{refused}");
        assert_eq!(exchange(address, &["--app", app]).json()["app_id"], app);
        let code = platforms.sim.authorize(&AppId::from(app)).unwrap();
        let encoded = code.expose().replace('@', "%40");
        assert_eq!(exchange(encoded, &[]).json()["app_id"], app);
    }
}

/// The token chain's requests, printed without sending or secrets.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_of_the_chain_needs_neither_store_nor_secret() {
    let platforms = Platforms::start().await;
    write_private(
        &platforms.file("miniprogram.toml"),
        "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n[[platform]]\nvendor = \"baidu\"\nid = \"2\"\n",
    );
    for (line, paths) in [
        (
            &["exchange", "--code", "canary"][..],
            ["/cgi-bin/component/api_query_auth", "/rest/2.0/oauth/token"],
        ),
        (
            &["refresh", "--app", "17000002"],
            ["/cgi-bin/component/api_authorizer_token", "/rest/2.0/oauth/token"],
        ),
        (
            &["refresh", "--platform"],
            ["/cgi-bin/component/api_component_token", "/public/2.0/smartapp/auth/tp/token"],
        ),
        (
            &["recover", "--app", "17000002"],
            [
                "/cgi-bin/component/api_get_authorizer_info",
                "/rest/2.0/smartapp/auth/retrieve/authorizationcode",
            ],
        ),
    ] {
        for (vendor, path) in ["wechat", "baidu"].into_iter().zip(paths) {
            let plan = platforms.run(&[&["auth"], line, &["--dry-run", "--vendor", vendor]].concat()).json();
            assert_eq!(plan[0]["path"], path, "{plan}");
            assert!(!plan.to_string().contains("canary"), "{plan}");
        }
    }
    let push = platforms.run(&["auth", "ticket", "--start", "--dry-run", "--vendor", "wechat"]).json();
    assert_eq!(push[0]["path"], "/cgi-bin/component/api_start_push_ticket");
    let none = platforms.run(&["auth", "ticket", "--start", "--dry-run", "--vendor", "baidu"]).error(3);
    assert_eq!(none["kind"], "unsupported");
    assert_eq!(platforms.sim.requests(), 0);
}

/// With another key, or with none, nothing starts and nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_store_is_used_with_its_key_alone() {
    const KEY: &str = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E=";
    const OTHER: &str = "b3RoZXJrZXlvdGhlcmtleW90aGVya2V5b3RoZXJrZXk=";
    let mut platforms = Platforms::start().await.with(&[("MINIPROGRAM_STORE_KEY", KEY)]);
    platforms.run(&["store", "migrate"]).json();
    let daemon = platforms.serve(&[]);
    platforms.authorize(WECHAT_APP).await;
    daemon.stop();
    let before = platforms.run(&["store", "check"]).json();
    let keys = before["keys"].as_object().unwrap();
    let (id, state) = keys.iter().next().unwrap();
    assert_eq!((keys.len(), state, &before["open_values"]), (1, &json!("active"), &json!(0)));
    for wrong in [&[][..], &[("MINIPROGRAM_STORE_KEY", OTHER)]] {
        platforms = platforms.with(wrong);
        for line in [
            &["serve"][..],
            &["store", "check"],
            &["store", "migrate"],
            &["auth", "status"],
            &["events", "list"],
            &["auth", "refresh", "--vendor", "wechat", "--app", WECHAT_APP],
        ] {
            let error = platforms.run(line).error(1);
            assert_eq!(error["field"], "MINIPROGRAM_STORE_KEY", "{line:?}: {error}");
            assert!(error.to_string().contains(id), "{line:?}: {error}");
        }
        let exported = platforms.run(&["store", "export"]);
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(exported.stdout.contains(WECHAT_APP), "{exported:?}");
    }
    platforms = platforms.with(&[("MINIPROGRAM_STORE_KEY", KEY)]);
    assert_eq!(platforms.run(&["store", "check"]).json(), before);

    let rotated = [("MINIPROGRAM_STORE_KEY", OTHER), ("MINIPROGRAM_STORE_PREVIOUS_KEYS", KEY)];
    platforms = platforms.with(&rotated);
    platforms.run(&["store", "migrate"]).json();
    platforms = platforms.with(&rotated[..1]);
    let after = platforms.run(&["store", "check"]).json();
    assert_eq!(after["keys"][id], "retired", "{after}");
    assert_eq!(after["sealed_with"].as_object().unwrap().len(), 1, "{after}");
}

/// On PostgreSQL two daemons and the commands work side by side.
#[tokio::test(flavor = "multi_thread")]
async fn processes_share_postgres() {
    let Some(url) = postgres::database("platform::processes_share_postgres") else { return };
    let platforms = Platforms::start().await.with(&[("MINIPROGRAM_STORE", &url)]);
    let early = platforms.run(&["serve"]).error(1);
    assert!(early["advice"].as_str().unwrap().contains("store migrate"), "{early}");
    assert_eq!(platforms.run(&["store", "migrate"]).json()["backend"], "postgres");
    let first = platforms.serve(&[]);
    let second = platforms.serve(&[]);
    for app in [WECHAT_APP, BAIDU_APP] {
        platforms.authorize(app).await;
        assert_eq!(platforms.run_for(app, &UPLOAD).json()["outcome"], "done");
        assert_eq!(platforms.run_for(app, &["auth", "refresh"]).json()["state"], "active");
    }
    let ticket = platforms.run(&["events", "list", "--kind", "ticket", "--state", "done"]).json();
    let id = ticket[0]["id"].to_string();
    assert_eq!(platforms.run(&["events", "replay", &id]).json()[0]["state"], "pending");
    second.stop();
    first.stop();
    assert_eq!(platforms.run(&["store", "check"]).json()["problems"], json!([]));
}

/// WeChat's test of a platform before it is published.
#[tokio::test(flavor = "multi_thread")]
async fn the_acceptance_test_is_passed_where_it_is_answered() {
    for (option, passed) in [(&["--acceptance-test"][..], true), (&[], false)] {
        let platforms = Platforms::start().await;
        platforms.run(&["store", "migrate"]).json();
        let daemon = platforms.serve(option);
        let report = platforms.sim.run_acceptance_test().await.unwrap();
        assert_eq!(report.is_passed(), passed, "{report:?}");
        assert!(report.ticket_acknowledged && report.authorization_acknowledged, "{report:?}");
        daemon.stop();
    }
}

/// Every secret is used, at the most verbose log level, and none is printed.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_the_platform_is_printed() {
    const STORE_KEY: &str = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E=";
    for app in [WECHAT_APP, BAIDU_APP] {
        let loud =
            [("MINIPROGRAM_LOG", "trace"), ("RUST_LOG", "trace"), ("MINIPROGRAM_STORE_KEY", STORE_KEY)];
        let platforms = Platforms::start().await.with(&loud);
        let vendor = if app == BAIDU_APP { BAIDU } else { WECHAT };
        let id = AppId::from(app);
        let callback = Callback::sample(vendor);
        let mut secrets =
            vec![platforms.sim.wechat_secret(), callback.token, callback.aes_key, STORE_KEY.into()];
        let mut said = String::new();
        let mut run = |line: &[&str]| {
            let ran = Ran::of(&mut platforms.command(line));
            said += &format!("$ {line:?}\n{}{}", ran.stdout, ran.stderr);
            ran
        };
        let of_app = ["--vendor", vendor.as_str(), "--app", app];
        let of_vendor = ["--vendor", vendor.as_str()];
        run(&["store", "migrate"]);
        // A command without JSON results logs to standard error: read the store itself.
        let daemon = platforms.serve(&["--jsonl"]);
        secrets.push(platforms.sim.push_ticket(vendor).unwrap());
        let quiet = |line: &[&str]| {
            let mut command = platforms.command(line);
            Ran::of(command.env_remove("MINIPROGRAM_LOG").args(["--format", "json"]))
        };
        let state = || quiet(&[&["auth", "ticket"], &of_vendor[..]].concat()).json()["state"] == "present";
        until(|| state().then_some(()), String::new).await;
        secrets.push(platforms.sim.authorize(&id).unwrap());
        let kept = || quiet(&["auth", "status", "--app", app]).json()[0]["refreshable"] == true;
        until(|| kept().then_some(()), String::new).await;
        secrets.push(platforms.sim.token(&id).unwrap());
        secrets.extend(platforms.sim.refresh_token(&id).unwrap());
        secrets.push(platforms.sim.platform_token(vendor).unwrap());
        platforms.sim.revoke_authorization(&id).unwrap();
        let revoked = || quiet(&["auth", "status", "--app", app]).json()[0]["state"] == "revoked";
        until(|| revoked().then_some(()), String::new).await;
        secrets.push(platforms.sim.authorize(&id).unwrap());
        until(|| kept().then_some(()), String::new).await;
        for line in [&["events", "list"][..], &["auth", "status"], &["store", "export"], &["store", "check"]]
        {
            assert_eq!(run(line).code, 0, "{line:?}");
            assert_eq!(run(&[line, &["--format", "json"]].concat()).code, 0, "{line:?}");
        }
        for event in ["1", "2", "3", "4"] {
            assert_eq!(run(&["events", "show", event]).code, 0);
            assert_eq!(run(&["events", "show", event, "--format", "json"]).code, 0);
        }
        run(&[&["auth", "refresh"], &of_app[..]].concat());
        said += &daemon.stop();
        let mut run = |line: &[&str]| {
            let ran = Ran::of(&mut platforms.command(line));
            said += &format!("$ {line:?}\n{}{}", ran.stdout, ran.stderr);
            ran
        };
        for verb in [&["auth", "refresh"][..], &["auth", "recover"], &["code", "versions"], &UPLOAD] {
            secrets.push(platforms.sim.token(&id).unwrap());
            assert_eq!(run(&[verb, &of_app].concat()).code, 0, "{verb:?}");
            secrets.push(platforms.sim.token(&id).unwrap());
            secrets.extend(platforms.sim.refresh_token(&id).unwrap());
        }
        for fault in [Disturbance::Reset, Disturbance::GarbageBody] {
            platforms.sim.clear_faults();
            platforms.sim.add_fault(FaultRule::always(Scope::All, Fault::Before(fault)));
            platforms.sim.expire_token(&id).unwrap();
            platforms.sim.expire_platform_token(vendor).unwrap();
            let short = ["--timeout", "200ms", "--deadline", "200ms"];
            for verb in [&["auth", "refresh"][..], &["auth", "recover"], &["code", "versions"]] {
                run(&[verb, &of_app, &short].concat());
            }
            let url = ["auth", "url", "--redirect-uri", "https://platform.example.com/"];
            run(&[&url[..], &of_vendor, &short].concat());
            let exchange = ["auth", "exchange", "--code", "canary-of-a-code"];
            run(&[&exchange[..], &of_vendor, &short].concat());
        }
        secrets.push("canary-of-a-code".into());
        let said = said.replace("\"canary-of-a-code\"", "");
        assert!(said.contains("TRACE") || said.contains("DEBUG"), "the log is on");
        for secret in &secrets {
            let at = said
                .find(secret.expose())
                .map(|at| &said[at.saturating_sub(400)..(at + 100).min(said.len())]);
            assert_eq!(at, None, "{app}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_configuration_is_checked_and_proved_on_demand() {
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let check = |options: &[&str]| {
        let ran = platforms.run(&[&["config", "check"], options].concat());
        let rows: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        let faulty: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["state"] == "error")
            .map(|row| (row["platform_id"].clone(), row["check"].clone(), row["detail"].clone()))
            .collect();
        (ran.code, faulty, rows)
    };
    let (code, faulty, rows) = check(&[]);
    assert_eq!((code, faulty.len()), (0, 0), "{rows}");
    assert_eq!(platforms.sim.requests(), 0, "nothing is sent");
    for vendor in [WECHAT, BAIDU] {
        let ticket = platforms.sim.push_ticket(vendor).unwrap();
        let mut set = platforms.command(&["auth", "ticket", "--vendor", vendor.as_str(), "--set", "-"]);
        assert_eq!(run_with_input(&mut set, ticket.expose().as_bytes()).code, 0);
    }
    let (code, faulty, rows) = check(&["--online"]);
    assert_eq!((code, faulty.len()), (0, 0), "{rows}");
    let tokens = rows.as_array().unwrap().iter().filter(|row| row["check"] == "token").count();
    assert_eq!(tokens, 2, "{rows}");

    // A wrong secret looks well until it is used, even while a token is stored.
    let file = platforms.file("miniprogram.toml");
    let good = fs::read_to_string(&file).unwrap();
    write_private(&file, &good.replace(platforms.sim.wechat_secret().expose(), "canary-of-a-secret"));
    assert_eq!(check(&[]).0, 0);
    let (code, faulty, rows) = check(&["--online"]);
    assert_eq!((code, faulty.len()), (1, 1), "{rows}");
    assert_eq!(faulty[0].1, "token");
    assert!(!rows.to_string().contains("canary"), "{rows}");

    // All that is wrong is found at once.
    let base = format!("base_url = \"{}\"", platforms.sim.base_url());
    let text = good.replacen(&base, "base_url = \"http://gw.example.com/wx\"", 1);
    let key = Callback::sample(BAIDU).aes_key;
    write_private(&file, &text.replace(&format!("aes_key = \"{}\"", key.expose()), "aes_key = \"short\""));
    let (code, faulty, rows) = check(&[]);
    let checks: Vec<_> = faulty.iter().map(|(_, check, _)| check.as_str().unwrap()).collect();
    assert_eq!(code, 1, "{rows}");
    assert!(checks.contains(&"calls") && checks.contains(&"pushes"), "{rows}");
    assert!(rows.to_string().contains("base_url"), "{rows}");
}

/// A configuration mistake is reported with the field, the platform and the remedy.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_configuration_are_named() {
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let head = "store = \"sqlite:state.db\"\nlisten = \"127.0.0.1:0\"\n";
    let wechat = "[[platform]]\nvendor = \"wechat\"\nid = \"wx1\"\n";
    let whole = format!("{wechat}secret = {{ env = \"NOT_SET_SECRET\" }}\ntoken = \"t\"\n");
    let key = format!("aes_key = \"{}\"\n", "a".repeat(43));
    let serve = ["serve"];
    let versions = ["code", "versions", "--vendor", "wechat", "--app", "wx2"];
    for (text, line, field, says, advises) in [
        (format!("{wechat}sekret = \"canary\""), &serve[..], "sekret", "wechat platform wx1", "secret"),
        (whole.clone(), &serve, "aes_key", "wechat platform wx1", "env"),
        (format!("{whole}aes_key = \"canary\""), &serve, "aes_key", "wechat platform wx1", "43|console"),
        (format!("{whole}{key}"), &serve, "secret", "NOT_SET_SECRET", "NOT_SET_SECRET"),
        (whole.clone(), &versions, "secret", "NOT_SET_SECRET", "set NOT_SET_SECRET"),
        (format!("{wechat}secret = \"canary\nx"), &versions, "config", "at line ", "quotes"),
    ] {
        write_private(&platforms.file("miniprogram.toml"), &format!("{head}{text}"));
        let ran = platforms.run(line);
        let error = ran.error(1);
        assert_eq!((&error["kind"], &error["field"]), (&json!("config"), &json!(field)), "{error}");
        assert!(error["message"].as_str().unwrap().contains(says), "{error}");
        let advice = error["advice"].as_str().unwrap();
        assert!(advises.split('|').any(|word| advice.contains(word)), "{error}");
        assert!(!ran.stderr.contains("canary"), "{ran:?}");
    }
    let second = wechat.replace("wx1", "wx3");
    write_private(&platforms.file("miniprogram.toml"), &format!("{head}{wechat}{second}"));
    let ambiguous = platforms.run(&versions);
    assert_eq!((ambiguous.code, ambiguous.stdout.as_str()), (2, ""));
    assert!(ambiguous.stderr.contains("wechat wx1, wechat wx3"), "{}", ambiguous.stderr);
    let nobody = platforms.run(&[&versions[..], &["--platform-id", "nope"]].concat());
    assert_eq!(nobody.code, 2);
    let says = "the configuration has no wechat platform nope, only wechat wx1, wechat wx3";
    assert!(nobody.stderr.contains(says), "{}", nobody.stderr);
    // What is configured is not missing, and the vendor is the only configured one.
    let no_app = platforms.run(&["code", "versions"]);
    assert_eq!(no_app.code, 2);
    assert!(no_app.stderr.contains("--app <APP_ID>"), "{}", no_app.stderr);
    for said in ["--vendor <", "--access-token"] {
        assert!(!no_app.stderr.contains(said), "{}", no_app.stderr);
    }
    let chosen = platforms.run(&[&versions[..], &["--platform-id", "wx3"]].concat()).error(1);
    assert_eq!(chosen["field"], "secret", "{chosen}");
    // The file does not matter to a command with a token and no store.
    let mut alone = platforms.command(&versions);
    alone.args(["--config", "", "--access-token", "unknown", "--format", "json"]);
    let alone = Ran::of(alone.env("MINIPROGRAM_BASE_URL", platforms.sim.base_url())).error(1);
    assert_eq!(alone["kind"], "token_rejected", "{alone}");
}
