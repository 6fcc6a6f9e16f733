//! A custom token provider: it caches per app, fetches once for concurrent callers, and drops a token only if it is the
//! one that was refused.
//!
//! ```sh
//! cargo run --example custom_token_provider
//! ```
//!
//! The simulator plays the vendor and lets the token expire midway.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use miniprogram::token::{AccessToken, TokenProvider, TokenScope};
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{AppSpec, SimConfig, Simulator};
use tokio::sync::Mutex;

/// Caches tokens in memory. Replace `fetch` with your own store or token service.
#[derive(Debug)]
struct CachingTokens {
    sim: Arc<Simulator>,
    /// Held while fetching, so that concurrent callers fetch once.
    cache: Mutex<HashMap<TokenScope, AccessToken>>,
    fetched: AtomicU32,
}

impl CachingTokens {
    async fn fetch(&self, scope: &TokenScope) -> Result<AccessToken> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let refuse = || Error::new(ErrorKind::Config, "token").with_detail(format!("no {scope} here"));
        let app = scope.app.as_ref().ok_or_else(refuse)?;
        AccessToken::new(self.sim.token(app).map_err(|error| refuse().with_source(error))?)
    }
}

#[async_trait]
impl TokenProvider for CachingTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken> {
        let mut cache = self.cache.lock().await;
        if let Some(token) = cache.get(scope) {
            return Ok(token.clone());
        }
        let token = self.fetch(scope).await?;
        cache.insert(scope.clone(), token.clone());
        Ok(token)
    }

    async fn reject(&self, scope: &TokenScope, refused: &AccessToken) -> Result<()> {
        let mut cache = self.cache.lock().await;
        // If another caller has replaced it, the new token stays.
        if cache.get(scope) == Some(refused) {
            cache.remove(scope);
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let sim = Arc::new(Simulator::start(SimConfig::new()).await?);
    let app = AppId::from("wxba5fad812f8e6fb9");
    sim.add_app(AppSpec::wechat(app.clone()))?;

    let tokens = Arc::new(CachingTokens {
        sim: Arc::clone(&sim),
        cache: Mutex::default(),
        fetched: AtomicU32::new(0),
    });
    let config = ClientConfig::new(sim.callback(WECHAT)?.platform_id, Arc::<CachingTokens>::clone(&tokens))
        .with_base_url(BaseUrl::parse(&sim.base_url())?);
    let platform = WeChatPlatform::new(config)?;
    let program = platform.authorizer(app.clone());

    println!("visit status: {}", program.visit_status().await?.status);
    sim.expire_token(&app)?;
    println!("the token has expired; the next call is refused once and goes on with a new one");
    println!("visit status: {}", program.visit_status().await?.status);
    let callers = (0..50).map(|_| program.visit_status());
    futures::future::try_join_all(callers).await?;
    let fetched = tokens.fetched.load(Ordering::Relaxed);
    println!("52 calls, {fetched} tokens fetched");
    if fetched == 2 { Ok(()) } else { Err("more tokens were fetched than had expired".into()) }
}
