//! By what the receipt of an upload recognizes its package.

use miniprogram_core::model::UploadReceipt;
use miniprogram_core::{PackageId, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::REFUSE;

/// What [`UploadReceipt::vendor_state`] is at Baidu. `package/upload` returns no id, so the new package is recognized by
/// not having been there before.
///
/// ```
/// use baidu_smartapp::UploadState;
/// use miniprogram_core::model::UploadReceipt;
///
/// let receipt = UploadReceipt::new("1.2.7", "desc").with_vendor_state(UploadState::new(vec!["5".into()]));
/// assert_eq!(UploadState::of(&receipt)?.known_package_ids, ["5".into()]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadState {
    /// Packages of this version that existed before the upload.
    pub known_package_ids: Vec<PackageId>,
}

impl UploadState {
    /// Creates a state of these packages.
    #[must_use]
    pub const fn new(known_package_ids: Vec<PackageId>) -> Self {
        Self { known_package_ids }
    }

    /// Reads the state from a receipt. A receipt without one knows no packages.
    ///
    /// # Errors
    /// If another crate wrote it.
    pub fn of(receipt: &UploadReceipt) -> serde_json::Result<Self> {
        if receipt.vendor_state.is_null() {
            Ok(Self::default())
        } else {
            Self::deserialize(&receipt.vendor_state)
        }
    }

    /// Reads the state from an argument.
    pub(crate) fn read(operation: &'static str, receipt: &UploadReceipt) -> Result<Self> {
        Self::of(receipt).map_err(|problem| {
            let rule = format!("was not written by this crate: {problem}");
            REFUSE.invalid(operation, "receipt.vendor_state", rule)
        })
    }
}

/// Null if there are none.
impl From<UploadState> for Value {
    fn from(state: UploadState) -> Self {
        if state.known_package_ids.is_empty() { Self::Null } else { json!(state) }
    }
}
