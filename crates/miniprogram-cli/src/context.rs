//! What the common options and the configuration select: a vendor, an app, a client, a store.

mod state;
mod stored;

use std::sync::Arc;

use miniprogram::clock::SystemClock;
use miniprogram::token::{AccessToken, NoTokens, StaticToken, TokenProvider};
use miniprogram::transport::{BaseUrl, HttpTransportBuilder, Proxy};
use miniprogram::{
    AppId, ClientConfig, Error, ErrorKind, MiniProgram, MiniProgramPlatform, Outcome, PlatformId, Secret,
    Vendor,
};
use miniprogram_store::StoreJournal;
pub(crate) use state::{Held, State};

use crate::cli::{self, Common, Credentials, DryRun, Noun};
use crate::config::{Network, Platform, Settings};
use crate::failure::Failure;
use crate::output::Output;
use crate::vendors::alliance::{Key, Member};
use crate::vendors::{Entry, PlatformConfig, VendorEntry, Vendors};

/// The options that give a token.
const TOKEN: &str =
    "--access-token <TOKEN>, or MINIPROGRAM_ACCESS_TOKEN in the environment, or a --config with the platform";

/// The common options, and where results go.
#[derive(Debug)]
pub(crate) struct Context {
    common: Common,
    vendors: Vendors,
    /// The vendor that `--vendor` names.
    vendor: Option<Entry>,
    pub(crate) output: Output,
    held: Held,
}

/// Whose token a command takes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    App(AppId),
    Platform,
}

/// What a command does with its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// It prints what it would send.
    Plan,
    /// It reads, or sends something that is not journalled.
    Calls,
    /// It has an effect, which is journalled if there is a store.
    Effect,
}

/// The app that a command is about.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) entry: Entry,
    pub(crate) app: AppId,
    pub(crate) config: PlatformConfig,
}

impl Target {
    /// The platform.
    pub(crate) fn platform(&self) -> Result<Box<dyn MiniProgramPlatform>, Error> {
        self.entry.platform(self.config.clone())
    }

    /// The app.
    pub(crate) fn program(&self) -> Result<Box<dyn MiniProgram>, Error> {
        Ok(self.platform()?.authorizer(self.app.clone()))
    }
}

impl Context {
    pub(crate) fn new(common: Common, vendors: Vendors) -> Result<Self, Failure> {
        let output = Output::new(common.format);
        let mut context = Self { common, vendors, vendor: None, output, held: Held::default() };
        let named = context.common.vendor.as_deref().map(|name| context.registered(name)).transpose()?;
        context.vendor = named.cloned();
        Ok(context)
    }

    /// The registered vendors.
    pub(crate) const fn vendors(&self) -> &Vendors {
        &self.vendors
    }

    /// The vendor of that name.
    pub(crate) fn registered(&self, name: &str) -> Result<&Entry, Failure> {
        self.vendors.find(name).ok_or_else(|| cli::usage(&format!("there is no vendor `{name}`")).into())
    }

    /// Picks the verbs of a noun that not every vendor has. Without `--vendor`, the first vendor that has them is used.
    pub(crate) fn sole<T>(
        mut self,
        operation: &'static str,
        pick: impl Fn(&dyn VendorEntry) -> Option<T>,
    ) -> Result<(Self, T), Failure> {
        let first = self.vendors.iter().find_map(|entry| Some((Entry::clone(entry), pick(&**entry)?)));
        let found = match &self.vendor {
            None => first.ok_or_else(|| cli::missing(&["--vendor <VENDOR>"]))?,
            Some(entry) => match (pick(&**entry), first) {
                (Some(verbs), _) => (Entry::clone(entry), verbs),
                (None, Some((other, _))) => {
                    let other = other.vendor();
                    return Err(Error::unsupported(entry.vendor(), operation)
                        .with_detail(format!("only {other} has it"))
                        .with_advice(format!(
                            "use --vendor {other} or leave it out, with an app of that vendor"
                        ))
                        .into());
                }
                (None, None) => return Err(Error::unsupported(entry.vendor(), operation).into()),
            },
        };
        let (entry, verbs) = found;
        self.vendor = Some(entry);
        Ok((self, verbs))
    }

    /// The vendor.
    pub(crate) fn vendor(&self) -> Result<&Entry, Failure> {
        self.vendor.as_ref().ok_or_else(|| cli::missing(&["--vendor <VENDOR>"]).into())
    }

    /// The vendor, if one is named.
    pub(crate) fn named_vendor(&self) -> Option<&Entry> {
        self.vendor.as_ref()
    }

    /// The app, if one is named.
    pub(crate) fn app(&self) -> Option<&str> {
        self.common.app.as_deref()
    }

    /// The platform's own id, if it is given.
    pub(crate) fn platform_id(&self) -> Option<&str> {
        self.common.platform_id.as_deref()
    }

    /// Whether a token is given, so that the store's are not used.
    pub(crate) const fn has_token(&self) -> bool {
        self.common.access_token.is_some()
    }

    /// The app to call, with its token.
    pub(crate) async fn target(&self) -> Result<Target, Failure> {
        self.target_for(Use::Calls).await
    }

    /// The app of a call that may be an effect but is not journalled.
    pub(crate) async fn call_target(&self, dry: DryRun) -> Result<Target, Failure> {
        self.target_for(if dry.dry_run { Use::Plan } else { Use::Calls }).await
    }

    /// The app of a command with an effect. For a dry run there is no token, so nothing can be sent.
    pub(crate) async fn effect_target(&self, dry: DryRun) -> Result<Target, Failure> {
        self.target_for(if dry.dry_run { Use::Plan } else { Use::Effect }).await
    }

    async fn target_for(&self, wanted: Use) -> Result<Target, Failure> {
        let mut missing = Vec::new();
        if self.vendor.is_none() {
            missing.push("--vendor <VENDOR>");
        }
        if self.common.app.is_none() {
            missing.push("--app <APP_ID>");
        }
        let (Some(entry), Some(app)) = (&self.vendor, &self.common.app) else {
            if wanted != Use::Plan && self.lacks_tokens() {
                missing.push(TOKEN);
            }
            return Err(cli::missing(&missing).into());
        };
        let app = AppId::new(app);
        let config = self.client(entry, &Holder::App(app.clone()), wanted).await?;
        Ok(Target { entry: Entry::clone(entry), app, config })
    }

    /// The platform at its vendor, with the platform's own token.
    pub(crate) async fn platform(&self) -> Result<(Entry, PlatformConfig), Failure> {
        self.platform_for(Use::Calls).await
    }

    /// The platform of a call that may be an effect but is not journalled.
    pub(crate) async fn call_platform(&self, dry: DryRun) -> Result<(Entry, PlatformConfig), Failure> {
        self.platform_for(if dry.dry_run { Use::Plan } else { Use::Calls }).await
    }

    /// The platform of a command with an effect. For a dry run there is no token, so nothing can be sent.
    pub(crate) async fn effect_platform(&self, dry: DryRun) -> Result<(Entry, PlatformConfig), Failure> {
        self.platform_for(if dry.dry_run { Use::Plan } else { Use::Effect }).await
    }

    async fn platform_for(&self, wanted: Use) -> Result<(Entry, PlatformConfig), Failure> {
        let Some(entry) = &self.vendor else {
            let mut missing = vec!["--vendor <VENDOR>"];
            if wanted != Use::Plan && self.lacks_tokens() {
                missing.push(TOKEN);
            }
            return Err(cli::missing(&missing).into());
        };
        Ok((Entry::clone(entry), self.client(entry, &Holder::Platform, wanted).await?))
    }

    /// Whether nothing that is given or configured has a token.
    fn lacks_tokens(&self) -> bool {
        let configured = self.settings().is_ok_and(|settings| !settings.platforms.is_empty());
        self.common.access_token.is_none() && !configured
    }

    /// The error for a platform that is not among the configured ones.
    fn absent(&self, settings: &Settings, vendor: Option<Vendor>) -> clap::Error {
        let vendor = vendor.map(|vendor| format!("{vendor} ")).unwrap_or_default();
        let id = self.platform_id().map(|id| format!(" {id}")).unwrap_or_default();
        let names: Vec<String> = settings.platforms.iter().map(name).collect();
        cli::usage(&format!("the configuration has no {vendor}platform{id}, only {}", names.join(", ")))
    }

    /// Takes the vendor and the app of a command about one app from the environment, and the vendor from a configuration
    /// with platforms of one vendor alone, unless they are given. An app of the environment is that vendor's.
    pub(crate) fn with_defaults(mut self, noun: &Noun) -> Result<Self, Failure> {
        let (of_vendor, of_app) = match noun {
            Noun::Code(_) | Noun::Audit(_) | Noun::Release(_) => (true, true),
            Noun::Call(call) => (true, !call.platform),
            Noun::Template(_) => (true, false),
            _ => return Ok(self),
        };
        let vendor = variable("MINIPROGRAM_VENDOR");
        let is_its_vendor = match (&self.common.vendor, &vendor) {
            (Some(given), Some(vendor)) => given == vendor,
            _ => true,
        };
        if of_app && is_its_vendor && self.common.app.is_none() {
            self.common.app = variable("MINIPROGRAM_APP");
        }
        if of_vendor && self.vendor.is_none() {
            self.vendor = match vendor {
                Some(vendor) => Some(Entry::clone(self.registered(&vendor)?)),
                None => self.settings().ok().and_then(|settings| settings.sole_vendor()),
            };
        }
        Ok(self)
    }

    /// A client with the given token, otherwise with the tokens of the store.
    async fn client(&self, entry: &Entry, holder: &Holder, wanted: Use) -> Result<PlatformConfig, Failure> {
        let given = self.common.access_token.as_ref();
        let settings = self.settings()?;
        let fitting = settings.named(Some(entry.vendor()), self.platform_id());
        // With a given token the platform only determines where requests go and under which id effects are journalled.
        let platform = match (&fitting[..], given, wanted) {
            ([platform], ..) => Some(*platform),
            ([_, _, ..], None, Use::Calls | Use::Effect) => return Err(ambiguous(&fitting).into()),
            ([], None, Use::Calls | Use::Effect) if !settings.platforms.is_empty() => {
                return Err(self.absent(&settings, Some(entry.vendor())).into());
            }
            ([], None, Use::Calls | Use::Effect) => return Err(cli::missing(&[TOKEN]).into()),
            _ => None,
        };
        match (given, platform, wanted) {
            (_, _, Use::Plan) => {
                Ok(PlatformConfig::new(self.config(platform, &settings, Arc::new(NoTokens))?))
            }
            (Some(token), _, _) => {
                let tokens = given_token(&**entry, holder, token)?;
                let mut config = match (platform, entry.signs_requests()) {
                    (Some(platform), _) => self.signed(platform, tokens)?,
                    (None, false) => PlatformConfig::new(self.config(None, &settings, tokens)?),
                    (None, true) => {
                        let signer = "--config <FILE> with the platform, whose credential signs requests";
                        return Err(cli::missing(&[signer]).into());
                    }
                };
                if wanted == Use::Effect && settings.store()?.is_some() {
                    if config.client.platform_id.as_str().is_empty() {
                        return Err(cli::missing(&["--platform-id <ID>, for the journal of effects"]).into());
                    }
                    config.client = self.journaled(&settings, config.client).await?;
                }
                Ok(config)
            }
            (None, Some(platform), _) => self.journaled_client(&settings, platform).await,
            (None, None, _) => Err(cli::missing(&[TOKEN]).into()),
        }
    }

    /// A client of a configured platform, with the tokens and the journal of the store.
    pub(crate) async fn journaled_client(
        &self,
        settings: &Settings,
        platform: &Platform,
    ) -> Result<PlatformConfig, Failure> {
        let tokens = self.stored_tokens(settings, platform).await?;
        let mut config = self.signed(platform, tokens)?;
        config.client = self.journaled(settings, config.client).await?;
        Ok(config)
    }

    /// A client of a configured platform with these tokens, and with its credential if that signs requests.
    pub(crate) fn signed(
        &self,
        platform: &Platform,
        tokens: Arc<dyn TokenProvider>,
    ) -> Result<PlatformConfig, Error> {
        let config = ClientConfig::new(self.id_of(Some(platform)), tokens);
        let config = PlatformConfig::new(self.with_options(config, Some(platform), &platform.network)?);
        Ok(if platform.entry.signs_requests() {
            config.with_credential(platform.credential()?)
        } else {
            config
        })
    }

    async fn journaled(&self, settings: &Settings, config: ClientConfig) -> Result<ClientConfig, Failure> {
        let store = self.open(settings).await?;
        let journal = StoreJournal::new(store, config.platform_id.clone(), Arc::new(SystemClock));
        Ok(config.with_journal(Arc::new(journal)))
    }

    /// The alliance member that reads; checks that the app is given if the command needs one.
    pub(crate) fn member(&self, credentials: Credentials, needs_app: bool) -> Result<Member, Failure> {
        let common = &self.common;
        let mut missing = Vec::new();
        if needs_app && common.app.is_none() {
            missing.push("--app <APP_ID>");
        }
        let key = match (credentials.client_id, credentials.client_secret, &common.access_token) {
            (Some(id), Some(secret), _) => Some(Key::Credentials(id, secret)),
            (None, None, Some(token)) => Some(Key::Token(AccessToken::new(token.clone())?)),
            (None, None, None) => {
                missing.push("--client-id <KEY> and --client-secret <SECRET>, or --access-token <TOKEN>");
                None
            }
            (id, ..) => {
                let of_two = [
                    "--client-id <KEY>, or MINIPROGRAM_CLIENT_ID in the environment",
                    "--client-secret <SECRET>, or MINIPROGRAM_CLIENT_SECRET in the environment",
                ];
                missing.push(of_two[usize::from(id.is_some())]);
                None
            }
        };
        let Some(key) = key.filter(|_| missing.is_empty()) else {
            return Err(cli::missing(&missing).into());
        };
        let base_url = common.base_url.as_deref().map(BaseUrl::parse).transpose()?;
        let http = self.network(&Network::default())?;
        Ok(Member { key, base_url, http, timeout: common.timeout, deadline: common.deadline })
    }

    /// A client of a platform with these tokens.
    fn config(
        &self,
        platform: Option<&Platform>,
        settings: &Settings,
        tokens: Arc<dyn TokenProvider>,
    ) -> Result<ClientConfig, Error> {
        let config = ClientConfig::new(self.id_of(platform), tokens);
        self.with_options(config, platform, platform.map_or(&settings.network, |platform| &platform.network))
    }

    /// The platform's id: the command line's, otherwise the configuration's.
    fn id_of(&self, platform: Option<&Platform>) -> PlatformId {
        let own = platform.map(|platform| platform.id.clone());
        self.platform_id().map(PlatformId::from).or(own).unwrap_or_else(|| "".into())
    }

    /// How the vendor is reached: by the command line's proxy, otherwise as configured.
    fn network(&self, configured: &Network) -> Result<HttpTransportBuilder, Error> {
        let http = configured.http()?;
        Ok(match &self.common.proxy {
            Some(url) => http.with_proxy(Proxy::parse(url.expose())?),
            None => http,
        })
    }

    /// Adds the settings of the command line, otherwise of the platform's configuration.
    fn with_options(
        &self,
        mut config: ClientConfig,
        platform: Option<&Platform>,
        network: &Network,
    ) -> Result<ClientConfig, Error> {
        let common = &self.common;
        let base_url = common.base_url.as_deref();
        if let Some(base_url) = base_url.or(platform.and_then(|platform| platform.base_url.as_deref())) {
            config = config.with_base_url(BaseUrl::parse(base_url)?);
        }
        config = config.with_http(self.network(network)?);
        if let Some(timeout) = common.timeout {
            config = config.with_timeout(timeout);
        }
        if let Some(deadline) = common.deadline {
            config = config.with_deadline(deadline);
        }
        if let Some(settle_time) = common.settle_time {
            config = config.with_settle_time(settle_time);
        }
        Ok(config)
    }
}

fn given_token(
    entry: &dyn VendorEntry,
    holder: &Holder,
    token: &Secret,
) -> Result<Arc<dyn TokenProvider>, Error> {
    let token = AccessToken::new(token.clone())?;
    Ok(Arc::new(match holder {
        Holder::App(app) => StaticToken::new(entry.vendor(), app.clone(), token),
        Holder::Platform => StaticToken::platform(entry.vendor(), token),
    }))
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A platform, for errors.
fn name(platform: &Platform) -> String {
    format!("{} {}", platform.entry.vendor(), platform.id)
}

/// Several platforms match.
fn ambiguous(fitting: &[&Platform]) -> clap::Error {
    let names: Vec<String> = fitting.iter().map(|platform| name(platform)).collect();
    cli::usage(&format!(
        "the configuration has several platforms ({}): name one with --vendor and --platform-id",
        names.join(", ")
    ))
}

/// Completes when the process receives a signal to stop. Signals are caught from the call on, not from the first poll.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let mut signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok())
    };
    async move {
        #[cfg(unix)]
        if let [Some(interrupt), Some(terminate)] = &mut signals {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        if tokio::signal::ctrl_c().await.is_err() {
            // Without a handler the signal ends the process.
            std::future::pending::<()>().await;
        }
    }
}

/// Awaits a call with an effect; an interruption leaves its outcome unknown.
pub(crate) async fn uninterrupted<T>(
    entry: &dyn VendorEntry,
    operation: &'static str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        result = call => result,
        () = interrupted() => Err(Error::new(ErrorKind::Cancelled, operation)
            .for_vendor(entry.vendor())
            .with_outcome(Outcome::Unknown)
            .with_detail("interrupted while it ran")),
    }
}
