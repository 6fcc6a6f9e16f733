//! CSV: a header, commas, quotes where a value needs them. Line ends may be those of any system.

use csv::{ReaderBuilder, StringRecord};

use super::{Sheet, SheetRow};
use crate::plan::problem::{Log, Place};

pub(super) fn read(file: &str, text: &str, log: &mut Log) -> Option<Sheet> {
    let mut lines = Lines::new(text);
    let place = |line| Place { file: file.to_owned(), line: Some(line), ..Place::default() };
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    let mut complete = true;
    // The text is UTF-8 and in memory, so that reading a record cannot fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let start = lines.start_of(&record);
        let line = lines.line_of(start);
        if record.iter().all(|value| value.trim().is_empty()) {
            continue;
        }
        let end = usize::try_from(reader.position().byte()).unwrap_or(text.len()).min(text.len());
        if end == text.len() && is_unclosed(&text[start..end]) {
            let advice = "close it with `\"`; write a quote inside a quoted value twice";
            log.add(&place(line), "a quoted value has no end", advice);
            complete = false;
            break;
        }
        match &columns {
            None => columns = Some(header(&record, &place(line), log)?),
            Some(columns) if columns.len() != record.len() => {
                complete = false;
                let what =
                    format!("has {} values, and the header has {} columns", record.len(), columns.len());
                log.add(
                    &place(line),
                    what,
                    "write one value per column, and put values with a comma into quotes",
                );
            }
            Some(_) => {
                let values = record.iter().map(str::to_owned).collect();
                rows.push(SheetRow { line: Some(line), values });
            }
        }
    }
    Some(Sheet { file: file.to_owned(), columns: columns?, rows, complete })
}

/// The names of the columns; none if they are not separated by commas.
fn header(record: &StringRecord, place: &Place, log: &mut Log) -> Option<Vec<String>> {
    let columns: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    if let [only] = &columns[..]
        && only.contains([';', '\t'])
    {
        log.add(place, "the header has one column", "separate columns with commas");
        return None;
    }
    for (index, name) in columns.iter().enumerate() {
        if name.is_empty() {
            let what = format!("the header names no column {}", index + 1);
            log.add(place, what, "name the column, or remove it");
        } else if columns[..index].contains(name) {
            log.add(&place.of(name), "the header names this column twice", "rename or remove one of the two");
        }
    }
    Some(columns)
}

/// Whether a record opens a quoted value at the start of a field that it never closes.
fn is_unclosed(record: &str) -> bool {
    let (mut quoted, mut at_start) = (false, true);
    for c in record.chars() {
        match c {
            '"' if quoted || at_start => (quoted, at_start) = (!quoted, quoted),
            ',' | '\r' | '\n' if !quoted => at_start = true,
            _ => at_start = false,
        }
    }
    quoted
}

/// Counts lines as an editor does. The reader's own count is that of `\n` before the previous record's end.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, counted: 0, line: 1 }
    }

    /// Where a record starts, after the line ends that the reader leaves before it.
    fn start_of(&self, record: &StringRecord) -> usize {
        let position = record.position().map_or(0, csv::Position::byte);
        let before = usize::try_from(position).unwrap_or(0).min(self.text.len());
        let rest = &self.text[before..];
        before + rest.len() - rest.trim_start_matches(['\r', '\n']).len()
    }

    fn line_of(&mut self, at: usize) -> usize {
        let passed = &self.text[self.counted..at];
        let pairs = passed.matches("\r\n").count();
        self.line += passed.matches(['\r', '\n']).count() - pairs;
        self.counted = at;
        self.line
    }
}
