//! A rehearsal: a plan is run by the real engine against the simulator, on a virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram::clock::{Clock, SystemClock, VirtualClock};
use miniprogram::push::{Delivery, Push};
use miniprogram::transport::BaseUrl;
use miniprogram::{
    AppId, ClientConfig, Error, ErrorKind, Event, EventDecoder, EventHandler as _, Outcome, PlatformId,
    Timestamp, Vendor,
};
use miniprogram_rollout::engine::{
    Driven, GateRequest, HealthGate, Notice, Notifier, RolloutEngine, RolloutEvents, RolloutStatus, Survey,
};
use miniprogram_rollout::machine::{Gated, Health, Phase};
use miniprogram_rollout::plan::{Plan, VendorSettings};
use miniprogram_rollout::report::Report;
use miniprogram_sim::{
    AppSpec, AuditPolicy, Disturbance, Fault, FaultRule, PushFault, PushFaultRule, PushReceiver, Scope,
    SentPush, SimConfig, Simulator, State, endpoints,
};
use miniprogram_store::rollouts::{LONGEST_DRIVE, RolloutFilter, RolloutId};
use miniprogram_store::{SqliteStore, Store, StoreJournal, StoreOptions};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::apps::why;
use super::plan::{load, refuse};
use super::report::{Page, STDOUT};
use super::run::{finish, stem};
use super::span;
use super::status::halted;
use crate::cli::Rehearse;
use crate::context::{Context, interrupted};
use crate::failure::{Failure, Finish, local};
use crate::terminal::Format;
use crate::vendors::sim::SIMULATED;
use crate::vendors::{PlatformConfig, PushSettings};

const REHEARSE: &str = "rehearse";
const HOUR: Duration = Duration::from_secs(3600);
/// Nobody else drives it: the lease is renewed as rarely as possible.
const LEASE: Duration = LONGEST_DRIVE;
/// How often the engine looks for pushes: rarer than a daemon, so that a rehearsal of months takes seconds.
const SIGNALS: Duration = Duration::from_secs(600);
/// How long nothing may change.
const IDLE: Duration = Duration::from_secs(60 * 86_400);
/// How long it may take in all.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// The share of each fault among the bad answers.
const FAULTS: [(f64, Fault); 4] = [
    (0.4, Fault::Before(Disturbance::ServerError(502))),
    (0.3, Fault::Before(Disturbance::Busy)),
    (0.2, Fault::After(Disturbance::Hang)),
    (0.1, Fault::After(Disturbance::Reset)),
];
/// The version that every app has online at the beginning, and another one for a plan of that very version.
const ONLINE: [&str; 2] = ["0.0.1", "0.0.2"];
/// How many apps are read at a time.
const PAGE: u32 = 500;
/// How many notices a table shows.
const SHOWN: usize = 20;

/// Runs a plan against the simulator.
pub(super) async fn run(context: &Context, args: &Rehearse) -> Result<Finish, Failure> {
    let mut interrupted = Box::pin(interrupted());
    let settings = context.settings()?;
    let plan = match load(context, &settings, &args.plan.file).await? {
        Ok(plan) => plan,
        Err(problems) => return refuse(context, &problems),
    };
    context.held().close().await;
    let name = stem(&args.plan.file)?;
    let page = args.report.as_deref().map(|file| Page {
        operation: REHEARSE,
        field: "report",
        file,
        force: args.written.force,
    });
    if let Some(page) = &page {
        if page.file == STDOUT {
            return Err(
                Error::invalid(REHEARSE, "report", "must be a file: results go to standard output").into()
            );
        }
        page.check()?;
    }
    let stage = Stage::build(context, &plan, args).await?;
    context.output.remark(&format!(
        "rehearsing {} apps against the simulator, with seed {}",
        stage.apps.len(),
        stage.sim.seed()
    ));
    let end = stage.play(&name, &plan, interrupted.as_mut()).await?;
    if let Some(page) = &page {
        let report = Report::collect(&*stage.store, &name, end.at).await?;
        page.write(&report.to_html(args.written.lang))?;
    }
    show(context, &plan, &stage, &end, args.report.as_deref())?;
    let status = &end.survey.status;
    let finish = match (end.how, finish(status)) {
        (How::Ended, finish)
        | (How::Halted | How::Waits | How::Idle | How::Long, finish @ Finish::Faulty) => finish,
        _ => Finish::NotFinished,
    };
    stage.close().await;
    Ok(finish)
}

/// How a rehearsal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// Every app has ended.
    Ended,
    /// A wave used up its failure budget.
    Halted,
    /// A person would have to decide.
    Waits,
    /// Nothing changed for a long time.
    Idle,
    /// It took too long.
    Long,
    /// The operator interrupted it.
    Interrupted,
}

impl How {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Halted => "halted",
            Self::Waits => "waits_for_a_person",
            Self::Idle => "nothing_changes",
            Self::Long => "too_long",
            Self::Interrupted => "interrupted",
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Ended => "every app has ended",
            Self::Halted => "a wave has used up its failure budget; a person resumes or aborts",
            Self::Waits => "what is left needs a person",
            Self::Idle => "nothing changed for 60 simulated days",
            Self::Long => "it did not end within 366 simulated days",
            Self::Interrupted => "it was interrupted",
        }
    }
}

/// Where a rehearsal ended.
struct End {
    how: How,
    at: Timestamp,
    survey: Survey,
    causes: Vec<Cause>,
}

/// Apps that ended badly or need a person, for the same reason.
#[derive(Debug, Serialize)]
struct Cause {
    vendor: Vendor,
    phase: Phase,
    apps: u64,
    /// Why it is the first of them.
    why: String,
    /// The first of them.
    example: AppId,
}

/// Both vendors, the engine and its store.
struct Stage {
    clock: VirtualClock,
    begun_at: Timestamp,
    sim: Arc<Simulator>,
    apps: Vec<(Vendor, AppId)>,
    store: Arc<dyn Store>,
    engine: RolloutEngine,
    notices: Arc<Notices>,
    /// Deleted with what is in it at the end.
    _folder: TempDir,
}

impl Stage {
    async fn build(context: &Context, plan: &Plan, args: &Rehearse) -> Result<Self, Failure> {
        let begun_at = args.start.unwrap_or_else(|| Timestamp::from_unix(SystemClock.now().as_unix()));
        let clock = VirtualClock::new(begun_at);
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let (sim, apps) = vendors(plan, args, &clock).await?;

        let folder = tempfile::tempdir().map_err(|problem| local(REHEARSE, &problem))?;
        let path = folder.path().join("rehearsal.db");
        SqliteStore::create(&path, StoreOptions::default()).await?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, StoreOptions::default()).await?);

        let notices = Arc::new(Notices { clock: clock.clone(), told: Mutex::default() });
        let mut builder = RolloutEngine::builder(Arc::clone(&store) as _, Arc::clone(&time))
            .with_owner(REHEARSE)
            .with_gate(Arc::new(Passes))
            .with_notifier(Arc::clone(&notices) as _)
            .with_lease(LEASE)
            .with_signal_interval(SIGNALS);
        for VendorSettings { vendor, .. } in &plan.settings().vendors {
            let id = sim.callback(*vendor).map_err(|problem| local(REHEARSE, &problem))?.platform_id;
            let journal = StoreJournal::new(Arc::clone(&store) as _, id.clone(), Arc::clone(&time));
            let client = ClientConfig::new(id, sim.tokens())
                .with_base_url(BaseUrl::parse(&sim.base_url())?)
                .with_clock(Arc::clone(&time))
                .with_seed(sim.seed())
                .with_journal(Arc::new(journal));
            let platform = context.registered(vendor.as_str())?.platform(PlatformConfig::new(client))?;
            builder = builder.with_platform(Arc::from(platform));
        }
        let receiver = Receiver::build(context, plan, &sim, &store, &clock)?;
        sim.set_receiver(Arc::new(receiver));
        let engine = builder.build();
        Ok(Self { clock, begun_at, sim, apps, store, engine, notices, _folder: folder })
    }

    /// Drives the plan until it ends, or until somebody else would have to do something.
    async fn play(
        &self,
        name: &str,
        plan: &Plan,
        interrupted: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<End, Error> {
        let id = self.engine.start(name, plan, REHEARSE).await?;
        let mut stopped = None;
        let stop = async {
            let how = tokio::select! {
                biased;
                () = interrupted => Ok((How::Interrupted, self.clock.now())),
                how = self.watch(name, id) => how,
            };
            stopped = Some(how);
        };
        let driven = self.engine.drive(name, stop).await?;
        let survey = self.engine.survey(name).await?;
        let (how, at) = match (driven, stopped, survey.status.ended_at) {
            (Driven::Ended, _, Some(at)) => (How::Ended, at),
            (_, Some(stopped), _) => stopped?,
            _ => {
                let error = Error::new(ErrorKind::Conflict, REHEARSE).with_outcome(Outcome::NotDone);
                return Err(error.with_detail("the rehearsal lost its own store"));
            }
        };
        Ok(End { how, at, survey, causes: self.causes(name).await? })
    }

    /// Why apps ended badly or need a person. Vendors' messages differ from app to app: what failed in the same call with
    /// the same code counts as the same.
    async fn causes(&self, name: &str) -> Result<Vec<Cause>, Error> {
        let mut causes: BTreeMap<(Vendor, Phase, String), Cause> = BTreeMap::new();
        let mut filter = RolloutFilter::new(PAGE);
        loop {
            let page = self.engine.apps(name, &filter).await?;
            for app in page.apps {
                if app.need.is_none() && !matches!(app.phase, Phase::Failed | Phase::Rejected) {
                    continue;
                }
                let why = why(&app).unwrap_or_default();
                let call = app.trouble.as_ref().filter(|_| app.phase != Phase::Rejected);
                let key = call.map_or_else(
                    || why.clone(),
                    |trouble| {
                        format!("{:?} {} {:?} {:?}", app.need, trouble.operation, trouble.kind, trouble.code)
                    },
                );
                let (vendor, phase, example) = (app.vendor, app.phase, app.app_id);
                let cause = causes.entry((vendor, phase, key));
                cause.or_insert(Cause { vendor, phase, apps: 0, why, example }).apps += 1;
            }
            let Some(next) = page.next else { return Ok(causes.into_values().collect()) };
            filter = filter.after(next);
        }
    }

    /// Completes when nothing more happens by itself, with the time of that.
    async fn watch(&self, name: &str, id: RolloutId) -> Result<(How, Timestamp), Error> {
        let _busy = self.clock.enter();
        let (mut before, mut changed_at) = (None, self.begun_at);
        loop {
            self.clock.sleep(HOUR).await;
            let now = self.clock.now();
            let status = self.engine.status(name).await?;
            if before.as_ref() != Some(&status) {
                (before, changed_at) = (Some(status), now);
            } else if self.store.next_due_app(id, Timestamp::from_unix(0)).await?.is_none() {
                return Ok((if status.halt.is_some() { How::Halted } else { How::Waits }, now));
            } else if now.since(changed_at) >= IDLE {
                return Ok((How::Idle, now));
            }
            if now.since(self.begun_at) >= LONGEST {
                return Ok((How::Long, now));
            }
        }
    }

    /// How many requests a vendor received.
    fn calls(&self, vendor: Vendor) -> u64 {
        let endpoints = endpoints();
        let own = endpoints.iter().filter(|endpoint| endpoint.vendor == vendor);
        let paths: BTreeSet<&str> = own.map(|endpoint| endpoint.path).collect();
        paths.into_iter().map(|path| self.sim.requests_to(path)).sum()
    }

    fn apps_of(&self, vendor: Vendor) -> impl Iterator<Item = &AppId> {
        self.apps.iter().filter(move |(of, _)| *of == vendor).map(|(_, app)| app)
    }

    async fn close(self) {
        self.store.close().await;
    }
}

/// Starts the simulator with the apps of a plan.
async fn vendors(
    plan: &Plan,
    args: &Rehearse,
    clock: &VirtualClock,
) -> Result<(Arc<Simulator>, Vec<(Vendor, AppId)>), Error> {
    let settings = &plan.settings().vendors;
    if let Some(other) = settings.iter().find(|own| SIMULATED.iter().all(|(known, _)| *known != own.vendor)) {
        let known: Vec<_> = SIMULATED.iter().map(|(vendor, _)| vendor.as_str()).collect();
        return Err(Error::unsupported(other.vendor, REHEARSE)
            .with_detail("the simulator does not play this vendor")
            .with_advice(format!("rehearse a plan without it: there are {}", known.join(" and "))));
    }
    let mut config = SimConfig::new()
        .with_virtual_clock(clock.clone())
        .with_templates(settings.iter().map(|settings| settings.template.clone()))
        .with_wechat_content_checks(false)
        .with_audit_policy(AuditPolicy::drawn_after(
            HOUR * args.audit,
            args.rejections,
            "rejected by the rehearsal",
        ))
        .with_faults(faults(args.faults))
        .with_push_faults(vec![PushFaultRule::probability(args.lost, PushFault::Lost)]);
    if let Some(seed) = args.seed {
        config = config.with_seed(seed);
    }
    if let Some(quota) = args.quota {
        config = config.with_wechat_audits(quota);
    }
    let sim = Simulator::start(config).await.map_err(|problem| local(REHEARSE, &problem))?;
    let mut apps = Vec::with_capacity(plan.apps().len());
    for planned in plan.apps() {
        let (vendor, app) = (planned.target.vendor, planned.target.app_id);
        let version = ONLINE[usize::from(planned.target.version == ONLINE[0])].to_owned();
        sim.add_app(AppSpec::new(vendor, app.clone()).with_state(State::OnlineAs { version })).map_err(
            |problem| {
                Error::invalid(REHEARSE, "app_id", format!("{app} of {vendor}: {problem}"))
                    .with_advice("the simulator wants ids that differ among all vendors")
            },
        )?;
        apps.push((vendor, app));
    }
    Ok((Arc::new(sim), apps))
}

/// The rules by which a share of all requests is answered badly. They are tried in order, so each strikes the share
/// that is its own among the requests that those before it leave.
fn faults(share: f64) -> Vec<FaultRule> {
    let mut left = 1.0;
    let rules = FAULTS.map(|(part, fault)| {
        let probability = (share * part / left).min(1.0);
        left -= share * part;
        FaultRule::probability(probability, Scope::All, fault)
    });
    rules.into_iter().filter(|_| share > 0.0).collect()
}

/// Receives the vendors' pushes, which wake the apps of the rollout.
#[derive(Debug)]
struct Receiver {
    decoders: BTreeMap<Vendor, (PlatformId, Box<dyn EventDecoder>)>,
    events: RolloutEvents,
    clock: VirtualClock,
}

impl Receiver {
    fn build(
        context: &Context,
        plan: &Plan,
        sim: &Simulator,
        store: &Arc<dyn Store>,
        clock: &VirtualClock,
    ) -> Result<Self, Failure> {
        let mut decoders = BTreeMap::new();
        for VendorSettings { vendor, .. } in &plan.settings().vendors {
            let callback = sim.callback(*vendor).map_err(|problem| local(REHEARSE, &problem))?;
            let platform = PlatformId::from(callback.platform_id);
            let settings = PushSettings {
                platform_id: Some(platform.clone()),
                token: Some(callback.token),
                aes_key: Some(callback.aes_key),
                receiver_id: Some(callback.receiver_id),
                ..PushSettings::default()
            };
            let decoder = context.registered(vendor.as_str())?.decoder(&settings)?;
            decoders.insert(*vendor, (platform, decoder));
        }
        let events = RolloutEvents::new(Arc::clone(store) as _, Arc::new(clock.clone()));
        Ok(Self { decoders, events, clock: clock.clone() })
    }
}

#[async_trait]
impl PushReceiver for Receiver {
    async fn receive(&self, vendor: Vendor, app: Option<&AppId>, push: &SentPush) -> bool {
        let Some((platform, decoder)) = self.decoders.get(&vendor) else { return true };
        let now = self.clock.now();
        let mut body = push.body.clone().into_bytes();
        let sent =
            Push::new(now, &mut body).with_query(&push.query).with_content_type(Some(&push.content_type));
        let event = decoder.decode(sent).map(Event::into_owned);
        match event {
            Ok(mut event) => {
                event.app_id = event.app_id.or_else(|| app.cloned());
                let delivery = Delivery::new(1, platform.clone(), now);
                self.events.handle(&event, &delivery).await.is_ok()
            }
            Err(refusal) => {
                tracing::error!(%vendor, %refusal, "a push of the simulator is refused");
                false
            }
        }
    }
}

/// A gate that is never asked for real.
#[derive(Debug)]
struct Passes;

#[async_trait]
impl HealthGate for Passes {
    async fn check(&self, _request: &GateRequest) -> Gated {
        Gated::new(Health::Pass, Some("a rehearsal asks no gate".to_owned()))
    }
}

/// What people would have been told.
#[derive(Debug)]
struct Notices {
    clock: VirtualClock,
    told: Mutex<Vec<Value>>,
}

impl Notices {
    fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Notifier for Notices {
    async fn notify(&self, _rollout: &str, notice: &Notice) {
        let at = self.clock.now();
        let told = match notice {
            Notice::Halted(halt) => json!({
                "at": at,
                "notice": "halted",
                "wave": halt.wave,
                "bad": halt.bad,
                "tolerated": halt.tolerated,
            }),
            Notice::SubmissionsHeld => json!({ "at": at, "notice": "submissions_held" }),
            Notice::Needs { vendor, app_id, need } => json!({
                "at": at,
                "notice": "needs_person",
                "vendor": vendor,
                "app_id": app_id,
                "need": need.as_str(),
            }),
            Notice::Ended => json!({ "at": at, "notice": "ended" }),
            _ => json!({ "at": at, "notice": "other" }),
        };
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }
}

/// Prints what happened.
fn show(
    context: &Context,
    plan: &Plan,
    stage: &Stage,
    end: &End,
    report: Option<&str>,
) -> Result<(), Failure> {
    let status: &RolloutStatus = &end.survey.status;
    let took = end.at.since(stage.begun_at);
    let wave_name = |wave: u32| end.survey.waves.get(wave as usize).map_or("", String::as_str);
    let waves: Vec<Value> = status
        .counts
        .iter()
        .filter(|count| count.apps > 0)
        .map(|count| {
            json!({
                "wave": count.wave,
                "name": wave_name(count.wave),
                "vendor": count.vendor,
                "phase": count.phase,
                "apps": count.apps,
            })
        })
        .collect();
    let vendors: Vec<Value> = plan
        .settings()
        .vendors
        .iter()
        .map(|VendorSettings { vendor, .. }| {
            let submissions: u64 =
                stage.apps_of(*vendor).map(|app| stage.sim.effects(app, "submit_audit")).sum();
            json!({
                "vendor": vendor,
                "apps": stage.apps_of(*vendor).count(),
                "calls": stage.calls(*vendor),
                "submissions": submissions,
            })
        })
        .collect();
    let notices = stage.notices.told();
    let mut head = json!({
        "rollout": status.name,
        "result": end.how.as_str(),
        "meaning": end.how.meaning(),
        "halted": halted(status),
        "needs": Some(&end.survey.needs).filter(|needs| !needs.is_empty()),
        "seed": stage.sim.seed(),
        "begun_at": stage.begun_at,
        "finished_at": end.at,
        "simulated_hours": hours(took),
        "plan_hash": status.plan_hash,
        "report": report,
    });
    if let Some(fields) = head.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    if context.output.format() == Format::Json {
        head["waves"] = json!(waves);
        head["vendors"] = json!(vendors);
        head["causes"] = json!(end.causes);
        head["notices"] = json!(notices);
        return context.output.json(&head);
    }
    head["simulated"] = json!(span(took.as_secs()));
    context.output.record(&head)?;
    context.output.text("")?;
    context.output.list(&waves, &["wave", "name", "vendor", "phase", "apps"])?;
    context.output.text("")?;
    context.output.list(&vendors, &["vendor", "apps", "calls", "submissions"])?;
    if !end.causes.is_empty() {
        context.output.text("")?;
        context.output.list(&end.causes, &["vendor", "phase", "apps", "why", "example"])?;
    }
    if !notices.is_empty() {
        let columns = ["at", "notice", "wave", "bad", "tolerated", "vendor", "app_id", "need"];
        context.output.text("")?;
        context.output.list(&notices[..notices.len().min(SHOWN)].to_vec(), &columns)?;
    }
    match notices.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => context.output.text(&format!("and {more} more notices; --format json shows all of them")),
    }
}

/// Hours with two decimals.
fn hours(span: Duration) -> f64 {
    (span.as_secs_f64() / HOUR.as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use miniprogram_sim::When;

    use super::*;

    /// The share of each fault, as the rules strike one after the other.
    fn shares(percent: f64) -> Vec<f64> {
        let mut left = 1.0;
        faults(percent)
            .iter()
            .map(|rule| {
                let When::Probability(probability) = rule.when else { panic!("{rule:?}") };
                let struck: f64 = left * probability;
                left -= struck;
                struck
            })
            .collect()
    }

    #[test]
    fn each_fault_strikes_its_share_of_all_requests() {
        for share in [0.05, 0.5, 1.0] {
            for (found, (part, _)) in shares(share).iter().zip(FAULTS) {
                assert!((found - share * part).abs() < 1e-9, "{share}: {found}");
            }
        }
        assert!(faults(0.0).is_empty());
    }
}
