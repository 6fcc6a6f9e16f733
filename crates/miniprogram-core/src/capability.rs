//! What a vendor supports.

use serde::{Deserialize, Serialize};

/// The operations that a vendor supports. An operation whose flag is `false` fails with `unsupported` without
/// sending a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// `start_gray_release`, `gray_release_plan`, `cancel_gray_release`.
    pub gray_release: bool,
    /// `expedite_audit`.
    pub expedite_audit: bool,
    /// `pages`.
    pub pages: bool,
    /// `submit_audit` accepts items that name pages and categories.
    pub audit_items: bool,
    /// `submit_audit` requires a description for the reviewer and a remark.
    pub audit_remarks: bool,
    /// Packages have ids: `SubmitTarget::Package` and `RollbackTarget::OnlinePackage` are supported.
    pub package_ids: bool,
    /// `rollback` can go back more than one version.
    pub rollback_to_version: bool,
    /// `min_library_version` is guaranteed to include the share of users per version; without this flag it may
    /// still do so.
    pub library_usage: bool,
    /// `template_library`.
    pub template_library: bool,
    /// Pushes carry the app's id; otherwise the receiver has to determine the app.
    pub app_id_in_pushes: bool,
}

impl Capabilities {
    /// Nothing beyond what every vendor must support.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            gray_release: false,
            expedite_audit: false,
            pages: false,
            audit_items: false,
            audit_remarks: false,
            package_ids: false,
            rollback_to_version: false,
            library_usage: false,
            template_library: false,
            app_id_in_pushes: false,
        }
    }

    /// Adds gray (phased) releases.
    #[must_use]
    pub const fn with_gray_release(mut self) -> Self {
        self.gray_release = true;
        self
    }

    /// Adds expedited audits.
    #[must_use]
    pub const fn with_expedite_audit(mut self) -> Self {
        self.expedite_audit = true;
        self
    }

    /// Adds the list of pages.
    #[must_use]
    pub const fn with_pages(mut self) -> Self {
        self.pages = true;
        self
    }

    /// Adds items in a submission.
    #[must_use]
    pub const fn with_audit_items(mut self) -> Self {
        self.audit_items = true;
        self
    }

    /// Adds a required description and remark in a submission.
    #[must_use]
    pub const fn with_audit_remarks(mut self) -> Self {
        self.audit_remarks = true;
        self
    }

    /// Adds package ids.
    #[must_use]
    pub const fn with_package_ids(mut self) -> Self {
        self.package_ids = true;
        self
    }

    /// Adds rollback to a chosen version.
    #[must_use]
    pub const fn with_rollback_to_version(mut self) -> Self {
        self.rollback_to_version = true;
        self
    }

    /// Adds the users' library versions.
    #[must_use]
    pub const fn with_library_usage(mut self) -> Self {
        self.library_usage = true;
        self
    }

    /// Adds a template library.
    #[must_use]
    pub const fn with_template_library(mut self) -> Self {
        self.template_library = true;
        self
    }

    /// Adds the app's id in pushes.
    #[must_use]
    pub const fn with_app_id_in_pushes(mut self) -> Self {
        self.app_id_in_pushes = true;
        self
    }
}
