//! What came, how far it is, and once more.

use miniprogram::{AppId, Clock, Error, ErrorKind, Outcome, SystemClock};
use miniprogram_store::{InboxEntry, InboxFilter, InboxState, Store};
use serde_json::{Map, Value, json};

use crate::cli::{EventList, Replay};
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;
use crate::vendors::masks;

const COLUMNS: [&str; 9] =
    ["id", "received_at", "vendor", "app_id", "kind", "state", "attempts", "due_at", "last_error"];

/// How many dead events are read at a time.
const PAGE: u32 = 500;

/// Prints the newest events.
pub(super) async fn list(context: &Context, wish: &EventList) -> Result<Finish, Failure> {
    let store = context.open_read_only(&context.settings()?).await?;
    let filter = filter(context, wish.limit).in_state(wish.state).of_kind(wish.kind).before(wish.before);
    let entries = store.entries(&filter).await?;
    let entries = entries.iter().map(in_brief).collect::<Result<Vec<_>, Error>>()?;
    context.output.list(&entries, &COLUMNS)?;
    Ok(Finish::Done)
}

/// Prints one event whole, secrets masked.
pub(super) async fn show(context: &Context, id: i64) -> Result<Finish, Failure> {
    let store = context.open_read_only(&context.settings()?).await?;
    let Some(entry) = store.entry(id).await? else { return Err(unknown("show", id).into()) };
    let mut shown = in_brief(&entry)?;
    shown.insert("identity".to_owned(), to_value(&entry.identity)?);
    shown.insert("event".to_owned(), masks::event(&entry.event)?);
    context.output.record(&shown)?;
    Ok(Finish::Done)
}

/// Has finished events handed over again.
pub(super) async fn replay(context: &Context, wish: Replay) -> Result<Finish, Failure> {
    let store = context.open(&context.settings()?).await?;
    let ids = if wish.dead { dead(context, &*store).await? } else { wish.ids };
    // A mistake in the list is found before the first one moves.
    for id in &ids {
        match store.entry(*id).await? {
            None => return Err(unknown("replay", *id).into()),
            Some(entry) if entry.state == InboxState::Pending => {
                return Err(Error::new(ErrorKind::Conflict, "replay")
                    .with_outcome(Outcome::NotDone)
                    .with_detail(format!("event {id} is pending: its handlers see it without that"))
                    .with_advice("leave it out; `events list --state pending` shows what waits")
                    .into());
            }
            Some(_) => {}
        }
    }
    let mut replayed = Vec::new();
    for id in ids {
        if store.replay(id, SystemClock.now()).await? {
            replayed.push(json!({ "id": id, "state": InboxState::Pending.as_str() }));
        }
    }
    context.output.list(&replayed, &["id", "state"]).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// The ids of the dead, oldest first.
async fn dead(context: &Context, store: &dyn Store) -> Result<Vec<i64>, Error> {
    let mut ids = Vec::new();
    loop {
        let before = ids.last().copied();
        let filter = filter(context, PAGE).in_state(Some(InboxState::Dead)).before(before);
        let page = store.entries(&filter).await?;
        if page.is_empty() {
            ids.reverse();
            return Ok(ids);
        }
        ids.extend(page.iter().map(|entry| entry.id));
    }
}

fn filter(context: &Context, limit: u32) -> InboxFilter {
    let vendor = context.named_vendor().map(|entry| entry.vendor);
    InboxFilter::new(limit).of_vendor(vendor).of_app(context.app().map(AppId::from))
}

fn unknown(operation: &'static str, id: i64) -> Error {
    Error::new(ErrorKind::NotFound, operation)
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("there is no event {id}"))
        .with_advice("take an id out of `events list`; events that are done are forgotten after a time, see `events serve --keep`")
}

/// An entry without what the event says.
fn in_brief(entry: &InboxEntry) -> Result<Map<String, Value>, Error> {
    let event = &entry.event;
    let due = (entry.state == InboxState::Pending).then_some(entry.due_at);
    let members = [
        ("id", to_value(&entry.id)?),
        ("vendor", to_value(&event.vendor)?),
        ("platform_id", to_value(&entry.platform.platform)?),
        ("app_id", to_value(&event.app_id)?),
        ("kind", to_value(&event.kind)?),
        ("raw_event", to_value(&event.raw_event)?),
        ("occurred_at", to_value(&event.occurred_at)?),
        ("received_at", to_value(&entry.received_at)?),
        ("deliveries", to_value(&entry.deliveries)?),
        ("state", to_value(&entry.state)?),
        ("bound", to_value(&entry.bound)?),
        ("attempts", to_value(&entry.attempts)?),
        ("due_at", to_value(&due)?),
        ("finished_at", to_value(&entry.finished_at)?),
        ("last_error", to_value(&entry.last_error)?),
    ];
    Ok(members
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}
