//! What a submission to WeChat says.

use std::fmt;

use miniprogram_core::Result;
use miniprogram_core::model::Category;
use miniprogram_core::vendor_api::kit::read_options;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::REFUSE;

const OPERATION: &str = "submit_audit";

/// What a submission says; none of it is required. Limits are checked when the submission is made.
///
/// Source: WeChat code management, section 5, and the current `submit_audit` page.
///
/// ```
/// use wechat_wxa::{AuditItem, SubmitOptions, UgcDeclare};
///
/// let options = SubmitOptions::new()
///     .with_item(AuditItem::default().with_address("index"))
///     .with_feedback_info("the login page asks for nothing any more")
///     .with_feedback_stuff(["media1", "media2"])
///     .with_ugc_declare(UgcDeclare::new().with_scenes([4]).with_methods([1]).with_audit_team(true));
/// assert_eq!(options.extra["feedback_stuff"], "media1|media2");
///
/// let options: miniprogram_core::SubmitOptions = options.into();
/// assert_eq!(options.fields()["items"][0]["address"], "index");
/// ```
#[derive(Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
#[must_use]
pub struct SubmitOptions {
    /// What the app offers, per page: at most 5 items.
    pub items: Vec<AuditItem>,
    /// What is new in this version.
    pub version_desc: Option<String>,
    /// The other fields of the request, by the vendor's names, sent as they are.
    pub extra: Map<String, Value>,
}

impl SubmitOptions {
    /// Creates options that say nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one more item.
    pub fn with_item(mut self, item: AuditItem) -> Self {
        self.items.push(item);
        self
    }

    /// Sets the text on what is new.
    pub fn with_version_desc(mut self, text: impl Into<String>) -> Self {
        self.version_desc = Some(text.into());
        self
    }

    /// Adds any field of the request, sent as it is; for fields that have no method here.
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self
    }

    /// `preview_info`: media ids, from `uploadmedia`, of videos and images that show the app; valid for three days.
    pub fn with_preview<V: Into<String>, P: Into<String>>(
        self,
        videos: impl IntoIterator<Item = V>,
        pictures: impl IntoIterator<Item = P>,
    ) -> Self {
        let videos: Vec<String> = videos.into_iter().map(Into::into).collect();
        let pictures: Vec<String> = pictures.into_iter().map(Into::into).collect();
        self.with_field("preview_info", json!({ "video_id_list": videos, "pic_id_list": pictures }))
    }

    /// `feedback_info`: what was done about the last rejection, at most 200 characters.
    pub fn with_feedback_info(self, text: impl Into<String>) -> Self {
        self.with_field("feedback_info", text.into())
    }

    /// `feedback_stuff`: media ids of at most five images for the feedback.
    pub fn with_feedback_stuff<M: Into<String>>(self, media: impl IntoIterator<Item = M>) -> Self {
        let media: Vec<String> = media.into_iter().map(Into::into).collect();
        self.with_field("feedback_stuff", media.join("|"))
    }

    /// `ugc_declare`: what users can publish; required with some categories.
    pub fn with_ugc_declare(self, declaration: UgcDeclare) -> Self {
        self.with_field("ugc_declare", declaration.0)
    }

    /// `privacy_api_not_use`: whether the interfaces that the scan found are unused.
    pub fn with_privacy_api_not_use(self, unused: bool) -> Self {
        self.with_field("privacy_api_not_use", unused)
    }

    /// `order_path`: the page of the order centre.
    pub fn with_order_path(self, path: impl Into<String>) -> Self {
        self.with_field("order_path", path.into())
    }

    /// Reads the options of a command.
    pub(super) fn read(options: &miniprogram_core::SubmitOptions) -> Result<Self> {
        if let Some(name) =
            ["content", "remark"].into_iter().find(|name| options.fields().contains_key(*name))
        {
            return Err(REFUSE.unsupported(OPERATION, name, "is not taken; use version_desc"));
        }
        let known = ["items", "version_desc", "extra"];
        read_options(REFUSE, OPERATION, "a submission", options.fields(), &known)
    }
}

/// Prints only the names of the other fields.
impl fmt::Debug for SubmitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubmitOptions")
            .field("items", &self.items)
            .field("version_desc", &self.version_desc)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl From<SubmitOptions> for miniprogram_core::SubmitOptions {
    fn from(options: SubmitOptions) -> Self {
        Self::default()
            .with_field("items", json!(options.items))
            .with_field("version_desc", options.version_desc)
            .with_field("extra", options.extra)
    }
}

/// One item of a submission: a page and the category that it serves. Source: WeChat code management, section 5.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct AuditItem {
    /// The page's path, from `pages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Tags, separated by one space: at most 10, each of at most 20 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The first level of the category, from `categories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_class: Option<String>,
    /// The second level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_class: Option<String>,
    /// The third level, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_class: Option<String>,
    /// The id of the first level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_id: Option<i64>,
    /// The id of the second level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_id: Option<i64>,
    /// The id of the third level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub third_id: Option<i64>,
    /// The page's title, at most 32 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Unmodelled fields, sent as they are. One with the name of a field above replaces it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl AuditItem {
    /// Creates an item of a category as returned by `categories`.
    #[must_use]
    pub fn of_category(category: &Category) -> Self {
        let level = |at: usize| category.levels.get(at);
        let name = |at: usize| level(at).map(|level| level.name.clone());
        let id = |at: usize| level(at).and_then(|level| level.id.as_number());
        Self {
            first_class: name(0),
            second_class: name(1),
            third_class: name(2),
            first_id: id(0),
            second_id: id(1),
            third_id: id(2),
            ..Self::default()
        }
    }

    /// Sets the page's path.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// With tags, separated by one space.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Sets the page's title.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}

/// Builds `ugc_declare`: what users of the app can publish, and how it is reviewed.
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct UgcDeclare(Map<String, Value>);

impl UgcDeclare {
    /// Creates a declaration without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// `scene`: 0 nothing, 1 profile, 2 image, 3 video, 4 text, 5 audio.
    pub fn with_scenes(self, scenes: impl IntoIterator<Item = i64>) -> Self {
        self.with("scene", scenes.into_iter().collect::<Vec<_>>())
    }

    /// `other_scene_desc`: a description of other scenes, at most 256 characters.
    pub fn with_other_scene_desc(self, text: impl Into<String>) -> Self {
        self.with("other_scene_desc", text.into())
    }

    /// `method`: 1 the platform's content interfaces, 2 another product, 3 manually, 4 none.
    pub fn with_methods(self, methods: impl IntoIterator<Item = i64>) -> Self {
        self.with("method", methods.into_iter().collect::<Vec<_>>())
    }

    /// `has_audit_team`: whether a team of people reviews content.
    pub fn with_audit_team(self, exists: bool) -> Self {
        self.with("has_audit_team", i64::from(exists))
    }

    /// `audit_desc`: a description of the review, at most 256 characters.
    pub fn with_audit_desc(self, text: impl Into<String>) -> Self {
        self.with("audit_desc", text.into())
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }
}
