//! The WeChat-only effects as data: each function returns what the method of the same name performs.
//!
//! Commands of [`WeChatApp`](crate::WeChatApp) are performed on an app, the others on the platform.
//!
//! ```
//! use wechat_wxa::commands;
//!
//! let command = commands::set_description("新鲜面包，每日现烤")?;
//! assert_eq!(command.operation().as_str(), "set_description");
//! // app.plan(&command)? shows its requests, app.perform(command).await? performs it.
//! # Ok::<(), miniprogram_core::Error>(())
//! ```
//!
//! Arguments are checked when a command is planned or performed. Each function fails with
//! [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if its arguments cannot be written as JSON.

use miniprogram_core::{AppId, Command, DraftId, MethodName, Result, kit};
use serde::Serialize;

use crate::values::{SearchStatus, TemplateKind};
use crate::{
    DomainChange, IconChange, NameChange, NewCategory, OrderPathRequest, PlatformDomainChange,
    PrivacyInterfaceRequest, PrivacySetting, TesterRef, WECHAT, WebViewDomainChange, account, category_admin,
    domains, privacy, quota, templates, testers,
};

fn command(method: MethodName, arguments: &impl Serialize) -> Result<Command> {
    kit::command(WECHAT, method, arguments)
}

fn texts<D: AsRef<str>>(texts: &[D]) -> Vec<String> {
    texts.iter().map(|text| text.as_ref().to_owned()).collect()
}

/// [`WeChatApp::add_categories`](crate::WeChatApp::add_categories).
///
/// # Errors
/// See the [module documentation](self).
pub fn add_categories(categories: &[NewCategory]) -> Result<Command> {
    command(category_admin::ADD, &category_admin::Add { categories: categories.to_vec() })
}

/// [`WeChatApp::modify_category`](crate::WeChatApp::modify_category).
///
/// # Errors
/// See the [module documentation](self).
pub fn modify_category(category: &NewCategory) -> Result<Command> {
    command(category_admin::MODIFY, category)
}

/// [`WeChatApp::delete_category`](crate::WeChatApp::delete_category).
///
/// # Errors
/// See the [module documentation](self).
pub fn delete_category(first: i64, second: i64) -> Result<Command> {
    command(category_admin::DELETE, &category_admin::Delete { first, second })
}

/// [`WeChatApp::set_name`](crate::WeChatApp::set_name).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_name(change: &NameChange) -> Result<Command> {
    command(account::name::SET, change)
}

/// [`WeChatApp::set_icon`](crate::WeChatApp::set_icon).
///
/// # Errors
/// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) for a crop area that is not a part of the image.
pub fn set_icon(change: &IconChange) -> Result<Command> {
    // Checked before the arguments become JSON, which cannot represent values that are not numbers.
    change.check()?;
    command(account::profile::SET_ICON, change)
}

/// [`WeChatApp::set_description`](crate::WeChatApp::set_description).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_description(text: &str) -> Result<Command> {
    command(account::profile::SET_DESCRIPTION, &account::profile::Description { text: text.to_owned() })
}

/// [`WeChatApp::set_search_status`](crate::WeChatApp::set_search_status).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_search_status(status: SearchStatus) -> Result<Command> {
    command(account::profile::SET_SEARCH, &account::profile::Search { status })
}

/// [`WeChatApp::change_server_domains`](crate::WeChatApp::change_server_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_server_domains(change: &DomainChange) -> Result<Command> {
    command(domains::server::CHANGE, change)
}

/// [`WeChatApp::change_server_domains_directly`](crate::WeChatApp::change_server_domains_directly).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_server_domains_directly(change: &DomainChange) -> Result<Command> {
    command(domains::server::CHANGE_DIRECTLY, change)
}

/// [`WeChatApp::change_web_view_domains`](crate::WeChatApp::change_web_view_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_web_view_domains(change: &WebViewDomainChange) -> Result<Command> {
    command(domains::web_view::CHANGE, change)
}

/// [`WeChatApp::change_web_view_domains_directly`](crate::WeChatApp::change_web_view_domains_directly).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_web_view_domains_directly(change: &WebViewDomainChange) -> Result<Command> {
    command(domains::web_view::CHANGE_DIRECTLY, change)
}

/// [`WeChatApp::set_prefetch_domains`](crate::WeChatApp::set_prefetch_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_prefetch_domains<D: AsRef<str>>(domains: &[D]) -> Result<Command> {
    command(domains::prefetch::SET, &domains::prefetch::Set { domains: texts(domains) })
}

/// [`WeChatApp::set_privacy_setting`](crate::WeChatApp::set_privacy_setting).
///
/// # Errors
/// See the [module documentation](self).
pub fn set_privacy_setting(setting: &PrivacySetting) -> Result<Command> {
    command(privacy::setting::SET, setting)
}

/// [`WeChatApp::apply_privacy_interface`](crate::WeChatApp::apply_privacy_interface).
///
/// # Errors
/// See the [module documentation](self).
pub fn apply_privacy_interface(request: &PrivacyInterfaceRequest) -> Result<Command> {
    command(privacy::interfaces::APPLY, request)
}

/// [`WeChatApp::bind_tester`](crate::WeChatApp::bind_tester).
///
/// # Errors
/// See the [module documentation](self).
pub fn bind_tester(wechat_id: &str) -> Result<Command> {
    command(testers::BIND, &testers::Bind { wechat_id: wechat_id.to_owned() })
}

/// [`WeChatApp::unbind_tester`](crate::WeChatApp::unbind_tester).
///
/// # Errors
/// See the [module documentation](self).
pub fn unbind_tester(tester: &TesterRef) -> Result<Command> {
    command(testers::UNBIND, tester)
}

/// [`WeChatApp::clear_quota`](crate::WeChatApp::clear_quota).
///
/// # Errors
/// See the [module documentation](self).
pub fn clear_quota(app: &AppId) -> Result<Command> {
    command(quota::CLEAR, &quota::ClearQuota { app_id: app.to_string() })
}

/// [`WeChatPlatform::change_platform_server_domains`](crate::WeChatPlatform::change_platform_server_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_platform_server_domains(change: &PlatformDomainChange) -> Result<Command> {
    command(domains::platform::CHANGE, change)
}

/// [`WeChatPlatform::change_platform_web_view_domains`](crate::WeChatPlatform::change_platform_web_view_domains).
///
/// # Errors
/// See the [module documentation](self).
pub fn change_platform_web_view_domains(change: &PlatformDomainChange) -> Result<Command> {
    command(domains::platform::CHANGE_WEB_VIEW, change)
}

/// [`WeChatPlatform::apply_order_path`](crate::WeChatPlatform::apply_order_path).
///
/// # Errors
/// See the [module documentation](self).
pub fn apply_order_path(request: &OrderPathRequest) -> Result<Command> {
    command(privacy::order_path::APPLY, request)
}

/// [`WeChatTemplates::add_template_of`](crate::WeChatTemplates::add_template_of).
///
/// # Errors
/// See the [module documentation](self).
pub fn add_template_of(draft: &DraftId, kind: TemplateKind) -> Result<Command> {
    command(templates::ADD, &templates::Add { draft_id: draft.clone(), kind: Some(kind), description: None })
}
