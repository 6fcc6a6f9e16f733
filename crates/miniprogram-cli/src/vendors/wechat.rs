//! WeChat.

mod acceptance;

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::authorization::AuthorizationApi;
use miniprogram::callback::CallbackProtocol;
use miniprogram::transport::BaseUrl;
use miniprogram::vendor_api::codes::Explanation;
use miniprogram::vendor_api::pipeline::Reply;
use miniprogram::wechat::event::WeChatEventDecoder;
use miniprogram::wechat::{WECHAT, WeChatAuthorization, WeChatCallback, WeChatPlatform, codes, plan_call};
use miniprogram::{
    AppId, ClientConfig, Code, EventDecoder, EventHandler, MiniProgramPlatform, PlannedRequest, PlatformId,
    Result, Secret, Vendor,
};
use miniprogram_tokens::TokenManager;

use super::{PlatformConfig, PushSettings, RawCall, RawCalls, VendorEntry};

/// WeChat's mini programs.
#[derive(Debug, Clone, Copy)]
pub struct WeChat;

impl VendorEntry for WeChat {
    fn vendor(&self) -> Vendor {
        WECHAT
    }

    fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
        Ok(Box::new(WeChatPlatform::new(config.client)?))
    }

    fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        codes::explain(code, operation)
    }

    fn operations(&self) -> Vec<&'static str> {
        codes::operations().collect()
    }

    fn log_target(&self) -> Option<&'static str> {
        Some("wechat_wxa")
    }

    fn authorization(
        &self,
        config: ClientConfig,
        secret: Secret,
        pages: Option<BaseUrl>,
    ) -> Result<Arc<dyn AuthorizationApi>> {
        let calls = WeChatAuthorization::new(config, secret)?;
        Ok(match pages {
            Some(pages) => Arc::new(calls.with_page_base(pages)),
            None => Arc::new(calls),
        })
    }

    /// 18: development and data analysis.
    fn required_permissions(&self) -> &'static [&'static str] {
        &["18"]
    }

    fn code_parameter(&self) -> &'static str {
        "auth_code"
    }

    fn callback(&self, settings: &PushSettings) -> Result<Box<dyn CallbackProtocol>> {
        let callback = WeChatCallback::new(settings.callback_config()?)?;
        Ok(Box::new(if settings.acceptance_test { callback.with_acceptance_test() } else { callback }))
    }

    fn decoder(&self, settings: &PushSettings) -> Result<Box<dyn EventDecoder>> {
        Ok(Box::new(WeChatEventDecoder::new(settings.callback_config()?)?))
    }

    fn encrypts_pushes(&self) -> bool {
        true
    }

    fn chooses_body_format(&self) -> bool {
        true
    }

    fn receiver_id(&self, platform: &PlatformId) -> Option<String> {
        Some(platform.as_str().to_owned())
    }

    fn app_in_url(&self) -> &'static str {
        "/$APPID$"
    }

    fn secret_prefix(&self) -> Option<&'static str> {
        Some("QUERY_AUTH_CODE:")
    }

    fn acceptance_test(
        &self,
        tokens: TokenManager,
        platforms: Vec<PlatformConfig>,
    ) -> Result<Option<Arc<dyn EventHandler>>> {
        acceptance::responder(tokens, platforms).map(Some)
    }

    fn submit_options(&self) -> &'static [(&'static str, &'static str)] {
        &[("item", "at most 5"), ("version-desc", "")]
    }

    fn raw_calls(&self) -> Option<Arc<dyn RawCalls>> {
        Some(Arc::new(Self))
    }
}

#[async_trait]
impl RawCalls for WeChat {
    async fn call(&self, config: PlatformConfig, app: Option<AppId>, call: &RawCall) -> Result<Reply> {
        let platform = WeChatPlatform::new(config.client)?;
        let (method, query, body) = (call.method.clone(), call.pairs(), call.body.as_ref());
        match app {
            Some(app) => platform.app(app).call_raw(method, &call.path, &query, body).await,
            None => platform.call_raw_as_platform(method, &call.path, &query, body).await,
        }
    }

    fn plan(&self, call: &RawCall) -> Result<PlannedRequest> {
        plan_call(call.method.clone(), &call.path, &call.pairs(), call.body.as_ref())
    }
}
