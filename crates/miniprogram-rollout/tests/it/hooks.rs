//! The gate and the notifications of a plan: real programs, and a server on loopback.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use miniprogram_core::clock::{Clock as _, SystemClock};
use miniprogram_core::{Capabilities, Secret, Vendor};
use miniprogram_rollout::engine::{GateRequest, HealthGate as _, Hooks, Notice, Notifier as _};
use miniprogram_rollout::machine::Health;
use miniprogram_rollout::plan::{Context, KnownVendor, Plan, Settings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const ACME: Vendor = Vendor::new("acme");

fn settings(tables: &str) -> Settings {
    let file = format!(
        r#"
        merchants = "merchants.csv"
        failure_budget = 0
        [vendor.acme]
        template = 7
        version = "2.0.0"
        description = "spring"
        extension = {{}}
        [[wave]]
        name = "all"
        apps = "rest"
        {tables}
        "#
    );
    let mut files = |name: &str| match name {
        "merchants.csv" => Ok(b"vendor,app_id\nacme,1\n".to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let known = Context::new([KnownVendor::new(ACME, Capabilities::new())]);
    let plan = Plan::check("rollout.toml", file.as_bytes(), &mut files, &known);
    plan.unwrap_or_else(|problems| panic!("{problems}")).settings().clone()
}

fn request() -> GateRequest {
    GateRequest::new("spring", ACME, "1", "2.0.0", 10)
}

async fn ask(tables: &str) -> (Health, String) {
    let gate = Hooks::new().gate(&settings(tables)).unwrap().unwrap();
    let gated = gate.check(&request()).await;
    (gated.health, gated.note.unwrap_or_default())
}

fn script(line: &str) -> String {
    format!("[gate]\ncommand = [\"sh\", \"-c\", '{line}']\ntimeout = \"5s\"")
}

#[tokio::test]
async fn the_exit_status_of_a_program_decides_and_its_first_line_is_kept() {
    let passed =
        ask(&script(r#"grep -q "\"app_id\":\"1\",\"version\":\"2.0.0\",\"percentage\":10" && echo fine"#))
            .await;
    assert_eq!(passed, (Health::Pass, "fine".to_owned()));
    assert_eq!(
        ask(&script("echo orders are down; exit 1")).await,
        (Health::Fail, "orders are down".to_owned())
    );
    assert_eq!(ask(&script("exit 3")).await, (Health::Inconclusive, "exit status: 3".to_owned()));
    let (health, why) = ask("[gate]\ncommand = [\"/no/such/program\"]").await;
    assert_eq!(health, Health::Inconclusive);
    assert!(why.contains("cannot be started"), "{why}");
}

#[tokio::test]
async fn a_program_that_takes_too_long_is_inconclusive_and_killed_with_its_children() {
    let folder = TempDir::new().unwrap();
    let pid = folder.path().join("pid");
    let line = format!("sleep 1000 & echo $! > {}; wait", pid.display());
    let tables = format!("[gate]\ncommand = [\"sh\", \"-c\", '{line}']\ntimeout = \"500ms\"");
    let (health, why) = ask(&tables).await;
    assert_eq!(health, Health::Inconclusive);
    assert!(why.contains("took longer"), "{why}");
    let child = std::fs::read_to_string(&pid).unwrap();
    until(|| !is_alive(child.trim())).await;
}

#[tokio::test]
async fn a_program_gets_no_withheld_variable() {
    let tables = script(r#"test -z "$CARGO_PKG_NAME" && test -n "$CARGO_MANIFEST_DIR""#);
    let hooks = Hooks::new().with_withheld(["CARGO_PKG_NAME".to_owned()]);
    let gate = hooks.gate(&settings(&tables)).unwrap().unwrap();
    assert_eq!(gate.check(&request()).await.health, Health::Pass);
    assert!(hooks.gate(&settings("")).unwrap().is_none());
}

#[tokio::test]
async fn a_url_returns_a_verdict_or_is_inconclusive() {
    let answers = [
        ("200 OK", r#"{"verdict":"pass","note":"all is well"}"#, Health::Pass, "all is well"),
        ("200 OK", r#"{"verdict":"fail"}"#, Health::Fail, ""),
        ("200 OK", r#"{"verdict":"perhaps"}"#, Health::Inconclusive, "the response has no verdict"),
        ("500 Internal Server Error", r#"{"verdict":"pass"}"#, Health::Inconclusive, "HTTP status 500"),
    ];
    for (status, body, health, note) in answers {
        let server = Server::start(vec![(status, body)]).await;
        let asked = ask(&format!("[gate]\nurl = \"{}\"", server.url)).await;
        assert_eq!(asked, (health, note.to_owned()));
        let seen = server.seen.lock().unwrap().clone();
        assert!(seen[0].starts_with("POST /hook ") && seen[0].contains(r#""rollout":"spring""#), "{seen:?}");
    }
    let (health, note) = ask("[gate]\nurl = \"http://127.0.0.1:9/gate\"").await;
    assert_eq!((health, note.as_str()), (Health::Inconclusive, "the connection failed"));
}

#[tokio::test]
async fn a_webhook_is_signed_and_sent_again_until_it_is_taken() {
    let server = Server::start(vec![("503 Service Unavailable", ""), ("204 No Content", "")]).await;
    let tables = format!("[[notify]]\non = [\"ended\"]\nurl = \"{}\"\nsecret_env = \"HOOK_KEY\"", server.url);
    let hooks = Hooks::new().with_keys(|name| (name == "HOOK_KEY").then(|| Secret::new("canary")));
    let notifier = hooks.notifier(&settings(&tables)).unwrap();
    notifier.notify("spring", &Notice::SubmissionsHeld).await;
    notifier.notify("spring", &Notice::Ended).await;
    notifier.finish().await;
    let seen = server.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2, "halted is nobody's, and the first attempt was refused: {seen:?}");
    for request in &seen {
        assert!(request.contains(r#""event":"ended","rollout":"spring""#), "{request}");
        assert!(request.contains("webhook-signature: v1,") && !request.contains("canary"), "{request}");
    }
    let id =
        |request: &str| request.lines().find(|line| line.starts_with("webhook-id: ")).unwrap().to_owned();
    assert_eq!(id(&seen[0]), id(&seen[1]), "a repeated message is recognized");
}

#[tokio::test]
async fn a_program_is_told_on_its_standard_input() {
    let folder = TempDir::new().unwrap();
    let told = folder.path().join("told");
    let tables =
        format!("[[notify]]\non = [\"halted\"]\ncommand = [\"sh\", \"-c\", 'cat > {}']", told.display());
    let notifier = Hooks::new().notifier(&settings(&tables)).unwrap();
    notifier.notify("spring", &Notice::SubmissionsHeld).await;
    notifier.finish().await;
    let told: serde_json::Value = serde_json::from_str(&read(&told)).unwrap();
    assert_eq!((&told["event"], &told["rollout"]), (&"halted".into(), &"spring".into()));
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        SystemClock.deadline(Duration::from_millis(5)).await;
    }
}

/// A server that gives these answers, one per connection, and keeps what it was asked.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: Vec<(&'static str, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = String::new();
                let mut buffer = [0; 4096];
                while !request.ends_with('}') {
                    let read = stream.read(&mut buffer).await.unwrap();
                    request.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                kept.lock().unwrap().push(request);
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, seen }
    }
}
