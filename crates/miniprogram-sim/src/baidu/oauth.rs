//! Tokens for an app's own key, by client credentials (document 004).

use miniprogram_core::Timestamp;
use serde_json::json;

use super::JSON;
use crate::BAIDU;
use crate::call::{Answer, Call};
use crate::endpoint::{EndpointInfo, Operation};
use crate::tokens::Holder;
use crate::world::World;

const PATH: &str = "/oauth/2.0/token";
pub(super) const OPERATION: Operation = Operation { name: "client_credentials", effect: false };
const SCOPE: &str = "smartapp_snsapi_base";

/// Returns whether the request is for a token of client credentials.
pub(crate) fn is_for_client(call: &Call) -> bool {
    call.path == PATH
}

/// Both methods work.
pub(super) fn endpoints() -> impl Iterator<Item = EndpointInfo> {
    let Operation { name: operation, effect: is_effect } = OPERATION;
    ["GET", "POST"].into_iter().map(move |method| EndpointInfo {
        vendor: BAIDU,
        method,
        path: PATH,
        operation,
        is_effect,
    })
}

impl World {
    /// Returns a token, or an OAuth error with status 400.
    pub(crate) fn client_credentials(&mut self, call: &Call, now: Timestamp) -> Answer {
        let refused = |error: &str, description: &str| {
            let body = json!({ "error": error, "error_description": description });
            Answer::new(400, JSON, body.to_string())
        };
        if !matches!(call.method.as_str(), "GET" | "POST") || call.has_json_body() {
            return refused("invalid_request", "the parameters belong in the query or a form");
        }
        let given = |name: &str| call.param(name).filter(|value| !value.is_empty());
        let (Some(grant), Some(id), Some(secret), Some(scope)) =
            (given("grant_type"), given("client_id"), given("client_secret"), given("scope"))
        else {
            return refused("invalid_request", "Required parameter missing");
        };
        if grant != "client_credentials" {
            return refused("unsupported_grant_type", "The authorization grant type is not supported");
        }
        let Some(key) = self.alliance_keys.get(id) else {
            return refused("invalid_client", "unknown client id");
        };
        if key.secret.expose() != secret {
            return refused("invalid_client", "Client authentication failed");
        }
        if scope != SCOPE {
            return refused("invalid_scope", "The requested scope is invalid or unknown");
        }
        let holder = Holder::Client(key.app.clone());
        let lifetime = self.settings.token_lifetime(BAIDU, &holder);
        let issued = self.platform.tokens.issue(BAIDU, &holder, now, lifetime);
        let body = json!({
            "access_token": issued.text,
            "expires_in": lifetime.as_secs(),
            "refresh_token": self.platform.tokens.dotted(25, lifetime * 7, now.after(lifetime * 7)),
            "scope": SCOPE,
            "session_key": self.platform.tokens.opaque(36),
            "session_secret": self.platform.tokens.opaque(36),
        });
        Answer::new(200, JSON, body.to_string())
    }
}
