//! The image upload, whose URLs later calls accept.

use serde_json::json;

use crate::call::{Content, Refusal};
use crate::endpoint::{Scene, Step, Verdict, View};
use crate::tokens::LETTERS;

/// Maximum size of an icon, in bytes and in pixels per side.
pub(super) const ICON: (usize, u32) = (2 * 1024 * 1024, 256);
/// Maximum size of any other image, in bytes.
pub(super) const OTHER: usize = 5 * 1024 * 1024;

/// Both the platform and an app may upload.
pub(super) fn upload<S>(view: &View<'_, S>) -> Verdict<S> {
    let is_icon = match view.call.param("type").unwrap_or("1") {
        "" | "1" => true,
        "2" | "3" => false,
        _ => return Err(Refusal::code(40001)),
    };
    let file = view.call.file("multipartFile").ok_or(Refusal::code(40001))?;
    if file.bytes.len() > if is_icon { ICON.0 } else { OTHER } {
        return Err(Refusal::code(40006));
    }
    let (extension, width, height) = measure(&file.bytes).ok_or(Refusal::code(47000))?;
    if is_icon && (width > ICON.1 || height > ICON.1) {
        return Err(Refusal::code(47003));
    }
    Step::effect(move |scene: &mut Scene<'_, S>| {
        let day = scene.now.to_civil("%Y%m%d", 8);
        let random = &mut scene.platform.random;
        let name: String = (0..24).map(|_| char::from(LETTERS[random.usize(..52)])).collect();
        let address = format!("https://b.bdstatic.com/searchbox/mappconsole/image/{day}/{name}.{extension}");
        scene.platform.baidu.images.insert(address.clone());
        Content::Data(json!(address))
    })
}

/// Returns format, width and height of a PNG, BMP or JPEG.
fn measure(bytes: &[u8]) -> Option<(&'static str, u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some(("png", big(bytes, 16)?, big(bytes, 20)?));
    }
    if bytes.starts_with(b"BM") {
        let little =
            |at: usize| Some(i32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?).unsigned_abs());
        return Some(("bmp", little(18)?, little(22)?));
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        let (width, height) = jpeg(bytes)?;
        return Some(("jpg", width, height));
    }
    None
}

fn big(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// Width and height from the first start of frame.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let [0xff, marker, high, low] = *bytes.get(at..at + 4)? else { return None };
        // A start of frame; C4, C8 and CC in that range are other markers.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let sizes = big(bytes, at + 5)?;
            return Some((sizes & 0xffff, sizes >> 16));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}
