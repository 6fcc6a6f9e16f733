//! The progress of an upload, as `package/get` shows it.

use std::time::Duration;

use miniprogram_core::model::UploadReceipt;
use miniprogram_core::{Code, Error, ErrorKind, PackageId, Retry};

use super::state::UploadState;
use crate::package::{Package, Packages, newest};

/// How long to wait for an upload that is still being processed.
pub(crate) const UPLOAD_WAIT: Duration = Duration::from_secs(300);
/// The pause between two probes.
pub(crate) const UPLOAD_PAUSE: Duration = Duration::from_secs(2);

/// The state of an upload in the list.
#[derive(Debug, PartialEq)]
pub(crate) enum Shown {
    /// A package that can be submitted.
    Ready(PackageId),
    /// An entry without an id.
    Processing,
    /// An entry marked as failed.
    Failed { code: Option<Code>, reason: String },
    /// No entry: an upload takes a moment to appear.
    Nothing,
}

/// Finds an upload in the list: by its id once that is known, otherwise by version and description among the packages
/// that were not there before. Of several, the newest is taken.
pub(crate) fn progress(packages: &Packages, receipt: &UploadReceipt, state: &UploadState) -> Shown {
    if let Some(id) = &receipt.package_id {
        return packages.with_id(id.as_str()).map_or(Shown::Nothing, |_| Shown::Ready(id.clone()));
    }
    let ours =
        || packages.0.iter().filter(|package| package.is_upload_of(&receipt.version, &receipt.description));
    let ready = newest(ours().filter(|package| is_new(package, &state.known_package_ids)));
    if let Some(id) = ready.and_then(|package| package.package_id.clone()) {
        return Shown::Ready(id);
    }
    if ours().any(Package::is_under_way) {
        return Shown::Processing;
    }
    match newest(ours().filter(|package| package.has_failed())).and_then(|package| package.upload.as_ref()) {
        Some(upload) => Shown::Failed {
            code: upload.code.clone(),
            reason: upload.message.clone().unwrap_or_else(|| "the vendor does not say why".to_owned()),
        },
        None => Shown::Nothing,
    }
}

/// Whether a package can be submitted and was not there before.
pub(super) fn is_new(package: &Package, known: &[PackageId]) -> bool {
    let finished = !package.is_under_way() && !package.has_failed();
    finished && package.package_id.as_ref().is_some_and(|id| !known.contains(id))
}

/// Reports that no entry shows that upload.
pub(crate) fn not_shown(operation: &'static str, receipt: &UploadReceipt) -> Error {
    Error::new(ErrorKind::NotFound, operation)
        .with_field("receipt")
        .with_detail(format!("is of version {}, which package/get does not show", receipt.version))
        .with_retry(Retry::Backoff)
        .with_advice("query again: an upload takes about 3 seconds to show; if it never does, upload again")
}
