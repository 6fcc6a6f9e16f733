//! How Baidu's responses are read: four shapes of body, whatever the HTTP status.

use std::borrow::Cow;
use std::time::Duration;

use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::{Place, Request, Response};
use miniprogram_core::vendor_api::codes::{CodeRow, CodeTable};
use miniprogram_core::vendor_api::json::read_response;
use miniprogram_core::vendor_api::kit::is_image;
use miniprogram_core::vendor_api::pipeline::{Call, Dialect, Expect, Reply, VendorRefusal, Verdict};
use miniprogram_core::vendor_api::wire;
use miniprogram_core::{Code, Result, Timestamp, Vendor};
use serde_json::{Map, Value};

use crate::BAIDU;
use crate::codes::{
    AES_KEY_TOO_SHORT, ERRNO, GATEWAY, METHOD_NOT_SUPPORTED, OAUTH, REFRESH_TOKEN_INVALID, TEMPLATE_UNKNOWN,
    TOKEN_NOT_VALID,
};

/// Baidu's dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaiduDialect;

/// The maximum delay of an effect: an upload appears after about 3 s, a rollback is delayed by an unpublished time.
const SETTLE_TIME: Duration = Duration::from_secs(15);

/// Codes with a second meaning that only the message reveals, and the name that selects its row.
const BY_WORDS: &[(Code, &[&str], &str)] = &[
    (Code::Number(501), &["请求方式不支持", "request method"], METHOD_NOT_SUPPORTED),
    (Code::Number(44001), &["token"], TOKEN_NOT_VALID),
    (Code::Number(50037), &["aes", "43"], AES_KEY_TOO_SHORT),
    (Code::Number(63002), &["模板", "模版", "template"], TEMPLATE_UNKNOWN),
    (
        Code::Text(Cow::Borrowed("invalid_request")),
        &["refresh token", "refresh_token"],
        REFRESH_TOKEN_INVALID,
    ),
];

/// The fields that may contain the message of a refusal, in order of precedence.
const MESSAGES: &[&str] = &["msg", "errMsg", "errmsg", "error_msg", "error_description"];

impl Dialect for BaiduDialect {
    fn vendor(&self) -> Vendor {
        BAIDU
    }

    fn base_url(&self) -> &'static str {
        "https://openapi.baidu.com"
    }

    fn settle_time(&self) -> Duration {
        SETTLE_TIME
    }

    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, _now: Timestamp) -> Result<()> {
        match token {
            Some(token) => request.add_secret(Place::query("access_token"), token.secret().clone()),
            None => Ok(()),
        }
    }

    fn read(&self, call: &Call, response: &Response) -> Verdict {
        let traced = response.header("x-b3-traceid").map(str::to_owned);
        if call.expect == Expect::Image && is_image(&response.body) {
            return success(response, Value::Null, traced);
        }
        let json = match read_response(&response.body) {
            Some(Value::Object(json)) => json,
            Some(json) if call.is_raw() => return success(response, json, traced),
            None if call.expect == Expect::Anything => return success(response, Value::Null, traced),
            None if call.is_raw() => {
                let why = "the body is not JSON; the raw call returns it as bytes";
                return Verdict::NotUnderstood(why.to_owned());
            }
            _ => return Verdict::NotUnderstood("the body is not a JSON object".to_owned()),
        };
        let request_id = traced.or_else(|| request_id(&json));
        match refusal(call, &json) {
            Ok(Some(refusal)) => {
                let fields = refusal_fields(json);
                Verdict::Refused(refusal.with_request_id(request_id).with_fields(fields))
            }
            Ok(None) if call.expect == Expect::Image => {
                Verdict::NotUnderstood("the body is not an image and contains no error code".to_owned())
            }
            Ok(None) => success(response, Value::Object(json), request_id),
            Err(_) if call.is_raw() => success(response, Value::Object(json), request_id),
            Err(why) => Verdict::NotUnderstood(why.to_owned()),
        }
    }
}

fn success(response: &Response, json: Value, request_id: Option<String>) -> Verdict {
    let reply = Reply::new(json, response.body.clone());
    Verdict::Success(reply.with_request_id(request_id))
}

/// Returns the fields of a refusal other than its code and message; null fields carry nothing and are dropped.
fn refusal_fields(json: Map<String, Value>) -> Map<String, Value> {
    let known = |name: &str| matches!(name, "errno" | "error_code" | "error") || MESSAGES.contains(&name);
    json.into_iter().filter(|(name, value)| !known(name) && !value.is_null()).collect()
}

/// Returns the refusal in a body; `None` for a success. The order is that of the reference, section 4.1.
fn refusal(call: &Call, json: &Map<String, Value>) -> Result<Option<VendorRefusal>, &'static str> {
    let message = || text(json, MESSAGES).unwrap_or_default();
    let number = |field| number(json, field);
    let gateway = number("error_code")?;
    if let Some(code) = gateway.filter(|code| *code != 0) {
        return Ok(Some(refused(&GATEWAY, code.into(), message(), call)));
    }
    let errno = number("errno")?;
    if let Some(word) = text(json, &["error"]) {
        return Ok(Some(match errno.filter(|errno| *errno != 0) {
            Some(errno) => refused(&ERRNO, errno.into(), message(), call),
            None => refused(&OAUTH, word.into(), message(), call),
        }));
    }
    match errno {
        Some(0) => Ok(None),
        Some(errno) => Ok(Some(refused(&ERRNO, errno.into(), message(), call))),
        None if call.endpoint.is_some_and(|called| called.succeeds_with(json)) => Ok(None),
        None => Err("the body has no errno"),
    }
}

fn refused(table: &'static CodeTable, code: Code, message: String, call: &Call) -> VendorRefusal {
    let row = row(table, &code, &message, call);
    VendorRefusal::new(code, message, row)
}

/// Finds the row of a code: by the message where it decides, then by the operation, and for the low-level call by its
/// path.
fn row(table: &'static CodeTable, code: &Code, message: &str, call: &Call) -> Option<&'static CodeRow> {
    let message = message.to_lowercase();
    let by_words = BY_WORDS
        .iter()
        .find(|(ambiguous, words, _)| code == ambiguous && words.iter().any(|word| message.contains(word)));
    let name = match by_words {
        Some((_, _, name)) => name,
        None => call.code_key(),
    };
    table.find(code, Some(name))
}

/// Reads a numeric code; `None` if it is absent or null.
fn number(json: &Map<String, Value>, field: &str) -> Result<Option<i64>, &'static str> {
    match json.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => wire::number(value).map(Some).ok_or("the body's code is not an integer"),
    }
}

/// Returns the first of the fields that contains a string.
fn text(json: &Map<String, Value>, fields: &[&str]) -> Option<String> {
    let mut texts = fields.iter().filter_map(|field| json.get(*field)?.as_str());
    texts.find(|text| !text.is_empty()).map(str::to_owned)
}

/// Returns the vendor's request id, if the body contains it: a string or a number.
fn request_id(json: &Map<String, Value>) -> Option<String> {
    ["traceId", "requestId", "request_id"].into_iter().find_map(|field| match json.get(field)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}
