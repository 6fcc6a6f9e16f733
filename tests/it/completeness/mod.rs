//! Nothing in the vendors' documents is missing: every endpoint, push, code and enumerated value of
//! `vendor_documents.json` has a client method, a simulator route, an event kind, a row.

mod callers;
mod endpoints;
mod enumerations;
mod pushes;
mod samples;
mod tables;

use miniprogram::Vendor;
use serde::Deserialize;
use serde_json::Value;

/// The five documents as data.
#[derive(Debug, Deserialize)]
struct Documents {
    endpoints: Vec<Endpoint>,
    events: Vec<Push>,
    notifications: Vec<Notification>,
    code_tables: Vec<CodeTable>,
    enumerations: Vec<Enumeration>,
}

#[derive(Debug, Deserialize)]
struct Endpoint {
    document: String,
    vendor: Vendor,
    http_method: String,
    path: String,
    effect: bool,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
struct Parameter {
    name: String,
    required: bool,
}

#[derive(Debug, Deserialize)]
struct Push {
    vendor: Vendor,
    name: String,
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    of: String,
}

#[derive(Debug, Deserialize)]
struct Notification {
    code: i64,
    fields: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct CodeTable {
    document: String,
    vendor: Vendor,
    kind: TableKind,
    path: String,
    field: String,
    rows: Vec<CodeRow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TableKind {
    Error,
    Result,
    Status,
}

#[derive(Debug, Deserialize)]
struct CodeRow {
    code: i64,
    words: String,
}

#[derive(Debug, Deserialize)]
struct Enumeration {
    document: String,
    path: Option<String>,
    field: String,
    direction: Direction,
    values: Vec<EnumeratedValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Request,
    Response,
    Push,
}

#[derive(Debug, Deserialize)]
struct EnumeratedValue {
    value: Value,
    label: String,
}

fn documents() -> Documents {
    serde_json::from_str(include_str!("vendor_documents.json")).expect("the list of the documents")
}

#[test]
fn the_list_is_whole() {
    let documents = documents();
    let of = |number: &str| documents.endpoints.iter().filter(|endpoint| endpoint.document == number).count();
    assert_eq!(["002", "000", "003", "004"].map(of), [16, 8, 18, 4]);
    assert_eq!((documents.events.len(), documents.notifications.len()), (24, 2));
    let rows: usize = documents.code_tables.iter().map(|table| table.rows.len()).sum();
    assert_eq!((documents.code_tables.len(), rows), (33, 144));
    let values: usize = documents.enumerations.iter().map(|list| list.values.len()).sum();
    assert_eq!((documents.enumerations.len(), values), (22, 70));
}
