//! Reads a JSON envelope, keeping only the requested fields.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// The error for a malformed JSON envelope. It quotes no part of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the envelope is not one JSON object without repeated keys")]
pub struct EnvelopeError;

/// The value of a field of an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvelopeField<'a> {
    /// A string; borrowed from the body unless it contains an escape.
    Text(Cow<'a, str>),
    /// A non-negative integer.
    Number(u64),
    /// Anything else.
    Other,
}

impl<'a> EnvelopeField<'a> {
    /// Returns the string.
    #[must_use]
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Other => None,
        }
    }

    /// Returns the string, or the number in decimal.
    #[must_use]
    pub fn into_decimal(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Other => None,
        }
    }
}

/// Reads the known fields of one JSON object and returns their values in the given order. A repeated key at any
/// depth and anything after the object are errors. Unknown fields are checked and dropped, so an unauthenticated
/// envelope uses no memory.
///
/// # Errors
/// [`EnvelopeError`].
pub fn envelope_fields<'a, const N: usize>(
    text: &'a str,
    known: [&str; N],
) -> Result<[Option<EnvelopeField<'a>>; N], EnvelopeError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = json.deserialize_map(Envelope(known)).map_err(|_| EnvelopeError)?;
    json.end().map_err(|_| EnvelopeError)?;
    Ok(fields)
}

struct Envelope<'k, const N: usize>([&'k str; N]);

impl<'de, const N: usize> Visitor<'de> for Envelope<'_, N> {
    type Value = [Option<EnvelopeField<'de>>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut found = [const { None }; N];
        let mut others = HashSet::new();
        while let Some(Text(key)) = fields.next_key()? {
            let repeated = match self.0.iter().position(|known| *known == key) {
                Some(at) => found[at].replace(fields.next_value_seed(FieldSeed)?).is_some(),
                None => {
                    let Skipped = fields.next_value()?;
                    !others.insert(key)
                }
            };
            if repeated {
                return Err(A::Error::custom("a key is repeated"));
            }
        }
        Ok(found)
    }
}

/// A string that is borrowed where possible.
#[derive(PartialEq, Eq, Hash)]
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

struct FieldSeed;

impl<'de> DeserializeSeed<'de> for FieldSeed {
    type Value = EnvelopeField<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<EnvelopeField<'de>, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

/// A value that is checked for repeated keys and dropped.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor).map(|_| Self)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = EnvelopeField<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<EnvelopeField<'de>, E> {
        Ok(EnvelopeField::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<EnvelopeField<'de>, A::Error> {
        while items.next_element::<Skipped>()?.is_some() {}
        Ok(EnvelopeField::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<EnvelopeField<'de>, A::Error> {
        let mut keys = HashSet::new();
        while let Some(Text(key)) = fields.next_key()? {
            let Skipped = fields.next_value()?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key is repeated"));
            }
        }
        Ok(EnvelopeField::Other)
    }
}
