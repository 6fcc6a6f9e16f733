//! Every vendor-specific effect under every fault: the caller learns the truth, and no effect is lost or duplicated.

mod baidu;
mod wechat;

use std::collections::BTreeSet;
use std::pin::{Pin, pin};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use miniprogram::clock::Clock as _;
use miniprogram::journal::MemoryJournal;
use miniprogram::vendor_api::EffectFields;
use miniprogram::*;
use miniprogram_core::conformance::Fault;
use miniprogram_sim::{AuditPolicy, Disturbance, FaultRule, Scope, Untold};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::harness::{Rig, simulated};

const SEED: u64 = 20_261_122;
/// How long a caller waits before it drops an effect.
const PATIENCE: Duration = Duration::from_secs(3);
/// The version set by the effect that follows an unknown one.
const LIBRARY: &str = "1.1.0";

/// What repeating an effect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Results in the same state.
    Set,
    /// Is refused if already done.
    Guarded,
    /// Duplicates the effect or uses up quota.
    OneShot,
}

/// An effect, called in one of several ways.
#[derive(Debug)]
struct Row {
    /// The method's name, optionally followed by a space and the way it is called.
    case: &'static str,
    class: Class,
    /// Whether it is an effect on the platform and not on an app.
    of_platform: bool,
}

impl Row {
    const fn app(case: &'static str, class: Class) -> Self {
        Self { case, class, of_platform: false }
    }

    const fn platform(case: &'static str, class: Class) -> Self {
        Self { case, class, of_platform: true }
    }

    fn method(&self) -> &'static str {
        self.case.split(' ').next().unwrap_or(self.case)
    }
}

/// What happens to an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Nothing.
    Smooth,
    /// Every read fails, from the start.
    Unread,
    /// Its request meets a fault.
    Once(Fault),
    /// Its response is lost, and its review is decided before anything is read.
    Decided(bool),
    /// All its requests meet a fault.
    Lasting(Fault),
    /// Its request meets a fault, and the caller drops it; a new process settles it.
    Crash(Fault),
    /// Its request meets a fault, and then every read fails; the next effect settles it.
    Blind(Fault),
    /// Its request meets a fault, and then reads succeed without reporting anything; later they do, and the effect is
    /// called again.
    Silent(Fault, Untold),
}

impl Course {
    fn all() -> impl Iterator<Item = Self> {
        let decided = [true, false].map(Self::Decided);
        let lasting = [Fault::ErrorBefore, Fault::HangBefore].map(Self::Lasting);
        let crash = [Fault::HangBefore, Fault::HangAfter, Fault::Late].map(Self::Crash);
        let blind = [Fault::HangBefore, Fault::HangAfter].map(Self::Blind);
        let silent = [Fault::ResetBefore, Fault::ResetAfter]
            .into_iter()
            .flat_map(|fault| Untold::ALL.map(|untold| Self::Silent(fault, untold)));
        let once = Fault::ALL.map(Self::Once);
        [Self::Smooth, Self::Unread]
            .into_iter()
            .chain(once)
            .chain(decided)
            .chain(lasting)
            .chain(crash)
            .chain(blind)
            .chain(silent)
    }
}

/// What is indeterminate because the documents offer no query.
struct Unasked {
    case: &'static str,
    /// Faults whose result the caller cannot determine, although it may repeat the effect.
    faults: &'static [Fault],
    /// Faults whose result cannot be determined by settling later, which repeats nothing.
    settling: &'static [Fault],
    why: &'static str,
}

/// Faults that hide whether the effect took place.
const HIDDEN: [Fault; 6] =
    [Fault::ErrorAfter, Fault::BusyAfter, Fault::ResetAfter, Fault::HangAfter, Fault::CutAfter, Fault::Late];

/// A platform and its simulator.
#[async_trait]
trait Stage: Sized + Send + Sync + 'static {
    const VENDOR: Vendor;
    /// Every effect that only this vendor has.
    const ROWS: &'static [Row];
    const UNASKED: &'static [Unasked];

    async fn start() -> Self;

    /// The same world, seen by a new platform value with an empty journal.
    fn anew(&self) -> Self;

    fn rig(&self) -> &Rig;

    fn journal(&self) -> &MemoryJournal;

    /// Puts a new app, or the platform, into a state that allows the effect; returns what the effect is about, if that
    /// has to be created first.
    async fn prepare(&self, case: &str, app: &AppId) -> String;

    /// Performs it and returns the result as JSON.
    async fn perform(&self, case: &str, app: &AppId, about: &str) -> Result<Value>;

    /// Returns whether the vendor has the wanted state, and it agrees with the effect's result.
    async fn is_reached(&self, case: &str, app: &AppId, about: &str, brought: &Value) -> bool;

    /// An effect of another kind on the same app, or on the platform.
    async fn follow(&self, row: &Row, app: &AppId) -> Result<()>;

    async fn settle(&self, row: &Row, intent: &Intent) -> Result<Settled>;
}

/// Returns an effect's result as JSON.
fn json<T: EffectFields>(effect: Result<Effect<T>>) -> Result<Value> {
    effect.map(|effect| serde_json::to_value(effect).expect("an effect that is JSON"))
}

/// One effect on one app, from preparation to result.
struct Trial<'a, S> {
    stage: &'a S,
    row: &'static Row,
    app: AppId,
    about: String,
    /// How many effects the preparation had.
    before: u64,
}

impl<'a, S: Stage> Trial<'a, S> {
    async fn begin(stage: &'a S, row: &'static Row, app: AppId) -> Self {
        let about = stage.prepare(row.case, &app).await;
        let mut trial = Self { stage, row, app, about, before: 0 };
        trial.before = trial.effects();
        trial
    }

    /// How often the effect took place since the preparation.
    fn effects(&self) -> u64 {
        let sim = &self.stage.rig().sim;
        let method = self.row.method();
        let all = match self.row.of_platform {
            true => sim.platform_effects(S::VENDOR, method),
            false => sim.effects(&self.app, method),
        };
        all - self.before
    }

    /// The subject whose gate and journal the effect uses.
    fn owner(&self) -> SubjectId {
        match self.row.of_platform {
            true => PlatformId::new(self.stage.rig().callback().platform_id).into(),
            false => self.app.clone().into(),
        }
    }

    fn strike(&self, times: u32, fault: miniprogram_sim::Fault) {
        self.add_fault(FaultRule::next(times, Scope::operation(self.row.method()), fault));
    }

    fn add_fault(&self, rule: FaultRule) {
        let rule = if self.row.of_platform { rule } else { rule.with_app(self.app.clone()) };
        self.stage.rig().sim.add_fault(rule);
    }

    /// Makes every read fail from now on.
    fn blind(&self) {
        self.add_fault(FaultRule::always(Scope::Reads, simulated(Fault::ErrorBefore)));
    }

    /// Lets all scheduled jobs run.
    async fn end(&self) {
        self.stage.rig().sim.settle().await;
        self.stage.rig().sim.clear_faults();
    }

    async fn perform(&self) -> Result<Value> {
        self.stage.perform(self.row.case, &self.app, &self.about).await
    }

    /// Returns why the result cannot be determined, if so.
    fn unasked(&self, fault: Fault, faults: fn(&Unasked) -> &[Fault]) -> Option<&'static str> {
        let mut listed = S::UNASKED.iter().filter(|unasked| unasked.case == self.row.case);
        listed.find(|unasked| faults(unasked).contains(&fault)).map(|unasked| unasked.why)
    }

    async fn run(&self, course: Course) -> Result<(), String> {
        match course {
            Course::Smooth => self.survive(None).await,
            Course::Unread => self.survive_unread().await,
            Course::Once(fault) => self.survive(Some(fault)).await,
            Course::Decided(approved) => self.survive_decided(approved).await,
            Course::Lasting(fault) => self.survive_lasting(fault).await,
            Course::Crash(fault) => self.survive_crash(fault).await,
            Course::Blind(fault) => self.survive_blind(fault).await,
            Course::Silent(fault, untold) => self.survive_silent(fault, untold).await,
        }
    }

    async fn survive(&self, fault: Option<Fault>) -> Result<(), String> {
        if let Some(fault) = fault {
            self.strike(1, simulated(fault));
        }
        let done = self.perform().await;
        self.end().await;
        let effects = self.effects();
        let unasked = fault.and_then(|fault| Some((fault, self.unasked(fault, |unasked| unasked.faults)?)));
        match (done, unasked) {
            (Ok(_), Some((_, why))) => Err(format!("succeeds, although it is listed: {why}")),
            (Ok(brought), None) => self.check_done(fault, &brought, effects).await,
            (Err(error), Some((fault, _))) if error.outcome() == Outcome::Unknown => {
                self.check_unknown(fault, effects).await
            }
            (Err(error), _) => {
                Err(format!("a false failure, outcome {}, {effects} effects: {error:#}", error.outcome()))
            }
        }
    }

    /// An early verdict hides nothing: it may even show what no other query shows.
    async fn survive_decided(&self, approved: bool) -> Result<(), String> {
        let sim = &self.stage.rig().sim;
        sim.set_audit_policy(match approved {
            true => AuditPolicy::approve_after(PATIENCE),
            false => AuditPolicy::reject_after(PATIENCE, "不合规"),
        });
        self.strike(1, simulated(Fault::HangAfter));
        let done = self.perform().await;
        sim.set_audit_policy(AuditPolicy::Manual);
        self.end().await;
        let listed = self.unasked(Fault::HangAfter, |unasked| unasked.faults).is_some();
        match (done, self.effects()) {
            (Ok(_), 1) => Ok(()),
            (Err(error), 1) if listed && error.outcome() == Outcome::Unknown => Ok(()),
            (done, effects) => Err(format!("{effects} effects: {done:?}")),
        }
    }

    /// If a read must come first, nothing is sent.
    async fn survive_unread(&self) -> Result<(), String> {
        self.blind();
        let done = self.perform().await;
        self.end().await;
        match (done, self.effects(), self.stage.journal().open_intents(&self.owner()).len()) {
            (Ok(_), 1, 0) => Ok(()),
            (Err(error), 0, 0) if error.outcome() == Outcome::NotSent => Ok(()),
            (done, effects, open) => Err(format!("{effects} effects, {open} intents open: {done:?}")),
        }
    }

    /// Nothing is done, and the caller learns so.
    async fn survive_lasting(&self, fault: Fault) -> Result<(), String> {
        self.strike(20, simulated(fault));
        let done = self.perform().await;
        self.end().await;
        let effects = self.effects();
        let error = match done {
            Ok(brought) => return Err(format!("a false success, {effects} effects: {brought}")),
            Err(error) => error,
        };
        // A one-shot effect is repeated once, and only if the first attempt is known to have done nothing.
        let (told, most) = match (self.unasked(fault, |unasked| unasked.faults), self.row.class) {
            (Some(_), Class::OneShot) => (Outcome::Unknown, 1),
            (Some(_), _) => (Outcome::Unknown, 3),
            (None, Class::OneShot) => (Outcome::NotDone, 2),
            (None, _) => (Outcome::NotDone, 3),
        };
        let is_true = (effects, error.outcome()) == (0, told)
            && error.attempts() <= most
            && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout);
        match is_true {
            true => Ok(()),
            false => Err(format!(
                "not {told} after at most {most} attempts: {} after {}, {effects} effects: {error:#}",
                error.outcome(),
                error.attempts()
            )),
        }
    }

    async fn check_done(&self, fault: Option<Fault>, brought: &Value, effects: u64) -> Result<(), String> {
        let enough = if self.row.class == Class::Set { effects >= 1 } else { effects == 1 };
        if !enough {
            return Err(format!("success with {effects} effects: {brought}"));
        }
        let lost = fault.is_some_and(Fault::takes_effect);
        if (brought["evidence"] == "answered") == lost {
            return Err(format!("the evidence is {}", brought["evidence"]));
        }
        if fault.is_none() && brought["attempts"] != 1 {
            return Err(format!("{} attempts without a fault", brought["attempts"]));
        }
        if !self.stage.journal().open_intents(&self.owner()).is_empty() {
            return Err("an intent stayed open".to_owned());
        }
        if !self.stage.is_reached(self.row.case, &self.app, &self.about, brought).await {
            return Err(format!("success, but the state is another: {brought}"));
        }
        Ok(())
    }

    /// The effect that follows an unknown one settles it first, and repeats nothing.
    async fn check_unknown(&self, fault: Fault, effects: u64) -> Result<(), String> {
        if effects != u64::from(fault.takes_effect()) {
            return Err(format!("{effects} effects, although one attempt was made"));
        }
        let (journal, owner) = (self.stage.journal(), self.owner());
        if journal.open_intents(&owner).len() != 1 {
            return Err(format!("{} intents are open", journal.open_intents(&owner).len()));
        }
        self.stage
            .follow(self.row, &self.app)
            .await
            .map_err(|error| format!("the next effect fails: {error:#}"))?;
        if self.effects() != effects {
            return Err("the next effect repeats it".to_owned());
        }
        if !journal.open_intents(&owner).is_empty() {
            return Err("the next effect leaves an intent open".to_owned());
        }
        let closed = journal.closed_intents(&owner);
        match &closed[..] {
            [.., (intent, settled), (_, next)]
                if intent.operation.as_str() == self.row.method() && next.outcome == Outcome::Done =>
            {
                self.check_settled(fault, settled, effects)
            }
            _ => Err(format!("the next effect does not settle it first: {closed:?}")),
        }
    }

    /// Drops the effect while its response hangs, and settles it from the journal, as a new process would.
    async fn survive_crash(&self, fault: Fault) -> Result<(), String> {
        self.strike(
            1,
            match fault {
                // After the crash, within the shorter settle time of the two vendors.
                Fault::Late => miniprogram_sim::Fault::late(PATIENCE + PATIENCE, Disturbance::Hang),
                fault => simulated(fault),
            },
        );
        drop(self.interrupt().await?);
        let intent = self.stage.journal().open_intents(&self.owner()).pop().ok_or("no intent is open")?;
        let kept = serde_json::to_string(&intent).expect("an intent is serde");
        let intent = serde_json::from_str(&kept).expect("an intent is serde");
        let settled = self.stage.anew().settle(self.row, &intent).await;
        self.end().await;
        let effects = self.effects();
        let settled = settled.map_err(|error| format!("settle, {effects} effects: {error:#}"))?;
        if effects != u64::from(fault.takes_effect()) {
            return Err(format!("{effects} effects, although settling sends none"));
        }
        self.check_settled(fault, &settled, effects)
    }

    /// No query succeeds while the outcome is open; the next effect queries once reads succeed again.
    async fn survive_blind(&self, fault: Fault) -> Result<(), String> {
        self.strike(1, simulated(fault));
        let effect = self.interrupt().await?;
        self.blind();
        let done = effect.await;
        self.end().await;
        let effects = self.effects();
        match done {
            Err(error) if error.outcome() == Outcome::Unknown => self.check_unknown(fault, effects).await,
            done => Err(format!("nobody could be asked, {effects} effects, and yet: {done:?}")),
        }
    }

    /// An unreported state proves nothing, and the same call returns the first one's result as soon as the state is
    /// reported.
    async fn survive_silent(&self, fault: Fault, untold: Untold) -> Result<(), String> {
        self.strike(1, simulated(fault));
        let silent = FaultRule::always(Scope::Reads, miniprogram_sim::Fault::Untold(untold));
        self.add_fault(silent.once_tried(self.row.method()));
        let first = self.perform().await;
        self.end().await;
        let lost = u64::from(fault.takes_effect());
        if self.effects() != lost {
            return Err(format!("{} effects: something was sent on no evidence: {first:?}", self.effects()));
        }
        let error = match first {
            Ok(_) if fault.takes_effect() => return Ok(()),
            Ok(brought) => return Err(format!("a false success: {brought}")),
            Err(error) => error,
        };
        if error.outcome() != Outcome::Unknown || error.intent().is_none() {
            return Err(format!("outcome {}, intent {:?}: {error:#}", error.outcome(), error.intent()));
        }
        if self.unasked(fault, |unasked| unasked.settling).is_some() {
            return Ok(());
        }
        let again = self.perform().await.map_err(|error| format!("the same call again: {error:#}"))?;
        let evidence = if fault.takes_effect() { "asked" } else { "answered" };
        match (self.effects(), again["evidence"] == evidence) {
            (1, true) => Ok(()),
            (effects, _) => Err(format!("the same call again, {effects} effects: {again}")),
        }
    }

    /// Performs it until its response hangs.
    async fn interrupt(&self) -> Result<Performed<'_>, String> {
        let clock = self.stage.rig().clock.clone();
        let _busy = clock.enter();
        let effect: Performed<'_> = Box::pin(self.perform());
        // Created when first polled, after the effect: until then nothing else holds the clock.
        let patience = pin!(async { clock.sleep(PATIENCE).await });
        match select(effect, patience).await {
            Either::Left((ended, _)) => Err(format!("ended although its answer hangs: {ended:?}")),
            Either::Right(((), effect)) => Ok(effect),
        }
    }

    /// Checks that the settled outcome is the truth, and is known wherever it can be.
    fn check_settled(&self, fault: Fault, settled: &Settled, effects: u64) -> Result<(), String> {
        let unasked = self.unasked(fault, |unasked| unasked.settling);
        match (settled.outcome, unasked, effects) {
            (Outcome::Done, None, 1) | (Outcome::NotDone, None, 0) | (Outcome::Unknown, Some(_), _) => Ok(()),
            (outcome, None, effects) => Err(format!("settled as {outcome}, {effects} effects")),
            (outcome, Some(why), _) => Err(format!("settled as {outcome}, although it is listed: {why}")),
        }
    }
}

/// An effect in progress.
type Performed<'t> = Pin<Box<dyn Future<Output = Result<Value>> + Send + 't>>;

/// Runs one effect under every fault, each time on a new app, and returns what went wrong.
async fn problems<S: Stage>(row: &'static Row) -> Vec<String> {
    let stage = S::start().await;
    let mut problems = Vec::new();
    for (at, course) in Course::all().enumerate() {
        // Whatever a crash leaves open must not affect other trials.
        let caller = if matches!(course, Course::Crash(_)) { &stage.anew() } else { &stage };
        let trial = Trial::begin(caller, row, AppId::from(70_000 + at as u64)).await;
        if let Err(problem) = trial.run(course).await {
            problems.push(format!("{} {} {course:?}: {problem}", S::VENDOR, row.case));
        }
    }
    problems
}

async fn every_effect_survives_every_fault<S: Stage>() {
    println!("seed {SEED}");
    let mut rows: JoinSet<Vec<String>> = S::ROWS.iter().map(problems::<S>).collect();
    let mut found = Vec::new();
    while let Some(problems) = rows.join_next().await {
        found.extend(problems.expect("a row that runs to its end"));
    }
    found.sort();
    assert!(found.is_empty(), "{} problems:\n{}", found.len(), found.join("\n"));
}

/// Uploads leave nothing that a repeat would change.
const UPLOADS: [&str; 4] = ["upload_image", "upload_audit_media", "upload_material", "upload_privacy_file"];

/// The token chain has its own protocol and tests, and one-time calls leave an open outcome open.
const TOKEN_CHAIN: [&str; 9] = [
    "platform_token",
    "start_ticket_push",
    "pre_authorization_code",
    "exchange",
    "refresh",
    "recover",
    "set_authorizer_option",
    "clear_quota_with_secret",
    "send_text_message",
];

/// Every effect of the simulator is in the table.
fn every_effect_has_a_row<S: Stage>() {
    let of_every_vendor: BTreeSet<&str> =
        Operation::ALL.iter().map(|operation| operation.as_str()).chain(UPLOADS).chain(TOKEN_CHAIN).collect();
    let played: BTreeSet<&str> = miniprogram_sim::endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.vendor == S::VENDOR && endpoint.is_effect)
        .map(|endpoint| endpoint.operation)
        .filter(|operation| !of_every_vendor.contains(operation))
        .collect();
    let listed: BTreeSet<&str> = S::ROWS.iter().map(Row::method).collect();
    assert_eq!(listed, played);
}

#[tokio::test(flavor = "multi_thread")]
async fn baidus_effects_survive_every_fault() {
    every_effect_survives_every_fault::<baidu::BaiduStage>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wechats_effects_survive_every_fault() {
    every_effect_survives_every_fault::<wechat::WeChatStage>().await;
}

#[test]
fn no_effect_is_left_out() {
    every_effect_has_a_row::<baidu::BaiduStage>();
    every_effect_has_a_row::<wechat::WeChatStage>();
}
