//! State of the platform, as opposed to its apps.

use std::collections::BTreeMap;

use miniprogram_core::Vendor;
use serde::{Deserialize, Serialize};

use crate::authorization::Authorizations;
use crate::tokens::Tokens;
use crate::{BAIDU, baidu, wechat};

/// State shared by all apps of the platform.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) random: fastrand::Rng,
    pub(crate) tokens: Tokens,
    pub(crate) authorizations: Authorizations,
    pub(crate) next_audit: u64,
    pub(crate) next_package: u64,
    pub(crate) baidu: baidu::Shared,
    pub(crate) wechat: wechat::Shared,
}

impl Platform {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed ^ 0x5eed),
            tokens: Tokens::new(seed),
            authorizations: Authorizations::new(seed),
            next_audit: 400_000_001,
            next_package: 58_210,
            baidu: baidu::Shared::default(),
            wechat: wechat::Shared::default(),
        }
    }

    /// Domains registered by the platform with a vendor.
    pub(crate) fn domains_mut(&mut self, vendor: Vendor) -> &mut BTreeMap<DomainKind, Vec<String>> {
        if vendor == BAIDU { &mut self.baidu.domains } else { &mut self.wechat.domains }
    }
}

/// What a domain is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DomainKind {
    /// Requests over HTTPS.
    Request,
    /// Web sockets.
    Socket,
    /// Uploads.
    Upload,
    /// Downloads.
    Download,
    /// UDP (WeChat).
    Udp,
    /// TCP (WeChat).
    Tcp,
    /// Pages in a web view: business domains.
    WebView,
}
