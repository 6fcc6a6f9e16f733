//! The stored form of a plan: public JSON, and the secret values apart from it.

use std::collections::BTreeMap;
use std::fmt;

use miniprogram_core::vendor_api::redact::MASK;
use miniprogram_core::{AppId, Secret, Vendor};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::check::hex;
use super::settings::{Merchant, PlanSource, Settings};
use super::{Content, Plan};

/// The version of the stored form that this program writes. It reads no other.
pub const SCHEMA: u32 = 1;

/// The values of the secret columns, for a store to seal: one map per merchant that has any, from columns to values.
///
/// Its only way out is [`to_json`](Self::to_json), which returns a [`Secret`]. `Debug` prints no value.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PlanSecrets(BTreeMap<String, BTreeMap<String, String>>);

impl PlanSecrets {
    /// Returns whether there are none, so that there is nothing to seal.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text to seal: JSON of the form `{"acme/17000001":{"password":"…"}}`.
    #[must_use]
    pub fn to_json(&self) -> Secret {
        Secret::new(serde_json::to_string(&self.0).unwrap_or_default())
    }

    /// Returns a text in which every secret of a merchant is masked.
    #[cfg(feature = "report")]
    pub(crate) fn mask(&self, vendor: Vendor, app_id: &AppId, text: &str) -> String {
        let of_merchant = self.0.get(&name(vendor, app_id));
        let mut values: Vec<_> = of_merchant.into_iter().flat_map(BTreeMap::values).collect();
        // A value can be part of another one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        let values = values.into_iter().filter(|value| !value.is_empty());
        values.fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK))
    }

    /// Reads the text that was sealed.
    ///
    /// # Errors
    /// [`StoredPlanError::Unreadable`], without quoting the text.
    pub fn from_json(text: &Secret) -> Result<Self, StoredPlanError> {
        // An error of serde can quote a value.
        serde_json::from_str(text.expose())
            .map(Self)
            .map_err(|_| StoredPlanError::Unreadable("secrets".to_owned()))
    }
}

impl fmt::Debug for PlanSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanSecrets({} merchants)", self.0.len())
    }
}

/// A stored plan cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredPlanError {
    /// The text is not the stored form of a plan; the text says what is wrong.
    #[error("not a stored plan: {0}")]
    Unreadable(String),
    /// Another version of the program wrote it.
    #[error("the stored plan has schema {0}, and this program reads {SCHEMA}")]
    Schema(u32),
    /// The content, or the secrets, are not those that were stored.
    #[error("the stored plan is not the one with the hash {0}")]
    Changed(String),
}

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    schema: u32,
    hash: String,
    plan: StoredContent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredContent {
    sources: Vec<PlanSource>,
    settings: Settings,
    columns: Vec<String>,
    secret_columns: Vec<String>,
    merchants: Vec<StoredMerchant>,
}

/// As a list, because there are many: vendor, app, wave, priority, values.
#[derive(Serialize, Deserialize)]
struct StoredMerchant(Vendor, AppId, usize, i64, Vec<String>);

impl Plan {
    pub(super) fn new(content: Content) -> Self {
        let hash = content.hash();
        let policies = content.settings.policies();
        Self { content, policies, hash }
    }

    /// Returns the public part of the stored form: one line of JSON, the same for the same plan. In it the values of
    /// secret columns are `***`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let stored = Stored { schema: SCHEMA, hash: self.hash.clone(), plan: self.content.public() };
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Returns the other part of the stored form: the values of the secret columns.
    #[must_use]
    pub fn secrets(&self) -> PlanSecrets {
        self.content.secrets()
    }

    /// Reads a stored plan.
    ///
    /// # Errors
    /// If the text is not a plan of this [`SCHEMA`], or does not have its hash together with the secrets.
    pub fn from_json(json: &str, secrets: &PlanSecrets) -> Result<Self, StoredPlanError> {
        let unreadable = |error: serde_json::Error| StoredPlanError::Unreadable(error.to_string());
        let Version { schema } = serde_json::from_str(json).map_err(unreadable)?;
        if schema != SCHEMA {
            return Err(StoredPlanError::Schema(schema));
        }
        let Stored { hash, plan, .. } = serde_json::from_str(json).map_err(unreadable)?;
        let content = plan.with_secrets(secrets).ok_or_else(|| StoredPlanError::Changed(hash.clone()))?;
        let plan = Self::new(content);
        if plan.hash == hash { Ok(plan) } else { Err(StoredPlanError::Changed(hash)) }
    }
}

impl Content {
    fn public(&self) -> StoredContent {
        let secret = |index: usize| self.secret_columns.contains(&self.columns[index]);
        let shown = |(index, value): (usize, &String)| match secret(index) {
            true => MASK.to_owned(),
            false => value.clone(),
        };
        let merchant = |merchant: &Merchant| {
            let Merchant { vendor, app_id, wave, priority, values } = merchant;
            let values = values.iter().enumerate().map(shown).collect();
            StoredMerchant(*vendor, app_id.clone(), *wave, *priority, values)
        };
        StoredContent {
            sources: self.sources.clone(),
            settings: self.settings.clone(),
            columns: self.columns.clone(),
            secret_columns: self.secret_columns.clone(),
            merchants: self.merchants.iter().map(merchant).collect(),
        }
    }

    fn secrets(&self) -> PlanSecrets {
        if self.secret_columns.is_empty() {
            return PlanSecrets::default();
        }
        let values = |merchant: &Merchant| {
            let columns = self.columns.iter().zip(&merchant.values);
            let secret = columns.filter(|(column, _)| self.secret_columns.contains(column));
            secret.map(|(column, value)| (column.clone(), value.clone())).collect()
        };
        let merchants = self.merchants.iter();
        PlanSecrets(
            merchants.map(|merchant| (name(merchant.vendor, &merchant.app_id), values(merchant))).collect(),
        )
    }

    /// Over the public JSON without the hash, and the secrets.
    fn hash(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(serde_json::to_vec(&(SCHEMA, self.public())).unwrap_or_default());
        digest.update(self.secrets().to_json().expose());
        hex(&digest.finalize())
    }
}

impl StoredContent {
    /// None if a secret is missing, or the parts do not fit together.
    fn with_secrets(self, secrets: &PlanSecrets) -> Option<Content> {
        let Self { sources, settings, columns, secret_columns, merchants } = self;
        let merchant = |StoredMerchant(vendor, app_id, wave, priority, mut values): StoredMerchant| {
            let fits = values.len() == columns.len()
                && wave < settings.waves.len()
                && settings.vendors.iter().any(|known| known.vendor == vendor);
            for (column, value) in columns.iter().zip(&mut values) {
                if secret_columns.contains(column) {
                    value.clone_from(secrets.0.get(&name(vendor, &app_id))?.get(column)?);
                }
            }
            fits.then_some(Merchant { vendor, app_id, wave, priority, values })
        };
        let merchants = merchants.into_iter().map(merchant).collect::<Option<_>>()?;
        Some(Content { sources, settings, columns, secret_columns, merchants })
    }
}

fn name(vendor: Vendor, app_id: &AppId) -> String {
    format!("{vendor}/{app_id}")
}
