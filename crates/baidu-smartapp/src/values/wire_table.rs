use std::fmt::Write;

/// One line of a [`WireTable`]: what stands on the wire, its meaning, the vendor's own label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WireRow<T: 'static> {
    /// The text on the wire; a number as its digits.
    pub wire: &'static str,
    /// What it means here.
    pub value: T,
    /// The vendor's own words for it.
    pub label: &'static str,
}

/// The values that one field can have on the wire. Public data: callers can list them.
#[derive(Debug)]
pub struct WireTable<T: 'static> {
    name: &'static str,
    rows: &'static [WireRow<T>],
}

impl<T: Copy> WireTable<T> {
    pub(super) const fn new(name: &'static str, rows: &'static [WireRow<T>]) -> Self {
        Self { name, rows }
    }

    /// The field's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Every value.
    #[must_use]
    pub const fn rows(&self) -> &'static [WireRow<T>] {
        self.rows
    }

    /// The meaning of a text; none if no row lists it.
    #[must_use]
    pub fn find(&self, wire: &str) -> Option<T> {
        self.rows.iter().find(|row| row.wire == wire).map(|row| row.value)
    }
}

impl<T: Copy + std::fmt::Display> WireTable<T> {
    /// The whole table as text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("baidu {}\n", self.name);
        for row in self.rows {
            let _ = writeln!(text, "{:<9} {:<24} {}", row.wire, row.value, row.label);
        }
        text
    }
}
