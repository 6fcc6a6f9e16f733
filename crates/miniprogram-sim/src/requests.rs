//! Processing of a request: count, draw a fault, check the token, run the endpoint.

use miniprogram_core::{AppId, Timestamp, Vendor};

use crate::call::{Answer, Call, Refusal};
use crate::endpoint::{Mode, Operation, Ran, Scene};
use crate::faults::{Draw, Drawn};
use crate::platform::Platform;
use crate::tokens::{Holder, TokenFault};
use crate::truth::LoggedRequest;
use crate::world::{Account, App, World};
use crate::{BAIDU, baidu, redact, wechat};

/// How many requests the log keeps.
const LOG: usize = 10_000;

/// Result of a request that was processed normally.
pub(crate) struct Processed {
    pub(crate) answer: Answer,
    pub(crate) refused: bool,
    pub(crate) effect: bool,
}

impl World {
    /// Counts and logs a request and draws its fault.
    pub(crate) fn arrive(&mut self, vendor: Vendor, call: &Call, now: Timestamp) -> Option<Drawn> {
        self.requests += 1;
        *self.by_path.entry(call.path.clone()).or_default() += 1;
        let caller = self.caller(vendor, call).and_then(Holder::app).cloned();
        let app_id = caller.or_else(|| named_app(vendor, call, &self.platform));
        let operation = describe(vendor, call);
        let count = self.draws.entry((app_id.clone(), call.path.clone())).or_default();
        *count += 1;
        let draw = Draw {
            seed: self.seed,
            vendor,
            app: app_id.as_ref(),
            path: &call.path,
            operation: operation.name,
            effect: operation.effect,
            count: *count,
        };
        let drawn = self.faults.draw(&draw);
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(LoggedRequest {
            at: now,
            method: call.method.to_string(),
            path: call.path.clone(),
            query: redact::pairs(&call.query),
            body: redact::body(call, token_of(vendor, call)),
            app_id,
            fault: drawn.as_ref().and_then(|drawn| serde_json::to_value(&drawn.fault).ok()),
        });
        drawn
    }

    /// Processes a request normally: token, then endpoint.
    pub(crate) fn process(&mut self, vendor: Vendor, call: &Call, now: Timestamp, mode: Mode) -> Processed {
        if baidu::is_for_client(call) {
            let answer = self.client_credentials(call, now);
            return Processed { refused: answer.status != 200, answer, effect: false };
        }
        if takes_no_token(vendor, call) {
            return self.process_as(vendor, None, call, now, mode);
        }
        let holder = match self.platform.tokens.check(vendor, token_of(vendor, call), now) {
            Ok(holder) => holder.clone(),
            Err(fault) => return self.refused(vendor, &token_refusal(vendor, fault), now),
        };
        self.process_as(vendor, Some(&holder), call, now, mode)
    }

    /// Like [`process`](Self::process), once the token has been accepted or where none is needed.
    pub(crate) fn process_as(
        &mut self,
        vendor: Vendor,
        holder: Option<&Holder>,
        call: &Call,
        now: Timestamp,
        mode: Mode,
    ) -> Processed {
        let mut jobs = Vec::new();
        let ran = match holder {
            Some(Holder::App(app_id)) => match self.apps.get_mut(app_id) {
                None => Ran::Refused(token_refusal(vendor, TokenFault::Unknown)),
                Some(App { account: Account::WeChat(account), effects, .. }) => {
                    let scene = Scene {
                        app_id,
                        state: account.as_mut(),
                        platform: &mut self.platform,
                        settings: &self.settings,
                        effects,
                        now,
                        jobs: &mut jobs,
                    };
                    wechat::run(call, scene, mode)
                }
                Some(App { account: Account::Baidu(account), effects, .. }) => {
                    let scene = Scene {
                        app_id,
                        state: account.as_mut(),
                        platform: &mut self.platform,
                        settings: &self.settings,
                        effects,
                        now,
                        jobs: &mut jobs,
                    };
                    baidu::run(call, scene, mode)
                }
            },
            _ => {
                let platform_id = AppId::from(self.settings.callback(vendor).platform_id.as_str());
                let scene = Scene {
                    app_id: holder.and_then(Holder::app).unwrap_or(&platform_id),
                    state: &mut self.apps,
                    platform: &mut self.platform,
                    settings: &self.settings,
                    effects: self.platform_effects.entry(vendor).or_default(),
                    now,
                    jobs: &mut jobs,
                };
                match holder {
                    None if vendor == BAIDU => baidu::run_open(call, scene, mode),
                    None => wechat::run_open(call, scene, mode),
                    Some(Holder::Client(_)) => baidu::run_client(call, scene, mode),
                    _ if vendor == BAIDU => baidu::run_platform(call, scene, mode),
                    _ => wechat::run_platform(call, scene, mode),
                }
            }
        };
        for planned in jobs {
            self.plan(planned);
        }
        match ran {
            Ran::Refused(refusal) => self.refused(vendor, &refusal, now),
            Ran::Accepted { effect, content } => {
                let answer = match vendor {
                    BAIDU => baidu::accepted(content, &mut self.platform),
                    _ => wechat::accepted(content, &mut self.platform, now),
                };
                Processed { answer, refused: false, effect }
            }
        }
    }

    pub(crate) fn refused(&mut self, vendor: Vendor, refusal: &Refusal, now: Timestamp) -> Processed {
        let answer = match vendor {
            BAIDU => baidu::refused(refusal, &mut self.platform),
            _ => wechat::refused(refusal, &mut self.platform, now),
        };
        Processed { answer, refused: true, effect: false }
    }

    /// Returns the holder of the request's token, valid or not; `None` if no token is needed.
    pub(crate) fn caller(&self, vendor: Vendor, call: &Call) -> Option<&Holder> {
        if takes_no_token(vendor, call) {
            return None;
        }
        token_of(vendor, call).and_then(|token| self.platform.tokens.holder(token))
    }
}

/// Returns the vendor of a path.
pub(crate) fn vendor_of(path: &str) -> Vendor {
    let of_baidu = ["/rest/", "/file/", "/oauth/", "/public/"];
    if of_baidu.iter().any(|prefix| path.starts_with(prefix)) { BAIDU } else { crate::WECHAT }
}

fn takes_no_token(vendor: Vendor, call: &Call) -> bool {
    if vendor == BAIDU { baidu::takes_no_token(call) } else { wechat::takes_no_token(call) }
}

/// Returns the app that a platform request is about, if it names one.
fn named_app(vendor: Vendor, call: &Call, platform: &Platform) -> Option<AppId> {
    if vendor == BAIDU { baidu::named_app(call, platform) } else { wechat::named_app(call, platform) }
}

/// Returns what a request does.
fn describe(vendor: Vendor, call: &Call) -> Operation {
    if vendor == BAIDU { baidu::describe(call) } else { wechat::describe(call) }
}

fn token_of(vendor: Vendor, call: &Call) -> Option<&str> {
    if vendor == BAIDU {
        return call.param("access_token");
    }
    call.query("access_token").or_else(|| call.query("component_access_token"))
}

pub(crate) fn token_refusal(vendor: Vendor, fault: TokenFault) -> Refusal {
    if vendor == BAIDU {
        return Refusal::gateway(match fault {
            TokenFault::Missing => 100,
            TokenFault::Malformed | TokenFault::Unknown => 110,
            TokenFault::Expired => 111,
        });
    }
    Refusal::code(match fault {
        TokenFault::Missing => 41001,
        TokenFault::Malformed => 40014,
        TokenFault::Unknown => 40001,
        TokenFault::Expired => 42001,
    })
}
