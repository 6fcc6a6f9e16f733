//! What becomes of an effect whose answer is lost, method by method.

use miniprogram_core::*;
use serde_json::{Value, json};
use wechat_wxa::values::ServerDomainKind;
use wechat_wxa::*;

use crate::support::*;
use crate::{Case, account, act, cases, categories, stage_for, templates, testers};

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

/// The reads that a case's lost answer brings: one before where the state before matters, then these.
fn reads(case: &Case, afterwards: &[&Value]) -> Vec<Answer> {
    let mut reads = Vec::new();
    if let Some((_, before, _)) = &case.shown {
        if !is_set_without_before(case) {
            reads.push(ok(before.clone()));
        }
        reads.extend(afterwards.iter().map(|state| ok((*state).clone())));
    }
    reads
}

fn is_set_without_before(case: &Case) -> bool {
    ["set_prefetch_domains", "set_search_status", "set_privacy_setting"].contains(&case.name)
}

fn told(result: &Result<Effect<Value>>) -> (Outcome, Option<Evidence>, u32) {
    match result {
        Ok(effect) => (Outcome::Done, Some(effect.evidence), effect.attempts),
        Err(error) => (error.outcome(), None, error.attempts()),
    }
}

#[tokio::test]
async fn what_shows_is_done() {
    for case in cases() {
        let Some((_, _, after)) = &case.shown else { continue };
        let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[after]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Done, Some(Evidence::Asked), 1), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn what_shows_late_is_done() {
    for case in cases() {
        let Some((_, before, after)) = &case.shown else { continue };
        let stage = stage_for(&case, vec![Answer::Cut], reads(&case, &[before, after]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Done, Some(Evidence::Asked), 1), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn what_does_not_show_is_sent_again_after_the_settle_time() {
    for case in cases() {
        let Some((_, before, _)) = &case.shown else { continue };
        let answers = vec![Answer::Timeout, ok(case.success.clone())];
        let stage = stage_for(&case, answers, reads(&case, &[before]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Done, Some(Evidence::Answered), 2), "{}: {result:?}", case.name);
        assert!(stage.clock.now() >= Timestamp::from_unix(NOW + 15), "{}", case.name);
    }
}

#[tokio::test]
async fn nothing_is_sent_more_often_than_its_class_allows() {
    for case in cases() {
        let Some((_, before, _)) = &case.shown else { continue };
        let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[before]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::NotDone, None, case.most), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn a_state_that_cannot_be_read_leaves_the_outcome_unknown() {
    for case in cases() {
        let Some((path, before, _)) = &case.shown else { continue };
        let mut answers = if is_set_without_before(&case) { vec![] } else { vec![ok(before.clone())] };
        answers.push(text("nonsense"));
        let stage = stage([(case.path, vec![Answer::Timeout]), (*path, answers)]);
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn a_refusal_is_believed() {
    for case in cases() {
        let reads = case.shown.iter().map(|(_, before, _)| ok(before.clone())).collect();
        let stage = stage_for(&case, vec![refused(48001)], reads);
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::NotDone, None, 1), "{}", case.name);
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(Some(error.operation()), case.name.split(' ').next());
    }
}

#[tokio::test]
async fn nobody_can_be_asked_about_quotas_and_order_paths() {
    // One spends one of the month's ten, the other would open a second review.
    for name in ["clear_quota", "apply_order_path"] {
        let stage = stage_for(&case(name), vec![Answer::Timeout, ok(json!({}))], vec![]);
        let result = act(&stage, name).await;
        assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{name}");
    }
}

#[tokio::test]
async fn bound_already_means_done_only_after_a_lost_answer() {
    let case = case("bind_tester");
    let (_, before, _) = case.shown.as_ref().unwrap();
    let stage = stage_for(&case, vec![refused(85004)], vec![ok(before.clone())]);
    assert_eq!(act(&stage, case.name).await.unwrap_err().kind(), ErrorKind::Conflict);

    let stage = stage_for(&case, vec![Answer::Timeout, refused(85004)], vec![ok(before.clone())]);
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Inferred, 2));
    assert_eq!(effect.value, json!({}), "nobody has said what the vendor calls the person");
}

#[tokio::test]
async fn several_new_testers_do_not_say_which_is_ours() {
    let case = case("bind_tester");
    let many = testers(&["old", "new", "newer"]);
    let stage = stage_for(&case, vec![Answer::Timeout, refused(85004)], reads(&case, &[&many]));
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Inferred, 2));
}

#[tokio::test]
async fn what_was_never_there_cannot_have_been_taken_away() {
    let never = [
        ("unbind_tester", testers(&["new"])),
        ("delete_category", categories(&[(1, 2, 3)])),
        ("delete_template", templates(&[(4, 8)])),
    ];
    for (name, state) in never {
        let case = case(name);
        let stage = stage_for(&case, vec![Answer::Timeout, refused(89034)], vec![ok(state)]);
        let result = act(&stage, name).await;
        assert_eq!(told(&result), (Outcome::NotDone, None, 2), "{name}: {result:?}");
    }
}

#[tokio::test]
async fn a_name_is_settled_by_the_account() {
    let case = case("set_name");
    // It took effect at once.
    let renamed = account("新面包店", "d", [0, 0, 0]);
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&renamed]));
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.value), (Evidence::Asked, json!({})));
    // The review does not show in the account; the repeat says that one is under way.
    let same = account("旧面包店", "d", [0, 0, 0]);
    let stage = stage_for(&case, vec![Answer::Timeout, refused(91003)], reads(&case, &[&same]));
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Inferred, 2));
}

#[tokio::test]
async fn a_category_that_is_lost_meanwhile_is_a_conflict() {
    let case = case("modify_category");
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&categories(&[])]));
    let error = act(&stage, case.name).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone));
}

#[tokio::test]
async fn some_of_the_categories_settle_nothing() {
    let case = case("add_categories");
    let some = categories(&[(1, 2, 3), (8, 39, 1)]);
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&some]));
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 1));
}

#[tokio::test]
async fn an_application_without_an_id_is_looked_up() {
    let case = case("apply_privacy_interface");
    let (_, _, after) = case.shown.as_ref().unwrap();
    let stage = stage_for(&case, vec![ok(json!({ "errmsg": "apply success" }))], reads(&case, &[after]));
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.value), (Evidence::Asked, json!({ "audit_id": "97" })));
}

#[tokio::test]
async fn domains_that_the_vendor_left_out_do_not_make_a_change_undone() {
    let state = |domains: &[&str]| ok(json!({ "requestdomain": domains }));
    let stage = stage([
        ("/wxa/modify_domain", vec![Answer::Timeout]),
        ("get /wxa/modify_domain", vec![state(&[]), state(&["https://good.example.com"])]),
    ]);
    let change = DomainChange::add()
        .with(ServerDomainKind::Request, ["https://good.example.com", "https://bad.example.com"]);
    let effect = stage.app.change_server_domains(&change).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Asked, 1));
    assert_eq!(effect.value.domains.request, ["https://good.example.com"]);
}

#[tokio::test]
async fn an_added_template_is_found_by_its_draft() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    // Answered: the list brings the id.
    let answered =
        stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before.clone()), ok(after.clone())])]);
    let effect = answered.platform.template_library().unwrap().add_template(&"7".into(), None).await.unwrap();
    assert_eq!(effect.value.template_id, Some("5".into()));
    // Lost: the list settles it and brings the id.
    let lost = stage([(case.path, vec![Answer::Timeout]), (path, vec![ok(before.clone()), ok(after)])]);
    let effect = lost.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!((effect.evidence, effect.value.template_id), (Evidence::Asked, Some("5".into())));
    // The list cannot be read: the template is there all the same.
    let unlisted = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before), text("nonsense")])]);
    let effect = unlisted.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!((effect.evidence, effect.value.template_id), (Evidence::Answered, None));
}

#[tokio::test]
async fn an_open_intent_of_the_platform_is_settled_by_asking() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    let first = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before)])]);
    first.platform.templates().add_template(&"7".into(), None).await.unwrap();
    let intent = first.vendor.intents().remove(0);

    let second = stage([(path, vec![ok(after)])]);
    let settled = second.platform.template_library().unwrap().settle(&intent).await.unwrap();
    assert_eq!((settled.outcome, settled.evidence), (Outcome::Done, Evidence::Asked));
    assert_eq!(settled.value, EffectValue::Inherent(json!({ "template_id": "5" })));
    let error = second.app.settle(&intent).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "it is the platform's, not the app's");
}
