//! Failed calls.

use super::*;

fn releasing() -> App {
    approved(Policy {
        patience: Patience { unknown: 2, failures: 3, ..Patience::default() },
        ..Policy::default()
    })
}

fn fails(app: &mut App, kind: ErrorKind, outcome: Outcome) {
    if !app.state.busy {
        app.turn();
    }
    app.tell(failed(Operation::Release, kind, outcome));
}

#[test]
fn an_unknown_outcome_is_settled_by_the_same_command_and_at_last_by_a_person() {
    let mut app = releasing();
    let command = app.action();
    for _ in 0..2 {
        fails(&mut app, ErrorKind::Timeout, Outcome::Unknown);
        assert_eq!(app.turn().action, command, "the journal settles it");
    }
    let step = app.tell(failed(Operation::Release, ErrorKind::Timeout, Outcome::Unknown));
    assert_eq!((step.needs(), step.action), (Some(Need::UnknownOutcome), None));
    assert_eq!(app.tell(Input::Due).ignored(), Some(Ignored::Blocked));
    assert_eq!(app.tell(order(Order::Resume)).action, command);
}

#[test]
fn a_refusal_for_now_is_repeated_later_and_not_for_ever() {
    let mut app = releasing();
    for _ in 0..3 {
        fails(&mut app, ErrorKind::Unavailable, Outcome::NotDone);
        assert_eq!(app.state.need, None);
    }
    fails(&mut app, ErrorKind::Unavailable, Outcome::NotDone);
    assert_eq!(shown(&app), "releasing needs Failing");
    app.tell_all([retry(), done(Operation::Release)]);
    assert_eq!(app.phase(), Phase::Confirming);
}

#[test]
fn a_quota_or_a_frequency_limit_waits_as_long_as_it_takes_and_nothing_fails() {
    for kind in [ErrorKind::QuotaExhausted, ErrorKind::RateLimited] {
        let mut app = releasing();
        for _ in 0..50 {
            fails(&mut app, kind, Outcome::NotDone);
        }
        assert_eq!((app.state.need, app.phase()), (None, Phase::Releasing));
    }
}

#[test]
fn the_vendors_own_wait_is_obeyed() {
    let mut app = releasing();
    let error = error(ErrorKind::RateLimited, Outcome::NotDone).with_retry_after(Some(DAY));
    app.tell(Input::Performed(Box::new(Performed::new(Operation::Release, Err(error)))));
    assert_eq!(app.state.due_at, Some(app.now.after(DAY)));
}

#[test]
fn a_refusal_for_good_fails_the_app_once_a_read_has_shown_the_same_unless_users_have_the_version() {
    let versions = || survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]);
    for kind in [ErrorKind::InvalidArgument, ErrorKind::PermissionDenied, ErrorKind::Vendor] {
        let mut app = releasing();
        fails(&mut app, kind, Outcome::NotDone);
        let mut released = app.clone();
        released.tell_all([surveyed(online("2.0"))]);
        assert_eq!(released.phase(), Phase::Released, "an attempt before had taken place");
        app.tell_all([surveyed(versions())]);
        assert_eq!((app.cause(), app.state.mover()), (&Cause::Refused(kind), Some(Mover::Platform)));
    }
    let mut app = releasing();
    fails(&mut app, ErrorKind::ContentRejected, Outcome::NotDone);
    app.tell_all([surveyed(versions())]);
    assert_eq!(app.state.mover(), Some(Mover::Merchant));

    let mut app = baking(with_gray());
    app.turn();
    app.tell_all([failed(Operation::StartGrayRelease, ErrorKind::Vendor, Outcome::NotDone)]);
    app.tell_all([surveyed(Survey { gray: gray(GrayStatus::Running, 10), ..versions() })]);
    assert_eq!(shown(&app), "starting_gray needs Refused");
    app.tell_all([
        order(Order::Abort),
        surveyed(Survey { gray: gray(GrayStatus::Running, 10), ..versions() }),
    ]);
    app.tell_all([done(Operation::CancelGrayRelease)]);
    assert_eq!(app.phase(), Phase::Aborted);
}

#[test]
fn a_local_fault_is_a_persons_and_not_the_apps() {
    for kind in [ErrorKind::Config, ErrorKind::Store] {
        let mut app = releasing();
        fails(&mut app, kind, Outcome::NotSent);
        assert_eq!(shown(&app), "releasing needs Local");
    }
}

#[test]
fn an_effect_that_took_place_counts_even_if_its_value_was_lost() {
    let mut app = App::new(Policy::default());
    app.tell_all([begin(), clear(), failed(Operation::UploadCode, ErrorKind::Protocol, Outcome::Done)]);
    app.turn();
    assert_eq!(app.action(), Some(Action::Read(Read::Upload(UploadReceipt::new("2.0", "opening hours")))));
    let mut app = releasing();
    fails(&mut app, ErrorKind::Protocol, Outcome::Done);
    assert_eq!(app.phase(), Phase::Confirming);
}

#[test]
fn reads_that_fail_are_repeated_and_an_upload_not_listed_yet_is_waited_for() {
    let mut app = App::new(Policy::default());
    app.tell_all([begin(), unanswered(ErrorKind::Timeout), unanswered(ErrorKind::RateLimited), clear()]);
    app.tell_all([done(Operation::UploadCode), unanswered(ErrorKind::NotFound), ready()]);
    assert_eq!(shown(&app), "submitting ! submit_audit");
    app.tell_all([done(Operation::SubmitAudit), unanswered(ErrorKind::NotFound)]);
    assert_eq!(shown(&app), "looking ? read", "our audit is not there");
}

#[test]
fn a_result_that_nobody_waits_for_changes_nothing_but_is_kept() {
    let mut app = in_review(Policy::default());
    for input in
        [done(Operation::SubmitAudit), audit(AuditStatus::Approved), gated(Health::Pass), Input::Recalled]
    {
        let before = app.state.clone();
        let step = app.tell(input.clone());
        assert_eq!((step.ignored(), &app.state), (Some(Ignored::NotOutstanding), &before));
        assert_eq!(app.entries.last().unwrap().input, input);
    }
    assert_eq!(app.tell(begin()).ignored(), Some(Ignored::Begun));
    assert_eq!(app.tell(Input::Due).ignored(), Some(Ignored::Early));
}
