use super::harness::{Decision, Harness, Scene};
use crate::audit::SubmitTarget;
use crate::capability::GrayReleaseSupport;
use crate::code::{QrCodeOptions, UploadProgress};
use crate::command::Operation;
use crate::error_kind::ErrorKind;
use crate::event::EventKind;
use crate::id::{AppId, AuditId};
use crate::outcome::Evidence;
use crate::outcome::Outcome;
use crate::platform::MiniProgram;
use crate::release::{GrayRelease, ReleaseTarget, RollbackTarget};
use crate::status::{AuditStatus, GrayStatus, Stage, VisitStatus};

pub(super) const VERSION: &str = "2.5.0";

/// Uploads [`VERSION`] and submits it.
pub(super) async fn submit<H: Harness>(harness: &H, app: &impl MiniProgram, version: &str) -> AuditId {
    let id = app.app_id().clone();
    let upload = app
        .upload_code(&harness.template(), &harness.ext(&id), version, "秋季活动")
        .await
        .unwrap_or_else(|error| panic!("upload_code: {error:#}"));
    let submitted = app
        .submit_audit(&SubmitTarget::Upload(upload.value), &harness.submit_options())
        .await
        .unwrap_or_else(|error| panic!("submit_audit: {error:#}"));
    submitted.value
}

/// Uploads and submits [`VERSION`], and has it approved.
pub(super) async fn approved<H: Harness>(harness: &H, app: &impl MiniProgram, version: &str) -> AuditId {
    let audit = submit(harness, app, version).await;
    harness.arrange(app.app_id(), Scene::Decided(Decision::Approve)).await;
    audit
}

/// Returns the version that users see.
pub(super) async fn online(app: &impl MiniProgram) -> Option<String> {
    let versions = app.code_versions().await.unwrap_or_else(|error| panic!("code_versions: {error:#}"));
    versions.into_iter().find(|version| version.stage == Stage::Released).and_then(|version| version.version)
}

async fn last_event<H: Harness>(harness: &H, app: &AppId) -> crate::event::Event<'static> {
    let decoder =
        harness.platform().event_decoder().unwrap_or_else(|error| panic!("event_decoder: {error:#}"));
    let mut push = harness.pushes(app).await.pop().expect("a push about the app");
    decoder.decode(push.as_push()).unwrap_or_else(|error| panic!("decode: {error:#}")).into_owned()
}

/// Upload, audit, callback, release and rollback, each exactly once.
pub async fn release_cycle<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("1001");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let before = online(&app).await.expect("a version online");

    let audit = submit(harness, &app, VERSION).await;
    let status = app.audit_status(&audit).await.expect("audit_status");
    assert_eq!((status.status, status.audit_id.as_ref()), (AuditStatus::InReview, Some(&audit)));
    assert_eq!(app.latest_audit().await.expect("latest_audit").audit_id.as_ref(), Some(&audit));

    harness.arrange(&id, Scene::Decided(Decision::Approve)).await;
    let event = last_event(harness, &id).await;
    assert_eq!(event.kind, EventKind::AuditApproved);
    if app.capabilities().app_id_in_pushes {
        assert_eq!(event.app_id.as_ref(), Some(&id));
    } else {
        assert_eq!(event.app_id, None, "the message does not name the app");
    }
    assert_eq!(app.audit_status(&audit).await.expect("audit_status").status, AuditStatus::Approved);

    let release =
        app.release(&ReleaseTarget::Audit(audit)).await.unwrap_or_else(|error| panic!("release: {error:#}"));
    assert_eq!((release.evidence, release.attempts), (Evidence::Answered, 1));
    assert_eq!(online(&app).await.as_deref(), Some(VERSION));

    let targets = app.rollback_targets().await.expect("rollback_targets");
    assert_eq!(targets.first().map(|target| target.version.trim_start_matches('v')), Some(before.as_str()));
    app.rollback(&RollbackTarget::Previous).await.unwrap_or_else(|error| panic!("rollback: {error:#}"));
    super::outcomes::pass(harness, std::time::Duration::from_secs(30)).await;
    assert_eq!(online(&app).await.as_deref(), Some(before.as_str()));
    for operation in [Operation::UploadCode, Operation::SubmitAudit, Operation::Release, Operation::Rollback]
    {
        assert_eq!(harness.effects(&id, operation).await, 1, "{operation}");
    }
    assert!(harness.journal().open_intents(&id).is_empty());
}

/// A rejection reaches the caller with the vendor's message, both by query and by push.
pub async fn a_rejection_tells_why<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("1002");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let audit = submit(harness, &app, VERSION).await;
    let reason = "1:账号信息不符合规范:<br>(1):\"名称\"过长<br>";
    harness.arrange(&id, Scene::Decided(Decision::Reject(reason.to_owned()))).await;

    let event = last_event(harness, &id).await;
    assert_eq!((event.kind, event.reason.as_deref()), (EventKind::AuditRejected, Some(reason)));
    let status = app.audit_status(&audit).await.expect("audit_status");
    assert_eq!((status.status, status.reason.as_deref()), (AuditStatus::Rejected, Some(reason)));
    assert_eq!(app.latest_audit().await.expect("latest_audit").status, AuditStatus::Rejected);
    let error = app.release(&ReleaseTarget::Audit(audit)).await.expect_err("a rejected version was released");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:#}");
    assert_eq!(harness.effects(&id, Operation::Release).await, 0);
}

/// Withdrawing frees the app for the next submission.
pub async fn a_withdrawn_audit_can_be_submitted_again<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("1003");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let audit = submit(harness, &app, VERSION).await;
    app.withdraw_audit(&audit).await.unwrap_or_else(|error| panic!("withdraw_audit: {error:#}"));
    let status = app.latest_audit().await.expect("latest_audit").status;
    assert_ne!(status, AuditStatus::InReview);
    let error = app.withdraw_audit(&audit).await.expect_err("the same audit was withdrawn twice");
    assert_ne!(error.outcome(), Outcome::Unknown, "{error:#}");
    submit(harness, &app, "2.5.1").await;
    assert_eq!(harness.effects(&id, Operation::WithdrawAudit).await, 1);
    assert_eq!(harness.effects(&id, Operation::SubmitAudit).await, 2);
}

/// The status of an app that was never submitted says so; it is not an error.
pub async fn a_fresh_app_was_never_submitted<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("1004");
    harness.arrange(&id, Scene::EmptyApp).await;
    let audit = open(&id).latest_audit().await.unwrap_or_else(|error| panic!("latest_audit: {error:#}"));
    assert_eq!((audit.status, audit.audit_id), (AuditStatus::NotSubmitted, None));
}

/// A gray (phased) release can be raised but not lowered, and it ends; it never becomes a full release.
pub async fn gray_release_rises_and_ends<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("1005");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let (shares, lower) = match app.capabilities().gray_release {
        GrayReleaseSupport::Any => (&[10, 50][..], Some(20)),
        GrayReleaseSupport::Steps(steps) => {
            (steps, steps.split_last().and_then(|(_, lower)| lower.first()).copied())
        }
        GrayReleaseSupport::None => return,
    };
    assert!(
        !app.gray_release_plan()
            .await
            .expect("gray_release_plan")
            .is_some_and(|plan| plan.status.is_active())
    );
    approved(harness, &app, VERSION).await;
    for percentage in shares.iter().copied() {
        app.start_gray_release(GrayRelease::percentage(percentage))
            .await
            .unwrap_or_else(|error| panic!("start_gray_release {percentage}: {error:#}"));
        let plan = app.gray_release_plan().await.expect("gray_release_plan").expect("a plan");
        assert_eq!((plan.status, plan.percentage), (GrayStatus::Running, Some(percentage)));
    }
    if let Some(lower) = lower {
        let error = app.start_gray_release(GrayRelease::percentage(lower)).await.expect_err("the share fell");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone), "{error:#}");
    }
    let error = app.rollback(&RollbackTarget::Previous).await.expect_err("rolled back during a gray release");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:#}");
    app.cancel_gray_release().await.unwrap_or_else(|error| panic!("cancel_gray_release: {error:#}"));
    assert!(
        !app.gray_release_plan()
            .await
            .expect("gray_release_plan")
            .is_some_and(|plan| plan.status.is_active())
    );
    assert_ne!(online(&app).await.as_deref(), Some(VERSION));
    assert_eq!(harness.effects(&id, Operation::StartGrayRelease).await, shares.len() as u64);
    assert_eq!(harness.effects(&id, Operation::CancelGrayRelease).await, 1);
    assert_eq!(harness.effects(&id, Operation::Release).await, 0);
}

/// Closing and opening is visible when read back.
pub async fn visit_status_round_trip<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("1006");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    assert_eq!(app.visit_status().await.expect("visit_status").status, VisitStatus::Open);
    for status in [VisitStatus::Closed, VisitStatus::Open] {
        app.set_visit_status(status).await.unwrap_or_else(|error| panic!("set_visit_status: {error:#}"));
        assert_eq!(app.visit_status().await.expect("visit_status").status, status);
    }
    assert_eq!(harness.effects(&id, Operation::SetVisitStatus).await, 2);
    let error = app.set_visit_status(VisitStatus::Unknown).await.expect_err("`unknown` was set");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
}

/// The lowest library version is visible when read back.
pub async fn library_version_round_trip<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("1007");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    app.set_min_library_version("1.1.0")
        .await
        .unwrap_or_else(|error| panic!("set_min_library_version: {error:#}"));
    let library = app.min_library_version().await.expect("min_library_version");
    assert_eq!(library.version.as_deref(), Some("1.1.0"));
    let told = library.usage.iter().any(|usage| usage.percentage.is_some());
    assert!(told || !app.capabilities().library_usage, "the shares of users are missing");
    let error = app.set_min_library_version("").await.expect_err("an empty version was set");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::InvalidArgument, Outcome::NotSent));
    assert_eq!(harness.effects(&id, Operation::SetMinLibraryVersion).await, 1);
}

/// Read-only data has the expected shape: categories, pages, quota, QR code, progress of an upload.
pub async fn reads_have_their_shape<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("1008");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let upload =
        app.upload_code(&harness.template(), &harness.ext(&id), VERSION, "d").await.expect("upload_code");
    super::outcomes::pass(harness, std::time::Duration::from_secs(30)).await;
    let progress = app.upload_progress(&upload.value).await.expect("upload_progress");
    let has_id = matches!(&progress, UploadProgress::Ready { package_id: Some(_) });
    assert!(matches!(progress, UploadProgress::Ready { .. }), "{progress:?}");
    assert_eq!(has_id, app.capabilities().package_ids, "{progress:?}");

    let versions = app.code_versions().await.expect("code_versions");
    let uploaded = versions.iter().find(|version| version.version.as_deref() == Some(VERSION));
    assert_eq!(uploaded.map(|version| version.stage), Some(Stage::Development), "{versions:?}");

    for category in app.categories().await.expect("categories") {
        assert!(!category.levels.is_empty() && category.levels.iter().all(|level| !level.name.is_empty()));
    }
    if app.capabilities().pages {
        assert!(!app.pages().await.expect("pages").is_empty());
    }
    let quota = app.audit_quota().await.expect("audit_quota");
    assert_ne!(quota.unlimited, quota.remaining.is_some(), "{quota:?}");
    match app.trial_qr_code(&QrCodeOptions::default()).await {
        Ok(code) => assert!(code.content_type.starts_with("image/") && !code.bytes.is_empty()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error:#}"),
    }
}
