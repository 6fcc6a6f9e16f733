//! Uploads: audit material, and temporary material that later calls name.

use std::collections::BTreeMap;
use std::time::Duration;

use miniprogram_core::Timestamp;
use serde_json::json;

use super::{Step, Verdict, WeScene, WeView};
use crate::call::{Content, FilePart, Object, Refusal};

pub(super) const MEGABYTE: usize = 1024 * 1024;
/// Lifetime of a media id.
pub(super) const LIFETIME: Duration = Duration::from_secs(3 * 86_400);
/// Endpoints that take a file instead of JSON.
const TAKE_FILES: [&str; 3] =
    ["/wxa/uploadmedia", "/cgi-bin/media/upload", "/cgi-bin/component/uploadprivacyextfile"];

pub(super) fn takes_file(path: &str) -> bool {
    TAKE_FILES.contains(&path)
}

#[derive(Debug, Clone)]
struct Kept {
    until: Timestamp,
    size: usize,
    is_picture: bool,
}

/// An app's uploads, by media id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Media(BTreeMap<String, Kept>);

impl Media {
    pub(super) fn holds(&self, id: &str, now: Timestamp) -> bool {
        self.0.get(id).is_some_and(|kept| now < kept.until)
    }

    /// Returns the size of an image in bytes.
    pub(super) fn picture(&self, id: &str, now: Timestamp) -> Option<usize> {
        self.0.get(id).filter(|kept| kept.is_picture && now < kept.until).map(|kept| kept.size)
    }
}

/// 64 letters, digits, hyphens and underscores.
pub(super) fn looks_like_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Picture,
    Video,
    Sound,
    Other,
}

/// Detected from the first bytes.
fn format(bytes: &[u8]) -> Format {
    let pictures: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8"];
    if pictures.iter().any(|start| bytes.starts_with(start)) {
        Format::Picture
    } else if bytes.get(4..8) == Some(b"ftyp") {
        Format::Video
    } else if bytes.starts_with(b"#!AMR") || bytes.starts_with(b"ID3") || bytes.starts_with(b"\xff\xfb") {
        Format::Sound
    } else {
        Format::Other
    }
}

/// The part that contains the file.
fn media<'a>(view: &'a WeView<'_>) -> Result<&'a FilePart, Refusal> {
    filled(view.call.file("media"))
}

fn filled(file: Option<&FilePart>) -> Result<&FilePart, Refusal> {
    let file = file.ok_or(Refusal::code(41005))?;
    if file.bytes.is_empty() { Err(Refusal::code(44001)) } else { Ok(file) }
}

/// Stores a file under a new media id and drops expired ones.
fn keep(scene: &mut WeScene<'_>, size: usize, is_picture: bool) -> String {
    let id: String = (0..4).map(|_| format!("{:016x}", scene.platform.random.u64(..))).collect();
    let kept = Kept { until: scene.now.after(LIFETIME), size, is_picture };
    let media = &mut scene.state.profile.media.0;
    media.retain(|_, kept| scene.now < kept.until);
    media.insert(id.clone(), kept);
    id
}

pub(super) fn uploadmedia(view: &WeView<'_>) -> Verdict {
    let file = media(view)?;
    let (kind, limit) = match format(&file.bytes) {
        Format::Picture => ("image", 2 * MEGABYTE),
        Format::Video => ("video", 10 * MEGABYTE),
        Format::Sound | Format::Other => return Err(Refusal::code(40005)),
    };
    let size = file.bytes.len();
    if size > limit {
        return Err(Refusal::code(40006));
    }
    let rules = &view.platform.wechat.name_rules;
    if rules.keys().any(|word| view.state.profile.naming.name.contains(word.as_str())) {
        return Err(Refusal::code(86020));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let id = keep(scene, size, kind == "image");
        json!({ "type": kind, "mediaid": id }).into()
    })
}

/// Temporary material; success is reported without a code.
pub(super) fn upload(view: &WeView<'_>) -> Verdict {
    let kind = view.call.query("type").unwrap_or_default().to_owned();
    let (wanted, limit) = match kind.as_str() {
        "image" => (Format::Picture, 10 * MEGABYTE),
        "thumb" => (Format::Picture, 64 * 1024),
        "video" => (Format::Video, 10 * MEGABYTE),
        "voice" => (Format::Sound, 2 * MEGABYTE),
        _ => return Err(Refusal::code(40004)),
    };
    let file = media(view)?;
    if format(&file.bytes) != wanted {
        return Err(Refusal::code(40005));
    }
    let size = file.bytes.len();
    if size > limit {
        return Err(Refusal::code(40006));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let id = keep(scene, size, wanted == Format::Picture);
        let mut answer = Object::new();
        answer.insert("type".to_owned(), json!(kind));
        answer.insert("media_id".to_owned(), json!(id));
        answer.insert("created_at".to_owned(), json!(scene.now.as_unix()));
        answer.insert("item".to_owned(), json!([]));
        Content::Bare(answer)
    })
}

/// The privacy guide as a text file; the name of the part does not matter.
pub(super) fn uploadprivacyextfile(view: &WeView<'_>) -> Verdict {
    let file = filled(view.call.files.first())?;
    if !file.file_name.ends_with(".txt") {
        return Err(Refusal::code(40005));
    }
    let size = file.bytes.len();
    if size > 100 * 1024 {
        return Err(Refusal::code(40006));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        json!({ "ext_file_media_id": keep(scene, size, false) }).into()
    })
}
