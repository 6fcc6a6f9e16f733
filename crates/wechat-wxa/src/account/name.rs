use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{AuditId, Effect, Result, Subject, Timestamp, effect_fields, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::info;
use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{Coded, NAME_AUDIT, ReviewStatus};
use miniprogram_core::vendor_api::kit::{OneCall, effect_value};

pub(crate) const SET: MethodName = MethodName::new("set_name");

/// Length limits of a name, in characters. The vendor counts a Chinese character as two in some places, so only names
/// that are too short or too long either way are refused here.
const SHORTEST: usize = 4;
const LONGEST: usize = 30;
/// Maximum number of proofs in addition to identity card and licence.
const MOST_MATERIALS: usize = 5;
const MATERIALS: [&str; MOST_MATERIALS] = [
    "naming_other_stuff_1",
    "naming_other_stuff_2",
    "naming_other_stuff_3",
    "naming_other_stuff_4",
    "naming_other_stuff_5",
];

/// The vendor's assessment of a name that has not been applied for yet.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameCheck {
    /// `hit_condition`: whether the name matches a rule that requires proofs.
    pub hit: bool,
    /// `wording`: the text of the rule.
    pub wording: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A name to apply for, with media ids of its proofs from [`WeChatApp::upload_material`].
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameChange {
    /// `nick_name`.
    pub name: String,
    /// `id_card`: the owner's identity card, for an app owned by a person.
    pub id_card: Option<String>,
    /// `license`: the owner's licence, for an app owned by an organization.
    pub license: Option<String>,
    /// `naming_other_stuff_1` to `_5`: other proofs.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub materials: Vec<String>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl NameChange {
    /// Creates a change without proofs.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id_card: None, license: None, materials: Vec::new(), extra: Map::new() }
    }

    /// Adds the identity card of the person who owns the app.
    #[must_use]
    pub fn with_id_card(mut self, media_id: impl Into<String>) -> Self {
        self.id_card = Some(media_id.into());
        self
    }

    /// Adds the licence of the organization that owns the app.
    #[must_use]
    pub fn with_license(mut self, media_id: impl Into<String>) -> Self {
        self.license = Some(media_id.into());
        self
    }

    /// Adds another proof.
    #[must_use]
    pub fn with_material(mut self, media_id: impl Into<String>) -> Self {
        self.materials.push(media_id.into());
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self) -> Result<Value> {
        check_length(SET.as_str(), &self.name)?;
        if self.materials.len() > MOST_MATERIALS {
            let rule =
                format!("must contain at most {MOST_MATERIALS} media ids, has {}", self.materials.len());
            return Err(REFUSE.invalid(SET.as_str(), "materials", rule));
        }
        let mut body = Body::new(SET.as_str())
            .with("nick_name", self.name.as_str())
            .with_some("id_card", self.id_card.as_deref())
            .with_some("license", self.license.as_deref());
        for (at, name) in MATERIALS.into_iter().enumerate() {
            body = body.with_some(name, self.materials.get(at).map(String::as_str));
        }
        body.finish("", &self.extra)
    }
}

fn check_length(operation: &'static str, name: &str) -> Result<()> {
    let characters = name.chars().count();
    let width: usize = name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    if width >= SHORTEST && characters <= LONGEST {
        return Ok(());
    }
    let rule = format!("must have {SHORTEST} to {LONGEST} characters, has {characters}");
    Err(REFUSE.invalid(operation, "name", rule))
}

/// The result of applying for a name.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameAudit {
    /// `audit_id`: the review that decides. `None` if the name took effect immediately, or if the response was lost
    /// and the account shows the change without naming its review. The verdict is pushed either way.
    pub audit_id: Option<AuditId>,
    /// `wording`: what the vendor requires.
    pub wording: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl NameAudit {
    /// Creates the result from a review id.
    #[must_use]
    pub fn new(audit_id: Option<AuditId>) -> Self {
        Self { audit_id, wording: None, extra: Map::new() }
    }
}

effect_fields! { NameAudit }

/// The state of a name's review.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameAuditState {
    /// `audit_stat`.
    pub status: Coded<ReviewStatus>,
    /// `nickname`: the name applied for.
    pub name: Option<String>,
    /// `fail_reason`.
    pub reason: Option<String>,
    /// `create_time`.
    pub created_at: Option<Timestamp>,
    /// `audit_time`.
    pub audited_at: Option<Timestamp>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl NameAuditState {
    /// Creates a state of which only the status is known.
    #[must_use]
    pub fn new(status: Coded<ReviewStatus>) -> Self {
        Self { status, name: None, reason: None, created_at: None, audited_at: None, extra: Map::new() }
    }
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::set_name`](crate::WeChatApp::set_name).
    set_name(change: &NameChange) = SET, change;
}

impl WeChatApp {
    /// Checks whether a name is available: `checkwxverifynickname`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument),
    /// [`ContentRejected`](miniprogram_core::ErrorKind::ContentRejected) or
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for a name that is not available (53010–53019), and those
    /// of any read.
    pub async fn check_name(&self, name: &str) -> Result<NameCheck> {
        const OPERATION: &str = "check_name";
        check_length(OPERATION, name)?;
        let body = json!({ "nick_name": name });
        let call = Call::to(&endpoints::CHECK_NAME).with_json(&body);
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        Ok(NameCheck {
            hit: fields.required("hit_condition", Fields::flag)?,
            wording: fields.text("wording"),
            extra: fields.rest(),
        })
    }

    /// Applies for a name: `setnickname`. This uses up one of the year's changes and usually opens a review.
    ///
    /// No query shows a review without its id. After a lost response the outcome therefore stays unknown unless the
    /// name itself or the number of changes has changed; the push of the verdict reports it.
    ///
    /// # Errors
    /// Those of [`check_name`](Self::check_name), [`Conflict`](miniprogram_core::ErrorKind::Conflict) if a change is
    /// in progress, and those of any effect.
    pub async fn set_name(&self, change: &NameChange) -> Result<Effect<NameAudit>> {
        self.perform(set_name(change)?).await?.into_inherent(SET.as_str())
    }

    /// Returns the state of a name's review: `api_wxa_querynickname`.
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) for an unknown id (91011), and those of any read.
    pub async fn name_audit(&self, audit_id: &AuditId) -> Result<NameAuditState> {
        const OPERATION: &str = "name_audit";
        let body = json!({ "audit_id": crate::audit_status::number(audit_id, OPERATION)? });
        let call = Call::to(&endpoints::NAME_AUDIT).with_json(&body);
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        Ok(NameAuditState {
            status: Coded::new(&NAME_AUDIT, fields.required("audit_stat", Fields::number)?),
            name: fields.text("nickname"),
            reason: fields.text("fail_reason"),
            created_at: fields.time("create_time"),
            audited_at: fields.time("audit_time"),
            extra: fields.rest(),
        })
    }
}

pub(super) fn set(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let change: NameChange = command.arguments()?;
    let call = Call::to(&endpoints::SET_NAME).with_json(&change.body()?);
    OneCall::new(EffectClass::OneShot, call)
        .changes(info::call(), info::shown, move |before, now| {
            if now.name.is_untold() {
                return Finding::Untold("nickname_info");
            }
            match now.name.changed_to(&change.name, &before.name) {
                Some(true) => Finding::Done(effect_value(&NameAudit::default())),
                // A name in review is not visible, and is not counted before its verdict.
                _ => Finding::Unknowable,
            }
        })
        .yielding(|reply| {
            let mut fields = fields::of(reply);
            let audit_id = fields.number("audit_id").filter(|id| *id > 0);
            Ok(effect_value(&NameAudit {
                audit_id: audit_id.map(|id| AuditId::new(id.to_string())),
                wording: fields.text("wording"),
                extra: fields.rest(),
            }))
        })
        .boxed()
}
