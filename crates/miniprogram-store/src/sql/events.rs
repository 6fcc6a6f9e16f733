use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::{Event, Result};

use super::*;
use crate::inbox::{
    Claim, EventIdentity, Inbox, InboxCounts, InboxEntry, InboxFilter, InboxState, NewEvent, Received,
};

/// How many events are claimed at a time at most: each is an argument of the statement.
const MAX_CLAIMS: u32 = 1000;
/// Longest text of a handler's error that is kept, in characters.
const MAX_ERROR: usize = 2000;
/// How the error of an event begins that could not be read.
const UNREADABLE: &str = "unreadable: ";

macro_rules! columns {
    () => {
        "id, vendor, platform, app, identity, kind, event, received_at, deliveries, state, bound, attempts, due_at, \
         last_error, finished_at, claim_fence"
    };
}

#[async_trait]
impl Inbox for Handle {
    async fn receive(&self, event: &NewEvent) -> Result<Received> {
        let (keys, event) = (self.keys().clone(), event.clone());
        self.write("receive", move |db| Box::pin(async move { receive(db, &keys, &event).await })).await
    }

    async fn claim(&self, owner: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        let (keys, owner) = (self.keys().clone(), owner.to_owned());
        self.write("claim", move |db| {
            Box::pin(async move { claim(db, &keys, &owner, now, lease, limit).await })
        })
        .await
    }

    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Done);
        self.give_back("complete", claim, Change { finished_at: Some(now), ..change }).await
    }

    async fn postpone(&self, claim: &Claim, error: &str, due_at: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Pending).because(error);
        self.give_back("postpone", claim, Change { due_at: Some(due_at), ..change }).await
    }

    async fn hand_back(&self, claim: &Claim, why: &str, due_at: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Pending).because(why);
        let change = Change { due_at: Some(due_at), uncounted: true, ..change };
        self.give_back("hand_back", claim, change).await
    }

    async fn bury(&self, claim: &Claim, error: &str, now: Timestamp) -> Result<()> {
        let change = Change::to(InboxState::Dead).because(error);
        self.give_back("bury", claim, Change { finished_at: Some(now), ..change }).await
    }

    async fn mark_bound(&self, claim: &Claim) -> Result<()> {
        let (event, fence) = (claim.entry.id, claim.fence);
        self.write("mark_bound", move |db| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE events SET bound = 1 WHERE id = $1 AND claim_fence = $2 AND claim_until IS NOT NULL",
                );
                let done = done.bind(event).bind(fence).execute(db).await?;
                if done.rows_affected() == 0 { Err(taken_over(event).into()) } else { Ok(()) }
            })
        })
        .await
    }

    async fn replay(&self, id: i64, now: Timestamp) -> Result<bool> {
        self.write("replay", move |db| Box::pin(async move { replay(db, id, now).await })).await
    }

    async fn entry(&self, id: i64) -> Result<Option<InboxEntry>> {
        let keys = self.keys().clone();
        self.read("entry", move |db| {
            Box::pin(async move {
                let row = sqlx::query(concat!("SELECT ", columns!(), " FROM events WHERE id = $1"));
                let row = row.bind(id).fetch_optional(db).await?;
                row.map(|row| entry_in(&keys, &row)).transpose()
            })
        })
        .await
    }

    async fn entries(&self, filter: &InboxFilter) -> Result<Vec<InboxEntry>> {
        let (keys, filter) = (self.keys().clone(), filter.clone());
        self.read("entries", move |db| Box::pin(async move { entries(db, &keys, &filter).await })).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.read("next_due", move |db| {
            Box::pin(async move {
                let row = sqlx::query("SELECT MIN(ready_at) AS next FROM lanes WHERE head IS NOT NULL");
                maybe_time_in(&row.fetch_one(db).await?, "next")
            })
        })
        .await
    }

    async fn counts(&self) -> Result<InboxCounts> {
        self.read("counts", move |db| {
            Box::pin(async move {
                let row = sqlx::query(
                    "SELECT (SELECT COUNT(*) FROM events WHERE state = 'pending') AS pending, \
                     (SELECT COUNT(*) FROM events WHERE state = 'done') AS done, \
                     (SELECT COUNT(*) FROM events WHERE state = 'dead') AS dead, \
                     (SELECT COUNT(*) FROM events WHERE state = 'pending' AND last_error LIKE $1) AS unreadable",
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
        self.write("prune", move |db| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM events WHERE state = 'done' AND finished_at < $1");
                Ok(done.bind(finished_before.as_unix_millis()).execute(db).await?.rows_affected())
            })
        })
        .await
    }
}

impl Handle {
    async fn give_back(&self, operation: &'static str, claim: &Claim, change: Change) -> Result<()> {
        let (entry, fence) = (claim.entry.id, claim.fence);
        let (platform, app) = (claim.entry.platform.clone(), claim.entry.event.app_id.clone());
        self.write(operation, move |db| {
            Box::pin(async move {
                let lane = Lane::of(&platform, app.as_ref())?;
                lane.lock(db).await?;
                change.write(db, entry, fence).await?;
                lane.advance(db).await
            })
        })
        .await
    }
}

/// What becomes of a claimed event.
struct Change {
    state: InboxState,
    error: Option<String>,
    due_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    /// The attempt does not count.
    uncounted: bool,
}

impl Change {
    const fn to(state: InboxState) -> Self {
        Self { state, error: None, due_at: None, finished_at: None, uncounted: false }
    }

    fn because(mut self, error: &str) -> Self {
        self.error = Some(short(error));
        self
    }

    async fn write(self, db: &mut Conn, event: i64, fence: i64) -> Done<()> {
        let done = sqlx::query(
            "UPDATE events SET state = $3, last_error = COALESCE($4, last_error), due_at = COALESCE($5, due_at), \
             finished_at = $6, attempts = attempts - $7, claim_owner = NULL, claim_until = NULL \
             WHERE id = $1 AND claim_fence = $2 AND claim_until IS NOT NULL",
        )
        .bind(event)
        .bind(fence)
        .bind(self.state.as_str())
        .bind(self.error)
        .bind(self.due_at.map(Timestamp::as_unix_millis))
        .bind(self.finished_at.map(Timestamp::as_unix_millis))
        .bind(i64::from(self.uncounted))
        .execute(db)
        .await?;
        if done.rows_affected() == 0 { Err(taken_over(event).into()) } else { Ok(()) }
    }
}

fn taken_over(event: i64) -> Error {
    conflict(
        format!("the claim on event {event} is no longer held"),
        "leave the event to who claimed it since",
    )
}

/// A handler's error as it is kept.
fn short(error: &str) -> String {
    error.chars().map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).take(MAX_ERROR).collect()
}

/// The events of one app, or of the platform itself, in their order. Its row is always locked before an event's.
struct Lane<'a>([&'a str; 3]);

impl<'a> Lane<'a> {
    fn of(platform: &'a PlatformKey, app: Option<&'a AppId>) -> Done<Self> {
        let [vendor, platform] = platform_of(&platform.vendor, &platform.platform)?;
        let app = app.map(|app| id("app", app.as_str())).transpose()?;
        Ok(Self([vendor, platform, app.unwrap_or_default()]))
    }

    /// Locks the lane until the transaction ends. Answers the event that is next.
    async fn lock(&self, db: &mut Conn) -> Done<Option<i64>> {
        let row = sqlx::query(for_update!(
            "SELECT head FROM lanes WHERE vendor = $1 AND platform = $2 AND app = $3"
        ));
        let row = row.bind(self.owned(0)).bind(self.owned(1)).bind(self.owned(2)).fetch_optional(db).await?;
        Ok(row.map(|row| row.try_get("head")).transpose()?.flatten())
    }

    /// Makes the oldest event that is not finished the next one.
    async fn advance(&self, db: &mut Conn) -> Done<()> {
        let next = sqlx::query(
            "SELECT id, due_at FROM events WHERE vendor = $1 AND platform = $2 AND app = $3 \
             AND state = 'pending' ORDER BY id LIMIT 1",
        );
        let next = next.bind(self.owned(0)).bind(self.owned(1)).bind(self.owned(2));
        let next = next.fetch_optional(&mut *db).await?;
        let column = |name| next.as_ref().map(|row| row.try_get::<i64, _>(name)).transpose();
        let (head, ready_at) = (column("id")?, column("due_at")?);
        sqlx::query(
            "UPDATE lanes SET head = $4, ready_at = COALESCE($5, ready_at) \
             WHERE vendor = $1 AND platform = $2 AND app = $3",
        )
        .bind(self.owned(0))
        .bind(self.owned(1))
        .bind(self.owned(2))
        .bind(head)
        .bind(ready_at)
        .execute(db)
        .await?;
        Ok(())
    }

    fn owned(&self, part: usize) -> String {
        self.0[part].to_owned()
    }
}

async fn receive(db: &mut Conn, keys: &StoreKeys, new: &NewEvent) -> Done<Received> {
    let lane = Lane::of(&new.platform, new.event.app_id.as_ref())?;
    let identity = new.identity();
    let json = serde_json::to_vec(&new.event)
        .map_err(|problem| Error::invalid("receive", "event", format!("is no JSON: {problem}")))?;
    let [vendor, platform, app] = lane.0;
    let place = Place { table: "events", column: "event", row: &[vendor, platform, app, identity.as_str()] };
    let row = sqlx::query(
        "INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) \
         ON CONFLICT (identity) DO UPDATE SET deliveries = events.deliveries + 1 RETURNING id, deliveries",
    )
    .bind(vendor)
    .bind(platform)
    .bind(app)
    .bind(identity.as_str())
    .bind(new.event.kind.as_str())
    .bind(keys.seal(&place, &json)?)
    .bind(new.received_at.as_unix_millis())
    .bind(i64::from(new.bound))
    .fetch_one(&mut *db)
    .await?;
    let entry: i64 = row.try_get("id")?;
    if count_in(&row, "deliveries")? > 1 {
        return Ok(Received::Duplicate(entry));
    }
    sqlx::query(
        "INSERT INTO lanes (vendor, platform, app, head, ready_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (vendor, platform, app) DO UPDATE SET \
         ready_at = CASE WHEN lanes.head IS NULL THEN excluded.ready_at ELSE lanes.ready_at END, \
         head = COALESCE(lanes.head, excluded.head)",
    )
    .bind(vendor)
    .bind(platform)
    .bind(app)
    .bind(entry)
    .bind(new.received_at.as_unix_millis())
    .execute(db)
    .await?;
    Ok(Received::New(entry))
}

async fn claim(
    db: &mut Conn,
    keys: &StoreKeys,
    owner: &str,
    now: Timestamp,
    lease: Duration,
    limit: u32,
) -> Done<Vec<Claim>> {
    text("owner", owner)?;
    let until = now.after(lease).as_unix_millis();
    let heads = sqlx::query(skip_locked!(
        "WITH due AS MATERIALIZED (SELECT id FROM lanes WHERE head IS NOT NULL AND ready_at <= $1 \
         ORDER BY ready_at, id LIMIT $2",
        ") UPDATE lanes SET ready_at = $3 WHERE id IN (SELECT id FROM due) RETURNING head"
    ))
    .bind(now.as_unix_millis())
    .bind(i64::from(limit.min(MAX_CLAIMS)))
    .bind(until)
    .fetch_all(&mut *db)
    .await?;
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = sqlx::QueryBuilder::<Db>::new("UPDATE events SET attempts = attempts + 1, ");
    query.push("claim_fence = claim_fence + 1, claim_owner = ").push_bind(owner.to_owned());
    query.push(", claim_until = ").push_bind(until);
    // In the order of their ids, as everything locks events that locks several.
    query.push(" WHERE id IN (SELECT id FROM events WHERE id IN (");
    let mut ids = query.separated(", ");
    for head in &heads {
        ids.push_bind(head.try_get::<i64, _>("head")?);
    }
    query.push(for_update!(") ORDER BY id")).push(concat!(") RETURNING ", columns!()));
    let rows = query.build().fetch_all(&mut *db).await?;
    let mut claims = Vec::with_capacity(rows.len());
    for row in &rows {
        match entry_in(keys, row) {
            Ok(entry) => claims.push(Claim::new(entry, row.try_get("claim_fence")?)),
            Err(failure) => set_aside(db, row.try_get("id")?, failure.into_error("claim")).await?,
        }
    }
    // The order of arrival is what both databases happen to return; neither promises it.
    claims.sort_by_key(|claim| claim.entry.id);
    Ok(claims)
}

/// Leaves an event that cannot be read where it is: its lane was postponed with the others that were claimed.
async fn set_aside(db: &mut Conn, event: i64, error: Error) -> Done<()> {
    tracing::error!(event, %error, "an event cannot be read; the later ones of its app wait for it");
    let why = short(&format!("{UNREADABLE}{}", error.detail().unwrap_or_default()));
    sqlx::query(
        "UPDATE events SET attempts = attempts - 1, claim_owner = NULL, claim_until = NULL, last_error = $2 \
         WHERE id = $1",
    )
    .bind(event)
    .bind(why)
    .execute(db)
    .await?;
    Ok(())
}

async fn replay(db: &mut Conn, entry: i64, now: Timestamp) -> Done<bool> {
    let row = sqlx::query("SELECT vendor, platform, app FROM events WHERE id = $1");
    let Some(row) = row.bind(entry).fetch_optional(&mut *db).await? else { return Ok(false) };
    let platform = PlatformKey::new(vendor_in(&row)?, row.try_get::<String, _>("platform")?);
    let app = app_in(&row)?;
    let lane = Lane::of(&platform, app.as_ref())?;
    let head = lane.lock(db).await?;
    let row = sqlx::query(for_update!("SELECT state FROM events WHERE id = $1"));
    let Some(row) = row.bind(entry).fetch_optional(&mut *db).await? else { return Ok(false) };
    if state_in(&row)? == InboxState::Pending {
        let why = format!("event {entry} is pending already");
        return Err(conflict(why, "wait until its handlers are done with it").into());
    }
    sqlx::query(
        "UPDATE events SET state = 'pending', attempts = 0, due_at = $2, finished_at = NULL WHERE id = $1",
    )
    .bind(entry)
    .bind(now.as_unix_millis())
    .execute(&mut *db)
    .await?;
    let claimed = match head {
        None => false,
        Some(head) => {
            let row = sqlx::query("SELECT claim_until FROM events WHERE id = $1").bind(head);
            maybe_time_in(&row.fetch_one(&mut *db).await?, "claim_until")?.is_some()
        }
    };
    // An event that is with its handlers stays the next one until they are done with it.
    if !claimed {
        lane.advance(db).await?;
    }
    Ok(true)
}

async fn entries(db: &mut Conn, keys: &StoreKeys, filter: &InboxFilter) -> Done<Vec<InboxEntry>> {
    let mut query = sqlx::QueryBuilder::<Db>::new(concat!("SELECT ", columns!(), " FROM events WHERE 1 = 1"));
    if let Some(state) = filter.state {
        // In the text, so that the index of the state is used.
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
    rows.iter().map(|row| entry_in(keys, row)).collect()
}

fn state_in(row: &Row) -> Done<InboxState> {
    let name: String = row.try_get("state")?;
    let states = [InboxState::Pending, InboxState::Done, InboxState::Dead];
    let state = states.into_iter().find(|state| state.as_str() == name);
    Ok(state.ok_or_else(|| unreadable("`state` of events", format!("{name:?} is none")))?)
}

fn entry_in(keys: &StoreKeys, row: &Row) -> Done<InboxEntry> {
    let vendor = vendor_in(row)?;
    let (platform, app): (String, String) = (row.try_get("platform")?, row.try_get("app")?);
    let identity: String = row.try_get("identity")?;
    let place =
        Place { table: "events", column: "event", row: &[vendor.as_str(), &platform, &app, &identity] };
    let sealed: Vec<u8> = row.try_get("event")?;
    let event: Event<'static> = serde_json::from_slice(&keys.unseal(&place, &sealed)?)
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
