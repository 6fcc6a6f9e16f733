//! One suite, every vendor: concrete type, `Box<dyn MiniProgram>`, `Arc<dyn MiniProgram>`. The vendor of the example is
//! in `add_a_vendor.rs`.

use crate::harness::{BaiduHarness, WeChatHarness};

miniprogram_core::conformance_suite!(wechat, WeChatHarness::start().await);
miniprogram_core::conformance_suite!(baidu, BaiduHarness::start().await);
