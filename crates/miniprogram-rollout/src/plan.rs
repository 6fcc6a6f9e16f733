//! What an operator wrote: the rollout file and the list of merchants.
//!
//! [`Plan::load`] reads `rollout.toml` and the files that it names, and checks all of it. Every [`Problem`] is
//! reported at once, with its file, line and key, and with what to write instead. Nothing is sent anywhere.
//!
//! A [`Plan`] has everything that a rollout needs: the files are not read again. Its [hash](Plan::hash) covers the
//! rollout file, the merchants and the extensions. [`Plan::to_json`] and [`Plan::secrets`] are its stored form;
//! [`Plan::from_json`] reads them back and refuses what does not have the hash.
//!
//! The keys of the rollout file are in `docs/rollout-plan.md`, which is made from [`tables`].
//!
//! ```
//! use miniprogram_core::{Capabilities, Vendor};
//! use miniprogram_rollout::plan::{Context, KnownVendor, Plan};
//!
//! let file = r#"
//!     merchants = "merchants.csv"
//!     failure_budget = "2%"
//!
//!     [vendor.acme]
//!     template = 7
//!     version = "2.5.0"
//!     description = "opening hours of ${name}"
//!     extension = { ext = { shop = "${name}" } }
//!
//!     [[wave]]
//!     name = "canary"
//!     apps = 1
//!
//!     [[wave]]
//!     name = "all"
//!     apps = "rest"
//! "#;
//! let merchants = "vendor,app_id,name\nacme,17000001,面包店\nacme,17000002,书店\n";
//!
//! let context = Context::new([KnownVendor::new(Vendor::new("acme"), Capabilities::new())]);
//! let mut files = |_: &str| Ok(merchants.as_bytes().to_vec());
//! let plan = Plan::check("rollout.toml", file.as_bytes(), &mut files, &context)?;
//!
//! let apps: Vec<_> = plan.apps().map(|app| (app.wave, app.target.description)).collect();
//! assert_eq!(apps, [(0, "opening hours of 面包店".to_owned()), (1, "opening hours of 书店".to_owned())]);
//! assert_eq!(plan.summary().submissions.len(), 1);
//! # Ok::<(), miniprogram_rollout::plan::Problems>(())
//! ```

use std::fmt;
use std::io;
use std::path::Path;

mod apps;
mod check;
mod context;
mod file;
mod forecast;
mod notify;
mod problem;
mod reader;
mod rows;
mod settings;
mod sheet;
mod stored;
mod template;
mod values;
mod vendor;
mod waves;

pub use apps::{PlanSummary, PlannedApp, SummaryRow};
pub use context::{AuthorizedApp, Context, DEFAULT_EXTENSION_LIMIT, KnownVendor};
pub(crate) use forecast::next_refill;
pub use forecast::{
    ASSUMED_AUDIT, Assumed, Basis, Forecast, KnownQuota, Outlook, Reached, Remaining, VendorNeeds,
    WaveForecast, forecast,
};
pub use problem::{Problem, Problems};
pub use reader::{Key, Table};
pub use settings::{
    AuditSettings, Extension, Gate, GateCheck, Notification, NotifyBy, NotifyWhen, PlanSource, Settings,
    VendorSettings, Wave,
};
pub use stored::{PlanSecrets, SCHEMA, StoredPlanError};
pub use template::{JsonTemplate, TextTemplate};
pub use values::{Amount, InvalidShare, Rate, Share};

use crate::machine::Policy;
#[cfg(feature = "hooks")]
pub(crate) use check::hex;
use settings::Merchant;

/// The tables of the rollout file and the columns of the merchants, for a reference.
#[must_use]
pub const fn tables() -> &'static [Table] {
    &file::TABLES
}

/// What an operator wrote, checked. It does not change, and needs no file any more.
///
/// `Debug` prints no value of a merchant.
#[derive(Clone, PartialEq)]
pub struct Plan {
    content: Content,
    /// One for each vendor of the settings.
    policies: Vec<Policy>,
    hash: String,
}

/// The parts of a plan.
#[derive(Clone, PartialEq)]
struct Content {
    sources: Vec<PlanSource>,
    settings: Settings,
    /// The columns that the settings use.
    columns: Vec<String>,
    secret_columns: Vec<String>,
    /// Sorted by wave and priority.
    merchants: Vec<Merchant>,
}

impl Plan {
    /// Reads and checks a rollout file, and the files that it names relative to its directory.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(path: &Path, context: &Context) -> Result<Self, Problems> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let file = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let bytes = std::fs::read(path).map_err(|error| Problems::unreadable(&file, &error))?;
        let mut files = |name: &str| std::fs::read(directory.join(name));
        Self::check(&file, &bytes, &mut files, context)
    }

    /// Checks the content of a rollout file. `files` returns the content of a file by the name that the rollout file
    /// uses.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(
        file: &str,
        bytes: &[u8],
        files: &mut dyn FnMut(&str) -> io::Result<Vec<u8>>,
        context: &Context,
    ) -> Result<Self, Problems> {
        check::check(file, bytes, files, context)
    }

    /// Returns everything that the operator decided, apart from the merchants.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.content.settings
    }

    /// Returns the files that the plan was made from: the rollout file first, then in the order of reading.
    #[must_use]
    pub fn sources(&self) -> &[PlanSource] {
        &self.content.sources
    }

    /// Returns the plan's identity: SHA-256 of its stored form, in 64 hexadecimal digits. It depends on every byte of
    /// the files.
    ///
    /// It covers the secret values too. A short one, such as a password of four digits, can be guessed by trying, if
    /// everything else is known.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("hash", &self.hash)
            .field("settings", &self.content.settings)
            .field("merchants", &self.content.merchants.len())
            .finish_non_exhaustive()
    }
}
