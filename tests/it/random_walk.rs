//! Random walks over one app, with random faults: whatever the caller is told is the truth.
//!
//! `MINIPROGRAM_WALK_SEED` repeats a run, `MINIPROGRAM_WALKS` sets how many walks each vendor gets.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::future::{Either, FutureExt, join_all, select};
use miniprogram::baidu::{BAIDU, BaiduPlatform};
use miniprogram::clock::{Clock as _, SystemClock, VirtualClock};
use miniprogram::journal::MemoryJournal;
use miniprogram::model::UploadReceipt;
use miniprogram::transport::{BaseUrl, HttpTransport};
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_core::conformance::Harness;
use miniprogram_sim::{
    AppSpec, AppTruth, Decision, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State,
};

use crate::harness::{BaiduHarness, Rig, TIMEOUT, WeChatHarness};

const STEPS: usize = 15;
/// Real-time limit of a walk; one that hangs would take forever.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time after which no further walk starts.
const SPAN: Duration = Duration::from_secs(25);

/// Pseudorandom numbers, reproducible from the seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// An effect of the traits.
#[derive(Debug, Clone)]
enum Act {
    Upload { version: String, description: String },
    Submit(SubmitTarget),
    Withdraw(AuditId),
    Expedite(AuditId),
    Release(ReleaseTarget),
    Rollback(RollbackTarget),
    StartGray(u8),
    CancelGray,
    Visit(VisitStatus),
    Library(String),
}

impl Act {
    fn operation(&self) -> Operation {
        match self {
            Self::Upload { .. } => Operation::UploadCode,
            Self::Submit(_) => Operation::SubmitAudit,
            Self::Withdraw(_) => Operation::WithdrawAudit,
            Self::Expedite(_) => Operation::ExpediteAudit,
            Self::Release(_) => Operation::Release,
            Self::Rollback(_) => Operation::Rollback,
            Self::StartGray(_) => Operation::StartGrayRelease,
            Self::CancelGray => Operation::CancelGrayRelease,
            Self::Visit(_) => Operation::SetVisitStatus,
            Self::Library(_) => Operation::SetMinLibraryVersion,
        }
    }

    /// Whether the app already has the wanted state: then a read shows the effect whoever caused it.
    fn is_so_already(&self, truth: &AppTruth) -> bool {
        let latest = truth.audits.last();
        match self {
            Self::Visit(status) => truth.open == (*status == VisitStatus::Open),
            Self::Library(version) => truth.min_library_version == *version,
            Self::CancelGray => truth.gray.as_ref().is_none_or(|gray| gray.status != 1),
            Self::StartGray(share) => {
                truth.gray.as_ref().is_some_and(|gray| gray.status == 1 && gray.percentage == *share)
            }
            Self::Withdraw(audit) if truth.vendor == BAIDU => {
                let audits = truth.audits.iter().rev();
                audits
                    .into_iter()
                    .find(|known| known.id == audit.as_str())
                    .is_none_or(|known| known.status != "in_review" && known.status != "rejected")
            }
            Self::Release(ReleaseTarget::Audit(audit)) => {
                latest.is_some_and(|latest| {
                    latest.id == audit.as_str() && truth.online_version() == Some(latest.version.as_str())
                }) || truth.online.as_ref().is_some_and(|online| online.id.as_deref() == Some(audit.as_str()))
            }
            Self::Release(_) => {
                latest.is_some_and(|latest| truth.online_version() == Some(latest.version.as_str()))
            }
            _ => false,
        }
    }
}

/// The parts of an effect's result that a walk uses.
#[derive(Debug, Default)]
struct Brought {
    receipt: Option<UploadReceipt>,
    audit: Option<AuditId>,
}

/// One app, and its clients.
struct Scenery<'a> {
    sim: &'a Simulator,
    clock: VirtualClock,
    journal: Arc<MemoryJournal>,
    app: Arc<dyn MiniProgram>,
    template: TemplateId,
    ext: ExtJson,
    options: SubmitOptions,
}

impl<'a> Scenery<'a> {
    fn new(harness: &impl Harness, rig: &'a Rig, id: &AppId) -> Self {
        Self {
            sim: &rig.sim,
            clock: rig.clock.clone(),
            journal: Arc::clone(&rig.journal),
            app: Arc::from(harness.platform().authorizer(id.clone())),
            template: harness.template(),
            ext: harness.ext(id),
            options: harness.submit_options(),
        }
    }

    fn id(&self) -> &AppId {
        self.app.app_id()
    }

    fn truth(&self) -> AppTruth {
        self.sim.truth(self.id()).unwrap()
    }

    fn count(&self, operation: Operation) -> u64 {
        self.sim.effects(self.id(), operation.as_str())
    }

    async fn pass(&self, duration: Duration) {
        let _busy = self.clock.enter();
        self.clock.sleep(duration).await;
    }

    async fn perform(&self, act: &Act) -> Result<Effect<Brought>> {
        let app = &self.app;
        let nothing = |effect: Effect| effect.map(|()| Brought::default());
        Ok(match act {
            Act::Upload { version, description } => {
                let effect = app.upload_code(&self.template, &self.ext, version, description).await?;
                effect.map(|receipt| Brought { receipt: Some(receipt), audit: None })
            }
            Act::Submit(target) => {
                let effect = app.submit_audit(target, &self.options).await?;
                effect.map(|audit| Brought { receipt: None, audit: Some(audit) })
            }
            Act::Withdraw(audit) => nothing(app.withdraw_audit(audit).await?),
            Act::Expedite(audit) => nothing(app.expedite_audit(audit).await?),
            Act::Release(target) => nothing(app.release(target).await?),
            Act::Rollback(target) => nothing(app.rollback(target).await?),
            Act::StartGray(share) => nothing(app.start_gray_release(GrayRelease::percentage(*share)).await?),
            Act::CancelGray => nothing(app.cancel_gray_release().await?),
            Act::Visit(status) => nothing(app.set_visit_status(*status).await?),
            Act::Library(version) => nothing(app.set_min_library_version(version).await?),
        })
    }

    /// The traits' reads agree with the truth. `strict`: no fault is active, so every read must succeed.
    async fn reads_agree(&self, strict: bool) {
        let read = |what: &str, problem: &Error| assert!(!strict, "{what} without a fault: {problem:#}");
        let versions = self.app.code_versions().await;
        let latest = self.app.latest_audit().await;
        let visit = self.app.visit_status().await;
        let library = self.app.min_library_version().await;
        let truth = self.truth();
        match versions {
            Ok(versions) => {
                let mut online = versions
                    .iter()
                    .filter(|version| matches!(version.stage, Stage::Released | Stage::RollingBack));
                let shown = online.next().and_then(|version| version.version.as_deref());
                assert_eq!(shown, truth.online_version(), "code_versions shows another version online");
            }
            Err(problem) => read("code_versions", &problem),
        }
        match latest {
            Ok(latest) => self.audit_agrees(&latest, &truth).await,
            Err(problem) => read("latest_audit", &problem),
        }
        match visit {
            Ok(visit) => {
                let open = if truth.open { VisitStatus::Open } else { VisitStatus::Closed };
                assert_eq!(visit.status, open, "visit_status");
            }
            Err(problem) => read("visit_status", &problem),
        }
        match library {
            Ok(library) => assert_eq!(library.version.as_deref(), Some(truth.min_library_version.as_str())),
            Err(problem) => read("min_library_version", &problem),
        }
        if self.app.capabilities().gray_release.is_supported() {
            match self.app.gray_release_plan().await {
                Ok(plan) => {
                    let shown = plan
                        .map(|plan| (plan.raw_status.code.as_number().expect("a number"), plan.percentage));
                    let gray = truth.gray.map(|gray| (gray.status, Some(gray.percentage)));
                    assert_eq!(shown, gray, "gray_release_plan");
                }
                Err(problem) => read("gray_release_plan", &problem),
            }
        }
    }

    async fn audit_agrees(&self, latest: &Audit, truth: &AppTruth) {
        let Some(last) = truth.audits.last() else { return };
        let status = match last.status.as_str() {
            "in_review" => AuditStatus::InReview,
            "approved" => AuditStatus::Approved,
            "rejected" => AuditStatus::Rejected,
            "delayed" => AuditStatus::Delayed,
            "withdrawn" if truth.vendor == WECHAT => AuditStatus::Withdrawn,
            // At Baidu a withdrawn package is one in development again, and so is a replaced version.
            _ => return,
        };
        if truth.vendor == WECHAT || last.status == "in_review" {
            let shown = latest.audit_id.as_ref().map(AuditId::as_str);
            assert_eq!((shown, latest.status), (Some(last.id.as_str()), status), "latest_audit");
        }
        if let Ok(audit) = self.app.audit_status(&AuditId::from(last.id.as_str())).await {
            let replaced = status == AuditStatus::Approved && audit.status == AuditStatus::NotSubmitted;
            assert!(audit.status == status || (replaced && truth.vendor == BAIDU), "audit_status: {audit:?}");
        }
    }
}

/// An effect whose outcome the caller does not know.
#[derive(Debug)]
struct Open {
    act: Act,
    intent: Intent,
    /// The count of its operation before it, as far as known.
    before: RangeInclusive<u64>,
    was_so: bool,
}

/// What the caller knows during a walk.
struct Walk<'a> {
    stage: Scenery<'a>,
    dice: Dice,
    trace: Trace,
    /// Whether faults are set per step; otherwise the simulator draws them continuously.
    chosen: bool,
    uploads: u32,
    receipt: Option<UploadReceipt>,
    text: Option<(String, String)>,
    /// Audits whose expediting was requested; the vendor does not report it.
    hurried: Vec<AuditId>,
    open: Option<Open>,
    /// All effects that should have taken place so far.
    settled: HashMap<Operation, u64>,
}

/// Actions so far, printed on failure.
#[derive(Debug, Clone, Default)]
struct Trace(Arc<Mutex<Vec<String>>>);

impl Trace {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn more(&self, text: &str) {
        if let Some(last) = self.0.lock().unwrap().last_mut() {
            last.push_str(text);
        }
    }

    fn print(&self) -> String {
        self.0.lock().unwrap().join("\n  ")
    }
}

/// Polls a future a number of times, then drops it.
struct Polls<F>(Pin<Box<F>>, u32);

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.as_mut().poll(context).map(Some)
    }
}

impl Walk<'_> {
    /// The next effect: usually a sensible one, sometimes any.
    fn act(&mut self, truth: &AppTruth) -> Act {
        let (wechat, now) = (truth.vendor == WECHAT, self.stage.clock.now());
        let latest = truth.audits.last();
        let dice = &mut self.dice;
        let audit = |dice: &mut Dice| {
            let known = latest.filter(|_| !dice.chance(10)).or(truth.audits.first());
            known.map_or_else(|| AuditId::from("77"), |known| AuditId::from(known.id.as_str()))
        };
        let sensible = dice.chance(60);
        let status = latest.map_or("", |latest| latest.status.as_str());
        let released = latest.is_some_and(|latest| truth.online_version() == Some(latest.version.as_str()));
        let choice = if sensible {
            match status {
                "in_review" | "delayed" => *dice.pick(&[2, 3, 3]),
                "approved" if !released => *dice.pick(&[4, 4, 6, 6, 7]),
                _ if self.receipt.is_some() => *dice.pick(&[1, 1, 1, 5]),
                _ => 0,
            }
        } else {
            dice.below(10)
        };
        match choice {
            0 => {
                self.uploads += 1;
                // Of two identical uploads, one still being processed at Baidu, it is indeterminate which one is shown.
                let ready = truth.uploaded.as_ref().is_none_or(|last| now.since(last.since).as_secs() > 3);
                let again = self.text.clone().filter(|_| ready && dice.chance(25));
                let (version, description) = again
                    .unwrap_or_else(|| (format!("2.{}.0", self.uploads), format!("walk {}", self.uploads)));
                Act::Upload { version, description }
            }
            1 => Act::Submit(match (&self.receipt, dice.below(4)) {
                (Some(receipt), 0 | 1) => SubmitTarget::Upload(receipt.clone()),
                (Some(receipt), 2) => SubmitTarget::Version(receipt.version.clone()),
                _ => SubmitTarget::Newest,
            }),
            2 => Act::Withdraw(audit(dice)),
            3 if wechat => Act::Expedite(audit(dice)),
            3 => Act::Withdraw(audit(dice)),
            4 if dice.chance(70) => Act::Release(ReleaseTarget::Audit(audit(dice))),
            4 => Act::Release(ReleaseTarget::Approved),
            5 => Act::Rollback(match (dice.below(4), &truth.previous, &truth.online) {
                (0, Some(previous), _) => RollbackTarget::Version(previous.version.clone()),
                (1, _, Some(online)) if !wechat => {
                    RollbackTarget::OnlinePackage(online.id.clone().unwrap_or_default().into())
                }
                _ => RollbackTarget::Previous,
            }),
            6 if wechat => Act::StartGray(1 + dice.below(100) as u8),
            7 if wechat => Act::CancelGray,
            8 => Act::Visit(*dice.pick(&[VisitStatus::Open, VisitStatus::Closed])),
            _ => Act::Library(format!("1.{}.0", dice.below(4))),
        }
    }

    /// Chooses the next fault.
    fn disturb(&mut self, act: &Act, was_so: bool) {
        let dice = &mut self.dice;
        let mut rules = Vec::new();
        let answers = [
            Disturbance::ServerError(503),
            Disturbance::Busy,
            Disturbance::GatewayBusy,
            Disturbance::Reset,
            Disturbance::Hang,
            Disturbance::CutBody,
            Disturbance::GarbageBody,
        ];
        let here = Scope::operation(act.operation().as_str());
        for _ in 0..*dice.pick(&[0, 1, 1, 1, 2, 3]) {
            let answer = *dice.pick(&answers);
            let fault = match dice.below(12) {
                0..=2 => Fault::Before(answer),
                3..=6 => Fault::After(answer),
                // If the app already has the state, a read does not show whether a late effect has landed.
                7 | 8 if !was_so => {
                    let after_close = if answer == Disturbance::Hang { TIMEOUT } else { Duration::ZERO };
                    Fault::late(after_close + Duration::from_millis(300 + dice.below(4000)), answer)
                }
                9 => Fault::latency(Duration::from_millis(1 + dice.below(9000))),
                10 => Fault::ExpiredToken,
                11 => Fault::VendorError { code: 123_456, message: "words".to_owned() },
                _ => Fault::Before(answer),
            };
            rules.push(FaultRule::next(*dice.pick(&[1, 1, 1, 2, 3]), here.clone(), fault));
        }
        for _ in 0..*dice.pick(&[0, 0, 0, 1, 2]) {
            let answer = *dice.pick(&answers);
            let fault = match dice.below(5) {
                0 => Fault::latency(Duration::from_millis(1 + dice.below(9000))),
                1 => Fault::ExpiredToken,
                _ => Fault::After(answer),
            };
            rules.push(FaultRule::next(*dice.pick(&[1, 2, 4, 12, 60]), Scope::Reads, fault));
        }
        for rule in rules {
            self.trace.more(&format!(" [{}]", serde_json::to_string(&rule).unwrap()));
            self.stage.sim.add_fault(rule.with_app(self.stage.id().clone()));
        }
    }

    /// Checks that no unreported effect has landed since.
    fn nothing_came_late(&self) {
        if self.open.is_some() {
            return;
        }
        for operation in Operation::ALL {
            let known = self.settled.get(&operation).copied().unwrap_or(0);
            assert_eq!(self.stage.count(operation), known, "{operation}: an effect that nobody was told of");
        }
    }

    /// Performs an effect, or drops it partway.
    async fn attempt(&mut self, act: &Act) -> Option<Result<Effect<Brought>>> {
        let stage = &self.stage;
        match self.dice.below(8) {
            0 => {
                let patience = Duration::from_millis(self.dice.below(14_000));
                let _busy = stage.clock.enter();
                let effect = pin!(stage.perform(act));
                let waited = pin!(async { stage.clock.sleep(patience).await });
                match select(effect, waited).await {
                    Either::Left((result, _)) => Some(result),
                    Either::Right(_) => None,
                }
            }
            1 => {
                let polls = 1 + self.dice.below(40) as u32;
                Polls(Box::pin(stage.perform(act)), polls).await
            }
            _ => Some(stage.perform(act).await),
        }
    }

    async fn effect(&mut self) {
        let truth = self.stage.truth();
        let act = self.act(&truth);
        let operation = act.operation();
        let mut was_so = act.is_so_already(&truth);
        if let Act::Expedite(audit) = &act {
            was_so = self.hurried.contains(audit);
            self.hurried.push(audit.clone());
        }
        self.trace.note(format!("{} {act:?}", self.stage.clock.now()));
        if self.chosen {
            self.disturb(&act, was_so);
        }
        let before = self.stage.count(operation);
        let closed_before = self.stage.journal.closed_intents(self.stage.id()).len();
        let began = self.stage.clock.now();
        let result = self.attempt(&act).await;
        if result.is_none() {
            // The request may still be on the wire: let the simulator receive it.
            real(Duration::from_millis(20)).await;
        }
        if self.chosen {
            self.stage.sim.clear_faults();
        }
        let mine = |intent: &Intent| intent.operation == operation && intent.started_at >= began;
        let opened = self.stage.journal.open_intents(self.stage.id()).into_iter().find(|intent| mine(intent));
        let closed = self.stage.journal.closed_intents(self.stage.id());
        let closed = &closed[closed_before..];
        // Whatever was open before this effect is settled first, if anything was sent at all.
        let mut base = before..=before;
        if let Some(open) = &self.open {
            let told = closed.iter().find(|(intent, _)| *intent == open.intent);
            if let Some((_, settled)) = told {
                let share = Self::told(settled, open.was_so);
                self.trace.more(&format!(" earlier: {}", settled.outcome));
                if open.act.operation() == operation {
                    base = plus(&open.before, &share);
                } else {
                    let other = open.act.operation();
                    let (count, told) = (self.stage.count(other), plus(&open.before, &share));
                    assert!(told.contains(&count), "{other} was settled {settled:?}: {count}, not {told:?}");
                    self.settled.insert(other, count);
                }
                self.open = None;
            } else if let Some(Ok(_)) = &result {
                panic!("an effect was sent although {} is open", open.intent.operation);
            }
        }
        let count = self.stage.count(operation);
        let new = count.checked_sub(*base.start()).expect("effects do not vanish");
        let sum = |low: u64, high: u64| low..=(base.end() - base.start() + high);
        match result {
            Some(Ok(effect)) => {
                self.trace.more(&format!(" -> ok, {}, {} sent, +{new}", effect.evidence, effect.attempts));
                let least = u64::from(!was_so || effect.evidence == Evidence::Answered);
                assert!(sum(least, 1).contains(&new), "{operation} is done, and took effect {new} times");
                assert!(opened.is_none(), "{operation} is done, and its intent is open");
                self.done(&act, effect.value);
            }
            Some(Err(error)) => {
                self.trace.more(&format!(
                    " -> {error:#}, {}, {} sent, +{new}",
                    error.outcome(),
                    error.attempts()
                ));
                match error.outcome() {
                    Outcome::NotSent | Outcome::NotDone => {
                        // The simulator counts a cancellation even if there is nothing to cancel.
                        let most = u64::from(was_so && operation == Operation::CancelGrayRelease);
                        assert!(
                            sum(0, most).contains(&new),
                            "{operation} failed, and took effect {new} times"
                        );
                        assert!(opened.is_none(), "{operation} failed, and its intent is open");
                    }
                    Outcome::Unknown => {
                        assert!(sum(0, 1).contains(&new), "{operation} took effect {new} times");
                        let intent = opened.expect("an unknown outcome leaves its intent open");
                        self.leave_open(act, intent, base.clone(), was_so);
                        return;
                    }
                    Outcome::Done => panic!("{operation}: an error that is done: {error:#}"),
                }
            }
            None => {
                let told = closed.iter().rev().find(|(intent, _)| mine(intent));
                self.trace.more(&format!(" -> dropped, +{new}"));
                match (opened, told) {
                    (Some(intent), _) => {
                        assert!(sum(0, 1).contains(&new), "{operation} took effect {new} times");
                        self.leave_open(act, intent, base.clone(), was_so);
                        return;
                    }
                    (None, Some((_, settled))) => {
                        let told = Self::told(settled, was_so);
                        assert!(sum(*told.start(), *told.end()).contains(&new), "{settled:?}, but {new}");
                    }
                    (None, None) => assert!(sum(0, 0).contains(&new), "nothing was written down, but {new}"),
                }
            }
        }
        if self.open.is_none() {
            self.settled.insert(operation, count);
        }
    }

    /// How many effects a settled intent accounts for.
    fn told(settled: &Settled, was_so: bool) -> RangeInclusive<u64> {
        match settled.outcome {
            Outcome::Done => u64::from(!was_so)..=1,
            Outcome::NotDone | Outcome::NotSent if !was_so => 0..=0,
            _ => 0..=1,
        }
    }

    fn leave_open(&mut self, act: Act, intent: Intent, before: RangeInclusive<u64>, was_so: bool) {
        self.open = Some(Open { act, intent, before, was_so });
    }

    fn done(&mut self, act: &Act, brought: Brought) {
        let truth = self.stage.truth();
        match act {
            Act::Upload { version, description } => {
                self.receipt = brought.receipt;
                self.text = Some((version.clone(), description.clone()));
                let uploaded = truth.uploaded.expect("something is uploaded");
                assert_eq!((&uploaded.version, &uploaded.description), (version, description));
            }
            Act::Submit(_) => {
                let audit = brought.audit.expect("a submission has an id");
                assert_eq!(truth.audits.last().map(|last| last.id.as_str()), Some(audit.as_str()));
            }
            Act::Visit(status) => assert_eq!(truth.open, *status == VisitStatus::Open),
            Act::Library(version) => assert_eq!(truth.min_library_version, *version),
            Act::StartGray(share) => assert_eq!(truth.gray.map(|gray| gray.percentage), Some(*share)),
            Act::Release(target) => {
                let named = match target {
                    ReleaseTarget::Audit(audit) => {
                        truth.audits.iter().find(|known| known.id == audit.as_str())
                    }
                    _ => truth.audits.last(),
                };
                let version = named.map(|audit| audit.version.as_str());
                assert_eq!(truth.online_version(), version, "released, but not online");
            }
            _ => {}
        }
    }

    /// Settles what is open, as a process does that finds it in the journal.
    async fn settle(&mut self) {
        let Some(open) = self.open.take() else { return };
        let operation = open.act.operation();
        self.trace.note(format!("{} settle {operation}", self.stage.clock.now()));
        let kept = serde_json::to_string(&open.intent).unwrap();
        let intent: Intent = serde_json::from_str(&kept).unwrap();
        assert_eq!(intent, open.intent);
        let settled = match self.stage.app.settle(&intent).await {
            Ok(settled) => settled,
            Err(error) => {
                assert!(!self.chosen, "no fault is in force: {error:#}");
                assert_eq!(error.outcome(), Outcome::Unknown);
                self.open = Some(open);
                return;
            }
        };
        let count = self.stage.count(operation);
        let told = plus(&open.before, &Self::told(&settled, open.was_so));
        self.trace.more(&format!(" -> {}, {count} of {told:?}", settled.outcome));
        assert!(
            told.contains(&count),
            "{operation} is settled as {settled:?}: {count} effects, not {told:?}"
        );
        self.settled.insert(operation, count);
        assert!(self.stage.journal.open_intents(self.stage.id()).is_empty());
    }

    async fn step(&mut self) {
        match self.dice.below(10) {
            0 | 1 => {
                let decision = match self.dice.below(6) {
                    0 => Decision::reject("1:名称不符<br>"),
                    1 => Decision::Delay { reason: "later".to_owned() },
                    _ => Decision::Approve,
                };
                // A second rejection of the same package is indistinguishable from the first.
                let open =
                    self.open.as_ref().is_some_and(|open| open.act.operation() == Operation::SubmitAudit);
                if !open && self.stage.sim.decide_audit(self.stage.id(), &decision).is_ok() {
                    self.trace.note(format!("{} verdict {decision:?}", self.stage.clock.now()));
                }
            }
            2 => {
                self.trace.note(format!("{} the token expires", self.stage.clock.now()));
                self.stage.sim.expire_token(self.stage.id()).unwrap();
            }
            3 => {
                let seconds = *self.dice.pick(&[5, 60, 4000, 100_000]);
                self.trace.note(format!("{} {seconds} s pass", self.stage.clock.now()));
                self.stage.pass(Duration::from_secs(seconds)).await;
            }
            4 if self.open.is_some() => self.settle().await,
            _ => self.effect().await,
        }
        // The vendors report times in whole seconds.
        self.stage.pass(Duration::from_secs(2)).await;
        if self.open.is_none() {
            self.nothing_came_late();
            if self.chosen {
                self.stage.reads_agree(true).await;
            } else if self.dice.chance(20) {
                self.stage.reads_agree(false).await;
            }
        }
    }

    async fn run(mut self) {
        for _ in 0..STEPS {
            self.step().await;
        }
        for _ in 0..20 {
            self.settle().await;
        }
        assert!(self.open.is_none(), "an intent cannot be settled");
        self.stage.pass(Duration::from_secs(60)).await;
        self.nothing_came_late();
    }
}

fn plus(one: &RangeInclusive<u64>, other: &RangeInclusive<u64>) -> RangeInclusive<u64> {
    (one.start() + other.start())..=(one.end() + other.end())
}

/// Waits in real time.
async fn real(duration: Duration) {
    SystemClock.sleep(duration).await;
}

fn seed() -> u64 {
    std::env::var("MINIPROGRAM_WALK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122)
}

/// Runs a walk; prints its actions if it fails or hangs.
async fn watched(name: &str, trace: &Trace, walk: impl Future<Output = ()>) {
    let walk = pin!(AssertUnwindSafe(walk).catch_unwind());
    match select(walk, SystemClock.sleep(PATIENCE)).await {
        Either::Left((Ok(()), _)) => {}
        Either::Left((Err(panic), _)) => {
            println!("{name}:\n  {}", trace.print());
            resume_unwind(panic);
        }
        Either::Right(_) => panic!("{name} hangs:\n  {}", trace.print()),
    }
}

async fn walk_alone(vendor: Vendor, seed: u64, number: u64) {
    let config = SimConfig::new().with_seed(seed).with_privacy_scan(Duration::from_secs(number % 3 * 20));
    if vendor == WECHAT {
        let harness = WeChatHarness::start_with(config).await;
        walk_on(&harness, &harness.rig, seed, number, true).await;
    } else {
        let harness = BaiduHarness::start_with(config).await;
        walk_on(&harness, &harness.rig, seed, number, true).await;
    }
}

async fn walk_on(harness: &impl Harness, rig: &Rig, seed: u64, number: u64, chosen: bool) {
    let vendor = harness.platform().vendor();
    let mut dice = Dice(seed ^ (number << 32) ^ u64::from(vendor == BAIDU));
    let id = AppId::from(700_000 + number);
    let state = match dice.below(6) {
        0 => State::Fresh,
        1 => State::Approved,
        2 if vendor == WECHAT => State::GrayRunning { percentage: 10 },
        3 => State::Rejected { reason: "1:…<br>".to_owned() },
        4 => State::Released,
        _ => State::Online,
    };
    let trace = Trace::default();
    trace.note(format!("{state:?}"));
    rig.sim.add_app(AppSpec::new(vendor, id.clone()).with_state(state)).unwrap();
    let walk = Walk {
        stage: Scenery::new(harness, rig, &id),
        dice,
        trace: trace.clone(),
        chosen,
        uploads: 0,
        receipt: None,
        text: None,
        hurried: Vec::new(),
        open: None,
        settled: HashMap::new(),
    };
    let name = format!("walk {number} at {vendor}, MINIPROGRAM_WALK_SEED={seed}");
    watched(&name, &trace, walk.run()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_walks_are_told_the_truth() {
    let seed = seed();
    let walks = std::env::var("MINIPROGRAM_WALKS").ok().and_then(|walks| walks.parse().ok());
    let span = if walks.is_some() { Duration::MAX } else { SPAN };
    println!("seed {seed} (set MINIPROGRAM_WALK_SEED to draw others)");
    let began = Instant::now();
    let lanes = [WECHAT, BAIDU].map(|vendor| {
        tokio::spawn(async move {
            let mut walked = 0;
            while walked < walks.unwrap_or(60) && began.elapsed() < span {
                walk_alone(vendor, seed, walked).await;
                walked += 1;
            }
            println!("{walked} walks at {vendor}");
            assert!(walked >= 5, "walks at {vendor} take too long");
        })
    });
    for ended in join_all(lanes).await {
        if let Err(failed) = ended {
            resume_unwind(failed.into_panic());
        }
    }
}

/// Faults that are drawn continuously.
fn weather() -> Vec<FaultRule> {
    let of = |probability, scope: &Scope, fault| FaultRule::probability(probability, scope.clone(), fault);
    let (all, effects) = (Scope::All, Scope::Effects);
    vec![
        of(0.03, &all, Fault::Before(Disturbance::ServerError(503))),
        of(0.03, &all, Fault::After(Disturbance::ServerError(502))),
        of(0.03, &all, Fault::After(Disturbance::Busy)),
        of(0.02, &all, Fault::After(Disturbance::Reset)),
        of(0.02, &effects, Fault::After(Disturbance::Hang)),
        of(0.02, &effects, Fault::Before(Disturbance::Hang)),
        of(0.02, &all, Fault::After(Disturbance::CutBody)),
        of(0.01, &all, Fault::ExpiredToken),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_apps_walk_at_once() {
    let seed = seed();
    println!("seed {seed} (set MINIPROGRAM_WALK_SEED to draw others)");
    let config = || SimConfig::new().with_seed(seed).with_faults(weather());
    let (wechat, baidu) =
        tokio::join!(WeChatHarness::start_with(config()), BaiduHarness::start_with(config()));
    let wechats = join_all((0..32).map(|number| walk_on(&wechat, &wechat.rig, seed, number, false)));
    let baidus = join_all((0..32).map(|number| walk_on(&baidu, &baidu.rig, seed, number, false)));
    tokio::join!(wechats, baidus);
}

/// Counts the effects in progress at the same time.
#[derive(Debug)]
struct Watching {
    inner: HttpTransport,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

struct UnderWay(Arc<AtomicUsize>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

const EFFECT_PATHS: [&str; 11] = [
    "/wxa/commit",
    "/wxa/submit_audit",
    "/wxa/undocodeaudit",
    "/wxa/change_visitstatus",
    "/wxopen/setweappsupportversion",
    "/package/upload",
    "/package/submitaudit",
    "/package/withdraw",
    "/app/pause",
    "/app/resume",
    "/app/setsupportversion",
];

#[async_trait]
impl transport::Transport for Watching {
    async fn send(
        &self,
        request: transport::Request,
    ) -> Result<transport::Response, transport::TransportError> {
        if !EFFECT_PATHS.iter().any(|path| request.path.ends_with(path)) {
            return self.inner.send(request).await;
        }
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        let _under_way = UnderWay(Arc::clone(&self.now));
        self.most.fetch_max(now, Ordering::SeqCst);
        self.inner.send(request).await
    }
}

/// Result reported to one of several tasks.
#[derive(Debug, Default)]
struct Told {
    done: HashMap<Operation, u64>,
    unknown: HashMap<Operation, u64>,
}

async fn crowd_one_app(vendor: Vendor, seed: u64) {
    let late = Fault::late(TIMEOUT + Duration::from_secs(3), Disturbance::Hang);
    let mut faults = weather();
    faults.push(FaultRule::probability(0.05, Scope::Effects, late));
    let rig = Rig::start(vendor, SimConfig::new().with_seed(seed).with_faults(faults)).await;
    let id = AppId::from("8008");
    rig.sim.add_app(AppSpec::new(vendor, id.clone())).unwrap();
    let (now, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
    let inner = HttpTransport::new(BaseUrl::parse(&rig.sim.base_url()).unwrap()).unwrap();
    let watching = Watching { inner, now, most: Arc::clone(&most) };
    let config = rig.client().with_transport(Arc::new(watching));
    let app: Arc<dyn MiniProgram> = if vendor == WECHAT {
        Arc::from(WeChatPlatform::new(config).unwrap().authorizer(id.clone()))
    } else {
        Arc::from(BaiduPlatform::new(config).unwrap().authorizer(id.clone()))
    };
    let ext: ExtJson = r#"{"extEnable":true,"extAppid":"8008","ext":{}}"#.parse().unwrap();
    let template = TemplateId::from("7");
    let tasks = (0..8_u64).map(|task| {
        let (app, ext, template) = (Arc::clone(&app), ext.clone(), template.clone());
        tokio::spawn(async move {
            let mut told = Told::default();
            for round in 0..6 {
                // All different: what is shown is this very effect.
                let (operation, result) = if (task + round) % 2 == 0 {
                    let version = format!("3.{task}.{round}");
                    let result = app.upload_code(&template, &ext, &version, "crowd").await.map(drop);
                    (Operation::UploadCode, result)
                } else {
                    let version = format!("2.{task}.{round}");
                    let result = app.set_min_library_version(&version).await.map(drop);
                    (Operation::SetMinLibraryVersion, result)
                };
                match result {
                    Ok(()) => *told.done.entry(operation).or_default() += 1,
                    Err(error) if error.outcome() == Outcome::Unknown => {
                        *told.unknown.entry(operation).or_default() += 1;
                    }
                    Err(_) => {}
                }
            }
            told
        })
    });
    let mut sum = Told::default();
    for told in join_all(tasks).await {
        let told = told.unwrap();
        for (operation, count) in told.done {
            *sum.done.entry(operation).or_default() += count;
        }
        for (operation, count) in told.unknown {
            *sum.unknown.entry(operation).or_default() += count;
        }
    }
    for operation in [Operation::UploadCode, Operation::SetMinLibraryVersion] {
        let (done, unknown) = (
            sum.done.get(&operation).copied().unwrap_or(0),
            sum.unknown.get(&operation).copied().unwrap_or(0),
        );
        let effects = rig.sim.effects(&id, operation.as_str());
        println!("{vendor} {operation}: {done} done, {unknown} unknown, {effects} effects");
        assert!((done..=done + unknown).contains(&effects), "{operation}: {done} done, {effects} effects");
        assert!(done > 10, "{operation}: only {done} done");
    }
    assert_eq!(most.load(Ordering::SeqCst), 1, "effects on one app were under way at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_tasks_on_one_app_take_turns() {
    let seed = seed();
    println!("seed {seed} (set MINIPROGRAM_WALK_SEED to draw others)");
    for vendor in [WECHAT, BAIDU] {
        watched(
            &format!("eight tasks at {vendor}, seed {seed}"),
            &Trace::default(),
            crowd_one_app(vendor, seed),
        )
        .await;
    }
}
