//! The effect of `submit_audit`.

use async_trait::async_trait;
use miniprogram_core::vendor_api::kit::fields_of;
use miniprogram_core::vendor_api::pipeline::{
    Call, EffectClass, EffectPlan, Finding, Op, Preview, Repeat, Reply,
};
use miniprogram_core::{AuditId, EffectValue, Error, Intent, Result, SubmitTarget};
use serde_json::{Map, Value, json};

use super::options::{AuditItem, SubmitOptions};
use crate::audit_status::{latest_call, read_latest};
use crate::code::{expect_experience_version, privacy_call, versions_call, wait_for_scan};
use crate::dialect::told;
use crate::endpoints;
use crate::{REFUSE, wire};

const OPERATION: &str = "submit_audit";

/// Maximum number of items in a submission.
const MOST_ITEMS: usize = 5;
/// Maximum number of tags per item, and of characters per tag.
const MOST_TAGS: usize = 10;
const LONGEST_TAG: usize = 20;
/// Maximum number of characters in a page's title.
const LONGEST_TITLE: usize = 32;
/// Maximum number of characters in `feedback_info`, of images in `feedback_stuff`, and of characters in each text of
/// `ugc_declare`.
const LONGEST_FEEDBACK: usize = 200;
const MOST_FEEDBACK_PICTURES: usize = 5;
const LONGEST_UGC_TEXT: usize = 256;

/// Names that `extra` must not contain: those of the options, and the vendor's for them.
const MODELLED: [&str; 5] = ["items", "item_list", "version_desc", "content", "remark"];
pub(crate) struct SubmitAudit {
    target: SubmitTarget,
    body: Value,
}

impl SubmitAudit {
    pub(crate) fn new(target: &SubmitTarget, options: &miniprogram_core::SubmitOptions) -> Result<Self> {
        if matches!(target, SubmitTarget::Package(_)) {
            let why = "cannot be chosen: what was uploaded last is submitted";
            return Err(REFUSE.unsupported(OPERATION, "package_id", why));
        }
        Ok(Self { target: target.clone(), body: body(&SubmitOptions::read(options)?)? })
    }
}

#[async_trait]
impl EffectPlan for SubmitAudit {
    fn class(&self) -> EffectClass {
        EffectClass::Guarded
    }

    fn preview(&self) -> Result<Preview> {
        let preview = Preview::new(self.request(&Value::Null)?);
        Ok(match &self.target {
            SubmitTarget::Upload(_) => preview.after(privacy_call()).after(versions_call()),
            SubmitTarget::Version(_) => preview.after(versions_call()),
            _ => preview,
        }
        .after(latest_call()))
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        match &self.target {
            SubmitTarget::Upload(receipt) => {
                wait_for_scan(op).await?;
                expect_experience_version(op, &receipt.version).await?;
            }
            SubmitTarget::Version(version) => expect_experience_version(op, version).await?,
            _ => {}
        }
        Ok(json!({ "audit_id": read_latest(op).await?.audit_id }))
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(&endpoints::SUBMIT_AUDIT).with_json(&self.body))
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        let submitted: wire::Submitted = reply.decode()?;
        match submitted.auditid {
            Some(id) => Ok(EffectValue::Audit(id)),
            None => Err(reply.protocol("the submission has no id").with_field("auditid")),
        }
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let before = intent.before.get("audit_id").and_then(Value::as_str).map(AuditId::from);
        Ok(match (read_latest(op).await?.audit_id, before) {
            (Some(id), before) if Some(&id) != before.as_ref() => Finding::Done(EffectValue::Audit(id)),
            // "Never submitted" for an app that had an audit is neither the state before nor the state after.
            (None, Some(_)) => Finding::Untold("auditid"),
            _ => Finding::Absent,
        })
    }

    /// Code uploaded since the submission is something else to submit.
    async fn repeats(&self, op: &mut Op<'_>, _intent: &Intent) -> Result<Repeat> {
        let audit = read_latest(op).await?;
        let info: wire::VersionInfo = op.read(&versions_call()).await?.decode()?;
        let upload = info.exp_info.unwrap_or_default();
        let uploaded_at = upload.exp_time.filter(|time| *time > 0);
        Ok(match (told(upload.exp_version), told(audit.version)) {
            (Some(uploaded), Some(submitted)) if uploaded != submitted => Repeat::New,
            (Some(_), Some(_)) => match (uploaded_at, audit.submitted_at) {
                (Some(uploaded), Some(submitted)) if uploaded <= submitted.as_unix() => Repeat::Same,
                (Some(_), Some(_)) => Repeat::New,
                (None, _) => Repeat::Indeterminate("`exp_info.exp_time` is missing".to_owned()),
                (_, None) => Repeat::Indeterminate("`submit_audit_time` is missing".to_owned()),
            },
            (None, _) => Repeat::Indeterminate("`exp_info.exp_version` is missing".to_owned()),
            (_, None) => Repeat::Indeterminate("`user_version` of the audit is missing".to_owned()),
        })
    }
}

fn body(options: &SubmitOptions) -> Result<Value> {
    let count = options.items.len();
    if count > MOST_ITEMS {
        return Err(invalid("item_list", format!("must contain at most {MOST_ITEMS} items, has {count}")));
    }
    let items = options.items.iter().enumerate().map(|(at, item)| item_body(at, item));
    let items = items.collect::<Result<Vec<_>>>()?;
    let mut body = Map::new();
    // Whether a submission needs items is for the vendor to decide: 85023.
    if !items.is_empty() {
        body.insert("item_list".to_owned(), Value::Array(items));
    }
    if let Some(text) = &options.version_desc {
        body.insert("version_desc".to_owned(), Value::from(text.as_str()));
    }
    check_extra(&options.extra)?;
    body.extend(options.extra.clone());
    Ok(Value::Object(body))
}

fn item_body(at: usize, item: &AuditItem) -> Result<Value> {
    let field = |name: &str| format!("item_list[{at}].{name}");
    if let Some(tag) = &item.tag {
        let tags = tag.split(' ');
        let (count, longest) =
            tags.fold((0, 0), |(count, longest), tag| (count + 1, tag.chars().count().max(longest)));
        if count > MOST_TAGS {
            return Err(invalid(field("tag"), format!("must contain at most {MOST_TAGS} tags, has {count}")));
        }
        if longest > LONGEST_TAG {
            let rule = format!("must contain tags of at most {LONGEST_TAG} characters, has one of {longest}");
            return Err(invalid(field("tag"), rule));
        }
    }
    if let Some(title) = &item.title {
        at_most(LONGEST_TITLE, title, || field("title"))?;
    }
    let body = fields_of(item).map_err(|problem| invalid(format!("item_list[{at}]"), problem.to_string()))?;
    if body.is_empty() {
        return Err(invalid(format!("item_list[{at}]"), "must not be empty"));
    }
    Ok(Value::Object(body))
}

fn check_extra(extra: &Map<String, Value>) -> Result<()> {
    if let Some(name) = extra.keys().find(|name| MODELLED.contains(&name.as_str())) {
        return Err(invalid(format!("extra.{name}"), "must be given in its own option, not in extra"));
    }
    if let Some(Value::String(text)) = extra.get("feedback_info") {
        at_most(LONGEST_FEEDBACK, text, || "feedback_info".to_owned())?;
    }
    if let Some(Value::String(media)) = extra.get("feedback_stuff") {
        let count = media.split('|').count();
        if count > MOST_FEEDBACK_PICTURES {
            let rule = format!("must contain at most {MOST_FEEDBACK_PICTURES} media ids, has {count}");
            return Err(invalid("feedback_stuff".to_owned(), rule));
        }
    }
    for name in ["other_scene_desc", "audit_desc"] {
        if let Some(Value::String(text)) = extra.get("ugc_declare").and_then(|declare| declare.get(name)) {
            at_most(LONGEST_UGC_TEXT, text, || format!("ugc_declare.{name}"))?;
        }
    }
    Ok(())
}

fn at_most(limit: usize, text: &str, field: impl FnOnce() -> String) -> Result<()> {
    match text.chars().count() {
        length if length > limit => {
            Err(invalid(field(), format!("must have at most {limit} characters, has {length}")))
        }
        _ => Ok(()),
    }
}

fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Error {
    REFUSE.invalid(OPERATION, field.into(), rule)
}
