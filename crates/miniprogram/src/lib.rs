#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use miniprogram_core::*;

#[cfg(feature = "baidu")]
pub use baidu_smartapp as baidu;
#[cfg(feature = "wechat")]
pub use wechat_wxa as wechat;
