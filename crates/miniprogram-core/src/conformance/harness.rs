use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::audit::SubmitOptions;
use crate::clock::VirtualClock;
use crate::code::ExtJson;
use crate::error::Result;
use crate::event::OwnedPush;
use crate::id::{AppId, TemplateId};
use crate::intent::{Intent, Journal, Operation, Settled};
use crate::platform::{MiniProgram, MiniProgramPlatform};
use crate::vendor::Vendor;

/// One vendor, played by something that knows the truth.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The handle of an app.
    type App: MiniProgram;

    /// The platform under test. Its journal is [`journal`](Self::journal), its clock [`clock`](Self::clock), and its
    /// token provider hands out a valid token after a refused one was reported.
    fn platform(&self) -> &dyn MiniProgramPlatform;

    /// The handle of an app, of the platform under test.
    fn app(&self, app: &AppId) -> Self::App;

    /// The clock that the platform and the vendor share.
    fn clock(&self) -> VirtualClock;

    /// The platform's journal.
    fn journal(&self) -> Arc<MemoryJournal>;

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
    /// The next answer to `audit_status` holds this number as its status.
    AuditStatusCode(i64),
    /// The next `set_visit_status` and the next `visit_status` are refused with this code and these words.
    RefusedWith(i64, String),
    /// The next `visit_status` is answered 200 with a body that means nothing.
    Garbage,
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

/// A journal in memory: what is open, and what came of the rest.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    open: Vec<Intent>,
    closed: Vec<(Intent, Settled)>,
}

impl MemoryJournal {
    /// The open intents of an app.
    #[must_use]
    pub fn open_intents(&self, app: &AppId) -> Vec<Intent> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.open.iter().filter(|intent| intent.app == *app).cloned().collect()
    }

    /// What came of the closed intents of an app, oldest first.
    #[must_use]
    pub fn closed_intents(&self, app: &AppId) -> Vec<(Intent, Settled)> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.closed.iter().filter(|(intent, _)| intent.app == *app).cloned().collect()
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn open(&self, intent: &Intent) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.open.retain(|open| (&open.app, open.operation) != (&intent.app, intent.operation));
        entries.open.push(intent.clone());
        Ok(())
    }

    async fn close(&self, intent: &Intent, settled: &Settled) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.open.retain(|open| (&open.app, open.operation) != (&intent.app, intent.operation));
        entries.closed.push((intent.clone(), settled.clone()));
        Ok(())
    }

    async fn pending(&self, _vendor: Vendor, app: &AppId) -> Result<Option<Intent>> {
        Ok(self.open_intents(app).into_iter().next())
    }
}
