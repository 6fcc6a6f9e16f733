//! Uploading code and inspecting what is uploaded.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::id::{AuditId, PackageId};
use crate::status::{RawStatus, Stage, UploadStatus};
use crate::time::Timestamp;
use crate::vendor_error::Code;

/// Identifies an upload so that it can be found later. Keep it (it implements serde) until the version has been
/// submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredReceipt")]
#[non_exhaustive]
pub struct UploadReceipt {
    /// The version that was uploaded.
    pub version: String,
    /// Its description, exactly as sent.
    pub description: String,
    /// The package's id, once known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
    /// By what else the vendor's crate recognizes the upload, in a form of its own; null if by nothing else. Pass it back
    /// as it is, to `upload_progress` or `submit_audit`.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub vendor_state: Value,
}

/// A receipt as it is read. Earlier versions wrote `known_package_ids`, the state of the only vendor that had one, beside
/// the other fields.
#[derive(Deserialize)]
struct StoredReceipt {
    version: String,
    description: String,
    #[serde(default)]
    package_id: Option<PackageId>,
    #[serde(default)]
    vendor_state: Value,
    #[serde(default)]
    known_package_ids: Vec<PackageId>,
}

impl From<StoredReceipt> for UploadReceipt {
    fn from(stored: StoredReceipt) -> Self {
        let StoredReceipt { version, description, package_id, vendor_state, known_package_ids } = stored;
        let vendor_state = if vendor_state.is_null() && !known_package_ids.is_empty() {
            json!({ "known_package_ids": known_package_ids })
        } else {
            vendor_state
        };
        Self { version, description, package_id, vendor_state }
    }
}

impl UploadReceipt {
    /// Creates a receipt for a version.
    #[must_use]
    pub fn new(version: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            description: description.into(),
            package_id: None,
            vendor_state: Value::Null,
        }
    }

    /// Sets the package's id.
    #[must_use]
    pub fn with_package_id(mut self, id: Option<PackageId>) -> Self {
        self.package_id = id;
        self
    }

    /// Sets by what else the vendor's crate recognizes the upload.
    #[must_use]
    pub fn with_vendor_state(mut self, state: impl Into<Value>) -> Self {
        self.vendor_state = state.into();
        self
    }
}

/// The vendor's progress in processing an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum UploadProgress {
    /// Still being processed; query again.
    Processing,
    /// It can be submitted.
    #[non_exhaustive]
    Ready {
        /// The package's id, if the vendor has package ids.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        package_id: Option<PackageId>,
    },
    /// It failed; upload again.
    #[non_exhaustive]
    Failed {
        /// The vendor's code, if it sends one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        code: Option<Code>,
        /// The vendor's message.
        reason: String,
    },
}

impl UploadProgress {
    /// Creates the progress of an upload that can be submitted.
    #[must_use]
    pub const fn ready(package_id: Option<PackageId>) -> Self {
        Self::Ready { package_id }
    }

    /// Creates the progress of a failed upload.
    #[must_use]
    pub fn failed(code: Option<Code>, reason: impl Into<String>) -> Self {
        Self::Failed { code, reason: reason.into() }
    }
}

/// A version that the vendor lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeVersion {
    /// The platform's own version text; absent if the vendor does not report it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The description given at the upload.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// Its stage.
    pub stage: Stage,
    /// The number behind the stage, if the vendor sent one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw_status: Option<RawStatus>,
    /// The package's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub package_id: Option<PackageId>,
    /// The audit's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audit_id: Option<AuditId>,
    /// When it was uploaded, submitted or released, according to the vendor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub committed_at: Option<Timestamp>,
    /// The vendor's message on the audit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The state of the upload, while the vendor reports one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upload: Option<Upload>,
    /// The version that a rollback from here returns to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rollback_version: Option<String>,
}

impl CodeVersion {
    /// Creates a version at a stage, with everything else absent.
    #[must_use]
    pub const fn new(stage: Stage, raw_status: Option<RawStatus>) -> Self {
        Self {
            version: None,
            description: None,
            stage,
            raw_status,
            package_id: None,
            audit_id: None,
            committed_at: None,
            reason: None,
            upload: None,
            rollback_version: None,
        }
    }

    /// Sets the version text and its description.
    #[must_use]
    pub fn with_version(mut self, version: Option<String>, description: Option<String>) -> Self {
        self.version = version;
        self.description = description;
        self
    }

    /// Sets the ids by which the vendor knows it.
    #[must_use]
    pub fn with_ids(mut self, package_id: Option<PackageId>, audit_id: Option<AuditId>) -> Self {
        self.package_id = package_id;
        self.audit_id = audit_id;
        self
    }

    /// Sets the time.
    #[must_use]
    pub fn with_committed_at(mut self, time: Option<Timestamp>) -> Self {
        self.committed_at = time;
        self
    }

    /// Sets the vendor's message on the audit.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// Sets the state of the upload.
    #[must_use]
    pub fn with_upload(mut self, upload: Option<Upload>) -> Self {
        self.upload = upload;
        self
    }

    /// Sets the version that a rollback returns to.
    #[must_use]
    pub fn with_rollback_version(mut self, version: Option<String>) -> Self {
        self.rollback_version = version;
        self
    }
}

/// The state of an upload, as the vendor reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Upload {
    /// Its progress.
    pub status: UploadStatus,
    /// The number behind it.
    pub raw_status: RawStatus,
    /// The code of a failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Code>,
    /// The vendor's message: on a failure that of the reason, otherwise that of the status.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// The vendor's description of the status, if it differs from the message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
}

impl Upload {
    /// Creates a state of an upload.
    #[must_use]
    pub const fn new(
        status: UploadStatus,
        raw_status: RawStatus,
        code: Option<Code>,
        message: Option<String>,
    ) -> Self {
        Self { status, raw_status, code, message, description: None }
    }

    /// Sets the vendor's description of the status, if it differs from the message.
    #[must_use]
    pub fn with_description(mut self, description: Option<String>) -> Self {
        self.description = description;
        self
    }
}

/// What the QR code opens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct QrCodeOptions {
    /// The page to open, with its query if any, not percent-encoded.
    pub path: Option<String>,
    /// The package to open; requires `Capabilities::package_ids`. If absent, the vendor's default is used.
    pub package_id: Option<PackageId>,
    /// The width in pixels.
    pub width: Option<u32>,
}

impl QrCodeOptions {
    /// Sets the page to open.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets the package to open.
    #[must_use]
    pub fn with_package_id(mut self, id: impl Into<PackageId>) -> Self {
        self.package_id = Some(id.into());
        self
    }

    /// Sets the width in pixels.
    #[must_use]
    pub const fn with_width(mut self, pixels: u32) -> Self {
        self.width = Some(pixels);
        self
    }
}

/// An image of a QR code.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QrCode {
    /// `image/png` or `image/jpeg`, determined from the first bytes.
    pub content_type: &'static str,
    /// The image.
    pub bytes: Vec<u8>,
}

impl QrCode {
    /// Accepts the bytes as an image if they begin like a PNG or a JPEG.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        image_type(&bytes).map(|content_type| Self { content_type, bytes })
    }
}

/// Returns the media type of an image by its first bytes; none if it is neither a PNG nor a JPEG.
pub(crate) fn image_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else {
        None
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QrCode({}, {} bytes)", self.content_type, self.bytes.len())
    }
}

/// A service category, from the broadest level to the narrowest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Category {
    /// The levels: two or three at WeChat, up to two at Baidu.
    pub levels: Vec<CategoryLevel>,
    /// Further data from the vendor (qualifications and the like), under the vendor's names.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Category {
    /// Creates a category of the given levels.
    #[must_use]
    pub fn new(levels: Vec<CategoryLevel>) -> Self {
        Self { levels, extra: Map::new() }
    }

    /// Sets the further data from the vendor.
    #[must_use]
    pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }
}

/// One level of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CategoryLevel {
    /// The vendor's id: a number or a word.
    pub id: Code,
    /// The vendor's name.
    pub name: String,
}

impl CategoryLevel {
    /// Creates a level.
    #[must_use]
    pub fn new(id: impl Into<Code>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}
