//! The state of everything: apps, tokens, faults, scheduled jobs.

use std::collections::{BTreeMap, HashMap, VecDeque};

use miniprogram_core::{AppId, Secret, Timestamp, Vendor};

use crate::authorization::Grant;
use crate::clock::Time;
use crate::config::SimConfig;
use crate::endpoint::Effects;
use crate::error::SimError;
use crate::faults::{Faults, PushFaults, mix};
pub(crate) use crate::platform::Platform;
use crate::pushes::Push;
use crate::spec::{AppSpec, State};
use crate::tokens::{Holder, Issued};
use crate::truth::{AppTruth, LoggedRequest, SentPush};
use crate::verdict::{AuditPolicy, Decision, ReviewItem};
use crate::{BAIDU, WECHAT, baidu, wechat};

/// What draws of verdicts are counted under, beside the paths of requests.
const VERDICT: &str = "verdict";

/// A scheduled job.
type Job = Box<dyn FnOnce(&mut World, Timestamp) + Send>;

/// What triggers a job when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// A timer that counts as work in progress.
    Counted,
    /// A recurring timer, which is not waited for.
    Endless,
    /// None, so that a virtual clock does not jump to it; the next access runs it.
    None,
}

/// A job and its time.
pub(crate) struct Planned {
    due: Timestamp,
    timer: Timer,
    job: Job,
}

impl Planned {
    pub(crate) fn timed(due: Timestamp, job: impl FnOnce(&mut World, Timestamp) + Send + 'static) -> Self {
        Self { due, timer: Timer::Counted, job: Box::new(job) }
    }

    pub(crate) fn quiet(due: Timestamp, job: impl FnOnce(&mut World, Timestamp) + Send + 'static) -> Self {
        Self { due, timer: Timer::None, job: Box::new(job) }
    }
}

pub(crate) struct World {
    pub(crate) seed: u64,
    /// Whether the clock jumps from one due time to the next.
    is_virtual: bool,
    /// Whether pushes are taken by a receiver in this process.
    pub(crate) is_received_here: bool,
    pub(crate) settings: crate::config::Settings,
    pub(crate) platform: Platform,
    /// How often the platform's own operations took effect.
    pub(crate) platform_effects: BTreeMap<Vendor, Effects>,
    pub(crate) apps: Apps,
    /// Apps' own keys, by client id (Baidu).
    pub(crate) alliance_keys: HashMap<String, Key>,
    pub(crate) faults: Faults,
    pub(crate) push_faults: PushFaults,
    pub(crate) log: VecDeque<LoggedRequest>,
    pub(crate) requests: u64,
    pub(crate) by_path: BTreeMap<String, u64>,
    /// Pushes of the platform itself, such as tickets.
    pub(crate) platform_pushes: Vec<(Vendor, SentPush)>,
    pub(crate) draws: HashMap<(Option<AppId>, String), u64>,
    agenda: BTreeMap<(Timestamp, u64), Job>,
    next_job: u64,
    next_generation: u64,
    pub(crate) outbox: Vec<Out>,
}

/// Work to start once the state is unlocked.
pub(crate) enum Out {
    /// A job is due at that time.
    Timer(Timestamp),
    /// Like `Timer`, for recurring jobs.
    Tick(Timestamp),
    /// An app has sent a message through the API.
    Message,
    /// An app of that generation has pushes to deliver, and no delivery is running.
    Deliveries(AppId, u64),
    /// A push delivered independently of any order.
    Delivery(Push),
}

/// All apps of both vendors.
pub(crate) type Apps = HashMap<AppId, App>;

/// An app's own key.
pub(crate) struct Key {
    pub(crate) app: AppId,
    pub(crate) secret: Secret,
}

pub(crate) struct App {
    pub(crate) vendor: Vendor,
    /// Generation: distinguishes it from a removed app with the same id.
    pub(crate) generation: u64,
    pub(crate) original_id: String,
    pub(crate) grant: Grant,
    pub(crate) effects: Effects,
    pub(crate) pushes: Vec<SentPush>,
    /// Number of pushes created, whether or not a fault struck.
    pub(crate) pushes_made: u64,
    /// Pushes to deliver, in order.
    pub(crate) queue: VecDeque<Push>,
    pub(crate) delivering: bool,
    /// A push held back until the next one.
    pub(crate) held: Option<Push>,
    pub(crate) account: Account,
}

pub(crate) enum Account {
    WeChat(Box<wechat::Account>),
    Baidu(Box<baidu::Account>),
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
            is_virtual: matches!(config.time, Time::Virtual(_)),
            is_received_here: false,
            platform: Platform::new(config.seed),
            platform_effects: BTreeMap::new(),
            settings,
            apps: Apps::new(),
            alliance_keys: HashMap::new(),
            faults,
            push_faults,
            log: VecDeque::new(),
            requests: 0,
            by_path: BTreeMap::new(),
            platform_pushes: Vec::new(),
            draws: HashMap::new(),
            agenda: BTreeMap::new(),
            next_job: 0,
            next_generation: 0,
            outbox: Vec::new(),
        }
    }

    pub(crate) fn app(&self, id: &AppId) -> Result<&App, SimError> {
        self.apps.get(id).ok_or_else(|| SimError::UnknownApp(id.clone()))
    }

    /// Adds an app; returns its access token, if it has authorized the platform.
    pub(crate) fn add_app(&mut self, spec: AppSpec, now: Timestamp) -> Result<Option<Issued>, SimError> {
        if self.apps.contains_key(&spec.app_id) {
            return Err(SimError::AppExists(spec.app_id));
        }
        if let Some(key) = &spec.alliance_key {
            if spec.vendor != BAIDU {
                return Err(SimError::Unsupported(spec.app_id, "alliance keys"));
            }
            if self.alliance_keys.contains_key(&key.client_id) {
                return Err(SimError::InvalidArgument("client_id belongs to another app".to_owned()));
            }
        }
        let mut account = self.account(spec.vendor, &spec.app_id, &spec.state, now)?;
        match &mut account {
            Account::WeChat(account) => {
                account.profile = wechat::Profile::new(&spec);
                self.platform.wechat.names.insert(spec.app_id.clone(), account.profile.name().to_owned());
            }
            Account::Baidu(account) => {
                account.profile = baidu::Profile::new(&spec);
                self.platform.baidu.names.insert(spec.app_id.clone(), account.profile.name.clone());
            }
        }
        let original_id = spec.original_id.unwrap_or_else(|| original_id(&spec.app_id));
        self.next_generation += 1;
        let app = App {
            vendor: spec.vendor,
            generation: self.next_generation,
            original_id,
            grant: Grant::default(),
            effects: Effects::default(),
            pushes: Vec::new(),
            pushes_made: 0,
            queue: VecDeque::new(),
            delivering: false,
            held: None,
            account,
        };
        let issued = spec.authorized.then(|| {
            let holder = Holder::App(spec.app_id.clone());
            let lifetime = self.settings.token_lifetime(spec.vendor, &holder);
            let tokens = &mut self.platform.tokens;
            match spec.token {
                Some(token) => {
                    let issued = Issued { text: token.expose().to_owned(), expires_at: now.after(lifetime) };
                    tokens.install(spec.vendor, &holder, issued)
                }
                None => tokens.issue(spec.vendor, &holder, now, lifetime),
            }
        });
        if let Some(key) = spec.alliance_key {
            self.alliance_keys
                .insert(key.client_id, Key { app: spec.app_id.clone(), secret: key.client_secret });
        }
        self.apps.insert(spec.app_id.clone(), app);
        if spec.authorized {
            let refresh_token = spec.refresh_token.map(|token| token.expose().to_owned());
            self.grant(&spec.app_id, refresh_token, now);
        }
        Ok(issued)
    }

    /// Removes an app with its tokens, codes, names and keys. Its scheduled jobs do nothing, even if an app with the
    /// same id is added later. No push reports it.
    pub(crate) fn remove_app(&mut self, id: &AppId) -> Result<(), SimError> {
        let app = self.apps.remove(id).ok_or_else(|| SimError::UnknownApp(id.clone()))?;
        for holder in [Holder::App(id.clone()), Holder::Client(id.clone())] {
            self.platform.tokens.forget(&holder);
        }
        self.platform.authorizations.forget(id, &app.grant);
        match &app.account {
            Account::WeChat(account) => self.platform.wechat.forget(id, account),
            Account::Baidu(_) => drop(self.platform.baidu.names.remove(id)),
        }
        self.alliance_keys.retain(|_, key| key.app != *id);
        self.draws.retain(|(app, _), _| app.as_ref() != Some(id));
        Ok(())
    }

    /// Whether the app exists in the same generation as when the job was scheduled.
    pub(crate) fn is_current(&self, id: &AppId, generation: Option<u64>) -> bool {
        self.apps.get(id).is_some_and(|app| generation.is_none_or(|generation| generation == app.generation))
    }

    /// Returns the generation of the app that a token acts for.
    pub(crate) fn generation(&self, holder: Option<&Holder>) -> Option<u64> {
        holder.and_then(Holder::app).and_then(|app| self.apps.get(app)).map(|app| app.generation)
    }

    pub(crate) fn arrange(&mut self, id: &AppId, state: &State, now: Timestamp) -> Result<(), SimError> {
        let vendor = self.app(id)?.vendor;
        let account = self.account(vendor, id, state, now)?;
        if let Some(app) = self.apps.get_mut(id) {
            match (&mut app.account, account) {
                (Account::Baidu(old), Account::Baidu(new)) => old.replace(*new),
                (Account::WeChat(old), Account::WeChat(new)) => old.replace(*new),
                (old, new) => *old = new,
            }
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
                let account = account.ok_or_else(|| SimError::Unsupported(id.clone(), "gray releases"))?;
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
            name: String::new(),
            description: String::new(),
            icon: None,
            categories: Vec::new(),
            domains: BTreeMap::new(),
            phone_permission: None,
            reviews: Vec::new(),
            changes_left: BTreeMap::new(),
            testers: Vec::new(),
            authorized_at: app.grant.since,
            messages: Vec::new(),
        };
        match &app.account {
            Account::WeChat(account) => account.describe(&mut truth),
            Account::Baidu(account) => account.describe(&mut truth),
        }
        Ok(truth)
    }

    /// Certifies an app's legal subject, or revokes that (Baidu).
    pub(crate) fn set_authenticated(&mut self, id: &AppId, is_authenticated: bool) -> Result<(), SimError> {
        let app = self.apps.get_mut(id).ok_or_else(|| SimError::UnknownApp(id.clone()))?;
        let Account::Baidu(account) = &mut app.account else {
            return Err(SimError::Unsupported(id.clone(), "subject certification"));
        };
        account.profile.is_authenticated = is_authenticated;
        Ok(())
    }

    /// Decides the version under review; if `id` is given, only that one.
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
                push.ok_or_else(|| SimError::Unsupported(id.clone(), "delayed reviews"))?
            }
        };
        let push = push.ok_or_else(|| SimError::NothingInReview(id.clone()))?;
        self.send(push, now);
        Ok(())
    }

    /// Decides a review other than that of code; if `id` is given, only that one.
    pub(crate) fn decide_review(
        &mut self,
        app: &AppId,
        item: ReviewItem,
        id: Option<u64>,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<(), SimError> {
        match self.app(app)?.vendor {
            BAIDU => baidu::decide_review(self, app, item, id, decision, now),
            _ => wechat::decide_review(self, app, item, id, decision, now),
        }
    }

    /// Schedules a job.
    pub(crate) fn plan(&mut self, planned: Planned) {
        self.agenda.insert((planned.due, self.next_job), planned.job);
        self.next_job += 1;
        match planned.timer {
            Timer::Counted => self.outbox.push(Out::Timer(planned.due)),
            Timer::Endless => self.outbox.push(Out::Tick(planned.due)),
            Timer::None => {}
        }
    }

    /// Schedules a recurring job. A virtual clock would run away with it, so there the next access runs it.
    pub(crate) fn plan_tick(
        &mut self,
        due: Timestamp,
        job: impl FnOnce(&mut World, Timestamp) + Send + 'static,
    ) {
        let timer = if self.is_virtual { Timer::None } else { Timer::Endless };
        self.plan(Planned { due, timer, job: Box::new(job) });
    }

    /// Runs the due jobs in order of time.
    pub(crate) fn catch_up(&mut self, now: Timestamp) {
        while let Some(entry) = self.agenda.first_entry() {
            let (due, _) = *entry.key();
            if due > now {
                break;
            }
            entry.remove()(self, due);
        }
    }

    /// The verdict of a policy on the next review of an app.
    fn decision(&mut self, policy: AuditPolicy, app: &AppId) -> Option<Decision> {
        match policy {
            AuditPolicy::Manual => None,
            AuditPolicy::After { decision, .. } => Some(decision),
            AuditPolicy::Drawn { rejected, reason, .. } => {
                let count = self.draws.entry((Some(app.clone()), VERDICT.to_owned())).or_default();
                *count += 1;
                let parts = [app.as_str().as_bytes(), VERDICT.as_bytes(), &count.to_be_bytes()];
                let drawn = fastrand::Rng::with_seed(mix(self.seed, &parts)).f64();
                Some(if drawn < rejected { Decision::reject(reason) } else { Decision::Approve })
            }
        }
    }

    pub(crate) fn take_outbox(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.outbox)
    }
}

/// The job that decides a submission as the policy says.
pub(crate) fn scheduled(policy: &AuditPolicy, app: &AppId, audit: u64, now: Timestamp) -> Option<Planned> {
    let (due, policy, app) = (now.after(policy.delay()?), policy.clone(), app.clone());
    Some(Planned::timed(due, move |world, now| {
        let Some(decision) = world.decision(policy, &app) else { return };
        // If it has been withdrawn or decided in the meantime, there is nothing to decide.
        let _ = world.decide(&app, Some(audit), &decision, now);
    }))
}

/// Like [`scheduled`], for reviews other than that of code.
pub(crate) fn scheduled_review(
    policy: &AuditPolicy,
    app: &AppId,
    item: ReviewItem,
    id: u64,
    now: Timestamp,
) -> Option<Planned> {
    let (due, policy, app) = (now.after(policy.delay()?), policy.clone(), app.clone());
    Some(Planned::timed(due, move |world, now| {
        let Some(decision) = world.decision(policy, &app) else { return };
        // If it has been decided in the meantime, or the verdict exists only for code, nothing changes.
        let _ = world.decide_review(&app, item, Some(id), &decision, now);
    }))
}

fn original_id(app: &AppId) -> String {
    format!("gh_{:012x}", mix(0, &[app.as_str().as_bytes()]) & 0xffff_ffff_ffff)
}
