use miniprogram_core::Result;
use miniprogram_core::vendor_api::pipeline::{Call, Fields};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use crate::client::WeChatApp;
use crate::endpoints;
use crate::fields;

/// A category available to apps.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogueCategory {
    /// `id`; 0 is the root of the tree.
    pub id: i64,
    /// `name`; the root has none.
    pub name: Option<String>,
    /// `level`: 0 the root, 1 first, 2 second.
    pub level: Option<i64>,
    /// `father`: the id of the parent category.
    pub father: Option<i64>,
    /// `children`: the ids of the child categories.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub children: Vec<i64>,
    /// `sensitive_type`: 1 if certificates are required.
    pub sensitive_type: Option<i64>,
    /// `qualify.exter_list`: alternative lists of certificates; all certificates of one list must be submitted.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub certificates: Vec<Vec<CatalogueCertificate>>,
    /// `qualify.remark`.
    pub remark: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

/// A certificate that a category requires.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CatalogueCertificate {
    /// `name`: the `key` of [`CategoryCertificate`](crate::CategoryCertificate).
    pub name: Option<String>,
    /// `url`: an example.
    pub url: Option<String>,
    /// All other fields, as the vendor sent them.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl CatalogueCategory {
    /// Creates a category of which only the id is known.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self {
            id,
            name: None,
            level: None,
            father: None,
            children: Vec::new(),
            sensitive_type: None,
            certificates: Vec::new(),
            remark: None,
            extra: Map::new(),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self> {
        let mut category = Self::new(fields.required("id", Fields::number)?);
        category.name = fields.text("name");
        category.level = fields.number("level");
        category.father = fields.number("father");
        category.children = fields.numbers("children")?;
        category.sensitive_type = fields.number("sensitive_type");
        if let Some(mut qualify) = fields.object("qualify") {
            category.certificates = qualify.each("exter_list", |list| {
                list.each("inner_list", |certificate| {
                    Ok(CatalogueCertificate {
                        name: certificate.text("name"),
                        url: certificate.text("url"),
                        extra: certificate.rest(),
                    })
                })
            })?;
            category.remark = qualify.text("remark");
        }
        category.extra = fields.rest();
        Ok(category)
    }
}

impl WeChatApp {
    /// Returns every category available to apps: `getallcategories`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn category_catalogue(&self) -> Result<Vec<CatalogueCategory>> {
        let call = Call::to(&endpoints::CATEGORY_CATALOGUE);
        self.catalogue("category_catalogue", &call).await
    }

    /// Returns the categories available to apps of one kind of owner: `getcategoriesbytype`. `verify_type` is the
    /// vendor's number for that kind.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn category_catalogue_by_type(&self, verify_type: i64) -> Result<Vec<CatalogueCategory>> {
        const OPERATION: &str = "category_catalogue_by_type";
        let body = json!({ "verify_type": verify_type });
        let call = Call::to(&endpoints::CATEGORY_CATALOGUE_BY_TYPE).with_json(&body);
        self.catalogue(OPERATION, &call).await
    }

    async fn catalogue(&self, operation: &'static str, call: &Call) -> Result<Vec<CatalogueCategory>> {
        let reply = self.begin(operation).read(call).await?;
        match fields::of(&reply).object("categories_list") {
            Some(mut list) => list.each("categories", CatalogueCategory::read),
            None => Ok(Vec::new()),
        }
    }
}
