#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(inline)]
pub use miniprogram_core::*;

/// The methods of the traits, for `use miniprogram::prelude::*`. Names are imported one by one.
pub mod prelude {
    pub use miniprogram_core::authorization::AuthorizationApi as _;
    pub use miniprogram_core::clock::Clock as _;
    pub use miniprogram_core::journal::Journal as _;
    pub use miniprogram_core::token::TokenProvider as _;
    pub use miniprogram_core::{
        AuditManager as _, Authorizer as _, CodeManager as _, EventDecoder as _, EventHandler as _,
        MiniProgram as _, MiniProgramPlatform as _, ReleaseManager as _, Subject as _, TemplateLibrary as _,
    };
}

#[cfg(feature = "baidu")]
pub use baidu_smartapp as baidu;
#[cfg(feature = "wechat")]
pub use wechat_wxa as wechat;
