use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::SubmitOptions;
use crate::clock::VirtualClock;
use crate::command::Operation;
use crate::event::OwnedPush;
use crate::ext_json::ExtJson;
use crate::id::{AppId, TemplateId};
use crate::journal::MemoryJournal;
use crate::platform::{MiniProgram, MiniProgramPlatform};
use crate::vendor_error::Code;

/// One vendor, simulated by something that knows the true state.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The handle of an app.
    type App: MiniProgram;

    /// Returns the platform under test. Its journal is [`journal`](Self::journal), its clock
    /// [`clock`](Self::clock), and its token provider returns a valid token after a refused one was reported.
    fn platform(&self) -> &dyn MiniProgramPlatform;

    /// A second platform value, as in another process: it shares only the journal, the clock and the vendor with
    /// the platform under test.
    fn another_platform(&self) -> Box<dyn MiniProgramPlatform>;

    /// Returns the handle of an app on the platform under test.
    fn app(&self, app: &AppId) -> Self::App;

    /// Returns the clock that the platform and the vendor share.
    fn clock(&self) -> VirtualClock;

    /// Returns the platform's journal.
    fn journal(&self) -> Arc<MemoryJournal>;

    /// A code that the vendor's table does not list. The default is a number; a vendor whose codes are words
    /// overrides it.
    fn unlisted_code(&self) -> Code {
        Code::from(987_654)
    }

    /// An audit status that the vendor's table does not list. The default is a number.
    fn unlisted_status(&self) -> Code {
        Code::from(99)
    }

    /// Puts the vendor into a scene. No request is counted.
    async fn arrange(&self, app: &AppId, scene: Scene);

    /// Returns how often an effect actually took place on an app.
    async fn effects(&self, app: &AppId, operation: Operation) -> u64;

    /// Returns how many requests have reached the vendor so far.
    async fn requests(&self) -> u64;

    /// Returns the pushes about an app so far, in the order they were sent.
    async fn pushes(&self, app: &AppId) -> Vec<OwnedPush>;

    /// A template that exists.
    fn template(&self) -> TemplateId {
        TemplateId::from("7")
    }

    /// Merchant values that fit the template.
    fn ext(&self, app: &AppId) -> ExtJson;

    /// Returns the additional data that this vendor requires for a submission.
    fn submit_options(&self) -> SubmitOptions;
}

/// A scene that a harness can arrange.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Scene {
    /// The app exists with one version online and one before it.
    App,
    /// The app exists and has no code at all.
    EmptyApp,
    /// The open audit is decided, and the vendor pushes it.
    Decided(Decision),
    /// This many of the app's next requests for an operation meet a fault.
    Faulty(Operation, Fault, u32),
    /// The app's token expires now.
    TokenExpired,
    /// The next response to `audit_status` holds this code as its status.
    AuditStatusCode(Code),
    /// The next `set_visit_status` and the next `visit_status` are refused with this code and this message.
    RefusedWith(Code, String),
    /// The next `visit_status` gets a 200 response with a meaningless body.
    Garbage,
    /// The app's next request for an operation meets a fault. From then on the responses to its reads report
    /// success and nothing else.
    Silent(Operation, Fault, Untold),
    /// The responses to the app's reads are complete again.
    Told,
}

/// How a response omits its fields. All of these occur in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Untold {
    /// They are absent.
    Absent,
    /// They are null.
    Null,
    /// They are empty strings.
    Empty,
    /// Lists and objects have their fields, which are strings of whitespace.
    Blank,
}

impl Untold {
    /// Every variant.
    pub const ALL: [Self; 4] = [Self::Absent, Self::Null, Self::Empty, Self::Blank];
}

/// A verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Passed.
    Approve,
    /// Failed, for a reason.
    Reject(String),
}

/// What happens to a request of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// 5xx, nothing done.
    ErrorBefore,
    /// The vendor's busy code, nothing done.
    BusyBefore,
    /// The connection breaks, nothing done.
    ResetBefore,
    /// No response, nothing done.
    HangBefore,
    /// Done, then 5xx.
    ErrorAfter,
    /// Done, then the vendor's busy code.
    BusyAfter,
    /// Done, then the connection breaks.
    ResetAfter,
    /// Done, then no response.
    HangAfter,
    /// Done, then a truncated response.
    CutAfter,
    /// No response, and done only after the caller has given up.
    Late,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ErrorBefore,
        Self::BusyBefore,
        Self::ResetBefore,
        Self::HangBefore,
        Self::ErrorAfter,
        Self::BusyAfter,
        Self::ResetAfter,
        Self::HangAfter,
        Self::CutAfter,
        Self::Late,
    ];

    /// Returns whether the faulty request itself takes effect, sooner or later.
    #[must_use]
    pub const fn takes_effect(self) -> bool {
        !matches!(self, Self::ErrorBefore | Self::BusyBefore | Self::ResetBefore | Self::HangBefore)
    }
}
