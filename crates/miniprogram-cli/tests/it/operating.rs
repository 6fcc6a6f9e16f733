//! `docs/operating.md`, word for word: its files are written, its commands run, and its comments say what the vendors do
//! meanwhile.

use std::fs;
use std::path::Path;
use std::process::Command;

use miniprogram::AppId;
use miniprogram_sim::{Decision, State};

use crate::platform::Platforms;
use crate::rollouts::{count, status_with};
use crate::support::{BAIDU_APP, Ran, WECHAT_APP, command};

/// What the page asks for.
enum Step {
    File(&'static str, String),
    /// A line, and how it ends.
    Run(String, i32),
    Wait(String, u64),
    Decide(AppId, Decision),
}

fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut block: Option<(&str, String)> = None;
    let mut code = 0;
    for line in page.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            match block.take() {
                None => block = Some((kind, String::new())),
                Some(("toml", text)) => steps.push(Step::File("spring.toml", text)),
                Some(("csv", text)) => steps.push(Step::File("merchants.csv", text)),
                Some(("sh", text)) => {
                    let code = std::mem::take(&mut code);
                    steps.extend(text.lines().map(|line| Step::Run(line.to_owned(), code)));
                }
                Some((kind, _)) => panic!("a block of {kind:?}"),
            }
        } else if let Some((_, text)) = &mut block {
            *text += line;
            text.push('\n');
        } else if let Some(comment) = line.strip_prefix("<!-- ") {
            let (what, about) = comment.trim_end_matches(" -->").split_once(": ").unwrap();
            if what == "exit" {
                code = about.parse().unwrap();
                continue;
            }
            steps.push(match what {
                "wait" => {
                    let (phase, apps) = about.split_once(' ').unwrap();
                    Step::Wait(phase.to_owned(), apps.parse().unwrap())
                }
                "approve" => Step::Decide(about.into(), Decision::Approve),
                "reject" => Step::Decide(about.into(), Decision::reject("the menu is empty")),
                other => panic!("{other:?}"),
            });
        }
    }
    steps
}

/// Runs a line in a shell where `miniprogram` is this command.
fn run(platforms: &Platforms, line: &str) -> Ran {
    let binary = command().get_program().to_owned();
    let folder = Path::new(&binary).parent().unwrap().display().to_string();
    let mut shell = Command::new("sh");
    for (name, value) in command().get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    Ran::of(shell.current_dir(platforms.file(".")).env("PATH", path).args(["-c", line]))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_page_works_in_its_order() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");
    let steps = steps(&fs::read_to_string(page).unwrap());
    let runs = steps.iter().filter(|step| matches!(step, Step::Run(..))).count();
    assert!(runs > 10, "only {runs} commands");
    let platforms = Platforms::start().await;
    platforms.run(&["store", "migrate"]).json();
    let daemon = platforms.serve(&[]);
    for app in [WECHAT_APP, BAIDU_APP] {
        platforms.authorize(app).await;
        platforms.sim.arrange(&AppId::from(app), &State::Online).unwrap();
    }
    for step in steps {
        match step {
            Step::File(name, text) => fs::write(platforms.file(name), text).unwrap(),
            Step::Run(line, code) => {
                let ran = run(&platforms, &line);
                assert_eq!(ran.code, code, "{line}: {ran:?}");
                assert!(!ran.stdout.trim().is_empty(), "{line} says nothing");
            }
            Step::Wait(phase, apps) => {
                status_with(&platforms, |status| count(status, &phase) == apps).await;
            }
            Step::Decide(app, decision) => platforms.sim.decide_audit(&app, &decision).unwrap(),
        }
    }
    daemon.stop();
}
