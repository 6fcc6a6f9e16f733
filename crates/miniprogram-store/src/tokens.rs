//! Tickets and tokens: what a platform must never lose.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::authorization::IssuedToken;
use miniprogram_core::{AccessToken, AppId, PlatformId, Result, Secret, Timestamp, TokenScope, Vendor};
use serde::{Deserialize, Serialize};

/// The longest time for which a lease is given: 1 hour. One that ends later was written down by a clock that ran ahead
/// since, and is over.
pub const LONGEST_LEASE: Duration = Duration::from_secs(3600);

/// One platform at one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlatformKey {
    /// The vendor.
    pub vendor: Vendor,
    /// The platform's own id there.
    pub platform: PlatformId,
}

impl PlatformKey {
    /// A platform at a vendor.
    #[must_use]
    pub fn new(vendor: Vendor, platform: impl Into<PlatformId>) -> Self {
        Self { vendor, platform: platform.into() }
    }
}

/// A ticket that the vendor pushed: with it the platform gets its own token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticket {
    /// The ticket.
    pub ticket: Secret,
    /// When the vendor made it; of two the newer one counts, however late the older one arrives.
    pub created_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl Ticket {
    /// A ticket.
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
    /// The refresh token was damaged in the store, or dropped by a repair for that: the vendor has to be asked for a new
    /// one, without the merchant. An access token that can still be read is good until its end.
    NeedsRecovery,
    /// Refresh and recovery were refused: the merchant has to authorize again.
    NeedsReauthorization,
    /// The merchant revoked the authorization.
    Revoked,
}

impl GrantState {
    /// The machine name, as in JSON and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::NeedsRecovery => "needs_recovery",
            Self::NeedsReauthorization => "needs_reauthorization",
            Self::Revoked => "revoked",
        }
    }

    /// Whether an access token may be handed out.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        matches!(self, Self::Active | Self::NeedsRecovery)
    }
}

/// What the store knows of one scope. Values are secrets: nothing prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRecord {
    /// Whose.
    pub scope: TokenScope,
    /// The access token and its end; none before the first one.
    pub access: Option<StoredAccess>,
    /// The refresh token that is good now.
    pub refresh_token: Option<Secret>,
    /// The one before: what is tried if the vendor never saw the last refresh.
    pub previous_refresh_token: Option<Secret>,
    /// Grows by one with every commit.
    pub generation: i64,
    /// Whether it can be renewed. [`NeedsRecovery`](GrantState::NeedsRecovery) for an active one whose refresh token
    /// cannot be read, whatever is written down.
    pub state: GrantState,
    /// What is written down and cannot be read. It is absent above, which must not be taken for never having been there.
    pub unreadable: Vec<UnreadablePart>,
    /// When the merchant last granted or revoked, by the vendor's clock: older events change nothing.
    pub granted_at: Option<Timestamp>,
    /// The app's original id, where known.
    pub original_id: Option<String>,
    /// Who is renewing it, or was when it died.
    pub lease: Option<LeaseInfo>,
    /// When the record was last written.
    pub updated_at: Timestamp,
}

impl TokenRecord {
    /// A scope of which nothing is known.
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
            original_id: None,
            lease: None,
            updated_at,
        }
    }

    /// The access token, if it may be handed out at that time.
    #[must_use]
    pub fn usable(&self, now: Timestamp) -> Option<&StoredAccess> {
        let granted = self.state.is_granted();
        self.access.as_ref().filter(|access| granted && !access.refused && access.expires_at > now)
    }

    /// Why the record must not be renewed as if it were whole: its refresh token or its state is written down and cannot
    /// be read. New tokens from the vendor replace both.
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
    /// Why, without a word of its content.
    pub reason: String,
    /// Whether only a key is missing.
    pub lacks_key: bool,
}

impl UnreadablePart {
    /// A part that cannot be read.
    #[must_use]
    pub fn new(column: &'static str, reason: impl Into<String>) -> Self {
        Self { column, reason: reason.into(), lacks_key: false }
    }

    /// Whether only a key is missing.
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
    /// Its vendor, platform, kind and app as far as they are text.
    pub key: [Option<String>; 4],
    /// Why.
    pub reason: String,
}

impl UnreadableRecord {
    /// A record that cannot be read.
    #[must_use]
    pub fn new(key: [Option<String>; 4], reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}

/// A part of the records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPage {
    /// The records, in the order of (vendor, platform, kind, app). Of those with [`unreadable`](TokenRecord::unreadable)
    /// parts the rest is told.
    pub records: Vec<TokenRecord>,
    /// Those that are left out.
    pub unreadable: Vec<UnreadableRecord>,
    /// Where the next page begins; none behind the last one.
    pub next: Option<TokenCursor>,
}

impl TokenPage {
    /// A page of records, behind which there may be more.
    #[must_use]
    pub const fn new(records: Vec<TokenRecord>, next: Option<TokenCursor>) -> Self {
        Self { records, unreadable: Vec::new(), next }
    }

    /// With records that cannot be read.
    #[must_use]
    pub fn with_unreadable(mut self, unreadable: Vec<UnreadableRecord>) -> Self {
        self.unreadable = unreadable;
        self
    }
}

/// A place in the order of the records.
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

/// An access token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredAccess {
    /// The token.
    pub token: AccessToken,
    /// When it was issued, by the platform's clock.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether the vendor refused it before its end.
    pub refused: bool,
}

impl StoredAccess {
    /// A token that was issued then.
    #[must_use]
    pub fn new(issued: &IssuedToken, issued_at: Timestamp) -> Self {
        Self {
            token: issued.token.clone(),
            issued_at,
            expires_at: issued_at.after(issued.expires_in),
            refused: false,
        }
    }

    /// That ends then.
    #[must_use]
    pub const fn with_expires_at(mut self, expires_at: Timestamp) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// That the vendor refused, or did not.
    #[must_use]
    pub const fn with_refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}

/// Who holds the right to renew a scope's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LeaseInfo {
    /// The holder.
    pub owner: String,
    /// The lease's number: every later one is greater.
    pub fence: i64,
    /// Until when nobody else may take it.
    pub until: Timestamp,
}

impl LeaseInfo {
    /// A lease.
    #[must_use]
    pub fn new(owner: impl Into<String>, fence: i64, until: Timestamp) -> Self {
        Self { owner: owner.into(), fence, until }
    }
}

/// The right to renew a scope's tokens. Who holds it writes only as long as nobody took it over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// Whose tokens.
    pub scope: TokenScope,
    /// The lease.
    pub info: LeaseInfo,
    /// Whether an earlier holder died with a renewal under way: what it sent has an unknown outcome.
    pub interrupted: bool,
}

impl Lease {
    /// A lease.
    #[must_use]
    pub const fn new(scope: TokenScope, info: LeaseInfo, interrupted: bool) -> Self {
        Self { scope, info, interrupted }
    }
}

/// What asking for a lease brought.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acquired {
    /// The lease, committed, and the record as it stands.
    Granted {
        /// The lease.
        lease: Lease,
        /// The record.
        record: Box<TokenRecord>,
    },
    /// Somebody else holds it until then.
    Held {
        /// Until when.
        until: Timestamp,
    },
}

/// What a renewal or an authorization writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewTokens {
    /// The access token; `None` keeps none: the next caller renews.
    pub access: Option<StoredAccess>,
    /// The refresh token; `None` keeps the stored one.
    pub refresh_token: Option<Secret>,
    /// When the merchant granted, by the vendor's clock; `None` keeps the stored time.
    pub granted_at: Option<Timestamp>,
    /// The app's original id; `None` keeps the stored one, and so does an id that another app has, an empty one, and one
    /// with a zero character: the tokens are written all the same.
    pub original_id: Option<String>,
}

impl NewTokens {
    /// An access token alone.
    #[must_use]
    pub const fn new(access: Option<StoredAccess>) -> Self {
        Self { access, refresh_token: None, granted_at: None, original_id: None }
    }

    /// With a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: Option<Secret>) -> Self {
        self.refresh_token = refresh_token;
        self
    }

    /// Granted then.
    #[must_use]
    pub const fn with_granted_at(mut self, at: Option<Timestamp>) -> Self {
        self.granted_at = at;
        self
    }

    /// With the app's original id.
    #[must_use]
    pub fn with_original_id(mut self, original_id: Option<String>) -> Self {
        self.original_id = original_id;
        self
    }
}

/// Which records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFilter {
    /// Of one platform only.
    pub platform: Option<PlatformKey>,
    /// In one state only, as it is written down.
    pub state: Option<GrantState>,
    /// Behind this place, in the order of (vendor, platform, kind, app).
    pub after: Option<TokenCursor>,
    /// How many at most.
    pub limit: u32,
}

impl TokenFilter {
    /// The first ones of everything.
    #[must_use]
    pub const fn new(limit: u32) -> Self {
        Self { platform: None, state: None, after: None, limit }
    }

    /// Of one platform.
    #[must_use]
    pub fn of(mut self, platform: PlatformKey) -> Self {
        self.platform = Some(platform);
        self
    }

    /// In one state, as it is written down.
    #[must_use]
    pub const fn in_state(mut self, state: GrantState) -> Self {
        self.state = Some(state);
        self
    }

    /// Behind a scope, or at the end of the page before.
    #[must_use]
    pub fn after(mut self, place: impl Into<TokenCursor>) -> Self {
        self.after = Some(place.into());
        self
    }
}

/// Keeps tickets and tokens. Whatever returns `Ok` is on the disk.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Keeps a ticket unless a newer one is kept that can be read. Answers whether it is the one that counts now.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an empty ticket;
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn save_ticket(&self, platform: &PlatformKey, ticket: &Ticket) -> Result<bool>;

    /// The ticket that counts.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn ticket(&self, platform: &PlatformKey) -> Result<Option<Ticket>>;

    /// What is known of a scope. Secrets that cannot be read are named in the record.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn token(&self, scope: &TokenScope) -> Result<Option<TokenRecord>>;

    /// The records of a filter, in the order of (vendor, platform, kind, app). One that cannot be read is named, and holds
    /// no other back.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn tokens(&self, filter: &TokenFilter) -> Result<TokenPage>;

    /// The app that an original id belongs to, if any.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn app_of_original_id(&self, platform: &PlatformKey, original_id: &str) -> Result<Option<AppId>>;

    /// Writes down which original id an app has. Makes the record if there is none; touches no token.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if the id is written down for another app of the platform;
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn bind_original_id(&self, scope: &TokenScope, original_id: &str, now: Timestamp) -> Result<()>;

    /// Takes the right to renew a scope's tokens, and commits that a renewal is under way. Makes the record if there
    /// is none. A lease whose time is over is taken from its holder. It is given for [`LONGEST_LEASE`] at most.
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

    /// Writes new tokens in one transaction: the present refresh token becomes the previous one if another comes, the
    /// generation grows, the state is active, the lease is given back. Answers the record as it stands then.
    ///
    /// What cannot be read of the record is replaced by what is new. A refresh token that cannot be read is kept as it is
    /// where no new one comes, and is gone where one does.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if somebody took the lease over, or if the merchant revoked
    /// the authorization after `granted_at` or, without one, since the lease was taken; nothing is written then.
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an empty refresh token.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn commit(&self, lease: &Lease, tokens: &NewTokens, now: Timestamp) -> Result<TokenRecord>;

    /// Gives the lease back without new tokens: the renewal is known to have done nothing, or, with a state, that the
    /// grant cannot be renewed. The row and its tokens are kept; what was revoked since the lease was taken stays
    /// revoked.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) if somebody took the lease over; nothing is written then.
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn release(&self, lease: &Lease, state: Option<GrantState>, now: Timestamp) -> Result<()>;

    /// Marks the access token as refused, if it is the current one: tokens are compared, not times. Answers whether
    /// it was.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn expire(&self, scope: &TokenScope, refused: &AccessToken, now: Timestamp) -> Result<bool>;

    /// Marks an authorization as revoked at that time, unless the merchant granted later. Its tokens are wiped. Makes
    /// the record if there is none. Answers whether it is revoked now.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    async fn revoke(&self, scope: &TokenScope, revoked_at: Timestamp, now: Timestamp) -> Result<bool>;
}

/// Finds out which original id an app has, for binding pushes that name their app by it alone.
#[async_trait]
pub trait OriginalIds: Debug + Send + Sync + 'static {
    /// The original id of an app; `None` where the vendor has no such thing.
    ///
    /// # Errors
    /// If it cannot be found out now.
    async fn original_id(&self, platform: &PlatformKey, app: &AppId) -> Result<Option<String>>;
}
