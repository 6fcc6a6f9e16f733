//! What the documents leave open: the README shows the code's list, and each row has a test.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use miniprogram_sim::{BAIDU, DecisionInfo, WECHAT, decisions};

const BEGIN: &str = "<!-- decisions -->\n";
const END: &str = "<!-- end of decisions -->";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The list as the README shows it.
fn rendered() -> String {
    let all = decisions();
    let mut text = String::new();
    for (title, vendor) in [("Both vendors", None), ("WeChat", Some(WECHAT)), ("Baidu", Some(BAIDU))] {
        let _ = writeln!(text, "\n### {title}\n\n| about | left open by | decision |\n|---|---|---|");
        for row in all.iter().filter(|row| row.vendor == vendor) {
            let source = if row.source.is_empty() { "–" } else { row.source };
            let _ = writeln!(text, "| {} | {source} | {} |", row.about, row.decision);
        }
    }
    text.push('\n');
    text
}

/// `INSTA_UPDATE=always` writes the list into the README, as it does with snapshots.
#[test]
fn the_readme_shows_the_decisions_of_the_code() {
    let path = here("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the mark before the list");
    let (shown, after) = rest.split_once(END).expect("the mark behind the list");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", rendered())).unwrap();
        return;
    }
    assert_eq!(shown, rendered(), "write the list with INSTA_UPDATE=always, and read the difference");
}

/// Where it is held, it is held by a test that is there.
#[test]
fn every_decision_names_tests_that_are_there() {
    let is_there = |test: &str| {
        let (module, function) = test.split_once("::").unwrap_or((test, ""));
        let source = std::fs::read_to_string(here(&format!("tests/it/{module}.rs"))).unwrap_or_default();
        let test = |attribute: &str| source.contains(&format!("{attribute}{function}()"));
        test("#[tokio::test]\nasync fn ") || test("#[test]\nfn ")
    };
    for DecisionInfo { about, held_by, .. } in decisions() {
        assert!(!held_by.is_empty(), "nothing holds the decision about {about}");
        for test in held_by {
            assert!(is_there(test), "{about}: there is no test {test}");
        }
    }
}

#[test]
fn a_decision_is_written_once_and_fits_into_a_table() {
    let all = decisions();
    let rows: BTreeSet<_> = all.iter().map(|row| (row.vendor, row.about)).collect();
    assert_eq!(rows.len(), all.len());
    for row in &all {
        let text = [row.about, row.source, &row.decision].concat();
        assert!(!text.contains(['|', '\n']) && !text.contains("  "), "{row:?}");
        assert!(row.decision.ends_with(['.', '。']), "{row:?}");
    }
}
