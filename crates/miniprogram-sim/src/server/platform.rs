//! What belongs to the platform itself: its token, what it registered, its effects.

use std::collections::BTreeMap;

use miniprogram_core::{DraftId, Secret, Vendor};

use super::{Simulator, known};
use crate::admin;
use crate::error::SimError;
use crate::platform::DomainKind;
use crate::tokens::Holder;

type Result<T> = std::result::Result<T, SimError>;

impl Simulator {
    /// The platform's own token that is accepted now (WeChat's `component_access_token`). Where there is none or the
    /// last one has expired, a new one is issued.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn platform_token(&self, vendor: Vendor) -> Result<Secret> {
        known(vendor)?;
        Ok(Secret::new(admin::issued(&self.hub, vendor, &Holder::Platform(vendor)).text))
    }

    /// Issues a new token of the platform; the one before is refused from now on.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn rotate_platform_token(&self, vendor: Vendor) -> Result<Secret> {
        known(vendor)?;
        Ok(Secret::new(admin::rotate_token(&self.hub, vendor, &Holder::Platform(vendor)).text))
    }

    /// Makes the platform's token expire now.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn expire_platform_token(&self, vendor: Vendor) -> Result<()> {
        known(vendor)?;
        admin::expire_token(&self.hub, &Holder::Platform(vendor));
        Ok(())
    }

    /// How often an operation of the platform itself, such as `add_template`, took effect at a vendor.
    #[must_use]
    pub fn platform_effects(&self, vendor: Vendor, operation: &str) -> u64 {
        self.hub
            .with(|world, _| world.platform_effects.get(&vendor).map_or(0, |effects| effects.of(operation)))
    }

    /// Adds a draft to the template library, as a developer's tool does.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn add_template_draft(&self, vendor: Vendor, version: &str, description: &str) -> Result<DraftId> {
        admin::add_template_draft(&self.hub, vendor, version, description)
    }

    /// Replaces the domains of one kind that the platform has registered, as if in the vendor's console. They are not
    /// checked.
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

    /// The domains that the platform has registered.
    ///
    /// # Errors
    /// [`SimError::UnknownVendor`].
    pub fn platform_domains(&self, vendor: Vendor) -> Result<BTreeMap<DomainKind, Vec<String>>> {
        admin::platform_domains(&self.hub, vendor)
    }
}
