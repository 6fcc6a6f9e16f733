//! The table of transitions, and the diagram made from it.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::ledger::Move;
use super::state::Phase;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// Why a phase followed another.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Why {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
        }

        impl Why {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the machine name, as used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Returns what it means, in one English sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)+).trim(),)* }
            }
        }
    };
}

reasons! {
    /// The app's turn has come.
    Begun = "begun",
    /// Nothing stands in the way.
    Clear = "clear",
    /// Our version was online before we began.
    AlreadyOnline = "already_online",
    /// An audit of our version is there already.
    Adopted = "adopted",
    /// The upload took place.
    Uploaded = "uploaded",
    /// The vendor could not process the upload: it is repeated once.
    UploadFailed = "upload_failed",
    /// The vendor has processed the upload.
    Ready = "ready",
    /// The submission took place.
    Submitted = "submitted",
    /// A read shows that the audit passed.
    Approved = "approved",
    /// A read shows that the audit was rejected.
    Rejected = "rejected",
    /// The audit takes longer than the plan allows.
    Stuck = "stuck",
    /// The vendor was asked to expedite the audit.
    Expedited = "expedited",
    /// The vendor refused to expedite or to withdraw: the verdict may have come first.
    MeasureRefused = "measure_refused",
    /// The audit was withdrawn.
    Withdrawn = "withdrawn",
    /// The gray step took place.
    GrayStarted = "gray_started",
    /// The bake time is over, and the gate has passed if there is one.
    Baked = "baked",
    /// A person ended the bake time or overruled the gate.
    Promoted = "promoted",
    /// The vendor has confirmed the effect.
    Sent = "sent",
    /// A read shows our version online.
    Online = "online",
    /// A read shows another version online than ours.
    Back = "back",
    /// A call found the state other than expected.
    Unexpected = "unexpected",
    /// A read does not explain why: the call is repeated.
    Unexplained = "unexplained",
    /// A read shows what has to be taken back.
    Found = "found",
    /// Two reads, or the preflight, show that somebody else acted on the app.
    Foreign = "foreign",
    /// The vendor refused for good.
    Refused = "refused",
    /// The merchant's authorization is not valid.
    Revoked = "revoked",
    /// An order, a failed gate or a newer rollout takes the app out.
    Left = "left",
    /// A person has given up what the vendor refuses or does not show.
    GivenUp = "given_up",
    /// A person begins again.
    Retried = "retried",
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

const fn row(from: Phase, why: Why, to: Phase) -> Move {
    Move { from, why, to }
}

/// Every transition that there is, in the order of the phases. The tests prove that the machine makes each of them,
/// and no other.
pub static TRANSITIONS: &[Move] = {
    use Phase::*;
    &[
        row(Waiting, Why::Begun, Preflight),
        row(Waiting, Why::Revoked, Failed),
        row(Waiting, Why::Left, Skipped),
        row(Waiting, Why::Left, Aborted),
        row(Waiting, Why::Left, Superseded),
        row(Preflight, Why::Clear, Uploading),
        row(Preflight, Why::AlreadyOnline, Released),
        row(Preflight, Why::Adopted, InReview),
        row(Preflight, Why::Foreign, Failed),
        row(Preflight, Why::Refused, Failed),
        row(Preflight, Why::Revoked, Failed),
        row(Preflight, Why::Left, Skipped),
        row(Preflight, Why::Left, Aborted),
        row(Preflight, Why::Left, Superseded),
        row(Preflight, Why::Retried, Preflight),
        row(Uploading, Why::Uploaded, Processing),
        row(Uploading, Why::Unexpected, Looking),
        row(Uploading, Why::Refused, Failed),
        row(Uploading, Why::Revoked, Failed),
        row(Uploading, Why::Left, Skipped),
        row(Uploading, Why::Left, Aborted),
        row(Uploading, Why::Left, Superseded),
        row(Uploading, Why::Retried, Preflight),
        row(Processing, Why::UploadFailed, Uploading),
        row(Processing, Why::UploadFailed, Failed),
        row(Processing, Why::Ready, Submitting),
        row(Processing, Why::Refused, Failed),
        row(Processing, Why::Revoked, Failed),
        row(Processing, Why::Left, Skipped),
        row(Processing, Why::Left, Aborted),
        row(Processing, Why::Left, Superseded),
        row(Processing, Why::Retried, Preflight),
        row(Submitting, Why::Submitted, InReview),
        row(Submitting, Why::Unexpected, Looking),
        row(Submitting, Why::Revoked, Failed),
        row(Submitting, Why::Left, Skipped),
        row(Submitting, Why::Left, Aborted),
        row(Submitting, Why::Left, Superseded),
        row(Submitting, Why::Retried, Preflight),
        row(InReview, Why::Approved, StartingGray),
        row(InReview, Why::Approved, Releasing),
        row(InReview, Why::Rejected, Rejected),
        row(InReview, Why::Stuck, Expediting),
        row(InReview, Why::Stuck, Withdrawing),
        row(InReview, Why::Unexpected, Looking),
        row(InReview, Why::Foreign, Failed),
        row(InReview, Why::Revoked, Failed),
        row(InReview, Why::Left, Withdrawing),
        row(Expediting, Why::Expedited, InReview),
        row(Expediting, Why::MeasureRefused, InReview),
        row(Expediting, Why::Revoked, Failed),
        row(Expediting, Why::Left, Withdrawing),
        row(Withdrawing, Why::MeasureRefused, InReview),
        row(Withdrawing, Why::Withdrawn, Submitting),
        row(Withdrawing, Why::Unexpected, Looking),
        row(Withdrawing, Why::Revoked, Failed),
        row(Withdrawing, Why::Left, Skipped),
        row(Withdrawing, Why::Left, Aborted),
        row(Withdrawing, Why::Left, Superseded),
        row(Withdrawing, Why::GivenUp, Skipped),
        row(StartingGray, Why::GrayStarted, Baking),
        row(StartingGray, Why::Unexpected, Looking),
        row(StartingGray, Why::Revoked, Failed),
        row(StartingGray, Why::Left, CancellingGray),
        row(StartingGray, Why::Left, Skipped),
        row(StartingGray, Why::Left, Aborted),
        row(StartingGray, Why::Left, Superseded),
        row(Baking, Why::Baked, StartingGray),
        row(Baking, Why::Baked, Releasing),
        row(Baking, Why::Promoted, StartingGray),
        row(Baking, Why::Promoted, Releasing),
        row(Baking, Why::Revoked, Failed),
        row(Baking, Why::Left, CancellingGray),
        row(Releasing, Why::Sent, Confirming),
        row(Releasing, Why::Unexpected, Looking),
        row(Releasing, Why::Revoked, Failed),
        row(Releasing, Why::Left, CancellingGray),
        row(Releasing, Why::Left, Skipped),
        row(Releasing, Why::Left, Aborted),
        row(Releasing, Why::Left, Superseded),
        row(Confirming, Why::Online, Observing),
        row(Confirming, Why::Online, RollingBack),
        row(Confirming, Why::Online, Released),
        row(Confirming, Why::Foreign, Failed),
        row(Confirming, Why::Revoked, Failed),
        row(Confirming, Why::GivenUp, Skipped),
        row(Observing, Why::Baked, Released),
        row(Observing, Why::Promoted, Released),
        row(Observing, Why::Revoked, Failed),
        row(Observing, Why::Left, BeforeRollback),
        row(Observing, Why::Left, Released),
        row(Looking, Why::Adopted, InReview),
        row(Looking, Why::GrayStarted, Baking),
        row(Looking, Why::Online, Observing),
        row(Looking, Why::Online, RollingBack),
        row(Looking, Why::Online, Released),
        row(Looking, Why::Unexplained, Uploading),
        row(Looking, Why::Unexplained, Submitting),
        row(Looking, Why::Unexplained, StartingGray),
        row(Looking, Why::Unexplained, Releasing),
        row(Looking, Why::Found, Withdrawing),
        row(Looking, Why::Found, CancellingGray),
        row(Looking, Why::Foreign, Failed),
        row(Looking, Why::Refused, Failed),
        row(Looking, Why::Revoked, Failed),
        row(Looking, Why::Left, Failed),
        row(Looking, Why::Left, Skipped),
        row(Looking, Why::Left, Aborted),
        row(Looking, Why::Left, Superseded),
        row(Looking, Why::GivenUp, Skipped),
        row(CancellingGray, Why::Unexpected, Looking),
        row(CancellingGray, Why::Revoked, Failed),
        row(CancellingGray, Why::Left, Failed),
        row(CancellingGray, Why::Left, Skipped),
        row(CancellingGray, Why::Left, Aborted),
        row(CancellingGray, Why::Left, Superseded),
        row(CancellingGray, Why::GivenUp, Skipped),
        row(BeforeRollback, Why::Online, RollingBack),
        row(BeforeRollback, Why::Back, Failed),
        row(BeforeRollback, Why::Back, RolledBack),
        row(BeforeRollback, Why::Foreign, Failed),
        row(BeforeRollback, Why::Revoked, Failed),
        row(BeforeRollback, Why::GivenUp, Released),
        row(RollingBack, Why::Sent, AfterRollback),
        row(RollingBack, Why::Unexpected, BeforeRollback),
        row(RollingBack, Why::Revoked, Failed),
        row(RollingBack, Why::GivenUp, Released),
        row(AfterRollback, Why::Back, Failed),
        row(AfterRollback, Why::Back, RolledBack),
        row(AfterRollback, Why::Revoked, Failed),
        row(AfterRollback, Why::GivenUp, Skipped),
        row(Released, Why::Left, BeforeRollback),
        row(Rejected, Why::Left, Skipped),
        row(Rejected, Why::Left, Superseded),
        row(Rejected, Why::Retried, Preflight),
        row(Failed, Why::Left, Skipped),
        row(Failed, Why::Left, Superseded),
        row(Failed, Why::Retried, Preflight),
        row(Skipped, Why::Retried, Preflight),
        row(Aborted, Why::Retried, Preflight),
        row(RolledBack, Why::Retried, Preflight),
    ]
};

/// Returns the diagram as a mermaid `stateDiagram-v2`. Transitions between the same two phases are one arrow, and one
/// that leads out of every phase that is under way is drawn once.
#[must_use]
pub fn mermaid() -> String {
    let is_under_way = |phase: &&Phase| !phase.is_end() && **phase != Phase::Waiting;
    let is_common = |row: &Move| row.why == Why::Revoked && row.from != Phase::Waiting;
    let mut text = String::from("stateDiagram-v2\n    [*] --> waiting\n    state underway {\n");
    for phase in Phase::ALL.iter().filter(is_under_way) {
        let _ = writeln!(text, "        {phase}");
    }
    let _ = writeln!(text, "    }}\n    underway --> failed: {}", Why::Revoked);
    for from in Phase::ALL {
        for to in Phase::ALL {
            let between =
                TRANSITIONS.iter().filter(|row| (row.from, row.to) == (*from, *to) && !is_common(row));
            let reasons = between.map(|row| row.why.as_str()).collect::<Vec<_>>();
            if !reasons.is_empty() {
                let _ = writeln!(text, "    {from} --> {to}: {}", reasons.join(", "));
            }
        }
    }
    for end in Phase::ALL.iter().filter(|phase| phase.is_end()) {
        let _ = writeln!(text, "    {end} --> [*]");
    }
    text
}

/// Returns the page `docs/rollout-states.md`: the diagram, the phases and the reasons.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# The states of an app\n\n\
         Generated from `machine::TRANSITIONS`. Beside its phase an app may be paused, or need a person: it then stays \
         in its phase, and goes on from there.\n\n",
    );
    let _ = writeln!(text, "```mermaid\n{}```\n\n| phase | meaning |\n|---|---|", mermaid());
    for phase in Phase::ALL {
        let _ = writeln!(text, "| `{phase}` | {} |", phase.meaning());
    }
    let _ = writeln!(text, "\n| reason | meaning |\n|---|---|");
    for why in Why::ALL {
        let _ = writeln!(text, "| `{why}` | {} |", why.meaning());
    }
    text
}
