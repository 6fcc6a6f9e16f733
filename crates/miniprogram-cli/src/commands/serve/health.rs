//! What `/readyz` reports beside the service's own state.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use miniprogram_callback::HealthCheck;
use miniprogram_tokens::TokenManager;

/// The renewal of tokens.
#[derive(Debug)]
pub(super) struct Renewals(pub(super) TokenManager);

impl HealthCheck for Renewals {
    fn name(&self) -> &'static str {
        "renewals"
    }

    fn problem(&self) -> Option<String> {
        let state = self.0.renewals();
        if state.store_failed {
            return Some("the tokens in the store cannot be read".to_owned());
        }
        let mut problems = Vec::new();
        if state.failing > 0 {
            problems.push(format!(
                "{} tokens could not be renewed; see `miniprogram auth status`",
                state.failing
            ));
        }
        if state.unreadable > 0 {
            let problem = "tokens or tickets cannot be read; see `miniprogram store check`";
            problems.push(format!("{} {problem}", state.unreadable));
        }
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}

/// The open effects: those that cannot be read, and those that are being settled.
#[derive(Debug)]
pub(super) struct OpenEffects {
    pub(super) unreadable: Arc<AtomicUsize>,
    pub(super) settling: Arc<AtomicUsize>,
}

impl HealthCheck for OpenEffects {
    fn name(&self) -> &'static str {
        "effects"
    }

    fn problem(&self) -> Option<String> {
        let (unreadable, settling) =
            (self.unreadable.load(Ordering::Relaxed), self.settling.load(Ordering::Relaxed));
        let mut problems = Vec::new();
        if unreadable > 0 {
            problems
                .push(format!("{unreadable} open effects cannot be read; see `miniprogram effects list`"));
        }
        if settling > 0 {
            problems.push(format!("{settling} effects that were open at the start are being settled"));
        }
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}
