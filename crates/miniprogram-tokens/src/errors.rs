//! The errors of this crate, with advice on what to do next.

use miniprogram_core::token::TokenScope;
use miniprogram_core::{Advice, AppId, Error, ErrorKind, Outcome, Timestamp};
use miniprogram_store::UnreadablePart;

const OPERATION: &str = "token";

const AUTHORIZE: Advice = Advice::new(
    "let the merchant authorize the platform on its authorization page; a grant that the vendor still knows comes back with `auth recover`",
    "请商家在授权页重新授权；若平台侧仍保留授权关系，可用 `auth recover` 找回",
);
const AUTHORIZE_AGAIN: Advice = Advice::new(
    "let the merchant authorize the platform again: refresh and recovery were refused",
    "刷新与找回均被拒绝，请商家重新授权给第三方平台",
);
const TICKET: Advice = Advice::new(
    "check the URL of authorization events and its decoder: the vendor pushes a ticket every 10 minutes; ask for pushes, or save one by hand with `auth ticket`",
    "请检查授权事件接收 URL 及解密配置：平台每 10 分钟推送一次 ticket；也可主动开启推送，或用 `auth ticket` 手工写入",
);
const STORE: Advice = Advice::new(
    "repair the store and keep the process running: the new token is kept in memory and written as soon as the store takes it",
    "请修复存储并保持进程运行：新令牌暂存于内存，存储恢复后会立即写入",
);

const UNREADABLE: Advice = Advice::new(
    "get the authorization back with `auth recover`, or let `auth exchange` replace it; `store check` names what cannot be read",
    "请用 `auth recover` 找回授权，或用 `auth exchange` 重新写入；`store check` 会列出无法读取的内容",
);
const MISSING_KEY: Advice = Advice::new(
    "add the missing key to MINIPROGRAM_STORE_PREVIOUS_KEYS: nothing is lost",
    "请将缺失的密钥加入 MINIPROGRAM_STORE_PREVIOUS_KEYS：数据并未丢失",
);

fn of(kind: ErrorKind, scope: &TokenScope) -> Error {
    Error::new(kind, OPERATION).for_vendor(scope.vendor)
}

/// Returns the error for a record that is not renewed because a part of it cannot be read.
pub(crate) fn unreadable(scope: &TokenScope, part: &UnreadablePart) -> Error {
    of(ErrorKind::Store, scope)
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("the {scope} cannot be renewed: {}", part.reason))
        .with_translated_advice(if part.lacks_key { MISSING_KEY } else { UNREADABLE })
}

/// Returns the error for a scope that the manager does not serve.
pub(crate) fn not_served(scope: &TokenScope) -> Error {
    let detail = format!("there is no {scope} here: no such platform ({}) was configured", scope.platform);
    of(ErrorKind::Config, scope).with_detail(detail)
}

/// Returns the error for the token of a platform that has none, since its requests are signed.
pub(crate) fn without_platform_token(scope: &TokenScope) -> Error {
    Error::unsupported(scope.vendor, OPERATION)
        .with_detail("the platform signs its requests and has no token of its own")
}

pub(crate) fn no_runtime(scope: &TokenScope) -> Error {
    of(ErrorKind::Config, scope)
        .with_detail("must be called on a tokio runtime: renewals are tasks of their own")
}

/// Returns the error for work that ended with its runtime, or panicked.
pub(crate) fn lost(scope: &TokenScope) -> Error {
    of(ErrorKind::Cancelled, scope).with_outcome(Outcome::Unknown).with_detail("the renewal was cut short")
}

pub(crate) fn never_authorized(scope: &TokenScope) -> Error {
    of(ErrorKind::Unauthorized, scope)
        .with_detail(format!("no {scope} is stored"))
        .with_translated_advice(AUTHORIZE)
}

pub(crate) fn revoked(scope: &TokenScope, at: Option<Timestamp>) -> Error {
    let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
    of(ErrorKind::Unauthorized, scope)
        .with_detail(format!("the merchant revoked the authorization{at}"))
        .with_translated_advice(AUTHORIZE)
}

pub(crate) fn needs_reauthorization(scope: &TokenScope, refusal: Option<Error>) -> Error {
    let error = of(ErrorKind::Unauthorized, scope)
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("the {scope} can neither be refreshed nor recovered"))
        .with_translated_advice(AUTHORIZE_AGAIN);
    let Some(refusal) = refusal else { return error };
    match refusal.vendor_error().cloned() {
        Some(answer) => error.with_vendor(answer).with_source(refusal),
        None => error.with_source(refusal),
    }
}

/// Returns the error for an authorization that yielded no access token.
pub(crate) fn nothing_granted(scope: &TokenScope) -> Error {
    of(ErrorKind::Unauthorized, scope)
        .with_detail(format!("the merchant's authorization yielded no {scope}"))
        .with_translated_advice(AUTHORIZE)
}

/// Returns the error if every new token was refused before it could be provided.
pub(crate) fn refused_at_once(scope: &TokenScope) -> Error {
    of(ErrorKind::TokenRejected, scope)
        .with_outcome(Outcome::NotDone)
        .with_detail(format!("every new {scope} is refused at once"))
}

pub(crate) fn no_ticket(scope: &TokenScope) -> Error {
    of(ErrorKind::Config, scope)
        .with_field("ticket")
        .with_detail(format!("has not arrived yet: without it there is no {scope}"))
        .with_translated_advice(TICKET)
}

pub(crate) fn ticket_refused(error: Error, created_at: Timestamp) -> Error {
    error
        .with_field("ticket")
        .with_detail(format!("of {created_at}, the newest one stored, is refused"))
        .with_translated_advice(TICKET)
}

/// Returns the error if new tokens are only in memory because they could not be stored.
pub(crate) fn unsaved(scope: &TokenScope) -> Error {
    of(ErrorKind::Store, scope)
        .with_detail(format!("a new {scope} is not stored yet and nothing is renewed before it is"))
        .with_translated_advice(STORE)
}

pub(crate) fn could_not_save(scope: &TokenScope, error: Error) -> Error {
    unsaved(scope).with_source(error)
}

/// Returns the error if other processes keep holding the lease.
pub(crate) fn held(scope: &TokenScope, until: Timestamp) -> Error {
    of(ErrorKind::Unavailable, scope)
        .with_detail(format!("another process has been renewing the {scope} for too long, now until {until}"))
}

/// Returns the error for a response that belongs to another app.
pub(crate) fn of_another_app(
    scope: &TokenScope,
    operation: &'static str,
    outcome: Outcome,
    other: &AppId,
) -> Error {
    Error::new(ErrorKind::Conflict, operation)
        .for_vendor(scope.vendor)
        .with_outcome(outcome)
        .with_field("app_id")
        .with_detail(format!("of the answer is {other}; nothing was stored for it or for the {scope}"))
}

/// Returns the error for the code of another app, which is spent.
pub(crate) fn code_of_another_app(scope: &TokenScope, other: &AppId) -> Error {
    let vendor = scope.vendor;
    of_another_app(scope, "exchange", Outcome::Done, other).with_advice(format!(
        "the code is spent; `auth recover --vendor {vendor} --app {other}` gets that app's authorization"
    ))
}

/// Returns the error for a successful response without an access token, or with an empty refresh token.
pub(crate) fn without_token(scope: &TokenScope, field: &'static str) -> Error {
    of(ErrorKind::Protocol, scope)
        .with_outcome(Outcome::Unknown)
        .with_field(field)
        .with_detail("is missing from the response, or empty; nothing was stored")
}
