//! What the common options come to: a vendor, an app, a client.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::{
    AccessToken, AppId, BaseUrl, ClientConfig, Error, ErrorKind, MiniProgram, MiniProgramPlatform, Outcome,
    StaticToken, TokenProvider, TokenScope,
};

use crate::cli::{self, Common, DryRun};
use crate::failure::Failure;
use crate::output::Output;
use crate::vendors::Entry;

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
        self.built(entry, app.clone(), Arc::new(StaticToken::new(entry.vendor, app, token)))
    }

    /// The app of a dry run: it has no token, so that nothing can be sent.
    fn dry_target(&self) -> Result<Target, Failure> {
        let (entry, app) = self.named(false)?;
        self.built(entry, app, Arc::new(NoTokens))
    }

    /// The app of a command with an effect.
    pub(crate) fn effect_target(&self, dry: DryRun) -> Result<Target, Failure> {
        if dry.dry_run { self.dry_target() } else { self.target() }
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
            missing.push("--access-token <TOKEN>, or MINIPROGRAM_ACCESS_TOKEN in the environment");
        }
        match (self.common.vendor, &self.common.app) {
            (Some(entry), Some(app)) if missing.is_empty() => Ok((entry, AppId::new(app))),
            _ => Err(cli::missing(&missing).into()),
        }
    }

    fn built(
        &self,
        entry: &'static Entry,
        app: AppId,
        tokens: Arc<dyn TokenProvider>,
    ) -> Result<Target, Failure> {
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
        Ok(Target { entry, app, config })
    }
}

/// Hands out nothing.
#[derive(Debug)]
pub(crate) struct NoTokens;

#[async_trait]
impl TokenProvider for NoTokens {
    async fn token(&self, scope: &TokenScope) -> Result<AccessToken, Error> {
        Err(Error::new(ErrorKind::Config, "token").for_vendor(scope.vendor).with_detail("there is no token"))
    }

    async fn reject(&self, _scope: &TokenScope, _refused: &AccessToken) -> Result<(), Error> {
        Ok(())
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
