//! What one app is to get.

use std::fmt::Write;

use miniprogram_core::{AppId, ExtJson, SubmitOptions, TemplateId, Vendor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What one app is to get.
///
/// It is constant for the rollout, except that a retry may [`correct`](Self::correct) the extension, the description
/// and the options. A retry that corrects the first two begins anew, so that a ledger replays with the corrected
/// target too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Target {
    /// The vendor.
    pub vendor: Vendor,
    /// The app.
    pub app_id: AppId,
    /// The template to upload.
    pub template: TemplateId,
    /// The version text. The vendor shows it for the version online, and that is how the app is known to have it.
    pub version: String,
    /// The description of the version.
    pub description: String,
    /// The merchant's values.
    #[serde(default)]
    pub ext: ExtJson,
    /// Additional data of the submission.
    #[serde(default)]
    pub submit: SubmitOptions,
    /// Apps with a higher priority are submitted first. The machine does not read it.
    #[serde(default)]
    pub priority: i64,
}

impl Target {
    /// Creates a target with an empty extension, no options and priority 0.
    #[must_use]
    pub fn new(
        vendor: Vendor,
        app_id: impl Into<AppId>,
        template: impl Into<TemplateId>,
        version: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            vendor,
            app_id: app_id.into(),
            template: template.into(),
            version: version.into(),
            description: description.into(),
            ext: ExtJson::default(),
            submit: SubmitOptions::default(),
            priority: 0,
        }
    }

    /// Sets the merchant's values.
    #[must_use]
    pub fn with_ext(mut self, ext: ExtJson) -> Self {
        self.ext = ext;
        self
    }

    /// Sets the additional data of the submission.
    #[must_use]
    pub fn with_submit(mut self, options: SubmitOptions) -> Self {
        self.submit = options;
        self
    }

    /// Sets the priority.
    #[must_use]
    pub const fn with_priority(mut self, priority: i64) -> Self {
        self.priority = priority;
        self
    }

    /// Returns the SHA-256 of the extension in hexadecimal digits: what a ledger shows instead of the values.
    #[must_use]
    pub fn ext_sha256(&self) -> String {
        Sha256::digest(self.ext.as_str()).iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Applies a correction, and returns what the ledger keeps of it. Correct a copy, and store it together with the step
    /// that takes the retry; if the step [ignores](super::Step::ignored) it, keep the old target.
    pub fn correct(&mut self, correction: Correction) -> Corrected {
        let Correction { ext, description, options } = correction;
        let corrected = Corrected {
            description: description.is_some(),
            options: options.is_some(),
            ext_sha256: ext.map(|ext| {
                self.ext = ext;
                self.ext_sha256()
            }),
        };
        self.description = description.unwrap_or_else(|| std::mem::take(&mut self.description));
        self.submit = options.unwrap_or_else(|| std::mem::take(&mut self.submit));
        corrected
    }
}

/// What a retry changes. The version cannot change: it is how the app is known to have what it was to get.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Correction {
    /// Other values of the merchant.
    pub ext: Option<ExtJson>,
    /// Another description.
    pub description: Option<String>,
    /// Other data of the submission.
    pub options: Option<SubmitOptions>,
}

/// What a ledger keeps of a correction: no value, since there may be secrets among them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Corrected {
    /// The SHA-256 of the new extension, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext_sha256: Option<String>,
    /// Whether the description is another one.
    pub description: bool,
    /// Whether the options are others.
    pub options: bool,
}

impl Corrected {
    /// Returns whether the code has to be uploaded again.
    #[must_use]
    pub const fn needs_upload(&self) -> bool {
        self.ext_sha256.is_some() || self.description
    }
}
