//! What a vendor can do.

use serde::{Deserialize, Serialize};

/// What a vendor can do. An operation behind a `false` is refused with `unsupported` and costs no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// `start_gray_release`, `gray_release_plan`, `cancel_gray_release`.
    pub gray_release: bool,
    /// `expedite_audit`.
    pub expedite_audit: bool,
    /// `pages`.
    pub pages: bool,
    /// `submit_audit` takes items that name pages and categories.
    pub audit_items: bool,
    /// `submit_audit` needs a description for the reviewer and a remark.
    pub audit_remarks: bool,
    /// Packages have ids: `SubmitTarget::Package` and `RollbackTarget::OnlinePackage` are understood.
    pub package_ids: bool,
    /// `rollback` can go back further than one version.
    pub rollback_to_version: bool,
    /// `min_library_version` always tells the share of users per version; without this a vendor may still tell it.
    pub library_usage: bool,
    /// `template_library`.
    pub template_library: bool,
    /// Pushes carry the app's id; otherwise the receiver has to find out which app it is.
    pub app_id_in_pushes: bool,
}

impl Capabilities {
    /// Nothing beyond what every vendor must do.
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

    /// With gray releases.
    #[must_use]
    pub const fn with_gray_release(mut self) -> Self {
        self.gray_release = true;
        self
    }

    /// With expedited audits.
    #[must_use]
    pub const fn with_expedite_audit(mut self) -> Self {
        self.expedite_audit = true;
        self
    }

    /// With a list of pages.
    #[must_use]
    pub const fn with_pages(mut self) -> Self {
        self.pages = true;
        self
    }

    /// With items in a submission.
    #[must_use]
    pub const fn with_audit_items(mut self) -> Self {
        self.audit_items = true;
        self
    }

    /// With a description and a remark in a submission.
    #[must_use]
    pub const fn with_audit_remarks(mut self) -> Self {
        self.audit_remarks = true;
        self
    }

    /// With ids of packages.
    #[must_use]
    pub const fn with_package_ids(mut self) -> Self {
        self.package_ids = true;
        self
    }

    /// With rollback to a chosen version.
    #[must_use]
    pub const fn with_rollback_to_version(mut self) -> Self {
        self.rollback_to_version = true;
        self
    }

    /// With the users' library versions.
    #[must_use]
    pub const fn with_library_usage(mut self) -> Self {
        self.library_usage = true;
        self
    }

    /// With a template library.
    #[must_use]
    pub const fn with_template_library(mut self) -> Self {
        self.template_library = true;
        self
    }

    /// With the app's id in pushes.
    #[must_use]
    pub const fn with_app_id_in_pushes(mut self) -> Self {
        self.app_id_in_pushes = true;
        self
    }
}
