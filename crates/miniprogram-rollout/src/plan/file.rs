//! The tables of the rollout file. What is written here about a key is its reference.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Time;
use miniprogram_core::TemplateId;
use miniprogram_core::model::{Check, CheckLevel};
use toml::de::DeValue;
use url::Url;

use super::reader::{Cursor, FromToml, Key, Located, Present, Table, tables};
use super::settings::NotifyWhen;
use super::values::{Amount, AppName, Positive, Rate, Share};
use crate::machine::{Date, DelayPolicy, GateFailure, RejectionPolicy, Weekday, Window};

tables! {
    /// The whole file.
    #[title = "the file"]
    RolloutFile {
        /// What people call this rollout.
        optional name: String = r#"name = "spring menu""#,
        /// The merchants: a file of CSV (`.csv`) or JSON lines (`.jsonl`, `.ndjson`) beside this one, or `"authorized"`
        /// for all apps that authorized the platform.
        required merchants: Located<String> = r#"merchants = "merchants.csv""#,
        /// Columns whose values are never printed and are sealed when the plan is stored.
        optional secret_columns: Vec<Located<String>> = r#"secret_columns = ["reviewer_password"]"#,
        /// The failed and rejected apps that a wave tolerates, as a number or as a share of its apps. With one more it
        /// halts.
        required failure_budget: Amount = r#"failure_budget = "2%""#,
        /// How long a version is observed after everybody has it. Without it an app is done once the vendor shows the
        /// release.
        optional bake_after_release: Duration = r#"bake_after_release = "1 day""#,
        /// Dates on which nothing is released, in Asia/Shanghai: days, or first and last day.
        optional freeze: Vec<Freeze> = r#"freeze = ["2026-10-01..2026-10-07"]"#,
        /// Which of the merchants take part; without it all of them.
        optional filter: FilterTable = "[filter]",
        /// What each vendor's apps get. A merchant needs the table of its vendor.
        required vendor: Vendors = "[vendor.NAME]",
        /// The waves in their order, the canary first.
        required wave: Vec<WaveTable> = "[[wave]]",
        /// When versions may reach users; without any window always.
        optional window: Vec<WindowTable> = "[[window]]",
        /// How it is decided whether a version is healthy; without it only time passes.
        optional gate: Located<GateTable> = "[gate]",
        /// What to do about audits; without it a person is asked after 7 days.
        optional audit: AuditTable = "[audit]",
        /// How often the vendors are asked.
        optional polling: Located<PollingTable> = "[polling]",
        /// Who is told.
        optional notify: Vec<Located<NotifyTable>> = "[[notify]]",
        /// How serious it is what `doctor` finds; without it as the check itself says.
        optional doctor: DoctorTable = "[doctor]",
    }

    /// Which of the merchants take part. All conditions have to hold.
    #[title = "[filter]"]
    FilterTable {
        /// Only apps of these vendors.
        optional vendors: Vec<Located<String>> = r#"vendors = ["acme"]"#,
        /// Only these apps, as `app_id` or `vendor/app_id`.
        optional only: Vec<Located<AppName>> = r#"only = ["17000001"]"#,
        /// Not these apps, as `app_id` or `vendor/app_id`.
        optional except: Vec<Located<AppName>> = r#"except = ["acme/17000002"]"#,
        /// Only merchants that have one of the values in each of these columns. Each value must be that of a merchant.
        optional column: Columns = r#"column = { region = ["north", "east"] }"#,
    }

    /// What the apps of one vendor get, and how fast.
    #[title = "[vendor.NAME]"]
    VendorTable {
        /// The template's id.
        required template: TemplateId = "template = 7",
        /// The version, the same for all apps.
        required version: Located<String> = r#"version = "2.5.0""#,
        /// The description, with `${column}` if it differs.
        required description: Located<String> = r#"description = "opening hours for ${name}""#,
        /// The extension: a table, or a text of JSON, with `${column}` in its strings. A whole string `"${column:json}"`
        /// becomes the JSON of that column.
        optional extension: Located<JsonText> = r#"extension = { ext = { shop = "${name}" } }"#,
        /// A file with the JSON of the extension, beside this one.
        optional extension_file: Located<String> = r#"extension_file = "ext.json""#,
        /// A column with the JSON of the whole extension. Without any of the three the extension is `{}`.
        optional extension_column: Located<String> = r#"extension_column = "ext_json""#,
        /// The vendor's options of a submission, with `${column}` in their strings.
        optional submit: Located<JsonText> = r#"submit = { content = "orders", remark = "no login" }"#,
        /// Requests per second, 5 if absent. Every request counts: the reads before an effect, and those that settle it.
        /// How many an action sends is known once it has ended; those that were not asked for are made up for before the
        /// next action begins, so the rate is kept on average, and several actions together may exceed it for a moment.
        optional rate: Rate = "rate = 5",
        /// Apps that are worked on at the same time, 8 if absent.
        optional concurrency: Positive = "concurrency = 8",
        /// The share of the audit quota that this rollout leaves to others, 0% if absent.
        optional quota_kept: Share = r#"quota_kept = "20%""#,
        /// The gray steps in ascending order, if the vendor has gray releases. The full release follows the last.
        optional gray: Vec<Located<GrayTable>> = r#"gray = [{ share = "10%", bake = "1 day" }]"#,
        /// How long an audit is taken to last when the end is forecast, 2 days if absent. A rollout that has seen verdicts
        /// goes by their median instead.
        optional audit_time: Duration = r#"audit_time = "3 days""#,
    }

    /// One step of a gray release.
    #[title = "gray in [vendor.NAME]"]
    GrayTable {
        /// The share of the users, a whole percentage from 1% to 99%.
        required share: Located<Share> = r#"share = "10%""#,
        /// How long the step is observed.
        required bake: Duration = r#"bake = "1 day""#,
    }

    /// One wave.
    #[title = "[[wave]]"]
    WaveTable {
        /// Its name, which the column `wave` of the merchants may use.
        required name: Located<String> = r#"name = "canary""#,
        /// Its apps: a list, a number, a share of all apps, or `"rest"`. Numbers and shares include the apps that the
        /// column `wave` puts here, and take the others in the order of the merchants, from every vendor in proportion.
        /// Without this key the wave has the apps of the column alone.
        optional apps: Located<Present<Selection>> = r#"apps = "10%""#,
        /// Its own failure budget.
        optional failure_budget: Amount = "failure_budget = 0",
    }

    /// Hours in which versions may reach users.
    #[title = "[[window]]"]
    WindowTable {
        /// Days of the week, as days or as first and last day; every day if absent.
        optional days: Vec<WindowDays> = r#"days = ["mon-thu", "sat"]"#,
        /// Hours in Asia/Shanghai. A window that ends at or before its beginning ends on the next day.
        required hours: Hours = r#"hours = "10:00-17:00""#,
    }

    /// The health gate: a command, or a URL. It is asked at the end of each bake time.
    #[title = "[gate]"]
    GateTable {
        /// A program with its arguments, which reads the question as JSON. Exit status 0 is a pass and 1 is a fail;
        /// everything else is inconclusive.
        optional command: Present<Vec<String>> = r#"command = ["/opt/bin/healthy"]"#,
        /// A URL that the question is posted to, and that returns `{"verdict":"pass"}`, or `fail`, or `inconclusive`.
        /// Everything else is inconclusive.
        optional url: Present<WebUrl> = r#"url = "https://health.example.com/gate""#,
        /// How long an answer may take before it is inconclusive, 30 seconds if absent.
        optional timeout: Duration = r#"timeout = "30s""#,
        /// What follows a fail: `take_back` (if absent) or `hold`, until a person decides. An inconclusive answer always
        /// pauses.
        optional on_fail: GateFailure = r#"on_fail = "hold""#,
    }

    /// What to do about audits.
    #[title = "[audit]"]
    AuditTable {
        /// How long an audit may take before it is stuck, 7 days if absent.
        optional stuck_after: Duration = r#"stuck_after = "3 days""#,
        /// Whether a stuck audit is expedited first, where the vendor can; false if absent.
        optional expedite: bool = "expedite = true",
        /// Whether a stuck audit is then withdrawn and submitted again, once; false if absent. After that a person is
        /// asked.
        optional resubmit: bool = "resubmit = true",
        /// What follows a rejection: `end` (if absent), or `correct` to wait for a corrected submission.
        optional rejected: RejectionPolicy = r#"rejected = "correct""#,
        /// What one delayed audit does to its wave: `go_on` (if absent), `hold` new submissions until a person decides,
        /// or `withdraw` what has not been decided.
        optional delayed: DelayPolicy = r#"delayed = "hold""#,
    }

    /// How often the vendors are asked. Intervals double up to the longest one. A push is looked into at once.
    #[title = "[polling]"]
    PollingTable {
        /// The first interval between two reads of what the vendor has not finished, at least 1 second; 10 minutes if
        /// absent.
        optional first: Duration = r#"first = "10m""#,
        /// The longest one, 6 hours if absent.
        optional longest: Duration = r#"longest = "6h""#,
        /// The first pause before a call that failed is repeated, at least 1 second; 30 seconds if absent.
        optional retry_first: Duration = r#"retry_first = "30s""#,
        /// The longest one, 1 hour if absent.
        optional retry_longest: Duration = r#"retry_longest = "1h""#,
    }

    /// Who is told, by a command or a webhook.
    #[title = "[[notify]]"]
    NotifyTable {
        /// When: `halted`, `ended`, `needs_person`.
        required on: Vec<NotifyWhen> = r#"on = ["halted", "needs_person"]"#,
        /// A program with its arguments, which reads the message as JSON.
        optional command: Present<Vec<String>> = r#"command = ["/opt/bin/page"]"#,
        /// A URL that the message is posted to. It is stored and shown, so it must not have a key in it.
        optional url: Present<WebUrl> = r#"url = "https://hooks.example.com/rollouts""#,
        /// The environment variable with the key that signs what is posted, as Standard Webhooks says; needed with
        /// `url`.
        optional secret_env: String = r#"secret_env = "ROLLOUT_WEBHOOK_KEY""#,
    }

    /// What follows if a check of `doctor` finds something: `error`, `warning`, or `skipped`, so that it is not made.
    #[title = "[doctor]"]
    DoctorTable {
        /// The merchant has authorized the platform.
        optional authorization: CheckLevel = r#"authorization = "error""#,
        /// The merchant has granted what a rollout requires.
        optional permissions: CheckLevel = r#"permissions = "error""#,
        /// The vendor's last ticket for the platform is fresh.
        optional ticket: CheckLevel = r#"ticket = "warning""#,
        /// The app's token is valid, or can be renewed.
        optional token: CheckLevel = r#"token = "error""#,
        /// The owner is verified, and nothing about the account is in the way.
        optional account: CheckLevel = r#"account = "warning""#,
        /// The app has the categories that a submission needs.
        optional category: CheckLevel = r#"category = "error""#,
        /// The servers that the app may reach are set.
        optional domains: CheckLevel = r#"domains = "error""#,
        /// The privacy guide covers the data that the code uses.
        optional privacy_setting: CheckLevel = r#"privacy_setting = "warning""#,
        /// The interfaces that read personal data are granted.
        optional privacy_interfaces: CheckLevel = r#"privacy_interfaces = "error""#,
        /// The app has its ICP filing.
        optional icp_filing: CheckLevel = r#"icp_filing = "skipped""#,
        /// Submissions are left.
        optional quota: CheckLevel = r#"quota = "warning""#,
        /// No audit is open, and nothing else is in progress.
        optional open_audit: CheckLevel = r#"open_audit = "error""#,
        /// The version is newer than those online, approved or in review.
        optional version: CheckLevel = r#"version = "warning""#,
    }
}

/// The tables of the file, for its reference.
pub(super) const TABLES: [Table; 12] = [
    RolloutFile::TABLE,
    FilterTable::TABLE,
    VendorTable::TABLE,
    GrayTable::TABLE,
    WaveTable::TABLE,
    WindowTable::TABLE,
    GateTable::TABLE,
    AuditTable::TABLE,
    PollingTable::TABLE,
    NotifyTable::TABLE,
    DoctorTable::TABLE,
    MERCHANTS,
];

/// The columns of the merchants, or their fields in JSON lines.
const MERCHANTS: Table = Table {
    title: "the merchants",
    about: "A row of CSV, or a line of JSON. Further columns are for placeholders and filters.",
    keys: &[
        Key { name: "vendor", required: true, example: "acme", about: "The vendor." },
        Key { name: "app_id", required: true, example: "17000001", about: "The app's id." },
        Key { name: "wave", required: false, example: "canary", about: "The name of the app's wave." },
        Key {
            name: "priority",
            required: false,
            example: "10",
            about: "A whole number; within a wave the apps with higher numbers are submitted first. 0 if absent.",
        },
    ],
};

/// The tables `[vendor.NAME]`.
#[derive(Debug)]
pub(super) struct Vendors(pub(super) Vec<(Located<String>, VendorTable)>);

impl FromToml for Vendors {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.map("write a table [vendor.NAME] for each vendor").map(Self)
    }
}

/// Columns, each with the values that a filter accepts.
#[derive(Debug)]
pub(super) struct Columns(pub(super) Vec<(Located<String>, Vec<Located<String>>)>);

impl FromToml for Columns {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.map(r#"write a table of columns, such as { region = ["north"] }"#).map(Self)
    }
}

/// A JSON object: the text of it, or a table.
#[derive(Debug)]
pub(super) struct JsonText(pub(super) String);

impl FromToml for JsonText {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = "write a table, or the text of a JSON object";
        match cursor.value() {
            DeValue::Table(_) => cursor.json().map(|object| Self(object.to_string())),
            _ => cursor.text(advice).map(|text| Self(text.to_owned())),
        }
    }
}

/// The apps of a wave.
#[derive(Debug)]
pub(super) enum Selection {
    List(Vec<Located<AppName>>),
    Amount(Amount),
    Rest,
}

impl FromToml for Selection {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        match cursor.value() {
            DeValue::Array(_) => Vec::read(cursor).map(Self::List),
            DeValue::String(text) if text == "rest" => Some(Self::Rest),
            DeValue::Integer(number) if number.as_str() == "0" => {
                cursor.refuse("is 0", "write the number of apps, or remove the wave");
                None
            }
            DeValue::String(text) if text.parse::<Share>().is_err() => {
                let advice = r#"write a list of apps, a number, a share such as "10%", or "rest""#;
                cursor.refuse(format!("{text:?} names no apps"), advice);
                None
            }
            _ => Amount::read(cursor).map(Self::Amount),
        }
    }
}

/// First and last day of a freeze.
#[derive(Debug)]
pub(super) struct Freeze(pub(super) Date, pub(super) Date);

impl FromToml for Freeze {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write "2026-10-01" or "2026-10-01..2026-10-07""#;
        let text = match cursor.value() {
            DeValue::Datetime(date) => date.to_string(),
            _ => cursor.text(advice)?.to_owned(),
        };
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<Date>(), last.trim().parse::<Date>()) else {
            cursor.refuse(format!("{text:?} is not a date"), advice);
            return None;
        };
        if last < first {
            cursor.refuse(format!("{text:?} ends before it begins"), "write the earlier date first");
            return None;
        }
        Some(Self(first, last))
    }
}

/// A day of the week, or some of them.
#[derive(Debug)]
pub(super) struct WindowDays(pub(super) Vec<Weekday>);

impl FromToml for WindowDays {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write "mon", "tue", "wed", "thu", "fri", "sat" or "sun", or "mon-fri""#;
        let text = cursor.text(advice)?;
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Some(first), Some(last)) = (weekday(first), weekday(last)) else {
            cursor.refuse(format!("{text:?} is not a day of the week"), advice);
            return None;
        };
        // From Friday to Monday is a range too.
        let days = (last + 7 - first) % 7;
        Some(Self((first..=first + days).map(|day| Weekday::ALL[day % 7]).collect()))
    }
}

/// The position of a day in the week, by its name or the first letters of it.
fn weekday(text: &str) -> Option<usize> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let text = text.trim().to_lowercase();
    NAMES.iter().position(|name| text.len() >= 3 && name.starts_with(&text))
}

/// The minutes of the day at which a window opens and closes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hours {
    pub(super) from: u16,
    pub(super) until: u16,
}

impl FromToml for Hours {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write "10:00-17:00""#;
        let text = cursor.text(advice)?;
        let times = text.split_once('-').and_then(|(from, until)| Some((minute(from)?, minute(until)?)));
        match times {
            Some((from, until)) if from < 24 * 60 => Some(Self { from, until }),
            _ => {
                cursor.refuse(format!("{text:?} is not a range of hours"), advice);
                None
            }
        }
    }
}

/// The minute of the day; 24:00 is the end of it.
fn minute(text: &str) -> Option<u16> {
    let text = text.trim();
    if text == "24:00" {
        return Some(24 * 60);
    }
    let time = Time::strptime("%H:%M", text).ok().filter(|_| text.len() == 5)?;
    Some(u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs()))
}

impl WindowTable {
    pub(super) fn window(&self) -> Option<Window> {
        let hours = self.hours?;
        let days = match &self.days {
            Some(days) => days.iter().flat_map(|WindowDays(days)| days).copied().collect(),
            None => Weekday::ALL.into_iter().collect(),
        };
        Window::new(days, hours.from, hours.until).ok()
    }
}

/// A URL of the web.
#[derive(Debug)]
pub(super) struct WebUrl(pub(super) String);

impl FromToml for WebUrl {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let advice = r#"write a URL such as "https://ops.example.com/hook""#;
        let text = cursor.text(advice)?;
        let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
        match url {
            None => cursor.refuse("is not a URL of the web", advice),
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                cursor.refuse("has a user or a password in it", "remove it: a plan is stored and shown");
            }
            Some(url) => return Some(Self(url.into())),
        }
        None
    }
}

impl FromToml for bool {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let DeValue::Boolean(value) = cursor.value() else {
            cursor.mistyped("write true or false, without quotes");
            return None;
        };
        Some(*value)
    }
}

impl FromToml for GateFailure {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.word(&[("take_back", Self::TakeBack), ("hold", Self::Hold)])
    }
}

impl FromToml for RejectionPolicy {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.word(&[("end", Self::End), ("correct", Self::Correct)])
    }
}

impl FromToml for DelayPolicy {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        cursor.word(&[("go_on", Self::GoOn), ("hold", Self::Hold), ("withdraw", Self::Withdraw)])
    }
}

impl FromToml for NotifyWhen {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let words = [Self::Halted, Self::Ended, Self::NeedsPerson].map(|when| (when.as_str(), when));
        cursor.word(&words)
    }
}

impl FromToml for CheckLevel {
    fn read(cursor: &mut Cursor<'_, '_>) -> Option<Self> {
        let words = [Self::Error, Self::Warning, Self::Skipped].map(|level| (level.as_str(), level));
        cursor.word(&words)
    }
}

impl DoctorTable {
    /// The checks that have a level of their own here.
    pub(super) fn levels(self) -> BTreeMap<Check, CheckLevel> {
        [
            (Check::Authorization, self.authorization),
            (Check::Permissions, self.permissions),
            (Check::Ticket, self.ticket),
            (Check::Token, self.token),
            (Check::Account, self.account),
            (Check::Category, self.category),
            (Check::Domains, self.domains),
            (Check::PrivacySetting, self.privacy_setting),
            (Check::PrivacyInterfaces, self.privacy_interfaces),
            (Check::IcpFiling, self.icp_filing),
            (Check::Quota, self.quota),
            (Check::OpenAudit, self.open_audit),
            (Check::Version, self.version),
        ]
        .into_iter()
        .filter_map(|(check, level)| Some((check, level?)))
        .collect()
    }
}
