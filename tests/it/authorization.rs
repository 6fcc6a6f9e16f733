//! The token chain of both vendors against the simulator, from the ticket to a revoked authorization.

use std::sync::Arc;
use std::time::Duration;

use miniprogram::authorization::{
    AuthorizationApi, AuthorizationRequest, AuthorizerPage, Grant, PlatformAuth, PreAuthorizationCode,
    Recovery, RefreshTokenUse,
};
use miniprogram::baidu::event::BaiduEventDecoder;
use miniprogram::baidu::{BAIDU, BaiduAuthorization, BaiduPlatform, MissedPushQuery};
use miniprogram::callback::CallbackConfig;
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::{BaseUrl, HttpTransport, Request, Transport as _};
use miniprogram::wechat::{WECHAT, WeChatAuthorization, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{AppSpec, SimConfig, Simulator};

const WECHAT_APP: &str = "wx0123456789abcdef";
const BAIDU_APP: &str = "17000001";
const BACK: &str = "https://platform.example.com/back?shop=7";

struct Stage {
    sim: Simulator,
    api: Box<dyn AuthorizationApi>,
    app: AppId,
}

fn config(sim: &Simulator, vendor: Vendor) -> ClientConfig {
    let platform = sim.callback(vendor).unwrap().platform_id;
    ClientConfig::without_tokens(platform).with_base_url(base_url(sim)).with_clock(sim.clock())
}

fn base_url(sim: &Simulator) -> BaseUrl {
    BaseUrl::parse(&sim.base_url()).unwrap()
}

async fn stage(vendor: Vendor) -> Stage {
    let sim = Simulator::start(SimConfig::new().with_seed(7)).await.unwrap();
    let config = config(&sim, vendor);
    let pages = base_url(&sim);
    let (api, spec): (Box<dyn AuthorizationApi>, _) = match vendor {
        WECHAT => {
            let api = WeChatAuthorization::new(config, sim.wechat_secret()).unwrap();
            (Box::new(api.with_page_base(pages)), AppSpec::wechat(WECHAT_APP))
        }
        _ => {
            let api = BaiduAuthorization::new(config, sim.baidu_key()).unwrap();
            (Box::new(api.with_page_base(pages)), AppSpec::baidu(BAIDU_APP))
        }
    };
    let app = spec.app_id.clone();
    sim.add_app(spec.unauthorized()).unwrap();
    Stage { sim, api, app }
}

impl Stage {
    async fn platform_token(&self) -> PlatformAuth {
        let ticket = self.sim.push_ticket(self.api.vendor()).unwrap();
        let issued = self.api.platform_token(Some(&ticket)).await.unwrap();
        assert!(issued.expires_in >= Some(Duration::from_secs(7200)));
        issued.token.into()
    }

    /// Opens the page as a merchant's browser does, and returns the code in the redirect.
    async fn consent(&self, code: &PreAuthorizationCode) -> Secret {
        let request = AuthorizationRequest::new(BACK).with_extra("x", "面 包");
        let url = self.api.authorization_url(Some(code), &request).unwrap();
        let (path, query) =
            url.strip_prefix(self.sim.base_url().trim_end_matches('/')).unwrap().split_once('?').unwrap();
        let mut request = Request::new(http::Method::GET, path.to_owned());
        let pairs = form_urlencoded::parse(query.as_bytes());
        request.query = pairs.map(|(name, value)| (name.into_owned().into(), value.into_owned())).collect();
        let answer = HttpTransport::new(base_url(&self.sim)).unwrap().send(request).await.unwrap();
        let back = answer.header("location").unwrap().strip_prefix(BACK).unwrap().to_owned();
        let mut pairs = form_urlencoded::parse(back.as_bytes());
        let (_, code) = pairs.find(|(name, _)| name.ends_with("code")).unwrap();
        Secret::new(code.into_owned())
    }

    async fn grant(&self, platform: &PlatformAuth) -> Grant {
        let code = self.api.pre_authorization_code(platform).await.unwrap().unwrap();
        let code = self.consent(&code).await;
        self.api.exchange(platform, &code).await.unwrap()
    }

    /// Returns whether the app's endpoints accept a token.
    async fn takes(&self, token: &AccessToken) -> bool {
        let vendor = self.api.vendor();
        let tokens = Arc::new(StaticToken::new(vendor, self.app.clone(), token.clone()));
        let platform = self.sim.callback(vendor).unwrap().platform_id;
        let config = ClientConfig::new(platform, tokens)
            .with_base_url(base_url(&self.sim))
            .with_clock(self.sim.clock());
        let platform: Box<dyn MiniProgramPlatform> = match vendor {
            WECHAT => Box::new(WeChatPlatform::new(config).unwrap()),
            _ => Box::new(BaiduPlatform::new(config).unwrap()),
        };
        platform.authorizer(self.app.clone()).categories().await.is_ok()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_from_the_ticket_to_its_end() {
    for vendor in [WECHAT, BAIDU] {
        let stage = stage(vendor).await;
        let (sim, api, app) = (&stage.sim, &stage.api, &stage.app);
        let platform = stage.platform_token().await;
        let granted = stage.grant(&platform).await;
        assert!(sim.is_authorized(app), "{vendor}");
        let access = granted.access.unwrap().token;
        assert!(stage.takes(&access).await, "{vendor}");
        let first = granted.refresh_token.unwrap();
        assert!(sim.refresh_token_is_valid(app, &first), "{vendor}");

        let refreshed = api.refresh(&platform, app, &first).await.unwrap();
        let access = refreshed.access.unwrap().token;
        assert!(stage.takes(&access).await, "{vendor}");
        let second = refreshed.refresh_token.unwrap();
        assert!(sim.refresh_token_is_valid(app, &second), "{vendor}");
        let again = api.refresh(&platform, app, &first).await;
        match api.refresh_token_use() {
            RefreshTokenUse::Repeatable => drop(again.unwrap()),
            RefreshTokenUse::SingleUse => {
                assert_eq!(again.unwrap_err().kind(), ErrorKind::Unauthorized);
            }
        }

        let info = api.authorizer_info(&platform, Some(app), Some(&access)).await.unwrap();
        assert_eq!(&info.app_id, app);
        assert!(info.name.is_some() && !info.permissions.is_empty(), "{info:?}");
        assert!(!info.details.to_string().contains(second.expose()), "{vendor}");
        assert_eq!(info.alias.is_some(), vendor == WECHAT);

        let found = match api.recover(&platform, app).await.unwrap() {
            Recovery::RefreshToken(token) => token,
            Recovery::AuthorizationCode(code) => {
                api.exchange(&platform, &code).await.unwrap().refresh_token.unwrap()
            }
            other => panic!("{other:?}"),
        };
        assert!(sim.refresh_token_is_valid(app, &found), "{vendor}");

        sim.revoke_authorization(app).unwrap();
        let error = api.refresh(&platform, app, &found).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
        let error = api.recover(&platform, app).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_a_ticket_and_a_platform_token_that_are_refused() {
    for vendor in [WECHAT, BAIDU] {
        let stage = stage(vendor).await;
        let (sim, api, app) = (&stage.sim, &stage.api, &stage.app);
        let platform = stage.platform_token().await;
        let code = sim.authorize(app).unwrap();
        api.exchange(&platform, &code).await.unwrap();
        for refused in [code, Secret::new("queryauthcode@@@made-up")] {
            let error = api.exchange(&platform, &refused).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unauthorized, Outcome::NotDone));
        }
        let error = api.platform_token(Some(&Secret::new("ticket@@@made-up"))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TokenRejected, "{error:#}");
        sim.expire_platform_token(vendor).unwrap();
        let code = sim.update_authorization(app).unwrap();
        for error in [
            api.pre_authorization_code(&platform).await.unwrap_err(),
            api.exchange(&platform, &code).await.unwrap_err(),
            api.recover(&platform, app).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::TokenRejected, Outcome::NotDone));
        }
        // The code is still unused.
        api.exchange(&stage.platform_token().await, &code).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_authorizers_has_every_app() {
    let stage = stage(WECHAT).await;
    for app in 0..1002 {
        stage.sim.add_app(AppSpec::wechat(format!("wx{app:016x}"))).unwrap();
    }
    let platform = stage.platform_token().await;
    let mut seen = Vec::new();
    for offset in [0, 500, 1000] {
        let list = stage.api.authorizers(&platform, AuthorizerPage::new(offset, 500)).await.unwrap();
        assert_eq!(list.total, 1002);
        assert!(list.authorizers.iter().all(|entry| entry.refresh_token.is_some()));
        seen.extend(list.authorizers.into_iter().map(|entry| entry.app_id));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 1002);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_quotas_and_messages_of_an_app_at_wechat() {
    let stage = stage(WECHAT).await;
    let app = stage.app.clone();
    let platform = stage.platform_token().await;
    let access = stage.grant(&platform).await.access.unwrap().token;
    let api = WeChatAuthorization::new(config(&stage.sim, WECHAT), stage.sim.wechat_secret()).unwrap();
    let own = platform.token(WECHAT, "authorizer_option").unwrap();
    api.set_authorizer_option(own, &app, "voice_recognize", "1").await.unwrap();
    assert_eq!(api.authorizer_option(own, &app, "voice_recognize").await.unwrap(), "1");
    let error = api.authorizer_option(own, &app, "made_up").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::InvalidArgument, Some(&61012.into())));

    for _ in 0..10 {
        api.clear_quota_with_secret(&app).await.unwrap();
    }
    let error = api.clear_quota_with_secret(&app).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExhausted, "{error:#}");
    let wrong = WeChatAuthorization::new(config(&stage.sim, WECHAT), "made-up").unwrap();
    assert_eq!(wrong.clear_quota_with_secret(&app).await.unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(wrong.start_ticket_push().await.unwrap_err().kind(), ErrorKind::Config);
    api.start_ticket_push().await.unwrap();

    let tokens = Arc::new(StaticToken::new(WECHAT, app.clone(), access));
    let config = ClientConfig::new(api.platform_id().clone(), tokens).with_base_url(base_url(&stage.sim));
    let client = WeChatPlatform::new(config.with_clock(stage.sim.clock())).unwrap().app(app.clone());
    client.send_text_message("oUser", "7_from_api").await.unwrap();
    let sent = &stage.sim.truth(&app).unwrap().messages;
    assert_eq!((sent.len(), sent[0].to.as_str(), sent[0].content.as_str()), (1, "oUser", "7_from_api"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_baidu_pushed_while_nobody_listened_is_read_and_decoded() {
    let stage = stage(BAIDU).await;
    let token = stage.platform_token().await;
    stage.sim.authorize(&stage.app).unwrap();
    stage.sim.settle().await;
    let callback = stage.sim.callback(BAIDU).unwrap();
    let tokens = Arc::new(StaticToken::platform(BAIDU, token.token(BAIDU, "missed_pushes").unwrap().clone()));
    let config = ClientConfig::new(callback.platform_id.clone(), tokens).with_base_url(base_url(&stage.sim));
    let platform = BaiduPlatform::new(config.with_clock(stage.sim.clock())).unwrap();
    let missed = platform.missed_pushes(&MissedPushQuery::new()).await.unwrap();
    let secrets = CallbackConfig::encrypted(callback.token, &callback.aes_key).unwrap();
    let secrets = secrets.with_platform_id(callback.platform_id);
    let decoder = BaiduEventDecoder::new(secrets.clone());
    let events: Vec<_> =
        missed.pushes.iter().map(|push| decoder.decode_kept(&push.content).unwrap()).collect();
    let authorized = events.iter().find(|event| event.kind == EventKind::Authorized).unwrap();
    assert_eq!(authorized.app_id.as_ref(), Some(&stage.app));
    let ids = missed.pushes.iter().map(|push| push.id.as_str());
    let again = platform.missed_pushes(&MissedPushQuery::new().with_ids(ids)).await.unwrap();
    assert_eq!(again.pushes.len(), missed.pushes.len());

    // The same behind the trait, without naming the vendor.
    assert!(
        platform.missed_events().is_none(),
        "without the secrets of its callbacks nothing can be decoded"
    );
    let platform: Box<dyn MiniProgramPlatform> = Box::new(platform.with_callbacks(secrets));
    // The vendor counts in seconds: the end of the span is in the next one, so that the last push is in it.
    let until = Timestamp::from_unix(stage.sim.now().as_unix() + 1);
    let day = 24 * 3600;
    // A longer span than the vendor allows is cut.
    for span in [day, 30 * day] {
        let from = Timestamp::from_unix(until.as_unix() - span);
        let read = platform.missed_events().unwrap().missed_events(from, until).await.unwrap();
        let kinds: Vec<_> = read.iter().map(|missed| missed.event.kind).collect();
        assert!(
            kinds.contains(&EventKind::Authorized),
            "nobody took any push, so each has failed: {kinds:?}"
        );
        assert_eq!(kinds.len(), events.len());
    }
}
