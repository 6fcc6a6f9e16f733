//! What is recorded around an effect, and what a failing journal leaves open.

use futures::FutureExt;

use super::*;
use crate::intent::{EarlierEffect, Settled};
use crate::journal::{Journal, NoJournal};
use crate::outcome::Evidence;
use crate::permit::Permit;

const NEVER: u32 = 1000;

/// A journal in memory whose writes hang or fail.
#[derive(Debug)]
struct Torn {
    hang_at_open: Mutex<u32>,
    fail_at_open: Mutex<u32>,
    hang_at_close: Mutex<u32>,
    fails_to_close: Mutex<bool>,
    fails_to_read: Mutex<bool>,
    opened: Mutex<Vec<Intent>>,
    closed: Mutex<Vec<Settled>>,
}

impl Torn {
    fn new() -> Arc<Self> {
        Self::at(NEVER, NEVER, NEVER)
    }

    fn at(hang_at_open: u32, fail_at_open: u32, hang_at_close: u32) -> Arc<Self> {
        Arc::new(Self {
            hang_at_open: hang_at_open.into(),
            fail_at_open: fail_at_open.into(),
            hang_at_close: hang_at_close.into(),
            fails_to_close: false.into(),
            fails_to_read: false.into(),
            opened: Mutex::default(),
            closed: Mutex::default(),
        })
    }

    fn closed(&self) -> Vec<(Outcome, Evidence)> {
        self.closed.lock().unwrap().iter().map(|settled| (settled.outcome, settled.evidence)).collect()
    }
}

/// Returns whether this is the write that has to fail.
fn strikes(left: &Mutex<u32>) -> bool {
    let mut left = left.lock().unwrap();
    *left = left.saturating_sub(1);
    *left == 0 && std::mem::replace(&mut *left, NEVER) == 0
}

fn torn() -> Error {
    Error::new(ErrorKind::Store, "journal").with_outcome(Outcome::Unknown)
}

#[async_trait]
impl Journal for Torn {
    async fn open(&self, intent: &Intent) -> Result<()> {
        if strikes(&self.hang_at_open) {
            std::future::pending::<()>().await;
        }
        if strikes(&self.fail_at_open) {
            return Err(torn());
        }
        self.opened.lock().unwrap().push(intent.clone());
        Ok(())
    }

    async fn close(&self, _intent: &Intent, settled: &Settled) -> Result<()> {
        if strikes(&self.hang_at_close) {
            std::future::pending::<()>().await;
        }
        if *self.fails_to_close.lock().unwrap() {
            return Err(torn());
        }
        self.closed.lock().unwrap().push(settled.clone());
        Ok(())
    }

    async fn pending(&self, _vendor: Vendor, _subject: &SubjectId) -> Result<Option<Intent>> {
        if *self.fails_to_read.lock().unwrap() { Err(torn()) } else { Ok(None) }
    }

    async fn settled(
        &self,
        _vendor: Vendor,
        _subject: &SubjectId,
        _command: &Command,
        _since: Timestamp,
    ) -> Result<Option<EarlierEffect>> {
        if *self.fails_to_read.lock().unwrap() { Err(torn()) } else { Ok(None) }
    }
}

fn with(acme: &Acme, journal: &Arc<Torn>) -> Pipeline {
    pipeline(acme.config().with_journal(Arc::<Torn>::clone(journal)))
}

#[tokio::test]
async fn each_attempt_is_written_with_its_own_time() {
    let acme = Acme::new(&[Answer::Lost, BUSY, Answer::Done], &[Look::Absent]);
    let journal = Torn::new();
    run(&with(&acme, &journal), &acme).await.unwrap();
    let opened = journal.opened.lock().unwrap().clone();
    let times: Vec<_> = opened.iter().map(|intent| intent.started_at.since(START)).collect();
    assert_eq!(times, acme.sent_at());
    assert_eq!(opened.iter().map(|intent| intent.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(journal.closed(), [(Outcome::Done, Evidence::Answered)]);
}

#[tokio::test]
async fn what_is_written_down_at_the_end_is_what_the_caller_is_told() {
    let asked = |outcome| Some((outcome, Evidence::Asked));
    for (answers, looks, closed) in [
        (&[Answer::Done][..], Look::Absent, Some((Outcome::Done, Evidence::Answered))),
        (&[Answer::Lost], Look::Done, asked(Outcome::Done)),
        (&[Answer::Lost], Look::Absent, asked(Outcome::NotDone)),
        (&[Answer::Lost], Look::Conflict, asked(Outcome::NotDone)),
        (&[REFUSED], Look::Absent, asked(Outcome::NotDone)),
        (&[Answer::Unreachable], Look::Absent, asked(Outcome::NotDone)),
        (&[Answer::Lost], Look::Overtaken, None),
        (&[Answer::Lost], Look::Unknowable, None),
        (&[Answer::Lost], Look::Untold, None),
        (&[Answer::Lost], Look::Pending, None),
    ] {
        let acme = Acme::new(answers, &[looks]);
        let journal = Torn::new();
        let result = run(&with(&acme, &journal), &acme).await;
        assert_eq!(journal.closed(), closed.as_slice(), "{answers:?} {looks:?}");
        assert_eq!(
            result.is_ok_and(|effect| effect.attempts == 1),
            closed.is_some_and(|it| it.0 == Outcome::Done)
        );
    }
}

#[tokio::test]
async fn an_effect_brings_the_vendors_id_of_its_request() {
    for (answer, look, id) in [
        (Answer::Done, Look::Absent, Some("r-0")),
        (Answer::Code(5), Look::Done, Some("r-5")),
        (Answer::Lost, Look::Done, None),
    ] {
        let acme = Acme::new(&[answer], &[look]);
        assert_eq!(run(&acme.pipeline(), &acme).await.unwrap().request_id.as_deref(), id);
    }
}

#[tokio::test]
async fn whoever_is_dropped_while_the_journal_writes_is_settled_by_the_next() {
    // At the first opening nothing was sent; at the first closing the effect was done.
    for (journal, look, told) in [
        (Torn::at(1, NEVER, NEVER), Look::Absent, &[Outcome::NotDone, Outcome::Done][..]),
        // The same call again returns the result of the first.
        (Torn::at(NEVER, NEVER, 1), Look::Done, &[Outcome::Done]),
    ] {
        let acme = Acme::new(&[Answer::Done], &[look]);
        let pipeline = with(&acme, &journal);
        assert!(run(&pipeline, &acme).now_or_never().is_none(), "the journal hangs");
        assert!(run(&pipeline, &acme).await.is_ok());
        assert_eq!(journal.closed().iter().map(|(outcome, _)| *outcome).collect::<Vec<_>>(), told);
    }
}

#[tokio::test]
async fn nothing_is_sent_that_the_journal_does_not_hold() {
    let not_done = [(Outcome::NotDone, Evidence::Asked)];
    for (fail_at, look, told, sent, closed) in [
        // It never held the intent, so there is nothing to close in it.
        (1, Look::Absent, Outcome::NotSent, 0, &[][..]),
        (2, Look::Absent, Outcome::NotDone, 1, &not_done),
        // The first attempt is still open, here and in the journal.
        (2, Look::Unknowable, Outcome::Unknown, 1, &[]),
    ] {
        let acme = Acme::new(&[Answer::Lost], &[look]);
        let journal = Torn::at(NEVER, fail_at, NEVER);
        let pipeline = with(&acme, &journal);
        let error = run(&pipeline, &acme).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), acme.counts().0), (ErrorKind::Store, told, sent));
        assert_eq!((error.operation(), error.attempts()), ("set_visit_status", u32::try_from(sent).unwrap()));
        assert_eq!(error.intent().is_some(), told == Outcome::Unknown);
        assert_eq!(journal.closed(), closed);
        // The next effect queries only if an effect is open.
        acme.expect(&[Answer::Done], &[Look::Absent]);
        let looks = acme.counts().1;
        let earlier = run(&pipeline, &acme).await.unwrap().earlier;
        assert_eq!(earlier.is_some(), told == Outcome::Unknown);
        assert_eq!(acme.counts().1 > looks, told == Outcome::Unknown);
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_stops_the_effect() {
    let acme = Acme::new(&[Answer::Done], &[Look::Absent]);
    let journal = Torn::new();
    *journal.fails_to_read.lock().unwrap() = true;
    let error = run(&with(&acme, &journal), &acme).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Store, Outcome::NotSent));
    assert_eq!((error.operation(), acme.counts()), ("set_visit_status", (0, 0)));
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_down_is_told_all_the_same() {
    let acme = Acme::new(&[Answer::Done], &[Look::Absent]);
    let journal = Torn::new();
    *journal.fails_to_close.lock().unwrap() = true;
    let pipeline = with(&acme, &journal);
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::Done);
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::Done, "in this process it is closed");
    assert_eq!(acme.counts(), (2, 0));
}

#[tokio::test]
async fn settling_an_old_intent_leaves_the_open_one_open() {
    let acme = Acme::new(&[Answer::Lost], &[Look::Pending]);
    let pipeline = pipeline(acme.config().with_journal(Arc::new(NoJournal)));
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::Unknown);
    let old = begun(other_command(), Duration::from_secs(990));
    acme.expect(&[Answer::Lost], &[Look::Done, Look::Pending]);
    assert_eq!(pipeline.settle(&app(), &acme, &old).await.unwrap().outcome, Outcome::Done);
    assert_eq!(outcome(&pipeline, &acme).await, Outcome::NotSent);
    assert_eq!(acme.counts().0, 1, "the effect with the unknown outcome is still in the way");
}

#[tokio::test]
async fn the_word_of_a_person_closes_what_asking_cannot_tell() {
    let acme = Acme::new(&[Answer::Lost], &[Look::Untold]);
    let journal = Torn::new();
    let pipeline = with(&acme, &journal);
    let intent = run(&pipeline, &acme).await.unwrap_err().intent().unwrap().clone();
    let found_out = Settled::done(EffectValue::None, Evidence::Inferred);
    // A failing journal leaves it open.
    *journal.fails_to_close.lock().unwrap() = true;
    let error = pipeline.resolve(&app(), &intent, &found_out).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Store, "resolve"));
    assert_eq!(run(&pipeline, &acme).await.unwrap_err().intent(), Some(&intent));
    assert_eq!(acme.counts().0, 1);
    // Then it is closed in the journal and in the gate, without a probe.
    *journal.fails_to_close.lock().unwrap() = false;
    let looks = acme.counts().1;
    pipeline.resolve(&app(), &intent, &found_out).await.unwrap();
    assert_eq!(journal.closed(), [(Outcome::Done, Evidence::Inferred)]);
    acme.expect(&[Answer::Done], &[Look::Untold]);
    assert!(run(&pipeline, &acme).await.unwrap().earlier.is_none());
    assert_eq!(acme.counts(), (2, looks));
}

#[tokio::test]
async fn settling_closes_the_intent_here_and_in_the_journal() {
    let acme = Acme::new(&[Answer::Lost], &[Look::Untold]);
    let journal = Torn::new();
    let pipeline = with(&acme, &journal);
    let intent = run(&pipeline, &acme).await.unwrap_err().intent().unwrap().clone();
    assert!(pipeline.settle(&app(), &acme, &intent).await.is_err());
    assert!(journal.closed().is_empty(), "what is not told closes nothing");
    acme.expect(&[Answer::Done], &[Look::Done]);
    pipeline.settle(&app(), &acme, &intent).await.unwrap();
    assert_eq!(journal.closed(), [(Outcome::Done, Evidence::Asked)]);
    let looks = acme.counts().1;
    run(&pipeline, &acme).await.unwrap();
    assert_eq!(acme.counts(), (2, looks));
}

#[tokio::test]
async fn an_open_effect_of_the_platform_that_is_kept_under_an_app_of_its_id_is_settled_first() {
    let acme = Acme::new(&[Answer::Done], &[Look::Done]);
    let journal = Arc::new(MemoryJournal::new());
    let pipeline = pipeline(acme.config().with_journal(Arc::<MemoryJournal>::clone(&journal)));
    let as_app = AppId::from(pipeline.platform_id().as_str());
    let open = Intent::new(ACME, as_app, other_command(), Value::Null, START);
    journal.open(&open).await.unwrap();
    // Its own request takes an app's token, which the platform does not have.
    let error = pipeline.effect(pipeline.platform_id(), &acme, command()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:#}");
    assert_eq!(error.earlier().map(|earlier| &earlier.intent), Some(&open));
    assert!(journal.all_open_intents().is_empty());
}

#[tokio::test]
async fn without_its_permit_an_effect_is_neither_recorded_nor_sent() {
    let acme = Acme::new(&[Answer::Done], &[Look::Done]);
    let journal = Torn::new();
    let pipeline = with(&acme, &journal);
    let error = pipeline.effect_while(&app(), &acme, command(), Permit::new(&|| false)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Cancelled, Outcome::NotSent), "{error:#}");
    assert_eq!((acme.counts().0, journal.opened.lock().unwrap().len()), (0, 0));
    // Nothing is left open.
    assert!(run(&pipeline, &acme).await.unwrap().earlier.is_none());
}

#[tokio::test]
async fn a_permit_that_ends_while_the_intent_is_recorded_stops_the_request() {
    let acme = Acme::new(&[Answer::Done], &[Look::Done]);
    let journal = Torn::new();
    let pipeline = with(&acme, &journal);
    let recording = Arc::clone(&journal);
    let held = move || recording.opened.lock().unwrap().is_empty();
    let error = pipeline.effect_while(&app(), &acme, command(), Permit::new(&held)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Cancelled, Outcome::NotSent), "{error:#}");
    assert_eq!((acme.counts().0, error.attempts()), (0, 0));
    assert_eq!(journal.closed(), [(Outcome::NotDone, Evidence::Asked)]);
}

#[tokio::test]
async fn a_permit_that_ends_before_a_repeat_leaves_what_is_known_of_the_first_attempt() {
    let acme = Acme::new(&[Answer::Lost, Answer::Done], &[Look::Absent, Look::Absent, Look::Absent]);
    let journal = Torn::new();
    let pipeline = with(&acme, &journal);
    let sending = acme.clone();
    let held = move || sending.counts().0 == 0;
    let error = pipeline.effect_while(&app(), &acme, command(), Permit::new(&held)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Cancelled, Outcome::NotDone), "{error:#}");
    assert_eq!((acme.counts().0, error.attempts()), (1, 1));
    assert_eq!(journal.closed(), [(Outcome::NotDone, Evidence::Asked)]);
}
