//! What Baidu keeps per platform: domains, the template library, uploaded images, names.

use std::collections::{BTreeMap, BTreeSet};

use miniprogram_core::{AppId, Timestamp};

use super::sent::Sent;
use crate::platform::DomainKind;

/// State shared by all apps of the platform at Baidu.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Registered domains, which apps may use.
    pub(crate) domains: BTreeMap<DomainKind, Vec<String>>,
    /// Oldest first.
    pub(crate) drafts: Vec<Draft>,
    /// Oldest first.
    pub(crate) templates: Vec<Template>,
    next_draft: u64,
    next_template: u64,
    /// URLs of uploaded images.
    pub(crate) images: BTreeSet<String>,
    /// Names of the apps.
    pub(crate) names: BTreeMap<AppId, String>,
    next_examine: u64,
    pub(crate) sent: Sent,
}

/// A draft of a template.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) id: u64,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) created_at: Timestamp,
}

/// A template of the library.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) id: u64,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) created_at: Timestamp,
}

impl Shared {
    /// Adds a draft and returns its id.
    pub(crate) fn add_draft(&mut self, version: &str, description: &str, now: Timestamp) -> u64 {
        self.next_draft += 1;
        let (id, version, description) = (self.next_draft, version.to_owned(), description.to_owned());
        self.drafts.push(Draft { id, version, description, created_at: now });
        id
    }

    /// Turns a draft's version into a template and returns its id.
    pub(super) fn add_template(&mut self, version: String, description: String, now: Timestamp) -> u64 {
        self.next_template += 1;
        let id = self.next_template;
        self.templates.push(Template { id, version, description, created_at: now });
        id
    }

    pub(crate) fn domains_of(&self, kind: DomainKind) -> &[String] {
        self.domains.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Returns the next examine id.
    pub(super) fn examine(&mut self) -> u64 {
        self.next_examine += 1;
        15_000 + self.next_examine
    }

    /// Returns whether all URLs, joined by commas, came from the image upload.
    pub(super) fn knows_images(&self, joined: &str) -> bool {
        joined.split(',').all(|address| self.images.contains(address))
    }
}
