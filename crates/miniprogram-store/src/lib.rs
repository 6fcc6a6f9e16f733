#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "_sql")]
pub mod copy;
#[cfg(feature = "_sql")]
mod failure;
pub mod inbox;
pub mod intents;
#[cfg(feature = "_sql")]
pub mod keys;
pub mod maintenance;
#[cfg(feature = "_sql")]
mod migrations;
#[cfg(feature = "_sql")]
pub mod open;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod rollouts;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod tokens;

#[cfg(feature = "_sql")]
pub use copy::{Copied, copy};
pub use inbox::{
    Arrived, Claim, EventIdentity, Inbox, InboxCounts, InboxEntry, InboxFilter, InboxState, Listed, NewEvent,
    Received, UnreadableEntry,
};
pub use intents::{IntentStore, OpenIntents, StoreJournal, UnreadableIntent};
#[cfg(feature = "_sql")]
pub use keys::StoreKeys;
pub use maintenance::{
    CheckReport, KeyState, Maintenance, RepairAction, RepairOptions, Repaired, UnreadableValue,
};
#[cfg(feature = "_sql")]
pub use open::{StoreOptions, accept_loss, migrate, open, open_daemon, open_read_only, open_with};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use rollouts::{Drive, Driving, RolloutId, RolloutStore, SealedText};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use tokens::{
    Acquired, Aliases, GrantState, Lease, LeaseInfo, NewTokens, PlatformKey, StoredAccess, Ticket,
    TokenCursor, TokenFilter, TokenPage, TokenRecord, TokenStore, UnreadablePart, UnreadableRecord,
};

/// What a receiver of callbacks and its daemon need of a store.
pub trait ReceiverStore: TokenStore + IntentStore + Inbox + Maintenance {}

impl<T: TokenStore + IntentStore + Inbox + Maintenance + ?Sized> ReceiverStore for T {}

/// All data of a platform in one place.
pub trait Store: ReceiverStore + RolloutStore {}

impl<T: ReceiverStore + RolloutStore + ?Sized> Store for T {}
