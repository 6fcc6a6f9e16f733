//! How calls are built, and what a reply and a refusal reveal.

use std::collections::HashMap;

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::*;
use crate::transport::{Body, Part, Place};

fn raw(path: &str, query: &[(&str, &str)]) -> Result<Call> {
    Call::raw(Method::POST, path, query, Body::Empty)
}

fn reply(json: Value) -> Reply {
    Reply::new(json, Bytes::new())
}

#[test]
fn a_call_that_nobody_has_modelled_is_kept_as_it_was_given() {
    let call = raw("/a/b.c", &[("x", "1"), ("token", "2")]).unwrap();
    assert_eq!((&call.method, &*call.path, call.is_raw()), (&Method::POST, "/a/b.c", true));
    assert_eq!(call.query, [("x".into(), "1".to_owned()), ("token".into(), "2".to_owned())]);
    assert!(!call.is_read);
    assert!(Call::raw(Method::GET, "/a", &[], Body::Empty).unwrap().is_read);
    assert!(!Call::to(&STATE).is_raw());
}

#[test]
fn a_path_that_is_more_than_a_path_is_refused() {
    for path in ["", "a", "https://other.example/", "/a?b=1", "/a#b", "/a\\b", "/a/../b", "/.."] {
        let error = raw(path, &[]).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("path")), "{path}");
    }
}

#[test]
fn what_the_dialect_sets_cannot_be_given_by_a_caller() {
    let form = Body::Form(vec![("access_token".into(), "2".to_owned())]);
    let query = raw("/a", &[("x", "1"), ("access_token", "2")]);
    for call in [query, Call::raw(Method::POST, "/a", &[], form)] {
        let error = call.unwrap().planned(&Plain).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("access_token")));
        assert_eq!((error.operation(), error.outcome()), ("call", Outcome::NotSent));
    }
}

#[test]
fn a_planned_call_shows_that_it_takes_a_token_and_not_which() {
    let call = Call::to(&STATE).with_query("x", "1");
    let own = call.clone().with_given_token(AccessToken::new("own").unwrap());
    for with_token in [call.clone(), call.clone().with_platform_token(), own] {
        let planned = with_token.planned(&Plain).unwrap();
        assert_eq!(Value::from(planned.query), json!({ "access_token": "***", "x": "1" }));
        assert_eq!((&*planned.method, &*planned.path), ("GET", "/a"));
    }
    assert_eq!(Value::from(call.without_token().planned(&Plain).unwrap().query), json!({ "x": "1" }));
}

#[tokio::test]
async fn what_an_effect_reads_is_compared_and_what_a_caller_reads_is_not() {
    let acme = Acme::reading(&[Answer::Done]);
    let pipeline = acme.pipeline();
    let (app, call) = (app(), Call::to(&READ));
    assert!(!pipeline.begin(&app, "state").read(&call).await.unwrap().is_compared());
    assert!(pipeline.begin(&app, "state").comparing().read(&call).await.unwrap().is_compared());
    assert!(!reply(Value::Null).is_compared());
}

#[test]
fn a_field_that_does_not_fit_is_named_by_its_path() {
    let reply = reply(json!({ "id": 7, "at": { "list": [1, "two"] }, "name": "a" }));
    assert_eq!(reply.decode_field::<i64>("id").unwrap(), 7);
    assert_eq!(reply.decode_field::<Option<i64>>("gone").unwrap(), None);
    for (field, error) in [
        ("name", reply.decode_field::<i64>("name").unwrap_err()),
        ("gone", reply.decode_field::<i64>("gone").unwrap_err()),
        ("list[1]", reply.decode_field::<HashMap<String, Vec<i64>>>("at").unwrap_err()),
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
fn a_secret_is_sent_in_its_place_and_shown_nowhere() {
    let secrets = [Place::query("sign"), Place::header("x-token"), Place::body("app_secret")];
    let with_secrets = |call: Call| {
        let call = call.without_token().with_query("x", "1");
        secrets.iter().cloned().fold(call, |call, place| call.with_secret(place, "canary".into()))
    };
    let json = with_secrets(Call::to(&CHANGE).with_json(&json!({ "n": 1 })));
    let form = with_secrets(Call::to(&CHANGE).with_form(vec![("n".into(), "1".to_owned())]));
    let parts = with_secrets(Call::to(&CHANGE).with_parts(vec![Part::text("n", "1")]));
    for (call, body) in [
        (json, Body::Json(r#"{"n":1,"app_secret":"canary"}"#.to_owned())),
        (form, Body::Form(vec![("n".into(), "1".to_owned()), ("app_secret".into(), "canary".to_owned())])),
        (parts, Body::Multipart(vec![Part::text("n", "1"), Part::text("app_secret", "canary")])),
    ] {
        let request = call.request(&Plain, None, Timestamp::from_unix(0)).unwrap();
        assert_eq!(request.query_pairs().collect::<Vec<_>>(), [("sign", "canary"), ("x", "1")]);
        let headers = request.sent_headers().unwrap();
        assert_eq!(headers["x-token"], "canary");
        assert!(headers["x-token"].is_sensitive());
        assert_eq!(*request.sent_body().unwrap(), body);

        let planned = request.planned();
        assert_eq!(Value::from(planned.query.clone()), json!({ "sign": "***", "x": "1" }));
        assert_eq!(Value::from(planned.headers.clone()), json!({ "x-token": "***" }));
        assert_eq!(planned.body.as_ref().unwrap()["app_secret"], "***");
        for shown in [format!("{request:?} {call:?} {planned:?}"), json!(planned).to_string()] {
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}

#[test]
fn a_secret_of_a_body_that_has_no_fields_is_refused_before_anything_is_sent() {
    for body in [Body::Empty, Body::Json("[]".to_owned())] {
        let call = Call::raw(Method::POST, "/a", &[], body).unwrap().without_token();
        let call = call.with_secret(Place::body("app_secret"), "canary".into());
        let request = call.request(&Plain, None, Timestamp::from_unix(0)).unwrap();
        let error = request.sent_body().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some("app_secret")));
        let error = call.planned(&Plain).unwrap_err();
        assert_eq!((error.operation(), error.field()), ("call", Some("app_secret")));
    }
}

#[test]
fn a_secret_takes_no_place_that_is_set() {
    let json = Call::to(&CHANGE).with_json(&json!({ "app_secret": 1 }));
    let parts = Call::to(&CHANGE).with_parts(vec![Part::text("app_secret", "1")]);
    let header = Call::to(&STATE).with_header("x-key".parse().unwrap(), "1".parse().unwrap());
    let twice = Call::to(&STATE).with_secret(Place::query("sign"), "1".into());
    for (call, place) in [
        (json, Place::body("app_secret")),
        (parts, Place::body("app_secret")),
        (header, Place::header("x-key")),
        (twice, Place::query("sign")),
        // The dialect's own parameter.
        (Call::to(&STATE), Place::query("access_token")),
    ] {
        let (called, name) = (call.name(), place.name().to_owned());
        let error = call.with_secret(place, "canary".into()).check(&Plain).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidArgument, Some(&*name)));
        assert_eq!(error.operation(), called);
    }
}

#[test]
fn a_refusal_repeats_no_secret_of_its_request() {
    let fields = json!({ "echo": "of secret", "list": ["secret", { "deep": "a secret b" }], "number": 1 });
    let fields = fields.as_object().unwrap().clone();
    let refusal = || {
        VendorRefusal::new(1.into(), "no secret here".to_owned(), None)
            .with_request_id(Some("r-1".to_owned()))
            .with_fields(fields.clone())
    };
    let request = |call: Call, token: Option<&str>| {
        let token = token.map(|token| AccessToken::new(token.to_owned()).unwrap());
        call.request(&Plain, token.as_ref(), Timestamp::from_unix(0)).unwrap()
    };
    let call = || Call::to(&STATE);
    let body = |name: &str| Call::to(&CHANGE).with_json(&json!({ name: "secret" }));
    let form = |name: &'static str| Call::to(&CHANGE).with_form(vec![(name.into(), "secret".to_owned())]);
    for sent in [
        request(call(), Some("secret")),
        request(call().with_secret(Place::header("x-key"), "secret".into()), None),
        request(call().with_secret(Place::query("sign"), "secret".into()), None),
        // A value given by the caller is recognized by its name.
        request(call().with_query("ticket", "secret"), None),
        request(body("refresh_token"), None),
        request(form("client_secret"), None),
    ] {
        let masked = refusal().redacted(&sent);
        assert_eq!((&*masked.message, masked.request_id.as_deref()), ("no *** here", Some("r-1")));
        let told = json!({ "echo": "of ***", "list": ["***", { "deep": "a *** b" }], "number": 1 });
        assert_eq!(Value::from(masked.fields), told);
    }
    // Five characters might be a part of any word; without a secret there is nothing to mask.
    for sent in [request(call(), Some("secre")), request(call(), None), request(body("note"), None)] {
        let unmasked = refusal().redacted(&sent);
        assert_eq!((&*unmasked.message, &unmasked.fields), ("no secret here", &fields));
    }
}

#[test]
fn a_secret_that_is_part_of_another_leaves_nothing_of_it() {
    let call = Call::to(&STATE).with_secret(Place::query("a"), "secret".into());
    let call = call.with_secret(Place::query("b"), "secret-and-more".into());
    let request = call.request(&Plain, None, Timestamp::from_unix(0)).unwrap();
    assert_eq!(request.redacted("secret, secret-and-more".to_owned()), "***, ***");
}

#[test]
fn fields_of_a_refusal_that_are_named_secrets_are_masked() {
    let fields = json!({ "session_key": "k", "data": { "access_token": 7 }, "hint": "h" });
    let refusal = VendorRefusal::new(1.into(), String::new(), None);
    let request = Call::to(&STATE).request(&Plain, None, Timestamp::from_unix(0)).unwrap();
    let shown = refusal.with_fields(fields.as_object().unwrap().clone()).redacted(&request).fields;
    assert_eq!(
        Value::from(shown),
        json!({ "session_key": "***", "data": { "access_token": "***" }, "hint": "h" })
    );
}
