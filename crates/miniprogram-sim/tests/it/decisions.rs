//! What the documents leave open: each decision has a test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use miniprogram_sim::{DecisionInfo, decisions};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every test named by a decision exists.
#[test]
fn every_decision_names_tests_that_are_there() {
    let is_there = |test: &str| {
        let (module, function) = test.split_once("::").unwrap_or((test, ""));
        let source = std::fs::read_to_string(here(&format!("tests/it/{module}.rs"))).unwrap_or_default();
        let test = |attribute: &str| source.contains(&format!("{attribute}{function}()"));
        test("#[tokio::test]\nasync fn ") || test("#[test]\nfn ")
    };
    for DecisionInfo { about, held_by, .. } in decisions() {
        assert!(!held_by.is_empty(), "no test checks the decision about {about}");
        for test in held_by {
            assert!(is_there(test), "{about}: no test {test}");
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
