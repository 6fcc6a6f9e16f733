//! The vendors: the only place that names one, with the files below it. Everything else works on the traits.

pub(crate) mod alliance;
pub(crate) mod app;
mod baidu_only;
pub(crate) mod masks;
mod wechat_only;

use std::pin::Pin;
use std::sync::Arc;

use alliance::Alliance;
use app::AppAdmin;
use http::Method;
use miniprogram::baidu::{BAIDU, BaiduAuthorization, BaiduCallback, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::codes::Explanation;
use miniprogram::pipeline::Reply;
use miniprogram::wechat::{WECHAT, WeChatAuthorization, WeChatPlatform};
use miniprogram::{
    AppId, AuthorizationApi, BaseUrl, ClientConfig, Code, EventDecoder, MiniProgramPlatform, PlannedRequest,
    PlatformId, Result, Secret, Vendor, baidu, wechat,
};
use miniprogram_callback::CallbackPlatform;
#[cfg(feature = "sim")]
use miniprogram_sim::{Callback, SimConfig};
use miniprogram_store::PlatformKey;
use serde_json::Value;
use wechat_only::Acceptance;

/// What the command knows of a vendor.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The vendor.
    pub(crate) vendor: Vendor,
    /// Builds a platform.
    pub(crate) platform: fn(ClientConfig) -> Result<Box<dyn MiniProgramPlatform>>,
    /// What a code means.
    pub(crate) explain: fn(&Code, Option<&str>) -> Explanation,
    /// The operations that a code can be asked about: methods, endpoint paths, names of tables.
    pub(crate) operations: fn() -> Vec<&'static str>,
    /// Builds a decoder of pushes; it needs no platform.
    pub(crate) decoder: fn(CallbackConfig) -> Result<Box<dyn EventDecoder>>,
    /// The member of the configuration that proves to the vendor that the platform is itself.
    pub(crate) credential: &'static str,
    /// Whether the vendor writes pushes as XML or as JSON, so that a platform has to say which.
    pub(crate) chooses_body_format: bool,
    /// The id at the end of an encrypted frame where the configuration names none; none if it is not checked.
    pub(crate) receiver_id: fn(&PlatformId) -> Option<String>,
    /// Builds the calls of a platform's token chain: with its credential, and where the vendor's pages are if that is
    /// not the vendor's own host.
    pub(crate) authorization: MakeAuthorization,
    /// Builds the intake of a platform's callbacks: with the replies to the test that a platform has to pass before it goes
    /// public, if that is wanted and the vendor has one.
    pub(crate) callbacks: fn(PlatformKey, CallbackConfig, bool) -> Result<CallbackPlatform>,
    /// What stands at the end of the URL for messages, for the vendor to put the app there; empty where messages name it.
    pub(crate) app_in_url: &'static str,
    /// Acts on that test, where the vendor has one.
    pub(crate) acceptance: Option<Acceptance>,
    /// What a text begins with that goes on with a secret, if any does.
    pub(crate) secret_prefix: Option<&'static str>,
    /// Sends one low-level call.
    pub(crate) call: fn(ClientConfig, AppId, RawCall) -> Calling<Reply>,
    /// The same with the platform's own token.
    pub(crate) call_as_platform: fn(ClientConfig, RawCall) -> Calling<Reply>,
    /// Changes the basic information of apps, where the vendor lets platforms.
    pub(crate) app_admin: Option<AppAdmin>,
    /// Tells the members of its alliance about apps, where the vendor has one.
    pub(crate) alliance: Option<Alliance>,
    /// The request of a low-level call, its token masked.
    pub(crate) plan_call: fn(&RawCall) -> Result<PlannedRequest>,
    /// The crate whose log is shown.
    pub(crate) log_target: &'static str,
    /// Sets the simulator's callback of this vendor.
    #[cfg(feature = "sim")]
    pub(crate) sim_callback: fn(SimConfig, Callback) -> SimConfig,
}

/// Makes the calls of a token chain.
type MakeAuthorization = fn(ClientConfig, Secret, Option<BaseUrl>) -> Result<Arc<dyn AuthorizationApi>>;

/// A running call.
pub(crate) type Calling<T = Value> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call of an endpoint, before it has a token.
#[derive(Debug)]
pub(crate) struct RawCall {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

/// Every vendor.
pub(crate) static ENTRIES: [Entry; 2] = [
    Entry {
        vendor: BAIDU,
        platform: |config| Ok(Box::new(BaiduPlatform::new(config)?)),
        explain: baidu::codes::explain,
        operations: || baidu::codes::operations().collect(),
        decoder: |config| Ok(Box::new(baidu::event::BaiduEventDecoder::new(config))),
        credential: "client_id",
        chooses_body_format: false,
        receiver_id: |_| None,
        authorization: |config, client_id, pages| {
            let calls = BaiduAuthorization::new(config, client_id.expose())?;
            Ok(match pages {
                Some(pages) => Arc::new(calls.with_page_base(pages)),
                None => Arc::new(calls),
            })
        },
        callbacks: |key, config, _| CallbackPlatform::new(key, BaiduCallback::new(config)?),
        app_in_url: "",
        acceptance: None,
        secret_prefix: None,
        call: |config, app, call| {
            Box::pin(async move {
                let app = BaiduPlatform::new(config)?.app(app);
                app.call_raw(call.method.clone(), &call.path, &call.pairs(), call.body.as_ref()).await
            })
        },
        call_as_platform: |config, call| {
            Box::pin(async move {
                let platform = BaiduPlatform::new(config)?;
                let method = call.method.clone();
                platform.call_raw_as_platform(method, &call.path, &call.pairs(), call.body.as_ref()).await
            })
        },
        app_admin: Some(baidu_only::APP_ADMIN),
        alliance: Some(baidu_only::ALLIANCE),
        plan_call: |call| {
            baidu::plan_call(call.method.clone(), &call.path, &call.pairs(), call.body.as_ref())
        },
        log_target: "baidu_smartapp",
        #[cfg(feature = "sim")]
        sim_callback: SimConfig::with_baidu_callback,
    },
    Entry {
        vendor: WECHAT,
        platform: |config| Ok(Box::new(WeChatPlatform::new(config)?)),
        explain: wechat::codes::explain,
        operations: || wechat::codes::operations().collect(),
        decoder: |config| Ok(Box::new(wechat::event::WeChatEventDecoder::new(config)?)),
        credential: "secret",
        chooses_body_format: true,
        receiver_id: |id| Some(id.as_str().to_owned()),
        authorization: |config, secret, pages| {
            let calls = WeChatAuthorization::new(config, secret)?;
            Ok(match pages {
                Some(pages) => Arc::new(calls.with_page_base(pages)),
                None => Arc::new(calls),
            })
        },
        callbacks: wechat_only::callbacks,
        app_in_url: "/$APPID$",
        acceptance: Some(wechat_only::ACCEPTANCE),
        secret_prefix: Some("QUERY_AUTH_CODE:"),
        call: |config, app, call| {
            Box::pin(async move {
                let app = WeChatPlatform::new(config)?.app(app);
                app.call_raw(call.method.clone(), &call.path, &call.pairs(), call.body.as_ref()).await
            })
        },
        call_as_platform: |config, call| {
            Box::pin(async move {
                let platform = WeChatPlatform::new(config)?;
                let method = call.method.clone();
                platform.call_raw_as_platform(method, &call.path, &call.pairs(), call.body.as_ref()).await
            })
        },
        app_admin: None,
        alliance: None,
        plan_call: |call| {
            wechat::plan_call(call.method.clone(), &call.path, &call.pairs(), call.body.as_ref())
        },
        log_target: "wechat_wxa",
        #[cfg(feature = "sim")]
        sim_callback: SimConfig::with_wechat_callback,
    },
];

/// The vendors' names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.vendor.as_str())
}

/// The vendor of that name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.vendor.as_str() == name)
}

impl RawCall {
    /// The query as the clients take it.
    fn pairs(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_find_their_vendor() {
        assert!(names().all(|name| find(name).is_some_and(|entry| entry.vendor.as_str() == name)));
        assert!(find("acme").is_none());
    }

    #[test]
    fn a_planned_call_is_masked_and_written_as_the_vendor_wants() {
        let call = RawCall {
            method: Method::POST,
            path: "/x".to_owned(),
            query: vec![("z".to_owned(), "1".to_owned())],
            body: Some(json!({ "n": 1, "text": "二", "list": ["a"], "app_secret": "canary" })),
        };
        let plan = |name| serde_json::to_value((find(name).unwrap().plan_call)(&call).unwrap()).unwrap();
        let query = json!({ "access_token": "***", "z": "1" });
        let body = json!({ "n": 1, "text": "二", "list": ["a"], "app_secret": "***" });
        let json = json!({ "method": "POST", "path": "/x", "query": query, "body": body });
        assert_eq!(plan("wechat"), json);
        let form = json!({ "n": "1", "text": "二", "list": "[\"a\"]", "app_secret": "***" });
        assert_eq!(plan("baidu")["body"], form);
    }
}
