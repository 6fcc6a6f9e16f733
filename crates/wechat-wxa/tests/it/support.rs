//! A WeChat of scripted responses, which records requests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE};
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::journal::Journal;
use miniprogram_core::token::{AccessToken, TokenKind, TokenProvider, TokenScope};
use miniprogram_core::transport::{Body, Request, Response, Transport, TransportError};
use miniprogram_core::{
    AppId, ClientConfig, Error, ExtJson, Intent, PlannedRequest, Settled, SubjectId, Timestamp,
};
use serde_json::{Value, json};
use wechat_wxa::{WeChatApp, WeChatPlatform};

pub(crate) const APP: &str = "wxba5fad812f8e6fb9";
pub(crate) const TOKEN: &str = "canary-token";
pub(crate) const PLATFORM: &str = "wx-platform";
pub(crate) const PLATFORM_TOKEN: &str = "canary-platform-token";
/// Start time of every test, in seconds: 2023-07-22T04:28:20Z.
pub(crate) const NOW: i64 = 1_690_000_100;

pub(crate) const COMMIT: &str = "/wxa/commit";
pub(crate) const VERSIONS: &str = "/wxa/getversioninfo";
pub(crate) const PRIVACY: &str = "/wxa/security/get_code_privacy_info";
pub(crate) const SUBMIT: &str = "/wxa/submit_audit";
pub(crate) const STATUS: &str = "/wxa/get_auditstatus";
pub(crate) const LATEST: &str = "/wxa/get_latest_auditstatus";
pub(crate) const WITHDRAW: &str = "/wxa/undocodeaudit";
pub(crate) const EXPEDITE: &str = "/wxa/speedupaudit";
pub(crate) const RELEASE: &str = "/wxa/release";
pub(crate) const REVERT: &str = "/wxa/revertcoderelease";
pub(crate) const GRAY: &str = "/wxa/grayrelease";
pub(crate) const CANCEL: &str = "/wxa/revertgrayrelease";
pub(crate) const PLAN: &str = "/wxa/getgrayreleaseplan";
pub(crate) const SET_VISIT: &str = "/wxa/change_visitstatus";
pub(crate) const VISIT: &str = "/wxa/getvisitstatus";
pub(crate) const SET_LIBRARY: &str = "/cgi-bin/wxopen/setweappsupportversion";
pub(crate) const LIBRARY: &str = "/cgi-bin/wxopen/getweappsupportversion";

/// What the vendor does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Responds with a status, a content type and a body.
    Body(u16, &'static str, Vec<u8>),
    /// Never responds.
    Timeout,
    /// Breaks the connection.
    Cut,
    /// Cannot be connected to.
    Unreachable,
    /// The second response once the path has been called twice, the first until then.
    Repeated(&'static str, Box<(Answer, Answer)>),
}

/// Something visible only after an effect has been sent a second time.
pub(crate) fn once_repeated(path: &'static str, until_then: Answer, afterwards: Answer) -> Answer {
    Answer::Repeated(path, Box::new((until_then, afterwards)))
}

/// A success with fields.
pub(crate) fn ok(mut fields: Value) -> Answer {
    fields["errcode"] = json!(0);
    fields["errmsg"] = json!("ok");
    body(fields)
}

/// A refusal.
pub(crate) fn refused(code: i64) -> Answer {
    body(json!({ "errcode": code, "errmsg": "words rid: 64bb5a04-1a2b3c4d-5e6f7a8b" }))
}

/// A body as given.
pub(crate) fn body(json: Value) -> Answer {
    text(&json.to_string())
}

/// A body as given.
pub(crate) fn text(text: &str) -> Answer {
    Answer::Body(200, "application/json; encoding=utf-8", text.as_bytes().to_vec())
}

/// The latest audit.
pub(crate) fn audit(id: u64, status: i64) -> Answer {
    ok(json!({
        "auditid": id.to_string(), "status": status, "user_version": "2.5.0", "submit_audit_time": NOW - 3600,
    }))
}

/// The experience version and the one online, each with its time.
pub(crate) fn versions(exp: Option<(&str, i64)>, online: Option<(&str, i64)>) -> Answer {
    let mut info = json!({});
    if let Some((version, time)) = exp {
        info["exp_info"] = json!({ "exp_version": version, "exp_time": time, "exp_desc": "秋季" });
    }
    if let Some((version, time)) = online {
        info["release_info"] =
            json!({ "release_version": version, "release_time": time, "release_desc": "夏季" });
    }
    ok(info)
}

/// A gray release plan.
pub(crate) fn gray_plan(status: i64, percentage: u8, created_at: i64) -> Answer {
    ok(json!({ "gray_release_plan": {
        "status": status, "gray_percentage": percentage, "create_timestamp": created_at,
    } }))
}

pub(crate) struct Vendor {
    clock: VirtualClock,
    script: Mutex<HashMap<&'static str, VecDeque<Answer>>>,
    requests: Mutex<Vec<(PlannedRequest, String)>>,
    tokens: Mutex<Vec<String>>,
    intents: Mutex<Vec<Intent>>,
}

impl std::fmt::Debug for Vendor {
    /// Omits the tokens that it was sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vendor")
    }
}

impl Vendor {
    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<PlannedRequest> {
        self.requests.lock().unwrap().iter().map(|(request, _)| request.clone()).collect()
    }

    /// The paths of all requests so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// Number of requests to a path, except those that list its history.
    pub(crate) fn count(&self, path: &str) -> usize {
        let effects = self.requests().into_iter().filter(|request| !request.query.contains_key("action"));
        effects.filter(|request| request.path == path).count()
    }

    /// Replaces the responses of a path.
    pub(crate) fn script(&self, path: &'static str, answers: Vec<Answer>) {
        self.script.lock().unwrap().insert(path, answers.into());
    }

    /// The token of the last request; empty if it had none.
    pub(crate) fn last_token(&self) -> String {
        self.tokens.lock().unwrap().last().unwrap().clone()
    }

    /// Every intent recorded.
    pub(crate) fn intents(&self) -> Vec<Intent> {
        self.intents.lock().unwrap().clone()
    }

    /// The body of the last request.
    pub(crate) fn last_body(&self) -> String {
        self.requests.lock().unwrap().last().unwrap().1.clone()
    }
}

#[async_trait]
impl Transport for Vendor {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let raw = match request.sent_body().unwrap().as_ref() {
            Body::Json(text) => text.clone(),
            _ => String::new(),
        };
        let planned = request.planned();
        let token = token_of(&request);
        self.tokens.lock().unwrap().push(token.unwrap_or_default());
        // A request for the history is not a rollback, and one for domains not a change, although they share a path.
        let reads = planned.body.as_ref().is_some_and(|body| body["action"] == "get");
        let key = match planned.query.contains_key("action") {
            true => "history".to_owned(),
            false if reads => format!("get {}", planned.path),
            false => planned.path.clone(),
        };
        self.requests.lock().unwrap().push((planned, raw));
        let answer = {
            let mut script = self.script.lock().unwrap();
            let answers = script.get_mut(key.as_str()).unwrap_or_else(|| panic!("nobody scripted {key}"));
            if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() }
        };
        let answer = match answer {
            Answer::Repeated(path, answers) if self.count(path) < 2 => answers.0,
            Answer::Repeated(_, answers) => answers.1,
            answer => answer,
        };
        match answer {
            Answer::Body(status, content_type, body) => {
                let mut headers = HeaderMap::new();
                let date = self.clock.now().to_civil("%a, %d %b %Y %H:%M:%S GMT", 0);
                headers.insert(DATE, date.parse().unwrap());
                headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
                Ok(Response::new(status, headers, body))
            }
            Answer::Timeout => {
                self.clock.sleep(Duration::from_secs(10)).await;
                Err(TransportError::Timeout)
            }
            Answer::Repeated(..) => unreachable!("answers do not nest"),
            Answer::Cut => Err(TransportError::Cut("reset".into())),
            Answer::Unreachable => Err(TransportError::Connect("refused".into())),
        }
    }
}

#[async_trait]
impl Journal for Vendor {
    async fn open(&self, intent: &Intent) -> Result<(), Error> {
        self.intents.lock().unwrap().push(intent.clone());
        Ok(())
    }

    async fn close(&self, _intent: &Intent, _settled: &Settled) -> Result<(), Error> {
        Ok(())
    }

    async fn pending(
        &self,
        _vendor: miniprogram_core::Vendor,
        _subject: &SubjectId,
    ) -> Result<Option<Intent>, Error> {
        Ok(None)
    }

    async fn settled(
        &self,
        _vendor: miniprogram_core::Vendor,
        _subject: &SubjectId,
        _command: &miniprogram_core::Command,
        _since: miniprogram_core::Timestamp,
    ) -> Result<Option<miniprogram_core::EarlierEffect>, Error> {
        Ok(None)
    }
}

/// One token for the app and one for the platform.
#[derive(Debug)]
struct Tokens;

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Error> {
        match scope.kind {
            TokenKind::Authorizer => {
                assert_eq!(scope.app, Some(AppId::from(APP)));
                AccessToken::new(TOKEN)
            }
            TokenKind::Platform => AccessToken::new(PLATFORM_TOKEN),
            kind => panic!("no token of kind {kind:?}"),
        }
    }

    async fn reject(&self, _scope: &TokenScope, _token: &AccessToken) -> Result<(), Error> {
        Ok(())
    }
}

/// A platform with a vendor that returns those responses in turn, the last one repeatedly.
pub(crate) struct Scene {
    pub(crate) platform: WeChatPlatform,
    pub(crate) app: WeChatApp,
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) clock: VirtualClock,
}

pub(crate) fn stage(script: impl IntoIterator<Item = (&'static str, Vec<Answer>)>) -> Scene {
    let clock = VirtualClock::new(Timestamp::from_unix(NOW));
    let script = script.into_iter().map(|(path, answers)| (path, answers.into())).collect();
    let vendor = Arc::new(Vendor {
        clock: clock.clone(),
        script: Mutex::new(script),
        requests: Mutex::default(),
        tokens: Mutex::default(),
        intents: Mutex::default(),
    });
    let config = ClientConfig::new(PLATFORM, Arc::new(Tokens))
        .with_transport(Arc::clone(&vendor) as Arc<dyn Transport>)
        .with_journal(Arc::clone(&vendor) as Arc<dyn Journal>)
        .with_clock(Arc::new(clock.clone()))
        .with_seed(7);
    let platform = WeChatPlatform::new(config).unwrap();
    let app = platform.app(AppId::from(APP));
    Scene { platform, app, vendor, clock }
}

/// A vendor with a response for one path.
pub(crate) fn stage_of(path: &'static str, answer: Answer) -> Scene {
    stage([(path, vec![answer])])
}

pub(crate) fn ext() -> ExtJson {
    r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#.parse().unwrap()
}

pub(crate) fn given() -> wechat_wxa::SubmitOptions {
    wechat_wxa::SubmitOptions::new().with_item(wechat_wxa::AuditItem::default().with_address("index"))
}

pub(crate) fn options() -> miniprogram_core::SubmitOptions {
    given().into()
}

/// Returns the access token of a request, if any.
fn token_of(request: &Request) -> Option<String> {
    let token = request.secrets.iter().find(|(place, _)| place.name() == "access_token");
    token.map(|(_, token)| token.expose().to_owned())
}
