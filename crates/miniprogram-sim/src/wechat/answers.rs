//! Requests and responses by request id.

use std::collections::VecDeque;
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use crate::call::Call;

/// How many responses are kept.
pub(super) const KEPT: usize = 1000;
/// How long a response can be queried.
pub(super) const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

#[derive(Debug)]
struct Request {
    app: AppId,
    url: String,
    body: String,
}

#[derive(Debug)]
struct Entry {
    rid: String,
    at: Timestamp,
    request: Request,
    answer: String,
}

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The request that the next response belongs to.
    pending: Option<Request>,
    entries: VecDeque<Entry>,
}

/// Result of looking up a request id.
pub(super) enum Found {
    Malformed,
    Unknown,
    OfAnother,
    TooOld,
    Response(Value),
}

impl Answers {
    pub(super) fn ask(&mut self, app: &AppId, call: &Call) {
        let token = call.query("access_token");
        let query = crate::redact::pairs(&call.query);
        self.pending = Some(Request {
            app: app.clone(),
            url: format!("https://api.weixin.qq.com{}?{query}", call.path),
            body: crate::redact::body(call, token),
        });
    }

    /// Records the response to the last request. A response made up by a fault belongs to no request.
    pub(super) fn record(&mut self, rid: String, answer: &str, now: Timestamp) {
        let Some(request) = self.pending.take() else { return };
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { rid, at: now, request, answer: answer.to_owned() });
    }

    /// Drops the pending request: its response has no request id.
    pub(super) fn discard(&mut self) {
        self.pending = None;
    }

    /// Drops the responses to an app.
    pub(super) fn forget_app(&mut self, app: &AppId) {
        self.entries.retain(|entry| entry.request.app != *app);
    }

    pub(super) fn find(&self, rid: &str, app: &AppId, now: Timestamp) -> Found {
        let group = |group: &str| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if rid.split('-').count() != 3 || !rid.split('-').all(group) {
            return Found::Malformed;
        }
        match self.entries.iter().rev().find(|entry| entry.rid == rid) {
            None => Found::Unknown,
            Some(entry) if entry.request.app != *app => Found::OfAnother,
            Some(entry) if entry.at.after(LIFETIME) <= now => Found::TooOld,
            Some(entry) => Found::Response(json!({
                "invoke_time": entry.at.as_unix(),
                "cost_in_ms": 20,
                "request_url": entry.request.url,
                "request_body": entry.request.body,
                "response_body": entry.answer,
            })),
        }
    }
}
