//! The journal: an effect is opened and closed with one round trip each, shared with concurrent requests.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use miniprogram_core::{Intent, PlatformId, Result, Settled, Timestamp};

use super::PostgresStore;
use super::driver::{Conn, ReadRow as _, query};
use super::group::{Groups, Request};
use super::sql::intents::{SealedEffect, lane, seal_json};
use crate::failure::Failure;

/// How many ids are reserved at a time.
const RESERVED: i32 = 64;

/// Opens and closes intents by the ids of their rows. Sealed values are bound to the id, so the id has to be
/// known beforehand.
#[derive(Default)]
pub(super) struct Journal {
    openings: Groups<Opening>,
    closings: Groups<Closing>,
    ids: Mutex<Ids>,
}

#[derive(Default)]
struct Ids {
    /// Ids that nothing else uses.
    free: VecDeque<i64>,
    /// The row of each app's intent that was opened here and is not closed yet.
    open: HashMap<[String; 3], i64>,
}

impl Journal {
    fn ids(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PostgresStore {
    /// Opens an intent, if it is a first attempt and its app has no open intent. Returns whether it was opened.
    pub(super) async fn open_at_once(&self, platform: &PlatformId, intent: &Intent) -> Result<bool> {
        const OPERATION: &str = "open_intent";
        if intent.attempt > 1 {
            return Ok(false);
        }
        self.writable(OPERATION)?;
        let lane = lane(&intent.vendor, platform, intent.subject.as_str())
            .map_err(|failure| failure.into_error(OPERATION))?;
        let id = self.reserved_id(OPERATION).await?;
        let effect = SealedEffect { target: intent.target.clone(), before: intent.before.clone() };
        let effect = seal_json(self.keys(), &lane, id, "effect", &effect)
            .map_err(|failure| failure.into_error(OPERATION))?;
        let lane = lane.map(str::to_owned);
        let (operation, started_at) = (intent.operation.as_str(), intent.started_at);
        let opening = Opening { id, lane: lane.clone(), operation, started_at, effect };
        let opened = self.0.journal.openings.ask(&self.0.pool, opening).await?;
        if opened {
            self.0.journal.ids().open.insert(lane, id);
        }
        Ok(opened)
    }

    /// Closes an intent that was opened here. Returns whether it was open.
    pub(super) async fn close_at_once(
        &self,
        platform: &PlatformId,
        intent: &Intent,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<bool> {
        const OPERATION: &str = "close_intent";
        self.writable(OPERATION)?;
        let lane = lane(&intent.vendor, platform, intent.subject.as_str())
            .map_err(|failure| failure.into_error(OPERATION))?;
        let Some(id) = self.0.journal.ids().open.remove(&lane.map(str::to_owned)) else { return Ok(false) };
        let value = seal_json(self.keys(), &lane, id, "value", &settled.value)
            .map_err(|failure| failure.into_error(OPERATION))?;
        let closing = Closing {
            id,
            operation: intent.operation.as_str(),
            attempt: intent.attempt,
            started_at: intent.started_at,
            outcome: settled.outcome.as_str(),
            evidence: settled.evidence.as_str(),
            value,
            closed_at: now,
        };
        self.0.journal.closings.ask(&self.0.pool, closing).await
    }

    async fn reserved_id(&self, operation: &'static str) -> Result<i64> {
        if let Some(id) = self.0.journal.ids().free.pop_front() {
            return Ok(id);
        }
        let ids = self.write_at_once(operation, (), |db, ()| {
            Box::pin(async move {
                let ids =
                    "SELECT NEXTVAL(PG_GET_SERIAL_SEQUENCE('intents', 'id')) AS id FROM GENERATE_SERIES(1, $1)";
                let rows = query(ids).bind(RESERVED).fetch_all(db).await?;
                Ok(rows.iter().map(|row| row.try_get::<i64, _>("id")).collect::<Result<VecDeque<_>, _>>()?)
            })
        });
        let mut ids = ids.await?;
        let id =
            ids.pop_front().ok_or_else(|| Failure::from(sqlx::Error::RowNotFound).into_error(operation))?;
        self.0.journal.ids().free.append(&mut ids);
        Ok(id)
    }
}

/// A first attempt to be stored.
struct Opening {
    id: i64,
    lane: [String; 3],
    operation: &'static str,
    started_at: Timestamp,
    effect: Vec<u8>,
}

impl Request for Opening {
    type Answer = bool;
    type Group = ();

    fn operation(&self) -> &'static str {
        "open_intent"
    }

    fn bytes(&self) -> usize {
        self.effect.len()
    }

    fn ask<'a>(db: &'a mut Conn, group: &'a [Self]) -> BoxFuture<'a, Result<Vec<Result<bool>>, Failure>> {
        Box::pin(async move {
            let lanes = |part: usize| group.iter().map(|new| new.lane[part].as_str()).collect::<Vec<_>>();
            let ids: Vec<_> = group.iter().map(|new| new.id).collect();
            let opened = query("SELECT id FROM open_intents($1, $2, $3, $4, $5, $6, $7) AS id")
                .bind(&ids)
                .bind(lanes(0))
                .bind(lanes(1))
                .bind(lanes(2))
                .bind(group.iter().map(|new| new.operation).collect::<Vec<_>>())
                .bind(group.iter().map(|new| new.started_at.as_unix_millis()).collect::<Vec<_>>())
                .bind(group.iter().map(|new| &new.effect[..]).collect::<Vec<_>>());
            done(db, opened, &ids).await
        })
    }
}

/// The outcome of an intent.
struct Closing {
    id: i64,
    operation: &'static str,
    attempt: u32,
    started_at: Timestamp,
    outcome: &'static str,
    evidence: &'static str,
    value: Vec<u8>,
    closed_at: Timestamp,
}

impl Request for Closing {
    type Answer = bool;
    type Group = ();

    fn operation(&self) -> &'static str {
        "close_intent"
    }

    fn bytes(&self) -> usize {
        self.value.len()
    }

    fn ask<'a>(db: &'a mut Conn, group: &'a [Self]) -> BoxFuture<'a, Result<Vec<Result<bool>>, Failure>> {
        Box::pin(async move {
            let ids: Vec<_> = group.iter().map(|closing| closing.id).collect();
            let closed = query("SELECT id FROM close_intents($1, $2, $3, $4, $5, $6, $7, $8) AS id")
                .bind(&ids)
                .bind(group.iter().map(|closing| closing.operation).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| i64::from(closing.attempt)).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| closing.started_at.as_unix_millis()).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| closing.outcome).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| closing.evidence).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| &closing.value[..]).collect::<Vec<_>>())
                .bind(group.iter().map(|closing| closing.closed_at.as_unix_millis()).collect::<Vec<_>>());
            done(db, closed, &ids).await
        })
    }
}

/// Returns which of the rows a statement returned.
async fn done(
    db: &mut Conn,
    statement: super::driver::Query<'_>,
    ids: &[i64],
) -> Result<Vec<Result<bool>>, Failure> {
    let rows = statement.fetch_all(db).await?;
    let done = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<i64>, _>>()?;
    Ok(ids.iter().map(|id| Ok(done.contains(id))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_adds_what_it_is_sealed_to() {
        let started_at = Timestamp::from_unix(1);
        let lane = ["acme", "p1", "app1"].map(str::to_owned);
        let opening = Opening { id: 1, lane, operation: "release", started_at, effect: vec![0; 5000] };
        assert_eq!(opening.bytes(), 5000);
        let closing = Closing {
            id: 1,
            operation: "release",
            attempt: 1,
            started_at,
            outcome: "done",
            evidence: "asked",
            value: vec![0; 300],
            closed_at: started_at,
        };
        assert_eq!(closing.bytes(), 300);
    }
}
