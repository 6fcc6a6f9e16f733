//! A JSON envelope, read without keeping anything but the members asked for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Why a JSON envelope was refused. It quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the envelope is not one JSON object without repeated keys")]
pub struct EnvelopeError;

/// The value of an envelope's member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member<'a> {
    /// A string; it borrows from the body unless it holds an escape.
    Text(Cow<'a, str>),
    /// A whole number from 0 up.
    Number(u64),
    /// Anything else.
    Other,
}

impl<'a> Member<'a> {
    /// The string.
    #[must_use]
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(_) | Self::Other => None,
        }
    }

    /// The string, or the decimal text of the number.
    #[must_use]
    pub fn into_decimal(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Other => None,
        }
    }
}

/// Reads the known members out of one JSON object; the answer is in their order. A repeated key at any depth and
/// anything behind the object are errors; unknown members are checked and dropped, so an envelope that nobody has
/// authenticated yet costs no memory.
///
/// # Errors
/// [`EnvelopeError`].
pub fn envelope_members<'a, const N: usize>(
    text: &'a str,
    known: [&str; N],
) -> Result<[Option<Member<'a>>; N], EnvelopeError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Envelope(known)).map_err(|_| EnvelopeError)?;
    json.end().map_err(|_| EnvelopeError)?;
    Ok(members)
}

struct Envelope<'k, const N: usize>([&'k str; N]);

impl<'de, const N: usize> Visitor<'de> for Envelope<'_, N> {
    type Value = [Option<Member<'de>>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = [const { None }; N];
        let mut others = HashSet::new();
        while let Some(Text(key)) = members.next_key()? {
            let repeated = match self.0.iter().position(|known| *known == key) {
                Some(at) => found[at].replace(members.next_value_seed(MemberSeed)?).is_some(),
                None => {
                    let Skipped = members.next_value()?;
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

/// A string that borrows where it can.
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

struct MemberSeed;

impl<'de> DeserializeSeed<'de> for MemberSeed {
    type Value = Member<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Member<'de>, D::Error> {
        deserializer.deserialize_any(MemberVisitor)
    }
}

/// A value that is checked for repeated keys and dropped.
struct Skipped;

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor).map(|_| Self)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member<'de>, E> {
        Ok(Member::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Member<'de>, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Member<'de>, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member<'de>, A::Error> {
        while items.next_element::<Skipped>()?.is_some() {}
        Ok(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member<'de>, A::Error> {
        let mut keys = HashSet::new();
        while let Some(Text(key)) = members.next_key()? {
            let Skipped = members.next_value()?;
            if !keys.insert(key) {
                return Err(A::Error::custom("a key is repeated"));
            }
        }
        Ok(Member::Other)
    }
}
