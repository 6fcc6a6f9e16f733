//! A platform with the vendor in memory, over a real store.

use std::io::{self, Write};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};
use miniprogram_core::authorization::RefreshTokenUse;
use miniprogram_core::clock::{Busy, Clock, VirtualClock};
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::{AppId, Error, ErrorKind, Result, Timestamp};
use miniprogram_store::{
    Acquired, GrantState, Lease, NewTokens, PlatformKey, SqliteStore, StoreOptions, Ticket, TokenFilter,
    TokenPage, TokenRecord, TokenStore,
};
use miniprogram_tokens::{Alarm, AlarmSink, TokenManager, TokenManagerBuilder};
use tempfile::TempDir;

use crate::vendor::{ACME, FakeVendor, LIFE, PLATFORM};

pub(crate) const MODELS: [RefreshTokenUse; 2] = [RefreshTokenUse::Repeatable, RefreshTokenUse::SingleUse];

pub(crate) fn platform() -> PlatformKey {
    PlatformKey::new(ACME, PLATFORM)
}

pub(crate) fn app() -> AppId {
    "app".into()
}

pub(crate) fn scope_of(app: impl Into<AppId>) -> TokenScope {
    TokenScope::authorizer(ACME, PLATFORM.into(), app.into())
}

pub(crate) fn scope() -> TokenScope {
    scope_of(app())
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_unix(1_700_000_000)
}

/// Records the alarms raised.
#[derive(Debug, Default)]
pub(crate) struct Alarms(Mutex<Vec<Alarm>>);

impl Alarms {
    pub(crate) fn raised(&self) -> Vec<Alarm> {
        self.0.lock().unwrap().clone()
    }
}

impl AlarmSink for Alarms {
    fn raise(&self, alarm: &Alarm) {
        self.0.lock().unwrap().push(alarm.clone());
    }
}

pub(crate) struct Bench {
    pub(crate) clock: VirtualClock,
    pub(crate) vendor: Arc<FakeVendor>,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) manager: TokenManager,
    pub(crate) directory: TempDir,
    /// The clock advances only in pauses.
    _busy: Busy,
}

impl Bench {
    /// A platform with a ticket and no app.
    pub(crate) async fn empty(model: RefreshTokenUse) -> Self {
        let bench = Self::without_ticket(model).await;
        let ticket = bench.vendor.ticket();
        assert!(bench.manager.save_ticket(&platform(), &ticket, start()).await.unwrap());
        bench
    }

    /// A platform without ticket and app.
    pub(crate) async fn without_ticket(model: RefreshTokenUse) -> Self {
        let directory = TempDir::new().unwrap();
        let store = FaultyStore::create(&directory).await;
        let clock = VirtualClock::new(start());
        let vendor = FakeVendor::new(model, &clock);
        let alarms = Arc::new(Alarms::default());
        let busy = clock.enter();
        let manager = builder(&store, &vendor, &clock, &alarms).build().unwrap();
        Self { clock, vendor, store, alarms, manager, directory, _busy: busy }
    }

    /// Like [`empty`](Self::empty), with the app authorized.
    pub(crate) async fn new(model: RefreshTokenUse) -> Self {
        let bench = Self::empty(model).await;
        bench.authorize(&app()).await;
        bench
    }

    pub(crate) async fn authorize(&self, app: &AppId) {
        let code = self.vendor.authorize(app);
        let (platform, at) = (platform(), Some(self.now()));
        let exchanged = self.manager.exchange(&platform, &code, Some(app), at);
        let authorized = self.aside(exchanged).await.unwrap();
        assert_eq!(authorized.app, *app);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Another manager over the same store: another process, except for its memory.
    pub(crate) fn second(&self) -> TokenManager {
        builder(&self.store, &self.vendor, &self.clock, &self.alarms).build().unwrap()
    }

    pub(crate) fn expire(&self) {
        self.clock.advance(LIFE);
    }

    /// Waits for work that holds its own busy mark.
    pub(crate) async fn aside<T>(&self, work: impl Future<Output = T>) -> T {
        let waiting = self.clock.sleep(Duration::MAX);
        let (work, waiting) = (pin!(work), waiting);
        match select(work, waiting).await {
            Either::Left((output, _)) => output,
            Either::Right(_) => panic!("the end of time"),
        }
    }

    pub(crate) async fn token(&self) -> Result<AccessToken> {
        self.manager.token(&scope()).await
    }

    pub(crate) async fn record(&self) -> TokenRecord {
        self.store.inner.token(&scope()).await.unwrap().unwrap()
    }

    /// Asserts that the vendor accepts what is stored.
    pub(crate) async fn assert_intact(&self) {
        self.assert_intact_of(&app()).await;
    }

    pub(crate) async fn assert_intact_of(&self, app: &AppId) {
        let record = self.store.inner.token(&scope_of(app.clone())).await.unwrap().unwrap();
        let refresh = record.refresh_token.expect("a refresh token is kept");
        assert!(self.vendor.is_valid(app, &refresh), "the stored refresh token is lost");
        assert_eq!((record.state, record.lease), (GrantState::Active, None));
    }
}

pub(crate) fn builder(
    store: &Arc<FaultyStore>,
    vendor: &Arc<FakeVendor>,
    clock: &VirtualClock,
    alarms: &Arc<Alarms>,
) -> TokenManagerBuilder {
    TokenManager::builder(Arc::clone(store) as _)
        .with_platform(Arc::clone(vendor) as _)
        .with_clock(Arc::new(clock.clone()))
        .with_alarms(Arc::clone(alarms) as _)
        .with_seed(7)
}

/// Yields to the runtime until the condition holds, without waiting for time.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..1_000_000 {
        if holds().await {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("{what} never came about");
}

/// Log output of one thread.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Captures log output while the guard lives.
    pub(crate) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn contains(&self, words: &str) -> bool {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().contains(words)
    }
}

/// A store in a file whose writes fail on demand.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    pub(crate) inner: SqliteStore,
    faults: Mutex<StoreFaults>,
    /// When leases were requested.
    asked: Mutex<Vec<Timestamp>>,
    /// When commits were attempted.
    committed: Mutex<Vec<Timestamp>>,
    /// How often records were listed.
    listed: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct StoreFaults {
    /// How many commits fail.
    pub(crate) commits: u32,
    /// How many commits after those are refused permanently.
    pub(crate) refusals: u32,
    /// Whether failing commits are written nevertheless.
    pub(crate) written: bool,
    /// Whether nothing can be read or written.
    pub(crate) down: bool,
    /// Whether releasing a lease fails.
    pub(crate) releases: bool,
    /// Until when other holders have the lease, one after another.
    pub(crate) held: Vec<Timestamp>,
    /// What happens to the record after it was read, just before the next lease is requested.
    pub(crate) overtaken: Option<Overtaken>,
}

/// What another process did in the meantime.
#[derive(Debug, Clone)]
pub(crate) enum Overtaken {
    /// It stored new tokens.
    Renewed(NewTokens),
    /// The same, and then it died in another renewal.
    RenewedAndDied(NewTokens),
    /// It learned that the merchant revoked the authorization.
    Revoked,
}

pub(crate) fn path(directory: &TempDir) -> PathBuf {
    directory.path().join("store.db")
}

impl FaultyStore {
    pub(crate) async fn create(directory: &TempDir) -> Arc<Self> {
        let inner = SqliteStore::migrate(path(directory), StoreOptions::default().as_daemon()).await.unwrap();
        Arc::new(Self {
            inner,
            faults: Mutex::default(),
            asked: Mutex::default(),
            committed: Mutex::default(),
            listed: AtomicU64::default(),
        })
    }

    pub(crate) fn fail(&self, faults: StoreFaults) {
        *self.faults.lock().unwrap() = faults;
    }

    /// When leases were requested since then, in milliseconds.
    pub(crate) fn asked_since(&self, begun: Timestamp) -> Vec<u128> {
        since(&self.asked, begun)
    }

    /// When commits were attempted since then, in milliseconds.
    pub(crate) fn committed_since(&self, begun: Timestamp) -> Vec<u128> {
        since(&self.committed, begun)
    }

    /// How often records were listed.
    pub(crate) fn listed(&self) -> u64 {
        self.listed.load(Ordering::Relaxed)
    }

    /// Another process, which holds a lease for no time.
    pub(crate) async fn overtake(
        &self,
        scope: &TokenScope,
        overtaken: Overtaken,
        now: Timestamp,
    ) -> Result<()> {
        let (tokens, dies) = match overtaken {
            Overtaken::Revoked => return self.inner.revoke(scope, now, now).await.map(drop),
            Overtaken::Renewed(tokens) => (tokens, false),
            Overtaken::RenewedAndDied(tokens) => (tokens, true),
        };
        if let Acquired::Granted { lease, .. } =
            self.inner.acquire(scope, "other", now, Duration::ZERO).await?
        {
            self.inner.commit(&lease, &tokens, now).await?;
        }
        if dies {
            self.inner.acquire(scope, "other", now, Duration::ZERO).await?;
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        if self.faults.lock().unwrap().down { Err(broken()) } else { Ok(()) }
    }
}

fn since(times: &Mutex<Vec<Timestamp>>, begun: Timestamp) -> Vec<u128> {
    let times = times.lock().unwrap();
    times.iter().filter(|time| **time >= begun).map(|time| time.since(begun).as_millis()).collect()
}

fn broken() -> Error {
    Error::new(ErrorKind::Store, "store").with_detail("no space left on device")
}

#[async_trait]
impl TokenStore for FaultyStore {
    async fn save_ticket(&self, platform: &PlatformKey, ticket: &Ticket) -> Result<bool> {
        self.check()?;
        self.inner.save_ticket(platform, ticket).await
    }

    async fn ticket(&self, platform: &PlatformKey) -> Result<Option<Ticket>> {
        self.check()?;
        self.inner.ticket(platform).await
    }

    async fn token(&self, scope: &TokenScope) -> Result<Option<TokenRecord>> {
        self.check()?;
        self.inner.token(scope).await
    }

    async fn tokens(&self, filter: &TokenFilter) -> Result<TokenPage> {
        self.check()?;
        self.listed.fetch_add(1, Ordering::Relaxed);
        self.inner.tokens(filter).await
    }

    async fn app_of_alias(&self, platform: &PlatformKey, alias: &str) -> Result<Option<AppId>> {
        self.inner.app_of_alias(platform, alias).await
    }

    async fn bind_alias(&self, scope: &TokenScope, alias: &str, now: Timestamp) -> Result<()> {
        self.inner.bind_alias(scope, alias, now).await
    }

    async fn acquire(
        &self,
        scope: &TokenScope,
        owner: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Acquired> {
        self.check()?;
        self.asked.lock().unwrap().push(now);
        let (overtaken, held) = {
            let mut faults = self.faults.lock().unwrap();
            let held = faults.held.iter().find(|until| **until > now).copied();
            (faults.overtaken.take(), held)
        };
        if let Some(overtaken) = overtaken {
            self.overtake(scope, overtaken, now).await?;
        }
        match held {
            Some(until) => Ok(Acquired::Held { until }),
            None => self.inner.acquire(scope, owner, now, lease).await,
        }
    }

    async fn commit(&self, lease: &Lease, tokens: &NewTokens, now: Timestamp) -> Result<TokenRecord> {
        self.committed.lock().unwrap().push(now);
        let written = {
            let mut faults = self.faults.lock().unwrap();
            let fails = faults.commits > 0;
            if !fails && faults.refusals > 0 {
                faults.refusals -= 1;
                return Err(Error::invalid("commit", "access", "must be another one"));
            }
            faults.commits = faults.commits.saturating_sub(1);
            fails.then_some(faults.written)
        };
        match written {
            None => self.inner.commit(lease, tokens, now).await,
            Some(false) => Err(broken()),
            Some(true) => self.inner.commit(lease, tokens, now).await.and(Err(broken())),
        }
    }

    async fn release(&self, lease: &Lease, state: Option<GrantState>, now: Timestamp) -> Result<()> {
        self.check()?;
        if self.faults.lock().unwrap().releases {
            return Err(broken());
        }
        self.inner.release(lease, state, now).await
    }

    async fn expire(&self, scope: &TokenScope, refused: &AccessToken, now: Timestamp) -> Result<bool> {
        self.check()?;
        self.inner.expire(scope, refused, now).await
    }

    async fn revoke(&self, scope: &TokenScope, revoked_at: Timestamp, now: Timestamp) -> Result<bool> {
        self.inner.revoke(scope, revoked_at, now).await
    }
}
