//! New tokens are stored before anything else sees them, and are not lost if they cannot be stored.

use std::time::Duration;

use miniprogram_core::{ErrorKind, Result};
use miniprogram_store::{Lease, NewTokens, TokenRecord};

use crate::alarm::Alarm;
use crate::manager::{Inner, TokenManager};
use crate::metrics;
use crate::work::Work;

const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

impl Inner {
    /// Commits new tokens and makes them current. `None` if the lease was lost and the store contains something
    /// else.
    pub(crate) async fn commit(&self, lease: &Lease, tokens: &NewTokens) -> Result<Option<TokenRecord>> {
        let record = match self.store.commit(lease, tokens, self.clock.now()).await {
            Ok(record) => record,
            Err(error) if error.kind() == ErrorKind::Conflict => {
                // An earlier commit of the same tokens may have succeeded although the store reported otherwise.
                let record = self.store.token(&lease.scope).await?;
                let ours = tokens.access.as_ref().map(|access| &access.token);
                let same = |record: &TokenRecord| {
                    ours.is_some() && record.access.as_ref().map(|access| &access.token) == ours
                };
                match record.filter(same) {
                    Some(record) => record,
                    None => {
                        tracing::warn!(vendor = %lease.scope.vendor, token = %lease.scope, "the lease was lost; what its new holder wrote stays");
                        return Ok(None);
                    }
                }
            }
            Err(error) => return Err(error),
        };
        self.remember(&record);
        Ok(Some(record))
    }
}

impl TokenManager {
    /// Keeps tokens that could not be stored, and writes them as soon as possible.
    pub(crate) fn set_aside(&self, lease: Lease, tokens: NewTokens) {
        let scope = lease.scope.clone();
        self.0.set_unsaved(&scope, true);
        metrics::unsaved(&scope, 1.0);
        self.0.alarms.raise(&Alarm::UnsavedToken { scope });
        tokio::spawn(save(Work::new(self), lease, tokens));
    }
}

/// Retries until the store responds, either with the record or with newer tokens of another process.
async fn save(work: Work, lease: Lease, tokens: NewTokens) {
    let inner = &work.manager.0;
    let scope = &lease.scope;
    let mut pause = MIN_PAUSE;
    loop {
        work.pause(pause).await;
        match inner.commit(&lease, &tokens).await {
            Err(error) if error.kind() == ErrorKind::Store => {
                tracing::error!(vendor = %scope.vendor, token = %scope, %error, "a new token is still not stored");
                pause = (pause * 2).min(MAX_PAUSE);
            }
            Err(error) => {
                tracing::error!(vendor = %scope.vendor, token = %scope, %error, "the store refuses a new token");
                break;
            }
            Ok(_) => break,
        }
    }
    inner.set_unsaved(scope, false);
    metrics::unsaved(scope, -1.0);
    inner.alarms.raise(&Alarm::TokenSaved { scope: scope.clone() });
}
