//! The fields of the file: taken out one by one, and named without their value if they are not valid.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use config::{Map, Value, ValueKind};
use miniprogram::{Error, ErrorKind, Secret, Vendor};

/// The maximum size of a secret's file in bytes.
const MAX_SECRET: u64 = 64 << 10;

/// How a secret is written.
pub(super) const WAYS: &str = "write { env = \"NAME\" }, { file = \"PATH\" } or the text itself";

/// The text fields that may be written as a number.
const NUMBERS: [&str; 3] = ["id", "max_connections", "max_body_memory"];

/// Where a value comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    /// Whether other users may read it there.
    pub(super) open: bool,
    /// The directory against which relative paths are resolved.
    pub(super) folder: PathBuf,
}

/// Where a secret comes from.
#[derive(Debug, Clone)]
pub(super) enum SecretSource {
    /// The text itself.
    Text(Secret),
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
}

impl SecretSource {
    pub(super) fn read(&self, place: &Place, key: &'static str) -> Result<Secret, Error> {
        let secret = match self {
            Self::Text(text) => text.clone(),
            Self::Variable(name) => match std::env::var(name) {
                Ok(text) => Secret::new(text),
                Err(std::env::VarError::NotPresent) => {
                    let why = format!("comes from the variable {name}, which is not set");
                    return Err(place.wrong(key, &why, format!("set {name} in the environment")));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    let why = format!("comes from the variable {name}, which is not UTF-8");
                    return Err(place.wrong(key, &why, format!("set {name} to text")));
                }
            },
            Self::File(file) => read_secret(file).map_err(|(why, remedy)| {
                place.wrong(key, &format!("comes from {}, which {why}", file.display()), remedy)
            })?,
        };
        if secret.is_empty() {
            return Err(place.wrong(key, "is empty", "copy it from the vendor's console"));
        }
        Ok(secret)
    }
}

/// Returns the text of a secret's file, without the line end.
fn read_secret(file: &Path) -> Result<Secret, (String, String)> {
    let unreadable = |problem: std::io::Error| {
        (format!("cannot be read: {problem}"), "name a file that this user can read".to_owned())
    };
    let handle = File::open(file).map_err(unreadable)?;
    if for_others(&handle.metadata().map_err(unreadable)?) {
        let remedy = format!("remove the permission: chmod o-rwx {}", file.display());
        return Err(("others may read or write".to_owned(), remedy));
    }
    let mut text = String::new();
    handle.take(MAX_SECRET).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

/// Whether users outside the owner's group may read or write a file.
pub(super) fn for_others(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.permissions().mode() & 0o006 != 0
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        false
    }
}

/// Where a field is.
#[derive(Debug, Clone, Default)]
pub(super) enum Place {
    #[default]
    Top,
    Platform {
        number: usize,
        named: Option<(Vendor, String)>,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => f.write_str("the configuration"),
            Self::Platform { named: Some((vendor, id)), .. } => write!(f, "the {vendor} platform {id}"),
            Self::Platform { number, named: None } => write!(f, "platform {number}"),
        }
    }
}

impl Place {
    pub(super) fn wrong(&self, key: &str, why: &str, remedy: impl Into<String>) -> Error {
        wrong(key, &format!("of {self} {why}"), remedy)
    }
}

pub(super) fn wrong(field: &str, detail: &str, remedy: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, "read_configuration")
        .with_field(field.to_owned())
        .with_detail(detail)
        .with_advice(remedy.into())
}

/// A table of the file whose fields are taken out one by one.
pub(super) struct Table {
    pub(super) place: Place,
    pub(super) fields: Map<String, Value>,
}

impl Table {
    pub(super) fn wrong(&self, key: &str, why: &str, remedy: impl Into<String>) -> Error {
        self.place.wrong(key, why, remedy)
    }

    /// Takes a flag; false if absent.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<bool, Error> {
        match self.fields.remove(key).map(|value| value.kind) {
            None => Ok(false),
            Some(ValueKind::Boolean(flag)) => Ok(flag),
            Some(other) => {
                let why = format!("must be true or false, not {}", kind(&other));
                Err(self.wrong(key, &why, "write true or false, without quotes"))
            }
        }
    }

    /// Takes a text that is not a secret; an id or a quantity may be written as a number.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, Error> {
        let text = match self.fields.remove(key).map(|value| value.kind) {
            None => return Ok(None),
            Some(ValueKind::String(text)) => text,
            Some(ValueKind::I64(number)) if NUMBERS.contains(&key) => number.to_string(),
            Some(other) => {
                let why = format!("must be text, not {}", kind(&other));
                return Err(self.wrong(key, &why, "write it in double quotes"));
            }
        };
        if text.is_empty() {
            return Err(self.wrong(key, "is empty", "set it, or remove the line"));
        }
        Ok(Some(text))
    }

    pub(super) fn secret(
        &mut self,
        key: &'static str,
        origin: &Origin,
    ) -> Result<Option<SecretSource>, Error> {
        match self.fields.remove(key).map(|value| value.kind) {
            None => Ok(None),
            Some(ValueKind::String(text)) if text.is_empty() => Err(self.wrong(key, "is empty", WAYS)),
            Some(ValueKind::String(text)) => {
                // An address alone is no secret; one with a password is.
                let secret = !matches!(key, "store" | "proxy") || text.contains('@');
                if secret && origin.open {
                    let why = "is in a file that others may read or write";
                    return Err(self.wrong(
                        key,
                        why,
                        "chmod o-rwx the file, or use { env = … } or { file = … }",
                    ));
                }
                Ok(Some(SecretSource::Text(Secret::new(text))))
            }
            Some(ValueKind::Table(mut pointer)) => {
                let only = pointer.len() == 1;
                let texts = ["env", "file"].map(|way| match pointer.remove(way).map(|value| value.kind) {
                    Some(ValueKind::String(text)) if only && !text.is_empty() => Some(text),
                    _ => None,
                });
                match texts {
                    [Some(name), _] => Ok(Some(SecretSource::Variable(name))),
                    [_, Some(file)] => Ok(Some(SecretSource::File(origin.folder.join(file)))),
                    _ => Err(self.wrong(key, "must have exactly one of env and file", WAYS)),
                }
            }
            Some(other) => {
                let why = format!("must be text or a pointer to it, not {}", kind(&other));
                Err(self.wrong(key, &why, WAYS))
            }
        }
    }

    /// Rejects the fields that are left.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), Error> {
        let mut left: Vec<&String> = self.fields.keys().collect();
        left.sort();
        match left.first() {
            None => Ok(()),
            Some(unknown) => {
                let remedy = format!("fix or remove it; known fields are {}", known.join(", "));
                Err(self.wrong(unknown, "is unknown", remedy))
            }
        }
    }
}

/// The type of a value.
fn kind(value: &ValueKind) -> &'static str {
    match value {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
        _ => "a number",
    }
}
