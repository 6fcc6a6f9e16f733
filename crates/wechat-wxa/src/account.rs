//! The app's account: name, icon, description, and whether search shows the app.

mod info;
pub(crate) mod name;
pub(crate) mod profile;

pub use info::{AccountInfo, Changes, VerificationInfo};
pub use name::{NameAudit, NameAuditState, NameChange, NameCheck};
pub use profile::IconChange;

use miniprogram_core::vendor_api::kit::Inherent;

pub(crate) const EFFECTS: &[Inherent] = &[
    Inherent::new(name::SET, name::set),
    Inherent::new(profile::SET_ICON, profile::set_icon_plan),
    Inherent::new(profile::SET_DESCRIPTION, profile::set_description_plan),
    Inherent::new(profile::SET_SEARCH, profile::set_search_status_plan),
];
