//! Access tokens: issued, bound to a holder, expired, replaced.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp, Vendor};

use crate::BAIDU;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Missing,
    /// It has an invalid form.
    Malformed,
    /// Never issued, replaced, or the other vendor's.
    Unknown,
    Expired,
}

/// The holder of a token, which determines its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// An app that has authorized the platform.
    App(AppId),
    /// The platform itself.
    Platform(Vendor),
    /// An app's own key, by client credentials (Baidu).
    Client(AppId),
}

impl Holder {
    /// The app it acts for.
    pub(crate) fn app(&self) -> Option<&AppId> {
        match self {
            Self::App(app) | Self::Client(app) => Some(app),
            Self::Platform(_) => None,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) text: String,
    pub(crate) expires_at: Timestamp,
}

#[derive(Debug)]
struct Token {
    vendor: Vendor,
    holder: Holder,
    expires_at: Timestamp,
    revoked: bool,
}

/// How many tokens are remembered per holder, including the current one; older ones are unknown.
const REMEMBERED: usize = 4;
/// How many tokens of client credentials are valid at once.
pub(crate) const CLIENT_TOKENS: usize = 100;

#[derive(Debug)]
pub(crate) struct Tokens {
    random: fastrand::Rng,
    /// Remembered tokens of all holders.
    all: HashMap<String, Token>,
    /// Each holder's tokens; the last is the current one.
    held: HashMap<Holder, VecDeque<String>>,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), all: HashMap::new(), held: HashMap::new() }
    }

    /// Issues a token. The previous one is refused from now on, except for client credentials.
    pub(crate) fn issue(
        &mut self,
        vendor: Vendor,
        holder: &Holder,
        now: Timestamp,
        lifetime: Duration,
    ) -> Issued {
        let expires_at = now.after(lifetime);
        let text = if vendor == BAIDU {
            let kind = match holder {
                Holder::App(_) => 45,
                Holder::Platform(_) => 42,
                Holder::Client(_) => 24,
            };
            self.dotted(kind, lifetime, expires_at)
        } else {
            format!("{}_{}", self.random.u32(10..100), random_text(&mut self.random, 134, LETTERS))
        };
        self.install(vendor, holder, Issued { text, expires_at })
    }

    /// Generates text in the format of Baidu's tokens.
    pub(crate) fn dotted(&mut self, kind: u8, lifetime: Duration, expires_at: Timestamp) -> String {
        dotted(&mut self.random, kind, lifetime, expires_at)
    }

    /// Makes a given token the current one.
    pub(crate) fn install(&mut self, vendor: Vendor, holder: &Holder, issued: Issued) -> Issued {
        let token = Token { vendor, holder: holder.clone(), expires_at: issued.expires_at, revoked: false };
        let held = self.held.entry(holder.clone()).or_default();
        held.retain(|text| *text != issued.text);
        held.push_back(issued.text.clone());
        let limit = if matches!(holder, Holder::Client(_)) { CLIENT_TOKENS } else { REMEMBERED };
        if held.len() > limit
            && let Some(oldest) = held.pop_front()
            && self.all.get(&oldest).is_some_and(|token| token.holder == *holder)
        {
            self.all.remove(&oldest);
        }
        self.all.insert(issued.text.clone(), token);
        issued
    }

    fn current(&self, holder: &Holder) -> Option<&String> {
        self.held.get(holder).and_then(VecDeque::back)
    }

    /// Returns the current token, issuing one if there is none or it has expired.
    pub(crate) fn valid(
        &mut self,
        vendor: Vendor,
        holder: &Holder,
        now: Timestamp,
        lifetime: Duration,
    ) -> Issued {
        if let Some(text) = self.current(holder) {
            let token = self.all.get(text).filter(|token| token.expires_at > now && !token.revoked);
            if let Some(token) = token {
                return Issued { text: text.clone(), expires_at: token.expires_at };
            }
        }
        self.issue(vendor, holder, now, lifetime)
    }

    /// Expires all tokens of a holder now.
    pub(crate) fn expire(&mut self, holder: &Holder, now: Timestamp) {
        for text in self.held.get(holder).into_iter().flatten() {
            if let Some(token) = self.all.get_mut(text) {
                token.expires_at = token.expires_at.min(now);
            }
        }
    }

    /// Refuses all tokens of a holder from now on.
    pub(crate) fn revoke(&mut self, holder: &Holder) {
        for text in self.held.get(holder).into_iter().flatten() {
            if let Some(token) = self.all.get_mut(text) {
                token.revoked = true;
            }
        }
    }

    /// Forgets a holder; its tokens become unknown.
    pub(crate) fn forget(&mut self, holder: &Holder) {
        for text in self.held.remove(holder).into_iter().flatten() {
            if self.all.get(&text).is_some_and(|token| token.holder == *holder) {
                self.all.remove(&text);
            }
        }
    }

    /// Returns the holder of a token, valid or not.
    pub(crate) fn holder(&self, text: &str) -> Option<&Holder> {
        self.all.get(text).map(|token| &token.holder)
    }

    pub(crate) fn check(
        &self,
        vendor: Vendor,
        text: Option<&str>,
        now: Timestamp,
    ) -> Result<&Holder, TokenFault> {
        let text = text.filter(|text| !text.is_empty()).ok_or(TokenFault::Missing)?;
        let unknown = if well_formed(vendor, text) { TokenFault::Unknown } else { TokenFault::Malformed };
        let token = self.all.get(text).filter(|token| token.vendor == vendor).ok_or(unknown)?;
        let replaced = self.current(&token.holder).is_some_and(|current| current != text);
        if token.revoked || (replaced && !matches!(token.holder, Holder::Client(_))) {
            return Err(unknown);
        }
        if token.expires_at <= now { Err(TokenFault::Expired) } else { Ok(&token.holder) }
    }

    /// Generates random text.
    pub(crate) fn opaque(&mut self, length: usize) -> String {
        random_text(&mut self.random, length, LETTERS)
    }
}

/// Formats text like Baidu's tokens.
pub(crate) fn dotted(
    random: &mut fastrand::Rng,
    kind: u8,
    lifetime: Duration,
    expires_at: Timestamp,
) -> String {
    let hex = random_text(random, 32, b"0123456789abcdef");
    let opaque = random_text(random, 50, LETTERS);
    format!("{kind}.{hex}.{}.{}.{opaque}", lifetime.as_secs(), expires_at.as_unix())
}

pub(crate) fn random_text(random: &mut fastrand::Rng, length: usize, alphabet: &[u8]) -> String {
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

pub(crate) const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn well_formed(vendor: Vendor, text: &str) -> bool {
    let opaque =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.');
    opaque && (vendor == BAIDU) == text.contains('.')
}
