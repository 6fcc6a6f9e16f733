//! The Baidu-only effects as data: each function returns what [`BaiduApp`](crate::BaiduApp)'s method of the same name
//! performs.
//!
//! ```
//! use baidu_smartapp::commands;
//!
//! let command = commands::set_icon("https://mbs0.bdstatic.com/icon.png")?;
//! assert_eq!(command.operation().as_str(), "set_icon");
//! // app.plan(&command)? shows its requests, app.perform(command).await? performs it.
//! # Ok::<(), miniprogram_core::Error>(())
//! ```
//!
//! Arguments are checked when a command is planned or performed. Each function fails with
//! [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) only if its arguments cannot be written as JSON.

use miniprogram_core::{Command, MethodName, Result, kit};
use serde::Serialize;

use crate::BAIDU;
use crate::domains::{CHANGE_SERVER_DOMAINS, CHANGE_WEB_VIEW_DOMAINS, DomainChange, WebViewDomainChange};
use crate::info::name::{NameChange, SET_NAME};
use crate::info::{
    APPLY_RECOVERY, CategoryChoice, Description, Icon, OfflineUpdate, SET_DESCRIPTION, SET_ICON,
    UPDATE_CATEGORIES, UPDATE_OFFLINE_INFO,
};
use crate::phone::{APPLY_PHONE_PERMISSION, CANCEL_PHONE_PERMISSION, PhonePermissionRequest};

fn command(method: MethodName, arguments: &impl Serialize) -> Result<Command> {
    kit::command(BAIDU, method, arguments)
}

/// [`BaiduApp::update_categories`](crate::BaiduApp::update_categories).
///
/// # Errors
/// See the [module documentation](self).
pub fn update_categories(choices: &[CategoryChoice]) -> Result<Command> {
    command(UPDATE_CATEGORIES, &choices)
}

/// [`BaiduApp::set_icon`](crate::BaiduApp::set_icon).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_icon(image_url: &str) -> Result<Command> {
    command(SET_ICON, &Icon { image_url: image_url.to_owned() })
}

/// [`BaiduApp::set_description`](crate::BaiduApp::set_description).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_description(description: &str) -> Result<Command> {
    command(SET_DESCRIPTION, &Description { description: description.to_owned() })
}

/// [`BaiduApp::set_name`](crate::BaiduApp::set_name).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_name(name: &str, materials: &[&str]) -> Result<Command> {
    let materials = materials.iter().map(|url| (*url).to_owned()).collect();
    command(SET_NAME, &NameChange { name: name.to_owned(), materials })
}

/// [`BaiduApp::apply_recovery`](crate::BaiduApp::apply_recovery).
///
/// # Errors
/// See the [module documentation](self).
pub fn apply_recovery(description: &str) -> Result<Command> {
    command(APPLY_RECOVERY, &Description { description: description.to_owned() })
}

/// [`BaiduApp::update_offline_info`](crate::BaiduApp::update_offline_info).
///
/// # Errors
/// See the [module documentation](self).
pub fn update_offline_info(update: &OfflineUpdate) -> Result<Command> {
    command(UPDATE_OFFLINE_INFO, update)
}

/// [`BaiduApp::change_server_domains`](crate::BaiduApp::change_server_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_server_domains(change: &DomainChange) -> Result<Command> {
    command(CHANGE_SERVER_DOMAINS, change)
}

/// [`BaiduApp::change_web_view_domains`](crate::BaiduApp::change_web_view_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_web_view_domains(change: &WebViewDomainChange) -> Result<Command> {
    command(CHANGE_WEB_VIEW_DOMAINS, change)
}

/// [`BaiduApp::apply_phone_permission`](crate::BaiduApp::apply_phone_permission).
///
/// # Errors
/// See the [module documentation](self).
pub fn apply_phone_permission(request: &PhonePermissionRequest) -> Result<Command> {
    command(APPLY_PHONE_PERMISSION, request)
}

/// [`BaiduApp::cancel_phone_permission`](crate::BaiduApp::cancel_phone_permission).
///
/// # Errors
/// See the [module documentation](self).
pub fn cancel_phone_permission() -> Result<Command> {
    command(CANCEL_PHONE_PERMISSION, &())
}
