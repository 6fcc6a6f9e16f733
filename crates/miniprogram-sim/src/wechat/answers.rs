//! What was asked and answered under each request id.

use std::collections::VecDeque;
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp};
use serde_json::{Value, json};

use crate::call::Call;

/// How many answers are kept.
pub(super) const KEPT: usize = 1000;
/// How long one can be asked for.
pub(super) const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

#[derive(Debug)]
struct Asked {
    app: AppId,
    url: String,
    body: String,
}

#[derive(Debug)]
struct Told {
    rid: String,
    at: Timestamp,
    asked: Asked,
    answer: String,
}

#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The request that the next answer belongs to.
    asked: Option<Asked>,
    told: VecDeque<Told>,
}

/// What there is under a request id.
pub(super) enum Found {
    Malformed,
    Unknown,
    OfAnother,
    TooOld,
    Told(Value),
}

impl Answers {
    pub(super) fn ask(&mut self, app: &AppId, call: &Call) {
        let token = call.query("access_token");
        let query = crate::masks::pairs(&call.query);
        self.asked = Some(Asked {
            app: app.clone(),
            url: format!("https://api.weixin.qq.com{}?{query}", call.path),
            body: crate::masks::body(call, token),
        });
    }

    /// Keeps the answer to what was asked last. An answer that a fault made up belongs to no request.
    pub(super) fn tell(&mut self, rid: String, answer: &str, now: Timestamp) {
        let Some(asked) = self.asked.take() else { return };
        if self.told.len() == KEPT {
            self.told.pop_front();
        }
        self.told.push_back(Told { rid, at: now, asked, answer: answer.to_owned() });
    }

    /// An answer without a request id.
    pub(super) fn forget(&mut self) {
        self.asked = None;
    }

    /// Forgets what was told an app.
    pub(super) fn forget_app(&mut self, app: &AppId) {
        self.told.retain(|told| told.asked.app != *app);
    }

    pub(super) fn find(&self, rid: &str, app: &AppId, now: Timestamp) -> Found {
        let group = |group: &str| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if rid.split('-').count() != 3 || !rid.split('-').all(group) {
            return Found::Malformed;
        }
        match self.told.iter().rev().find(|told| told.rid == rid) {
            None => Found::Unknown,
            Some(told) if told.asked.app != *app => Found::OfAnother,
            Some(told) if told.at.after(LIFETIME) <= now => Found::TooOld,
            Some(told) => Found::Told(json!({
                "invoke_time": told.at.as_unix(),
                "cost_in_ms": 20,
                "request_url": told.asked.url,
                "request_body": told.asked.body,
                "response_body": told.answer,
            })),
        }
    }
}
