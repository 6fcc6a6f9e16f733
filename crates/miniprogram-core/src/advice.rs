//! Advice in every language.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language of the advice. Serialized as its machine name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Language {
    /// `en`.
    #[default]
    #[serde(rename = "en")]
    English,
    /// `zh`: simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Returns the machine name, as used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What to do next: one sentence per language, without a full stop.
///
/// ```
/// use miniprogram_core::{Advice, Language};
///
/// const LATER: Advice = Advice::new("repeat tomorrow", "请明天再试");
/// assert_eq!(LATER.text(Language::Chinese), "请明天再试");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Advice {
    en: &'static str,
    zh: &'static str,
}

impl Advice {
    /// Creates advice in English and Chinese.
    #[must_use]
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        Self { en, zh }
    }

    /// Returns the sentence in a language.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_written_as_its_machine_name() {
        for language in Language::ALL {
            assert_eq!(serde_json::to_value(language).unwrap(), language.as_str());
            assert_eq!(serde_json::from_value::<Language>(language.as_str().into()).unwrap(), language);
        }
        assert_eq!(Language::default().to_string(), "en");
    }
}
