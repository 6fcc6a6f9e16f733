//! The three managers combined, and the factory that creates them.

use crate::capability::Capabilities;
use crate::error::{Error, Result};
use crate::event::EventDecoder;
use crate::id::AppId;
use crate::id::SubjectId;
use crate::manager::AuditManager;
use crate::manager::CodeManager;
use crate::manager::ReleaseManager;
use crate::missed::MissedEvents;
use crate::subject::Subject;
use crate::template::TemplateLibrary;

/// Everything that can be done with one app. `Box<dyn MiniProgram>` and `Arc<dyn MiniProgram>` upcast to each manager.
pub trait MiniProgram: CodeManager + AuditManager + ReleaseManager {}

impl<T: CodeManager + AuditManager + ReleaseManager + ?Sized> MiniProgram for T {}

/// A third-party platform at one vendor. Cheap to clone behind an `Arc`; all its apps share the connections, the
/// retry budget and the gate that admits one effect per app at a time.
///
/// As a [`Subject`] it performs the effects on itself, such as those on its template library.
pub trait MiniProgramPlatform: Subject {
    /// Returns what the vendor supports.
    fn capabilities(&self) -> Capabilities;

    /// Returns one app that has authorized the platform. Sends no request.
    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram>;

    /// The app or the platform that an id names, such as that of an [`Intent`](crate::Intent) to be settled. Costs no
    /// request. An app's id that is the platform's own names the platform: so its intents were written before there was a
    /// [`SubjectId`].
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) for another platform.
    fn subject(&self, id: &SubjectId) -> Result<Box<dyn Subject>>;

    /// Returns the decoder of the vendor's pushes.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the platform was built without the secrets of its callbacks.
    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>>;

    /// Returns the reader of the pushes that the platform has missed; `None` if the vendor keeps none, or if the platform
    /// was built without the secrets of its callbacks. By default there is none.
    fn missed_events(&self) -> Option<Box<dyn MissedEvents>> {
        None
    }

    /// Returns the platform's template library.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported), determined without a request, if the vendor has none.
    fn template_library(&self) -> Result<Box<dyn TemplateLibrary>> {
        Err(Error::unsupported(self.vendor(), "template_library"))
    }
}
