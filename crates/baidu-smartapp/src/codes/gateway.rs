//! The gateway in front of the service, `error_code`: the list that Baidu publishes for its open APIs.

use miniprogram_core::ErrorKind::{
    InvalidArgument, NotFound, PermissionDenied, QuotaExhausted, RateLimited, TokenRejected, Unavailable,
    Vendor,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::advice::{access, quota, request, token};
use super::{ALLIANCE_CALLS, GIVEN_TOKEN_CALLS};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(1, Unavailable, "Unknown error").open().advice(request::BUSY),
    CodeRow::new(2, Unavailable, "Service temporarily unavailable").open().advice(request::BUSY),
    CodeRow::new(3, NotFound, "Unsupported openapi method").advice(request::PATH),
    CodeRow::new(4, RateLimited, "Open api request limit reached").advice(quota::CALLS),
    CodeRow::new(5, PermissionDenied, "Unauthorized client IP address").advice(access::ALLOW_LIST),
    CodeRow::new(6, PermissionDenied, "No permission to access data").owner(Merchant).advice(access::GRANT),
    CodeRow::new(7, PermissionDenied, "No permission to access data for this referer"),
    CodeRow::new(13, Unavailable, "Get service token failed").open().advice(request::BUSY),
    CodeRow::new(14, PermissionDenied, "IAM Certification failed"),
    CodeRow::new(15, NotFound, "app not exists or create failed").advice(token::PLATFORM_KEY),
    CodeRow::new(17, QuotaExhausted, "Open api daily request limit reached").advice(quota::DAY),
    CodeRow::new(18, RateLimited, "Open api qps request limit reached").advice(quota::CALLS),
    CodeRow::new(19, QuotaExhausted, "Open api total request limit reached").retry(Retry::No).advice(quota::TOTAL),
    CodeRow::new(100, InvalidArgument, "Invalid parameter").retry(Retry::AfterRefresh).advice(token::BAD_OR_MISSING),
    CodeRow::new(100, TokenRejected, "Invalid parameter").only(GIVEN_TOKEN_CALLS).advice(token::BAD_OR_MISSING),
    CodeRow::new(100, InvalidArgument, "Invalid parameter").only(ALLIANCE_CALLS).retry(Retry::AfterRefresh).advice(token::ALLIANCE),
    CodeRow::new(101, PermissionDenied, "Invalid API key").advice(token::PLATFORM_KEY),
    CodeRow::new(102, TokenRejected, "Session key invalid or no longer valid").advice(token::REFRESH),
    CodeRow::new(103, InvalidArgument, "Invalid/Used call_id parameter"),
    CodeRow::new(104, InvalidArgument, "Incorrect signature"),
    CodeRow::new(105, InvalidArgument, "Too many parameters"),
    CodeRow::new(106, InvalidArgument, "Unsupported signature method"),
    CodeRow::new(107, InvalidArgument, "Invalid/Used timestamp parameter"),
    CodeRow::new(108, InvalidArgument, "Invalid user id"),
    CodeRow::new(109, InvalidArgument, "Invalid user info field"),
    CodeRow::new(110, TokenRejected, "Access token invalid or no longer valid").advice(token::REFRESH),
    CodeRow::new(110, TokenRejected, "Access token invalid or no longer valid").only(ALLIANCE_CALLS).advice(token::ALLIANCE),
    CodeRow::new(111, TokenRejected, "Access token expired").advice(token::REFRESH),
    CodeRow::new(111, TokenRejected, "Access token expired").only(ALLIANCE_CALLS).advice(token::ALLIANCE),
    CodeRow::new(112, TokenRejected, "Session key expired").advice(token::REFRESH),
    CodeRow::new(114, InvalidArgument, "Invalid Ip"),
    CodeRow::new(210, PermissionDenied, "User not visible"),
    CodeRow::new(211, PermissionDenied, "Unsupported permission"),
    CodeRow::new(212, PermissionDenied, "No permission to access user email"),
    CodeRow::new(800, Vendor, "Data store error"),
    CodeRow::new(801, Vendor, "Data store error"),
    CodeRow::new(802, Vendor, "Data store error"),
    CodeRow::new(803, Vendor, "Data store error"),
    CodeRow::new(804, Vendor, "Data store error"),
    CodeRow::new(805, Vendor, "Data store error"),
    CodeRow::new(806, Vendor, "Data store error"),
];
