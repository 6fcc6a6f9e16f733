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
//! Arguments are checked when a command is planned or performed.

pub use crate::account::name::set_name;
pub use crate::account::profile::{set_description, set_icon, set_search_status};
pub use crate::category_admin::{add_categories, delete_category, modify_category};
pub use crate::domains::platform::{change_platform_server_domains, change_platform_web_view_domains};
pub use crate::domains::prefetch::set_prefetch_domains;
pub use crate::domains::server::{change_server_domains, change_server_domains_directly};
pub use crate::domains::web_view::{change_web_view_domains, change_web_view_domains_directly};
pub use crate::privacy::interfaces::apply_privacy_interface;
pub use crate::privacy::order_path::apply_order_path;
pub use crate::privacy::setting::set_privacy_setting;
pub use crate::quota::clear_quota;
pub use crate::templates::add_template_of;
pub use crate::testers::{bind_tester, unbind_tester};
