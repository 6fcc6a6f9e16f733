//! The report of rollouts that were written to the store by hand: what is hostile, damaged, large or has not begun.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::{AppId, ErrorKind, Language, Timestamp, Vendor};
use miniprogram_rollout::report::{EXAMPLES, LEDGER_ENTRIES, Report};
use miniprogram_store::rollouts::{
    AppStep, ControlStep, Drive, Driving, NewEntry, NewRollout, NewRolloutApp, Progress, RolloutApp,
    RolloutFilter, RolloutId, RolloutStore, SealedText, Steps,
};
use miniprogram_store::{SqliteStore, StoreOptions};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Value, json};
use tempfile::TempDir;

const ACME: Vendor = Vendor::new("acme");
const NAME: &str = "spring";

/// What a reader sees of a report: its lines of text without the charts, the cells of a row with bars between them; and
/// the number of charts. Panics if the body is not well-formed, or if something in it refers to the outside.
pub(crate) fn read(html: &str) -> (String, usize) {
    for reference in
        ["http:", "https:", "//", "src=", "href=", "@import", "url(", "<script", "<link", "<iframe"]
    {
        assert!(!html.to_lowercase().contains(reference), "{reference}");
    }
    let (begin, end) = (html.find("<body>").unwrap(), html.rfind("</body>").unwrap());
    let mut reader = Reader::from_str(&html[begin..end + "</body>".len()]);
    let (mut text, mut charts, mut drawing) = (String::new(), 0, false);
    let mut titles = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => match tag.name().as_ref() {
                "svg" => {
                    charts += 1;
                    drawing = true;
                    assert!(tag.attributes().any(|attribute| attribute.unwrap().value.as_ref() == "img"));
                }
                "title" => titles += 1,
                _ => {}
            },
            Event::End(tag) => match tag.name().as_ref() {
                "svg" => drawing = false,
                "td" | "th" if !drawing => text.push_str(" | "),
                "p" | "h1" | "h2" | "h3" | "tr" | "dd" | "li" | "caption" | "div" if !drawing => {
                    text.push('\n');
                }
                "dt" => text.push_str(": "),
                _ => {}
            },
            Event::Text(part) if !drawing => text.push_str(&part),
            Event::GeneralRef(part) if !drawing => {
                text.push_str(resolve_predefined_entity(&part).unwrap());
            }
            Event::Empty(_) | Event::Text(_) | Event::GeneralRef(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(titles, charts, "every chart has a title");
    (text, charts)
}

/// The cells of the first row that begins with this.
pub(crate) fn row<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.starts_with(begin));
    line.unwrap_or_else(|| panic!("no {begin:?} in\n{text}")).trim_end_matches(" | ").split(" | ").collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(1_800_000_000 + seconds)
}

/// A rollout in a store, and the right to drive it.
struct Written {
    store: Arc<SqliteStore>,
    id: RolloutId,
    drive: Drive,
    folder: TempDir,
}

impl Written {
    async fn new(name: &str, secrets: &Value, apps: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state.db");
        let store = Arc::new(SqliteStore::create(path, StoreOptions::default()).await.unwrap());
        let plan = json!({ "plan": "", "secrets": secrets.to_string() }).to_string();
        let control = json!({ "by": "tester <t@example.com>", "mode": "running" }).to_string();
        let new = NewRollout::new(name, "0123abcd", SealedText::new(plan))
            .with_control(SealedText::new(control))
            .with_apps(apps.len() as u64);
        let id = store.create_rollout(&new, at(0)).await.unwrap();
        for page in apps.chunks(500) {
            let new = |app: &&str| NewRolloutApp::new(ACME, AppId::from(*app), waiting());
            store.add_rollout_apps(id, page.iter().map(new).collect()).await.unwrap();
        }
        let granted = store.drive_rollout(id, "me", None, at(0), Duration::from_secs(600)).await.unwrap();
        let Driving::Granted(drive) = granted else { panic!("{granted:?}") };
        Self { store, id, drive, folder }
    }

    async fn apps(&self) -> Vec<RolloutApp> {
        let mut apps = Vec::new();
        let mut after = Some(0);
        while let Some(last) = after {
            let page = self.store.rollout_apps(self.id, &RolloutFilter::new(500).after(last)).await.unwrap();
            apps.extend(page.apps);
            after = page.next;
        }
        apps
    }

    async fn write(&self, apps: Vec<AppStep>) {
        let mut steps = Steps::default();
        steps.apps = apps;
        self.store.commit_steps(&self.drive, steps, at(1)).await.unwrap();
    }

    async fn report(&self, name: &str, language: Language) -> String {
        let report = Report::collect(&*self.store, name, at(7200)).await.unwrap();
        report.to_html(language)
    }
}

fn waiting() -> Progress {
    Progress::new("waiting", stored(&json!({ "phase": "waiting" })))
}

fn stored(state: &Value) -> SealedText {
    SealedText::new(json!({ "state": state, "correction": {} }).to_string())
}

fn entry(at: Timestamp, input: &Value, moves: &[(&str, &str, &str)]) -> NewEntry {
    let moves: Vec<_> =
        moves.iter().map(|(from, why, to)| json!({ "from": from, "why": why, "to": to })).collect();
    let text = json!({ "at": at, "input": input, "moves": moves }).to_string();
    let kind = input.as_str().or_else(|| Some(input.as_object()?.keys().next()?.as_str()));
    NewEntry::new(at, kind.unwrap(), SealedText::new(text))
}

fn begin() -> NewEntry {
    let started =
        json!({ "by": "tester", "template": "7", "version": "2.0.0", "ext_sha256": "ab".repeat(32) });
    entry(at(1), &json!({ "begin": started }), &[("waiting", "begun", "preflight")])
}

#[tokio::test]
async fn nothing_that_was_said_can_become_markup_or_show_a_secret() {
    let hostile = "\"><script>alert('1')</script>";
    let name = "spring \"<b>\" & 'more'";
    let secrets = json!({ (format!("acme/{hostile}")): { "password": "hunter2!", "short": "hunter2" } });
    let rollout = Written::new(name, &secrets, &[hostile]).await;
    let said = format!("{hostile} \u{202e}log in with hunter2! or access_token=t0ken, 0pen-sesame, kn0ck");
    let verdict = json!({ "status": "rejected", "reason": said, "source": "poll", "read_at": at(9) });
    let state = json!({ "phase": "rejected", "facts": { "verdict": verdict } });
    let audit = json!({ "audit": { "audit_id": "1", "status": "rejected", "reason": said } });
    let entries = vec![
        begin(),
        entry(at(9), &json!({ "answered": audit }), &[("in_review", "rejected", "rejected")]),
        entry(at(9), &json!({ "gated": { "health": "fail", "note": said } }), &[]),
    ];
    let correction =
        json!({ "ext": r#"{"ext":{"login":"0pen-sesame","n":1}}"#, "options": { "remark": "kn0ck" } });
    let text = json!({ "state": state, "correction": correction }).to_string();
    let progress = Progress::new("rejected", SealedText::new(text)).with_ended(true);
    rollout.write(vec![AppStep::of(&rollout.apps().await[0], progress, entries)]).await;
    for language in Language::ALL {
        let html = rollout.report(name, language).await;
        for secret in ["hunter2", "t0ken", "0pen-sesame", "kn0ck"] {
            assert!(!html.contains(secret), "{secret} is shown");
        }
        let (text, charts) = read(&html);
        assert!(text.contains(name), "{text}");
        assert_eq!(text.matches(&format!(r"{hostile} \u{{202e}}log in with ***")).count(), 3, "{text}");
        assert!(!html.contains('\u{202e}'));
        assert_eq!(charts, 3);
        // The command can be pasted into a shell.
        assert!(text.contains(r#"rollout apps 'spring "<b>" & '\''more'\''' --state failed"#), "{text}");
    }
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_named_and_counted() {
    let rollout = Written::new(NAME, &json!({}), &["a", "b", "c"]).await;
    let apps = rollout.apps().await;
    let preflight = || Progress::new("preflight", stored(&json!({ "phase": "preflight" })));
    let newer =
        NewEntry::new(at(2), "dreamt", SealedText::new(r#"{"at":"2027-01-15T08:00:02Z","input":"dreamt"}"#));
    rollout
        .write(vec![
            AppStep::of(&apps[0], preflight(), vec![begin(), newer]),
            AppStep::of(&apps[1], preflight(), vec![begin(), entry(at(3), &json!("due"), &[])]),
            AppStep::of(
                &apps[2],
                Progress::new("preflight", SealedText::new("{\"state\":7}")),
                vec![begin()],
            ),
        ])
        .await;
    let database = rusqlite::Connection::open(rollout.folder.path().join("state.db")).unwrap();
    for damage in [
        "UPDATE rollout_apps SET state = substr(state, 1, 0) WHERE app = 'a'",
        "UPDATE rollout_ledger SET entry = substr(entry, 1, 0) WHERE app = 'b' AND seq = 2",
    ] {
        database.execute(damage, ()).unwrap();
    }
    let (text, _) = read(&rollout.report(NAME, Language::English).await);
    assert!(text.contains("\nApps: 2\n") && text.contains("\nacme a (1): "), "{text}");
    assert!(text.contains("\nacme c (3): it is of another version"), "{text}");
    assert!(text.contains("Ledger entries: 2\nacme a (2): it is of another version"), "{text}");
    assert!(text.contains("\nacme b (4): "), "{text}");
    assert_eq!(row(&text, "acme | 3")[..3], ["acme", "3", "3"], "all others are counted");
    assert!(text.contains("Entries: 3 (begin 3)"), "{text}");
    let (text, _) = read(&rollout.report(NAME, Language::Chinese).await);
    assert!(text.contains("台账条目: 2\n"), "{text}");
}

#[tokio::test]
async fn a_rollout_that_has_not_begun_has_a_report() {
    let rollout = Written::new(NAME, &json!({}), &["a", "b"]).await;
    let (text, charts) = read(&rollout.report(NAME, Language::English).await);
    assert_eq!(row(&text, "acme | 2"), ["acme", "2", "0", "0", "0", "0", "0", "0", "0"]);
    assert_eq!(row(&text, "waiting |"), ["waiting", "2"]);
    for sentence in ["No audit has a verdict yet.", "No app failed, was rejected", "Entries: 0"] {
        assert!(text.contains(sentence), "{text}");
    }
    assert_eq!(charts, 2);
    let (text, _) = read(&rollout.report(NAME, Language::Chinese).await);
    assert_eq!(row(&text, "未开始 |"), ["未开始", "2"]);
    let missing = Report::collect(&*rollout.store, "autumn", at(0)).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
}

#[tokio::test]
async fn an_entry_of_the_rollout_as_a_whole_is_listed() {
    let rollout = Written::new(NAME, &json!({}), &["a"]).await;
    let record = rollout.store.rollout(NAME).await.unwrap().unwrap();
    let opened = NewEntry::new(at(1), "wave_opened", SealedText::new(r#"{"wave":0}"#));
    let mut steps = Steps::default();
    steps.control = Some(ControlStep::of(&record, record.control.clone(), vec![opened]));
    rollout.store.commit_steps(&rollout.drive, steps, at(1)).await.unwrap();
    let (text, _) = read(&rollout.report(NAME, Language::English).await);
    assert_eq!(row(&text, "2027-01-15 16:00:01")[1..], ["the rollout", "1", "wave opened"]);
}

#[tokio::test]
async fn ten_thousand_apps_fit_and_what_is_cut_off_is_told() {
    const APPS: usize = 10_000;
    let names: Vec<_> = (0..APPS).map(|number| format!("app{number:05}")).collect();
    let rollout = Written::new(NAME, &json!({}), &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let apps = rollout.apps().await;
    for (page, rows) in apps.chunks(500).enumerate() {
        let steps = rows.iter().enumerate().map(|(number, row)| {
            let hour = i64::try_from(page).unwrap();
            let submitted = entry(at(60), &json!("due"), &[("submitting", "submitted", "in_review")]);
            let (why, phase) = if number == 0 { ("rejected", "rejected") } else { ("approved", "releasing") };
            let verdict = entry(at(60 + 3600 * hour), &json!("due"), &[("in_review", why, phase)]);
            let entries = vec![begin(), submitted, verdict];
            AppStep::of(row, Progress::new(phase, stored(&json!({ "phase": phase }))), entries)
        });
        rollout.write(steps.collect()).await;
    }
    let html = rollout.report(NAME, Language::English).await;
    let (text, _) = read(&html);
    let reached = ["10000", "10000", "10000", "10000", "9980", "0", "0", "0"];
    assert_eq!(row(&text, "acme | 10000")[1..], reached);
    assert_eq!(row(&text, "acme | 9980")[1..6], ["9980", "20", "0", "0", "0"]);
    assert_eq!(row(&text, "acme | 9980")[6..], ["9 h", "17 h", "19 h"]);
    let expected = format!(
        "Only the last {LEDGER_ENTRIES} are shown here; {} before them are left out. All of them are listed by \
         miniprogram rollout ledger spring",
        3 * APPS - LEDGER_ENTRIES
    );
    assert!(text.contains(&expected), "{text}");
    let rejected = row(&text, "acme | audit rejected");
    assert_eq!(rejected[2..5], ["platform", "", "20"]);
    assert_eq!(text.matches("app0").count(), EXAMPLES + LEDGER_ENTRIES, "{text}");
    assert!(html.len() < 400_000, "{} bytes", html.len());
    assert!(html.contains("<polygon"), "the states are drawn");
}
