use super::*;
use crate::keys::{KeptKey, Purpose};
use crate::maintenance::KeyState;

/// The keys that the store is sealed with, in the order in which they came.
pub(crate) async fn kept(db: &mut Conn) -> Result<Vec<KeptKey>, Failure> {
    let rows = query("SELECT key_id, state, proof FROM keys ORDER BY id").fetch_all(db).await?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get("state")?;
            let states = [KeyState::Active, KeyState::Replaced, KeyState::Retired];
            let state = states.into_iter().find(|state| state.as_str() == name);
            let state = state.ok_or_else(|| unreadable("`state` of keys", format!("{name:?} is none")))?;
            Ok(KeptKey { id: row.try_get("key_id")?, state, proof: row.try_get("proof")? })
        })
        .collect()
}

/// Writes down the keys that the store does not know yet, with their proofs.
pub(crate) async fn register(db: &mut Conn, keys: &StoreKeys) -> Result<(), Failure> {
    query(driver::BEFORE_KEYS_CHANGE).execute(&mut *db).await?;
    for (id, proof) in keys.prove(&kept(db).await?, Purpose::Write)? {
        query(
            "INSERT INTO keys (key_id, state, proof) VALUES ($1, 'active', $2) \
             ON CONFLICT (key_id) DO UPDATE SET proof = excluded.proof",
        )
        .bind(id)
        .bind(proof)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

/// The keys but for the current one that may have values left.
pub(super) async fn others(db: &mut Conn, keys: &StoreKeys) -> Result<Vec<String>, Failure> {
    let Some(current) = keys.current() else { return Ok(Vec::new()) };
    let current = current.to_string();
    let others =
        kept(db).await?.into_iter().filter(|key| key.state != KeyState::Retired && key.id != current);
    Ok(others.map(|key| key.id).collect())
}

/// Stops other keys from sealing. Fails if another process has just done that to the current one.
pub(super) async fn replace(db: &mut Conn, keys: &StoreKeys, ids: &[String]) -> Result<(), Failure> {
    query(driver::BEFORE_KEYS_CHANGE).execute(&mut *db).await?;
    keys.verify_active(&kept(db).await?)?;
    for id in ids {
        let replaced = query("UPDATE keys SET state = 'replaced' WHERE key_id = $1 AND state = 'active'");
        replaced.bind(id.clone()).execute(&mut *db).await?;
    }
    Ok(())
}

/// Retires keys of which no value is left.
pub(super) async fn retire(db: &mut Conn, ids: &[String]) -> Result<(), Failure> {
    for id in ids {
        let retired = query("UPDATE keys SET state = 'retired' WHERE key_id = $1 AND state = 'replaced'");
        retired.bind(id.clone()).execute(&mut *db).await?;
    }
    Ok(())
}
