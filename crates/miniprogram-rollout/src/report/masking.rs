//! Text from outside, without the secrets of the plan.

use std::collections::HashMap;

use miniprogram_core::model::UploadProgress;
use miniprogram_core::vendor_api::{Printable, redact};
use miniprogram_core::{AppId, Error, ErrorKind, Result, Secret, Vendor};
use miniprogram_store::rollouts::SealedText;
use serde::Deserialize;
use serde_json::Value;

use crate::machine::{Answer, Correction, Entry, Input, Performed, Trouble};
use crate::plan::PlanSecrets;

/// The longest text of a vendor that is shown, in characters.
const LONGEST: usize = 400;

/// The shortest text of a correction that is masked, in bytes: shorter ones are parts of words.
const SHORTEST: usize = 4;

/// Masks the secrets of a plan, and the values of corrections. Which of these are secret nobody says, so all of them are
/// masked.
pub(super) struct Masking {
    secrets: PlanSecrets,
    /// The longest first: a value can be part of another one.
    corrections: HashMap<(Vendor, AppId), Vec<String>>,
}

impl Masking {
    /// Reads the secrets of a stored plan, and nothing else of it.
    pub(super) fn of(plan: &SealedText) -> Result<Self> {
        #[derive(Deserialize)]
        struct Stored {
            secrets: String,
        }
        // An error of serde can quote a value.
        let stored: Option<Stored> = serde_json::from_str(plan.expose()).ok();
        let secrets = stored.and_then(|stored| PlanSecrets::from_json(&Secret::from(stored.secrets)).ok());
        let masking = |secrets| Self { secrets, corrections: HashMap::new() };
        secrets.map(masking).ok_or_else(|| {
            Error::new(ErrorKind::Store, "report")
                .with_detail("the secrets of the plan cannot be read, so they could not be masked")
                .with_advice("report it with the version that stored it")
        })
    }

    /// Adds the values that retries of an app have changed, apart from its description, which is public.
    pub(super) fn add(&mut self, vendor: Vendor, app: &AppId, correction: &Correction) {
        let mut values = Vec::new();
        let ext = correction.ext.as_ref().and_then(|ext| serde_json::from_str(ext.as_str()).ok());
        let options = correction.options.as_ref().and_then(|options| serde_json::to_value(options).ok());
        for value in [ext, options].into_iter().flatten() {
            texts(value, &mut values);
        }
        if !values.is_empty() {
            values.sort_by_key(|value| std::cmp::Reverse(value.len()));
            self.corrections.insert((vendor, app.clone()), values);
        }
    }

    /// Returns what somebody said about an app: masked, printable and not too long.
    pub(super) fn text(&self, vendor: Vendor, app: &AppId, text: &str) -> String {
        let text = self.secrets.mask(vendor, app, text);
        let corrected = self.corrections.get(&(vendor, app.clone()));
        let text =
            corrected.into_iter().flatten().fold(text, |text, value| text.replace(value, redact::MASK));
        let text = Printable(&redact::masked_text(text)).to_string();
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// Masks what a vendor or a gate said in an entry.
    pub(super) fn entry(&self, vendor: Vendor, app: &AppId, entry: &mut Entry) {
        let mask = |text: &mut String| *text = self.text(vendor, app, text);
        let trouble = |trouble: &mut Trouble| {
            mask(&mut trouble.message);
            trouble.request_id.as_mut().map(mask);
            trouble.field.as_mut().map(mask);
        };
        match &mut entry.input {
            Input::Answered(answer) => match &mut **answer {
                Answer::Failed(failed) => trouble(failed),
                Answer::Audit(audit) => drop(audit.reason.as_mut().map(mask)),
                Answer::Upload(UploadProgress::Failed { reason, .. }) => mask(reason),
                _ => {}
            },
            Input::Performed(performed) => match &mut **performed {
                Performed::Failed { trouble: failed, .. } => trouble(failed),
                Performed::Done { request_id, .. } => drop(request_id.as_mut().map(mask)),
            },
            Input::Gated(gated) => drop(gated.note.as_mut().map(mask)),
            _ => {}
        }
    }
}

/// Collects the texts in a value.
fn texts(value: Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST => found.push(text),
        Value::Array(values) => values.into_iter().for_each(|value| texts(value, found)),
        Value::Object(fields) => fields.into_iter().for_each(|(_, value)| texts(value, found)),
        _ => {}
    }
}
