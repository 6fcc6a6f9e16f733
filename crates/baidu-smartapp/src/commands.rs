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
//! Arguments are checked when a command is planned or performed.

pub use crate::domains::{change_server_domains, change_web_view_domains};
pub use crate::info::{
    apply_recovery, set_description, set_icon, set_name, update_categories, update_offline_info,
};
pub use crate::phone::{apply_phone_permission, cancel_phone_permission};
