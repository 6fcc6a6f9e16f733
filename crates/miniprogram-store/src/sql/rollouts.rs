use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::Result;
use zeroize::Zeroizing;

use super::*;
use crate::rollouts::{
    AppStep, ControlStep, Drive, Driving, ElsewhereApp, LONGEST_DRIVE, LedgerEntry, LedgerPage, NewEntry,
    NewRollout, NewRolloutApp, PhaseCount, Progress, RolloutApp, RolloutFilter, RolloutId, RolloutPage,
    RolloutRecord, RolloutStore, SealedText, Signal, Steps, UnreadableApp, UnreadableEntry,
};

/// The longest name of a rollout, in characters.
const LONGEST_NAME: usize = 100;
/// The longest name of a phase or of a kind of entries, in bytes.
const LONGEST_WORD: usize = 63;

macro_rules! rollout_columns {
    () => {
        "id, name, plan_hash, control, version, apps, complete, created_at, updated_at, ended_at, lease_owner, \
         lease_until"
    };
}

macro_rules! app_columns {
    () => {
        "id, rollout, vendor, app, wave, priority, phase, state, version, due_at, ended"
    };
}

#[async_trait]
impl RolloutStore for Handle {
    async fn create_rollout(&self, new: &NewRollout, now: Timestamp) -> Result<RolloutId> {
        let arguments = (self.keys().clone(), new.clone(), now);
        self.write("create_rollout", arguments, |db, (keys, new, now)| Box::pin(create(db, keys, new, *now)))
            .await
    }

    async fn add_rollout_apps(&self, rollout: RolloutId, apps: Vec<NewRolloutApp>) -> Result<()> {
        let arguments = (self.keys().clone(), rollout, apps);
        self.write("add_rollout_apps", arguments, |db, (keys, rollout, apps)| {
            Box::pin(add(db, keys, *rollout, apps))
        })
        .await
    }

    async fn rollout(&self, name: &str) -> Result<Option<RolloutRecord>> {
        let arguments = (self.keys().clone(), name.to_owned());
        self.look_up("rollout", arguments, |db, (keys, name)| {
            Box::pin(async move {
                let row = query(concat!("SELECT ", rollout_columns!(), " FROM rollouts WHERE name = $1"));
                let row = row.bind(name.as_str()).fetch_optional(db).await?;
                row.map(|row| rollout_in(keys, &row)).transpose()
            })
        })
        .await
    }

    async fn rollouts(&self, limit: u32) -> Result<Vec<RolloutRecord>> {
        let arguments = (self.keys().clone(), limit);
        self.read("rollouts", arguments, |db, (keys, limit)| {
            Box::pin(async move {
                let rows =
                    query(concat!("SELECT ", rollout_columns!(), " FROM rollouts ORDER BY id DESC LIMIT $1"));
                let rows = rows.bind(i64::from(*limit)).fetch_all(db).await?;
                rows.iter().map(|row| rollout_in(keys, row)).collect()
            })
        })
        .await
    }

    async fn rollout_plan(&self, rollout: RolloutId) -> Result<Option<SealedText>> {
        let arguments = (self.keys().clone(), rollout);
        self.read("rollout_plan", arguments, |db, (keys, rollout)| {
            Box::pin(async move {
                let row = query("SELECT name, plan FROM rollouts WHERE id = $1").bind(rollout.0);
                let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
                let name: String = row.try_get("name")?;
                unsealed(keys, &rollout_place("plan", &[&name]), &row, "plan").map(Some)
            })
        })
        .await
    }

    async fn drive_rollout(
        &self,
        rollout: RolloutId,
        owner: &str,
        held: Option<&Drive>,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Driving> {
        let fence = held.filter(|held| held.rollout == rollout).map(|held| held.fence);
        let arguments = (rollout, owner.to_owned(), fence, now, lease);
        self.write("drive_rollout", arguments, |db, (rollout, owner, fence, now, lease)| {
            Box::pin(drive(db, *rollout, owner, *fence, *now, *lease))
        })
        .await
    }

    async fn leave_rollout(&self, drive: &Drive) -> Result<()> {
        self.write("leave_rollout", drive.clone(), |db, drive| {
            Box::pin(async move {
                let left = query(
                    "UPDATE rollouts SET lease_owner = NULL, lease_until = NULL WHERE id = $1 AND lease_fence = $2",
                );
                left.bind(drive.rollout.0).bind(drive.fence).execute(db).await?;
                Ok(())
            })
        })
        .await
    }

    async fn commit_steps(&self, drive: &Drive, steps: Steps, now: Timestamp) -> Result<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let arguments = (self.keys().clone(), drive.clone(), steps, now);
        self.write("commit_steps", arguments, |db, (keys, drive, steps, now)| {
            Box::pin(commit(db, keys, drive, steps, *now))
        })
        .await
    }

    async fn due_apps(
        &self,
        rollout: RolloutId,
        vendor: Vendor,
        now: Timestamp,
        limit: u32,
    ) -> Result<RolloutPage> {
        let arguments = (self.keys().clone(), rollout, vendor, now, limit);
        self.read("due_apps", arguments, |db, (keys, rollout, vendor, now, limit)| {
            Box::pin(async move { Ok(page_of(keys, &due_rows(db, *rollout, *vendor, *now, *limit).await?)) })
        })
        .await
    }

    async fn next_due_app(&self, rollout: RolloutId, after: Timestamp) -> Result<Option<Timestamp>> {
        self.look_up("next_due_app", (rollout, after), |db, (rollout, after)| {
            Box::pin(async move {
                let row = query(
                    "SELECT MIN(due_at) AS due_at FROM rollout_apps WHERE rollout = $1 AND due_at > $2",
                );
                let row = row.bind(rollout.0).bind(after.as_unix_millis()).fetch_one(db).await?;
                maybe_time_in(&row, "due_at")
            })
        })
        .await
    }

    async fn rollout_apps(&self, rollout: RolloutId, filter: &RolloutFilter) -> Result<RolloutPage> {
        let arguments = (self.keys().clone(), rollout, filter.clone());
        self.read("rollout_apps", arguments, |db, (keys, rollout, filter)| {
            Box::pin(async move {
                let mut rows = QueryBuilder::new(concat!(
                    "SELECT ",
                    app_columns!(),
                    " FROM rollout_apps WHERE rollout = "
                ));
                rows.push_bind(rollout.0).push(" AND id > ").push_bind(filter.after);
                if let Some(vendor) = filter.vendor {
                    rows.push(" AND vendor = ").push_bind(vendor.as_str().to_owned());
                }
                if let Some(wave) = filter.wave {
                    rows.push(" AND wave = ").push_bind(i64::from(wave));
                }
                if let Some(phase) = &filter.phase {
                    rows.push(" AND phase = ").push_bind(phase.clone());
                }
                if let Some(app) = &filter.app {
                    rows.push(" AND app = ").push_bind(app.as_str().to_owned());
                }
                rows.push(" ORDER BY id LIMIT ").push_bind(i64::from(filter.limit));
                let rows = rows.build().fetch_all(db).await?;
                let mut page = page_of(keys, &rows);
                if rows.len() as u64 == u64::from(filter.limit) {
                    page.next = rows.last().map(|row| row.try_get("id")).transpose()?;
                }
                Ok(page)
            })
        })
        .await
    }

    async fn apps_of_older_rollouts(
        &self,
        rollout: RolloutId,
        vendor: Vendor,
        apps: Vec<AppId>,
    ) -> Result<Vec<ElsewhereApp>> {
        self.read("apps_of_older_rollouts", (rollout, vendor, apps), |db, (rollout, vendor, apps)| {
            Box::pin(async move {
                let mut found = Vec::new();
                for app in apps {
                    let rows = query(
                        "SELECT a.rollout, a.phase, r.lease_until FROM rollout_apps a \
                         JOIN rollouts r ON r.id = a.rollout \
                         WHERE a.vendor = $1 AND a.app = $2 AND a.ended = 0 AND a.rollout < $3 ORDER BY a.rollout",
                    );
                    let rows = rows.bind(vendor.as_str()).bind(app.as_str()).bind(rollout.0);
                    for row in rows.fetch_all(&mut *db).await? {
                        found.push(ElsewhereApp {
                            app: app.clone(),
                            rollout: RolloutId(row.try_get("rollout")?),
                            phase: row.try_get("phase")?,
                            driven_until: maybe_time_in(&row, "lease_until")?,
                        });
                    }
                }
                Ok(found)
            })
        })
        .await
    }

    async fn count_phases(&self, rollout: RolloutId) -> Result<Vec<PhaseCount>> {
        self.read("count_phases", rollout, |db, rollout| {
            Box::pin(async move {
                let rows = query(
                    "SELECT wave, vendor, phase, COUNT(*) AS count FROM rollout_apps WHERE rollout = $1 \
                     GROUP BY wave, vendor, phase ORDER BY wave, vendor, phase",
                );
                let rows = rows.bind(rollout.0).fetch_all(db).await?;
                let counts = rows.iter().map(|row| {
                    let apps = row.try_get::<i64, _>("count")?.unsigned_abs();
                    let (wave, vendor) = (count_in(row, "wave")?, vendor_in(row)?);
                    Ok(PhaseCount { wave, vendor, phase: row.try_get("phase")?, apps })
                });
                counts.collect()
            })
        })
        .await
    }

    async fn ledger(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>> {
        let arguments = (self.keys().clone(), rollout, app, after, limit);
        self.read("ledger", arguments, |db, (keys, rollout, app, after, limit)| {
            Box::pin(async move {
                let rows = ledger_rows(db, *rollout, app.as_ref(), *after, *limit).await?;
                rows.iter().map(|row| entry_in(keys, *rollout, row)).collect()
            })
        })
        .await
    }

    async fn ledger_page(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        after: i64,
        limit: u32,
    ) -> Result<LedgerPage> {
        let arguments = (self.keys().clone(), rollout, app, after, limit);
        self.read("ledger_page", arguments, |db, (keys, rollout, app, after, limit)| {
            Box::pin(async move {
                let rows = ledger_rows(db, *rollout, app.as_ref(), *after, *limit).await?;
                let mut page = ledger_page_of(keys, *rollout, &rows);
                if rows.len() as u64 == u64::from(*limit) {
                    page.next = rows.last().map(|row| row.try_get("id")).transpose()?;
                }
                Ok(page)
            })
        })
        .await
    }

    async fn signal_rollout(
        &self,
        rollout: RolloutId,
        app: Option<(Vendor, AppId)>,
        signal: SealedText,
        now: Timestamp,
    ) -> Result<()> {
        let arguments = (self.keys().clone(), rollout, app, signal, now);
        self.write("signal_rollout", arguments, |db, (keys, rollout, app, text, now)| {
            Box::pin(async move {
                match app {
                    None => {
                        let row = query("SELECT id FROM rollouts WHERE id = $1").bind(rollout.0);
                        row.fetch_optional(&mut *db).await?.ok_or_else(|| no_rollout(*rollout))?;
                    }
                    Some((vendor, app)) => {
                        let row = query(
                            "SELECT id FROM rollout_apps WHERE rollout = $1 AND vendor = $2 AND app = $3",
                        );
                        let row = row.bind(rollout.0).bind(vendor.as_str()).bind(app.as_str());
                        if row.fetch_optional(&mut *db).await?.is_none() {
                            let why = format!("the rollout has no app {app} of {vendor}");
                            return Err(conflict(why, "list its apps").into());
                        }
                    }
                }
                send(db, keys, *rollout, app.as_ref().map(|(vendor, app)| (vendor, app)), text, *now).await
            })
        })
        .await
    }

    async fn signal_app(&self, vendor: Vendor, app: &AppId, text: SealedText, now: Timestamp) -> Result<u64> {
        let arguments = (self.keys().clone(), vendor, app.clone(), text, now);
        self.write("signal_app", arguments, |db, (keys, vendor, app, text, now)| {
            Box::pin(async move {
                let rows =
                    query("SELECT rollout FROM rollout_apps WHERE vendor = $1 AND app = $2 AND ended = 0");
                let rows = rows.bind(vendor.as_str()).bind(app.as_str()).fetch_all(&mut *db).await?;
                for row in &rows {
                    let rollout = RolloutId(row.try_get("rollout")?);
                    send(db, keys, rollout, Some((vendor, app)), text, *now).await?;
                }
                Ok(rows.len() as u64)
            })
        })
        .await
    }

    async fn signals(&self, rollout: RolloutId, limit: u32) -> Result<Vec<Signal>> {
        let arguments = (self.keys().clone(), rollout, limit);
        self.read("signals", arguments, |db, (keys, rollout, limit)| {
            Box::pin(async move {
                let rows = query(
                    "SELECT id, vendor, app, at, signal FROM rollout_signals WHERE rollout = $1 \
                     ORDER BY id LIMIT $2",
                );
                let rows = rows.bind(rollout.0).bind(i64::from(*limit)).fetch_all(db).await?;
                rows.iter().map(|row| signal_in(keys, *rollout, row)).collect()
            })
        })
        .await
    }

    async fn prune_rollouts(&self, ended_before: Timestamp) -> Result<u64> {
        let mut pruned = 0;
        while let Some(rollout) = self
            .write("prune_rollouts", ended_before, |db, before| Box::pin(give_up_the_oldest(db, *before)))
            .await?
        {
            for statement in [
                "DELETE FROM rollout_ledger WHERE id IN \
                 (SELECT id FROM rollout_ledger WHERE rollout = $1 ORDER BY id LIMIT $2)",
                "DELETE FROM rollout_apps WHERE id IN \
                 (SELECT id FROM rollout_apps WHERE rollout = $1 ORDER BY id LIMIT $2)",
                "DELETE FROM rollouts WHERE id IN (SELECT id FROM rollouts WHERE id = $1 LIMIT $2)",
            ] {
                self.delete_in_parts("prune_rollouts", statement, rollout).await?;
            }
            pruned += 1;
        }
        Ok(pruned)
    }
}

/// Finds the oldest rollout that can be deleted, and sees to it that nobody drives it any more.
async fn give_up_the_oldest(db: &mut Conn, ended_before: Timestamp) -> Result<Option<i64>, Failure> {
    let row = query(
        "UPDATE rollouts SET complete = 0 WHERE id = (SELECT MIN(r.id) FROM rollouts r \
         WHERE r.ended_at < $1 AND r.lease_until IS NULL \
         AND NOT EXISTS (SELECT 1 FROM rollout_signals s WHERE s.rollout = r.id)) RETURNING id",
    );
    let row = row.bind(ended_before.as_unix_millis()).fetch_optional(db).await?;
    row.map(|row| Ok(row.try_get("id")?)).transpose()
}

/// How many priorities are asked for one by one before the rest is sorted.
const PRIORITIES: usize = 16;

/// Returns the rows that are due, the highest priority first. Each priority is a question of its own, which reads what it
/// returns and nothing else, however many rows are due or wait.
async fn due_rows(
    db: &mut Conn,
    rollout: RolloutId,
    vendor: Vendor,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Row>, Failure> {
    let mut due: Vec<Row> = Vec::new();
    let mut highest_left = i64::MAX;
    let left = |due: &[Row]| i64::from(limit) - i64::try_from(due.len()).unwrap_or(i64::MAX);
    for _ in 0..PRIORITIES {
        let highest = query(
            "SELECT MAX(priority) AS priority FROM rollout_apps \
             WHERE rollout = $1 AND vendor = $2 AND due_at IS NOT NULL AND priority <= $3",
        );
        let highest =
            highest.bind(rollout.0).bind(vendor.as_str()).bind(highest_left).fetch_one(&mut *db).await?;
        let Some(priority) = highest.try_get::<Option<i64>, _>("priority")? else { return Ok(due) };
        let rows = query(concat!(
            "SELECT ",
            app_columns!(),
            " FROM rollout_apps WHERE rollout = $1 AND vendor = $2 AND priority = $3 AND due_at <= $4 \
             ORDER BY due_at, id LIMIT $5"
        ));
        let rows = rows.bind(rollout.0).bind(vendor.as_str()).bind(priority).bind(now.as_unix_millis());
        due.extend(rows.bind(left(&due)).fetch_all(&mut *db).await?);
        if left(&due) <= 0 {
            return Ok(due);
        }
        let Some(next) = priority.checked_sub(1) else { return Ok(due) };
        highest_left = next;
    }
    let rows = query(concat!(
        "SELECT ",
        app_columns!(),
        " FROM rollout_apps WHERE rollout = $1 AND vendor = $2 AND priority <= $3 AND due_at <= $4 \
         ORDER BY priority DESC, due_at, id LIMIT $5"
    ));
    let rows = rows.bind(rollout.0).bind(vendor.as_str()).bind(highest_left).bind(now.as_unix_millis());
    due.extend(rows.bind(left(&due)).fetch_all(db).await?);
    Ok(due)
}

const fn rollout_place<'a>(column: &'static str, row: &'a [&'a str]) -> Place<'a> {
    Place { table: "rollouts", column, row }
}

fn unsealed(keys: &StoreKeys, place: &Place<'_>, row: &Row, column: &str) -> Result<SealedText, Failure> {
    let stored: Vec<u8> = row.try_get(column)?;
    let plain = Zeroizing::new(keys.unseal(place, &stored)?);
    let text = std::str::from_utf8(&plain).map_err(|_| unreadable(place, "it is not text"))?;
    Ok(SealedText::new(text))
}

fn word<'a>(field: &'static str, value: &'a str) -> Result<&'a str, Error> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if value.is_empty() || value.len() > LONGEST_WORD || !value.chars().all(fits) {
        return Err(Error::invalid("store", field, "must be 1 to 63 characters of a-z, 0-9 and _"));
    }
    Ok(value)
}

async fn create(
    db: &mut Conn,
    keys: &StoreKeys,
    new: &NewRollout,
    now: Timestamp,
) -> Result<RolloutId, Failure> {
    let name = id("name", &new.name)?;
    if name.chars().count() > LONGEST_NAME {
        return Err(Error::invalid("store", "name", "must be at most 100 characters").into());
    }
    let apps = i64::try_from(new.apps).map_err(|_| Error::invalid("store", "apps", "must fit 63 bits"))?;
    let row = [name];
    let made = query(
        "INSERT INTO rollouts (name, plan_hash, plan, control, apps, complete, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(name)
    .bind(id("plan_hash", &new.plan_hash)?)
    .bind(keys.seal(&rollout_place("plan", &row), new.plan.expose().as_bytes())?)
    .bind(keys.seal(&rollout_place("control", &row), new.control.expose().as_bytes())?)
    .bind(apps)
    .bind(i64::from(apps == 0))
    .bind(now.as_unix_millis());
    if let Some(row) = made.fetch_optional(&mut *db).await? {
        return Ok(RolloutId(row.try_get("id")?));
    }
    let present = query("SELECT id, plan_hash, apps FROM rollouts WHERE name = $1").bind(name);
    let present = present.fetch_one(db).await?;
    let hash: String = present.try_get("plan_hash")?;
    if hash != new.plan_hash || present.try_get::<i64, _>("apps")? != apps {
        let why = format!("there is a rollout {name} with another plan");
        return Err(conflict(why, "give the new one another name").into());
    }
    Ok(RolloutId(present.try_get("id")?))
}

async fn add(
    db: &mut Conn,
    keys: &StoreKeys,
    rollout: RolloutId,
    apps: &[NewRolloutApp],
) -> Result<(), Failure> {
    let row = row_of(db, rollout).await?;
    let number = rollout.to_string();
    for new in apps {
        let (vendor, app) = (new.vendor.as_str(), id("app", new.app.as_str())?);
        let place = Place { table: "rollout_apps", column: "state", row: &[&number, vendor, app] };
        query(
            "INSERT INTO rollout_apps (rollout, vendor, app, wave, priority, phase, state, due_at, ended) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        )
        .bind(rollout.0)
        .bind(vendor)
        .bind(app)
        .bind(i64::from(new.wave))
        .bind(new.priority)
        .bind(word("phase", &new.progress.phase)?)
        .bind(keys.seal(&place, new.progress.state.expose().as_bytes())?)
        .bind(new.progress.due_at.map(Timestamp::as_unix_millis))
        .bind(i64::from(new.progress.ended))
        .execute(&mut *db)
        .await?;
    }
    let present = query("SELECT COUNT(*) AS count FROM rollout_apps WHERE rollout = $1").bind(rollout.0);
    let present: i64 = present.fetch_one(&mut *db).await?.try_get("count")?;
    let wanted: i64 = row.try_get("apps")?;
    if present > wanted {
        let why = format!("the rollout was to have {wanted} apps, and would get {present}");
        return Err(conflict(why, "add the apps that it was created for").into());
    }
    if present == wanted {
        query("UPDATE rollouts SET complete = 1 WHERE id = $1").bind(rollout.0).execute(db).await?;
    }
    Ok(())
}

/// The row of a rollout, locked until the transaction ends.
async fn row_of(db: &mut Conn, rollout: RolloutId) -> Result<Row, Failure> {
    let row = query(for_update!(
        "SELECT id, name, version, apps, complete, lease_owner, lease_fence, lease_until FROM rollouts \
         WHERE id = $1"
    ));
    let row = row.bind(rollout.0).fetch_optional(db).await?;
    Ok(row.ok_or_else(|| no_rollout(rollout))?)
}

fn no_rollout(rollout: RolloutId) -> Error {
    conflict(format!("there is no rollout {rollout}"), "list the rollouts")
}

async fn drive(
    db: &mut Conn,
    rollout: RolloutId,
    owner: &str,
    held: Option<i64>,
    now: Timestamp,
    lease: Duration,
) -> Result<Driving, Failure> {
    let owner = id("owner", owner)?;
    let row = row_of(db, rollout).await?;
    if !flag_in(&row, "complete")? {
        let why = format!("the rollout {rollout} does not have all of its apps yet");
        return Err(conflict(why, "repeat what was to start it").into());
    }
    let fence: i64 = row.try_get("lease_fence")?;
    let until = maybe_time_in(&row, "lease_until")?;
    let fence = match held {
        Some(held) if held == fence && until.is_some() => fence,
        Some(_) => return Err(taken_over(rollout)),
        None => {
            // A lease that ends later than the longest possible one was written by a clock that ran ahead.
            if let Some(until) = until.filter(|until| *until > now && *until <= now.after(LONGEST_DRIVE)) {
                let owner = row.try_get::<Option<String>, _>("lease_owner")?.unwrap_or_default();
                return Ok(Driving::Held { owner, until });
            }
            fence + 1
        }
    };
    let until = now.after(lease.min(LONGEST_DRIVE));
    query(concat!(
        "UPDATE rollouts SET lease_owner = $2, lease_fence = $3, lease_until = $4",
        held_by_session!("lease_session"),
        " WHERE id = $1"
    ))
    .bind(rollout.0)
    .bind(owner)
    .bind(fence)
    .bind(until.as_unix_millis())
    .execute(db)
    .await?;
    Ok(Driving::Granted(Drive { rollout, fence, until }))
}

fn taken_over(rollout: RolloutId) -> Failure {
    let why = format!("another process has taken over the rollout {rollout}");
    conflict(why, "stop: it goes on from what is stored").into()
}

async fn commit(
    db: &mut Conn,
    keys: &StoreKeys,
    drive: &Drive,
    steps: &Steps,
    now: Timestamp,
) -> Result<(), Failure> {
    let row = row_of(db, drive.rollout).await?;
    let held = maybe_time_in(&row, "lease_until")?.is_some();
    if !held || row.try_get::<i64, _>("lease_fence")? != drive.fence {
        return Err(taken_over(drive.rollout));
    }
    for step in &steps.apps {
        app_step(db, keys, drive.rollout, step).await?;
    }
    if let Some(step) = &steps.control {
        control_step(db, keys, drive.rollout, &row, step, now).await?;
    }
    for signal in &steps.signals {
        query("DELETE FROM rollout_signals WHERE id = $1 AND rollout = $2")
            .bind(*signal)
            .bind(drive.rollout.0)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

async fn app_step(
    db: &mut Conn,
    keys: &StoreKeys,
    rollout: RolloutId,
    step: &AppStep,
) -> Result<(), Failure> {
    let row = query("SELECT vendor, app FROM rollout_apps WHERE id = $1 AND rollout = $2 AND version = $3")
        .bind(step.id)
        .bind(rollout.0)
        .bind(step.version)
        .fetch_optional(&mut *db)
        .await?;
    let row = row.ok_or_else(|| {
        let why = format!("row {} of the rollout {rollout} has changed", step.id);
        conflict(why, "read it again, then decide")
    })?;
    let (vendor, app): (String, String) = (row.try_get("vendor")?, row.try_get("app")?);
    let number = rollout.to_string();
    let place = Place { table: "rollout_apps", column: "state", row: &[&number, &vendor, &app] };
    query(
        "UPDATE rollout_apps SET phase = $2, state = $3, due_at = $4, ended = $5, version = version + 1 \
         WHERE id = $1",
    )
    .bind(step.id)
    .bind(word("phase", &step.progress.phase)?)
    .bind(keys.seal(&place, step.progress.state.expose().as_bytes())?)
    .bind(step.progress.due_at.map(Timestamp::as_unix_millis))
    .bind(i64::from(step.progress.ended))
    .execute(&mut *db)
    .await?;
    enter(db, keys, rollout, [&vendor, &app], &step.entries).await
}

async fn control_step(
    db: &mut Conn,
    keys: &StoreKeys,
    rollout: RolloutId,
    row: &Row,
    step: &ControlStep,
    now: Timestamp,
) -> Result<(), Failure> {
    if row.try_get::<i64, _>("version")? != step.version {
        let why = format!("what is decided about the rollout {rollout} has changed");
        return Err(conflict(why, "read it again, then decide").into());
    }
    let name: String = row.try_get("name")?;
    let control = keys.seal(&rollout_place("control", &[&name]), step.control.expose().as_bytes())?;
    query(
        "UPDATE rollouts SET control = $2, version = version + 1, updated_at = $3, ended_at = $4 WHERE id = $1",
    )
    .bind(rollout.0)
    .bind(control)
    .bind(now.as_unix_millis())
    .bind(step.ended.then(|| now.as_unix_millis()))
    .execute(&mut *db)
    .await?;
    enter(db, keys, rollout, ["", ""], &step.entries).await
}

/// Adds entries to a ledger, whose rollout is locked.
async fn enter(
    db: &mut Conn,
    keys: &StoreKeys,
    rollout: RolloutId,
    [vendor, app]: [&str; 2],
    entries: &[NewEntry],
) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let last = query(
        "SELECT COALESCE(MAX(seq), 0) AS seq FROM rollout_ledger WHERE rollout = $1 AND vendor = $2 AND app = $3",
    );
    let last = last.bind(rollout.0).bind(vendor).bind(app).fetch_one(&mut *db).await?;
    let mut seq: i64 = last.try_get("seq")?;
    let number = rollout.to_string();
    for new in entries {
        seq += 1;
        let at = seq.to_string();
        let place = Place { table: "rollout_ledger", column: "entry", row: &[&number, vendor, app, &at] };
        query(
            "INSERT INTO rollout_ledger (rollout, vendor, app, seq, at, kind, entry) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(rollout.0)
        .bind(vendor)
        .bind(app)
        .bind(seq)
        .bind(new.at.as_unix_millis())
        .bind(word("kind", &new.kind)?)
        .bind(keys.seal(&place, new.entry.expose().as_bytes())?)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn send(
    db: &mut Conn,
    keys: &StoreKeys,
    rollout: RolloutId,
    app: Option<(&Vendor, &AppId)>,
    text: &SealedText,
    now: Timestamp,
) -> Result<(), Failure> {
    let (vendor, app) = app.map_or(("", ""), |(vendor, app)| (vendor.as_str(), app.as_str()));
    let (number, at) = (rollout.to_string(), now.as_unix_millis());
    let sent = at.to_string();
    let place = Place { table: "rollout_signals", column: "signal", row: &[&number, vendor, app, &sent] };
    query("INSERT INTO rollout_signals (rollout, vendor, app, at, signal) VALUES ($1, $2, $3, $4, $5)")
        .bind(rollout.0)
        .bind(vendor)
        .bind(app)
        .bind(at)
        .bind(keys.seal(&place, text.expose().as_bytes())?)
        .execute(db)
        .await?;
    Ok(())
}

fn rollout_in(keys: &StoreKeys, row: &Row) -> Result<RolloutRecord, Failure> {
    let name: String = row.try_get("name")?;
    let control = unsealed(keys, &rollout_place("control", &[&name]), row, "control")?;
    let owner: Option<String> = row.try_get("lease_owner")?;
    Ok(RolloutRecord {
        id: RolloutId(row.try_get("id")?),
        plan_hash: row.try_get("plan_hash")?,
        control,
        version: row.try_get("version")?,
        apps: row.try_get::<i64, _>("apps")?.unsigned_abs(),
        complete: flag_in(row, "complete")?,
        created_at: time_in(row, "created_at")?,
        updated_at: time_in(row, "updated_at")?,
        ended_at: maybe_time_in(row, "ended_at")?,
        driver: owner.zip(maybe_time_in(row, "lease_until")?),
        name,
    })
}

async fn ledger_rows(
    db: &mut Conn,
    rollout: RolloutId,
    app: Option<&(Vendor, AppId)>,
    after: i64,
    limit: u32,
) -> Result<Vec<Row>, Failure> {
    let mut rows = QueryBuilder::new(
        "SELECT id, vendor, app, seq, at, kind, entry FROM rollout_ledger WHERE rollout = ",
    );
    rows.push_bind(rollout.0).push(" AND id > ").push_bind(after);
    if let Some((vendor, app)) = app {
        rows.push(" AND vendor = ").push_bind(vendor.as_str().to_owned());
        rows.push(" AND app = ").push_bind(app.as_str().to_owned());
    }
    rows.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
    Ok(rows.build().fetch_all(db).await?)
}

fn ledger_page_of(keys: &StoreKeys, rollout: RolloutId, rows: &[Row]) -> LedgerPage {
    let mut page = LedgerPage::default();
    for row in rows {
        match entry_in(keys, rollout, row) {
            Ok(entry) => page.entries.push(entry),
            Err(failure) => {
                let text = |column| row.try_get::<String, _>(column).ok();
                page.unreadable.push(UnreadableEntry {
                    id: row.try_get("id").unwrap_or_default(),
                    vendor: text("vendor"),
                    app: text("app"),
                    lacks_key: lacks_key(&failure),
                    reason: why_of(failure),
                });
            }
        }
    }
    page
}

fn page_of(keys: &StoreKeys, rows: &[Row]) -> RolloutPage {
    let mut page = RolloutPage::default();
    for row in rows {
        match app_row_in(keys, row) {
            Ok(app) => page.apps.push(app),
            Err(failure) => {
                let text = |column| row.try_get::<String, _>(column).ok();
                page.unreadable.push(UnreadableApp {
                    id: row.try_get("id").unwrap_or_default(),
                    vendor: text("vendor"),
                    app: text("app"),
                    lacks_key: lacks_key(&failure),
                    reason: why_of(failure),
                });
            }
        }
    }
    page
}

fn app_row_in(keys: &StoreKeys, row: &Row) -> Result<RolloutApp, Failure> {
    let rollout = row.try_get::<i64, _>("rollout")?.to_string();
    let vendor = vendor_in(row)?;
    let app: String = row.try_get("app")?;
    let place = Place { table: "rollout_apps", column: "state", row: &[&rollout, vendor.as_str(), &app] };
    Ok(RolloutApp {
        id: row.try_get("id")?,
        vendor,
        wave: count_in(row, "wave")?,
        priority: row.try_get("priority")?,
        progress: Progress {
            phase: row.try_get("phase")?,
            state: unsealed(keys, &place, row, "state")?,
            due_at: maybe_time_in(row, "due_at")?,
            ended: flag_in(row, "ended")?,
        },
        version: row.try_get("version")?,
        app: app.into(),
    })
}

/// The app that a row is about; none for the rollout as a whole.
fn subject_in(row: &Row) -> Result<Option<(Vendor, AppId)>, Failure> {
    app_in(row)?.map(|app| Ok((vendor_in(row)?, app))).transpose()
}

fn entry_in(keys: &StoreKeys, rollout: RolloutId, row: &Row) -> Result<LedgerEntry, Failure> {
    let (vendor, app): (String, String) = (row.try_get("vendor")?, row.try_get("app")?);
    let seq: i64 = row.try_get("seq")?;
    let (number, at) = (rollout.to_string(), seq.to_string());
    let place = Place { table: "rollout_ledger", column: "entry", row: &[&number, &vendor, &app, &at] };
    let entry = unsealed(keys, &place, row, "entry")?;
    let entry = NewEntry { at: time_in(row, "at")?, kind: row.try_get("kind")?, entry };
    Ok(LedgerEntry { id: row.try_get("id")?, app: subject_in(row)?, seq, entry })
}

fn signal_in(keys: &StoreKeys, rollout: RolloutId, row: &Row) -> Result<Signal, Failure> {
    let (vendor, app): (String, String) = (row.try_get("vendor")?, row.try_get("app")?);
    let (number, sent) = (rollout.to_string(), row.try_get::<i64, _>("at")?.to_string());
    let place = Place { table: "rollout_signals", column: "signal", row: &[&number, &vendor, &app, &sent] };
    Ok(Signal {
        id: row.try_get("id")?,
        app: subject_in(row)?,
        at: time_in(row, "at")?,
        signal: unsealed(keys, &place, row, "signal")?,
    })
}
