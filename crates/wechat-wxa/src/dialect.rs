//! How WeChat's responses are read: HTTP 200 for almost everything, the outcome in `errcode`.

use std::time::Duration;

use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::{Place, Request, Response};
use miniprogram_core::vendor_api::json::read_response;
use miniprogram_core::vendor_api::kit::is_image;
use miniprogram_core::vendor_api::pipeline::{Call, Dialect, Expect, Reply, VendorRefusal, Verdict};
pub(crate) use miniprogram_core::vendor_api::wire::number as whole;
use miniprogram_core::{Code, Result, Timestamp, Vendor};
use serde_json::{Map, Value};

use crate::WECHAT;
use crate::codes::ERRCODE;

#[derive(Debug)]
pub(crate) struct WeChatDialect;

impl Dialect for WeChatDialect {
    fn vendor(&self) -> Vendor {
        WECHAT
    }

    fn base_url(&self) -> &'static str {
        "https://api.weixin.qq.com"
    }

    fn settle_time(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, _now: Timestamp) -> Result<()> {
        match token {
            Some(token) => request.add_secret(Place::query("access_token"), token.secret().clone()),
            None => Ok(()),
        }
    }

    fn read(&self, call: &Call, response: &Response) -> Verdict {
        // The first bytes decide: the content type of errors varies, and images have been seen with several.
        if call.expect == Expect::Image && is_image(&response.body) {
            return Verdict::Success(Reply::new(Value::Null, response.body.clone()));
        }
        let success = |json| Verdict::Success(Reply::new(json, response.body.clone()));
        match read_response(&response.body) {
            Some(Value::Object(fields)) => read_envelope(call, response, fields),
            Some(json) if call.is_raw() => success(json),
            None if call.expect == Expect::Anything => success(Value::Null),
            None if call.is_raw() => {
                Verdict::NotUnderstood("the body is not JSON; the raw call returns it as bytes".to_owned())
            }
            Some(_) => Verdict::NotUnderstood("the body is JSON, but no object".to_owned()),
            None if call.expect == Expect::Image => {
                Verdict::NotUnderstood("the body is neither a JPEG or PNG nor JSON".to_owned())
            }
            None => Verdict::NotUnderstood("the body is not JSON".to_owned()),
        }
    }
}

fn read_envelope(call: &Call, response: &Response, fields: Map<String, Value>) -> Verdict {
    let message = match fields.get("errmsg") {
        Some(Value::String(message)) => message.clone(),
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    let code = match fields.get("errcode") {
        None | Some(Value::Null) if call.endpoint.is_none_or(|called| called.succeeds_with(&fields)) => 0,
        None | Some(Value::Null) => {
            return Verdict::NotUnderstood("the body is a JSON object without errcode".to_owned());
        }
        Some(code) => match whole(code) {
            Some(code) => code,
            None if call.expect == Expect::Anything => 0,
            None => return Verdict::NotUnderstood("errcode is not an integer".to_owned()),
        },
    };
    let request_id = rid(&message).or_else(|| hint(&message)).map(str::to_owned);
    let code = Code::Number(code);
    let answer = call.endpoint.is_some_and(|called| called.answers_with(&code));
    if code != 0 && !answer {
        let row = ERRCODE.find(&code, Some(call.code_key()));
        let refusal = VendorRefusal::new(code, message, row).with_request_id(request_id);
        return Verdict::Refused(refusal.with_fields(refusal_fields(fields)));
    }
    if call.expect == Expect::Image {
        return Verdict::NotUnderstood("the body is a JSON success where an image is due".to_owned());
    }
    let reply = Reply::new(Value::Object(fields), response.body.clone());
    Verdict::Success(reply.with_request_id(request_id))
}

/// Returns the request id at the end of `errmsg`: `rid: ` and three groups of eight hexadecimal digits.
fn rid(message: &str) -> Option<&str> {
    let (_, rest) = message.rsplit_once("rid:")?;
    let id = rest.trim();
    let groups: Vec<&str> = id.split('-').collect();
    let group = |group: &&str| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
    (groups.len() == 3 && groups.iter().all(group)).then_some(id)
}

/// Treats an empty string as not reported.
pub(crate) fn told(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Returns the request id in the older form: `hint: [id]`.
fn hint(message: &str) -> Option<&str> {
    let (_, rest) = message.rsplit_once("hint:")?;
    let id = rest.trim_start().strip_prefix('[')?.split_once(']')?.0.trim();
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic())).then_some(id)
}

/// Returns the fields of a refusal other than its code and message; null fields carry nothing and are dropped.
pub(crate) fn refusal_fields(fields: Map<String, Value>) -> Map<String, Value> {
    let known = |name: &str| matches!(name, "errcode" | "errmsg");
    fields.into_iter().filter(|(name, value)| !known(name) && !value.is_null()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_id_is_taken_from_the_end_of_the_message() {
        let id = "62f1d8a3-2b3c4d5e-0a1b2c3d";
        for text in ["system error rid: ID", " rid: ID", "x, hint: [uuid] rid: ID", "grid: 7 rid: ID "] {
            assert_eq!(rid(&text.replace("ID", id)), Some(id), "{text:?}");
        }
        for text in ["", "ok", "rid: ", "rid: 62f1d8a3-2b3c4d5e", "rid: 62f1d8a3-2b3c4d5e-0a1b2c3g", "rid: ü"]
        {
            assert_eq!(rid(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_hint_is_the_request_id_of_older_answers() {
        for text in [
            "invalid ip, hint: [62f1d8a3-2b3c]",
            " hint: [62f1d8a3-2b3c] ",
            "hint: [a] and hint:[62f1d8a3-2b3c]",
            "x hint: [ 62f1d8a3-2b3c ], more",
        ] {
            assert_eq!(hint(text), Some("62f1d8a3-2b3c"), "{text:?}");
        }
        for text in ["hint: []", "hint: [ ]", "hint: 7", "hint: [a b]", "hint: [提示]", "hint: [open", "no"]
        {
            assert_eq!(hint(text), None, "{text:?}");
        }
    }
}
