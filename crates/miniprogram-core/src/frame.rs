//! The encrypted frame of callbacks: bytes in, bytes out.
//!
//! Both vendors use one scheme: base64 of AES-256-CBC over `16 random bytes · length (4 bytes, big endian) ·
//! message · tail`, padded by PKCS#7 to blocks of 32 bytes, authenticated by the SHA-1 of the sorted strings
//! token, timestamp, nonce and ciphertext. The format of envelopes is defined by the vendors; this module knows
//! none of them.

use std::fmt;

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Padding, Pkcs7};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Length of the random prefix and of the length field.
pub(crate) const HEAD: usize = 20;
/// Padding extends to a multiple of this, twice the cipher's own block size.
const BLOCK: usize = 32;

/// The 43rd character of a key carries two spare bits that are usually not zero.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// An AES key as shown in the vendors' consoles: 43 characters of `a-z`, `A-Z`, `0-9`.
#[derive(Clone)]
pub struct FrameKey(Zeroizing<[u8; 32]>);

impl FrameKey {
    /// Parses the 43 characters.
    ///
    /// # Errors
    /// [`FrameError::Key`] if there are not exactly 43 characters, or if one is not allowed. The error does not
    /// repeat the text.
    pub fn parse(text: &Secret) -> Result<Self, FrameError> {
        let text = text.expose().as_bytes();
        if !text.iter().all(u8::is_ascii_alphanumeric) {
            return Err(FrameError::Key);
        }
        // 43 characters decode to 32 bytes, and no other number of characters does.
        let mut bytes = Zeroizing::new([0; 33]);
        let length = KEY_BASE64.decode_slice(text, bytes.as_mut_slice()).map_err(|_| FrameError::Key)?;
        let key: [u8; 32] = bytes[..length].try_into().map_err(|_| FrameError::Key)?;
        Ok(Self(Zeroizing::new(key)))
    }

    fn initial_vector(&self) -> &[u8] {
        &self.0[..16]
    }
}

impl fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameKey([redacted])")
    }
}

/// Why a frame could not be opened. Do not reveal the reason to the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The key is not 43 letters and digits.
    #[error("the AES key must have 43 characters out of a-z, A-Z and 0-9")]
    Key,
    /// The ciphertext is not canonical base64.
    #[error("the ciphertext is not canonical base64")]
    Base64,
    /// The ciphertext has fewer than 32 bytes, or not a multiple of 16.
    #[error("the ciphertext has a wrong length")]
    Length,
    /// The padding is not 1 to 32 bytes that all hold their own count.
    #[error("the padding is wrong")]
    Padding,
    /// The remainder is shorter than the head, or than the length it states.
    #[error("the length field does not fit")]
    Content,
    /// The tail is not the configured id of the receiver. [`open`] leaves this check to its caller.
    #[error("the frame is addressed to another receiver")]
    Receiver,
    /// The message is not UTF-8. [`open`] leaves this check to its caller.
    #[error("the message inside the frame is not UTF-8")]
    Encoding,
}

/// An opened frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message, byte for byte.
    pub message: &'a [u8],
    /// The bytes after the message: the id of the receiver.
    pub tail: &'a [u8],
}

/// Returns the signature of the given strings: sorted by their bytes, joined, SHA-1, 40 lower-case hex digits.
#[must_use]
pub fn signature(parts: &[&str]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    digest(parts).iter().fold(String::with_capacity(40), |mut hex, byte| {
        hex.push(char::from(HEX[usize::from(byte >> 4)]));
        hex.push(char::from(HEX[usize::from(byte & 15)]));
        hex
    })
}

fn digest(parts: &[&str]) -> [u8; 20] {
    let mut sorted = parts.to_vec();
    sorted.sort_unstable();
    let mut sha = Sha1::new();
    for part in sorted {
        sha.update(part.as_bytes());
    }
    sha.finalize().into()
}

/// The hex digits allowed in a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexCase {
    /// `0-9` and `a-f` only.
    Lower,
    /// Upper case as well.
    Either,
}

/// Returns whether `given` is the signature of the strings. The comparison takes the same time wherever they
/// differ.
#[must_use]
pub fn signature_holds(parts: &[&str], given: &str, case: HexCase) -> bool {
    let Some(given) = hex_bytes(given.as_bytes(), case) else { return false };
    digest(parts).ct_eq(&given).into()
}

/// Returns the 20 bytes encoded by exactly 40 hex digits of the allowed case.
fn hex_bytes(text: &[u8], case: HexCase) -> Option<[u8; 20]> {
    let text: &[u8; 40] = text.try_into().ok()?;
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' if case == HexCase::Either => Some(byte - b'A' + 10),
        _ => None,
    };
    let mut bytes = [0; 20];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(bytes)
}

/// Opens a frame in place: `ciphertext` holds base64 text before the call and plain bytes after it.
///
/// Call it only after [`signature_holds`]; on an error the buffer's content is unspecified.
///
/// # Errors
/// [`FrameError::Base64`], [`Length`](FrameError::Length), [`Padding`](FrameError::Padding) or
/// [`Content`](FrameError::Content).
pub fn open<'a>(key: &FrameKey, ciphertext: &'a mut [u8]) -> Result<Frame<'a>, FrameError> {
    let length = decode_in_place(ciphertext)?;
    let bytes = &mut ciphertext[..length];
    if length < BLOCK {
        return Err(FrameError::Length);
    }
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&*key.0, key.initial_vector())
        .map_err(|_| FrameError::Key)?;
    // Fails if the length is not a multiple of the cipher's block size.
    cipher.decrypt_padded::<NoPadding>(bytes).map_err(|_| FrameError::Length)?;
    let bytes: &'a [u8] = &ciphertext[..length];
    let pad = usize::from(bytes[length - 1]);
    if pad == 0 || pad > BLOCK || !bytes[length - pad..].iter().all(|byte| usize::from(*byte) == pad) {
        return Err(FrameError::Padding);
    }
    let content = &bytes[..length - pad];
    let (head, rest) = content.split_at_checked(HEAD).ok_or(FrameError::Content)?;
    let stated = u32::from_be_bytes([head[16], head[17], head[18], head[19]]);
    // No message is that long if a `usize` has fewer than 32 bits.
    let stated = usize::try_from(stated).unwrap_or(usize::MAX);
    let (message, tail) = rest.split_at_checked(stated).ok_or(FrameError::Content)?;
    Ok(Frame { message, tail })
}

/// Seals a message in a frame and returns the base64 text. `random` must be fresh for every frame.
///
/// # Panics
/// If the message is longer than 2^32 - 1 bytes.
#[must_use]
pub fn seal(key: &FrameKey, random: [u8; 16], message: &[u8], tail: &[u8]) -> String {
    let stated = u32::try_from(message.len()).expect("a message is shorter than 4 GiB");
    let length = HEAD + message.len() + tail.len();
    let padded = (length / BLOCK + 1) * BLOCK;
    let mut bytes = Zeroizing::new(Vec::with_capacity(padded));
    bytes.extend_from_slice(&random);
    bytes.extend_from_slice(&stated.to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(tail);
    let start = length / BLOCK * BLOCK;
    bytes.resize(padded, 0);
    Pkcs7::raw_pad(&mut bytes[start..], length - start);
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&*key.0, key.initial_vector())
        .expect("the key's length is fixed");
    let filled = bytes.len();
    let sealed =
        cipher.encrypt_padded::<NoPadding>(&mut bytes, filled).expect("the length is a multiple of 16");
    STANDARD.encode(sealed)
}

/// Decodes canonical base64 onto itself and returns how many bytes came out. Only the last chunk may be padded,
/// and only its number of characters can be wrong.
fn decode_in_place(text: &mut [u8]) -> Result<usize, FrameError> {
    const CHUNK: usize = 1024;
    let (mut read, mut written) = (0, 0);
    let mut chunk = [0; CHUNK];
    while read < text.len() {
        let length = CHUNK.min(text.len() - read);
        chunk[..length].copy_from_slice(&text[read..read + length]);
        read += length;
        if read < text.len() && chunk[..length].contains(&b'=') {
            return Err(FrameError::Base64);
        }
        written +=
            STANDARD.decode_slice(&chunk[..length], &mut text[written..]).map_err(|_| FrameError::Base64)?;
    }
    Ok(written)
}

#[cfg(test)]
mod tests;
