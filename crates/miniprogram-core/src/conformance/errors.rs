use super::cycle::{VERSION, submit};
use super::harness::{Harness, Scene};
use crate::audit::{AuditTarget, SubmitTarget};
use crate::capability::GrayReleaseSupport;
use crate::command::{Command, Operation};
use crate::error_kind::{ErrorKind, Retry};
use crate::id::{AppId, AuditId, PackageId};
use crate::outcome::Outcome;
use crate::platform::MiniProgram;
use crate::redact::MASK;
use crate::release::{GrayRelease, GrayReleaseOptions, ReleaseTarget, RollbackTarget};
use crate::status::{AuditStatus, VisitStatus};

/// A capability flag agrees with the behaviour behind it, and an unsupported call sends no request.
pub async fn unsupported_operations_stay_local<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2001");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let capabilities = app.capabilities();
    assert_eq!(capabilities, harness.platform().capabilities());
    let before = harness.requests().await;
    let mut refusals = Vec::new();
    if !capabilities.gray_release.is_supported() {
        refusals.push(app.start_gray_release(GrayRelease::percentage(10)).await.map(drop));
        refusals.push(app.gray_release_plan().await.map(drop));
        refusals.push(app.cancel_gray_release().await.map(drop));
    }
    if !capabilities.expedite_audit {
        refusals.push(app.expedite_audit(&AuditId::from("1")).await.map(drop));
    }
    if !capabilities.pages {
        refusals.push(app.pages().await.map(drop));
    }
    if !capabilities.package_ids {
        let target = SubmitTarget::Package(PackageId::from("1"));
        refusals.push(app.submit_audit(&target, &harness.submit_options()).await.map(drop));
        refusals.push(app.rollback(&RollbackTarget::OnlinePackage(PackageId::from("1"))).await.map(drop));
    }
    if !capabilities.audit_items {
        let options = harness.submit_options().with_field("items", vec!["index"]);
        refusals.push(app.submit_audit(&SubmitTarget::Newest, &options).await.map(drop));
    }
    if !capabilities.audit_remarks {
        let options = harness.submit_options().with_field("remark", "for the reviewer");
        refusals.push(app.submit_audit(&SubmitTarget::Newest, &options).await.map(drop));
    }
    let strange = "no_such_option";
    let options = harness.submit_options().with_field(strange, "x");
    let mut unknown = vec![app.submit_audit(&SubmitTarget::Newest, &options).await.map(drop)];
    if capabilities.gray_release.is_supported() {
        let options = GrayReleaseOptions::default().with_field(strange, "x");
        let gray = super::outcomes::first_share(&app).with_options(options);
        unknown.push(app.start_gray_release(gray).await.map(drop));
    }
    for refusal in unknown {
        let error = refusal.expect_err("an option that the vendor does not have was dropped");
        assert!(matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Unsupported), "{error:#}");
        assert_eq!(error.outcome(), Outcome::NotSent, "{error:#}");
    }
    if let GrayReleaseSupport::Steps(steps) = capabilities.gray_release {
        for share in (0..=101).filter(|share| !steps.contains(share)) {
            let error = app.start_gray_release(GrayRelease::percentage(share)).await;
            let error = error.expect_err("a gray release to a share between two steps was started");
            assert_eq!(
                (error.kind(), error.outcome()),
                (ErrorKind::InvalidArgument, Outcome::NotSent),
                "{error:#}"
            );
            assert_eq!(error.field(), Some("percentage"), "{error:#}");
            let told = error.detail().unwrap_or_default();
            assert!(
                steps.iter().all(|step| told.contains(&step.to_string())),
                "{told} does not name the steps"
            );
        }
    }
    for refusal in refusals {
        let error = refusal.expect_err("an unsupported operation succeeded");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unsupported, Outcome::NotSent), "{error:#}");
        assert_eq!(error.vendor(), Some(app.vendor()));
    }
    assert_eq!(harness.requests().await, before, "a refusal cost a request");
}

/// A plan lists the effect's request last and sends nothing.
pub async fn a_dry_run_sends_nothing<H: Harness, M: MiniProgram>(harness: &H, open: impl Fn(&AppId) -> M) {
    let id = AppId::from("2002");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let before = harness.requests().await;
    for command in [
        Command::UploadCode {
            template: harness.template(),
            ext: harness.ext(&id),
            version: VERSION.to_owned(),
            description: "d".to_owned(),
        },
        Command::SubmitAudit { target: SubmitTarget::Newest, options: Box::new(harness.submit_options()) },
        Command::WithdrawAudit { audit: AuditId::from("3").into() },
        Command::WithdrawAudit { audit: AuditTarget::Latest },
        Command::ExpediteAudit { audit: AuditId::from("3").into() },
        Command::ExpediteAudit { audit: AuditTarget::Latest },
        Command::Release { target: ReleaseTarget::Approved },
        Command::Rollback { target: RollbackTarget::Previous },
        Command::StartGrayRelease { gray: super::outcomes::first_share(&app) },
        Command::CancelGrayRelease,
        Command::SetVisitStatus { status: VisitStatus::Closed },
        Command::SetMinLibraryVersion { version: "1.1.0".to_owned() },
    ] {
        let operation = command.operation();
        match app.plan(&command) {
            Ok(requests) => {
                let effect = requests.last().unwrap_or_else(|| panic!("{operation}: no request"));
                assert!(effect.path.starts_with('/'), "{operation}: {effect:?}");
                let shown = serde_json::to_string(effect).expect("a plan is JSON");
                assert!(shown.contains(MASK), "{operation}: no token has its place in {shown}");
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{operation}: {error:#}"),
        }
    }
    assert_eq!(harness.requests().await, before);
    for operation in Operation::ALL {
        assert_eq!(harness.effects(app.app_id(), operation).await, 0, "{operation}");
    }
}

/// A refused token is reported and replaced; the call continues, and an effect takes place once.
pub async fn a_refused_token_is_replaced_once<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2003");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    app.visit_status().await.expect("visit_status");
    harness.arrange(&id, Scene::TokenExpired).await;
    app.visit_status().await.unwrap_or_else(|error| panic!("after the token expired: {error:#}"));
    harness.arrange(&id, Scene::TokenExpired).await;
    let effect = app.set_visit_status(VisitStatus::Closed).await.unwrap_or_else(|error| panic!("{error:#}"));
    // A read before the effect may already have used the old token.
    assert!((1..=2).contains(&effect.attempts), "{} attempts", effect.attempts);
    assert_eq!(harness.effects(&id, Operation::SetVisitStatus).await, 1);
}

/// An unlisted code keeps its number and message, and is not retried.
pub async fn an_unlisted_code_reaches_the_caller<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2004");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let words = "没有人见过的错误 <never seen>";
    harness.arrange(&id, Scene::RefusedWith(harness.unlisted_code(), words.to_owned())).await;
    let before = harness.requests().await;
    let read = app.visit_status().await.expect_err("an error code was taken for success");
    assert_eq!(harness.requests().await, before + 1, "an unlisted code was repeated");
    let effect =
        app.set_visit_status(VisitStatus::Closed).await.expect_err("an error code was taken for success");
    for error in [read, effect] {
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Vendor, Retry::No), "{error:#}");
        assert_eq!(error.outcome(), Outcome::NotDone);
        assert_eq!(error.code(), Some(&harness.unlisted_code()));
        let message = &error.vendor_error().expect("the vendor's answer").message;
        assert!(message.contains(words), "{message}");
    }
    // One request of the effect, and at most one read before it.
    assert!(harness.requests().await <= before + 3, "an unlisted code was repeated");
    assert_eq!(harness.effects(&id, Operation::SetVisitStatus).await, 0);
}

/// An unlisted status keeps its number.
pub async fn an_unlisted_status_survives<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2005");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let audit = submit(harness, &app, VERSION).await;
    harness.arrange(&id, Scene::AuditStatusCode(harness.unlisted_status())).await;
    let status = app.audit_status(&audit).await.unwrap_or_else(|error| panic!("audit_status: {error:#}"));
    let raw = status.raw_status.expect("the number");
    assert_eq!((status.status, raw.vendor), (AuditStatus::Unknown, app.vendor()));
    assert_eq!(raw.code, harness.unlisted_status());
}

/// An unintelligible response is a protocol error, neither a success nor a default.
pub async fn garbage_is_a_protocol_error<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2006");
    harness.arrange(&id, Scene::App).await;
    harness.arrange(&id, Scene::Garbage).await;
    let app = open(&id);
    match app.visit_status().await {
        Ok(visit) => assert_eq!(visit.status, VisitStatus::Open, "only a repeat may have answered"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Protocol, "{error:#}"),
    }
}

/// An operation that the state forbids fails as a conflict, and nothing happens.
pub async fn states_that_forbid_it_are_conflicts<H: Harness, M: MiniProgram>(
    harness: &H,
    open: impl Fn(&AppId) -> M,
) {
    let id = AppId::from("2007");
    harness.arrange(&id, Scene::App).await;
    let app = open(&id);
    let error = app.release(&ReleaseTarget::Approved).await.expect_err("nothing is approved");
    assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound), "{error:#}");
    let audit = submit(harness, &app, VERSION).await;
    let error = app.release(&ReleaseTarget::Audit(audit)).await.expect_err("the audit is open");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:#}");
    let error = app
        .submit_audit(&SubmitTarget::Newest, &harness.submit_options())
        .await
        .expect_err("an audit is open already");
    assert!(matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound), "{error:#}");
    assert_ne!(error.outcome(), Outcome::Unknown);
    assert_eq!(harness.effects(&id, Operation::SubmitAudit).await, 1);
    assert_eq!(harness.effects(&id, Operation::Release).await, 0);
}
