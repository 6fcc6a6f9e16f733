//! Change notices of the alliance: a Kafka topic that reports which app or package to read again.
//!
//! [`ChangeConsumer`] is a member of a consumer group and delivers every notice to a handler, at least once. A notice
//! reports only that something has changed, so the handler reads it again, stores the result, and then returns `Ok`.
//! Only then is the notice committed.
//!
//! - Notices of one partition are handled sequentially, those of different partitions concurrently.
//! - If a handler fails or panics, it is called again after a growing pause until it succeeds: its partition waits,
//!   others continue.
//! - A record that is not a notice goes to the [`DeadLetters`], and the consumer moves past it once it is kept there.
//! - A partition that is revoked during work is not committed: its next holder receives the notice again. So does
//!   this process after a crash. Handlers must tolerate that.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use baidu_smartapp::alliance::kafka::{ChangeConsumer, DeadLetter, DeadLetters, KafkaConfig};
//! use baidu_smartapp::alliance::{AllianceConfig, BaiduAlliance};
//! use miniprogram_core::Error;
//!
//! #[derive(Debug)]
//! struct Folder;
//!
//! #[async_trait::async_trait]
//! impl DeadLetters for Folder {
//!     async fn keep(&self, letter: &DeadLetter) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//!         let name = format!("{}-{}-{}", letter.topic, letter.partition, letter.offset);
//!         Ok(std::fs::write(name, letter.payload.as_deref().unwrap_or_default())?)
//!     }
//! }
//!
//! # async fn run() -> Result<(), Error> {
//! let alliance = BaiduAlliance::new(AllianceConfig::new("Va5yQRHlA4Fq4eR", "the key's secret"))?;
//! let config = KafkaConfig::new("kafka.example.com:9092", "smartapp-changes", "host-42");
//! let consumer = ChangeConsumer::connect(config, Arc::new(Folder))?;
//! consumer
//!     .run(|notification| {
//!         let alliance = alliance.clone();
//!         async move {
//!             if let Some(app) = &notification.event.app_id {
//!                 let info = alliance.alliance_apps(std::slice::from_ref(app)).await?;
//!                 println!("{info:?}");
//!             }
//!             Ok::<_, Error>(())
//!         }
//!     })
//!     .await
//! # }
//! ```
//!
//! Source: document 004, change notifications. It names neither brokers nor topic: Baidu gives those to its members.

mod config;
mod consumer;
mod context;
mod lane;
mod letters;
mod notification;
mod work;

pub use config::{KafkaConfig, KafkaCredentials, SaslMechanism};
pub use consumer::ChangeConsumer;
pub use letters::{DeadLetter, DeadLetters};
pub use notification::Notification;
