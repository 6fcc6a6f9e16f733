//! JSON lines: one object per line. Numbers keep their digits, and lists and objects keep their text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Columns, Sheet, SheetRow, set};
use crate::plan::problem::{Log, Place};

const FORM: &str = r#"write one object per line, such as {"vendor":"…","app_id":"…"}"#;

pub(super) fn read(file: &str, text: &str, log: &mut Log) -> Option<Sheet> {
    let mut columns = Columns::default();
    let mut rows = Vec::new();
    let mut complete = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let place = Place { file: file.to_owned(), line: Some(index + 1), ..Place::default() };
        if !line.starts_with('{') {
            log.add(&place, "is not an object", FORM);
            if line.starts_with('[') && rows.is_empty() {
                return None;
            }
            complete = false;
            continue;
        }
        let fields = match serde_json::from_str::<Fields<'_>>(line) {
            Ok(Fields(fields)) => fields,
            Err(error) => {
                let place = Place { character: Some(error.column()), ..place };
                // The words for the syntax of an object quote nothing; the line in them is that of this text.
                let words = error.to_string();
                let words = words.split(" at line").next().unwrap_or_default();
                log.add(&place, format!("is not valid JSON: {words}"), FORM);
                complete = false;
                continue;
            }
        };
        let mut values: Vec<String> = Vec::new();
        for (at, (name, value)) in fields.iter().enumerate() {
            if fields[..at].iter().any(|(earlier, _)| earlier == name) {
                log.add(&place.of(name), "is there twice", "remove one of the two");
            }
            set(&mut values, columns.index(name.trim()), text_of(value));
        }
        rows.push(SheetRow { line: Some(index + 1), values });
    }
    Some(columns.sheet(file, rows, complete))
}

/// A string's content; of anything else the text as it is written. A null is no value.
fn text_of(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
        text => text.to_owned(),
    }
}

/// The fields of an object, also those of one name.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
