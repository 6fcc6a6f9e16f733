//! Files that later calls refer to by a media id. An upload does not change the app, so it is simply retried.

use std::fmt;

use bytes::Bytes;
use miniprogram_core::transport::Part;
use miniprogram_core::vendor_api::pipeline::{Call, Fields};
use miniprogram_core::{Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::REFUSE;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::MaterialKind;

const MEGABYTE: usize = 1 << 20;
/// The size limits of an image and of a video for an audit.
const LARGEST_PICTURE: usize = 2 * MEGABYTE;
const LARGEST_VIDEO: usize = 10 * MEGABYTE;

/// A file to upload. `Debug` shows its name and size only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaFile {
    /// Its name.
    pub name: String,
    /// Its content.
    pub content: Bytes,
}

impl MediaFile {
    /// Creates a file.
    #[must_use]
    pub fn new(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self { name: name.into(), content: content.into() }
    }

    fn part(&self, operation: &'static str, name: &'static str, media_type: &'static str) -> Result<Part> {
        REFUSE.required(operation, "file.name", &self.name)?;
        if self.content.is_empty() {
            return Err(REFUSE.invalid(operation, "file.content", "must not be empty"));
        }
        Ok(Part::file(name, &self.name, media_type, self.content.clone()))
    }

    /// Determines the media type from the first bytes; `None` if it is not one of the types listed here.
    fn media_type(&self) -> Option<&'static str> {
        let content: &[u8] = &self.content;
        match content {
            [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
            [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
            [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video/mp4"),
            _ => None,
        }
    }
}

impl fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaFile({:?}, {} bytes)", self.name, self.content.len())
    }
}

/// An image or video that shows the app to the auditors.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AuditMedia {
    /// `mediaid`: the id that [`SubmitOptions::with_preview`](crate::SubmitOptions::with_preview) accepts, for three
    /// days.
    pub media_id: String,
    /// `type`: `image` or `video`.
    pub kind: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl AuditMedia {
    /// Creates material of which only the id is known.
    #[must_use]
    pub fn new(media_id: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), kind: None, extra: Map::new() }
    }
}

/// Temporary material, valid for three days.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Material {
    /// `media_id`, for a thumbnail `thumb_media_id`: the id that names, icons, certificates and feedback accept.
    pub media_id: String,
    /// `type`.
    pub kind: Option<String>,
    /// `created_at`.
    pub created_at: Option<Timestamp>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Material {
    /// Creates material of which only the id is known.
    #[must_use]
    pub fn new(media_id: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), kind: None, created_at: None, extra: Map::new() }
    }
}

/// A file for a privacy guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PrivacyFile {
    /// `ext_file_media_id`: the id that [`PrivacyOwner::with_ext_file`](crate::privacy::PrivacyOwner::with_ext_file)
    /// accepts.
    pub media_id: String,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl PrivacyFile {
    /// Creates a file of which only the id is known.
    #[must_use]
    pub fn new(media_id: impl Into<String>) -> Self {
        Self { media_id: media_id.into(), extra: Map::new() }
    }
}

impl WeChatApp {
    /// Uploads an image (PNG, JPEG or GIF, at most 2 MB) or a video (MP4, at most 10 MB) for an audit: `uploadmedia`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for another format
    /// (determined by the first bytes) or a larger file; and those of any read.
    pub async fn upload_audit_media(&self, file: &MediaFile) -> Result<AuditMedia> {
        const OPERATION: &str = "upload_audit_media";
        let Some(media_type) = file.media_type() else {
            let rule = "must be a PNG, JPEG or GIF picture or an MP4 film by its first bytes";
            return Err(REFUSE.invalid(OPERATION, "file.content", rule));
        };
        let (what, largest) = if media_type == "video/mp4" {
            ("a film of at most 10 MB", LARGEST_VIDEO)
        } else {
            ("a picture of at most 2 MB", LARGEST_PICTURE)
        };
        if file.content.len() > largest {
            let rule = format!("must be {what} ({largest} bytes), has {} bytes", file.content.len());
            return Err(REFUSE.invalid(OPERATION, "file.content", rule));
        }
        let part = file.part(OPERATION, "media", media_type)?;
        let call = Call::to(&endpoints::UPLOAD_AUDIT_MEDIA).with_parts(vec![part]);
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        Ok(AuditMedia {
            media_id: fields.required("mediaid", Fields::text)?,
            kind: fields.text("type"),
            extra: fields.rest(),
        })
    }

    /// Uploads temporary material: `cgi-bin/media/upload`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for an empty file; and
    /// those of any read.
    pub async fn upload_material(&self, kind: MaterialKind, file: &MediaFile) -> Result<Material> {
        const OPERATION: &str = "upload_material";
        let part = file.part(OPERATION, "media", file.media_type().unwrap_or(ANY_TYPE))?;
        let call =
            Call::to(&endpoints::UPLOAD_MATERIAL).with_parts(vec![part]).with_query("type", kind.as_wire());
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        let media_id = match fields.text("media_id") {
            Some(media_id) => media_id,
            None => fields.required("thumb_media_id", Fields::text)?,
        };
        Ok(Material {
            media_id,
            kind: fields.text("type"),
            created_at: fields.time("created_at"),
            extra: fields.rest(),
        })
    }

    /// Uploads a file for a privacy guide: `uploadprivacyextfile`.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for an empty file; and
    /// those of any read.
    pub async fn upload_privacy_file(&self, file: &MediaFile) -> Result<PrivacyFile> {
        const OPERATION: &str = "upload_privacy_file";
        let part = file.part(OPERATION, "file", file.media_type().unwrap_or(ANY_TYPE))?;
        let call = Call::to(&endpoints::UPLOAD_PRIVACY_FILE).with_parts(vec![part]);
        let reply = self.begin(OPERATION).read(&call).await?;
        let mut fields = fields::of(&reply);
        Ok(PrivacyFile {
            media_id: fields.required("ext_file_media_id", Fields::text)?,
            extra: fields.rest(),
        })
    }
}

const ANY_TYPE: &str = "application/octet-stream";
