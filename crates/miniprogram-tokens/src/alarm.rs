//! Alarms that require a person's attention.

use std::fmt::Debug;

use miniprogram_core::token::TokenScope;

/// A problem with a token that lasts until it is resolved by a person, or over time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// Refresh and recovery were refused: the merchant has to authorize again. Raised once; the state persists.
    NeedsReauthorization {
        /// The scope of the tokens.
        scope: TokenScope,
    },
    /// The vendor issued tokens that could not be stored. They are kept in memory and the write is retried: do
    /// not end the process before [`TokenSaved`](Self::TokenSaved), and repair the store.
    UnsavedToken {
        /// The scope of the tokens.
        scope: TokenScope,
    },
    /// Tokens that could not be stored are now in the store, or are no longer needed: another process has stored
    /// newer ones, or the store refuses them permanently, and the next renewal recovers.
    TokenSaved {
        /// The scope of the tokens.
        scope: TokenScope,
    },
}

/// A destination for alarms.
pub trait AlarmSink: Debug + Send + Sync + 'static {
    /// Forwards an alarm. Called on the runtime, so it must not block.
    fn raise(&self, alarm: &Alarm);
}

/// Writes alarms to the log at error level, and the all-clear at info level.
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
