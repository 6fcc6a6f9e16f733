//! What merchants and others do meanwhile.

use super::*;

#[test]
fn a_revoked_authorization_ends_the_app_with_the_merchants_move_and_no_further_call() {
    let effect = |operation| failed(operation, ErrorKind::Unauthorized, Outcome::NotDone);
    let waiting = App::new(Policy::default());
    for (mut app, input) in [
        (waiting, Input::Revoked),
        (in_review(Policy::default()), Input::Revoked),
        (baking(with_gray()), Input::Revoked),
        (approved(Policy::default()), Input::Revoked),
        (approved(Policy::default()), effect(Operation::Release)),
        (approved(with_gray()), effect(Operation::StartGrayRelease)),
    ] {
        let step = app.tell(input);
        assert_eq!((step.action, app.phase(), app.cause()), (None, Phase::Failed, &Cause::Unauthorized));
        assert_eq!(app.state.mover(), Some(Mover::Merchant));
        for late in
            [Input::Due, push(1), done(Operation::Release), audit(AuditStatus::Approved), Input::Revoked]
        {
            let step = app.tell(late);
            assert!(step.ignored().is_some() && step.action.is_none(), "{:?}", step.entry);
        }
        app.tell_all([retry()]);
        assert_eq!(shown(&app), "preflight ? read", "the merchant has authorized the platform again");
    }
    let mut app = in_review(Policy::default());
    app.tell_all([unanswered(ErrorKind::Unauthorized)]);
    assert_eq!(app.cause(), &Cause::Unauthorized);
}

#[test]
fn an_audit_that_somebody_withdrew_is_believed_at_the_second_read() {
    for status in [AuditStatus::Withdrawn, AuditStatus::NotSubmitted] {
        let mut app = in_review(Policy::default());
        app.tell_all([audit(status)]);
        assert_eq!(app.phase(), Phase::InReview);
        let mut good = app.clone();
        good.tell_all([audit(AuditStatus::InReview), audit(status)]);
        assert_eq!(good.phase(), Phase::InReview, "the doubt was unfounded");
        app.tell_all([audit(status)]);
        assert_eq!(app.cause(), &Cause::Foreign(Foreign::Withdrew));
    }
}

fn refused(mut app: App) -> App {
    let operation = app.operation().unwrap();
    app.tell_all([failed(operation, ErrorKind::Conflict, Outcome::NotDone)]);
    assert_eq!(shown(&app), "looking ? read");
    app
}

#[test]
fn what_somebody_else_did_is_read_and_named_and_never_undone() {
    let other = |version: &str| Some(version.to_owned());
    let in_audit = |version| survey(&[seen(Stage::Released, "1.0"), seen(Stage::InReview, version)]);
    let approved_with =
        |gray| Survey { gray, ..survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]) };
    let release = || refused(approved(Policy::default()));
    let first_step = || refused(approved(with_gray()));
    let second_step = || {
        let mut app = baking(with_gray());
        app.turn();
        refused(app)
    };
    let submission = || {
        let mut app = App::new(Policy::default());
        app.tell_all([begin(), clear(), done(Operation::UploadCode), ready()]);
        refused(app)
    };
    let approved_is = |version, audit: &str| {
        let other = Seen { audit_id: Some(audit.into()), ..seen(Stage::Approved, version) };
        survey(&[seen(Stage::Released, "1.0"), other])
    };
    let ours_again = Seen { audit_id: Some("another".into()), ..seen(Stage::InReview, "2.0") };
    let ours_again = survey(&[seen(Stage::Released, "1.0"), ours_again]);
    let higher = gray(GrayStatus::Running, 80);
    let deleted = gray(GrayStatus::Deleted, 10);
    for (mut app, found, foreign) in [
        (release(), online("3.0"), Foreign::Released { version: other("3.0") }),
        (release(), in_audit("3.0"), Foreign::Submitted { version: other("3.0") }),
        (release(), online("1.0"), Foreign::Withdrew),
        (release(), approved_is("3.0", "another"), Foreign::Submitted { version: other("3.0") }),
        (release(), approved_is("2.0", "another"), Foreign::Submitted { version: other("2.0") }),
        (release(), ours_again.clone(), Foreign::Submitted { version: other("2.0") }),
        (first_step(), approved_is("3.0", "another"), Foreign::Submitted { version: other("3.0") }),
        (first_step(), ours_again, Foreign::Submitted { version: other("2.0") }),
        (second_step(), approved_is("2.0", "another"), Foreign::Submitted { version: other("2.0") }),
        (submission(), in_audit("3.0"), Foreign::Submitted { version: other("3.0") }),
        (submission(), online("3.0"), Foreign::Released { version: other("3.0") }),
        (first_step(), approved_with(higher), Foreign::ChangedGray { gray: higher }),
        (second_step(), approved_with(higher), Foreign::ChangedGray { gray: higher }),
        (second_step(), approved_with(deleted), Foreign::ChangedGray { gray: deleted }),
        (second_step(), approved_with(None), Foreign::ChangedGray { gray: None }),
    ] {
        app.tell_all([surveyed(found.clone())]);
        assert_eq!(app.phase(), Phase::Looking, "one read is not enough: {found:?}");
        app.tell_all([surveyed(found)]);
        assert_eq!((app.phase(), app.cause()), (Phase::Failed, &Cause::Foreign(foreign)));
        assert_eq!((app.action(), app.state.due_at), (None, None));
    }
}

#[test]
fn a_gray_step_whose_result_was_lost_is_found_by_reading() {
    let mut app = refused(approved(with_gray()));
    let versions = survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]);
    app.tell_all([surveyed(Survey { gray: gray(GrayStatus::Running, 10), ..versions })]);
    assert_eq!((app.phase(), app.state.due_at), (Phase::Baking, Some(app.now.after(HOUR))));
}

#[test]
fn our_very_version_online_is_a_release_whoever_made_it() {
    let mut theirs = refused(baking(with_gray()).tell_all([order(Order::Promote)]).clone());
    theirs.tell_all([surveyed(online("2.0"))]);
    assert_eq!((theirs.phase(), theirs.cause()), (Phase::Released, &Cause::Foreign(Foreign::ReleasedOurs)));
    assert_eq!(theirs.tell(order(Order::RollBack)).ignored(), Some(Ignored::NotOurs));

    let mut theirs = refused(baking(with_gray()).tell_all([order(Order::RollBack)]).clone());
    theirs.tell_all([surveyed(online("2.0"))]);
    assert_eq!((theirs.phase(), theirs.action()), (Phase::Released, None), "it is not rolled back");

    let mut ours = refused(approved(Policy::default()));
    ours.tell_all([surveyed(online("2.0"))]);
    assert_eq!((ours.phase(), ours.state.cause()), (Phase::Released, None), "a result was lost");
    assert_eq!(ours.tell(order(Order::RollBack)).ignored(), None);
}

#[test]
fn a_lost_submission_is_found_by_reading() {
    let in_audit = survey(&[seen(Stage::Released, "1.0"), seen(Stage::InReview, "2.0")]);
    let mut app = App::new(Policy::default());
    app.tell_all([begin(), clear(), done(Operation::UploadCode), ready()]);
    let mut refused = refused(app.clone());
    app.tell_all([failed(Operation::SubmitAudit, ErrorKind::Protocol, Outcome::Done)]);
    for app in [&mut refused, &mut app] {
        app.tell_all([surveyed(in_audit.clone())]);
        assert_eq!(app.action(), Some(Action::Read(Read::Audit("a2.0".into()))));
    }
}

#[test]
fn a_conflict_that_nothing_explains_is_repeated_once_and_then_believed() {
    let mut app = refused(approved(Policy::default()));
    let approved = || surveyed(survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]));
    app.tell_all([approved()]);
    assert_eq!(shown(&app), "releasing");
    app.turn();
    let mut app = refused(app);
    app.tell_all([approved()]);
    assert_eq!((app.phase(), app.cause()), (Phase::Failed, &Cause::Refused(ErrorKind::Conflict)));
    assert_eq!(app.state.facts.unwrap().trouble.unwrap().kind, ErrorKind::Conflict);
}

#[test]
fn packages_with_ids_are_ours_by_their_ids() {
    let mut app = App::new(Policy::default());
    let mut inputs = until_review();
    inputs[3] = answer(Answer::Upload(UploadProgress::ready(Some("p1".into()))));
    app.tell_all(inputs).tell_all([audit(AuditStatus::Approved), done(Operation::Release)]);
    let package = |id: &str| Seen { package_id: Some(id.into()), ..seen(Stage::Released, "2.0") };
    app.tell_all([surveyed(survey(&[package("p2")]))]);
    assert_eq!(app.phase(), Phase::Confirming, "another package with the same text");
    app.tell_all([surveyed(survey(&[package("p1")]))]);
    assert_eq!(app.phase(), Phase::Released);
}

#[test]
fn a_retry_does_not_forget_that_the_version_online_is_ours() {
    let mut app = released(Policy { bake_after_release: HOUR, ..Policy::default() });
    app.tell_all([Input::Revoked, retry()]);
    app.tell_all([answer(Answer::Preflight(online("2.0"), all_offered()))]);
    assert_eq!((app.phase(), app.state.cause()), (Phase::Released, None));
    app.tell_all([order(Order::RollBack), surveyed(online("2.0"))]);
    assert_eq!(shown(&app), "rolling_back ! rollback");
    app.tell_all([done(Operation::Rollback), surveyed(online("1.0"))]);
    assert_eq!(app.phase(), Phase::RolledBack);

    // The vendor still lists the audit as approved, and releases it no second time.
    let mut again = app.clone();
    let used_up = Seen { audit_id: Some("a2.0".into()), ..seen(Stage::Approved, "2.0") };
    let listed = survey(&[seen(Stage::Released, "1.0"), used_up]);
    again.tell_all([retry(), answer(Answer::Preflight(listed, all_offered()))]);
    assert_eq!(shown(&again), "uploading ! upload_code");

    // What was taken back, and is online again, is somebody else's.
    app.tell_all([retry(), answer(Answer::Preflight(online("2.0"), all_offered()))]);
    assert_eq!(app.cause(), &Cause::Foreign(Foreign::ReleasedOurs));
}

/// Where the vendor's call acts on whatever is current, somebody else may have changed that since it was read.
#[test]
fn what_brings_a_version_to_users_or_takes_it_back_names_that_very_version() {
    let named = |app: &App| match app.action() {
        Some(Action::Effect(command)) => serde_json::to_value(command).unwrap(),
        other => panic!("{other:?}"),
    };
    let audit = serde_json::json!("a2.0");
    let mut app = baking(with_gray());
    app.turn();
    for app in [approved(with_gray()), app] {
        assert_eq!(named(&app)["start_gray_release"]["gray"]["audit"], audit);
    }
    assert_eq!(named(&approved(Policy::default()))["release"]["target"]["audit"], audit);

    let mut app = released(Policy::default());
    app.tell_all([order(Order::RollBack), surveyed(online("2.0"))]);
    assert_eq!(named(&app)["rollback"]["target"]["online_version"], "2.0");
    // Somebody else released between that read and the call.
    app.tell_all([failed(Operation::Rollback, ErrorKind::Conflict, Outcome::NotSent)]);
    assert_eq!(shown(&app), "before_rollback ? read");
    app.tell_all([surveyed(online("3.0")), surveyed(online("3.0"))]);
    let theirs = Foreign::Released { version: Some("3.0".to_owned()) };
    assert_eq!((app.phase(), app.cause()), (Phase::Failed, &Cause::Foreign(theirs)));
}
