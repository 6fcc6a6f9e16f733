//! The vendors of a command: what one has to provide, the registry of those that did, and the two of this workspace.
//!
//! Only `baidu`, `wechat` and `sim` name a vendor. Everything else works on [`VendorEntry`].

pub mod alliance;
pub mod app;
mod baidu;
mod calls;
mod entry;
pub(crate) mod redact;
mod setup;
#[cfg(feature = "sim")]
pub(crate) mod sim;
mod wechat;

use std::sync::Arc;

pub use baidu::Baidu;
pub use calls::{RawCall, RawCalls};
pub use entry::VendorEntry;
pub use setup::{PlatformConfig, PushSettings};
pub use wechat::WeChat;

use redact::Redactor;

/// A registered vendor.
pub(crate) type Entry = Arc<dyn VendorEntry>;

/// The registered vendors, in the order of their registration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vendors(Vec<Entry>);

impl Vendors {
    /// Adds a vendor, in the place of the one with the same name if there is one.
    pub(crate) fn register(&mut self, entry: Entry) {
        match self.0.iter_mut().find(|known| known.vendor() == entry.vendor()) {
            Some(known) => *known = entry,
            None => self.0.push(entry),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    /// The vendors' names.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|entry| entry.vendor().to_string())
    }

    /// The vendor of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.vendor().as_str() == name)
    }

    /// How the events of these vendors are masked.
    pub(crate) fn redactor(&self) -> Redactor {
        Redactor::new(self.0.iter().filter_map(|entry| entry.secret_prefix()))
    }

    /// The vendors of this workspace.
    #[cfg(test)]
    pub(crate) fn bundled() -> Self {
        Self(vec![Arc::new(Baidu), Arc::new(WeChat)])
    }
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_find_their_vendor() {
        let vendors = Vendors::bundled();
        let found = |name: &str| vendors.find(name).map(|entry| entry.vendor().to_string());
        assert!(vendors.names().all(|name| found(&name) == Some(name)));
        assert!(found("acme").is_none());
    }

    #[test]
    fn a_vendor_registered_twice_is_known_once() {
        let mut vendors = Vendors::bundled();
        vendors.register(Arc::new(Baidu));
        assert_eq!(vendors.names().collect::<Vec<_>>(), ["baidu", "wechat"]);
    }

    #[test]
    fn a_planned_call_is_masked_and_written_as_the_vendor_wants() {
        let vendors = Vendors::bundled();
        let call = RawCall::new(
            Method::POST,
            "/x".to_owned(),
            vec![("z".to_owned(), "1".to_owned())],
            Some(json!({ "n": 1, "text": "二", "list": ["a"], "app_secret": "canary" })),
        );
        let plan = |name| {
            let calls = vendors.find(name).unwrap().raw_calls().unwrap();
            serde_json::to_value(calls.plan(&call).unwrap()).unwrap()
        };
        let query = json!({ "access_token": "***", "z": "1" });
        let body = json!({ "n": 1, "text": "二", "list": ["a"], "app_secret": "***" });
        let json = json!({ "method": "POST", "path": "/x", "query": query, "body": body });
        assert_eq!(plan("wechat"), json);
        let form = json!({ "n": "1", "text": "二", "list": "[\"a\"]", "app_secret": "***" });
        assert_eq!(plan("baidu")["body"], form);
    }
}
