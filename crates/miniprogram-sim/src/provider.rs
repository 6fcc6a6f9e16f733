//! The simulator as the one who knows all tokens.

use async_trait::async_trait;
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::{Error, ErrorKind, Result};

use crate::Simulator;

/// Hands out the tokens that are valid, for clients under test. A real platform uses a provider that refreshes and stores
/// them.
#[async_trait]
impl TokenProvider for Simulator {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let issued = match &scope.app {
            Some(app) => Self::token(self, app),
            None => self.platform_token(scope.vendor),
        };
        AccessToken::new(issued.map_err(|error| {
            Error::new(ErrorKind::Config, "token")
                .with_detail(format!("the simulator has no {scope}"))
                .with_source(error)
        })?)
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<()> {
        Ok(())
    }
}
