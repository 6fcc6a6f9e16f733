//! How the fields of a reply are read: for a caller, and for an effect, which compares them.

use bytes::Bytes;
use serde_json::{Map, json};

use super::*;
use crate::status::{StatusRow, StatusTable};
use crate::vendor_error::Code;

static ROWS: [StatusRow<VisitStatus>; 1] = [StatusRow::new(0, VisitStatus::Open, "open")];
static VISITS: StatusTable<VisitStatus> = StatusTable::new(ACME, "visit", VisitStatus::Unknown, &ROWS);

fn for_caller() -> Reply {
    let mut reply = Reply::new(Value::Null, Bytes::new());
    reply.vendor = Some(ACME);
    reply
}

fn for_effect() -> Reply {
    let mut reply = for_caller();
    reply.compared = true;
    reply
}

fn fields(reply: &Reply, json: Value) -> Fields<'_> {
    let Value::Object(fields) = json else { panic!("not an object: {json}") };
    Fields::new(reply, "data", fields)
}

/// Returns the field and the message of an error stating that a reply cannot be understood.
fn told<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.vendor()), (ErrorKind::Protocol, Some(ACME)));
    (error.field().unwrap().to_owned(), error.detail().unwrap().to_owned())
}

#[test]
fn what_can_be_read_is_taken_out_and_the_rest_is_left() {
    let reply = for_caller();
    let mut data = fields(
        &reply,
        json!({
            "text": " a ", "id": "17", "number": "3", "decimal": "1.5", "flag": 1, "time": 60, "status": 0,
            "value": { "any": 1 }, "object": { "name": "b" }, "texts": ["a", "b"], "numbers": [4, "5"],
            "left": true,
        }),
    );
    assert_eq!(data.text("text").as_deref(), Some(" a "));
    assert_eq!(data.id::<String>("id").as_deref(), Some("17"));
    assert_eq!(data.number("number"), Some(3));
    assert_eq!(data.decimal("decimal"), Some(1.5));
    assert_eq!(data.flag("flag"), Some(true));
    assert_eq!(data.time("time"), Some(Timestamp::from_unix(60)));
    assert_eq!(data.coded("status", &VISITS).unwrap().value, VisitStatus::Open);
    assert_eq!(data.value("value"), Some(json!({ "any": 1 })));
    assert_eq!(data.object("object").unwrap().text("name").as_deref(), Some("b"));
    assert_eq!(data.texts("texts").unwrap(), ["a", "b"]);
    assert_eq!(data.numbers("numbers").unwrap(), [4, 5]);
    assert_eq!(format!("{data:?}"), r#"{"left"}"#, "names without values");
    assert_eq!(Value::from(data.copy()), json!({ "left": true }));
    data.keep("kept", json!(2));
    assert_eq!(Value::from(data.rest()), json!({ "left": true, "kept": 2 }));
    assert_eq!(data.rest(), Map::new());
}

#[test]
fn a_status_is_a_number_or_a_word_as_its_table_says() {
    static ROWS_OF_WORDS: [StatusRow<VisitStatus>; 2] = [
        StatusRow::of_word("ON_SALE", VisitStatus::Open, "open"),
        StatusRow::of_word("2", VisitStatus::Closed, ""),
    ];
    static WORDS: StatusTable<VisitStatus> =
        StatusTable::new(ACME, "visit", VisitStatus::Unknown, &ROWS_OF_WORDS);
    static ROWS_OF_BOTH: [StatusRow<VisitStatus>; 2] = [
        StatusRow::of_word("ON_SALE", VisitStatus::Open, "open"),
        StatusRow::new(2, VisitStatus::Closed, ""),
    ];
    static BOTH: StatusTable<VisitStatus> =
        StatusTable::new(ACME, "visit", VisitStatus::Unknown, &ROWS_OF_BOTH);
    let word = |text: &str| Code::from(text);
    let (open, closed, unknown) = (VisitStatus::Open, VisitStatus::Closed, VisitStatus::Unknown);
    let cases = [
        (&WORDS, json!("ON_SALE"), Some((open, word("ON_SALE")))),
        (&WORDS, json!(" ON_SALE "), Some((open, word("ON_SALE")))),
        (&WORDS, json!("on_sale"), Some((unknown, word("on_sale")))),
        (&WORDS, json!("2"), Some((closed, word("2")))),
        (&WORDS, json!("3"), Some((unknown, word("3")))),
        (&WORDS, json!(2), Some((unknown, 2.into()))),
        (&WORDS, json!(true), None),
        (&WORDS, json!(" "), None),
        (&BOTH, json!("2"), Some((closed, 2.into()))),
        (&BOTH, json!(2), Some((closed, 2.into()))),
        (&BOTH, json!("ON_SALE"), Some((open, word("ON_SALE")))),
        (&VISITS, json!("0"), Some((open, 0.into()))),
        (&VISITS, json!("ON_SALE"), None),
    ];
    let reply = for_caller();
    for (table, sent, told) in cases {
        let mut data = fields(&reply, json!({ "status": sent }));
        let read = data.coded("status", table).map(|coded| (coded.value, coded.raw.code));
        assert_eq!(read, told, "{sent}");
        assert_eq!(data.is_told("status"), told.is_none() && sent != json!(" "), "{sent}");
    }
}

#[test]
fn an_empty_field_is_taken_out_and_one_of_the_wrong_type_stays() {
    let reply = for_caller();
    for empty in [json!(null), json!(" "), json!([]), json!({})] {
        let mut data = fields(&reply, json!({ "field": empty }));
        assert!(!data.is_told("field"));
        assert_eq!((data.text("field"), data.copy()), (None, Map::new()), "{empty}");
        let mut data = fields(&reply, json!({ "field": empty }));
        assert!(data.object("field").is_none_or(|object| object.copy().is_empty()));
        assert_eq!(data.copy(), Map::new());
        assert_eq!(fields(&reply, json!({ "field": empty })).texts("field").unwrap(), [""; 0], "{empty}");
    }
    let mut data = fields(&reply, json!({ "field": true }));
    assert!(data.is_told("field") && !data.is_told("gone"));
    assert_eq!((data.text("field"), data.number("field"), data.id::<String>("field")), (None, None, None));
    assert!(data.object("field").is_none());
    assert_eq!(data.texts("field").unwrap(), [""; 0]);
    assert_eq!(Value::from(data.rest()), json!({ "field": true }));
}

#[test]
fn ids_and_times_begin_at_one() {
    let reply = for_caller();
    for none in [json!(0), json!("0"), json!(-1)] {
        let mut data = fields(&reply, json!({ "id": none, "time": none }));
        assert_eq!((data.id::<String>("id"), data.time("time")), (None, None), "{none}");
        assert_eq!(data.rest(), Map::new(), "what is not told is not left either");
    }
    let mut data = fields(&reply, json!({ "id": 1, "time": 1 }));
    assert_eq!(data.id::<String>("id").as_deref(), Some("1"));
    assert_eq!(data.time("time"), Some(Timestamp::from_unix(1)));
}

#[test]
fn an_entry_that_cannot_be_read_is_left_out_for_a_caller_and_an_error_for_an_effect() {
    let list = json!({ "list": [{ "id": 1 }, { "id": true, "more": 2 }, null, 7] });
    let ids = |data: &mut Fields<'_>| data.each("list", |entry| entry.required("id", Fields::number));
    let reply = for_caller();
    let mut data = fields(&reply, list.clone());
    assert_eq!(ids(&mut data).unwrap(), [1]);
    assert_eq!(Value::from(data.rest()), json!({ "list": [{ "id": true, "more": 2 }, 7] }));
    let reply = for_effect();
    assert_eq!(
        told(ids(&mut fields(&reply, list))),
        ("data.list[1].id".to_owned(), "is of the wrong type".to_owned())
    );
    let mut data = fields(&reply, json!({ "list": [{ "id": 1 }, 7] }));
    assert_eq!(told(ids(&mut data)), ("data.list[1]".to_owned(), "cannot be read".to_owned()));
    let mut data = fields(&reply, json!({ "list": [{ "id": 1 }, { "id": 2 }] }));
    assert_eq!(ids(&mut data).unwrap(), [1, 2]);
    assert_eq!(data.rest(), Map::new());
}

#[test]
fn a_list_that_is_none_is_empty_for_a_caller_and_an_error_for_an_effect() {
    let (caller, effect) = (for_caller(), for_effect());
    for json in [json!({ "list": 7 }), json!({ "list": true })] {
        assert_eq!(fields(&caller, json.clone()).numbers("list").unwrap(), [0; 0]);
        let error = fields(&effect, json).numbers("list");
        assert_eq!(told(error), ("data.list".to_owned(), "is not a list".to_owned()));
    }
    for reply in [&caller, &effect] {
        assert_eq!(fields(reply, json!({})).numbers("list").unwrap(), [0; 0], "an absent one is empty");
    }
    // If its absence proves nothing, an effect accepts only null as an empty list.
    let each_of =
        |reply, json| fields(reply, json).each_of("list", |entry| entry.required("id", Fields::number));
    for (json, told_to_effect) in [
        (json!({}), Err("is missing")),
        (json!({ "list": "" }), Err("is missing")),
        (json!({ "list": 7 }), Err("is of the wrong type")),
        (json!({ "list": null }), Ok(vec![])),
        (json!({ "list": [] }), Ok(vec![])),
        (json!({ "list": [{ "id": 1 }] }), Ok(vec![1])),
    ] {
        let ids = told_to_effect.clone().unwrap_or_default();
        assert_eq!(each_of(&caller, json.clone()).unwrap(), ids, "{json}");
        match told_to_effect {
            Ok(ids) => assert_eq!(each_of(&effect, json).unwrap(), ids),
            Err(words) => {
                assert_eq!(told(each_of(&effect, json)), ("data.list".to_owned(), words.to_owned()));
            }
        }
    }
}

#[test]
fn what_its_reader_cannot_do_without_is_named_where_it_is_missing() {
    let (caller, effect) = (for_caller(), for_effect());
    for (json, words) in [(json!({}), "is missing"), (json!({ "n": true }), "is of the wrong type")] {
        for reply in [&caller, &effect] {
            let required = fields(reply, json.clone()).required("n", Fields::number);
            assert_eq!(told(required), ("data.n".to_owned(), words.to_owned()));
        }
        assert_eq!(fields(&caller, json.clone()).compared("n", Fields::number).unwrap(), None);
        let compared = fields(&effect, json).compared("n", Fields::number);
        assert_eq!(told(compared), ("data.n".to_owned(), words.to_owned()));
    }
    for reply in [&caller, &effect] {
        assert_eq!(fields(reply, json!({ "n": 7 })).required("n", Fields::number).unwrap(), 7);
        assert_eq!(fields(reply, json!({ "n": 7 })).compared("n", Fields::number).unwrap(), Some(7));
    }
}

#[test]
fn an_error_names_the_whole_path() {
    let reply = for_caller();
    let mut top = Fields::new(&reply, "", Map::new());
    assert_eq!(told(top.required("n", Fields::number)).0, "n");
    let below = top.below("list[2]", Map::new()).below("at", Map::new()).wrong("n", "is odd");
    assert_eq!((below.field(), below.detail()), (Some("list[2].at.n"), Some("is odd")));
    let mut data = fields(&reply, json!({ "at": { "x": 1 } }));
    assert_eq!(told(data.object("at").unwrap().required("n", Fields::number)).0, "data.at.n");
}
