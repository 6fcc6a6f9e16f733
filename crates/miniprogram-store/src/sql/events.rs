use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::Result;

use super::*;
use crate::inbox::{
    Arrived, Claim, EventIdentity, Inbox, InboxCounts, InboxEntry, InboxFilter, InboxState, LONGEST_PAUSE,
    Listed, NewEvent, Received, UnreadableEntry,
};

/// The maximum number of events claimed at a time: each is an argument of the statement.
const MAX_CLAIMS: u32 = 1000;
/// The longest text of a handler's error that is stored, in characters.
const MAX_ERROR: usize = 2000;
/// The prefix of the error of an unreadable event.
pub(super) const UNREADABLE: &str = "unreadable: ";

macro_rules! columns {
    () => {
        "id, vendor, platform, app, identity, kind, event, received_at, deliveries, state, bound, attempts, due_at, \
         last_error, finished_at, claim_fence"
    };
}

pub(crate) use columns;

#[async_trait]
impl Inbox for Handle {
    async fn receive(&self, event: &NewEvent) -> Result<Received> {
        let new = Arrival::of(self.keys(), event).map_err(|failure| failure.into_error("receive"))?;
        self.keep(new).await
    }

    async fn receive_and_claim(
        &self,
        event: NewEvent,
        owner: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Arrived> {
        let wanted = Wanted::of("receive", owner, now, lease, 1)?;
        let new = Arrival::of(self.keys(), &event).map_err(|failure| failure.into_error("receive"))?;
        let identity = new.identity.clone();
        Ok(match self.keep_and_claim(new, wanted).await? {
            (Received::Duplicate(id), _) => Arrived::Duplicate(id),
            (Received::New(id), None) => Arrived::Unclaimed(id),
            (Received::New(id), Some(0)) => Arrived::Waiting(id),
            (Received::New(id), Some(fence)) => {
                let entry = InboxEntry { attempts: 1, ..InboxEntry::identified(id, event, identity) };
                Arrived::Claimed(Box::new(Claim::new(entry, fence)))
            }
        })
    }

    async fn claim(&self, owner: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        let claimed = self.claim_heads(Wanted::of("claim", owner, now, lease, limit)?).await?;
        let mut claims = Vec::with_capacity(claimed.len());
        for row in claimed {
            claims.extend(self.claim_in(&row, now).await?);
        }
        // Both databases happen to return the order of arrival, but neither guarantees it.
        claims.sort_by_key(|claim| claim.entry.id);
        Ok(claims)
    }

    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Done);
        self.end_claim("complete", claim, Change { finished_at: Some(now), ..change }).await
    }

    async fn complete_and_claim(
        &self,
        claim: &Claim,
        owner: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        let change = Change { finished_at: Some(now), ..Change::to(InboxState::Done) };
        let wanted = Wanted::of("complete", owner, now, lease, 1)?;
        let claimed = self.give_back("complete", Returned::of("complete", claim, change)?, Some(wanted));
        let Some(row) = claimed.await? else { return Ok(None) };
        // The event that was given back is done, whatever happens to this one.
        Ok(self.claim_in(&row, now).await.unwrap_or_else(|error| {
            tracing::error!(%error, "an event that cannot be read stays claimed until its time is over");
            None
        }))
    }

    async fn postpone(&self, claim: &Claim, error: &str, due_at: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Pending).because(error);
        self.end_claim("postpone", claim, Change { due_at: Some(due_at), ..change }).await
    }

    async fn hand_back(&self, claim: &Claim, why: &str, due_at: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Pending).because(why);
        let change = Change { due_at: Some(due_at), uncounted: true, ..change };
        self.end_claim("hand_back", claim, change).await
    }

    async fn bury(&self, claim: &Claim, error: &str, now: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Dead).because(error);
        self.end_claim("bury", claim, Change { finished_at: Some(now), ..change }).await
    }

    async fn mark_bound(&self, claim: &Claim) -> Result<()> {
        self.write("mark_bound", (claim.entry.id, claim.fence), |db, &(event, fence)| {
            Box::pin(async move {
                let done = query(
                    "UPDATE events SET bound = 1 WHERE id = $1 AND claim_fence = $2 AND claim_until IS NOT NULL",
                );
                let done = done.bind(event).bind(fence).execute(db).await?;
                if done.rows_affected() == 0 { Err(taken_over(event).into()) } else { Ok(()) }
            })
        })
        .await
    }

    async fn replay(&self, id: i64, now: Timestamp) -> Result<bool> {
        self.write("replay", (id, now), |db, &(id, now)| Box::pin(replay(db, id, now))).await
    }

    async fn entry(&self, id: i64) -> Result<Option<Listed>> {
        let row = self.look_up("entry", id, |db, &id| {
            Box::pin(async move {
                let row = query(concat!("SELECT ", columns!(), " FROM events WHERE id = $1"));
                Ok(row.bind(id).fetch_optional(db).await?)
            })
        });
        let listed = row.await?.map(|row| listed(self.keys(), &row)).transpose();
        listed.map_err(|failure| failure.into_error("entry"))
    }

    async fn entries(&self, filter: &InboxFilter) -> Result<Vec<Listed>> {
        let arguments = (self.keys().clone(), filter.clone());
        self.read("entries", arguments, |db, (keys, filter)| Box::pin(entries(db, keys, filter))).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.look_up("next_due", (), |db, ()| {
            Box::pin(async move {
                let row = query("SELECT MIN(ready_at) AS next FROM lanes WHERE head IS NOT NULL");
                maybe_time_in(&row.fetch_one(db).await?, "next")
            })
        })
        .await
    }

    async fn counts(&self) -> Result<InboxCounts> {
        self.read("counts", (), |db, ()| {
            Box::pin(async move {
                let row = query(
                    "SELECT (SELECT COUNT(*) FROM events WHERE state = 'pending') AS pending, \
                     (SELECT COUNT(*) FROM events WHERE state = 'done') AS done, \
                     (SELECT COUNT(*) FROM events WHERE state = 'dead') AS dead, \
                     (SELECT COUNT(*) FROM events WHERE state <> 'done' AND last_error LIKE $1) AS unreadable",
                )
                .bind(format!("{UNREADABLE}%"));
                let row = row.fetch_one(db).await?;
                let count = |column| Ok::<_, Failure>(row.try_get::<i64, _>(column)?.unsigned_abs());
                let counts = InboxCounts::new(count("pending")?, count("done")?, count("dead")?);
                Ok(counts.with_unreadable(count("unreadable")?))
            })
        })
        .await
    }

    async fn prune(&self, finished_before: Timestamp) -> Result<u64> {
        let statement = "DELETE FROM events WHERE state = 'done' AND finished_at < $1 AND id IN \
                         (SELECT id FROM events WHERE state = 'done' AND finished_at < $1 \
                          ORDER BY finished_at LIMIT $2)";
        self.prune_with("prune", statement, finished_before).await
    }

    async fn prune_dead(&self, finished_before: Timestamp) -> Result<u64> {
        let statement = "DELETE FROM events WHERE state = 'dead' AND finished_at < $1 AND id IN \
                         (SELECT id FROM events WHERE state = 'dead' AND finished_at < $1 ORDER BY id LIMIT $2)";
        self.prune_with("prune_dead", statement, finished_before).await
    }
}

impl Handle {
    async fn end_claim(&self, operation: &'static str, claim: &Claim, change: Change) -> Result<()> {
        self.give_back(operation, Returned::of(operation, claim, change)?, None).await.map(|_| ())
    }

    /// Returns the claim that a row holds. A damaged event becomes a dead letter, and its app's next event is
    /// free. An event whose key is missing stays pending, and is tried again when the claim is over.
    async fn claim_in(&self, row: &Row, now: Timestamp) -> Result<Option<Claim>> {
        let read = || -> Result<Claim, Failure> {
            Ok(Claim::new(entry_in(self.keys(), row)?, row.try_get("claim_fence")?))
        };
        let failure = match read() {
            Ok(claim) => return Ok(Some(claim)),
            Err(failure) => failure,
        };
        let returned = Unreadable::of(row, failure, now).map_err(|failure| failure.into_error("claim"))?;
        let aside = self.write("claim", returned, |db, unreadable| Box::pin(unreadable.set_aside(db)));
        aside.await.map(|()| None)
    }
}

/// A claimed event that is given back.
pub(crate) struct Returned {
    pub(crate) event: i64,
    pub(crate) fence: i64,
    pub(crate) lane: [String; 3],
    pub(crate) change: Change,
}

impl Returned {
    fn of(operation: &'static str, claim: &Claim, change: Change) -> Result<Self> {
        let entry = &claim.entry;
        let lane = Lane::of(&entry.platform, entry.event.app_id.as_ref());
        let lane = lane.map_err(|error| error.with_operation(operation))?;
        Ok(Self { event: entry.id, fence: claim.fence, lane: lane.0.map(str::to_owned), change })
    }
}

/// The owner of the claims, their duration, and their number.
pub(crate) struct Wanted {
    pub(crate) owner: String,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) limit: u32,
}

impl Wanted {
    fn of(operation: &'static str, owner: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Self> {
        let owner = text("owner", owner).map_err(|error| error.with_operation(operation))?.to_owned();
        Ok(Self { owner, now, until: now.after(lease.min(LONGEST_PAUSE)), limit: limit.min(MAX_CLAIMS) })
    }

    /// Returns the latest plausible due time. An event due later was written by a clock that ran ahead, and is
    /// due too.
    pub(crate) fn latest(&self) -> Timestamp {
        self.now.after(LONGEST_PAUSE)
    }
}

/// A claimed event that cannot be read.
struct Unreadable {
    event: i64,
    fence: i64,
    lane: [String; 3],
    why: String,
    /// Whether only a key is missing.
    lacks_key: bool,
    now: Timestamp,
}

impl Unreadable {
    fn of(row: &Row, failure: Failure, now: Timestamp) -> Result<Self, Failure> {
        let event = row.try_get("id")?;
        let lacks_key = lacks_key(&failure);
        let error = failure.into_error("claim");
        let then =
            if lacks_key { "the later ones of its app wait for it" } else { "it goes to the dead letters" };
        tracing::error!(event, %error, then, "an event cannot be read");
        Ok(Self {
            event,
            fence: row.try_get("claim_fence")?,
            lane: [row.try_get("vendor")?, row.try_get("platform")?, row.try_get("app")?],
            why: format!("{UNREADABLE}{}", error.detail().unwrap_or_default()),
            lacks_key,
            now,
        })
    }

    async fn set_aside(&self, db: &mut Conn) -> Result<(), Failure> {
        let [vendor, platform, app] = &self.lane;
        let lane = Lane([vendor, platform, app]);
        lane.lock(db).await?;
        if self.lacks_key {
            let change = Change::to(InboxState::Pending).because(&self.why);
            return Change { uncounted: true, ..change }.write(db, self.event, self.fence).await;
        }
        let change = Change::to(InboxState::Dead).because(&self.why);
        let change = Change { finished_at: Some(self.now), uncounted: true, ..change };
        change.write(db, self.event, self.fence).await?;
        leave_lanes(db, self.event).await
    }
}

/// An event is not next any more. Where its lane is what was damaged, the one that it stood at the head of is another.
pub(super) async fn leave_lanes(db: &mut Conn, event: i64) -> Result<(), Failure> {
    let lanes = query(for_update!("SELECT vendor, platform, app FROM lanes WHERE head = $1"));
    for row in lanes.bind(event).fetch_all(&mut *db).await? {
        let key: [String; 3] = [row.try_get("vendor")?, row.try_get("platform")?, row.try_get("app")?];
        Lane([&key[0], &key[1], &key[2]]).advance(db).await?;
    }
    Ok(())
}

/// A change of a claimed event.
pub(crate) struct Change {
    pub(crate) state: InboxState,
    pub(crate) error: Option<String>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    /// Whether the attempt does not count.
    pub(crate) uncounted: bool,
}

impl Change {
    const fn to(state: InboxState) -> Self {
        Self { state, error: None, due_at: None, finished_at: None, uncounted: false }
    }

    fn because(mut self, error: &str) -> Self {
        self.error = Some(short(error));
        self
    }

    pub(crate) async fn write(&self, db: &mut Conn, event: i64, fence: i64) -> Result<(), Failure> {
        let done = query(
            "UPDATE events SET state = $3, last_error = COALESCE($4, last_error), due_at = COALESCE($5, due_at), \
             finished_at = $6, attempts = attempts - $7, claim_owner = NULL, claim_until = NULL \
             WHERE id = $1 AND claim_fence = $2 AND claim_until IS NOT NULL",
        )
        .bind(event)
        .bind(fence)
        .bind(self.state.as_str())
        .bind(self.error.clone())
        .bind(self.due_at.map(Timestamp::as_unix_millis))
        .bind(self.finished_at.map(Timestamp::as_unix_millis))
        .bind(i64::from(self.uncounted))
        .execute(db)
        .await?;
        if done.rows_affected() == 0 { Err(taken_over(event).into()) } else { Ok(()) }
    }
}

pub(crate) fn taken_over(event: i64) -> Error {
    conflict(
        format!("the claim on event {event} is no longer held"),
        "leave the event to who claimed it since",
    )
}

/// Returns a handler's error as it is stored.
pub(super) fn short(error: &str) -> String {
    error.chars().map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).take(MAX_ERROR).collect()
}

/// The events of one app, or of the platform itself, in order. Its row is always locked before that of an event.
pub(crate) struct Lane<'a>(pub(crate) [&'a str; 3]);

impl<'a> Lane<'a> {
    fn of(platform: &'a PlatformKey, app: Option<&'a AppId>) -> Result<Self> {
        let [vendor, platform] = platform_of(&platform.vendor, &platform.platform)?;
        let app = app.map(|app| id("app", app.as_str())).transpose()?;
        Ok(Self([vendor, platform, app.unwrap_or_default()]))
    }

    /// Locks the lane until the transaction ends. Answers the event that is next.
    pub(super) async fn lock(&self, db: &mut Conn) -> Result<Option<i64>, Failure> {
        let row =
            query(for_update!("SELECT head FROM lanes WHERE vendor = $1 AND platform = $2 AND app = $3"));
        let row = row.bind(self.owned(0)).bind(self.owned(1)).bind(self.owned(2)).fetch_optional(db).await?;
        Ok(row.map(|row| row.try_get("head")).transpose()?.flatten())
    }

    /// Locks the lane until the transaction ends, made if it is not there.
    pub(super) async fn make_and_lock(&self, db: &mut Conn, now: Timestamp) -> Result<(), Failure> {
        let lane = query(
            "INSERT INTO lanes (vendor, platform, app, ready_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (vendor, platform, app) DO UPDATE SET ready_at = lanes.ready_at",
        );
        let lane = lane.bind(self.0[0].to_owned()).bind(self.0[1].to_owned()).bind(self.0[2].to_owned());
        lane.bind(now.as_unix_millis()).execute(db).await?;
        Ok(())
    }

    /// Makes the oldest event that is not finished the next one.
    pub(crate) async fn advance(&self, db: &mut Conn) -> Result<(), Failure> {
        let next = self.oldest(db).await?;
        self.set_next(db, next).await
    }

    /// The oldest event that is not finished, and when it is due.
    pub(crate) async fn oldest(&self, db: &mut Conn) -> Result<Option<(i64, i64)>, Failure> {
        let next = query(
            "SELECT id, due_at FROM events WHERE vendor = $1 AND platform = $2 AND app = $3 \
             AND state = 'pending' ORDER BY id LIMIT 1",
        );
        let next = next.bind(self.owned(0)).bind(self.owned(1)).bind(self.owned(2));
        let next = next.fetch_optional(db).await?;
        let column = |name| next.as_ref().map(|row| row.try_get::<i64, _>(name)).transpose();
        Ok(column("id")?.zip(column("due_at")?))
    }

    /// Writes down which event is next, and when the lane is looked at again; none if the lane is done.
    pub(crate) async fn set_next(&self, db: &mut Conn, next: Option<(i64, i64)>) -> Result<(), Failure> {
        query(
            "UPDATE lanes SET head = $4, ready_at = COALESCE($5, ready_at) \
             WHERE vendor = $1 AND platform = $2 AND app = $3",
        )
        .bind(self.owned(0))
        .bind(self.owned(1))
        .bind(self.owned(2))
        .bind(next.map(|(event, _)| event))
        .bind(next.map(|(_, ready_at)| ready_at))
        .execute(db)
        .await?;
        Ok(())
    }

    fn owned(&self, part: usize) -> String {
        self.0[part].to_owned()
    }
}

/// A new event as it is stored.
pub(crate) struct Arrival {
    pub(crate) lane: [String; 3],
    pub(crate) identity: EventIdentity,
    pub(crate) kind: &'static str,
    pub(crate) sealed: Vec<u8>,
    pub(crate) received_at: Timestamp,
    pub(crate) bound: bool,
}

impl Arrival {
    fn of(keys: &StoreKeys, new: &NewEvent) -> Result<Self, Failure> {
        let lane = Lane::of(&new.platform, new.event.app_id.as_ref())?;
        let identity = new.identity();
        let json = sealed_event::write(&new.event)
            .map_err(|problem| Error::invalid("receive", "event", format!("is not valid JSON: {problem}")))?;
        let [vendor, platform, app] = lane.0;
        let place =
            Place { table: "events", column: "event", row: &[vendor, platform, app, identity.as_str()] };
        let sealed = keys.seal(&place, &json)?;
        Ok(Self {
            lane: lane.0.map(str::to_owned),
            identity,
            kind: new.event.kind.as_str(),
            sealed,
            received_at: new.received_at,
            bound: new.bound,
        })
    }
}

async fn replay(db: &mut Conn, entry: i64, now: Timestamp) -> Result<bool, Failure> {
    let row = query("SELECT vendor, platform, app FROM events WHERE id = $1");
    let Some(row) = row.bind(entry).fetch_optional(&mut *db).await? else { return Ok(false) };
    let platform = PlatformKey::new(vendor_in(&row)?, row.try_get::<String, _>("platform")?);
    let app = app_in(&row)?;
    let lane = Lane::of(&platform, app.as_ref())?;
    let head = lane.lock(db).await?;
    let row = query(for_update!("SELECT state FROM events WHERE id = $1"));
    let Some(row) = row.bind(entry).fetch_optional(&mut *db).await? else { return Ok(false) };
    if state_in(&row)? == InboxState::Pending {
        let why = format!("event {entry} is pending already");
        return Err(conflict(why, "wait until its handlers are done with it").into());
    }
    query("UPDATE events SET state = 'pending', attempts = 0, due_at = $2, finished_at = NULL WHERE id = $1")
        .bind(entry)
        .bind(now.as_unix_millis())
        .execute(&mut *db)
        .await?;
    let claimed = match head {
        None => false,
        Some(head) => {
            let row = query("SELECT claim_until FROM events WHERE id = $1").bind(head);
            maybe_time_in(&row.fetch_one(&mut *db).await?, "claim_until")?.is_some()
        }
    };
    // An event that is being handled stays the next one until its handlers are done.
    if !claimed {
        lane.advance(db).await?;
    }
    Ok(true)
}

async fn entries(db: &mut Conn, keys: &StoreKeys, filter: &InboxFilter) -> Result<Vec<Listed>, Failure> {
    let mut query = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM events WHERE 1 = 1"));
    if let Some(state) = filter.state {
        // Inlined in the statement, so that the index on the state is used.
        query.push(format_args!(" AND state = '{}'", state.as_str()));
    }
    if let Some(vendor) = filter.vendor {
        query.push(" AND vendor = ").push_bind(vendor.as_str().to_owned());
    }
    if let Some(app) = &filter.app {
        query.push(" AND app = ").push_bind(id("app", app.as_str())?.to_owned());
    }
    if let Some(kind) = filter.kind {
        query.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(before) = filter.before {
        query.push(" AND id < ").push_bind(before);
    }
    query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(filter.limit));
    let rows = query.build().fetch_all(db).await?;
    rows.iter().map(|row| listed(keys, row)).collect()
}

/// An event as it is listed, whether it can be read or not.
fn listed(keys: &StoreKeys, row: &Row) -> Result<Listed, Failure> {
    let failure = match entry_in(keys, row) {
        Ok(entry) => return Ok(Listed::Entry(Box::new(entry))),
        Err(failure) => failure,
    };
    let text = |column| row.try_get::<String, _>(column).ok().filter(|text| !text.is_empty());
    let lacks_key = lacks_key(&failure);
    Ok(Listed::Unreadable(UnreadableEntry {
        vendor: text("vendor"),
        platform: text("platform"),
        app: text("app"),
        kind: text("kind"),
        received_at: time_in(row, "received_at").ok(),
        state: state_in(row).ok(),
        lacks_key,
        ..UnreadableEntry::new(row.try_get("id")?, why_of(failure))
    }))
}

const STATES: [InboxState; 3] = [InboxState::Pending, InboxState::Done, InboxState::Dead];

pub(super) fn is_state(name: &str) -> bool {
    STATES.iter().any(|state| state.as_str() == name)
}

fn state_in(row: &Row) -> Result<InboxState, Failure> {
    let name: String = row.try_get("state")?;
    let state = STATES.into_iter().find(|state| state.as_str() == name);
    Ok(state.ok_or_else(|| unreadable("`state` of events", format!("{name:?} is none")))?)
}

fn entry_in(keys: &StoreKeys, row: &Row) -> Result<InboxEntry, Failure> {
    let vendor = vendor_in(row)?;
    let (platform, app): (String, String) = (row.try_get("platform")?, row.try_get("app")?);
    let identity: String = row.try_get("identity")?;
    let place =
        Place { table: "events", column: "event", row: &[vendor.as_str(), &platform, &app, &identity] };
    let sealed: Vec<u8> = row.try_get("event")?;
    let event = sealed_event::read(&keys.unseal(&place, &sealed)?)
        .map_err(|problem| unreadable(place, json_problem(&problem)))?;
    Ok(InboxEntry {
        id: row.try_get("id")?,
        platform: PlatformKey::new(vendor, platform),
        identity: EventIdentity::from_stored(identity),
        event,
        received_at: time_in(row, "received_at")?,
        deliveries: count_in(row, "deliveries")?,
        state: state_in(row)?,
        bound: flag_in(row, "bound")?,
        attempts: count_in(row, "attempts")?,
        due_at: time_in(row, "due_at")?,
        last_error: row.try_get("last_error")?,
        finished_at: maybe_time_in(row, "finished_at")?,
    })
}
