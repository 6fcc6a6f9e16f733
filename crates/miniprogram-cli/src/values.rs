//! Values of options: durations, texts from files, pairs.

use std::convert::Infallible;
use std::io::Read;
use std::time::Duration;

#[cfg(feature = "sim")]
use miniprogram::Timestamp;
use miniprogram::{Error, Secret};
use miniprogram_store::inbox::SHORTEST_MEMORY;
use serde::de::DeserializeOwned;

/// How many bytes a file named by an option may have.
const MAX_FILE: u64 = 4 << 20;

/// Reads `90`, `90s`, `500ms`, `2m`, `1h` or `1d`; without a unit it is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err("write a number and one of the units ms, s, m, h and d, such as 10s".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "write a number of seconds, or one with a unit".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|problem| problem.to_string())
}

/// A duration that is not zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than 0".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads `65536`, `64KiB`, `64MiB` or `1GiB`; without a unit it is bytes.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err("write a number and one of the units KiB, MiB and GiB, such as 64MiB".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a number of bytes, or one with a unit".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "must be at least 1 byte".to_owned())
}

/// A percentage such as `5`, `0.5` or `5%`, as a share from 0 to 1.
#[cfg(feature = "sim")]
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>().ok();
    let percent = number.filter(|percent| (0.0..=100.0).contains(percent));
    Ok(percent.ok_or("write a percentage from 0 to 100, such as 5 or 0.5")? / 100.0)
}

/// A point in time.
#[cfg(feature = "sim")]
pub(crate) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::from_rfc3339(text)
        .ok_or_else(|| "write date, time and offset, such as 2026-11-30T08:00:00+08:00".to_owned())
}

/// A text that is never printed.
pub(crate) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// `NAME=VALUE`, whose value is never printed.
pub(crate) fn secret_pair(text: &str) -> Result<(String, Secret), String> {
    pair(text).map(|(name, value)| (name, Secret::new(value)))
}

/// A text, given literally or as `@FILE`; `@-` is standard input.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Inline(String),
    File(String),
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        match text.strip_prefix('@') {
            Some(file) => Self::File(file.to_owned()),
            None => Self::Inline(text.to_owned()),
        }
    }
}

impl Source {
    /// The text.
    pub(crate) fn read(&self, operation: &'static str, field: &'static str) -> Result<String, Error> {
        let file = match self {
            Self::Inline(text) => return Ok(text.clone()),
            Self::File(file) => file,
        };
        let invalid = |why: String| Error::invalid(operation, field, format!("{file} {why}"));
        let mut bytes = Vec::new();
        let read = if file == "-" {
            std::io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(file).and_then(|open| open.take(MAX_FILE + 1).read_to_end(&mut bytes))
        };
        // The size first: a file that is cut off may end within a character.
        match read {
            Ok(length) if length as u64 > MAX_FILE => Err(invalid("is larger than 4 MiB".to_owned())),
            Ok(_) => String::from_utf8(bytes).map_err(|_| invalid("is not UTF-8".to_owned())),
            Err(problem) => Err(invalid(format!("cannot be read: {problem}"))),
        }
    }

    /// The text, parsed as JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        field: &'static str,
    ) -> Result<T, Error> {
        serde_json::from_str(&self.read(operation, field)?).map_err(|problem| {
            Error::invalid(operation, field, format!("is not the expected JSON: {problem}"))
        })
    }
}

/// Reads a file of at most so many bytes. The error says why it cannot be read.
pub(crate) fn file_bytes(file: &str, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match std::fs::File::open(file).and_then(|open| open.take(most + 1).read_to_end(&mut bytes)) {
        Ok(length) if length as u64 > most => Err(format!("{file} is larger than {} MiB", most >> 20)),
        Ok(_) => Ok(bytes),
        Err(problem) => Err(format!("{file} cannot be read: {problem}")),
    }
}

/// Converts a number that a vendor limits: out of range is an invalid argument, not a usage error.
pub(crate) fn within<T: TryFrom<i64>>(
    operation: &'static str,
    field: &'static str,
    number: i64,
) -> Result<T, Error> {
    T::try_from(number).map_err(|_| Error::invalid(operation, field, format!("must not be {number}")))
}

/// How long something is kept.
pub(crate) fn memory(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        short if short < SHORTEST_MEMORY => {
            Err("must be 7d or longer: until then a vendor may repeat an event, which would count as new"
                .to_owned())
        }
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_are_seconds_without_one() {
        for (text, millis) in [
            ("10", 10_000),
            ("10s", 10_000),
            ("2m", 120_000),
            ("500ms", 500),
            ("1.5h", 5_400_000),
            ("0", 0),
            ("1d", 86_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1", "10 s", "1e3", "1.2.3", "10min", "inf", "99999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(positive_duration("0ms").is_err());
    }

    #[cfg(feature = "sim")]
    #[test]
    fn percentages_are_shares() {
        for (text, share) in [("0", 0.0), ("5", 0.05), ("0.5%", 0.005), ("100%", 1.0)] {
            assert_eq!(percent(text), Ok(share), "{text}");
        }
        for text in ["", "%", "-1", "101", "NaN", "five"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_refused_by_its_size_before_its_text() {
        let refused = |bytes: &[u8]| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
            let source = Source::File(file.path().to_str().unwrap().to_owned());
            source.read("test", "body").unwrap_err().to_string()
        };
        assert!(refused("面".repeat(3 << 20).as_bytes()).contains("larger than 4 MiB"));
        assert!(refused(&[0xff]).contains("is not UTF-8"));
    }

    #[test]
    fn pairs_split_at_the_first_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
