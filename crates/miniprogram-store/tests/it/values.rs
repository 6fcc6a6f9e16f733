//! Guarantees of the traits and their values without a database.

use std::borrow::Cow;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::{Event, EventKind, Result, Timestamp, Vendor};
use miniprogram_store::keys::{KEY_VARIABLE, PREVIOUS_KEYS_VARIABLE};
use miniprogram_store::{
    Arrived, Claim, Inbox, InboxCounts, InboxEntry, InboxFilter, InboxState, Listed, NewEvent, PlatformKey,
    Received, StoreKeys, TokenPage, UnreadableEntry, UnreadableRecord,
};
use serde_json::Value;

fn entry() -> InboxEntry {
    let acme = Vendor::new("acme");
    let event = Event::new(acme, EventKind::Ticket, Cow::Borrowed("ticket"), Value::Null);
    InboxEntry::new(7, NewEvent::new(PlatformKey::new(acme, "p1"), event, Timestamp::from_unix(1)))
}

#[test]
fn what_is_listed_tells_its_state_as_far_as_it_is_known() {
    let mut done = entry();
    done.state = InboxState::Done;
    assert_eq!(Listed::Entry(Box::new(done)).state(), Some(InboxState::Done));
    let mut damaged = UnreadableEntry::new(7, "it was altered");
    assert_eq!(Listed::Unreadable(damaged.clone()).state(), None);
    damaged.state = Some(InboxState::Dead);
    assert_eq!(Listed::Unreadable(damaged).state(), Some(InboxState::Dead));
}

#[test]
fn a_page_names_what_it_leaves_out() {
    let left_out = vec![UnreadableRecord::new([const { None }; 4], "it is not text")];
    assert_eq!(TokenPage::new(Vec::new(), None).with_unreadable(left_out.clone()).unreadable, left_out);
}

/// An inbox that cannot do two things at once.
#[derive(Debug, Default)]
struct Simple(Mutex<Vec<i64>>);

#[async_trait]
impl Inbox for Simple {
    async fn complete(&self, claim: &Claim, _now: Timestamp) -> Result<()> {
        self.0.lock().unwrap().push(claim.entry.id);
        Ok(())
    }

    async fn receive(&self, event: &NewEvent) -> Result<Received> {
        let known = event.event.kind == EventKind::Unknown;
        Ok(if known { Received::Duplicate(8) } else { Received::New(9) })
    }

    async fn claim(&self, _: &str, _: Timestamp, _: Duration, _: u32) -> Result<Vec<Claim>> {
        unreachable!("nobody asks for it")
    }
    async fn postpone(&self, _: &Claim, _: &str, _: Timestamp) -> Result<()> {
        unreachable!("nobody asks for it")
    }
    async fn hand_back(&self, _: &Claim, _: &str, _: Timestamp) -> Result<()> {
        unreachable!("nobody asks for it")
    }
    async fn bury(&self, _: &Claim, _: &str, _: Timestamp) -> Result<()> {
        unreachable!("nobody asks for it")
    }
    async fn mark_bound(&self, _: &Claim) -> Result<()> {
        unreachable!("nobody asks for it")
    }
    async fn replay(&self, _: i64, _: Timestamp) -> Result<bool> {
        unreachable!("nobody asks for it")
    }
    async fn entry(&self, _: i64) -> Result<Option<Listed>> {
        unreachable!("nobody asks for it")
    }
    async fn entries(&self, _: &InboxFilter) -> Result<Vec<Listed>> {
        unreachable!("nobody asks for it")
    }
    async fn next_due(&self) -> Result<Option<Timestamp>> {
        unreachable!("nobody asks for it")
    }
    async fn counts(&self) -> Result<InboxCounts> {
        unreachable!("nobody asks for it")
    }
    async fn prune(&self, _: Timestamp) -> Result<u64> {
        unreachable!("nobody asks for it")
    }
    async fn prune_dead(&self, _: Timestamp) -> Result<u64> {
        unreachable!("nobody asks for it")
    }
}

#[tokio::test]
async fn an_inbox_that_can_do_no_two_things_at_once_completes() {
    let inbox = Simple::default();
    let now = Timestamp::from_unix(2);
    let next = inbox.complete_and_claim(&Claim::new(entry(), 1), "me", now, Duration::from_secs(30)).await;
    assert_eq!(next.unwrap(), None);
    assert_eq!(*inbox.0.lock().unwrap(), [7]);
}

#[tokio::test]
async fn an_inbox_that_can_do_no_two_things_at_once_receives() {
    let inbox = Simple::default();
    let now = Timestamp::from_unix(2);
    for (kind, arrived) in
        [(EventKind::Ticket, Arrived::Unclaimed(9)), (EventKind::Unknown, Arrived::Duplicate(8))]
    {
        let mut event = entry().event;
        event.kind = kind;
        let new = NewEvent::new(entry().platform, event, now);
        let lease = Duration::from_secs(30);
        assert_eq!(inbox.receive_and_claim(new, "me", now, lease).await.unwrap(), arrived);
    }
}

/// In a separate process: this one's environment is shared by all tests.
#[test]
fn keys_come_from_the_environment() {
    const HERE: &str = "MINIPROGRAM_STORE_TEST_OF_KEYS";
    let text = |letter: &str| format!("{}A=", letter.repeat(42));
    if std::env::var_os(HERE).is_some() {
        let given = StoreKeys::new(&text("a").into()).unwrap().with_previous(&text("b").into()).unwrap();
        assert_eq!(format!("{:?}", StoreKeys::from_env().unwrap()), format!("{given:?}"));
        return;
    }
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "values::keys_come_from_the_environment"])
        .env(HERE, "1")
        .env(KEY_VARIABLE, text("a"))
        .env(PREVIOUS_KEYS_VARIABLE, text("b"))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
}
