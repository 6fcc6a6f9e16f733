//! The platform itself: its token, its registered domains, its effects.

use std::collections::BTreeMap;

use miniprogram_core::{DraftId, Secret, Vendor};

use super::{Simulator, known};
use crate::admin;
use crate::error::SimError;
use crate::platform::DomainKind;
use crate::tokens::Holder;

type Result<T> = std::result::Result<T, SimError>;

impl Simulator {
    /// Returns the platform's current token (WeChat's `component_access_token`), issuing a new one if there is none or
    /// it has expired.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn platform_token(&self, vendor: Vendor) -> Result<Secret> {
        known(vendor)?;
        Ok(Secret::new(admin::issued(&self.hub, vendor, &Holder::Platform(vendor)).text))
    }

    /// Issues a new platform token; the previous one is refused from now on.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn rotate_platform_token(&self, vendor: Vendor) -> Result<Secret> {
        known(vendor)?;
        Ok(Secret::new(admin::rotate_token(&self.hub, vendor, &Holder::Platform(vendor)).text))
    }

    /// Expires the platform's token now.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn expire_platform_token(&self, vendor: Vendor) -> Result<()> {
        known(vendor)?;
        admin::expire_token(&self.hub, &Holder::Platform(vendor));
        Ok(())
    }

    /// Returns how often an operation of the platform itself, such as `add_template`, took effect at a vendor.
    #[must_use]
    pub fn platform_effects(&self, vendor: Vendor, operation: &str) -> u64 {
        self.hub
            .with(|world, _| world.platform_effects.get(&vendor).map_or(0, |effects| effects.of(operation)))
    }

    /// Adds a draft to the template library, as the developer tools do.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn add_template_draft(&self, vendor: Vendor, version: &str, description: &str) -> Result<DraftId> {
        admin::add_template_draft(&self.hub, vendor, version, description)
    }

    /// Replaces the platform's registered domains of one kind, as the vendor's console does. They are not validated.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn set_platform_domains<D: Into<String>>(
        &self,
        vendor: Vendor,
        kind: DomainKind,
        domains: impl IntoIterator<Item = D>,
    ) -> Result<()> {
        let domains = domains.into_iter().map(Into::into).collect();
        admin::set_platform_domains(&self.hub, vendor, BTreeMap::from([(kind, domains)]))
    }

    /// Returns the platform's registered domains.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn platform_domains(&self, vendor: Vendor) -> Result<BTreeMap<DomainKind, Vec<String>>> {
        admin::platform_domains(&self.hub, vendor)
    }
}
