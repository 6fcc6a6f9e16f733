//! Determining the outcome of an effect: how long it is queried, what is believed, and what is sent again.

use super::*;
use crate::clock::{Busy, Clock, Wait};
use crate::outcome::Evidence;

const LOST: &[Answer] = &[Answer::Lost];
/// The number of probes that settle a lost effect which is not visible.
const GONE: [Look; 4] = [Look::Absent; 4];

/// Returns four probes that show nothing, followed by others.
fn gone_then(looks: &[Look]) -> Vec<Look> {
    [&GONE[..], looks].concat()
}

async fn settle(pipeline: &Pipeline, acme: &Acme, ago: Duration) -> Result<crate::Settled> {
    pipeline.settle(&app(), acme, &begun(command(), ago)).await
}

#[tokio::test]
async fn nothing_done_is_believed_after_looks_over_the_whole_settle_time() {
    let acme = Acme::new(&[Answer::Lost, Answer::Done], &[Look::Absent]);
    let effect = run(&acme.pipeline(), &acme).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 2));
    assert_eq!(acme.script().looked, [0, 1, 2, 3].map(|look| LOOK_PAUSE * look));
    let pause = acme.sent_at()[1] - LOOK_PAUSE * 3;
    assert!((200..=800).contains(&pause.as_millis()), "{pause:?}");
}

#[tokio::test]
async fn three_looks_settle_without_a_settle_time() {
    for (look, told) in [(Look::Absent, Outcome::NotDone), (Look::Pending, Outcome::Unknown)] {
        let acme = Acme::new(LOST, &[look]);
        let config = acme.config().with_settle_time(Duration::ZERO).with_max_attempts(0);
        assert_eq!(outcome(&pipeline(config), &acme).await, told);
        assert_eq!(acme.counts(), (1, 3));
    }
}

#[tokio::test]
async fn looks_that_take_their_time_count_towards_the_settle_time() {
    // Three probes of 666 ms and two pauses are 6 s to the millisecond.
    let acme = Acme::new(LOST, &[Look::Read]).with_reads(&[Answer::DoneAfter(666)]);
    assert_eq!(outcome(&pipeline(acme.config().with_max_attempts(1)), &acme).await, Outcome::NotDone);
    assert_eq!((acme.counts(), acme.elapsed()), ((1, 3), SETTLE));
    // Three probes of 10.666 s and two pauses are six times as much.
    let acme = Acme::new(LOST, &[Look::ReadPending]).with_reads(&[Answer::DoneAfter(10_666)]);
    let config = acme.config().with_timeout(Duration::from_secs(20));
    assert_eq!(outcome(&pipeline(config), &acme).await, Outcome::Unknown);
    assert_eq!((acme.counts(), acme.elapsed()), ((1, 3), SETTLE * 6));
}

#[tokio::test]
async fn something_on_its_way_restarts_the_counting() {
    let acme = Acme::new(LOST, &[Look::Absent, Look::Absent, Look::Pending, Look::Absent]);
    assert_eq!(outcome(&pipeline(acme.config().with_max_attempts(1)), &acme).await, Outcome::NotDone);
    assert_eq!((acme.counts(), acme.elapsed()), ((1, 6), LOOK_PAUSE * 5));
}

#[tokio::test]
async fn something_on_its_way_is_waited_for_up_to_six_settle_times() {
    let acme = Acme::new(LOST, &[Look::Pending]);
    let error = run(&acme.pipeline(), &acme).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1));
    assert!(error.intent().is_some());
    assert_eq!((acme.counts(), acme.elapsed()), ((1, 19), LOOK_PAUSE * 18));
    // However long ago the attempt was.
    let acme = Acme::new(&[], &[Look::Pending]);
    let error = settle(&acme.pipeline(), &acme, Duration::from_secs(3600)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::Unknown));
    assert_eq!((acme.counts(), acme.elapsed()), ((0, 19), LOOK_PAUSE * 18));
}

#[tokio::test]
async fn an_attempt_of_a_dead_process_may_be_under_way_for_the_longest_timeout() {
    // An upload takes up to 60 s, and lands a settle time later at the latest.
    for (ago, looks) in [(0, 4), (30, 4), (59, 4), (66, 3), (7200, 3)] {
        let acme = Acme::new(&[], &[Look::Absent]);
        let settled = settle(&acme.pipeline(), &acme, Duration::from_secs(ago)).await.unwrap();
        assert_eq!((settled.outcome, settled.evidence), (Outcome::NotDone, Evidence::Asked));
        assert_eq!(
            (acme.counts().1, acme.elapsed()),
            (looks, LOOK_PAUSE * (looks as u32 - 1)),
            "{ago} s ago"
        );
    }
}

#[tokio::test]
async fn a_deadline_does_not_cut_settling_short_and_holds_again_afterwards() {
    // At first every read fails, the last ones after the deadline.
    let acme = Acme::new(&[Answer::Hung, Answer::Done], &[Look::Read])
        .with_reads(&[Answer::Unreachable, Answer::Done].repeat(9));
    let pipeline = pipeline(acme.config().with_deadline(Duration::from_secs(12)));
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::NotDone);
    assert_eq!(acme.counts().0, 1, "after the deadline nothing is sent");
    let reads = acme.script().read.len();
    assert_eq!(reads, acme.counts().1 * 2, "each look reads again");
    assert!(acme.elapsed() >= Duration::from_secs(16));
}

#[tokio::test]
async fn a_deadline_does_not_cut_the_look_after_a_refusal_short_either() {
    let acme =
        Acme::new(&[Answer::Lost, Answer::CodeAfter(2, 3000), Answer::Done], &gone_then(&[Look::Read]))
            .with_reads(&[Answer::DoneAfter(2000)]);
    let pipeline = pipeline(acme.config().with_deadline(Duration::from_secs(10)));
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::NotDone);
    assert_eq!(acme.counts(), (2, 5), "after the deadline nothing is sent");
    assert!(acme.elapsed() > Duration::from_secs(11));
}

#[tokio::test]
async fn a_repeat_that_no_query_can_decide_waits_for_the_end_of_the_settle_time() {
    for class in [EffectClass::Guarded, EffectClass::Set] {
        let acme = Acme::new(&[Answer::Lost, Answer::Done], &[Look::Unknowable]).of_class(class);
        let effect = run(&acme.pipeline(), &acme).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 2));
        let pause = acme.sent_at()[1] - SETTLE;
        assert!((200..=800).contains(&pause.as_millis()), "{class:?} {pause:?}");
    }
    let acme = Acme::new(&[Answer::Lost, Answer::Done], &[Look::Unknowable]).of_class(EffectClass::OneShot);
    let error = run(&acme.pipeline(), &acme).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts(), acme.counts()), (Outcome::Unknown, 1, (1, 1)));
    assert!(error.intent().is_some());
}

#[tokio::test]
async fn what_nobody_can_tell_stays_unknown_unless_a_repeat_succeeds() {
    for repeat in [REFUSED, Answer::Unreachable, TOMORROW, Answer::Lost] {
        let acme = Acme::new(&[Answer::Lost, repeat], &[Look::Unknowable]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown, "{repeat:?}");
    }
    for (answers, told) in [
        (&[Answer::Lost, BUSY, Answer::Done][..], Outcome::Done),
        (&[Answer::Lost, Answer::Unreachable, Answer::Done], Outcome::Done),
        (&[Answer::TooLarge, Answer::TooLarge, Answer::Done], Outcome::Done),
        (&[Answer::Lost, Answer::Lost, Answer::Lost, Answer::Done], Outcome::Unknown),
    ] {
        let acme = Acme::new(answers, &[Look::Unknowable]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, told, "{answers:?}");
        assert_eq!(acme.counts().0, 3, "{answers:?}");
    }
    let acme = Acme::new(&[Answer::Lost, REFUSED, Answer::Done], &[Look::Unknowable]);
    assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown);
    assert_eq!(acme.counts().0, 2, "a refusal is not sent again");
}

#[tokio::test]
async fn a_one_shot_effect_is_sent_twice_at_most() {
    for (class, attempts) in [(EffectClass::OneShot, 2), (EffectClass::Guarded, 3), (EffectClass::Set, 3)] {
        let acme = Acme::new(LOST, &[Look::Absent]).of_class(class);
        let error = run(&acme.pipeline(), &acme).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotDone, attempts), "{class:?}");
    }
}

#[tokio::test]
async fn a_response_that_is_too_large_says_nothing_about_the_effect() {
    for (look, told) in [(Look::Done, Outcome::Done), (Look::Absent, Outcome::NotDone)] {
        let acme = Acme::new(&[Answer::TooLarge], &[look]);
        assert_eq!(outcome(&acme.pipeline(), &acme).await, told);
    }
}

#[tokio::test]
async fn a_repeat_that_cannot_be_sent_does_not_unsend_the_first() {
    let acme = Acme::new(&[Answer::Lost, Answer::Unreachable], &[Look::Absent]);
    assert_eq!(outcome(&pipeline(acme.config().with_max_attempts(2)), &acme).await, Outcome::NotDone);
    assert_eq!(acme.counts(), (2, 4), "the first is settled, and the second has left nothing to look for");
    let acme = Acme::new(&[Answer::Unreachable], &[Look::Absent]);
    assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::NotSent);
    assert_eq!(acme.counts().1, 0, "there is nothing to ask about");
}

#[tokio::test]
async fn what_a_refusal_says_after_a_lost_attempt() {
    let (done, not_done) = (Outcome::Done, Outcome::NotDone);
    let inferred = Some(Evidence::Inferred);
    let asked = Some(Evidence::Asked);
    for (refusal, look, told, evidence, looks) in [
        (Refusal::Done, Look::Absent, done, inferred, 4),
        (Refusal::Ask, Look::Done, done, asked, 5),
        (Refusal::Ask, Look::Absent, not_done, None, 5),
        (Refusal::Ask, Look::Conflict, not_done, None, 5),
        (Refusal::Ask, Look::Untold, Outcome::Unknown, None, 5),
        (Refusal::Ask, Look::Unknowable, Outcome::Unknown, None, 5),
        (Refusal::Ask, Look::Read, Outcome::Unknown, None, 5),
        (Refusal::DoneUnlessShown, Look::Done, done, asked, 5),
        (Refusal::DoneUnlessShown, Look::Absent, not_done, None, 5),
        (Refusal::DoneUnlessShown, Look::Untold, done, inferred, 5),
        (Refusal::DoneUnlessShown, Look::Unknowable, done, inferred, 5),
        (Refusal::DoneUnlessShown, Look::Read, done, inferred, 5),
    ] {
        // If the probe reads, the vendor refuses the read.
        let acme = Acme::new(&[Answer::Lost, REFUSED], &gone_then(&[look])).with_reads(&[REFUSED]);
        acme.script().refusal = refusal;
        let case = format!("{refusal:?}, {look:?}");
        match run(&acme.pipeline(), &acme).await {
            Ok(effect) => {
                assert_eq!((done, Some(effect.evidence), effect.attempts), (told, evidence, 2), "{case}");
                assert_eq!(effect.request_id.as_deref(), Some("r-1"), "{case}");
            }
            Err(error) => {
                assert_eq!((error.outcome(), None, error.attempts()), (told, evidence, 2), "{case}");
                assert_eq!(error.intent().is_some(), told == Outcome::Unknown, "{case}");
            }
        }
        assert_eq!(acme.counts(), (2, looks), "{case}");
    }
    let acme = Acme::new(&[REFUSED], &[Look::Done]);
    let error = run(&acme.pipeline(), &acme).await.unwrap_err();
    assert_eq!((error.outcome(), error.operation()), (Outcome::NotDone, "set_visit_status"));
    assert_eq!(acme.counts(), (1, 0), "without a lost attempt a refusal is what it says");
}

#[tokio::test]
async fn a_refusal_after_which_something_is_on_its_way_is_waited_for() {
    let pending = gone_then(&[Look::Pending, Look::Pending, Look::Done]);
    let acme = Acme::new(&[Answer::Lost, REFUSED], &pending);
    let effect = run(&acme.pipeline(), &acme).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Asked, 2));
    let acme = Acme::new(&[Answer::Lost, REFUSED], &gone_then(&[Look::Pending]));
    assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown);
}

#[tokio::test]
async fn a_conflict_names_the_call_and_says_whether_it_may_have_taken_place() {
    for (look, told) in [(Look::Conflict, Outcome::NotDone), (Look::Overtaken, Outcome::Unknown)] {
        let acme = Acme::new(LOST, &[look]);
        let error = run(&acme.pipeline(), &acme).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Conflict, told, 1));
        assert_eq!(error.operation(), "set_visit_status");
        assert_eq!(error.intent().is_some(), told == Outcome::Unknown);
        assert_eq!(acme.counts(), (1, 1));
    }
}

#[tokio::test]
async fn a_field_that_is_not_told_is_named() {
    for (answer, detail) in [
        (Answer::Lost, "the state afterwards does not report `state`, so what became of it is unknown"),
        (Answer::Status(500), "HTTP status 500: the body does not say why"),
    ] {
        let acme = Acme::new(&[answer], &[Look::Untold]);
        let error = run(&acme.pipeline(), &acme).await.unwrap_err();
        assert_eq!((error.outcome(), error.detail()), (Outcome::Unknown, Some(detail)));
        assert!(error.intent().is_some());
    }
    // It is not a probe that showed nothing.
    let acme = Acme::new(LOST, &[Look::Absent, Look::Untold, Look::Absent, Look::Untold, Look::Absent]);
    assert_eq!(outcome(&pipeline(acme.config().with_max_attempts(1)), &acme).await, Outcome::NotDone);
    assert_eq!(acme.counts(), (1, 5));
}

#[tokio::test]
async fn what_settling_finds_out() {
    for (look, told) in [
        (Look::Done, Outcome::Done),
        (Look::Absent, Outcome::NotDone),
        (Look::Conflict, Outcome::NotDone),
        (Look::Overtaken, Outcome::Unknown),
        (Look::Unknowable, Outcome::Unknown),
    ] {
        let acme = Acme::new(&[], &[look]);
        let settled = settle(&acme.pipeline(), &acme, Duration::ZERO).await.unwrap();
        assert_eq!((settled.outcome, settled.evidence), (told, Evidence::Asked), "{look:?}");
        assert_eq!(acme.counts().0, 0, "settling sends nothing");
    }
    for (look, detail) in [
        (Look::Read, "whether set_visit_status took place could not be asked"),
        (Look::Untold, "the state afterwards does not report `state`, so what became of it is unknown"),
    ] {
        let acme = Acme::new(&[], &[look]).with_reads(&[REFUSED]);
        let error = settle(&acme.pipeline(), &acme, Duration::ZERO).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::Unknown));
        assert_eq!((error.vendor(), error.detail()), (Some(ACME), Some(detail)));
        assert_eq!(error.intent(), Some(&begun(command(), Duration::ZERO)));
    }
    let acme = Acme::new(&[], &[Look::Untold]).of_class(EffectClass::Set);
    let settled = settle(&acme.pipeline(), &acme, Duration::ZERO).await.unwrap();
    assert_eq!(settled.outcome, Outcome::Unknown, "repeating a setting is harmless");
}

#[tokio::test]
async fn an_intent_of_another_app_or_vendor_is_refused() {
    let mut of_vendor = begun(command(), Duration::ZERO);
    of_vendor.vendor = Vendor::new("other");
    let mut of_app = begun(command(), Duration::ZERO);
    of_app.subject = AppId::from("2").into();
    for (foreign, detail) in
        [(of_vendor, "belongs to other 1, not to acme 1"), (of_app, "belongs to acme 2, not to acme 1")]
    {
        let acme = Acme::new(&[], &[Look::Done]);
        let pipeline = acme.pipeline();
        let settled = crate::Settled::not_done(Evidence::Asked);
        for (operation, error) in [
            ("settle", pipeline.settle(&app(), &acme, &foreign).await.unwrap_err()),
            ("resolve", pipeline.resolve(&app(), &foreign, &settled).await.unwrap_err()),
        ] {
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Config, operation));
            assert_eq!((error.vendor(), error.field()), (Some(ACME), Some("intent")));
            assert_eq!((error.detail(), acme.counts().1), (Some(detail), 0));
        }
    }
}

#[tokio::test]
async fn a_late_request_cannot_overtake_the_next_effect() {
    for (class, waited) in [
        (EffectClass::Set, SETTLE),
        (EffectClass::Guarded, Duration::ZERO),
        (EffectClass::OneShot, Duration::ZERO),
    ] {
        let acme = Acme::new(&[Answer::Lost, Answer::Done], &[Look::Done]).of_class(class);
        let pipeline = acme.pipeline();
        let asked = run(&pipeline, &acme).await.unwrap();
        assert_eq!((asked.evidence, acme.elapsed()), (Evidence::Asked, Duration::ZERO));
        // The state may have been the same before: the lost request lands within the settle time, or never.
        run(&pipeline, &acme).await.unwrap();
        assert_eq!(acme.sent_at(), [Duration::ZERO, waited], "{class:?}");
        // The same applies if an intent is settled: its process may have sent it a moment ago.
        let acme = Acme::new(&[Answer::Done], &[Look::Done]).of_class(class);
        let pipeline = acme.pipeline();
        settle(&pipeline, &acme, Duration::ZERO).await.unwrap();
        run(&pipeline, &acme).await.unwrap();
        assert_eq!(acme.sent_at(), [waited], "{class:?}");
    }
}

#[tokio::test]
async fn waiting_for_a_late_request_moves_the_default_deadline_back() {
    let looks = [&[Look::Done][..], &GONE].concat();
    let acme = Acme::new(&[Answer::Lost, Answer::Hung, Answer::Done], &looks).of_class(EffectClass::Set);
    // The default is 3 × 1 s + 6 s; the second effect waits for 6 s, hangs for 1 s, and is settled for 6 s.
    let pipeline = pipeline(acme.config().with_timeout(Duration::from_secs(1)));
    run(&pipeline, &acme).await.unwrap();
    assert_eq!(run(&pipeline, &acme).await.unwrap().attempts, 2);
}

#[tokio::test]
async fn a_read_that_shall_wait_until_tomorrow_does_not_hold_the_gate_until_then() {
    let acme = Acme::new(LOST, &[Look::Read]).with_reads(&[TOMORROW]);
    assert_eq!(outcome(&acme.pipeline(), &acme).await, Outcome::Unknown);
    assert!(acme.elapsed() < SETTLE * 8, "{:?}", acme.elapsed());
}

/// A clock that shows an hour less from the first pause on.
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
    // Two pauses of 3 ms are the settle time, 17 of 18 ms are six settle times.
    for (look, settle_time, told, looks) in
        [(Look::Absent, 6, Outcome::NotDone, 3), (Look::Pending, 51, Outcome::Unknown, 18)]
    {
        let acme = Acme::new(LOST, &[look]);
        let config = acme
            .config()
            .with_clock(Arc::new(SetBack(acme.1.clone(), Mutex::default())))
            .with_settle_time(Duration::from_millis(settle_time))
            .with_max_attempts(1);
        assert_eq!(outcome(&pipeline(config), &acme).await, told);
        assert_eq!(acme.counts(), (1, looks));
    }
}

#[tokio::test]
async fn effects_that_succeed_at_last_do_not_drain_the_budget() {
    let acme = Acme::new(&[Answer::Unreachable, Answer::Done].repeat(200), &[]);
    let pipeline = acme.pipeline();
    for _ in 0..200 {
        assert_eq!(run(&pipeline, &acme).await.unwrap().attempts, 2);
    }
}

#[tokio::test]
async fn effects_that_succeed_at_once_refill_the_budget() {
    let acme = Acme::new(&[Answer::Done], &[Look::Absent]);
    let pipeline = acme.pipeline();
    while pipeline.0.budget.withdraw(false).is_some() {}
    for _ in 0..5 {
        run(&pipeline, &acme).await.unwrap();
    }
    acme.expect(&[BUSY], &[Look::Absent]);
    assert_eq!(run(&pipeline, &acme).await.unwrap_err().attempts(), 2);
    assert_eq!(run(&pipeline, &acme).await.unwrap_err().attempts(), 1, "nothing is left for a repeat");
}
