//! The rules, one test each.

mod course;
mod orders;
mod others;
mod troubles;
mod verdicts;

use super::*;

fn with_gray() -> Policy {
    Policy { gray: vec![GrayStep::new(10, HOUR), GrayStep::new(50, 2 * HOUR)], ..Policy::default() }
}

fn with_gate() -> Policy {
    Policy { gate: true, bake_after_release: HOUR, ..with_gray() }
}

fn baking(policy: Policy) -> App {
    let mut app = approved(policy);
    app.tell_all([done(Operation::StartGrayRelease)]);
    app
}

/// The state, as a person would put it.
fn shown(app: &App) -> String {
    let mut text = app.phase().to_string();
    if let Some(action) = app.action() {
        text += &match action {
            Action::Effect(command) => format!(" ! {}", command.operation()),
            other => format!(" ? {}", other.class()),
        };
    }
    if let Some(need) = app.state.need {
        text += &format!(" needs {need:?}");
    }
    if app.state.paused {
        text += " paused";
    }
    text
}
