//! Encryption at rest: secrets are sealed with a key, and can be opened only with that key.

use std::fmt::{self, Debug};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use miniprogram_core::{Error, ErrorKind, Outcome, Result, Secret};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::failure::{self, unreadable};
use crate::maintenance::KeyState;

/// The environment variable with the sealing key: 32 bytes in base64.
pub const KEY_VARIABLE: &str = "MINIPROGRAM_STORE_KEY";
/// The environment variable with previous keys, separated by commas; they can only open.
pub const PREVIOUS_KEYS_VARIABLE: &str = "MINIPROGRAM_STORE_PREVIOUS_KEYS";

const KEY_BYTES: usize = 32;
const ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 24;

/// First byte of an unsealed value; the value follows.
const OPEN: u8 = 0;
/// First byte of a sealed value; followed by the key id, the nonce, and the ciphertext with its tag.
const SEALED: u8 = 1;

/// The text that a key seals to prove that it belongs to the store.
const PROOF: &[u8] = b"miniprogram-store proof of key";

/// The keys of a store: one that seals new values, and others that open the values they sealed.
///
/// Without a key, values are stored unsealed. With a key, all newly written values are sealed with
/// XChaCha20-Poly1305 and bound to their table, column and row. `Debug` shows the keys' ids, which reveal nothing
/// about the keys.
///
/// Opening a store verifies that these are its keys. Once a store was opened for writing with a key, it requires
/// that key.
///
/// ```
/// use miniprogram_core::Secret;
/// use miniprogram_store::StoreKeys;
///
/// let keys = StoreKeys::new(&Secret::new("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))?;
/// assert_eq!(keys.ids().count(), 1);
/// # Ok::<_, miniprogram_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct StoreKeys {
    current: Option<Arc<Key>>,
    previous: Vec<Arc<Key>>,
    /// Nothing is sealed or opened, whatever the keys of the store are.
    secretless: bool,
}

struct Key {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

/// A key as the store records it: its id, and a text that it has sealed.
#[derive(Debug, Clone)]
pub(crate) struct KeptKey {
    pub(crate) id: String,
    pub(crate) state: KeyState,
    /// None if the key is known only by the values that it sealed.
    pub(crate) proof: Option<Vec<u8>>,
}

/// The purpose for which a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// The id of a key: 16 hex digits of its digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl Debug for StoreKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreKeys")
            .field("current", &self.current.as_ref().map(|key| key.id))
            .field("previous", &self.previous.iter().map(|key| key.id).collect::<Vec<_>>())
            .finish()
    }
}

impl StoreKeys {
    /// Creates keys from a sealing key: 32 bytes in base64.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is not a valid key.
    pub fn new(key: &Secret) -> Result<Self> {
        Ok(Self { current: Some(parse("key", key)?), ..Self::default() })
    }

    /// Creates keys that are empty and give access to no secrets, for operations that need none, such as an
    /// export.
    ///
    /// With them a store can only be opened read-only, whatever its keys are; reading a secret is an error.
    #[must_use]
    pub fn without_secrets() -> Self {
        Self { secretless: true, ..Self::default() }
    }

    /// Adds a key that can only open: a previous sealing key, or a future one.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it is not a valid key.
    pub fn with_previous(mut self, key: &Secret) -> Result<Self> {
        self.previous.push(parse("key", key)?);
        Ok(self)
    }

    /// Reads the keys from the environment variables `MINIPROGRAM_STORE_KEY` and
    /// `MINIPROGRAM_STORE_PREVIOUS_KEYS`; no keys if neither is set.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the variable, if one does not contain a valid key, and for previous
    /// keys without a sealing key.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok().map(Secret::new))
    }

    fn from_variables(variable: impl Fn(&'static str) -> Option<Secret>) -> Result<Self> {
        let present = |name| variable(name).filter(|text| !text.expose().trim().is_empty());
        let current = present(KEY_VARIABLE).map(|key| parse(KEY_VARIABLE, &key)).transpose()?;
        let mut previous = Vec::new();
        if let Some(keys) = present(PREVIOUS_KEYS_VARIABLE) {
            if current.is_none() {
                return Err(Error::new(ErrorKind::Config, "store")
                    .with_field(KEY_VARIABLE)
                    .with_detail(format!("is missing, while {PREVIOUS_KEYS_VARIABLE} is set")));
            }
            for key in keys.expose().split(',').filter(|key| !key.trim().is_empty()) {
                previous.push(parse(PREVIOUS_KEYS_VARIABLE, &Secret::new(key))?);
            }
        }
        Ok(Self { current, previous, secretless: false })
    }

    /// Returns the ids of the keys, the sealing key first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.current.iter().chain(&self.previous).map(|key| key.id)
    }

    /// Returns the id of the sealing key.
    pub(crate) fn current(&self) -> Option<KeyId> {
        self.current.as_ref().map(|key| key.id)
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.current.iter().chain(&self.previous)
    }

    /// Compares these keys with those of a store that is being opened. Returns the ids and proofs that have to be
    /// recorded before anything is written.
    ///
    /// Every key that may have values in the store must be provided, and must open its proof.
    pub(crate) fn prove(&self, kept: &[KeptKey], purpose: Purpose) -> Result<Vec<(String, Vec<u8>)>> {
        if self.secretless {
            return match purpose {
                Purpose::Read => Ok(Vec::new()),
                Purpose::Write => Err(without_secrets("the store was to be opened for writing")),
            };
        }
        let mut unproven = Vec::new();
        let mut missing = Vec::new();
        for key in kept.iter().filter(|key| key.state != KeyState::Retired) {
            let held = self.all().find(|held| held.id.to_string() == key.id);
            match (held, &key.proof) {
                (None, _) => missing.push(&key.id[..]),
                (Some(held), Some(proof)) => held.verify_proof(proof)?,
                (Some(held), None) => unproven.push(held),
            }
        }
        if !missing.is_empty() {
            let missing = missing.join(", ");
            return Err(self.refused(format!("the store is sealed with {missing}, which is not given")));
        }
        if purpose == Purpose::Read {
            return Ok(Vec::new());
        }
        match &self.current {
            Some(current) if kept.iter().all(|key| key.id != current.id.to_string()) => {
                unproven.push(current)
            }
            _ => self.verify_active(kept)?,
        }
        unproven.into_iter().map(|key| Ok((key.id.to_string(), key.proof()?))).collect()
    }

    /// Refuses to seal with these keys, or to write unsealed values, once the keys of the store have changed: its
    /// other users could not read the values, or the store was sealed in the meantime.
    pub(crate) fn verify_active(&self, kept: &[KeptKey]) -> Result<()> {
        let active = || kept.iter().filter(|key| key.state == KeyState::Active).map(|key| &key.id[..]);
        let may_write = match &self.current {
            None => kept.is_empty(),
            Some(current) => active().any(|id| id == current.id.to_string()),
        };
        if may_write { Ok(()) } else { Err(not_active(&active().collect::<Vec<_>>().join(", "))) }
    }

    /// Returns why the store no longer takes what these keys seal; `None` if it does.
    pub(crate) fn replaced(&self, kept: &[KeptKey]) -> Option<String> {
        let error = self.verify_active(kept).err()?;
        let given = match &self.current {
            Some(current) => format!("key {} was replaced", current.id),
            None => "the store was sealed, and no key is given".to_owned(),
        };
        let why = error.detail().unwrap_or_default();
        Some(format!("{given}: {why}; {}", error.advice()))
    }

    fn refused(&self, why: String) -> Error {
        let given: Vec<String> = self.ids().map(|id| id.to_string()).collect();
        let given = if given.is_empty() { "no key".to_owned() } else { given.join(", ") };
        wrong_key(format!("{why} (given: {given})"))
    }

    /// Returns the form in which a value is stored.
    pub(crate) fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        match &self.current {
            _ if self.secretless => Err(without_secrets(format!("{place} was to be sealed"))),
            Some(key) => key.seal(place, plain),
            None => Ok([&[OPEN], plain].concat()),
        }
    }

    /// Returns the value stored in that form.
    pub(crate) fn unseal(&self, place: &Place<'_>, stored: &[u8]) -> Result<Vec<u8>> {
        if self.secretless {
            return Err(without_secrets(format!("{place} was to be read")));
        }
        match Form::of(stored) {
            Some(Form::Open(plain)) => Ok(plain.to_vec()),
            Some(Form::Sealed { key: id, nonce, sealed }) => {
                let key = self.all().find(|key| key.id == id).ok_or_else(|| {
                    wrong_key(format!("{place} is sealed with key {id}, which is not given"))
                })?;
                let plain = key.open(place, nonce, sealed);
                plain.ok_or_else(|| unreadable(place, "it was altered, or belongs to another row"))
            }
            None => Err(unreadable(place, "it is in no known form")),
        }
    }

    /// Returns whether a value is stored in the form in which it would be written now.
    pub(crate) fn is_current(&self, stored: &[u8]) -> bool {
        match (Form::of(stored), &self.current) {
            (Some(Form::Open(_)), None) => true,
            (Some(Form::Sealed { key, .. }), Some(current)) => key == current.id,
            _ => false,
        }
    }
}

impl Key {
    fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let failed = || failure::store(format!("{place} could not be sealed"), ErrorKind::Store.advice());
        let nonce = XNonce::try_generate().map_err(|_| failed())?;
        let aad = place.bytes();
        let sealed = self.cipher.encrypt(&nonce, Payload { msg: plain, aad: &aad }).map_err(|_| failed())?;
        Ok([&[SEALED], &self.id.0[..], &nonce[..], &sealed].concat())
    }

    fn open(&self, place: &Place<'_>, nonce: &[u8; NONCE_BYTES], sealed: &[u8]) -> Option<Vec<u8>> {
        let aad = place.bytes();
        self.cipher.decrypt(nonce.into(), Payload { msg: sealed, aad: &aad }).ok()
    }

    /// Returns the proof of possession of this key.
    fn proof(&self) -> Result<Vec<u8>> {
        let id = self.id.to_string();
        self.seal(&Place { table: "keys", column: "proof", row: &[&id] }, PROOF)
    }

    fn verify_proof(&self, proof: &[u8]) -> Result<()> {
        let id = self.id.to_string();
        let place = Place { table: "keys", column: "proof", row: &[&id] };
        let opened = match Form::of(proof) {
            // Its own id is bound to the place: whatever opens was sealed by this key, for this proof.
            Some(Form::Sealed { nonce, sealed, .. }) => self.open(&place, nonce, sealed),
            _ => None,
        };
        if opened.as_deref() == Some(PROOF) {
            return Ok(());
        }
        Err(wrong_key(format!("the store's proof of key {id} does not open with the key that is given")))
    }
}

/// Returns the error for a missing or wrong key.
fn wrong_key(why: String) -> Error {
    Error::new(ErrorKind::Store, "store")
        .with_outcome(Outcome::NotDone)
        .with_field(KEY_VARIABLE)
        .with_detail(why)
        .with_advice(format!("add that key to {KEY_VARIABLE} or {PREVIOUS_KEYS_VARIABLE}"))
}

/// Returns the error for an unsealed value, or one sealed with a replaced key.
pub(crate) fn not_active(active: &str) -> Error {
    let why = format!("the store takes only what is sealed with {active}");
    wrong_key(why).with_advice(format!("set {KEY_VARIABLE} to that key, and start again"))
}

/// Returns the error for an operation that `StoreKeys::without_secrets` do not allow.
fn without_secrets(why: impl fmt::Display) -> Error {
    let why = format!("{why}, and it was asked for without its secrets");
    failure::store(why, "open the store with its keys").with_field(KEY_VARIABLE)
}

/// Returns the id of the key that a value is sealed with; none if it is unsealed, or in no known form.
pub(crate) fn sealed_with(stored: &[u8]) -> Option<KeyId> {
    match Form::of(stored)? {
        Form::Sealed { key, .. } => Some(key),
        Form::Open(_) => None,
    }
}

enum Form<'a> {
    Open(&'a [u8]),
    Sealed { key: KeyId, nonce: &'a [u8; NONCE_BYTES], sealed: &'a [u8] },
}

impl<'a> Form<'a> {
    fn of(stored: &'a [u8]) -> Option<Self> {
        match stored.split_first()? {
            (&OPEN, plain) => Some(Self::Open(plain)),
            (&SEALED, rest) => {
                let (id, rest) = rest.split_first_chunk()?;
                let (nonce, sealed) = rest.split_first_chunk()?;
                Some(Self::Sealed { key: KeyId(*id), nonce, sealed })
            }
            _ => None,
        }
    }
}

/// The place of a value in the store; a sealed value cannot be opened anywhere else.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    pub(crate) row: &'a [&'a str],
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in [self.table, self.column].iter().chain(self.row) {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {} ({})", self.column, self.table, self.row.join(", "))
    }
}

fn parse(name: &'static str, text: &Secret) -> Result<Arc<Key>> {
    let bytes = STANDARD.decode(text.expose().trim()).map(Zeroizing::new);
    let key: Option<&[u8; KEY_BYTES]> =
        bytes.as_ref().ok().and_then(|bytes| bytes.as_slice().try_into().ok());
    let Some(key) = key else {
        return Err(Error::new(ErrorKind::Config, "store")
            .with_field(name)
            .with_detail("must be 32 bytes in base64")
            .with_advice("generate one with `openssl rand -base64 32`"));
    };
    let digest = Sha256::new().chain_update("miniprogram-store key id").chain_update(key).finalize();
    let mut id = KeyId([0; ID_BYTES]);
    id.0.copy_from_slice(&digest[..ID_BYTES]);
    Ok(Arc::new(Key { id, cipher: XChaCha20Poly1305::new(key.into()) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Secret {
        Secret::new(STANDARD.encode([byte; KEY_BYTES]))
    }

    const PLACE: Place<'static> = Place { table: "tokens", column: "refresh", row: &["acme", "p1", "app1"] };

    #[test]
    fn a_sealed_value_opens_at_its_own_place_only() {
        let keys = StoreKeys::new(&key(1)).unwrap();
        let sealed = keys.seal(&PLACE, b"canary").unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"canary"));
        assert_eq!(keys.unseal(&PLACE, &sealed).unwrap(), b"canary");
        assert_ne!(keys.seal(&PLACE, b"canary").unwrap(), sealed, "every nonce is new");
        for elsewhere in [
            Place { row: &["acme", "p1", "app2"], ..PLACE },
            Place { row: &["acme", "p1app1"], ..PLACE },
            Place { column: "access", ..PLACE },
            Place { table: "tickets", ..PLACE },
        ] {
            let error = keys.unseal(&elsewhere, &sealed).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        }
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 0x80;
            assert!(keys.unseal(&PLACE, &altered).is_err(), "byte {at} was altered");
            assert!(keys.unseal(&PLACE, &sealed[..at]).is_err(), "cut to {at} bytes");
        }
    }

    #[test]
    fn a_previous_key_opens_and_the_current_one_seals() {
        let old = StoreKeys::new(&key(1)).unwrap();
        let new = StoreKeys::new(&key(2)).unwrap().with_previous(&key(1)).unwrap();
        let sealed = old.seal(&PLACE, b"value").unwrap();
        assert_eq!(new.unseal(&PLACE, &sealed).unwrap(), b"value");
        assert!(old.is_current(&sealed) && !new.is_current(&sealed));
        assert_eq!(sealed_with(&new.seal(&PLACE, b"value").unwrap()), new.ids().next());
        let open = StoreKeys::default().seal(&PLACE, b"value").unwrap();
        assert_eq!(new.unseal(&PLACE, &open).unwrap(), b"value");
        assert!(!new.is_current(&open));
        assert!(StoreKeys::default().is_current(&open), "without a key nothing better can be done");
    }

    #[test]
    fn a_missing_key_is_named_by_its_id() {
        let sealed = StoreKeys::new(&key(1)).unwrap().seal(&PLACE, b"value").unwrap();
        let error = StoreKeys::default().unseal(&PLACE, &sealed).unwrap_err();
        assert!(error.to_string().contains(&sealed_with(&sealed).unwrap().to_string()), "{error}");
        assert_eq!((error.kind(), error.field()), (ErrorKind::Store, Some(KEY_VARIABLE)));
        assert!(error.advice().contains(PREVIOUS_KEYS_VARIABLE), "{error:#}");
    }

    #[test]
    fn the_variables_are_read_and_named_when_they_are_wrong() {
        let with = |current: Option<Secret>, previous: Option<String>| {
            StoreKeys::from_variables(move |name| match name {
                KEY_VARIABLE => current.clone(),
                _ => previous.clone().map(Secret::new),
            })
        };
        assert_eq!(with(None, None).unwrap().ids().count(), 0);
        let two = format!("{}, {},", key(2).expose(), key(3).expose());
        assert_eq!(with(Some(key(1)), Some(two)).unwrap().ids().count(), 3);
        for (current, previous, at_fault) in [
            (Some(Secret::new("c2hvcnQ=")), None, KEY_VARIABLE),
            (Some(Secret::new("not base64")), None, KEY_VARIABLE),
            (Some(key(1)), Some("c2hvcnQ=".to_owned()), PREVIOUS_KEYS_VARIABLE),
            (None, Some(key(2).expose().to_owned()), KEY_VARIABLE),
        ] {
            let error = with(current, previous).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(at_fault)));
            assert!(!error.to_string().contains("c2hvcnQ"), "{error}");
        }
    }

    #[test]
    fn without_secrets_nothing_is_sealed_or_opened() {
        let sealed = StoreKeys::default().seal(&PLACE, b"value").unwrap();
        let keys = StoreKeys::without_secrets();
        for result in [keys.seal(&PLACE, b"value"), keys.unseal(&PLACE, &sealed)] {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Store, Some(KEY_VARIABLE)), "{error}");
        }
    }

    #[test]
    fn debug_shows_ids_alone() {
        let keys = StoreKeys::new(&key(65)).unwrap();
        let id = keys.ids().next().unwrap();
        assert_eq!(format!("{keys:?}"), format!("StoreKeys {{ current: Some(KeyId({id})), previous: [] }}"));
    }
}
