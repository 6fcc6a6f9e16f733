//! A rollout as one HTML file: to be mailed, printed and kept.
//!
//! [`Report::collect`] reads a rollout page by page and keeps only its figures, so that ten thousand apps fit.
//! [`Report::to_html`] renders them in a language. The file has no script and refers to nothing outside of it.
//!
//! - **Times are those of Asia/Shanghai**, and the file says so.
//! - **What is cut off is told**: the ledger shows its last [`LEDGER_ENTRIES`] entries, the causes name [`EXAMPLES`] apps
//!   each, and a sentence says how many there are beside them, and which command lists them.
//! - **What cannot be read is named and counted.** The figures are those of all other rows.
//! - **Secrets of the plan are masked** in everything that a vendor or a gate said about the app, by their values. What
//!   a vendor says is masked by the names of its fields too, and its invisible characters are shown as escapes.
//!
//! ```no_run
//! use miniprogram_core::{Language, Result, Timestamp};
//! use miniprogram_rollout::report::Report;
//! use miniprogram_store::RolloutStore;
//!
//! async fn write(store: &dyn RolloutStore, now: Timestamp) -> Result<String> {
//!     let report = Report::collect(store, "spring", now).await?;
//!     Ok(report.to_html(Language::English))
//! }
//! ```

mod chart;
mod collect;
mod failures;
mod figures;
mod html;
mod masking;
mod story;
mod timeline;
mod words;

use std::collections::BTreeMap;

#[cfg(doc)]
use miniprogram_core::ErrorKind;
use miniprogram_core::{Language, Result, Timestamp, Vendor};
use miniprogram_store::RolloutStore;

use crate::engine::RolloutStatus;
use failures::Failure;
use figures::{Kept, Unreadable, VendorFigures};
use timeline::Sample;

/// How many entries of the ledger a report shows: the last ones.
pub const LEDGER_ENTRIES: usize = 500;
/// How many apps a report names for each cause, and how many unreadable rows.
pub const EXAMPLES: usize = 20;

/// The figures of a rollout, as they were when it was read.
///
/// A rollout that is driven meanwhile changes between the pages; its figures can then differ by the steps of that time.
#[derive(Debug, Clone)]
pub struct Report {
    status: RolloutStatus,
    made_at: Timestamp,
    names: BTreeMap<Vendor, String>,
    vendors: BTreeMap<Vendor, VendorFigures>,
    samples: Vec<Sample>,
    failures: Vec<Failure>,
    ledger: Kept,
    unreadable: Unreadable,
}

impl Report {
    /// Reads a rollout. `now` is the time that the report bears.
    ///
    /// Memory: about a hundred bytes per app that has begun, and eight per verdict.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such rollout; [`Store`](ErrorKind::Store), also if the secrets of
    /// the plan cannot be read, since they could not be masked.
    pub async fn collect(store: &dyn RolloutStore, name: &str, now: Timestamp) -> Result<Self> {
        collect::collect(store, name, now).await
    }

    /// Sets the name under which a vendor appears; its machine name by default.
    #[must_use]
    pub fn with_vendor_name(mut self, vendor: Vendor, name: impl Into<String>) -> Self {
        self.names.insert(vendor, name.into());
        self
    }

    /// Renders the report as one HTML file.
    #[must_use]
    pub fn to_html(&self, language: Language) -> String {
        html::page(self, words::Words::new(language))
    }

    fn name_of(&self, vendor: Vendor) -> String {
        self.names.get(&vendor).cloned().unwrap_or_else(|| vendor.to_string())
    }
}
