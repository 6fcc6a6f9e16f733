//! WeChat's acceptance test, which a third-party platform passes before it is published.

use std::time::Duration;

use miniprogram_core::AppId;
use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::vendor_api::frame::{self, FrameKey, HexCase};
use serde::{Deserialize, Serialize};

use crate::WECHAT;
use crate::callback::Callback;
use crate::error::SimError;
use crate::hub::Hub;
use crate::pushes::Push;
use crate::spec::AppSpec;
use crate::world::{Account, World};

/// The first of the published test mini programs.
const ACCOUNT: &str = "wxd101a85aa106f53e";
/// The test user's open id.
const TESTER: &str = "ozy4qt1eDxSxzCr0aNT0mXCWfrDE";
const TEXT: &str = "TESTCOMPONENT_MSG_TYPE_TEXT";
/// How long the platform may take to send the message through the API, in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Result of WeChat's acceptance test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AcceptanceReport {
    /// The ticket was acknowledged.
    pub ticket_acknowledged: bool,
    /// The authorization push was acknowledged.
    pub authorization_acknowledged: bool,
    /// The text `TESTCOMPONENT_MSG_TYPE_TEXT` got the encrypted reply `TESTCOMPONENT_MSG_TYPE_TEXT_callback`.
    pub text_answered: bool,
    /// The text `QUERY_AUTH_CODE:<code>` got an empty reply.
    pub query_acknowledged: bool,
    /// The platform exchanged the code and sent `<code>_from_api` through the API.
    pub message_sent: bool,
}

impl AcceptanceReport {
    /// Whether the platform may be published.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.ticket_acknowledged
            && self.authorization_acknowledged
            && self.text_answered
            && self.query_acknowledged
            && self.message_sent
    }
}

pub(crate) async fn run(hub: &Hub) -> Result<AcceptanceReport, SimError> {
    let app = AppId::from(ACCOUNT);
    let callback = hub.with(|world, now| {
        let callback = world.settings.wechat_callback.clone();
        if callback.url.is_none() || callback.authorization_url.is_none() {
            let message = "the acceptance test requires WeChat's url and authorization_url";
            return Err(SimError::InvalidArgument(message.to_owned()));
        }
        match world.apps.get(&app).map(|app| app.vendor) {
            Some(WECHAT) => {}
            Some(_) => return Err(SimError::AppExists(app.clone())),
            None => drop(world.add_app(AppSpec::wechat(app.clone()).unauthorized(), now)?),
        }
        Ok(callback)
    })?;
    let busy = hub.clock.enter();
    let (_, ticket) = hub.with(|world, now| world.new_ticket(WECHAT, now));
    let ticket_acknowledged = hub.deliver(&ticket).await.is_some();
    let (consent, authorization) = hub.with(|world, now| world.consent(&app, None, now))?;
    let authorization_acknowledged = hub.deliver(&authorization).await.is_some();
    let reply = hub.deliver(&text(hub, &app, TEXT)?).await;
    let text_answered =
        reply.is_some_and(|reply| replies(&callback, &app, &reply, &format!("{TEXT}_callback")));
    let query = text(hub, &app, &format!("QUERY_AUTH_CODE:{}", consent.code))?;
    let reply = hub.deliver(&query).await;
    let query_acknowledged = reply.is_some_and(|reply| reply.is_empty() || *reply == *b"success");
    drop(busy);
    let expected = format!("{}_from_api", consent.code);
    let message_sent = tokio::select! {
        () = hub.until_message(|world| was_sent(world, &app, &expected)) => true,
        () = SystemClock.deadline(PATIENCE) => false,
    };
    Ok(AcceptanceReport {
        ticket_acknowledged,
        authorization_acknowledged,
        text_answered,
        query_acknowledged,
        message_sent,
    })
}

fn text(hub: &Hub, app: &AppId, content: &str) -> Result<Push, SimError> {
    hub.with(|world, now| world.text(app, TESTER, content, now)).map(|(push, _)| push)
}

fn was_sent(world: &World, app: &AppId, content: &str) -> bool {
    let Some(Account::WeChat(account)) = world.apps.get(app).map(|app| &app.account) else { return false };
    account.profile.messages.iter().any(|message| message.to == TESTER && message.content == content)
}

/// Returns whether the body is a signed, encrypted reply to the tester with that text.
fn replies(callback: &Callback, app: &AppId, body: &[u8], content: &str) -> bool {
    let opened = std::str::from_utf8(body).ok().and_then(|body| open(callback, app, body));
    opened.is_some_and(|message| {
        [("ToUserName", TESTER), ("MsgType", "text"), ("Content", content)]
            .iter()
            .all(|(name, expected)| element(&message, name) == Some(expected))
    })
}

/// Decrypts a reply. The frame may end with the id of the platform or of the app: the documents say both.
fn open(callback: &Callback, app: &AppId, body: &str) -> Option<String> {
    let (encrypted, signature) = (element(body, "Encrypt")?, element(body, "MsgSignature")?);
    let (timestamp, nonce) = (element(body, "TimeStamp")?, element(body, "Nonce")?);
    let parts = [callback.token.expose(), timestamp, nonce, encrypted];
    if !frame::signature_holds(&parts, signature, HexCase::Lower) {
        return None;
    }
    let key = FrameKey::parse(&callback.aes_key).ok()?;
    let mut bytes = encrypted.as_bytes().to_vec();
    let frame = frame::open(&key, &mut bytes).ok()?;
    if ![callback.receiver_id.as_bytes(), app.as_str().as_bytes()].contains(&frame.tail) {
        return None;
    }
    String::from_utf8(frame.message.to_vec()).ok()
}

/// Returns the text of the first element of that name, in CDATA or plain.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    let inside = text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
    Some(inside.unwrap_or(text))
}
