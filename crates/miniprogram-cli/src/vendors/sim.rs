//! The vendors that the simulator plays, whatever vendors are registered.

use miniprogram::Vendor;
use miniprogram::baidu::BAIDU;
use miniprogram::wechat::WECHAT;
use miniprogram_sim::{Callback, SimConfig};

/// A vendor, and how its callback is configured.
pub(crate) type Simulated = (Vendor, fn(SimConfig, Callback) -> SimConfig);

/// Every vendor of the simulator.
pub(crate) const SIMULATED: [Simulated; 2] =
    [(BAIDU, SimConfig::with_baidu_callback), (WECHAT, SimConfig::with_wechat_callback)];
