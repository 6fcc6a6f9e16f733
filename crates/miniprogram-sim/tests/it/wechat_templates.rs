use miniprogram_sim::{AppSpec, SimConfig, State, WECHAT};
use serde_json::{Value, json};

use crate::support::{Bench, start_time};

const ADD: &str = "/wxa/addtotemplate";
const DELETE: &str = "/wxa/deletetemplate";
const LIST: &str = "/wxa/gettemplatelist";

#[tokio::test]
async fn drafts_become_templates() {
    let config = SimConfig::new().with_templates([]);
    let bench = Bench::new(config, AppSpec::wechat("wxtest0000000001").with_state(State::Fresh)).await;
    let draft = bench.sim.add_template_draft(WECHAT, "3.1.0", "新首页").unwrap();
    let draft: u64 = draft.as_str().parse().unwrap();
    let drafts = bench.component_get("/wxa/gettemplatedraftlist").await.json();
    let listed = &drafts["draft_list"][0];
    assert_eq!((&listed["draft_id"], &listed["user_version"]), (&json!(draft), &json!("3.1.0")));
    assert_eq!(listed["create_time"], start_time().as_unix());
    assert_eq!(bench.component_get(LIST).await.json()["template_list"], json!([]));
    assert_eq!(bench.commit("3.1.0").await.code(), 85014, "there is no template yet");

    assert_eq!(bench.component_post(ADD, json!({ "draft_id": draft })).await.code(), 0);
    assert_eq!(bench.component_post(ADD, json!({ "draft_id": draft, "template_type": 1 })).await.code(), 0);
    let templates = bench.component_get(LIST).await.json();
    let [ordinary, standard] = [0, 1].map(|index| templates["template_list"][index].clone());
    assert_eq!((&ordinary["template_type"], &ordinary["category_list"]), (&json!(0), &json!([])));
    assert!(ordinary.get("audit_status").is_none(), "{ordinary}");
    assert_eq!((&standard["template_type"], &standard["audit_status"]), (&json!(1), &json!(0)));
    let of_kind = bench.component_get("/wxa/gettemplatelist?template_type=1").await.json();
    assert_eq!(of_kind["template_list"], json!([standard]));

    let commit = |id: Value| {
        let body = json!({ "template_id": id, "ext_json": "{}", "user_version": "3.1.0", "user_desc": "d" });
        bench.post("/wxa/commit", body)
    };
    let id = ordinary["template_id"].clone();
    assert_eq!(commit(id.clone()).await.code(), 0);
    assert_eq!(bench.component_post(DELETE, json!({ "template_id": id.to_string() })).await.code(), 0);
    assert_eq!(bench.component_post(DELETE, json!({ "template_id": id })).await.code(), 85064);
    assert_eq!(commit(id).await.code(), 85014);
    assert_eq!(bench.component_get(LIST).await.json()["template_list"].as_array().unwrap().len(), 1);
    assert_eq!(bench.sim.platform_effects(WECHAT, "add_template"), 2);
    assert_eq!(bench.sim.platform_effects(WECHAT, "delete_template"), 1);
    assert_eq!(bench.effects("add_template"), 0, "it belongs to no app");
}

#[tokio::test]
async fn refusals_of_the_template_library() {
    let bench = Bench::wechat(State::Online).await;
    let draft = bench.sim.add_template_draft(WECHAT, "3.1.0", "新首页").unwrap();
    let draft: u64 = draft.as_str().parse().unwrap();
    for (body, code) in [
        (json!({}), 85064),
        (json!({ "draft_id": draft + 1 }), 85064),
        (json!({ "draft_id": draft.to_string() }), 85064),
        (json!({ "draft_id": draft, "template_type": 2 }), 40097),
        (json!({ "draft_id": draft, "template_type": "0" }), 40097),
    ] {
        assert_eq!(bench.component_post(ADD, body.clone()).await.code(), code, "{body}");
    }
    assert_eq!(bench.component_get("/wxa/gettemplatelist?template_type=x").await.code(), 40097);
    assert_eq!(bench.component_post(LIST, json!({})).await.code(), 43001);
    assert_eq!(bench.component_get(ADD).await.code(), 43002);
    assert_eq!(bench.post(ADD, json!({ "draft_id": draft })).await.code(), 61014);
    assert_eq!(bench.component_post("/wxa/release", json!({})).await.code(), 61015);
    // With an app's token the lists are not refused, only empty.
    assert_eq!(bench.component_post(ADD, json!({ "draft_id": draft })).await.code(), 0);
    for (path, list) in [(LIST, "template_list"), ("/wxa/gettemplatedraftlist", "draft_list")] {
        let empty = bench.get(path).await.json();
        assert_eq!((&empty["errcode"], &empty[list]), (&json!(0), &json!([])));
    }
    for _ in 1..200 {
        assert_eq!(bench.component_post(ADD, json!({ "draft_id": draft })).await.code(), 0);
    }
    assert_eq!(bench.component_post(ADD, json!({ "draft_id": draft })).await.code(), 85065);
    assert_eq!(bench.sim.platform_effects(WECHAT, "add_template"), 200);
}
