//! Handling of pushes, one after the other; PostgreSQL handles several at once.

use miniprogram_core::Result;

use super::SqliteStore;
use super::driver::{self, Conn, ReadRow as _, Row, query};
use super::sql::events::{Arrival, Lane, Returned, Wanted, columns};
use crate::failure::Failure;
use crate::inbox::Received;

impl SqliteStore {
    /// Stores an event, unless it is already stored.
    pub(super) async fn keep(&self, new: Arrival) -> Result<Received> {
        self.write("receive", new, |db, new| Box::pin(keep(db, new))).await
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

    /// Returns the app recorded for an original id of a vendor's platform.
    pub(super) async fn owner(&self, original_id: [String; 3]) -> Result<Option<String>> {
        self.look_up("app_of_original_id", original_id, |db, [vendor, platform, original_id]| {
            Box::pin(async move {
                let row =
                    query("SELECT app FROM tokens WHERE vendor = $1 AND platform = $2 AND original_id = $3")
                        .bind(vendor.as_str())
                        .bind(platform.as_str())
                        .bind(original_id.as_str())
                        .fetch_optional(db)
                        .await?;
                Ok(row.map(|row| row.try_get("app")).transpose()?)
            })
        })
        .await
    }
}

async fn keep(db: &mut Conn, new: &Arrival) -> Result<Received, Failure> {
    let [vendor, platform, app] = &new.lane;
    let row = query(
        "INSERT INTO events (vendor, platform, app, identity, kind, event, received_at, bound, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) \
         ON CONFLICT (identity) DO UPDATE SET deliveries = events.deliveries + 1 RETURNING id, deliveries",
    )
    .bind(vendor.as_str())
    .bind(platform.as_str())
    .bind(app.as_str())
    .bind(new.identity.as_str())
    .bind(new.kind)
    .bind(&new.sealed[..])
    .bind(new.received_at.as_unix_millis())
    .bind(i64::from(new.bound))
    .fetch_one(&mut *db)
    .await?;
    let entry: i64 = row.try_get("id")?;
    if row.try_get::<i64, _>("deliveries")? > 1 {
        return Ok(Received::Duplicate(entry));
    }
    query(
        "INSERT INTO lanes (vendor, platform, app, head, ready_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (vendor, platform, app) DO UPDATE SET \
         ready_at = CASE WHEN lanes.head IS NULL THEN excluded.ready_at ELSE lanes.ready_at END, \
         head = COALESCE(lanes.head, excluded.head)",
    )
    .bind(vendor.as_str())
    .bind(platform.as_str())
    .bind(app.as_str())
    .bind(entry)
    .bind(new.received_at.as_unix_millis())
    .execute(db)
    .await?;
    Ok(Received::New(entry))
}

async fn claim_heads(db: &mut Conn, wanted: &Wanted) -> Result<Vec<Row>, Failure> {
    let heads = query(
        "WITH due AS MATERIALIZED (SELECT id FROM lanes WHERE head IS NOT NULL \
         AND (ready_at <= $1 OR ready_at > $4) ORDER BY ready_at, id LIMIT $2) \
         UPDATE lanes SET ready_at = $3 WHERE id IN (SELECT id FROM due) RETURNING head",
    )
    .bind(wanted.now.as_unix_millis())
    .bind(i64::from(wanted.limit))
    .bind(wanted.until.as_unix_millis())
    .bind(wanted.latest().as_unix_millis())
    .fetch_all(&mut *db)
    .await?;
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let heads = heads.iter().map(|row| row.try_get("head")).collect::<Result<Vec<i64>, _>>()?;
    claim_events(db, &heads, wanted).await
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
    Ok(claim_events(db, &[event], wanted).await?.pop())
}

async fn claim_events(db: &mut Conn, events: &[i64], wanted: &Wanted) -> Result<Vec<Row>, Failure> {
    let claimed = query(concat!(
        "UPDATE events SET attempts = attempts + 1, claim_fence = claim_fence + 1, claim_owner = $1, \
         claim_until = $2, claim_session = session() WHERE id IN (SELECT value FROM json_each($3)) RETURNING ",
        columns!()
    ));
    let claimed = claimed.bind(wanted.owner.as_str()).bind(wanted.until.as_unix_millis());
    Ok(claimed.bind(driver::ids(events)).fetch_all(db).await?)
}
