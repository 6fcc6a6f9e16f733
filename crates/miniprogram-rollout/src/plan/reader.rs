//! Reads TOML into types and collects every problem, each with its position.
//!
//! Serde stops at the first error, so the tables are read by a macro instead: [`tables!`](tables) declares a table as a
//! struct whose documentation is also the reference of its keys, reports keys that it does not have, and goes on.

use std::ops::Range;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Log, Place, instead, listed};

/// A value of the file with its position.
#[derive(Debug, Clone)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// The text of one file, for positions.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        Self { file, text, lines: std::iter::once(0).chain(after).collect() }
    }

    pub(super) fn place(&self, key: String, span: Range<usize>) -> Place {
        let line = self.lines.partition_point(|begin| *begin <= span.start);
        let begin = self.lines[line - 1];
        let character = self.text.get(begin..span.start).map_or(0, |before| before.chars().count()) + 1;
        Place { file: self.file.to_owned(), line: Some(line), character: Some(character), key }
    }
}

/// One value, the path of its key, and where to report problems.
#[derive(Debug)]
pub(super) struct Cursor<'a, 'l> {
    source: &'a Source<'a>,
    log: &'l mut Log,
    key: String,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Cursor<'a, '_> {
    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    pub(super) fn place(&self) -> Place {
        self.source.place(self.key.clone(), self.value.span())
    }

    /// Reports a problem with this value.
    pub(super) fn refuse(&mut self, what: impl Into<String>, advice: impl Into<String>) {
        let place = self.place();
        self.log.add(&place, what, advice);
    }

    /// Reports that the value is of another type than the key needs.
    pub(super) fn mistyped(&mut self, advice: impl Into<String>) {
        let what = match self.value() {
            DeValue::String(_) => "is a text",
            DeValue::Integer(_) | DeValue::Float(_) => "is a number",
            DeValue::Boolean(_) => "is true or false",
            DeValue::Datetime(_) => "is a date or time without quotes",
            DeValue::Array(_) => "is a list",
            DeValue::Table(_) => "is a table",
        };
        self.refuse(what, advice);
    }

    /// Reads a text that is not blank; the advice says what it should be.
    pub(super) fn text(&mut self, advice: &str) -> Option<&'a str> {
        match self.value() {
            DeValue::String(text) if text.trim().is_empty() => self.refuse("is empty", advice),
            DeValue::String(text) => return Some(text),
            _ => self.mistyped(advice),
        }
        None
    }

    /// Reads one of the words.
    pub(super) fn word<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        let names = words.iter().map(|(name, _)| *name);
        let text = self.text(&format!("write one of {}", listed(names.clone())))?;
        let found = words.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.refuse(format!("{text:?} is not known here"), instead(text, names));
        }
        found.map(|(_, value)| *value)
    }

    fn entry<T: FromToml>(&mut self, value: &'a Spanned<DeValue<'a>>, key: String) -> Option<T> {
        T::read(&mut Cursor { source: self.source, log: self.log, key, value })
    }

    /// Reads a list, and goes on after an element that cannot be read.
    pub(super) fn list<T: FromToml>(&mut self, advice: &str) -> Option<Vec<T>> {
        let items = match self.value() {
            DeValue::Array(items) => items,
            DeValue::Table(_) => {
                let advice = format!("{advice}: of tables as [[{}]]", self.key);
                self.mistyped(advice);
                return None;
            }
            _ => {
                self.mistyped(advice);
                return None;
            }
        };
        if items.is_empty() {
            self.refuse("is empty", format!("{advice}, or remove the key"));
            return None;
        }
        let read = |(index, item)| self.entry(item, format!("{}[{index}]", self.key));
        Some(items.iter().enumerate().filter_map(read).collect())
    }

    /// Reads a table of which the operator chooses the keys, in the order of the file.
    pub(super) fn map<T: FromToml>(&mut self, advice: &str) -> Option<Vec<(Located<String>, T)>> {
        let DeValue::Table(table) = self.value() else {
            self.mistyped(advice);
            return None;
        };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let mut read = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            let path = join(&self.key, name.get_ref());
            let place = self.source.place(path.clone(), name.span());
            if let Some(value) = self.entry(value, path) {
                read.push((Located { value: name.get_ref().to_string(), place }, value));
            }
        }
        Some(read)
    }

    /// The fields of a table with fixed keys; reports those that it does not have.
    pub(super) fn fields(&mut self, table: &'static Table) -> Option<Fields<'a>> {
        let DeValue::Table(fields) = self.value() else {
            self.mistyped(format!("write a table with the keys {}", listed(table.names())));
            return None;
        };
        for (name, _) in fields.iter() {
            if !table.names().any(|known| known == name.get_ref()) {
                let place = self.source.place(join(&self.key, name.get_ref()), name.span());
                let what = format!("is not a key of {}", table.title);
                self.log.add(&place, what, instead(name.get_ref(), table.names()));
            }
        }
        Some(Fields(fields))
    }

    /// Reads one field of a table; none if it is absent.
    pub(super) fn field<T: FromToml>(&mut self, fields: &Fields<'a>, key: &Key) -> Option<T> {
        let path = join(&self.key, key.name);
        match fields.0.get(key.name) {
            Some(value) => self.entry(value, path),
            None => {
                if key.required {
                    let place = self.source.place(path, self.value.span());
                    self.log.add(&place, "is missing", format!("add {}", key.example));
                }
                None
            }
        }
    }

    /// The value as JSON, for the parts of the file that are passed on as such.
    pub(super) fn json(&mut self) -> Option<Value> {
        let advice = "JSON has texts, numbers, true, false, lists and tables: put a date or time into quotes";
        match self.value() {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            DeValue::Boolean(value) => Some(Value::from(*value)),
            DeValue::Integer(number) => {
                let read = i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::from);
                if read.is_none() {
                    self.refuse("is a number of more than 64 bits", "put it into quotes");
                }
                read
            }
            DeValue::Float(number) => {
                let finite = number.as_str().parse::<f64>().ok().filter(|number| number.is_finite());
                if finite.is_none() {
                    self.refuse("is not a number of JSON", advice);
                }
                finite.map(Value::from)
            }
            DeValue::Datetime(_) => {
                self.mistyped(advice);
                None
            }
            DeValue::Array(items) => {
                let read = |(index, item)| self.entry::<Json>(item, format!("{}[{index}]", self.key));
                Some(Value::from(
                    items.iter().enumerate().filter_map(read).map(|Json(v)| v).collect::<Vec<_>>(),
                ))
            }
            DeValue::Table(_) => {
                let entries = self.map::<Json>(advice)?;
                let fields = entries.into_iter().map(|(name, Json(value))| (name.value, value));
                Some(Value::from(fields.collect::<Map<_, _>>()))
            }
        }
    }
}

struct Json(Value);

impl FromToml for Json {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.json().map(Self)
    }
}

/// The fields of a table that is being read.
#[derive(Debug)]
pub(super) struct Fields<'a>(&'a DeTable<'a>);

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// What can be read from a value of TOML. A problem is reported, and reading goes on elsewhere.
pub(super) trait FromToml: Sized {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self>;
}

impl<T: FromToml> FromToml for Located<T> {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let value = T::read(cursor)?;
        Some(Self { value, place: cursor.place() })
    }
}

/// A value that is there, even if it could not be read. It keeps a mistake from being reported as something missing.
#[derive(Debug)]
pub(super) struct Present<T>(pub(super) Option<T>);

impl<T: FromToml> FromToml for Present<T> {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        Some(Self(T::read(cursor)))
    }
}

impl FromToml for String {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.text("write a text in quotes").map(str::to_owned)
    }
}

impl<T: FromToml> FromToml for Vec<T> {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.list("write a list in brackets")
    }
}

/// The keys of one table of the rollout file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// Its name as the file writes it, such as `[vendor.NAME]`.
    pub title: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

impl Table {
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.keys.iter().map(|key| key.name)
    }
}

/// One key of a table of the rollout file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Whether the table needs it.
    pub required: bool,
    /// How it is written.
    pub example: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// Declares tables of the rollout file: structs with a constant [`Table`] that lists their keys. Every field is an
/// `Option`, because a missing or unreadable one is reported while the others are still read.
macro_rules! tables {
    ($(
        #[doc = $about:literal]
        #[title = $title:literal]
        $name:ident {
            $($(#[doc = $doc:literal])+ $need:ident $field:ident: $type:ty = $example:literal,)*
        }
    )*) => {$(
        #[doc = $about]
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $($(#[doc = $doc])+ pub(super) $field: Option<$type>,)*
        }

        impl $name {
            pub(super) const TABLE: Table = Table {
                title: $title,
                about: $about.trim_ascii(),
                keys: &[$(Key {
                    name: stringify!($field),
                    required: tables!(@ $need),
                    example: $example,
                    about: concat!($($doc),+).trim_ascii(),
                }),*],
            };
        }

        impl FromToml for $name {
            fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
                let fields = cursor.fields(&Self::TABLE)?;
                let mut keys = Self::TABLE.keys.iter();
                Some(Self { $($field: keys.next().and_then(|key| cursor.field(&fields, key)),)* })
            }
        }
    )*};
    (@ required) => { true };
    (@ optional) => { false };
}

pub(super) use tables;

/// Reads a whole file. Mistakes of the syntax are reported alone, because what follows them is not read as it is meant.
pub(super) fn read<T: FromToml>(source: &Source<'_>, log: &mut Log) -> Option<T> {
    let (document, errors) = DeTable::parse_recoverable(source.text);
    for error in &errors {
        let place = source.place(String::new(), error.span().unwrap_or_default());
        log.add(&place, format!("is not valid TOML: {}", error.message()), "see https://toml.io/en/v1.0.0");
    }
    if !errors.is_empty() {
        return None;
    }
    let span = document.span();
    let value = Spanned::new(span, DeValue::Table(document.into_inner()));
    T::read(&mut Cursor { source, log, key: String::new(), value: &value })
}
