use std::time::Duration;

use futures::future::{Either, select};

use super::cycle::{VERSION, approved, submit};
use super::harness::{Fault, Harness, Scene};
use crate::audit::SubmitTarget;
use crate::capability::GrayReleaseSupport;
use crate::clock::Clock;
use crate::code::UploadReceipt;
use crate::command::Operation;
use crate::error::{Error, Result};
use crate::error_kind::ErrorKind;
use crate::id::{AppId, AuditId};
use crate::intent::EarlierEffect;
use crate::outcome::Evidence;
use crate::outcome::Outcome;
use crate::platform::MiniProgram;
use crate::release::{GrayRelease, ReleaseTarget, RollbackTarget};
use crate::status::VisitStatus;

/// The preconditions of an operation.
pub(super) struct Prepared {
    receipt: Option<UploadReceipt>,
    audit: Option<AuditId>,
}

/// Brings an app into a state that allows the operation.
pub(super) async fn prepare<H: Harness>(
    harness: &H,
    app: &impl MiniProgram,
    operation: Operation,
) -> Prepared {
    let id = app.app_id().clone();
    let mut prepared = Prepared { receipt: None, audit: None };
    match operation {
        Operation::SubmitAudit => {
            let upload = app.upload_code(&harness.template(), &harness.ext(&id), VERSION, "d").await;
            prepared.receipt = Some(upload.unwrap_or_else(|error| panic!("upload_code: {error:#}")).value);
            pass(harness, Duration::from_secs(30)).await;
        }
        Operation::WithdrawAudit | Operation::ExpediteAudit => {
            prepared.audit = Some(submit(harness, app, VERSION).await);
        }
        Operation::Release | Operation::StartGrayRelease => {
            prepared.audit = Some(approved(harness, app, VERSION).await);
        }
        Operation::CancelGrayRelease => {
            approved(harness, app, VERSION).await;
            let started = app.start_gray_release(first_share(app)).await;
            started.unwrap_or_else(|error| panic!("start_gray_release: {error:#}"));
        }
        _ => {}
    }
    prepared
}

/// Lets time pass: uploads and rollbacks take a while.
pub(super) async fn pass<H: Harness>(harness: &H, duration: Duration) {
    let clock = harness.clock();
    let _busy = clock.enter();
    clock.sleep(duration).await;
}

/// What is known of an effect that took place.
pub(super) struct Done {
    pub(super) evidence: Evidence,
    pub(super) audit: Option<AuditId>,
    pub(super) version: Option<String>,
    pub(super) earlier: Option<Box<EarlierEffect>>,
}

pub(super) async fn perform<H: Harness>(
    harness: &H,
    app: &impl MiniProgram,
    operation: Operation,
    prepared: &Prepared,
) -> Result<Done> {
    let audit = || prepared.audit.clone().expect("a prepared audit");
    let unit = |effect: crate::Effect| Done {
        evidence: effect.evidence,
        audit: None,
        version: None,
        earlier: effect.earlier,
    };
    Ok(match operation {
        Operation::UploadCode => {
            let id = app.app_id().clone();
            let effect = app.upload_code(&harness.template(), &harness.ext(&id), VERSION, "d").await?;
            Done {
                evidence: effect.evidence,
                audit: None,
                version: Some(effect.value.version),
                earlier: effect.earlier,
            }
        }
        Operation::SubmitAudit => {
            let target = SubmitTarget::Upload(prepared.receipt.clone().expect("a prepared upload"));
            let effect = app.submit_audit(&target, &harness.submit_options()).await?;
            Done {
                evidence: effect.evidence,
                audit: Some(effect.value),
                version: None,
                earlier: effect.earlier,
            }
        }
        Operation::WithdrawAudit => unit(app.withdraw_audit(&audit()).await?),
        Operation::ExpediteAudit => unit(app.expedite_audit(&audit()).await?),
        Operation::Release => unit(app.release(&ReleaseTarget::Audit(audit())).await?),
        Operation::Rollback => unit(app.rollback(&RollbackTarget::Previous).await?),
        Operation::StartGrayRelease => unit(app.start_gray_release(first_share(app)).await?),
        Operation::CancelGrayRelease => unit(app.cancel_gray_release().await?),
        Operation::SetVisitStatus => unit(app.set_visit_status(VisitStatus::Closed).await?),
        Operation::SetMinLibraryVersion => unit(app.set_min_library_version("1.1.0").await?),
        Operation::Inherent(_) => return Err(Error::unsupported(app.vendor(), operation.as_str())),
    })
}

/// The smallest share that the cases start a gray release with.
pub(super) fn first_share(app: &impl MiniProgram) -> GrayRelease {
    let share = match app.capabilities().gray_release {
        GrayReleaseSupport::Steps(steps) => steps.first().copied().expect("a step"),
        _ => 10,
    };
    GrayRelease::percentage(share)
}

pub(super) fn supports(app: &impl MiniProgram, operation: Operation) -> bool {
    let capabilities = app.capabilities();
    match operation {
        Operation::ExpediteAudit => capabilities.expedite_audit,
        Operation::StartGrayRelease | Operation::CancelGrayRelease => {
            capabilities.gray_release.is_supported()
        }
        _ => true,
    }
}

/// Every effect, every fault: the effect takes place exactly once, and the caller gets the true outcome.
pub async fn every_effect_survives_every_fault<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    for (row, operation) in Operation::ALL.into_iter().enumerate() {
        for (column, fault) in Fault::ALL.into_iter().enumerate() {
            let id = AppId::from((30_000 + row * 100 + column) as u64);
            harness.arrange(&id, Scene::App).await;
            let app = open(&id);
            if !supports(&app, operation) {
                continue;
            }
            let prepared = prepare(harness, &app, operation).await;
            harness.arrange(&id, Scene::Faulty(operation, fault, 1)).await;
            let done = perform(harness, &app, operation, &prepared)
                .await
                .unwrap_or_else(|error| panic!("{operation} with {fault:?}: a false failure: {error:#}"));
            let effects = harness.effects(&id, operation).await;
            // If no query reveals the outcome, repeating a harmless effect is the documented way to settle.
            let repeatable = operation == Operation::ExpediteAudit;
            assert!(
                effects == 1 || (repeatable && effects >= 1),
                "{operation} with {fault:?}: {effects} effects"
            );
            if !fault.takes_effect() {
                assert_eq!(done.evidence, Evidence::Answered, "{operation} with {fault:?}");
            } else if !repeatable {
                assert_ne!(done.evidence, Evidence::Answered, "{operation} with {fault:?}");
            }
            if let Some(audit) = done.audit {
                let latest = app.latest_audit().await.expect("latest_audit");
                assert_eq!(latest.audit_id, Some(audit), "{operation} with {fault:?}");
            }
            assert!(done.version.is_none_or(|version| version == VERSION));
            assert!(
                harness.journal().open_intents(&id).is_empty(),
                "{operation} with {fault:?}: an intent stayed open"
            );
        }
    }
}

/// A vendor that keeps failing leads to an error with the true outcome: nothing happened.
pub async fn lasting_failure_is_never_called_success<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    for (row, operation) in Operation::ALL.into_iter().enumerate() {
        for (column, fault) in [Fault::ErrorBefore, Fault::HangBefore].into_iter().enumerate() {
            let id = AppId::from((40_000 + row * 100 + column) as u64);
            harness.arrange(&id, Scene::App).await;
            let app = open(&id);
            if !supports(&app, operation) {
                continue;
            }
            let prepared = prepare(harness, &app, operation).await;
            harness.arrange(&id, Scene::Faulty(operation, fault, 20)).await;
            let Err(error) = perform(harness, &app, operation, &prepared).await else {
                panic!("{operation} with {fault:?}: a false success");
            };
            assert_eq!(harness.effects(&id, operation).await, 0, "{operation} with {fault:?}");
            assert!(
                matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout),
                "{operation}: {error:#}"
            );
            let told =
                if operation == Operation::ExpediteAudit { Outcome::Unknown } else { Outcome::NotDone };
            assert_eq!(error.outcome(), told, "{operation} with {fault:?}: {error:#}");
        }
    }
}

/// Runs an effect whose response hangs, and drops it after this many seconds.
pub(super) async fn drop_within<H: Harness>(
    harness: &H,
    app: &impl MiniProgram,
    operation: Operation,
    prepared: &Prepared,
) {
    let clock = harness.clock();
    let _busy = clock.enter();
    let effect = std::pin::pin!(perform(harness, app, operation, prepared));
    // Created when first polled, after the effect: until then nothing else keeps time from advancing.
    let patience = std::pin::pin!(async { clock.sleep(Duration::from_secs(3)).await });
    match select(effect, patience).await {
        Either::Left(_) => panic!("{operation} ended although its answer hangs"),
        Either::Right(_) => {}
    }
}

/// A caller that drops an effect leaves it open; the next effect on that app settles it first.
pub async fn a_dropped_effect_is_settled_by_the_next<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("5001");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let operation = Operation::SubmitAudit;
    let prepared = prepare(harness, &app, operation).await;
    harness.arrange(&id, Scene::Faulty(operation, Fault::HangAfter, 1)).await;
    drop_within(harness, &app, operation, &prepared).await;
    assert_eq!(harness.journal().open_intents(&id).len(), 1);
    app.set_visit_status(VisitStatus::Closed)
        .await
        .unwrap_or_else(|error| panic!("the next effect: {error:#}"));
    assert!(harness.journal().open_intents(&id).is_empty());
    let (_, settled) =
        harness.journal().closed_intents(&id).into_iter().rev().nth(1).expect("the settled intent");
    assert_eq!((settled.outcome, settled.evidence), (Outcome::Done, Evidence::Asked));
    assert_eq!(harness.effects(&id, operation).await, 1);
}

/// After a crash any process settles an open intent by querying; it sends no effect.
pub async fn an_open_intent_is_settled_after_a_crash<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    for (at, (fault, outcome, effects)) in
        [(Fault::HangAfter, Outcome::Done, 1), (Fault::HangBefore, Outcome::NotDone, 0)]
            .into_iter()
            .enumerate()
    {
        for (row, operation) in
            [Operation::UploadCode, Operation::SubmitAudit, Operation::Release, Operation::Rollback]
                .into_iter()
                .enumerate()
        {
            let id = AppId::from((60_000 + at * 100 + row) as u64);
            harness.arrange(&id, Scene::App).await;
            let app = open(&id);
            let prepared = prepare(harness, &app, operation).await;
            harness.arrange(&id, Scene::Faulty(operation, fault, 1)).await;
            drop_within(harness, &app, operation, &prepared).await;
            let intent = harness.journal().open_intents(&id).pop().expect("an open intent");
            let kept = serde_json::to_string(&intent).expect("an intent is serde");
            let intent = serde_json::from_str(&kept).expect("an intent is serde");
            let settled =
                app.settle(&intent).await.unwrap_or_else(|error| panic!("settle {operation}: {error:#}"));
            assert_eq!(settled.outcome, outcome, "{operation} with {fault:?}");
            assert_eq!(harness.effects(&id, operation).await, effects, "{operation} with {fault:?}");
        }
    }
}
