//! Metrics for operators. The names are listed in the README.

use miniprogram_core::token::TokenScope;
use miniprogram_core::{Error, Vendor};

/// Records how a call of the token chain ended.
pub(crate) fn call<T>(operation: &'static str, scope: &TokenScope, result: &Result<T, Error>) {
    let outcome = result.as_ref().err().map_or("ok", |error| error.kind().as_str());
    let labels = [
        ("vendor", scope.vendor.to_string()),
        ("kind", scope.kind.as_str().to_owned()),
        ("operation", operation.to_owned()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!("miniprogram_token_calls_total", &labels).increment(1);
    match result {
        Ok(_) => tracing::info!(vendor = %scope.vendor, operation, outcome, token = %scope, "called"),
        Err(error) => {
            tracing::warn!(vendor = %scope.vendor, operation, outcome, token = %scope, %error, "failed");
        }
    }
}

/// Records how a renewal ended, for everyone who waited for it.
pub(crate) fn renewal(scope: &TokenScope, outcome: &'static str) {
    let labels = [
        ("vendor", scope.vendor.to_string()),
        ("kind", scope.kind.as_str().to_owned()),
        ("outcome", outcome.to_owned()),
    ];
    metrics::counter!("miniprogram_token_refreshes_total", &labels).increment(1);
}

/// Records a token that the vendor refused.
pub(crate) fn rejection(scope: &TokenScope) {
    let labels = [("vendor", scope.vendor.to_string()), ("kind", scope.kind.as_str().to_owned())];
    metrics::counter!("miniprogram_token_rejections_total", &labels).increment(1);
    tracing::debug!(vendor = %scope.vendor, token = %scope, "refused by the vendor");
}

/// Records a ticket that arrived.
pub(crate) fn ticket(vendor: Vendor, newest: bool) {
    let labels = [("vendor", vendor.to_string()), ("newest", newest.to_string())];
    metrics::counter!("miniprogram_tickets_total", &labels).increment(1);
}

/// Records a grant that can no longer be renewed.
pub(crate) fn lost_grant(scope: &TokenScope) {
    let labels = [("vendor", scope.vendor.to_string())];
    metrics::counter!("miniprogram_token_grants_lost_total", &labels).increment(1);
}

/// Records how many grants need the merchant.
pub(crate) fn needing_reauthorization(vendor: Vendor, count: u32) {
    let labels = [("vendor", vendor.to_string())];
    metrics::gauge!("miniprogram_tokens_needing_reauthorization", &labels).set(f64::from(count));
}

/// Records how many tokens and tickets in the store cannot be read.
pub(crate) fn unreadable(count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    metrics::gauge!("miniprogram_tokens_unreadable").set(f64::from(count));
}

/// Records that there is one more, or one fewer, token that could not be stored.
pub(crate) fn unsaved(scope: &TokenScope, change: f64) {
    let labels = [("vendor", scope.vendor.to_string())];
    metrics::gauge!("miniprogram_tokens_unsaved", &labels).increment(change);
}
