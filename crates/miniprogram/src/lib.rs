#![doc = include_str!("../README.md")]

pub use miniprogram_core::*;

#[cfg(feature = "baidu")]
pub use baidu_smartapp as baidu;
#[cfg(feature = "wechat")]
pub use wechat_wxa as wechat;
