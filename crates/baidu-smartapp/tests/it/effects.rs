//! Effects whose response is lost, open or a refusal: probed for 15 seconds, repeated only once shown absent, never
//! done twice.

use std::sync::Arc;

use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::pipeline::EffectSource;
use miniprogram_core::{
    AppId, AuditManager, AuditTarget, CodeManager, Command, Effect, EffectValue, ErrorKind, Evidence,
    ExtJson, GrayRelease, Intent, Language, Operation, Outcome, PackageId, ReleaseManager, ReleaseTarget,
    Result, RollbackTarget, Subject, SubmitOptions, SubmitTarget, Timestamp, VisitStatus,
};
use serde_json::json;

use baidu_smartapp::codes::UPLOAD_ERR;
use baidu_smartapp::{BAIDU, BaiduApp, UploadState};

use crate::support::{
    APP, Answer, BUSY, DONE, LOST, Script, data, detail, done, failed, known, package, packages, refusing,
};

fn options() -> SubmitOptions {
    baidu_smartapp::SubmitOptions::new("content", "remark").into()
}

mod upload {
    use super::*;

    fn uploading(version: &str) -> String {
        format!(
            r#"{{"version":"{version}","version_desc":"desc","upload_status":1,"upload_status_desc":"上传中"}}"#
        )
    }

    fn list(entries: &[String]) -> Answer {
        data(&format!("[{}]", entries.join(","))).into()
    }

    async fn upload(script: &Arc<Script>) -> Result<Effect<UploadReceipt>> {
        let ext: ExtJson = r#"{"extEnable":true}"#.parse().unwrap();
        script.app().upload_code(&"1".into(), &ext, "1.2.7", "desc").await
    }

    #[tokio::test]
    async fn an_answer_brings_a_receipt_with_the_packages_known_before() {
        let script = Script::new()
            .on("package/get", [list(&[package(1, "1.2.6", 1), package(5, "1.2.7", 3)])])
            .on("package/upload", [done()]);
        let effect = upload(&script).await.unwrap();
        assert_eq!(known(&effect), (Evidence::Answered, 1));
        let expected =
            UploadReceipt::new("1.2.7", "desc").with_vendor_state(UploadState::new(vec!["5".into()]));
        assert_eq!(effect.value, expected);
        let back: UploadReceipt = serde_json::from_value(json!(effect.value)).unwrap();
        assert_eq!(back, expected);
    }

    #[tokio::test]
    async fn a_lost_answer_is_found_again_by_version_and_description() {
        let old = package(5, "1.2.7", 3);
        let script = Script::new()
            .on(
                "package/get",
                [
                    list(std::slice::from_ref(&old)),
                    list(std::slice::from_ref(&old)),
                    list(&[old.clone(), uploading("1.2.7")]),
                    list(&[old, package(9, "1.2.7", 3)]),
                ],
            )
            .on("package/upload", [LOST]);
        let effect = upload(&script).await.unwrap();
        assert_eq!(known(&effect), (Evidence::Asked, 1));
        assert_eq!(effect.value.package_id, Some(PackageId::from("9")));
        assert_eq!(script.count("package/upload"), 1);
    }

    #[tokio::test]
    async fn another_version_or_description_is_not_ours() {
        let other = package(9, "1.2.7", 3).replace(r#""version_desc":"desc""#, r#""version_desc":"other""#);
        let script = Script::new()
            .on("package/get", [list(&[]), list(&[other, package(8, "1.2.8", 3), uploading("1.2.9")])])
            .on("package/upload", [LOST, done()]);
        let effect = upload(&script).await.unwrap();
        assert_eq!(known(&effect), (Evidence::Answered, 2));
    }

    #[tokio::test]
    async fn an_upload_that_failed_or_never_came_is_repeated_once() {
        let failed_entry =
            r#"{"version":"1.2.7","version_desc":"desc","upload_status":3,"upload_status_desc":"上传失败"}"#;
        for shown in [list(&[]), list(&[failed_entry.to_owned()])] {
            let script =
                Script::new().on("package/get", [list(&[]), shown]).on("package/upload", [LOST, done()]);
            assert_eq!(known(&upload(&script).await.unwrap()), (Evidence::Answered, 2));
            assert!(script.count("package/get") >= 4, "one read before, at least three to settle");
        }
        let script = Script::new().on("package/get", [list(&[])]).on("package/upload", [LOST]);
        let (kind, outcome, error) = failed(upload(&script).await);
        assert_eq!((kind, outcome, error.attempts()), (ErrorKind::Timeout, Outcome::NotDone, 2));
        assert_eq!(script.count("package/upload"), 2, "a one-shot effect has two attempts");
    }

    #[tokio::test]
    async fn an_earlier_upload_of_the_same_text_is_waited_for() {
        let under_way = list(&[uploading("1.2.7")]);
        // It gets its id and is not ours: after a lost response only a newer package is.
        let earlier = package(9, "1.2.7", 3);
        let both = list(&[earlier.clone(), package(10, "1.2.7", 3)]);
        let script = Script::new()
            .on(
                "package/get",
                [under_way.clone(), under_way.clone(), list(std::slice::from_ref(&earlier)), both],
            )
            .on("package/upload", [LOST]);
        let effect = upload(&script).await.unwrap();
        assert_eq!(known(&effect), (Evidence::Asked, 1));
        assert_eq!(UploadState::of(&effect.value).unwrap().known_package_ids, ["9".into()]);
        assert_eq!(effect.value.package_id, Some("10".into()));
        // Ours never appears: absent, so it is sent again.
        let script = Script::new()
            .on("package/get", [under_way.clone(), list(&[earlier])])
            .on("package/upload", [LOST, done()]);
        assert_eq!(known(&upload(&script).await.unwrap()), (Evidence::Answered, 2));
        // It fails: what appears from then on is ours.
        let failed_entry = r#"{"version":"1.2.7","version_desc":"desc","upload_status":3}"#.to_owned();
        let script = Script::new()
            .on("package/get", [under_way, list(std::slice::from_ref(&failed_entry)), list(&[failed_entry])])
            .on("package/upload", [done()]);
        assert_eq!(known(&upload(&script).await.unwrap()), (Evidence::Answered, 1));
    }

    #[tokio::test]
    async fn an_earlier_upload_that_does_not_end_is_a_conflict_and_not_sent() {
        let script =
            Script::new().on("package/get", [list(&[uploading("1.2.7")])]).on("package/upload", [done()]);
        let (kind, outcome, error) = failed(upload(&script).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert!(error.advice().contains("upload_progress"), "{error:#}");
        assert_eq!(script.count("package/get"), 151, "every two seconds for five minutes");
        assert_eq!(script.count("package/upload"), 0);
        // Another version, or the same with another description, does not interfere.
        let other = uploading("1.2.7").replace(r#""version_desc":"desc""#, r#""version_desc":"other""#);
        let script = Script::new()
            .on("package/get", [list(&[uploading("1.2.8"), other])])
            .on("package/upload", [done()]);
        assert_eq!(known(&upload(&script).await.unwrap()), (Evidence::Answered, 1));
        assert_eq!(script.count("package/get"), 1);
    }

    #[tokio::test]
    async fn an_upload_that_shows_without_an_id_is_waited_for() {
        // With an undocumented number.
        let odd = r#"{"version":"1.2.7","version_desc":"desc","upload_status":2}"#.to_owned();
        let script = Script::new()
            .on("package/get", [list(&[]), list(&[odd]), list(&[package(10, "1.2.7", 3)])])
            .on("package/upload", [LOST]);
        assert_eq!(known(&upload(&script).await.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn what_cannot_be_asked_stays_unknown_and_is_settled_before_the_next_effect() {
        let broken = || Answer::Body(502, b"<html>".to_vec());
        let mut answers = vec![list(&[])];
        answers.extend(std::iter::repeat_with(broken).take(200));
        let script = Script::new().on("package/get", answers).on("package/upload", [LOST]);
        let platform = script.platform();
        let app = platform.app(APP);
        let ext: ExtJson = r#"{"extEnable":true}"#.parse().unwrap();
        let lost = app.upload_code(&"1".into(), &ext, "1.2.7", "desc").await;
        assert_eq!(failed(lost).1, Outcome::Unknown);
        let (kind, outcome, _) = failed(platform.app(APP).release(&ReleaseTarget::Audit("1".into())).await);
        assert_eq!((kind, outcome), (ErrorKind::Unavailable, Outcome::NotSent));
        assert_eq!(script.count("package/release"), 0);
    }

    #[tokio::test]
    async fn a_list_that_does_not_say_is_no_proof_of_absence() {
        let known = list(&[package(5, "1.2.6", 1)]);
        let without = |field: &str, value: &str| {
            data(&format!(
                r#"[{{"package_id":9,"version":"1.2.7","version_desc":"desc","status":3,"{field}":{value}}}]"#
            ))
        };
        for after in [
            Answer::from(DONE),
            data("null").into(),
            data(r#""""#).into(),
            // The earlier package is gone.
            list(&[]),
            // A new package without its version, and one without any field.
            data(r#"[{"package_id":9,"status":3}]"#).into(),
            data(r#"[{"package_id":9,"version":"  ","status":3}]"#).into(),
            data(r#"[{"package_id":"","version":"","status":""}]"#).into(),
            data(r#"[{"version":null}]"#).into(),
        ] {
            let script =
                Script::new().on("package/get", [known.clone(), after.clone()]).on("package/upload", [LOST]);
            assert_eq!(failed(upload(&script).await).1, Outcome::Unknown, "{after:?}");
            assert_eq!(script.count("package/upload"), 1, "{after:?}");
        }
        // A padded version is reported.
        let script = Script::new()
            .on("package/get", [known, without("version", r#"" 1.2.7 ""#).into()])
            .on("package/upload", [LOST]);
        assert_eq!(super::known(&upload(&script).await.unwrap()), (Evidence::Asked, 1));
    }
}

mod submit {
    use super::*;

    fn of_package(status_before: i64, later: &[i64], answers: &[Answer]) -> Arc<Script> {
        let statuses = std::iter::once(&status_before).chain(later);
        Script::new()
            .on("package/getdetail", statuses.map(|status| detail(216, *status)))
            .on("package/submitaudit", answers.iter().cloned())
    }

    async fn submit(script: &Arc<Script>, target: SubmitTarget) -> Result<Effect<miniprogram_core::AuditId>> {
        script.app().submit_audit(&target, &options()).await
    }

    fn package_216() -> SubmitTarget {
        SubmitTarget::Package("216".into())
    }

    #[tokio::test]
    async fn the_packages_status_settles_a_lost_answer() {
        for status in [4, 5, 6, 1, 8] {
            let script = of_package(3, &[3, status], &[LOST]);
            let effect = submit(&script, package_216()).await.unwrap();
            assert_eq!((known(&effect), effect.value.as_str()), ((Evidence::Asked, 1), "216"), "{status}");
        }
        let script = of_package(3, &[3], &[BUSY.into(), done()]);
        assert_eq!(known(&submit(&script, package_216()).await.unwrap()), (Evidence::Answered, 2));
    }

    #[tokio::test]
    async fn a_status_that_is_not_told_proves_nothing() {
        for after in ["{}", r#"{"package_id":216,"status":null}"#, r#"{"package_id":216,"status":" "}"#] {
            let script = Script::new()
                .on("package/getdetail", [detail(216, 3), data(after)])
                .on("package/submitaudit", [LOST]);
            let (_, outcome, error) = failed(submit(&script, package_216()).await);
            assert_eq!(outcome, Outcome::Unknown, "{after}");
            assert!(error.to_string().contains("`data.status`"), "{after}: {error}");
            assert_eq!(script.count("package/submitaudit"), 1, "{after}");
        }
    }

    /// A submission of package 216 whose response is lost, and whose state is not reported at first.
    async fn lost() -> (Arc<Script>, BaiduApp) {
        lost_of(&SubmitTarget::Newest).await
    }

    async fn lost_of(target: &SubmitTarget) -> (Arc<Script>, BaiduApp) {
        let script = Script::new()
            .on("package/get", [packages(&[(216, "1.2.7", 3)])])
            .on("package/getdetail", [data("{}")])
            .on("package/submitaudit", [LOST, done()]);
        let app = script.app();
        let submitted = app.submit_audit(target, &options()).await;
        assert_eq!(failed(submitted).1, Outcome::Unknown);
        script.replace("package/getdetail", [detail(216, 4)]);
        (script, app)
    }

    #[tokio::test]
    async fn the_same_call_again_returns_the_audit_of_the_first() {
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(216, "1.2.7", 4)])]);
        let effect = app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
        assert_eq!((known(&effect), effect.value.as_str()), ((Evidence::Asked, 1), "216"));
        assert_eq!(script.count("package/submitaudit"), 1);
        // A newer upload is submitted as a new effect.
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(216, "1.2.7", 5), (300, "1.2.8", 3)])]);
        let effect = app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
        assert_eq!((known(&effect), effect.value.as_str()), ((Evidence::Answered, 1), "300"));
        assert_eq!(effect.earlier.unwrap().settled.value, EffectValue::Audit("216".into()));
    }

    #[tokio::test]
    async fn the_same_call_again_is_about_packages_of_its_version() {
        let target = SubmitTarget::Version("1.2.7".to_owned());
        let other = |version: &str| packages(&[(216, "1.2.7", 4), (300, version, 3)]);
        let unnamed = r#"[{"package_id":216,"version":"1.2.7","status":4},{"package_id":300,"status":3}]"#;
        // Withdrawn in the meantime, it is in development.
        let withdrawn = packages(&[(216, "1.2.7", 3)]);
        for (shown, submissions) in [(other("1.2.8"), 1), (withdrawn, 1), (other("1.2.7"), 2)] {
            let (script, app) = lost_of(&target).await;
            script.replace("package/get", [shown]);
            app.submit_audit(&target, &options()).await.unwrap();
            assert_eq!(script.count("package/submitaudit"), submissions);
        }
        // A package without a version may be of this one: a new call, which finds nothing to submit.
        let (script, app) = lost_of(&target).await;
        script.replace("package/get", [data(unnamed)]);
        let (kind, outcome, error) = failed(app.submit_audit(&target, &options()).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert_eq!(error.detail(), Some("no package of version 1.2.7 is in development"));
    }

    #[tokio::test]
    async fn a_package_whose_status_is_not_told_leaves_open_whether_the_call_repeats_the_first() {
        for untold in [
            // Another package, which is not an upload in progress, and the submitted one, which is not either.
            r#"[{"package_id":216,"status":4},{"package_id":300}]"#,
            r#"[{"package_id":216,"upload_status":1}]"#,
        ] {
            let (script, app) = lost().await;
            script.replace("package/get", [data(untold)]);
            let (kind, _, error) = failed(app.submit_audit(&SubmitTarget::Newest, &options()).await);
            assert_eq!(kind, ErrorKind::Conflict, "{untold}");
            assert!(error.to_string().contains("`data.status` of a package is missing"), "{error}");
            assert_eq!(script.count("package/submitaudit"), 1, "{untold}");
        }
        // An upload in progress will be another package.
        let (script, app) = lost().await;
        script.replace("package/get", [data(r#"[{"package_id":216,"status":4},{"upload_status":1}]"#)]);
        let (_, _, error) = failed(app.submit_audit(&SubmitTarget::Newest, &options()).await);
        assert_eq!(error.detail(), Some("the upload is still processed"));
    }

    #[tokio::test]
    async fn rejected_before_and_after_is_not_done() {
        let script = of_package(5, &[5], &[LOST]);
        let (kind, outcome, error) = failed(submit(&script, package_216()).await);
        assert_eq!((kind, outcome, error.attempts()), (ErrorKind::Timeout, Outcome::NotDone, 3));
        let script = of_package(5, &[4], &[LOST]);
        assert_eq!(known(&submit(&script, package_216()).await.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn a_refusal_of_the_repeat_is_believed_only_after_another_look() {
        let busy = refusing(50052, "审核中");
        let mut later = vec![3; 4];
        later.push(4);
        let script = of_package(3, &later, &[LOST, busy.clone()]);
        let effect = submit(&script, package_216()).await;
        assert!(effect.is_ok_and(|effect| effect.evidence == Evidence::Asked));
        let script = of_package(3, &[3], &[LOST, busy]);
        assert_eq!(failed(submit(&script, package_216()).await).1, Outcome::NotDone);
    }

    #[tokio::test]
    async fn what_is_submitted_already_is_a_conflict_and_not_sent() {
        for status in [1, 4, 6, 8] {
            let script = of_package(status, &[], &[done()]);
            let (kind, outcome, _) = failed(submit(&script, package_216()).await);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent), "{status}");
            assert_eq!(script.count("package/submitaudit"), 0);
        }
    }

    #[tokio::test]
    async fn a_version_or_the_newest_must_be_in_development() {
        let list = |list: &[(i64, &str, i64)]| {
            Script::new().on("package/get", [packages(list)]).on("package/submitaudit", [done()])
        };
        let version = |text: &str| SubmitTarget::Version(text.to_owned());
        let script = list(&[(1, "1.2.6", 1), (216, "1.2.7", 3), (215, "1.2.5", 5)]);
        assert_eq!(submit(&script, version("1.2.7")).await.unwrap().value.as_str(), "216");
        assert_eq!(submit(&script, version("1.2.5")).await.unwrap().value.as_str(), "215");
        assert_eq!(submit(&script, SubmitTarget::Newest).await.unwrap().value.as_str(), "216");
        let (kind, outcome, error) = failed(submit(&script, version("1.2.6")).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert!(error.to_string().contains("1.2.6"), "{error}");
        let script = list(&[(1, "1.2.6", 1)]);
        let (kind, outcome, _) = failed(submit(&script, SubmitTarget::Newest).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
    }

    #[tokio::test]
    async fn an_upload_that_is_still_processed_can_be_submitted_in_a_few_seconds() {
        let script = Script::new()
            .on("package/get", [data(r#"[{"version":"1.2.7","version_desc":"desc","upload_status":1}]"#)])
            .on("package/submitaudit", [done()]);
        for target in [SubmitTarget::Newest, SubmitTarget::Version("1.2.7".to_owned())] {
            let (kind, outcome, error) = failed(submit(&script, target).await);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
            assert_eq!(error.detail(), Some("the upload is still processed"));
            assert!(error.is_retryable());
            assert_eq!(error.advice(), "repeat in a few seconds");
        }
        let (kind, _, error) = failed(submit(&script, SubmitTarget::Version("1.2.8".to_owned())).await);
        assert_eq!(kind, ErrorKind::Conflict);
        assert_eq!(error.detail(), Some("no package of version 1.2.8 is in development"));
        assert!(!error.is_retryable(), "waiting brings no other version");
        assert_eq!(script.count("package/submitaudit"), 0);
    }

    #[tokio::test]
    async fn a_package_that_is_gone_or_went_back_was_not_submitted() {
        // It no longer exists, is in development again, or has the same unlisted status.
        for (before, after) in
            [(3, refusing(69005, "包不存在")), (5, detail(216, 3).into()), (7, detail(216, 7).into())]
        {
            let script = Script::new()
                .on("package/getdetail", [detail(216, before).into(), after])
                .on("package/submitaudit", [LOST]);
            let (_, outcome, error) = failed(submit(&script, package_216()).await);
            assert_eq!((outcome, error.attempts()), (Outcome::NotDone, 3), "{before}");
        }
        let (_, outcome, error) = failed(submit(&of_package(7, &[9], &[LOST]), package_216()).await);
        assert_eq!((outcome, error.attempts()), (Outcome::Unknown, 1), "another unlisted status");
    }

    #[tokio::test]
    async fn options_that_only_another_vendor_has_are_refused_with_the_way_to_say_it() {
        let script = Script::new();
        let of_items = options().with_field("items", json!([{ "address": "index" }]));
        let of_version = options().with_field("version_desc", "new");
        for (options, field) in [(of_items, "items"), (of_version, "version_desc")] {
            let (kind, _, error) = failed(script.app().submit_audit(&package_216(), &options).await);
            assert_eq!(
                (kind, error.vendor(), error.field()),
                (ErrorKind::Unsupported, Some(BAIDU), Some(field))
            );
            let why = "does not exist at this vendor; `content` and `remark` describe a submission";
            assert_eq!(error.detail(), Some(why));
        }
        assert!(script.sent().is_empty());
    }

    fn receipt() -> SubmitTarget {
        SubmitTarget::Upload(
            UploadReceipt::new("1.2.7", "desc").with_vendor_state(UploadState::new(vec!["5".into()])),
        )
    }

    /// The packages known before were a field of the core's receipt.
    #[test]
    fn a_receipt_of_an_earlier_version_names_the_same_upload() {
        let stored = r#"{"upload":{"version":"1.2.7","description":"desc","known_package_ids":["5"]}}"#;
        assert_eq!(serde_json::from_str::<SubmitTarget>(stored).unwrap(), receipt());
        let none = r#"{"version":"1.2.7","description":"desc"}"#;
        let new: UploadReceipt = serde_json::from_str(none).unwrap();
        assert_eq!(new, UploadReceipt::new("1.2.7", "desc").with_vendor_state(UploadState::new(Vec::new())));
        assert_eq!(serde_json::to_string(&new).unwrap(), none);
    }

    #[tokio::test]
    async fn an_upload_under_way_is_waited_for_and_not_repeated() {
        let uploading = data(r#"[{"version":"1.2.7","version_desc":"desc","upload_status":1}]"#);
        let script = Script::new()
            .on(
                "package/get",
                [packages(&[(5, "1.2.7", 3)]), uploading.clone(), uploading, packages(&[(9, "1.2.7", 3)])],
            )
            .on("package/submitaudit", [done()]);
        let effect = submit(&script, receipt()).await.unwrap();
        assert_eq!((known(&effect), effect.value.as_str()), ((Evidence::Answered, 1), "9"));
        assert_eq!((script.count("package/get"), script.count("package/upload")), (4, 0));
    }

    #[tokio::test]
    async fn the_wait_for_an_upload_ends_after_five_minutes() {
        let uploading = data(r#"[{"version":"1.2.7","version_desc":"desc","upload_status":1}]"#);
        for (shown, expected) in [(uploading, ErrorKind::Timeout), (data("[]"), ErrorKind::NotFound)] {
            let script = Script::new().on("package/get", [shown]);
            let (kind, outcome, error) = failed(submit(&script, receipt()).await);
            assert_eq!((kind, outcome, error.vendor()), (expected, Outcome::NotSent, Some(BAIDU)));
            assert_eq!(script.count("package/get"), 151, "every two seconds");
            if kind == ErrorKind::Timeout {
                let why = "the vendor has not processed the upload within 5 minutes";
                assert_eq!(error.detail(), Some(why));
            }
        }
    }

    #[tokio::test]
    async fn waiting_for_an_upload_leaves_the_time_to_repeat() {
        // Processed for 200 of at most 300 seconds, far longer than a submission itself takes.
        let uploading = data(r#"[{"version":"1.2.7","version_desc":"desc","upload_status":1}]"#);
        let mut lists = vec![uploading; 100];
        lists.push(packages(&[(9, "1.2.7", 3)]));
        let script = Script::new()
            .on("package/get", lists)
            .on("package/getdetail", [detail(9, 3)])
            .on("package/submitaudit", [LOST, done()]);
        let effect = submit(&script, receipt()).await.unwrap();
        assert_eq!((known(&effect), effect.value.as_str()), ((Evidence::Answered, 2), "9"));
    }

    #[tokio::test]
    async fn a_failed_upload_is_a_conflict_with_the_vendors_words() {
        let entry = r#"[{"version":"1.2.7","version_desc":"desc","upload_status":3,"upload_err_code":69010,"upload_err_msg":"模板解析失败"}]"#;
        let script = Script::new().on("package/get", [data(entry)]);
        let (kind, outcome, error) = failed(submit(&script, receipt()).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert_eq!(
            error.to_string(),
            "submit_audit: conflict: the upload failed: upload again (baidu code 69010: 模板解析失败)"
        );
        assert!(!error.is_retryable());
        let advice = UPLOAD_ERR.explain(&69010.into(), None).translated_advice();
        for language in Language::ALL {
            assert_eq!(
                error.advice_in(language),
                advice.text(language),
                "the advice of the upload's own code"
            );
        }
        let entry = r#"[{"version":"1.2.7","version_desc":"desc","upload_status":3,"upload_status_desc":"上传失败"}]"#;
        let script = Script::new().on("package/get", [data(entry)]);
        let (_, _, error) = failed(submit(&script, receipt()).await);
        assert_eq!(
            error.to_string(),
            "submit_audit: conflict: the upload failed: upload again: 上传失败 (baidu)"
        );
    }
}

mod withdraw {
    use super::*;

    fn latest() -> Command {
        Command::WithdrawAudit { audit: AuditTarget::Latest }
    }

    #[tokio::test]
    async fn the_package_in_review_is_looked_up_and_withdrawn() {
        let script = Script::new()
            .on("package/get", [packages(&[(201, "1.2.6", 1), (216, "1.2.7", 4)])])
            .on("package/withdraw", [done()]);
        script.app().perform(latest()).await.unwrap();
        assert_eq!(script.sent().pop().unwrap().body, Some(json!({ "package_id": "216" })));
        for (shown, why) in [
            (packages(&[(216, "1.2.7", 6)]), "no audit is open: the latest is approved"),
            (packages(&[(216, "1.2.7", 3)]), "no audit is open: the latest is not_submitted"),
        ] {
            let script = Script::new().on("package/get", [shown]);
            let (kind, outcome, error) = failed(script.app().perform(latest()).await);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
            assert_eq!(error.detail(), Some(why));
            assert_eq!(script.count("package/withdraw"), 0);
        }
    }

    #[tokio::test]
    async fn withdrawing_the_latest_again_is_another_effect_once_another_is_in_review() {
        let mine = packages(&[(216, "1.2.7", 4)]);
        let gone = packages(&[(216, "1.2.7", 3)]);
        let other = packages(&[(216, "1.2.7", 3), (217, "1.2.8", 4)]);
        for (now, sent) in [(gone, 1), (other, 2)] {
            let script = Script::new()
                .on("package/get", [mine.clone()])
                .on("package/getdetail", [LOST])
                .on("package/withdraw", [LOST, done()]);
            let app = script.app();
            assert_eq!(failed(app.perform(latest()).await).1, Outcome::Unknown);
            script.replace("package/getdetail", [detail(216, 3)]);
            script.replace("package/get", [now]);
            let effect = app.perform(latest()).await.unwrap();
            assert_eq!(script.count("package/withdraw"), sent);
            assert_eq!(effect.earlier.is_some(), sent == 2);
        }
        // A delayed list, or the same package in review again; and a list without a status.
        let untold = data(r#"[{"package_id":216,"version":"1.2.7"}]"#);
        for now in [mine.clone(), untold] {
            let script = Script::new()
                .on("package/get", [mine.clone()])
                .on("package/getdetail", [LOST])
                .on("package/withdraw", [LOST, done()]);
            let app = script.app();
            failed(app.perform(latest()).await);
            script.replace("package/getdetail", [detail(216, 3)]);
            script.replace("package/get", [now]);
            let (kind, _, error) = failed(app.perform(latest()).await);
            assert_eq!(kind, ErrorKind::Conflict, "{error:#}");
            assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
            assert_eq!(script.count("package/withdraw"), 1);
        }
    }

    #[tokio::test]
    async fn the_packages_status_settles_a_lost_answer() {
        let run = |statuses: &'static [i64], answers: Vec<Answer>| async move {
            let script = Script::new()
                .on("package/getdetail", statuses.iter().map(|status| detail(216, *status)))
                .on("package/withdraw", answers);
            (script.app().withdraw_audit(&"216".into()).await, script)
        };
        assert_eq!(known(&run(&[4, 3], vec![LOST]).await.0.unwrap()), (Evidence::Asked, 1));
        assert_eq!(known(&run(&[4], vec![LOST, done()]).await.0.unwrap()), (Evidence::Answered, 2));
        for verdict in [&[5_i64][..], &[6], &[1]] {
            let verdict: &'static [i64] = verdict;
            let (result, script) = run(verdict, vec![LOST]).await;
            let (kind, outcome, error) = failed(result);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotDone));
            assert!(error.to_string().contains("the verdict came first"), "{error}");
            assert_eq!(script.count("package/withdraw"), 1);
        }
        let (result, script) = run(&[99], vec![LOST]).await;
        assert_eq!(failed(result).1, Outcome::Unknown, "an unlisted status");
        assert_eq!(script.count("package/withdraw"), 1);
    }
}

mod release {
    use super::*;

    async fn release(statuses: &[i64], answers: Vec<Answer>) -> Result<Effect> {
        let script = Script::new()
            .on("package/getdetail", statuses.iter().map(|status| detail(216, *status)))
            .on("package/release", answers);
        script.app().release(&ReleaseTarget::Audit("216".into())).await
    }

    #[tokio::test]
    async fn the_packages_status_settles_a_lost_answer() {
        assert_eq!(known(&release(&[6, 1], vec![LOST]).await.unwrap()), (Evidence::Asked, 1));
        assert_eq!(known(&release(&[6], vec![LOST, done()]).await.unwrap()), (Evidence::Answered, 2));
        // A package in development, or rolled back, may have been online in between.
        for (status, expected) in
            [(4, Outcome::NotDone), (5, Outcome::NotDone), (3, Outcome::Unknown), (8, Outcome::Unknown)]
        {
            let (kind, outcome, _) = failed(release(&[status], vec![LOST]).await);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, expected), "{status}");
        }
        assert_eq!(failed(release(&[99], vec![LOST]).await).1, Outcome::Unknown, "an unlisted status");
        // Busy with releases: indeterminate.
        let busy = refusing(69012, "服务暂不可用");
        assert_eq!(known(&release(&[1], vec![busy]).await.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn a_status_that_is_not_told_proves_nothing() {
        for detail in [
            r#"{"package_id":216}"#,
            r#"{"package_id":216,"status":null}"#,
            r#"{"package_id":216,"status":""}"#,
            r#"{"package_id":216,"status":"  "}"#,
            r#"{}"#,
        ] {
            let script = Script::new().on("package/getdetail", [data(detail)]).on("package/release", [LOST]);
            let (_, outcome, error) = failed(script.app().release(&ReleaseTarget::Audit("216".into())).await);
            assert_eq!((outcome, script.count("package/release")), (Outcome::Unknown, 1), "{detail}");
            assert_eq!(error.intent().unwrap().operation.as_str(), "release", "{detail}");
        }
    }

    #[tokio::test]
    async fn what_is_approved_later_is_another_release() {
        let first = packages(&[(1, "1.2.6", 1), (216, "1.2.7", 6)]);
        let lost = async || {
            let script = Script::new()
                .on("package/get", [first.clone()])
                .on("package/getdetail", [data("{}")])
                .on("package/release", [LOST, done()]);
            let app = script.app();
            assert_eq!(failed(app.release(&ReleaseTarget::Approved).await).1, Outcome::Unknown);
            script.replace("package/getdetail", [detail(216, 1)]);
            (script, app)
        };
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(216, "1.2.7", 1)])]);
        let effect = app.release(&ReleaseTarget::Approved).await.unwrap();
        assert_eq!((known(&effect), script.count("package/release")), ((Evidence::Asked, 1), 1));

        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(216, "1.2.7", 1), (300, "1.2.8", 6)])]);
        let effect = app.release(&ReleaseTarget::Approved).await.unwrap();
        assert_eq!((known(&effect), script.count("package/release")), ((Evidence::Answered, 1), 2));
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Done);

        let (script, app) = lost().await;
        script.replace("package/get", [data("null")]);
        let (kind, outcome, error) = failed(app.release(&ReleaseTarget::Approved).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
        assert_eq!(script.count("package/release"), 1);
    }

    #[tokio::test]
    async fn only_another_package_makes_the_same_call_another_release() {
        let untold = "`data.status` of a package is missing";
        for (shown, indeterminate) in [
            // The list is delayed; the released package reports no status; an upload in progress is not an approved
            // one.
            (r#"[{"package_id":216,"status":6}]"#, false),
            (r#"[{"package_id":216}]"#, false),
            (r#"[{"package_id":216,"status":1},{"version":"1.2.8","upload_status":1}]"#, false),
            (r#"[{"package_id":216,"status":1},{"package_id":300}]"#, true),
        ] {
            let script = Script::new()
                .on("package/get", [packages(&[(216, "1.2.7", 6)])])
                .on("package/getdetail", [data("{}")])
                .on("package/release", [LOST, done()]);
            let app = script.app();
            assert_eq!(failed(app.release(&ReleaseTarget::Approved).await).1, Outcome::Unknown);
            script.replace("package/getdetail", [detail(216, 1)]);
            script.replace("package/get", [data(shown)]);
            match app.release(&ReleaseTarget::Approved).await {
                Ok(effect) => assert_eq!((known(&effect), indeterminate), ((Evidence::Asked, 1), false)),
                Err(error) => {
                    assert!(indeterminate && error.to_string().contains(untold), "{shown}: {error}")
                }
            }
            assert_eq!(script.count("package/release"), 1, "{shown}");
        }
    }

    #[tokio::test]
    async fn a_package_that_does_not_exist_does_not_block_the_app() {
        let script = Script::new()
            .on("package/getdetail", [refusing(69005, "包不存在")])
            .on("package/release", [LOST, refusing(69005, "包不存在")])
            .on("app/pause", [done()]);
        let app = script.app();
        let (kind, outcome, error) = failed(app.release(&ReleaseTarget::Audit("404".into())).await);
        assert_eq!((kind, outcome, error.attempts()), (ErrorKind::NotFound, Outcome::NotDone, 2));
        app.set_visit_status(VisitStatus::Closed).await.unwrap();
    }

    #[tokio::test]
    async fn what_could_not_be_sent_is_sent_again_without_asking() {
        let script = Script::new().on("package/release", [Answer::Unreachable, done()]);
        let effect = script.app().release(&ReleaseTarget::Audit("216".into())).await.unwrap();
        assert_eq!((effect.evidence, script.sent().len()), (Evidence::Answered, 2));
    }

    #[tokio::test]
    async fn nothing_approved_is_a_conflict_and_not_sent() {
        let script = Script::new().on("package/get", [packages(&[(1, "1.2.6", 1), (216, "1.2.7", 4)])]);
        let (kind, outcome, _) = failed(script.app().release(&ReleaseTarget::Approved).await);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
        assert_eq!(script.count("package/release"), 0);
    }

    #[tokio::test]
    async fn a_refused_token_that_cannot_be_refreshed_is_not_tried_again() {
        let refused: Answer =
            r#"{"error_code":110,"error_msg":"Access token invalid or no longer valid"}"#.into();
        let (kind, outcome, _) = failed(release(&[6], vec![refused]).await);
        assert_eq!((kind, outcome), (ErrorKind::TokenRejected, Outcome::NotDone));
    }
}

mod rollback {
    use super::*;

    async fn rollback(
        target: &RollbackTarget,
        lists: Vec<String>,
        answers: Vec<Answer>,
    ) -> (Result<Effect>, Arc<Script>) {
        let script = Script::new().on("package/get", lists).on("package/rollback", answers);
        (script.app().rollback(target).await, script)
    }

    fn online() -> String {
        packages(&[(7, "1.2.6", 1)])
    }

    #[tokio::test]
    async fn the_list_settles_a_lost_answer() {
        for after in [
            packages(&[(7, "1.2.6", 8)]),
            packages(&[(6, "1.0.0", 1)]),
            packages(&[(7, "1.2.6", 3), (6, "1.0.0", 1)]),
        ] {
            let (result, script) =
                rollback(&RollbackTarget::Previous, vec![online(), online(), after], vec![LOST]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
            assert_eq!(script.count("package/rollback"), 1);
        }
        let (result, _) = rollback(&RollbackTarget::Previous, vec![online(), data("[]")], vec![LOST]).await;
        assert_eq!(failed(result).1, Outcome::Unknown, "an empty list shows nothing");
    }

    #[tokio::test]
    async fn a_list_that_does_not_say_proves_nothing() {
        for (after, untold) in [
            ("null", "data"),
            (r#""""#, "data"),
            ("{}", "data"),
            (r#"[{"package_id":7,"version":"1.2.6"}]"#, "data.status"),
            (r#"[{"package_id":7,"version":"1.2.6","status":""}]"#, "data.status"),
            (r#"[{"package_id":"","version":"1.2.6","status":1}]"#, "data.package_id"),
            (r#"[{"package_id":" ","version":" ","status":" "}]"#, "data.package_id"),
        ] {
            let (result, script) =
                rollback(&RollbackTarget::Previous, vec![online(), data(after)], vec![LOST]).await;
            let (_, outcome, error) = failed(result);
            assert_eq!(outcome, Outcome::Unknown, "{after}");
            assert!(error.to_string().contains(&format!("`{untold}`")), "{after}: {error}");
            assert_eq!(script.count("package/rollback"), 1, "{after}");
        }
        for after in [
            r#"[{"package_id":7,"version":"1.2.6","status":99}]"#,
            // It is gone, and no other package is online.
            "[]",
            r#"[{"package_id":6,"version":"1.0.0","status":3}]"#,
            r#"[{"version":"1.2.7","upload_status":1}]"#,
            r#"[{"version":"1.2.7","upload_status":3}]"#,
        ] {
            let (result, script) =
                rollback(&RollbackTarget::Previous, vec![online(), data(after)], vec![LOST]).await;
            let (_, outcome, error) = failed(result);
            assert_eq!((outcome, error.detail()), (Outcome::Unknown, None), "{after}");
            assert_eq!(script.count("package/rollback"), 1, "{after}");
        }
    }

    #[tokio::test]
    async fn the_same_call_again_goes_back_no_further() {
        let lost = async || {
            let script = Script::new()
                .on("package/get", [online(), data("null")])
                .on("package/rollback", [LOST, done()]);
            let app = script.app();
            assert_eq!(failed(app.rollback(&RollbackTarget::Previous).await).1, Outcome::Unknown);
            (script, app)
        };
        // The first one went back to 1.0.0, which has another version before it.
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(6, "1.0.0", 1)])]);
        let effect = app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!((known(&effect), script.count("package/rollback")), ((Evidence::Asked, 1), 1));
        // It is still in progress.
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(7, "1.2.6", 8)])]);
        let effect = app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!((known(&effect), script.count("package/rollback")), ((Evidence::Asked, 1), 1));
        // It was rolled back, and the package online is not reported.
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(7, "1.2.6", 3)])]);
        let (kind, _, error) = failed(app.rollback(&RollbackTarget::Previous).await);
        assert_eq!((kind, script.count("package/rollback")), (ErrorKind::Conflict, 1));
        assert!(error.to_string().contains("the version online is missing"), "{error}");
        // A later version is online: rolling that back is another rollback.
        let (script, app) = lost().await;
        script.replace("package/get", [packages(&[(9, "1.3.0", 1)])]);
        let effect = app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!((known(&effect), script.count("package/rollback")), ((Evidence::Answered, 1), 2));
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Done);
    }

    #[tokio::test]
    async fn a_repeat_names_the_same_package() {
        let (result, script) = rollback(&RollbackTarget::Previous, vec![online()], vec![LOST, done()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2));
        let sent = script.sent();
        let ids: Vec<_> =
            sent.iter().filter_map(|request| request.body.as_ref()?.get("package_id")).collect();
        assert_eq!(ids, [&json!("7"), &json!("7")]);
    }

    #[tokio::test]
    async fn a_task_that_is_running_is_waited_for_without_asking() {
        let later = refusing(50015, "有任务在执行，请稍后重试");
        let (result, script) = rollback(&RollbackTarget::Previous, vec![online()], vec![later, done()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2));
        assert_eq!(script.count("package/get"), 1);
    }

    #[tokio::test]
    async fn only_the_version_before_can_be_reached() {
        for version in ["1.0.0", "v1.0.0", "V1.0.0"] {
            let target = RollbackTarget::Version(version.to_owned());
            let (result, _) = rollback(&target, vec![online()], vec![done()]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Answered, 1), "{version}");
        }
        let target = RollbackTarget::Version("0.9.0".to_owned());
        let (result, script) = rollback(&target, vec![online()], vec![done()]).await;
        let (kind, outcome, error) = failed(result);
        assert_eq!((kind, outcome), (ErrorKind::Unsupported, Outcome::NotSent));
        assert!(error.to_string().contains("v1.0.0"), "{error}");
        assert_eq!(error.field(), Some("version"));
        assert_eq!(script.count("package/rollback"), 0);
    }

    #[tokio::test]
    async fn nothing_to_go_back_to_is_a_conflict_and_not_sent() {
        let alone = data(r#"[{"version":"1","status":1,"package_id":7}]"#);
        for list in [alone, data("[]"), packages(&[(7, "1", 8)]), packages(&[(7, "1", 3)])] {
            let (result, script) = rollback(&RollbackTarget::Previous, vec![list], vec![done()]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
            assert_eq!(script.count("package/rollback"), 0);
        }
    }

    #[tokio::test]
    async fn a_version_that_the_caller_names_must_be_the_one_online() {
        for version in ["1.2.6", "v1.2.6"] {
            let target = RollbackTarget::OnlineVersion(version.to_owned());
            let (result, script) = rollback(&target, vec![online()], vec![done()]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Answered, 1));
            assert_eq!(script.count("package/get"), 1);
        }
        let unnamed = data(r#"[{"status":1,"package_id":7,"rollback_version":"v1.0.0"}]"#);
        for list in [packages(&[(8, "1.3.0", 1)]), unnamed, data("[]")] {
            let target = RollbackTarget::OnlineVersion("1.2.6".to_owned());
            let (result, script) = rollback(&target, vec![list], vec![done()]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
            assert_eq!(script.count("package/rollback"), 0);
        }
    }

    #[tokio::test]
    async fn a_package_that_the_caller_names_must_be_the_one_online() {
        let target = RollbackTarget::OnlinePackage("7".into());
        let (result, script) = rollback(&target, vec![online()], vec![done()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Answered, 1));
        assert_eq!(script.count("package/get"), 1);
        // If it were sent, a lost response would read as done: the package is not online, as after a rollback.
        for list in [
            packages(&[(6, "1.0.0", 1)]),
            packages(&[(7, "1.2.6", 3), (6, "1.0.0", 1)]),
            packages(&[(7, "1.2.6", 8)]),
            data("[]"),
        ] {
            let (result, script) = rollback(&target, vec![list], vec![LOST]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotSent));
            assert_eq!(script.count("package/rollback"), 0);
        }
        let (result, _) = rollback(&target, vec![packages(&[(6, "1.0.0", 1)])], vec![LOST]).await;
        let words = "rollback: conflict: package 7 is not online, package 6 is (baidu)";
        assert_eq!(failed(result).2.to_string(), words);
    }
}

#[tokio::test]
async fn a_visit_status_that_nobody_can_set_is_refused_by_the_vendors_name() {
    let script = Script::new();
    let (kind, _, error) = failed(script.app().set_visit_status(VisitStatus::Unknown).await);
    assert_eq!((kind, error.vendor()), (ErrorKind::InvalidArgument, Some(BAIDU)));
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn an_app_that_is_open_again_shows_it() {
    let script = Script::new().on("app/resume", [LOST]).on("app/info", [data(r#"{"app_id":1,"status":1}"#)]);
    let effect = script.app().set_visit_status(VisitStatus::Open).await.unwrap();
    assert_eq!(known(&effect), (Evidence::Asked, 1));
}

#[tokio::test]
async fn settings_are_read_back() {
    let info = |status: i64| data(&format!(r#"{{"app_id":1,"status":{status}}}"#));
    let script = Script::new()
        .on("app/pause", [Answer::from(BUSY)])
        .on("app/resume", [LOST, done()])
        .on("app/info", [info(1), info(4)]);
    let effect = script.app().set_visit_status(VisitStatus::Closed).await.unwrap();
    assert_eq!(known(&effect), (Evidence::Asked, 1));
    // Still paused: resumed again.
    let effect = script.app().set_visit_status(VisitStatus::Open).await.unwrap();
    assert_eq!(known(&effect), (Evidence::Answered, 2));
    let version = |text: &str| data(&format!(r#"{{"now_version":"{text}"}}"#));
    let script = Script::new()
        .on("app/setsupportversion", [LOST])
        .on("app/getsupportversion", [version("1.0.0"), version("3.10.1")]);
    let effect = script.app().set_min_library_version("3.10.1").await.unwrap();
    assert_eq!(known(&effect), (Evidence::Asked, 1));
    // Another version that stays is the previous one: the request is sent again.
    let script = Script::new()
        .on("app/setsupportversion", [LOST, done()])
        .on("app/getsupportversion", [version("1.0.0")]);
    let effect = script.app().set_min_library_version("3.10.1").await.unwrap();
    assert_eq!(known(&effect), (Evidence::Answered, 2));
    for untold in ["", "  "] {
        let script =
            Script::new().on("app/setsupportversion", [LOST]).on("app/getsupportversion", [version(untold)]);
        let (_, outcome, error) = failed(script.app().set_min_library_version("3.10.1").await);
        assert_eq!((outcome, error.attempts()), (Outcome::Unknown, 1), "{untold:?}");
    }
}

#[tokio::test]
async fn an_intent_of_another_process_is_settled_by_asking() {
    let intent = |target: Command, before| {
        Intent::new(BAIDU, AppId::from(APP), target, before, Timestamp::from_unix(1_600_000_000))
    };
    let script = Script::new()
        .on("package/getdetail", [detail(216, 4)])
        .on("package/get", [packages(&[(1, "1.2.6", 1), (216, "1.2.7", 3)])]);
    let app = script.app();
    let submit = Command::SubmitAudit { target: SubmitTarget::Newest, options: Box::new(options()) };
    let settled = app.settle(&intent(submit, json!({"package_id": "216", "status": 3}))).await.unwrap();
    assert_eq!(settled.outcome, Outcome::Done);
    assert_eq!(json!(settled.value), json!({"audit": "216"}));
    let upload = Command::UploadCode {
        template: "1".into(),
        ext: r#"{"extEnable":true}"#.parse().unwrap(),
        version: "1.2.7".to_owned(),
        description: "desc".to_owned(),
    };
    let settled = app.settle(&intent(upload, json!({"known_package_ids": []}))).await.unwrap();
    assert_eq!(json!(settled.value)["upload"]["package_id"], "216");
    let rollback = Command::Rollback { target: RollbackTarget::Previous };
    let settled = app.settle(&intent(rollback, json!({"package_id": "1"}))).await.unwrap();
    assert_eq!(settled.outcome, Outcome::NotDone);
    assert!(script.sent().iter().all(|request| request.method == "GET"));
}

/// The commands of the managers' methods.
fn commands() -> Vec<Command> {
    let ext: ExtJson = r#"{"extEnable":true}"#.parse().unwrap();
    let audit = || "216".into();
    vec![
        Command::UploadCode {
            template: "1".into(),
            ext,
            version: "1.2.7".to_owned(),
            description: "desc".to_owned(),
        },
        Command::SubmitAudit { target: SubmitTarget::Newest, options: Box::new(options()) },
        Command::WithdrawAudit { audit: audit() },
        Command::ExpediteAudit { audit: audit() },
        Command::Release { target: ReleaseTarget::Approved },
        Command::Rollback { target: RollbackTarget::Previous },
        Command::StartGrayRelease { gray: GrayRelease::percentage(20) },
        Command::CancelGrayRelease,
        Command::SetVisitStatus { status: VisitStatus::Open },
        Command::SetMinLibraryVersion { version: "1.2.3".to_owned() },
    ]
}

/// The class decides what may be sent again: a `Guarded` effect of class `OneShot` would give up too early, a `OneShot`
/// effect of another class would be done twice.
#[test]
fn every_effect_has_the_class_that_the_design_gives_it() {
    let design = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/design.md");
    let design = std::fs::read_to_string(design).unwrap();
    let app = Script::new().app();
    let commands = commands();
    let operations: Vec<_> = commands.iter().map(Command::operation).collect();
    assert_eq!(operations, Operation::ALL);
    for command in commands {
        let begin = format!("| `{}` |", command.operation());
        let row = design.lines().find(|line| line.starts_with(&begin)).unwrap();
        let cell = row.split('|').nth(3).unwrap();
        let documented = cell.split(';').next().unwrap().trim();
        let class = match app.effect_plan(&command) {
            Ok(plan) => format!("{:?}", plan.class()),
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(class, documented, "{}", command.operation());
    }
}
