//! One suite, every vendor: concrete type, `Box<dyn MiniProgram>`, `Arc<dyn MiniProgram>`.

use crate::harness::{BaiduHarness, WeChatHarness};

#[path = "../../examples/add_a_vendor/acme.rs"]
mod acme;
#[path = "../../examples/add_a_vendor/server.rs"]
mod server;

miniprogram_core::conformance_suite!(wechat, WeChatHarness::start().await);
miniprogram_core::conformance_suite!(baidu, BaiduHarness::start().await);
miniprogram_core::conformance_suite!(toy, server::AcmeHarness::new());
