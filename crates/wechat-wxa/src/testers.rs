//! Testers: people who may open the experience version.
//!
//! The list of testers contains no WeChat ids, and owners also bind and unbind testers in the console: a person who
//! is new in it or gone need not be the requested one. Only repeating the call settles the outcome.

use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Effect, EffectValue, Result, Subject, effect_fields, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::WECHAT;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use miniprogram_core::vendor_api::kit::{Inherent, OneCall, effect_value};

pub(crate) const BIND: MethodName = MethodName::new("bind_tester");
pub(crate) const UNBIND: MethodName = MethodName::new("unbind_tester");

pub(crate) const EFFECTS: &[Inherent] = &[Inherent::new(BIND, bind), Inherent::new(UNBIND, unbind)];

/// The code for a person who is a tester already.
const BOUND_ALREADY: i64 = 85004;

/// A person who may open the experience version.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tester {
    /// `userstr`: the vendor's identifier of the person. Absent if the vendor does not report it, and if a person was
    /// bound but the response was lost and only a refusal of the repeat revealed it.
    pub user_str: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Tester {
    /// Creates a tester from the vendor's identifier of the person.
    #[must_use]
    pub fn new(user_str: impl Into<String>) -> Self {
        Self { user_str: Some(user_str.into()), extra: Map::new() }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self { user_str: fields.compared("userstr", Fields::text)?, extra: fields.rest() })
    }
}

effect_fields! { Tester }

/// The person that [`WeChatApp::unbind_tester`] unbinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TesterRef {
    /// By the person's WeChat id.
    WeChatId(String),
    /// By the vendor's identifier of the person.
    UserStr(String),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Bind {
    pub(crate) wechat_id: String,
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::bind_tester`](crate::WeChatApp::bind_tester).
    bind_tester(wechat_id: &str) = BIND, &Bind { wechat_id: wechat_id.to_owned() };
    /// [`WeChatApp::unbind_tester`](crate::WeChatApp::unbind_tester).
    unbind_tester(tester: &TesterRef) = UNBIND, tester;
}

impl WeChatApp {
    /// Lets a person open the experience version: `bind_tester`. Takes the WeChat id, not an openid.
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) for a person who cannot be found (85001),
    /// [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) if the app has too many testers or the person
    /// tests too many apps, [`Conflict`](miniprogram_core::ErrorKind::Conflict) if the person is already bound, and
    /// those of any effect.
    pub async fn bind_tester(&self, wechat_id: &str) -> Result<Effect<Tester>> {
        self.perform(bind_tester(wechat_id)?).await?.into_inherent(BIND.as_str())
    }

    /// Unbinds a tester: `unbind_tester`. If the person is given by WeChat id, the outcome can stay unknown after a
    /// lost response: the list of testers does not contain WeChat ids.
    ///
    /// # Errors
    /// The errors of any effect.
    pub async fn unbind_tester(&self, tester: &TesterRef) -> Result<Effect> {
        Ok(self.perform(unbind_tester(tester)?).await?.into_unit())
    }

    /// Returns everyone who may open the experience version: `memberauth`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn testers(&self) -> Result<Vec<Tester>> {
        testers(&self.begin("testers").read(&testers_call()).await?)
    }
}

fn testers_call() -> Call {
    Call::to(&endpoints::TESTERS).with_json(&json!({ "action": "get_experiencer" }))
}

fn testers(reply: &Reply) -> Result<Vec<Tester>> {
    fields::of(reply).each_of("members", Tester::read)
}

fn bind(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let Bind { wechat_id } = command.arguments()?;
    REFUSE.required(BIND.as_str(), "wechat_id", &wechat_id)?;
    let call = Call::to(&endpoints::BIND_TESTER).with_json(&json!({ "wechatid": wechat_id }));
    OneCall::new(EffectClass::Guarded, call)
        .changes(testers_call(), testers, |before, now| {
            if now.iter().any(|tester| !holds(before, tester)) {
                Finding::Unknowable
            } else {
                Finding::Absent
            }
        })
        .told_by(["members[].userstr"])
        .yielding(|reply| Ok(effect_value(&Tester::read(&mut fields::of(reply))?)))
        .done_already(BOUND_ALREADY, effect_value(&Tester::default()))
        .boxed()
}

fn unbind(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let tester: TesterRef = command.arguments()?;
    let (field, wire_name, text) = match &tester {
        TesterRef::WeChatId(id) => ("wechat_id", "wechatid", id),
        TesterRef::UserStr(user) => ("user_str", "userstr", user),
    };
    REFUSE.required(UNBIND.as_str(), field, text)?;
    let call = Call::to(&endpoints::UNBIND_TESTER).with_json(&json!({ wire_name: text }));
    OneCall::new(EffectClass::Guarded, call)
        .changes(testers_call(), testers, move |before, now| {
            let mut gone = before.iter().filter(|tester| !holds(&now, tester));
            match &tester {
                TesterRef::UserStr(user) if gone.any(|tester| tester.user_str.as_ref() == Some(user)) => {
                    Finding::Done(EffectValue::None)
                }
                TesterRef::WeChatId(_) if gone.next().is_some() => Finding::Unknowable,
                _ => Finding::Absent,
            }
        })
        .told_by(["members[].userstr"])
        .boxed()
}

fn holds(testers: &[Tester], wanted: &Tester) -> bool {
    testers.iter().any(|tester| tester.user_str == wanted.user_str)
}
