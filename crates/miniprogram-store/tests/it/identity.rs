//! What makes two deliveries the same event.

use std::borrow::Cow;

use miniprogram_core::push::EventCredential;
use miniprogram_core::{AppId, Event, EventKind, Vendor};
use miniprogram_store::{EventIdentity, PlatformKey};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const ACME: Vendor = Vendor::new("acme");

fn identity(payload: &Value) -> EventIdentity {
    let mut event = Event::new(ACME, EventKind::Unknown, Cow::Borrowed("changed"), payload.clone());
    event.app_id = Some(AppId::from("app1"));
    EventIdentity::of(&PlatformKey::new(ACME, "p1"), &event)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// The same message with its fields in reverse order and its numbers as strings.
fn sent_again(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.to_string()),
        Value::Array(values) => values.iter().map(sent_again).collect(),
        Value::Object(fields) => {
            let fields: Map<_, _> =
                fields.iter().rev().map(|(name, value)| (name.clone(), sent_again(value))).collect();
            Value::Object(fields)
        }
        other => other.clone(),
    }
}

/// The message in a form shared by two spellings of one value.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.to_string()),
        Value::Bool(value) => Value::from(value.to_string()),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn order_and_number_or_text_change_nothing(payload in value()) {
        prop_assert_eq!(identity(&payload), identity(&sent_again(&payload)));
    }

    #[test]
    fn another_message_has_another_identity(one in value(), other in value()) {
        let same = plain(&one) == plain(&other);
        prop_assert_eq!(identity(&one) == identity(&other), same);
    }

    #[test]
    fn every_field_counts(payload in prop::collection::btree_map("[a-z]{1,4}", value(), 1..5), at in any::<prop::sample::Index>()) {
        let mut changed: Map<_, _> = payload.into_iter().collect();
        let before = identity(&Value::Object(changed.clone()));
        let name = changed.keys().nth(at.index(changed.len())).unwrap().clone();
        let field = changed.remove(&name).unwrap();
        prop_assert_ne!(&identity(&Value::Object(changed.clone())), &before);
        changed.insert(name, json!([field, "more"]));
        prop_assert_ne!(&identity(&Value::Object(changed)), &before);
    }
}

#[test]
fn the_app_does_not_count_where_an_alias_names_it() {
    let mut event =
        Event::new(ACME, EventKind::Unknown, Cow::Borrowed("changed"), json!({ "ToUserName": "gh_1" }));
    event.alias = Some("gh_1".into());
    let here = PlatformKey::new(ACME, "p1");
    let nobodys = EventIdentity::of(&here, &event);
    for app in ["app1", "app2"] {
        event.app_id = Some(AppId::from(app));
        assert_eq!(EventIdentity::of(&here, &event), nobodys);
    }
}

#[test]
fn platform_app_and_name_count() {
    let event = Event::new(ACME, EventKind::Unknown, Cow::Borrowed("changed"), json!({ "n": 1 }));
    let here = PlatformKey::new(ACME, "p1");
    let base = EventIdentity::of(&here, &event);
    assert_eq!(base.as_str().len(), 64);
    assert_eq!(EventIdentity::from_stored(base.to_string()), base);
    let mut of_an_app = event.clone();
    of_an_app.app_id = Some(AppId::from("app1"));
    let mut renamed = event.clone();
    renamed.raw_event = Cow::Borrowed("changed2");
    let identities = [
        EventIdentity::of(&here, &of_an_app),
        EventIdentity::of(&here, &renamed),
        EventIdentity::of(&PlatformKey::new(ACME, "p2"), &event),
        EventIdentity::of(&PlatformKey::new(Vendor::new("beta"), "p1"), &event),
    ];
    assert!(!identities.contains(&base));
}

#[test]
fn a_credential_counts_as_if_it_were_still_in_its_field() {
    let here = PlatformKey::new(ACME, "p1");
    let of = |payload: Value, taken: bool| {
        let mut event = Event::new(ACME, EventKind::Ticket, Cow::Borrowed("ticket"), payload);
        if taken {
            event.take_credential("ticket", EventCredential::Ticket);
            assert!(event.credential.is_some());
        }
        EventIdentity::of(&here, &event)
    };
    for ticket in [json!("t1"), json!(17)] {
        let payload = json!({ "at": 1, "ticket": ticket, "note": "n" });
        assert_eq!(of(payload.clone(), true), of(payload, false));
    }
    assert_ne!(of(json!({ "ticket": "t1" }), true), of(json!({ "ticket": "t2" }), true));
}
