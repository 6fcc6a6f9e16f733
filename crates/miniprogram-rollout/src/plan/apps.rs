//! What a plan means for each app.

use std::collections::BTreeMap;
use std::fmt;

use miniprogram_core::vendor_api::Printable;
use miniprogram_core::vendor_api::redact::MASK;
use miniprogram_core::{AppId, SubmitOptions, Vendor};
use serde::Serialize;
use serde_json::{Map, Value};

use super::settings::{Merchant, Settings, VendorSettings};
use super::{Content, Plan};
use crate::machine::{Policy, Target};

/// One app of a plan.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlannedApp<'a> {
    /// The position of its wave in [`Settings::waves`].
    pub wave: usize,
    /// What it gets.
    pub target: Target,
    /// The rules of its way there.
    pub policy: &'a Policy,
}

/// How many apps a plan has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlanSummary {
    /// The apps per wave and vendor, in the order of the waves; pairs without an app are left out.
    pub rows: Vec<SummaryRow>,
    /// The submissions that each vendor's apps need at least: one for each app.
    pub submissions: BTreeMap<Vendor, usize>,
}

/// The apps of one vendor in one wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SummaryRow {
    /// The position of the wave.
    pub wave: usize,
    /// Its name.
    pub name: String,
    /// The vendor.
    pub vendor: Vendor,
    /// How many apps.
    pub apps: usize,
}

impl fmt::Display for PlanSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wave in self.rows.chunk_by(|a, b| a.wave == b.wave) {
            let apps: Vec<_> = wave.iter().map(|row| format!("{} {}", row.vendor, row.apps)).collect();
            writeln!(f, "{}: {}", Printable(&wave[0].name), apps.join(", "))?;
        }
        let submissions = self.submissions.iter().map(|(vendor, count)| format!("{vendor} {count}"));
        write!(f, "submissions: {}", submissions.collect::<Vec<_>>().join(", "))
    }
}

impl Plan {
    /// Returns the apps in the order in which they are submitted: by wave, priority and row. Their placeholders are
    /// filled as the iterator advances.
    pub fn apps(&self) -> impl ExactSizeIterator<Item = PlannedApp<'_>> {
        self.content.merchants.iter().map(|merchant| self.planned(merchant))
    }

    /// Returns one app.
    #[must_use]
    pub fn app(&self, vendor: Vendor, app_id: &AppId) -> Option<PlannedApp<'_>> {
        let mut merchants = self.content.merchants.iter();
        let found = merchants.find(|merchant| merchant.vendor == vendor && merchant.app_id == *app_id);
        found.map(|merchant| self.planned(merchant))
    }

    /// Returns one app with `***` in place of each value of a secret column, to be shown.
    #[must_use]
    pub fn app_masked(&self, vendor: Vendor, app_id: &AppId) -> Option<PlannedApp<'_>> {
        let mut merchants = self.content.merchants.iter();
        let found = merchants.find(|merchant| merchant.vendor == vendor && merchant.app_id == *app_id)?;
        let mut planned = self.planned(found);
        let index = self.settings_of(vendor);
        planned.target = self.content.target(&self.content.settings.vendors[index], found, true);
        Some(planned)
    }

    /// Returns the places of the apps in the order of [`apps`](Self::apps), sorted by vendor and id: one number per app, for
    /// [`place_of`](Self::place_of).
    pub(crate) fn places(&self) -> Vec<u32> {
        let merchants = &self.content.merchants;
        let mut places: Vec<u32> = (0..).take(merchants.len()).collect();
        places.sort_unstable_by(|a, b| self.key_at(*a).cmp(&self.key_at(*b)));
        places
    }

    /// Returns the place of an app.
    pub(crate) fn place_of(&self, places: &[u32], vendor: Vendor, app_id: &AppId) -> Option<usize> {
        let found = places.binary_search_by(|place| self.key_at(*place).cmp(&Some((vendor, app_id))));
        found.ok().and_then(|at| usize::try_from(places[at]).ok())
    }

    fn key_at(&self, place: u32) -> Option<(Vendor, &AppId)> {
        let merchant = self.content.merchants.get(usize::try_from(place).ok()?)?;
        Some((merchant.vendor, &merchant.app_id))
    }

    /// Returns the app at a place in that order.
    pub(crate) fn app_at(&self, place: usize) -> Option<PlannedApp<'_>> {
        self.content.merchants.get(place).map(|merchant| self.planned(merchant))
    }

    /// Counts the apps.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let mut counts: BTreeMap<(usize, Vendor), usize> = BTreeMap::new();
        let mut submissions: BTreeMap<Vendor, usize> = BTreeMap::new();
        for merchant in &self.content.merchants {
            *counts.entry((merchant.wave, merchant.vendor)).or_default() += 1;
            *submissions.entry(merchant.vendor).or_default() += 1;
        }
        let name = |wave: usize| self.content.settings.waves[wave].name.clone();
        let row = |((wave, vendor), apps)| SummaryRow { wave, name: name(wave), vendor, apps };
        PlanSummary { rows: counts.into_iter().map(row).collect(), submissions }
    }

    fn planned<'a>(&'a self, merchant: &'a Merchant) -> PlannedApp<'a> {
        let index = self.settings_of(merchant.vendor);
        PlannedApp {
            wave: merchant.wave,
            target: self.content.target(&self.content.settings.vendors[index], merchant, false),
            policy: &self.policies[index],
        }
    }

    /// Every merchant has the settings of its vendor: checked when the plan was made or read.
    fn settings_of(&self, vendor: Vendor) -> usize {
        let mut vendors = self.content.settings.vendors.iter();
        vendors.position(|known| known.vendor == vendor).unwrap_or_default()
    }
}

impl Content {
    fn target(&self, settings: &VendorSettings, merchant: &Merchant, masked: bool) -> Target {
        let value = |name: &str| match self.columns.iter().position(|column| column == name) {
            Some(_) if masked && self.secret_columns.iter().any(|secret| secret == name) => MASK,
            Some(index) => merchant.values[index].as_str(),
            None if name == "vendor" => settings.vendor.as_str(),
            None => merchant.app_id.as_str(),
        };
        // Both are objects: checked when the plan was made.
        let submit: Map<String, Value> =
            serde_json::from_str(&settings.submit.fill(value)).unwrap_or_default();
        let ext = match settings.extension.fill(value) {
            // The whole extension is secret.
            ext if ext == MASK => format!(r#"{{"{MASK}":"{MASK}"}}"#),
            ext => ext,
        };
        Target::new(
            merchant.vendor,
            merchant.app_id.clone(),
            settings.template.clone(),
            settings.version.clone(),
            settings.description.fill(value),
        )
        .with_ext(ext.parse().unwrap_or_default())
        .with_submit(SubmitOptions::from(submit))
        .with_priority(merchant.priority)
    }
}

impl Settings {
    /// The rules of each vendor's apps.
    pub(super) fn policies(&self) -> Vec<Policy> {
        let policy = |vendor: &VendorSettings| Policy {
            gray: vendor.gray.clone(),
            bake_after_release: self.bake_after_release,
            gate: self.gate.is_some(),
            gate_failure: self.gate.as_ref().map(|gate| gate.on_fail).unwrap_or_default(),
            stuck: self.audit.stuck,
            rejection: self.audit.rejection,
            delay: self.audit.delay,
            windows: self.windows.clone(),
            polling: self.polling,
            patience: self.patience,
        };
        self.vendors.iter().map(policy).collect()
    }
}
