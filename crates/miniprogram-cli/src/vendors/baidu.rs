//! Baidu.

mod alliance;
mod app_admin;

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::authorization::AuthorizationApi;
use miniprogram::baidu::event::BaiduEventDecoder;
use miniprogram::baidu::{BAIDU, BaiduAuthorization, BaiduCallback, BaiduPlatform, codes, plan_call};
use miniprogram::callback::CallbackProtocol;
use miniprogram::transport::BaseUrl;
use miniprogram::vendor_api::codes::Explanation;
use miniprogram::vendor_api::pipeline::Reply;
use miniprogram::{
    AppId, ClientConfig, Code, EventDecoder, MiniProgramPlatform, PlannedRequest, Result, Secret, Vendor,
};

use super::alliance::Alliance;
use super::app::AppAdmin;
use super::{PlatformConfig, PushSettings, RawCall, RawCalls, VendorEntry};

/// Baidu's smart programs.
#[derive(Debug, Clone, Copy)]
pub struct Baidu;

impl VendorEntry for Baidu {
    fn vendor(&self) -> Vendor {
        BAIDU
    }

    fn platform(&self, config: PlatformConfig) -> Result<Box<dyn MiniProgramPlatform>> {
        Ok(Box::new(BaiduPlatform::new(config.client)?))
    }

    fn explain(&self, code: &Code, operation: Option<&str>) -> Explanation {
        codes::explain(code, operation)
    }

    fn operations(&self) -> Vec<&'static str> {
        codes::operations().collect()
    }

    fn log_target(&self) -> Option<&'static str> {
        Some("baidu_smartapp")
    }

    fn credential(&self) -> &'static str {
        "client_id"
    }

    fn authorization(
        &self,
        config: ClientConfig,
        client_id: Secret,
        pages: Option<BaseUrl>,
    ) -> Result<Arc<dyn AuthorizationApi>> {
        let calls = BaiduAuthorization::new(config, client_id.expose())?;
        Ok(match pages {
            Some(pages) => Arc::new(calls.with_page_base(pages)),
            None => Arc::new(calls),
        })
    }

    fn code_parameter(&self) -> &'static str {
        "authorization_code"
    }

    fn callback(&self, settings: &PushSettings) -> Result<Box<dyn CallbackProtocol>> {
        Ok(Box::new(BaiduCallback::new(settings.callback_config()?)?))
    }

    fn decoder(&self, settings: &PushSettings) -> Result<Box<dyn EventDecoder>> {
        Ok(Box::new(BaiduEventDecoder::new(settings.callback_config()?)))
    }

    fn encrypts_pushes(&self) -> bool {
        true
    }

    fn submit_options(&self) -> &'static [(&'static str, &'static str)] {
        &[("content", "required"), ("remark", "required")]
    }

    fn raw_calls(&self) -> Option<Arc<dyn RawCalls>> {
        Some(Arc::new(Self))
    }

    fn app_admin(&self) -> Option<Arc<dyn AppAdmin>> {
        Some(Arc::new(Self))
    }

    fn alliance(&self) -> Option<Arc<dyn Alliance>> {
        Some(Arc::new(Self))
    }
}

#[async_trait]
impl RawCalls for Baidu {
    async fn call(&self, config: PlatformConfig, app: Option<AppId>, call: &RawCall) -> Result<Reply> {
        let platform = BaiduPlatform::new(config.client)?;
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
