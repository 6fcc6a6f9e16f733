//! The categories of an app: listing the catalogue and the app's own, adding, changing and deleting them.
//!
//! [`CodeManager::categories`](miniprogram_core::CodeManager::categories) lists the categories that a submission may
//! name.

mod catalogue;

use miniprogram_core::vendor_api::pipeline::{Call, EffectClass, EffectPlan, Fields, Finding, Reply};
use miniprogram_core::vendor_api::{InherentCommand, MethodName};
use miniprogram_core::{Effect, EffectValue, Result, Subject, Timestamp, inherent_commands};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

pub use catalogue::{CatalogueCategory, CatalogueCertificate};

use crate::REFUSE;
use crate::WECHAT;
use crate::body::Body;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;
use crate::values::{CATEGORY_AUDIT, Coded, ReviewStatus};
use miniprogram_core::vendor_api::kit::{Inherent, OneCall};

pub(crate) const ADD: MethodName = MethodName::new("add_categories");
pub(crate) const MODIFY: MethodName = MethodName::new("modify_category");
pub(crate) const DELETE: MethodName = MethodName::new("delete_category");

pub(crate) const EFFECTS: &[Inherent] =
    &[Inherent::new(ADD, add), Inherent::new(MODIFY, modify), Inherent::new(DELETE, delete)];

/// The categories of an app, and its limits.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountCategories {
    /// `categories`.
    pub categories: Vec<AccountCategory>,
    /// `limit`: the number of categories that can be added in a period.
    pub limit: Option<i64>,
    /// `quota`: the number that can still be added in the current period.
    pub quota: Option<i64>,
    /// `category_limit`: the number of categories an app can have.
    pub category_limit: Option<i64>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A category of an app.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AccountCategory {
    /// `first`: the id of the first level.
    pub first: i64,
    /// `first_name`.
    pub first_name: Option<String>,
    /// `second`: the id of the second level.
    pub second: i64,
    /// `second_name`.
    pub second_name: Option<String>,
    /// `audit_status`: the state of its review.
    pub status: Option<Coded<ReviewStatus>>,
    /// `audit_reason`: why it was rejected.
    pub reason: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl AccountCategory {
    /// Creates a category of which only the ids are known.
    #[must_use]
    pub fn new(first: i64, second: i64) -> Self {
        Self {
            first,
            first_name: None,
            second,
            second_name: None,
            status: None,
            reason: None,
            extra: Map::new(),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            first: fields.required("first", Fields::number)?,
            first_name: fields.text("first_name"),
            second: fields.required("second", Fields::number)?,
            second_name: fields.text("second_name"),
            status: fields.coded("audit_status", &CATEGORY_AUDIT),
            reason: fields.text("audit_reason"),
            extra: fields.rest(),
        })
    }
}

/// A category to add, or new certificates for a rejected one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NewCategory {
    /// The id of the first level.
    pub first: i64,
    /// The id of the second level.
    pub second: i64,
    /// The certificates that the category requires.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub certificates: Vec<CategoryCertificate>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl NewCategory {
    /// Creates a category without certificates.
    #[must_use]
    pub fn new(first: i64, second: i64) -> Self {
        Self { first, second, certificates: Vec::new(), extra: Map::new() }
    }

    /// Adds a certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificate: CategoryCertificate) -> Self {
        self.certificates.push(certificate);
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self, operation: &'static str, at: &str) -> Result<Value> {
        let certificates = self.certificates.iter().enumerate();
        let certificates = certificates
            .map(|(index, certificate)| certificate.body(operation, &format!("{at}certificates[{index}].")));
        // In the vendor's spelling, the f and one i are missing.
        Body::new(operation)
            .with("first", self.first)
            .with("second", self.second)
            .with("certicates", certificates.collect::<Result<Vec<_>>>()?)
            .finish(at, &self.extra)
    }
}

/// A certificate for a category.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CategoryCertificate {
    /// `key`: its name, as in the catalogue.
    pub key: String,
    /// `value`: its media id, from [`WeChatApp::upload_material`].
    pub media_id: String,
    /// `expire_time`: when it expires.
    pub expires_at: Option<Timestamp>,
    /// `is_permanent`: whether it never expires.
    pub is_permanent: Option<bool>,
    /// Unmodelled fields, sent as they are.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl CategoryCertificate {
    /// Creates a certificate.
    #[must_use]
    pub fn new(key: impl Into<String>, media_id: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            media_id: media_id.into(),
            expires_at: None,
            is_permanent: None,
            extra: Map::new(),
        }
    }

    /// Sets when the certificate expires.
    #[must_use]
    pub const fn expiring(mut self, at: Timestamp) -> Self {
        (self.expires_at, self.is_permanent) = (Some(at), Some(false));
        self
    }

    /// Marks the certificate as permanent.
    #[must_use]
    pub const fn permanent(mut self) -> Self {
        (self.expires_at, self.is_permanent) = (None, Some(true));
        self
    }

    /// Adds an unmodelled field.
    #[must_use]
    pub fn with_extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    fn body(&self, operation: &'static str, at: &str) -> Result<Value> {
        for (name, text) in [("key", &self.key), ("media_id", &self.media_id)] {
            REFUSE.required(operation, format!("{at}{name}"), text)?;
        }
        Body::new(operation)
            .with("key", self.key.as_str())
            .with("value", self.media_id.as_str())
            .with_some("expire_time", self.expires_at.map(Timestamp::as_unix))
            .with_some("is_permanent", self.is_permanent.map(i64::from))
            .finish(at, &self.extra)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Add {
    pub(crate) categories: Vec<NewCategory>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Delete {
    pub(crate) first: i64,
    pub(crate) second: i64,
}

inherent_commands! { WECHAT;
    /// [`WeChatApp::add_categories`](crate::WeChatApp::add_categories).
    add_categories(categories: &[NewCategory]) = ADD, &Add { categories: categories.to_vec() };
    /// [`WeChatApp::modify_category`](crate::WeChatApp::modify_category).
    modify_category(category: &NewCategory) = MODIFY, category;
    /// [`WeChatApp::delete_category`](crate::WeChatApp::delete_category).
    delete_category(first: i64, second: i64) = DELETE, &Delete { first, second };
}

impl WeChatApp {
    /// Returns the categories of the app with their verdicts, and its limits: `getcategory`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn account_categories(&self) -> Result<AccountCategories> {
        account_categories(&self.begin("account_categories").read(&account_categories_call()).await?)
    }

    /// Adds categories: `addcategory`. Categories that require certificates are reviewed; the verdict is pushed.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for a category that the app already has or that lacks
    /// certificates, [`QuotaExhausted`](miniprogram_core::ErrorKind::QuotaExhausted) for the month's changes or the
    /// number of categories, and those of any effect.
    pub async fn add_categories(&self, categories: &[NewCategory]) -> Result<Effect> {
        Ok(self.perform(add_categories(categories)?).await?.into_unit())
    }

    /// Submits new certificates for a rejected category: `modifycategory`.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for a category that was not rejected, and those of any
    /// effect.
    pub async fn modify_category(&self, category: &NewCategory) -> Result<Effect> {
        Ok(self.perform(modify_category(category)?).await?.into_unit())
    }

    /// Deletes a category: `deletecategory`.
    ///
    /// # Errors
    /// [`Conflict`](miniprogram_core::ErrorKind::Conflict) for a category in review, and those of any effect.
    pub async fn delete_category(&self, first: i64, second: i64) -> Result<Effect> {
        Ok(self.perform(delete_category(first, second)?).await?.into_unit())
    }
}

fn account_categories_call() -> Call {
    Call::to(&endpoints::ACCOUNT_CATEGORIES)
}

fn account_categories(reply: &Reply) -> Result<AccountCategories> {
    let mut fields = fields::of(reply);
    Ok(AccountCategories {
        categories: fields.each_of("categories", AccountCategory::read)?,
        limit: fields.number("limit"),
        quota: fields.number("quota"),
        category_limit: fields.number("category_limit"),
        extra: fields.rest(),
    })
}

fn listed(reply: &Reply) -> Result<Vec<AccountCategory>> {
    Ok(account_categories(reply)?.categories)
}

fn find(categories: &[AccountCategory], first: i64, second: i64) -> Option<&AccountCategory> {
    categories.iter().find(|category| (category.first, category.second) == (first, second))
}

fn add(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let Add { categories } = command.arguments()?;
    if categories.is_empty() {
        return Err(REFUSE.invalid(ADD.as_str(), "categories", "must contain at least one category"));
    }
    let bodies = categories.iter().enumerate();
    let bodies = bodies.map(|(at, category)| category.body(ADD.as_str(), &format!("categories[{at}].")));
    let body = json!({ "categories": bodies.collect::<Result<Vec<_>>>()? });
    let call = Call::to(&endpoints::ADD_CATEGORIES).with_json(&body);
    OneCall::new(EffectClass::Guarded, call)
        .changes(account_categories_call(), listed, move |before, now| {
            let added = categories.iter().filter(|NewCategory { first, second, .. }| {
                find(before, *first, *second).is_none() && find(&now, *first, *second).is_some()
            });
            match added.count() {
                0 => Finding::Absent,
                count if count == categories.len() => Finding::Done(EffectValue::None),
                // Only some of them: perhaps the owner changed them in the console.
                _ => Finding::Unknowable,
            }
        })
        .told_by(["categories[].first", "categories[].second"])
        .boxed()
}

fn modify(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let category: NewCategory = command.arguments()?;
    let call = Call::to(&endpoints::MODIFY_CATEGORY).with_json(&category.body(MODIFY.as_str(), "")?);
    let NewCategory { first, second, .. } = category;
    OneCall::new(EffectClass::Guarded, call)
        .changes(account_categories_call(), listed, move |before, now| {
            let status = |category: &AccountCategory| category.status.as_ref().map(|status| status.value);
            match (find(before, first, second), find(&now, first, second)) {
                (before, now) if before == now => Finding::Absent,
                (Some(_), None) => {
                    Finding::Conflict(REFUSE.conflict(MODIFY.as_str(), "the app has lost the category"))
                }
                (Some(before), Some(now)) if status(before) == Some(ReviewStatus::Rejected) => {
                    let handed_in = match status(now) {
                        Some(ReviewStatus::InReview | ReviewStatus::Approved) => true,
                        // Rejected once more if the reason differs.
                        Some(ReviewStatus::Rejected) => before.reason != now.reason,
                        _ => false,
                    };
                    if handed_in { Finding::Done(EffectValue::None) } else { Finding::Unknowable }
                }
                // For example, the verdict on an earlier review.
                _ => Finding::Unknowable,
            }
        })
        .told_by(["categories[].first", "categories[].second", "categories[].audit_status"])
        .boxed()
}

fn delete(command: &InherentCommand) -> Result<Box<dyn EffectPlan>> {
    let Delete { first, second } = command.arguments()?;
    let body = json!({ "first": first, "second": second });
    let call = Call::to(&endpoints::DELETE_CATEGORY).with_json(&body);
    OneCall::new(EffectClass::Guarded, call)
        .changes(account_categories_call(), listed, move |before, now| {
            if find(before, first, second).is_some() && find(&now, first, second).is_none() {
                Finding::Done(EffectValue::None)
            } else {
                Finding::Absent
            }
        })
        .told_by(["categories[].first", "categories[].second"])
        .boxed()
}
