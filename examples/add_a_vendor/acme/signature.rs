//! Acme's signature: an HMAC-SHA256 in lower-case hexadecimal, with the key that the platform's console shows.

use hmac::{Hmac, KeyInit, Mac};
use miniprogram_core::Secret;
use sha2::Sha256;

/// The platform's key. It signs the platform's requests and Acme's pushes.
#[derive(Debug, Clone)]
pub struct Key(Secret);

impl Key {
    /// Creates a key from the text that the console shows.
    pub fn new(key: impl Into<Secret>) -> Self {
        Self(key.into())
    }

    /// Returns the signature of a request, whose time is in seconds since 1970.
    pub fn sign_request(&self, method: &str, path: &str, time: &str, body: &[u8]) -> String {
        hex(&self.mac([method.as_bytes(), path.as_bytes(), time.as_bytes(), body]).finalize().into_bytes())
    }

    /// Returns the signature of a form: of its fields in the order of their names.
    pub fn sign_form(&self, fields: &[(String, String)]) -> String {
        hex(&self.form_mac(fields).finalize().into_bytes())
    }

    /// Returns whether a signature is that of a form. Takes the same time whatever the signature.
    pub fn verifies_form(&self, fields: &[(String, String)], signature: &str) -> bool {
        from_hex(signature).is_some_and(|signature| self.form_mac(fields).verify_slice(&signature).is_ok())
    }

    fn form_mac(&self, fields: &[(String, String)]) -> Hmac<Sha256> {
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.sort();
        self.mac(fields.iter().map(String::as_bytes))
    }

    /// Authenticates the parts, each of them followed by a line feed.
    fn mac<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> Hmac<Sha256> {
        let mac = Hmac::new_from_slice(self.0.expose().as_bytes()).expect("HMAC takes keys of any length");
        parts.into_iter().fold(mac, |mac, part| mac.chain_update(part).chain_update(b"\n"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}
