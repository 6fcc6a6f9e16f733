//! What Acme pushes.

use miniprogram_core::push::OwnedPush;

use super::super::acme::Key;
use super::{Acme, PLATFORM};

/// A form with its signature.
pub(crate) fn form(key: &Key, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut fields: Vec<_> = fields.iter().map(owned).collect();
    let sign = key.sign_form(&fields);
    fields.push(("sign".to_owned(), sign));
    fields
}

impl Acme {
    /// Returns the form of an event about an app, as of now.
    pub(crate) fn event(&self, event: &str, app: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let time = self.clock.now().as_unix().to_string();
        let own = [("platform", PLATFORM), ("event", event), ("app", app), ("time", &time)];
        form(&self.key, &[&own[..], more].concat())
    }

    /// Returns the same as a push.
    pub(crate) fn push(&self, event: &str, app: &str, more: &[(&str, &str)]) -> OwnedPush {
        let fields = self.event(event, app, more);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = Some("application/x-www-form-urlencoded".to_owned());
        OwnedPush::new(self.clock.now(), body.into_bytes()).with_head("", content_type)
    }
}
