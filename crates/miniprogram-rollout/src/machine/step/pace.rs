use std::time::Duration;

use super::Run;
use crate::machine::policy::Polling;

impl Run<'_> {
    /// The interval of this attempt: doubled each time up to the longest, less a jitter of up to a quarter. The jitter
    /// follows from the app, the phase and the attempt, so that apps that began together do not stay together.
    pub(super) fn pace(&self, polling: Polling) -> Duration {
        let doubled =
            polling.first.saturating_mul(1_u32.checked_shl(self.state.attempt.into()).unwrap_or(u32::MAX));
        let span = doubled.min(polling.longest.max(polling.first));
        let app = self.target.app_id.as_str().bytes();
        let seed = app.chain(self.state.phase.as_str().bytes()).chain(self.state.attempt.to_le_bytes());
        span - span / 4 * (hash(seed) % 1024) / 1024
    }
}

/// FNV-1a, folded: a few well-mixed bits are all that is needed.
fn hash(bytes: impl Iterator<Item = u8>) -> u32 {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    ((hash >> 32) ^ hash) as u32
}
