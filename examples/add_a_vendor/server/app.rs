//! The state of one app, and what each effect does to it.

use std::collections::BTreeMap;

use miniprogram_core::Operation;
use miniprogram_core::push::OwnedPush;
use serde_json::{Value, json};

use super::super::acme::CAPABILITIES;

/// The effects and their paths.
pub(crate) const EFFECTS: [(&str, Operation); 9] = [
    ("/v1/app/upload", Operation::UploadCode),
    ("/v1/app/submit", Operation::SubmitAudit),
    ("/v1/app/withdraw", Operation::WithdrawAudit),
    ("/v1/app/release", Operation::Release),
    ("/v1/app/rollback", Operation::Rollback),
    ("/v1/app/gray/start", Operation::StartGrayRelease),
    ("/v1/app/gray/cancel", Operation::CancelGrayRelease),
    ("/v1/app/visibility", Operation::SetVisitStatus),
    ("/v1/app/library", Operation::SetMinLibraryVersion),
];

const NONE: &str = "NONE";

/// An app.
#[derive(Debug, Default)]
pub(crate) struct App {
    drafts: u64,
    draft: Option<String>,
    reviews: u64,
    pub(crate) review: Option<Review>,
    releases: u64,
    pub(crate) online: Option<String>,
    pub(crate) previous: Option<String>,
    gray: Option<u8>,
    gray_ended: bool,
    hidden: bool,
    library: Option<String>,
    /// How often each effect took place, by its path.
    pub(crate) effects: BTreeMap<&'static str, u64>,
    pub(crate) pushes: Vec<OwnedPush>,
}

/// The latest audit.
#[derive(Debug)]
pub(crate) struct Review {
    id: String,
    pub(crate) status: &'static str,
    version: String,
    pub(crate) reason: String,
    released: bool,
}

impl App {
    /// An app with one version online and one before it.
    pub(crate) fn with_versions(online: &str, previous: &str) -> Self {
        Self { online: Some(online.into()), previous: Some(previous.into()), ..Self::default() }
    }

    /// Returns the state as Acme shows it: every field is a word.
    pub(crate) fn state(&self) -> Value {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| NONE.to_owned());
        let review = |field: fn(&Review) -> &str| self.review.as_ref().map_or(NONE, field);
        let gray_status = match (self.gray, self.gray_ended) {
            (Some(_), _) => "RUNNING",
            (None, true) => "ENDED",
            (None, false) => NONE,
        };
        json!({
            "draft": self.drafts.to_string(),
            "draft_version": word(&self.draft),
            "review": review(|review| &review.id),
            "review_status": review(|review| review.status),
            "review_version": review(|review| &review.version),
            "review_reason": self.review.as_ref().map_or("", |review| &review.reason),
            "release": self.releases.to_string(),
            "online": word(&self.online),
            "previous": word(&self.previous),
            "gray_status": gray_status,
            "gray_share": self.gray.unwrap_or_default().to_string(),
            "visibility": if self.hidden { "HIDDEN" } else { "VISIBLE" },
            "library": word(&self.library),
        })
    }

    /// Performs an effect, or returns the code that refuses it. No code says that something is done already.
    pub(crate) fn apply(&mut self, path: &str, body: &Value) -> Result<(), &'static str> {
        let text = |field: &str| body[field].as_str().filter(|text| !text.is_empty());
        match path {
            "/v1/app/upload" => {
                self.draft = Some(text("version").ok_or("PARAM_INVALID")?.to_owned());
                self.drafts += 1;
            }
            "/v1/app/submit" => self.submit(text("version"))?,
            "/v1/app/withdraw" => {
                let open = self.review.as_mut().filter(|review| review.status == "RUNNING");
                let named = open.filter(|review| text("review") == Some(&review.id));
                named.ok_or("STATE_CONFLICT")?.status = "CANCELLED";
            }
            "/v1/app/release" => {
                let version = {
                    let passed =
                        self.passed().filter(|review| text("review").is_none_or(|id| id == review.id));
                    let review = passed.ok_or("STATE_CONFLICT")?;
                    review.released = true;
                    review.version.clone()
                };
                self.previous = self.online.replace(version);
                (self.gray_ended, self.gray) = (self.gray_ended || self.gray.is_some(), None);
                self.releases += 1;
            }
            "/v1/app/rollback" => {
                let is_named = text("online").is_none_or(|version| Some(version) == self.online.as_deref());
                let previous = self.previous.take_if(|_| is_named && self.gray.is_none());
                let previous = previous.ok_or("STATE_CONFLICT")?;
                self.online = Some(previous);
                self.releases += 1;
            }
            "/v1/app/gray/start" => {
                let share = text("share").and_then(|share| share.parse().ok());
                let share =
                    share.filter(|share| CAPABILITIES.gray_release.offers(*share)).ok_or("PARAM_INVALID")?;
                let rises = self.gray.is_none_or(|gray| gray < share) && self.online.is_some();
                let named = text("review");
                let passed = self.passed().filter(|review| named.is_none_or(|id| id == review.id));
                passed.filter(|_| rises).ok_or("STATE_CONFLICT")?;
                self.gray = Some(share);
            }
            "/v1/app/gray/cancel" => {
                self.gray.take().ok_or("STATE_CONFLICT")?;
                self.gray_ended = true;
            }
            "/v1/app/visibility" => self.hidden = text("visibility").ok_or("PARAM_INVALID")? == "HIDDEN",
            "/v1/app/library" => self.library = Some(text("library").ok_or("PARAM_INVALID")?.to_owned()),
            _ => return Err("PARAM_INVALID"),
        }
        if let Some((path, _)) = EFFECTS.iter().find(|(effect, _)| *effect == path) {
            *self.effects.entry(path).or_default() += 1;
        }
        Ok(())
    }

    fn submit(&mut self, version: Option<&str>) -> Result<(), &'static str> {
        if self.review.as_ref().is_some_and(|review| review.status == "RUNNING") {
            return Err("AUDIT_RUNNING");
        }
        let draft = self.draft.clone().filter(|draft| version.is_none_or(|version| version == draft));
        let version = draft.ok_or("STATE_CONFLICT")?;
        self.reviews += 1;
        let id = format!("R{}", self.reviews);
        self.review = Some(Review { id, status: "RUNNING", version, reason: String::new(), released: false });
        Ok(())
    }

    /// The audit whose version can be released.
    fn passed(&mut self) -> Option<&mut Review> {
        self.review.as_mut().filter(|review| review.status == "PASSED" && !review.released)
    }
}
