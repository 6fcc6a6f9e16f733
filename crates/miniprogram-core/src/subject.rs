//! The subjects of effects: an app, or the platform itself.

use std::fmt::{self, Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::effect::{Effect, EffectValue};
use crate::error::Result;
use crate::id::{AppId, PlatformId};
use crate::intent::{Command, Intent, PlannedRequest, Settled};
use crate::vendor::Vendor;

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

/// The subject of effects at a vendor: an app that has authorized the platform, or the platform itself.
///
/// Every effect goes through [`perform`](Self::perform). The methods of the managers, those of
/// [`TemplateLibrary`](crate::TemplateLibrary) and the inherent methods of the vendors' clients build a
/// [`Command`] and call it, so a program that holds commands as data (a queue, a command line, a rollout) has the
/// same guarantee: each effect takes place at most once. An error with
/// [`Outcome::Unknown`](crate::Outcome::Unknown) leaves the effect open, and
/// [`Error::intent`](crate::Error::intent) holds it. Repeating the call is the natural way to continue:
///
/// - The vendor is queried first. If the effect took place, its result, including the value, is the result of the
///   repeated call, and nothing is sent; if not, the call is performed.
/// - The target of arguments such as "what is approved" may have changed by then: a call with another target is a
///   new effect. If that cannot be determined, the call is rejected as a [`Conflict`](crate::ErrorKind::Conflict)
///   and not sent.
/// - A call of another effect settles the open one first, and reports its outcome:
///   [`Effect::earlier`](crate::Effect::earlier), [`Error::earlier`](crate::Error::earlier).
///
/// This holds within one platform value. Another one, such as that of the next process, learns of an open effect
/// through a shared [`Journal`](crate::Journal). Dropping the future of a call is safe: it leaves the effect
/// open.
#[async_trait]
pub trait Subject: Debug + Send + Sync + 'static {
    /// Returns the vendor.
    fn vendor(&self) -> Vendor;

    /// Returns the subject that every effect of this value acts on.
    fn id(&self) -> SubjectId;

    /// Returns the requests that an effect would send, the effect last; secrets are masked. Sends nothing.
    ///
    /// # Errors
    /// The errors that [`perform`](Self::perform) would return before its first request.
    fn plan(&self, command: &Command) -> Result<Vec<PlannedRequest>>;

    /// Performs an effect, at most once.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) or [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// determined without a request, and the errors of the method that the command represents.
    async fn perform(&self, command: Command) -> Result<Effect<EffectValue>>;

    /// Queries whether an effect with an unknown outcome took place: after a crash, or after an error with
    /// [`Outcome::Unknown`](crate::Outcome::Unknown), using its [`intent`](crate::Error::intent). Sends no
    /// effect.
    ///
    /// It waits up to the vendor's settle time, because a request that timed out may still land.
    ///
    /// Once the outcome is known, the intent is closed with it in the platform value and in its journal. The
    /// caller does not close anything. Repeating the effect's own call does the same, and returns the effect's
    /// result if it took place.
    ///
    /// # Errors
    /// If the state cannot be read or does not reveal the outcome, with outcome `unknown`; the intent stays open
    /// then. [`Config`](crate::ErrorKind::Config) if the intent belongs to another subject or vendor.
    async fn settle(&self, intent: &Intent) -> Result<Settled>;

    /// Closes an intent in the platform value and in its journal with the outcome that a person has determined,
    /// without querying the vendor. Use it if [`settle`](Self::settle) cannot determine the outcome, because an
    /// open effect blocks the subject's next one.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the intent belongs to another subject or vendor,
    /// [`Store`](crate::ErrorKind::Store) if the journal cannot be written; the intent stays open then.
    async fn resolve(&self, intent: &Intent, settled: &Settled) -> Result<()>;
}

/// Implements [`Subject`] for a vendor's handle: each method is the pipeline's, with the handle as its
/// [`EffectSource`](crate::pipeline::EffectSource). The caller's crate depends on `async-trait`.
///
/// Takes the handle's type, then, of a handle, its [`Pipeline`](crate::pipeline::Pipeline) and the id that its effects act
/// on: `subject!(AcmeApp, |app| app.pipeline, &app.app);`.
#[cfg(feature = "client")]
#[macro_export]
macro_rules! subject {
    ($handle:ty, |$this:ident| $pipeline:expr, $id:expr) => {
        #[async_trait::async_trait]
        impl $crate::Subject for $handle {
            fn vendor(&self) -> $crate::Vendor {
                let $this = self;
                $pipeline.vendor()
            }

            fn id(&self) -> $crate::SubjectId {
                let $this = self;
                $crate::SubjectId::from($id)
            }

            fn plan(&self, command: &$crate::Command) -> $crate::Result<Vec<$crate::PlannedRequest>> {
                let $this = self;
                $pipeline.plan(self, command)
            }

            async fn perform(
                &self,
                command: $crate::Command,
            ) -> $crate::Result<$crate::Effect<$crate::EffectValue>> {
                let $this = self;
                $pipeline.effect($id, self, command).await
            }

            async fn settle(&self, intent: &$crate::Intent) -> $crate::Result<$crate::Settled> {
                let $this = self;
                $pipeline.settle($id, self, intent).await
            }

            async fn resolve(
                &self,
                intent: &$crate::Intent,
                settled: &$crate::Settled,
            ) -> $crate::Result<()> {
                let $this = self;
                $pipeline.resolve($id, intent, settled).await
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn an_intent_says_whose_it_is_and_one_written_before_platforms_were_subjects_is_readable() {
        let (vendor, at) = (Vendor::new("acme"), Timestamp::from_unix(1));
        let intent = |subject: SubjectId| {
            Intent::new(vendor, subject, Command::delete_template(&"7".into()), Value::Null, at)
        };
        let own = intent(SubjectId::Platform("wx9".into()));
        let json = serde_json::to_value(&own).unwrap();
        assert_eq!((&json["platform"], &json["app"]), (&json!("wx9"), &Value::Null));
        assert_eq!(serde_json::from_value::<Intent>(json).unwrap(), own);
        let stored = r#"{"vendor":"acme","app":"wx1","operation":"delete_template",
            "target":{"inherent":{"method":"delete_template","arguments":{"template_id":"7"}}},
            "before":null,"attempt":1,"started_at":"1970-01-01T00:00:01Z"}"#;
        assert_eq!(serde_json::from_str::<Intent>(stored).unwrap(), intent(SubjectId::App("wx1".into())));
    }

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
