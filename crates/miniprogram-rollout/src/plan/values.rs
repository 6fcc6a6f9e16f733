//! Values that the rollout file is made of, and how they are written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use miniprogram_core::{AppId, TemplateId, Vendor};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::de::DeValue;

use super::reader::{Cursor, FromToml};

/// A share of a whole, in hundredths of a percent. Written as `"10%"` or `"0.5%"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Share(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(10_000);

    /// Creates a share from hundredths of a percent; at most 10,000.
    #[must_use]
    pub const fn from_basis_points(points: u16) -> Option<Self> {
        if points <= Self::ALL.0 { Some(Self(points)) } else { None }
    }

    /// Returns hundredths of a percent.
    #[must_use]
    pub const fn as_basis_points(self) -> u16 {
        self.0
    }

    /// Returns the percentage if it is a whole number.
    #[must_use]
    pub fn as_percentage(self) -> Option<u8> {
        if self.0.is_multiple_of(100) { u8::try_from(self.0 / 100).ok() } else { None }
    }

    /// Returns the share of a number, rounded up.
    #[must_use]
    pub fn of(self, whole: usize) -> usize {
        (whole * usize::from(self.0)).div_ceil(usize::from(Self::ALL.0))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match rest {
            0 => write!(f, "{whole}%"),
            rest if rest.is_multiple_of(10) => write!(f, "{whole}.{}%", rest / 10),
            rest => write!(f, "{whole}.{rest:02}%"),
        }
    }
}

/// The text is not a percentage from 0% to 100% with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a percentage from 0% to 100% with at most two decimals")]
pub struct InvalidShare;

impl FromStr for Share {
    type Err = InvalidShare;

    fn from_str(text: &str) -> Result<Self, InvalidShare> {
        let number = text.strip_suffix('%').ok_or(InvalidShare)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 2 {
            return Err(InvalidShare);
        }
        let points: u32 = format!("{whole}{decimals:0<2}").parse().map_err(|_| InvalidShare)?;
        u16::try_from(points).ok().and_then(Self::from_basis_points).ok_or(InvalidShare)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl FromToml for Share {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write a percentage from 0% to 100%, such as "10%""#;
        let text = cursor.text(advice)?;
        let share = text.parse().ok();
        if share.is_none() {
            cursor.refuse(format!("{text:?} is not a percentage"), advice);
        }
        share
    }
}

/// A number of apps, or a share of them. Written as `20` or `"10%"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// So many apps.
    Count(u32),
    /// This share of the apps.
    Share(Share),
}

impl Amount {
    /// Returns how many of the apps this is; a share is rounded up.
    #[must_use]
    pub fn of(self, apps: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(count).unwrap_or(usize::MAX),
            Self::Share(share) => share.of(apps),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Share(share) => share.fmt(f),
        }
    }
}

impl FromToml for Amount {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        match cursor.value() {
            DeValue::String(_) => Share::read(cursor).map(Self::Share),
            DeValue::Integer(_) => u32::read(cursor).map(Self::Count),
            _ => {
                cursor.mistyped(r#"write a number of apps, such as 20, or a share, such as "10%""#);
                None
            }
        }
    }
}

/// Calls per second, more than 0 and at most 1,000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(f64);

impl Rate {
    /// Creates a rate.
    #[must_use]
    pub fn new(calls_per_second: f64) -> Option<Self> {
        (calls_per_second > 0.0 && calls_per_second <= 1000.0).then_some(Self(calls_per_second))
    }

    /// Returns the calls per second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl FromToml for Rate {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = "write the calls per second, more than 0 and at most 1000, such as 5 or 0.5";
        let text = match cursor.value() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => {
                cursor.mistyped(advice);
                return None;
            }
        };
        let rate = text.parse().ok().and_then(Self::new);
        if rate.is_none() {
            cursor.refuse(format!("{text} is not a rate"), advice);
        }
        rate
    }
}

/// An app as the rollout file names it: `app_id`, or `vendor/app_id` where two vendors share an id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct AppName {
    pub(super) vendor: Option<String>,
    pub(super) app_id: AppId,
}

impl AppName {
    /// The vendor, if it is named, and the id.
    pub(super) fn as_key(&self) -> (Option<&str>, &AppId) {
        (self.vendor.as_deref(), &self.app_id)
    }

    pub(super) fn means(&self, vendor: Vendor, app_id: &AppId) -> bool {
        self.app_id == *app_id && self.vendor.as_deref().is_none_or(|name| name == vendor.as_str())
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.vendor {
            Some(vendor) => write!(f, "{vendor}/{}", self.app_id),
            None => self.app_id.fmt(f),
        }
    }
}

impl FromToml for AppName {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let text = id(cursor, r#"write an app's id in quotes, or "vendor/app_id""#)?;
        let (vendor, app_id) = match text.split_once('/') {
            Some((vendor, app_id)) => (Some(vendor.trim().to_owned()), app_id.trim()),
            None => (None, text.as_str()),
        };
        Some(Self { vendor, app_id: app_id.into() })
    }
}

impl FromToml for TemplateId {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        id(cursor, "write the id of a template, such as 7").map(Self::new)
    }
}

/// An id: a text, or a number in plain digits.
fn id(cursor: &mut Cursor<'_, '_>, advice: &str) -> Option<String> {
    match cursor.value() {
        DeValue::Integer(number) if number.radix() == 10 && !number.as_str().starts_with(['-', '+']) => {
            Some(number.as_str().to_owned())
        }
        _ => cursor.text(advice).map(|text| text.trim().to_owned()),
    }
}

impl FromToml for u32 {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = "write a whole number, 0 or more";
        let DeValue::Integer(number) = cursor.value() else {
            cursor.mistyped(advice);
            return None;
        };
        let read = Self::from_str_radix(number.as_str(), number.radix()).ok();
        if read.is_none() {
            cursor.refuse(format!("{number} is out of range"), advice);
        }
        read
    }
}

/// A number of at least 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positive(pub(super) u32);

impl FromToml for Positive {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let read = u32::read(cursor)?;
        if read == 0 {
            cursor.refuse("is 0", "write a whole number of at least 1");
        }
        (read > 0).then_some(Self(read))
    }
}

/// Durations are read by jiff in its friendly form. A day has 24 hours here; months and years have no fixed length and
/// are refused.
impl FromToml for Duration {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write a duration such as "30s", "45m", "2h 30m" or "3 days""#;
        let text = cursor.text(advice)?;
        let duration = text.parse::<Span>().ok().and_then(|span| {
            let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            Self::try_from(length).ok().filter(|length| !length.is_zero())
        });
        if duration.is_none() {
            cursor.refuse(format!("{text:?} is not a duration"), advice);
        }
        duration
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_have_at_most_two_decimals() {
        let points = |text: &str| text.parse::<Share>().ok().map(Share::as_basis_points);
        let expected = [
            ("10%", Some(1000)),
            ("0.5%", Some(50)),
            ("0.05 %", Some(5)),
            ("100%", Some(10_000)),
            ("0%", Some(0)),
        ];
        for (text, points_of_it) in expected {
            assert_eq!(points(text), points_of_it, "{text}");
        }
        for text in ["", "%", "10", "101%", "-1%", "1.234%", "1.%", ".5%", "１%", "99999999999%", "100.01%"]
        {
            assert_eq!(points(text), None, "{text}");
        }
        assert_eq!((Share(50).of(199), Share::ALL.of(7), Share::NONE.of(7)), (1, 7, 0));
    }

    proptest! {
        #[test]
        fn a_share_is_read_as_it_is_printed(points in 0_u16..=10_000) {
            let share = Share::from_basis_points(points).unwrap();
            prop_assert_eq!(share.to_string().parse(), Ok(share));
            let json = serde_json::to_string(&share).unwrap();
            prop_assert_eq!(serde_json::from_str::<Share>(&json).unwrap(), share);
        }
    }
}
