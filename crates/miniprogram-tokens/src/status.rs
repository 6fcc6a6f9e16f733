//! The status of tokens: states and ages, never values.

use miniprogram_core::token::TokenKind;
use miniprogram_core::{AppId, PlatformId, Result, Timestamp, Vendor};
use miniprogram_store::{GrantState, PlatformKey, Ticket, TokenFilter, TokenRecord, UnreadablePart};
use serde::Serialize;

use crate::manager::{Inner, TokenManager};

/// The status of one scope's token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TokenStatus {
    /// The vendor.
    pub vendor: Vendor,
    /// The platform.
    #[serde(rename = "platform_id")]
    pub platform: PlatformId,
    /// The app; none for the platform's own token.
    #[serde(rename = "app_id", skip_serializing_if = "Option::is_none")]
    pub app: Option<AppId>,
    /// Whose rights it carries.
    pub kind: TokenKind,
    /// Whether it can be renewed.
    pub state: GrantState,
    /// The stored parts that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadablePart>,
    /// How often it was written.
    pub generation: i64,
    /// When the access token was issued; none if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// When it expires; none if there is no token, or if it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Its age in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// How long it is still valid, in seconds; 0 if it has expired, none if it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
    /// Whether the vendor refused it before it expired.
    pub refused: bool,
    /// Whether there is a refresh token.
    pub refreshable: bool,
    /// When the merchant last granted or revoked, according to the vendor's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
    /// The app's alias, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The process that is renewing it, or that died while renewing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed_by: Option<String>,
    /// When the lease expires; until then no other process may renew it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed_until: Option<Timestamp>,
    /// Whether this process holds newer tokens that could not be stored.
    pub unsaved: bool,
    /// When the record was last written.
    pub updated_at: Timestamp,
}

/// The status of a platform's ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TicketStatus {
    /// When the vendor created it.
    pub created_at: Timestamp,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its age in seconds.
    pub age_seconds: u64,
}

impl TokenManager {
    /// Returns the status of the tokens that match a filter, in the order of (vendor, platform, kind, app).
    /// Queries only the store. A record of which not even the scope can be read is left out;
    /// [`TokenStore::tokens`](miniprogram_store::TokenStore::tokens) reports it.
    ///
    /// # Errors
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    pub async fn status(&self, filter: &TokenFilter) -> Result<Vec<TokenStatus>> {
        let page = self.0.store.tokens(filter).await?;
        Ok(page.records.iter().map(|record| self.0.status_of(record)).collect())
    }

    /// Returns the status of a platform's ticket; `None` if none has arrived yet. Queries only the store.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) for a platform that is not served;
    /// [`Store`](miniprogram_core::ErrorKind::Store).
    pub async fn ticket_status(&self, platform: &PlatformKey) -> Result<Option<TicketStatus>> {
        self.0.platform(platform)?;
        let ticket = self.0.store.ticket(platform).await?;
        Ok(ticket.map(|ticket| TicketStatus::of(&ticket, self.0.clock.now())))
    }
}

impl TokenStatus {
    /// Returns the status of a record at the given time, as far as the store knows it, for readers of a store
    /// without a manager.
    #[must_use]
    pub fn of(record: &TokenRecord, now: Timestamp) -> Self {
        let scope = &record.scope;
        let access = record.access.as_ref();
        Self {
            vendor: scope.vendor,
            platform: scope.platform.clone(),
            app: scope.app.clone(),
            kind: scope.kind,
            state: record.state,
            unreadable: record.unreadable.clone(),
            generation: record.generation,
            issued_at: access.map(|access| access.issued_at),
            expires_at: access.and_then(|access| access.expires_at),
            age_seconds: access.map(|access| now.since(access.issued_at).as_secs()),
            expires_in_seconds: access
                .and_then(|access| access.expires_at)
                .map(|expires_at| expires_at.since(now).as_secs()),
            refused: access.is_some_and(|access| access.refused),
            refreshable: record.refresh_token.is_some(),
            granted_at: record.granted_at,
            alias: record.alias.clone(),
            renewed_by: record.lease.as_ref().map(|lease| lease.owner.clone()),
            renewed_until: record.lease.as_ref().map(|lease| lease.until),
            unsaved: false,
            updated_at: record.updated_at,
        }
    }
}

impl TicketStatus {
    /// Returns the status of a ticket at the given time.
    #[must_use]
    pub fn of(ticket: &Ticket, now: Timestamp) -> Self {
        Self {
            created_at: ticket.created_at,
            received_at: ticket.received_at,
            age_seconds: now.since(ticket.created_at).as_secs(),
        }
    }
}

impl Inner {
    pub(crate) fn status_of(&self, record: &TokenRecord) -> TokenStatus {
        TokenStatus { unsaved: self.is_unsaved(&record.scope), ..TokenStatus::of(record, self.clock.now()) }
    }
}
