//! Past pushes, for a platform that missed them: `pushmsg/getmsg`.

use std::collections::VecDeque;
use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::vendor_api::frame::{self, FrameKey};
use serde_json::{Value, json};

use crate::call::Refusal;
use crate::endpoint::{Step, Verdict, View};
use crate::faults::mix;
use crate::pushes::{Push, Route};
use crate::world::Apps;

type PlatformView<'a> = View<'a, Apps>;

/// Seconds per day.
const DAY: i64 = 24 * 3600;
/// How long pushes are kept.
pub(super) const MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);
/// Maximum time span of one request.
pub(super) const SPAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// Maximum pushes per page.
pub(super) const PAGE: usize = 100;

/// Result of a push, as Baidu's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Pending = 0,
    Delivered = 1,
    Failed = 2,
}

#[derive(Debug)]
struct Message {
    number: u64,
    at: Timestamp,
    text: String,
    status: Status,
}

/// The last month's pushes, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    messages: VecDeque<Message>,
    next: u64,
}

impl Sent {
    /// Keeps a push and returns its number. Tickets are not kept: a newer one always follows.
    pub(crate) fn add(&mut self, push: &Push, now: Timestamp) -> Option<u64> {
        if matches!(push.route, Route::Platform { about: None }) {
            return None;
        }
        while self.messages.front().is_some_and(|message| message.at.after(MEMORY) < now) {
            self.messages.pop_front();
        }
        self.next += 1;
        let (number, text) = (self.next, push.message.clone());
        self.messages.push_back(Message { number, at: now, text, status: Status::Pending });
        Some(number)
    }

    /// Once acknowledged, a push stays delivered.
    pub(crate) fn delivered(&mut self, number: u64, acknowledged: bool) {
        let place = self.messages.binary_search_by_key(&number, |message| message.number);
        if let Some(message) = place.ok().and_then(|place| self.messages.get_mut(place))
            && message.status != Status::Delivered
        {
            message.status = if acknowledged { Status::Delivered } else { Status::Failed };
        }
    }
}

impl Message {
    fn to_json(&self, key: &FrameKey, tail: &str) -> Value {
        let number = self.number.to_be_bytes();
        let mut prefix = [0; 16];
        prefix[..8].copy_from_slice(&mix(1, &[&number]).to_be_bytes());
        prefix[8..].copy_from_slice(&mix(2, &[&number]).to_be_bytes());
        let content = frame::seal(key, prefix, self.text.as_bytes(), tail.as_bytes());
        json!({ "id": self.number, "content": content, "status": self.status as u8 })
    }
}

fn number(view: &PlatformView<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let given = view.call.param(name).map(str::parse).transpose();
    given.map_err(|_| Refusal::code(40001))
}

fn time(view: &PlatformView<'_>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let seconds = number(view, name)?.map(i64::try_from).transpose().map_err(|_| Refusal::code(40001))?;
    Ok(seconds.map(Timestamp::from_unix))
}

/// The pushes requested: a time span, or some by number.
enum Selection {
    Numbers(Vec<u64>),
    Span { start: Timestamp, end: Timestamp, only_failed: bool },
}

fn selection(view: &PlatformView<'_>) -> Result<Selection, Refusal> {
    let refused = || Refusal::code(40001);
    if let Some(numbers) = view.call.param("id_list").filter(|numbers| !numbers.is_empty()) {
        let numbers: Result<Vec<u64>, _> = numbers.split(',').map(str::parse).collect();
        return numbers.map(Selection::Numbers).map_err(|_| refused());
    }
    let end = time(view, "end")?.unwrap_or(view.now);
    let start = time(view, "start")?.unwrap_or(Timestamp::from_unix(end.as_unix().saturating_sub(DAY)));
    if start > end || end.since(start) > SPAN || view.now.since(start) > MEMORY {
        return Err(refused());
    }
    let only_failed = match number(view, "push_type")? {
        None | Some(1) => false,
        Some(2) => true,
        Some(_) => return Err(refused()),
    };
    Ok(Selection::Span { start, end, only_failed })
}

/// Numbers take precedence over everything else.
pub(super) fn getmsg(view: &PlatformView<'_>) -> Verdict<Apps> {
    let refused = || Refusal::code(40001);
    let messages = &view.platform.baidu.sent.messages;
    let found: Vec<&Message> = match selection(view)? {
        Selection::Numbers(numbers) => {
            messages.iter().filter(|message| numbers.contains(&message.number)).collect()
        }
        Selection::Span { start, end, only_failed } => {
            let first = messages.partition_point(|message| message.at < start);
            let behind = messages.partition_point(|message| message.at <= end);
            let span = messages.range(first..behind.max(first));
            span.filter(|message| !only_failed || message.status == Status::Failed).collect()
        }
    };
    let offset = usize::try_from(number(view, "offset")?.unwrap_or(0)).map_err(|_| refused())?;
    let count = match number(view, "count")?.map(usize::try_from) {
        None => PAGE,
        Some(Ok(count @ 1..=PAGE)) => count,
        Some(_) => return Err(refused()),
    };
    let callback = &view.settings.baidu_callback;
    let key = FrameKey::parse(&callback.aes_key).map_err(|_| Refusal::code(500))?;
    let page = found.iter().skip(offset).take(count);
    let list: Vec<Value> = page.map(|message| message.to_json(&key, &callback.receiver_id)).collect();
    let page = offset / count + 1;
    Step::answer(json!({ "page": page, "pageSize": count, "count": found.len(), "list": list }))
}
