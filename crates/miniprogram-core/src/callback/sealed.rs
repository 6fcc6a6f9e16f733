//! Where a ciphertext stands in a body, so that it can be opened there.

use std::ops::Range;

/// A ciphertext found in a body: remembered by its place, so that the body can be borrowed anew to open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// It stands in the body in one piece.
    Within(Range<usize>),
    /// It was put together from pieces or escapes.
    Apart(String),
}

impl Sealed {
    /// Finds where `text` stands in `body`: in place if it borrows from it, else as a copy.
    #[must_use]
    pub fn locate(body: &[u8], text: &str) -> Self {
        let within = (text.as_ptr().addr())
            .checked_sub(body.as_ptr().addr())
            .and_then(|start| Some(start..start.checked_add(text.len())?))
            .filter(|range| range.end <= body.len());
        within.map_or_else(|| Self::Apart(text.to_owned()), Self::Within)
    }

    /// The part of the body that holds the ciphertext from now on. One that was put together overwrites the body's
    /// beginning; it is never longer than what it was put together from.
    #[must_use]
    pub fn place(self, body: &mut [u8]) -> &mut [u8] {
        match self {
            Self::Within(range) => body.get_mut(range).unwrap_or_default(),
            Self::Apart(text) => match body.get_mut(..text.len()) {
                Some(place) => {
                    place.copy_from_slice(text.as_bytes());
                    place
                }
                None => &mut [],
            },
        }
    }
}
