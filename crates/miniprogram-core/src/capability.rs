//! What a vendor supports.

use serde::{Serialize, Serializer};

use crate::error::{Error, Result};

/// The operations that a vendor supports. An operation that is not supported fails with `unsupported` without
/// sending a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// `start_gray_release`, `gray_release_plan`, `cancel_gray_release`, and the shares that can be chosen.
    pub gray_release: GrayReleaseSupport,
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
            gray_release: GrayReleaseSupport::None,
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

    /// Adds gray (phased) releases to the shares that the vendor offers.
    #[must_use]
    pub const fn with_gray_release(mut self, support: GrayReleaseSupport) -> Self {
        self.gray_release = support;
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

/// The shares of users that a vendor offers for gray (phased) releases.
///
/// As JSON: `false`, `true`, or the list of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum GrayReleaseSupport {
    /// There are no gray releases.
    #[default]
    None,
    /// Any percentage.
    Any,
    /// These percentages only, in ascending order.
    Steps(&'static [u8]),
}

impl GrayReleaseSupport {
    /// Returns whether there are gray releases.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Returns whether a gray release to this share of users, in percent, is offered.
    #[must_use]
    pub fn offers(self, percentage: u8) -> bool {
        match self {
            Self::None => false,
            Self::Any => percentage <= 100,
            Self::Steps(steps) => steps.contains(&percentage),
        }
    }

    /// Checks the percentage of a gray release that is to be started. A vendor's plan calls it before its first
    /// request; `operation` is the operation that the error names.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument), naming `percentage` and the shares on offer.
    pub fn check(self, operation: &'static str, percentage: u8) -> Result<()> {
        if self.offers(percentage) {
            return Ok(());
        }
        let rule = match self {
            Self::None => "there are no gray releases".to_owned(),
            Self::Any => "must be 0 to 100".to_owned(),
            Self::Steps(steps) => {
                let steps: Vec<_> = steps.iter().map(u8::to_string).collect();
                format!("must be one of {}", steps.join(", "))
            }
        };
        Err(Error::invalid(operation, "percentage", format!("{rule}, is {percentage}")))
    }
}

impl Serialize for GrayReleaseSupport {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::None | Self::Any => self.is_supported().serialize(serializer),
            Self::Steps(steps) => steps.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ErrorKind, Outcome};

    const STEPS: GrayReleaseSupport = GrayReleaseSupport::Steps(&[10, 30, 50]);

    #[test]
    fn a_share_between_two_steps_is_refused_with_the_steps() {
        for step in [10, 30, 50] {
            STEPS.check("start_gray_release", step).unwrap();
        }
        for share in [0, 20, 100] {
            let error = STEPS.check("start_gray_release", share).unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
            assert_eq!((error.operation(), error.field()), ("start_gray_release", Some("percentage")));
            let told = error.detail().unwrap_or_default();
            assert_eq!(told, format!("must be one of 10, 30, 50, is {share}"));
        }
        assert!(GrayReleaseSupport::Any.offers(0) && GrayReleaseSupport::Any.offers(100));
        assert!(!GrayReleaseSupport::Any.offers(101) && !GrayReleaseSupport::None.offers(10));
    }

    #[test]
    fn capabilities_show_whether_and_in_which_steps_an_app_is_released_gradually() {
        let shown = |support| {
            serde_json::to_value(Capabilities::new().with_gray_release(support)).unwrap()["gray_release"]
                .clone()
        };
        assert_eq!(shown(GrayReleaseSupport::None), json!(false));
        assert_eq!(shown(GrayReleaseSupport::Any), json!(true));
        assert_eq!(shown(STEPS), json!([10, 30, 50]));
        assert_eq!(Capabilities::default(), Capabilities::new());
    }
}
