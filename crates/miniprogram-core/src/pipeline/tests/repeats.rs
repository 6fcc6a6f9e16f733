//! What an effect left open means for the app's next call.

use super::*;
use crate::journal::Journal;
use crate::outcome::Evidence;

/// Returns the pipeline after a lost effect whose state was not reported, with its journal.
async fn after_unknown(acme: &Acme) -> (Pipeline, Arc<MemoryJournal>) {
    let journal = Arc::new(MemoryJournal::new());
    let pipeline = pipeline(acme.config().with_journal(journal.clone()));
    let error = run(&pipeline, acme).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(
        error.intent(),
        journal.open_intents(&app()).first(),
        "the error holds what the journal holds"
    );
    acme.script().looked.clear();
    (pipeline, journal)
}

fn silent() -> Acme {
    Acme::new(&[Answer::Lost], &[Look::Untold])
}

#[tokio::test]
async fn the_same_call_returns_what_became_of_the_first() {
    let acme = silent();
    let (pipeline, journal) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Done]);
    let effect = run(&pipeline, &acme).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts, &effect.earlier), (Evidence::Asked, 1, &None));
    assert_eq!(acme.counts(), (1, 1), "nothing was sent");
    assert!(journal.open_intents(&app()).is_empty());
    run(&pipeline, &acme).await.unwrap();
    assert_eq!(acme.counts().0, 2, "the call after it is a new one");
}

#[tokio::test]
async fn another_process_with_the_journal_answers_the_same() {
    let acme = silent();
    let (_, journal) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Done]);
    let pipeline = pipeline(acme.config().with_journal(journal));
    assert_eq!(run(&pipeline, &acme).await.unwrap().evidence, Evidence::Asked);
    assert_eq!(acme.counts().0, 1, "nothing was sent");
}

#[tokio::test]
async fn a_call_about_something_else_is_carried_out_and_tells_of_the_first() {
    for (repeats, look, told) in [
        (Repeats::New, Look::Done, Outcome::Done),
        (Repeats::Same, Look::Absent, Outcome::NotDone),
        (Repeats::Same, Look::Unknowable, Outcome::Unknown),
    ] {
        let acme = silent();
        acme.script().repeats = repeats;
        let (pipeline, journal) = after_unknown(&acme).await;
        acme.expect(&[Answer::Done], &[look]);
        let effect = run(&pipeline, &acme).await.unwrap();
        let earlier = effect.earlier.unwrap();
        assert_eq!((effect.evidence, earlier.settled.outcome), (Evidence::Answered, told));
        assert_eq!((earlier.intent.target, acme.counts().0), (command(), 2));
        assert!(journal.open_intents(&app()).is_empty());
    }
    // Another method is never a repeat.
    let acme = silent();
    let (pipeline, _) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Done]);
    let effect = run_other(&pipeline, &acme).await.unwrap();
    assert_eq!((effect.earlier.unwrap().settled.outcome, acme.counts().0), (Outcome::Done, 2));
}

#[tokio::test]
async fn an_error_tells_of_the_first_too() {
    let acme = silent();
    let (pipeline, journal) = after_unknown(&acme).await;
    acme.expect(&[REFUSED], &[Look::Done]);
    let error = run_other(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.outcome(), error.intent()), (Outcome::NotDone, None));
    assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
    assert!(journal.open_intents(&app()).is_empty());
    insta::assert_json_snapshot!(error.report(), @r#"
    {
      "kind": "conflict",
      "outcome": "not_done",
      "vendor": "acme",
      "operation": "set_min_library_version",
      "code": 1,
      "message": "no",
      "request_id": "r-1",
      "advice": "read the current state, then decide",
      "earlier": {
        "operation": "set_visit_status",
        "outcome": "done",
        "evidence": "asked"
      }
    }
    "#);
}

#[tokio::test]
async fn a_call_that_may_be_a_repeat_is_a_conflict_and_not_sent() {
    let acme = silent();
    acme.script().repeats = Repeats::Indeterminate;
    let (pipeline, journal) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Done]);
    let error = run(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent));
    assert_eq!((error.operation(), error.vendor()), ("set_visit_status", Some(ACME)));
    assert!(error.detail().unwrap().ends_with("is indeterminate: `state` is missing"));
    assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
    assert_eq!(acme.counts().0, 1);
    assert!(journal.open_intents(&app()).is_empty(), "the first is settled");
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::Done);
    assert_eq!(acme.counts().0, 2, "the next call is a new one");
}

#[tokio::test]
async fn a_repeat_that_cannot_be_asked_about_keeps_the_first_open() {
    let acme = silent();
    acme.script().repeats = Repeats::Unread;
    let (pipeline, journal) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Done]);
    let error = run(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotSent));
    assert_eq!(error.operation(), "set_visit_status");
    let why = "whether this call repeats an earlier set_visit_status could not be asked";
    assert_eq!(error.detail(), Some(why));
    assert_eq!(error.intent(), journal.open_intents(&app()).first());
    assert!(error.intent().is_some());
    acme.script().repeats = Repeats::Same;
    assert_eq!(run(&pipeline, &acme).await.unwrap().evidence, Evidence::Asked);
    assert_eq!(acme.counts().0, 1);
}

#[tokio::test]
async fn a_first_effect_that_stays_unknown_bars_the_next() {
    for (look, why) in [
        (Look::Untold, "the state afterwards does not report `state`, so what became of it is unknown"),
        (Look::Read, "whether set_visit_status took place could not be asked"),
    ] {
        let acme = silent().with_reads(&[REFUSED]);
        let (pipeline, journal) = after_unknown(&acme).await;
        acme.expect(&[Answer::Done], &[look]);
        let error = run_other(&pipeline, &acme).await.unwrap_err();
        assert_eq!((error.outcome(), error.operation()), (Outcome::NotSent, "set_min_library_version"));
        let why = format!("an earlier set_visit_status of this app has an unknown outcome: {why}");
        assert_eq!((error.detail(), acme.counts().0), (Some(&*why), 1));
        assert_eq!(error.intent(), journal.open_intents(&app()).first());
        assert!(error.intent().is_some());
    }
    // If a repeat is harmless, it blocks nothing.
    let acme = silent().of_class(EffectClass::Set);
    let (pipeline, journal) = after_unknown(&acme).await;
    acme.expect(&[Answer::Done], &[Look::Untold]);
    let effect = run_other(&pipeline, &acme).await.unwrap();
    assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Unknown);
    assert!(journal.open_intents(&app()).is_empty());
}

#[tokio::test]
async fn a_first_effect_that_this_version_cannot_read_bars_the_next() {
    let journal = Arc::new(MemoryJournal::new());
    let old = begun(Command::CancelGrayRelease, Duration::ZERO);
    journal.open(&old).await.unwrap();
    let acme = Acme::new(&[Answer::Done], &[Look::Done]);
    let pipeline = pipeline(acme.config().with_journal(journal));
    let error = run(&pipeline, &acme).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent));
    assert_eq!((error.operation(), error.intent()), ("set_visit_status", Some(&old)));
    assert_eq!(acme.counts(), (0, 0));
}

#[tokio::test]
async fn settling_a_first_effect_moves_the_default_deadline_back_by_two_settle_times() {
    // 3 × 10 s + 6 s, and 12 s for the settling, which takes 36 s here.
    for (answer, sent) in [(Answer::CodeAfter(2, 8000), 2), (Answer::Hung, 1)] {
        let journal = Arc::new(MemoryJournal::new());
        journal.open(&begun(other_command(), Duration::ZERO)).await.unwrap();
        let looks = [&[Look::Pending; 18][..], &[Look::Done, Look::Absent]].concat();
        let acme = Acme::new(&[answer, Answer::Done], &looks);
        let pipeline = pipeline(acme.config().with_journal(journal));
        let told = if sent == 2 { Outcome::Done } else { Outcome::NotDone };
        assert_eq!(outcome(&pipeline, &acme).await, told, "{answer:?}");
        assert_eq!((acme.counts().0, acme.sent_at()[0]), (sent, LOOK_PAUSE * 18), "{answer:?}");
    }
}
