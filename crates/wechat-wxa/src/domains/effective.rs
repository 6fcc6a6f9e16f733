use miniprogram_core::Result;
use miniprogram_core::vendor_api::pipeline::Call;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ServerDomains;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;

/// The servers that an app may reach, by origin of the setting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EffectiveServerDomains {
    /// `mp_domain`: set by the owner in the console.
    #[serde(default)]
    pub owner: ServerDomains,
    /// `third_domain`: set by the platform.
    #[serde(default)]
    pub platform: ServerDomains,
    /// `direct_domain`: set by the platform, directly.
    #[serde(default)]
    pub direct: ServerDomains,
    /// `effective_domain`: those in force.
    #[serde(default)]
    pub effective: ServerDomains,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// The domains whose pages an app may show, by origin of the setting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EffectiveWebViewDomains {
    /// `mp_webviewdomain`: set by the owner in the console.
    #[serde(default)]
    pub owner: Vec<String>,
    /// `third_webviewdomain`: set by the platform.
    #[serde(default)]
    pub platform: Vec<String>,
    /// `direct_webviewdomain`: set by the platform, directly.
    #[serde(default)]
    pub direct: Vec<String>,
    /// `effective_webviewdomain`: those in force.
    #[serde(default)]
    pub effective: Vec<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl WeChatApp {
    /// Returns the servers that the app may reach now, by origin of the setting: `get_effective_domain`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn effective_server_domains(&self) -> Result<EffectiveServerDomains> {
        const OPERATION: &str = "effective_server_domains";
        let call = Call::to(&endpoints::EFFECTIVE_SERVER_DOMAINS).with_json(&json!({}));
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        let mut lists = |name: &str| -> Result<ServerDomains> {
            let domains = fields.object(name).as_mut().map(ServerDomains::whole).transpose()?;
            Ok(domains.unwrap_or_default())
        };
        Ok(EffectiveServerDomains {
            owner: lists("mp_domain")?,
            platform: lists("third_domain")?,
            direct: lists("direct_domain")?,
            effective: lists("effective_domain")?,
            extra: fields.rest(),
        })
    }

    /// Returns the domains whose pages the app may show now, by origin of the setting: `get_effective_webviewdomain`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn effective_web_view_domains(&self) -> Result<EffectiveWebViewDomains> {
        const OPERATION: &str = "effective_web_view_domains";
        let call = Call::to(&endpoints::EFFECTIVE_WEB_VIEW_DOMAINS).with_json(&json!({}));
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        Ok(EffectiveWebViewDomains {
            owner: fields.texts("mp_webviewdomain")?,
            platform: fields.texts("third_webviewdomain")?,
            direct: fields.texts("direct_webviewdomain")?,
            effective: fields.texts("effective_webviewdomain")?,
            extra: fields.rest(),
        })
    }
}
