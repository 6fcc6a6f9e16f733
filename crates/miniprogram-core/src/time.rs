//! Points in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, kept as milliseconds since the Unix epoch.
///
/// Printed and serialized as RFC 3339 in UTC, with milliseconds only if they are not zero:
///
/// ```
/// use miniprogram_core::Timestamp;
///
/// assert_eq!(Timestamp::from_unix(1_488_856_741).to_string(), "2017-03-07T03:19:01Z");
/// assert_eq!(Timestamp::from_unix_millis(1_500).to_string(), "1970-01-01T00:00:01.500Z");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// 9999-12-30T22:00:00Z, the last hour that RFC 3339 and every civil calendar can print.
const MAX_MILLIS: i64 = 253_402_207_200_000;
/// 0001-01-01T00:00:00Z.
const MIN_MILLIS: i64 = -62_135_596_800_000;

impl Timestamp {
    /// Returns the system's time: for a program that has no [`Clock`](crate::clock::Clock), such as one that only
    /// receives callbacks.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's time")]
    pub fn now() -> Self {
        let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        };
        Self::from_unix_millis(millis)
    }

    /// Creates a timestamp from seconds since the Unix epoch. Outside the years 1 to 9999 it is clamped to the
    /// first or last printable time.
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Self {
        Self::from_unix_millis(seconds.saturating_mul(1000))
    }

    /// Creates a timestamp from milliseconds since the Unix epoch, clamped like [`from_unix`](Self::from_unix).
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        if millis > MAX_MILLIS {
            Self(MAX_MILLIS)
        } else if millis < MIN_MILLIS {
            Self(MIN_MILLIS)
        } else {
            Self(millis)
        }
    }

    /// Returns whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_unix(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// Returns the time a duration later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self::from_unix_millis(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Returns the time elapsed since `earlier`; zero if `earlier` is later than this time.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Parses `2018/09/04 17:13:59` or `2019-01-14 12:45:10` as the civil time at the given number of hours ahead
    /// of UTC (vendors print Beijing time, 8). `None` if the text is not such a date.
    #[must_use]
    pub fn from_civil(text: &str, hours_ahead: i8) -> Option<Self> {
        let text = text.trim().replace('/', "-");
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = civil.to_zoned(jiff::tz::Offset::from_hours(hours_ahead).ok()?.to_time_zone()).ok()?;
        Some(Self::from_unix_millis(zoned.timestamp().as_millisecond()))
    }

    /// Formats the civil time at the given number of hours ahead of UTC with a `strftime` format, as vendors do.
    #[must_use]
    pub fn to_civil(self, format: &str, hours_ahead: i8) -> String {
        let offset = jiff::tz::Offset::from_hours(hours_ahead).unwrap_or(jiff::tz::Offset::UTC);
        self.jiff().to_zoned(offset.to_time_zone()).strftime(format).to_string()
    }

    /// Parses RFC 3339, with any offset.
    #[must_use]
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self::from_unix_millis(timestamp.as_millisecond()))
    }

    /// Parses the `Date` header of an HTTP response.
    #[must_use]
    pub fn from_http_date(text: &str) -> Option<Self> {
        let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self::from_unix_millis(zoned.timestamp().as_millisecond()))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.rem_euclid(1000) == 0 {
            write!(f, "{:.0}", self.jiff())
        } else {
            write!(f, "{:.3}", self.jiff())
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_rfc3339(&text)
            .ok_or_else(|| D::Error::custom(format_args!("{text:?} is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_civil_forms_are_beijing_time() {
        let slashes = Timestamp::from_civil("2018/09/04 17:13:59", 8).unwrap();
        assert_eq!(slashes.to_string(), "2018-09-04T09:13:59Z");
        let dashes = Timestamp::from_civil(" 2019-01-14 12:45:10 ", 8).unwrap();
        assert_eq!(dashes.as_unix(), 1_547_441_110);
        assert_eq!(dashes.to_civil("%Y-%m-%d %H:%M:%S", 8), "2019-01-14 12:45:10");
        for bad in ["", "--", "2018/13/04 17:13:59", "yesterday"] {
            assert_eq!(Timestamp::from_civil(bad, 8), None, "{bad:?}");
        }
    }

    #[test]
    fn serde_and_display_agree_at_both_ends_of_the_range() {
        for time in [
            Timestamp::from_unix(i64::MIN),
            Timestamp::from_unix(0),
            Timestamp::from_unix_millis(-1),
            Timestamp::from_unix(i64::MAX),
        ] {
            let text = serde_json::to_string(&time).unwrap();
            assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), time, "{text}");
        }
    }

    #[test]
    fn the_date_header_is_read() {
        let date = Timestamp::from_http_date("Sun, 06 Jan 2013 10:20:18 GMT").unwrap();
        assert_eq!(date.to_string(), "2013-01-06T10:20:18Z");
    }
}
