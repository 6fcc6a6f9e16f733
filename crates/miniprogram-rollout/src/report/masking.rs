//! Text from outside, without the secrets of the plan.

use miniprogram_core::model::UploadProgress;
use miniprogram_core::vendor_api::{Printable, redact};
use miniprogram_core::{AppId, Error, ErrorKind, Result, Secret, Vendor};
use miniprogram_store::rollouts::SealedText;
use serde::Deserialize;

use crate::machine::{Answer, Entry, Input, Performed, Trouble};
use crate::plan::PlanSecrets;

/// The longest text of a vendor that is shown, in characters.
const LONGEST: usize = 400;

/// Masks the secrets of a plan.
pub(super) struct Masking(PlanSecrets);

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
        secrets.map(Self).ok_or_else(|| {
            Error::new(ErrorKind::Store, "report")
                .with_detail("the secrets of the plan cannot be read, so they could not be masked")
                .with_advice("report it with the version that stored it")
        })
    }

    /// Returns what somebody said about an app: masked, printable and not too long.
    pub(super) fn text(&self, vendor: Vendor, app: &AppId, text: &str) -> String {
        let text = self.0.mask(vendor, app, text);
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
