//! The table of merchants, before its values are checked: named columns, and rows with the lines that they start in.

use std::collections::HashMap;

use super::context::AuthorizedApp;
use super::problem::{Log, Place};

mod csv;
mod json_lines;

/// A table. Every row has a value for every column; what a row does not have is an empty text.
pub(super) struct Sheet {
    pub(super) file: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<SheetRow>,
    /// Whether every row could be read.
    pub(super) complete: bool,
}

pub(super) struct SheetRow {
    /// Absent for apps that no file lists.
    pub(super) line: Option<usize>,
    pub(super) values: Vec<String>,
}

impl Sheet {
    /// Reads a file whose name says its form; none if nothing can be read from it.
    pub(super) fn read(file: &str, bytes: &[u8], log: &mut Log) -> Option<Self> {
        let whole = Place { file: file.to_owned(), ..Place::default() };
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
                let place = Place { line: Some(line), ..whole };
                log.add(&place, "is not UTF-8", "save the file as UTF-8, in a spreadsheet as \"CSV UTF-8\"");
                return None;
            }
        };
        if text.trim().is_empty() {
            log.add(&whole, "is empty", "list the merchants, with the columns `vendor` and `app_id`");
            return None;
        }
        let extension = file.rsplit('.').next().unwrap_or_default().to_lowercase();
        match extension.as_str() {
            "csv" => csv::read(file, text, log),
            _ => json_lines::read(file, text, log),
        }
    }

    /// Whether the name of a file says a form that can be read.
    pub(super) fn is_readable(file: &str) -> bool {
        let extension = file.rsplit('.').next().unwrap_or_default().to_lowercase();
        file.contains('.') && ["csv", "jsonl", "ndjson"].contains(&extension.as_str())
    }

    /// The apps that authorized the platform, as a table.
    pub(super) fn of_apps(apps: &[AuthorizedApp]) -> Self {
        let mut columns = Columns::default();
        let (vendor, app_id) = (columns.index("vendor"), columns.index("app_id"));
        let mut rows = Vec::with_capacity(apps.len());
        for app in apps {
            let mut values = vec![String::new(); columns.names.len()];
            values[vendor] = app.vendor.to_string();
            values[app_id] = app.app_id.to_string();
            for (name, value) in &app.values {
                set(&mut values, columns.index(name), value.clone());
            }
            rows.push(SheetRow { line: None, values });
        }
        columns.sheet("authorized apps", rows, true)
    }

    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

/// Names of columns in the order in which they first appear.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    indices: HashMap<String, usize>,
}

impl Columns {
    fn index(&mut self, name: &str) -> usize {
        if let Some(index) = self.indices.get(name) {
            return *index;
        }
        let index = self.names.len();
        self.names.push(name.to_owned());
        self.indices.insert(name.to_owned(), index);
        index
    }

    /// A table in which every row has every column.
    fn sheet(self, file: &str, mut rows: Vec<SheetRow>, complete: bool) -> Sheet {
        for row in &mut rows {
            row.values.resize(self.names.len(), String::new());
        }
        Sheet { file: file.to_owned(), columns: self.names, rows, complete }
    }
}

fn set(values: &mut Vec<String>, index: usize, value: String) {
    if values.len() <= index {
        values.resize(index + 1, String::new());
    }
    values[index] = value;
}
