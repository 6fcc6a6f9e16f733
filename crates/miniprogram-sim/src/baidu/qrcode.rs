//! The QR code of a package.

use super::state::Status;
use super::{BdView, Step, Verdict};
use crate::call::{Content, Refusal};

pub(super) fn qrcode(view: &BdView<'_>) -> Verdict {
    let width: u32 = view.call.param("width").unwrap_or("200").parse().map_err(|_| Refusal::code(470018))?;
    if !(200..=1280).contains(&width) {
        return Err(Refusal::code(470018));
    }
    let id = match view.call.param("package_id").filter(|id| !id.is_empty()) {
        None => view.state.online.ok_or(Refusal::code(470020))?,
        Some(id) => id.parse().map_err(|_| Refusal::code(40001))?,
    };
    let package = view.state.package(id).filter(|package| package.is_ready(view.now));
    let allowed = |status| {
        matches!(
            status,
            Status::Online
                | Status::Development
                | Status::InReview
                | Status::Rejected
                | Status::Approved
                | Status::RollingBack
        )
    };
    let package = package.filter(|package| allowed(package.status)).ok_or(Refusal::code(470019))?;
    let text = format!("{}/{}?{}", package.id, view.call.param("path").unwrap_or_default(), view.app_id);
    Step::answer(Content::Image("image/png", png(width, &text)))
}

/// A PNG of one black square, with a text chunk that says what a real code would hold.
fn png(width: u32, text: &str) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&width.to_be_bytes());
    // 1 bit, grey, the only compression and filter method, not interlaced.
    header.extend_from_slice(&[1, 0, 0, 0, 0]);
    let side = usize::try_from(width).unwrap_or(0);
    let pixels = vec![0_u8; (side.div_ceil(8) + 1) * side];
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut image, *b"IHDR", &header);
    chunk(&mut image, *b"tEXt", &[b"Comment\0", text.as_bytes()].concat());
    chunk(&mut image, *b"IDAT", &stored(&pixels));
    chunk(&mut image, *b"IEND", &[]);
    image
}

fn chunk(image: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    image.extend_from_slice(&length.to_be_bytes());
    let start = image.len();
    image.extend_from_slice(&kind);
    image.extend_from_slice(data);
    let checksum = crc(&image[start..]);
    image.extend_from_slice(&checksum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// The pixels in the format of zlib, not compressed.
fn stored(pixels: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 0xffff;
    let mut out = vec![0x78, 0x01];
    let blocks = pixels.chunks(BLOCK);
    let last = blocks.len() - 1;
    for (index, block) in blocks.enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(index == last));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in pixels {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend_from_slice(&((high << 16) | low).to_be_bytes());
    out
}
