//! Effects whose response is lost, one by one.

use miniprogram_core::clock::Clock as _;
use miniprogram_core::model::UploadReceipt;
use miniprogram_core::vendor_api::pipeline::EffectSource;
use miniprogram_core::*;
use serde_json::json;
use wechat_wxa::{GrayReleaseOptions, WECHAT};

use crate::support::*;

const ID: &str = "1234567";

fn done() -> Answer {
    ok(json!({}))
}

/// An effect's outcome, evidence, and number of requests.
fn told<T: std::fmt::Debug>(result: &Result<Effect<T>>) -> (Outcome, Option<Evidence>, u32) {
    match result {
        Ok(effect) => (Outcome::Done, Some(effect.evidence), effect.attempts),
        Err(error) => (error.outcome(), None, error.attempts()),
    }
}

const ASKED: Option<Evidence> = Some(Evidence::Asked);
const ANSWERED: Option<Evidence> = Some(Evidence::Answered);
const INFERRED: Option<Evidence> = Some(Evidence::Inferred);

mod upload {
    use super::*;

    async fn run(commit: Vec<Answer>, info: Vec<Answer>) -> (Result<Effect<UploadReceipt>>, Scene) {
        let stage = stage([(COMMIT, commit), (VERSIONS, info)]);
        let result = stage.app.upload_code(&"7".into(), &ext(), "2.5.0", "秋季").await;
        (result, stage)
    }

    #[tokio::test]
    async fn an_answer_needs_no_question() {
        let (result, stage) = run(vec![done()], vec![]).await;
        assert_eq!(told(&result), (Outcome::Done, ANSWERED, 1));
        assert_eq!(stage.vendor.count(VERSIONS), 0);
    }

    #[tokio::test]
    async fn an_upload_that_shows_is_done() {
        let (result, stage) = run(vec![Answer::Timeout], vec![versions(Some(("2.5.0", NOW)), None)]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        assert_eq!(result.unwrap().value, UploadReceipt::new("2.5.0", "秋季"));
        assert_eq!(stage.vendor.count(VERSIONS), 1);
    }

    #[tokio::test]
    async fn what_was_there_before_is_not_this_upload() {
        // The `Date` header has whole seconds: one second makes no difference.
        let older = versions(Some(("2.5.0", NOW - 2)), None);
        let other = versions(Some(("2.4.0", NOW + 11)), None);
        let described =
            ok(json!({ "exp_info": { "exp_version": "2.5.0", "exp_time": NOW + 11, "exp_desc": "夏季" } }));
        for info in [older, other, described] {
            let (result, stage) = run(vec![Answer::Timeout, done()], vec![info]).await;
            assert_eq!(told(&result), (Outcome::Done, ANSWERED, 2));
            assert!(stage.vendor.count(VERSIONS) >= 3, "absent is believed after three looks");
            assert!(stage.clock.now() >= Timestamp::from_unix(NOW + 15), "and after the settle time");
        }
    }

    #[tokio::test]
    async fn a_late_upload_is_found_within_the_settle_time() {
        let info = vec![versions(Some(("2.4.0", NOW - 9)), None), versions(Some(("2.5.0", NOW + 11)), None)];
        let (result, _) = run(vec![Answer::Timeout], info).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
    }

    #[tokio::test]
    async fn a_version_or_a_time_that_is_not_told_settles_nothing() {
        let exp = |version: serde_json::Value, time: serde_json::Value| {
            ok(json!({ "exp_info": { "exp_version": version, "exp_time": time, "exp_desc": "秋季" } }))
        };
        for info in [
            versions(None, None),
            ok(json!({ "exp_info": {} })),
            ok(json!({ "exp_info": null })),
            exp(json!(""), json!(NOW)),
            exp(json!("  "), json!(NOW)),
            exp(json!(null), json!(NOW)),
            exp(json!("2.5.0"), json!(null)),
            exp(json!("2.5.0"), json!("")),
            exp(json!("2.5.0"), json!(0)),
            ok(json!({ "exp_info": { "exp_version": "2.5.0", "exp_desc": "秋季" } })),
        ] {
            let (result, stage) = run(vec![Answer::Timeout], vec![info.clone()]).await;
            assert_eq!(told(&result).0, Outcome::Unknown, "{info:?}");
            assert_eq!(stage.vendor.count(COMMIT), 1, "{info:?}");
        }
        let padded = exp(json!(" 2.5.0 "), json!(NOW.to_string()));
        assert_eq!(told(&run(vec![Answer::Timeout], vec![padded]).await.0), (Outcome::Done, ASKED, 1));
    }

    #[tokio::test]
    async fn a_repeated_call_whose_state_is_not_told_is_sent() {
        let stage = stage([(COMMIT, vec![Answer::Timeout, done()]), (VERSIONS, vec![versions(None, None)])]);
        let upload = async || stage.app.upload_code(&"7".into(), &ext(), "2.5.0", "秋季").await;
        let error = upload().await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(error.to_string().contains("exp_info.exp_version"), "{error}");
        // Repeating an upload is harmless: an app whose state is never reported is not blocked forever.
        let effect = upload().await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 1));
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Unknown);
    }

    #[tokio::test]
    async fn an_upload_of_other_content_is_a_new_one() {
        let shown = versions(Some(("2.5.0", NOW + 1)), None);
        let stage = stage([(COMMIT, vec![Answer::Timeout, done()]), (VERSIONS, vec![refused(48001); 8])]);
        let error = stage.app.upload_code(&"7".into(), &ext(), "2.5.0", "秋季").await.unwrap_err();
        let intent = error.intent().unwrap().clone();
        stage.vendor.script(VERSIONS, vec![shown]);
        let other = r#"{"extAppid":"wx1","ext":{"name":"another"}}"#.parse().unwrap();
        let effect = stage.app.upload_code(&"7".into(), &other, "2.5.0", "秋季").await.unwrap();
        assert_eq!(effect.evidence, Evidence::Answered);
        let earlier = effect.earlier.unwrap();
        assert_eq!((earlier.intent, earlier.settled.outcome), (intent, Outcome::Done));
        assert_eq!(stage.vendor.count(COMMIT), 2);
    }

    #[tokio::test]
    async fn a_busy_vendor_may_have_done_it_and_a_refusal_has_not() {
        let (result, _) = run(vec![refused(-1)], vec![versions(Some(("2.5.0", NOW)), None)]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        let (result, stage) = run(vec![refused(85014)], vec![]).await;
        assert_eq!(told(&result), (Outcome::NotDone, None, 1));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(stage.vendor.count(VERSIONS), 0);
    }
}

mod submission {
    use super::*;

    async fn run(submit: Vec<Answer>, latest: Vec<Answer>) -> (Result<Effect<AuditId>>, Scene) {
        let stage = stage([(SUBMIT, submit), (LATEST, latest)]);
        let result = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await;
        (result, stage)
    }

    #[tokio::test]
    async fn a_new_audit_is_adopted() {
        for before in [refused(85058), audit(7, 1)] {
            let (result, _) = run(vec![Answer::Cut], vec![before, audit(8, 2)]).await;
            assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
            assert_eq!(result.unwrap().value, AuditId::from("8"));
        }
    }

    #[tokio::test]
    async fn an_answer_without_an_id_is_looked_up() {
        let (result, _) = run(vec![done()], vec![refused(85058), audit(8, 2)]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        assert_eq!(result.unwrap().value, AuditId::from("8"));
        // If the probe does not report it either, the error names it.
        let (result, _) = run(vec![done()], vec![audit(7, 2), refused(85058)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::Unknown));
        assert_eq!(error.field(), Some("auditid"));
    }

    #[tokio::test]
    async fn an_audit_that_was_there_before_is_not_ours() {
        let submitted = ok(json!({ "auditid": 8 }));
        let (result, _) = run(vec![Answer::Timeout, submitted], vec![audit(7, 1)]).await;
        assert_eq!(told(&result), (Outcome::Done, ANSWERED, 2));
    }

    /// A submission of 2.5.0, uploaded at `NOW`, whose response is lost, and whose state is unreadable at first.
    async fn lost_submission() -> Scene {
        let stage = stage([
            (SUBMIT, vec![Answer::Timeout, ok(json!({ "auditid": 9 }))]),
            (LATEST, [vec![audit(7, 1)], vec![refused(48001); 8]].concat()),
        ]);
        let error = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 1), "{error:#}");
        stage
    }

    /// The latest audit, of a version submitted at a given time.
    fn submitted(version: &str, at: i64) -> Answer {
        ok(json!({ "auditid": "8", "status": 2, "user_version": version, "submit_audit_time": at }))
    }

    #[tokio::test]
    async fn the_same_call_again_returns_the_audit_of_the_first() {
        let stage = lost_submission().await;
        stage.vendor.script(LATEST, vec![submitted("2.5.0", NOW + 1)]);
        stage.vendor.script(VERSIONS, vec![versions(Some(("2.5.0", NOW)), None)]);
        let effect = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
        assert_eq!((effect.value, effect.evidence), (AuditId::from("8"), Evidence::Asked));
        assert_eq!(stage.vendor.count(SUBMIT), 1);
    }

    #[tokio::test]
    async fn what_was_uploaded_since_is_submitted_anew() {
        for upload in [("2.6.0", NOW), ("2.5.0", NOW + 600)] {
            let stage = lost_submission().await;
            stage.vendor.script(LATEST, vec![submitted("2.5.0", NOW + 1)]);
            stage.vendor.script(VERSIONS, vec![versions(Some(upload), None)]);
            let effect = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap();
            assert_eq!((&effect.value, effect.evidence), (&AuditId::from("9"), Evidence::Answered));
            let earlier = effect.earlier.unwrap().settled;
            assert_eq!((earlier.outcome, earlier.value), (Outcome::Done, EffectValue::Audit("8".into())));
        }
    }

    #[tokio::test]
    async fn a_submission_that_may_be_another_one_is_not_sent() {
        for (latest, upload) in [
            (submitted("2.5.0", NOW + 1), versions(None, None)),
            (submitted("2.5.0", NOW + 1), versions(Some(("2.5.0", 0)), None)),
            (submitted("", NOW + 1), versions(Some(("2.5.0", NOW)), None)),
            (submitted("2.5.0", 0), versions(Some(("2.5.0", NOW)), None)),
        ] {
            let stage = lost_submission().await;
            stage.vendor.script(LATEST, vec![latest]);
            stage.vendor.script(VERSIONS, vec![upload]);
            let error = stage.app.submit_audit(&SubmitTarget::Newest, &options()).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            let earlier = &error.earlier().unwrap().settled;
            assert_eq!(earlier.value, EffectValue::Audit("8".into()), "the audit is not lost");
            assert_eq!(stage.vendor.count(SUBMIT), 1);
        }
    }

    #[tokio::test]
    async fn an_audit_that_is_not_told_proves_nothing() {
        let untold = |id: serde_json::Value| ok(json!({ "auditid": id, "status": 2 }));
        for latest in [
            ok(json!({ "status": 2 })),
            untold(json!(null)),
            untold(json!("")),
            untold(json!(" ")),
            untold(json!(0)),
            // There was an earlier one.
            refused(85058),
        ] {
            let (result, stage) = run(vec![Answer::Timeout], vec![audit(7, 1), latest.clone()]).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{latest:?}");
            assert_eq!(stage.vendor.count(SUBMIT), 1, "{latest:?}");
        }
    }

    #[tokio::test]
    async fn already_under_audit_on_the_repeat_is_asked_about() {
        let latest = once_repeated(SUBMIT, audit(7, 1), audit(8, 2));
        let (result, _) = run(vec![Answer::Timeout, refused(85009)], vec![latest]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 2));
        assert_eq!(result.unwrap().value, AuditId::from("8"));

        let (result, _) = run(vec![Answer::Timeout, refused(85009)], vec![audit(7, 2)]).await;
        assert_eq!(told(&result).0, Outcome::NotDone);
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Conflict);
    }

    #[tokio::test]
    async fn a_scan_that_runs_is_waited_for() {
        let running = refused(61039);
        let stage = stage([
            (PRIVACY, vec![running.clone(), running.clone(), running.clone(), done()]),
            (VERSIONS, vec![versions(Some(("2.5.0", NOW)), None)]),
            (LATEST, vec![refused(85058)]),
            (SUBMIT, vec![ok(json!({ "auditid": 8 }))]),
        ]);
        let target = SubmitTarget::Upload(UploadReceipt::new("2.5.0", "秋季"));
        stage.app.submit_audit(&target, &options()).await.unwrap();
        assert_eq!(stage.clock.now(), Timestamp::from_unix(NOW + 15));
        assert_eq!(stage.vendor.count(PRIVACY), 4);
    }

    #[tokio::test]
    async fn a_scan_that_never_ends_is_given_up() {
        let stage = stage_of(PRIVACY, refused(61039));
        let target = SubmitTarget::Upload(UploadReceipt::new("2.5.0", "秋季"));
        let error = stage.app.submit_audit(&target, &options()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotSent), "{error:#}");
        assert!(error.is_retryable());
        assert_eq!(stage.clock.now(), Timestamp::from_unix(NOW + 300));
        assert!(!stage.vendor.paths().iter().any(|path| path == COMMIT), "a repeat would restart the scan");
    }

    #[tokio::test]
    async fn another_version_is_not_submitted() {
        for target in [
            SubmitTarget::Version("2.5.0".to_owned()),
            SubmitTarget::Upload(UploadReceipt::new("2.5.0", "秋季")),
        ] {
            for info in [versions(Some(("2.6.0", NOW)), None), versions(None, None)] {
                let stage = stage([(VERSIONS, vec![info]), (PRIVACY, vec![done()])]);
                let error = stage.app.submit_audit(&target, &options()).await.unwrap_err();
                assert_eq!(
                    (error.kind(), error.outcome()),
                    (ErrorKind::Conflict, Outcome::NotSent),
                    "{error:#}"
                );
                assert!(error.to_string().contains("2.5.0"), "{error}");
            }
        }
    }
}

mod withdrawal {
    use super::*;

    async fn run(withdraw: Vec<Answer>, latest: Vec<Answer>) -> (Result<Effect>, Scene) {
        let stage =
            stage([(WITHDRAW, withdraw), (LATEST, latest), (STATUS, vec![ok(json!({ "status": 3 }))])]);
        let result = stage.app.withdraw_audit(&ID.into()).await;
        (result, stage)
    }

    const OURS: u64 = 1_234_567;

    fn latest() -> Command {
        Command::WithdrawAudit { audit: AuditTarget::Latest }
    }

    #[tokio::test]
    async fn the_latest_audit_is_read_first_and_withdrawn_only_while_it_is_open() {
        for open in [2, 4] {
            let stage = stage([(WITHDRAW, vec![done()]), (LATEST, vec![audit(OURS, open)])]);
            let effect = stage.app.perform(latest()).await.unwrap();
            assert_eq!((effect.value, effect.attempts), (EffectValue::None, 1));
            assert_eq!(stage.vendor.paths(), [LATEST, WITHDRAW]);
            assert_eq!(stage.vendor.requests(), stage.app.plan(&latest()).unwrap());
            assert_eq!(stage.vendor.intents()[0].before, json!({ "audit_id": "1234567" }));
        }
        for (shown, why) in [
            (audit(OURS, 0), "no audit is open: the latest is approved"),
            (audit(OURS, 3), "no audit is open: the latest is withdrawn"),
            (refused(85058), "no audit is open: the latest is not_submitted"),
        ] {
            let stage = stage([(LATEST, vec![shown])]);
            let error = stage.app.perform(latest()).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            assert_eq!(error.detail(), Some(why));
        }
    }

    #[tokio::test]
    async fn it_is_not_sent_again_once_another_audit_is_the_latest() {
        // The reads of a lost attempt show ours in review for the whole settle time.
        for (first, reads, outcome) in
            [(refused(9_402_202), 1, Outcome::NotDone), (Answer::Timeout, 5, Outcome::Unknown)]
        {
            for command in [latest(), Command::WithdrawAudit { audit: AuditTarget::Id(ID.into()) }] {
                let latest = [vec![audit(OURS, 2); reads], vec![audit(9, 2)]].concat();
                let stage = stage([
                    (WITHDRAW, vec![first.clone(), done()]),
                    (LATEST, latest),
                    (STATUS, vec![ok(json!({ "status": 3 }))]),
                ]);
                let error = stage.app.perform(command.clone()).await.unwrap_err();
                assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, outcome), "{error:#}");
                assert_eq!(error.detail(), Some("the latest audit is 9 (in_review), not 1234567"));
                assert_eq!((error.attempts(), stage.vendor.count(WITHDRAW)), (1, 1));
                // The attempt may have landed late: the audit itself shows it.
                if let Some(intent) = error.intent() {
                    assert_eq!(stage.app.settle(intent).await.unwrap().outcome, Outcome::Done);
                }
            }
            let stage = stage([(WITHDRAW, vec![first.clone(), done()]), (LATEST, vec![audit(OURS, 2)])]);
            assert_eq!(stage.app.perform(latest()).await.unwrap().attempts, 2);
        }
    }

    #[tokio::test]
    async fn a_lost_withdrawal_of_the_latest_audit_is_settled_by_the_one_it_was() {
        // Withdrawn, and another one was submitted in the meantime: the status of ours decides.
        let script = [
            (WITHDRAW, vec![Answer::Timeout]),
            (LATEST, vec![audit(OURS, 2), audit(9, 2)]),
            (STATUS, vec![ok(json!({ "status": 3 }))]),
        ];
        let effect = stage(script).app.perform(latest()).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn withdrawing_the_latest_again_is_another_effect_once_another_is_open() {
        for (now, sent) in [(audit(OURS, 3), 1), (audit(9, 3), 1), (audit(9, 2), 2)] {
            let stage = stage([
                (WITHDRAW, vec![Answer::Timeout, done()]),
                (LATEST, vec![audit(OURS, 2), refused(48001)]),
                (STATUS, vec![ok(json!({ "status": 3 }))]),
            ]);
            let lost = stage.app.perform(latest()).await.unwrap_err();
            assert_eq!(lost.outcome(), Outcome::Unknown, "{lost:#}");
            stage.vendor.script(LATEST, vec![now]);
            let effect = stage.app.perform(latest()).await.unwrap();
            assert_eq!(stage.vendor.count(WITHDRAW), sent);
            assert_eq!(effect.earlier.is_some(), sent == 2);
        }
    }

    #[tokio::test]
    async fn another_audit_of_an_unlisted_status_leaves_it_open_what_is_meant() {
        let stage = stage([
            (WITHDRAW, vec![Answer::Timeout, done()]),
            (LATEST, vec![audit(OURS, 2), refused(48001)]),
            (STATUS, vec![ok(json!({ "status": 3 }))]),
        ]);
        stage.app.perform(latest()).await.unwrap_err();
        stage.vendor.script(LATEST, vec![audit(9, 77)]);
        let error = stage.app.perform(latest()).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
        assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
        assert_eq!(stage.vendor.count(WITHDRAW), 1);
    }

    #[tokio::test]
    async fn the_latest_audit_is_expedited_by_its_number() {
        const EXPEDITE: &str = "/wxa/speedupaudit";
        let command = Command::ExpediteAudit { audit: AuditTarget::Latest };
        let stage = stage([(EXPEDITE, vec![done()]), (LATEST, vec![audit(OURS, 4)])]);
        let planned = stage.app.plan(&command).unwrap();
        assert_eq!(planned[1].body, Some(json!({ "auditid": { "from": "get_latest_auditstatus" } })));
        stage.app.perform(command).await.unwrap();
        assert_eq!(stage.vendor.paths(), [LATEST, EXPEDITE]);
        assert_eq!(stage.vendor.last_body(), r#"{"auditid":1234567}"#);
        let error = stage_of(LATEST, audit(OURS, 1))
            .app
            .perform(Command::ExpediteAudit { audit: AuditTarget::Latest })
            .await
            .unwrap_err();
        assert_eq!(error.detail(), Some("no audit is open: the latest is rejected"));
    }

    #[tokio::test]
    async fn only_the_open_audit_that_is_named_is_withdrawn() {
        for latest in [audit(OURS, 0), audit(OURS, 1), audit(OURS, 3), audit(9, 2), refused(85058)] {
            let (result, stage) = run(vec![], vec![latest]).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            assert!(error.to_string().contains(ID), "{error}");
            assert_eq!(stage.vendor.paths(), [LATEST]);
        }
        for (latest, why) in [
            (audit(OURS, 0), "audit 1234567 is approved, not in review"),
            (audit(9, 2), "the latest audit is 9 (in_review), not 1234567"),
            (refused(85058), "there is no audit (asked for 1234567)"),
        ] {
            assert_eq!(run(vec![], vec![latest]).await.0.unwrap_err().detail(), Some(why));
        }
        for open in [2, 4] {
            let (result, _) = run(vec![done()], vec![audit(OURS, open)]).await;
            assert_eq!(told(&result), (Outcome::Done, ANSWERED, 1));
        }
    }

    #[tokio::test]
    async fn a_lost_answer_is_settled_by_the_audit() {
        let lost = |after| run(vec![Answer::Timeout], vec![audit(OURS, 2), after]);
        assert_eq!(told(&lost(audit(OURS, 3)).await.0), (Outcome::Done, ASKED, 1));
        // If there is no audit any more, none is queried.
        let (result, stage) = lost(refused(85058)).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        assert_eq!(stage.vendor.count(STATUS), 0);
        // Someone has submitted again: the audit itself is queried.
        let (result, stage) = lost(audit(9, 2)).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        assert_eq!(stage.vendor.count(STATUS), 1);
        for verdict in [0, 1] {
            let error = lost(audit(OURS, verdict)).await.0.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone), "{error:#}");
        }
        let (result, stage) = lost(audit(OURS, 9)).await;
        assert_eq!(told(&result).0, Outcome::Unknown, "a status that nobody knows settles nothing");
        assert_eq!(stage.vendor.count(WITHDRAW), 1);
    }

    #[tokio::test]
    async fn it_is_tried_twice_at_most() {
        let (result, stage) = run(vec![Answer::Timeout], vec![audit(OURS, 2)]).await;
        assert_eq!(told(&result).0, Outcome::NotDone);
        assert_eq!(stage.vendor.count(WITHDRAW), 2);
        // A used-up quota on the repeat is believed only after another query of the audit.
        let latest = once_repeated(WITHDRAW, audit(OURS, 2), audit(OURS, 3));
        let (result, _) = run(vec![Answer::Timeout, refused(87013)], vec![latest]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 2));
    }
}

mod expedition {
    use super::*;

    async fn run(answers: Vec<Answer>) -> Result<Effect> {
        stage([(EXPEDITE, answers)]).app.expedite_audit(&ID.into()).await
    }

    #[tokio::test]
    async fn done_already_after_a_lost_answer_is_done() {
        assert_eq!(told(&run(vec![Answer::Timeout, refused(89404)]).await), (Outcome::Done, INFERRED, 2));
        assert_eq!(told(&run(vec![refused(89404)]).await), (Outcome::NotDone, None, 1));
        assert_eq!(told(&run(vec![refused(89402)]).await), (Outcome::NotDone, None, 1));
        // No longer in the queue, or no quota left: the lost attempt may have caused that.
        for code in [89402, 89405, 45011] {
            assert_eq!(told(&run(vec![Answer::Timeout, refused(code)]).await).0, Outcome::Unknown, "{code}");
        }
        assert_eq!(told(&run(vec![Answer::Timeout]).await).0, Outcome::Unknown);
    }
}

mod publication {
    use super::*;

    fn script(release: Vec<Answer>, latest: Answer, info: Vec<Answer>, plan: Answer) -> Scene {
        stage([(RELEASE, release), (LATEST, vec![latest]), (VERSIONS, info), (PLAN, vec![plan])])
    }

    async fn run(release: Vec<Answer>, info: Vec<Answer>) -> (Result<Effect>, Scene) {
        let stage = script(release, audit(1_234_567, 0), info, ok(json!({})));
        let result = stage.app.release(&ReleaseTarget::Audit(ID.into())).await;
        (result, stage)
    }

    #[tokio::test]
    async fn only_the_approved_audit_that_is_named_is_released() {
        for latest in
            [audit(1_234_567, 2), audit(1_234_567, 1), audit(1_234_567, 9), audit(9, 0), refused(85058)]
        {
            let stage = script(vec![], latest, vec![], done());
            let error = stage.app.release(&ReleaseTarget::Audit(ID.into())).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            assert!(error.to_string().contains(ID), "{error}");
        }
    }

    /// Somebody else's version is approved while the first attempt is settled.
    #[tokio::test]
    async fn a_repeat_is_not_sent_once_another_audit_is_the_approved_one() {
        let info = vec![versions(None, Some(("2.4.0", NOW - 60)))];
        let latest = vec![audit(1_234_567, 0), audit(9, 0)];
        let release = vec![Answer::Timeout, done()];
        let stage =
            stage([(RELEASE, release), (LATEST, latest), (VERSIONS, info), (PLAN, vec![ok(json!({}))])]);
        let error = stage.app.release(&ReleaseTarget::Audit(ID.into())).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown), "{error:#}");
        assert_eq!(stage.vendor.count(RELEASE), 1);
    }

    #[tokio::test]
    async fn the_expected_version_online_since_the_attempt_is_done() {
        let (result, _) = run(vec![Answer::Timeout], vec![versions(None, Some(("2.5.0", NOW)))]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        for online in [Some(("2.4.0", NOW - 1)), Some(("2.4.0", 0))] {
            let (result, stage) = run(vec![Answer::Timeout, done()], vec![versions(None, online)]).await;
            assert_eq!(told(&result), (Outcome::Done, ANSWERED, 2), "{online:?}");
            assert!(stage.vendor.count(VERSIONS) >= 3);
        }
    }

    /// `release_info` with these fields.
    fn release_info(version: serde_json::Value, time: serde_json::Value) -> Answer {
        ok(json!({ "release_info": { "release_version": version, "release_time": time } }))
    }

    #[tokio::test]
    async fn what_is_not_told_proves_neither_the_release_nor_its_absence() {
        let stale = json!(NOW - 9);
        for info in [
            versions(None, None),
            ok(json!({ "release_info": null })),
            ok(json!({ "release_info": {} })),
            release_info(json!(""), stale.clone()),
            release_info(json!("   "), stale.clone()),
            release_info(json!(null), stale.clone()),
            release_info(json!("2.5.0"), json!(null)),
            release_info(json!("2.5.0"), json!("")),
            release_info(json!("2.5.0"), json!(0)),
            ok(json!({ "release_info": { "release_time": stale } })),
            ok(json!({ "release_info": { "release_version": "2.5.0" } })),
        ] {
            let (result, stage) = run(vec![Answer::Timeout], vec![info.clone()]).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{info:?}");
            assert_eq!(stage.vendor.count(RELEASE), 1, "{info:?}");
            let error = result.unwrap_err();
            assert_eq!(error.intent().unwrap().operation, Operation::Release);
            assert!(error.to_string().contains("release_info"), "{error}");
            // A `Guarded` effect stays open: the next call must not send without evidence either.
            let next = stage.app.set_visit_status(VisitStatus::Closed).await.unwrap_err();
            assert_eq!((next.outcome(), next.intent()), (Outcome::NotSent, error.intent()), "{info:?}");
        }
    }

    #[tokio::test]
    async fn other_evidence_counts_where_the_version_is_not_told() {
        // A new release time, and a padded version.
        for info in [
            release_info(json!(""), json!(NOW)),
            release_info(json!(null), json!(NOW.to_string())),
            release_info(json!(" 2.5.0\t"), json!(NOW)),
        ] {
            let (result, _) = run(vec![Answer::Timeout], vec![info.clone()]).await;
            assert_eq!(told(&result), (Outcome::Done, ASKED, 1), "{info:?}");
        }
        // "Released already" after a lost attempt, if the state shows nothing.
        let before = versions(None, Some(("2.4.0", NOW - 60)));
        let info = once_repeated(RELEASE, before, versions(None, None));
        let (result, _) = run(vec![Answer::Timeout, refused(85052)], vec![info.clone()]).await;
        assert_eq!(told(&result), (Outcome::Done, INFERRED, 2));
        // Nothing is inferred from another refusal.
        let (result, _) = run(vec![Answer::Timeout, refused(85019)], vec![info]).await;
        assert_eq!(told(&result), (Outcome::Unknown, None, 2));
    }

    #[tokio::test]
    async fn a_version_that_somebody_else_released_leaves_ours_open() {
        let info = vec![versions(None, Some(("2.6.0", NOW + 1)))];
        let (result, stage) = run(vec![Answer::Timeout], info).await;
        assert_eq!(told(&result), (Outcome::Unknown, None, 1));
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(stage.vendor.count(RELEASE), 1);
    }

    /// A release of what is approved, whose response is lost, and whose state is unreadable at first.
    async fn lost_release() -> Scene {
        let stage =
            script(vec![Answer::Timeout, done()], audit(7, 0), vec![refused(48001); 8], gray_plan(0, 0, 0));
        let error = stage.app.release(&ReleaseTarget::Approved).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
        stage.vendor.script(VERSIONS, vec![versions(None, Some(("2.5.0", NOW + 1)))]);
        stage
    }

    #[tokio::test]
    async fn the_same_call_again_returns_what_became_of_the_first() {
        let stage = lost_release().await;
        let effect = stage.app.release(&ReleaseTarget::Approved).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts, effect.earlier), (Evidence::Asked, 1, None));
        assert_eq!(stage.vendor.count(RELEASE), 1);
        // Only once: the next one is a separate call.
        stage.app.release(&ReleaseTarget::Approved).await.unwrap();
        assert_eq!(stage.vendor.count(RELEASE), 2);
    }

    #[tokio::test]
    async fn what_is_approved_a_week_later_is_another_release() {
        let stage = lost_release().await;
        stage.vendor.script(LATEST, vec![audit(8, 0)]);
        let effect = stage.app.release(&ReleaseTarget::Approved).await.unwrap();
        assert_eq!(effect.evidence, Evidence::Answered);
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Done);
        assert_eq!(stage.vendor.count(RELEASE), 2);

        // Nothing else is approved: the caller must say which of the two is meant.
        let stage = lost_release().await;
        stage.vendor.script(LATEST, vec![audit(8, 2)]);
        let error = stage.app.release(&ReleaseTarget::Approved).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
        assert_eq!(error.earlier().unwrap().settled.outcome, Outcome::Done);
        assert_eq!(stage.vendor.count(RELEASE), 1);
    }

    #[tokio::test]
    async fn a_repeat_that_cannot_be_told_from_a_new_call_keeps_the_intent_open() {
        let stage = lost_release().await;
        stage.vendor.script(LATEST, vec![refused(48001)]);
        let error = stage.app.release(&ReleaseTarget::Approved).await.unwrap_err();
        assert_eq!((error.outcome(), error.intent().is_some()), (Outcome::NotSent, true), "{error:#}");
        stage.vendor.script(LATEST, vec![audit(7, 0)]);
        assert_eq!(stage.app.release(&ReleaseTarget::Approved).await.unwrap().evidence, Evidence::Asked);
        assert_eq!(stage.vendor.count(RELEASE), 1);
    }

    #[tokio::test]
    async fn without_a_told_version_the_time_alone_says() {
        let latest = ok(json!({ "auditid": 1234567, "status": 0 }));
        let info = vec![versions(None, Some(("whatever", NOW)))];
        let stage = script(vec![Answer::Timeout], latest, info, done());
        assert_eq!(told(&stage.app.release(&ReleaseTarget::Approved).await), (Outcome::Done, ASKED, 1));
        // The latest audit is not the approved one: its version is not expected.
        let stage =
            script(vec![Answer::Timeout], audit(9, 2), vec![versions(None, Some(("x", NOW)))], done());
        assert_eq!(told(&stage.app.release(&ReleaseTarget::Approved).await), (Outcome::Done, ASKED, 1));
    }

    #[tokio::test]
    async fn a_gray_release_that_ended_counts_if_it_was_of_this_submission() {
        let submitted = NOW - 3600;
        for (online, status, created_at, outcome) in [
            ("2.5.0", 3, submitted, Outcome::Done),
            ("2.5.0", 3, submitted - 1, Outcome::NotDone),
            ("2.5.0", 1, submitted, Outcome::NotDone),
            // It was released, and rolled back since.
            ("2.4.0", 3, submitted, Outcome::NotDone),
        ] {
            let info = vec![versions(None, Some((online, NOW - 7200)))];
            let stage =
                script(vec![Answer::Timeout], audit(1_234_567, 0), info, gray_plan(status, 50, created_at));
            let result = stage.app.release(&ReleaseTarget::Approved).await;
            assert_eq!(told(&result).0, outcome, "{online} {status} {created_at}");
        }
    }

    #[tokio::test]
    async fn nothing_to_release_on_the_repeat_is_asked_about() {
        let before = versions(None, Some(("2.4.0", NOW - 60)));
        let after = versions(None, Some(("2.5.0", NOW + 4)));
        for code in [85019, 85052] {
            let info = vec![once_repeated(RELEASE, before.clone(), after.clone())];
            let (result, _) = run(vec![Answer::Timeout, refused(code)], info).await;
            assert_eq!(told(&result), (Outcome::Done, ASKED, 2), "{code}");
            let (result, _) = run(vec![Answer::Timeout, refused(code)], vec![before.clone()]).await;
            assert_eq!(told(&result), (Outcome::NotDone, None, 2), "{code}");
            let (result, _) = run(vec![refused(code)], vec![]).await;
            assert_eq!(told(&result), (Outcome::NotDone, None, 1), "{code}");
        }
    }

    #[tokio::test]
    async fn another_process_settles_it_from_the_intent_alone() {
        let before = json!({ "version": "2.5.0", "submitted_at": null, "since": NOW });
        let command = Command::Release { target: ReleaseTarget::Audit(ID.into()) };
        let intent =
            Intent::new(wechat_wxa::WECHAT, AppId::from(APP), command, before, Timestamp::from_unix(NOW));
        let kept: Intent = serde_json::from_str(&serde_json::to_string(&intent).unwrap()).unwrap();
        let stage = script(vec![], audit(1, 0), vec![versions(None, Some(("2.5.0", NOW + 1)))], done());
        let settled = stage.app.settle(&kept).await.unwrap();
        assert_eq!((settled.outcome, settled.evidence), (Outcome::Done, Evidence::Asked));
        let stage = script(vec![], audit(1, 0), vec![versions(None, Some(("2.4.0", NOW - 9)))], done());
        assert_eq!(stage.app.settle(&kept).await.unwrap().outcome, Outcome::NotDone);
        assert_eq!(stage.vendor.count(RELEASE), 0);
        let mut broken = kept;
        broken.before = json!({ "version": 7 });
        let error = stage.app.settle(&broken).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
    }
}

mod rollback {
    use super::*;

    fn script(revert: Vec<Answer>, info: Vec<Answer>, history: serde_json::Value) -> Scene {
        stage([(REVERT, revert), (VERSIONS, info), ("history", vec![ok(json!({ "version_list": history }))])])
    }

    fn online(version: &str, at: i64) -> Answer {
        versions(None, Some((version, at)))
    }

    #[tokio::test]
    async fn a_change_of_the_version_online_is_done() {
        for after in [online("2.4.0", NOW + 1), online("2.5.0", NOW + 1), online("2.4.0", NOW - 60)] {
            let stage = script(vec![Answer::Timeout], vec![online("2.5.0", NOW - 60), after], json!([]));
            let result = stage.app.rollback(&RollbackTarget::Previous).await;
            assert_eq!(told(&result), (Outcome::Done, ASKED, 1));
        }
        let stage = script(vec![Answer::Timeout, done()], vec![online("2.5.0", NOW - 60)], json!([]));
        assert_eq!(told(&stage.app.rollback(&RollbackTarget::Previous).await), (Outcome::Done, ANSWERED, 2));
        assert!(stage.vendor.count(VERSIONS) >= 4);
    }

    #[tokio::test]
    async fn a_rollback_from_a_version_is_sent_only_while_that_one_is_online() {
        let from = |version: &str| RollbackTarget::OnlineVersion(version.to_owned());
        let stage = script(vec![done()], vec![online("2.5.0", NOW - 60)], json!([]));
        assert_eq!(told(&stage.app.rollback(&from("2.5.0")).await), (Outcome::Done, ANSWERED, 1));
        for shown in [online("2.6.0", NOW - 60), versions(None, None)] {
            let stage = script(vec![done()], vec![shown], json!([]));
            let error = stage.app.rollback(&from("2.5.0")).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            assert!(error.to_string().contains("2.5.0"), "{error}");
            assert_eq!(stage.vendor.count(REVERT), 0);
        }
    }

    #[tokio::test]
    async fn a_chosen_version_must_be_the_one_that_shows() {
        let history = json!([{ "app_version": 451, "user_version": "2.3.0" }]);
        let target = RollbackTarget::Version("2.3.0".to_owned());
        let run = async |after| {
            let info = vec![online("2.5.0", NOW - 60), after];
            script(vec![Answer::Timeout], info, history.clone()).app.rollback(&target).await
        };
        assert_eq!(told(&run(online("2.3.0", NOW)).await), (Outcome::Done, ASKED, 1));
        let error = run(online("2.4.0", NOW)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown), "{error:#}");
    }

    #[tokio::test]
    async fn a_version_online_that_is_not_told_proves_nothing() {
        let before = online("2.5.0", NOW - 60);
        let untold = |version: serde_json::Value| {
            ok(json!({ "release_info": { "release_version": version, "release_time": NOW } }))
        };
        for after in [versions(None, None), untold(json!("")), untold(json!(" ")), untold(json!(null))] {
            let stage = script(vec![Answer::Timeout], vec![before.clone(), after.clone()], json!([]));
            let result = stage.app.rollback(&RollbackTarget::Previous).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{after:?}");
            assert_eq!(stage.vendor.count(REVERT), 1, "{after:?}");
            // Nor does one that was not reported before.
            let stage = script(vec![Answer::Timeout], vec![after.clone(), online("2.4.0", NOW)], json!([]));
            let result = stage.app.rollback(&RollbackTarget::Previous).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{after:?}");
        }
        // The same text twice: the time distinguishes them; without it nothing does.
        let same = json!([{ "app_version": 451, "user_version": "2.5.0" }]);
        let other = json!([{ "app_version": 451, "user_version": "2.4.0" }]);
        let timeless = ok(json!({ "release_info": { "release_version": "2.5.0" } }));
        for timeless in [timeless, online("2.5.0", 0)] {
            let info = vec![before.clone(), timeless.clone()];
            let stage = script(vec![Answer::Timeout], info.clone(), same.clone());
            let result = stage.app.rollback(&RollbackTarget::Previous).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{timeless:?}");
            let stage = script(vec![Answer::Timeout, done()], info, other.clone());
            let result = stage.app.rollback(&RollbackTarget::Previous).await;
            assert_eq!(told(&result), (Outcome::Done, ANSWERED, 2), "{timeless:?}");
        }
    }

    /// A rollback from 2.5.0 to 2.4.0 whose response is lost, and whose state is unreadable at first.
    async fn lost_rollback() -> Scene {
        let info = [vec![online("2.5.0", NOW - 60)], vec![refused(48001); 8]].concat();
        let history = json!([{ "app_version": 451, "user_version": "2.4.0" }]);
        let stage = script(vec![Answer::Timeout, done()], info, history);
        let error = stage.app.rollback(&RollbackTarget::Previous).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown);
        stage
    }

    #[tokio::test]
    async fn the_same_call_again_goes_back_no_further() {
        let stage = lost_rollback().await;
        stage.vendor.script(VERSIONS, vec![online("2.4.0", NOW + 1)]);
        let effect = stage.app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Asked, 1));
        assert_eq!(stage.vendor.count(REVERT), 1);
    }

    #[tokio::test]
    async fn the_version_before_another_one_is_another_rollback() {
        let stage = lost_rollback().await;
        stage.vendor.script(VERSIONS, vec![online("2.6.0", NOW + 600)]);
        let effect = stage.app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!(effect.evidence, Evidence::Answered);
        // 2.6.0 was released since: whether 2.4.0 was online in between is indeterminate.
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Unknown);
        assert_eq!(stage.vendor.count(REVERT), 2);
    }

    #[tokio::test]
    async fn a_release_right_after_the_first_one_showed_makes_the_same_call_another_rollback() {
        let stage = lost_rollback().await;
        stage.vendor.script(VERSIONS, vec![online("2.4.0", NOW + 1), online("2.6.0", NOW + 600)]);
        let effect = stage.app.rollback(&RollbackTarget::Previous).await.unwrap();
        assert_eq!(effect.evidence, Evidence::Answered);
        assert_eq!(effect.earlier.unwrap().settled.outcome, Outcome::Done);
        assert_eq!(stage.vendor.count(REVERT), 2);
    }

    #[tokio::test]
    async fn the_vendors_number_comes_before_the_text() {
        let history = json!([
            { "app_version": 454, "user_version": "451" },
            { "app_version": 451, "user_version": "2.3.0" },
            { "app_version": 450, "user_version": "2.3.0" },
        ]);
        let run = async |version: &str| {
            let stage = script(vec![done()], vec![online("2.5.0", NOW - 60)], history.clone());
            let result = stage.app.rollback(&RollbackTarget::Version(version.to_owned())).await;
            result.map(|_| stage.vendor.requests().last().unwrap().query["app_version"].clone())
        };
        assert_eq!(run("451").await.unwrap(), "451");
        assert_eq!(run("454").await.unwrap(), "454");
        let error = run("2.3.0").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent));
        assert!(error.to_string().contains("451 or 450"), "{error}");
        assert_eq!(error.field(), Some("version"));
        let error = run("9.9.9").await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotFound, Outcome::NotSent));
        assert_eq!((error.vendor(), error.field()), (Some(WECHAT), Some("version")));
        assert_eq!(error.detail(), Some("\"9.9.9\" is not one of the versions to go back to"));
    }

    #[tokio::test]
    async fn refusals() {
        let stage = script(vec![refused(87011)], vec![online("2.5.0", NOW - 60)], json!([]));
        let error = stage.app.rollback(&RollbackTarget::Previous).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone));
        // "Rolled back already" after a lost response: the version online shows whose it was.
        let before = online("2.5.0", NOW - 60);
        let info = vec![once_repeated(REVERT, before.clone(), online("2.4.0", NOW + 12))];
        let stage = script(vec![Answer::Timeout, refused(87012)], info, json!([]));
        assert_eq!(told(&stage.app.rollback(&RollbackTarget::Previous).await), (Outcome::Done, ASKED, 2));
        let stage = script(vec![Answer::Timeout, refused(87012)], vec![before], json!([]));
        assert_eq!(told(&stage.app.rollback(&RollbackTarget::Previous).await).0, Outcome::NotDone);
    }
}

mod gray {
    use super::*;

    async fn start(answers: Vec<Answer>, plans: Vec<Answer>) -> Result<Effect> {
        let stage = stage([(GRAY, answers), (PLAN, plans)]);
        stage.app.start_gray_release(GrayRelease::percentage(20)).await
    }

    /// Responses without a plan.
    fn no_plan() -> [Answer; 5] {
        [
            ok(json!({})),
            ok(json!({ "gray_release_plan": null })),
            ok(json!({ "gray_release_plan": {} })),
            ok(json!({ "gray_release_plan": { "status": "" } })),
            ok(json!({ "gray_release_plan": { "status": null, "gray_percentage": 20 } })),
        ]
    }

    async fn cancel(answers: Vec<Answer>, plans: Vec<Answer>) -> Result<Effect> {
        stage([(CANCEL, answers), (PLAN, plans)]).app.cancel_gray_release().await
    }

    /// The flags were fields of the core, beside the percentage and always written.
    #[tokio::test]
    async fn an_intent_of_an_earlier_version_is_the_same_effect() {
        let with = |percentage, options: GrayReleaseOptions| Command::StartGrayRelease {
            gray: GrayRelease::percentage(percentage).with_options(options),
        };
        let none = GrayReleaseOptions::new();
        let commands = [
            (r#"{"percentage":20,"developers_first":false,"testers_first":false}"#, with(20, none)),
            (r#"{"percentage":20}"#, with(20, none)),
            (
                r#"{"percentage":20,"developers_first":true,"testers_first":false}"#,
                with(20, none.developers_first()),
            ),
            (
                r#"{"percentage":0,"developers_first":true,"testers_first":true}"#,
                with(0, none.developers_first().testers_first()),
            ),
        ];
        for (gray, command) in commands {
            let stored = format!(
                r#"{{"vendor":"wechat","app":"{APP}","operation":"start_gray_release","target":{{"start_gray_release":{{"gray":{gray}}}}},
                "before":null,"attempt":1,"started_at":"2026-01-01T00:00:00Z"}}"#
            );
            let intent: Intent = serde_json::from_str(&stored).unwrap();
            assert_eq!(intent.target, command, "{gray}");
            let Command::StartGrayRelease { gray: GrayRelease { percentage, .. } } = command else {
                unreachable!()
            };
            let stage = stage([(GRAY, vec![]), (PLAN, vec![gray_plan(1, percentage, NOW)])]);
            assert_eq!(stage.app.settle(&intent).await.unwrap().outcome, Outcome::Done, "{gray}");
        }
    }

    #[tokio::test]
    async fn the_plan_tells_how_far_a_start_came() {
        let lost = |plan| start(vec![Answer::Timeout, done()], vec![plan]);
        assert_eq!(told(&lost(gray_plan(1, 20, NOW)).await), (Outcome::Done, ASKED, 1));
        for absent in [gray_plan(1, 10, NOW), gray_plan(4, 20, NOW), gray_plan(3, 100, NOW)] {
            assert_eq!(told(&lost(absent).await), (Outcome::Done, ANSWERED, 2));
        }
        // A running plan with an unknown percentage.
        let shareless = ok(json!({ "gray_release_plan": { "status": 1, "create_timestamp": NOW } }));
        for untold in no_plan().into_iter().chain([shareless]) {
            assert_eq!(told(&lost(untold.clone()).await), (Outcome::Unknown, None, 1), "{untold:?}");
        }
        let error = lost(gray_plan(1, 50, NOW)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone), "{error:#}");
        assert_eq!(told(&lost(gray_plan(9, 20, NOW)).await).0, Outcome::Unknown);
    }

    #[tokio::test]
    async fn only_the_approved_audit_that_is_named_is_started() {
        let gray = || GrayRelease::percentage(20).of_audit(ID);
        let named = |latest| stage([(LATEST, latest), (GRAY, vec![done()]), (PLAN, vec![])]);
        for latest in [audit(1_234_567, 2), audit(1_234_567, 1), audit(9, 0), refused(85058)] {
            let stage = named(vec![latest]);
            let error = stage.app.start_gray_release(gray()).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotSent), "{error:#}");
            assert!(error.to_string().contains(ID), "{error}");
            assert_eq!(stage.vendor.count(GRAY), 0);
        }
        let stage = named(vec![audit(1_234_567, 0)]);
        assert_eq!(told(&stage.app.start_gray_release(gray()).await), (Outcome::Done, ANSWERED, 1));
        assert_eq!(stage.vendor.count(LATEST), 1);
    }

    /// Somebody else's version is approved while the first attempt is settled.
    #[tokio::test]
    async fn a_repeat_is_not_sent_once_another_audit_is_the_approved_one() {
        let latest = || vec![audit(1_234_567, 0), audit(9, 0)];
        let absent = vec![gray_plan(1, 10, NOW)];
        let stage = stage([(LATEST, latest()), (GRAY, vec![Answer::Timeout, done()]), (PLAN, absent)]);
        let result = stage.app.start_gray_release(GrayRelease::percentage(20).of_audit(ID)).await;
        assert_eq!(told(&result).0, Outcome::Unknown);
        assert_eq!((result.unwrap_err().kind(), stage.vendor.count(GRAY)), (ErrorKind::Conflict, 1));
    }

    #[tokio::test]
    async fn too_low_on_the_repeat_is_asked_about() {
        let absent = gray_plan(1, 10, NOW);
        let plan = once_repeated(GRAY, absent.clone(), gray_plan(1, 20, NOW));
        let result = start(vec![Answer::Timeout, refused(85082)], vec![plan]).await;
        assert_eq!(told(&result), (Outcome::Done, ASKED, 2));
        let result = start(vec![Answer::Timeout, refused(85082)], vec![absent]).await;
        assert_eq!(told(&result).0, Outcome::NotDone);
        assert_eq!(told(&start(vec![refused(85082)], vec![]).await), (Outcome::NotDone, None, 1));
    }

    #[tokio::test]
    async fn the_plan_tells_whether_a_cancellation_came() {
        let lost = |plan| cancel(vec![Answer::Timeout, done()], vec![plan]);
        for gone in [gray_plan(4, 20, NOW), gray_plan(0, 20, NOW)] {
            assert_eq!(told(&lost(gone).await), (Outcome::Done, ASKED, 1));
        }
        for untold in no_plan() {
            assert_eq!(told(&lost(untold.clone()).await), (Outcome::Unknown, None, 1), "{untold:?}");
        }
        for there in [gray_plan(1, 20, NOW), gray_plan(2, 20, NOW)] {
            assert_eq!(told(&lost(there).await), (Outcome::Done, ANSWERED, 2));
        }
        let error = lost(gray_plan(3, 100, NOW)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone), "{error:#}");
        assert_eq!(told(&lost(gray_plan(9, 20, NOW)).await).0, Outcome::Unknown);
    }
}

mod settings {
    use super::*;

    #[tokio::test]
    async fn what_is_read_back_settles_it() {
        let visit = async |status: i64| {
            let answer = ok(json!({ "status": status }));
            let stage = stage([(SET_VISIT, vec![Answer::Timeout, done()]), (VISIT, vec![answer])]);
            stage.app.set_visit_status(VisitStatus::Closed).await
        };
        assert_eq!(told(&visit(0).await), (Outcome::Done, ASKED, 1));
        assert_eq!(told(&visit(1).await), (Outcome::Done, ANSWERED, 2));
        assert_eq!(told(&visit(9).await).0, Outcome::Unknown);
        let library = async |version: &str| {
            let answer = ok(json!({ "now_version": version }));
            let stage = stage([(SET_LIBRARY, vec![Answer::Timeout, done()]), (LIBRARY, vec![answer])]);
            stage.app.set_min_library_version("1.1.0").await
        };
        assert_eq!(told(&library("1.1.0").await), (Outcome::Done, ASKED, 1));
        assert_eq!(told(&library(" 1.1.0").await), (Outcome::Done, ASKED, 1));
        assert_eq!(told(&library("1.0.0").await), (Outcome::Done, ANSWERED, 2));
        assert_eq!(told(&library("").await), (Outcome::Unknown, None, 1));
        assert_eq!(told(&library("  ").await), (Outcome::Unknown, None, 1));
    }

    #[tokio::test]
    async fn nothing_is_asked_when_nothing_was_sent() {
        let stage = stage([(SET_VISIT, vec![Answer::Unreachable])]);
        let error = stage.app.set_visit_status(VisitStatus::Open).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Unavailable, Outcome::NotSent), "{error:#}");
        assert_eq!(stage.vendor.count(VISIT), 0);
    }

    #[tokio::test]
    async fn a_vendor_that_cannot_be_asked_leaves_it_unknown() {
        let stage = stage([(SET_VISIT, vec![Answer::Timeout]), (VISIT, vec![refused(48001)])]);
        let error = stage.app.set_visit_status(VisitStatus::Open).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error:#}");
        assert_eq!(stage.vendor.count(SET_VISIT), 1);
    }
}

/// The commands of the managers' methods.
fn commands() -> Vec<Command> {
    let audit = || ID.into();
    vec![
        Command::UploadCode {
            template: "1".into(),
            ext: ext(),
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
    let app = stage([]).app;
    let commands = commands();
    let operations: Vec<_> = commands.iter().map(Command::operation).collect();
    assert_eq!(operations, Operation::ALL);
    for command in commands {
        let begin = format!("| `{}` |", command.operation());
        let row = design.lines().find(|line| line.starts_with(&begin)).unwrap();
        let cell = row.split('|').nth(2).unwrap();
        let documented = cell.split(';').next().unwrap().trim();
        let class = match app.effect_plan(&command) {
            Ok(plan) => format!("{:?}", plan.class()),
            Err(error) => error.kind().to_string(),
        };
        assert_eq!(class, documented, "{}", command.operation());
    }
}
