//! The token manager obtains, renews and gives up Acme's tokens over Acme's own API, and keeps them in a file.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::authorization::AuthorizationRequest;
use miniprogram_core::clock::{Clock, VirtualClock};
use miniprogram_core::transport::BaseUrl;
use miniprogram_core::*;
use miniprogram_store::{GrantState, PlatformKey, SqliteStore, StoreOptions, TokenFilter};
use miniprogram_tokens::TokenManager;

use super::super::acme::{ACME, AcmeApp, AcmeAuthorization, AcmePlatform, Key};
use super::super::server::{Acme, CONSOLE_KEY, PLATFORM};
use super::say;

const DAY: Duration = Duration::from_secs(86_400);

/// What a process has.
struct Process {
    tokens: TokenManager,
    platform: AcmePlatform,
}

impl Process {
    async fn start(store: &Path, acme: &BaseUrl, clock: &VirtualClock) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Arc::new(SqliteStore::migrate(store, StoreOptions::default()).await?);
        let config = |config: ClientConfig| config.with_base_url(acme.clone()).with_clock(clock.clone());
        // guide: tokens
        let key = Key::new(CONSOLE_KEY);
        let chain = AcmeAuthorization::new(config(ClientConfig::without_tokens(PLATFORM)), key.clone())?;
        let tokens =
            TokenManager::builder(store).with_platform(Arc::new(chain)).with_clock(clock.clone()).build()?;
        let platform = AcmePlatform::new(config(ClientConfig::new(PLATFORM, Arc::new(tokens.clone()))), key)?;
        // end
        Ok(Self { tokens, platform })
    }

    fn app(&self, app: &str) -> AcmeApp {
        self.platform.app(app.into())
    }
}

/// Runs the token chain.
pub(crate) async fn run() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let store = directory.path().join("state.db");
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let acme = Acme::new(Arc::new(clock.clone()));
    let address = acme.listen().await?;
    let key = PlatformKey::new(ACME, PLATFORM);
    for app in ["bakery", "florist"] {
        acme.world().apps.entry(app.to_owned()).or_default();
    }

    let process = Process::start(&store, &address, &clock).await?;
    let page = AuthorizationRequest::new("https://platform.example/back");
    let link = process.tokens.authorization_url(&key, &page).await?;
    assert_eq!(link.expires_in, None);
    say("tokens       the merchant's page needs no pre-authorization code");

    // One merchant sets no term, the other one of 30 days.
    for (app, term) in [("bakery", None), ("florist", Some(DAY * 30))] {
        let code = acme.world().grants.consent(app, term);
        let granted = process.tokens.exchange(&key, &code.into(), Some(&app.into()), None).await?;
        assert_eq!(granted.app, AppId::from(app));
        process.app(app).visit_status().await?;
    }
    say("tokens       codes are exchanged by signed requests, without a token of the platform");

    let generations = async |process: &Process| -> Result<Vec<i64>> {
        let all = process.tokens.status(&TokenFilter::new(9)).await?;
        Ok(all.iter().map(|token| token.generation).collect())
    };
    assert_eq!(generations(&process).await?, [1, 1]);
    clock.advance(DAY * 365 * 10);
    // The refresh token is used once, and the next one is stored before the new token is provided.
    for _ in 0..2 {
        process.app("bakery").visit_status().await?;
        process.app("florist").visit_status().await?;
    }
    assert_eq!(generations(&process).await?, [1, 2]);
    say("tokens       a token without an end is still provided after ten years, another one is renewed");

    drop(process);
    let process = Process::start(&store, &address, &clock).await?;
    process.app("bakery").visit_status().await?;
    assert_eq!(generations(&process).await?, [1, 2]);
    say("tokens       the next process reads them from the store");

    for app in ["bakery", "florist"] {
        acme.world().grants.revoke(app);
        let error = process.app(app).visit_status().await.expect_err("the merchant took the grant back");
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        assert!(!format!("{error:#} {error:?}").contains("app-token-"), "Acme repeats tokens: {error:#}");
    }
    let states = process.tokens.status(&TokenFilter::new(9)).await?;
    assert!(states.iter().all(|token| token.state == GrantState::NeedsReauthorization), "{states:?}");
    let error = process.tokens.recover(&key, &"bakery".into()).await.expect_err("there is no recovery");
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:#}");
    say("tokens       what was taken back needs the merchant, since Acme has no recovery");

    let code = acme.world().grants.consent("bakery", None);
    process.tokens.exchange(&key, &code.into(), Some(&"bakery".into()), None).await?;
    process.app("bakery").visit_status().await?;
    say("tokens       and comes back with the merchant");
    Ok(())
}
