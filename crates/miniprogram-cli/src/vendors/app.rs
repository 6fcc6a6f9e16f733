//! The basic information of an app, at the vendors that let platforms change it.

use miniprogram::{AppId, ClientConfig, Command, Result};
use serde_json::Value;

use super::Calling;
use crate::cli::{DomainLists, ImageKind, OfflineFields, PhoneApply};

/// How a vendor is asked for the basic information of an app and told to change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AppAdmin {
    /// Asks.
    pub(crate) ask: fn(ClientConfig, AppId, AppQuestion) -> Calling,
    /// A change as the command that makes it.
    pub(crate) command: fn(&AppChange) -> Result<Command>,
    /// Uploads an image: its kind, its file's name, its bytes.
    pub(crate) upload_image: fn(ClientConfig, ImageKind, String, Vec<u8>) -> Calling,
}

/// What can be asked.
#[derive(Debug)]
pub(crate) enum AppQuestion {
    /// What the vendor knows about the app.
    Info,
    /// Every category of a type.
    Categories(i64),
    /// Whether a name could be taken.
    Name(String),
    /// The domains that the app may call.
    Domains,
    /// The domains whose pages it may show.
    WebViewDomains,
    /// The permission to read users' phone numbers.
    Phone,
}

/// What can be changed.
#[derive(Debug)]
pub(crate) enum AppChange {
    /// The categories.
    Categories(Value),
    /// The icon, by its address.
    Icon(String),
    /// The description.
    Description(String),
    /// The name, and the addresses of what proves the right to it.
    Name(String, Vec<String>),
    /// The traffic, by an application.
    Recovery(String),
    /// The domains that the app may call.
    Domains(DomainAction, DomainLists),
    /// The domains whose pages it may show.
    WebViewDomains(DomainAction, Vec<String>),
    /// What the vendor objected to when it forced the app offline.
    Offline(OfflineFields),
    /// The permission to read users' phone numbers, by an application.
    ApplyPhone(PhoneApply),
    /// The same, given back.
    CancelPhone,
}

/// What is done with domains.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DomainAction {
    /// They are added.
    Add,
    /// They are taken out.
    Delete,
    /// They replace what is set.
    Set,
}
