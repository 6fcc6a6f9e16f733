//! Which effect a command is, and how Acme's state shows whether it took place.

use async_trait::async_trait;
use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::endpoint::Endpoint;
use miniprogram_core::vendor_api::pipeline::{
    Call, EffectClass, EffectPlan, EffectSource, Finding, Op, Preview, Repeat, Reply,
};
use miniprogram_core::*;
use serde_json::{Value, json};

use super::endpoints::*;
use super::{ACME, AcmeApp, CAPABILITIES};

/// One effect of Acme's.
struct AcmeEffect {
    class: EffectClass,
    endpoint: &'static Endpoint,
    body: Value,
    /// The field that every such effect changes. An effect that sets a state has none.
    moves: Option<&'static str>,
    /// The field that shows the effect, and its value then.
    shows: (&'static str, Wanted),
    /// Where the effect's target is named by the state: the field before the effect, and the field that has the same
    /// value as long as the target is the same.
    target: Option<(&'static str, &'static str)>,
}

/// The value that shows an effect.
enum Wanted {
    Given(String),
    /// What this field held before.
    Before(&'static str),
    /// Whatever it is, as long as it moved.
    Any,
}

impl AcmeEffect {
    fn wanted<'a>(&'a self, before: &'a Value, now: &'a Value) -> Option<&'a str> {
        match &self.shows.1 {
            Wanted::Given(value) => Some(value),
            Wanted::Before(field) => before[field].as_str(),
            Wanted::Any => now[self.shows.0].as_str(),
        }
    }

    /// Returns what the effect yields, from the state after it.
    fn yields(&self, state: &Reply) -> Result<EffectValue> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(match self.endpoint {
            endpoint if *endpoint == UPLOAD => {
                let [version, description] = ["version", "description"].map(|field| text(&self.body[field]));
                EffectValue::Upload(UploadReceipt::new(version, description))
            }
            endpoint if *endpoint == SUBMIT => match state.untold(&["review"]) {
                None => EffectValue::Audit(AuditId::new(text(&state.json["review"]))),
                Some(_) => return Err(state.protocol("there is no review")),
            },
            _ => EffectValue::None,
        })
    }
}

async fn state(op: &mut Op<'_>) -> Result<Reply> {
    op.read(&Call::to(&STATE)).await
}

// guide: plan
#[async_trait]
impl EffectPlan for AcmeEffect {
    fn class(&self) -> EffectClass {
        self.class
    }

    async fn before(&self, op: &mut Op<'_>) -> Result<Value> {
        if self.moves.is_none() {
            return Ok(Value::Null);
        }
        let state = state(op).await?;
        match state.untold(&[self.moves.unwrap_or_default()]) {
            None => Ok(state.json),
            Some(field) => Err(state.protocol(format!("there is no {field}"))),
        }
    }

    fn request(&self, _before: &Value) -> Result<Call> {
        Ok(Call::to(self.endpoint).with_json(&self.body))
    }

    fn value(&self, _before: &Value, reply: &Reply) -> Result<EffectValue> {
        self.yields(reply)
    }

    async fn look(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Finding> {
        let (state, before) = (state(op).await?, &intent.before);
        let (field, _) = self.shows;
        if let Some(untold) = state.untold(&[field, self.moves.unwrap_or(field)]) {
            return Ok(Finding::Untold(untold));
        }
        let shown = state.json[field].as_str() == self.wanted(before, &state.json);
        let moved = self.moves.is_none_or(|counter| state.json[counter] != before[counter]);
        Ok(match (moved, shown) {
            (true, true) => Finding::Done(self.yields(&state)?),
            (true, false) if self.moves.is_some() => Finding::Conflict(
                Error::new(ErrorKind::Conflict, self.endpoint.name())
                    .for_vendor(ACME)
                    .with_outcome(Outcome::Unknown)
                    .with_detail(format!("{field} is neither what it was nor what it was to be")),
            ),
            _ => Finding::Absent,
        })
    }
    // end

    fn preview(&self) -> Result<Preview> {
        let effect = Preview::new(self.request(&Value::Null)?);
        Ok(match self.moves {
            Some(_) => effect.after(Call::to(&STATE)),
            None => effect,
        })
    }

    async fn repeats(&self, op: &mut Op<'_>, intent: &Intent) -> Result<Repeat> {
        let Some((before, now)) = self.target else { return Ok(Repeat::Same) };
        let state = state(op).await?;
        Ok(match state.untold(&[now]) {
            Some(untold) => Repeat::Indeterminate(format!("there is no {untold}")),
            None if state.json[now] == intent.before[before] => Repeat::Same,
            None => Repeat::New,
        })
    }
}

impl EffectSource for AcmeApp {
    fn effect_plan(&self, command: &Command) -> Result<Box<dyn EffectPlan>> {
        let operation = command.operation().as_str();
        let unsupported = || Err(Error::unsupported(ACME, operation));
        let guarded = |endpoint, body, moves, shows| AcmeEffect {
            class: EffectClass::Guarded,
            endpoint,
            body,
            moves: Some(moves),
            shows,
            target: None,
        };
        let sets = |endpoint, field: &'static str, value: &str| AcmeEffect {
            class: EffectClass::Set,
            moves: None,
            ..guarded(endpoint, json!({ field: value }), "", (field, Wanted::Given(value.to_owned())))
        };
        let plan = match command {
            Command::UploadCode { template, ext, version, description } => {
                let body = json!({
                    "template": template, "values": ext, "version": version, "description": description,
                });
                let shows = ("draft_version", Wanted::Given(version.clone()));
                AcmeEffect { class: EffectClass::OneShot, ..guarded(&UPLOAD, body, "draft", shows) }
            }
            // guide: effects
            Command::Release { target } => {
                let body = match target {
                    ReleaseTarget::Audit(audit) => json!({ "review": audit }),
                    ReleaseTarget::Approved => json!({}),
                    _ => return unsupported(),
                };
                let shows = ("online", Wanted::Before("review_version"));
                let effect = guarded(&RELEASE, body, "release", shows);
                AcmeEffect { target: Some(("review", "review")), ..effect }
            }
            Command::StartGrayRelease { gray } => {
                let support = CAPABILITIES.gray_release;
                support.check(operation, gray.percentage).map_err(|error| error.for_vendor(ACME))?;
                if gray.options != GrayReleaseOptions::default() {
                    return unsupported();
                }
                let share = gray.percentage.to_string();
                let body = match &gray.audit {
                    Some(audit) => json!({ "share": share, "review": audit }),
                    None => json!({ "share": share }),
                };
                guarded(&START_GRAY, body, "gray_share", ("gray_share", Wanted::Given(share)))
            }
            // end
            Command::SubmitAudit { target, options } => {
                let body = match target {
                    SubmitTarget::Upload(receipt) => json!({ "version": receipt.version }),
                    SubmitTarget::Newest => json!({}),
                    _ => return unsupported(),
                };
                if **options != SubmitOptions::default() {
                    return unsupported();
                }
                let effect = guarded(&SUBMIT, body, "review", ("review", Wanted::Any));
                AcmeEffect { target: Some(("draft", "draft")), ..effect }
            }
            Command::WithdrawAudit { audit: AuditTarget::Id(audit) } => {
                let shows = ("review_status", Wanted::Given("CANCELLED".to_owned()));
                guarded(&WITHDRAW, json!({ "review": audit }), "review_status", shows)
            }
            Command::Rollback { target } => {
                let body = match target {
                    RollbackTarget::Previous => json!({}),
                    RollbackTarget::OnlineVersion(version) => json!({ "online": version }),
                    _ => return unsupported(),
                };
                let shows = ("online", Wanted::Before("previous"));
                let effect = guarded(&ROLLBACK, body, "release", shows);
                AcmeEffect { target: Some(("previous", "online")), ..effect }
            }
            Command::CancelGrayRelease => {
                let shows = ("gray_status", Wanted::Given("ENDED".to_owned()));
                guarded(&CANCEL_GRAY, json!({}), "gray_status", shows)
            }
            Command::SetVisitStatus { status: VisitStatus::Open } => {
                sets(&SET_VISIBILITY, "visibility", "VISIBLE")
            }
            Command::SetVisitStatus { status: VisitStatus::Closed } => {
                sets(&SET_VISIBILITY, "visibility", "HIDDEN")
            }
            Command::SetVisitStatus { .. } => {
                return Err(Error::invalid(operation, "status", "must be open or closed").for_vendor(ACME));
            }
            Command::SetMinLibraryVersion { version } if version.is_empty() => {
                return Err(Error::invalid(operation, "version", "must not be empty").for_vendor(ACME));
            }
            Command::SetMinLibraryVersion { version } => sets(&SET_LIBRARY, "library", version),
            _ => return unsupported(),
        };
        Ok(Box::new(plan))
    }
}
