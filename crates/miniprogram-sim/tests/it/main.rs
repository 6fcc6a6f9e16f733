//! The simulator over real loopback sockets, on a virtual clock.

#![expect(clippy::unwrap_used, reason = "test helpers may panic")]

mod acceptance;
mod admin;
mod authorization;
mod baidu;
mod baidu_alliance;
mod baidu_app;
mod baidu_authorization;
mod baidu_domains;
mod baidu_standing;
mod baidu_templates;
mod clocks;
mod decisions;
mod endpoints;
mod faults;
mod platform;
mod pushes;
mod readme;
mod removal;
mod support;
mod wechat;
mod wechat_authorization;
mod wechat_categories;
mod wechat_domains;
mod wechat_endpoints;
mod wechat_media;
mod wechat_names;
mod wechat_privacy;
mod wechat_pushes;
mod wechat_records;
mod wechat_support;
mod wechat_templates;
mod wechat_testers;
mod words;
