//! When versions may reach users: days and hours in Asia/Shanghai, and dates on which nothing is released.
//!
//! The zone is eight hours ahead of UTC all year, so a day is 24 hours and no time zone data is needed.

use std::fmt;

use miniprogram_core::Timestamp;
use serde::{Deserialize, Serialize};

const HOURS_AHEAD: i8 = 8;
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const MINUTES_A_DAY: u16 = 24 * 60;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Every day, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// 1970-01-01 was a Thursday.
    const fn of(day: i64) -> Self {
        Self::ALL[(day + 3).rem_euclid(7) as usize]
    }
}

/// Days of the week. Serialized as the list of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Weekday>", into = "Vec<Weekday>")]
pub struct Days(u8);

impl Days {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);

    /// Returns whether a day is one of them.
    #[must_use]
    pub const fn contains(self, day: Weekday) -> bool {
        self.0 & (1 << day as u8) != 0
    }

    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |days, day| days | 1 << day as u8))
    }
}

impl From<Vec<Weekday>> for Days {
    fn from(days: Vec<Weekday>) -> Self {
        days.into_iter().collect()
    }
}

impl From<Days> for Vec<Weekday> {
    fn from(days: Days) -> Self {
        Weekday::ALL.into_iter().filter(|day| days.contains(*day)).collect()
    }
}

/// A civil date in Asia/Shanghai. Serialized as `2026-10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date(i64);

impl Date {
    /// Returns the date at a time.
    #[must_use]
    pub const fn at(time: Timestamp) -> Self {
        Self((time.as_unix_millis() + HOURS_AHEAD as i64 * 60 * MINUTE).div_euclid(DAY))
    }

    /// Returns when the day begins.
    #[must_use]
    pub const fn begin(self) -> Timestamp {
        Timestamp::from_unix_millis(self.0 * DAY - HOURS_AHEAD as i64 * 60 * MINUTE)
    }

    /// Returns the day of the week.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        Weekday::of(self.0)
    }

    /// Returns the date this many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    fn minute(self, minute: u16) -> Timestamp {
        Timestamp::from_unix_millis(self.begin().as_unix_millis() + i64::from(minute) * MINUTE)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.begin().to_civil("%Y-%m-%d", HOURS_AHEAD))
    }
}

impl std::str::FromStr for Date {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let begin = Timestamp::from_civil(&format!("{text} 00:00:00"), HOURS_AHEAD).filter(|_| plain);
        begin.map(Self::at).ok_or(InvalidWindow("a date must be a day of the calendar, such as 2026-10-01"))
    }
}

impl TryFrom<String> for Date {
    type Error = InvalidWindow;

    fn try_from(text: String) -> Result<Self, InvalidWindow> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

/// Hours of some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WindowForm", into = "WindowForm")]
pub struct Window {
    days: Days,
    from: u16,
    until: u16,
}

#[derive(Serialize, Deserialize)]
struct WindowForm {
    days: Days,
    from: u16,
    until: u16,
}

impl Window {
    /// Creates a window from its days, the minute of the day at which it opens, and the one at which it closes. A
    /// window that closes at or before the minute at which it opens closes on the next day.
    ///
    /// # Errors
    /// If there is no day, or a minute is outside the day.
    pub const fn new(days: Days, from: u16, until: u16) -> Result<Self, InvalidWindow> {
        if days.is_empty() {
            return Err(InvalidWindow("a window must have at least one day"));
        }
        if from >= MINUTES_A_DAY || until > MINUTES_A_DAY {
            return Err(InvalidWindow("the hours of a window must be from 00:00 to 24:00"));
        }
        Ok(Self { days, from, until })
    }

    /// The window that opened on a date, if it opens on that day of the week.
    fn on(self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let last = date.plus(i64::from(self.until <= self.from));
        self.days.contains(date.weekday()).then(|| (date.minute(self.from), last.minute(self.until)))
    }

    /// The first time from `now` on that is inside it: today's, or that of one of the next seven days. A window of
    /// yesterday may still be open.
    fn next(self, now: Timestamp) -> Option<Timestamp> {
        let today = Date::at(now);
        let openings = (-1..=7).filter_map(|days| self.on(today.plus(days)));
        openings.filter(|(_, until)| now < *until).map(|(from, _)| from.max(now)).min()
    }
}

impl TryFrom<WindowForm> for Window {
    type Error = InvalidWindow;

    fn try_from(form: WindowForm) -> Result<Self, InvalidWindow> {
        Self::new(form.days, form.from, form.until)
    }
}

impl From<Window> for WindowForm {
    fn from(window: Window) -> Self {
        Self { days: window.days, from: window.from, until: window.until }
    }
}

/// A window or a date that does not exist; the text says what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidWindow(&'static str);

/// When versions may reach users.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Windows {
    /// The windows. None: always.
    pub open: Vec<Window>,
    /// Dates on which nothing is released, first and last included. They cut the windows.
    pub freeze: Vec<(Date, Date)>,
}

impl Windows {
    /// Returns the first time from `now` on at which versions may reach users: `now` itself if they may at once.
    #[must_use]
    pub fn next_open(&self, now: Timestamp) -> Timestamp {
        let mut time = now;
        // Every round moves on by a whole freeze or to the next window, and the list of freezes is finite. Only at
        // the end of the calendar, where time stands still, does it not.
        loop {
            let date = Date::at(time);
            let frozen = self.freeze.iter().filter(|(first, last)| (*first..=*last).contains(&date));
            let next = match frozen.map(|(_, last)| last.plus(1).begin()).max() {
                Some(thawed) => thawed,
                None if self.open.is_empty() => return time,
                None => self.open.iter().filter_map(|window| window.next(time)).min().unwrap_or(time),
            };
            if next <= time {
                return time;
            }
            time = next;
        }
    }

    /// Returns whether versions may reach users now.
    #[must_use]
    pub fn are_open(&self, now: Timestamp) -> bool {
        self.next_open(now) == now
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_civil(text, 8).unwrap()
    }

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn workdays(from: u16, until: u16) -> Window {
        Window::new(Weekday::ALL[..5].iter().copied().collect(), from * 60, until * 60).unwrap()
    }

    fn opens(windows: &Windows, now: &str) -> String {
        windows.next_open(at(now)).to_civil("%Y-%m-%d %H:%M:%S", 8)
    }

    #[test]
    fn without_windows_it_is_always_open() {
        assert!(Windows::default().are_open(at("2026-11-30 03:00:00")));
    }

    #[test]
    fn a_window_opens_on_its_days_and_hours() {
        let windows = Windows { open: vec![workdays(10, 17)], freeze: Vec::new() };
        for (now, opens_at) in [
            ("2026-11-30 09:59:59", "2026-11-30 10:00:00"), // A Monday.
            ("2026-11-30 10:00:00", "2026-11-30 10:00:00"),
            ("2026-11-30 16:59:59", "2026-11-30 16:59:59"),
            ("2026-11-30 17:00:00", "2026-12-01 10:00:00"),
            ("2026-12-04 17:00:00", "2026-12-07 10:00:00"), // Friday evening to Monday.
            ("2026-12-05 12:00:00", "2026-12-07 10:00:00"),
        ] {
            assert_eq!(opens(&windows, now), opens_at, "{now}");
        }
    }

    #[test]
    fn a_window_may_close_on_the_next_day() {
        let night = Window::new([Weekday::Friday].into_iter().collect(), 22 * 60, 2 * 60).unwrap();
        let windows = Windows { open: vec![night], freeze: Vec::new() };
        for (now, opens_at) in [
            ("2026-12-04 21:00:00", "2026-12-04 22:00:00"),
            ("2026-12-05 01:59:00", "2026-12-05 01:59:00"),
            ("2026-12-05 02:00:00", "2026-12-11 22:00:00"),
        ] {
            assert_eq!(opens(&windows, now), opens_at, "{now}");
        }
    }

    #[test]
    fn the_earliest_of_several_windows_counts() {
        let sunday = Window::new([Weekday::Sunday].into_iter().collect(), 0, 24 * 60).unwrap();
        let windows = Windows { open: vec![workdays(10, 17), sunday], freeze: Vec::new() };
        assert_eq!(opens(&windows, "2026-12-05 12:00:00"), "2026-12-06 00:00:00");
        assert_eq!(opens(&windows, "2026-12-06 23:59:59"), "2026-12-06 23:59:59");
        assert_eq!(opens(&windows, "2026-12-07 00:00:00"), "2026-12-07 10:00:00");
    }

    #[test]
    fn a_freeze_cuts_the_windows_and_freezes_may_touch() {
        let freeze = vec![(date("2026-10-04"), date("2026-10-07")), (date("2026-10-01"), date("2026-10-03"))];
        let always = Windows { open: Vec::new(), freeze: freeze.clone() };
        assert_eq!(opens(&always, "2026-09-30 23:59:59"), "2026-09-30 23:59:59");
        assert_eq!(opens(&always, "2026-10-01 00:00:00"), "2026-10-08 00:00:00");
        let windows = Windows { open: vec![workdays(10, 17)], freeze };
        assert_eq!(opens(&windows, "2026-09-30 17:00:00"), "2026-10-08 10:00:00");
    }

    #[test]
    fn what_does_not_exist_is_refused_also_in_json() {
        assert!(Window::new([].into_iter().collect(), 0, 60).is_err());
        assert!(Window::new(Days::ALL, 24 * 60, 60).is_err());
        assert!(Window::new(Days::ALL, 0, 24 * 60 + 1).is_err());
        for text in ["", "2026-02-30", "2026-1-1", "2026/10/01", "2026-10-01T"] {
            assert!(text.parse::<Date>().is_err(), "{text:?}");
        }
        for json in [r#"{"days":[],"from":0,"until":60}"#, r#"{"days":["monday"],"from":1440,"until":60}"#] {
            assert!(serde_json::from_str::<Window>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn windows_are_read_back_as_they_were() {
        let windows =
            Windows { open: vec![workdays(10, 17)], freeze: vec![(date("2026-10-01"), date("2026-10-07"))] };
        let json = serde_json::to_string(&windows).unwrap();
        insta::assert_snapshot!(json, @r#"{"open":[{"days":["monday","tuesday","wednesday","thursday","friday"],"from":600,"until":1020}],"freeze":[["2026-10-01","2026-10-07"]]}"#);
        assert_eq!(serde_json::from_str::<Windows>(&json).unwrap(), windows);
    }

    #[test]
    fn the_end_of_the_calendar_ends_the_search() {
        let end = Timestamp::from_unix(i64::MAX);
        let windows = Windows { open: vec![workdays(10, 11)], freeze: vec![(Date::at(end), Date::at(end))] };
        assert!(windows.next_open(end) >= end);
    }

    proptest! {
        /// Compared with trying every minute.
        #[test]
        fn the_next_opening_is_the_first_minute_that_is_inside_a_window_and_not_frozen(
            hours in prop::collection::vec((1_u8..128, 0_u16..24, 0_u16..=24), 1..3),
            freeze in prop::collection::vec((0_i64..9, 0_i64..3), 0..3),
            now in 0_i64..7 * 24,
        ) {
            let monday = date("2026-11-30");
            let windows = Windows {
                open: hours
                    .iter()
                    .map(|(days, from, until)| Window::new(Days(*days), from * 60, until * 60).unwrap())
                    .collect(),
                freeze: freeze
                    .iter()
                    .map(|(first, more)| (monday.plus(*first), monday.plus(first + more)))
                    .collect(),
            };
            let inside = |time: Timestamp| {
                let today = Date::at(time);
                let frozen = windows.freeze.iter().any(|(first, last)| *first <= today && today <= *last);
                let open = |window: &Window| {
                    [today.plus(-1), today].into_iter().any(|date| {
                        window.on(date).is_some_and(|(from, until)| from <= time && time < until)
                    })
                };
                !frozen && windows.open.iter().any(open)
            };
            let hour = |hours: i64| Timestamp::from_unix_millis(monday.begin().as_unix_millis() + hours * 60 * MINUTE);
            let expected = (now..now + 40 * 24).map(hour).find(|time| inside(*time));
            prop_assert_eq!(Some(windows.next_open(hour(now))), expected);
        }
    }
}
