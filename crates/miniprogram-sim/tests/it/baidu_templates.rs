//! The template library.

use miniprogram_core::Secret;
use miniprogram_sim::{BAIDU, State};
use serde_json::{Value, json};

use crate::support::{Bench, Seen};

const TEMPLATE: &str = "/rest/2.0/smartapp/template/";

struct Library {
    bench: Bench,
    token: Secret,
}

impl Library {
    async fn new() -> Self {
        let bench = Bench::baidu(State::Online).await;
        let token = bench.sim.platform_token(BAIDU).unwrap();
        Self { bench, token }
    }

    async fn list(&self, endpoint: &str) -> Value {
        let seen = self.bench.get_as(self.token.expose(), &format!("{TEMPLATE}{endpoint}")).await;
        seen.json()["data"].clone()
    }

    async fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Seen {
        self.bench.form_as(self.token.expose(), &format!("{TEMPLATE}{endpoint}"), fields).await
    }
}

#[tokio::test]
async fn a_draft_becomes_a_template() {
    let library = Library::new().await;
    assert_eq!(library.list("gettemplatedraftlist").await, json!({ "count": 0, "list": [] }));
    let sim = &library.bench.sim;
    let draft = sim.add_template_draft(BAIDU, "1.0.0", "首版").unwrap();
    let drafts = library.list("gettemplatedraftlist").await;
    let id = draft.as_number().unwrap();
    let first = json!({
        "draft_id": id, "user_version": "1.0.0", "user_desc": "首版",
        "create_time": crate::support::start_time().as_unix(), "web_status": false,
    });
    assert_eq!(drafts, json!({ "count": 1, "list": [first] }));

    let id = id.to_string();
    for (fields, code) in [
        (vec![("draft_id", id.as_str())], 40001),
        (vec![("user_desc", "花店")], 40001),
        (vec![("draft_id", "404"), ("user_desc", "花店")], 40001),
        (vec![("draft_id", &id), ("user_desc", &"长".repeat(31))], 40016),
        (vec![("draft_id", &id), ("user_desc", &"长".repeat(30))], 0),
    ] {
        assert_eq!(library.post("addtotemplate", &fields).await.code(), code, "{fields:?}");
    }
    let templates = library.list("gettemplatelist").await;
    let (template, description) = (&templates["list"][0], "长".repeat(30));
    assert_eq!((&template["user_version"], &template["user_desc"]), (&json!("1.0.0"), &json!(description)));
    let id = template["template_id"].as_u64().expect("a number").to_string();
    assert_eq!(library.post("deltemplate", &[("template_id", "404")]).await.code(), 63002);
    let deleted = library.post("deltemplate", &[("template_id", &id)]).await.json();
    assert_eq!(deleted, json!({ "errno": 0, "msg": "success", "data": { "result": 1 } }));
    assert_eq!(library.list("gettemplatelist").await["count"], 0);
    assert_eq!(library.post("deltemplate", &[("template_id", &id)]).await.code(), 63002);
    let counts = ["add_template", "delete_template"].map(|operation| sim.platform_effects(BAIDU, operation));
    assert_eq!((counts, library.bench.effects("add_template")), ([1, 1], 0));
}

#[tokio::test]
async fn the_library_is_paged_and_limited() {
    let library = Library::new().await;
    let draft = library.bench.sim.add_template_draft(BAIDU, "1.0.0", "首版").unwrap();
    for number in 0..50 {
        let name = format!("模板{number}");
        let fields = [("draft_id", draft.as_str()), ("user_desc", name.as_str())];
        assert_eq!(library.post("addtotemplate", &fields).await.code(), 0);
    }
    let more = [("draft_id", draft.as_str()), ("user_desc", "多了")];
    assert_eq!(library.post("addtotemplate", &more).await.code(), 2003);
    for (query, length, first) in [
        ("", 10, "模板49"),
        ("?page=2", 10, "模板39"),
        ("?page=2&page_size=20", 20, "模板29"),
        ("?page_size=50", 50, "模板49"),
    ] {
        let page = library.list(&format!("gettemplatelist{query}")).await;
        assert_eq!((&page["count"], &page["list"][0]["user_desc"]), (&json!(50), &json!(first)), "{query}");
        assert_eq!(page["list"].as_array().unwrap().len(), length, "{query}");
    }
    assert_eq!(library.list("gettemplatelist?page=6").await["list"], json!([]));
    let path = format!("{TEMPLATE}gettemplatelist?page=0");
    assert_eq!(library.bench.get_as(library.token.expose(), &path).await.code(), 40001);
}
