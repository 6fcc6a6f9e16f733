use std::fmt::{self, Debug};

/// Whether the caller may still change something, as whoever holds a lease may until it expires.
#[derive(Clone, Copy)]
pub struct Permit<'a>(&'a (dyn Fn() -> bool + Send + Sync));

impl<'a> Permit<'a> {
    /// Creates a permit that is held for as long as the function returns true. It is called often, and must not block.
    #[must_use]
    pub const fn new(is_held: &'a (dyn Fn() -> bool + Send + Sync)) -> Self {
        Self(is_held)
    }

    /// Returns whether it is held now.
    #[must_use]
    pub fn is_held(self) -> bool {
        (self.0)()
    }
}

impl Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.is_held()).finish()
    }
}
