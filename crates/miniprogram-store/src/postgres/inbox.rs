//! Handling of a push: one round trip to store it and one when it is done, shared with concurrent pushes.

use std::collections::{HashMap, HashSet};

use futures::future::BoxFuture;
use miniprogram_core::{Result, Timestamp};

use super::PostgresStore;
use super::driver::{Conn, ReadRow as _, Row, query};
use super::group::Request;
use super::sql::events::{Arrival, Returned, Wanted, columns, taken_over};
use crate::failure::Failure;
use crate::inbox::Received;

impl PostgresStore {
    /// Stores an event, unless it is already stored.
    pub(super) async fn keep(&self, new: Arrival) -> Result<Received> {
        self.writable("receive")?;
        self.0.arrivals.ask(&self.0.pool, new).await
    }

    /// Stores an event. It is not claimed: another machine may have more time for it.
    pub(super) async fn keep_and_claim(
        &self,
        new: Arrival,
        _wanted: Wanted,
    ) -> Result<(Received, Option<i64>)> {
        Ok((self.keep(new).await?, None))
    }

    /// Claims the heads of the lanes that are due.
    pub(super) async fn claim_heads(&self, wanted: Wanted) -> Result<Vec<Row>> {
        self.write_at_once("claim", wanted, |db, wanted| {
            Box::pin(async move {
                let claimed = query(concat!("SELECT ", columns!(), " FROM claim_events($1, $2, $3, $4, $5)"))
                    .bind(wanted.owner.as_str())
                    .bind(wanted.now.as_unix_millis())
                    .bind(wanted.latest().as_unix_millis())
                    .bind(wanted.until.as_unix_millis())
                    .bind(i64::from(wanted.limit));
                Ok(claimed.fetch_all(db).await?)
            })
        })
        .await
    }

    /// Gives a claimed event back. Returns the next event of its lane, if one is wanted and due.
    pub(super) async fn give_back(
        &self,
        operation: &'static str,
        returned: Returned,
        wanted: Option<Wanted>,
    ) -> Result<Option<Row>> {
        self.writable(operation)?;
        self.0.endings.ask(&self.0.pool, Ending { operation, returned, wanted }).await
    }

    /// Returns the app recorded for an alias of a vendor's platform.
    pub(super) async fn owner(&self, alias: [String; 3]) -> Result<Option<String>> {
        self.0.owners.ask(&self.0.pool, Owner(alias)).await
    }
}

impl Request for Arrival {
    type Answer = Received;
    type Group = ();

    fn operation(&self) -> &'static str {
        "receive"
    }

    fn bytes(&self) -> usize {
        self.sealed.len()
    }

    fn ask<'a>(db: &'a mut Conn, group: &'a [Self]) -> BoxFuture<'a, Result<Vec<Result<Received>>, Failure>> {
        Box::pin(receive(db, group))
    }
}

async fn receive(db: &mut Conn, group: &[Arrival]) -> Result<Vec<Result<Received>>, Failure> {
    // Each identity once, in the order of arrival, with its number of occurrences.
    let mut copies: HashMap<&str, i64> = HashMap::new();
    let mut new = Vec::with_capacity(group.len());
    for arrival in group {
        let copies = copies.entry(arrival.identity.as_str()).or_default();
        *copies += 1;
        if *copies == 1 {
            new.push(arrival);
        }
    }
    let texts = |of: fn(&Arrival) -> &str| new.iter().map(|new| of(new)).collect::<Vec<_>>();
    let rows = query("SELECT arrived, entry, told FROM receive_events($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(texts(|new| &new.lane[0]))
        .bind(texts(|new| &new.lane[1]))
        .bind(texts(|new| &new.lane[2]))
        .bind(texts(|new| new.identity.as_str()))
        .bind(texts(|new| new.kind))
        .bind(new.iter().map(|new| &new.sealed[..]).collect::<Vec<_>>())
        .bind(new.iter().map(|new| new.received_at.as_unix_millis()).collect::<Vec<_>>())
        .bind(new.iter().map(|new| i64::from(new.bound)).collect::<Vec<_>>())
        .bind(new.iter().map(|new| copies[new.identity.as_str()]).collect::<Vec<_>>())
        .fetch_all(db)
        .await?;
    let mut kept = HashMap::with_capacity(rows.len());
    for row in &rows {
        let (identity, entry, told): (&str, i64, i64) =
            (row.try_get("arrived")?, row.try_get("entry")?, row.try_get("told")?);
        let is_new = copies.get(identity) == Some(&told);
        kept.insert(identity, if is_new { Received::New(entry) } else { Received::Duplicate(entry) });
    }
    let mut answers = Vec::with_capacity(group.len());
    for arrival in group {
        let received = kept.get_mut(arrival.identity.as_str()).ok_or(sqlx::Error::RowNotFound)?;
        answers.push(Ok(*received));
        if let Received::New(entry) = *received {
            *received = Received::Duplicate(entry);
        }
    }
    Ok(answers)
}

/// The end of a claim, and optionally the beginning of the next one.
pub(super) struct Ending {
    operation: &'static str,
    returned: Returned,
    wanted: Option<Wanted>,
}

impl Request for Ending {
    type Answer = Option<Row>;
    type Group = HashSet<[String; 3]>;

    fn operation(&self) -> &'static str {
        self.operation
    }

    fn joins(&self, lanes: &mut HashSet<[String; 3]>) -> bool {
        lanes.insert(self.returned.lane.clone())
    }

    fn ask<'a>(
        db: &'a mut Conn,
        group: &'a [Self],
    ) -> BoxFuture<'a, Result<Vec<Result<Option<Row>>>, Failure>> {
        Box::pin(give_back(db, group))
    }
}

async fn give_back(db: &mut Conn, group: &[Ending]) -> Result<Vec<Result<Option<Row>>>, Failure> {
    let texts = |of: fn(&Ending) -> &str| group.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: fn(&Ending) -> i64| group.iter().map(of).collect::<Vec<_>>();
    let times = |of: fn(&Ending) -> Option<Timestamp>| {
        group.iter().map(|ending| of(ending).map(Timestamp::as_unix_millis)).collect::<Vec<_>>()
    };
    let rows = query(
        "SELECT place, (next).* FROM give_back_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(texts(|ending| &ending.returned.lane[0]))
    .bind(texts(|ending| &ending.returned.lane[1]))
    .bind(texts(|ending| &ending.returned.lane[2]))
    .bind(numbers(|ending| ending.returned.event))
    .bind(numbers(|ending| ending.returned.fence))
    .bind(texts(|ending| ending.returned.change.state.as_str()))
    .bind(group.iter().map(|ending| ending.returned.change.error.as_deref()).collect::<Vec<_>>())
    .bind(times(|ending| ending.returned.change.due_at))
    .bind(times(|ending| ending.returned.change.finished_at))
    .bind(numbers(|ending| i64::from(ending.returned.change.uncounted)))
    .bind(group.iter().map(|ending| ending.wanted.as_ref().map(|wanted| wanted.owner.as_str())).collect::<Vec<_>>())
    .bind(times(|ending| ending.wanted.as_ref().map(|wanted| wanted.now)))
    .bind(times(|ending| ending.wanted.as_ref().map(Wanted::latest)))
    .bind(times(|ending| ending.wanted.as_ref().map(|wanted| wanted.until)))
    .fetch_all(db)
    .await?;
    let mut answers: Vec<_> = group.iter().map(|ending| Err(taken_over(ending.returned.event))).collect();
    for row in rows {
        let place =
            usize::try_from(row.try_get::<i64, _>("place")?).ok().and_then(|place| place.checked_sub(1));
        let answer = place.and_then(|place| answers.get_mut(place)).ok_or(sqlx::Error::RowNotFound)?;
        let claimed = row.try_get::<Option<i64>, _>("id")?.is_some();
        *answer = Ok(claimed.then_some(row));
    }
    Ok(answers)
}

/// The app that an alias belongs to: looked up for nearly every message push.
pub(super) struct Owner([String; 3]);

impl Request for Owner {
    type Answer = Option<String>;
    type Group = ();

    const WRITES: bool = false;

    fn operation(&self) -> &'static str {
        "app_of_alias"
    }

    fn ask<'a>(
        db: &'a mut Conn,
        group: &'a [Self],
    ) -> BoxFuture<'a, Result<Vec<Result<Option<String>>>, Failure>> {
        Box::pin(async move {
            let texts = |part: usize| group.iter().map(|of| of.0[part].as_str()).collect::<Vec<_>>();
            let rows = query(
                "SELECT (SELECT app FROM tokens WHERE vendor = wanted.vendor AND platform = wanted.platform \
                 AND original_id = wanted.original_id) AS app \
                 FROM UNNEST($1, $2, $3) WITH ORDINALITY AS wanted (vendor, platform, original_id, place) \
                 ORDER BY wanted.place",
            );
            let rows = rows.bind(texts(0)).bind(texts(1)).bind(texts(2)).fetch_all(db).await?;
            rows.iter().map(|row| Ok(Ok(row.try_get("app")?))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sql::events::Change;
    use super::*;
    use crate::inbox::InboxState;

    /// The second of two ends of one lane has to see what the first one did.
    #[test]
    fn a_group_ends_one_claim_of_a_lane_at_most() {
        let ending = |app: &str| {
            let change = Change {
                state: InboxState::Done,
                error: None,
                due_at: None,
                finished_at: None,
                uncounted: false,
            };
            let lane = ["acme", "p1", app].map(str::to_owned);
            Ending {
                operation: "complete",
                returned: Returned { event: 1, fence: 1, lane, change },
                wanted: None,
            }
        };
        let mut lanes = HashSet::new();
        let joined = ["a", "b", "a", "c"].map(|app| ending(app).joins(&mut lanes));
        assert_eq!(joined, [true, true, false, true]);
    }
    #[test]
    fn an_event_adds_what_it_is_sealed_to() {
        let arrival = Arrival {
            lane: ["acme", "p1", "app1"].map(str::to_owned),
            identity: crate::inbox::EventIdentity::from_stored("digest"),
            kind: "ticket",
            sealed: vec![0; 5000],
            received_at: Timestamp::from_unix(1),
            bound: true,
        };
        assert_eq!(arrival.bytes(), 5000);
    }
}
