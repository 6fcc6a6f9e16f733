//! Where verdicts come from, how long they may take, and what follows.

use super::*;

#[test]
fn a_push_only_wakes_and_its_verdict_is_read() {
    let mut app = in_review(Policy::default());
    let step = app.tell(push(7));
    assert_eq!(step.action, Some(Action::Read(Read::Audit("a2.0".into()))));
    assert_eq!((app.phase(), app.state.verdict()), (Phase::InReview, None));
    app.now = app.now.after(HOUR);
    app.tell(audit(AuditStatus::Approved));
    let verdict = app.state.verdict().unwrap();
    assert_eq!((verdict.status, verdict.source), (AuditStatus::Approved, Source::Push(7)));
    assert_eq!((verdict.read_at, app.state.known_at), (app.now, Some(app.now)));
}

#[test]
fn a_push_that_says_approved_changes_nothing_if_the_vendor_does_not() {
    let mut app = in_review(Policy::default());
    app.tell(push(7));
    app.tell(audit(AuditStatus::Rejected));
    assert_eq!(app.phase(), Phase::Rejected);
}

#[test]
fn a_lost_push_is_found_by_polling() {
    let mut app = in_review(Policy::default());
    let step = app.turn();
    assert_eq!(step.action, Some(Action::Read(Read::Audit("a2.0".into()))));
    app.tell(audit(AuditStatus::Approved));
    assert_eq!(app.state.verdict().unwrap().source, Source::Poll);
}

#[test]
fn a_push_during_a_read_causes_another_read_unless_the_answer_has_decided() {
    let mut app = in_review(Policy::default());
    app.turn();
    assert_eq!(app.tell(push(7)).action, None, "one action at a time");
    let step = app.tell(audit(AuditStatus::InReview));
    assert_eq!(step.action.map(|action| action.class()), Some(Class::Read));
    app.tell(audit(AuditStatus::Approved));
    assert_eq!(app.state.verdict().unwrap().source, Source::Push(7));
}

#[test]
fn a_push_means_nothing_where_nothing_is_waited_for() {
    for mut app in
        [App::new(Policy::default()), baking(with_gray()), approved(with_gray()), released(Policy::default())]
    {
        let step = app.tell(push(7));
        assert_eq!((step.ignored(), step.action), (Some(Ignored::NothingToRead), None), "{}", app.phase());
    }
}

#[test]
fn polling_grows_is_jittered_and_is_the_same_in_every_replay() {
    let intervals = |app_id: &str| {
        let mut app = App::new(Policy::default());
        app.target.app_id = app_id.into();
        app.tell_all(until_review());
        (0..9)
            .map(|_| {
                let waited = app.state.due_at.unwrap().since(app.now);
                app.turn();
                app.tell(audit(AuditStatus::InReview));
                waited
            })
            .collect::<Vec<_>>()
    };
    let (one, other) = (intervals("app1"), intervals("app2"));
    assert_eq!(one, intervals("app1"));
    assert_ne!(one, other);
    let mut planned = Polling::default().first;
    for waited in one {
        assert!(planned * 3 / 4 <= waited && waited <= planned, "{waited:?} of {planned:?}");
        planned = (planned * 2).min(Polling::default().longest);
    }
}

fn stuck(expedite: bool, resubmit: bool) -> App {
    in_review(Policy { stuck: StuckPolicy { deadline: DAY, expedite, resubmit }, ..Policy::default() })
}

/// Reads "in review" until something else happens.
fn wait(app: &mut App) -> Duration {
    let began = app.now;
    for _ in 0..100 {
        if !app.state.busy {
            app.turn();
        }
        let step = app.tell(audit(AuditStatus::InReview));
        if app.phase() != Phase::InReview || step.needs().is_some() {
            break;
        }
    }
    app.now.since(began)
}

#[test]
fn a_stuck_audit_is_expedited_then_submitted_again_then_handed_to_a_person() {
    let mut app = stuck(true, true);
    assert_eq!(wait(&mut app), DAY, "the deadline is met exactly");
    assert_eq!(shown(&app), "expediting ! expedite_audit");
    app.tell_all([done(Operation::ExpediteAudit)]);
    assert_eq!(wait(&mut app), DAY);
    assert_eq!(shown(&app), "withdrawing ! withdraw_audit");
    app.tell_all([done(Operation::WithdrawAudit)]);
    assert_eq!(shown(&app), "submitting ! submit_audit");
    app.tell_all([done(Operation::SubmitAudit)]);
    assert_eq!(wait(&mut app), DAY);
    assert_eq!(shown(&app), "in_review needs StuckAudit");
    assert_eq!(app.state.mover(), Some(Mover::Platform));
}

#[test]
fn measures_that_are_not_planned_or_not_offered_are_left_out() {
    let mut not_offered = App::new(stuck(true, false).policy);
    let mut inputs = until_review();
    inputs[1] = answer(Answer::Preflight(online("1.0"), Offers::default()));
    not_offered.tell_all(inputs);
    for (mut app, then) in [
        (stuck(false, false), "in_review needs StuckAudit"),
        (stuck(false, true), "withdrawing ! withdraw_audit"),
        (not_offered, "in_review needs StuckAudit"),
    ] {
        wait(&mut app);
        assert_eq!(shown(&app), then);
    }
}

#[test]
fn a_refused_measure_is_followed_by_a_read_and_then_by_the_next_measure() {
    for kind in [ErrorKind::Conflict, ErrorKind::Unsupported, ErrorKind::Vendor] {
        let mut app = stuck(true, true);
        wait(&mut app);
        app.tell_all([failed(Operation::ExpediteAudit, kind, Outcome::NotDone)]);
        assert_eq!(shown(&app), "in_review ? read", "the verdict may have come first");
        let mut decided = app.clone();
        decided.tell_all([audit(AuditStatus::Approved)]);
        assert_eq!(shown(&decided), "releasing ! release");
        app.tell_all([audit(AuditStatus::InReview)]);
        assert_eq!(shown(&app), "withdrawing ! withdraw_audit");
        app.tell_all([
            failed(Operation::WithdrawAudit, kind, Outcome::NotDone),
            audit(AuditStatus::InReview),
        ]);
        assert_eq!(shown(&app), "in_review needs StuckAudit");
    }
}

#[test]
fn an_audit_that_a_person_looks_at_is_still_read_and_its_verdict_counts() {
    let mut app = stuck(false, false);
    wait(&mut app);
    app.turn();
    app.tell_all([audit(AuditStatus::Approved)]);
    assert_eq!(shown(&app), "releasing ! release");
    let mut app = stuck(true, false);
    wait(&mut app);
    app.tell_all([done(Operation::ExpediteAudit)]);
    wait(&mut app);
    app.tell_all([retry(), audit(AuditStatus::InReview)]);
    assert_eq!(wait(&mut app), DAY, "a person who says so begins with the measures again");
    assert_eq!(shown(&app), "expediting ! expedite_audit");
}

#[test]
fn a_delay_is_noted_once_and_ends_with_the_verdict() {
    let mut app = in_review(Policy::default());
    app.turn();
    assert_eq!(app.tell(audit(AuditStatus::Delayed)).entry.notes, [Note::Delayed]);
    assert!(app.state.is_delayed());
    app.turn();
    assert_eq!(app.tell(audit(AuditStatus::Delayed)).entry.notes, []);
    app.turn();
    app.tell(audit(AuditStatus::Approved));
    assert!(!app.state.is_delayed() && app.state.facts.unwrap().delayed);
}

#[test]
fn a_rejection_keeps_the_vendors_words_and_a_retry_submits_what_was_corrected() {
    let mut app = in_review(Policy::default());
    let verdict = Audit::new(Some("a2.0".into()), AuditStatus::Rejected, None)
        .with_reason(Some("the icon misleads".to_owned()))
        .with_screenshots(vec!["media1".to_owned()]);
    app.tell_all([answer(Answer::Audit(verdict))]);
    let kept = app.state.verdict().unwrap();
    assert_eq!((kept.reason.as_deref(), kept.screenshots.len()), (Some("the icon misleads"), 1));
    assert_eq!((app.phase(), app.state.mover()), (Phase::Rejected, Some(Mover::Platform)));
    assert!(app.state.is_done_with(&app.policy));
    let correct = Policy { rejection: RejectionPolicy::Correct, ..Policy::default() };
    assert!(!app.state.is_done_with(&correct), "the rollout waits for the correction");

    let ext = r#"{"ext":{"password":"canary"}}"#.parse().unwrap();
    let correction = Correction { ext: Some(ext), description: Some("new hours".to_owned()), options: None };
    let corrected = app.target.correct(correction);
    app.tell_all([order(Order::Retry(corrected)), clear()]);
    match app.action() {
        Some(Action::Effect(miniprogram_core::Command::UploadCode { ext, description, .. })) => {
            assert!(ext.as_str().contains("canary") && description == "new hours");
        }
        other => panic!("{other:?}"),
    }
    let ledger = serde_json::to_string(&app.entries).unwrap() + &serde_json::to_string(&app.state).unwrap();
    assert!(!ledger.contains("canary") && ledger.contains(&app.target.ext_sha256()));
    assert_eq!(replay(&app.entries, &app.target, &app.policy), app.state);
}

#[test]
fn after_a_correction_nothing_that_the_app_already_has_is_taken_for_ours() {
    let corrected = Corrected { description: true, ..Corrected::default() };
    for (found, then) in [
        (survey(&[seen(Stage::Approved, "2.0")]), Phase::Uploading),
        (survey(&[seen(Stage::InReview, "2.0")]), Phase::Failed),
        (online("2.0"), Phase::Failed),
    ] {
        let mut app = in_review(Policy::default());
        app.tell_all([audit(AuditStatus::Rejected), order(Order::Retry(corrected.clone()))]);
        app.tell_all([answer(Answer::Preflight(found.clone(), all_offered()))]);
        assert_eq!(app.phase(), then, "{found:?}");
    }
}

#[test]
fn a_retry_that_corrects_nothing_more_remembers_that_an_approval_is_older_than_the_correction() {
    let corrected = || order(Order::Retry(Corrected { description: true, ..Corrected::default() }));
    let old = || survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]);
    let preflight = |survey| answer(Answer::Preflight(survey, all_offered()));
    let aborted = || {
        let mut app = approved(with_gray());
        app.tell_all([failed(Operation::StartGrayRelease, ErrorKind::Timeout, Outcome::NotDone)]);
        app.tell_all([order(Order::Abort), surveyed(old())]);
        assert_eq!(app.phase(), Phase::Aborted);
        app
    };
    // The upload was refused: nothing is ours yet.
    let mut app = aborted();
    app.tell_all([corrected(), preflight(old())]);
    app.tell_all([failed(Operation::UploadCode, ErrorKind::ContentRejected, Outcome::NotDone)]);
    app.tell_all([retry(), preflight(old())]);
    assert_eq!(shown(&app), "uploading ! upload_code");

    // The submission was refused, and the old approval does not become ours by looking.
    let mut app = aborted();
    app.tell_all([corrected(), preflight(old()), done(Operation::UploadCode), ready()]);
    app.tell_all([failed(Operation::SubmitAudit, ErrorKind::ContentRejected, Outcome::NotDone)]);
    app.tell_all([surveyed(old())]);
    assert_eq!(app.cause(), &Cause::Refused(ErrorKind::ContentRejected));
    app.tell_all([retry(), preflight(old())]);
    assert_eq!(shown(&app), "uploading ! upload_code");

    // What was submitted afterwards is.
    let new = Seen { audit_id: Some("a3".into()), ..seen(Stage::Approved, "2.0") };
    app.tell_all([done(Operation::UploadCode), ready(), done(Operation::SubmitAudit), Input::Revoked]);
    app.tell_all([retry(), preflight(survey(&[seen(Stage::Released, "1.0"), new]))]);
    assert_eq!(shown(&app), "in_review ? read");
}
