use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::SubmitOptions;
use crate::clock::VirtualClock;
use crate::code::ExtJson;
use crate::error::Code;
use crate::event::OwnedPush;
use crate::id::{AppId, TemplateId};
use crate::intent::{MemoryJournal, Operation};
use crate::platform::{MiniProgram, MiniProgramPlatform};

/// One vendor, played by something that knows the truth.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The handle of an app.
    type App: MiniProgram;

    /// The platform under test. Its journal is [`journal`](Self::journal), its clock [`clock`](Self::clock), and its
    /// token provider hands out a valid token after a refused one was reported.
    fn platform(&self) -> &dyn MiniProgramPlatform;

    /// A second platform value, as another process has it: it shares the journal, the clock and the vendor with the
    /// platform under test, and nothing else.
    fn another_platform(&self) -> Box<dyn MiniProgramPlatform>;

    /// The handle of an app, of the platform under test.
    fn app(&self, app: &AppId) -> Self::App;

    /// The clock that the platform and the vendor share.
    fn clock(&self) -> VirtualClock;

    /// The platform's journal.
    fn journal(&self) -> Arc<MemoryJournal>;

    /// A code that the vendor's table does not list. The default is a number; a vendor of words has another one.
    fn unlisted_code(&self) -> Code {
        Code::from(987_654)
    }

    /// A status of audits that the vendor's table does not list. The default is a number.
    fn unlisted_status(&self) -> Code {
        Code::from(99)
    }

    /// Puts the vendor into a scene. Costs no request that is counted.
    async fn arrange(&self, app: &AppId, scene: Scene);

    /// How often an effect really took place on an app.
    async fn effects(&self, app: &AppId, operation: Operation) -> u64;

    /// How many requests have reached the vendor so far.
    async fn requests(&self) -> u64;

    /// The pushes about an app so far, in the order they were sent.
    async fn pushes(&self, app: &AppId) -> Vec<OwnedPush>;

    /// A template that exists.
    fn template(&self) -> TemplateId {
        TemplateId::from("7")
    }

    /// A merchant's values that fit the template.
    fn ext(&self, app: &AppId) -> ExtJson;

    /// What this vendor wants beside a submission.
    fn submit_options(&self) -> SubmitOptions;
}

/// What a harness can arrange.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Scene {
    /// The app exists with one version online and one before it.
    App,
    /// The app exists and has no code at all.
    EmptyApp,
    /// The open audit is decided, and the vendor pushes it.
    Decided(Decision),
    /// The app's next requests of an operation, so many of them, meet a fault.
    Faulty(Operation, Fault, u32),
    /// The app's token expires now.
    TokenExpired,
    /// The next answer to `audit_status` holds this code as its status.
    AuditStatusCode(Code),
    /// The next `set_visit_status` and the next `visit_status` are refused with this code and these words.
    RefusedWith(Code, String),
    /// The next `visit_status` is answered 200 with a body that means nothing.
    Garbage,
    /// The app's next request of an operation meets a fault, and from then on the responses to its reads say that they
    /// succeeded and tell nothing else.
    Silent(Operation, Fault, Untold),
    /// The responses to the app's reads tell everything again.
    Told,
}

/// How a response leaves its fields untold. All of it is seen in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Untold {
    /// They are absent.
    Absent,
    /// They are null.
    Null,
    /// They are empty texts.
    Empty,
    /// Lists and objects have their fields, which are texts of blanks.
    Blank,
}

impl Untold {
    /// Every way.
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

/// What befalls a request of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// 5xx, nothing done.
    ErrorBefore,
    /// The vendor's busy code, nothing done.
    BusyBefore,
    /// The connection breaks, nothing done.
    ResetBefore,
    /// No answer, nothing done.
    HangBefore,
    /// Done, then 5xx.
    ErrorAfter,
    /// Done, then the vendor's busy code.
    BusyAfter,
    /// Done, then the connection breaks.
    ResetAfter,
    /// Done, then no answer.
    HangAfter,
    /// Done, then half an answer.
    CutAfter,
    /// No answer, and done only after the caller has given up.
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

    /// Whether the faulty request itself takes effect, sooner or later.
    #[must_use]
    pub const fn takes_effect(self) -> bool {
        !matches!(self, Self::ErrorBefore | Self::BusyBefore | Self::ResetBefore | Self::HangBefore)
    }
}
