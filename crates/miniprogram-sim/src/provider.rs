//! The simulator as the one who knows all tokens.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram_core::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram_core::{Error, ErrorKind, Result};

use crate::Simulator;

impl Simulator {
    /// Returns a provider of the tokens that are valid, for clients under test. A real platform uses one that refreshes
    /// and stores them.
    #[must_use]
    pub fn tokens(self: &Arc<Self>) -> Arc<dyn TokenProvider> {
        Arc::new(Tokens(Arc::clone(self)))
    }
}

#[derive(Debug)]
struct Tokens(Arc<Simulator>);

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let issued = match &scope.app {
            Some(app) => self.0.token(app),
            None => self.0.platform_token(scope.vendor),
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
