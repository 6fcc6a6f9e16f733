//! A vendor in memory that records the truth: which refresh token is valid, and how often each call took effect.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use miniprogram_core::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerEntry, AuthorizerInfo, AuthorizerList, AuthorizerPage,
    Grant, IssuedToken, Permission, PlatformAuth, PlatformProof, PreAuthorizationCode, Recovery,
    RefreshTokenUse,
};
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::token::AccessToken;
use miniprogram_core::{AppId, Error, ErrorKind, Outcome, PlatformId, Result, Secret, Vendor};
use serde_json::json;
use tokio::sync::Semaphore;

pub(crate) const ACME: Vendor = Vendor::new("acme");
pub(crate) const PLATFORM: &str = "platform";
/// Part of every secret that the vendor issues.
pub(crate) const CANARY: &str = "canary";

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection could not be opened.
    NotSent,
    /// The vendor temporarily refuses.
    Busy,
    /// No response, no effect.
    LostBefore,
    /// No response, but the effect.
    LostAfter,
    /// It takes effect, and the response is sent when the gate opens.
    Hang,
    /// The same, and then there is no response.
    HangAndLose,
    /// It takes effect, and the response has no token.
    Empty,
    /// It takes effect, and the response's refresh token is empty.
    EmptyRefreshToken,
    /// The response is about another app.
    OtherApp,
}

/// Differences between vendors other than the use of refresh tokens.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// Whether an exchange names its app.
    pub(crate) names_app: bool,
    /// Whether an exchange returns no access token.
    pub(crate) withholds_access: bool,
    /// Whether a refresh returns no refresh token if the old one stays valid.
    pub(crate) repeats_no_refresh_token: bool,
    /// What an exchange reports as granted.
    pub(crate) granted: Vec<&'static str>,
    /// What a query about the app reports as granted.
    pub(crate) told: Vec<&'static str>,
    /// Whether a query about the app reports its alias.
    pub(crate) tells_alias: bool,
    /// Whether recovery returns a code rather than a refresh token.
    pub(crate) recovers_by_code: bool,
    /// Lifetime of an app's token, if not [`LIFE`].
    pub(crate) life: Option<Duration>,
    /// Whether an app's token lives until it is refused, and no refresh token comes with it.
    pub(crate) lasting: bool,
    /// Whether only the merchant can bring back an authorization.
    pub(crate) recovers_nothing: bool,
    /// How the platform proves who it is, where it is not by a ticket.
    pub(crate) proof: Option<PlatformProof>,
}

fn permissions(ids: &[&'static str]) -> Vec<Permission> {
    ids.iter().map(|id| Permission::new(*id)).collect()
}

#[derive(Default)]
struct App {
    authorized: bool,
    refresh: String,
    access: String,
    codes: HashSet<String>,
}

#[derive(Default)]
struct World {
    serial: u64,
    tickets: HashSet<String>,
    platform: String,
    apps: HashMap<AppId, App>,
    /// Calls received, by operation.
    calls: HashMap<&'static str, u64>,
    faults: VecDeque<(Option<&'static str>, Fault)>,
    habits: Habits,
}

impl World {
    fn make(&mut self, what: &str) -> String {
        self.serial += 1;
        format!("{CANARY}-{what}-{}", self.serial)
    }

    fn grant(&mut self, app: &AppId) -> Grant {
        let (access, refresh) = (self.make("access"), self.make("refresh"));
        let state = self.apps.entry(app.clone()).or_default();
        (state.access, state.refresh) = (access.clone(), refresh.clone());
        let access = AccessToken::new(access).unwrap();
        if self.habits.lasting {
            return Grant::new().with_access(Some(IssuedToken::lasting(access)));
        }
        let access = IssuedToken::new(access, self.habits.life.unwrap_or(LIFE));
        Grant::new().with_access(Some(access)).with_refresh_token(Some(refresh.into()))
    }
}

pub(crate) const LIFE: Duration = Duration::from_secs(7200);

pub(crate) struct FakeVendor {
    model: RefreshTokenUse,
    platform: PlatformId,
    /// Marked busy by every call, as a client does.
    clock: VirtualClock,
    world: Mutex<World>,
    /// Releases hanging responses.
    pub(crate) gate: Semaphore,
    /// Notified whenever a call hangs.
    pub(crate) hanging: Semaphore,
}

impl FakeVendor {
    pub(crate) fn new(model: RefreshTokenUse, clock: &VirtualClock) -> Arc<Self> {
        let repeatable = model == RefreshTokenUse::Repeatable;
        let habits = Habits {
            names_app: repeatable,
            granted: vec!["18"],
            tells_alias: repeatable,
            recovers_by_code: !repeatable,
            ..Habits::default()
        };
        Arc::new(Self {
            model,
            platform: PLATFORM.into(),
            clock: clock.clone(),
            world: Mutex::new(World { habits, ..World::default() }),
            gate: Semaphore::new(0),
            hanging: Semaphore::new(0),
        })
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Habits)) {
        change(&mut self.world().habits);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn ticket(&self) -> Secret {
        let mut world = self.world();
        let ticket = world.make("ticket");
        world.tickets.insert(ticket.clone());
        ticket.into()
    }

    /// The merchant consents on the authorization page.
    pub(crate) fn authorize(&self, app: &AppId) -> Secret {
        let mut world = self.world();
        let code = world.make("code");
        let state = world.apps.entry(app.clone()).or_default();
        state.authorized = true;
        state.codes.insert(code.clone());
        code.into()
    }

    pub(crate) fn revoke(&self, app: &AppId) {
        let mut world = self.world();
        world.apps.insert(app.clone(), App::default());
    }

    /// Refuses the app's refresh token from now on; its authorization stays in force.
    pub(crate) fn spoil_refresh_token(&self, app: &AppId) {
        let mut world = self.world();
        let spoilt = world.make("elsewhere");
        world.apps.get_mut(app).unwrap().refresh = spoilt;
    }

    pub(crate) fn replace_platform_token(&self) {
        let mut world = self.world();
        world.platform = world.make("platform");
    }

    pub(crate) fn is_valid(&self, app: &AppId, refresh: &Secret) -> bool {
        self.world().apps.get(app).is_some_and(|app| app.authorized && app.refresh == refresh.expose())
    }

    pub(crate) fn accepts(&self, app: &AppId, access: &AccessToken) -> bool {
        self.world().apps.get(app).is_some_and(|app| app.authorized && app.access == access.secret().expose())
    }

    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.world().calls.get(operation).copied().unwrap_or(0)
    }

    /// The next calls meet these faults, whatever they are.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().faults = faults.into_iter().map(|fault| (None, fault)).collect();
    }

    /// The next call of an operation meets a fault.
    pub(crate) fn fail_one(&self, operation: &'static str, fault: Fault) {
        self.world().faults.push_back((Some(operation), fault));
    }

    fn error(kind: ErrorKind, operation: &'static str, outcome: Outcome) -> Error {
        Error::new(kind, operation).for_vendor(ACME).with_outcome(outcome)
    }

    async fn call<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut World) -> Result<T>,
        spoil: impl FnOnce(T, Fault) -> T,
    ) -> Result<T> {
        let mut busy = self.clock.enter();
        tokio::task::yield_now().await;
        let (fault, result) = {
            let mut world = self.world();
            *world.calls.entry(operation).or_default() += 1;
            let fault = match world.faults.front() {
                Some((only, _)) if only.is_none_or(|only| only == operation) => {
                    world.faults.pop_front().unwrap().1
                }
                _ => Fault::None,
            };
            let lost = || Self::error(ErrorKind::Timeout, operation, Outcome::Unknown);
            let result = match fault {
                Fault::NotSent => Err(Self::error(ErrorKind::Unavailable, operation, Outcome::NotSent)),
                Fault::Busy => Err(Self::error(ErrorKind::RateLimited, operation, Outcome::NotDone)),
                Fault::LostBefore => Err(lost()),
                Fault::LostAfter | Fault::HangAndLose => work(&mut world).and(Err(lost())),
                _ => work(&mut world),
            };
            (fault, result)
        };
        if matches!(fault, Fault::Hang | Fault::HangAndLose) {
            // Time passes meanwhile.
            drop(busy);
            self.hanging.add_permits(1);
            self.gate.acquire().await.unwrap().forget();
            busy = self.clock.enter();
        }
        tokio::task::yield_now().await;
        drop(busy);
        result.map(|answer| spoil(answer, fault))
    }

    fn check(world: &World, operation: &'static str, platform: &PlatformAuth) -> Result<()> {
        let signed = world.habits.proof == Some(PlatformProof::Signature);
        let proven = match platform {
            PlatformAuth::Token(token) => !signed && world.platform == token.secret().expose(),
            _ => signed,
        };
        if proven {
            return Ok(());
        }
        Err(Self::error(ErrorKind::TokenRejected, operation, Outcome::NotDone))
    }
}

fn spoil_grant(mut grant: Grant, fault: Fault) -> Grant {
    match fault {
        Fault::Empty => grant.access = None,
        Fault::EmptyRefreshToken => grant.refresh_token = Some("".into()),
        Fault::OtherApp => grant.app = Some("other".into()),
        _ => {}
    }
    grant
}

impl Debug for FakeVendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeVendor").finish_non_exhaustive()
    }
}

#[async_trait]
impl AuthorizationApi for FakeVendor {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn platform_id(&self) -> &PlatformId {
        &self.platform
    }

    fn refresh_token_use(&self) -> RefreshTokenUse {
        self.model
    }

    fn platform_proof(&self) -> PlatformProof {
        self.world().habits.proof.unwrap_or(PlatformProof::Ticket)
    }

    async fn platform_token(&self, ticket: Option<&Secret>) -> Result<IssuedToken> {
        const OPERATION: &str = "platform_token";
        let work = |world: &mut World| {
            let proven = match world.habits.proof {
                Some(PlatformProof::Keys) => ticket.is_none(),
                _ => ticket.is_some_and(|ticket| world.tickets.contains(ticket.expose())),
            };
            if !proven {
                return Err(Self::error(ErrorKind::TokenRejected, OPERATION, Outcome::NotDone));
            }
            world.platform = world.make("platform");
            Ok(IssuedToken::new(AccessToken::new(world.platform.clone())?, LIFE * 360))
        };
        self.call(OPERATION, work, |token, _| token).await
    }

    async fn start_ticket_push(&self) -> Result<()> {
        self.call("start_ticket_push", |_| Ok(()), |(), _| ()).await
    }

    async fn pre_authorization_code(&self, platform: &PlatformAuth) -> Result<Option<PreAuthorizationCode>> {
        if self.platform_proof() == PlatformProof::Signature {
            return Ok(None);
        }

        const OPERATION: &str = "pre_authorization_code";
        let work = |world: &mut World| {
            Self::check(world, OPERATION, platform)?;
            Ok(Some(PreAuthorizationCode::new(world.make("pre").into(), Duration::from_secs(600))))
        };
        self.call(OPERATION, work, |code, _| code).await
    }

    fn authorization_url(
        &self,
        code: Option<&PreAuthorizationCode>,
        request: &AuthorizationRequest,
    ) -> Result<String> {
        let code = code.map_or("", |code| code.code.expose());
        Ok(format!("https://acme.example/?code={code}&to={}", request.redirect_uri))
    }

    async fn exchange(&self, platform: &PlatformAuth, authorization_code: &Secret) -> Result<Grant> {
        const OPERATION: &str = "exchange";
        let work = |world: &mut World| {
            Self::check(world, OPERATION, platform)?;
            let code = authorization_code.expose();
            let found = world.apps.iter_mut().find(|(_, app)| app.authorized && app.codes.contains(code));
            let Some((app, state)) = found else {
                return Err(Self::error(ErrorKind::Unauthorized, OPERATION, Outcome::NotDone));
            };
            state.codes.remove(code);
            let app = app.clone();
            let mut grant = world.grant(&app).with_permissions(permissions(&world.habits.granted));
            if world.habits.withholds_access {
                grant.access = None;
            }
            Ok(grant.with_app(world.habits.names_app.then_some(app)))
        };
        self.call(OPERATION, work, spoil_grant).await
    }

    async fn refresh(&self, platform: &PlatformAuth, app: &AppId, refresh_token: &Secret) -> Result<Grant> {
        const OPERATION: &str = "refresh";
        let work = |world: &mut World| {
            Self::check(world, OPERATION, platform)?;
            let state = world.apps.get(app).filter(|state| state.authorized);
            let Some(state) = state.filter(|state| state.refresh == refresh_token.expose()) else {
                return Err(Self::error(ErrorKind::Unauthorized, OPERATION, Outcome::NotDone));
            };
            let same = state.refresh.clone();
            let grant = world.grant(app);
            if self.model == RefreshTokenUse::SingleUse {
                return Ok(grant);
            }
            world.apps.entry(app.clone()).or_default().refresh = same.clone();
            let repeated = (!world.habits.repeats_no_refresh_token).then(|| same.into());
            Ok(grant.with_refresh_token(repeated))
        };
        self.call(OPERATION, work, spoil_grant).await
    }

    async fn recover(&self, platform: &PlatformAuth, app: &AppId) -> Result<Recovery> {
        const OPERATION: &str = "recover";
        if self.world().habits.recovers_nothing {
            return Err(Error::unsupported(ACME, OPERATION));
        }
        let work = |world: &mut World| {
            Self::check(world, OPERATION, platform)?;
            let code = world.make("code");
            let by_code = world.habits.recovers_by_code;
            let Some(state) = world.apps.get_mut(app).filter(|state| state.authorized) else {
                return Err(Self::error(ErrorKind::Unauthorized, OPERATION, Outcome::NotDone));
            };
            if !by_code {
                return Ok(Recovery::RefreshToken(state.refresh.clone().into()));
            }
            state.codes.insert(code.clone());
            Ok(Recovery::AuthorizationCode(code.into()))
        };
        // The vendor's crate retries automatically: a missing response here means that nothing was done.
        let result = self.call(OPERATION, work, |recovery, _| recovery).await;
        result.map_err(|error| match error.outcome() {
            Outcome::Unknown => error.with_outcome(Outcome::NotDone),
            _ => error,
        })
    }

    async fn authorizer_info(
        &self,
        platform: &PlatformAuth,
        app: Option<&AppId>,
        authorizer: Option<&AccessToken>,
    ) -> Result<AuthorizerInfo> {
        const OPERATION: &str = "authorizer_info";
        let by_token = self.model == RefreshTokenUse::SingleUse;
        let work = |world: &mut World| {
            let found = if by_token {
                let why = "must be given";
                let token = authorizer.ok_or_else(|| Error::invalid(OPERATION, "authorizer", why))?;
                let holds = |state: &App| state.authorized && state.access == token.secret().expose();
                world.apps.iter().find(|(_, state)| holds(state)).map(|(app, _)| app.clone())
            } else {
                Self::check(world, OPERATION, platform)?;
                app.filter(|app| world.apps.get(*app).is_some_and(|state| state.authorized)).cloned()
            };
            let Some(app) = found else {
                return Err(Self::error(ErrorKind::Unauthorized, OPERATION, Outcome::NotDone));
            };
            let alias = world.habits.tells_alias.then(|| format!("gh_{app}"));
            let told = permissions(&world.habits.told);
            Ok(AuthorizerInfo::new(app, json!({})).with_alias(alias).with_permissions(told))
        };
        let spoil = |mut info: AuthorizerInfo, fault| {
            if fault == Fault::OtherApp {
                info.app_id = "other".into();
            }
            info
        };
        self.call(OPERATION, work, spoil).await
    }

    async fn authorizers(&self, platform: &PlatformAuth, page: AuthorizerPage) -> Result<AuthorizerList> {
        const OPERATION: &str = "authorizers";
        let work = |world: &mut World| {
            Self::check(world, OPERATION, platform)?;
            let mut apps: Vec<_> = world.apps.keys().cloned().collect();
            apps.sort();
            let total = apps.len() as u64;
            let shown = apps.into_iter().skip(page.offset as usize).take(page.count as usize);
            Ok(AuthorizerList::new(total, shown.map(AuthorizerEntry::new).collect()))
        };
        self.call(OPERATION, work, |list, _| list).await
    }
}
