//! A field that is not reported proves nothing, and a repeated call returns the outcome of the first.

use super::harness::{Fault, Harness, Scene, Untold};
use super::outcomes::{drop_within, pass, perform, prepare, supports};
use crate::command::Operation;
use crate::id::AppId;
use crate::outcome::Evidence;
use crate::outcome::Outcome;
use crate::platform::MiniProgram;
use crate::status::VisitStatus;
use std::time::Duration;

/// No query reveals whether an audit is expedited, so it does not matter what its reads report.
fn is_told_by_no_query(operation: Operation) -> bool {
    operation == Operation::ExpediteAudit
}

/// After a lost response the state does not reveal the outcome of the effect. The outcome is unknown or proved by
/// other evidence, and nothing is sent. As soon as the state is reported, the same call returns the outcome of
/// the first.
pub async fn a_state_that_does_not_say_proves_nothing<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let faults = [Fault::ResetAfter, Fault::ResetBefore];
    let scenes = faults.into_iter().flat_map(|fault| Untold::ALL.map(|untold| (fault, untold)));
    for (row, operation) in Operation::ALL.into_iter().enumerate() {
        for (column, (fault, untold)) in scenes.clone().enumerate() {
            let scene = format!("{operation} with {fault:?}, {untold:?}");
            let id = AppId::from((70_000 + row * 100 + column) as u64);
            harness.arrange(&id, Scene::App).await;
            let app = open(&id);
            if !supports(&app, operation) || is_told_by_no_query(operation) {
                continue;
            }
            let prepared = prepare(harness, &app, operation).await;
            harness.arrange(&id, Scene::Silent(operation, fault, untold)).await;
            let first = perform(harness, &app, operation, &prepared).await;
            let happened = harness.effects(&id, operation).await;
            assert_eq!(
                happened,
                u64::from(fault.takes_effect()),
                "{scene}: something was sent on no evidence"
            );
            match first {
                Ok(_) => assert!(fault.takes_effect(), "{scene}: a false success"),
                Err(error) => {
                    assert_eq!(error.outcome(), Outcome::Unknown, "{scene}: {error:#}");
                    let intent = error.intent().unwrap_or_else(|| panic!("{scene}: no intent: {error:#}"));
                    assert_eq!((intent.operation, intent.subject.app()), (operation, Some(&id)), "{scene}");
                    harness.arrange(&id, Scene::Told).await;
                    let again = perform(harness, &app, operation, &prepared)
                        .await
                        .unwrap_or_else(|error| panic!("{scene}: the same call again: {error:#}"));
                    let evidence = if fault.takes_effect() { Evidence::Asked } else { Evidence::Answered };
                    assert_eq!(again.evidence, evidence, "{scene}");
                    let earlier = again.earlier.map(|earlier| earlier.settled.outcome);
                    let not_done = (!fault.takes_effect()).then_some(Outcome::NotDone);
                    assert_eq!(earlier, not_done, "{scene}: what became of the first");
                }
            }
            assert_eq!(harness.effects(&id, operation).await, 1, "{scene}");
            assert!(harness.journal().open_intents(&id).is_empty(), "{scene}: an intent stayed open");
        }
    }
}

/// A call whose caller went away is repeated through the same platform value and, via the journal, through
/// another one. It returns the result of the first call, including the value, and nothing is sent.
pub async fn a_repeated_call_returns_what_became_of_the_first<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    for (row, operation) in Operation::ALL.into_iter().enumerate() {
        for (column, elsewhere) in [false, true].into_iter().enumerate() {
            let scene = format!("{operation}, through another platform value: {elsewhere}");
            let id = AppId::from((80_000 + row * 100 + column) as u64);
            harness.arrange(&id, Scene::App).await;
            let app = open(&id);
            if !supports(&app, operation) || is_told_by_no_query(operation) {
                continue;
            }
            let prepared = prepare(harness, &app, operation).await;
            harness.arrange(&id, Scene::Faulty(operation, Fault::HangAfter, 1)).await;
            drop_within(harness, &app, operation, &prepared).await;
            // By then an effect that takes a while is visible.
            pass(harness, Duration::from_secs(30)).await;
            let again = if elsewhere {
                let other = harness.another_platform().authorizer(id.clone());
                perform(harness, &other, operation, &prepared).await
            } else {
                perform(harness, &app, operation, &prepared).await
            };
            let again = again.unwrap_or_else(|error| panic!("{scene}: {error:#}"));
            assert_eq!(again.evidence, Evidence::Asked, "{scene}");
            assert_eq!(harness.effects(&id, operation).await, 1, "{scene}");
            if operation == Operation::SubmitAudit {
                let latest = app.latest_audit().await.expect("latest_audit");
                assert_eq!(again.audit, latest.audit_id, "{scene}");
            }
            assert!(harness.journal().open_intents(&id).is_empty(), "{scene}: an intent stayed open");
        }
    }
}

/// Another command settles the effect that the first left open, is performed, and reports the outcome of the
/// first.
pub async fn an_earlier_effect_is_told_beside_another<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    for (column, (fault, outcome)) in
        [(Fault::HangAfter, Outcome::Done), (Fault::HangBefore, Outcome::NotDone)].into_iter().enumerate()
    {
        let id = AppId::from((90_000 + column) as u64);
        harness.arrange(&id, Scene::App).await;
        let app = open(&id);
        let operation = Operation::SubmitAudit;
        let prepared = prepare(harness, &app, operation).await;
        harness.arrange(&id, Scene::Faulty(operation, fault, 1)).await;
        drop_within(harness, &app, operation, &prepared).await;
        let other = app.set_visit_status(VisitStatus::Closed).await;
        let other = other.unwrap_or_else(|error| panic!("with {fault:?}: {error:#}"));
        let earlier = other.earlier.unwrap_or_else(|| panic!("with {fault:?}: nothing is told"));
        assert_eq!((earlier.intent.operation, earlier.settled.outcome), (operation, outcome));
    }
}
