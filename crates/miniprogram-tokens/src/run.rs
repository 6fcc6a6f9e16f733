//! Renewal ahead of time, spread out over the lifetime of the tokens.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use futures::future::{Shared, select};
use futures::{FutureExt, StreamExt, stream};
use miniprogram_core::token::TokenScope;
use miniprogram_core::{Result, Timestamp, Vendor};
use miniprogram_store::{GrantState, TokenFilter, TokenRecord};

use crate::manager::{RenewalState, TokenManager};
use crate::metrics;
use crate::work::Work;

/// How many records are read at once.
const PAGE: u32 = 500;
/// The maximum interval between passes through the store: other processes add records too.
const WALK: Duration = Duration::from_secs(60);
const MIN_WAIT: Duration = Duration::from_secs(1);
/// A token is renewed at a point between these fractions of its lifetime.
const EARLIEST: f64 = 2.0 / 3.0;
const LATEST: f64 = 0.9;
/// How long to wait after a failure; doubled with every further failure.
const MIN_BACKOFF: Duration = Duration::from_secs(60);
const MAX_BACKOFF: Duration = Duration::from_secs(3600);

/// A token to be renewed.
#[derive(Debug)]
struct Due {
    scope: TokenScope,
    generation: i64,
    /// When it expires: the token that expires first is renewed first.
    ends: Timestamp,
}

/// The result of a pass through the store.
#[derive(Debug)]
struct Found {
    due: Vec<Due>,
    /// How many records and tickets cannot be read.
    unreadable: usize,
    /// When something else becomes due.
    next: Timestamp,
}

/// A scope whose renewal failed.
#[derive(Debug)]
struct Failing {
    failures: u32,
    not_before: Timestamp,
}

impl TokenManager {
    /// Renews every token before it expires, until shutdown. Each token is renewed at its own point between two
    /// thirds and nine tenths of its lifetime, so that tokens issued together are not renewed together. The point
    /// depends only on the scope: several processes agree on it, and the lease admits one of them. Tokens that
    /// need the merchant, and those that do not expire, are left alone.
    ///
    /// Errors do not end it: a token that cannot be renewed is retried after a growing pause of at most an hour,
    /// and a store that cannot be read is retried within a minute. On shutdown, renewals in progress are
    /// finished.
    pub async fn run(&self, shutdown: impl Future<Output = ()> + Send) {
        let shutdown = shutdown.shared();
        let mut work = Work::new(self);
        let mut failing = HashMap::new();
        loop {
            let next = match self.walk(&work, &mut failing).await {
                Ok(found) => {
                    self.renew_all(&mut work, found.due, &mut failing, shutdown.clone()).await;
                    self.note_renewals(RenewalState {
                        failing: failing.len(),
                        unreadable: found.unreadable,
                        store_failed: false,
                    });
                    found.next
                }
                Err(error) => {
                    self.note_renewals(RenewalState { store_failed: true, ..self.renewals() });
                    tracing::error!(%error, "the store could not be walked");
                    work.now().after(WALK)
                }
            };
            let wait = next.since(work.now()).clamp(MIN_WAIT, WALK);
            select(shutdown.clone(), work.pause(wait).boxed()).await;
            if shutdown.clone().now_or_never().is_some() {
                return;
            }
        }
    }

    async fn walk(&self, work: &Work, failing: &mut HashMap<TokenScope, Failing>) -> Result<Found> {
        let now = work.now();
        let mut found = Found { due: Vec::new(), unreadable: 0, next: now.after(WALK) };
        let mut without_grant: HashMap<Vendor, u32> =
            self.0.platforms.keys().map(|platform| (platform.vendor, 0)).collect();
        let mut filter = TokenFilter::new(PAGE);
        let mut still_failing = HashSet::new();
        loop {
            let page = self.0.store.tokens(&filter).await?;
            for record in &page.unreadable {
                tracing::error!(key = ?record.key, reason = record.reason, "a token's record cannot be read");
            }
            found.unreadable += page.unreadable.len();
            for record in page.records.into_iter().filter(|record| self.0.api(&record.scope).is_ok()) {
                if let Some(part) = record.unreadable.first() {
                    found.unreadable += 1;
                    let (vendor, token) = (record.scope.vendor, &record.scope);
                    tracing::error!(%vendor, %token, part.column, part.reason, "a token cannot be read");
                }
                if record.state == GrantState::NeedsReauthorization {
                    *without_grant.entry(record.scope.vendor).or_default() += 1;
                }
                let Some(mut at) = due_at(&record, now) else { continue };
                if let Some(failing) = failing.get(&record.scope) {
                    at = at.max(failing.not_before);
                    still_failing.insert(record.scope.clone());
                }
                if at > now {
                    found.next = found.next.min(at);
                    continue;
                }
                let ends = record.access.as_ref().and_then(|access| access.expires_at).unwrap_or(now);
                found.due.push(Due { scope: record.scope, generation: record.generation, ends });
            }
            let Some(next) = page.next else { break };
            filter = TokenFilter::new(PAGE).after(next);
        }
        for platform in self.0.platforms.keys() {
            if let Err(error) = self.0.store.ticket(platform).await {
                found.unreadable += 1;
                tracing::error!(vendor = %platform.vendor, %error, "a ticket cannot be read: the next push replaces it");
            }
        }
        metrics::unreadable(found.unreadable);
        // A scope that is gone, or needs the merchant by now, no longer counts as failing.
        failing.retain(|scope, _| still_failing.contains(scope));
        for (vendor, count) in without_grant {
            metrics::needing_reauthorization(vendor, count);
        }
        found.due.sort_by_key(|due| due.ends);
        Ok(found)
    }

    async fn renew_all(
        &self,
        work: &mut Work,
        due: Vec<Due>,
        failing: &mut HashMap<TokenScope, Failing>,
        shutdown: Shared<impl Future<Output = ()>>,
    ) {
        let renewals = stream::iter(due)
            .take_until(shutdown)
            .map(|due| async move {
                let _busy = self.0.clock.enter();
                let result = self.renew_beyond(&due.scope, due.generation).await;
                (due.scope, result)
            })
            .buffer_unordered(self.0.concurrency)
            .collect::<Vec<_>>();
        let results = work.lend(renewals).await;
        let now = work.now();
        for (scope, result) in results {
            match result {
                Ok(_) => drop(failing.remove(&scope)),
                Err(error) => {
                    let failures = failing.get(&scope).map_or(0, |failing| failing.failures);
                    let pause = MIN_BACKOFF.saturating_mul(1 << failures.min(10)).min(MAX_BACKOFF);
                    tracing::warn!(vendor = %scope.vendor, token = %scope, %error, "not renewed ahead of time");
                    failing.insert(scope, Failing { failures: failures + 1, not_before: now.after(pause) });
                }
            }
        }
    }
}

/// Returns when a token is to be renewed; `None` if it is not.
fn due_at(record: &TokenRecord, now: Timestamp) -> Option<Timestamp> {
    // At generation 0 there is nothing to renew: the process that began it will try again.
    if !record.state.is_granted() || record.generation == 0 || record.obstacle().is_some() {
        return None;
    }
    if let Some(lease) = &record.lease {
        // Another process is renewing it, or died: the next holder settles it.
        return Some(lease.until);
    }
    match &record.access {
        Some(access) if !access.refused => {
            let life = access.lifetime()?;
            Some(access.issued_at.after(life.mul_f64(point(&record.scope))))
        }
        _ => Some(now),
    }
}

/// Returns the fraction of its lifetime at which a scope's token is renewed; it is always the same.
fn point(scope: &TokenScope) -> f64 {
    let mut hasher = DefaultHasher::new();
    scope.hash(&mut hasher);
    let drawn = fastrand::Rng::with_seed(hasher.finish()).f64();
    EARLIEST + (LATEST - EARLIEST) * drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: Vendor = Vendor::new("acme");

    #[test]
    fn ten_thousand_tokens_of_one_minute_are_renewed_over_half_an_hour() {
        let life = 7200.0;
        let mut minutes = HashMap::<u64, u32>::new();
        for app in 0..10_000_u64 {
            let scope = TokenScope::authorizer(ACME, "platform".into(), app.into());
            let point = point(&scope);
            assert!((EARLIEST..LATEST).contains(&point), "{point}");
            *minutes.entry((life * point / 60.0) as u64).or_default() += 1;
        }
        assert_eq!(minutes.len(), 28);
        assert!(minutes.values().all(|count| (200..500).contains(count)), "{minutes:?}");
    }
}
