//! The open-source alliance: what a host of Baidu mini programs can read about them, with the token of its own key.
//!
//! [`BaiduAlliance`] reads apps and packages; with the feature `kafka`, the module `kafka` receives change notices.
//!
//! Source: vendor document 004.

mod config;
mod credentials;
#[cfg(feature = "kafka")]
pub mod kafka;
mod read;

use std::sync::Arc;

use miniprogram_core::transport::BaseUrl;
use miniprogram_core::vendor_api::pipeline::{Dialect, Pipeline, Reply};
use miniprogram_core::{AppId, PlatformId, Result, raw_calls};

pub use config::AllianceConfig;
pub use credentials::{ClientCredentials, TokenResponse};
pub use read::AllianceRead;

use crate::app_info::{self, AppInfo};
use crate::dialect::BaiduDialect;
use crate::form;
use crate::package::{self, Package, PackageQuery};

/// Client for a member of the open-source alliance. Clones share everything, including the token.
///
/// ```no_run
/// use baidu_smartapp::alliance::{AllianceConfig, BaiduAlliance};
///
/// # async fn run() -> Result<(), miniprogram_core::Error> {
/// let alliance = BaiduAlliance::new(AllianceConfig::new("Va5yQRHlA4Fq4eR", "the key's secret"))?;
/// for app in alliance.alliance_apps(&["1111".into(), "2222".into()]).await? {
///     println!("{:?}: {:?}", app.app_id, app.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct BaiduAlliance {
    pipeline: Pipeline,
    /// The key, for requests that do not concern a single app.
    key: AppId,
}

impl BaiduAlliance {
    /// Creates a client that sends to `https://openapi.baidu.com` unless the configuration names another address.
    ///
    /// # Errors
    /// [`Config`](miniprogram_core::ErrorKind::Config) if the key's id or secret is empty, or the HTTP transport cannot be
    /// set up.
    pub fn new(mut config: AllianceConfig) -> Result<Self> {
        if config.transport.is_none() {
            let base_url = match config.base_url.take() {
                Some(base_url) => base_url,
                None => BaseUrl::parse(BaiduDialect.base_url())?,
            };
            // The calls and the token requests share one connection pool.
            config.transport = Some(Arc::new(config.http.clone().build(base_url)?));
        }
        let tokens = match &config.tokens {
            Some(tokens) => Arc::clone(tokens),
            None => Arc::new(ClientCredentials::new(&config)?),
        };
        let key = AppId::new(config.client_id.as_str());
        Ok(Self { pipeline: Pipeline::new(config.client(tokens), BaiduDialect)?, key })
    }

    /// Returns the id of the key.
    #[must_use]
    pub fn client_id(&self) -> &PlatformId {
        self.pipeline.platform_id()
    }

    /// Returns what Baidu knows about the given apps: name, description, icon, qualification, categories, status.
    ///
    /// All ids are sent in one request, since the document states no limit. An app missing from the response is not
    /// in the list; the order is that of the response.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an empty list or an id that is not a
    /// number, and those of any read.
    ///
    /// Source: document 004, `oss/app/info`.
    pub async fn alliance_apps(&self, apps: &[AppId]) -> Result<Vec<AppInfo>> {
        let reply = self.read(&AllianceRead::Apps(apps.to_vec())).await?;
        app_info::many(&reply)
    }

    /// Returns the packages of an app: in development, in review, online.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an id that is not a number, and those of
    /// any read.
    ///
    /// Source: document 004, `oss/package/get`.
    pub async fn alliance_packages(&self, app: &AppId) -> Result<Vec<Package>> {
        let reply = self.read(&AllianceRead::Packages(app.clone())).await?;
        package::many(&reply)
    }

    /// Returns one package of an app, by its id or by its status.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an id that is not a number,
    /// [`Protocol`](miniprogram_core::ErrorKind::Protocol) if the response contains a package with another id, and
    /// those of any read.
    ///
    /// Source: document 004, `oss/package/getdetail`.
    pub async fn alliance_package(&self, app: &AppId, query: &PackageQuery) -> Result<Package> {
        let reply = self.read(&AllianceRead::Package(app.clone(), query.clone())).await?;
        package::asked_for(&reply, query)
    }

    async fn read(&self, read: &AllianceRead) -> Result<Reply> {
        let call = read.call()?;
        let mut op = self.pipeline.begin(read.app().unwrap_or(&self.key), read.operation());
        op.read(&call).await
    }
}

raw_calls! { form::raw_call;
    impl BaiduAlliance, |alliance, call| alliance.pipeline.begin(&alliance.key, "call"), call.with_client_credentials();
    /// Calls an unmodelled endpoint once, with the key's token: only a refused token is replaced and the call sent
    /// again. Returns the JSON of a successful response, including the envelope.
    ///
    /// `path` begins with `/`; `query` excludes the token and is not yet encoded. The body is an object whose fields
    /// become the fields of a form: strings as they are, anything else as JSON text.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for an invalid path, a query or body that
    /// names the token, or a body that is not an object, and the vendor's refusals. With outcome `unknown` the call
    /// may have taken effect; a GET never has this outcome.
    call;
    /// Like [`call`](Self::call), but returns the whole response, as
    /// [`BaiduApp::call_raw`](crate::BaiduApp::call_raw) does.
    ///
    /// # Errors
    /// Those of [`BaiduApp::call_raw`](crate::BaiduApp::call_raw).
    call_raw;
}
