//! Orders of a person, the gate, and a newer rollout.

use super::*;

fn ends(mut app: App, input: Input, inputs: Vec<Input>) -> String {
    let mut lines = Vec::new();
    for input in [vec![input], inputs].concat() {
        if matches!(input, Input::Answered(_) | Input::Performed(_)) && !app.state.busy {
            app.turn();
        }
        let step = app.tell(input);
        let ignored = step.ignored().map(|why| format!(" ({why})")).unwrap_or_default();
        lines.push(shown(&app) + &ignored);
    }
    lines.join(" | ")
}

#[test]
fn an_abort_takes_back_what_has_begun_and_leaves_what_is_online() {
    let abort = || order(Order::Abort);
    let uploading = {
        let mut app = App::new(Policy::default());
        app.tell_all([begin(), clear()]);
        app
    };
    let submitting = {
        let mut app = uploading.clone();
        app.tell_all([done(Operation::UploadCode), ready()]);
        app
    };
    let unknown = |app: &App| {
        let mut app = app.clone();
        let operation = app.operation().unwrap();
        app.tell_all([failed(operation, ErrorKind::Timeout, Outcome::Unknown)]);
        app
    };
    let approved_only = surveyed(survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]));
    let in_audit = || surveyed(survey(&[seen(Stage::Released, "1.0"), seen(Stage::InReview, "2.0")]));
    let running = || surveyed(Survey { gray: gray(GrayStatus::Running, 10), ..online("1.0") });
    let rows = [
        ("not begun", ends(App::new(Policy::default()), abort(), vec![])),
        ("upload outstanding", ends(uploading.clone(), abort(), vec![done(Operation::UploadCode)])),
        ("upload unknown", ends(unknown(&uploading), abort(), vec![])),
        (
            "submission outstanding",
            ends(
                submitting.clone(),
                abort(),
                vec![done(Operation::SubmitAudit), done(Operation::WithdrawAudit)],
            ),
        ),
        (
            "submission unknown, done",
            ends(unknown(&submitting), abort(), vec![in_audit(), done(Operation::WithdrawAudit)]),
        ),
        (
            "submission unknown, not done",
            ends(unknown(&submitting), abort(), vec![surveyed(online("1.0")), surveyed(online("1.0"))]),
        ),
        ("in review", ends(in_review(Policy::default()), abort(), vec![done(Operation::WithdrawAudit)])),
        (
            "in review, verdict first",
            ends(
                in_review(Policy::default()),
                abort(),
                vec![failed(Operation::WithdrawAudit, ErrorKind::Conflict, Outcome::NotDone), approved_only],
            ),
        ),
        (
            "first step outstanding",
            ends(
                approved(with_gray()),
                abort(),
                vec![done(Operation::StartGrayRelease), done(Operation::CancelGrayRelease)],
            ),
        ),
        (
            "first step unknown",
            ends(
                unknown(&approved(with_gray())),
                abort(),
                vec![running(), done(Operation::CancelGrayRelease)],
            ),
        ),
        ("gray", ends(baking(with_gray()), abort(), vec![done(Operation::CancelGrayRelease)])),
        (
            "gray, somebody released",
            ends(
                baking(with_gray()),
                abort(),
                vec![
                    failed(Operation::CancelGrayRelease, ErrorKind::Conflict, Outcome::NotDone),
                    surveyed(online("2.0")),
                ],
            ),
        ),
        (
            "release outstanding",
            ends(
                approved(Policy::default()),
                abort(),
                vec![done(Operation::Release), surveyed(online("2.0"))],
            ),
        ),
        (
            "release refused",
            ends(
                approved(Policy::default()),
                abort(),
                vec![
                    failed(Operation::Release, ErrorKind::Unavailable, Outcome::NotDone),
                    surveyed(online("1.0")),
                ],
            ),
        ),
        (
            "release unknown, done",
            ends(unknown(&approved(Policy::default())), abort(), vec![surveyed(online("2.0"))]),
        ),
        (
            "release unknown, done late",
            ends(
                unknown(&approved(Policy::default())),
                order(Order::RollBack),
                vec![surveyed(online("1.0")), surveyed(online("2.0"))],
            ),
        ),
        ("released", ends(released(Policy::default()), abort(), vec![])),
        ("observed", ends(released(with_bake()), abort(), vec![])),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    not begun: aborted
    upload outstanding: uploading ! upload_code | aborted
    upload unknown: aborted
    submission outstanding: submitting ! submit_audit | withdrawing ! withdraw_audit | aborted
    submission unknown, done: looking ? read | withdrawing ! withdraw_audit | aborted
    submission unknown, not done: looking ? read | looking | aborted
    in review: withdrawing ! withdraw_audit | aborted
    in review, verdict first: withdrawing ! withdraw_audit | looking ? read | aborted
    first step outstanding: starting_gray ! start_gray_release | cancelling_gray ! cancel_gray_release | aborted
    first step unknown: looking ? read | cancelling_gray ! cancel_gray_release | aborted
    gray: cancelling_gray ! cancel_gray_release | aborted
    gray, somebody released: cancelling_gray ! cancel_gray_release | looking ? read | released
    release outstanding: releasing ! release | confirming ? read | released
    release refused: releasing ! release | looking ? read | aborted
    release unknown, done: looking ? read | released
    release unknown, done late: looking ? read | looking | rolling_back ! rollback
    released: released (the app has ended)
    observed: released
    "#);
}

fn with_bake() -> Policy {
    Policy { bake_after_release: HOUR, ..Policy::default() }
}

#[test]
fn a_rollback_brings_back_the_version_before_and_a_read_shows_it() {
    let back = || order(Order::RollBack);
    let conflict = || failed(Operation::Rollback, ErrorKind::Conflict, Outcome::NotDone);
    let rows = [
        (
            "released",
            ends(
                released(Policy::default()),
                back(),
                vec![
                    surveyed(online("2.0")),
                    done(Operation::Rollback),
                    surveyed(online("2.0")),
                    surveyed(online("1.0")),
                ],
            ),
        ),
        ("back already", ends(released(Policy::default()), back(), vec![surveyed(online("1.0"))])),
        (
            "another one since",
            ends(released(Policy::default()), back(), vec![surveyed(online("3.0")), surveyed(online("3.0"))]),
        ),
        (
            "observed",
            ends(
                released(with_bake()),
                back(),
                vec![surveyed(online("2.0")), done(Operation::Rollback), surveyed(online("1.0"))],
            ),
        ),
        (
            "release outstanding",
            ends(
                approved(Policy::default()),
                back(),
                vec![
                    done(Operation::Release),
                    surveyed(online("2.0")),
                    done(Operation::Rollback),
                    surveyed(online("1.0")),
                ],
            ),
        ),
        ("in review", ends(in_review(Policy::default()), back(), vec![done(Operation::WithdrawAudit)])),
        (
            "refused, given up",
            ends(
                released(Policy::default()),
                back(),
                vec![
                    surveyed(online("2.0")),
                    conflict(),
                    surveyed(online("2.0")),
                    conflict(),
                    order(Order::Skip),
                ],
            ),
        ),
        (
            "failed",
            ends(
                {
                    let mut app = in_review(Policy::default());
                    app.tell(Input::Revoked);
                    app
                },
                back(),
                vec![],
            ),
        ),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    released: before_rollback ? read | rolling_back ! rollback | after_rollback ? read | after_rollback | rolled_back
    back already: before_rollback ? read | rolled_back
    another one since: before_rollback ? read | before_rollback | failed
    observed: before_rollback ? read | rolling_back ! rollback | after_rollback ? read | rolled_back
    release outstanding: releasing ! release | confirming ? read | rolling_back ! rollback | after_rollback ? read | rolled_back
    in review: withdrawing ! withdraw_audit | aborted
    refused, given up: before_rollback ? read | rolling_back ! rollback | before_rollback ? read | rolling_back ! rollback | rolling_back needs Refused | released
    failed: failed (the app has ended)
    "#);
}

#[test]
fn the_gate_decides_at_the_end_of_a_bake_time() {
    let at_gate = |policy| {
        let mut app = baking(policy);
        app.turn();
        app
    };
    let hold = || Policy { gate_failure: GateFailure::Hold, ..with_gate() };
    let observed = || {
        let mut app = released(Policy { gate: true, ..with_bake() });
        app.turn();
        app
    };
    let rows = [
        ("pass", ends(at_gate(with_gate()), gated(Health::Pass), vec![])),
        ("fail", ends(at_gate(with_gate()), gated(Health::Fail), vec![done(Operation::CancelGrayRelease)])),
        (
            "fail after the release",
            ends(
                observed(),
                gated(Health::Fail),
                vec![surveyed(online("2.0")), done(Operation::Rollback), surveyed(online("1.0"))],
            ),
        ),
        ("fail, held, overruled", ends(at_gate(hold()), gated(Health::Fail), vec![order(Order::Promote)])),
        ("fail, held, taken back", ends(at_gate(hold()), gated(Health::Fail), vec![order(Order::Abort)])),
        (
            "inconclusive, asked again",
            ends(
                at_gate(with_gate()),
                gated(Health::Inconclusive),
                vec![order(Order::Resume), gated(Health::Pass)],
            ),
        ),
        ("not asked", ends(baking(with_gate()), gated(Health::Pass), vec![])),
        ("promoted before", ends(baking(with_gate()), order(Order::Promote), vec![])),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    pass: starting_gray ! start_gray_release
    fail: cancelling_gray ! cancel_gray_release | failed
    fail after the release: before_rollback ? read | rolling_back ! rollback | after_rollback ? read | failed
    fail, held, overruled: baking needs GateFailed | starting_gray ! start_gray_release
    fail, held, taken back: baking needs GateFailed | cancelling_gray ! cancel_gray_release
    inconclusive, asked again: baking needs GateInconclusive | baking ? gate | starting_gray ! start_gray_release
    not asked: baking (it is not the result of the outstanding action)
    promoted before: starting_gray ! start_gray_release
    "#);
    let mut app = at_gate(with_gate());
    app.tell_all([Input::Gated(Gated::new(Health::Fail, Some("errors +3 %".to_owned())))]);
    app.tell_all([done(Operation::CancelGrayRelease)]);
    assert_eq!(app.cause(), &Cause::GateFailed { note: Some("errors +3 %".to_owned()) });
}

#[test]
fn a_pause_issues_nothing_more_and_a_resume_goes_on_where_it_stood() {
    let pause = || order(Order::Pause);
    let resume = || order(Order::Resume);
    let rows = [
        ("not begun", ends(App::new(Policy::default()), pause(), vec![begin(), resume()])),
        (
            "effect outstanding",
            ends(approved(Policy::default()), pause(), vec![done(Operation::Release), Input::Due, resume()]),
        ),
        (
            "held back by the driver",
            ends(approved(Policy::default()), Input::Recalled, vec![pause(), Input::Due, resume()]),
        ),
        ("waiting", ends(in_review(Policy::default()), pause(), vec![push(1), resume()])),
        ("baking", ends(baking(with_gray()), pause(), vec![resume()])),
        ("twice", ends(baking(with_gray()), pause(), vec![pause(), resume(), resume()])),
        ("ended", ends(released(Policy::default()), pause(), vec![resume()])),
        ("leaving", ends(in_review(Policy::default()), order(Order::Abort), vec![pause()])),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    not begun: waiting paused | preflight paused | preflight ? read
    effect outstanding: releasing ! release paused | confirming paused | confirming paused (the app is paused, or needs a person) | confirming ? read
    held back by the driver: releasing | releasing paused | releasing paused (the app is paused, or needs a person) | releasing ! release
    waiting: in_review paused | in_review paused | in_review ? read
    baking: baking paused | baking
    twice: baking paused | baking paused (the app is paused, or needs a person) | baking | baking (the app is neither paused nor does it need a person)
    ended: released (the app has ended) | released (the app is neither paused nor does it need a person)
    leaving: withdrawing ! withdraw_audit | withdrawing ! withdraw_audit (the app is on its way out already)
    "#);
}

#[test]
fn an_order_to_withdraw_pauses_before_the_submission_and_a_resume_submits_again() {
    let withdraw = || order(Order::Withdraw);
    let resume = || order(Order::Resume);
    let submitting = {
        let mut app = App::new(Policy::default());
        app.tell_all([begin(), clear(), done(Operation::UploadCode), ready()]);
        app
    };
    let rows = [
        ("not begun", ends(App::new(Policy::default()), withdraw(), vec![])),
        (
            "in review",
            ends(in_review(Policy::default()), withdraw(), vec![done(Operation::WithdrawAudit), resume()]),
        ),
        (
            "verdict first",
            ends(
                in_review(Policy::default()),
                withdraw(),
                vec![
                    failed(Operation::WithdrawAudit, ErrorKind::Conflict, Outcome::NotDone),
                    audit(AuditStatus::Approved),
                ],
            ),
        ),
        (
            "submission outstanding",
            ends(
                submitting.clone(),
                withdraw(),
                vec![done(Operation::SubmitAudit), done(Operation::WithdrawAudit)],
            ),
        ),
        (
            "submission refused",
            ends(
                submitting.clone(),
                withdraw(),
                vec![
                    failed(Operation::SubmitAudit, ErrorKind::RateLimited, Outcome::NotDone),
                    surveyed(online("1.0")),
                    resume(),
                ],
            ),
        ),
        (
            "submission unknown, not done",
            ends(
                submitting,
                withdraw(),
                vec![
                    failed(Operation::SubmitAudit, ErrorKind::Timeout, Outcome::Unknown),
                    surveyed(online("1.0")),
                    resume(),
                ],
            ),
        ),
        ("approved", ends(approved(Policy::default()), withdraw(), vec![])),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    not begun: waiting paused
    in review: withdrawing ! withdraw_audit | submitting paused | submitting ! submit_audit
    verdict first: withdrawing ! withdraw_audit | in_review ? read | releasing ! release
    submission outstanding: submitting ! submit_audit | withdrawing ! withdraw_audit | submitting paused
    submission refused: submitting ! submit_audit | looking ? read | submitting paused | submitting ! submit_audit
    submission unknown, not done: submitting ! submit_audit | looking ? read | submitting paused | submitting ! submit_audit
    approved: releasing ! release (the app has gone too far for that; abort it first)
    "#);
}

#[test]
fn a_newer_rollout_takes_over_what_is_not_online() {
    let newer = || Input::Superseded { rollout: "r2".to_owned() };
    let mut app = in_review(Policy::default());
    app.tell_all([newer(), done(Operation::WithdrawAudit)]);
    assert_eq!(
        (app.phase(), app.cause()),
        (Phase::Superseded, &Cause::Superseded { rollout: "r2".to_owned() })
    );
    assert_eq!(app.tell(retry()).ignored(), Some(Ignored::NothingHeld), "the newer rollout has it");

    let mut app = approved(Policy::default());
    app.tell_all([newer(), done(Operation::Release), surveyed(online("2.0"))]);
    assert_eq!((app.phase(), app.state.cause()), (Phase::Released, None));

    let mut app = in_review(Policy::default());
    app.tell_all([audit(AuditStatus::Rejected), newer()]);
    assert_eq!(app.phase(), Phase::Superseded);
}

#[test]
fn a_skip_leaves_out_what_has_not_begun_and_gives_up_what_failed() {
    let skip = || order(Order::Skip);
    let mut rejected = in_review(Policy::default());
    rejected.tell_all([audit(AuditStatus::Rejected)]);
    let rows = [
        ("not begun", ends(App::new(Policy::default()), skip(), vec![retry()])),
        ("in review", ends(in_review(Policy::default()), skip(), vec![done(Operation::WithdrawAudit)])),
        ("rejected", ends(rejected, skip(), vec![])),
        ("released", ends(released(Policy::default()), skip(), vec![])),
        (
            "withdrawal refused",
            ends(
                in_review(Policy::default()),
                skip(),
                vec![failed(Operation::WithdrawAudit, ErrorKind::PermissionDenied, Outcome::NotDone), skip()],
            ),
        ),
    ];
    let table = rows.map(|(when, then)| format!("{when}: {then}")).join("\n");
    insta::assert_snapshot!(table, @r#"
    not begun: skipped | preflight ? read
    in review: withdrawing ! withdraw_audit | skipped
    rejected: skipped
    released: released (the app has ended)
    withdrawal refused: withdrawing ! withdraw_audit | withdrawing needs Refused | skipped
    "#);
}

#[test]
fn a_correction_is_refused_where_it_would_come_too_late() {
    let corrected = || order(Order::Retry(Corrected { description: true, ..Corrected::default() }));
    let mut app = App::new(Policy::default());
    app.tell_all([begin(), clear(), failed(Operation::UploadCode, ErrorKind::Config, Outcome::NotSent)]);
    assert_eq!(shown(&app), "uploading needs Local");
    app.tell_all([corrected()]);
    assert_eq!(shown(&app), "preflight ? read");

    let mut app = in_review(Policy::default());
    assert_eq!(app.tell(corrected()).ignored(), Some(Ignored::NothingHeld));
    app.turn();
    app.tell_all([unanswered(ErrorKind::Config)]);
    assert_eq!(app.tell(corrected()).ignored(), Some(Ignored::TooLate));
    app.tell_all([retry()]);
    assert_eq!(shown(&app), "in_review ? read");
}
