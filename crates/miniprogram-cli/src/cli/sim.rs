use std::net::SocketAddr;

use clap::Args;
use miniprogram::{Secret, Vendor};

use crate::vendors::sim::SIMULATED;

#[derive(Debug, Args)]
#[command(
    after_help = "Prints one JSON line with `base_url`, `admin_url` and `seed` once it listens, and runs until interrupted.\nThere is no login: keep it on loopback.\nA value VENDOR=VALUE applies to that vendor only; otherwise it applies to all.\nExamples:\n  miniprogram sim --listen 127.0.0.1:8080 --seed 7\n  miniprogram sim --callback-url wechat=http://127.0.0.1:9000/wechat"
)]
pub(crate) struct Sim {
    /// The address to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// The seed of all randomness [default: a random one]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// The URL for pushes of messages and events
    #[arg(long, value_name = "[VENDOR=]URL")]
    pub(crate) callback_url: Vec<PerVendor>,
    /// The URL for pushes of authorizations and tickets
    #[arg(long, value_name = "[VENDOR=]URL")]
    pub(crate) authorization_url: Vec<PerVendor>,
    /// The token that signs pushes
    #[arg(long, value_name = "[VENDOR=]TOKEN", env = "MINIPROGRAM_CALLBACK_TOKEN", hide_env_values = true)]
    pub(crate) callback_token: Vec<PerVendor>,
    /// The key that encrypts pushes, 43 characters
    #[arg(long, value_name = "[VENDOR=]KEY", env = "MINIPROGRAM_AES_KEY", hide_env_values = true)]
    pub(crate) aes_key: Vec<PerVendor>,
}

/// A value for one vendor or for all. `Debug` shows no value.
#[derive(Debug, Clone)]
pub(crate) struct PerVendor {
    vendor: Option<Vendor>,
    value: Secret,
}

impl From<&str> for PerVendor {
    fn from(text: &str) -> Self {
        let simulated =
            |name| SIMULATED.iter().map(|(vendor, _)| *vendor).find(|vendor| vendor.as_str() == name);
        let named = text.split_once('=').and_then(|(name, value)| Some((simulated(name)?, value)));
        match named {
            Some((vendor, value)) => Self { vendor: Some(vendor), value: Secret::new(value) },
            None => Self { vendor: None, value: Secret::new(text) },
        }
    }
}

impl PerVendor {
    /// The value for a vendor: its own, otherwise the one for all; the last one given applies.
    pub(crate) fn pick(given: &[Self], vendor: Vendor) -> Option<&Secret> {
        let last = |wanted: Option<Vendor>| given.iter().rev().find(|one| one.vendor == wanted);
        last(Some(vendor)).or_else(|| last(None)).map(|one| &one.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_own_value_goes_first() {
        let (vendor, _) = SIMULATED[0];
        let given: Vec<PerVendor> =
            ["http://all/?a=1", &format!("{vendor}=http://own/?a=1")].map(PerVendor::from).to_vec();
        let pick = |vendor| PerVendor::pick(&given, vendor).map(|value| value.expose().to_owned());
        assert_eq!(pick(vendor).as_deref(), Some("http://own/?a=1"));
        assert_eq!(pick(Vendor::new("acme")).as_deref(), Some("http://all/?a=1"));
        assert!(PerVendor::pick(&[], vendor).is_none());
    }
}
