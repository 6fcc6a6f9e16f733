#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod authorization;
pub mod authorizer;
#[cfg(feature = "callback")]
pub mod callback;
pub mod capability;
#[cfg(feature = "client")]
pub mod client;
pub mod clock;
pub mod code;
pub mod codes;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod effect;
pub mod error;
pub mod event;
mod forward;
#[cfg(feature = "callback")]
pub mod frame;
pub mod id;
pub mod intent;
pub mod json;
#[cfg(feature = "client")]
pub mod kit;
#[cfg(feature = "client")]
pub mod pipeline;
pub mod platform;
mod printable;
pub mod redact;
pub mod release;
pub mod secret;
pub mod status;
pub mod subject;
pub mod template;
pub mod time;
pub mod token;
#[cfg(feature = "client")]
pub mod transport;
pub mod vendor;
pub mod wire;

pub use audit::{
    Audit, AuditItem, AuditManager, AuditQuota, AuditTarget, QuotaPeriod, SubmitOptions, SubmitTarget,
};
pub use authorization::AuthorizationApi;
pub use authorizer::Authorizer;
pub use capability::Capabilities;
#[cfg(feature = "client")]
pub use client::ClientConfig;
pub use clock::Clock;
#[cfg(feature = "client")]
pub use clock::SystemClock;
#[cfg(any(test, feature = "test-util"))]
pub use clock::VirtualClock;
pub use code::{
    Category, CategoryLevel, CodeManager, CodeVersion, ExtJson, QrCode, QrCodeOptions, Upload,
    UploadProgress, UploadReceipt,
};
pub use effect::{Effect, EffectValue, Evidence};
pub use error::{Advice, Code, Error, ErrorKind, ErrorReport, Language, Outcome, Result, Retry, VendorError};
pub use event::{
    CallbackCheck, Delivery, Event, EventCredential, EventDecoder, EventHandler, EventKind, OwnedPush, Push,
};
pub use id::{AppId, AuditId, DraftId, PackageId, PlatformId, TemplateId};
pub use intent::{
    Command, EarlierEffect, InherentCommand, Intent, Journal, MemoryJournal, MethodName, NoJournal,
    Operation, PlannedRequest, Settled,
};
pub use platform::{MiniProgram, MiniProgramPlatform};
pub use printable::{Printable, printable_json};
pub use release::{
    GrayRelease, GrayReleasePlan, LibraryUsage, MinLibraryVersion, ReleaseManager, ReleaseTarget,
    RollbackTarget, RollbackVersion, Visit,
};
pub use secret::Secret;
pub use status::{
    AuditStatus, Coded, GrayStatus, RawStatus, Stage, StatusRow, StatusTable, UploadStatus, VisitStatus,
};
pub use subject::{Subject, SubjectId, SubjectRef};
pub use template::{AddedTemplate, Template, TemplateDraft, TemplateLibrary};
pub use time::Timestamp;
pub use token::{AccessToken, NoTokens, StaticToken, TokenKind, TokenProvider, TokenScope};
#[cfg(feature = "client")]
pub use transport::{BaseUrl, HttpTransport, Transport};
pub use vendor::Vendor;
