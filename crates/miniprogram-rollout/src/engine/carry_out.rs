//! Carries an action out, and returns its result as an input.

use std::sync::Arc;

use miniprogram_core::{Error, ErrorKind, MiniProgram, Outcome, Permit, Result};

use super::gate::{GateRequest, HealthGate};
use super::lease::Lease;
use crate::machine::{Action, Answer, Gated, Health, Input, Offers, Performed, Read, Survey, Target};

/// What an action needs.
pub(super) struct Job {
    pub(super) rollout: String,
    pub(super) app: Box<dyn MiniProgram>,
    pub(super) target: Target,
    pub(super) action: Action,
    pub(super) gate: Arc<dyn HealthGate>,
    pub(super) lease: Arc<Lease>,
}

impl Job {
    /// Returns none if the lease was over before an effect was sent, or an answer read: nothing has changed then.
    pub(super) async fn carry_out(self) -> Option<Input> {
        let Self { rollout, app, target, action, gate, lease } = self;
        Some(match action {
            Action::Effect(command) => {
                let operation = command.operation();
                let performed = app.perform_while(command, Permit::new(&|| lease.is_held())).await;
                if performed.as_ref().is_err_and(is_late) {
                    return None;
                }
                Input::Performed(Box::new(Performed::new(operation, performed)))
            }
            Action::Read(read) => {
                let answer = lease.reading(answer(&*app, &target, read)).await?;
                Input::Answered(Box::new(answer))
            }
            Action::Gate { percentage } => {
                let request = GateRequest {
                    rollout,
                    vendor: target.vendor,
                    app_id: target.app_id,
                    version: target.version,
                    percentage,
                };
                Input::Gated(gate.check(&request).await)
            }
        })
    }
}

/// Returns whether an effect was not sent because the lease was over.
fn is_late(error: &Error) -> bool {
    error.kind() == ErrorKind::Cancelled && error.outcome() == Outcome::NotSent
}

async fn answer(app: &dyn MiniProgram, target: &Target, read: Read) -> Answer {
    match read {
        Read::Preflight => Answer::new(survey(app, target, false).await, |survey| {
            Answer::Preflight(survey, Offers::from(app.capabilities()))
        }),
        Read::Survey { gray } => Answer::new(survey(app, target, gray).await, Answer::Survey),
        Read::Upload(receipt) => Answer::new(app.upload_progress(&receipt).await, Answer::Upload),
        Read::Audit(audit) => Answer::new(app.audit_status(&audit).await, Answer::Audit),
    }
}

async fn survey(app: &dyn MiniProgram, target: &Target, gray: bool) -> Result<Survey> {
    let plan = if gray { app.gray_release_plan().await? } else { None };
    Ok(Survey::new(&app.code_versions().await?, target).with_gray(plan.as_ref()))
}

/// Returns the result of an action that panicked, if that can be said: a gate knows nothing. Whether an effect was sent
/// is not known; carrying it out again settles it.
pub(super) fn after_a_panic(action: &Action) -> Option<Input> {
    let note = "the gate panicked".to_owned();
    matches!(action, Action::Gate { .. }).then(|| Input::Gated(Gated::new(Health::Inconclusive, Some(note))))
}
