//! The shared parts of all vendors' callback decoders: the configuration, the common checks, and the
//! [protocol](CallbackProtocol) through which a receiver accepts the pushes of any vendor.
//!
//! A decoder runs the checks in this order and stops at the first failure: size, query, envelope, freshness,
//! signature, frame, message. Nothing is decoded or decrypted before the signature is verified, and the body's
//! bytes are untouched until then. Envelopes, event names and fields are defined by the vendors.
//!
//! Order and rules of the checks: `docs/design.md`, "Callbacks".

mod envelope;
mod protocol;
mod query;
mod sealed;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

pub use envelope::{EnvelopeError, EnvelopeField, envelope_fields};
pub use protocol::{Answer, CallbackProtocol, Route, UrlCheck};
pub use query::{
    QueryError, check_nonce_parameter, is_echo, is_nonce, query_parameters, required_parameter, signed_time,
    timestamp_parameter,
};
pub use sealed::Sealed;

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::event::CallbackCheck;
pub use crate::event::{digits, positive_id};
use crate::frame::{self, FrameError, FrameKey, HexCase};
use crate::id::PlatformId;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::vendor::Vendor;

/// How far a signed timestamp may differ from the current time by default.
pub const DEFAULT_FRESHNESS: Duration = Duration::from_secs(300);
/// The maximum size of a body by default: 1 MiB.
pub const DEFAULT_MAX_BODY: usize = 1 << 20;

/// Which pushes are accepted. This is configuration and never taken from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallbackMode {
    /// Encrypted and signed pushes only.
    #[default]
    Encrypted,
    /// Plain pushes only. They are not authenticated: accept them only from a trusted gateway or a file, never
    /// from the open network.
    Plain,
}

/// How envelopes and messages are written by a vendor that supports both formats. This is configuration and never
/// taken from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyFormat {
    /// XML.
    #[default]
    Xml,
    /// JSON.
    Json,
}

/// The configuration of a callback decoder or encoder. It is built once, cheap to clone, and shared between
/// threads.
///
/// `Debug` prints neither the token nor the keys.
///
/// ```
/// use miniprogram_core::callback::{CallbackConfig, CallbackMode};
/// use miniprogram_core::Secret;
///
/// let key = Secret::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG");
/// let config = CallbackConfig::encrypted("token", &key)?.with_receiver_id("wx1a2b3c4d5e6f7081")?;
/// assert_eq!(config.mode(), CallbackMode::Encrypted);
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct CallbackConfig {
    credentials: Option<Credentials>,
    receiver: Option<String>,
    platform: Option<PlatformId>,
    format: BodyFormat,
    freshness: Duration,
    max_body: usize,
}

#[derive(Clone)]
struct Credentials {
    token: Secret,
    current: FrameKey,
    previous: Option<FrameKey>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials([redacted], previous key: {})", self.previous.is_some())
    }
}

/// The signature of a push and the texts it claims to sign.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The timestamp as it was sent.
    pub timestamp: &'a str,
    /// The nonce.
    pub nonce: &'a str,
    /// The ciphertext as base64; `None` for the three-part signature, which does not authenticate the body.
    pub encrypt: Option<&'a str>,
    /// The signature.
    pub signature: &'a str,
    /// The case of the hex digits that the vendor uses.
    pub case: HexCase,
}

impl CallbackConfig {
    /// Accepts encrypted pushes only, signed with the token and sealed with the 43-character AES key.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming `token` if it is empty and `aes_key` if it is not 43 letters and digits.
    pub fn encrypted(token: impl Into<Secret>, aes_key: &Secret) -> Result<Self> {
        let token = token.into();
        if token.is_empty() {
            return Err(misconfigured(
                "token",
                "is empty",
                "copy the message verification token from the vendor's console",
            ));
        }
        let current = read_key("aes_key", aes_key)?;
        Ok(Self { credentials: Some(Credentials { token, current, previous: None }), ..Self::plain() })
    }

    /// Accepts plain pushes only. [`CallbackMode::Plain`] documents the risks.
    #[must_use]
    pub const fn plain() -> Self {
        Self {
            credentials: None,
            receiver: None,
            platform: None,
            format: BodyFormat::Xml,
            freshness: DEFAULT_FRESHNESS,
            max_body: DEFAULT_MAX_BODY,
        }
    }

    /// Also accepts pushes sealed with the previous key. The current key is tried first. Costs one copy of the
    /// ciphertext per push.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming `previous_aes_key`, if it is not 43 letters and digits, or if plain
    /// pushes are configured.
    pub fn with_previous_key(mut self, aes_key: &Secret) -> Result<Self> {
        let Some(credentials) = &mut self.credentials else {
            return Err(misconfigured("previous_aes_key", "has no use for plain pushes", "leave it out"));
        };
        credentials.previous = Some(read_key("previous_aes_key", aes_key)?);
        Ok(self)
    }

    /// Checks the receiver id after the message inside a frame, byte for byte.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming `receiver_id`, if it is empty or contains anything other than
    /// visible ASCII.
    pub fn with_receiver_id(mut self, id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let detail = "must be visible ASCII characters without whitespace";
            return Err(misconfigured(
                "receiver_id",
                detail,
                "copy the platform's id from the vendor's console",
            ));
        }
        self.receiver = Some(id);
        Ok(self)
    }

    /// Checks the platform's id in messages that contain one.
    #[must_use]
    pub fn with_platform_id(mut self, id: impl Into<PlatformId>) -> Self {
        self.platform = Some(id.into());
        self
    }

    /// Sets the format of bodies, for vendors that support both.
    #[must_use]
    pub const fn with_body_format(mut self, format: BodyFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets how far a signed timestamp may differ from the current time, in either direction.
    #[must_use]
    pub const fn with_freshness(mut self, freshness: Duration) -> Self {
        self.freshness = freshness;
        self
    }

    /// Sets the maximum size of a body in bytes.
    #[must_use]
    pub const fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Returns which pushes are accepted.
    #[must_use]
    pub const fn mode(&self) -> CallbackMode {
        if self.credentials.is_some() { CallbackMode::Encrypted } else { CallbackMode::Plain }
    }

    /// Returns the format of bodies.
    #[must_use]
    pub const fn body_format(&self) -> BodyFormat {
        self.format
    }

    /// Returns the id expected after the message inside a frame.
    #[must_use]
    pub fn receiver_id(&self) -> Option<&str> {
        self.receiver.as_deref()
    }

    /// Returns the platform's id expected in messages.
    #[must_use]
    pub const fn platform_id(&self) -> Option<&PlatformId> {
        self.platform.as_ref()
    }

    /// Returns how far a signed timestamp may differ from the current time.
    #[must_use]
    pub const fn freshness(&self) -> Duration {
        self.freshness
    }

    /// Returns the maximum size of a body in bytes.
    #[must_use]
    pub const fn max_body(&self) -> usize {
        self.max_body
    }

    /// Step 1: checks the size of the body.
    ///
    /// # Errors
    /// [`CallbackCheck::Size`].
    pub fn check_size(&self, vendor: Vendor, body: &[u8]) -> Result<()> {
        if body.len() > self.max_body { Err(CallbackCheck::Size.refuse(vendor)) } else { Ok(()) }
    }

    /// Step 2: checks that the signed timestamp, in epoch seconds, is close to the time of arrival. Without a
    /// limit on its age a push could be replayed forever.
    ///
    /// # Errors
    /// [`CallbackCheck::Freshness`].
    pub fn check_freshness(&self, vendor: Vendor, signed: i64, received_at: Timestamp) -> Result<()> {
        let distance = received_at.as_unix().checked_sub(signed).map(i64::unsigned_abs);
        match distance {
            Some(distance) if distance <= self.freshness.as_secs() => Ok(()),
            _ => Err(CallbackCheck::Freshness.refuse(vendor)),
        }
    }

    /// Checks the request with which a vendor tests a URL, up to its signature: the form of `timestamp` and `nonce`,
    /// that pushes are encrypted, and the age of the request.
    ///
    /// # Errors
    /// [`CallbackCheck::Query`], [`CallbackCheck::Mode`] or [`CallbackCheck::Freshness`].
    pub fn check_url_test(&self, vendor: Vendor, timestamp: &str, nonce: &str, now: Timestamp) -> Result<()> {
        let signed = timestamp_parameter(vendor, timestamp)?;
        check_nonce_parameter(vendor, nonce)?;
        if self.mode() == CallbackMode::Plain {
            return Err(CallbackCheck::Mode.refuse(vendor));
        }
        self.check_freshness(vendor, signed, now)
    }

    /// Step 4: verifies the signature in constant time. Nothing may be decoded before this check has passed.
    ///
    /// # Errors
    /// [`CallbackCheck::Signature`]; [`CallbackCheck::Mode`] if plain pushes are configured.
    pub fn check_signature(&self, vendor: Vendor, signed: &Signed<'_>) -> Result<()> {
        let Some(credentials) = &self.credentials else { return Err(CallbackCheck::Mode.refuse(vendor)) };
        let token = credentials.token.expose();
        let holds = match signed.encrypt {
            Some(encrypt) => {
                let parts = [token, signed.timestamp, signed.nonce, encrypt];
                frame::signature_holds(&parts, signed.signature, signed.case)
            }
            None => frame::signature_holds(
                &[token, signed.timestamp, signed.nonce],
                signed.signature,
                signed.case,
            ),
        };
        if holds { Ok(()) } else { Err(CallbackCheck::Signature.refuse(vendor)) }
    }

    /// Step 5: opens the frame in place and returns the message. The message must be UTF-8, followed by the
    /// receiver's id if one is configured. The current key is tried first, then the previous one.
    ///
    /// Call it only after [`check_signature`](Self::check_signature).
    ///
    /// # Errors
    /// [`CallbackCheck::Frame`], with a reason for the receiver's log; [`CallbackCheck::Mode`] if plain pushes
    /// are configured. On an error the content of the buffer is unspecified.
    pub fn open<'a>(&self, vendor: Vendor, ciphertext: &'a mut [u8]) -> Result<&'a str> {
        let Some(credentials) = &self.credentials else { return Err(CallbackCheck::Mode.refuse(vendor)) };
        let kept = credentials.previous.as_ref().map(|previous| (previous, ciphertext.to_vec()));
        let mut opened = self.open_with(&credentials.current, ciphertext);
        if let (Err(_), Some((previous, kept))) = (opened, kept) {
            ciphertext.copy_from_slice(&kept);
            opened = self.open_with(previous, ciphertext);
        }
        let length = opened.map_err(|error| CallbackCheck::Frame.because(vendor, error.to_string()))?;
        let message = ciphertext.get(frame::HEAD..frame::HEAD + length).unwrap_or_default();
        std::str::from_utf8(message)
            .map_err(|_| CallbackCheck::Frame.because(vendor, FrameError::Encoding.to_string()))
    }

    /// Opens with one key and returns the length of the message, so that the buffer is free for another attempt.
    fn open_with(&self, key: &FrameKey, ciphertext: &mut [u8]) -> Result<usize, FrameError> {
        let frame = frame::open(key, ciphertext)?;
        if self.receiver.as_ref().is_some_and(|receiver| receiver.as_bytes() != frame.tail) {
            return Err(FrameError::Receiver);
        }
        Ok(frame.message.len())
    }

    /// Checks that pushes can be sealed, which takes a token and a key.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config), naming `mode`, if the configuration is plain.
    pub fn check_sealing(&self, vendor: Vendor) -> Result<()> {
        match self.mode() {
            CallbackMode::Encrypted => Ok(()),
            CallbackMode::Plain => {
                let remedy = "configure a token and an AES key to seal pushes";
                Err(misconfigured("mode", "is plain", remedy).for_vendor(vendor))
            }
        }
    }

    /// Seals a message for the configured receiver with the current key and signs it: the inverse of
    /// [`open`](Self::open). Returns the ciphertext as base64 and the signature in lower case.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if plain pushes are configured;
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) if the timestamp, the nonce or the message's length
    /// violates the rules that decoders check.
    pub fn seal(&self, message: &str, seal: &Seal<'_>) -> Result<SealedPush> {
        let Some(credentials) = &self.credentials else {
            return Err(misconfigured("mode", "is plain", "configure a token and an AES key to seal pushes"));
        };
        let invalid = |field, detail| Err(Error::invalid("seal_push", field, detail));
        let timestamp = seal.sent_at.as_unix().to_string();
        if signed_time(&timestamp).is_none() {
            return invalid("sent_at", "must have 9 to 11 digits in seconds since 1970");
        }
        if !is_nonce(seal.nonce) {
            return invalid("nonce", "must be 1 to 32 letters, digits, `_` or `-`");
        }
        if message.len() > self.max_body {
            return invalid("message", "is longer than a body may be");
        }
        let tail = self.receiver.as_deref().unwrap_or_default();
        let token = credentials.token.expose();
        let encrypt = frame::seal(&credentials.current, seal.random, message.as_bytes(), tail.as_bytes());
        let signature = frame::signature(&[token, &timestamp, seal.nonce, &encrypt]);
        let clear_signature = frame::signature(&[token, &timestamp, seal.nonce]);
        Ok(SealedPush { timestamp, encrypt, signature, clear_signature })
    }
}

/// The time, nonce and random bytes with which a push is sealed.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Seal<'a> {
    /// The signed time, in whole seconds.
    pub sent_at: Timestamp,
    /// The signed nonce: 1 to 32 letters, digits, `_` or `-`.
    pub nonce: &'a str,
    /// The first bytes of the frame. They must be unpredictable and fresh for every frame.
    pub random: [u8; 16],
}

impl<'a> Seal<'a> {
    /// Uses fresh random bytes from [`random_prefix`].
    #[must_use]
    pub fn new(sent_at: Timestamp, nonce: &'a str) -> Self {
        Self { sent_at, nonce, random: random_prefix() }
    }

    /// Uses random bytes from the caller.
    #[must_use]
    pub const fn with_random(mut self, random: [u8; 16]) -> Self {
        self.random = random;
        self
    }
}

/// The output of [`CallbackConfig::seal`], which a vendor's encoder wraps in its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SealedPush {
    /// The signed timestamp in decimal seconds.
    pub timestamp: String,
    /// The ciphertext as base64.
    pub encrypt: String,
    /// The signature over token, timestamp, nonce and ciphertext: 40 lower-case hex digits.
    pub signature: String,
    /// The signature over token, timestamp and nonce, which does not authenticate the body.
    pub clear_signature: String,
}

/// Returns sixteen unpredictable bytes for a frame.
///
/// They are derived from the randomness with which the operating system seeds the hash maps of this process. Use
/// your own random source if you have one.
#[must_use]
pub fn random_prefix() -> [u8; 16] {
    let mut random = [0; 16];
    for half in random.chunks_exact_mut(8) {
        // Every state has its own keys.
        half.copy_from_slice(&RandomState::new().build_hasher().finish().to_be_bytes());
    }
    random
}

/// Strips the byte order mark that some senders put before UTF-8.
#[must_use]
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn read_key(field: &'static str, key: &Secret) -> Result<FrameKey> {
    FrameKey::parse(key).map_err(|_| {
        misconfigured(
            field,
            "must have 43 characters out of a-z, A-Z and 0-9",
            "copy the encoding AES key from the vendor's console, without a trailing `=`",
        )
    })
}

/// Returns a configuration error that names the field, the problem and the remedy.
#[must_use]
pub fn misconfigured(field: &'static str, detail: &'static str, remedy: &'static str) -> Error {
    Error::new(ErrorKind::Config, "callback_config").with_field(field).with_detail(detail).with_advice(remedy)
}

#[cfg(test)]
mod edge_tests;
#[cfg(test)]
mod tests;
