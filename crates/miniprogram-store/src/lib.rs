#![doc = include_str!("../README.md")]

pub mod inbox;
pub mod intents;
pub mod tokens;

pub use inbox::{
    Claim, EventIdentity, Inbox, InboxCounts, InboxEntry, InboxFilter, InboxState, NewEvent, Received,
};
pub use intents::{IntentStore, StoreJournal};
pub use tokens::{
    Acquired, GrantState, Lease, LeaseInfo, NewTokens, OriginalIds, PlatformKey, StoredAccess, Ticket,
    TokenFilter, TokenRecord, TokenStore,
};

/// Everything that a platform keeps, in one place.
pub trait Store: TokenStore + IntentStore + Inbox {}

impl<T: TokenStore + IntentStore + Inbox + ?Sized> Store for T {}
