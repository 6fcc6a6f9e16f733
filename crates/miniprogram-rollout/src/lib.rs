#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod engine;
pub mod machine;
pub mod plan;
#[cfg(feature = "report")]
pub mod report;
