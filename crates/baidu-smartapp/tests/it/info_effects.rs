//! Changes of an app's information, domains, phone permission or of templates whose response is lost or a refusal:
//! probed for 15 seconds, repeated only once shown absent, never done twice.

use std::sync::Arc;

use baidu_smartapp::values::{PhonePermissionReason, PhonePermissionScene};
use baidu_smartapp::{
    BAIDU, CategoryChoice, DomainChange, Examination, OfflineUpdate, PhonePermissionRequest, ServerDomains,
    WebViewDomainChange,
};
use miniprogram_core::model::AddedTemplate;
use miniprogram_core::vendor_api::MethodName;
use miniprogram_core::{
    Command, Effect, ErrorKind, Evidence, Intent, Outcome, PlatformId, Result, Retry, Subject,
    TemplateLibrary, Timestamp,
};
use serde_json::{Value, json};

use crate::support::{APP, Answer, BUSY, DONE, LOST, Script, data, done, failed, known, refusing};

/// `app/info` with these fields.
fn info(fields: Value) -> Answer {
    let mut info = json!({ "app_id": 1, "status": 1 });
    info.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    data(&info.to_string()).into()
}

mod name {
    use super::*;

    const PATH: &str = "app/setnickname";

    fn shows(name: &str, pending: Option<&str>, used: i64) -> Answer {
        let audit = pending.map(|name| json!({ "audit_app_name": name, "audit_app_name_status": 1 }));
        info(json!({
            "app_name": name, "audit_info": audit,
            "modify_count": { "name_modify_used": used, "name_modify_quota": 5 },
        }))
    }

    async fn set_name(seen: Vec<Answer>, answers: Vec<Answer>) -> (Result<Effect<Examination>>, Arc<Script>) {
        let script = Script::new().on("app/info", seen).on(PATH, answers);
        (script.app().set_name("新店", &[]).await, script)
    }

    fn before() -> Answer {
        shows("小店", None, 1)
    }

    #[tokio::test]
    async fn a_lost_answer_is_settled_by_what_is_in_review_or_counted() {
        for after in [
            shows("小店", Some("新店"), 2),
            // Already approved; in review and not counted; counted and not yet shown.
            shows("新店", None, 2),
            shows("小店", Some("新店"), 1),
            shows("小店", None, 2),
        ] {
            let (result, script) = set_name(vec![before(), before(), after], vec![LOST]).await;
            let effect = result.unwrap();
            assert_eq!((known(&effect), effect.value), ((Evidence::Asked, 1), Examination::default()));
            assert_eq!(script.count(PATH), 1);
        }
    }

    #[tokio::test]
    async fn what_does_not_show_is_repeated_once() {
        let (result, script) = set_name(vec![before()], vec![LOST, data(r#"{"examine_id":7}"#).into()]).await;
        let effect = result.unwrap();
        assert_eq!(known(&effect), (Evidence::Answered, 2));
        assert_eq!(effect.value.examine_id, Some("7".into()));
        assert_eq!(script.count("app/info"), 5, "one read before, four over the settle time");
        let (result, script) = set_name(vec![before()], vec![LOST]).await;
        let (kind, outcome, error) = failed(result);
        assert_eq!((kind, outcome, error.attempts()), (ErrorKind::Timeout, Outcome::NotDone, 2));
        assert_eq!(script.count(PATH), 2, "a change that is counted has two attempts");
    }

    #[tokio::test]
    async fn the_same_name_in_review_before_proves_nothing() {
        let pending = || shows("小店", Some("新店"), 1);
        let (result, _) = set_name(vec![pending()], vec![LOST, done()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2));
        let (result, _) = set_name(vec![pending(), shows("小店", Some("新店"), 2)], vec![LOST]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn a_verdict_on_an_earlier_change_is_not_taken_for_ours() {
        let seen = |name: &str, pending: &str, status: i64| {
            info(json!({
                "app_name": name,
                "audit_info": { "audit_app_name": pending, "audit_app_name_status": status },
                "modify_count": { "name_modify_used": 1 },
            }))
        };
        let approved = info(json!({ "app_name": "新店", "modify_count": { "name_modify_used": 1 } }));
        for (before, after) in [
            // The same name was in review, and is rejected or approved.
            (seen("小店", "新店", 1), seen("小店", "新店", 3)),
            (seen("小店", "新店", 1), approved),
            // The name is already in force; another was in review, and is rejected.
            (seen("新店", "别的店", 1), seen("新店", "别的店", 3)),
        ] {
            let (result, _) = set_name(vec![before, after], vec![LOST, done()]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2), "it is sent once more");
        }
        // The same name had failed: in review again, or in force, it is ours.
        for after in [seen("小店", "新店", 1), seen("新店", "新店", 3)] {
            let (result, script) = set_name(vec![seen("小店", "新店", 3), after], vec![LOST]).await;
            assert_eq!((known(&result.unwrap()), script.count(PATH)), ((Evidence::Asked, 1), 1));
        }
    }

    #[tokio::test]
    async fn where_nobody_can_tell_a_person_has_to_look() {
        for (before, after) in [
            // Someone else's name is in review: the change counter increased by one, or not yet.
            (before(), shows("小店", Some("别的店"), 2)),
            (before(), shows("小店", Some("别的店"), 1)),
            // The name was already in force, and the change counted is someone else's.
            (shows("新店", None, 1), shows("新店", Some("别的店"), 2)),
            // The name was already in review; now there is a verdict, and one more change.
            (shows("小店", Some("新店"), 1), shows("新店", None, 2)),
            // The counter was reset.
            (before(), shows("小店", None, 0)),
            // There is no counter.
            (info(json!({ "app_name": "小店" })), info(json!({ "app_name": "小店" }))),
        ] {
            let (result, script) = set_name(vec![before, after], vec![LOST, done()]).await;
            assert_eq!(failed(result).1, Outcome::Unknown);
            assert_eq!(script.count(PATH), 1);
        }
        // Without a counter, the value in review decides.
        let after = info(json!({ "app_name": "小店", "audit_info": { "audit_app_name": "新店" } }));
        let (result, _) = set_name(vec![info(json!({ "app_name": "小店" })), after], vec![LOST]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn a_spent_allowance_is_an_error_and_nothing_is_repeated() {
        let spent = || refusing(47004, "修改名称超过限制次数");
        let (result, script) = set_name(vec![before()], vec![spent()]).await;
        let (kind, outcome, error) = failed(result);
        assert_eq!(
            (kind, outcome, error.retry()),
            (ErrorKind::QuotaExhausted, Outcome::NotDone, Retry::NextWindow)
        );
        assert_eq!(script.count(PATH), 1);
        // The lost attempt used up the quota: the repeat's refusal is believed after one more probe.
        let mut seen = vec![before(); 5];
        seen.push(shows("小店", Some("新店"), 2));
        let (result, _) = set_name(seen, vec![LOST, spent()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 2));
        let (result, _) = set_name(vec![before()], vec![LOST, spent()]).await;
        let (kind, outcome, _) = failed(result);
        assert_eq!((kind, outcome), (ErrorKind::QuotaExhausted, Outcome::NotDone));
    }

    #[tokio::test]
    async fn busy_leaves_open_whether_it_was_done() {
        let (result, _) = set_name(vec![before(), shows("小店", Some("新店"), 2)], vec![BUSY.into()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn without_knowing_the_state_before_nothing_is_sent() {
        let (result, script) = set_name(vec![Answer::Body(502, b"<html>".to_vec())], vec![done()]).await;
        let (kind, outcome, error) = failed(result);
        assert_eq!(
            (kind, outcome, error.operation()),
            (ErrorKind::Unavailable, Outcome::NotSent, "set_name")
        );
        assert_eq!(script.count(PATH), 0);
    }
}

#[tokio::test]
async fn icon_and_description_are_settled_alike() {
    const URL: &str = "https://b.bdstatic.com/2.png";
    let cover = |url: &str| json!([{ "cover": url }]).to_string();
    let old =
        || info(json!({ "photo_addr": cover("https://b.bdstatic.com/1.png"), "app_desc": "卖面包的小店" }));
    let pending =
        info(json!({ "audit_info": { "audit_photo_addr": cover(URL), "audit_photo_addr_status": 1 } }));
    let script = Script::new().on("app/info", [old(), pending]).on("app/modifyheadimage", [LOST]);
    assert_eq!(known(&script.app().set_icon(URL).await.unwrap()), (Evidence::Asked, 1));
    let pending = info(json!({ "audit_info": { "audit_app_desc": "卖蛋糕的小店" } }));
    let script = Script::new().on("app/info", [old(), pending]).on("app/modifysignature", [LOST]);
    let effect = script.app().set_description("卖蛋糕的小店").await.unwrap();
    assert_eq!(known(&effect), (Evidence::Asked, 1));
    // Other items' counters do not matter.
    let counts = |icon: i64, name: i64| {
        info(json!({ "modify_count": { "image_modify_used": icon, "name_modify_used": name } }))
    };
    let script =
        Script::new().on("app/info", [counts(1, 1), counts(1, 2)]).on("app/modifyheadimage", [LOST, done()]);
    assert_eq!(known(&script.app().set_icon(URL).await.unwrap()), (Evidence::Answered, 2));
    for (path, code) in [("app/modifyheadimage", 47005), ("app/modifyheadimage", 47008)] {
        let script = Script::new().on("app/info", [old()]).on(path, [refusing(code, "x")]);
        let (kind, outcome, _) = failed(script.app().set_icon(URL).await);
        let expected = if code == 47005 { ErrorKind::QuotaExhausted } else { ErrorKind::InvalidArgument };
        assert_eq!((kind, outcome), (expected, Outcome::NotDone));
    }
}

mod categories {
    use super::*;

    const PATH: &str = "app/category/update";

    fn shows(ids: &[i64], used: Option<i64>) -> Answer {
        let category: Vec<_> = ids.iter().map(|id| json!({ "category_id": id, "audit_status": 1 })).collect();
        info(json!({ "category": category, "modify_count": { "category_modify_used": used } }))
    }

    async fn update(seen: Vec<Answer>, answers: Vec<Answer>) -> (Result<Effect<Examination>>, Arc<Script>) {
        let script = Script::new().on("app/info", seen).on(PATH, answers);
        let choices = [CategoryChoice::new(197), CategoryChoice::new(6)];
        (script.app().update_categories(&choices).await, script)
    }

    #[tokio::test]
    async fn a_lost_answer_is_settled_by_the_categories() {
        for (before, after) in [
            (shows(&[6], None), shows(&[6, 197], None)),
            (shows(&[6], Some(1)), shows(&[197, 6], Some(2))),
            // The same with other qualifications; counted and not yet shown.
            (shows(&[6, 197], Some(1)), shows(&[6, 197], Some(2))),
            (shows(&[6], Some(1)), shows(&[6], Some(2))),
        ] {
            let (result, script) = update(vec![before, after], vec![LOST]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
            assert_eq!(script.count(PATH), 1);
        }
    }

    #[tokio::test]
    async fn what_does_not_show_is_repeated_once() {
        for before in [shows(&[6], None), shows(&[6], Some(1)), shows(&[6, 197], Some(1))] {
            let (result, script) = update(vec![before], vec![LOST, done()]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2));
            assert_eq!(script.count(PATH), 2);
        }
    }

    #[tokio::test]
    async fn where_nobody_can_tell_a_person_has_to_look() {
        for (before, after) in [
            (shows(&[6, 197], None), shows(&[6, 197], None)),
            // Someone else's categories, with or without a counter.
            (shows(&[6], Some(1)), shows(&[6, 5], Some(2))),
            (shows(&[6], Some(1)), shows(&[6, 5], Some(1))),
            (shows(&[6], None), shows(&[5], None)),
        ] {
            let (result, script) = update(vec![before, after], vec![LOST, done()]).await;
            assert_eq!(failed(result).1, Outcome::Unknown);
            assert_eq!(script.count(PATH), 1);
        }
    }

    #[tokio::test]
    async fn refusals_say_that_nothing_was_done() {
        for (code, expected) in [
            (47007, ErrorKind::QuotaExhausted),
            (47008, ErrorKind::InvalidArgument),
            (50013, ErrorKind::Conflict),
            (50060, ErrorKind::InvalidArgument),
            (50061, ErrorKind::InvalidArgument),
            (50062, ErrorKind::InvalidArgument),
            (50063, ErrorKind::InvalidArgument),
        ] {
            let (result, script) = update(vec![shows(&[6], None)], vec![refusing(code, "x")]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome, script.count(PATH)), (expected, Outcome::NotDone, 1), "{code}");
        }
    }
}

mod offline {
    use super::*;

    #[tokio::test]
    async fn no_request_for_recovery_is_sent_twice() {
        let run = |seen: Vec<Answer>, answers: Vec<Answer>| async move {
            let script = Script::new().on("app/info", seen).on("appflow/applyRecovery", answers);
            (script.app().apply_recovery("已整改").await, script)
        };
        let closed = || info(json!({ "status": 7 }));
        let (result, script) = run(vec![closed()], vec![LOST, done()]).await;
        assert_eq!(failed(result).1, Outcome::Unknown);
        assert_eq!(script.count("appflow/applyRecovery"), 1);
        let (result, _) = run(vec![closed(), info(json!({ "status": 1 }))], vec![LOST]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
        // It was already active: being active now shows nothing.
        let (result, _) = run(vec![info(json!({ "status": 1 }))], vec![LOST]).await;
        assert_eq!(failed(result).1, Outcome::Unknown);
        for (code, expected) in [
            (30007, ErrorKind::PermissionDenied),
            (40028, ErrorKind::NotFound),
            (40032, ErrorKind::Conflict),
            (40045, ErrorKind::Conflict),
        ] {
            let (result, _) = run(vec![closed()], vec![refusing(code, "x")]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome), (expected, Outcome::NotDone), "{code}");
        }
    }

    #[tokio::test]
    async fn an_update_is_done_when_every_part_of_it_is_in_review() {
        let run = |seen: Vec<Answer>, update: OfflineUpdate| async move {
            let script = Script::new().on("app/info", seen).on("app/offline/update", [LOST, done()]);
            (script.app().update_offline_info(&update).await, script)
        };
        let both = || OfflineUpdate::default().with_name("新店").with_description("卖蛋糕的小店");
        let before = || info(json!({ "status": 5, "app_name": "小店" }));
        let pending = |audit: Value| info(json!({ "status": 5, "app_name": "小店", "audit_info": audit }));
        let all = pending(json!({ "audit_app_name": "新店", "audit_app_desc": "卖蛋糕的小店" }));
        assert_eq!(known(&run(vec![before(), all], both()).await.0.unwrap()), (Evidence::Asked, 1));
        let one = pending(json!({ "audit_app_name": "新店" }));
        for (seen, update) in [
            (vec![before(), one.clone()], both()),
            (vec![before()], both()),
            (vec![one.clone(), one], OfflineUpdate::default().with_name("新店")),
            (vec![before()], OfflineUpdate::default().with_name_material("https://b.cn/1.png")),
        ] {
            let (result, script) = run(seen, update).await;
            assert_eq!(failed(result).1, Outcome::Unknown);
            assert_eq!(script.count("app/offline/update"), 1);
        }
    }

    #[tokio::test]
    async fn what_stays_unknown_is_in_nobodys_way() {
        let script = Script::new()
            .on("app/info", [info(json!({ "status": 7 }))])
            .on("appflow/applyRecovery", [LOST])
            .on("app/cancel/mobileauth", [done()]);
        let app = script.app();
        assert_eq!(failed(app.apply_recovery("已整改").await).1, Outcome::Unknown);
        assert_eq!(known(&app.cancel_phone_permission().await.unwrap()), (Evidence::Answered, 1));
    }
}

mod domains {
    use super::*;

    const PATH: &str = "app/modifydomain";

    /// Counts the changes; a read uses the same path.
    fn changes(script: &Script) -> usize {
        let sent = script.sent();
        let action = |body: &Value| body["action"] != "get";
        sent.iter().filter(|request| request.body.as_ref().is_some_and(action)).count()
    }

    async fn change(change: DomainChange, answers: Vec<Answer>) -> (Result<Effect>, usize) {
        let script = Script::new().on(PATH, answers);
        (script.app().change_server_domains(&change).await, changes(&script))
    }

    fn shown(request: &str, socket: &str) -> Answer {
        data(&json!({ "request_domain": request, "socket_domain": socket }).to_string()).into()
    }

    fn request(domains: &[&str]) -> ServerDomains {
        domains.iter().fold(ServerDomains::new(), |set, domain| set.with_request(*domain))
    }

    #[tokio::test]
    async fn the_list_settles_a_lost_answer() {
        let (a, b) = ("https://a.cn", "https://b.cn");
        for (wanted, list) in [
            (DomainChange::add(request(&[b])), shown("https://a.cn,https://b.cn", "")),
            (DomainChange::add(request(&[b])), shown("https://a.cn,HTTPS://B.cn/", "")),
            (DomainChange::delete(request(&[b])), shown(a, "wss://b.cn")),
            (DomainChange::delete(request(&[b])), data("[]").into()),
            (DomainChange::set(request(&[b, a])), shown("https://a.cn,https://b.cn", "wss://c.cn")),
        ] {
            let (result, changes) = change(wanted, vec![LOST, list]).await;
            assert_eq!((known(&result.unwrap()), changes), ((Evidence::Asked, 1), 1));
        }
        for (wanted, list) in [
            (DomainChange::add(request(&[a, b])), shown(a, "")),
            (DomainChange::delete(request(&[a, b])), shown(a, "")),
            (DomainChange::set(request(&[a])), shown("https://a.cn,https://b.cn", "")),
            (DomainChange::set(request(&[a]).with_socket("wss://a.cn")), shown(a, "wss://b.cn")),
        ] {
            let (result, changes) =
                change(wanted, vec![LOST, list.clone(), list.clone(), list.clone(), list, done()]).await;
            assert_eq!((known(&result.unwrap()), changes), ((Evidence::Answered, 2), 2));
        }
    }

    #[tokio::test]
    async fn a_list_that_cannot_be_read_leaves_the_outcome_unknown() {
        let (result, changes) =
            change(DomainChange::delete(request(&["https://a.cn"])), vec![LOST, done()]).await;
        assert_eq!(
            (failed(result).1, changes),
            (Outcome::Unknown, 1),
            "a reply without data shows no deletion"
        );
        let a = "https://a.cn";
        for untold in [
            data("null"),
            data(r#"{}"#),
            data(r#"{"request_domain":null}"#),
            // No domain left, or none reported: Baidu encodes both alike.
            data(r#"{"request_domain":""}"#),
            data(r#"{"request_domain":"  "}"#),
        ] {
            for wanted in [
                DomainChange::delete(request(&[a])),
                DomainChange::add(request(&[a])),
                DomainChange::set(request(&[a])),
            ] {
                let (result, changes) = change(wanted, vec![LOST, untold.clone().into()]).await;
                assert_eq!((failed(result).1, changes), (Outcome::Unknown, 1), "{untold}");
            }
        }
    }

    #[tokio::test]
    async fn a_domain_that_was_deleted_already_is_done() {
        let list = shown("https://a.cn", "");
        let gone = refusing(470_017, "删除的域名在小程序中没有设置过。");
        let delete = || DomainChange::delete(request(&["https://a.cn"]));
        let late = vec![LOST, list.clone(), list.clone(), list.clone(), list, gone.clone(), shown("", "")];
        let (result, changes) = change(delete(), late).await;
        assert_eq!((known(&result.unwrap()), changes), ((Evidence::Inferred, 2), 2));
        let (kind, outcome, _) = failed(change(delete(), vec![gone]).await.0);
        assert_eq!((kind, outcome), (ErrorKind::Conflict, Outcome::NotDone));
    }

    #[tokio::test]
    async fn refusals_say_that_nothing_was_done() {
        for (code, expected) in [
            (470_011, ErrorKind::QuotaExhausted),
            (470_013, ErrorKind::InvalidArgument),
            (470_014, ErrorKind::InvalidArgument),
            (470_015, ErrorKind::InvalidArgument),
            (470_016, ErrorKind::Conflict),
        ] {
            let (result, changes) =
                change(DomainChange::add(request(&["https://a.cn"])), vec![refusing(code, "x")]).await;
            let (kind, outcome, _) = failed(result);
            assert_eq!((kind, outcome, changes), (expected, Outcome::NotDone, 1), "{code}");
        }
    }

    #[tokio::test]
    async fn those_of_web_pages_are_settled_alike() {
        let script = Script::new().on("app/modifywebviewdomain", [LOST, data(r#""https://a.cn""#).into()]);
        let add = WebViewDomainChange::add(["https://a.cn"]);
        let effect = script.app().change_web_view_domains(&add).await.unwrap();
        assert_eq!(known(&effect), (Evidence::Asked, 1));
        let spent = refusing(470_012, "修改业务域名超过限制次数");
        let script = Script::new().on("app/modifywebviewdomain", [spent]);
        let (kind, outcome, _) = failed(script.app().change_web_view_domains(&add).await);
        assert_eq!((kind, outcome), (ErrorKind::QuotaExhausted, Outcome::NotDone));
    }
}

mod phone {
    use super::*;

    const APPLY: &str = "app/apply/mobileauth";

    fn state(status: i64) -> Answer {
        data(&format!(r#"{{"status":{status}}}"#)).into()
    }

    async fn apply(before: i64, after: i64, answers: Vec<Answer>) -> (Result<Effect>, usize) {
        let script =
            Script::new().on("app/get/mobileauthstatus", [state(before), state(after)]).on(APPLY, answers);
        let (reason, scene) = (PhonePermissionReason::SignIn, PhonePermissionScene::Reservation);
        let request = PhonePermissionRequest::new(reason, scene, "描述", "https://b.cn/1.png");
        (script.app().apply_phone_permission(&request).await, script.count(APPLY))
    }

    #[tokio::test]
    async fn the_state_settles_a_lost_answer() {
        for (before, after) in [(0, 1), (0, 2), (0, 3), (2, 1), (2, 3), (3, 1)] {
            let (result, sent) = apply(before, after, vec![LOST, done()]).await;
            assert_eq!((known(&result.unwrap()), sent), ((Evidence::Asked, 1), 1), "{before} {after}");
        }
        for unchanged in [0, 2, 3, 9] {
            let (result, sent) = apply(unchanged, unchanged, vec![LOST, done()]).await;
            assert_eq!((known(&result.unwrap()), sent), ((Evidence::Answered, 2), 2), "{unchanged}");
            let (result, sent) = apply(unchanged, unchanged, vec![LOST]).await;
            assert_eq!((failed(result).1, sent), (Outcome::NotDone, 2), "at most two");
        }
        // Pending before, a verdict on that, or an unknown number.
        for (before, after) in [(1, 1), (1, 2), (1, 3), (1, 0), (0, 9)] {
            let (result, sent) = apply(before, after, vec![LOST, done()]).await;
            assert_eq!((failed(result).1, sent), (Outcome::Unknown, 1), "{before} {after}");
        }
    }

    #[tokio::test]
    async fn a_cancelled_permission_is_cancelled() {
        let cancel = |after: i64, answers: Vec<Answer>| async move {
            let script = Script::new()
                .on("app/get/mobileauthstatus", [state(after)])
                .on("app/cancel/mobileauth", answers);
            script.app().cancel_phone_permission().await
        };
        assert_eq!(known(&cancel(0, vec![LOST]).await.unwrap()), (Evidence::Asked, 1));
        assert_eq!(known(&cancel(3, vec![LOST, done()]).await.unwrap()), (Evidence::Answered, 2));
        let (_, outcome, error) = failed(cancel(3, vec![LOST]).await);
        assert_eq!((outcome, error.attempts()), (Outcome::NotDone, 3));
    }
}

mod templates {
    use super::*;

    const ADD: &str = "template/addtotemplate";

    fn list(entries: &[(i64, &str, &str)]) -> Answer {
        let list: Vec<_> = entries
            .iter()
            .map(|(id, version, description)| {
                json!({ "template_id": id, "user_version": version, "user_desc": description })
            })
            .collect();
        data(&json!({ "count": list.len(), "list": list }).to_string()).into()
    }

    async fn add(lists: Vec<Answer>, answers: Vec<Answer>) -> (Result<Effect<AddedTemplate>>, Arc<Script>) {
        let draft = r#"{"draft_id":5,"user_version":"1.0","user_desc":"首版"}"#;
        let script = Script::new()
            .on("template/gettemplatedraftlist", [data(&format!(r#"{{"count":1,"list":[{draft}]}}"#))])
            .on("template/gettemplatelist", lists)
            .on(ADD, answers);
        (script.platform().templates().add_template(&"5".into(), None).await, script)
    }

    #[tokio::test]
    async fn a_lost_answer_is_found_again_by_version_description_and_a_new_id() {
        let before = || list(&[(3, "1.0", "首版")]);
        let after = list(&[(3, "1.0", "首版"), (7, "1.0", "首版"), (8, "1.1", "首版")]);
        let (result, script) = add(vec![before(), before(), after], vec![LOST]).await;
        let effect = result.unwrap();
        assert_eq!((known(&effect), effect.value.template_id), ((Evidence::Asked, 1), Some("7".into())));
        assert_eq!(script.count(ADD), 1);
        // A reply without the id is no proof; the list is.
        for answer in [done(), data(r#"{"template_id":""}"#).into()] {
            let (result, _) = add(vec![list(&[]), list(&[(0, "1.0", "首版")])], vec![answer]).await;
            let effect = result.unwrap();
            assert_eq!((known(&effect).0, effect.value.template_id), (Evidence::Asked, Some("0".into())));
        }
        // Surrounding whitespace makes no difference.
        let (result, _) = add(vec![list(&[]), list(&[(7, "1.0", " 首版\n")])], vec![LOST]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
    }

    #[tokio::test]
    async fn where_nobody_can_tell_a_person_has_to_look() {
        let nameless = data(r#"{"count":1,"list":[{"template_id":7,"user_desc":"首版"}]}"#);
        for after in [list(&[(7, "1.0", "别的")]), nameless.into()] {
            let (result, script) = add(vec![list(&[]), after], vec![LOST, done()]).await;
            assert_eq!((failed(result).1, script.count(ADD)), (Outcome::Unknown, 1));
        }
    }

    /// A page of a list: the total of templates, and the ids shown.
    fn page(count: usize, ids: std::ops::RangeInclusive<i64>) -> Answer {
        let list: Vec<_> = ids.map(|id| json!({ "template_id": id, "user_version": "1.0" })).collect();
        data(&json!({ "count": count, "list": list }).to_string()).into()
    }

    #[tokio::test]
    async fn a_list_with_gaps_shows_no_absence() {
        let delete = |after: Vec<Answer>| async move {
            let mut lists = vec![page(12, 1..=10), page(12, 11..=12)];
            lists.extend(after);
            let script =
                Script::new().on("template/gettemplatelist", lists).on("template/deltemplate", [LOST]);
            (script.platform().templates().delete_template(&"11".into()).await, script)
        };
        // Another one is deleted between two pages: ours moves to the page already read.
        let moved = vec![page(12, 1..=10), page(11, 12..=12), page(11, 2..=11), page(11, 12..=12)];
        let (result, script) = delete([moved, vec![page(10, 2..=10), page(10, 12..=12)]].concat()).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
        assert_eq!(script.count("template/deltemplate"), 1);
        // More are counted than shown, or none is shown.
        for after in [page(12, 1..=10), data(r#"{"count":12,"list":null}"#).into()] {
            let (result, script) = delete(vec![after]).await;
            assert_eq!((failed(result).1, script.count("template/deltemplate")), (Outcome::Unknown, 1));
        }
    }

    #[tokio::test]
    async fn what_does_not_show_is_repeated_once() {
        for other in [list(&[]), list(&[(3, "1.0", "首版")]), list(&[(3, "1.0", "别的"), (4, "0.9", "首版")])]
        {
            let (result, script) = add(vec![other], vec![LOST, data(r#"{"template_id":7}"#).into()]).await;
            let effect = result.unwrap();
            assert_eq!(
                (known(&effect), effect.value.template_id),
                ((Evidence::Answered, 2), Some("7".into()))
            );
            assert_eq!(script.count(ADD), 2);
        }
        let (result, script) = add(vec![list(&[])], vec![LOST]).await;
        assert_eq!((failed(result).1, script.count(ADD)), (Outcome::NotDone, 2));
    }

    #[tokio::test]
    async fn a_full_library_and_an_unknown_draft() {
        let (result, _) = add(vec![list(&[])], vec![refusing(2003, "模板库已满")]).await;
        let (kind, outcome, _) = failed(result);
        assert_eq!((kind, outcome), (ErrorKind::QuotaExhausted, Outcome::NotDone));
        let script = Script::new().on("template/gettemplatedraftlist", [data(r#"{"count":0,"list":[]}"#)]);
        let (kind, outcome, error) =
            failed(script.platform().templates().add_template(&"6".into(), None).await);
        assert_eq!((kind, outcome, error.field()), (ErrorKind::NotFound, Outcome::NotSent, Some("draft_id")));
        assert_eq!(script.count(ADD), 0);
    }

    #[tokio::test]
    async fn a_template_is_deleted_when_the_list_lacks_it() {
        let delete = |lists: Vec<Answer>, answers: Vec<Answer>| async move {
            let script =
                Script::new().on("template/gettemplatelist", lists).on("template/deltemplate", answers);
            (script.platform().templates().delete_template(&"3".into()).await, script)
        };
        let there = || list(&[(3, "1.0", "首版")]);
        for answer in [DONE.to_owned(), data("null"), data(r#"{"result":1}"#), data(r#"{"result":true}"#)] {
            let (result, _) = delete(vec![there()], vec![answer.into()]).await;
            assert_eq!(known(&result.unwrap()), (Evidence::Answered, 1));
        }
        let (result, _) = delete(vec![there(), list(&[])], vec![LOST]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Asked, 1));
        let (result, _) = delete(vec![there()], vec![data(r#"{"result":0}"#).into(), done()]).await;
        assert_eq!(known(&result.unwrap()), (Evidence::Answered, 2));
        // One that never existed is refused, not considered deleted.
        let (result, script) = delete(vec![list(&[])], vec![LOST]).await;
        let (kind, outcome, _) = failed(result);
        assert_eq!((kind, outcome), (ErrorKind::NotFound, Outcome::NotSent));
        assert_eq!(script.count("template/deltemplate"), 0);
    }

    #[tokio::test]
    async fn effects_of_the_platform_keep_out_of_the_way_of_its_apps() {
        let broken = || Answer::Body(502, b"<html>".to_vec());
        let mut lists = vec![there_is_one()];
        lists.extend(std::iter::repeat_with(broken).take(200));
        let script = Script::new()
            .on("template/gettemplatelist", lists)
            .on("template/deltemplate", [LOST])
            .on("app/cancel/mobileauth", [done()]);
        let platform = script.platform();
        assert_eq!(failed(platform.templates().delete_template(&"3".into()).await).1, Outcome::Unknown);
        platform.app(APP).cancel_phone_permission().await.unwrap();
        let (kind, outcome, _) = failed(platform.templates().delete_template(&"3".into()).await);
        assert_eq!(
            (kind, outcome),
            (ErrorKind::Unavailable, Outcome::NotSent),
            "the earlier one comes first"
        );
        assert_eq!(script.count("template/deltemplate"), 1);
    }

    fn there_is_one() -> Answer {
        list(&[(3, "1.0", "首版")])
    }

    #[tokio::test]
    async fn an_intent_of_another_process_is_settled_by_asking() {
        let script = Script::new().on("template/gettemplatelist", [list(&[(7, "1.0", "首版")])]);
        let platform = script.platform();
        let intent = |method, arguments: Value, before: Value| {
            let command = Command::inherent(MethodName::new(method), &arguments).unwrap();
            Intent::new(BAIDU, PlatformId::from("7"), command, before, Timestamp::from_unix(1_600_000_000))
        };
        let before = json!({ "description": "首版", "version": "1.0", "known_template_ids": ["3"] });
        let add = intent("add_template", json!({ "draft_id": "5" }), before);
        let stored: Intent = serde_json::from_str(&serde_json::to_string(&add).unwrap()).unwrap();
        let settled = platform.settle(&stored).await.unwrap();
        assert_eq!(json!(settled.value), json!({ "inherent": { "template_id": "7" } }));
        let delete = intent("delete_template", json!({ "template_id": "7" }), Value::Null);
        assert_eq!(platform.settle(&delete).await.unwrap().outcome, Outcome::NotDone);
        assert_eq!(script.count("template/deltemplate"), 0);
    }
}

#[tokio::test]
async fn an_intent_of_another_process_is_settled_by_asking() {
    let seen = |name: &str, used: i64| {
        info(json!({ "app_name": name, "modify_count": { "name_modify_used": used } }))
    };
    // What the first process read and recorded.
    let script = Script::new().on("app/info", [seen("小店", 1)]).on("app/setnickname", [LOST]);
    let journal = Arc::new(Kept::default());
    let app = script.platform_with_journal(Arc::clone(&journal) as Arc<_>).app(APP);
    assert_eq!(failed(app.set_name("新店", &[]).await).1, Outcome::NotDone);
    let stored = journal.0.lock().unwrap().clone().unwrap();
    let later = Script::new().on("app/info", [seen("新店", 2)]);
    let settled = later.app().settle(&stored).await.unwrap();
    assert_eq!((settled.outcome, settled.evidence), (Outcome::Done, Evidence::Asked));
    let mut unread = stored;
    unread.before = json!({ "made": "elsewhere" });
    let (_, outcome, _) = failed(later.app().settle(&unread).await);
    assert_eq!(outcome, Outcome::Unknown);
}

/// Keeps the last intent.
#[derive(Debug, Default)]
struct Kept(std::sync::Mutex<Option<Intent>>);

#[async_trait::async_trait]
impl miniprogram_core::journal::Journal for Kept {
    async fn open(&self, intent: &Intent) -> Result<()> {
        let text = serde_json::to_string(intent).unwrap();
        *self.0.lock().unwrap() = Some(serde_json::from_str(&text).unwrap());
        Ok(())
    }

    async fn close(&self, _intent: &Intent, _settled: &miniprogram_core::Settled) -> Result<()> {
        Ok(())
    }

    async fn pending(
        &self,
        _vendor: miniprogram_core::Vendor,
        _subject: &miniprogram_core::SubjectId,
    ) -> Result<Option<Intent>> {
        Ok(None)
    }

    async fn settled(
        &self,
        _vendor: miniprogram_core::Vendor,
        _subject: &miniprogram_core::SubjectId,
        _command: &miniprogram_core::Command,
        _since: miniprogram_core::Timestamp,
    ) -> Result<Option<miniprogram_core::EarlierEffect>> {
        Ok(None)
    }
}
