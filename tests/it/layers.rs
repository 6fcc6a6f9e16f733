//! No import circle: in every crate the modules, each a file of `src` with the folder of its name, can be put in an
//! order in which each one imports only from those before it. What a module and its own children import from each
//! other does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that each module imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_do_not_import_from_each_other_in_circles() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    for name in ["miniprogram-core", "miniprogram-callback", "baidu-smartapp", "wechat-wxa"] {
        let imports = imports(&crates.join(name).join("src"));
        assert!(imports.values().map(BTreeSet::len).sum::<usize>() > imports.len(), "{name}: {imports:?}");
        let circles = circles(&imports);
        assert!(circles.is_empty(), "{name}: {circles:#?}");
    }
}

#[test]
fn a_circle_is_found() {
    let imports = |lines: &[(&str, &str)]| {
        lines.iter().map(|(name, code)| ((*name).to_owned(), paths(code))).collect::<Vec<_>>()
    };
    let files = imports(&[
        ("a", "use crate::{b::B, c};"),
        ("b", "use crate::c::{C, D};"),
        ("c", "fn f() { crate::a::g() } #[cfg(test)] mod tests { use crate::d::D; }"),
        ("d", "use crate::a::A; // use crate::d::D;"),
    ]);
    let imports = resolved(files, &BTreeMap::new());
    assert_eq!(circles(&imports), [imports.clone().into_iter().filter(|(name, _)| name != "d").collect()]);
}

/// Reads what each module of a crate imports from its siblings.
fn imports(src: &Path) -> Imports {
    let mut files = Vec::new();
    collect(src, src, &mut files);
    // `use crate::Name` means the module that the root re-exports it from.
    let root = fs::read_to_string(src.join("lib.rs")).unwrap();
    let mut exports = BTreeMap::new();
    for statement in code(&root).split("pub use ").skip(1) {
        for path in expand(statement.split(';').next().unwrap()) {
            let path = path.trim_start_matches("crate::");
            if let (Some((module, _)), Some((_, name))) = (path.split_once("::"), path.rsplit_once("::")) {
                exports.insert(name.to_owned(), module.to_owned());
            }
        }
    }
    resolved(files, &exports)
}

/// Finds the Rust files below a folder, tests left out, with the paths in them that begin with `crate::`.
fn collect(src: &Path, folder: &Path, files: &mut Vec<(String, BTreeSet<String>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inside = path.strip_prefix(src).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(src, &path, files);
        } else if inside.ends_with(".rs") && inside != "lib.rs" && !inside.contains("tests") {
            let module = inside.split('/').next().unwrap().trim_end_matches(".rs");
            files.push((module.to_owned(), paths(&fs::read_to_string(&path).unwrap())));
        }
    }
}

/// Turns paths into the modules that they lead to.
fn resolved(files: Vec<(String, BTreeSet<String>)>, exports: &BTreeMap<String, String>) -> Imports {
    let modules: BTreeSet<String> = files.iter().map(|(module, _)| module.clone()).collect();
    let mut imports = Imports::new();
    for (module, paths) in files {
        let from = imports.entry(module.clone()).or_default();
        for first in paths {
            let target = if modules.contains(&first) { Some(&first) } else { exports.get(&first) };
            from.extend(target.filter(|target| **target != module && modules.contains(*target)).cloned());
        }
    }
    imports
}

/// The first part after `crate::` of every path in a file.
fn paths(file: &str) -> BTreeSet<String> {
    let code = code(file);
    let mut firsts = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with('$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let path = if rest.starts_with('{') { rest.split(';').next().unwrap() } else { rest };
        for path in expand(path) {
            let first = path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            firsts.insert(first.to_owned());
        }
    }
    firsts
}

/// The code of a file without comments and without the module of its tests, which ends the file.
fn code(file: &str) -> String {
    let code: Vec<_> = file.lines().map(|line| line.split("//").next().unwrap()).collect();
    let code = code.join(" ");
    match code.find("#[cfg(test)] mod tests {") {
        Some(tests) => code[..tests].to_owned(),
        None => code,
    }
}

/// Writes out the braces of a `use` tree: `a::{b, c::{d, e}}` is `a::b`, `a::c::d` and `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let Some((before, inside)) = tree.split_once('{') else { return vec![tree.trim().to_owned()] };
    let (mut depth, mut branch, mut branches) = (0_u32, String::new(), Vec::new());
    for c in inside.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => branches.push(std::mem::take(&mut branch)),
            _ => {
                depth = match c {
                    '{' => depth + 1,
                    '}' => depth - 1,
                    _ => depth,
                };
                branch.push(c);
            }
        }
    }
    branches.push(branch);
    let branches = branches.iter().filter(|branch| !branch.trim().is_empty());
    branches.flat_map(|branch| expand(&format!("{}{}", before.trim(), branch.trim()))).collect()
}

/// Returns the groups of modules that import from each other, directly or through others.
fn circles(imports: &Imports) -> Vec<Imports> {
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(module) = next.pop() {
            for target in &imports[&module] {
                if seen.insert(target.clone()) {
                    next.push(target.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<_, _> = imports.keys().map(|module| (module, reached(module))).collect();
    let mut left: BTreeSet<_> = imports.keys().filter(|module| reach[module].contains(*module)).collect();
    let mut circles = Vec::new();
    while let Some(first) = left.first().copied() {
        let group: BTreeSet<_> = left
            .iter()
            .copied()
            .filter(|other| reach[first].contains(*other) && reach[other].contains(first))
            .collect();
        let inner =
            |module: &&String| imports[*module].iter().filter(|to| group.contains(to)).cloned().collect();
        circles.push(group.iter().map(|module| ((*module).clone(), inner(module))).collect());
        left.retain(|module| !group.contains(module));
    }
    circles
}
