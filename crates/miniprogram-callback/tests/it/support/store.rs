//! A store in memory that fails or panics on demand. Lanes and fences as the trait requires.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::token::{AccessToken, TokenScope};
use miniprogram_core::{AppId, Error, ErrorKind, Intent, PlatformId, Result, Settled, Timestamp, Vendor};
use miniprogram_store::{
    Acquired, CheckReport, Claim, EventIdentity, GrantState, Inbox, InboxCounts, InboxEntry, InboxFilter,
    InboxState, IntentStore, Lease, Listed, Maintenance, NewEvent, NewTokens, OpenIntents, PlatformKey,
    Received, RepairOptions, Repaired, Ticket, TokenFilter, TokenPage, TokenRecord, TokenStore,
};
use serde_json::Value;

#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    state: Mutex<State>,
    pub(crate) fails: AtomicBool,
    pub(crate) panics: AtomicBool,
    pub(crate) moved: AtomicBool,
    /// How often the events were counted.
    pub(crate) counted: AtomicU32,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Kept>,
    tickets: HashMap<PlatformKey, Ticket>,
    aliases: HashMap<(PlatformKey, AppId), String>,
}

#[derive(Debug)]
struct Kept {
    entry: InboxEntry,
    fence: i64,
    claimed_until: Option<Timestamp>,
}

fn unused<T>() -> Result<T> {
    Err(Error::new(ErrorKind::Store, "unused"))
}

impl MemoryStore {
    pub(crate) fn know(&self, platform: PlatformKey, app: &str, alias: &str) {
        let mut state = self.state.lock().unwrap();
        state.aliases.insert((platform, app.into()), alias.to_owned());
    }

    pub(crate) fn all(&self) -> Vec<InboxEntry> {
        self.state.lock().unwrap().entries.iter().map(|kept| kept.entry.clone()).collect()
    }

    pub(crate) fn in_state(&self, state: InboxState) -> usize {
        self.all().iter().filter(|entry| entry.state == state).count()
    }

    fn may_work(&self) -> Result<()> {
        assert!(!self.panics.load(Ordering::SeqCst), "the store panics");
        if self.fails.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Store, "receive").with_detail("the disk is full"));
        }
        Ok(())
    }

    fn claimed(&self, claim: &Claim, change: impl FnOnce(&mut InboxEntry)) -> Result<()> {
        self.may_work()?;
        let mut state = self.state.lock().unwrap();
        let kept = state.entries.iter_mut().find(|kept| kept.entry.id == claim.entry.id).unwrap();
        if kept.fence != claim.fence || kept.claimed_until.is_none() {
            return Err(Error::new(ErrorKind::Conflict, "claim"));
        }
        change(&mut kept.entry);
        Ok(())
    }

    fn unclaim(&self, claim: &Claim, change: impl FnOnce(&mut InboxEntry)) -> Result<()> {
        self.claimed(claim, change)?;
        let mut state = self.state.lock().unwrap();
        let kept = state.entries.iter_mut().find(|kept| kept.entry.id == claim.entry.id).unwrap();
        kept.claimed_until = None;
        Ok(())
    }
}

fn listed(entry: InboxEntry) -> Listed {
    Listed::Entry(Box::new(entry))
}

#[async_trait]
impl Inbox for MemoryStore {
    async fn receive(&self, event: &NewEvent) -> Result<Received> {
        self.may_work()?;
        let identity: EventIdentity = event.identity();
        let mut state = self.state.lock().unwrap();
        if let Some(kept) = state.entries.iter_mut().find(|kept| kept.entry.identity == identity) {
            kept.entry.deliveries += 1;
            return Ok(Received::Duplicate(kept.entry.id));
        }
        let id = i64::try_from(state.entries.len()).unwrap() + 1;
        let entry = InboxEntry::new(id, event.clone());
        state.entries.push(Kept { entry, fence: 0, claimed_until: None });
        Ok(Received::New(id))
    }

    async fn claim(&self, _: &str, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Claim>> {
        let mut lanes = Vec::new();
        let mut claims = Vec::new();
        for kept in &mut self.state.lock().unwrap().entries {
            if kept.entry.state != InboxState::Pending {
                continue;
            }
            let lane = (kept.entry.platform.clone(), kept.entry.event.app_id.clone());
            if lanes.contains(&lane) {
                continue;
            }
            lanes.push(lane);
            let free = kept.claimed_until.is_none_or(|until| until <= now);
            if free && kept.entry.due_at <= now && claims.len() < limit as usize {
                kept.fence += 1;
                kept.claimed_until = Some(now.after(lease));
                kept.entry.attempts += 1;
                claims.push(Claim::new(kept.entry.clone(), kept.fence));
            }
        }
        Ok(claims)
    }

    async fn complete(&self, claim: &Claim, now: Timestamp) -> Result<()> {
        self.unclaim(claim, |entry| {
            entry.state = InboxState::Done;
            entry.finished_at = Some(now);
        })
    }

    async fn postpone(&self, claim: &Claim, error: &str, due_at: Timestamp) -> Result<()> {
        self.unclaim(claim, |entry| {
            entry.last_error = Some(error.to_owned());
            entry.due_at = due_at;
        })
    }

    async fn hand_back(&self, claim: &Claim, why: &str, due_at: Timestamp) -> Result<()> {
        self.unclaim(claim, |entry| {
            entry.attempts -= 1;
            entry.last_error = Some(why.to_owned());
            entry.due_at = due_at;
        })
    }

    async fn bury(&self, claim: &Claim, error: &str, now: Timestamp) -> Result<()> {
        self.unclaim(claim, |entry| {
            entry.state = InboxState::Dead;
            entry.last_error = Some(error.to_owned());
            entry.finished_at = Some(now);
        })
    }

    async fn mark_bound(&self, claim: &Claim) -> Result<()> {
        self.claimed(claim, |entry| entry.bound = true)
    }

    async fn replay(&self, id: i64, now: Timestamp) -> Result<bool> {
        let mut state = self.state.lock().unwrap();
        let Some(kept) = state.entries.iter_mut().find(|kept| kept.entry.id == id) else { return Ok(false) };
        kept.entry.state = InboxState::Pending;
        kept.entry.attempts = 0;
        kept.entry.due_at = now;
        Ok(true)
    }

    async fn entry(&self, id: i64) -> Result<Option<Listed>> {
        Ok(self.all().into_iter().find(|entry| entry.id == id).map(listed))
    }

    async fn entries(&self, _: &InboxFilter) -> Result<Vec<Listed>> {
        Ok(self.all().into_iter().map(listed).collect())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>> {
        let state = self.state.lock().unwrap();
        let pending = state.entries.iter().filter(|kept| kept.entry.state == InboxState::Pending);
        Ok(pending.map(|kept| kept.claimed_until.unwrap_or(kept.entry.due_at)).min())
    }

    async fn counts(&self) -> Result<InboxCounts> {
        self.counted.fetch_add(1, Ordering::SeqCst);
        self.may_work()?;
        let of = |state| u64::try_from(self.in_state(state)).unwrap();
        Ok(InboxCounts::new(of(InboxState::Pending), of(InboxState::Done), of(InboxState::Dead)))
    }

    async fn prune(&self, _: Timestamp) -> Result<u64> {
        unused()
    }

    async fn prune_dead(&self, _: Timestamp) -> Result<u64> {
        unused()
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn save_ticket(&self, platform: &PlatformKey, ticket: &Ticket) -> Result<bool> {
        self.may_work()?;
        let mut state = self.state.lock().unwrap();
        let newer = state.tickets.get(platform).is_none_or(|kept| kept.created_at <= ticket.created_at);
        if newer {
            state.tickets.insert(platform.clone(), ticket.clone());
        }
        Ok(newer)
    }

    async fn ticket(&self, platform: &PlatformKey) -> Result<Option<Ticket>> {
        Ok(self.state.lock().unwrap().tickets.get(platform).cloned())
    }

    async fn token(&self, scope: &TokenScope) -> Result<Option<TokenRecord>> {
        let platform = PlatformKey::new(scope.vendor, scope.platform.clone());
        let state = self.state.lock().unwrap();
        let known = scope.app.as_ref().and_then(|app| state.aliases.get(&(platform, app.clone())));
        Ok(known.map(|alias| {
            let mut record = TokenRecord::new(scope.clone(), Timestamp::from_unix(0));
            record.alias = Some(alias.clone());
            record
        }))
    }

    async fn tokens(&self, _: &TokenFilter) -> Result<TokenPage> {
        unused()
    }

    async fn app_of_alias(&self, platform: &PlatformKey, alias: &str) -> Result<Option<AppId>> {
        self.may_work()?;
        let state = self.state.lock().unwrap();
        let found = state.aliases.iter().find(|((of, _), id)| of == platform && *id == alias);
        Ok(found.map(|((_, app), _)| app.clone()))
    }

    async fn bind_alias(&self, scope: &TokenScope, alias: &str, _: Timestamp) -> Result<()> {
        let platform = PlatformKey::new(scope.vendor, scope.platform.clone());
        self.know(platform, scope.app.as_ref().unwrap().as_str(), alias);
        Ok(())
    }

    async fn acquire(&self, _: &TokenScope, _: &str, _: Timestamp, _: Duration) -> Result<Acquired> {
        unused()
    }

    async fn commit(&self, _: &Lease, _: &NewTokens, _: Timestamp) -> Result<TokenRecord> {
        unused()
    }

    async fn release(&self, _: &Lease, _: Option<GrantState>, _: Timestamp) -> Result<()> {
        unused()
    }

    async fn expire(&self, _: &TokenScope, _: &AccessToken, _: Timestamp) -> Result<bool> {
        unused()
    }

    async fn revoke(&self, _: &TokenScope, _: Timestamp, _: Timestamp) -> Result<bool> {
        unused()
    }
}

#[async_trait]
impl IntentStore for MemoryStore {
    async fn open_intent(&self, _: &PlatformId, _: &Intent) -> Result<()> {
        unused()
    }

    async fn close_intent(&self, _: &PlatformId, _: &Intent, _: &Settled, _: Timestamp) -> Result<()> {
        unused()
    }

    async fn close_unreadable_intent(
        &self,
        _: &PlatformKey,
        _: &miniprogram_core::SubjectId,
        _: &Settled,
        _: Timestamp,
    ) -> Result<bool> {
        unused()
    }

    async fn pending_intent(
        &self,
        _: &PlatformId,
        _: Vendor,
        _: &miniprogram_core::SubjectId,
    ) -> Result<Option<Intent>> {
        unused()
    }

    async fn closed_intent(
        &self,
        _: &PlatformId,
        _: Vendor,
        _: &miniprogram_core::SubjectId,
        _: &miniprogram_core::Command,
        _: Timestamp,
    ) -> Result<Option<miniprogram_core::EarlierEffect>> {
        unused()
    }

    async fn pending_intents(&self, _: &PlatformKey) -> Result<OpenIntents> {
        unused()
    }

    async fn prune_intents(&self, _: Timestamp) -> Result<u64> {
        unused()
    }
}

#[async_trait]
impl Maintenance for MemoryStore {
    async fn check(&self, _: Timestamp) -> Result<CheckReport> {
        unused()
    }

    async fn verify(&self) -> Result<bool> {
        Ok(!self.moved.load(Ordering::SeqCst))
    }

    async fn export(
        &self,
        _: Timestamp,
        _: &mut (dyn for<'a> FnMut(&'a Value) -> Result<()> + Send),
    ) -> Result<()> {
        unused()
    }

    async fn reseal(&self) -> Result<u64> {
        unused()
    }

    async fn repair(
        &self,
        _: &RepairOptions,
        _: Timestamp,
        _: &mut (dyn for<'a> FnMut(&'a Repaired) -> Result<()> + Send),
    ) -> Result<()> {
        unused()
    }

    async fn close(&self) {}
}
