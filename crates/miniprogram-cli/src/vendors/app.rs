//! The basic information of apps, for the verbs of `app`.

use std::fmt::Debug;

use async_trait::async_trait;
use clap::{Args, ValueEnum};
use miniprogram::{AppId, Command, Result};
use serde_json::Value;

use super::setup::PlatformConfig;

/// Reads and changes the basic information of apps.
#[async_trait]
pub trait AppAdmin: Debug + Send + Sync + 'static {
    /// Reads.
    ///
    /// # Errors
    /// Those of the call; [`Unsupported`](miniprogram::ErrorKind::Unsupported) for what the vendor does not have.
    async fn read(&self, config: PlatformConfig, app: AppId, query: AppQuery) -> Result<Value>;

    /// Returns the command that makes a change.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram::ErrorKind::InvalidArgument);
    /// [`Unsupported`](miniprogram::ErrorKind::Unsupported) for what the vendor does not have.
    fn command(&self, change: &AppChange) -> Result<Command>;

    /// Uploads an image and returns an object with its `url`.
    ///
    /// # Errors
    /// Those of the call.
    async fn upload_image(
        &self,
        config: PlatformConfig,
        kind: ImageKind,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Result<Value>;
}

/// What can be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppQuery {
    /// What the vendor knows about the app.
    Info,
    /// Every category of a type.
    Categories(i64),
    /// Whether a name is available.
    Name(String),
    /// The domains that the app may call.
    Domains,
    /// The domains whose pages the app may show.
    WebViewDomains,
    /// The permission to read users' phone numbers.
    Phone,
}

/// What can be changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppChange {
    /// The categories.
    Categories(Value),
    /// The icon, by its URL.
    Icon(String),
    /// The description.
    Description(String),
    /// The name, and the URLs of what proves the right to it.
    Name(String, Vec<String>),
    /// The traffic, by an application to restore it.
    Recovery(String),
    /// The domains that the app may call.
    Domains(DomainAction, DomainLists),
    /// The domains whose pages the app may show.
    WebViewDomains(DomainAction, Vec<String>),
    /// What the vendor objected to when it forced the app offline.
    Offline(OfflineFields),
    /// The permission to read users' phone numbers, by an application.
    ApplyPhone(PhoneApply),
    /// The same permission, returned.
    CancelPhone,
}

/// What is done with domains.
#[derive(Debug, Clone, Copy)]
pub enum DomainAction {
    /// They are added.
    Add,
    /// They are removed.
    Delete,
    /// They replace what is set.
    Set,
}

// The fields' comments are the help texts of their options.

/// Domains that the app may call, by what for.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct DomainLists {
    /// For requests.
    #[arg(
        long,
        value_name = "URL",
        value_delimiter = ',',
        help = "For requests, such as https://api.example.com; may be repeated or joined by commas"
    )]
    pub request_domain: Vec<String>,
    /// For sockets, such as wss://api.example.com
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub socket_domain: Vec<String>,
    /// For downloads
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub download_domain: Vec<String>,
    /// For uploads
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub upload_domain: Vec<String>,
}

/// The basic information of an app that was forced offline; what is not given stays.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct OfflineFields {
    /// The name
    #[arg(long, value_name = "NAME")]
    pub app_name: Option<String>,
    /// The description
    #[arg(long, value_name = "TEXT")]
    pub app_desc: Option<String>,
    /// The icon: what `app image upload --type icon` printed
    #[arg(long, value_name = "URL")]
    pub photo_addr: Option<String>,
    /// The proof of the right to the name: what `app image upload --type name` printed
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    pub app_name_material: Vec<String>,
}

/// An application for the permission to read users' phone numbers.
#[derive(Debug, Args)]
pub struct PhoneApply {
    /// The reason: 0 login, 1 contact for deliveries, 2 other
    #[arg(long, value_name = "0..2", allow_negative_numbers = true)]
    pub reason: i64,
    /// The scene: 0 shopping, 1 account synchronization, 2 ticket booking, 3 business processing,
    /// 4 information query, 5 reservation
    #[arg(long, value_name = "0..5", allow_negative_numbers = true)]
    pub used_scene: i64,
    /// What the number is used for, at most 500 characters
    #[arg(long, value_name = "TEXT")]
    pub scene_desc: String,
    /// A screenshot of the scene: what `app image upload` printed
    #[arg(long, value_name = "URL")]
    pub scene_demo: String,
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImageKind {
    /// An icon.
    Icon,
    /// A category's qualification.
    Qualification,
    /// What proves the right to a name.
    Name,
}
