//! Access tokens: issued, bound to an app, expired and replaced.

use std::collections::HashMap;
use std::time::Duration;

use miniprogram_core::{AppId, Timestamp, Vendor};

use crate::BAIDU;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Missing,
    /// It does not look like one.
    Malformed,
    /// Never issued, replaced, or of the other vendor.
    Unknown,
    Expired,
}

#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) text: String,
    pub(crate) expires_at: Timestamp,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    random: fastrand::Rng,
    owners: HashMap<String, AppId>,
    current: HashMap<AppId, (Vendor, Issued)>,
}

impl Tokens {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), owners: HashMap::new(), current: HashMap::new() }
    }

    /// A fresh token for the app; the one before is refused from now on.
    pub(crate) fn issue(
        &mut self,
        vendor: Vendor,
        app: &AppId,
        now: Timestamp,
        lifetime: Duration,
    ) -> Issued {
        let expires_at = now.after(lifetime);
        let text = if vendor == BAIDU {
            let hex = self.text(32, b"0123456789abcdef");
            let opaque = self.text(50, LETTERS);
            format!("45.{hex}.{}.{}.{opaque}", lifetime.as_secs(), expires_at.as_unix())
        } else {
            format!("{}_{}", self.random.u32(10..100), self.text(134, LETTERS))
        };
        self.install(vendor, app, Issued { text, expires_at })
    }

    /// Makes a token that the caller brought the current one.
    pub(crate) fn install(&mut self, vendor: Vendor, app: &AppId, issued: Issued) -> Issued {
        self.owners.insert(issued.text.clone(), app.clone());
        self.current.insert(app.clone(), (vendor, issued.clone()));
        issued
    }

    /// The token that is accepted now; issues one where the last has expired.
    pub(crate) fn valid(&mut self, app: &AppId, now: Timestamp, lifetime: Duration) -> Option<Issued> {
        let (vendor, issued) = self.current.get(app)?;
        if issued.expires_at > now {
            return Some(issued.clone());
        }
        let vendor = *vendor;
        Some(self.issue(vendor, app, now, lifetime))
    }

    pub(crate) fn expire(&mut self, app: &AppId, now: Timestamp) {
        if let Some((_, issued)) = self.current.get_mut(app) {
            issued.expires_at = now;
        }
    }

    /// The app that the token was issued to, valid or not.
    pub(crate) fn owner(&self, text: &str) -> Option<&AppId> {
        self.owners.get(text)
    }

    pub(crate) fn check(
        &self,
        vendor: Vendor,
        text: Option<&str>,
        now: Timestamp,
    ) -> Result<&AppId, TokenFault> {
        let text = text.filter(|text| !text.is_empty()).ok_or(TokenFault::Missing)?;
        let unknown = if well_formed(vendor, text) { TokenFault::Unknown } else { TokenFault::Malformed };
        let app = self.owners.get(text).ok_or(unknown)?;
        let (of, issued) = self.current.get(app).ok_or(unknown)?;
        if *of != vendor || issued.text != text {
            return Err(unknown);
        }
        if issued.expires_at <= now { Err(TokenFault::Expired) } else { Ok(app) }
    }

    fn text(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(alphabet[self.random.usize(..alphabet.len())])).collect()
    }
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn well_formed(vendor: Vendor, text: &str) -> bool {
    let opaque =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte == b'.');
    opaque && (vendor == BAIDU) == text.contains('.')
}
