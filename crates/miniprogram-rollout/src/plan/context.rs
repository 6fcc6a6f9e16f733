//! What the caller knows and the operator's files are checked against.

use std::collections::BTreeMap;
use std::fmt;

use miniprogram_core::{AppId, Capabilities, Vendor};

/// The bytes that an extension may have where the caller states no limit of the vendor: 64 KiB.
///
/// The vendors' documents state none. Real extensions have a few kilobytes; a larger one is a column that holds
/// something else.
pub const DEFAULT_EXTENSION_LIMIT: usize = 64 * 1024;

/// What a plan is checked against: the vendors that this program knows, and the apps that authorized the platform.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Context {
    /// The vendors that a plan may name.
    pub vendors: Vec<KnownVendor>,
    /// The apps that `merchants = "authorized"` stands for.
    pub authorized: Vec<AuthorizedApp>,
}

impl Context {
    /// Creates a context without authorized apps.
    #[must_use]
    pub fn new(vendors: impl IntoIterator<Item = KnownVendor>) -> Self {
        Self { vendors: vendors.into_iter().collect(), authorized: Vec::new() }
    }

    /// Sets the apps that `merchants = "authorized"` stands for.
    #[must_use]
    pub fn with_authorized(mut self, apps: impl IntoIterator<Item = AuthorizedApp>) -> Self {
        self.authorized = apps.into_iter().collect();
        self
    }

    pub(super) fn vendor(&self, name: &str) -> Option<&KnownVendor> {
        self.vendors.iter().find(|known| known.vendor.as_str() == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.vendors.iter().map(|known| known.vendor.as_str())
    }
}

/// A vendor that a plan may name, and what it offers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KnownVendor {
    /// Its name.
    pub vendor: Vendor,
    /// What it supports; gray steps are checked against it.
    pub capabilities: Capabilities,
    /// The bytes that the extension of one app may have.
    pub extension_limit: usize,
}

impl KnownVendor {
    /// Creates a vendor with [`DEFAULT_EXTENSION_LIMIT`].
    #[must_use]
    pub const fn new(vendor: Vendor, capabilities: Capabilities) -> Self {
        Self { vendor, capabilities, extension_limit: DEFAULT_EXTENSION_LIMIT }
    }

    /// Sets the bytes that the extension of one app may have.
    #[must_use]
    pub const fn with_extension_limit(mut self, bytes: usize) -> Self {
        self.extension_limit = bytes;
        self
    }
}

/// An app that authorized the platform. `Debug` does not print its values.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizedApp {
    /// Its vendor.
    pub vendor: Vendor,
    /// Its id.
    pub app_id: AppId,
    /// Further columns, such as a name that the store has.
    pub values: BTreeMap<String, String>,
}

impl AuthorizedApp {
    /// Creates an app without further columns.
    #[must_use]
    pub fn new(vendor: Vendor, app_id: impl Into<AppId>) -> Self {
        Self { vendor, app_id: app_id.into(), values: BTreeMap::new() }
    }

    /// Adds a column.
    #[must_use]
    pub fn with_value(mut self, column: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(column.into(), value.into());
        self
    }
}

impl fmt::Debug for AuthorizedApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.values.keys().collect();
        f.debug_struct("AuthorizedApp")
            .field("vendor", &self.vendor)
            .field("app_id", &self.app_id)
            .field("columns", &names)
            .finish()
    }
}
