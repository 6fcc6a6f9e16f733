//! Checks what was read against itself, the merchants and the vendors, and makes the plan of it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::Duration;

use miniprogram_core::vendor_api::parse_strict_json;
use sha2::{Digest, Sha256};

use super::context::Context;
use super::file::{DoctorTable, FilterTable, PollingTable, RolloutFile, Vendors, WaveTable};
use super::problem::{Log, Place, Problems, instead};
use super::reader::{Located, Present, Source, read};
use super::rows::{Row, Rows, rows};
use super::settings::{AuditSettings, Extension, Merchant, PlanSource, Settings, Wave};
use super::sheet::Sheet;
use super::template::is_json;
use super::values::AppName;
use super::vendor::{Vendor, vendor};
use super::{Content, Plan, notify, waves};
use crate::machine::{Patience, Polling, Windows};

/// The word that stands for all apps that authorized the platform.
const AUTHORIZED: &str = "authorized";

/// What checking has found so far.
pub(super) struct Check<'a> {
    pub(super) context: &'a Context,
    pub(super) log: Log,
    sources: Vec<PlanSource>,
    files: &'a mut dyn FnMut(&str) -> io::Result<Vec<u8>>,
}

impl Check<'_> {
    /// Reads a file that the rollout file names.
    pub(super) fn open(&mut self, name: &Located<String>) -> Option<Vec<u8>> {
        match (self.files)(&name.value) {
            Ok(bytes) => {
                self.sources.push(source_of(&name.value, &bytes));
                Some(bytes)
            }
            Err(error) => {
                let what = format!("the file {:?} cannot be read: {error}", name.value);
                self.log.add(&name.place, what, "write the path of a file, from the directory of this one");
                None
            }
        }
    }
}

/// Checks a rollout file and everything that it names.
pub(super) fn check(
    file: &str,
    bytes: &[u8],
    files: &mut dyn FnMut(&str) -> io::Result<Vec<u8>>,
    context: &Context,
) -> Result<Plan, Problems> {
    let mut check = Check { context, log: Log::default(), sources: vec![source_of(file, bytes)], files };
    let plan = text_of(file, bytes, &mut check.log).and_then(|text| {
        let source = Source::new(file, text);
        let file: RolloutFile = read(&source, &mut check.log)?;
        check.plan(file)
    });
    match plan {
        Some(content) if check.log.is_empty() => Ok(Plan::new(content)),
        _ => Err(check.log.into_problems()),
    }
}

fn text_of<'a>(file: &str, bytes: &'a [u8], log: &mut Log) -> Option<&'a str> {
    let place = Place { file: file.to_owned(), ..Place::default() };
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => {
            log.add(&place, "is empty", "see the example in the documentation")
        }
        Ok(text) => return Some(text),
        Err(_) => log.add(&place, "is not UTF-8", "save the file as UTF-8"),
    }
    None
}

fn source_of(file: &str, bytes: &[u8]) -> PlanSource {
    PlanSource { file: file.to_owned(), sha256: hex(&Sha256::digest(bytes)) }
}

/// Hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Check<'_> {
    /// Checks everything even after a problem; none if nothing can be made of it.
    fn plan(&mut self, file: RolloutFile) -> Option<Content> {
        let secret = file.secret_columns.unwrap_or_default();
        let names: Vec<&str> = secret.iter().map(|column| column.value.as_str()).collect();
        let tables = file.vendor.map_or_else(Vec::new, |Vendors(tables)| tables);
        let vendors: Vec<Vendor> =
            tables.into_iter().map(|(name, table)| vendor(self, &name, table, &names)).collect();

        let sheet = file.merchants.as_ref().and_then(|merchants| self.merchants(merchants));
        let wave_tables = file.wave.unwrap_or_default();
        let notify = notify::notifications(file.notify.unwrap_or_default(), &mut self.log);
        let gate = file.gate.map(|gate| notify::gate(gate, &mut self.log));
        let windows = file.window.unwrap_or_default();

        let (sheet, Rows { rows: listed, complete }) = sheet?;
        self.secret_columns(&secret, &sheet);
        let columns = self.used_columns(&vendors, &sheet);
        let taking_part = match &file.filter {
            Some(filter) => self.filtered(filter, &sheet, listed, complete),
            None => listed,
        };
        self.values(&vendors, &columns, &taking_part);
        let assigned = self.waves(&wave_tables, &taking_part, complete);

        let mut merchants = Vec::with_capacity(taking_part.len());
        for (mut row, wave) in taking_part.into_iter().zip(assigned) {
            let values = columns.iter().map(|column| std::mem::take(&mut row.values[column.1])).collect();
            let Row { vendor, app_id, priority, .. } = row;
            merchants.push(Merchant { vendor, app_id, wave: wave?, priority, values });
        }
        // Within a wave by priority; the order of the file decides the rest.
        merchants.sort_by_key(|merchant| (merchant.wave, Reverse(merchant.priority)));
        let mut audit = AuditSettings::default();
        if let Some(table) = file.audit {
            audit.stuck.deadline = table.stuck_after.unwrap_or(audit.stuck.deadline);
            audit.stuck.expedite = table.expedite.unwrap_or_default();
            audit.stuck.resubmit = table.resubmit.unwrap_or_default();
            audit.rejection = table.rejected.unwrap_or_default();
            audit.delay = table.delayed.unwrap_or_default();
        }
        let (polling, patience) = self.polling(file.polling);
        let budget = file.failure_budget?;
        let wave = |wave: WaveTable| {
            Some(Wave { name: wave.name?.value, failure_budget: wave.failure_budget.unwrap_or(budget) })
        };
        let settings = Settings {
            name: file.name,
            vendors: vendors.into_iter().map(|vendor| vendor.settings).collect::<Option<_>>()?,
            waves: wave_tables.into_iter().map(wave).collect::<Option<_>>()?,
            windows: Windows {
                open: windows.iter().map(|window| window.window()).collect::<Option<_>>()?,
                freeze: file.freeze.unwrap_or_default().iter().map(|freeze| (freeze.0, freeze.1)).collect(),
            },
            bake_after_release: file.bake_after_release.unwrap_or_default(),
            gate: gate.flatten(),
            audit,
            notify: notify?,
            doctor: file.doctor.map(DoctorTable::levels).unwrap_or_default(),
            polling,
            patience,
        };
        let columns: Vec<String> = columns.into_iter().map(|(name, _)| name).collect();
        let secret = secret.into_iter().map(|column| column.value);
        let secret_columns = secret.filter(|name| columns.contains(name)).collect();
        Some(Content {
            sources: std::mem::take(&mut self.sources),
            settings,
            columns,
            secret_columns,
            merchants,
        })
    }

    fn polling(&mut self, table: Option<Located<PollingTable>>) -> (Polling, Patience) {
        let (mut polling, mut patience) = (Polling::default(), Patience::default());
        let Some(Located { value: table, place }) = table else { return (polling, patience) };
        for (names, intervals, first, longest) in [
            (("first", "longest"), &mut polling, table.first, table.longest),
            (("retry_first", "retry_longest"), &mut patience.pause, table.retry_first, table.retry_longest),
        ] {
            *intervals = Polling::new(first.unwrap_or(intervals.first), longest.unwrap_or(intervals.longest));
            if intervals.first < Duration::from_secs(1) {
                let what = format!("`{}` is shorter than 1 second", names.0);
                self.log.add(&place, what, "write a second or more");
            }
            if intervals.longest < intervals.first {
                let what = format!("`{}` is shorter than `{}`", names.1, names.0);
                self.log.add(&place, what, "write both, the longer one last");
            }
        }
        (polling, patience)
    }

    fn merchants(&mut self, merchants: &Located<String>) -> Option<(Sheet, Rows)> {
        let mut sheet = if merchants.value == AUTHORIZED {
            let sheet = Sheet::of_apps(&self.context.authorized);
            let rows = sheet.rows.iter().map(|row| &row.values);
            let listing = serde_json::to_vec(&(&sheet.columns, rows.collect::<Vec<_>>())).unwrap_or_default();
            self.sources.push(source_of(&sheet.file, &listing));
            sheet
        } else if Sheet::is_readable(&merchants.value) {
            let bytes = self.open(merchants)?;
            Sheet::read(&merchants.value, &bytes, &mut self.log)?
        } else {
            let what = format!("{:?} is neither a table of merchants nor `{AUTHORIZED}`", merchants.value);
            let advice = "write a file that ends with .csv, .jsonl or .ndjson, or \"authorized\"";
            self.log.add(&merchants.place, what, advice);
            return None;
        };
        let rows = rows(&mut sheet, self.context, &mut self.log);
        Some((sheet, rows))
    }

    fn secret_columns(&mut self, secret: &[Located<String>], sheet: &Sheet) {
        for column in secret {
            if ["vendor", "app_id", "wave", "priority"].contains(&column.value.as_str()) {
                let what = format!("the column `{}` cannot be secret: it is printed", column.value);
                self.log.add(&column.place, what, "remove it from the list");
            } else if sheet.column(&column.value).is_none() {
                self.no_column(&column.value, &column.place, sheet);
            }
        }
    }

    fn no_column(&mut self, name: &str, place: &Place, sheet: &Sheet) {
        let names = sheet.columns.iter().map(String::as_str);
        self.log.add(place, format!("the merchants have no column `{name}`"), instead(name, names));
    }

    /// The columns that the plan keeps, with their positions in the sheet: those that a vendor's settings use.
    fn used_columns(&mut self, vendors: &[Vendor], sheet: &Sheet) -> Vec<(String, usize)> {
        let mut columns: Vec<(String, usize)> = Vec::new();
        for column in vendors.iter().flat_map(|vendor| &vendor.uses) {
            match sheet.column(&column.name) {
                None => self.no_column(&column.name, &column.place, sheet),
                Some(_) if ["vendor", "app_id"].contains(&column.name.as_str()) => {}
                Some(index) if columns.iter().all(|(name, _)| *name != column.name) => {
                    columns.push((column.name.clone(), index));
                }
                Some(_) => {}
            }
        }
        columns.sort_by_key(|(_, index)| *index);
        columns
    }

    /// Checks the values that each merchant needs for its vendor's settings.
    fn values(&mut self, vendors: &[Vendor], columns: &[(String, usize)], rows: &[Row]) {
        let mut without_table: BTreeMap<miniprogram_core::Vendor, (Place, usize)> = BTreeMap::new();
        for row in rows {
            let of_it =
                vendors.iter().find(|vendor| vendor.known.is_some_and(|known| known.vendor == row.vendor));
            let Some(vendor) = of_it else {
                without_table.entry(row.vendor).or_insert_with(|| (row.place.of("vendor"), 0)).1 += 1;
                continue;
            };
            let mut complete = true;
            let mut seen: Vec<&str> = Vec::new();
            for column in &vendor.uses {
                let Some((name, index)) = columns.iter().find(|(name, _)| *name == column.name) else {
                    continue;
                };
                let value = row.values[*index].trim();
                if seen.contains(&name.as_str()) && !column.json {
                    continue;
                }
                let place = || row.place.of(name);
                if value.is_empty() {
                    if !seen.contains(&name.as_str()) {
                        let what = format!("is empty, and {} uses it", column.place.key);
                        self.log.add(&place(), what, "write a value, or leave the merchant out");
                    }
                    complete = false;
                } else if column.json && !is_json(value) {
                    let what = format!("is not JSON, and {} inserts it as such", column.place.key);
                    self.log.add(&place(), what, format!("write JSON, or use `${{{name}}}` for a text"));
                    complete = false;
                }
                seen.push(name);
            }
            if complete {
                self.extension(vendor, columns, row);
                self.options(vendor, columns, row);
            }
        }
        if vendors.iter().any(|vendor| vendor.known.is_none()) {
            // The table with the unknown name may be the one.
            return;
        }
        for (vendor, (place, count)) in without_table {
            let what = format!("{vendor} has no settings (apps listed: {count})");
            self.log.add(
                &place,
                what,
                format!("add a table [vendor.{vendor}], or leave them out with [filter]"),
            );
        }
    }

    fn extension(&mut self, vendor: &Vendor, columns: &[(String, usize)], row: &Row) {
        let (Some(extension), Some(known)) = (&vendor.extension, vendor.known) else { return };
        let complete = extension.value.columns().all(|column| {
            ["vendor", "app_id"].contains(&column) || columns.iter().any(|(name, _)| name == column)
        });
        if !complete {
            return;
        }
        let text = extension.value.fill(value_of(vendor, columns, row));
        let place = match &extension.value {
            Extension::Column(column) => row.place.of(column),
            Extension::Template(_) => row.place.clone(),
        };
        if let Err(error) = parse_strict_json(&text) {
            let what = format!("the extension is not one JSON object: {error}");
            self.log.add(&place, what, r#"write an object such as {"ext":{"shop":"…"}}"#);
        }
        if text.len() > known.extension_limit {
            let what = format!("the extension has {} bytes of at most {}", text.len(), known.extension_limit);
            self.log.add(&place, what, "shorten the values of this merchant, or the extension");
        }
    }

    /// The options of the submission: the JSON of a column is complete, and may still repeat a name.
    fn options(&mut self, vendor: &Vendor, columns: &[(String, usize)], row: &Row) {
        let Some(settings) = &vendor.settings else { return };
        let known = |column: &str| {
            ["vendor", "app_id"].contains(&column) || columns.iter().any(|(name, _)| name == column)
        };
        if !settings.submit.columns().all(|column| known(column.column)) {
            return;
        }
        if let Err(error) = parse_strict_json(&settings.submit.fill(value_of(vendor, columns, row))) {
            let what = format!("the options of the submission are not one JSON object: {error}");
            self.log.add(&row.place, what, "correct the JSON in the columns that `submit` uses");
        }
    }

    fn filtered<'f>(
        &mut self,
        filter: &'f FilterTable,
        sheet: &Sheet,
        listed: Vec<Row>,
        complete: bool,
    ) -> Vec<Row> {
        for vendor in filter.vendors.iter().flatten() {
            if self.context.vendor(&vendor.value).is_none() {
                let what = format!("there is no vendor {:?}", vendor.value);
                self.log.add(&vendor.place, what, instead(&vendor.value, self.context.names()));
            }
        }
        let ids: HashSet<_> = listed.iter().map(|row| (None, &row.app_id)).collect();
        let with_vendors =
            listed.iter().map(|row| (Some(row.vendor.as_str()), &row.app_id)).collect::<HashSet<_>>();
        for app in filter.only.iter().chain(&filter.except).flatten() {
            let name = app.value.as_key();
            if complete && !ids.contains(&name) && !with_vendors.contains(&name) {
                let what = format!("{} is not among the merchants", app.value);
                self.log.add(&app.place, what, "remove it here, or correct it");
            }
        }
        let mut by_column = Vec::new();
        for (name, values) in filter.column.iter().flat_map(|columns| &columns.0) {
            match sheet.column(&name.value) {
                Some(index) => {
                    let there: HashSet<_> = listed.iter().map(|row| row.values[index].trim()).collect();
                    for value in values.iter().filter(|value| complete && !there.contains(value.value.trim()))
                    {
                        let what = format!("no merchant has {:?} in this column", value.value);
                        self.log.add(&value.place, what, "correct it, or remove it here");
                    }
                    by_column.push((index, values));
                }
                None => self.no_column(&name.value, &name.place, sheet),
            }
        }
        let names = |apps: &'f Option<Vec<Located<AppName>>>| {
            apps.as_ref().map(|apps| apps.iter().map(|app| app.value.as_key()).collect::<HashSet<_>>())
        };
        let has = |names: &HashSet<_>, row: &Row| {
            names.contains(&(None, &row.app_id)) || names.contains(&(Some(row.vendor.as_str()), &row.app_id))
        };
        let (only, except) = (names(&filter.only), names(&filter.except));
        let any = !listed.is_empty();
        let takes_part = |row: &Row| {
            let vendor = filter.vendors.as_ref();
            vendor.is_none_or(|names| names.iter().any(|name| name.value == row.vendor.as_str()))
                && only.as_ref().is_none_or(|names| has(names, row))
                && !except.as_ref().is_some_and(|names| has(names, row))
                && by_column.iter().all(|(index, values)| {
                    values.iter().any(|value| value.value.trim() == row.values[*index].trim())
                })
        };
        let kept: Vec<Row> = listed.into_iter().filter(takes_part).collect();
        if kept.is_empty() && any && self.log.is_empty() {
            let place =
                Place { file: self.sources[0].file.clone(), key: "filter".into(), ..Place::default() };
            self.log.add(&place, "no merchant passes the filter", "remove a condition");
        }
        kept
    }

    fn waves(&mut self, tables: &[WaveTable], rows: &[Row], complete: bool) -> Vec<Option<usize>> {
        let mut requests: Vec<waves::Request<'_>> = Vec::with_capacity(tables.len());
        for table in tables {
            let apps = table.apps.as_ref();
            let unread = apps.is_some_and(|apps| apps.value.0.is_none());
            let (Some(name), false) = (&table.name, unread) else { return vec![None; rows.len()] };
            if requests.iter().any(|earlier| earlier.name == name.value) {
                let what = format!("there are two waves {:?}", name.value);
                self.log.add(&name.place, what, "give each wave its own name");
            }
            let apps = apps
                .and_then(|Located { value: Present(apps), place }| Some((apps.as_ref()?, place.clone())));
            requests.push(waves::Request { name: &name.value, place: name.place.clone(), apps });
        }
        if requests.is_empty() {
            return vec![None; rows.len()];
        }
        waves::assign(&requests, rows, complete, &mut self.log)
    }
}

/// What an app has in the columns that templates use.
fn value_of<'a>(
    vendor: &'a Vendor<'_>,
    columns: &'a [(String, usize)],
    row: &'a Row,
) -> impl Fn(&str) -> &'a str {
    move |name| match columns.iter().find(|(column, _)| column == name) {
        Some((_, index)) => row.values[*index].as_str(),
        None if name == "vendor" => vendor.name.value.as_str(),
        None => row.app_id.as_str(),
    }
}
