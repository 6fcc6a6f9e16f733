//! How calls are made, and what a reply and a refusal tell.

use std::collections::HashMap;

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::*;
use crate::transport::Body;

fn raw(path: &str, query: &[(&str, &str)]) -> Result<Call> {
    Call::raw(Method::POST, path, query, Body::Empty)
}

fn reply(json: Value) -> Reply {
    Reply::new("state".into(), json, Bytes::new())
}

#[test]
fn a_call_that_nobody_has_modelled_is_kept_as_it_was_given() {
    let call = raw("/a/b.c", &[("x", "1"), ("token", "2")]).unwrap();
    assert_eq!((&call.method, &*call.path, call.is_raw()), (&Method::POST, "/a/b.c", true));
    assert_eq!(call.query, [("x".into(), "1".to_owned()), ("token".into(), "2".to_owned())]);
    assert!(!call.is_read);
    assert!(Call::raw(Method::GET, "/a", &[], Body::Empty).unwrap().is_read);
    assert!(!Call::get("state", "/a").is_raw());
}

#[test]
fn a_path_that_is_more_than_a_path_is_refused_and_so_is_a_token_in_the_query() {
    for path in ["", "a", "https://other.example/", "/a?b=1", "/a#b", "/a\\b", "/a/../b", "/.."] {
        let error = raw(path, &[]).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("path")), "{path}");
    }
    let error = raw("/a", &[("x", "1"), ("access_token", "2")]).unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("access_token")));
}

#[test]
fn a_planned_call_shows_that_it_takes_a_token_and_not_which() {
    let call = Call::get("state", "/a").with_query("x", "1");
    let own = call.clone().with_given_token(AccessToken::new("own").unwrap());
    for with_token in [call.clone(), call.clone().with_platform_token(), own] {
        let planned = with_token.planned();
        assert_eq!(Value::from(planned.query), json!({ "access_token": "***", "x": "1" }));
        assert_eq!((&*planned.method, &*planned.path), ("GET", "/a"));
    }
    assert_eq!(Value::from(call.without_token().planned().query), json!({ "x": "1" }));
}

#[tokio::test]
async fn what_an_effect_reads_is_compared_and_what_a_caller_reads_is_not() {
    let acme = Acme::reading(&[Answer::Done]);
    let pipeline = acme.pipeline();
    let (app, call) = (app(), Call::get("state", "/read"));
    assert!(!pipeline.begin(&app, "state").read(&call).await.unwrap().is_compared());
    assert!(pipeline.begin(&app, "state").comparing().read(&call).await.unwrap().is_compared());
    assert!(!reply(Value::Null).is_compared());
}

#[test]
fn a_member_that_does_not_fit_is_named_by_its_path() {
    let reply = reply(json!({ "id": 7, "at": { "list": [1, "two"] }, "name": "a" }));
    assert_eq!(reply.decode_member::<i64>("id").unwrap(), 7);
    assert_eq!(reply.decode_member::<Option<i64>>("gone").unwrap(), None);
    for (field, error) in [
        ("name", reply.decode_member::<i64>("name").unwrap_err()),
        ("gone", reply.decode_member::<i64>("gone").unwrap_err()),
        ("list[1]", reply.decode_member::<HashMap<String, Vec<i64>>>("at").unwrap_err()),
        ("id", reply.decode::<HashMap<String, String>>().unwrap_err()),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Protocol, Some(field)));
    }
}

#[test]
fn the_vendors_time_is_ours_less_what_its_date_was_late() {
    let mut reply = reply(Value::Null);
    let ours = Timestamp::from_unix_millis(5_000_250);
    assert_eq!(reply.vendor_time(ours), ours, "without a date nothing is known of the vendor's clock");
    reply.date = Some(Timestamp::from_unix(3600));
    reply.received_at = Timestamp::from_unix(5000);
    assert_eq!(reply.vendor_time(ours), Timestamp::from_unix_millis(3_600_250));
}

#[test]
fn a_refusal_does_not_repeat_the_token_of_its_call() {
    let fields = json!({ "echo": "of secret", "list": ["secret", { "deep": "a secret b" }], "number": 1 });
    let fields = fields.as_object().unwrap().clone();
    let refusal = || {
        VendorRefusal::new(1.into(), "no secret here".to_owned(), None)
            .with_request_id(Some("r-1".to_owned()))
            .with_fields(fields.clone())
    };
    let token = |text: &str| AccessToken::new(text.to_owned()).unwrap();
    let masked = refusal().without(Some(&token("secret")));
    assert_eq!((&*masked.message, masked.request_id.as_deref()), ("no *** here", Some("r-1")));
    let told = json!({ "echo": "of ***", "list": ["***", { "deep": "a *** b" }], "number": 1 });
    assert_eq!(Value::from(masked.fields), told);
    // Five characters might be a part of any word; without a token there is nothing to mask.
    for unmasked in [refusal().without(Some(&token("secre"))), refusal().without(None)] {
        assert_eq!((&*unmasked.message, &unmasked.fields), ("no secret here", &fields));
    }
}
