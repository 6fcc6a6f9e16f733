//! Tests of the machine: rules as tables of single steps, and generated sequences of inputs.

mod generated;
mod rules;
mod vendor;
mod walk;

use std::time::Duration;

use miniprogram_core::model::{UploadProgress, UploadReceipt};
use miniprogram_core::{
    Audit, AuditStatus, Effect, EffectValue, Error, ErrorKind, Evidence, GrayStatus, Operation, Outcome,
    Stage, Timestamp, Vendor,
};

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn target() -> Target {
    Target::new(Vendor::new("acme"), "app1", "7", "2.0", "opening hours")
}

fn begin() -> Input {
    Input::Begin(Box::new(Started::new("ann", &target())))
}

fn order(order: Order) -> Input {
    Input::Ordered(Box::new(Ordered::new("ann", order)))
}

fn retry() -> Input {
    order(Order::Retry(Corrected::default()))
}

fn seen(stage: Stage, version: &str) -> Seen {
    Seen {
        stage,
        version: Some(version.to_owned()),
        package_id: None,
        audit_id: Some(format!("a{version}").into()),
    }
}

fn survey(versions: &[Seen]) -> Survey {
    Survey { versions: versions.to_vec(), gray: None }
}

fn online(version: &str) -> Survey {
    survey(&[seen(Stage::Released, version)])
}

fn gray(status: GrayStatus, percentage: u8) -> Option<Gray> {
    Some(Gray { status, percentage: Some(percentage) })
}

fn answer(answer: Answer) -> Input {
    Input::Answered(Box::new(answer))
}

fn surveyed(survey: Survey) -> Input {
    answer(Answer::Survey(survey))
}

fn audit(status: AuditStatus) -> Input {
    answer(Answer::Audit(Audit::new(Some("a2.0".into()), status, None)))
}

fn ready() -> Input {
    answer(Answer::Upload(UploadProgress::ready(None)))
}

fn all_offered() -> Offers {
    Offers { expedite: true, gray: Shares::Any }
}

fn clear() -> Input {
    answer(Answer::Preflight(online("1.0"), all_offered()))
}

fn value(operation: Operation) -> EffectValue {
    match operation {
        Operation::UploadCode => EffectValue::Upload(UploadReceipt::new("2.0", "opening hours")),
        Operation::SubmitAudit => EffectValue::Audit("a2.0".into()),
        _ => EffectValue::None,
    }
}

fn done(operation: Operation) -> Input {
    let effect = Effect::new(value(operation), Evidence::Answered, 1);
    Input::Performed(Box::new(Performed::new(operation, Ok(effect))))
}

fn error(kind: ErrorKind, outcome: Outcome) -> Error {
    Error::new(kind, "call").with_outcome(outcome)
}

fn failed(operation: Operation, kind: ErrorKind, outcome: Outcome) -> Input {
    Input::Performed(Box::new(Performed::new(operation, Err(error(kind, outcome)))))
}

fn unanswered(kind: ErrorKind) -> Input {
    answer(Answer::failed(&error(kind, Outcome::NotDone)))
}

fn gated(health: Health) -> Input {
    Input::Gated(Gated::new(health, None))
}

fn push(id: i64) -> Input {
    Input::Woken(Box::new(Wake::new(Source::Push(id), miniprogram_core::EventKind::AuditApproved, None)))
}

/// A state and its ledger, with a clock that a test turns.
#[derive(Debug, Clone)]
struct App {
    target: Target,
    policy: Policy,
    state: AppState,
    now: Timestamp,
    entries: Vec<Entry>,
}

impl App {
    fn new(policy: Policy) -> Self {
        let (state, now) = (AppState::new(), Timestamp::from_unix(1_800_000_000));
        Self { target: target(), policy, state, now, entries: Vec::new() }
    }

    fn tell(&mut self, input: Input) -> Step {
        let step = step(&self.state, input, self.now, &self.target, &self.policy);
        self.state = step.state.clone();
        self.entries.push(step.entry.clone());
        step
    }

    /// Tells it all, and turns the clock to the due time wherever a wait comes first.
    fn tell_all(&mut self, inputs: impl IntoIterator<Item = Input>) -> &mut Self {
        for input in inputs {
            let is_result = matches!(input, Input::Answered(_) | Input::Performed(_) | Input::Gated(_));
            if is_result && !self.state.busy {
                self.turn();
            }
            let step = self.tell(input);
            assert_eq!(step.ignored(), None, "{:?}", step.entry);
        }
        self
    }

    /// Turns the clock to the due time.
    fn turn(&mut self) -> Step {
        self.now = self.state.due_at.unwrap_or_else(|| panic!("nothing is due: {:?}", self.state));
        self.tell(Input::Due)
    }

    fn action(&self) -> Option<Action> {
        self.state.action(&self.target, &self.policy)
    }

    fn operation(&self) -> Option<Operation> {
        match self.action() {
            Some(Action::Effect(command)) => Some(command.operation()),
            _ => None,
        }
    }

    fn phase(&self) -> Phase {
        self.state.phase
    }

    fn cause(&self) -> &Cause {
        self.state.cause().unwrap_or_else(|| panic!("no cause: {:?}", self.state))
    }
}

/// The way to a phase, everything going well.
fn until_review() -> Vec<Input> {
    vec![begin(), clear(), done(Operation::UploadCode), ready(), done(Operation::SubmitAudit)]
}

fn in_review(policy: Policy) -> App {
    let mut app = App::new(policy);
    app.tell_all(until_review());
    app
}

fn approved(policy: Policy) -> App {
    let mut app = in_review(policy);
    app.tell_all([audit(AuditStatus::Approved)]);
    app
}

fn released(policy: Policy) -> App {
    let mut app = approved(policy);
    app.tell_all([done(Operation::Release), surveyed(online("2.0"))]);
    app
}
