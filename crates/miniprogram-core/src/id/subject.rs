use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AppId, PlatformId};

/// The id of the subject of an effect. As JSON: `{"app":"wx1"}` or `{"platform":"wx9"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SubjectId {
    /// An app that has authorized the platform.
    App(AppId),
    /// The platform itself.
    Platform(PlatformId),
}

impl SubjectId {
    /// Returns the subject with that id at a platform: the platform itself if the id is its own, otherwise one of
    /// its apps. For stores that keep only the id.
    #[must_use]
    pub fn at(platform: &PlatformId, id: impl Into<String>) -> Self {
        let id = id.into();
        if id == platform.as_str() { Self::Platform(platform.clone()) } else { Self::App(AppId::from(id)) }
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::App(app) => app.as_str(),
            Self::Platform(platform) => platform.as_str(),
        }
    }

    /// Returns a description, as used in messages: `app wx1` or `platform wx9`.
    #[must_use]
    pub fn described(&self) -> String {
        format!("{} {self}", SubjectRef::from(self).kind())
    }

    /// Returns the app; none if the subject is the platform itself.
    #[must_use]
    pub const fn app(&self) -> Option<&AppId> {
        match self {
            Self::App(app) => Some(app),
            Self::Platform(_) => None,
        }
    }
}

impl fmt::Display for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<AppId> for SubjectId {
    fn from(app: AppId) -> Self {
        Self::App(app)
    }
}

impl From<PlatformId> for SubjectId {
    fn from(platform: PlatformId) -> Self {
        Self::Platform(platform)
    }
}

impl From<&AppId> for SubjectId {
    fn from(app: &AppId) -> Self {
        Self::App(app.clone())
    }
}

impl From<&PlatformId> for SubjectId {
    fn from(platform: &PlatformId) -> Self {
        Self::Platform(platform.clone())
    }
}

/// A borrowed [`SubjectId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectRef<'a> {
    /// An app that has authorized the platform.
    App(&'a AppId),
    /// The platform itself.
    Platform(&'a PlatformId),
}

impl SubjectRef<'_> {
    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::App(app) => app.as_str(),
            Self::Platform(platform) => platform.as_str(),
        }
    }

    /// Returns the kind of subject, as used in messages.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::App(_) => "app",
            Self::Platform(_) => "platform",
        }
    }

    /// Returns the same id, owned.
    #[must_use]
    pub fn to_id(self) -> SubjectId {
        match self {
            Self::App(app) => app.into(),
            Self::Platform(platform) => platform.into(),
        }
    }
}

impl fmt::Display for SubjectRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<'a> From<&'a AppId> for SubjectRef<'a> {
    fn from(app: &'a AppId) -> Self {
        Self::App(app)
    }
}

impl<'a> From<&'a PlatformId> for SubjectRef<'a> {
    fn from(platform: &'a PlatformId) -> Self {
        Self::Platform(platform)
    }
}

impl<'a> From<&'a SubjectId> for SubjectRef<'a> {
    fn from(subject: &'a SubjectId) -> Self {
        match subject {
            SubjectId::App(app) => Self::App(app),
            SubjectId::Platform(platform) => Self::Platform(platform),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_own_id_is_the_platform() {
        let platform = PlatformId::from("wx9");
        assert_eq!(SubjectId::at(&platform, "wx9"), SubjectId::Platform(platform.clone()));
        assert_eq!(SubjectId::at(&platform, "wx1"), SubjectId::App("wx1".into()));
        let [own, app] = ["wx9", "wx1"].map(|id| SubjectId::at(&platform, id));
        assert_eq!((own.app(), app.app()), (None, Some(&AppId::from("wx1"))));
        assert_eq!((own.to_string(), app.to_string()), ("wx9".to_owned(), "wx1".to_owned()));
    }
}
