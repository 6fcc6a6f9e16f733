#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod advice;
mod audit;
pub mod authorization;
#[cfg(feature = "callback")]
pub mod callback;
mod capability;
mod check;
#[cfg(feature = "client")]
mod client;
pub mod clock;
mod code;
mod codes;
mod command;
#[cfg(feature = "conformance")]
pub mod conformance;
#[doc(hidden)]
pub mod crash_points;
mod effect;
mod endpoint;
mod error;
mod error_kind;
mod event;
mod ext_json;
mod forward;
#[cfg(feature = "callback")]
mod frame;
mod id;
mod inherent;
mod intent;
pub mod journal;
mod json;
#[cfg(feature = "client")]
mod kit;
mod manager;
mod missed;
pub mod model;
mod options;
mod outcome;
mod permit;
#[cfg(feature = "client")]
mod pipeline;
mod planned;
mod platform;
mod printable;
pub mod push;
mod redact;
mod release;
pub mod requests;
mod secret;
mod status;
mod strict_json;
mod subject;
mod submission;
#[cfg(feature = "client")]
pub mod telemetry;
mod template;
mod time;
pub mod token;
#[cfg(feature = "client")]
pub mod transport;
mod vendor;
pub mod vendor_api;
mod vendor_error;
mod wire;

/// For implementations of the traits, which have `async` methods.
pub use async_trait::async_trait;

pub use advice::{Advice, Language};
pub use audit::{Audit, AuditTarget, SubmitOptions, SubmitTarget};
pub use capability::{Capabilities, GrayReleaseSupport};
#[cfg(feature = "client")]
pub use client::ClientConfig;
pub use code::Upload;
pub use command::{Command, EffectValue, Operation};
pub use effect::Effect;
pub use error::{Error, ErrorReport, Result};
pub use error_kind::{ErrorKind, Retry};
pub use event::{Event, EventDecoder, EventHandler, EventKind};
pub use ext_json::{ExtJson, InvalidExtJson};
pub use id::{AppId, AuditId, DraftId, PackageId, PlatformId, SubjectId, TemplateId};
pub use intent::{EarlierEffect, Intent, Recorded, Settled};
pub use manager::{AuditManager, Authorizer, CodeManager, ReleaseManager};
pub use outcome::{Evidence, Outcome};
pub use permit::Permit;
pub use planned::PlannedRequest;
pub use platform::{MiniProgram, MiniProgramPlatform};
pub use release::{GrayRelease, GrayReleaseOptions, ReleaseTarget, RollbackTarget};
pub use secret::Secret;
pub use status::{AuditStatus, Coded, GrayStatus, RawStatus, Stage, UploadStatus, VisitStatus};
pub use subject::Subject;
pub use submission::check_submission;
pub use template::TemplateLibrary;
pub use time::Timestamp;
pub use vendor::{InvalidVendor, Vendor};
pub use vendor_error::{Code, VendorError};
