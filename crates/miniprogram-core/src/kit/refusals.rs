use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::vendor::Vendor;

/// A vendor's refusals before a request is sent. A vendor crate has one value, and checks every argument with it.
///
/// ```
/// use miniprogram_core::Vendor;
/// use miniprogram_core::vendor_api::kit::Refusals;
///
/// const REFUSE: Refusals = Refusals::new(Vendor::new("acme"));
///
/// let error = REFUSE.characters("set_name", "name", "ab", 3..=30).unwrap_err();
/// assert_eq!(error.to_string(), "set_name: invalid argument: `name` must have 3 to 30 characters, has 2 (acme)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals(Vendor);

impl Refusals {
    /// Creates the refusals of a vendor.
    #[must_use]
    pub const fn new(vendor: Vendor) -> Self {
        Self(vendor)
    }

    /// Refuses an argument that breaks a rule.
    #[must_use]
    pub fn invalid(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        rule: impl Into<String>,
    ) -> Error {
        Error::invalid(operation, field, rule).for_vendor(self.0)
    }

    /// Refuses an argument that the vendor cannot use, rather than dropping it.
    #[must_use]
    pub fn unsupported(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        why: impl Into<String>,
    ) -> Error {
        Error::unsupported(self.0, operation).with_field(field).with_detail(why)
    }

    /// Reports that the state does not allow the operation; nothing was sent.
    #[must_use]
    pub fn conflict(self, operation: &'static str, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::Conflict, operation).for_vendor(self.0).with_detail(why)
    }

    /// Reports a setting without which the client cannot work.
    #[must_use]
    pub fn config(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        rule: impl Into<String>,
    ) -> Error {
        Error::new(ErrorKind::Config, operation).for_vendor(self.0).with_field(field).with_detail(rule)
    }

    /// Checks the settings of a platform, its id and credentials, none of which may be empty.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the field.
    pub fn settings<const N: usize>(
        self,
        operation: &'static str,
        settings: [(&'static str, &str); N],
    ) -> Result<()> {
        match settings.into_iter().find(|(_, text)| text.trim().is_empty()) {
            None => Ok(()),
            Some((field, _)) => {
                let rule = "must not be empty: the console of the platform shows it";
                Err(self.config(operation, field, rule))
            }
        }
    }

    /// Reports that a platform cannot decode pushes, because it was built without the secrets of its callbacks.
    #[must_use]
    pub fn without_callbacks(self) -> Error {
        Error::new(ErrorKind::Config, "event_decoder")
            .for_vendor(self.0)
            .with_detail("the platform was built without the secrets of its callbacks")
            .with_advice("build it with `with_callbacks`")
    }

    /// Checks that a required text is present.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for an empty text or one of whitespace only.
    pub fn required(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        text: &str,
    ) -> Result<()> {
        match text.trim().is_empty() {
            true => Err(self.invalid(operation, field, "must not be empty")),
            false => Ok(()),
        }
    }

    /// Checks the number of characters of a text.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for too few or too many.
    pub fn characters(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        text: &str,
        limits: RangeInclusive<usize>,
    ) -> Result<()> {
        self.measured(operation, field, text.chars().count(), limits, "characters,")
    }

    /// Checks the width of a text: a wide character, such as a Chinese one, has two units, any other character one.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a text that is too narrow or too wide.
    pub fn width(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        text: &str,
        limits: RangeInclusive<usize>,
    ) -> Result<()> {
        let units = text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum();
        self.measured(operation, field, units, limits, "units of width, counting a Chinese character as 2;")
    }

    /// Checks texts that a field joins by commas.
    ///
    /// # Errors
    /// [`InvalidArgument`](ErrorKind::InvalidArgument) for a text that is empty or contains a comma.
    pub fn listed(self, operation: &'static str, field: &'static str, texts: &[String]) -> Result<()> {
        for text in texts {
            self.required(operation, field, text)?;
            if text.contains(',') {
                let rule = "must not contain a comma: the vendor separates several by it";
                return Err(self.invalid(operation, field, rule));
            }
        }
        Ok(())
    }

    fn measured(
        self,
        operation: &'static str,
        field: impl Into<Cow<'static, str>>,
        size: usize,
        limits: RangeInclusive<usize>,
        unit: &str,
    ) -> Result<()> {
        if limits.contains(&size) {
            return Ok(());
        }
        let rule = format!("must have {} to {} {unit} has {size}", limits.start(), limits.end());
        Err(self.invalid(operation, field, rule))
    }
}

/// Whether a character is printed as wide as a Chinese one (Unicode's East Asian Width: wide or full-width).
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSE: Refusals = Refusals::new(Vendor::new("acme"));

    #[test]
    fn texts_are_measured_by_characters_and_by_width() {
        assert!(REFUSE.characters("set_name", "name", "面包", 2..=2).is_ok());
        assert!(REFUSE.width("set_name", "name", "面包", 4..=4).is_ok());
        let error = REFUSE.width("set_name", "name", "面b", 4..=5).unwrap_err();
        assert_eq!(
            error.detail(),
            Some("must have 4 to 5 units of width, counting a Chinese character as 2; has 3")
        );
    }

    #[test]
    fn a_text_of_whitespace_and_a_listed_comma_are_refused() {
        assert!(REFUSE.required("set_name", "name", "a").is_ok());
        for text in ["", " ", "\u{3000}\n"] {
            let error = REFUSE.required("set_name", "name", text).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("name")), "{text:?}");
        }
        assert!(REFUSE.listed("set_name", "urls", &["a".to_owned(), "b".to_owned()]).is_ok());
        assert!(REFUSE.listed("set_name", "urls", &["a,b".to_owned()]).is_err());
    }
}
