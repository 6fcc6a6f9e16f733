//! WeChat-only fields of a submission.

use serde_json::{Map, Value, json};

/// The fields of `submit_audit` that `SubmitOptions` does not model. Their limits are checked when the submission is
/// made.
///
/// Source: the current `submit_audit` page.
///
/// ```
/// use miniprogram_core::{AuditItem, SubmitOptions};
/// use wechat_wxa::{SubmitExtra, UgcDeclare};
///
/// let extra = SubmitExtra::new()
///     .with_feedback_info("the login page asks for nothing any more")
///     .with_feedback_stuff(["media1", "media2"])
///     .with_ugc_declare(UgcDeclare::new().with_scenes([4]).with_methods([1]).with_audit_team(true));
/// let options =
///     SubmitOptions::default().with_item(AuditItem::default().with_address("index")).with_extra(extra.into_extra());
/// assert_eq!(options.extra["feedback_stuff"], "media1|media2");
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[must_use]
pub struct SubmitExtra(Map<String, Value>);

impl SubmitExtra {
    /// Creates an empty set of fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds any field, sent as it is; for fields that have no method here.
    pub fn with_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
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

    /// Returns the fields in the form that [`SubmitOptions::with_extra`](miniprogram_core::SubmitOptions::with_extra)
    /// takes.
    #[must_use]
    pub fn into_extra(self) -> Map<String, Value> {
        self.0
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
