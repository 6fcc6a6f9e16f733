//! What failed and what waits for a person, by cause and by whose move it is.

use std::collections::HashMap;

use miniprogram_core::{AppId, Code, ErrorKind, Vendor};

use super::EXAMPLES;
use super::masking::Masking;
use crate::machine::{AppState, Cause, Foreign, Mover, Need, Phase};

/// Why an app failed, or waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reason {
    Rejected,
    Unauthorized,
    Refused(ErrorKind),
    UploadFailed,
    GateFailed,
    ReleasedOurs,
    ReleasedAnother,
    SubmittedAnother,
    Withdrew,
    ChangedGray,
    /// It has failed, and its state does not say why.
    Unexplained,
    /// It has not ended, and a person has to look at it.
    Needs(Need),
}

/// Apps of a vendor with the same reason and the same code.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) vendor: Vendor,
    pub(super) reason: Reason,
    pub(super) mover: Mover,
    pub(super) code: Option<Code>,
    pub(super) apps: u64,
    /// The first apps, and what the vendor or the gate said about each.
    pub(super) examples: Vec<(AppId, Option<String>)>,
}

/// Groups failures. There are as many groups as different reasons and codes.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<(Vendor, Reason, Mover, Option<Code>), Failure>);

impl Failures {
    pub(super) fn add(&mut self, vendor: Vendor, app: &AppId, state: &AppState, masking: &Masking) {
        let Some((reason, code, said)) = reason(state) else { return };
        let mover = state.mover().unwrap_or(Mover::Platform);
        let key = (vendor, reason, mover, code.clone());
        let empty = || Failure { vendor, reason, mover, code, apps: 0, examples: Vec::new() };
        let failure = self.0.entry(key).or_insert_with(empty);
        failure.apps += 1;
        if failure.examples.len() < EXAMPLES {
            let said = said.filter(|said| !said.is_empty()).map(|said| masking.text(vendor, app, said));
            failure.examples.push((app.clone(), said));
        }
    }

    /// Returns the groups, the largest first.
    pub(super) fn sorted(self) -> Vec<Failure> {
        let mut failures: Vec<_> = self.0.into_values().collect();
        let text = |failure: &Failure| format!("{:?} {:?}", failure.reason, failure.code);
        failures.sort_by(|a, b| {
            let same = || a.vendor.cmp(&b.vendor).then_with(|| text(a).cmp(&text(b)));
            b.apps.cmp(&a.apps).then_with(same)
        });
        failures
    }
}

/// The reason, the vendor's code, and what the vendor or the gate said; none if nothing is wrong.
fn reason(state: &AppState) -> Option<(Reason, Option<Code>, Option<&str>)> {
    let trouble = state.facts.as_ref().and_then(|facts| facts.trouble.as_deref());
    let code = trouble.and_then(|trouble| trouble.code.clone());
    let message = trouble.map(|trouble| trouble.message.as_str());
    Some(match (state.phase, state.cause()) {
        (Phase::Rejected, _) => {
            (Reason::Rejected, None, state.verdict().and_then(|verdict| verdict.reason.as_deref()))
        }
        (Phase::Failed, Some(cause)) => match cause {
            Cause::Unauthorized => (Reason::Unauthorized, code, message),
            Cause::Refused(kind) => (Reason::Refused(*kind), code, message),
            Cause::UploadFailed { code, reason } => (Reason::UploadFailed, code.clone(), Some(reason)),
            Cause::GateFailed { note } => (Reason::GateFailed, None, note.as_deref()),
            Cause::Foreign(foreign) => match foreign {
                Foreign::ReleasedOurs => (Reason::ReleasedOurs, None, None),
                Foreign::Released { version } => (Reason::ReleasedAnother, None, version.as_deref()),
                Foreign::Submitted { version } => (Reason::SubmittedAnother, None, version.as_deref()),
                Foreign::Withdrew => (Reason::Withdrew, None, None),
                Foreign::ChangedGray { .. } => (Reason::ChangedGray, None, None),
            },
            Cause::Superseded { .. } => (Reason::Unexplained, None, None),
        },
        (Phase::Failed, None) => (Reason::Unexplained, code, message),
        (phase, _) if !phase.is_end() => (Reason::Needs(state.need?), code, message),
        _ => return None,
    })
}
