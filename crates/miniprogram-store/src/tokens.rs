//! Tickets and tokens, which a platform must never lose.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::authorization::IssuedToken;
use miniprogram_core::token::{AccessToken, TokenScope};
use miniprogram_core::{AppId, PlatformId, Result, Secret, Timestamp, Vendor};
use serde::{Deserialize, Serialize};

/// The longest duration of a lease: 1 hour. A lease that ends later was written by a clock that ran ahead, and is
/// over.
pub const LONGEST_LEASE: Duration = Duration::from_secs(3600);

/// One platform at one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformKey {
    /// The vendor.
    pub vendor: Vendor,
    /// The platform's own id at the vendor.
    pub platform: PlatformId,
}

impl PlatformKey {
    /// Creates the key of a platform at a vendor.
    #[must_use]
    pub fn new(vendor: Vendor, platform: impl Into<PlatformId>) -> Self {
        Self { vendor, platform: platform.into() }
    }
}

/// A ticket that the vendor pushed, with which the platform obtains its own token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// The ticket.
    pub ticket: Secret,
    /// When the vendor created it. Of two tickets the newer one applies, however late the older one arrives.
    pub created_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Ticket {
    /// Creates a ticket.
    #[must_use]
    pub const fn new(ticket: Secret, created_at: Timestamp, received_at: Timestamp) -> Self {
        Self { ticket, created_at, received_at }
    }
}

/// Whether an app's tokens can be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantState {
    /// They can.
    Active,
    /// The refresh token was damaged in the store, or dropped by a repair for that reason: a new one has to be
    /// requested from the vendor, without involving the merchant. An access token that can still be read is valid
    /// until it expires.
    NeedsRecovery,
    /// Refresh and recovery were refused: the merchant has to authorize again.
    NeedsReauthorization,
    /// The merchant revoked the authorization.
    Revoked,
}

impl GrantState {
    /// Returns the machine name, as used in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsRecovery => "needs_recovery",
            Self::NeedsReauthorization => "needs_reauthorization",
            Self::Revoked => "revoked",
        }
    }

    /// Returns whether an access token may be provided to callers.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        matches!(self, Self::Active | Self::NeedsRecovery)
    }
}

/// The stored data of one scope. Values are secrets and are never printed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRecord {
    /// The scope.
    pub scope: TokenScope,
    /// The access token and its expiry; none before the first one.
    pub access: Option<StoredAccess>,
    /// The refresh token that is currently valid.
    pub refresh_token: Option<Secret>,
    /// The previous refresh token, tried if the vendor never received the last refresh.
    pub previous_refresh_token: Option<Secret>,
    /// Increases by one with every commit.
    pub generation: i64,
    /// Whether it can be renewed. [`NeedsRecovery`](GrantState::NeedsRecovery) for an active one whose refresh
    /// token cannot be read, whatever state is stored.
    pub state: GrantState,
    /// The stored parts that cannot be read. They are absent in the other fields, which does not mean that they
    /// never existed.
    pub unreadable: Vec<UnreadablePart>,
    /// When the merchant last granted or revoked, according to the vendor's clock; older events change nothing.
    pub granted_at: Option<Timestamp>,
    /// Another name of the app by which pushes may call it, if known.
    pub alias: Option<String>,
    /// The process that is renewing it, or that died while renewing it.
    pub lease: Option<LeaseInfo>,
    /// When the record was last written.
    pub updated_at: Timestamp,
}

impl TokenRecord {
    /// Creates the record of a scope of which nothing is known.
    #[must_use]
    pub const fn new(scope: TokenScope, updated_at: Timestamp) -> Self {
        Self {
            scope,
            access: None,
            refresh_token: None,
            previous_refresh_token: None,
            generation: 0,
            state: GrantState::Active,
            unreadable: Vec::new(),
            granted_at: None,
            alias: None,
            lease: None,
            updated_at,
        }
    }

    /// Returns the access token, if it may be provided at that time.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<&StoredAccess> {
        let granted = self.state.is_granted();
        self.access.as_ref().filter(|access| granted && !access.refused && !access.has_expired(now))
    }

    /// Returns why the record must not be renewed as if it were complete: its stored refresh token or state
    /// cannot be read. New tokens from the vendor replace both.
    #[must_use]
    pub fn obstacle(&self) -> Option<&UnreadablePart> {
        let decides = |part: &&UnreadablePart| matches!(part.column, "refresh" | "state");
        self.unreadable.iter().find(decides).filter(|_| self.scope.app.is_some())
    }
}

/// A part of a record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadablePart {
    /// Its column in the store: `access`, `refresh`, `previous_refresh` or `state`.
    pub column: &'static str,
    /// Why it cannot be read, without quoting its content.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadablePart {
    /// Creates an unreadable part.
    #[must_use]
    pub fn new(column: &'static str, reason: impl Into<String>) -> Self {
        Self { column, reason: reason.into(), lacks_key: false }
    }

    /// Sets whether only a key is missing.
    #[must_use]
    pub const fn with_lacks_key(mut self, lacks_key: bool) -> Self {
        self.lacks_key = lacks_key;
        self
    }
}

/// A record of which not even the scope can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadableRecord {
    /// Its vendor, platform, kind and app, as far as they are text.
    pub key: [Option<String>; 4],
    /// Why it cannot be read.
    pub reason: String,
}

impl UnreadableRecord {
    /// Creates an unreadable record.
    #[must_use]
    pub fn new(key: [Option<String>; 4], reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}

/// A page of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPage {
    /// The records, in the order of (vendor, platform, kind, app). Those with
    /// [`unreadable`](TokenRecord::unreadable) parts include the readable ones.
    pub records: Vec<TokenRecord>,
    /// The records that are left out.
    pub unreadable: Vec<UnreadableRecord>,
    /// Where the next page begins; none after the last page.
    pub next: Option<TokenCursor>,
}

impl TokenPage {
    /// Creates a page of records that may be followed by more.
    #[must_use]
    pub const fn new(records: Vec<TokenRecord>, next: Option<TokenCursor>) -> Self {
        Self { records, unreadable: Vec::new(), next }
    }

    /// Sets the unreadable records.
    #[must_use]
    pub fn with_unreadable(mut self, unreadable: Vec<UnreadableRecord>) -> Self {
        self.unreadable = unreadable;
        self
    }
}

/// A position in the order of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenCursor(pub(crate) [String; 4]);

impl From<&TokenScope> for TokenCursor {
    fn from(scope: &TokenScope) -> Self {
        let app = scope.app.as_ref().map_or("", AppId::as_str);
        let key = [scope.vendor.as_str(), scope.platform.as_str(), scope.kind.as_str(), app];
        Self(key.map(str::to_owned))
    }
}

impl From<TokenScope> for TokenCursor {
    fn from(scope: TokenScope) -> Self {
        Self::from(&scope)
    }
}

/// An access token as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAccess {
    /// The token.
    pub token: AccessToken,
    /// When it was issued, according to the platform's clock.
    pub issued_at: Timestamp,
    /// When it expires; `None` if it is valid until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// Whether the vendor refused it before it expired.
    pub refused: bool,
}

impl StoredAccess {
    /// Creates a token that was issued at the given time.
    #[must_use]
    pub fn new(issued: &IssuedToken, issued_at: Timestamp) -> Self {
        Self {
            token: issued.token.clone(),
            issued_at,
            expires_at: issued.expires_in.map(|lifetime| issued_at.after(lifetime)),
            refused: false,
        }
    }

    /// Sets when it expires.
    #[must_use]
    pub const fn with_expires_at(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Returns whether it has expired at that time.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Returns its lifetime, from the time it was issued; `None` if it does not expire.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        Some(self.expires_at?.since(self.issued_at))
    }

    /// Sets whether the vendor refused it.
    #[must_use]
    pub const fn with_refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// The holder of the right to renew a scope's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeaseInfo {
    /// The holder.
    pub owner: String,
    /// The fencing number of the lease: every later lease has a greater one.
    pub fence: i64,
    /// When the lease expires; until then no other process may take it.
    pub until: Timestamp,
}

impl LeaseInfo {
    /// Creates a lease.
    #[must_use]
    pub fn new(owner: impl Into<String>, fence: i64, until: Timestamp) -> Self {
        Self { owner: owner.into(), fence, until }
    }
}

/// The right to renew a scope's tokens. The holder can write only until another process takes the lease over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The scope of the tokens.
    pub scope: TokenScope,
    /// The lease.
    pub info: LeaseInfo,
    /// Whether an earlier holder died during a renewal: the outcome of its requests is unknown.
    pub interrupted: bool,
}

impl Lease {
    /// Creates a lease.
    #[must_use]
    pub const fn new(scope: TokenScope, info: LeaseInfo, interrupted: bool) -> Self {
        Self { scope, info, interrupted }
    }
}

/// The result of requesting a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acquired {
    /// The lease, committed, and the current record.
    Granted {
        /// The lease.
        lease: Lease,
        /// The record.
        record: Box<TokenRecord>,
    },
    /// Another process holds the lease.
    Held {
        /// When that lease expires.
        until: Timestamp,
    },
}

/// The values that a renewal or an authorization writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTokens {
    /// The access token; `None` stores none: the next caller renews.
    pub access: Option<StoredAccess>,
    /// The refresh token; `None` keeps the stored one.
    pub refresh_token: Option<Secret>,
    /// When the merchant granted, according to the vendor's clock; `None` keeps the stored time.
    pub granted_at: Option<Timestamp>,
    /// The app's alias. `None` keeps the stored one, and so does an id that belongs to another app, is
    /// empty or contains a zero character; the tokens are written nevertheless.
    pub alias: Option<String>,
}

impl NewTokens {
    /// Creates new tokens with only an access token.
    #[must_use]
    pub const fn new(access: Option<StoredAccess>) -> Self {
        Self { access, refresh_token: None, granted_at: None, alias: None }
    }

    /// Sets the refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// Sets when the merchant granted.
    #[must_use]
    pub const fn with_granted_at(mut self, at: Option<Timestamp>) -> Self {
        self.granted_at = at;
        self
    }

    /// Sets the app's alias.
    #[must_use]
    pub fn with_alias(mut self, alias: Option<String>) -> Self {
        self.alias = alias;
        self
    }
}

/// A filter of the records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFilter {
    /// Only records of this platform.
    pub platform: Option<PlatformKey>,
    /// Only records whose stored state is this one.
    pub state: Option<GrantState>,
    /// Only records after this position, in the order of (vendor, platform, kind, app).
    pub after: Option<TokenCursor>,
    /// The maximum number of records.
    pub limit: u32,
}

impl TokenFilter {
    /// Creates a filter for the first records of all scopes.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { platform: None, state: None, after: None, limit }
    }

    /// Restricts the filter to one platform.
    #[must_use]
    pub fn of(mut self, platform: PlatformKey) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Restricts the filter to one stored state.
    #[must_use]
    pub const fn in_state(mut self, state: GrantState) -> Self {
        self.state = Some(state);
        self
    }

    /// Continues after a scope, or after the end of the previous page.
    #[must_use]
    pub fn after(mut self, place: impl Into<TokenCursor>) -> Self {
        self.after = Some(place.into());
        self
    }
}

/// Stores tickets and tokens. When a method returns `Ok`, its changes are durable.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Stores a ticket unless a newer, readable one is stored. Returns whether it is now the current ticket.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an empty ticket;
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn save_ticket(&self, platform: &PlatformKey, ticket: &Ticket) -> Result<bool>;

    /// Returns the current ticket.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn ticket(&self, platform: &PlatformKey) -> Result<Option<Ticket>>;

    /// Returns the record of a scope. Unreadable secrets are reported in the record.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn token(&self, scope: &TokenScope) -> Result<Option<TokenRecord>>;

    /// Returns the records of a filter, in the order of (vendor, platform, kind, app). An unreadable record is
    /// reported and does not block the others.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn tokens(&self, filter: &TokenFilter) -> Result<TokenPage>;

    /// Returns the app that an alias belongs to, if any.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn app_of_alias(&self, platform: &PlatformKey, alias: &str) -> Result<Option<AppId>>;

    /// Stores the alias of an app. Creates the record if there is none; changes no token.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if the id is already stored for another app of the
    /// platform; [`Store`](miniprogram_core::ErrorKind::Store).
    async fn bind_alias(&self, scope: &TokenScope, alias: &str, now: Timestamp) -> Result<()>;

    /// Acquires the right to renew a scope's tokens, and commits that a renewal is in progress. Creates the
    /// record if there is none. An expired lease is taken from its holder. A lease lasts [`LONGEST_LEASE`] at
    /// most.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn acquire(
        &self,
        scope: &TokenScope,
        owner: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Acquired>;

    /// Writes new tokens in one transaction: if there is a new refresh token, the current one becomes the
    /// previous one; the generation increases, the state becomes active, and the lease is released. Returns the
    /// resulting record.
    ///
    /// Unreadable parts of the record are replaced by new values. An unreadable refresh token is kept unchanged
    /// if there is no new one, and is removed if there is.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another process took the lease over, or if the
    /// merchant revoked the authorization after `granted_at` or, without one, since the lease was taken; nothing
    /// is written then. [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an empty refresh
    /// token. [`Store`](miniprogram_core::ErrorKind::Store).
    async fn commit(&self, lease: &Lease, tokens: &NewTokens, now: Timestamp) -> Result<TokenRecord>;

    /// Releases the lease without new tokens: the renewal is known to have had no effect or, if a state is given,
    /// the grant is known not to be renewable. The row and its tokens are kept; a grant revoked since the lease
    /// was taken stays revoked.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if another process took the lease over; nothing is
    /// written then. [`Store`](miniprogram_core::ErrorKind::Store).
    async fn release(&self, lease: &Lease, state: Option<GrantState>, now: Timestamp) -> Result<()>;

    /// Marks the access token as refused, if it is the current one: tokens are compared, not times. Returns
    /// whether it was.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn expire(&self, scope: &TokenScope, refused: &AccessToken, now: Timestamp) -> Result<bool>;

    /// Marks an authorization as revoked at the given time, unless the merchant granted later. Its tokens are
    /// wiped. Creates the record if there is none. Returns whether it is now revoked.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn revoke(&self, scope: &TokenScope, revoked_at: Timestamp, now: Timestamp) -> Result<bool>;
}

/// Looks up the aliases of apps, to bind pushes that name their app only by an alias.
#[async_trait]
pub trait Aliases: Debug + Send + Sync + 'static {
    /// Returns the alias of an app, another name by which pushes may call it; `None` if the vendor has no such names.
    ///
    /// # Errors
    /// If it cannot be determined now.
    async fn alias(&self, platform: &PlatformKey, app: &AppId) -> Result<Option<String>>;
}
