//! What an operator sees of operations: spans, events and metrics.

use std::io;

use metrics_exporter_prometheus::PrometheusBuilder;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

use super::*;

/// Lines of JSON.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Captures what is logged in this thread while the guard lives.
    fn start(level: &str) -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_env_filter(EnvFilter::new(level))
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Returns the lines with a message.
    fn lines(&self, message: &str) -> Vec<Value> {
        let lines = self.text();
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["fields"]["message"] == message).collect()
    }
}

#[tokio::test]
async fn an_effect_and_its_requests_are_seen_with_their_outcome() {
    let (log, _guard) = Log::start("debug");
    let acme = Acme::new(&[BUSY, Answer::Done], &[Look::Absent]);
    run(&acme.pipeline(), &acme).await.unwrap();

    let ended = &log.lines("the effect is done")[0];
    assert_eq!(ended["level"], "INFO");
    let span = &ended["span"];
    let told = ["name", "vendor", "platform", "app", "operation", "outcome", "evidence", "request_id"];
    let told: Vec<_> = told.iter().map(|field| span[*field].as_str().unwrap()).collect();
    assert_eq!(told, ["operation", "acme", "platform", "1", "set_visit_status", "done", "answered", "r-0"]);
    assert_eq!((&span["attempts"], span["ms"].is_u64()), (&Value::from(2), true), "{span}");

    let refused = &log.lines("failed")[0]["span"];
    let told: Vec<_> = ["name", "endpoint", "path", "result", "outcome", "request_id"]
        .iter()
        .map(|field| refused[*field].as_str().unwrap())
        .collect();
    assert_eq!(told, ["attempt", "effect", "/effect", "rate_limited", "not_done", "r-2"]);
    assert_eq!((&refused["attempt"], &refused["status"]), (&Value::from(1), &Value::from(200)));
    let answered = &log.lines("answered")[0];
    assert_eq!((&answered["span"]["attempt"], &answered["span"]["result"]), (&2.into(), &"ok".into()));
    assert_eq!(answered["spans"][0]["app"], "1", "the request is in the span of its operation");
    assert!(!log.text().contains("access_token"), "{}", log.text());
}

#[tokio::test]
async fn an_unknown_outcome_is_a_warning_that_names_the_app_by_itself() {
    let (log, _guard) = Log::start("warn");
    let acme = Acme::new(&[Answer::Lost], &[Look::Untold]);
    run(&acme.pipeline(), &acme).await.unwrap_err();
    let line = &log.lines("the outcome of the effect is unknown")[0];
    assert_eq!(line["level"], "WARN");
    let told = ["vendor", "subject", "operation"].map(|field| line["fields"][field].as_str().unwrap());
    assert_eq!(told, ["acme", "1", "set_visit_status"], "{line}");
    assert_eq!(log.text().lines().count(), 1, "{}", log.text());
}

#[tokio::test]
async fn an_effect_that_did_not_take_place_is_no_warning() {
    let (log, _guard) = Log::start("info");
    let acme = Acme::new(&[REFUSED], &[Look::Absent]);
    run(&acme.pipeline(), &acme).await.unwrap_err();
    let line = &log.lines("the effect did not take place")[0];
    assert_eq!((&line["level"], &line["span"]["outcome"]), (&"INFO".into(), &"not_done".into()), "{line}");
}

#[tokio::test]
async fn operations_on_the_platform_itself_name_no_app() {
    let (log, _guard) = Log::start("debug");
    let pipeline = Acme::reading(&[Answer::Code(1)]).pipeline();
    let mut op = pipeline.begin(pipeline.platform_id(), "templates");
    op.read(&Call::to(&READ).without_token()).await.unwrap_err();
    let of = &log.lines("failed")[0]["spans"][0];
    assert_eq!((&of["platform"], of.get("app")), (&"platform".into(), None), "{of}");
}

#[tokio::test]
async fn calls_and_effects_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let page = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    crate::telemetry::describe();
    let acme = Acme::new(&[BUSY, Answer::Done, REFUSED], &[Look::Absent]).with_reads(&[Answer::Done]);
    let pipeline = acme.pipeline();
    pipeline.begin(&app(), "state").read(&Call::to(&READ)).await.unwrap();
    run(&pipeline, &acme).await.unwrap();
    run(&pipeline, &acme).await.unwrap_err();
    let page = page.render();
    let has = |line: &str| assert!(page.lines().any(|own| own.starts_with(line)), "{line}\n{page}");
    has(r#"miniprogram_calls_total{vendor="acme",operation="state",result="ok"} 1"#);
    has(r#"miniprogram_calls_total{vendor="acme",operation="set_visit_status",result="ok"} 1"#);
    has(r#"miniprogram_calls_total{vendor="acme",operation="set_visit_status",result="rate_limited"} 1"#);
    has(r#"miniprogram_calls_total{vendor="acme",operation="set_visit_status",result="conflict"} 1"#);
    has(r#"miniprogram_calls_seconds_count{vendor="acme",operation="set_visit_status"} 3"#);
    has(r#"miniprogram_effects_total{vendor="acme",operation="set_visit_status",outcome="done"} 1"#);
    has(r#"miniprogram_effects_total{vendor="acme",operation="set_visit_status",outcome="not_done"} 1"#);
    has("# HELP miniprogram_calls_total Requests to vendors");
}
