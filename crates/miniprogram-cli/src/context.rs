//! What the common options come to: a vendor, an app, a client.

use std::sync::Arc;

use miniprogram::{
    AccessToken, AppId, BaseUrl, ClientConfig, Error, ErrorKind, MiniProgram, MiniProgramPlatform, NoTokens,
    Outcome, StaticToken, TokenProvider,
};

use crate::cli::{self, Common, Credentials, DryRun};
use crate::failure::Failure;
use crate::output::Output;
use crate::vendors::alliance::{Key, Member};
use crate::vendors::{ENTRIES, Entry};

/// What is said where no token is given.
const TOKEN: &str = "--access-token <TOKEN>, or MINIPROGRAM_ACCESS_TOKEN in the environment";

/// The common options, and where results go.
#[derive(Debug)]
pub(crate) struct Context {
    common: Common,
    pub(crate) output: Output,
}

/// The app that a command is about.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) entry: &'static Entry,
    pub(crate) app: AppId,
    pub(crate) config: ClientConfig,
}

impl Target {
    /// The platform.
    pub(crate) fn platform(&self) -> Result<Box<dyn MiniProgramPlatform>, Error> {
        (self.entry.platform)(self.config.clone())
    }

    /// The app.
    pub(crate) fn program(&self) -> Result<Box<dyn MiniProgram>, Error> {
        Ok(self.platform()?.authorizer(self.app.clone()))
    }
}

impl Context {
    pub(crate) fn new(common: Common) -> Self {
        let output = Output::new(common.format);
        Self { common, output }
    }

    /// The vendor of a noun that not every vendor has: it needs no naming, and no other has it.
    pub(crate) fn sole<T>(
        mut self,
        operation: &'static str,
        pick: impl Fn(&'static Entry) -> Option<T>,
    ) -> Result<(Self, &'static Entry, T), Failure> {
        let having = || ENTRIES.iter().find_map(|entry| Some((entry, pick(entry)?)));
        let found = match self.common.vendor {
            None => having(),
            Some(entry) => pick(entry).map(|it| (entry, it)),
        };
        let Some((entry, it)) = found else {
            let error = match (self.common.vendor, having()) {
                (Some(entry), Some((other, _))) => Error::unsupported(entry.vendor, operation)
                    .with_detail(format!("only {} has it", other.vendor))
                    .with_advice(format!(
                        "write --vendor {} or leave it out, and name an app there",
                        other.vendor
                    )),
                (Some(entry), None) => Error::unsupported(entry.vendor, operation),
                (None, _) => return Err(cli::missing(&["--vendor <VENDOR>"]).into()),
            };
            return Err(error.into());
        };
        self.common.vendor = Some(entry);
        Ok((self, entry, it))
    }

    /// The vendor.
    pub(crate) fn vendor(&self) -> Result<&'static Entry, Failure> {
        self.common.vendor.ok_or_else(|| cli::missing(&["--vendor <VENDOR>"]).into())
    }

    /// The app, where one is named.
    pub(crate) fn app(&self) -> Option<&str> {
        self.common.app.as_deref()
    }

    /// The platform's own id, where it is given.
    pub(crate) fn platform_id(&self) -> Option<&str> {
        self.common.platform_id.as_deref()
    }

    /// The app to call, with its token.
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        let (entry, app) = self.named(true)?;
        let token = self.common.access_token.clone().unwrap_or_else(|| "".into());
        let token = AccessToken::new(token)?;
        let config = self.config(Arc::new(StaticToken::new(entry.vendor, app.clone(), token)))?;
        Ok(Target { entry, app, config })
    }

    /// The app of a dry run: it has no token, so that nothing can be sent.
    fn dry_target(&self) -> Result<Target, Failure> {
        let (entry, app) = self.named(false)?;
        Ok(Target { entry, app, config: self.config(Arc::new(NoTokens))? })
    }

    /// The app of a command with an effect.
    pub(crate) fn effect_target(&self, dry: DryRun) -> Result<Target, Failure> {
        if dry.dry_run { self.dry_target() } else { self.target() }
    }

    /// The platform at its vendor, with the platform's own token; a dry run has none, so that nothing can be sent.
    pub(crate) fn platform(&self, dry: DryRun) -> Result<(&'static Entry, ClientConfig), Failure> {
        let mut missing = Vec::new();
        if self.common.vendor.is_none() {
            missing.push("--vendor <VENDOR>");
        }
        if !dry.dry_run && self.common.access_token.is_none() {
            missing.push(TOKEN);
        }
        let Some(entry) = self.common.vendor.filter(|_| missing.is_empty()) else {
            return Err(cli::missing(&missing).into());
        };
        let tokens: Arc<dyn TokenProvider> = match (&self.common.access_token, dry.dry_run) {
            (Some(token), false) => {
                Arc::new(StaticToken::platform(entry.vendor, AccessToken::new(token.clone())?))
            }
            _ => Arc::new(NoTokens),
        };
        Ok((entry, self.config(tokens)?))
    }

    /// The member of an alliance that reads, about an app where the command needs one.
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
        Ok(Member { key, base_url, timeout: common.timeout, deadline: common.deadline })
    }

    fn named(&self, with_token: bool) -> Result<(&'static Entry, AppId), Failure> {
        let mut missing = Vec::new();
        if self.common.vendor.is_none() {
            missing.push("--vendor <VENDOR>");
        }
        if self.common.app.is_none() {
            missing.push("--app <APP_ID>");
        }
        if with_token && self.common.access_token.is_none() {
            missing.push(TOKEN);
        }
        match (self.common.vendor, &self.common.app) {
            (Some(entry), Some(app)) if missing.is_empty() => Ok((entry, AppId::new(app))),
            _ => Err(cli::missing(&missing).into()),
        }
    }

    fn config(&self, tokens: Arc<dyn TokenProvider>) -> Result<ClientConfig, Failure> {
        let common = &self.common;
        let mut config = ClientConfig::new(common.platform_id.as_deref().unwrap_or_default(), tokens);
        if let Some(base_url) = &common.base_url {
            config = config.with_base_url(BaseUrl::parse(base_url)?);
        }
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

/// Ends when the process is told to stop. Signals are caught from the call on, not from the first poll on.
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
            // Without a handler the signal ends the process by itself.
            std::future::pending::<()>().await;
        }
    }
}

/// Awaits a call with an effect; an interruption leaves its outcome unknown.
pub(crate) async fn uninterrupted<T>(
    entry: &Entry,
    operation: &'static str,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        result = call => result,
        () = interrupted() => Err(Error::new(ErrorKind::Cancelled, operation)
            .for_vendor(entry.vendor)
            .with_outcome(Outcome::Unknown)
            .with_detail("interrupted while it ran")),
    }
}

/// A read has no effect: what is unknown of it is only its answer.
pub(crate) fn of_a_read(error: Error) -> Error {
    match error.outcome() {
        Outcome::Unknown => error.with_outcome(Outcome::NotDone),
        _ => error,
    }
}
