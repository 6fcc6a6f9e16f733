//! QR codes as images.

use jpeg_encoder::{ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

/// The light border around a code that the standard requires, in modules.
const QUIET: usize = 4;
/// JPEG quality in percent; any such value keeps dark and light apart.
const QUALITY: u8 = 90;

/// The dark pixels of a square, row by row.
struct Square {
    side: usize,
    dark: Vec<bool>,
}

impl Square {
    /// Encodes a text, centred in a square of `side` pixels. `None` if the text is too long or the square too small.
    fn code(text: &str, side: u16) -> Option<Self> {
        let with = |level| QrCode::with_error_correction_level(text, level).ok();
        let code = with(EcLevel::M).or_else(|| with(EcLevel::L))?;
        let (side, modules) = (usize::from(side), code.width());
        let scale = side / (modules + 2 * QUIET);
        if scale == 0 {
            return None;
        }
        let margin = (side - scale * modules) / 2;
        let module = |place: usize| place.checked_sub(margin).map(|inside| inside / scale);
        let dark = |row: usize, column: usize| match (module(row), module(column)) {
            (Some(row), Some(column)) if row < modules && column < modules => {
                code[(column, row)] == Color::Dark
            }
            _ => false,
        };
        let places = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
        Some(Self { side, dark: places.map(|(row, column)| dark(row, column)).collect() })
    }
}

/// Returns the QR code of a text as a PNG of `side` pixels. `None` if it does not fit.
pub(crate) fn png(text: &str, side: u16) -> Option<Vec<u8>> {
    let square = Square::code(text, side)?;
    let size = u32::from(side).to_be_bytes();
    // 1 bit, grey, the only compression and filter method, not interlaced.
    let header = [&size[..], &size, &[1, 0, 0, 0, 0]].concat();
    let mut image = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut image, *b"IHDR", &header);
    chunk(&mut image, *b"IDAT", &stored(&scanlines(&square)));
    chunk(&mut image, *b"IEND", &[]);
    Some(image)
}

/// Like [`png`], as a JPEG.
pub(crate) fn jpeg(text: &str, side: u16) -> Option<Vec<u8>> {
    let square = Square::code(text, side)?;
    let grey: Vec<u8> = square.dark.iter().map(|dark| if *dark { 0 } else { u8::MAX }).collect();
    let mut image = Vec::new();
    Encoder::new(&mut image, QUALITY).encode(&grey, side, side, ColorType::Luma).ok()?;
    Some(image)
}

/// Rows, each preceded by its filter byte (none); a set bit is light.
fn scanlines(square: &Square) -> Vec<u8> {
    let mut lines = Vec::new();
    for row in square.dark.chunks(square.side) {
        lines.push(0);
        lines.extend(row.chunks(8).map(|pixels| {
            pixels.iter().zip(0..).fold(
                0_u8,
                |byte, (dark, place)| {
                    if *dark { byte } else { byte | 0x80 >> place }
                },
            )
        }));
    }
    lines
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

/// The pixels as an uncompressed zlib stream.
fn stored(pixels: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 0xffff;
    let mut out = vec![0x78, 0x01];
    let blocks = pixels.chunks(BLOCK);
    let count = blocks.len();
    for (number, block) in (1..).zip(blocks) {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(number == count));
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
