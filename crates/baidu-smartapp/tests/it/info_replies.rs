//! Responses about an app's basic information, domains and phone permission, and about the platform's templates and
//! images: as the documents print them, with every known oddity.

use baidu_smartapp::values::{
    CategoryScope, ImageKind, NameVerdict, Necessity, PhonePermission, ReviewStatus, SubjectStatus,
};
use baidu_smartapp::{BaiduApp, CategoryNode, Examination};
use miniprogram_core::model::Visit;
use miniprogram_core::{Effect, ErrorKind, Outcome, TemplateLibrary, Timestamp, VisitStatus};
use serde_json::json;

use crate::support::{Answer, DONE, Script, data};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

fn answering(endpoint: &str, answer: impl Into<Answer>) -> BaiduApp {
    Script::new().on(endpoint, [answer.into()]).app()
}

/// The sample of document 003, with its missing brace.
const CATEGORIES: &str = r#"{
    "errno": 0, "msg": "success",
    "data": [
      { "id": 1, "category_name": "快递业与邮政", "category_type": 2,
        "sub_items": {
            "2": { "id": "2", "category_name": "快递", "category_type": 2, "need_quali": 1,
                "category_quali": "{\"desc\":\"请上传《快递业务经营许可证》\",\"list\":[[{\"id\":1,\"must\":1,\"name\":\"快递业务经营许可证\",\"desc\":\"\"}]]}" },
            "3": { "id": "3", "category_name": "邮政", "category_type": 2, "need_quali": "0", "category_quali": "" }
        } } ] }"#;

async fn tree(answer: impl Into<Answer>) -> Vec<CategoryNode> {
    answering("app/category/list", answer).category_tree(CategoryScope::All).await.unwrap()
}

#[tokio::test]
async fn the_documents_tree_of_categories() {
    insta::assert_json_snapshot!("category_tree", tree(CATEGORIES).await);
}

#[tokio::test]
async fn categories_below_come_as_map_as_list_and_in_another_spelling() {
    let below = |field: &str| {
        let json = data(&format!(r#"[{{"id":"1","category_name":"x",{field}}}]"#));
        async move {
            let mut top = tree(json).await;
            top.remove(0).children.into_iter().map(|node| (node.id, node.name)).collect::<Vec<_>>()
        }
    };
    let expected = [(2, "a".to_owned()), (3, "b".to_owned())];
    let items = r#"{"id":"2","category_name":"a"},{"id":3,"category_name":"b"}"#;
    assert_eq!(below(&format!(r#""sub_items":[{items}]"#)).await, expected);
    let map = r#"{"2":{"category_name":"a"},"3":{"id":"3","category_name":"b"}}"#;
    assert_eq!(below(&format!(r#""sub_items":{map}"#)).await, expected);
    assert_eq!(below(&format!(r#""subItems":{map}"#)).await, expected);
    assert_eq!(below(&format!(r#""sub_items":null,"subItems":{map}"#)).await, expected);
    for none in [r#""sub_items":[]"#, r#""sub_items":{}"#, r#""sub_items":null"#, r#""new_member":1"#] {
        assert!(below(none).await.is_empty(), "{none}");
    }
}

#[tokio::test]
async fn qualifications_come_as_text_as_object_nested_and_flat() {
    let node = |fields: &str| {
        let json = data(&format!(r#"[{{"id":1,"category_name":"x",{fields}}}]"#));
        async move { tree(json).await.remove(0) }
    };
    for (sent, expected) in
        [("1", Necessity::Needed), ("\"0\"", Necessity::NotNeeded), ("true", Necessity::Needed)]
    {
        let needs = node(&format!(r#""need_quali":{sent}"#)).await.needs_qualification.unwrap();
        assert_eq!(needs.value, expected, "{sent}");
    }
    let unlisted = node(r#""need_quali":2"#).await.needs_qualification.unwrap();
    assert_eq!((unlisted.value, unlisted.raw.code), (Necessity::Unknown, 2.into()));
    let groups = |node: CategoryNode| {
        let groups = node.qualifications.unwrap().groups.into_iter();
        groups.map(|group| group.into_iter().map(|item| item.id).collect()).collect::<Vec<Vec<_>>>()
    };
    let nested = r#""category_quali":{"list":[[{"id":1},{"id":"2"}],[{"id":3}]]}"#;
    assert_eq!(groups(node(nested).await), [vec![1, 2], vec![3]]);
    let flat = r#""category_quali":"{\"list\":[{\"id\":1,\"must\":true},{\"id\":2}]}""#;
    assert_eq!(groups(node(flat).await), [vec![1, 2]], "the values of one list are alternatives");
    for none in [r#""category_quali":"""#, r#""category_quali":null"#, r#""category_quali":[]"#] {
        let node = node(none).await;
        assert_eq!((node.qualifications, node.extra.len()), (None, 0), "{none}");
    }
    let words = node(r#""category_quali":"请联系客服""#).await;
    assert_eq!((words.qualifications, &words.extra["category_quali"]), (None, &json!("请联系客服")));
}

#[tokio::test]
async fn an_odd_category_costs_nothing_but_itself() {
    let read = async |json: &str| tree(data(json)).await;
    assert_eq!(read("null").await, []);
    let nodes = read(r#"[{"category_name":"x"},7,{"id":2,"category_name":"y"}]"#).await;
    assert_eq!(nodes.iter().map(|node| node.id).collect::<Vec<_>>(), [2], "without an id it is no choice");
    let nameless = read(r#"[{"id":1,"category_name":{"zh":"x"},"sub_items":7}]"#).await.remove(0);
    assert_eq!((nameless.name.as_str(), nameless.children.len()), ("", 0));
    assert_eq!(
        json!(nameless.extra),
        json!({ "category_name": { "zh": "x" }, "sub_items": 7 }),
        "kept as it came"
    );
    let deep = (0..9).fold(r#"{"id":1,"category_name":"x"}"#.to_owned(), |below, _| {
        format!(r#"{{"id":1,"category_name":"x","sub_items":[{below}]}}"#)
    });
    let mut node = read(&format!("[{deep}]")).await.remove(0);
    let mut levels = 1;
    while let Some(child) = node.children.pop() {
        (node, levels) = (child, levels + 1);
    }
    assert_eq!((levels, node.extra.len()), (8, 1), "what is deeper is kept as it came");
    let app = answering("app/category/list", data("7"));
    let error = app.category_tree(CategoryScope::All).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Protocol, Outcome::NotDone));
}

#[tokio::test]
async fn a_name_that_does_not_pass_is_an_answer() {
    let check = |json: &str| {
        let app = answering("app/checkname", data(json));
        async move { app.check_name("面包店").await }
    };
    for (code, expected) in [
        (0, NameVerdict::Passed),
        (1, NameVerdict::Taken),
        (2, NameVerdict::Sensitive),
        (3, NameVerdict::BrandWord),
        (4, NameVerdict::ContainsBrandWord),
        (5, NameVerdict::HighTraffic),
        (6, NameVerdict::Unknown),
    ] {
        let answer = check(&format!(r#"{{"checkResult":{code}}}"#)).await.unwrap();
        assert_eq!((answer.result, answer.raw.code, answer.words.len()), (expected, code.into(), 0));
    }
    for (words, groups) in [
        (r#"[["面包","店"]]"#, vec![vec!["面包", "店"]]),
        (r#"[["面包"],[],["店"]]"#, vec![vec!["面包"], vec!["店"]]),
        (r#"["面包","店"]"#, vec![vec!["面包", "店"]]),
        (r#"["面包",["店",null]]"#, vec![vec!["面包"], vec!["店"]]),
    ] {
        let answer = check(&format!(r#"{{"checkResult":"4","checkWords":{words}}}"#)).await.unwrap();
        assert_eq!(answer.words, ["面包", "店"], "{words}");
        assert_eq!(answer.groups, groups, "{words}");
    }
    let newer = check(r#"{"checkResult":3,"checkWords":null,"requiredFields":[1]}"#).await.unwrap();
    assert_eq!((newer.words.len(), &newer.extra["requiredFields"]), (0, &json!([1])));
    let error = check(r#"{"checkWords":[]}"#).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("checkResult"), "{error}");
}

#[tokio::test]
async fn domains_come_joined_by_commas_and_as_lists() {
    let servers = |json: &str| {
        let app = answering("app/modifydomain", data(json));
        async move { app.server_domains().await }
    };
    let printed = servers(
        r#"{"request_domain":"https://www.baidu.com,https://www.baidu.com",
            "socket_domain":"wss://www.baidu.com,wss://www.baidu.com",
            "download_domain":"wss://www.baidu.com,wss://www.baidu.com",
            "upload_domain":"wss://www.baidu.com,wss://www.baidu.com"}"#,
    );
    insta::assert_json_snapshot!("server_domains", printed.await.unwrap());
    let odd = servers(
        r#"{"request_domain":["https://a.cn","https://b.cn"],"socket_domain":null,"download_domain":"",
            "udp_domain":"udp://a.cn"}"#,
    );
    insta::assert_json_snapshot!("server_domains_odd", odd.await.unwrap());
    assert_eq!(servers("[]").await.unwrap().request.len(), 0);
    assert_eq!(servers("null").await.unwrap().request.len(), 0);
    let odd = servers(r#"{"request_domain":7,"upload_domain":"https://a.cn"}"#).await.unwrap();
    assert_eq!((odd.request.len(), &odd.extra["request_domain"]), (0, &json!(7)));
    assert_eq!(odd.upload, ["https://a.cn"]);
    assert_eq!(servers(r#""https://a.cn""#).await.unwrap_err().kind(), ErrorKind::Protocol);
    let web = |answer: String| {
        let app = answering("app/modifywebviewdomain", answer);
        async move { app.web_view_domains().await }
    };
    let printed = web(data(r#""https://www.baidu.com,https://www.baidu.com""#)).await.unwrap();
    assert_eq!(printed, ["https://www.baidu.com", "https://www.baidu.com"]);
    assert_eq!(web(data(r#"["https://a.cn"]"#)).await.unwrap(), ["https://a.cn"]);
    assert!(web(data(r#""""#)).await.unwrap().is_empty());
    for none in [data("null"), DONE.to_owned()] {
        assert!(web(none).await.unwrap().is_empty());
    }
    assert_eq!(web(data("7")).await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn the_state_of_the_phone_permission() {
    let state = |json: &str| {
        let app = answering("app/get/mobileauthstatus", data(json));
        async move { app.phone_permission().await }
    };
    // The document's sample has a reason although nothing was refused.
    let printed = state(r#"{"status":1,"reason":"原因"}"#).await.unwrap();
    assert_eq!((printed.status, printed.reason.as_deref()), (PhonePermission::Pending, Some("原因")));
    for (sent, expected) in [
        ("0", PhonePermission::Cancelled),
        ("\"2\"", PhonePermission::Refused),
        ("3", PhonePermission::Granted),
        ("9", PhonePermission::Unknown),
    ] {
        let state = state(&format!(r#"{{"status":{sent},"reason":"","since":1}}"#)).await.unwrap();
        assert_eq!((state.status, state.reason), (expected, None), "{sent}");
        assert_eq!(state.extra["since"], 1);
    }
    assert_eq!(state("{}").await.unwrap_err().kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn the_id_of_a_review_in_every_shape() {
    let update = |answer: &str| {
        let script =
            Script::new().on("app/info", [data(r#"{"status":1}"#)]).on("app/modifyheadimage", [answer]);
        let app = script.app();
        async move { app.set_icon("https://b.bdstatic.com/1.png").await.unwrap() }
    };
    let id = |effect: Effect<Examination>| effect.value.examine_id.map(|id| id.to_string());
    for (answer, expected) in [
        (data(r#"{"examine_id":123}"#), Some("123")),
        (data(r#"{"examine_id":"123"}"#), Some("123")),
        (data(r#"[{"examine_id":123}]"#), Some("123")),
        (data("{}"), None),
        (data("[]"), None),
        (data("null"), None),
        (data("true"), None),
        (DONE.to_owned(), None),
    ] {
        assert_eq!(id(update(&answer).await).as_deref(), expected, "{answer}");
    }
    let several = update(&data(r#"[{"examine_id":1},{"examine_id":2}]"#)).await;
    assert_eq!(json!(several)["data"][1]["examine_id"], 2, "no id is lost");
    let effect = update(&data(r#"{"examine_id":123,"eta":"2d"}"#)).await;
    assert_eq!(
        json!(effect),
        json!({ "outcome": "done", "evidence": "answered", "attempts": 1, "examine_id": "123", "eta": "2d" })
    );
}

/// `app/info` with every field, numbers and strings mixed as in the vendor's samples.
const INFO: &str = r#"{
    "app_id": 17328232, "app_key": "key", "app_name": "小店", "app_desc": "卖面包", "status": 1, "web_status": "2",
    "photo_addr": "[{\"cover\":\"https:\\/\\/b.bdstatic.com\\/searchbox\\/1523870283-34303.jpg\"}]",
    "qualification": {"name": "某公司", "type": 2, "satus": 1, "ad_type": 23, "ad_status": 3},
    "category": [{"category_id": "6", "category_name": "信息", "category_desc": "", "reason": "资质不清", "audit_status": 3,
        "parent": {"category_id": 5, "category_name": "工具", "category_desc": "工具类"}}],
    "min_swan_version": "3.10.1",
    "audit_info": {"audit_app_name": "新店", "audit_app_name_status": 1,
        "audit_photo_addr": "[{\"cover\":\"https://b.bdstatic.com/2.png\"}]", "audit_photo_addr_status": "3",
        "audit_photo_addr_reason": "模糊"},
    "modify_count": {"name_modify_used": 1, "name_modify_quota": 5, "signature_modify_used": "0", "signature_modify_quota": "5",
        "image_modify_used": "", "image_modify_quota": null, "category_modify_used": 3, "category_modify_quota": 3},
    "auth_info": [{"scope_name": "开发管理", "type": 0}, {"scope_name": "账号管理", "type": 1}],
    "annual_review_info": {"annual_review_status": 2, "annual_review_overdue_time": 1600000000},
    "app_offline_info": [{"offline_reason": 3, "illegal_fields": "appName,photoAddr,appVideo"}]
}"#;

#[tokio::test]
async fn everything_that_is_known_of_an_app() {
    let mut info = answering("app/info", data(INFO)).app_info().await.unwrap();
    assert_eq!(info.fields.len(), 15, "every field as it came");
    info.fields.clear();
    insta::assert_json_snapshot!("app_info_whole", info);
}

#[tokio::test]
async fn parts_of_the_information_that_are_empty_or_in_another_shape() {
    let info = |fields: &str| {
        let app = answering("app/info", data(&format!(r#"{{"status":1,{fields}}}"#)));
        async move { app.app_info().await.unwrap() }
    };
    let empty = info(
        r#""app_id":"","qualification":[],"category":null,"audit_info":"","modify_count":[],"auth_info":{},
            "annual_review_info":null,"app_offline_info":"","photo_addr":"""#,
    )
    .await;
    assert_eq!((&empty.app_id, &empty.qualification), (&None, &None));
    assert!(empty.categories.is_empty() && empty.offline.is_empty() && empty.icon_urls.is_empty());
    let mut printed = json!(empty);
    printed.as_object_mut().unwrap().remove("members");
    let visit = json!({ "status": "open", "raw_status": { "vendor": "baidu", "table": "app", "code": 1 } });
    let expected =
        json!({ "visit": visit, "icon_urls": [], "categories": [], "permissions": [], "offline": [] });
    assert_eq!(printed, expected, "what says nothing is left out, but for lists");
    let hollow = info(
        r#""app_name":"","app_desc":null,"qualification":{},"annual_review_info":{},
            "audit_info":{"audit_app_name":""},"modify_count":{"name_modify_used":1},
            "app_offline_info":{"offline_reason":2}"#,
    )
    .await;
    let mut printed = json!(hollow);
    printed.as_object_mut().unwrap().remove("members");
    let reason = json!({ "vendor": "baidu", "table": "offline_reason", "code": 2 });
    assert_eq!(
        printed,
        json!({
            "visit": visit, "changes": { "name": { "used": 1 } },
            "icon_urls": [], "categories": [], "permissions": [],
            "offline": [{ "reason": { "value": "package", "raw": reason }, "illegal_fields": [] }],
        })
    );
    for (sent, expected) in [
        (r#""1600000000""#, Some(1_600_000_000)),
        (r#""2020-09-13 20:26:40""#, Some(1_600_000_000)),
        ("0", None),
        (r#""soon""#, None),
    ] {
        let info = info(&format!(r#""annual_review_info":{{"annual_review_overdue_time":{sent}}}"#)).await;
        let overdue_at = info.annual_review.and_then(|review| review.overdue_at);
        assert_eq!(overdue_at, expected.map(Timestamp::from_unix), "{sent}");
    }
    let one = info(
        r#""app_offline_info":{"offline_reason":"1","illegal_fields":"appDesc"},
            "category":{"7":{"category_id":7,"audit_status":1}},"qualification":{"status":"4"}"#,
    )
    .await;
    assert_eq!(one.offline[0].illegal_fields[0].name, "appDesc");
    assert_eq!(one.categories[0].audit_status.as_ref().unwrap().value, ReviewStatus::InReview);
    assert_eq!(one.qualification.unwrap().status.unwrap().value, SubjectStatus::PushFailed);
    for (sent, expected) in [
        (r#""https://a.cn/1.png""#, vec!["https://a.cn/1.png"]),
        (r#""[\"https:\/\/a.cn\/1.png\"]""#, vec!["https://a.cn/1.png"]),
        (r#"[{"cover":"https://a.cn/1.png","id":"7"}]"#, vec!["https://a.cn/1.png"]),
        (r#"{"cover":"https://a.cn/1.png"}"#, vec!["https://a.cn/1.png"]),
        ("null", vec![]),
    ] {
        assert_eq!(info(&format!(r#""photo_addr":{sent}"#)).await.icon_urls, expected, "{sent}");
    }
    let odd = answering("app/info", data(r#"{"category":7,"app_id":{},"app_name":"n"}"#));
    let odd = odd.app_info().await.unwrap();
    assert_eq!(
        (odd.visit, odd.app_id, odd.categories.len()),
        (Visit::new(VisitStatus::Unknown, None), None, 0)
    );
    assert_eq!(odd.name.as_deref(), Some("n"));
}

#[tokio::test]
async fn every_page_of_the_templates_is_read() {
    let entry = |id: u32| format!(r#"{{"template_id":{id},"user_version":"1.{id}","user_desc":"d"}}"#);
    let page = |count: u32, ids: &[u32]| {
        let entries = ids.iter().map(|id| entry(*id)).collect::<Vec<_>>().join(",");
        data(&format!(r#"{{"count":{count},"list":[{entries}]}}"#))
    };
    let read = |pages: Vec<String>| {
        let script = Script::new().on("template/gettemplatelist", pages);
        async move {
            let list = script.platform().templates().templates().await.unwrap();
            let ids: Vec<_> = list.iter().map(|template| template.template_id.to_string()).collect();
            (ids.join(" "), script.sent().len())
        }
    };
    assert_eq!(read(vec![page(3, &[0, 1]), page(3, &[2])]).await, ("0 1 2".to_owned(), 2));
    assert_eq!(read(vec![page(0, &[])]).await, (String::new(), 1));
    assert_eq!(read(vec![data(r#"{"count":"0","list":null}"#)]).await, (String::new(), 1));
    // One moves to the next page in the meantime; one disappears before its page is read.
    assert_eq!(read(vec![page(4, &[3, 2]), page(4, &[2, 1]), page(4, &[])]).await, ("3 2 1".to_owned(), 3));
    // A list that ignores the page parameter.
    assert_eq!(read(vec![page(9, &[1, 2])]).await, ("1 2".to_owned(), 2));
}

#[tokio::test]
async fn fields_of_drafts_and_templates() {
    let script = Script::new()
        .on(
            "template/gettemplatedraftlist",
            [data(
                r#"{"count":2,"list":[
                {"draft_id":5,"user_version":"1.0","user_desc":"首版","create_time":1536052439,"web_status":true},
                {"draft_id":"6","create_time":"昨天"}]}"#,
            )],
        )
        .on(
            "template/gettemplatelist",
            [data(r#"{"count":1,"list":[{"template_id":"0","create_time":"1536052439","app_name":"样板"}]}"#)],
        );
    let library = script.platform().templates();
    insta::assert_json_snapshot!("template_drafts", library.template_drafts().await.unwrap());
    insta::assert_json_snapshot!("templates", library.templates().await.unwrap());
    for none in [r#"{"count":1,"list":[{"user_version":"1"}]}"#, r#"{"list":[]}"#, "null", "{}"] {
        let script = Script::new().on("template/gettemplatelist", [data(none)]);
        assert_eq!(script.platform().templates().templates().await.unwrap(), [], "{none}");
        // A template missing from the list is not considered deleted.
        let full = data(r#"{"count":1,"list":[{"template_id":"7"}]}"#);
        let script = Script::new()
            .on("template/gettemplatelist", [full, data(none)])
            .on("template/deltemplate", [Answer::Lost]);
        let error = script.platform().templates().delete_template(&"7".into()).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{none}: {error:#}");
    }
}

#[tokio::test]
async fn an_upload_must_answer_an_address() {
    let upload = |answer: &str| {
        let script = Script::new().on("/file/2.0/smartapp/upload/image", [answer]);
        async move { script.platform().upload_image(ImageKind::Icon, "a.png", PNG).await }
    };
    assert_eq!(upload(&data(r#""https:\/\/b.cn\/1.png""#)).await.unwrap(), "https://b.cn/1.png");
    for broken in [DONE.to_owned(), data(r#""""#), data("{}")] {
        assert_eq!(upload(&broken).await.unwrap_err().kind(), ErrorKind::Protocol, "{broken}");
    }
    let refused = upload(r#"{"errno":47003,"msg":"图片尺寸超过限制"}"#).await.unwrap_err();
    assert_eq!((refused.kind(), refused.operation()), (ErrorKind::InvalidArgument, "upload_image"));
}
