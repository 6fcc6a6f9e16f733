//! The template library: what the platform uploads to its merchants' apps.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::command::{Command, InherentCommand, MethodName};
use crate::effect::{Effect, EffectFields};
use crate::error::Result;
use crate::id::{AppId, DraftId, TemplateId};
use crate::subject::Subject;
use crate::time::Timestamp;

/// The template library of one platform at one vendor. Its calls use the platform's token, and its effects act on
/// the platform: their intents are settled by [`platform`](Self::platform).
#[async_trait]
pub trait TemplateLibrary: Debug + Send + Sync + 'static {
    /// Returns the platform that owns the library.
    fn platform(&self) -> &dyn Subject;

    /// Returns the drafts uploaded for templates, across all pages.
    ///
    /// # Errors
    /// The errors of any read.
    async fn template_drafts(&self) -> Result<Vec<TemplateDraft>>;

    /// Returns the templates, across all pages.
    ///
    /// # Errors
    /// The errors of any read.
    async fn templates(&self) -> Result<Vec<Template>>;

    /// Turns a draft into a template.
    ///
    /// If no description is given, a vendor that supports descriptions uses that of the draft. A vendor that does
    /// not support them rejects a description with [`Unsupported`](crate::ErrorKind::Unsupported).
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for an unknown draft,
    /// [`QuotaExhausted`](crate::ErrorKind::QuotaExhausted) for a full library, and the errors of any effect.
    async fn add_template(
        &self,
        draft: &DraftId,
        description: Option<&str>,
    ) -> Result<Effect<AddedTemplate>> {
        let command = Command::add_template(draft, description);
        self.platform().perform(command).await?.into_inherent(ADD_TEMPLATE.as_str())
    }

    /// Deletes a template.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) for an unknown template, and the errors of any effect.
    async fn delete_template(&self, template: &TemplateId) -> Result<Effect> {
        Ok(self.platform().perform(Command::delete_template(template)).await?.into_unit())
    }
}

/// The method name of [`Command::add_template`].
pub const ADD_TEMPLATE: MethodName = MethodName::new("add_template");
/// The method name of [`Command::delete_template`].
pub const DELETE_TEMPLATE: MethodName = MethodName::new("delete_template");

/// The arguments of [`Command::add_template`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddTemplate {
    /// The draft.
    pub draft_id: DraftId,
    /// The description of the template, if it differs from the draft's own description.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
}

/// The arguments of [`Command::delete_template`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteTemplate {
    /// The template.
    pub template_id: TemplateId,
}

impl Command {
    /// [`TemplateLibrary::add_template`] as data, to be performed on the platform.
    #[must_use]
    pub fn add_template(draft: &DraftId, description: Option<&str>) -> Self {
        let mut arguments = json!({ "draft_id": draft });
        if let Some(description) = description {
            arguments["description"] = description.into();
        }
        Self::Inherent(InherentCommand { vendor: None, method: ADD_TEMPLATE, arguments })
    }

    /// [`TemplateLibrary::delete_template`] as data, to be performed on the platform.
    #[must_use]
    pub fn delete_template(template: &TemplateId) -> Self {
        Self::Inherent(InherentCommand {
            vendor: None,
            method: DELETE_TEMPLATE,
            arguments: json!({ "template_id": template }),
        })
    }
}

/// The result of [`TemplateLibrary::add_template`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AddedTemplate {
    /// The template's id; none if the vendor returns none and its list does not show the template yet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub template_id: Option<TemplateId>,
}

impl AddedTemplate {
    /// Creates the result for an added template.
    #[must_use]
    pub const fn new(template_id: Option<TemplateId>) -> Self {
        Self { template_id }
    }
}

impl EffectFields for AddedTemplate {
    fn fields(&self) -> serde_json::Result<Map<String, Value>> {
        let id = self.template_id.as_ref().map(|id| ("template_id".to_owned(), Value::from(id.as_str())));
        Ok(id.into_iter().collect())
    }
}

/// A draft: an upload of a development app, not yet a template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TemplateDraft {
    /// The draft's id.
    pub draft_id: DraftId,
    /// The version text that its developer gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// The description that its developer gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// When it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<Timestamp>,
    /// The development app it comes from, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_app_id: Option<AppId>,
    /// Every other field as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl TemplateDraft {
    /// Creates a draft of which only the id is known.
    #[must_use]
    pub fn new(draft_id: impl Into<DraftId>) -> Self {
        Self {
            draft_id: draft_id.into(),
            version: None,
            description: None,
            created_at: None,
            source_app_id: None,
            extra: Map::new(),
        }
    }
}

/// A template of the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Template {
    /// The template's id, which [`CodeManager::upload_code`](crate::CodeManager::upload_code) takes.
    pub template_id: TemplateId,
    /// The draft it was made from, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub draft_id: Option<DraftId>,
    /// Its version text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub version: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<Timestamp>,
    /// The development app it comes from, if the vendor reports it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source_app_id: Option<AppId>,
    /// Every other field as the vendor sent it.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
}

impl Template {
    /// Creates a template of which only the id is known.
    #[must_use]
    pub fn new(template_id: impl Into<TemplateId>) -> Self {
        Self {
            template_id: template_id.into(),
            draft_id: None,
            version: None,
            description: None,
            created_at: None,
            source_app_id: None,
            extra: Map::new(),
        }
    }

    /// Sets the draft it was made from.
    #[must_use]
    pub fn with_draft_id(mut self, draft: Option<DraftId>) -> Self {
        self.draft_id = draft;
        self
    }
}

macro_rules! described {
    ($($name:ident)*) => {$(
        impl $name {
            /// Sets the version and the description.
            #[must_use]
            pub fn with_version(mut self, version: Option<String>, description: Option<String>) -> Self {
                (self.version, self.description) = (version, description);
                self
            }

            /// Sets the time it was added.
            #[must_use]
            pub const fn with_created_at(mut self, created_at: Option<Timestamp>) -> Self {
                self.created_at = created_at;
                self
            }

            /// Sets the app it comes from.
            #[must_use]
            pub fn with_source_app_id(mut self, app: Option<AppId>) -> Self {
                self.source_app_id = app;
                self
            }

            /// Sets the unmodelled fields.
            #[must_use]
            pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
                self.extra = extra;
                self
            }
        }
    )*};
}

described! { TemplateDraft Template }
