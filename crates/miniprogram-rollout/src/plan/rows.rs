//! The rows of the merchants: what each plan needs of them, checked.

use std::collections::HashMap;

use miniprogram_core::{AppId, Vendor};

use super::context::Context;
use super::problem::{Log, Place, instead};
use super::sheet::{Sheet, SheetRow};

/// One merchant of the table.
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) vendor: Vendor,
    pub(super) app_id: AppId,
    pub(super) wave: Option<String>,
    pub(super) priority: i64,
    /// One value for each column of the sheet.
    pub(super) values: Vec<String>,
}

/// The merchants that could be read.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Whether none had to be left out.
    pub(super) complete: bool,
}

/// Reads the columns that every table has. A row with a mistake is reported and left out.
pub(super) fn rows(sheet: &mut Sheet, context: &Context, log: &mut Log) -> Rows {
    let whole = Place { file: sheet.file.clone(), ..Place::default() };
    let mut needed = |name| {
        let index = sheet.column(name);
        if index.is_none() {
            log.add(&whole.of(name), "there is no such column", format!("add the column `{name}`"));
        }
        index
    };
    let (vendor, app_id) = (needed("vendor"), needed("app_id"));
    let (Some(vendor), Some(app_id)) = (vendor, app_id) else { return Rows::default() };
    let (wave, priority) = (sheet.column("wave"), sheet.column("priority"));
    let listed = std::mem::take(&mut sheet.rows);
    if listed.is_empty() {
        log.add(&whole, "lists no merchants", "add at least one row");
    }
    let mut seen: HashMap<(Vendor, AppId), Option<usize>> = HashMap::with_capacity(listed.len());
    let count = listed.len();
    let mut rows = Vec::with_capacity(count);
    for SheetRow { line, values } in listed {
        let place = Place { line, ..whole.clone() };
        let known = known_vendor(values[vendor].trim(), &place, context, log);
        let id = checked_app_id(values[app_id].trim(), &place, log);
        let text =
            |column: Option<usize>| column.map(|index| values[index].trim()).filter(|text| !text.is_empty());
        let wave = text(wave).map(str::to_owned);
        let priority = text(priority).map_or(Some(0), |text| {
            let number = text.parse().ok();
            if number.is_none() {
                let what = format!("{text:?} is not a whole number");
                log.add(&place.of("priority"), what, "write a number such as 10, or nothing");
            }
            number
        });
        let (Some(vendor), Some(app_id), Some(priority)) = (known, id, priority) else { continue };
        if let Some(first) = seen.get(&(vendor, app_id.clone())) {
            let what = match first {
                Some(line) => format!("{app_id} is there twice, first in line {line}"),
                None => format!("{app_id} is there twice"),
            };
            log.add(&place.of("app_id"), what, "remove one of the two");
            continue;
        }
        seen.insert((vendor, app_id.clone()), line);
        rows.push(Row { place, vendor, app_id, wave, priority, values });
    }
    Rows { complete: sheet.complete && rows.len() == count, rows }
}

fn known_vendor(name: &str, place: &Place, context: &Context, log: &mut Log) -> Option<Vendor> {
    let known = context.vendor(name).map(|known| known.vendor);
    if known.is_none() {
        let what =
            if name.is_empty() { "is empty".to_owned() } else { format!("there is no vendor {name:?}") };
        log.add(&place.of("vendor"), what, instead(name, context.names()));
    }
    known
}

fn checked_app_id(text: &str, place: &Place, log: &mut Log) -> Option<AppId> {
    let problem = if text.is_empty() {
        Some(("is empty".to_owned(), "write the app's id, or remove the row"))
    } else if is_rounded(text) {
        let advice = "write all digits; in a spreadsheet format the column as text";
        Some((format!("{text} is a rounded number"), advice))
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some((format!("{text:?} has whitespace in it"), "write one app's id"))
    } else {
        None
    };
    match problem {
        Some((what, advice)) => {
            log.add(&place.of("app_id"), what, advice);
            None
        }
        None => Some(text.into()),
    }
}

/// `1.7328E+16`, which is how a spreadsheet writes a long number, or a number of JSON that is not a whole one.
fn is_rounded(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && (text.contains('.') || text.to_lowercase().contains("e+"))
        && text.parse::<f64>().is_ok()
}
