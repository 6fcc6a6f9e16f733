//! The store, and the tokens in it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use miniprogram::authorization::{AuthorizationApi, PlatformProof};
use miniprogram::clock::SystemClock;
use miniprogram::token::TokenProvider;
use miniprogram::transport::BaseUrl;
use miniprogram::{ClientConfig, Error, ErrorKind, MiniProgramPlatform, Secret};
use miniprogram_store::{PlatformKey, Store, StoreJournal, StoreKeys, StoreOptions};
use miniprogram_tokens::TokenManager;

use super::stored::StoredTokens;
use super::{Context, ambiguous};
use crate::cli;
use crate::config::{Overrides, Platform, Settings};
use crate::failure::Failure;

/// The options that give a store.
const STORE: &str = "--store <URL>, or MINIPROGRAM_STORE in the environment, or `store` in the configuration";

/// How many call timeouts a renewal lease lasts. A process that dies with it delays others for as long.
const CALLS_OF_A_RENEWAL: u32 = 6;
const MIN_LEASE: Duration = Duration::from_secs(1);

/// The store that a command has opened, closed when the command ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<Option<Arc<dyn Store>>>>);

impl Held {
    /// Completes pending writes and closes the store.
    pub(crate) async fn close(&self) {
        let store = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(store) = store {
            store.close().await;
        }
    }
}

/// A store, and the tokens of a platform in it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) tokens: TokenManager,
}

impl Context {
    /// The store to close when the command ends.
    pub(crate) fn held(&self) -> Held {
        self.held.clone()
    }

    /// The configuration.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        self.settings_with(None)
    }

    /// The configuration, with an address to listen on that overrides it.
    pub(crate) fn settings_with(&self, listen: Option<SocketAddr>) -> Result<Settings, Error> {
        let common = &self.common;
        let given = Overrides { file: common.config.as_deref(), store: common.store.as_ref(), listen };
        Settings::read(&given, &self.vendors)
    }

    /// The one platform that the options name.
    pub(crate) fn one_platform<'a>(&self, settings: &'a Settings) -> Result<&'a Platform, Failure> {
        let vendor = self.vendor.as_ref().map(|entry| entry.vendor());
        let fitting = settings.named(vendor, self.platform_id());
        match fitting[..] {
            [platform] => Ok(platform),
            [] if settings.platforms.is_empty() => {
                Err(cli::missing(&["--config <FILE>, with a [[platform]] in it"]).into())
            }
            [] => Err(self.absent(settings, vendor).into()),
            _ => Err(ambiguous(&fitting).into()),
        }
    }

    /// The store's URL.
    pub(crate) fn store_url(&self, settings: &Settings) -> Result<Secret, Failure> {
        settings.store()?.ok_or_else(|| cli::missing(&[STORE]).into())
    }

    /// Opens the store for reading and writing, beside the daemon and other commands.
    pub(crate) async fn open(&self, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        self.open_with(settings, StoreOptions::default()).await
    }

    async fn open_with(&self, settings: &Settings, options: StoreOptions) -> Result<Arc<dyn Store>, Failure> {
        if let Some(store) = &*self.held.0.lock().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(store));
        }
        let url = self.store_url(settings)?;
        let options = options.with_keys(StoreKeys::from_env()?);
        Ok(self.keep(miniprogram_store::open_with(url.expose(), options).await?))
    }

    /// Opens the store, created or migrated if necessary.
    pub(crate) async fn migrate(&self, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        let url = self.store_url(settings)?;
        let store = miniprogram_store::migrate(url.expose(), StoreKeys::from_env()?).await?;
        Ok(self.keep(store))
    }

    /// Opens the store read-only.
    pub(crate) async fn open_read_only(&self, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        self.read_with(settings, StoreKeys::from_env()?).await
    }

    /// Opens the store read-only without its secrets, which needs no key.
    pub(crate) async fn open_without_secrets(&self, settings: &Settings) -> Result<Arc<dyn Store>, Failure> {
        self.read_with(settings, StoreKeys::without_secrets()).await
    }

    async fn read_with(&self, settings: &Settings, keys: StoreKeys) -> Result<Arc<dyn Store>, Failure> {
        let url = self.store_url(settings)?;
        Ok(self.keep(miniprogram_store::open_read_only(url.expose(), keys).await?))
    }

    fn keep(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        *self.held.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&store));
        store
    }

    /// The store, and the tokens of a platform in it.
    pub(crate) async fn state(&self, settings: &Settings, platform: &Platform) -> Result<State, Failure> {
        let chain = self.chain(platform)?;
        let store = self.open(settings).await?;
        let tokens = self.manager(&store, vec![chain])?;
        Ok(State { store, tokens })
    }

    /// The store as its daemon, of which a file has at most one, and the tokens of these platforms in it; none if no
    /// platform has a token chain.
    pub(crate) async fn daemon_state(
        &self,
        settings: &Settings,
        platforms: &[&Platform],
    ) -> Result<(Arc<dyn Store>, Option<TokenManager>), Failure> {
        let mut chains = Vec::new();
        for platform in platforms {
            chains.extend(self.chain_if_any(platform)?);
        }
        let store = self.open_with(settings, StoreOptions::default().as_daemon()).await?;
        let tokens = if chains.is_empty() { None } else { Some(self.manager(&store, chains)?) };
        Ok((store, tokens))
    }

    /// The platforms as the daemon calls them: with its tokens, otherwise with stored ones, and with its journal. One
    /// that cannot be built receives pushes alone.
    pub(crate) fn daemon_platforms(
        &self,
        platforms: &[&Platform],
        store: &Arc<dyn Store>,
        tokens: Option<&TokenManager>,
    ) -> Vec<(PlatformKey, Arc<dyn MiniProgramPlatform>)> {
        let mut called = Vec::new();
        for platform in platforms {
            match self.daemon_platform(platform, store, tokens) {
                Ok(built) => called.push((platform.key(), built)),
                Err(error) => {
                    let (vendor, id) = (platform.entry.vendor(), &platform.id);
                    tracing::warn!(%vendor, platform = %id, %error, "a platform receives pushes alone");
                }
            }
        }
        called
    }

    fn daemon_platform(
        &self,
        platform: &Platform,
        store: &Arc<dyn Store>,
        tokens: Option<&TokenManager>,
    ) -> Result<Arc<dyn MiniProgramPlatform>, Error> {
        let provider: Arc<dyn TokenProvider> = match (self.chain_if_any(platform)?, tokens) {
            (Some(_), Some(tokens)) => Arc::new(tokens.clone()),
            _ => Arc::new(StoredTokens(Arc::clone(store))),
        };
        let mut config = self.signed(platform, provider)?;
        let id = config.client.platform_id.clone();
        let journal = StoreJournal::new(Arc::<dyn Store>::clone(store), id, Arc::new(SystemClock));
        config.client = config.client.with_journal(Arc::new(journal));
        Ok(Arc::from(platform.entry.platform(config)?))
    }

    /// The tokens of a platform: those of the manager, which renews them, or, without a token chain, those that are
    /// stored.
    pub(super) async fn stored_tokens(
        &self,
        settings: &Settings,
        platform: &Platform,
    ) -> Result<Arc<dyn TokenProvider>, Failure> {
        let chain = self.chain_if_any(platform)?;
        let store = self.open(settings).await?;
        Ok(match chain {
            Some(chain) => Arc::new(self.manager(&store, vec![chain])?),
            None => Arc::new(StoredTokens(store)),
        })
    }

    fn manager(
        &self,
        store: &Arc<dyn Store>,
        chains: Vec<Arc<dyn AuthorizationApi>>,
    ) -> Result<TokenManager, Error> {
        let mut builder = TokenManager::builder(Arc::clone(store) as _);
        if let Some(timeout) = self.common.timeout {
            builder = builder.with_lease(timeout.saturating_mul(CALLS_OF_A_RENEWAL).max(MIN_LEASE));
        }
        chains.into_iter().fold(builder, |builder, chain| builder.with_platform(chain)).build()
    }

    /// The calls of a platform's token chain, if its vendor has one.
    /// How a platform proves who it is when it obtains tokens; none if nothing here can obtain any.
    pub(crate) fn proof(&self, platform: &Platform) -> Result<Option<PlatformProof>, Error> {
        Ok(self.chain_if_any(platform)?.map(|chain| chain.platform_proof()))
    }

    fn chain_if_any(&self, platform: &Platform) -> Result<Option<Arc<dyn AuthorizationApi>>, Error> {
        match self.chain(platform) {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
            chain => chain.map(Some),
        }
    }

    /// The calls of a platform's token chain.
    fn chain(&self, platform: &Platform) -> Result<Arc<dyn AuthorizationApi>, Error> {
        let config = ClientConfig::without_tokens(platform.id.clone());
        let config = self.with_options(config, Some(platform), &platform.network)?;
        let credential = platform.credential();
        // Without a credential this says only whether the vendor has such calls.
        let given = credential.as_ref().map_or_else(|_| Secret::new(""), Secret::clone);
        match platform.entry.authorization(config, given, pages(platform)?) {
            Err(error) if error.kind() == ErrorKind::Unsupported => Err(error),
            chain => credential.and(chain),
        }
    }
}

/// The base URL of the vendor's pages, if it is configured.
fn pages(platform: &Platform) -> Result<Option<BaseUrl>, Error> {
    let parse = |url: &str| {
        BaseUrl::parse(url).map_err(|error| {
            let why = error.detail().unwrap_or_default().to_owned();
            Error::new(ErrorKind::Config, "read_configuration").with_field("page_url").with_detail(why)
        })
    };
    platform.page_url.as_deref().map(parse).transpose()
}
