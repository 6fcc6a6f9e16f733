//! Reads: which are retried, after which pauses, and until when.

use super::*;

async fn read(pipeline: &Pipeline) -> Result<Reply> {
    let app = app();
    pipeline.begin(&app, "state").read(&Call::to(&READ)).await
}

fn read_at(acme: &Acme) -> Vec<Duration> {
    acme.script().read.iter().map(|(at, _)| *at).collect()
}

#[tokio::test]
async fn pauses_grow_and_are_jittered() {
    let acme = Acme::reading(&[Answer::Unreachable]);
    let error = read(&acme.pipeline()).await.unwrap_err();
    assert_eq!((error.operation(), error.attempts(), error.vendor()), ("state", 3, Some(ACME)));
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotSent));
    let at = read_at(&acme);
    assert_eq!(at.len(), 3);
    let pauses = [at[1] - at[0], at[2] - at[1]];
    assert!((200..=800).contains(&pauses[0].as_millis()), "{pauses:?}");
    assert!((200..=1600).contains(&pauses[1].as_millis()), "{pauses:?}");
}

#[test]
fn a_pause_is_drawn_from_a_span_that_doubles_from_800_milliseconds_to_ten_seconds() {
    let acme = Acme::reading(&[]);
    let pipeline = pipeline(acme.config().with_max_attempts(9).with_seed(20_261_129));
    let mut random = fastrand::Rng::with_seed(20_261_129);
    let app = app();
    let op = pipeline.begin(&app, "state");
    let (call, error) = (Call::to(&READ), Error::new(ErrorKind::Unavailable, "read"));
    for (attempt, span) in (1..).zip([800, 1600, 3200, 6400, 10_000, 10_000]) {
        let least = Duration::from_millis(200);
        let drawn = least + (Duration::from_millis(span) - least).mul_f64(random.f64());
        let pause = op.may_repeat(attempt, &call, &error).unwrap().0;
        // The spans are doubled as floating-point numbers.
        assert!(pause.abs_diff(drawn) < Duration::from_micros(1), "attempt {attempt}: {pause:?}, {drawn:?}");
    }
}

#[tokio::test]
async fn the_vendors_wait_is_obeyed() {
    // The header of a status or of a refusal, and the wait of a listed code.
    for (answer, wait) in [(Answer::Wait(4), 4), (Answer::CodeWait(2, 5), 5), (Answer::Code(3), 3)] {
        let acme = Acme::reading(&[answer, Answer::Done]);
        read(&acme.pipeline()).await.unwrap();
        assert_eq!(read_at(&acme), [Duration::ZERO, Duration::from_secs(wait)], "{answer:?}");
    }
}

#[tokio::test]
async fn what_a_repeat_cannot_mend_is_not_repeated() {
    for (answer, kind, retry) in [
        (REFUSED, ErrorKind::Conflict, Retry::AfterChange),
        (Answer::Code(7), ErrorKind::Vendor, Retry::No),
        (Answer::Unbuildable, ErrorKind::Config, Retry::AfterChange),
    ] {
        let acme = Acme::reading(&[answer]);
        let error = read(&acme.pipeline()).await.unwrap_err();
        assert_eq!((error.kind(), error.retry(), error.attempts()), (kind, retry, 1), "{answer:?}");
    }
    for answer in [Answer::TooLarge, Answer::Status(300), Answer::Lost, BUSY] {
        let acme = Acme::reading(&[answer]);
        let error = read(&acme.pipeline()).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::NotDone, 3), "{answer:?}");
    }
}

#[tokio::test]
async fn only_a_status_of_the_two_hundreds_is_a_success() {
    for status in [200, 299] {
        assert!(read(&Acme::reading(&[Answer::Status(status)]).pipeline()).await.is_ok(), "{status}");
    }
    for (status, kind) in [
        (199, ErrorKind::Protocol),
        (300, ErrorKind::Protocol),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (599, ErrorKind::Unavailable),
        (600, ErrorKind::Protocol),
    ] {
        let error = read(&Acme::reading(&[Answer::Status(status)]).pipeline()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.detail(), Some(&*format!("HTTP status {status}: the body does not say why")));
    }
}

#[tokio::test]
async fn a_reply_tells_both_clocks() {
    let acme = Acme::reading(&[Answer::DoneAfter(500)]);
    let reply = read(&acme.pipeline()).await.unwrap();
    assert_eq!((reply.status, reply.headers.contains_key("date")), (200, true));
    assert_eq!(reply.date, Some(Timestamp::from_unix(3600)));
    assert_eq!(reply.received_at, START.after(Duration::from_millis(500)));
}

#[test]
fn by_default_no_attempt_begins_after_all_attempts_and_a_settle_time() {
    let acme = Acme::reading(&[]);
    let mut config = acme.config();
    config.timeout = Duration::from_secs(10);
    config.upload_timeout = Duration::from_secs(60);
    let pipeline = pipeline(config);
    let app = app();
    let mut op = pipeline.begin(&app, "state");
    let error = Error::new(ErrorKind::Unavailable, "read").with_retry_after(Some(Duration::from_secs(1)));
    let (read, upload) = (Call::to(&READ), Call::to(&READ).as_upload());
    // 3 × 10 s + 6 s, minus the pause.
    acme.1.advance(Duration::from_secs(35));
    assert!(op.may_repeat(1, &read, &error).is_some());
    assert!(op.may_repeat(3, &read, &error).is_none(), "three attempts are all");
    acme.1.advance(Duration::from_millis(1));
    assert!(op.may_repeat(1, &read, &error).is_none());
    op.extend(Duration::from_secs(5));
    acme.1.advance(Duration::from_millis(4999));
    assert!(op.may_repeat(1, &read, &error).is_some());
    acme.1.advance(Duration::from_millis(1));
    assert!(op.may_repeat(1, &read, &error).is_none());
    // 3 × 60 s + 6 s + 5 s.
    acme.1.advance(Duration::from_millis(149_999));
    assert!(op.may_repeat(1, &upload, &error).is_some());
    acme.1.advance(Duration::from_millis(1));
    assert!(op.may_repeat(1, &upload, &error).is_none());
}

#[test]
fn who_settles_sits_out_ten_seconds_and_no_more() {
    let acme = Acme::reading(&[]);
    let pipeline = pipeline(acme.config().with_deadline(Duration::from_secs(1)));
    let app = app();
    let mut op = pipeline.begin(&app, "settle");
    op.settling = true;
    acme.1.advance(Duration::from_secs(3600));
    let call = Call::to(&READ);
    let told = |wait| Error::new(ErrorKind::Unavailable, "read").with_retry_after(Some(wait));
    let ten = Duration::from_secs(10);
    assert_eq!(op.may_repeat(1, &call, &told(ten)).unwrap().0, ten);
    assert!(op.may_repeat(1, &call, &told(ten + Duration::from_nanos(1))).is_none());
}

#[tokio::test]
async fn a_deadline_ends_reads_with_an_error_that_says_so() {
    let acme = Acme::reading(&[Answer::Done]);
    let pipeline = pipeline(acme.config().with_deadline(Duration::from_secs(5)));
    let app = app();
    let mut op = pipeline.begin(&app, "state");
    acme.1.advance(Duration::from_secs(5));
    let error = op.read(&Call::to(&READ)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Timeout, Retry::No));
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert_eq!(error.detail(), Some("the deadline of the whole operation has passed"));
    assert!(read_at(&acme).is_empty());
}

#[tokio::test]
async fn reads_that_succeed_at_last_do_not_drain_the_budget() {
    let answers = [Answer::Unreachable, Answer::Done].repeat(200);
    let acme = Acme::reading(&answers);
    let pipeline = acme.pipeline();
    for _ in 0..200 {
        assert!(read(&pipeline).await.is_ok());
    }
}

#[tokio::test]
async fn reads_that_succeed_at_once_refill_the_budget() {
    let acme = Acme::reading(&[Answer::Done]);
    let pipeline = acme.pipeline();
    while pipeline.0.budget.withdraw(false).is_some() {}
    acme.script().reads = [Answer::Unreachable].into();
    assert_eq!(read(&pipeline).await.unwrap_err().attempts(), 1, "nothing is left for a repeat");
    acme.script().reads = [Answer::Done].into();
    for _ in 0..5 {
        read(&pipeline).await.unwrap();
    }
    acme.script().reads = [Answer::Unreachable].into();
    assert_eq!(read(&pipeline).await.unwrap_err().attempts(), 2);
}

#[test]
fn a_repeat_after_a_timeout_costs_twice_as_much() {
    for (kind, repeats) in
        [(ErrorKind::Timeout, 50), (ErrorKind::Unavailable, 100), (ErrorKind::Protocol, 100)]
    {
        let pipeline = Acme::reading(&[]).pipeline();
        let app = app();
        let op = pipeline.begin(&app, "state");
        let (call, error) = (Call::to(&READ), Error::new(kind, "read"));
        let allowed = (0..).take_while(|_| op.may_repeat(1, &call, &error).is_some()).count();
        assert_eq!(allowed, repeats, "{kind}");
    }
}

#[test]
fn a_field_that_is_not_told_is_found_by_its_path() {
    let reply = |json| Reply::new(json, bytes::Bytes::new());
    let told = reply(serde_json::json!({
        "state": 0, "at": { "version": "1.0", "flag": false },
        "list": [{ "id": 1, "of": { "name": "a" } }, { "id": "2", "of": { "name": "b" } }], "none": [],
    }));
    let all = ["state", "at.version", "at.flag", "list[].id", "list[].of.name", "none[].id", "none"];
    assert_eq!(told.untold(&all), None);
    assert_eq!(told.untold(&[]), None);
    for field in ["state.code", "at.time", "gone", "gone[].id", "at[].id", "list[].version", "of[].name"] {
        assert_eq!(told.untold(&["state", field, "gone"]), Some(field));
    }
    let blank = reply(serde_json::json!({
        "null": null, "empty": "", "blank": " \t", "list": [{ "id": 1 }, { "id": null }], "lost": null,
    }));
    for field in ["null", "empty", "blank", "list[].id", "lost[].id"] {
        assert_eq!(blank.untold(&[field]), Some(field));
    }
}

#[test]
fn the_longest_durations_do_not_overflow() {
    let acme = Acme::reading(&[]);
    for config in [
        acme.config().with_timeout(Duration::MAX),
        acme.config().with_deadline(Duration::MAX),
        acme.config().with_settle_time(Duration::MAX).with_timeout(Duration::MAX),
    ] {
        let pipeline = pipeline(config);
        let app = app();
        let mut op = pipeline.begin(&app, "read");
        op.extend(Duration::MAX);
        op.extend(Duration::from_secs(300));
        let error = Error::new(ErrorKind::Timeout, "read");
        assert!(op.may_repeat(1, &Call::to(&READ), &error).is_some());
    }
}
