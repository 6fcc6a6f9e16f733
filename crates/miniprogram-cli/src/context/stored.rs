//! The tokens of a vendor whose entry has no calls that obtain any.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram::{Error, ErrorKind, Result};
use miniprogram_store::Store;

/// Tokens that another program stores: they are read, and never renewed.
#[derive(Debug)]
pub(crate) struct StoredTokens(pub(crate) Arc<dyn Store>);

#[async_trait]
impl TokenProvider for StoredTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let record = self.0.token(scope).await?;
        match record.as_ref().and_then(|record| record.usable(SystemClock.now())) {
            Some(access) => Ok(access.token.clone()),
            None => Err(Error::new(ErrorKind::Unauthorized, "token")
                .for_vendor(scope.vendor)
                .with_detail(format!("the store has no usable {scope}, and nothing here can obtain one"))
                .with_advice(
                    "give one with --access-token, or let the program that obtains tokens store it",
                )),
        }
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        self.0.expire(scope, refused, SystemClock.now()).await.map(drop)
    }
}
