//! The connection to the topic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::clock::{Clock, SystemClock};
use miniprogram_core::{Error, Result, Secret};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use crate::REFUSE;

pub(super) const CONNECT: &str = "connect";

/// Properties that a guarantee of this module depends on.
const FIXED: &[(&str, &str)] = &[("enable.auto.commit", "true"), ("enable.auto.offset.store", "false")];
/// Defaults for properties that are not set.
const DEFAULTS: &[(&str, &str)] = &[
    // A new group misses nothing that the brokers still have.
    ("auto.offset.reset", "earliest"),
    // The interval after which a failed commit is sent again.
    ("auto.commit.interval.ms", "1000"),
    // Partitions that stay with a member are not taken from it temporarily.
    ("partition.assignment.strategy", "cooperative-sticky"),
];
/// Other names of properties that have a field of their own or are fixed.
const RESERVED: &[&str] = &["bootstrap.servers", "metadata.broker.list", "group.id", "auto.commit.enable"];
/// Properties that the credentials set.
const OF_CREDENTIALS: &[&str] = &["sasl.username", "sasl.password", "sasl.mechanism", "sasl.mechanisms"];

/// The connection to the topic, and its credentials.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KafkaConfig {
    /// The initial brokers: `host:port`, separated by commas.
    pub brokers: String,
    /// The topic: 1 to 249 of `a-z`, `A-Z`, `0-9`, `.`, `_`, `-`.
    pub topic: String,
    /// The consumer group: its members share the partitions, and commits belong to the group.
    pub group: String,
    /// User and password, if the brokers require them.
    pub credentials: Option<KafkaCredentials>,
    /// Further properties of librdkafka. None of the values is printed.
    pub properties: BTreeMap<String, Secret>,
    /// The clock for pauses; the system's by default.
    pub clock: Arc<dyn Clock>,
    /// The pause before a failed notice is handled again: 1 s by default. Each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause: 5 minutes by default.
    pub longest_pause: Duration,
}

impl KafkaConfig {
    /// Creates a configuration without user and password.
    #[must_use]
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: topic.into(),
            group: group.into(),
            credentials: None,
            properties: BTreeMap::new(),
            clock: Arc::new(SystemClock),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
        }
    }

    /// Sets user and password. They are sent over TLS, which needs the feature `kafka-ssl`, unless the property
    /// `security.protocol` is `sasl_plaintext`.
    #[must_use]
    pub fn with_credentials(mut self, credentials: KafkaCredentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets a property of librdkafka, such as `ssl.ca.location` or `session.timeout.ms`.
    #[must_use]
    pub fn with_property(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }

    /// Uses another clock for pauses.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the first and the longest pause before a failed notice is handled again.
    #[must_use]
    pub const fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// Converts the configuration for librdkafka.
    pub(super) fn native(&self) -> Result<ClientConfig> {
        let required = |field, text: &str| match text.trim() {
            "" => Err(refused(field, "must not be empty")),
            _ => Ok(()),
        };
        required("brokers", &self.brokers)?;
        required("group", &self.group)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !(1..=249).contains(&self.topic.len()) || !self.topic.chars().all(legal) {
            return Err(refused("topic", "must contain 1 to 249 letters, digits, `.`, `_` and `-`"));
        }
        let mut native = ClientConfig::new();
        // The `tracing` subscriber decides what is shown.
        native.set_log_level(RDKafkaLogLevel::Info);
        for (name, value) in DEFAULTS.iter().chain(FIXED) {
            native.set(*name, *value);
        }
        for (name, value) in &self.properties {
            if RESERVED.contains(&&**name) || FIXED.iter().any(|(fixed, _)| fixed == name) {
                let why = "is set by this crate: what is committed, and for whom, must not be changed";
                return Err(refused(name.clone(), why));
            }
            native.set(name, value.expose());
        }
        native.set("bootstrap.servers", &self.brokers).set("group.id", &self.group);
        if let Some(credentials) = &self.credentials {
            self.log_in(credentials, &mut native)?;
        }
        Ok(native)
    }

    fn log_in(&self, credentials: &KafkaCredentials, native: &mut ClientConfig) -> Result<()> {
        if let Some(name) = OF_CREDENTIALS.iter().find(|name| self.properties.contains_key(**name)) {
            return Err(refused(*name, "is set by the credentials"));
        }
        let asked = self.properties.get("security.protocol").map(|value| value.expose().to_ascii_lowercase());
        let protocol = match asked.as_deref() {
            None if cfg!(feature = "kafka-ssl") => "sasl_ssl",
            None => {
                return Err(refused("security.protocol", "user and password would go out without TLS")
                    .with_advice(
                        "build with the feature `kafka-ssl`, or set the property to `sasl_plaintext` where the \
                         network is to be trusted",
                    ));
            }
            Some("sasl_ssl") => "sasl_ssl",
            Some("sasl_plaintext") => "sasl_plaintext",
            Some(_) => {
                let why = "must be `sasl_ssl` or `sasl_plaintext`: another one sends no user and no password";
                return Err(refused("security.protocol", why));
            }
        };
        native
            .set("security.protocol", protocol)
            .set("sasl.mechanism", credentials.mechanism.as_str())
            .set("sasl.username", &credentials.username)
            .set("sasl.password", credentials.password.expose());
        Ok(())
    }
}

/// User and password for the brokers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KafkaCredentials {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// How they are presented to the brokers: `PLAIN` by default.
    pub mechanism: SaslMechanism,
}

impl KafkaCredentials {
    /// Creates credentials for `PLAIN`.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { username: username.into(), password: password.into(), mechanism: SaslMechanism::Plain }
    }

    /// Presents them by another mechanism.
    #[must_use]
    pub const fn with_mechanism(mut self, mechanism: SaslMechanism) -> Self {
        self.mechanism = mechanism;
        self
    }
}

/// How user and password are presented to the brokers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// In plain text.
    Plain,
    /// SCRAM with SHA-256; needs the feature `kafka-ssl`.
    ScramSha256,
    /// SCRAM with SHA-512; needs the feature `kafka-ssl`.
    ScramSha512,
}

impl SaslMechanism {
    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// Refuses an unusable part of the configuration. The value is not repeated: it may be a password.
pub(super) fn refused(field: impl Into<std::borrow::Cow<'static, str>>, why: impl Into<String>) -> Error {
    REFUSE.config(CONNECT, field, why)
}
