//! A random walk through the machine, and what has to be true after each of its steps.

use super::*;

/// Numbers that a test was given. When they are used up, all further ones are 0.
#[derive(Debug)]
pub(super) struct Dice(std::vec::IntoIter<u16>);

impl Dice {
    fn below(&mut self, sides: u16) -> u16 {
        self.0.next().unwrap_or_default() % sides
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.below(choices.len() as u16))].clone()
    }

    fn are_used_up(&self) -> bool {
        self.0.as_slice().is_empty()
    }
}

/// Walks as the numbers say. Panics if anything is not as it has to be.
pub(super) fn walk(rolls: Vec<u16>) -> App {
    let mut dice = Dice(rolls.into_iter());
    let mut app = App::new(policy(&mut dice));
    // Some walks begin late, since few get that far by themselves.
    match dice.below(6) {
        0 => until_review().into_iter().for_each(|input| {
            while !app.state.busy && app.phase() != Phase::Waiting {
                checked(&mut app, Input::Due);
            }
            checked(&mut app, input);
        }),
        1 => {
            finish(&mut app);
            checked(&mut app, order(Order::RollBack));
        }
        _ => {}
    }
    while !dice.are_used_up() {
        let input = input(&mut dice, &app);
        checked(&mut app, input);
    }
    app
}

fn policy(dice: &mut Dice) -> Policy {
    Policy {
        gray: dice.one_of(&[vec![], vec![GrayStep::new(10, HOUR), GrayStep::new(50, Duration::ZERO)]]),
        bake_after_release: dice.one_of(&[Duration::ZERO, HOUR]),
        gate: dice.one_of(&[false, true]),
        gate_failure: dice.one_of(&[GateFailure::TakeBack, GateFailure::Hold]),
        stuck: StuckPolicy {
            deadline: dice.one_of(&[HOUR / 3, DAY]),
            expedite: dice.one_of(&[false, true]),
            resubmit: dice.one_of(&[false, true]),
        },
        patience: Patience {
            unknown: 2,
            failures: 2,
            processing: HOUR,
            showing: HOUR,
            ..Patience::default()
        },
        ..Policy::default()
    }
}

fn input(dice: &mut Dice, app: &App) -> Input {
    match dice.below(16) {
        0 => order(dice.one_of(&[
            Order::Pause,
            Order::Resume,
            Order::Withdraw,
            Order::Promote,
            Order::Abort,
            Order::Skip,
            Order::RollBack,
        ])),
        1 if app.state.is_ended() || app.state.need.is_some() => {
            let ext_sha256 = dice.one_of(&[None, Some("new".to_owned())]);
            order(Order::Retry(Corrected { ext_sha256, ..Corrected::default() }))
        }
        2 => dice.one_of(&[push(1), Input::Recalled, begin(), order(Order::Resume)]),
        3 => match dice.below(8) {
            0 => Input::Revoked,
            1 => Input::Superseded { rollout: "next".to_owned() },
            // A result that nobody has asked for.
            2 => done(dice.one_of(&Operation::ALL)),
            3 => surveyed(random_survey(dice)),
            _ => Input::Due,
        },
        _ => expected(dice, app),
    }
}

/// What the state waits for: mostly good news.
fn expected(dice: &mut Dice, app: &App) -> Input {
    if app.state.need.is_some() && dice.below(2) == 0 {
        return order(dice.one_of(&[Order::Resume, Order::Resume, Order::Skip]));
    }
    match app.action() {
        None if app.phase() == Phase::Waiting => begin(),
        None => Input::Due,
        Some(Action::Effect(command)) => performed(dice, command.operation()),
        Some(Action::Gate { .. }) => {
            gated(dice.one_of(&[Health::Pass, Health::Pass, Health::Fail, Health::Inconclusive]))
        }
        Some(Action::Read(_)) if dice.below(8) == 0 => unanswered(dice.one_of(&[
            ErrorKind::Unavailable,
            ErrorKind::Timeout,
            ErrorKind::RateLimited,
            ErrorKind::NotFound,
            ErrorKind::PermissionDenied,
            ErrorKind::Config,
            ErrorKind::Unauthorized,
        ])),
        Some(Action::Read(Read::Preflight)) => {
            let versions = dice.one_of(&[online("1.0"), online("1.0"), online("1.0"), Survey::default()]);
            let versions = if dice.below(6) == 0 { random_survey(dice) } else { versions };
            answer(Answer::Preflight(versions, dice.one_of(&[all_offered(), Offers::default()])))
        }
        Some(Action::Read(Read::Survey { .. })) => surveyed(random_survey(dice)),
        Some(Action::Read(Read::Upload(_))) => answer(Answer::Upload(dice.one_of(&[
            UploadProgress::ready(None),
            UploadProgress::ready(Some("p1".into())),
            UploadProgress::Processing,
            UploadProgress::failed(None, "too large"),
        ]))),
        Some(Action::Read(Read::Audit(_))) => audit(dice.one_of(&[
            AuditStatus::Approved,
            AuditStatus::InReview,
            AuditStatus::Approved,
            AuditStatus::InReview,
            AuditStatus::Delayed,
            AuditStatus::Rejected,
            AuditStatus::Withdrawn,
            AuditStatus::NotSubmitted,
            AuditStatus::Unknown,
        ])),
    }
}

fn performed(dice: &mut Dice, operation: Operation) -> Input {
    if dice.below(3) > 0 {
        return done(operation);
    }
    let (kind, outcome) = dice.one_of(&[
        (ErrorKind::Timeout, Outcome::Unknown),
        (ErrorKind::Conflict, Outcome::Unknown),
        (ErrorKind::Conflict, Outcome::NotDone),
        (ErrorKind::Conflict, Outcome::NotDone),
        (ErrorKind::Protocol, Outcome::Done),
        (ErrorKind::Unavailable, Outcome::NotDone),
        (ErrorKind::QuotaExhausted, Outcome::NotDone),
        (ErrorKind::ContentRejected, Outcome::NotDone),
        (ErrorKind::Store, Outcome::NotSent),
        (ErrorKind::Unauthorized, Outcome::NotDone),
    ]);
    failed(operation, kind, outcome)
}

fn random_survey(dice: &mut Dice) -> Survey {
    let mut versions = Vec::new();
    match dice.below(8) {
        0..3 => versions.push(seen(Stage::Released, "2.0")),
        3 => versions.push(seen(Stage::Released, "3.0")),
        4 => {}
        _ => versions.push(seen(Stage::Released, "1.0")),
    }
    match dice.below(6) {
        0 => versions.push(seen(Stage::InReview, "2.0")),
        1 => versions.push(seen(Stage::InReview, "3.0")),
        2 | 3 => versions.push(seen(Stage::Approved, "2.0")),
        _ => {}
    }
    let gray = dice.one_of(&[
        None,
        gray(GrayStatus::Running, 10),
        gray(GrayStatus::Running, 50),
        gray(GrayStatus::Running, 99),
        gray(GrayStatus::Deleted, 10),
    ]);
    Survey { versions, gray }
}

/// Takes one step at the time that the input needs, and checks it.
pub(super) fn checked(app: &mut App, input: Input) -> Step {
    let (before, performing) = (app.state.clone(), app.operation());
    if matches!(input, Input::Due) {
        app.now = app.state.due_at.unwrap_or(app.now).max(app.now);
    }
    let step = app.tell(input);
    let context = || format!("{:#?}\nfrom {:#?}\nto {:#?}", step.entry, before, app.state);
    let (state, outstanding) = (&app.state, app.action());

    // An action is outstanding exactly if the state says so, and a step starts no other one.
    assert_eq!(state.busy, outstanding.is_some(), "{}", context());
    assert!(step.action.is_none() || step.action == outstanding, "{}", context());
    // An effect belongs to its phase.
    assert_eq!(app.operation(), owned_by(state.phase).filter(|_| state.busy), "{}", context());

    // Something happens by itself, unless it has ended, has not begun, or a person has the move.
    let moves = state.busy || state.due_at.is_some();
    assert!(
        moves || state.is_ended() || state.is_blocked() || state.phase == Phase::Waiting,
        "{}",
        context()
    );
    assert!(!(state.busy && state.due_at.is_some()), "{}", context());
    assert!(!(state.is_ended() && (moves || state.leaving.is_some() || state.is_blocked())), "{}", context());

    // What was ignored has changed nothing.
    if step.ignored().is_some() {
        assert_eq!(before, *state, "{}", context());
    }
    // Transitions connect the state before with the one after, and are in the table.
    let end = step.entry.moves.iter().fold(before.phase, |from, step| {
        assert_eq!(step.from, from, "{}", context());
        step.to
    });
    assert_eq!(end, state.phase, "{}", context());

    let is_order = |wanted: &[Order]| match &step.entry.input {
        Input::Ordered(ordered) => {
            wanted.iter().any(|order| std::mem::discriminant(order) == std::mem::discriminant(&ordered.order))
        }
        _ => false,
    };
    if let Some(action) = &step.action {
        // Nothing is issued while a person has the move, and no second effect while one is outstanding.
        assert!(!state.is_blocked(), "{}", context());
        let settled = match &step.entry.input {
            Input::Performed(performed) => Some(performed.operation()) == performing,
            _ => performing.is_none(),
        };
        assert!(settled, "{}", context());
        // Only a person brings an app back from an end.
        let retry = is_order(&[Order::Retry(Corrected::default())]);
        assert!(!before.is_ended() || retry || is_order(&[Order::RollBack]), "{}", context());
        match action.class() {
            // Nothing reaches users that a read has not shown as approved, in this submission.
            Class::Release => {
                let verdict = state.verdict().map(|verdict| verdict.status);
                assert_eq!(verdict, Some(AuditStatus::Approved), "{}", context());
                assert!(was_read_as_approved(&app.entries), "{}", context());
                assert_eq!(state.leaving, None, "{}", context());
            }
            Class::Upload | Class::Submission | Class::Expedite => {
                assert_eq!(state.leaving, None, "{}", context());
            }
            Class::TakeBack => {
                let measure = state.phase == Phase::Withdrawing && state.leaving.is_none();
                assert!(measure || state.leaving.is_some(), "{}", context());
            }
            _ => {}
        }
    }
    // A push only wakes.
    if matches!(step.entry.input, Input::Woken(_)) {
        assert!(step.entry.moves.is_empty(), "{}", context());
        assert!(step.action.as_ref().is_none_or(|action| action.class() == Class::Read), "{}", context());
    }
    // An app is released because a read has shown it.
    if state.phase == Phase::Released && before.phase != Phase::Released {
        let shown = match &step.entry.input {
            Input::Answered(answer) => match &**answer {
                Answer::Survey(survey) | Answer::Preflight(survey, _) => survey
                    .versions
                    .iter()
                    .any(|seen| seen.stage == Stage::Released && seen.version.as_deref() == Some("2.0")),
                _ => false,
            },
            _ => matches!(before.phase, Phase::Observing | Phase::BeforeRollback | Phase::RollingBack),
        };
        assert!(shown, "{}", context());
    }
    // An end that is not the plan's has a cause, and a person is told once what they have to look at.
    assert!(state.phase != Phase::Failed || state.cause().is_some(), "{}", context());
    if state.need.is_some() && state.need != before.need {
        assert_eq!(step.needs(), state.need, "{}", context());
    }
    step
}

fn owned_by(phase: Phase) -> Option<Operation> {
    Some(match phase {
        Phase::Uploading => Operation::UploadCode,
        Phase::Submitting => Operation::SubmitAudit,
        Phase::Expediting => Operation::ExpediteAudit,
        Phase::Withdrawing => Operation::WithdrawAudit,
        Phase::StartingGray => Operation::StartGrayRelease,
        Phase::Releasing => Operation::Release,
        Phase::CancellingGray => Operation::CancelGrayRelease,
        Phase::RollingBack => Operation::Rollback,
        _ => return None,
    })
}

/// Whether a read has shown the approval after the last submission, or after the audit was found.
fn was_read_as_approved(entries: &[Entry]) -> bool {
    let opened =
        |step: &&Move| step.to == Phase::InReview && matches!(step.why, Why::Submitted | Why::Adopted);
    let last = entries.iter().rposition(|entry| entry.moves.iter().any(|step| opened(&step)));
    entries[last.unwrap_or_default()..].iter().any(|entry| match &entry.input {
        Input::Answered(answer) => {
            matches!(&**answer, Answer::Audit(audit) if audit.status == AuditStatus::Approved)
        }
        _ => false,
    })
}

/// Lets everything go well from here on, and returns once the app has ended. Panics if it does not.
pub(super) fn finish(app: &mut App) {
    for _ in 0..60 {
        if app.state.is_ended() {
            return;
        }
        let input = match app.action() {
            _ if app.state.is_blocked() => order(Order::Resume),
            None if app.phase() == Phase::Waiting => begin(),
            None => Input::Due,
            Some(Action::Effect(command)) => done(command.operation()),
            Some(Action::Gate { .. }) => gated(Health::Pass),
            Some(Action::Read(Read::Preflight)) => clear(),
            Some(Action::Read(Read::Upload(_))) => ready(),
            Some(Action::Read(Read::Audit(_))) => audit(AuditStatus::Approved),
            Some(Action::Read(Read::Survey { .. })) => {
                let back = matches!(app.phase(), Phase::BeforeRollback | Phase::AfterRollback);
                surveyed(online(
                    match app.state.facts.as_ref().and_then(|facts| facts.online_before.as_deref()) {
                        before if back => before.unwrap_or("1.0"),
                        _ => "2.0",
                    },
                ))
            }
        };
        checked(app, input);
    }
    panic!("no way out of {:#?}", app.state);
}
