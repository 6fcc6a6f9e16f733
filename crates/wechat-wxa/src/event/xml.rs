//! A strict pass over XML. The tokenizer enforces almost none of the rules that a callback must keep
//! (`docs/design.md`, "Callbacks"); this pass does, and it yields nothing but elements and their text.
//!
//! An envelope, which is not authenticated yet, must not contain control characters except tab, CR and LF. The texts
//! of a message may: users type them, and WeChat passes them on. They are returned as typed. NUL is refused in both.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesDecl, Event};

/// Maximum nesting depth of elements, including the root.
const MAX_DEPTH: usize = 16;

/// A description of the error that quotes nothing from the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) &'static str);

/// A step through the content of the root element, which is not reported itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// An element starts; its attributes are not read.
    Open(&'a str),
    /// A piece of text or CDATA, with references resolved and nothing trimmed. Adjacent pieces belong together.
    Text(Cow<'a, str>),
    /// The element ends.
    Close,
}

pub(super) struct Xml<'a> {
    text: &'a str,
    /// Whether it is a message, whose texts may contain whatever users typed.
    typed: bool,
    reader: Reader<&'a [u8]>,
    depth: usize,
    rooted: bool,
    /// An empty element was opened and has to be closed.
    empty: bool,
}

impl<'a> Xml<'a> {
    /// Reads an envelope.
    pub(super) fn envelope(text: &'a str) -> Result<Self, Malformed> {
        if has_control(text) {
            return Err(Malformed("a control character"));
        }
        Self::new(text, false)
    }

    /// Reads the message of a verified push, or a plain one.
    pub(super) fn message(text: &'a str) -> Result<Self, Malformed> {
        if text.contains('\0') {
            return Err(Malformed("a NUL character"));
        }
        Self::new(text, true)
    }

    fn new(text: &'a str, typed: bool) -> Result<Self, Malformed> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The tokenizer would skip a second mark automatically.
        if text.starts_with('\u{feff}') {
            return Err(Malformed("two byte order marks"));
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        Ok(Self { text, typed, reader, depth: 0, rooted: false, empty: false })
    }

    /// Returns the next step; `None` once the document has ended correctly.
    pub(super) fn next(&mut self) -> Result<Option<Step<'a>>, Malformed> {
        if std::mem::take(&mut self.empty) {
            self.depth -= 1;
            return Ok(Some(Step::Close));
        }
        loop {
            let start = self.reader.buffer_position();
            let event = self.reader.read_event().map_err(|_| Malformed("not well-formed XML"))?;
            if self.typed
                && !matches!(event, Event::Text(_) | Event::CData(_))
                && has_control(self.behind(start))
            {
                return Err(Malformed("a control character in markup"));
            }
            match event {
                Event::Start(tag) => {
                    let name = self.enter(&tag, tag.name().as_ref().len(), 1)?;
                    if self.depth > 1 {
                        return Ok(Some(Step::Open(name)));
                    }
                }
                Event::Empty(tag) => {
                    let name = self.enter(&tag, tag.name().as_ref().len(), 2)?;
                    if self.depth > 1 {
                        self.empty = true;
                        return Ok(Some(Step::Open(name)));
                    }
                    self.depth = 0;
                }
                Event::End(_) => {
                    self.depth = self.depth.checked_sub(1).ok_or(Malformed("an end without a start"))?;
                    if self.depth > 0 {
                        return Ok(Some(Step::Close));
                    }
                }
                Event::Text(text) if self.depth > 0 => return Ok(Some(Step::Text(text.into_inner()))),
                Event::Text(text) if is_blank(&text) => {}
                Event::CData(text) if self.depth > 0 => return Ok(Some(Step::Text(text.into_inner()))),
                Event::GeneralRef(reference) if self.depth > 0 => {
                    return resolve(&reference, self.typed).map(|text| Some(Step::Text(text)));
                }
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(Malformed("text outside the root element"));
                }
                Event::Comment(_) if self.depth > 0 => {}
                Event::Comment(_) => return Err(Malformed("a comment outside the root element")),
                Event::Decl(declaration) if start == 0 => check_declaration(&declaration)?,
                Event::Decl(_) | Event::PI(_) => return Err(Malformed("a processing instruction")),
                Event::DocType(_) => return Err(Malformed("a DOCTYPE")),
                Event::Eof if self.rooted && self.depth == 0 => return Ok(None),
                Event::Eof => return Err(Malformed("the document ends too early")),
            }
        }
    }

    /// Returns what the tokenizer has read since position `start`.
    fn behind(&self, start: u64) -> &'a str {
        let place = |position| usize::try_from(position).unwrap_or(usize::MAX);
        self.text.get(place(start)..place(self.reader.buffer_position())).unwrap_or_default()
    }

    /// Enters the element whose tag was just read, and returns its name. `content` is the text between `<` and the
    /// `end` characters that close the tag.
    fn enter(&mut self, content: &str, name: usize, end: usize) -> Result<&'a str, Malformed> {
        let after = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let name = after
            .checked_sub(end + content.len())
            .and_then(|start| self.text.get(start..start.checked_add(name)?))
            .filter(|name| is_name(name))
            .ok_or(Malformed("an element's name is none"))?;
        if content.contains('<') {
            return Err(Malformed("a tag inside a tag"));
        }
        if self.depth == 0 && (self.rooted || name != "xml") {
            return Err(Malformed("not one root element `xml`"));
        }
        if self.depth == MAX_DEPTH {
            return Err(Malformed("elements nest too deep"));
        }
        self.rooted = true;
        self.depth += 1;
        Ok(name)
    }
}

/// Whether the text is only XML whitespace.
pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether the text is a valid element name; every character beyond ASCII is treated as a letter.
pub(super) fn is_name(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii();
    let goes_on = |c: char| starts(c) || c.is_ascii_digit() || c == '-' || c == '.';
    text.starts_with(starts) && text.chars().all(goes_on)
}

/// Whether a character may occur in XML.
pub(super) const fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n'))
}

/// Returns the character that a reference denotes. In a message any character except NUL is allowed; half of a
/// surrogate pair, as written by UTF-16-based encoders, becomes U+FFFD there.
fn resolve(reference: &str, typed: bool) -> Result<Cow<'static, str>, Malformed> {
    let text = match reference {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "apos" => "'",
        "quot" => "\"",
        _ => {
            let number = reference.strip_prefix('#').ok_or(Malformed("an entity that is not predefined"))?;
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            let code = if digits.chars().all(|digit| digit.is_digit(radix)) {
                u32::from_str_radix(digits, radix).ok()
            } else {
                None
            };
            let character = match code {
                Some(0xd800..=0xdfff) if typed => Some(char::REPLACEMENT_CHARACTER),
                Some(code) => char::from_u32(code).filter(|c| is_legal(*c) || (typed && *c != '\0')),
                None => None,
            };
            let character = character.ok_or(Malformed("an illegal character reference"))?;
            return Ok(Cow::Owned(character.to_string()));
        }
    };
    Ok(Cow::Borrowed(text))
}

fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Malformed> {
    let refused = Malformed("an XML declaration of another version or encoding");
    if declaration.version().map_err(|_| refused)? != "1.0" {
        return Err(refused);
    }
    match declaration.encoding().transpose().map_err(|_| refused)? {
        Some(encoding) if !encoding.eq_ignore_ascii_case("utf-8") => Err(refused),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
