//! The course of an app when nothing goes wrong.

use super::*;

fn course(app: &mut App, inputs: Vec<Input>) -> String {
    let mut lines = Vec::new();
    for input in inputs {
        let is_result = matches!(input, Input::Answered(_) | Input::Performed(_) | Input::Gated(_));
        if is_result && !app.state.busy {
            let waited = app.state.due_at.unwrap().since(app.now);
            app.turn();
            lines.push(format!("  after {waited:?}: {}", shown(app)));
        }
        app.tell(input);
        lines.push(shown(app));
    }
    lines.join("\n")
}

#[test]
fn without_gray_steps_an_approved_version_is_released_at_once_and_confirmed_by_a_read() {
    let mut app = App::new(Policy::default());
    let mut inputs = until_review();
    inputs.extend([
        audit(AuditStatus::InReview),
        audit(AuditStatus::Approved),
        done(Operation::Release),
        surveyed(online("1.0")),
        surveyed(online("2.0")),
    ]);
    insta::assert_snapshot!(course(&mut app, inputs), @r#"
    preflight ? read
    uploading ! upload_code
    processing
      after 23.02s: processing ? read
    submitting ! submit_audit
    in_review
      after 509.326s: in_review ? read
    in_review
      after 1124.414s: in_review ? read
    releasing ! release
    confirming ? read
    confirming
      after 25.319s: confirming ? read
    released
    "#);
    assert_eq!((app.state.mover(), app.state.cause()), (None, None));
}

#[test]
fn gray_steps_bake_and_the_gate_is_asked_at_the_end_of_each_and_after_the_release() {
    let mut app = approved(with_gate());
    let inputs = vec![
        done(Operation::StartGrayRelease),
        gated(Health::Pass),
        done(Operation::StartGrayRelease),
        gated(Health::Pass),
        done(Operation::Release),
        surveyed(online("2.0")),
        gated(Health::Pass),
    ];
    insta::assert_snapshot!(course(&mut app, inputs), @r#"
    baking
      after 3600s: baking ? gate
    starting_gray ! start_gray_release
    baking
      after 7200s: baking ? gate
    releasing ! release
    confirming ? read
    observing
      after 3600s: observing ? gate
    released
    "#);
}

#[test]
fn only_the_gray_steps_that_the_vendor_offers_are_made() {
    for (gray, steps) in [
        (Shares::None, vec![]),
        (Shares::Any, vec![10, 50]),
        (Shares::Steps([50].into()), vec![50]),
        (Shares::Steps([10, 30].into()), vec![10]),
    ] {
        let mut app = App::new(with_gray());
        let offers = Offers { gray, ..Offers::default() };
        let mut inputs = until_review();
        inputs[1] = answer(Answer::Preflight(online("1.0"), offers));
        app.tell_all(inputs).tell_all([audit(AuditStatus::Approved)]);
        let mut made = Vec::new();
        while let Some(Action::Effect(miniprogram_core::Command::StartGrayRelease { gray })) = app.action() {
            made.push(gray.percentage);
            app.tell_all([done(Operation::StartGrayRelease)]);
            app.turn();
        }
        assert_eq!((made, app.phase()), (steps, Phase::Releasing));
    }
}

#[test]
fn commands_say_what_the_target_says_and_name_our_audit_and_package() {
    let mut app = App::new(Policy::default());
    app.target = target()
        .with_ext(r#"{"ext":{"shop":"面包店"}}"#.parse().unwrap())
        .with_submit(miniprogram_core::SubmitOptions::default().with_field("remark", "none"));
    let mut commands = Vec::new();
    let mut inputs = until_review();
    inputs[3] = answer(Answer::Upload(UploadProgress::ready(Some("p9".into()))));
    inputs.extend([
        audit(AuditStatus::Approved),
        done(Operation::Release),
        surveyed(online("2.0")),
        order(Order::RollBack),
        surveyed(online("2.0")),
    ]);
    for input in inputs {
        app.tell_all([input]);
        if let Some(Action::Effect(command)) = app.action() {
            commands.push(serde_json::to_string(&command).unwrap());
        }
    }
    insta::assert_snapshot!(commands.join("\n"), @r#"
    {"upload_code":{"template":"7","ext":"{\"ext\":{\"shop\":\"面包店\"}}","version":"2.0","description":"opening hours"}}
    {"submit_audit":{"target":{"upload":{"version":"2.0","description":"opening hours","package_id":"p9"}},"options":{"remark":"none"}}}
    {"release":{"target":{"audit":"a2.0"}}}
    {"rollback":{"target":{"online_package":"p9"}}}
    "#);
}

#[test]
fn actions_have_classes_that_a_driver_can_hold_back() {
    let mut classes = Vec::new();
    let mut app = baking(with_gate());
    classes.push((Phase::StartingGray, approved(with_gate()).action().unwrap().class()));
    app.turn();
    classes.push((app.phase(), app.action().unwrap().class()));
    app.tell(order(Order::Abort));
    classes.push((app.phase(), app.action().unwrap().class()));
    let table = [
        (Phase::StartingGray, Class::Release),
        (Phase::Baking, Class::Gate),
        (Phase::CancellingGray, Class::TakeBack),
    ];
    assert_eq!(classes, table);
    let mut app = App::new(Policy::default());
    for (input, class) in [
        (begin(), Class::Read),
        (clear(), Class::Upload),
        (done(Operation::UploadCode), Class::Read),
        (ready(), Class::Submission),
        (done(Operation::SubmitAudit), Class::Read),
        (audit(AuditStatus::Approved), Class::Release),
        (done(Operation::Release), Class::Read),
    ] {
        app.tell_all([input]);
        if !app.state.busy {
            app.turn();
        }
        assert_eq!(app.action().unwrap().class(), class, "{}", class.as_str());
    }
}

#[test]
fn what_is_online_or_submitted_already_is_not_done_again() {
    for (found, phase, action) in [
        (online("2.0"), Phase::Released, None),
        (
            survey(&[seen(Stage::Released, "1.0"), seen(Stage::InReview, "2.0")]),
            Phase::InReview,
            Some(Class::Read),
        ),
        (
            survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "2.0")]),
            Phase::InReview,
            Some(Class::Read),
        ),
        (
            survey(&[seen(Stage::Released, "1.0"), seen(Stage::Approved, "3.0")]),
            Phase::Uploading,
            Some(Class::Upload),
        ),
        (survey(&[seen(Stage::Development, "2.0")]), Phase::Uploading, Some(Class::Upload)),
        (survey(&[seen(Stage::Rejected, "2.0")]), Phase::Uploading, Some(Class::Upload)),
        (Survey::default(), Phase::Uploading, Some(Class::Upload)),
    ] {
        let mut app = App::new(Policy::default());
        app.tell_all([begin(), answer(Answer::Preflight(found.clone(), all_offered()))]);
        let class = app.action().map(|action| action.class());
        assert_eq!((app.phase(), class), (phase, action), "{found:?}");
    }
}

#[test]
fn an_upload_that_the_vendor_cannot_process_is_repeated_once() {
    let unprocessed = || answer(Answer::Upload(UploadProgress::failed(Some(7.into()), "too large")));
    let mut app = App::new(Policy::default());
    app.tell_all([begin(), clear(), done(Operation::UploadCode), unprocessed()]);
    assert_eq!(shown(&app), "uploading ! upload_code");
    app.tell_all([done(Operation::UploadCode), unprocessed()]);
    assert_eq!(app.cause(), &Cause::UploadFailed { code: Some(7.into()), reason: "too large".to_owned() });
}

#[test]
fn a_vendor_that_does_not_finish_or_does_not_show_is_asked_on_while_a_person_knows() {
    let processing = || answer(Answer::Upload(UploadProgress::Processing));
    let mut stuck = App::new(Policy::default());
    stuck.tell_all([begin(), clear(), done(Operation::UploadCode)]);
    let mut hidden = approved(Policy::default());
    hidden.tell_all([done(Operation::Release)]);
    for (mut app, input, need, good) in [
        (stuck, processing(), Need::StuckUpload, ready()),
        (hidden, surveyed(Survey::default()), Need::NotShown, surveyed(online("2.0"))),
    ] {
        let mut notices = 0;
        for _ in 0..20 {
            if !app.state.busy {
                app.turn();
            }
            notices += usize::from(app.tell(input.clone()).needs() == Some(need));
        }
        assert_eq!((notices, app.state.need, app.state.mover()), (1, Some(need), Some(Mover::Platform)));
        app.tell_all([good]);
        assert_eq!(app.state.need, None);
    }
}

#[test]
fn the_state_of_an_app_that_has_not_begun_is_small() {
    assert!(size_of::<AppState>() <= 128, "{}", size_of::<AppState>());
    assert_eq!(serde_json::to_string(&AppState::new()).unwrap(), r#"{"phase":"waiting"}"#);
}

#[test]
fn a_row_of_an_app_in_review_is_short() {
    let mut app = in_review(with_gate());
    app.turn();
    app.tell(audit(AuditStatus::InReview));
    insta::assert_snapshot!(serde_json::to_string_pretty(&app.state).unwrap(), @r#"
    {
      "phase": "in_review",
      "attempt": 2,
      "since": "2027-01-15T08:00:23.020Z",
      "due_at": "2027-01-15T08:27:36.760Z",
      "known_at": "2027-01-15T08:08:52.346Z",
      "facts": {
        "offers": {
          "expedite": true,
          "gray": "any"
        },
        "online_before": "1.0",
        "receipt": {
          "version": "2.0",
          "description": "opening hours"
        },
        "audit": "a2.0",
        "submitted_at": "2027-01-15T08:00:23.020Z",
        "deadline": "2027-01-22T08:00:23.020Z",
        "verdict": {
          "status": "in_review",
          "source": "poll",
          "read_at": "2027-01-15T08:08:52.346Z"
        },
        "uploads": 1
      }
    }
    "#);
}
