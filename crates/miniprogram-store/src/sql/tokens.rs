use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::token::AccessToken;
use miniprogram_core::{Result, Secret};

use super::*;
use crate::tokens::{
    Acquired, GrantState, LONGEST_LEASE, Lease, LeaseInfo, NewTokens, StoredAccess, Ticket, TokenCursor,
    TokenFilter, TokenPage, TokenRecord, TokenStore, UnreadablePart, UnreadableRecord,
};

macro_rules! columns {
    () => {
        "vendor, platform, kind, app, access, issued_at, expires_at, refused, refresh, previous_refresh, generation, \
         state, granted_at, original_id, lease_owner, lease_fence, lease_until, lease_revoked, updated_at"
    };
}

#[async_trait]
impl TokenStore for Handle {
    async fn save_ticket(&self, platform: &PlatformKey, ticket: &Ticket) -> Result<bool> {
        let arguments = (self.keys().clone(), platform.clone(), ticket.clone());
        self.write("save_ticket", arguments, |db, (keys, platform, ticket)| {
            Box::pin(save_ticket(db, keys, platform, ticket))
        })
        .await
    }

    async fn ticket(&self, platform: &PlatformKey) -> Result<Option<Ticket>> {
        let arguments = (self.keys().clone(), platform.clone());
        self.look_up("ticket", arguments, |db, (keys, platform)| Box::pin(ticket(db, keys, platform))).await
    }

    async fn token(&self, scope: &TokenScope) -> Result<Option<TokenRecord>> {
        let arguments = (self.keys().clone(), scope.clone());
        self.look_up("token", arguments, |db, (keys, scope)| {
            Box::pin(async move {
                let key = Key::of(scope)?;
                let row = query(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM tokens WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4"
                ));
                let row = key.bind(row).fetch_optional(db).await?;
                row.map(|row| record(keys, &row)).transpose()
            })
        })
        .await
    }

    async fn tokens(&self, filter: &TokenFilter) -> Result<TokenPage> {
        let arguments = (self.keys().clone(), filter.clone());
        self.read("tokens", arguments, |db, (keys, filter)| Box::pin(tokens(db, keys, filter))).await
    }

    async fn app_of_alias(&self, platform: &PlatformKey, alias: &str) -> Result<Option<AppId>> {
        let of = || -> Result<[&str; 3]> {
            let [vendor, platform] = platform_of(&platform.vendor, &platform.platform)?;
            Ok([vendor, platform, text("alias", alias)?])
        };
        let of = of().map_err(|error| error.with_operation("app_of_alias"))?;
        Ok(self.owner(of.map(str::to_owned)).await?.map(AppId::from))
    }

    async fn bind_alias(&self, scope: &TokenScope, alias: &str, now: Timestamp) -> Result<()> {
        let arguments = (scope.clone(), alias.to_owned(), now);
        self.write("bind_alias", arguments, |db, (scope, alias, now)| {
            Box::pin(bind_alias(db, scope, alias, *now))
        })
        .await
    }

    async fn acquire(
        &self,
        scope: &TokenScope,
        owner: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Acquired> {
        let arguments = (self.keys().clone(), scope.clone(), owner.to_owned(), now, lease);
        self.write("acquire", arguments, |db, (keys, scope, owner, now, lease)| {
            Box::pin(acquire(db, keys, scope, owner, *now, *lease))
        })
        .await
    }

    async fn commit(&self, lease: &Lease, tokens: &NewTokens, now: Timestamp) -> Result<TokenRecord> {
        let arguments = (self.keys().clone(), lease.clone(), tokens.clone(), now);
        self.write("commit", arguments, |db, (keys, lease, tokens, now)| {
            Box::pin(commit(db, keys, lease, tokens, *now))
        })
        .await
    }

    async fn release(&self, lease: &Lease, state: Option<GrantState>, now: Timestamp) -> Result<()> {
        let arguments = (lease.clone(), state, now);
        self.write("release", arguments, |db, (lease, state, now)| Box::pin(release(db, lease, *state, *now)))
            .await
    }

    async fn expire(&self, scope: &TokenScope, refused: &AccessToken, now: Timestamp) -> Result<bool> {
        let arguments = (self.keys().clone(), scope.clone(), refused.clone(), now);
        self.write("expire", arguments, |db, (keys, scope, refused, now)| {
            Box::pin(expire(db, keys, scope, refused, *now))
        })
        .await
    }

    async fn revoke(&self, scope: &TokenScope, revoked_at: Timestamp, now: Timestamp) -> Result<bool> {
        let arguments = (scope.clone(), revoked_at, now);
        self.write("revoke", arguments, |db, (scope, revoked_at, now)| {
            Box::pin(revoke(db, scope, *revoked_at, *now))
        })
        .await
    }
}

/// The key by which the row of a scope is found.
struct Key<'a>([&'a str; 4]);

impl<'a> Key<'a> {
    fn of(scope: &'a TokenScope) -> Result<Self, Failure> {
        let [vendor, platform] = platform_of(&scope.vendor, &scope.platform)?;
        let app = scope.app.as_ref().map(|app| id("app", app.as_str())).transpose()?;
        if app.is_some() != (scope.kind == TokenKind::Authorizer) {
            let why = "must name an app if it is an authorizer's, and none otherwise";
            return Err(Error::invalid("store", "scope", why).into());
        }
        Ok(Self([vendor, platform, scope.kind.as_str(), app.unwrap_or_default()]))
    }

    /// Binds it as the first four arguments.
    fn bind<'q>(&self, query: Query<'q>) -> Query<'q> {
        self.0.iter().fold(query, |query, part| query.bind((*part).to_owned()))
    }

    const fn place(&self, column: &'static str) -> Place<'_> {
        Place { table: "tokens", column, row: &self.0 }
    }
}

async fn save_ticket(
    db: &mut Conn,
    keys: &StoreKeys,
    key: &PlatformKey,
    ticket: &Ticket,
) -> Result<bool, Failure> {
    let row = platform_of(&key.vendor, &key.platform)?;
    if ticket.ticket.is_empty() {
        return Err(Error::invalid("save_ticket", "ticket", "must not be empty").into());
    }
    let place = Place { table: "tickets", column: "ticket", row: &row };
    let sealed = keys.seal(&place, ticket.ticket.expose().as_bytes())?;
    let kept = query(for_update!("SELECT ticket FROM tickets WHERE vendor = $1 AND platform = $2"));
    let kept = kept.bind(row[0]).bind(row[1]).fetch_optional(&mut *db).await?;
    // An unreadable ticket does not count as newer, whatever its time.
    let damaged = kept.is_some_and(|kept| {
        let read = kept.try_get("ticket").map_err(Failure::from).and_then(|kept| secret(keys, &place, kept));
        read.is_err()
    });
    if damaged {
        tracing::warn!(vendor = row[0], platform = row[1], "a ticket that cannot be read is replaced");
    }
    let done = query(
        "INSERT INTO tickets (vendor, platform, ticket, created_at, received_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (vendor, platform) DO UPDATE SET ticket = excluded.ticket, \
         created_at = excluded.created_at, received_at = excluded.received_at \
         WHERE tickets.created_at <= excluded.created_at OR $6 = 1",
    )
    .bind(row[0])
    .bind(row[1])
    .bind(sealed)
    .bind(ticket.created_at.as_unix_millis())
    .bind(ticket.received_at.as_unix_millis())
    .bind(i64::from(damaged))
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn ticket(db: &mut Conn, keys: &StoreKeys, key: &PlatformKey) -> Result<Option<Ticket>, Failure> {
    let key = platform_of(&key.vendor, &key.platform)?;
    let row =
        query("SELECT ticket, created_at, received_at FROM tickets WHERE vendor = $1 AND platform = $2")
            .bind(key[0])
            .bind(key[1])
            .fetch_optional(db)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let place = Place { table: "tickets", column: "ticket", row: &key };
    let ticket = secret(keys, &place, row.try_get("ticket")?)?;
    Ok(Some(Ticket::new(ticket, time_in(&row, "created_at")?, time_in(&row, "received_at")?)))
}

async fn tokens(db: &mut Conn, keys: &StoreKeys, filter: &TokenFilter) -> Result<TokenPage, Failure> {
    let mut query = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM tokens WHERE 1 = 1"));
    if let Some(key) = &filter.platform {
        let [vendor, platform] = platform_of(&key.vendor, &key.platform)?;
        query.push(" AND vendor = ").push_bind(vendor.to_owned());
        query.push(" AND platform = ").push_bind(platform.to_owned());
    }
    if let Some(state) = filter.state {
        query.push(" AND state = ").push_bind(state.as_str());
    }
    if let Some(TokenCursor(key)) = &filter.after {
        let mut before = " AND (vendor, platform, kind, app) > (";
        for part in key {
            query.push(before).push_bind(text("after", part)?.to_owned());
            before = ", ";
        }
        query.push(")");
    }
    query.push(" ORDER BY vendor, platform, kind, app LIMIT ").push_bind(i64::from(filter.limit));
    let rows = query.build().fetch_all(db).await?;
    let mut page = TokenPage::default();
    for row in &rows {
        match record(keys, row) {
            Ok(record) => page.records.push(record),
            Err(failure) => page.unreadable.push(UnreadableRecord::new(key_in(row), why_of(failure))),
        }
    }
    if rows.len() as u64 >= u64::from(filter.limit)
        && let Some(last) = rows.last()
    {
        page.next = Some(cursor_at(last)?);
    }
    Ok(page)
}

/// Returns the key of a row, as far as it is text.
fn key_in(row: &Row) -> [Option<String>; 4] {
    ["vendor", "platform", "kind", "app"].map(|column| row.try_get(column).ok())
}

/// The place of a row in the order.
fn cursor_at(row: &Row) -> Result<TokenCursor, Failure> {
    let part = |column| row.try_get::<String, _>(column);
    Ok(TokenCursor([part("vendor")?, part("platform")?, part("kind")?, part("app")?]))
}

async fn bind_alias(db: &mut Conn, scope: &TokenScope, alias: &str, now: Timestamp) -> Result<(), Failure> {
    let key = Key::of(scope)?;
    if scope.app.is_none() {
        let why = format!("must name an app: a {scope} has no alias");
        return Err(Error::invalid("bind_alias", "scope", why).into());
    }
    id("alias", alias)?;
    make_row(db, &key, now).await?;
    if write_alias(db, &key, alias).await? {
        return Ok(());
    }
    let why = format!("the alias {alias} is written down for another app of the platform");
    Err(conflict(why, "find out which of the two apps it belongs to").into())
}

/// Answers whether the id is this app's: another app may have it. The savepoint ends with the write that it is part of.
async fn write_alias(db: &mut Conn, key: &Key<'_>, alias: &str) -> Result<bool, Failure> {
    query("SAVEPOINT alias").execute(&mut *db).await?;
    let statement = query(
        "UPDATE tokens SET original_id = $5 WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4",
    );
    let written = key.bind(statement).bind(alias.to_owned()).execute(&mut *db).await;
    match written {
        Ok(_) => Ok(true),
        Err(error) if driver::is_unique_violation(&error) => {
            query("ROLLBACK TO SAVEPOINT alias").execute(db).await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

async fn make_row(db: &mut Conn, key: &Key<'_>, now: Timestamp) -> Result<(), Failure> {
    let statement = query(
        "INSERT INTO tokens (vendor, platform, kind, app, updated_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (vendor, platform, kind, app) DO NOTHING",
    );
    key.bind(statement).bind(now.as_unix_millis()).execute(db).await?;
    Ok(())
}

/// The row of a scope, locked until the transaction ends.
async fn lock_row(db: &mut Conn, key: &Key<'_>) -> Result<Option<Row>, Failure> {
    let statement = query(for_update!(
        "SELECT ",
        columns!(),
        " FROM tokens WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4"
    ));
    Ok(key.bind(statement).fetch_optional(db).await?)
}

/// The row of a scope, made if it is not there, and locked. Nearly always it is there, and one statement is enough.
async fn made_row(db: &mut Conn, key: &Key<'_>, now: Timestamp) -> Result<Row, Failure> {
    if let Some(row) = lock_row(db, key).await? {
        return Ok(row);
    }
    make_row(db, key, now).await?;
    lock_row(db, key).await?.ok_or_else(|| driver::no_row().into())
}

async fn acquire(
    db: &mut Conn,
    keys: &StoreKeys,
    scope: &TokenScope,
    owner: &str,
    now: Timestamp,
    lease: Duration,
) -> Result<Acquired, Failure> {
    let key = Key::of(scope)?;
    text("owner", owner)?;
    let row = made_row(db, &key, now).await?;
    let held = maybe_time_in(&row, "lease_until")?;
    // A lease that ends later than the longest possible one was written by a clock that ran ahead.
    if let Some(until) = held.filter(|until| *until > now && *until <= now.after(LONGEST_LEASE)) {
        return Ok(Acquired::Held { until });
    }
    let fence = row.try_get::<i64, _>("lease_fence")? + 1;
    let info = LeaseInfo::new(owner, fence, now.after(lease.min(LONGEST_LEASE)));
    let statement = query(concat!(
        "UPDATE tokens SET lease_owner = $5, lease_fence = $6, lease_until = $7, lease_revoked = 0, \
         updated_at = $8",
        held_by_session!("lease_session"),
        " WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4"
    ));
    key.bind(statement)
        .bind(owner.to_owned())
        .bind(fence)
        .bind(info.until.as_unix_millis())
        .bind(now.as_unix_millis())
        .execute(db)
        .await?;
    let mut record = record(keys, &row)?;
    record.lease = Some(info.clone());
    record.updated_at = now;
    let lease = Lease::new(scope.clone(), info, held.is_some());
    Ok(Acquired::Granted { lease, record: Box::new(record) })
}

/// The row of a lease, locked; a conflict if the lease was taken over or released.
async fn leased_row(db: &mut Conn, key: &Key<'_>, lease: &Lease) -> Result<Row, Failure> {
    if let Some(row) = lock_row(db, key).await? {
        let held = maybe_time_in(&row, "lease_until")?.is_some();
        if held && row.try_get::<i64, _>("lease_fence")? == lease.info.fence {
            return Ok(row);
        }
    }
    let why = format!("the lease {} on the {} is no longer held", lease.info.fence, lease.scope);
    Err(conflict(why, "read the record again: its new holder has renewed the tokens or is about to").into())
}

async fn commit(
    db: &mut Conn,
    keys: &StoreKeys,
    lease: &Lease,
    tokens: &NewTokens,
    now: Timestamp,
) -> Result<TokenRecord, Failure> {
    if tokens.refresh_token.as_ref().is_some_and(Secret::is_empty) {
        return Err(Error::invalid("commit", "refresh_token", "must not be empty").into());
    }
    let key = Key::of(&lease.scope)?;
    let row = leased_row(db, &key, lease).await?;
    let mut record = record(keys, &row)?;
    if record.state == GrantState::Revoked {
        let outdated = match tokens.granted_at {
            Some(granted) => record.granted_at.is_some_and(|revoked| granted < revoked),
            None => flag_in(&row, "lease_revoked")?,
        };
        if outdated {
            let why = format!("the merchant revoked the authorization behind the {}", lease.scope);
            return Err(conflict(why, "let the merchant authorize the platform again").into());
        }
    }
    let is_unreadable =
        |record: &TokenRecord, column| record.unreadable.iter().any(|part| part.column == column);
    // What cannot be read is kept as it is, unless something takes its place.
    let kept = |column: &'static str, keeps: bool| -> Result<Option<Vec<u8>>, Failure> {
        if keeps && is_unreadable(&record, column) { Ok(row.try_get(column)?) } else { Ok(None) }
    };
    let same = tokens.refresh_token.as_ref().is_none_or(|next| record.refresh_token.as_ref() == Some(next));
    let kept_refresh = kept("refresh", tokens.refresh_token.is_none())?;
    let kept_previous = kept("previous_refresh", same)?;
    if let Some(next) = &tokens.refresh_token
        && !same
    {
        record.previous_refresh_token = record.refresh_token.replace(next.clone());
    }
    record.unreadable.retain(|part| match part.column {
        "refresh" => kept_refresh.is_some(),
        "previous_refresh" => kept_previous.is_some(),
        _ => false,
    });
    record.access.clone_from(&tokens.access);
    record.granted_at = record.granted_at.max(tokens.granted_at);
    record.generation += 1;
    record.state = if kept_refresh.is_some() { GrantState::NeedsRecovery } else { GrantState::Active };
    record.lease = None;
    record.updated_at = now;
    let seal = |column: &'static str, secret: Option<&Secret>| {
        let sealed = secret.map(|secret| keys.seal(&key.place(column), secret.expose().as_bytes()));
        sealed.transpose()
    };
    let access = record.access.as_ref();
    let statement = query(
        "UPDATE tokens SET access = $5, issued_at = $6, expires_at = $7, refused = $8, refresh = $9, \
         previous_refresh = $10, generation = $11, state = $12, granted_at = $13, lease_owner = NULL, \
         lease_until = NULL, updated_at = $14 \
         WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4",
    );
    key.bind(statement)
        .bind(seal("access", access.map(|access| access.token.secret()))?)
        .bind(access.map(|access| access.issued_at.as_unix_millis()))
        .bind(access.and_then(|access| access.expires_at).map(Timestamp::as_unix_millis))
        .bind(i64::from(access.is_some_and(|access| access.refused)))
        .bind(seal("refresh", record.refresh_token.as_ref())?.or(kept_refresh))
        .bind(seal("previous_refresh", record.previous_refresh_token.as_ref())?.or(kept_previous))
        .bind(record.generation)
        .bind(GrantState::Active.as_str())
        .bind(record.granted_at.map(Timestamp::as_unix_millis))
        .bind(now.as_unix_millis())
        .execute(&mut *db)
        .await?;
    if let Some(alias) = &tokens.alias {
        if id("alias", alias).is_ok() && write_alias(db, &key, alias).await? {
            record.alias = Some(alias.clone());
        } else {
            tracing::warn!(
                vendor = key.0[0],
                platform = key.0[1],
                app = key.0[3],
                alias,
                "the alias was left as it was: another app has this one, or it is none"
            );
        }
    }
    Ok(record)
}

async fn release(
    db: &mut Conn,
    lease: &Lease,
    state: Option<GrantState>,
    now: Timestamp,
) -> Result<(), Failure> {
    let key = Key::of(&lease.scope)?;
    let row = leased_row(db, &key, lease).await?;
    // A grant that the merchant revoked in the meantime stays revoked.
    let state = match state {
        Some(state) if !flag_in(&row, "lease_revoked")? => Some(state.as_str()),
        _ => None,
    };
    let statement = query(
        "UPDATE tokens SET state = COALESCE($5, state), lease_owner = NULL, lease_until = NULL, updated_at = $6 \
         WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4",
    );
    key.bind(statement).bind(state).bind(now.as_unix_millis()).execute(db).await?;
    Ok(())
}

async fn expire(
    db: &mut Conn,
    keys: &StoreKeys,
    scope: &TokenScope,
    refused: &AccessToken,
    now: Timestamp,
) -> Result<bool, Failure> {
    let key = Key::of(scope)?;
    let Some(row) = lock_row(db, &key).await? else { return Ok(false) };
    let current = record(keys, &row)?.access;
    if current.is_none_or(|access| access.token != *refused) {
        return Ok(false);
    }
    let statement = query(
        "UPDATE tokens SET refused = 1, updated_at = $5 \
         WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4",
    );
    key.bind(statement).bind(now.as_unix_millis()).execute(db).await?;
    Ok(true)
}

async fn revoke(
    db: &mut Conn,
    scope: &TokenScope,
    revoked_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Failure> {
    let key = Key::of(scope)?;
    let row = made_row(db, &key, now).await?;
    let known = maybe_time_in(&row, "granted_at")?;
    if known.is_some_and(|known| known > revoked_at) {
        return Ok(state_in(&row).is_ok_and(|state| state == GrantState::Revoked));
    }
    let leased = maybe_time_in(&row, "lease_until")?.is_some();
    let statement = query(
        "UPDATE tokens SET access = NULL, issued_at = NULL, expires_at = NULL, refresh = NULL, \
         previous_refresh = NULL, state = 'revoked', granted_at = $5, lease_revoked = $6, updated_at = $7 \
         WHERE vendor = $1 AND platform = $2 AND kind = $3 AND app = $4",
    );
    key.bind(statement)
        .bind(revoked_at.as_unix_millis())
        .bind(i64::from(leased))
        .bind(now.as_unix_millis())
        .execute(db)
        .await?;
    Ok(true)
}

fn secret(keys: &StoreKeys, place: &Place<'_>, stored: Vec<u8>) -> Result<Secret, Failure> {
    let plain = keys.unseal(place, &stored)?;
    let plain = String::from_utf8(plain).map_err(|_| unreadable(place, "it is not text"))?;
    if plain.is_empty() {
        return Err(unreadable(place, "it is empty").into());
    }
    Ok(Secret::new(plain))
}

const STATES: [GrantState; 4] =
    [GrantState::Active, GrantState::NeedsRecovery, GrantState::NeedsReauthorization, GrantState::Revoked];

pub(super) fn is_state(name: &str) -> bool {
    STATES.iter().any(|state| state.as_str() == name)
}

fn state_in(row: &Row) -> Result<GrantState, Failure> {
    let name: String = row.try_get("state")?;
    let state = STATES.into_iter().find(|state| state.as_str() == name);
    Ok(state.ok_or_else(|| unreadable("`state` of tokens", format!("{name:?} is none")))?)
}

fn scope_in(row: &Row) -> Result<TokenScope, Failure> {
    let vendor = vendor_in(row)?;
    let platform: String = row.try_get("platform")?;
    let kind: String = row.try_get("kind")?;
    let (platform, app) = (PlatformId::from(platform), app_in(row)?);
    match (kind.as_str(), app) {
        ("authorizer", Some(app)) => Ok(TokenScope::authorizer(vendor, platform, app)),
        ("platform", None) => Ok(TokenScope::platform(vendor, platform)),
        ("client_credentials", None) => Ok(TokenScope::client_credentials(vendor, platform)),
        _ => Err(unreadable("`kind` of tokens", format!("{kind:?} is none that this version knows")).into()),
    }
}

/// The secret in a column, if there is one.
fn secret_in(keys: &StoreKeys, place: &Place<'_>, row: &Row) -> Result<Option<Secret>, Failure> {
    let stored: Option<Vec<u8>> = row.try_get(place.column)?;
    stored.map(|stored| secret(keys, place, stored)).transpose()
}

fn access_in(key: &Key<'_>, row: &Row, token: Secret) -> Result<StoredAccess, Failure> {
    let token = AccessToken::new(token).map_err(|_| unreadable(key.place("access"), "it is not a token"))?;
    Ok(StoredAccess {
        token,
        issued_at: time_in(row, "issued_at")?,
        expires_at: maybe_time_in(row, "expires_at")?,
        refused: flag_in(row, "refused")?,
    })
}

fn part_of(column: &'static str, failure: Failure) -> UnreadablePart {
    let lacks_key = lacks_key(&failure);
    UnreadablePart::new(column, why_of(failure)).with_lacks_key(lacks_key)
}

/// The record in a row. What cannot be read of it is named in it; an error where not even the scope can be.
fn record(keys: &StoreKeys, row: &Row) -> Result<TokenRecord, Failure> {
    let scope = scope_in(row)?;
    let key = Key::of(&scope)?;
    let mut unreadable = Vec::new();
    let mut read = |column: &'static str| match secret_in(keys, &key.place(column), row) {
        Ok(secret) => secret,
        Err(failure) => {
            unreadable.push(part_of(column, failure));
            None
        }
    };
    let (access, refresh_token, previous_refresh_token) =
        (read("access"), read("refresh"), read("previous_refresh"));
    let access = match access.map(|token| access_in(&key, row, token)).transpose() {
        Ok(access) => access,
        Err(failure) => {
            unreadable.push(part_of("access", failure));
            None
        }
    };
    let mut state = match state_in(row) {
        Ok(state) => state,
        Err(failure) => {
            unreadable.push(part_of("state", failure));
            GrantState::NeedsRecovery
        }
    };
    if state == GrantState::Active && unreadable.iter().any(|part| part.column == "refresh") {
        state = GrantState::NeedsRecovery;
    }
    let lease = match maybe_time_in(row, "lease_until")? {
        None => None,
        Some(until) => {
            let owner: String = row.try_get("lease_owner")?;
            Some(LeaseInfo::new(owner, row.try_get("lease_fence")?, until))
        }
    };
    Ok(TokenRecord {
        access,
        refresh_token,
        previous_refresh_token,
        generation: row.try_get("generation")?,
        state,
        unreadable,
        granted_at: maybe_time_in(row, "granted_at")?,
        alias: row.try_get("original_id")?,
        lease,
        updated_at: time_in(row, "updated_at")?,
        scope,
    })
}
