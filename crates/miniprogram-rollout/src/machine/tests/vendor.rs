//! Whole rollouts against a model of a vendor that loses requests, results and pushes. Judged by the model's truth.

use miniprogram_core::{Command, GrayRelease};
use proptest::prelude::*;

use super::*;

#[derive(Debug, Default)]
struct Truth {
    uploads: u32,
    submissions: u32,
    releases: u32,
    rollbacks: u32,
    cancelled: u32,
}

/// A number of which no rule below makes a fault.
const NO_FAULT: u8 = 251;

/// One app at the vendor, and the journal of its one open effect.
#[derive(Debug)]
struct Model {
    online: &'static str,
    uploaded: bool,
    audit: Option<AuditStatus>,
    gray: Option<u8>,
    truth: Truth,
    /// The effect that has not been settled, and whether it took place.
    open: Option<(Operation, bool)>,
    /// What goes wrong, one number for each call; afterwards nothing does.
    faults: std::vec::IntoIter<u8>,
}

impl Model {
    fn fault(&mut self, sides: u8) -> u8 {
        self.faults.next().unwrap_or(NO_FAULT) % sides
    }

    /// What the pipeline promises: a repeated call settles the open effect first, and one that took place is not
    /// repeated.
    fn perform(&mut self, command: &Command) -> Input {
        let operation = command.operation();
        if let Some((open, true)) = self.open.take()
            && open == operation
        {
            return done(operation);
        }
        let fault = self.fault(12);
        match fault {
            0 => return failed(operation, ErrorKind::Unavailable, Outcome::NotDone),
            1 => return failed(operation, ErrorKind::RateLimited, Outcome::NotDone),
            2 => {
                self.open = Some((operation, false));
                return failed(operation, ErrorKind::Timeout, Outcome::Unknown);
            }
            _ => {}
        }
        if !self.take_effect(command) {
            return failed(operation, ErrorKind::Conflict, Outcome::NotDone);
        }
        match fault {
            3 => {
                self.open = Some((operation, true));
                failed(operation, ErrorKind::Timeout, Outcome::Unknown)
            }
            4 => failed(operation, ErrorKind::Protocol, Outcome::Done),
            // The process was killed after the journal had closed the effect, and before the result was stored. (An
            // upload would be repeated: only a driver that stores the result together with the closing avoids that.)
            5 if operation != Operation::UploadCode => self.perform(command),
            _ => done(operation),
        }
    }

    fn take_effect(&mut self, command: &Command) -> bool {
        match command {
            Command::UploadCode { .. } => {
                self.uploaded = true;
                self.truth.uploads += 1;
            }
            Command::SubmitAudit { .. } if self.uploaded && self.audit.is_none() => {
                self.audit = Some(AuditStatus::InReview);
                self.truth.submissions += 1;
            }
            Command::WithdrawAudit { .. } if self.audit == Some(AuditStatus::InReview) => self.audit = None,
            Command::StartGrayRelease { gray: GrayRelease { percentage, .. } }
                if self.audit == Some(AuditStatus::Approved) && self.gray < Some(*percentage) =>
            {
                self.gray = Some(*percentage);
            }
            Command::CancelGrayRelease if self.gray.is_some() => {
                self.gray = None;
                self.truth.cancelled += 1;
            }
            Command::Release { .. } if self.audit == Some(AuditStatus::Approved) && self.online != "2.0" => {
                (self.online, self.gray) = ("2.0", None);
                self.truth.releases += 1;
            }
            Command::Rollback { .. } if self.online == "2.0" => {
                self.online = "1.0";
                self.truth.rollbacks += 1;
            }
            _ => return false,
        }
        true
    }

    fn read(&mut self, read: &Read) -> Input {
        match self.fault(8) {
            0 => return unanswered(ErrorKind::Timeout),
            1 => return unanswered(ErrorKind::RateLimited),
            _ => {}
        }
        match read {
            Read::Preflight => answer(Answer::Preflight(self.survey(), all_offered())),
            Read::Survey { .. } => {
                let running = self.gray.and_then(|percentage| gray(GrayStatus::Running, percentage));
                surveyed(Survey { gray: running, ..self.survey() })
            }
            Read::Upload(_) if self.fault(2) == 0 => answer(Answer::Upload(UploadProgress::Processing)),
            Read::Upload(_) => ready(),
            Read::Audit(_) => {
                if self.audit == Some(AuditStatus::InReview) && self.fault(3) > 0 {
                    self.audit = Some(AuditStatus::Approved);
                }
                audit(self.audit.unwrap_or(AuditStatus::Withdrawn))
            }
        }
    }

    fn survey(&self) -> Survey {
        let stage = match self.audit {
            Some(AuditStatus::InReview) => Some(Stage::InReview),
            Some(_) if self.online != "2.0" => Some(Stage::Approved),
            _ => None,
        };
        let ours = stage.map(|stage| seen(stage, "2.0"));
        survey(&[Some(seen(Stage::Released, self.online)), ours].into_iter().flatten().collect::<Vec<_>>())
    }
}

/// Drives until the end, and gives an order before the step of this number.
fn drive(app: &mut App, model: &mut Model, mut ordered: Option<(usize, Order)>) {
    for number in 0..2000 {
        if ordered.as_ref().is_some_and(|(at, _)| *at == number)
            && let Some((_, given)) = ordered.take()
        {
            walk::checked(app, order(given));
        }
        if app.state.is_ended() && ordered.is_none() {
            return;
        }
        let input = match app.action() {
            None if app.phase() == Phase::Waiting => begin(),
            None if app.state.is_ended() => continue,
            None if model.fault(6) == 0 => push(1),
            None => Input::Due,
            Some(Action::Read(read)) => model.read(&read),
            Some(Action::Effect(command)) => model.perform(&command),
            Some(Action::Gate { .. }) => gated(Health::Pass),
        };
        walk::checked(app, input);
    }
    panic!("no end: {:#?}", app.state);
}

fn model(faults: Vec<u8>) -> Model {
    let (truth, faults) = (Truth::default(), faults.into_iter());
    Model { online: "1.0", uploaded: false, audit: None, gray: None, truth, open: None, faults }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_app_is_released_once_whatever_the_vendor_loses(faults in prop::collection::vec(any::<u8>(), 0..150)) {
        let (mut app, mut model) = (App::new(with_steps()), model(faults));
        drive(&mut app, &mut model, None);
        prop_assert_eq!((app.phase(), app.state.cause()), (Phase::Released, None), "{}", story(&app));
        let Truth { uploads, submissions, releases, .. } = model.truth;
        prop_assert_eq!((model.online, uploads, submissions, releases), ("2.0", 1, 1, 1));
    }

    #[test]
    fn an_abort_at_any_step_leaves_the_version_before_or_a_release_that_is_said_to_be_one(
        faults in prop::collection::vec(any::<u8>(), 0..150),
        at in 0_usize..60,
    ) {
        let (mut app, mut model) = (App::new(with_steps()), model(faults));
        drive(&mut app, &mut model, Some((at, Order::Abort)));
        let online = if app.phase() == Phase::Released { "2.0" } else { "1.0" };
        prop_assert_eq!((model.online, model.gray), (online, None), "{}", story(&app));
        prop_assert!(model.audit != Some(AuditStatus::InReview) && model.truth.releases <= 1);
    }

    #[test]
    fn a_rollback_at_any_step_leaves_the_version_before(
        faults in prop::collection::vec(any::<u8>(), 0..150),
        at in 0_usize..120,
    ) {
        let (mut app, mut model) = (App::new(with_steps()), model(faults));
        drive(&mut app, &mut model, Some((at, Order::RollBack)));
        prop_assert_eq!((model.online, model.gray), ("1.0", None), "{}", story(&app));
        prop_assert!(model.truth.rollbacks == model.truth.releases);
    }
}

fn with_steps() -> Policy {
    Policy {
        gray: vec![GrayStep::new(10, HOUR), GrayStep::new(50, HOUR)],
        patience: Patience { unknown: u16::MAX, failures: u16::MAX, ..Patience::default() },
        stuck: StuckPolicy { deadline: DAY * 1000, ..StuckPolicy::default() },
        ..Policy::default()
    }
}

/// The transitions and the reasons, one entry a line.
fn story(app: &App) -> String {
    let line = |entry: &Entry| format!("{:?} -> {:?} {:?}\n", entry.input, entry.moves, entry.notes);
    app.entries.iter().map(line).collect()
}
