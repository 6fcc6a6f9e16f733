//! Handling of pushes, one after the other; PostgreSQL handles several at once.

use miniprogram_core::Result;

use super::SqliteStore;
use super::driver::{Conn, ReadRow as _, Row, query};
use super::sql::events::{Arrival, Lane, Returned, Wanted, columns};
use crate::failure::Failure;
use crate::inbox::Received;

impl SqliteStore {
    /// Stores an event, unless it is already stored.
    pub(super) async fn keep(&self, new: Arrival) -> Result<Received> {
        let kept = self.write("receive", new, |db, new| Box::pin(keep(db, new, None))).await;
        kept.map(|(received, _)| received)
    }

    /// Stores an event, and claims it if it is new and the only unfinished one of its lane. Also returns the fence of
    /// a new event: 0 if it is not claimed.
    pub(super) async fn keep_and_claim(
        &self,
        new: Arrival,
        wanted: Wanted,
    ) -> Result<(Received, Option<i64>)> {
        self.write("receive", (new, wanted), |db, (new, wanted)| Box::pin(keep(db, new, Some(wanted)))).await
    }

    /// Claims the heads of the lanes that are due.
    pub(super) async fn claim_heads(&self, wanted: Wanted) -> Result<Vec<Row>> {
        // If the machine crashes, the claiming process is gone, and the claim may be lost with it.
        self.write_unsynced("claim", wanted, |db, wanted| Box::pin(claim_heads(db, wanted))).await
    }

    /// Gives a claimed event back. Returns the next event of its lane, if one is wanted and due.
    pub(super) async fn give_back(
        &self,
        operation: &'static str,
        returned: Returned,
        wanted: Option<Wanted>,
    ) -> Result<Option<Row>> {
        self.write(operation, (returned, wanted), |db, (returned, wanted)| {
            Box::pin(give_back(db, returned, wanted.as_ref()))
        })
        .await
    }

    /// Returns the app recorded for an alias of a vendor's platform.
    pub(super) async fn owner(&self, alias: [String; 3]) -> Result<Option<String>> {
        self.look_up("app_of_alias", alias, |db, [vendor, platform, alias]| {
            Box::pin(async move {
                let row =
                    query("SELECT app FROM tokens WHERE vendor = $1 AND platform = $2 AND original_id = $3")
                        .bind(vendor.as_str())
                        .bind(platform.as_str())
                        .bind(alias.as_str())
                        .fetch_optional(db)
                        .await?;
                Ok(row.map(|row| row.try_get("app")).transpose()?)
            })
        })
        .await
    }
}

// SQLite collects the rows of `RETURNING` in a temporary table, and keeps those of `IN (SELECT …)` in another. Reading a
// row by its key before or after a change is cheaper, see docs/performance.md.

async fn keep(
    db: &mut Conn,
    new: &Arrival,
    wanted: Option<&Wanted>,
) -> Result<(Received, Option<i64>), Failure> {
    let [vendor, platform, app] = &new.lane;
    let row = query("SELECT head FROM lanes WHERE vendor = $1 AND platform = $2 AND app = $3");
    let row = row.bind(vendor.as_str()).bind(platform.as_str()).bind(app.as_str());
    let lane = row.fetch_optional(&mut *db).await?;
    let head: Option<i64> = lane.as_ref().map(|row| row.try_get("head")).transpose()?.flatten();
    // A lane without a head has no unfinished event.
    let claimed = wanted.filter(|_| head.is_none());
    let fence = i64::from(claimed.is_some());
    let inserted = query(
        "INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at, \
         attempts, claim_fence, claim_owner, claim_until, claim_session) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $9, $9, $10, $11, iif($9, session(), NULL)) \
         ON CONFLICT (identity) DO NOTHING",
    )
    .bind(vendor.as_str())
    .bind(platform.as_str())
    .bind(app.as_str())
    .bind(new.identity.as_str())
    .bind(new.kind)
    .bind(&new.sealed[..])
    .bind(new.received_at.as_unix_millis())
    .bind(i64::from(new.bound))
    .bind(fence)
    .bind(claimed.map(|wanted| wanted.owner.as_str()))
    .bind(claimed.map(|wanted| wanted.until.as_unix_millis()))
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() == 0 {
        let again = query("UPDATE events SET deliveries = deliveries + 1 WHERE identity = $1");
        again.bind(new.identity.as_str()).execute(&mut *db).await?;
        let known = query("SELECT id FROM events WHERE identity = $1").bind(new.identity.as_str());
        return Ok((Received::Duplicate(known.fetch_one(db).await?.try_get("id")?), None));
    }
    let entry = db.last_id();
    if head.is_none() {
        let next = query(match lane {
            Some(_) => {
                "UPDATE lanes SET head = $4, ready_at = $5 WHERE vendor = $1 AND platform = $2 AND app = $3"
            }
            None => "INSERT INTO lanes (vendor, platform, app, head, ready_at) VALUES ($1, $2, $3, $4, $5)",
        });
        let next = next.bind(vendor.as_str()).bind(platform.as_str()).bind(app.as_str()).bind(entry);
        let ready_at = claimed.map_or(new.received_at, |wanted| wanted.until);
        next.bind(ready_at.as_unix_millis()).execute(db).await?;
    }
    Ok((Received::New(entry), Some(fence)))
}

async fn claim_heads(db: &mut Conn, wanted: &Wanted) -> Result<Vec<Row>, Failure> {
    let due = query(
        "SELECT id, head FROM lanes WHERE head IS NOT NULL AND (ready_at <= $1 OR ready_at > $3) \
         ORDER BY ready_at, id LIMIT $2",
    );
    let due = due.bind(wanted.now.as_unix_millis()).bind(i64::from(wanted.limit));
    let due = due.bind(wanted.latest().as_unix_millis()).fetch_all(&mut *db).await?;
    let mut claimed = Vec::with_capacity(due.len());
    for lane in &due {
        let held = query("UPDATE lanes SET ready_at = $2 WHERE id = $1");
        let held = held.bind(lane.try_get::<i64, _>("id")?).bind(wanted.until.as_unix_millis());
        held.execute(&mut *db).await?;
        claimed.extend(claim_event(db, lane.try_get("head")?, wanted).await?);
    }
    Ok(claimed)
}

async fn give_back(
    db: &mut Conn,
    returned: &Returned,
    wanted: Option<&Wanted>,
) -> Result<Option<Row>, Failure> {
    let [vendor, platform, app] = &returned.lane;
    let lane = Lane([vendor, platform, app]);
    returned.change.write(db, returned.event, returned.fence).await?;
    let next = lane.oldest(db).await?;
    let due = wanted.zip(next).filter(|(wanted, (_, due_at))| {
        *due_at <= wanted.now.as_unix_millis() || *due_at > wanted.latest().as_unix_millis()
    });
    let Some((wanted, (event, _))) = due else {
        lane.set_next(db, next).await?;
        return Ok(None);
    };
    lane.set_next(db, Some((event, wanted.until.as_unix_millis()))).await?;
    claim_event(db, event, wanted).await
}

async fn claim_event(db: &mut Conn, event: i64, wanted: &Wanted) -> Result<Option<Row>, Failure> {
    let claimed = query(
        "UPDATE events SET attempts = attempts + 1, claim_fence = claim_fence + 1, claim_owner = $2, \
         claim_until = $3, claim_session = session() WHERE id = $1",
    );
    let claimed = claimed.bind(event).bind(wanted.owner.as_str()).bind(wanted.until.as_unix_millis());
    claimed.execute(&mut *db).await?;
    let row = query(concat!("SELECT ", columns!(), " FROM events WHERE id = $1")).bind(event);
    Ok(row.fetch_optional(db).await?)
}
