//! A fleet of both vendors under faults: whatever callers are told agrees with the truth.

use std::sync::Arc;

use futures::StreamExt;
use miniprogram::model::UploadReceipt;
use miniprogram::*;
use miniprogram_core::conformance::{Fault, Harness, Scene};
use miniprogram_sim::{AuditPolicy, FaultRule, Scope, SimConfig};

use crate::harness::{BaiduHarness, WeChatHarness, simulated};

const APPS_PER_VENDOR: u64 = 500;
const CONCURRENCY: usize = 64;
const ROUNDS: usize = 3;
const VERSION: &str = "3.0.0";

/// What a caller knows about one app after a round.
#[derive(Debug, Default, Clone)]
struct Progress {
    receipt: Option<UploadReceipt>,
    audit: Option<AuditId>,
    released: bool,
    failures: Vec<(Operation, Outcome)>,
}

/// One round over one app, continuing where the previous one stopped: the same code for both vendors.
async fn drive(
    app: &dyn MiniProgram,
    template: &TemplateId,
    ext: &ExtJson,
    options: &SubmitOptions,
    progress: &mut Progress,
) {
    if progress.receipt.is_none() {
        match app.upload_code(template, ext, VERSION, "fleet").await {
            Ok(effect) => progress.receipt = Some(effect.value),
            Err(error) => return progress.failures.push((Operation::UploadCode, error.outcome())),
        }
    }
    if let (None, Some(receipt)) = (&progress.audit, &progress.receipt) {
        match app.submit_audit(&SubmitTarget::Upload(receipt.clone()), options).await {
            Ok(effect) => progress.audit = Some(effect.value),
            Err(error) => return progress.failures.push((Operation::SubmitAudit, error.outcome())),
        }
    }
    if let (false, Some(audit)) = (progress.released, &progress.audit) {
        match app.audit_status(audit).await {
            Ok(status) if status.status == AuditStatus::Approved => {}
            _ => return,
        }
        match app.release(&ReleaseTarget::Audit(audit.clone())).await {
            Ok(_) => progress.released = true,
            Err(error) => progress.failures.push((Operation::Release, error.outcome())),
        }
    }
}

fn faults() -> Vec<FaultRule> {
    let of = |probability, scope: &Scope, fault| {
        FaultRule::probability(probability, scope.clone(), simulated(fault))
    };
    let (all, effects) = (Scope::All, Scope::Effects);
    vec![
        of(0.025, &all, Fault::ErrorBefore),
        of(0.025, &all, Fault::ErrorAfter),
        of(0.025, &all, Fault::BusyBefore),
        of(0.025, &all, Fault::BusyAfter),
        of(0.02, &effects, Fault::HangAfter),
        of(0.005, &all, Fault::ResetBefore),
        of(0.005, &all, Fault::ResetAfter),
    ]
}

async fn run(harness: &impl Harness, first: u64, truth: impl Fn(&AppId) -> Option<String>) -> usize {
    let ids: Vec<AppId> = (first..first + APPS_PER_VENDOR).map(AppId::from).collect();
    for id in &ids {
        harness.arrange(id, Scene::App).await;
    }
    let mut fleet: Vec<(AppId, Progress)> = ids.into_iter().map(|id| (id, Progress::default())).collect();
    for _ in 0..ROUNDS {
        fleet = futures::stream::iter(fleet)
            .map(|(id, mut progress)| async move {
                let app: Arc<dyn MiniProgram> = Arc::from(harness.platform().authorizer(id.clone()));
                if !progress.released {
                    drive(
                        &*app,
                        &harness.template(),
                        &harness.ext(&id),
                        &harness.submit_options(),
                        &mut progress,
                    )
                    .await;
                }
                (id, progress)
            })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
    }
    let mut wrong = Vec::new();
    let mut released = 0;
    for (id, progress) in &fleet {
        let told = [
            (Operation::UploadCode, progress.receipt.is_some()),
            (Operation::SubmitAudit, progress.audit.is_some()),
            (Operation::Release, progress.released),
        ];
        for (operation, done) in told {
            let effects = harness.effects(id, operation).await;
            let not_done = progress.failures.iter().any(|(failed, outcome)| {
                *failed == operation && matches!(outcome, Outcome::NotSent | Outcome::NotDone)
            });
            // A refusal followed by a success in a later round is one effect; an unknown outcome claims nothing.
            let right = if done { effects == 1 } else { !not_done || effects == 0 };
            if !right {
                wrong.push(format!(
                    "{id} {operation}: told done={done}, {effects} effects, {:?}",
                    progress.failures
                ));
            }
        }
        if progress.released {
            released += 1;
            assert_eq!(truth(id).as_deref(), Some(VERSION), "{id} is released, but not online");
        }
    }
    assert!(wrong.is_empty(), "{} wrong results:\n{}", wrong.len(), wrong.join("\n"));
    released
}

fn config(seed: u64) -> SimConfig {
    SimConfig::new()
        .with_seed(seed)
        .with_faults(faults())
        .with_audit_policy(AuditPolicy::approve_after(std::time::Duration::from_millis(1)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_of_both_vendors_ends_as_it_is_told() {
    let seed = std::env::var("MINIPROGRAM_FLEET_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    println!("seed {seed} (set MINIPROGRAM_FLEET_SEED to draw others)");
    let wechat = WeChatHarness::start_with(config(seed)).await;
    let baidu = BaiduHarness::start_with(config(seed)).await;
    let online = |sim: &miniprogram_sim::Simulator, id: &AppId| {
        sim.truth(id).ok()?.online.map(|online| online.version)
    };
    let (wechat_released, baidu_released) = tokio::join!(
        run(&wechat, 100_000, |id| online(&wechat.rig.sim, id)),
        run(&baidu, 200_000, |id| online(&baidu.rig.sim, id)),
    );
    println!("released: {wechat_released} at WeChat, {baidu_released} at Baidu, of {APPS_PER_VENDOR} each");
    assert!(
        wechat_released > 450 && baidu_released > 450,
        "most of the fleet gets there: {wechat_released}, {baidu_released}"
    );
}
