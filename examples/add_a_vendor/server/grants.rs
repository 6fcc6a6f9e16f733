//! The merchants' grants: codes, tokens of apps, refresh tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

/// How long the grants of one app last; none until they are revoked.
type Term = Option<Duration>;

/// What merchants granted.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    serial: u64,
    codes: BTreeMap<String, (String, Term)>,
    refresh_tokens: BTreeMap<String, (String, Duration)>,
    tokens: BTreeMap<String, (String, Option<Timestamp>)>,
}

impl Grants {
    /// The merchant agrees: returns a code, which can be exchanged once.
    pub(crate) fn consent(&mut self, app: &str, term: Term) -> String {
        let code = self.make("code");
        self.codes.insert(code.clone(), (app.to_owned(), term));
        code
    }

    /// The merchant takes everything back.
    pub(crate) fn revoke(&mut self, app: &str) {
        self.tokens.retain(|_, (of, _)| of != app);
        self.refresh_tokens.retain(|_, (of, _)| of != app);
    }

    /// Returns a new token of an app; earlier ones are over.
    pub(crate) fn issue(&mut self, app: &str, expires_at: Option<Timestamp>) -> String {
        self.revoke(app);
        let token = self.make("app-token");
        self.tokens.insert(token.clone(), (app.to_owned(), expires_at));
        token
    }

    pub(super) fn app_of(&self, token: &str, now: Timestamp) -> Option<String> {
        let (app, expires_at) = self.tokens.get(token)?;
        expires_at.is_none_or(|expires_at| now < expires_at).then(|| app.clone())
    }

    pub(super) fn serve(&mut self, path: &str, body: &Value, now: Timestamp) -> Result<Value, &'static str> {
        let text = |field: &str| body[field].as_str().unwrap_or_default();
        match path {
            "/v1/auth/exchange" => {
                let (app, term) = self.codes.remove(text("code")).ok_or("GRANT_INVALID")?;
                Ok(self.grant(&app, term, now))
            }
            "/v1/auth/refresh" => {
                let (app, term) = self.refresh_tokens.remove(text("refresh_token")).ok_or("GRANT_INVALID")?;
                Ok(self.grant(&app, Some(term), now))
            }
            "/v1/auth/app" => {
                let granted = self.tokens.values().any(|(app, _)| app == text("app"));
                granted.then(|| json!({ "app": text("app"), "name": "Bakery" })).ok_or("GRANT_INVALID")
            }
            _ => Err("PARAM_INVALID"),
        }
    }

    fn grant(&mut self, app: &str, term: Term, now: Timestamp) -> Value {
        let token = self.issue(app, term.map(|term| now.after(term)));
        let Some(term) = term else { return json!({ "app": app, "app_token": token }) };
        let refresh_token = self.make("refresh-token");
        self.refresh_tokens.insert(refresh_token.clone(), (app.to_owned(), term));
        json!({ "app": app, "app_token": token, "expires_in": term.as_secs(), "refresh_token": refresh_token })
    }

    fn make(&mut self, what: &str) -> String {
        self.serial += 1;
        format!("{what}-{}", self.serial)
    }
}
