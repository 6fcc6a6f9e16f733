//! The position of a ciphertext in a body, so that it can be opened in place.

use std::ops::Range;

/// A ciphertext found in a body. It is kept as a position, so that the body can be borrowed again to open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// It is contiguous in the body.
    Within(Range<usize>),
    /// It was assembled from pieces or escapes.
    Apart(String),
}

impl Sealed {
    /// Finds `text` in `body`: its position if it borrows from the body, otherwise a copy.
    #[must_use]
    pub fn locate(body: &[u8], text: &str) -> Self {
        let within = (text.as_ptr().addr())
            .checked_sub(body.as_ptr().addr())
            .and_then(|start| Some(start..start.checked_add(text.len())?))
            .filter(|range| range.end <= body.len());
        within.map_or_else(|| Self::Apart(text.to_owned()), Self::Within)
    }

    /// Returns the part of the body that holds the ciphertext. An assembled ciphertext overwrites the beginning
    /// of the body; it is never longer than the parts it was assembled from.
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
