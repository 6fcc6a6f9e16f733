//! The README's lists are rendered from the code.

use std::fmt::Write as _;
use std::path::Path;

use miniprogram_core::Vendor;
use miniprogram_sim::{BAIDU, WECHAT, decisions, endpoints};

/// Compares each list with the code; `INSTA_UPDATE=always` rewrites them, as for snapshots.
#[test]
fn the_readme_shows_the_lists_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let expected = [
        ("endpoints of wechat", endpoint_list(WECHAT)),
        ("endpoints of baidu", endpoint_list(BAIDU)),
        ("decisions", decision_tables()),
    ]
    .iter()
    .fold(readme.clone(), |readme, (name, list)| with_section(&readme, name, list));
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    for (shown, expected) in readme.lines().zip(expected.lines()) {
        assert_eq!(shown, expected, "run with INSTA_UPDATE=always and read the diff");
    }
    assert_eq!(readme.len(), expected.len());
}

/// Replaces what is between the two marks of a section.
fn with_section(readme: &str, name: &str, content: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = readme.split_once(&begin).expect("the section's first mark");
    let (_, after) = rest.split_once(&end).expect("the section's last mark");
    format!("{before}{begin}{content}{end}{after}")
}

/// One line per path: methods, path, operations.
fn endpoint_list(vendor: Vendor) -> String {
    let mut rows: Vec<(String, &str, Vec<&str>)> = Vec::new();
    for info in endpoints().iter().filter(|info| info.vendor == vendor) {
        match rows.iter_mut().find(|(method, path, _)| method == info.method && *path == info.path) {
            Some((_, _, operations)) => operations.push(info.operation),
            None => rows.push((info.method.to_owned(), info.path, vec![info.operation])),
        }
    }
    rows.dedup_by(|row, before| {
        let same = row.1 == before.1 && row.2 == before.2;
        if same {
            before.0 = format!("{}, {}", before.0, row.0);
        }
        same
    });
    let methods = rows.iter().map(|row| row.0.len()).max().unwrap_or_default();
    let paths = rows.iter().map(|row| row.1.len()).max().unwrap_or_default();
    let mut list = "\n```text\n".to_owned();
    for (method, path, operations) in rows {
        let _ = writeln!(list, "{method:methods$} {path:paths$}  {}", operations.join(", "));
    }
    list.push_str("```\n\n");
    list
}

fn decision_tables() -> String {
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
