//! Effects whose response is lost, method by method.

use miniprogram_core::clock::Clock as _;
use miniprogram_core::*;
use serde_json::{Value, json};
use wechat_wxa::values::ServerDomainKind;
use wechat_wxa::*;

use super::{Case, account, act, cases, categories, stage_for, templates, testers};
use crate::support::*;

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

/// The reads after a case's lost response: one before, if the previous state matters, then these.
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
    case.name == "set_search_status"
}

fn told(result: &Result<Effect<Value>>) -> (Outcome, Option<Evidence>, u32) {
    match result {
        Ok(effect) => (Outcome::Done, Some(effect.evidence), effect.attempts),
        Err(error) => (error.outcome(), None, error.attempts()),
    }
}

/// Cases whose read shows what happened, but not that it was this effect; and one whose read shows too little.
const SHOWN_IN_PART: [&str; 3] = ["bind_tester", "unbind_tester by id", "set_name"];

/// Cases with a read that shows them completely.
fn shown() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| !SHOWN_IN_PART.contains(&case.name))
}

#[tokio::test]
async fn what_shows_is_done() {
    for case in shown() {
        let Some((_, _, after)) = &case.shown else { continue };
        let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[after]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Done, Some(Evidence::Asked), 1), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn what_shows_late_is_done() {
    for case in shown() {
        let Some((_, before, after)) = &case.shown else { continue };
        let stage = stage_for(&case, vec![Answer::Cut], reads(&case, &[before, after]));
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Done, Some(Evidence::Asked), 1), "{}: {result:?}", case.name);
    }
}

#[tokio::test]
async fn what_does_not_show_is_sent_again_after_the_settle_time() {
    for case in shown() {
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
    for case in shown() {
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

/// An unreported list is neither the previous nor the new one, and an entry without its id may be any.
#[tokio::test]
async fn a_state_that_is_not_told_leaves_the_outcome_unknown() {
    for case in cases() {
        let Some((path, before, after)) = &case.shown else { continue };
        let blank = |value: &Value| match value {
            Value::Array(entries) if entries.iter().all(Value::is_object) && !entries.is_empty() => {
                entries.iter().map(|_| json!({ "x": 1 })).collect::<Value>()
            }
            _ => json!("  "),
        };
        let fields = after.as_object().unwrap();
        let all = |with: &dyn Fn(&Value) -> Value| {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), with(value))).collect())
        };
        for untold in [json!({}), all(&|_| json!(null)), all(&|_| json!("")), all(&blank)] {
            let mut answers = if is_set_without_before(&case) { vec![] } else { vec![ok(before.clone())] };
            answers.push(ok(untold.clone()));
            let stage = stage([(case.path, vec![Answer::Timeout]), (*path, answers)]);
            let result = act(&stage, case.name).await;
            assert_eq!(told(&result), (Outcome::Unknown, None, 1), "{}, {untold}: {result:?}", case.name);
        }
    }
}

/// An empty platform list is absent, before and after the effect: only the wanted one is visible.
#[tokio::test]
async fn a_wanted_list_shows_although_the_one_before_was_not_told() {
    for name in ["set_prefetch_domains", "change_platform_web_view_domains"] {
        let case = case(name);
        let (path, _, after) = case.shown.clone().unwrap();
        for (state, outcome) in [(after, Outcome::Done), (json!({}), Outcome::Unknown)] {
            let stage = stage([(case.path, vec![Answer::Timeout]), (path, vec![ok(json!({})), ok(state)])]);
            assert_eq!(told(&act(&stage, name).await).0, outcome, "{name}");
        }
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
    // One uses up one of the month's ten, the other would open a second review.
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

/// The list of testers has no WeChat ids: a change may be someone else's.
#[tokio::test]
async fn the_list_of_testers_does_not_say_who_is_ours() {
    let case = case("bind_tester");
    for now in [testers(&["old", "new"]), testers(&["old", "new", "newer"])] {
        // The repeat decides: it binds, or finds the person bound.
        let stage = stage_for(&case, vec![Answer::Timeout, ok(case.success.clone())], reads(&case, &[&now]));
        let effect = act(&stage, case.name).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 2));
        let stage = stage_for(&case, vec![Answer::Timeout, refused(85004)], reads(&case, &[&now]));
        let effect = act(&stage, case.name).await.unwrap();
        assert_eq!((effect.evidence, effect.value), (Evidence::Inferred, json!({})));
        // Any other refusal does not.
        let stage = stage_for(&case, vec![Answer::Timeout, refused(85002)], reads(&case, &[&now]));
        assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 2));
    }
    let case = self::case("unbind_tester by id");
    for now in [testers(&["new"]), testers(&[])] {
        let stage = stage_for(&case, vec![Answer::Timeout, refused(85001)], reads(&case, &[&now]));
        assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 2));
    }
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
    // It took effect at once, or was counted.
    for now in [account("新面包店", "d", [0, 0, 0]), account("旧面包店", "d", [1, 0, 0])] {
        let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&now]));
        let effect = act(&stage, case.name).await.unwrap();
        assert_eq!((effect.evidence, effect.value), (Evidence::Asked, json!({})));
    }
    // A review is not visible in the account: it is indeterminate, and a repeat might open a second one.
    let same = account("旧面包店", "d", [0, 0, 0]);
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&same]));
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 1));
}

#[tokio::test]
async fn what_the_owner_changes_in_the_console_is_not_taken_for_ours() {
    let pictured = |url: &str, used: i64| {
        let mut account = account("店", "旧介绍", [0, used, 1]);
        account["head_image_info"]["head_image_url"] = json!(url);
        account
    };
    for (name, now) in [
        ("set_name", account("别家面包店", "d", [1, 0, 0])),
        ("set_name", account("别家面包店", "d", [0, 0, 0])),
        ("set_description", account("店", "别的介绍", [0, 0, 2])),
        ("set_description", account("店", "别的介绍", [0, 0, 1])),
        // Two changes were counted, one was requested.
        ("set_description", account("店", "旧介绍", [0, 0, 3])),
        ("set_icon", pictured("http://x/2", 3)),
        ("set_icon", pictured("http://x/2", 1)),
        // A new month began.
        ("set_icon", pictured("http://x/2", 0)),
        ("set_description", account("店", "旧介绍", [0, 0, 0])),
    ] {
        let case = case(name);
        let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&now]));
        assert_eq!(told(&act(&stage, name).await), (Outcome::Unknown, None, 1), "{name} {now}");
    }
}

#[tokio::test]
async fn the_wanted_value_may_be_there_already() {
    let case = case("set_description");
    let before = account("店", "新的介绍", [0, 0, 1]);
    let settled = |after: Value| {
        let reads = vec![ok(before.clone()), ok(after)];
        stage([
            (case.path, vec![Answer::Timeout, ok(json!({}))]),
            ("/cgi-bin/account/getaccountbasicinfo", reads),
        ])
    };
    let counted = settled(account("店", "新的介绍", [0, 0, 2]));
    assert_eq!(told(&act(&counted, case.name).await), (Outcome::Done, Some(Evidence::Asked), 1));
    let same = settled(before.clone());
    assert_eq!(told(&act(&same, case.name).await), (Outcome::Done, Some(Evidence::Answered), 2));
    // Without counters nothing shows it.
    let uncounted = json!({ "signature_info": { "signature": "新的介绍" } });
    let reads = vec![ok(uncounted)];
    let stage = stage([(case.path, vec![Answer::Timeout]), ("/cgi-bin/account/getaccountbasicinfo", reads)]);
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 1));
}

#[tokio::test]
async fn a_category_that_is_lost_meanwhile_is_a_conflict() {
    let case = case("modify_category");
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&categories(&[])]));
    let error = act(&stage, case.name).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotDone));
}

#[tokio::test]
async fn the_verdict_on_an_earlier_review_is_no_change_of_a_category() {
    let case = case("modify_category");
    for (before, now) in [(1, 2), (1, 3), (3, 1), (2, 9)] {
        let states = vec![ok(categories(&[(8, 39, before)])), ok(categories(&[(8, 39, now)]))];
        let stage = stage_for(&case, vec![Answer::Timeout, refused(53307)], states);
        let result = act(&stage, case.name).await;
        assert_eq!(told(&result), (Outcome::Unknown, None, 2), "{before} {now}: {result:?}");
    }
    // Submitted and rejected again, with another reason.
    let mut again = categories(&[(8, 39, 2)]);
    again["categories"][0]["audit_reason"] = json!("证件过期");
    let stage = stage_for(&case, vec![Answer::Timeout], reads(&case, &[&again]));
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Done, Some(Evidence::Asked), 1));
}

#[tokio::test]
async fn some_of_the_categories_settle_nothing() {
    let case = case("add_categories");
    let some = categories(&[(1, 2, 3), (8, 39, 1)]);
    let stage = stage([
        (case.path, vec![Answer::Timeout, refused(53304)]),
        ("/cgi-bin/wxopen/getcategory", reads(&case, &[&some])),
        ("/cgi-bin/wxopen/deletecategory", vec![ok(json!({}))]),
    ]);
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 2));
    // An effect that is never completely visible does not block the app.
    assert_eq!(stage.app.delete_category(1, 2).await.unwrap().evidence, Evidence::Answered);
}

#[tokio::test]
async fn a_search_status_that_no_table_lists_blocks_nothing() {
    let case = case("set_search_status");
    let stage = stage_for(&case, vec![Answer::Timeout, ok(json!({}))], vec![ok(json!({ "status": 7 }))]);
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Done, Some(Evidence::Answered), 2));
}

#[tokio::test]
async fn what_a_privacy_guide_does_not_show_is_sent_again() {
    let guide = |owner: Value| {
        let uses = json!([{ "privacy_key": "Location", "privacy_text": "推荐门店" }]);
        ok(json!({ "owner_setting": owner, "setting_list": uses }))
    };
    let owner = || PrivacyOwner::new("公告").with_email("p@example.com");
    let place = || PrivacyUse::new("Location", "推荐门店");
    let there = json!({ "contact_email": "p@example.com", "notice_method": "公告", "contact_qq": "7" });
    let mut without_qq = owner();
    without_qq.contact_qq = Some(String::new());
    let plain = PrivacySetting::of_development(owner()).with_use(place());
    for (setting, attempts) in [
        (plain.clone(), 1),
        // The list of third-party code is not read, nor is a custom field.
        (plain.clone().with_sdk_use(json!({ "sdk_name": "地图" })), 2),
        (plain.clone().with_extra("brand_new", 1), 2),
        (PrivacySetting::of_development(owner().with_extra("brand_new", 1)).with_use(place()), 2),
        // The field to be emptied is not empty.
        (PrivacySetting::of_development(without_qq).with_use(place()), 2),
        (PrivacySetting::of_development(owner()).with_use(PrivacyUse::new("Location", "别的")), 2),
    ] {
        let stage = stage([
            ("/cgi-bin/component/setprivacysetting", vec![Answer::Timeout, ok(json!({}))]),
            ("/cgi-bin/component/getprivacysetting", vec![guide(there.clone())]),
        ]);
        let effect = stage.app.set_privacy_setting(&setting).await.unwrap();
        assert_eq!(effect.attempts, attempts, "{setting:?}");
    }
}

/// The vendor's own form of the wanted value, or someone else's setting.
#[tokio::test]
async fn a_setting_that_is_neither_as_before_nor_as_wanted_is_not_called_undone() {
    for name in ["set_prefetch_domains", "set_privacy_setting"] {
        let case = case(name);
        let (path, before, after) = case.shown.clone().unwrap();
        let mut other = after.clone();
        if name == "set_prefetch_domains" {
            other["prefetch_dns_domain"][0]["url"] = json!("other.example.com");
        } else {
            other["setting_list"][0]["privacy_text"] = json!("推荐门店。");
        }
        let stage = stage([(case.path, vec![Answer::Timeout]), (path, vec![ok(before), ok(other)])]);
        assert_eq!(told(&act(&stage, name).await), (Outcome::Unknown, None, 3), "{name}");
    }
}

#[tokio::test]
async fn an_application_that_shows_without_its_id_is_not_undone() {
    let case = case("apply_privacy_interface");
    let applied = json!({ "interface_list": [{ "api_name": "wx.getLocation", "status": 3 }] });
    let stage = stage_for(&case, vec![Answer::Timeout, refused(61035)], reads(&case, &[&applied]));
    assert_eq!(told(&act(&stage, case.name).await), (Outcome::Unknown, None, 2));
}

#[tokio::test]
async fn an_application_without_an_id_is_looked_up() {
    let case = case("apply_privacy_interface");
    let (_, _, after) = case.shown.as_ref().unwrap();
    let stage = stage_for(&case, vec![ok(json!({ "errmsg": "apply success" }))], reads(&case, &[after]));
    let effect = act(&stage, case.name).await.unwrap();
    assert_eq!((effect.evidence, effect.value), (Evidence::Asked, json!({ "audit_id": "97" })));
}

/// The vendor drops domains that it does not accept, and the owner changes them in the console as well: only the repeat
/// shows which of the two a partial change is.
#[tokio::test]
async fn a_part_of_the_wanted_domains_settles_nothing() {
    let state = |domains: &[&str]| ok(json!({ "requestdomain": domains, "tcpdomain": [] }));
    let (good, bad, old) = ("https://good.example.com", "https://bad.example.com", "https://old.example.com");
    let with = |change: DomainChange, domains: &[&str]| {
        change.with(ServerDomainKind::Request, domains.iter().copied())
    };
    for (change, before, now) in [
        (with(DomainChange::add(), &[good, bad]), vec![old], vec![old, good]),
        (with(DomainChange::delete(), &[good, bad]), vec![good, bad], vec![bad]),
        (with(DomainChange::set(), &[good, bad]), vec![good, old], vec![good]),
        (with(DomainChange::set(), &[good]), vec![old], vec![bad]),
        (
            with(DomainChange::add(), &[good]).with(ServerDomainKind::Tcp, ["tcp://a.example.com"]),
            vec![],
            vec![good],
        ),
    ] {
        let scene = stage([
            ("/wxa/modify_domain", vec![Answer::Timeout, refused(85017)]),
            ("get /wxa/modify_domain", vec![state(&before), state(&now)]),
        ]);
        let error = scene.app.change_server_domains(&change).await.unwrap_err();
        assert_eq!((error.outcome(), error.attempts()), (Outcome::Unknown, 2), "{change:?}");
        let scene = stage([
            ("/wxa/modify_domain", vec![Answer::Timeout, ok(json!({ "invalid_requestdomain": [bad] }))]),
            ("get /wxa/modify_domain", vec![state(&before), state(&now)]),
        ]);
        let effect = scene.app.change_server_domains(&change).await.unwrap();
        assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 2), "{change:?}");
        assert_eq!(effect.value.invalid.request, [bad]);
    }
}

#[tokio::test]
async fn domains_that_somebody_else_changes_do_not_matter() {
    let stage = stage([
        ("/wxa/modify_domain", vec![Answer::Timeout, ok(json!({}))]),
        (
            "get /wxa/modify_domain",
            vec![
                ok(json!({ "requestdomain": [] })),
                ok(json!({ "requestdomain": ["https://other.example.com"] })),
            ],
        ),
    ]);
    let change = DomainChange::add().with(ServerDomainKind::Request, ["https://ours.example.com"]);
    let effect = stage.app.change_server_domains(&change).await.unwrap();
    assert_eq!((effect.evidence, effect.attempts), (Evidence::Answered, 2));
}

#[tokio::test]
async fn an_added_template_is_found_by_its_draft() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    // With a response: the list yields the id.
    let answered =
        stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before.clone()), ok(after.clone())])]);
    let effect = answered.platform.template_library().unwrap().add_template(&"7".into(), None).await.unwrap();
    assert_eq!(effect.value.template_id, Some("5".into()));
    // Lost: the list settles it and yields the id.
    let lost = stage([(case.path, vec![Answer::Timeout]), (path, vec![ok(before.clone()), ok(after)])]);
    let effect = lost.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!((effect.evidence, effect.value.template_id), (Evidence::Asked, Some("5".into())));
    // The list is unreadable: the template exists nevertheless.
    let unlisted = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before), text("nonsense")])]);
    let effect = unlisted.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!((effect.evidence, effect.value.template_id), (Evidence::Answered, None));
}

#[tokio::test]
async fn several_new_templates_of_the_draft_do_not_say_which_is_ours() {
    let case = case("add_template");
    let (path, before, _) = case.shown.clone().unwrap();
    let many = templates(&[(3, 7), (4, 8), (5, 7), (6, 7)]);
    let lost =
        stage([(case.path, vec![Answer::Timeout]), (path, vec![ok(before.clone()), ok(many.clone())])]);
    assert_eq!(told(&act(&lost, case.name).await), (Outcome::Unknown, None, 1));
    let answered = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before.clone()), ok(many)])]);
    let effect = answered.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!((effect.evidence, effect.value.template_id), (Evidence::Answered, None));
    // One of another kind is someone else's.
    let mut other_kind = templates(&[(3, 7), (4, 8), (5, 7), (6, 7)]);
    other_kind["template_list"][3]["template_type"] = json!("1");
    let answered = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before), ok(other_kind)])]);
    let effect = answered.platform.templates().add_template(&"7".into(), None).await.unwrap();
    assert_eq!(effect.value.template_id, Some("5".into()));
}

#[tokio::test]
async fn another_process_settles_out_of_what_was_stored() {
    for case in cases() {
        let Some((path, before, after)) = &case.shown else { continue };
        let first = stage_for(&case, vec![ok(case.success.clone())], vec![ok(before.clone())]);
        act(&first, case.name).await.unwrap();
        let stored = serde_json::to_string(&first.vendor.intents()[0]).unwrap();
        let intent: Intent = serde_json::from_str(&stored).unwrap();
        let of_platform = intent.subject == SubjectId::Platform(PLATFORM.into());
        for (state, shows) in [(after, true), (before, false)] {
            let second = stage([(*path, vec![ok(state.clone())])]);
            let settled = match of_platform {
                true => second.platform.settle(&intent).await,
                false => second.app.settle(&intent).await,
            };
            let expected = match (case.name, shows) {
                // The list of testers does not show whose change it is; the review of a name is not visible.
                ("bind_tester" | "unbind_tester by id", true) | ("set_name", false) => Outcome::Unknown,
                (_, true) => Outcome::Done,
                (_, false) => Outcome::NotDone,
            };
            assert_eq!(settled.unwrap().outcome, expected, "{} {shows}", case.name);
            // The script has no response to the effect itself: sending it would fail.
        }
    }
}

#[tokio::test]
async fn an_open_intent_of_the_platform_is_settled_by_asking() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    let first = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before)])]);
    first.platform.templates().add_template(&"7".into(), None).await.unwrap();
    let intent = first.vendor.intents().remove(0);

    let second = stage([(path, vec![ok(after)])]);
    let settled = second.platform.template_library().unwrap().platform().settle(&intent).await.unwrap();
    assert_eq!((settled.outcome, settled.evidence), (Outcome::Done, Evidence::Asked));
    assert_eq!(settled.value, EffectValue::Inherent(json!({ "template_id": "5" })));
    let error = second.app.settle(&intent).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "it is the platform's, not the app's");
}

#[tokio::test]
async fn an_intent_of_the_platform_that_was_kept_under_an_app_of_its_id_is_settled_by_it_alone() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    let first = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before)])]);
    first.platform.templates().add_template(&"7".into(), None).await.unwrap();
    let mut intent = first.vendor.intents().remove(0);
    intent.subject = SubjectId::App(PLATFORM.into());

    let second = stage([(path, vec![ok(after)])]);
    let subject = second.platform.subject(&intent.subject).unwrap();
    assert_eq!(subject.settle(&intent).await.unwrap().outcome, Outcome::Done);
    for stranger in [&second.app, &second.platform.app(PLATFORM)] {
        assert_eq!(stranger.settle(&intent).await.unwrap_err().kind(), ErrorKind::Config);
        let closed = stranger.resolve(&intent, &Settled::unknown()).await;
        assert_eq!(closed.unwrap_err().kind(), ErrorKind::Config);
    }
    intent.subject = SubjectId::Platform("wx-other".into());
    assert_eq!(
        second.platform.resolve(&intent, &Settled::unknown()).await.unwrap_err().kind(),
        ErrorKind::Config
    );
}

#[tokio::test]
async fn a_template_that_is_added_by_a_command_has_its_id() {
    let case = case("add_template");
    let (path, before, after) = case.shown.clone().unwrap();
    let stage = stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before.clone()), ok(after)])]);
    let effect = stage.platform.perform(Command::add_template(&"7".into(), None)).await.unwrap();
    assert_eq!(effect.value, EffectValue::Inherent(json!({ "template_id": "5" })));
    assert_eq!(effect.evidence, Evidence::Answered);
    // The list is unreadable afterwards: the template exists nevertheless.
    let stage =
        crate::support::stage([(case.path, vec![ok(json!({}))]), (path, vec![ok(before), refused(48001)])]);
    let effect = stage.platform.perform(Command::add_template(&"7".into(), None)).await.unwrap();
    assert_eq!((effect.value, effect.evidence), (EffectValue::Inherent(json!({})), Evidence::Answered));
}
