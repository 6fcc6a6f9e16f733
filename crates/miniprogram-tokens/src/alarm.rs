//! What a person has to hear of.

use std::fmt::Debug;

use miniprogram_core::TokenScope;

/// Something that goes wrong with a token until a person, or time, sets it right.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// Refresh and recovery were refused: the merchant has to authorize again. Raised once; the state stays.
    NeedsReauthorization {
        /// Whose tokens.
        scope: TokenScope,
    },
    /// The vendor issued tokens that the store cannot take. They are kept in memory and tried again: do not end the
    /// process before [`TokenSaved`](Self::TokenSaved), and repair the store.
    UnsavedToken {
        /// Whose tokens.
        scope: TokenScope,
    },
    /// Tokens that could not be written down are in the store now, or are of no more use: another process has put newer
    /// ones there, or the store refuses them for good, and the next renewal recovers.
    TokenSaved {
        /// Whose tokens.
        scope: TokenScope,
    },
}

/// Where alarms go.
pub trait AlarmSink: Debug + Send + Sync + 'static {
    /// Passes an alarm on. Called on the runtime: it must not block.
    fn raise(&self, alarm: &Alarm);
}

/// Writes alarms to the log: at error, the all-clear at info.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogAlarms;

impl AlarmSink for LogAlarms {
    fn raise(&self, alarm: &Alarm) {
        match alarm {
            Alarm::NeedsReauthorization { scope } => {
                tracing::error!(vendor = %scope.vendor, platform = %scope.platform, token = %scope, "the merchant has to authorize again");
            }
            Alarm::UnsavedToken { scope } => {
                tracing::error!(vendor = %scope.vendor, platform = %scope.platform, token = %scope, "a new token could not be stored; it is kept in memory and tried again");
            }
            Alarm::TokenSaved { scope } => {
                tracing::info!(vendor = %scope.vendor, platform = %scope.platform, token = %scope, "a token that could not be stored is stored now");
            }
        }
    }
}
