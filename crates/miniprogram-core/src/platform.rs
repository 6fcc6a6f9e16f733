//! The three managers together, and the factory that hands them out.

use std::fmt::Debug;

use crate::audit::AuditManager;
use crate::capability::Capabilities;
use crate::code::CodeManager;
use crate::error::{Error, Result};
use crate::event::EventDecoder;
use crate::id::AppId;
use crate::intent::{Command, PlannedRequest};
use crate::release::ReleaseManager;
use crate::template::TemplateLibrary;
use crate::vendor::Vendor;

/// Everything that can be done with one app. `Box<dyn MiniProgram>` and `Arc<dyn MiniProgram>` upcast to each manager.
pub trait MiniProgram: CodeManager + AuditManager + ReleaseManager {}

impl<T: CodeManager + AuditManager + ReleaseManager + ?Sized> MiniProgram for T {}

/// A third-party platform at one vendor. Cheap to clone behind an `Arc`; all its apps share connections, the retry
/// budget and the gate that lets one effect per app through.
pub trait MiniProgramPlatform: Debug + Send + Sync + 'static {
    /// The vendor.
    fn vendor(&self) -> Vendor;

    /// What the vendor can do.
    fn capabilities(&self) -> Capabilities;

    /// One app that has authorized the platform. Costs no request.
    fn authorizer(&self, app: AppId) -> Box<dyn MiniProgram>;

    /// The decoder of the vendor's pushes.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) if the platform was built without the secrets of its callbacks.
    fn event_decoder(&self) -> Result<Box<dyn EventDecoder>>;

    /// The requests that an effect would send, the effect last. Sends nothing.
    ///
    /// # Errors
    /// What the effect itself would refuse before its first request.
    fn plan(&self, app: &AppId, command: &Command) -> Result<Vec<PlannedRequest>>;

    /// The platform's template library.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported), found without a request, if the vendor has none.
    fn template_library(&self) -> Result<Box<dyn TemplateLibrary>> {
        Err(Error::unsupported(self.vendor(), "template_library"))
    }
}
