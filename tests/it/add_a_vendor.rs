//! The vendor of the example `add_a_vendor` in the conformance suite, and the guide in `CONTRIBUTING.md`, whose code is
//! the example's. `tests/add_a_vendor` runs the example as a whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[allow(dead_code, unreachable_pub, unused_imports, reason = "written as a crate of its own would be")]
#[path = "../../examples/add_a_vendor/acme/mod.rs"]
mod acme;
#[path = "../../examples/add_a_vendor/harness.rs"]
mod harness;
#[allow(dead_code, unused_imports, reason = "some of it serves the other proofs")]
#[path = "../../examples/add_a_vendor/server/mod.rs"]
mod server;

const EXAMPLE: &str = "examples/add_a_vendor";

miniprogram_core::conformance_suite!(suite, harness::AcmeHarness::new());

#[test]
fn the_example_runs_every_case_of_the_suite() {
    let suite = read("crates/miniprogram-core/src/conformance.rs");
    let (_, cases) = suite.split_once("@cases $module, $harness, [").unwrap();
    let (cases, _) = cases.split_once(']').unwrap();
    let example = read("examples/add_a_vendor/proof/conformance.rs");
    for case in cases.split(',').map(str::trim).filter(|case| !case.is_empty()) {
        assert!(example.lines().any(|line| line.trim() == case), "the example leaves {case} out");
    }
}

#[test]
fn the_table_knows_each_code_once() {
    assert_eq!(acme::CODES.check(), Vec::<String>::new());
}

/// The file at a path below the workspace.
fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The section of `CONTRIBUTING.md` that guides to a vendor.
fn guide() -> String {
    let contributing = read("CONTRIBUTING.md");
    let (_, guide) = contributing.split_once("\n## Add a vendor\n").expect("a guide");
    guide.split_once("\n## ").map_or(guide, |(guide, _)| guide).to_owned()
}

/// The files of the example, by their paths below the workspace.
fn sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = directory.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() { sources(&path, into) } else { into.push(path) }
    }
}

/// The marked regions of the example, by file and name: the lines between `// guide: name` and `// end`, without their
/// common indentation.
fn regions() -> BTreeMap<String, String> {
    let mut files = Vec::new();
    sources(Path::new(EXAMPLE), &mut files);
    let mut regions = BTreeMap::new();
    for file in files {
        let mut open: Option<(String, usize, String)> = None;
        for line in read(&file).lines() {
            let text = line.trim_start();
            let indent = line.len() - text.len();
            if let Some(name) = text.strip_prefix("// guide: ") {
                assert!(open.is_none(), "{}: {name} begins in another region", file.display());
                open = Some((name.to_owned(), indent, String::new()));
            } else if text == "// end" {
                let (name, _, region) = open.take().expect("a region ends that began");
                regions.insert(format!("{}: {name}", file.display()), region);
            } else if let Some((_, indent, region)) = &mut open {
                region.push_str(line.get(*indent..).unwrap_or_default());
                region.push('\n');
            }
        }
        assert!(open.is_none(), "{}: a region does not end", file.display());
    }
    regions
}

#[test]
fn the_code_of_the_guide_is_that_of_the_example() {
    let (guide, mut regions) = (guide(), regions());
    let mut lines = guide.lines();
    let mut source = None;
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            source = Some(named.to_owned());
        } else if line.starts_with("```rust") {
            let source = source.take().expect("a comment before each block names file and region");
            let block: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            let region = regions.remove(&source).unwrap_or_else(|| panic!("no region {source}"));
            assert_eq!(block, region, "{source}");
        }
    }
    assert!(source.is_none(), "a block of code follows {source:?}");
    let left: Vec<_> = regions.keys().collect();
    assert!(left.is_empty(), "marked in the example, and not in the guide: {left:?}");
}

#[test]
fn the_files_of_the_guide_exist() {
    let guide = guide();
    let (prose, mut paths) = (guide.split('`').skip(1).step_by(2), 0);
    for path in prose.filter(|text| text.contains('/') && !text.contains([' ', '\n', '<', ':'])) {
        let below = [Path::new(""), Path::new(EXAMPLE)].map(|base| root().join(base).join(path));
        assert!(below.iter().any(|path| path.exists()), "the guide names {path}");
        paths += 1;
    }
    assert!(paths > 12, "{paths} paths");
    let mut files = Vec::new();
    sources(&Path::new(EXAMPLE).join("acme"), &mut files);
    for file in files {
        let file = file.strip_prefix(EXAMPLE).unwrap().display().to_string();
        assert!(guide.contains(&format!("`{file}`")), "the guide leaves {file} out");
    }
}
