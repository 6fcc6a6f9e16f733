use std::fmt::Write as _;
use std::path::Path;

use miniprogram_rollout::plan::tables;

/// The reference as it follows from the code.
fn reference() -> String {
    let mut text = String::new();
    for table in tables() {
        let title = table.title.trim_start_matches("the ");
        let heading = if title == table.title { format!("`{title}`") } else { format!("The {title}") };
        write!(
            text,
            "\n## {heading}\n\n{}\n\n| key | required | meaning | example |\n|---|---|---|---|\n",
            table.about.trim()
        )
        .unwrap();
        for key in table.keys {
            let required = if key.required { "yes" } else { "" };
            let about = key.about.trim().replace('|', "\\|");
            writeln!(text, "| `{}` | {required} | {about} | `{}` |", key.name, key.example).unwrap();
        }
    }
    text
}

#[test]
fn the_reference_of_the_keys_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rollout-plan.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, written) = document.split_once("<!-- keys -->\n").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}<!-- keys -->\n{}", reference())).unwrap();
        return;
    }
    assert_eq!(written, reference(), "UPDATE_DOCS=1 writes it");
}
