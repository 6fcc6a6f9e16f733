#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod advice;
mod audit;
pub mod authorization;
#[cfg(feature = "callback")]
pub mod callback;
mod capability;
#[cfg(feature = "client")]
mod client;
pub mod clock;
mod code;
pub mod codes;
mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
mod effect;
pub mod endpoint;
mod error;
mod error_kind;
mod event;
mod ext_json;
mod forward;
#[cfg(feature = "callback")]
pub mod frame;
mod id;
mod inherent;
mod intent;
mod journal;
pub mod json;
#[cfg(feature = "client")]
pub mod kit;
mod manager;
mod outcome;
#[cfg(feature = "client")]
pub mod pipeline;
mod planned;
mod platform;
mod printable;
pub mod redact;
mod release;
mod secret;
mod status;
mod strict_json;
mod subject;
mod template;
mod time;
mod token;
#[cfg(feature = "client")]
pub mod transport;
mod vendor;
pub mod vendor_api;
mod vendor_error;
pub mod wire;

pub use advice::{Advice, Language};
pub use audit::{Audit, AuditQuota, AuditTarget, QuotaPeriod, SubmitOptions, SubmitTarget};
pub use authorization::AuthorizationApi;
pub use capability::{Capabilities, GrayReleaseSupport};
#[cfg(feature = "client")]
pub use client::ClientConfig;
pub use clock::Clock;
#[cfg(feature = "client")]
pub use clock::SystemClock;
#[cfg(any(test, feature = "test-util"))]
pub use clock::VirtualClock;
pub use code::{
    Category, CategoryLevel, CodeVersion, QrCode, QrCodeOptions, Upload, UploadProgress, UploadReceipt,
};
pub use command::{Command, EffectValue, InherentCommand, InvalidMethodName, MethodName, Operation};
pub use effect::Effect;
pub use error::{Error, ErrorReport, Result};
pub use error_kind::{ErrorKind, Retry};
pub use event::{
    CallbackCheck, Delivery, Event, EventCredential, EventDecoder, EventHandler, EventKind, OwnedPush, Push,
};
pub use ext_json::{ExtJson, InvalidExtJson};
pub use id::{AppId, AuditId, DraftId, PackageId, PlatformId, SubjectId, SubjectRef, TemplateId};
pub use intent::{EarlierEffect, Intent, Settled};
pub use journal::{Journal, MemoryJournal, NoJournal};
pub use manager::{AuditManager, Authorizer, CodeManager, ReleaseManager};
pub use outcome::{Evidence, Outcome};
pub use planned::PlannedRequest;
pub use platform::{MiniProgram, MiniProgramPlatform};
pub use printable::{Printable, printable_json};
pub use release::{
    GrayRelease, GrayReleasePlan, LibraryUsage, MinLibraryVersion, ReleaseTarget, RollbackTarget,
    RollbackVersion, Visit,
};
pub use secret::Secret;
pub use status::{
    AuditStatus, Coded, GrayStatus, RawStatus, Stage, StatusRow, StatusTable, UploadStatus, VisitStatus,
};
pub use subject::Subject;
pub use template::{AddedTemplate, Template, TemplateDraft, TemplateLibrary};
pub use time::Timestamp;
pub use token::{AccessToken, NoTokens, StaticToken, TokenKind, TokenProvider, TokenScope};
#[cfg(feature = "client")]
pub use transport::{BaseUrl, HttpTransport, Transport};
pub use vendor::Vendor;
pub use vendor_error::{Code, VendorError};
