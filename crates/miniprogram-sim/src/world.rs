//! The state of everything: apps, tokens, faults, and what is to happen by itself.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp, Vendor};

use crate::call::{Answer, Call, Refusal};
use crate::config::SimConfig;
use crate::endpoint::{Effects, Mode, Ran, Scene};
use crate::error::SimError;
use crate::faults::{Draw, Drawn, Faults, PushFaults};
use crate::pushes::Push;
use crate::spec::{AppSpec, State};
use crate::tokens::{Issued, TokenFault, Tokens};
use crate::truth::{AppTruth, LoggedRequest, SentPush};
use crate::verdict::{AuditPolicy, Decision};
use crate::{BAIDU, WECHAT, baidu, wechat};

/// What is to happen by itself.
type Job = Box<dyn FnOnce(&mut World, Timestamp) + Send>;

/// Something that happens by itself at a set time.
pub(crate) struct Planned {
    due: Timestamp,
    /// Only looked after when somebody asks: no timer, so a virtual clock does not jump to it.
    quiet: bool,
    job: Job,
}

impl Planned {
    pub(crate) fn timed(due: Timestamp, job: impl FnOnce(&mut World, Timestamp) + Send + 'static) -> Self {
        Self { due, quiet: false, job: Box::new(job) }
    }

    pub(crate) fn quiet(due: Timestamp, job: impl FnOnce(&mut World, Timestamp) + Send + 'static) -> Self {
        Self { due, quiet: true, job: Box::new(job) }
    }
}

/// How many requests the log keeps.
const LOG: usize = 10_000;

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) settings: crate::config::Settings,
    pub(crate) platform: Platform,
    pub(crate) apps: HashMap<AppId, App>,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) push_faults: PushFaults,
    pub(crate) log: VecDeque<LoggedRequest>,
    pub(crate) requests: u64,
    pub(crate) by_path: BTreeMap<String, u64>,
    /// Pushes that belong to the platform, such as tickets.
    pub(crate) platform_pushes: Vec<(Vendor, SentPush)>,
    draws: HashMap<(Option<AppId>, String), u64>,
    agenda: BTreeMap<(Timestamp, u64), Job>,
    next_job: u64,
    pub(crate) outbox: Vec<Out>,
}

/// What is to be started once the state is unlocked.
pub(crate) enum Out {
    /// Something falls due then.
    Timer(Timestamp),
    /// The app has pushes to deliver, and nobody does so yet.
    Deliveries(AppId),
    /// A push without an order to keep.
    Delivery(Push),
}

/// What all apps of the platform share.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) random: fastrand::Rng,
    pub(crate) wechat_audits_left: u32,
    pub(crate) wechat_speedups_left: u32,
    pub(crate) next_audit: u64,
    pub(crate) next_package: u64,
}

pub(crate) struct App {
    pub(crate) vendor: Vendor,
    pub(crate) original_id: String,
    pub(crate) effects: Effects,
    pub(crate) pushes: Vec<SentPush>,
    /// How many pushes there were, faults or not.
    pub(crate) pushes_made: u64,
    /// Pushes to deliver, in order.
    pub(crate) queue: VecDeque<Push>,
    pub(crate) delivering: bool,
    /// A push that waits for the next one.
    pub(crate) held: Option<Push>,
    pub(crate) account: Account,
}

pub(crate) enum Account {
    WeChat(Box<wechat::Account>),
    Baidu(Box<baidu::Account>),
}

/// What came of a request that went its normal way.
pub(crate) struct Processed {
    pub(crate) answer: Answer,
    pub(crate) refused: bool,
    pub(crate) effect: bool,
}

impl World {
    pub(crate) fn new(config: &SimConfig) -> Self {
        let settings = config.settings.clone();
        let mut faults = Faults::default();
        faults.set(config.faults.clone());
        let mut push_faults = PushFaults::default();
        push_faults.set(config.push_faults.clone());
        Self {
            seed: config.seed,
            platform: Platform {
                random: fastrand::Rng::with_seed(config.seed ^ 0x5eed),
                wechat_audits_left: settings.wechat_audits,
                wechat_speedups_left: settings.wechat_speedups,
                next_audit: 400_000_001,
                next_package: 58_210,
            },
            settings,
            apps: HashMap::new(),
            tokens: Tokens::new(config.seed),
            faults,
            push_faults,
            log: VecDeque::new(),
            requests: 0,
            by_path: BTreeMap::new(),
            platform_pushes: Vec::new(),
            draws: HashMap::new(),
            agenda: BTreeMap::new(),
            next_job: 0,
            outbox: Vec::new(),
        }
    }

    pub(crate) fn app(&self, id: &AppId) -> Result<&App, SimError> {
        self.apps.get(id).ok_or_else(|| SimError::UnknownApp(id.clone()))
    }

    pub(crate) fn add_app(&mut self, spec: AppSpec, now: Timestamp) -> Result<Issued, SimError> {
        if self.apps.contains_key(&spec.app_id) {
            return Err(SimError::AppExists(spec.app_id));
        }
        let account = self.account(spec.vendor, &spec.app_id, &spec.state, now)?;
        let original_id = spec.original_id.unwrap_or_else(|| original_id(&spec.app_id));
        let app = App {
            vendor: spec.vendor,
            original_id,
            effects: Effects::default(),
            pushes: Vec::new(),
            pushes_made: 0,
            queue: VecDeque::new(),
            delivering: false,
            held: None,
            account,
        };
        let lifetime = self.settings.token_lifetime(spec.vendor);
        let issued = match spec.token {
            Some(token) => {
                let issued = Issued { text: token.expose().to_owned(), expires_at: now.after(lifetime) };
                self.tokens.install(spec.vendor, &spec.app_id, issued)
            }
            None => self.tokens.issue(spec.vendor, &spec.app_id, now, lifetime),
        };
        self.apps.insert(spec.app_id, app);
        Ok(issued)
    }

    pub(crate) fn arrange(&mut self, id: &AppId, state: &State, now: Timestamp) -> Result<(), SimError> {
        let vendor = self.app(id)?.vendor;
        let account = self.account(vendor, id, state, now)?;
        if let Some(app) = self.apps.get_mut(id) {
            app.account = account;
        }
        Ok(())
    }

    fn account(
        &mut self,
        vendor: Vendor,
        id: &AppId,
        state: &State,
        now: Timestamp,
    ) -> Result<Account, SimError> {
        match vendor {
            WECHAT => Ok(Account::WeChat(Box::new(wechat::arrange(state, &mut self.platform, now)))),
            BAIDU => {
                let account = baidu::arrange(state, &mut self.platform, now);
                let account = account.ok_or_else(|| SimError::Unsupported(id.clone(), "gray release"))?;
                Ok(Account::Baidu(Box::new(account)))
            }
            _ => Err(SimError::UnknownVendor),
        }
    }

    pub(crate) fn truth(&self, id: &AppId) -> Result<AppTruth, SimError> {
        let app = self.app(id)?;
        let mut truth = AppTruth {
            vendor: app.vendor,
            app_id: id.clone(),
            original_id: app.original_id.clone(),
            effects: app.effects.all(),
            uploaded: None,
            online: None,
            previous: None,
            gray: None,
            open: true,
            min_library_version: String::new(),
            audits: Vec::new(),
        };
        match &app.account {
            Account::WeChat(account) => account.tell(&mut truth),
            Account::Baidu(account) => account.tell(&mut truth),
        }
        Ok(truth)
    }

    /// Decides what is under review; with an id only if it is that one.
    pub(crate) fn decide(
        &mut self,
        id: &AppId,
        audit: Option<u64>,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<(), SimError> {
        let platform_id = self.settings.baidu_callback.platform_id.clone();
        let app = self.apps.get_mut(id).ok_or_else(|| SimError::UnknownApp(id.clone()))?;
        let push = match &mut app.account {
            Account::WeChat(account) => account
                .decide(audit, decision)
                .map(|()| wechat::push::audited(id, &app.original_id, decision, now)),
            Account::Baidu(account) => {
                let push = baidu::push::audited(id, &platform_id, account, audit, decision, now);
                push.ok_or_else(|| SimError::Unsupported(id.clone(), "delayed review"))?
            }
        };
        let push = push.ok_or_else(|| SimError::NothingInReview(id.clone()))?;
        self.send(push, now);
        Ok(())
    }

    /// Puts something on the agenda.
    pub(crate) fn plan(&mut self, planned: Planned) {
        self.agenda.insert((planned.due, self.next_job), planned.job);
        self.next_job += 1;
        if !planned.quiet {
            self.outbox.push(Out::Timer(planned.due));
        }
    }

    /// Does what has fallen due, in order of time.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        while let Some(entry) = self.agenda.first_entry() {
            let (due, _) = *entry.key();
            if due > now {
                break;
            }
            entry.remove()(self, due);
        }
    }

    pub(crate) fn take_outbox(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.outbox)
    }

    /// Counts and logs a request and draws its fault.
    pub(crate) fn arrive(&mut self, vendor: Vendor, call: &Call, now: Timestamp) -> Option<Drawn> {
        self.requests += 1;
        *self.by_path.entry(call.path.clone()).or_default() += 1;
        let token = token_of(vendor, call);
        let app_id = token.and_then(|token| self.tokens.owner(token)).cloned();
        let (operation, effect) = describe(vendor, call);
        let count = self.draws.entry((app_id.clone(), call.path.clone())).or_default();
        *count += 1;
        let draw = Draw {
            seed: self.seed,
            vendor,
            app: app_id.as_ref(),
            path: &call.path,
            operation,
            effect,
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
            query: crate::masks::pairs(&call.query),
            body: crate::masks::body(call, token),
            app_id,
            fault: drawn.as_ref().and_then(|drawn| serde_json::to_value(&drawn.fault).ok()),
        });
        drawn
    }

    /// The normal way of a request: token, then endpoint.
    pub(crate) fn process(&mut self, vendor: Vendor, call: &Call, now: Timestamp, mode: Mode) -> Processed {
        let app_id = match self.tokens.check(vendor, token_of(vendor, call), now) {
            Ok(app_id) => app_id.clone(),
            Err(fault) => return self.refused(vendor, &token_refusal(vendor, fault), now),
        };
        self.process_as(vendor, &app_id, call, now, mode)
    }

    /// The same once the token has been accepted.
    pub(crate) fn process_as(
        &mut self,
        vendor: Vendor,
        app_id: &AppId,
        call: &Call,
        now: Timestamp,
        mode: Mode,
    ) -> Processed {
        let mut jobs = Vec::new();
        let ran = match self.apps.get_mut(app_id) {
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

    /// The app of the token that came along, valid or not.
    pub(crate) fn caller(&self, vendor: Vendor, call: &Call) -> Option<AppId> {
        token_of(vendor, call).and_then(|token| self.tokens.owner(token)).cloned()
    }
}

/// The vendor that a path belongs to.
pub(crate) fn vendor_of(path: &str) -> Vendor {
    if path.starts_with("/rest/") { BAIDU } else { WECHAT }
}

/// The operation of a path, and whether it is an effect.
fn describe(vendor: Vendor, call: &Call) -> (&'static str, bool) {
    if vendor == BAIDU { baidu::describe(call) } else { wechat::describe(call) }
}

fn token_of(vendor: Vendor, call: &Call) -> Option<&str> {
    if vendor == BAIDU { call.param("access_token") } else { call.query("access_token") }
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

/// What the policy has in store for a submission.
pub(crate) fn scheduled(policy: &AuditPolicy, app: &AppId, audit: u64, now: Timestamp) -> Option<Planned> {
    let AuditPolicy::After { millis, decision } = policy else { return None };
    let (app, decision) = (app.clone(), decision.clone());
    Some(Planned::timed(now.after(Duration::from_millis(*millis)), move |world, now| {
        // Withdrawn or decided by hand meanwhile: there is nothing left to decide.
        let _ = world.decide(&app, Some(audit), &decision, now);
    }))
}

fn original_id(app: &AppId) -> String {
    format!("gh_{:012x}", crate::faults::mix(0, &[app.as_str().as_bytes()]) & 0xffff_ffff_ffff)
}
