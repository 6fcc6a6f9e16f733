//! Received events: listed, shown, delivered again.

use miniprogram::clock::{Clock, SystemClock};
use miniprogram::{AppId, Error, ErrorKind, Outcome};
use miniprogram_store::{InboxFilter, InboxState, Listed, Store, UnreadableEntry};
use serde_json::{Map, Value, json};

use crate::cli::{EventList, Replay};
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::output::to_value;

/// The last column is shown only if something cannot be read.
const COLUMNS: [&str; 10] = [
    "id",
    "received_at",
    "vendor",
    "app_id",
    "kind",
    "state",
    "attempts",
    "due_at",
    "last_error",
    "unreadable",
];

/// How many dead letters are read at a time.
const PAGE: u32 = 500;

/// Prints the newest events.
pub(super) async fn list(context: &Context, args: &EventList) -> Result<Finish, Failure> {
    let store = context.open_read_only(&context.settings()?).await?;
    let filter = filter(context, args.limit).in_state(args.state).of_kind(args.kind).before(args.before);
    let entries = store.entries(&filter).await?;
    let whole = entries.iter().all(|listed| matches!(listed, Listed::Entry(_)));
    let entries = entries.iter().map(in_brief).collect::<Result<Vec<_>, Error>>()?;
    let columns = if whole { &COLUMNS[..COLUMNS.len() - 1] } else { &COLUMNS[..] };
    context.output.list(&entries, columns)?;
    Ok(Finish::Done)
}

/// Prints one event in full, secrets masked.
pub(super) async fn show(context: &Context, id: i64) -> Result<Finish, Failure> {
    let store = context.open_read_only(&context.settings()?).await?;
    let Some(listed) = store.entry(id).await? else { return Err(unknown("show", id).into()) };
    let mut shown = in_brief(&listed)?;
    if let Listed::Entry(entry) = &listed {
        shown.insert("identity".to_owned(), to_value(&entry.identity)?);
        shown.insert("event".to_owned(), context.vendors().redactor().event(&entry.event)?);
    }
    context.output.record(&shown)?;
    Ok(Finish::Done)
}

/// Has finished events delivered again.
pub(super) async fn replay(context: &Context, args: Replay) -> Result<Finish, Failure> {
    let store = context.open(&context.settings()?).await?;
    let (ids, left) = if args.dead { dead(context, &*store).await? } else { (args.ids, Vec::new()) };
    // Errors in the list are found before anything changes.
    for id in &ids {
        match store.entry(*id).await? {
            None => return Err(unknown("replay", *id).into()),
            Some(Listed::Unreadable(entry)) if !args.dead => {
                return Err(Error::new(ErrorKind::Store, "replay")
                    .with_outcome(Outcome::NotDone)
                    .with_detail(format!("event {id} cannot be read: {}", entry.reason))
                    .with_advice("leave it out; `miniprogram store repair --drop` deletes it")
                    .into());
            }
            Some(listed) if listed.state() == Some(InboxState::Pending) => {
                return Err(Error::new(ErrorKind::Conflict, "replay")
                    .with_outcome(Outcome::NotDone)
                    .with_detail(format!("event {id} is pending: it will be delivered anyway"))
                    .with_advice("leave it out; `events list --state pending` shows pending events")
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
    let whole = left.is_empty();
    replayed.extend(left);
    let columns = ["id", "state", "unreadable"];
    let columns = if whole { &columns[..2] } else { &columns[..] };
    context.output.list(&replayed, columns).map_err(Failure::after_effect)?;
    Ok(if whole { Finish::Done } else { Finish::Faulty })
}

/// Returns the ids of the dead letters, oldest first, and what is known of those that cannot be read: delivered again,
/// they would only fail again.
async fn dead(context: &Context, store: &dyn Store) -> Result<(Vec<i64>, Vec<Value>), Error> {
    let (mut ids, mut left, mut before) = (Vec::new(), Vec::new(), None);
    loop {
        let filter = filter(context, PAGE).in_state(Some(InboxState::Dead)).before(before);
        let page = store.entries(&filter).await?;
        let Some(last) = page.last() else {
            ids.reverse();
            return Ok((ids, left));
        };
        before = Some(last.id());
        for listed in page {
            match listed {
                Listed::Unreadable(entry) => left.push(json!({
                    "id": entry.id,
                    "state": entry.state.map(InboxState::as_str),
                    "unreadable": entry.reason,
                })),
                listed => ids.push(listed.id()),
            }
        }
    }
}

fn filter(context: &Context, limit: u32) -> InboxFilter {
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    InboxFilter::new(limit).of_vendor(vendor).of_app(context.app().map(AppId::from))
}

fn unknown(operation: &'static str, id: i64) -> Error {
    Error::new(ErrorKind::NotFound, operation)
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("there is no event {id}"))
        .with_advice(
            "take an id from `events list`; done events are deleted after a time, see `serve --keep`",
        )
}

/// An entry without the event's payload.
fn in_brief(listed: &Listed) -> Result<Map<String, Value>, Error> {
    let entry = match listed {
        Listed::Entry(entry) => entry,
        Listed::Unreadable(entry) => return of_unreadable(entry),
        _ => return Ok(Map::new()),
    };
    let event = &entry.event;
    let due = (entry.state == InboxState::Pending).then_some(entry.due_at);
    let fields = [
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
    Ok(present(fields))
}

/// What is known about an unreadable event.
fn of_unreadable(entry: &UnreadableEntry) -> Result<Map<String, Value>, Error> {
    Ok(present([
        ("id", to_value(&entry.id)?),
        ("vendor", to_value(&entry.vendor)?),
        ("platform_id", to_value(&entry.platform)?),
        ("app_id", to_value(&entry.app)?),
        ("kind", to_value(&entry.kind)?),
        ("received_at", to_value(&entry.received_at)?),
        ("state", to_value(&entry.state)?),
        ("unreadable", to_value(&entry.reason)?),
    ]))
}

/// The fields that are not null.
fn present<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    present.map(|(name, value)| (name.to_owned(), value)).collect()
}
