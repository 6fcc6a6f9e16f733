use miniprogram_core::Result;

use super::events::{self, Lane, UNREADABLE};
use super::maintenance::{SEALED, Sealed};
use super::*;
use crate::maintenance::{RepairAction, RepairOptions, Repaired, UnreadableValue};

/// The arguments of the repair of one row.
struct Job {
    keys: StoreKeys,
    table: &'static Sealed,
    id: i64,
    options: RepairOptions,
    now: Timestamp,
}

/// A lane that is inconsistent with its events.
#[derive(Debug, Clone)]
pub(super) struct OddLane {
    id: i64,
    key: [String; 3],
    /// Its head: an event that is not its next one, or nothing although events are waiting.
    head: Option<i64>,
}

impl OddLane {
    /// Returns what is wrong with it.
    pub(super) fn reason(&self) -> String {
        let [vendor, platform, app] = &self.key;
        match self.head {
            Some(head) => {
                format!("event {head} is next in {vendor} {platform} {app:?}, and is not pending there")
            }
            None => format!("events of {vendor} {platform} {app:?} are pending, and none of them is next"),
        }
    }

    async fn find_anew(&self, db: &mut Conn, now: Timestamp) -> Result<(), Failure> {
        let [vendor, platform, app] = &self.key;
        let lane = Lane([vendor, platform, app]);
        lane.make_and_lock(db, now).await?;
        lane.advance(db).await
    }
}

/// The lanes that do not fit their events.
pub(super) async fn odd_lanes(db: &mut Conn) -> Result<Vec<OddLane>, Failure> {
    let rows = query(
        "SELECT l.id, l.vendor, l.platform, l.app, l.head FROM lanes l LEFT JOIN events e ON e.id = l.head \
         AND e.vendor = l.vendor AND e.platform = l.platform AND e.app = l.app AND e.state = 'pending' \
         WHERE l.head IS NOT NULL AND e.id IS NULL \
         UNION \
         SELECT COALESCE(l.id, 0) AS id, e.vendor, e.platform, e.app, l.head FROM events e \
         LEFT JOIN lanes l ON l.vendor = e.vendor AND l.platform = e.platform AND l.app = e.app \
         WHERE e.state = 'pending' AND l.head IS NULL",
    );
    let mut odd = Vec::new();
    for row in rows.fetch_all(db).await? {
        let text = |column| row.try_get::<String, _>(column);
        // A value that is not text is reported where its row is read.
        if let (Ok(vendor), Ok(platform), Ok(app)) = (text("vendor"), text("platform"), text("app")) {
            odd.push(OddLane {
                id: row.try_get("id")?,
                key: [vendor, platform, app],
                head: row.try_get("head")?,
            });
        }
    }
    Ok(odd)
}

impl Handle {
    pub(super) async fn repair_rows(
        &self,
        options: &RepairOptions,
        now: Timestamp,
        each: &mut (dyn for<'a> FnMut(&'a Repaired) -> Result<()> + Send),
    ) -> Result<()> {
        for table in &SEALED {
            let mut after = 0;
            loop {
                let page =
                    self.read("repair", (self.keys().clone(), table, after), |db, (keys, table, after)| {
                        Box::pin(async move {
                            let page = table.page(db, *after, false).await?;
                            let damaged = page.iter().filter(|row| !row.unreadable(table, keys).is_empty());
                            let damaged: Vec<i64> = damaged.map(|row| row.id).collect();
                            Ok(page.last().map(|last| (last.id, damaged)))
                        })
                    });
                let Some((last, damaged)) = page.await? else { break };
                after = last;
                for id in damaged {
                    let job = Job { keys: self.keys().clone(), table, id, options: *options, now };
                    let repaired = if options.dry_run {
                        self.read("repair", job, |db, job| Box::pin(repair(db, job))).await?
                    } else {
                        self.write("repair", job, |db, job| Box::pin(repair(db, job))).await?
                    };
                    repaired.iter().try_for_each(&mut *each)?;
                }
            }
        }
        // After the events, whose repair also affects lanes.
        for lane in self.read("repair", (), |db, ()| Box::pin(odd_lanes(db))).await? {
            let [vendor, platform, app] = lane.key.clone().map(Some);
            let repaired = Repaired {
                table: "lanes",
                id: lane.id,
                column: None,
                vendor,
                platform,
                app: app.filter(|app| !app.is_empty()),
                action: RepairAction::FoundAnew,
                lost: "nothing",
                reason: lane.reason(),
            };
            if !options.dry_run {
                self.write("repair", (lane, now), |db, (lane, now)| Box::pin(lane.find_anew(db, *now)))
                    .await?;
            }
            each(&repaired)?;
        }
        Ok(())
    }
}

/// Repairs a row, as it is now.
async fn repair(db: &mut Conn, job: &Job) -> Result<Vec<Repaired>, Failure> {
    let Job { keys, table, id, options, .. } = job;
    let writes = !options.dry_run;
    if table.table == "events" && writes {
        // The lane before the event, in the order in which everything locks them.
        let key = query("SELECT vendor, platform, app FROM events WHERE id = $1").bind(*id);
        let key = key.fetch_optional(&mut *db).await?.map(|row| {
            ["vendor", "platform", "app"].map(|column| row.try_get::<String, _>(column).unwrap_or_default())
        });
        if let Some([vendor, platform, app]) = &key {
            Lane([vendor, platform, app]).lock(db).await?;
        }
        query(for_update!("SELECT id FROM lanes WHERE head = $1")).bind(*id).fetch_all(&mut *db).await?;
    }
    let Some(row) = table.row(db, *id, writes).await? else { return Ok(Vec::new()) };
    let [vendor, platform, app] = row.lane(table);
    let mut repaired = Vec::new();
    for value in row.unreadable(table, keys) {
        let (action, lost) = if value.lacks_key {
            (RepairAction::Left, "nothing: give the key that it lacks")
        } else {
            match table.table {
                "tickets" => ticket(db, job, &value).await?,
                "tokens" => token(db, job, &value).await?,
                "intents" => intent(db, job, &value).await?,
                "events" => event(db, job, &value).await?,
                _ => part_of_a_rollout(db, job).await?,
            }
        };
        repaired.push(Repaired {
            table: value.table,
            id: value.id,
            column: Some(value.column),
            vendor: vendor.clone(),
            platform: platform.clone(),
            app: app.clone(),
            action,
            lost,
            reason: value.reason,
        });
    }
    Ok(repaired)
}

impl Job {
    /// Changes the row, unless nothing is to be written.
    async fn change(&self, db: &mut Conn, change: &'static str) -> Result<(), Failure> {
        if !self.options.dry_run {
            query(change).bind(self.id).execute(db).await?;
        }
        Ok(())
    }
}

type What = (RepairAction, &'static str);

const ONLY_DROPPED: What = (RepairAction::Left, "nothing yet: it can only be dropped, with --drop");

async fn ticket(db: &mut Conn, job: &Job, value: &UnreadableValue) -> Result<What, Failure> {
    if value.column != "ticket" && !job.options.drop {
        return Ok(ONLY_DROPPED);
    }
    job.change(db, "DELETE FROM tickets WHERE id = $1").await?;
    Ok((RepairAction::Dropped, "the platform's ticket: the vendor's next push provides another"))
}

async fn token(db: &mut Conn, job: &Job, value: &UnreadableValue) -> Result<What, Failure> {
    const RECOVER: &str = "it is recovered from the vendor at the next renewal, or with `auth recover`";
    let (change, what) = match value.column {
        "access" => (
            "UPDATE tokens SET access = NULL, issued_at = NULL, expires_at = NULL WHERE id = $1",
            (RepairAction::Dropped, "the access token: the next renewal provides another"),
        ),
        "previous_refresh" => (
            "UPDATE tokens SET previous_refresh = NULL WHERE id = $1",
            (RepairAction::Dropped, "the refresh token before the present one"),
        ),
        "refresh" => (
            "UPDATE tokens SET refresh = NULL, state = CASE WHEN state IN ('revoked', 'needs_reauthorization') \
             THEN state ELSE 'needs_recovery' END WHERE id = $1",
            (RepairAction::NeedsRecovery, RECOVER),
        ),
        // It is not known whether it was revoked; the vendor knows.
        "state" => (
            "UPDATE tokens SET refresh = NULL, previous_refresh = NULL, state = 'needs_recovery' WHERE id = $1",
            (RepairAction::NeedsRecovery, RECOVER),
        ),
        _ if job.options.drop => (
            "DELETE FROM tokens WHERE id = $1",
            (RepairAction::Dropped, "the app's tokens: get them back with `auth recover`"),
        ),
        _ => return Ok(ONLY_DROPPED),
    };
    job.change(db, change).await?;
    Ok(what)
}

async fn intent(db: &mut Conn, job: &Job, value: &UnreadableValue) -> Result<What, Failure> {
    let closed =
        query("SELECT closed_at FROM intents WHERE id = $1").bind(job.id).fetch_one(&mut *db).await?;
    let is_open = maybe_time_in(&closed, "closed_at")?.is_none();
    let (change, what) = match (value.column, is_open) {
        ("effect", true) => (
            "UPDATE intents SET effect = NULL WHERE id = $1",
            (
                RepairAction::StaysOpen,
                "what the effect was to do: look at the app, then close it with `effects settle --as`",
            ),
        ),
        ("effect", false) => (
            "UPDATE intents SET effect = NULL WHERE id = $1",
            (RepairAction::Dropped, "what an effect was to do whose outcome is known"),
        ),
        ("value", _) => (
            "UPDATE intents SET value = NULL WHERE id = $1",
            (RepairAction::Dropped, "what the vendor answered to an effect whose outcome is known"),
        ),
        _ if job.options.drop => (
            "DELETE FROM intents WHERE id = $1",
            (RepairAction::Dropped, "the record of an effect: look at the app for what became of it"),
        ),
        _ => return Ok(ONLY_DROPPED),
    };
    job.change(db, change).await?;
    Ok(what)
}

async fn part_of_a_rollout(db: &mut Conn, job: &Job) -> Result<What, Failure> {
    let (change, lost) = match job.table.table {
        // Repeating it is easier than looking for what it said.
        "rollout_signals" => {
            job.change(db, "DELETE FROM rollout_signals WHERE id = $1").await?;
            return Ok((
                RepairAction::Dropped,
                "what an operator or a callback said to a rollout: say it again",
            ));
        }
        _ if !job.options.drop => return Ok(ONLY_DROPPED),
        "rollout_ledger" => {
            ("DELETE FROM rollout_ledger WHERE id = $1", "one piece of the evidence of a rollout")
        }
        "rollout_apps" => (
            "DELETE FROM rollout_apps WHERE id = $1",
            "where an app is in its rollout, which goes on without it; the ledger of the app stays",
        ),
        _ => {
            for of_it in [
                "DELETE FROM rollout_apps WHERE rollout = $1",
                "DELETE FROM rollout_ledger WHERE rollout = $1",
                "DELETE FROM rollout_signals WHERE rollout = $1",
            ] {
                job.change(db, of_it).await?;
            }
            (
                "DELETE FROM rollouts WHERE id = $1",
                "the whole rollout and its evidence: start it again, apps that have the version end at once",
            )
        }
    };
    job.change(db, change).await?;
    Ok((RepairAction::Dropped, lost))
}

async fn event(db: &mut Conn, job: &Job, value: &UnreadableValue) -> Result<What, Failure> {
    let state = query("SELECT state FROM events WHERE id = $1").bind(job.id);
    let state = state.fetch_optional(&mut *db).await?.and_then(|row| row.try_get::<String, _>("state").ok());
    let finished = matches!(state.as_deref(), Some("done" | "dead"));
    let writes = !job.options.dry_run;
    if job.options.drop {
        job.change(db, "DELETE FROM events WHERE id = $1").await?;
        if writes {
            events::leave_lanes(db, job.id).await?;
        }
        return Ok((
            RepairAction::Dropped,
            "the event, and that it was received: if it comes again it is new",
        ));
    }
    if finished {
        return Ok(ONLY_DROPPED);
    }
    if writes {
        query(
            "UPDATE events SET state = 'dead', last_error = $2, finished_at = $3, claim_owner = NULL, \
             claim_until = NULL WHERE id = $1",
        )
        .bind(job.id)
        .bind(events::short(&format!("{UNREADABLE}{}", value.reason)))
        .bind(job.now.as_unix_millis())
        .execute(&mut *db)
        .await?;
        events::leave_lanes(db, job.id).await?;
    }
    Ok((RepairAction::Dead, "what the event says: its handlers never see it"))
}
