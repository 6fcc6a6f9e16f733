//! What is wrong with the operator's files.

use std::fmt;

use miniprogram_core::vendor_api::Printable;
use serde::Serialize;

/// One thing that is wrong, where it is, and what to write instead.
///
/// Printed on one line:
/// `rollout.toml:12:5: vendor.acme.rate: 0 is not a rate; write the calls per second, such as rate = 5`. It never quotes
/// the value of a merchant's further columns, secret or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// The file as the caller or the rollout file names it.
    pub file: String,
    /// The line in the file, from 1. In a table of merchants it is the line in which the row starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The character within the line, from 1; absent in tables of merchants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub character: Option<usize>,
    /// The path of the key, such as `vendor.acme.gray[0].share`, or the name of the column; empty if it is about the
    /// whole file or row.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub advice: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", Printable(&self.file))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(character) = self.character {
            write!(f, "{character}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", Printable(&self.key))?;
        }
        write!(f, " {}; {}", Printable(&self.what), Printable(&self.advice))
    }
}

/// Everything that is wrong with the operator's files, in the order of the files and of their lines. There is at least
/// one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Returns the problems.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// The one problem that a file cannot be read.
    pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        let mut log = Log::default();
        let place = Place { file: file.to_owned(), ..Place::default() };
        log.add(&place, format!("cannot be read: {error}"), "name the rollout file");
        log.into_problems()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Where a problem is: what [`Problem`] says before its words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) character: Option<usize>,
    pub(super) key: String,
}

impl Place {
    /// The same place, said of a column.
    pub(super) fn of(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Log(Vec<Problem>);

impl Log {
    pub(super) fn add(&mut self, place: &Place, what: impl Into<String>, advice: impl Into<String>) {
        let Place { file, line, character, key } = place.clone();
        self.0.push(Problem { file, line, character, key, what: what.into(), advice: advice.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The problems so far; the files in the order in which they were first mentioned.
    pub(super) fn into_problems(self) -> Problems {
        let mut files: Vec<String> = Vec::new();
        for problem in &self.0 {
            if !files.contains(&problem.file) {
                files.push(problem.file.clone());
            }
        }
        let mut problems = self.0;
        let order = |file: &String| files.iter().position(|name| name == file);
        problems.sort_by_key(|problem| (order(&problem.file), problem.line, problem.character));
        Problems(problems)
    }
}

/// The nearest of the names, if one is near enough to be what was meant.
pub(super) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&name, &other.to_lowercase());
    let best =
        names.into_iter().map(|other| (distance(other), other)).min_by_key(|(distance, _)| *distance)?;
    let tolerated = (best.1.chars().count().max(name.chars().count()) / 3).max(1);
    (best.0 <= tolerated).then_some(best.1)
}

/// Advice for a name that is not among the names: the nearest, or all of them.
pub(super) fn instead<'a>(name: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(nearest) = nearest(name, names.clone()) {
        return format!("write `{nearest}`");
    }
    match listed(names) {
        list if list.is_empty() => "there is none".to_owned(),
        list => format!("write one of {list}"),
    }
}

/// `a`, `b`, `c`
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
