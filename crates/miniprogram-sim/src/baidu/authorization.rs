//! The platform's token, and the tokens of authorized apps.

use std::time::Duration;

use miniprogram_core::AppId;
use serde_json::{Value, json};

use crate::BAIDU;
use crate::authorization::{Standing, count};
use crate::call::{Call, Content, OAuthError, Refusal};
use crate::endpoint::{Scene, Step, Verdict, View};
use crate::platform::Platform;
use crate::tokens::Holder;
use crate::world::{Account, App, Apps};

type PlatformView<'a> = View<'a, Apps>;

/// Exchanges codes and refresh tokens for tokens.
pub(super) const OAUTH: &str = "/rest/2.0/oauth/token";
/// Issues a new code for an authorization whose tokens were lost.
pub(super) const RETRIEVE: &str = "/rest/2.0/smartapp/auth/retrieve/authorizationcode";
/// Lifetime of the code for the authorization page.
pub(super) const VISIT_LIFETIME: Duration = Duration::from_secs(1200);
/// Lifetime of the code that restores a lost authorization.
pub(super) const RETRIEVED_LIFETIME: Duration = Duration::from_secs(18_000);

/// Returns the app that a request is about, if it names one or contains one's code or refresh token.
pub(crate) fn named_app(call: &Call, platform: &Platform) -> Option<AppId> {
    let authorizations = &platform.authorizations;
    match call.path.as_str() {
        OAUTH => {
            let by_token = || authorizations.owner(call.param("refresh_token")?).cloned();
            let by_code = || Some(authorizations.code(call.param("code")?)?.app.clone());
            by_token().or_else(by_code)
        }
        RETRIEVE => call.param("app_id").map(AppId::from),
        _ => None,
    }
}

pub(super) fn tp_token(view: &PlatformView<'_>) -> Verdict<Apps> {
    let given = |name: &str| view.call.param(name).filter(|value| !value.is_empty());
    let (Some(client), Some(ticket)) = (given("client_id"), given("ticket")) else {
        return Err(Refusal::code(40001));
    };
    if client != view.settings.baidu_key {
        return Err(Refusal::code(50002));
    }
    match view.platform.authorizations.ticket(BAIDU, ticket, view.now) {
        Standing::Good => {}
        Standing::Expired => return Err(Refusal::code(502)),
        Standing::Used | Standing::Unknown => return Err(Refusal::code(50003)),
    }
    Step::effect(|scene: &mut Scene<'_, Apps>| {
        let (token, expires_in) = issue(scene, &Holder::Platform(BAIDU));
        json!({ "access_token": token, "expires_in": expires_in, "scope": "public" }).into()
    })
}

pub(super) fn createpreauthcode(_: &PlatformView<'_>) -> Verdict<Apps> {
    Step::effect(|scene: &mut Scene<'_, Apps>| {
        let code = scene.platform.authorizations.issue_visit(BAIDU, scene.now, VISIT_LIFETIME);
        json!({ "pre_auth_code": code, "expires_in": VISIT_LIFETIME.as_secs() }).into()
    })
}

pub(super) fn refreshes(call: &Call) -> bool {
    call.param("grant_type") == Some("app_to_tp_refresh_token")
}

/// Exchanges a code or a refresh token for both tokens of an app.
pub(super) fn oauth(view: &PlatformView<'_>) -> Verdict<Apps> {
    match view.call.param("grant_type").unwrap_or_default() {
        "" => Err(Refusal::oauth(OAuthError::InvalidRequest, "Required parameter missing: grant_type")),
        "app_to_tp_authorization_code" => exchange(view),
        "app_to_tp_refresh_token" => refresh(view),
        _ => {
            let description = "The authorization grant type is not supported";
            Err(Refusal::oauth(OAuthError::UnsupportedGrantType, description))
        }
    }
}

fn exchange(view: &PlatformView<'_>) -> Verdict<Apps> {
    let code = view.call.param("code").unwrap_or_default().to_owned();
    if code.is_empty() {
        return Err(Refusal::oauth(OAuthError::InvalidRequest, "Required parameter missing: code"));
    }
    let redeemable = view.platform.authorizations.redeemable(BAIDU, &code, view.state, view.now);
    let app = redeemable.map_err(|standing| {
        let description = match standing {
            Standing::Used => "authorization code has been used",
            Standing::Expired => "authorization code expired",
            Standing::Good | Standing::Unknown => "Invalid authorization code",
        };
        Refusal::oauth(OAuthError::InvalidGrant, description)
    })?;
    Step::effect(move |scene: &mut Scene<'_, Apps>| {
        scene.platform.authorizations.use_code(&code);
        count(scene.state, &app, "exchange");
        tokens(scene, &app)
    })
}

/// Spends the refresh token and returns the next one.
fn refresh(view: &PlatformView<'_>) -> Verdict<Apps> {
    let given = view.call.param("refresh_token").unwrap_or_default();
    if !given.starts_with("46.") {
        return Err(Refusal::oauth(OAuthError::InvalidRequest, "invalid refresh token"));
    }
    let owner = view.platform.authorizations.owner(given).cloned();
    let app = owner.ok_or_else(|| Refusal::oauth(OAuthError::InvalidGrant, "Invalid refresh token"))?;
    if !view.state.get(&app).is_some_and(|app| app.grant.accepts(given, view.now)) {
        return Err(Refusal::oauth(OAuthError::InvalidGrant, "refresh token has been used"));
    }
    Step::effect(move |scene: &mut Scene<'_, Apps>| {
        count(scene.state, &app, "refresh");
        tokens(scene, &app)
    })
}

/// Issues both tokens of an app; the previous ones are refused from now on.
fn tokens(scene: &mut Scene<'_, Apps>, id: &AppId) -> Content {
    let refresh_token = scene
        .state
        .get_mut(id)
        .map(|app| scene.platform.authorizations.renew(BAIDU, id, &mut app.grant, None, scene.now));
    let (token, expires_in) = issue(scene, &Holder::App(id.clone()));
    let answer = json!({ "access_token": token, "refresh_token": refresh_token, "expires_in": expires_in });
    match answer {
        Value::Object(fields) => Content::Bare(fields),
        other => Content::Data(other),
    }
}

/// Issues a new code for an app that has authorized the platform.
pub(super) fn retrieve(view: &PlatformView<'_>) -> Verdict<Apps> {
    let id = view.call.param("app_id").filter(|id| id.parse::<u64>().is_ok()).ok_or(Refusal::code(40001))?;
    let id = AppId::from(id);
    match view.state.get(&id) {
        Some(App { account: Account::Baidu(_), grant, .. }) if grant.since.is_some() => {}
        _ => return Err(Refusal::code(50032)),
    }
    Step::effect(move |scene: &mut Scene<'_, Apps>| {
        count(scene.state, &id, "recover");
        let authorizations = &mut scene.platform.authorizations;
        let code = authorizations.issue_code(BAIDU, &id, scene.now, RETRIEVED_LIFETIME);
        json!({ "authorization_code": code, "expires_in": RETRIEVED_LIFETIME.as_secs() }).into()
    })
}

fn issue(scene: &mut Scene<'_, Apps>, holder: &Holder) -> (String, u64) {
    let lifetime = scene.settings.token_lifetime(BAIDU, holder);
    (scene.platform.tokens.issue(BAIDU, holder, scene.now, lifetime).text, lifetime.as_secs())
}
