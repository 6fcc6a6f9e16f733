//! Pushes that Baidu has kept and that can be read again.

use std::time::Duration;

#[cfg(feature = "callback")]
use async_trait::async_trait;
#[cfg(feature = "callback")]
use miniprogram_core::push::{MissedEvent, MissedEvents};
#[cfg(feature = "callback")]
use miniprogram_core::vendor_api::pipeline::Pipeline;
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op};
use miniprogram_core::{Result, Timestamp};
use serde::Serialize;

use crate::endpoints;
#[cfg(feature = "callback")]
use crate::event::BaiduEventDecoder;
use crate::values::{Coded, PUSH_STATUS, PushStatus};
use crate::{REFUSE, reply};

pub(crate) const OPERATION: &str = "missed_pushes";

/// Maximum length of a time span.
const LONGEST_SPAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// Maximum number of pushes per page.
const LONGEST_PAGE: u32 = 100;
/// Maximum number of pages that are read for [`MissedEvents`].
#[cfg(feature = "callback")]
const MOST_PAGES: u32 = 100;

/// Selects the pushes to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
#[must_use]
pub struct MissedPushQuery {
    /// The start of the time span, at most a month back; the last day by default.
    pub from: Option<Timestamp>,
    /// The end of the time span, at most a week after the start.
    pub until: Option<Timestamp>,
    /// Whether to read only pushes whose delivery failed.
    pub failed_only: bool,
    /// The number of pushes to skip.
    pub offset: u32,
    /// The maximum number of pushes: 1 to 100, which is the default.
    pub count: Option<u32>,
    /// The ids of the pushes to read. Excludes all other criteria.
    pub ids: Vec<String>,
}

impl MissedPushQuery {
    /// Selects every push of the last day.
    pub fn new() -> Self {
        Self::default()
    }

    /// Restricts the pushes to a time span.
    pub const fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        self.from = Some(from);
        self.until = Some(until);
        self
    }

    /// Restricts the pushes to those whose delivery failed.
    pub const fn failed_only(mut self) -> Self {
        self.failed_only = true;
        self
    }

    /// Selects one page.
    pub const fn page(mut self, offset: u32, count: u32) -> Self {
        self.offset = offset;
        self.count = Some(count);
        self
    }

    /// Selects pushes by their ids.
    pub fn with_ids(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.ids = ids.into_iter().map(Into::into).collect();
        self
    }

    fn call(&self) -> Result<Call> {
        let invalid = |field, why: String| Err(REFUSE.invalid(OPERATION, field, why));
        let call = Call::to(&endpoints::MISSED_PUSHES).with_platform_token();
        if !self.ids.is_empty() {
            if *self != Self::new().with_ids(self.ids.clone()) {
                let why = "must be used alone: Baidu reads nothing else with it";
                return invalid("id_list", why.to_owned());
            }
            REFUSE.listed(OPERATION, "id_list", &self.ids)?;
            return Ok(call.with_query("id_list", self.ids.join(",")));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && (until < from || until.since(from) > LONGEST_SPAN)
        {
            return invalid("end", "must be from the start to a week after it".to_owned());
        }
        let count = self.count.unwrap_or(LONGEST_PAGE);
        if !(1..=LONGEST_PAGE).contains(&count) {
            return invalid("count", format!("must be 1 to {LONGEST_PAGE}, is {count}"));
        }
        let mut call = call
            .with_query("push_type", if self.failed_only { "2" } else { "1" })
            .with_query("offset", self.offset.to_string())
            .with_query("count", count.to_string());
        for (name, time) in [("start", self.from), ("end", self.until)] {
            if let Some(time) = time {
                call = call.with_query(name, time.as_unix().to_string());
            }
        }
        Ok(call)
    }
}

/// A page of kept pushes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MissedPushes {
    /// The total number of pushes, if Baidu reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// The pushes of this page.
    pub pushes: Vec<MissedPush>,
}

/// A kept push.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MissedPush {
    /// Its id.
    pub id: String,
    /// The state of its delivery, if Baidu reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Coded<PushStatus>>,
    /// The ciphertext, without a signature: `event::BaiduEventDecoder::decode_kept` reads it.
    pub content: String,
}

/// Reads a page, in an operation on the platform itself.
pub(crate) async fn read(mut operation: Op<'_>, query: &MissedPushQuery) -> Result<MissedPushes> {
    let call = query.call()?;
    let reply = operation.read(&call).await?;
    let mut page = reply::lists(&reply)?;
    let pushes = page.each("list", |push| {
        Ok(MissedPush {
            id: push.required("id", Fields::id)?,
            status: push.coded("status", &PUSH_STATUS),
            content: push.required("content", Fields::text)?,
        })
    })?;
    Ok(MissedPushes { count: page.number("count"), pushes })
}

/// The pushes of a platform whose delivery failed, decoded.
#[cfg(feature = "callback")]
#[derive(Debug)]
pub(crate) struct KeptPushes {
    pipeline: Pipeline,
    decoder: BaiduEventDecoder,
}

#[cfg(feature = "callback")]
impl KeptPushes {
    pub(crate) const fn new(pipeline: Pipeline, decoder: BaiduEventDecoder) -> Self {
        Self { pipeline, decoder }
    }
}

#[cfg(feature = "callback")]
#[async_trait]
impl MissedEvents for KeptPushes {
    async fn missed_events(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MissedEvent>> {
        let longest = i64::try_from(LONGEST_SPAN.as_millis()).unwrap_or(i64::MAX);
        let earliest = Timestamp::from_unix_millis(until.as_unix_millis().saturating_sub(longest));
        let span = MissedPushQuery::new().between(from.max(earliest).min(until), until).failed_only();
        let mut events = Vec::new();
        for page in 0..MOST_PAGES {
            let query = span.clone().page(page * LONGEST_PAGE, LONGEST_PAGE);
            let operation = self.pipeline.begin(self.pipeline.platform_id(), OPERATION);
            let pushes = read(operation, &query).await?.pushes;
            let is_last = pushes.len() < LONGEST_PAGE as usize;
            for push in pushes {
                match (push.id.parse(), self.decoder.decode_kept(&push.content)) {
                    (Ok(number), Ok(event)) => events.push(MissedEvent::new(number, event)),
                    (Err(_), _) => tracing::warn!(id = push.id, "a kept push has no number"),
                    (_, Err(error)) => tracing::warn!(id = push.id, %error, "a kept push cannot be read"),
                }
            }
            if is_last {
                break;
            }
        }
        Ok(events)
    }
}
