//! WeChat's acceptance test of a platform before it goes public.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::token::{TokenProvider, TokenScope};
use miniprogram::wechat::{AcceptanceActions, AcceptanceResponder, AcceptanceTask, WECHAT, WeChatPlatform};
use miniprogram::{ClientConfig, Error, ErrorKind, EventHandler, PlatformId, Result};
use miniprogram_store::PlatformKey;
use miniprogram_tokens::TokenManager;

use crate::vendors::PlatformConfig;

/// Builds the handler of the test for these platforms.
pub(super) fn responder(tokens: TokenManager, configs: Vec<PlatformConfig>) -> Result<Arc<dyn EventHandler>> {
    let with_id = |PlatformConfig { client, .. }| {
        let client: ClientConfig = client;
        Ok((client.platform_id.clone(), WeChatPlatform::new(client)?))
    };
    let platforms = configs.into_iter().map(with_id).collect::<Result<_>>()?;
    Ok(Arc::new(AcceptanceResponder::new(Arc::new(Actions { tokens, platforms }))))
}

/// Exchanges the code of the test and sends what it asks for.
#[derive(Debug)]
struct Actions {
    tokens: TokenManager,
    platforms: HashMap<PlatformId, WeChatPlatform>,
}

#[async_trait]
impl AcceptanceActions for Actions {
    async fn exchange_and_send(&self, task: &AcceptanceTask) -> Result<()> {
        let id = &task.platform;
        let key = PlatformKey::new(WECHAT, id.clone());
        let Some(platform) = self.platforms.get(id) else {
            return Err(Error::new(ErrorKind::Config, "acceptance_test").with_field("platform_id"));
        };
        if let Err(error) = self.tokens.exchange(&key, &task.code, Some(&task.app), None).await {
            // At a second attempt the code is spent, and its tokens are kept.
            let scope = TokenScope::authorizer(WECHAT, id.clone(), task.app.clone());
            if error.kind() != ErrorKind::Unauthorized || self.tokens.token(&scope).await.is_err() {
                return Err(error);
            }
        }
        platform.app(task.app.clone()).send_text_message(&task.to_user, task.text.expose()).await
    }
}
