use async_trait::async_trait;
use serde_json::Value;

use super::gate::Gate;
use super::settle::{Answer, Settling};
use super::{Call, Op, Pipeline, Reply};
use crate::effect::{Effect, EffectValue, Evidence};
use crate::error::{Advice, Error, ErrorKind, Outcome, Result, Retry};
use crate::id::AppId;
use crate::intent::{Command, EarlierEffect, Intent, Settled};
use crate::time::Timestamp;

const INDETERMINATE_REPEAT: Advice = Advice::new(
    "read the present state, then repeat the call if it is still wanted; the earlier effect is settled",
    "上一次操作的结果已确认；请先查询当前状态，确有需要再重新发起",
);

/// What a repeat of an effect would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EffectClass {
    /// S: gives the same state again.
    Set,
    /// G: is refused by the vendor when it is done already.
    Guarded,
    /// O: makes a second effect, or spends an allowance.
    OneShot,
}

/// One effect of a vendor: what is read before it, what is sent, how to look afterwards.
#[async_trait]
pub trait EffectPlan: Send + Sync {
    /// What a repeat would do.
    fn class(&self) -> EffectClass;

    /// Checks the arguments and reads what has to be known before the effect: it becomes [`Intent::before`].
    ///
    /// # Errors
    /// Anything that forbids the effect; nothing has been sent then.
    async fn before(&self, _op: &mut Op<'_>) -> Result<Value> {
        Ok(Value::Null)
    }

    /// The request.
    ///
    /// # Errors
    /// If it cannot be made from what was read before.
    fn request(&self, before: &Value) -> Result<Call>;

    /// What a success brought.
    ///
    /// # Errors
    /// [`Protocol`](crate::ErrorKind::Protocol) if something required is missing; the outcome is unknown then.
    fn value(&self, _before: &Value, _reply: &Reply) -> Result<EffectValue> {
        Ok(EffectValue::None)
    }

    /// Looks once whether the effect shows. Reads only.
    ///
    /// # Errors
    /// If the state cannot be read.
    async fn look(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
        Ok(Finding::Unknowable)
    }

    /// What a definite refusal says after an earlier attempt with an unknown outcome.
    fn after_refusal(&self, _intent: &Intent, _refusal: &Error) -> AfterRefusal {
        AfterRefusal::Ask
    }

    /// Whether this effect, left open where the vendor's state does not say what became of it, bars the app's next one.
    /// It does not where a repeat is harmless whatever became of it: then the next effect closes it as unknown.
    fn bars_the_next(&self) -> bool {
        self.class() != EffectClass::Set
    }

    /// Whether this command, given now, asks for the same as `intent`, which has the same arguments and was found done.
    /// Arguments such as "what is approved" or "the version before" mean another target as time goes by: such a plan
    /// compares the target that was read before the effect with the present one. Reads only.
    ///
    /// # Errors
    /// If the state cannot be read; the intent stays open then.
    async fn repeats(&self, _op: &mut Op<'_>, _intent: &Intent) -> Result<Repeat> {
        Ok(Repeat::Same)
    }
}

/// What a look at the vendor's state shows of an effect.
#[derive(Debug)]
pub enum Finding {
    /// It took place, and brought this.
    Done(EffectValue),
    /// It does not show.
    Absent,
    /// Something is on its way that may be it.
    Pending,
    /// The state is neither that before nor that after: somebody else, or the vendor, was there first. An error of
    /// outcome [`Unknown`](Outcome::Unknown) says that the effect may have taken place in between; otherwise it did
    /// not.
    Conflict(Error),
    /// The vendor answered, but the field that decides is absent, null or blank. That proves neither the state before
    /// the effect nor the state after it, so nothing is sent on it.
    Untold(&'static str),
    /// No query tells.
    Unknowable,
}

/// Whether a command asks for what an earlier effect with the same arguments has brought about.
#[derive(Debug)]
pub enum Repeat {
    /// It does: the result of the earlier effect is its result.
    Same,
    /// Its target is another one by now: it is a new effect.
    New,
    /// The vendor's state does not say; in words, which field or state leaves it open.
    Indeterminate(String),
}

/// What a definite refusal says after an earlier attempt with an unknown outcome.
#[derive(Debug)]
pub enum AfterRefusal {
    /// "Done already": the earlier attempt did it.
    Done(EffectValue),
    /// "Done already", which counts where a look at the state does not say otherwise.
    DoneUnlessShown(EffectValue),
    /// Look once more before believing it.
    Ask,
    /// What it says: nothing was done.
    Refused,
}

/// Where the plans come from: a vendor's app.
pub trait EffectSource: Send + Sync {
    /// The plan of a command.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// found without a request.
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>>;
}

impl Pipeline {
    /// Carries out an effect on an app: at most once, and with a known outcome wherever the vendor can be asked.
    ///
    /// An effect that an earlier call left open is settled first. Where it is this very command, its result is this
    /// call's result and nothing is sent; otherwise the result or the error tells what became of it.
    ///
    /// # Errors
    /// With outcome `not_sent` or `not_done` nothing happened. With `unknown` the vendor could not be asked, and the
    /// error holds the intent; the next effect on this app, or [`settle`](Self::settle), will ask first.
    pub async fn effect(
        &self,
        app: &AppId,
        source: &dyn EffectSource,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        let plan = source.effect_plan(&command)?;
        let mut gate = self.0.gates.pass(app, self.clock().now()).await;
        let mut op = Op::begin(self, app, command.operation().as_str());
        let Some((earlier, repeat)) =
            self.settle_earlier(&mut gate, &mut op, source, &command, &*plan).await?
        else {
            return self.perform(&mut gate, &mut op, &*plan, command).await;
        };
        match repeat {
            Repeat::Same => {
                let EarlierEffect { intent, settled } = earlier;
                Ok(Effect::new(settled.value, settled.evidence, intent.attempt))
            }
            Repeat::New => match self.perform(&mut gate, &mut op, &*plan, command).await {
                Ok(effect) => Ok(effect.with_earlier(earlier)),
                Err(error) => Err(error.with_earlier(earlier)),
            },
            Repeat::Indeterminate(why) => Err(Error::new(ErrorKind::Conflict, op.operation())
                .for_vendor(self.vendor())
                .with_detail(format!("an earlier call with the same arguments took effect, and whether this one repeats it is indeterminate: {why}"))
                .with_translated_advice(INDETERMINATE_REPEAT)
                .with_earlier(earlier)),
        }
    }

    /// Sends an effect and settles it. The gate holds no open effect.
    async fn perform(
        &self,
        gate: &mut Gate,
        op: &mut Op<'_>,
        plan: &dyn EffectPlan,
        command: Command,
    ) -> Result<Effect<EffectValue>> {
        let operation = op.operation();
        let app = op.app;
        let quiet = gate.quiet_until().map(|until| until.since(op.now())).unwrap_or_default();
        if !quiet.is_zero() {
            op.extend(quiet);
            op.pause(quiet).await;
        }
        let before = plan.before(op).await.map_err(|error| {
            // Whatever a read before the effect brought: the effect itself was not sent.
            error.with_operation(operation).with_outcome(Outcome::NotSent)
        })?;
        let mut intent = Intent::new(self.vendor(), app.clone(), command, before, op.now());
        let mut withdrawal = None;
        // What is known of all attempts so far together.
        let mut so_far = Outcome::NotSent;
        let mut unknown_before = false;
        let limit = match plan.class() {
            EffectClass::OneShot => self.0.max_attempts.min(2),
            EffectClass::Set | EffectClass::Guarded => self.0.max_attempts,
        };
        loop {
            let call = plan.request(&intent.before).map_err(|error| error.with_outcome(so_far))?;
            intent.started_at = op.now();
            // The gate first: whoever drops this while the journal writes leaves both open, and both are settled.
            gate.open(&intent);
            if let Err(error) = self.0.journal.open(&intent).await {
                match so_far {
                    Outcome::Unknown => {}
                    Outcome::NotSent => gate.close(&intent),
                    _ => self.close(gate, &intent, &Settled::not_done(Evidence::Asked)).await,
                }
                let error = error.with_operation(operation).with_outcome(so_far).with_attempts(op.sent);
                return Err(match so_far {
                    Outcome::Unknown => error.with_intent(intent),
                    _ => error,
                });
            }
            let mut sent = op.sent;
            let attempted = op.attempt(&call, &mut sent).await;
            op.sent = sent;
            let answered = attempted.and_then(|reply| {
                let value = plan.value(&intent.before, &reply)?;
                Ok((value, reply.request_id))
            });
            let ended_at = op.now();
            let error = match answered {
                Ok((value, request_id)) => {
                    self.0.budget.succeeded(withdrawal);
                    self.close(gate, &intent, &Settled::done(value.clone(), Evidence::Answered)).await;
                    return Ok(Effect::new(value, Evidence::Answered, op.sent).with_request_id(request_id));
                }
                Err(error) => error.with_operation(operation).with_attempts(op.sent),
            };
            let done = |value: EffectValue, evidence: Evidence, op: &Op<'_>, error: &Error| {
                Effect::new(value, evidence, op.sent).with_request_id(error.request_id().map(str::to_owned))
            };
            let settled = if error.outcome() == Outcome::Unknown {
                unknown_before = true;
                let settling = Settling { plan, intent: &intent, ended_at };
                settling.wait_and_look(op).await
            } else if unknown_before && error.outcome() == Outcome::NotDone {
                let settling = Settling { plan, intent: &intent, ended_at };
                match plan.after_refusal(&intent, &error) {
                    AfterRefusal::Done(value) => Answer::Done(value, Evidence::Inferred),
                    AfterRefusal::DoneUnlessShown(value) => match settling.look_once(op).await {
                        Answer::Failed { .. } | Answer::Unknowable => Answer::Done(value, Evidence::Inferred),
                        shown => shown,
                    },
                    AfterRefusal::Refused => Answer::NotDone,
                    AfterRefusal::Ask => settling.look_once(op).await,
                }
            } else if so_far == Outcome::Unknown {
                // This attempt did nothing, which says nothing of the one before.
                Answer::Unknowable
            } else {
                Answer::NotDone
            };
            let (error, may_send_again) = match settled {
                Answer::Done(value, evidence) => {
                    self.quiet_after(gate, plan, ended_at);
                    self.close(gate, &intent, &Settled::done(value.clone(), evidence)).await;
                    return Ok(done(value, evidence, op, &error));
                }
                Answer::NotDone => {
                    let settled_now = error.outcome() == Outcome::Unknown;
                    let again = settled_now || error.retry() == Retry::Backoff;
                    let outcome = match error.outcome() {
                        Outcome::Unknown => Outcome::NotDone,
                        Outcome::NotSent => so_far,
                        known => known,
                    };
                    (error.with_outcome(outcome), again)
                }
                Answer::Conflict(conflict) => {
                    let settled = conflicting(&conflict);
                    let conflict = conflict
                        .with_operation(operation)
                        .with_outcome(settled.outcome)
                        .with_attempts(op.sent);
                    if settled.outcome == Outcome::Unknown {
                        return Err(conflict.with_intent(intent));
                    }
                    self.close(gate, &intent, &settled).await;
                    return Err(conflict);
                }
                Answer::Unknowable => {
                    let refused = error.outcome() == Outcome::NotDone;
                    let again =
                        plan.class() != EffectClass::OneShot && (!refused || error.retry() == Retry::Backoff);
                    (error.with_outcome(Outcome::Unknown), again)
                }
                // The journal and the gate keep the intent: it has to be settled before anything else is sent.
                Answer::Failed { untold } => {
                    let error = match untold {
                        Some(field) if error.detail().is_none() => error.with_detail(untold_detail(field)),
                        _ => error,
                    };
                    return Err(error.with_outcome(Outcome::Unknown).with_intent(intent));
                }
            };
            let attempts_left = may_send_again && intent.attempt < limit;
            let Some((pause, taken)) =
                attempts_left.then(|| op.may_repeat(intent.attempt, &call, &error)).flatten()
            else {
                if error.outcome() == Outcome::Unknown {
                    return Err(error.with_intent(intent));
                }
                self.close(gate, &intent, &Settled::not_done(Evidence::Asked)).await;
                return Err(error);
            };
            tracing::debug!(vendor = %self.vendor(), %app, operation, attempt = intent.attempt, %error, "nothing happened: sending again");
            op.pause(pause).await;
            withdrawal = Some(taken);
            so_far = error.outcome();
            intent.attempt += 1;
        }
    }

    /// A state that shows may have been there before: the request that was to set it can land still, and must not
    /// overtake the next one.
    pub(super) fn quiet_after(&self, gate: &mut Gate, plan: &dyn EffectPlan, ended_at: Timestamp) {
        if plan.class() == EffectClass::Set {
            gate.keep_quiet(ended_at.after(self.0.settle_time));
        }
    }

    pub(super) async fn close(&self, gate: &mut Gate, intent: &Intent, settled: &Settled) {
        // The gate last: whoever drops this while the journal writes leaves the intent to be settled again.
        if let Err(error) = self.0.journal.close(intent, settled).await {
            tracing::error!(vendor = %self.vendor(), app = %intent.app, operation = %intent.operation, %error, "the outcome could not be written down; it will be settled again");
        }
        gate.close(intent);
    }
}

/// What a conflict says of the effect.
pub(super) fn conflicting(conflict: &Error) -> Settled {
    match conflict.outcome() {
        Outcome::Unknown => Settled::unknown(),
        _ => Settled::not_done(Evidence::Asked),
    }
}

pub(super) fn untold_detail(field: &str) -> String {
    format!("the state afterwards does not tell `{field}`, so what became of it is unknown")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use futures::FutureExt;

    use super::*;
    use crate::ClientConfig;
    use crate::clock::{Busy, Clock, VirtualClock, Wait};
    use crate::codes::CodeRow;
    use crate::error::ErrorKind;
    use crate::intent::{Journal, NoJournal};
    use crate::pipeline::{Dialect, VendorRefusal, Verdict};
    use crate::status::VisitStatus;
    use crate::token::{AccessToken, StaticToken, TokenProvider, TokenScope};
    use crate::transport::{Request, Response, Transport, TransportError};
    use crate::vendor::Vendor;

    const ACME: Vendor = Vendor::new("acme");
    const SETTLE: Duration = Duration::from_secs(6);

    /// What happens to one request.
    #[derive(Debug, Clone, Copy)]
    enum Answer {
        Done,
        /// Refused with 1, a code that is listed.
        Refused,
        /// The connection breaks.
        Lost,
        /// The connection cannot be opened.
        Unreachable,
        /// 429, to be repeated in a day.
        Tomorrow,
    }

    /// A vendor that answers by script; the last answer stays.
    #[derive(Debug, Clone, Default)]
    struct Acme(Arc<Mutex<Script>>);

    #[derive(Debug, Default)]
    struct Script {
        effects: VecDeque<Answer>,
        reads: VecDeque<Answer>,
        looks: VecDeque<&'static str>,
        sent: u32,
        looked: u32,
        sets_a_state: bool,
    }

    fn next<T: Copy>(script: &mut VecDeque<T>) -> Option<T> {
        if script.len() > 1 { script.pop_front() } else { script.front().copied() }
    }

    impl Acme {
        fn new(effects: &[Answer], looks: &[&'static str]) -> Self {
            let script = Script {
                effects: effects.iter().copied().collect(),
                looks: looks.iter().copied().collect(),
                ..Script::default()
            };
            Self(Arc::new(Mutex::new(script)))
        }

        fn counts(&self) -> (u32, u32) {
            let script = self.0.lock().unwrap();
            (script.sent, script.looked)
        }

        fn config(&self, clock: impl Clock) -> ClientConfig {
            let token = StaticToken::new(ACME, "1", AccessToken::new("t").unwrap());
            ClientConfig::new("platform", Arc::new(token))
                .with_transport(Arc::new(self.clone()))
                .with_clock(Arc::new(clock))
                .with_settle_time(SETTLE)
                .with_seed(1)
        }

        fn pipeline(&self) -> Pipeline {
            Pipeline::new(self.config(clock()), Plain).unwrap()
        }
    }

    fn clock() -> VirtualClock {
        VirtualClock::new(Timestamp::from_unix(1000))
    }

    #[async_trait]
    impl Transport for Acme {
        async fn send(&self, request: Request) -> Result<Response, TransportError> {
            let mut script = self.0.lock().unwrap();
            let answer = if request.path == "/read" {
                next(&mut script.reads)
            } else {
                script.sent += 1;
                next(&mut script.effects)
            };
            let mut headers = http::HeaderMap::new();
            match answer.unwrap() {
                Answer::Done => Ok(Response::new(200, headers, "0")),
                Answer::Refused => Ok(Response::new(200, headers, "1")),
                Answer::Lost => Err(TransportError::Cut("lost".into())),
                Answer::Unreachable => Err(TransportError::Connect("unreachable".into())),
                Answer::Tomorrow => {
                    headers.insert("retry-after", http::HeaderValue::from_static("86400"));
                    Ok(Response::new(429, headers, "busy"))
                }
            }
        }
    }

    /// Answers are numbers, 0 is a success.
    #[derive(Debug)]
    struct Plain;

    static REFUSED: CodeRow = CodeRow::new(1, ErrorKind::Conflict, "refused");

    impl Dialect for Plain {
        fn vendor(&self) -> Vendor {
            ACME
        }

        fn base_url(&self) -> &'static str {
            "https://acme.example"
        }

        fn settle_time(&self) -> Duration {
            SETTLE
        }

        fn read(&self, call: &Call, response: &Response) -> Verdict {
            match &*response.body {
                b"0" => {
                    Verdict::Success(Reply::new(call.operation.clone(), Value::Null, response.body.clone()))
                }
                b"1" => Verdict::Refused(VendorRefusal::new(1.into(), "no".to_owned(), Some(&REFUSED))),
                _ => Verdict::NotUnderstood("no number".to_owned()),
            }
        }
    }

    impl EffectSource for Acme {
        fn effect_plan(&self, _command: &Command) -> Result<Box<dyn EffectPlan>> {
            Ok(Box::new(self.clone()))
        }
    }

    #[async_trait]
    impl EffectPlan for Acme {
        fn class(&self) -> EffectClass {
            if self.0.lock().unwrap().sets_a_state { EffectClass::Set } else { EffectClass::Guarded }
        }

        fn request(&self, _before: &Value) -> Result<Call> {
            Ok(Call::get("effect", "/effect"))
        }

        async fn look(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Finding> {
            let found = {
                let mut script = self.0.lock().unwrap();
                script.looked += 1;
                next(&mut script.looks)
            };
            Ok(match found.unwrap() {
                "done" => Finding::Done(EffectValue::None),
                "absent" => Finding::Absent,
                "pending" => Finding::Pending,
                "unknowable" => Finding::Unknowable,
                _ => {
                    op.read(&Call::get("read", "/read")).await?;
                    Finding::Absent
                }
            })
        }
    }

    async fn run(pipeline: &Pipeline, acme: &Acme) -> Result<Effect<EffectValue>> {
        let command = Command::SetVisitStatus { status: VisitStatus::Open };
        pipeline.effect(&AppId::from("1"), acme, command).await
    }

    async fn outcome(pipeline: &Pipeline, acme: &Acme) -> Outcome {
        match run(pipeline, acme).await {
            Ok(_) => Outcome::Done,
            Err(error) => error.outcome(),
        }
    }

    #[tokio::test]
    async fn what_nobody_can_tell_stays_unknown_whatever_the_repeat_brings() {
        for repeat in [Answer::Refused, Answer::Unreachable, Answer::Tomorrow, Answer::Lost] {
            let acme = Acme::new(&[Answer::Lost, repeat], &["unknowable"]);
            assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown, "{repeat:?}");
        }
        let acme = Acme::new(&[Answer::Lost, Answer::Done], &["unknowable"]);
        assert_eq!(run(&acme.pipeline(), &acme).await.unwrap().attempts, 2);
        let acme = Acme::new(&[Answer::Lost, Answer::Refused, Answer::Done], &["unknowable"]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown);
        assert_eq!(acme.counts().0, 2, "a refusal is not sent again");
    }

    #[tokio::test]
    async fn a_late_request_cannot_overtake_the_next_effect() {
        for (sets_a_state, waited) in [(true, SETTLE), (false, Duration::ZERO)] {
            let acme = Acme::new(&[Answer::Lost, Answer::Done], &["done"]);
            acme.0.lock().unwrap().sets_a_state = sets_a_state;
            let pipeline = acme.pipeline();
            let asked = run(&pipeline, &acme).await.unwrap();
            assert_eq!(
                (asked.evidence, pipeline.clock().now()),
                (Evidence::Asked, Timestamp::from_unix(1000))
            );
            // The state may have been that before: the lost request lands within the settle time, or never.
            run(&pipeline, &acme).await.unwrap();
            assert_eq!(pipeline.clock().now(), Timestamp::from_unix(1000).after(waited), "{sets_a_state}");
        }
    }

    #[tokio::test]
    async fn a_repeat_that_cannot_be_sent_does_not_unsend_the_first() {
        let acme = Acme::new(&[Answer::Lost, Answer::Unreachable], &["absent"]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::NotDone);
        let acme = Acme::new(&[Answer::Unreachable], &["absent"]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::NotSent);
        assert_eq!(acme.counts().1, 0, "there is nothing to ask about");
    }

    #[tokio::test]
    async fn a_refusal_after_which_something_is_on_its_way_is_waited_for() {
        let acme = Acme::new(
            &[Answer::Lost, Answer::Refused],
            &["absent", "absent", "absent", "absent", "pending", "pending", "done"],
        );
        let pipeline = acme.pipeline();
        let effect = run(&pipeline, &acme).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Asked, 2));
        let acme =
            Acme::new(&[Answer::Lost, Answer::Refused], &["absent", "absent", "absent", "absent", "pending"]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown);
    }

    #[tokio::test]
    async fn three_reads_settle_without_a_settle_time() {
        let acme = Acme::new(&[Answer::Lost], &["absent"]);
        let config = acme.config(clock()).with_settle_time(Duration::ZERO).with_max_attempts(0);
        assert_eq!(outcome(&Pipeline::new(config, Plain).unwrap(), &acme).await, Outcome::NotDone);
        assert_eq!(acme.counts(), (1, 3));
    }

    #[tokio::test]
    async fn the_longest_durations_do_not_overflow() {
        let acme = Acme::new(&[Answer::Unreachable, Answer::Done], &["absent"]);
        for config in [
            acme.config(clock()).with_timeout(Duration::MAX),
            acme.config(clock()).with_deadline(Duration::MAX),
            acme.config(clock()).with_settle_time(Duration::MAX).with_timeout(Duration::MAX),
        ] {
            let pipeline = Pipeline::new(config, Plain).unwrap();
            let app = AppId::from("1");
            let mut op = pipeline.begin(&app, "read");
            op.extend(Duration::MAX);
            op.extend(Duration::from_secs(300));
            assert!(
                op.may_repeat(1, &Call::get("read", "/read"), &Error::new(ErrorKind::Timeout, "read"))
                    .is_some()
            );
        }
    }

    #[tokio::test]
    async fn a_read_that_shall_wait_until_tomorrow_does_not_hold_the_gate_until_then() {
        let acme = Acme::new(&[Answer::Lost], &["read"]);
        acme.0.lock().unwrap().reads.push_back(Answer::Tomorrow);
        let clock = clock();
        let pipeline = Pipeline::new(acme.config(clock.clone()), Plain).unwrap();
        assert_eq!(outcome(&pipeline, &acme).await, Outcome::Unknown);
        assert!(clock.now() < Timestamp::from_unix(1000).after(SETTLE * 8), "{}", clock.now());
    }

    /// Shows an hour less from the first pause on.
    #[derive(Debug)]
    struct SetBack(VirtualClock, Mutex<Duration>);

    impl Clock for SetBack {
        fn now(&self) -> Timestamp {
            let back = self.1.lock().unwrap().as_millis();
            Timestamp::from_unix_millis(self.0.now().as_unix_millis() - i64::try_from(back).unwrap())
        }

        fn sleep(&self, duration: Duration) -> Wait {
            *self.1.lock().unwrap() = Duration::from_secs(3600);
            self.0.sleep(duration)
        }

        fn deadline(&self, duration: Duration) -> Wait {
            self.0.deadline(duration)
        }

        fn enter(&self) -> Busy {
            self.0.enter()
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_does_not_prolong_the_settling() {
        let acme = Acme::new(&[Answer::Lost], &["absent"]);
        let clock = clock();
        let config = acme.config(SetBack(clock.clone(), Mutex::default())).with_max_attempts(1);
        assert_eq!(outcome(&Pipeline::new(config, Plain).unwrap(), &acme).await, Outcome::NotDone);
        assert!(clock.now() < Timestamp::from_unix(1000).after(SETTLE * 2), "{}", clock.now());
    }

    /// Cannot fetch a token, and says so as an unknown outcome of its own call.
    #[derive(Debug)]
    struct NoTokens;

    #[async_trait]
    impl TokenProvider for NoTokens {
        async fn token(&self, _scope: &TokenScope) -> Result<AccessToken> {
            Err(Error::new(ErrorKind::Timeout, "token").with_outcome(Outcome::Unknown).with_retry(Retry::No))
        }

        async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn without_a_token_nothing_was_sent() {
        let acme = Acme::new(&[Answer::Done], &["absent"]);
        let mut config = acme.config(clock());
        config.tokens = Arc::new(NoTokens);
        assert_eq!(outcome(&Pipeline::new(config, Plain).unwrap(), &acme).await, Outcome::NotSent);
        assert_eq!(acme.counts(), (0, 0));
    }

    /// A journal whose writes hang or fail.
    #[derive(Debug, Default)]
    struct Torn {
        hang_at_open: Mutex<u32>,
        fail_at_open: Mutex<u32>,
        hang_at_close: Mutex<u32>,
        closed: Mutex<Vec<Outcome>>,
    }

    fn strikes(left: &Mutex<u32>) -> bool {
        let mut left = left.lock().unwrap();
        *left = left.saturating_sub(1);
        *left == 0 && std::mem::replace(&mut *left, 1000) == 0
    }

    #[async_trait]
    impl Journal for Torn {
        async fn open(&self, _intent: &Intent) -> Result<()> {
            if strikes(&self.hang_at_open) {
                std::future::pending::<()>().await;
            }
            if strikes(&self.fail_at_open) {
                return Err(Error::new(ErrorKind::Store, "journal").with_outcome(Outcome::Unknown));
            }
            Ok(())
        }

        async fn close(&self, _intent: &Intent, settled: &Settled) -> Result<()> {
            if strikes(&self.hang_at_close) {
                std::future::pending::<()>().await;
            }
            self.closed.lock().unwrap().push(settled.outcome);
            Ok(())
        }

        async fn pending(&self, _vendor: Vendor, _app: &AppId) -> Result<Option<Intent>> {
            Ok(None)
        }
    }

    fn torn(hang_at_open: u32, fail_at_open: u32, hang_at_close: u32) -> Arc<Torn> {
        Arc::new(Torn {
            hang_at_open: hang_at_open.into(),
            fail_at_open: fail_at_open.into(),
            hang_at_close: hang_at_close.into(),
            closed: Mutex::default(),
        })
    }

    #[tokio::test]
    async fn whoever_is_dropped_while_the_journal_writes_is_settled_by_the_next() {
        const NEVER: u32 = 1000;
        // At the first opening nothing was sent; at the first closing the effect was done.
        for (journal, looks, told) in [
            (torn(1, NEVER, NEVER), "absent", &[Outcome::NotDone, Outcome::Done][..]),
            // The same call again: its result is that of the first.
            (torn(NEVER, NEVER, 1), "done", &[Outcome::Done]),
        ] {
            let acme = Acme::new(&[Answer::Done], &[looks]);
            let config = acme.config(clock()).with_journal(Arc::<Torn>::clone(&journal));
            let pipeline = Pipeline::new(config, Plain).unwrap();
            assert!(run(&pipeline, &acme).now_or_never().is_none(), "the journal hangs");
            assert!(run(&pipeline, &acme).await.is_ok());
            assert_eq!(*journal.closed.lock().unwrap(), told);
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_that_the_journal_does_not_hold() {
        const NEVER: u32 = 1000;
        for (fail_at, effects, looks, told, sent) in [
            (1, Answer::Done, "absent", Outcome::NotSent, 0),
            (2, Answer::Lost, "absent", Outcome::NotDone, 1),
            (2, Answer::Lost, "unknowable", Outcome::Unknown, 1),
        ] {
            let acme = Acme::new(&[effects], &[looks]);
            let config = acme.config(clock()).with_journal(torn(NEVER, fail_at, NEVER));
            let pipeline = Pipeline::new(config, Plain).unwrap();
            let error = run(&pipeline, &acme).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome(), acme.counts().0), (ErrorKind::Store, told, sent));
        }
    }

    #[tokio::test]
    async fn settling_an_old_intent_leaves_the_open_one_open() {
        let acme = Acme::new(&[Answer::Lost], &["pending"]);
        let config = acme.config(clock()).with_journal(Arc::new(NoJournal));
        let pipeline = Pipeline::new(config, Plain).unwrap();
        assert_eq!(outcome(&pipeline, &acme).await, Outcome::Unknown);
        let app = AppId::from("1");
        let command = Command::SetVisitStatus { status: VisitStatus::Closed };
        let old = Intent::new(ACME, app.clone(), command, Value::Null, Timestamp::from_unix(10));
        acme.0.lock().unwrap().looks = ["done", "pending"].into();
        assert_eq!(pipeline.settle(&app, &acme, &old).await.unwrap().outcome, Outcome::Done);
        assert_eq!(outcome(&pipeline, &acme).await, Outcome::NotSent);
        assert_eq!(acme.counts().0, 1, "the effect with the unknown outcome is still in the way");
    }
}
