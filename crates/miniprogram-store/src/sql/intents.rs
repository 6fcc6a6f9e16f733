use async_trait::async_trait;
use miniprogram_core::{Command, EarlierEffect, EffectValue, Intent, Result, Settled, SubjectId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::intents::{IntentStore, OpenIntents, UnreadableIntent};

/// The sealed part of an intent, which may include a password for the vendor's reviewers.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedEffect {
    pub(crate) target: Command,
    pub(crate) before: Value,
}

macro_rules! columns {
    () => {
        "id, vendor, platform, app, operation, attempt, started_at, effect"
    };
}

#[async_trait]
impl IntentStore for Handle {
    async fn open_intent(&self, platform: &PlatformId, intent: &Intent) -> Result<()> {
        if self.open_at_once(platform, intent).await? {
            return Ok(());
        }
        let arguments = (self.keys().clone(), platform.clone(), intent.clone());
        self.write("open_intent", arguments, |db, (keys, platform, intent)| {
            Box::pin(open(db, keys, platform, intent))
        })
        .await
    }

    async fn close_intent(
        &self,
        platform: &PlatformId,
        intent: &Intent,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<()> {
        if self.close_at_once(platform, intent, settled, now).await? {
            return Ok(());
        }
        let arguments = (self.keys().clone(), platform.clone(), intent.clone(), settled.clone(), now);
        self.write_unsynced("close_intent", arguments, |db, (keys, platform, intent, settled, now)| {
            Box::pin(close(db, keys, platform, intent, settled, *now))
        })
        .await
    }

    async fn close_unreadable_intent(
        &self,
        platform: &PlatformKey,
        subject: &SubjectId,
        settled: &Settled,
        now: Timestamp,
    ) -> Result<bool> {
        let arguments = (self.keys().clone(), platform.clone(), subject.clone(), settled.clone(), now);
        self.write("close_unreadable_intent", arguments, |db, (keys, platform, subject, settled, now)| {
            Box::pin(close_unreadable(db, keys, platform, subject, settled, *now))
        })
        .await
    }

    async fn pending_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        subject: &SubjectId,
    ) -> Result<Option<Intent>> {
        let arguments = (self.keys().clone(), platform.clone(), vendor, subject.clone());
        self.look_up("pending_intent", arguments, |db, (keys, platform, vendor, subject)| {
            Box::pin(async move {
                let lane = lane(vendor, platform, subject.as_str())?;
                let row = query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM intents WHERE vendor = $1 AND platform = $2 AND app = $3 AND closed_at IS NULL"
                ));
                let row = row.bind(lane[0]).bind(lane[1]).bind(lane[2]).fetch_optional(db).await?;
                row.map(|row| intent_in(keys, &row)).transpose()
            })
        })
        .await
    }

    async fn closed_intent(
        &self,
        platform: &PlatformId,
        vendor: Vendor,
        subject: &SubjectId,
        command: &Command,
        since: Timestamp,
    ) -> Result<Option<EarlierEffect>> {
        let arguments =
            (self.keys().clone(), platform.clone(), vendor, subject.clone(), command.clone(), since);
        self.look_up("closed_intent", arguments, |db, (keys, platform, vendor, subject, command, since)| {
            Box::pin(async move {
                let lane = lane(vendor, platform, subject.as_str())?;
                let rows = query(concat!(
                    "SELECT ",
                    columns!(),
                    ", outcome, evidence, value FROM intents \
                     WHERE vendor = $1 AND platform = $2 AND app = $3 AND closed_at >= $4 \
                     ORDER BY closed_at DESC, id DESC"
                ));
                let rows = rows.bind(lane[0]).bind(lane[1]).bind(lane[2]).bind(since.as_unix_millis());
                for row in rows.fetch_all(db).await? {
                    let intent = intent_in(keys, &row)?;
                    if intent.target == *command {
                        let settled = settled_in(keys, &lane, &row)?;
                        return Ok(Some(EarlierEffect::new(intent, settled)));
                    }
                }
                Ok(None)
            })
        })
        .await
    }

    async fn pending_intents(&self, platform: &PlatformKey) -> Result<OpenIntents> {
        let arguments = (self.keys().clone(), platform.clone());
        self.read("pending_intents", arguments, |db, (keys, platform)| {
            Box::pin(async move {
                let [vendor, platform] = platform_of(&platform.vendor, &platform.platform)?;
                let rows = query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM intents WHERE vendor = $1 AND platform = $2 AND closed_at IS NULL \
                     ORDER BY started_at, id"
                ));
                let rows = rows.bind(vendor).bind(platform).fetch_all(db).await?;
                let mut open = OpenIntents::default();
                for row in &rows {
                    match intent_in(keys, row) {
                        Ok(intent) => open.intents.push(intent),
                        Err(failure) => open.unreadable.push(unreadable_in(row, failure)),
                    }
                }
                Ok(open)
            })
        })
        .await
    }

    async fn prune_intents(&self, closed_before: Timestamp) -> Result<u64> {
        let statement = "DELETE FROM intents WHERE closed_at < $1 AND id IN \
                         (SELECT id FROM intents WHERE closed_at < $1 ORDER BY id LIMIT $2)";
        self.prune_with("prune_intents", statement, closed_before).await
    }
}

/// The columns that say on what an effect acts; `app` holds the platform's own id where it is the platform itself.
pub(crate) fn lane<'a>(
    vendor: &'a Vendor,
    platform: &'a PlatformId,
    subject: &'a str,
) -> Result<[&'a str; 3], Failure> {
    let [vendor, platform] = platform_of(vendor, platform)?;
    Ok([vendor, platform, id("app", subject)?])
}

async fn open(
    db: &mut Conn,
    keys: &StoreKeys,
    platform: &PlatformId,
    intent: &Intent,
) -> Result<(), Failure> {
    let lane = lane(&intent.vendor, platform, intent.subject.as_str())?;
    let row_id: i64 = match open_row(db, &lane).await? {
        Some(row) => {
            let open = intent_in(keys, &row)?;
            let same = (open.operation, &open.target, &open.before)
                == (intent.operation, &intent.target, &intent.before);
            if !same || open.attempt >= intent.attempt {
                return Err(another_is_open(intent).into());
            }
            row.try_get("id")?
        }
        None if intent.attempt > 1 => {
            let why = format!(
                "attempt {} of {} on {} has no open intent: it was settled meanwhile",
                intent.attempt,
                intent.operation,
                intent.subject.described()
            );
            return Err(conflict(why, "read the current state, then decide").into());
        }
        None => {
            // If two processes open an intent at the same moment, one of them finds the row of the other here.
            let made = query(
                "INSERT INTO intents (vendor, platform, app, operation, attempt, started_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
            )
            .bind(lane[0])
            .bind(lane[1])
            .bind(lane[2])
            .bind(intent.operation.as_str())
            .bind(i64::from(intent.attempt))
            .bind(intent.started_at.as_unix_millis())
            .fetch_optional(&mut *db)
            .await?;
            made.ok_or_else(|| another_is_open(intent))?.try_get("id")?
        }
    };
    let effect = SealedEffect { target: intent.target.clone(), before: intent.before.clone() };
    query("UPDATE intents SET attempt = $2, started_at = $3, effect = $4 WHERE id = $1")
        .bind(row_id)
        .bind(i64::from(intent.attempt))
        .bind(intent.started_at.as_unix_millis())
        .bind(seal_json(keys, &lane, row_id, "effect", &effect)?)
        .execute(db)
        .await?;
    Ok(())
}

fn another_is_open(intent: &Intent) -> Error {
    let why = format!("another effect of {} is open", intent.subject.described());
    conflict(why, "settle the open intent, then decide")
}

async fn close(
    db: &mut Conn,
    keys: &StoreKeys,
    platform: &PlatformId,
    intent: &Intent,
    settled: &Settled,
    now: Timestamp,
) -> Result<(), Failure> {
    let lane = lane(&intent.vendor, platform, intent.subject.as_str())?;
    let row = query(for_update!(
        "SELECT id FROM intents WHERE vendor = $1 AND platform = $2 AND app = $3 AND operation = $4 \
         AND attempt = $5 AND started_at = $6 AND closed_at IS NULL"
    ))
    .bind(lane[0])
    .bind(lane[1])
    .bind(lane[2])
    .bind(intent.operation.as_str())
    .bind(i64::from(intent.attempt))
    .bind(intent.started_at.as_unix_millis())
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(()) };
    write_outcome(db, keys, &lane, row.try_get("id")?, settled, now).await
}

async fn close_unreadable(
    db: &mut Conn,
    keys: &StoreKeys,
    platform: &PlatformKey,
    subject: &SubjectId,
    settled: &Settled,
    now: Timestamp,
) -> Result<bool, Failure> {
    let lane = lane(&platform.vendor, &platform.platform, subject.as_str())?;
    let described = subject.described();
    let Some(row) = open_row(db, &lane).await? else { return Ok(false) };
    match intent_in(keys, &row) {
        Ok(_) => {
            let why = format!("the open effect of {described} can be read");
            return Err(conflict(why, "settle it as any other").into());
        }
        Err(failure) if lacks_key(&failure) => {
            let why = format!("the open effect of {described} lacks only its key");
            return Err(conflict(why, "give that key, then settle it as any other").into());
        }
        Err(_) => {}
    }
    write_outcome(db, keys, &lane, row.try_get("id")?, settled, now).await?;
    Ok(true)
}

/// The open intent of an app, locked until the transaction ends.
async fn open_row(db: &mut Conn, lane: &[&str; 3]) -> Result<Option<Row>, Failure> {
    let row = query(for_update!(
        "SELECT ",
        columns!(),
        " FROM intents WHERE vendor = $1 AND platform = $2 AND app = $3 AND closed_at IS NULL"
    ));
    Ok(row.bind(lane[0]).bind(lane[1]).bind(lane[2]).fetch_optional(db).await?)
}

async fn write_outcome(
    db: &mut Conn,
    keys: &StoreKeys,
    lane: &[&str; 3],
    row_id: i64,
    settled: &Settled,
    now: Timestamp,
) -> Result<(), Failure> {
    query("UPDATE intents SET outcome = $2, evidence = $3, value = $4, closed_at = $5 WHERE id = $1")
        .bind(row_id)
        .bind(settled.outcome.as_str())
        .bind(settled.evidence.as_str())
        .bind(seal_json(keys, lane, row_id, "value", &settled.value)?)
        .bind(now.as_unix_millis())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) fn seal_json(
    keys: &StoreKeys,
    lane: &[&str; 3],
    row_id: i64,
    column: &'static str,
    value: &impl Serialize,
) -> Result<Vec<u8>, Failure> {
    let json = serde_json::to_vec(value)
        .map_err(|problem| Error::invalid("store", column, format!("is not valid JSON: {problem}")))?;
    let row_id = row_id.to_string();
    let place = Place { table: "intents", column, row: &[lane[0], lane[1], lane[2], &row_id] };
    Ok(keys.seal(&place, &json)?)
}

fn unreadable_in(row: &Row, failure: Failure) -> UnreadableIntent {
    let text = |column| row.try_get::<String, _>(column).ok();
    let lacks_key = lacks_key(&failure);
    UnreadableIntent {
        app: text("app"),
        operation: text("operation"),
        attempt: row.try_get("attempt").ok(),
        started_at: time_in(row, "started_at").ok(),
        lacks_key,
        ..UnreadableIntent::new(why_of(failure))
    }
}

fn settled_in(keys: &StoreKeys, lane: &[&str; 3], row: &Row) -> Result<Settled, Failure> {
    let row_id = row.try_get::<i64, _>("id")?.to_string();
    let place = Place { table: "intents", column: "value", row: &[lane[0], lane[1], lane[2], &row_id] };
    let sealed: Option<Vec<u8>> = row.try_get("value")?;
    let sealed = sealed.ok_or_else(|| unreadable(place, "it is lost"))?;
    let value: EffectValue = serde_json::from_slice(&keys.unseal(&place, &sealed)?)
        .map_err(|problem| unreadable(place, json_problem(&problem)))?;
    let (outcome, evidence): (String, String) = (row.try_get("outcome")?, row.try_get("evidence")?);
    let settled = json!({ "outcome": outcome, "evidence": evidence, "value": value });
    serde_json::from_value(settled)
        .map_err(|_| unreadable("`outcome` or `evidence` of intents", "it is not one of their words").into())
}

fn intent_in(keys: &StoreKeys, row: &Row) -> Result<Intent, Failure> {
    let vendor = vendor_in(row)?;
    let (platform, app): (String, String) = (row.try_get("platform")?, row.try_get("app")?);
    let row_id = row.try_get::<i64, _>("id")?.to_string();
    let place =
        Place { table: "intents", column: "effect", row: &[vendor.as_str(), &platform, &app, &row_id] };
    let sealed: Option<Vec<u8>> = row.try_get("effect")?;
    let sealed = sealed.ok_or_else(|| unreadable(place, "it is lost"))?;
    let effect: SealedEffect = serde_json::from_slice(&keys.unseal(&place, &sealed)?)
        .map_err(|problem| unreadable(place, json_problem(&problem)))?;
    let operation: String = row.try_get("operation")?;
    let operation = serde_json::from_value(Value::from(operation))
        .map_err(|_| unreadable("`operation` of intents", "it is not the name of a method"))?;
    let subject = SubjectId::at(&PlatformId::from(platform), app);
    let mut intent = Intent::new(vendor, subject, effect.target, effect.before, time_in(row, "started_at")?);
    intent.operation = operation;
    intent.attempt = count_in(row, "attempt")?;
    Ok(intent)
}
