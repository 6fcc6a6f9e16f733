//! How a request to Acme is authorized, and how a response is read.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use miniprogram_core::token::AccessToken;
use miniprogram_core::transport::{Place, Request, Response};
use miniprogram_core::vendor_api::pipeline::{Call, Dialect, Reply, VendorRefusal, Verdict};
use miniprogram_core::{Code, Error, PlatformId, Result, Timestamp, Vendor};
use serde_json::Value;

use super::{ACME, CODES, Key};

#[derive(Debug)]
pub(super) struct AcmeDialect {
    pub(super) platform: PlatformId,
    pub(super) key: Key,
}

impl Dialect for AcmeDialect {
    fn vendor(&self) -> Vendor {
        ACME
    }

    fn base_url(&self) -> &'static str {
        "https://api.acme.example"
    }

    /// Acme's documents: "a request that timed out is dropped after 5 s".
    fn settle_time(&self) -> Duration {
        Duration::from_secs(6)
    }

    // guide: authorize
    fn authorize(&self, request: &mut Request, token: Option<&AccessToken>, now: Timestamp) -> Result<()> {
        let time = now.as_unix().to_string();
        let body = request.sent_body()?.into_owned().encode().map(|(_, bytes)| bytes).unwrap_or_default();
        let signature = self.key.sign_request(request.method.as_str(), &request.path, &time, &body);
        insert(&mut request.headers, "x-acme-platform", self.platform.as_str())?;
        insert(&mut request.headers, "x-acme-time", &time)?;
        request.add_secret(Place::header("x-acme-sign"), signature.into())?;
        match token {
            Some(token) => request.add_secret(Place::header("x-acme-app-token"), token.secret().clone()),
            None => Ok(()),
        }
    }
    // end

    // guide: read
    fn read(&self, call: &Call, response: &Response) -> Verdict {
        let Ok(envelope) = serde_json::from_slice::<Value>(&response.body) else {
            return Verdict::NotUnderstood("the body is not valid JSON".to_owned());
        };
        let text = |field: &str| envelope[field].as_str().map(str::to_owned);
        match text("code") {
            None => Verdict::NotUnderstood("the body has no code".to_owned()),
            Some(code) if code == "OK" => {
                let reply = Reply::new(envelope["data"].clone(), response.body.clone());
                Verdict::Success(reply.with_request_id(text("request_id")))
            }
            Some(code) => {
                let code = Code::from(code);
                let row = CODES.find(&code, Some(call.code_key()));
                let refusal = VendorRefusal::new(code, text("message").unwrap_or_default(), row);
                Verdict::Refused(refusal.with_request_id(text("request_id")))
            }
        }
    }
    // end
}

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) -> Result<()> {
    let value = HeaderValue::from_str(value);
    let value = value.map_err(|_| Error::invalid("request", name, "cannot be the value of a header"))?;
    headers.insert(HeaderName::from_static(name), value);
    Ok(())
}
