//! The authorization service, `error`: the list that Baidu publishes for its OAuth service.

use crate::endpoints;
use std::time::Duration;

use miniprogram_core::ErrorKind::{Conflict, InvalidArgument, PermissionDenied, RateLimited, Unauthorized};
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::{Merchant, Platform};

use super::REFRESH_TOKEN_INVALID;
use super::advice::token;

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::word("invalid_request", InvalidArgument, "parameter missing, unsupported or malformed; also said of a refresh token").advice(token::GRANT),
    CodeRow::word("invalid_request", Unauthorized, "invalid refresh token").variant(REFRESH_TOKEN_INVALID).owner(Platform).advice(token::RECOVER),
    CodeRow::word("invalid_client", PermissionDenied, "client_id / client_secret wrong").advice(token::CLIENT),
    CodeRow::word("invalid_client", PermissionDenied, "client_id / client_secret wrong").only(const { &[&endpoints::CLIENT_TOKEN] }).advice(token::ALLIANCE_CLIENT),
    CodeRow::word("invalid_grant", Unauthorized, "authorization code or refresh token invalid, expired, used or revoked").owner(Platform).advice(token::RECOVER),
    CodeRow::word("unauthorized_client", PermissionDenied, "grant type not allowed for this client").advice(token::GRANT_TYPE),
    CodeRow::word("unsupported_grant_type", InvalidArgument, "unsupported grant type").advice(token::GRANT_TYPE),
    CodeRow::word("invalid_scope", InvalidArgument, "invalid scope").advice(token::SCOPE),
    CodeRow::word("expired_token", Unauthorized, "refresh token expired").owner(Platform).advice(token::RECOVER),
    CodeRow::word("redirect_uri_mismatch", InvalidArgument, "redirect uri mismatch").advice(token::REDIRECT),
    CodeRow::word("unsupported_response_type", InvalidArgument, "unsupported response type"),
    CodeRow::word("slow_down", RateLimited, "asked too often (device flow)").wait(Duration::from_secs(6)).advice(token::DEVICE_POLL),
    CodeRow::word("authorization_pending", Conflict, "the user has not decided yet (device flow)").owner(Merchant).advice(token::DEVICE_WAIT),
    CodeRow::word("authorization_declined", PermissionDenied, "the user declined (device flow)").owner(Merchant).advice(token::DEVICE_DECLINED),
    CodeRow::word("invalid_referer", PermissionDenied, "referer not allowed (implicit flow)"),
];
