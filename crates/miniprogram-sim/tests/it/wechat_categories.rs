use std::time::Duration;

use miniprogram_sim::{AppSpec, AuditPolicy, Decision, ReviewItem, SimConfig, SimError, State};
use serde_json::{Value, json};

use crate::support::{Bench, item};
use crate::wechat_support::{DAY, patient};

const ADD: &str = "/cgi-bin/wxopen/addcategory";
const GET: &str = "/cgi-bin/wxopen/getcategory";

fn category(first: u64, second: u64) -> Value {
    json!({ "categories": [{ "first": first, "second": second }] })
}

async fn with_certificate(bench: &Bench, first: u64, second: u64) -> Value {
    let certificates =
        json!([{ "key": "《医疗机构执业许可证》", "value": bench.picture().await, "is_permanent": 1 }]);
    json!({ "first": first, "second": second, "certicates": certificates })
}

#[tokio::test]
async fn the_catalogue_lists_what_may_be_added() {
    let bench = Bench::wechat(State::Online).await;
    let all = bench.get("/cgi-bin/wxopen/getallcategories").await.json();
    let rows = all["categories_list"]["categories"].as_array().unwrap().clone();
    assert!(rows[0].get("name").is_none(), "{}", rows[0]);
    assert_eq!(rows[0]["children"][0], 1);
    let hospital = rows.iter().find(|row| row["id"] == 11).unwrap();
    assert_eq!(
        (&hospital["level"], &hospital["father"], &hospital["sensitive_type"]),
        (&json!(2), &json!(10), &json!(1))
    );
    assert_eq!(hospital["qualify"]["exter_list"][0]["inner_list"][0]["name"], "《医疗机构执业许可证》");

    let path = "/cgi-bin/wxopen/getcategoriesbytype";
    let of_persons = bench.post(path, json!({ "verify_type": 0 })).await.json();
    let of_persons = of_persons["categories_list"]["categories"].as_array().unwrap().clone();
    assert!(of_persons.len() < rows.len() && of_persons.iter().all(|row| row["id"] != 11), "{of_persons:?}");
    for verify_type in [json!("0"), json!(5), json!(null)] {
        assert_eq!(bench.post(path, json!({ "verify_type": verify_type })).await.code(), 40097);
    }
}

#[tokio::test]
async fn an_ordinary_category_counts_at_once() {
    let bench = Bench::wechat(State::Uploaded { version: "2.0.0".to_owned() }).await;
    assert_eq!(bench.post(ADD, category(20, 22)).await.code(), 0);
    let own = bench.get(GET).await.json();
    assert_eq!(
        own["categories"][3],
        json!({
            "first": 20, "first_name": "商家自营", "second": 22, "second_name": "服装/鞋/箱包",
            "audit_status": 3, "audit_reason": "",
        })
    );
    assert_eq!((&own["limit"], &own["quota"], &own["category_limit"]), (&json!(5), &json!(4), &json!(20)));
    let submittable = bench.get("/wxa/get_category").await.json();
    assert_eq!(submittable["category_list"][3]["second_id"], 22);
    assert_eq!(bench.sim.truth(&bench.app).unwrap().categories, ["2", "4", "7", "22"]);

    let delete = json!({ "first": 1, "second": 2 });
    assert_eq!(bench.post("/cgi-bin/wxopen/deletecategory", delete).await.code(), 0);
    assert_eq!(bench.submit().await.code(), 85008, "the category is gone");
    let mut other = item();
    for (name, value) in [("first_class", json!("商家自营")), ("second_class", json!("服装/鞋/箱包"))]
    {
        other[name] = value;
    }
    (other["first_id"], other["second_id"]) = (json!(20), json!(22));
    assert_eq!(bench.post("/wxa/submit_audit", json!({ "item_list": [other] })).await.code(), 0);
    assert_eq!((bench.effects("add_categories"), bench.effects("delete_category")), (1, 1));
}

#[tokio::test]
async fn a_sensitive_category_is_reviewed() {
    let bench = Bench::wechat(State::Online).await;
    assert_eq!(bench.post(ADD, category(10, 11)).await.code(), 53311);
    let unknown = json!({ "categories": [{
        "first": 10, "second": 11, "certicates": [{ "key": "《医疗机构执业许可证》", "value": "nothing" }],
    }] });
    assert_eq!(bench.post(ADD, unknown).await.code(), 40007);
    let hospital = with_certificate(&bench, 10, 11).await;
    assert_eq!(bench.post(ADD, json!({ "categories": [hospital] })).await.code(), 0);
    assert_eq!(bench.get(GET).await.json()["categories"][3]["audit_status"], 1);
    let modify = "/cgi-bin/wxopen/modifycategory";
    assert_eq!(bench.post(modify, hospital.clone()).await.code(), 53307);
    assert_eq!(bench.post("/cgi-bin/wxopen/deletecategory", hospital.clone()).await.code(), 53308);

    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::reject("证件不清晰")).unwrap();
    let own = bench.get(GET).await.json();
    assert_eq!(
        (&own["categories"][3]["audit_status"], &own["categories"][3]["audit_reason"]),
        (&json!(2), &json!("证件不清晰"))
    );
    assert_eq!(bench.post(modify, json!({ "first": 10, "second": 11 })).await.code(), 53311);
    assert_eq!(bench.post(modify, json!({ "first": 10, "second": 19 })).await.code(), 53306);
    assert_eq!(bench.post(modify, hospital).await.code(), 0);
    let truth = bench.sim.truth(&bench.app).unwrap();
    assert_eq!(truth.reviews[0].item, ReviewItem::Categories);
    bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve).unwrap();
    assert_eq!(bench.get(GET).await.json()["categories"][3]["audit_status"], 3);
    assert_eq!(bench.events(), ["wxa_category_audit", "wxa_category_audit"]);
    let nothing = bench.sim.decide_review(&bench.app, ReviewItem::Categories, &Decision::Approve);
    assert!(matches!(nothing, Err(SimError::NothingInReview(_))), "{nothing:?}");
    assert_eq!(bench.effects("modify_category"), 1);
}

#[tokio::test]
async fn categories_that_are_refused() {
    let bench = patient(State::Online).await;
    for (body, code) in [
        (json!({}), 53303),
        (json!({ "categories": [] }), 53303),
        (json!({ "categories": [7] }), 53303),
        (category(1, 4), 53303),
        (json!({ "categories": [{ "first": "20", "second": "22" }] }), 53303),
        (category(1, 2), 53304),
        (json!({ "categories": [{ "first": 20, "second": 22 }, { "first": 20, "second": 22 }] }), 53304),
        (category(12, 13), 53302),
        (json!({ "categories": [{ "first": 20, "second": 22, "certicates": "x" }] }), 53303),
    ] {
        assert_eq!(bench.post(ADD, body.clone()).await.code(), code, "{body}");
    }
    // The message of 53304 is empty in practice.
    let twice = bench.post(ADD, category(1, 2)).await.json();
    assert!(twice["errmsg"].as_str().unwrap().starts_with(" rid: "), "{twice}");
    let delete = "/cgi-bin/wxopen/deletecategory";
    assert_eq!(bench.post(delete, json!({ "first": 20, "second": 22 })).await.code(), 53303);
    assert_eq!(bench.post(ADD, category(8, 9)).await.code(), 0);
    assert_eq!(bench.post(delete, json!({ "first": 8, "second": 9 })).await.code(), 53309);

    let others: Vec<(u64, u64)> = [14, 15, 16, 17, 18]
        .map(|second| (1, second))
        .into_iter()
        .chain((22..33).map(|second| (20, second)))
        .collect();
    for (index, (first, second)) in others.iter().enumerate() {
        // One was added above.
        if (index + 1) % 5 == 0 {
            assert_eq!(bench.post(ADD, category(*first, *second)).await.code(), 53300);
            bench.wait(31 * DAY).await;
        }
        assert_eq!(bench.post(ADD, category(*first, *second)).await.code(), 0, "{second}");
    }
    bench.wait(31 * DAY).await;
    let certified = with_certificate(&bench, 20, 21).await;
    assert_eq!(bench.get(GET).await.json()["categories"].as_array().unwrap().len(), 20);
    assert_eq!(bench.post(ADD, json!({ "categories": [certified] })).await.code(), 53301);
}

#[tokio::test]
async fn owners_and_the_policy() {
    let spec = AppSpec::wechat("wxtest0000000001").with_personal_owner();
    let policy = AuditPolicy::approve_after(Duration::from_secs(3600));
    let bench = Bench::new(SimConfig::new().with_audit_policy(policy), spec).await;
    let hospital = with_certificate(&bench, 10, 11).await;
    assert_eq!(bench.post(ADD, json!({ "categories": [hospital] })).await.code(), 53302);
    let drugs = with_certificate(&bench, 10, 19).await;
    assert_eq!(bench.post(ADD, json!({ "categories": [drugs] })).await.code(), 0);
    bench.sim.settle().await;
    assert_eq!(bench.get(GET).await.json()["categories"][3]["audit_status"], 3);
    assert_eq!(bench.events(), ["wxa_category_audit"]);
}
