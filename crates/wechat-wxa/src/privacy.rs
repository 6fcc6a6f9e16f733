//! The privacy guide, the interfaces that require permission, and the page that shows orders.

pub(crate) mod interfaces;
pub(crate) mod order_path;
pub(crate) mod setting;

pub use interfaces::{PrivacyApplication, PrivacyInterface, PrivacyInterfaceRequest};
pub use order_path::{OrderPath, OrderPathRequest};
pub use setting::{PrivacyGuide, PrivacyOwner, PrivacySetting, PrivacyUse};

use miniprogram_core::vendor_api::kit::Inherent;

pub(crate) const EFFECTS: &[Inherent] =
    &[Inherent::new(setting::SET, setting::set), Inherent::new(interfaces::APPLY, interfaces::apply)];

pub(crate) const PLATFORM_EFFECTS: &[Inherent] = &[Inherent::new(order_path::APPLY, order_path::apply)];
