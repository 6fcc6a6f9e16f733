//! Results on standard output: tables for people, JSON for machines.

use std::io::{self, IsTerminal, Write as _};
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use miniprogram::Error;
use miniprogram::vendor_api::{Printable, printable_json};

use crate::failure::{Failure, local};
use crate::terminal::{Format, colours};

/// Where results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
}

impl Output {
    pub(crate) const fn new(format: Format) -> Self {
        Self { format }
    }

    pub(crate) const fn format(self) -> Format {
        self.format
    }

    /// Prints one result: a table of its fields, nested ones included.
    pub(crate) fn record(self, result: &impl Serialize) -> Result<(), Failure> {
        let value = to_value(result)?;
        match (self.format, &value) {
            (Format::Table, Value::Object(object)) => {
                let mut rows = Vec::new();
                object.iter().for_each(|(name, value)| fields(name, value, &mut rows));
                self.table(None, rows.into_iter())
            }
            _ => self.json(&value),
        }
    }

    /// Prints a list of results: a table of these fields.
    pub(crate) fn list(self, results: &impl Serialize, columns: &[&str]) -> Result<(), Failure> {
        let value = to_value(results)?;
        match (self.format, &value) {
            (Format::Table, Value::Array(results)) => {
                let rows = results.iter().map(|result| {
                    let shown = |column| result.get(column).map(|value| shown(column, value));
                    columns.iter().map(|column| shown(*column).unwrap_or_default()).collect()
                });
                let head: Vec<&str> = columns.iter().map(|column| title(column)).collect();
                self.table(Some(&head), rows)
            }
            _ => self.json(&value),
        }
    }

    /// Prints rows under a head; without a head the first column names the second.
    pub(crate) fn table(
        self,
        head: Option<&[&str]>,
        rows: impl Iterator<Item = Vec<String>>,
    ) -> Result<(), Failure> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let stdout = io::stdout();
        if stdout.is_terminal()
            && let Some((width, _)) = terminal_size::terminal_size()
        {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.0);
        }
        if let Some(head) = head {
            table.set_header(head.iter().map(|name| name.to_uppercase()));
        }
        table.add_rows(rows);
        table.column_iter_mut().for_each(|column| {
            column.set_padding((0, 2));
        });
        let mut text = table.trim_fmt();
        if head.is_some() && colours(&stdout) {
            let end = text.find('\n').unwrap_or(text.len());
            text.insert_str(end, "\x1b[0m");
            text.insert_str(0, "\x1b[1m");
        }
        self.text(&text)
    }

    /// Prints one JSON value on one line, whatever the format; what a terminal would not show is escaped.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Failure> {
        let text = printable_json(value).map_err(|problem| local("output", &problem))?;
        self.text(&text)
    }

    /// Prints a line of text.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|problem| Failure::of_output(&problem))
    }

    /// Prints a remark for people on standard error; not with JSON.
    pub(crate) fn remark(self, text: &str) {
        if self.format == Format::Table {
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }
}

/// A result as JSON.
pub(crate) fn to_value(result: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(result).map_err(|problem| local("output", &problem))
}

/// Adds a row for a field, or, if it is an object, one for each of its fields under both names.
fn fields(name: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(object) if raw_code(value).is_none() && coded(value).is_none() => {
            object.iter().for_each(|(inner, value)| fields(&format!("{name}.{inner}"), value, rows));
        }
        _ => rows.push(vec![Printable(title(name)).to_string(), shown(name, value)]),
    }
}

/// What the name of a duration in seconds ends with.
const SECONDS: &str = "_seconds";

/// The name of a field as people are shown it.
fn title(name: &str) -> &str {
    name.strip_suffix(SECONDS).unwrap_or(name)
}

/// The value of a field as people are shown it: a duration with units, a reviewer's message line by line.
fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Number(number) if name.ends_with(SECONDS) => number.as_u64().map_or_else(|| cell(value), span),
        Value::String(text) if name.rsplit('.').next() == Some("reason") => {
            let lines: Vec<String> =
                message_lines(text).iter().map(|line| Printable(line).to_string()).collect();
            lines.join("\n")
        }
        other => cell(other),
    }
}

/// A duration in its two largest units: `30d`, `1h59m`, `45s`.
pub(crate) fn span(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let first = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(units.len() - 1);
    let (length, unit) = units[first];
    let whole = format!("{}{unit}", seconds / length);
    match units.get(first + 1) {
        Some((next, unit)) if seconds % length >= *next => {
            format!("{whole}{}{unit}", seconds % length / next)
        }
        _ => whole,
    }
}

/// The lines of a message that may be written as HTML.
pub(crate) fn message_lines(text: &str) -> Vec<String> {
    const BREAKS: [&str; 4] = ["br", "p", "div", "li"];
    const MARKS: [&str; 9] = ["b", "strong", "i", "em", "u", "span", "font", "ul", "ol"];
    let mut plain = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        let tag = rest[start + 1..].find('>').map(|end| &rest[start + 1..start + 1 + end]);
        let name = tag.map(|tag| tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default());
        let is_one_of =
            |names: &[&str]| name.is_some_and(|name| names.iter().any(|one| one.eq_ignore_ascii_case(name)));
        let is_break = is_one_of(&BREAKS);
        match tag {
            Some(tag) if is_break || is_one_of(&MARKS) => {
                if is_break {
                    plain.push('\n');
                }
                rest = &rest[start + tag.len() + 2..];
            }
            _ => {
                plain.push('<');
                rest = &rest[start + 1..];
            }
        }
    }
    plain.push_str(rest);
    let entities = [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    let plain = entities.iter().fold(plain, |text, (entity, character)| text.replace(entity, character));
    plain.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// A value as the text of a cell.
fn cell(value: &Value) -> String {
    if let Some(code) = raw_code(value) {
        return format!("{} {} {}", cell(&value["vendor"]), cell(&value["table"]), cell(code));
    }
    if let Some((meaning, code)) = coded(value) {
        return format!("{} ({})", cell(meaning), cell(code));
    }
    match value {
        Value::Null => String::new(),
        Value::String(text) => Printable(text).to_string(),
        Value::Array(values) => values.iter().map(in_brief).collect::<Vec<_>>().join(", "),
        other => Printable(&other.to_string()).to_string(),
    }
}

/// The code of a raw status.
fn raw_code(value: &Value) -> Option<&Value> {
    let raw = value.as_object().filter(|raw| raw.len() == 3 && raw.contains_key("table"))?;
    raw.get("code")
}

/// The meaning and the code of an object with exactly these two.
fn coded(value: &Value) -> Option<(&Value, &Value)> {
    let mut both = value.as_object().filter(|object| object.len() == 2)?.values();
    let (meaning, raw) = (both.next()?, both.next()?);
    Some((meaning, raw_code(raw)?))
}

/// The values of an object, without their names.
fn in_brief(value: &Value) -> String {
    match value {
        Value::Object(fields) => fields.values().map(cell).collect::<Vec<_>>().join(" "),
        other => cell(other),
    }
}

/// Writes a temporary file and renames it, so that the file is complete or absent.
pub(crate) fn write_whole(file: &Path, bytes: &[u8], replace: bool) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".miniprogram-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    if replace {
        temporary.persist(file)?
    } else {
        temporary.persist_noclobber(file)?
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_hold_no_control_characters() {
        assert_eq!(cell(&json!("a\nb\u{1b}[31m")), "a\\nb\\u{1b}[31m");
        assert_eq!(cell(&json!(["x", 1])), "x, 1");
        assert_eq!(
            cell(&json!([{ "version": "1.0.0", "percentage": 0.5 }, { "version": "2.0.0" }])),
            "1.0.0 0.5, 2.0.0"
        );
        assert_eq!(cell(&json!({ "vendor": "acme", "table": "audit", "code": 4 })), "acme audit 4");
        assert_eq!(cell(&json!({ "status": "failed" })), r#"{"status":"failed"}"#);
        assert_eq!(cell(&Value::Null), "");
    }

    #[test]
    fn names_and_texts_hold_nothing_that_cannot_be_seen() {
        let mut rows = Vec::new();
        let hostile = "a\nb\u{1b}[2J\u{202e}c\u{200b}\u{2066}\u{feff}";
        fields(
            "outer",
            &json!({ hostile: { hostile: hostile }, "list": [hostile, { hostile: hostile }] }),
            &mut rows,
        );
        let shown = r"a\nb\u{1b}[2J\u{202e}c\u{200b}\u{2066}\u{feff}";
        assert_eq!(rows[0], [format!("outer.{shown}.{shown}"), shown.to_owned()]);
        assert_eq!(rows[1], ["outer.list".to_owned(), format!("{shown}, {shown}")]);
    }

    #[test]
    fn durations_have_units_and_messages_no_markup() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (7_199, "1h59m"),
            (3_605, "1h"),
            (2_591_988, "29d23h"),
            (2_592_000, "30d"),
        ] {
            assert_eq!(shown("expires_in_seconds", &json!(seconds)), text);
        }
        assert_eq!((title("age_seconds"), title("age")), ("age", "age"));
        let reason = json!("1:名称<b>过长</b><br>2: 2 &lt; 3 and a < b<br/><p class=\"x\">see\u{202e}</p>");
        assert_eq!(shown("reason", &reason), "1:名称过长\n2: 2 < 3 and a < b\nsee\\u{202e}");
        assert_eq!(shown("description", &json!("<b>")), "<b>");
    }

    #[test]
    fn objects_are_told_apart_into_rows() {
        let raw = json!({ "vendor": "acme", "table": "kind", "code": 2 });
        let owner = json!({ "kind": { "value": "firm", "raw": raw }, "left": { "used": 1 }, "raw": raw });
        let mut rows = Vec::new();
        fields("owner", &owner, &mut rows);
        let rows: Vec<String> = rows.iter().map(|row| row.join(" ")).collect();
        assert_eq!(rows, ["owner.kind firm (2)", "owner.left.used 1", "owner.raw acme kind 2"]);
    }
}
