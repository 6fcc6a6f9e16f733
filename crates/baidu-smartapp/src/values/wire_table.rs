use std::fmt::Write;

/// A row of a [`WireTable`]: the wire value, its meaning, and the vendor's own label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireRow<T: 'static> {
    /// The wire text; a number as its digits.
    pub wire: &'static str,
    /// The meaning.
    pub value: T,
    /// The vendor's own label for it.
    pub label: &'static str,
}

/// The wire values that one field can have. Public data: callers can list them.
#[derive(Debug)]
pub struct WireTable<T: 'static> {
    name: &'static str,
    rows: &'static [WireRow<T>],
}

impl<T: Copy> WireTable<T> {
    pub(super) const fn new(name: &'static str, rows: &'static [WireRow<T>]) -> Self {
        Self { name, rows }
    }

    /// Returns the field's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns every row.
    #[must_use]
    pub const fn rows(&self) -> &'static [WireRow<T>] {
        self.rows
    }

    /// Returns the meaning of a wire text; `None` if no row lists it.
    #[must_use]
    pub fn find(&self, wire: &str) -> Option<T> {
        self.rows.iter().find(|row| row.wire == wire).map(|row| row.value)
    }
}

impl<T: Copy + std::fmt::Display> WireTable<T> {
    /// Renders the whole table as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("baidu {}\n", self.name);
        for row in self.rows {
            let _ = writeln!(text, "{:<9} {:<24} {}", row.wire, row.value, row.label);
        }
        text
    }
}
