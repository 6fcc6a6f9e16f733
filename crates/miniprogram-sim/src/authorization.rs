//! Authorizations: codes and refresh tokens of the apps, and the platform's tickets.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp, Vendor};

use crate::error::SimError;
use crate::pushes::Push;
use crate::tokens::{Holder, LETTERS, dotted, random_text};
use crate::world::{Apps, World};
use crate::{BAIDU, WECHAT, baidu, wechat};

/// How long a replaced refresh token stays valid (WeChat).
pub(crate) const OVERLAP: Duration = Duration::from_secs(5 * 60);
/// How long a ticket is valid.
pub(crate) const TICKET_LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// How long after issue a ticket is remembered, so that an expired one is not refused as unknown.
const TICKET_MEMORY: Duration = Duration::from_secs(24 * 3600);
/// How long a Baidu refresh token lives: 10 years.
const REFRESH_LIFETIME: Duration = Duration::from_secs(315_360_000);
/// How many spent refresh tokens are remembered per app (Baidu).
const SPENT: usize = 4;
/// How many codes are remembered per kind.
const CODES: usize = 50_000;

/// An app's authorization of the platform.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grant {
    /// Start of the authorization; `None` if it is not in force.
    pub(crate) since: Option<Timestamp>,
    /// The current refresh token.
    refresh: Option<String>,
    /// The previous one and when it stops being valid (WeChat).
    previous: Option<(String, Timestamp)>,
    /// Earlier tokens: spent (Baidu), or revoked with the authorization.
    spent: VecDeque<String>,
    /// Position in the list of authorized apps.
    place: u64,
}

impl Grant {
    /// Returns the current refresh token.
    pub(crate) fn refresh_token(&self) -> Option<&str> {
        self.since.and(self.refresh.as_deref())
    }

    /// Returns whether a refresh with this token would be accepted.
    pub(crate) fn accepts(&self, token: &str, now: Timestamp) -> bool {
        let previous =
            self.previous.as_ref().filter(|(_, until)| *until > now).map(|(token, _)| token.as_str());
        self.since.is_some() && [self.refresh.as_deref(), previous].contains(&Some(token))
    }
}

/// What a code was issued for.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) vendor: Vendor,
    pub(crate) app: AppId,
    expires_at: Timestamp,
    used: bool,
}

/// Whether an issued ticket or code is still usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    /// It was valid and has expired.
    Expired,
    /// It was valid and has been used.
    Used,
    Unknown,
}

/// A map that keeps only its newest entries.
#[derive(Debug)]
struct Recent<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new() }
    }
}

impl<T> Recent<T> {
    fn insert(&mut self, key: String, value: T) {
        if self.order.len() == CODES
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.entries.insert(key, value);
    }

    fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.entries.retain(|_, value| keep(value));
        self.order.retain(|key| self.entries.contains_key(key));
    }
}

/// Everything issued to the platform: tickets, codes, refresh tokens.
#[derive(Debug)]
pub(crate) struct Authorizations {
    random: fastrand::Rng,
    /// Oldest first.
    tickets: BTreeMap<Vendor, VecDeque<(String, Timestamp)>>,
    /// Codes for the authorization page, with their expiry.
    visits: Recent<(Vendor, Timestamp)>,
    codes: Recent<Code>,
    /// The app of each Baidu refresh token, spent ones included.
    refresh_tokens: HashMap<String, AppId>,
    /// Apps that have authorized the platform at WeChat, by first authorization.
    listed: BTreeMap<u64, AppId>,
    next_place: u64,
}

impl Authorizations {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed ^ 0xa117),
            tickets: BTreeMap::new(),
            visits: Recent::default(),
            codes: Recent::default(),
            refresh_tokens: HashMap::new(),
            listed: BTreeMap::new(),
            next_place: 1,
        }
    }

    pub(crate) fn add_ticket(&mut self, vendor: Vendor, ticket: String, now: Timestamp) {
        let tickets = self.tickets.entry(vendor).or_default();
        while tickets.front().is_some_and(|(_, at)| at.after(TICKET_MEMORY) <= now) {
            tickets.pop_front();
        }
        tickets.push_back((ticket, now));
    }

    pub(crate) fn ticket(&self, vendor: Vendor, ticket: &str, now: Timestamp) -> Standing {
        let mut known = self.tickets.get(&vendor).into_iter().flatten();
        match known.find(|(text, _)| text == ticket) {
            None => Standing::Unknown,
            Some((_, at)) if at.after(TICKET_LIFETIME) <= now => Standing::Expired,
            Some(_) => Standing::Good,
        }
    }

    /// Issues a code for one visit of the authorization page.
    pub(crate) fn issue_visit(&mut self, vendor: Vendor, now: Timestamp, lifetime: Duration) -> String {
        let code = if vendor == BAIDU {
            random_text(&mut self.random, 32, b"0123456789abcdef")
        } else {
            format!("preauthcode@@@{}", random_text(&mut self.random, 64, LETTERS))
        };
        self.visits.insert(code.clone(), (vendor, now.after(lifetime)));
        code
    }

    /// Uses up a visit's code.
    pub(crate) fn visit(&mut self, vendor: Vendor, code: &str, now: Timestamp) -> Standing {
        match self.visits.entries.remove(code) {
            Some((of, until)) if of == vendor && until > now => Standing::Good,
            Some((of, _)) if of == vendor => Standing::Expired,
            _ => Standing::Unknown,
        }
    }

    /// Issues a code that can be exchanged for the app's tokens.
    pub(crate) fn issue_code(
        &mut self,
        vendor: Vendor,
        app: &AppId,
        now: Timestamp,
        lifetime: Duration,
    ) -> String {
        let code = if vendor == BAIDU {
            random_text(&mut self.random, 32, b"0123456789abcdef")
        } else {
            format!("queryauthcode@@@{}", random_text(&mut self.random, 64, LETTERS))
        };
        let expires_at = now.after(lifetime);
        self.codes.insert(code.clone(), Code { vendor, app: app.clone(), expires_at, used: false });
        code
    }

    /// Returns what a code was issued for, used or not.
    pub(crate) fn code(&self, code: &str) -> Option<&Code> {
        self.codes.entries.get(code)
    }

    /// Returns the app that a code can be exchanged for, provided its authorization is still in force.
    pub(crate) fn redeemable(
        &self,
        vendor: Vendor,
        code: &str,
        apps: &Apps,
        now: Timestamp,
    ) -> Result<AppId, Standing> {
        let code = self.code(code).filter(|code| code.vendor == vendor).ok_or(Standing::Unknown)?;
        let granted = apps.get(&code.app).is_some_and(|app| app.grant.since.is_some());
        match code {
            _ if !granted => Err(Standing::Unknown),
            code if code.used => Err(Standing::Used),
            code if code.expires_at <= now => Err(Standing::Expired),
            code => Ok(code.app.clone()),
        }
    }

    pub(crate) fn use_code(&mut self, code: &str) {
        if let Some(code) = self.codes.entries.get_mut(code) {
            code.used = true;
        }
    }

    /// Returns the app of a Baidu refresh token, spent or not.
    pub(crate) fn owner(&self, refresh_token: &str) -> Option<&AppId> {
        self.refresh_tokens.get(refresh_token)
    }

    /// Number of apps that have authorized the platform at WeChat.
    pub(crate) fn listed(&self) -> usize {
        self.listed.len()
    }

    /// One page of the apps that have authorized the platform at WeChat.
    pub(crate) fn page(&self, offset: usize, count: usize) -> impl Iterator<Item = &AppId> {
        self.listed.values().skip(offset).take(count)
    }

    /// Starts an authorization or renews it.
    fn put_in_force(&mut self, vendor: Vendor, app: &AppId, grant: &mut Grant, now: Timestamp) {
        if vendor == WECHAT && grant.since.is_none() {
            grant.place = self.next_place;
            self.next_place += 1;
            self.listed.insert(grant.place, app.clone());
        }
        grant.since = Some(now);
    }

    /// Sets the app's current refresh token, generating one if none is given.
    pub(crate) fn renew(
        &mut self,
        vendor: Vendor,
        app: &AppId,
        grant: &mut Grant,
        given: Option<String>,
        now: Timestamp,
    ) -> String {
        let made = if vendor == BAIDU {
            dotted(&mut self.random, 46, REFRESH_LIFETIME, now.after(REFRESH_LIFETIME))
        } else {
            format!("refreshtoken@@@{}", random_text(&mut self.random, 43, LETTERS))
        };
        let token = given.unwrap_or(made);
        let replaced = grant.refresh.replace(token.clone());
        if vendor == BAIDU {
            self.refresh_tokens.insert(token.clone(), app.clone());
            self.spend(grant, replaced);
        } else {
            grant.previous = replaced.map(|replaced| (replaced, now.after(OVERLAP)));
        }
        token
    }

    /// Ends an authorization and revokes its refresh tokens.
    fn end(&mut self, grant: &mut Grant) {
        self.listed.remove(&grant.place);
        grant.since = None;
        grant.previous = None;
        let ended = grant.refresh.take();
        self.spend(grant, ended);
    }

    /// Forgets an app: its codes, refresh tokens and list entry.
    pub(crate) fn forget(&mut self, app: &AppId, grant: &Grant) {
        self.codes.retain(|code| code.app != *app);
        self.refresh_tokens.retain(|_, owner| owner != app);
        self.listed.remove(&grant.place);
    }

    /// Remembers a refresh token as spent.
    fn spend(&mut self, grant: &mut Grant, token: Option<String>) {
        grant.spent.extend(token);
        if grant.spent.len() > SPENT
            && let Some(oldest) = grant.spent.pop_front()
        {
            self.refresh_tokens.remove(&oldest);
        }
    }
}

/// Counts a platform operation for the app that it concerns as well.
pub(crate) fn count(apps: &mut Apps, app: &AppId, operation: &'static str) {
    if let Some(app) = apps.get_mut(app) {
        app.effects.count(operation);
    }
}

/// The code issued by a merchant's consent.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) code: String,
    pub(crate) lifetime: Duration,
}

impl World {
    /// Starts the authorization of an app just added.
    pub(crate) fn grant(&mut self, id: &AppId, refresh_token: Option<String>, now: Timestamp) {
        let Some(app) = self.apps.get_mut(id) else { return };
        let authorizations = &mut self.platform.authorizations;
        authorizations.put_in_force(app.vendor, id, &mut app.grant, now);
        authorizations.renew(app.vendor, id, &mut app.grant, refresh_token, now);
    }

    /// A merchant authorizes the platform, for the first time or again.
    pub(crate) fn authorize(
        &mut self,
        id: &AppId,
        visit: Option<&str>,
        now: Timestamp,
    ) -> Result<Consent, SimError> {
        let (consent, push) = self.consent(id, visit, now)?;
        self.send(push, now);
        Ok(consent)
    }

    /// Like [`authorize`](Self::authorize), but returns the push instead of sending it.
    pub(crate) fn consent(
        &mut self,
        id: &AppId,
        visit: Option<&str>,
        now: Timestamp,
    ) -> Result<(Consent, Push), SimError> {
        self.put_in_force(id, Change::Authorized, visit, now)
    }

    /// A merchant changes the permissions of the platform.
    pub(crate) fn update_authorization(&mut self, id: &AppId, now: Timestamp) -> Result<Consent, SimError> {
        if self.app(id)?.grant.since.is_none() {
            return Err(SimError::NotAuthorized(id.clone()));
        }
        let (consent, push) = self.put_in_force(id, Change::Updated, None, now)?;
        self.send(push, now);
        Ok(consent)
    }

    /// A merchant revokes the authorization; all tokens of the app are refused from now on.
    pub(crate) fn revoke_authorization(&mut self, id: &AppId, now: Timestamp) -> Result<(), SimError> {
        let app = self.apps.get_mut(id).ok_or_else(|| SimError::UnknownApp(id.clone()))?;
        if app.grant.since.is_none() {
            return Err(SimError::NotAuthorized(id.clone()));
        }
        let vendor = app.vendor;
        self.platform.authorizations.end(&mut app.grant);
        self.platform.tokens.revoke(&Holder::App(id.clone()));
        let push = self.push_change(vendor, id, Change::Revoked, None, now);
        self.send(push, now);
        Ok(())
    }

    fn put_in_force(
        &mut self,
        id: &AppId,
        change: Change,
        visit: Option<&str>,
        now: Timestamp,
    ) -> Result<(Consent, Push), SimError> {
        let app = self.apps.get_mut(id).ok_or_else(|| SimError::UnknownApp(id.clone()))?;
        let vendor = app.vendor;
        let authorizations = &mut self.platform.authorizations;
        authorizations.put_in_force(vendor, id, &mut app.grant, now);
        if vendor == WECHAT {
            // At Baidu only the exchange issues a refresh token.
            authorizations.renew(vendor, id, &mut app.grant, None, now);
        }
        let lifetime = self.settings.code_lifetime(vendor);
        let code = authorizations.issue_code(vendor, id, now, lifetime);
        let news = News { code: &code, lifetime, visit };
        let push = self.push_change(vendor, id, change, Some(&news), now);
        Ok((Consent { code, lifetime }, push))
    }

    fn push_change(
        &self,
        vendor: Vendor,
        app: &AppId,
        change: Change,
        news: Option<&News<'_>>,
        now: Timestamp,
    ) -> Push {
        let platform_id = &self.settings.callback(vendor).platform_id;
        if vendor == BAIDU {
            baidu::push::authorization(app, platform_id, change, news, now)
        } else {
            wechat::push::authorization(app, platform_id, change, news, now)
        }
    }

    /// Pushes a new ticket and returns it.
    pub(crate) fn push_ticket(&mut self, vendor: Vendor, now: Timestamp) -> String {
        let (ticket, push) = self.new_ticket(vendor, now);
        self.send(push, now);
        ticket
    }

    /// Creates a ticket and its push without sending it.
    pub(crate) fn new_ticket(&mut self, vendor: Vendor, now: Timestamp) -> (String, Push) {
        let (first, second) = (self.platform.random.u64(..), self.platform.random.u64(..));
        let ticket = format!("ticket@@@{first:016x}{second:016x}");
        self.platform.authorizations.add_ticket(vendor, ticket.clone(), now);
        let push = if vendor == BAIDU {
            baidu::push::ticket(&ticket, now)
        } else {
            wechat::push::ticket(&self.settings.wechat_callback.platform_id, &ticket, now)
        };
        (ticket, push)
    }

    /// Pushes a ticket to both vendors' platforms, now and at every interval.
    pub(crate) fn push_tickets(&mut self, interval: Duration, now: Timestamp) {
        for vendor in [WECHAT, BAIDU] {
            self.push_ticket(vendor, now);
        }
        self.plan_tick(now.after(interval), move |world, now| world.push_tickets(interval, now));
    }
}

/// What happened to an authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Authorized,
    Updated,
    Revoked,
}

/// Content of a push about an authorization.
#[derive(Debug)]
pub(crate) struct News<'a> {
    pub(crate) code: &'a str,
    pub(crate) lifetime: Duration,
    /// Code of the visit in which it was granted.
    pub(crate) visit: Option<&'a str>,
}
