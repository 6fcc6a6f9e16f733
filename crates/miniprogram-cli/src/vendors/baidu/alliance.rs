//! Baidu's open-source alliance.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::Result;
use miniprogram::baidu::alliance::{AllianceConfig, BaiduAlliance};
use miniprogram::baidu::{BAIDU, PackageQuery};
use miniprogram::token::StaticToken;
use serde_json::Value;

use super::Baidu;
use crate::output::to_value;
use crate::vendors::alliance::{Alliance, AllianceQuery, AllianceReader, Key, Member};
#[cfg(feature = "kafka")]
use crate::vendors::alliance::{Listener, Stop, Topic, Watching};

impl Alliance for Baidu {
    fn join(&self, member: Member) -> Result<Arc<dyn AllianceReader>> {
        join(member)
    }

    #[cfg(feature = "kafka")]
    fn watch(&self, topic: Topic, listener: Arc<dyn Listener>, stop: Stop) -> Watching {
        Box::pin(changes::watch(topic, listener, stop))
    }
}

/// Builds a client. A given token belongs to a key whose id is not needed.
fn join(member: Member) -> Result<Arc<dyn AllianceReader>> {
    let mut config = match member.key {
        Key::Credentials(id, secret) => AllianceConfig::new(id, secret),
        Key::Token(token) => {
            AllianceConfig::with_tokens("", Arc::new(StaticToken::client_credentials(BAIDU, token)))
        }
    };
    config = config.with_http(member.http);
    if let Some(base_url) = member.base_url {
        config = config.with_base_url(base_url);
    }
    if let Some(timeout) = member.timeout {
        config = config.with_timeout(timeout);
    }
    if let Some(deadline) = member.deadline {
        config = config.with_deadline(deadline);
    }
    Ok(Arc::new(Reader(BaiduAlliance::new(config)?)))
}

struct Reader(BaiduAlliance);

#[async_trait]
impl AllianceReader for Reader {
    async fn read(&self, query: AllianceQuery) -> Result<Value> {
        let Self(alliance) = self;
        match query {
            AllianceQuery::Apps(apps) => to_value(&alliance.alliance_apps(&apps).await?),
            AllianceQuery::Packages(app) => to_value(&alliance.alliance_packages(&app).await?),
            AllianceQuery::Package(app, id) => {
                to_value(&alliance.alliance_package(&app, &PackageQuery::Id(id)).await?)
            }
            AllianceQuery::PackageOfStatus(app, status) => {
                to_value(&alliance.alliance_package(&app, &PackageQuery::Status(status)).await?)
            }
        }
    }
}

/// The changes that are published by Kafka.
#[cfg(feature = "kafka")]
mod changes {
    use std::fmt::{self, Debug};
    use std::sync::Arc;

    use async_trait::async_trait;
    use miniprogram::Result;
    use miniprogram::baidu::alliance::kafka::{self, ChangeConsumer, DeadLetter, DeadLetters, KafkaConfig};

    use crate::vendors::alliance::{Listener, Notification, Stop, Topic, Unreadable};

    pub(super) async fn watch(topic: Topic, listener: Arc<dyn Listener>, stop: Stop) -> Result<()> {
        let config = KafkaConfig::new(topic.brokers, topic.topic, topic.group);
        let config = topic
            .properties
            .into_iter()
            .fold(config, |config, (name, value)| config.with_property(name, value));
        let letters = Arc::new(Letters(Arc::clone(&listener)));
        let consumer = ChangeConsumer::connect(config, letters)?;
        let handler = |notification: kafka::Notification| {
            let listener = Arc::clone(&listener);
            async move {
                let notification = Notification {
                    event: notification.event,
                    topic: notification.topic,
                    partition: notification.partition,
                    offset: notification.offset,
                };
                listener.notified(notification).await
            }
        };
        consumer.run_until(handler, stop).await
    }

    /// Passes unreadable records to the listener as well.
    struct Letters(Arc<dyn Listener>);

    impl Debug for Letters {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Letters")
        }
    }

    #[async_trait]
    impl DeadLetters for Letters {
        async fn keep(
            &self,
            letter: &DeadLetter,
        ) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
            let letter = letter.clone();
            let record = Unreadable {
                key: letter.key,
                payload: letter.payload,
                topic: letter.topic,
                partition: letter.partition,
                offset: letter.offset,
                reason: letter.reason,
            };
            Ok(self.0.unreadable(record).await?)
        }
    }
}
