//! Handles vendor requests, with the faults that are to strike them: before the effect, after it, or with the effect delayed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use miniprogram_core::{Timestamp, Vendor};
use serde_json::Value;

use crate::BAIDU;
use crate::body::{BrokenOff, Reply};
use crate::call::{Answer, Call, Content, Refusal};
use crate::endpoint::Mode;
use crate::faults::{Disturbance, Drawn, Fault, Lands, Untold};
use crate::hub::Hub;
use crate::requests::{token_refusal, vendor_of};
use crate::tokens::{Holder, TokenFault};
use crate::world::Planned;

/// Largest request body: a 10 MB file and its envelope.
const LIMIT: usize = 12 * 1024 * 1024;

type Outcome = Result<Response<Reply>, BrokenOff>;

/// Reads a request completely, or returns the response to an unreadable one.
pub(crate) async fn read(request: Request<Incoming>) -> Result<Call, Answer> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(Answer::new(413, "text/plain", "the body is too large or broke off")),
    };
    let boundary =
        head.headers.get(CONTENT_TYPE).and_then(|kind| multer::parse_boundary(kind.to_str().ok()?).ok());
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    Ok(Call::read(head.method, path, query, boundary, body).await)
}

pub(crate) async fn answer(hub: &Arc<Hub>, request: Request<Incoming>) -> Outcome {
    let call = match read(request).await {
        Ok(call) => call,
        Err(answer) => return Ok(respond(hub, &answer)),
    };
    let vendor = vendor_of(&call.path);
    let Some(drawn) = hub.with(|world, now| world.arrive(vendor, &call, now)) else {
        return Ok(respond(hub, &process(hub, vendor, &call)));
    };
    tracing::debug!(path = %call.path, fault = ?drawn.fault, "fault injected");
    let struck = Struck { hub, vendor, call, drawn };
    struck.answer().await
}

fn process(hub: &Hub, vendor: Vendor, call: &Call) -> Answer {
    hub.with(|world, now| world.process(vendor, call, now, Mode::Apply)).answer
}

/// A request for which a fault was drawn.
struct Struck<'a> {
    hub: &'a Arc<Hub>,
    vendor: Vendor,
    call: Call,
    drawn: Drawn,
}

impl Struck<'_> {
    async fn answer(self) -> Outcome {
        match self.drawn.fault.clone() {
            Fault::Before(disturbance) => self.disturb(disturbance, self.empty()).await,
            Fault::After(disturbance) => self.after(disturbance).await,
            Fault::Late { lands, answer } => self.late(lands, answer).await,
            Fault::Latency { millis } => {
                self.hub.clock.stall(Some(Duration::from_millis(millis))).await;
                Ok(self.respond(&process(self.hub, self.vendor, &self.call)))
            }
            Fault::VendorError { code, message } => {
                Ok(self.refuse(&Refusal { message: Some(message), ..Refusal::code(code) }))
            }
            Fault::GatewayError { code, message } => {
                let refusal = if self.vendor == BAIDU { Refusal::gateway(code) } else { Refusal::code(code) };
                Ok(self.refuse(&Refusal { message: Some(message), ..refusal }))
            }
            Fault::ExpiredToken => Ok(self.refuse(&token_refusal(self.vendor, TokenFault::Expired))),
            Fault::UnknownStatus(status) => Ok(self.changed(|body| replace_status(body, status))),
            Fault::EmptyField(name) => {
                Ok(self.changed(|body| replace_field(body, &name, Some(&Value::from("")))))
            }
            Fault::MissingField(name) => Ok(self.changed(|body| replace_field(body, &name, None))),
            Fault::Untold(untold) => Ok(self.changed(|body| leave_untold(body, untold))),
        }
    }

    async fn after(self, disturbance: Disturbance) -> Outcome {
        let processed = self.hub.with(|world, now| {
            let processed = world.process(self.vendor, &self.call, now, Mode::Apply);
            if processed.refused {
                world.faults.give_back(&self.drawn);
            }
            processed
        });
        if processed.refused {
            Ok(self.respond(&processed.answer))
        } else {
            self.disturb(disturbance, processed.answer).await
        }
    }

    async fn late(self, lands: Lands, disturbance: Disturbance) -> Outcome {
        let looked = self.hub.with(|world, now| {
            let looked = world.process(self.vendor, &self.call, now, Mode::Look);
            if looked.refused {
                world.faults.give_back(&self.drawn);
            }
            if !looked.effect {
                return Err(looked);
            }
            let holder = world.caller(self.vendor, &self.call).cloned();
            Ok((world.generation(holder.as_ref()), holder))
        });
        let (generation, holder) = match looked {
            Ok(caller) => caller,
            Err(looked) if looked.refused => return Ok(self.respond(&looked.answer)),
            // A read has no effect to delay.
            Err(looked) => return self.disturb(disturbance, looked.answer).await,
        };
        let (Lands::AfterArrival { millis } | Lands::AfterClose { millis }) = lands;
        let delayed = Delayed {
            hub: Arc::clone(self.hub),
            vendor: self.vendor,
            holder,
            generation,
            call: self.call.clone(),
            wait: Duration::from_millis(millis),
        };
        // Dropping it starts the delay: at once, or when the client disconnects and this future is dropped.
        let delayed = match lands {
            Lands::AfterClose { .. } if disturbance == Disturbance::Hang => Some(delayed),
            _ => {
                drop(delayed);
                None
            }
        };
        let outcome = self.disturb(disturbance, self.empty()).await;
        drop(delayed);
        outcome
    }

    /// Processes the request normally and modifies the response. If there was nothing to modify, the fault is kept for
    /// another request.
    fn changed(&self, change: impl FnOnce(&mut Value) -> bool) -> Response<Reply> {
        let answer = self.hub.with(|world, now| {
            let mut processed = world.process(self.vendor, &self.call, now, Mode::Apply);
            let changed = serde_json::from_slice::<Value>(&processed.answer.body)
                .ok()
                .and_then(|mut body| change(&mut body).then(|| body.to_string()));
            match changed {
                Some(body) => processed.answer.body = Bytes::from(body),
                None => world.faults.give_back(&self.drawn),
            }
            processed.answer
        });
        self.respond(&answer)
    }

    async fn disturb(&self, disturbance: Disturbance, answer: Answer) -> Outcome {
        match disturbance {
            Disturbance::ServerError(status) => Ok(self.respond(&server_error(status))),
            Disturbance::Busy => Ok(self.refuse(&Refusal::code(if self.vendor == BAIDU { 500 } else { -1 }))),
            Disturbance::BusyCode(code) => Ok(self.refuse(&Refusal::code(code))),
            Disturbance::GatewayBusy if self.vendor == BAIDU => Ok(self.refuse(&Refusal::gateway(2))),
            Disturbance::GatewayBusy => Ok(self.refuse(&Refusal::code(-1))),
            Disturbance::Reset => Err(BrokenOff),
            Disturbance::Hang => {
                self.hub.clock.stall(None).await;
                Err(BrokenOff)
            }
            Disturbance::CutBody => {
                let body = Reply::half(&answer.body);
                Ok(respond_with(self.hub, &answer, body))
            }
            Disturbance::OversizedBody => Ok(self.respond(&oversized(answer))),
            Disturbance::GarbageBody => {
                Ok(self.respond(&Answer { body: Bytes::from_static(b"\x00\xfe<<garbage{]\"\xff"), ..answer }))
            }
        }
    }

    /// A success response without content.
    fn empty(&self) -> Answer {
        self.hub.with(|world, now| {
            if self.vendor == BAIDU {
                crate::baidu::accepted(Content::Done, &mut world.platform)
            } else {
                crate::wechat::accepted(Content::Done, &mut world.platform, now)
            }
        })
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Reply> {
        let processed = self.hub.with(|world, now| world.refused(self.vendor, refusal, now));
        self.respond(&processed.answer)
    }

    fn respond(&self, answer: &Answer) -> Response<Reply> {
        respond(self.hub, answer)
    }
}

/// A delayed effect. The delay starts when this is dropped.
struct Delayed {
    hub: Arc<Hub>,
    vendor: Vendor,
    /// `None` if no token is needed.
    holder: Option<Holder>,
    /// Generation of its app: an effect must not land on a new app with the same id.
    generation: Option<u64>,
    call: Call,
    wait: Duration,
}

impl Drop for Delayed {
    fn drop(&mut self) {
        let (vendor, generation, holder, call) =
            (self.vendor, self.generation, self.holder.clone(), self.call.clone());
        self.hub.with(|world, now| {
            world.plan(Planned::timed(now.after(self.wait), move |world, now| {
                // The vendor checks the request only now, and may refuse it.
                if world.generation(holder.as_ref()) == generation {
                    world.process_as(vendor, holder.as_ref(), &call, now, Mode::Apply);
                }
            }));
        });
    }
}

/// Sets every `status` to the number; returns whether there was one.
fn replace_status(value: &mut Value, status: i64) -> bool {
    let mut found = false;
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "status" && value.is_number() {
                    *value = status.into();
                    found = true;
                } else {
                    found |= replace_status(value, status);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                found |= replace_status(item, status);
            }
        }
        _ => {}
    }
    found
}

/// Envelope fields of both vendors, left unchanged.
const ENVELOPE: [&str; 8] =
    ["errcode", "errmsg", "errno", "msg", "message", "error_code", "error_msg", "request_id"];

/// Withholds every field outside the envelope; returns whether there was one.
fn leave_untold(body: &mut Value, untold: Untold) -> bool {
    let Value::Object(fields) = body else { return false };
    let failed = |name| fields.get(name).is_some_and(|code| *code != 0);
    if ["errcode", "errno", "error_code"].into_iter().any(failed) {
        return false;
    }
    let names: Vec<String> =
        fields.keys().filter(|name| !ENVELOPE.contains(&name.as_str())).cloned().collect();
    for name in &names {
        match untold {
            Untold::Absent => drop(fields.shift_remove(name)),
            Untold::Null => fields[name] = Value::Null,
            Untold::Empty => fields[name] = Value::from(""),
            Untold::Blank => blank(&mut fields[name]),
        }
    }
    !names.is_empty()
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Array(rows) if !rows.is_empty() && rows.iter().all(Value::is_object) => {
            rows.iter_mut().for_each(blank);
        }
        leaf => *leaf = Value::from("  "),
    }
}

/// Replaces or omits every field of that name, at any depth; returns whether there was one.
fn replace_field(value: &mut Value, name: &str, replacement: Option<&Value>) -> bool {
    let mut found = false;
    match value {
        Value::Object(fields) => {
            found = fields.contains_key(name);
            match (replacement, fields.get_mut(name)) {
                (Some(replacement), Some(field)) => field.clone_from(replacement),
                (None, Some(_)) => drop(fields.remove(name)),
                (_, None) => {}
            }
            for value in fields.values_mut() {
                found |= replace_field(value, name, replacement);
            }
        }
        Value::Array(items) => {
            for item in items {
                found |= replace_field(item, name, replacement);
            }
        }
        _ => {}
    }
    found
}

fn server_error(status: u16) -> Answer {
    let reason =
        StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let page = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    Answer::new(status, "text/html", page)
}

/// Pads the response beyond what a client should read.
fn oversized(answer: Answer) -> Answer {
    let mut body = answer.body.to_vec();
    if answer.is_image() {
        body.resize(body.len() + 8 * 1024 * 1024 + 1, 0);
    } else if body.pop().is_some() {
        body.extend_from_slice(b",\"padding\":\"");
        body.resize(body.len() + 4 * 1024 * 1024 + 1, b'x');
        body.extend_from_slice(b"\"}");
    }
    Answer { body: body.into(), ..answer }
}

/// Converts to HTTP, with the simulator's date.
pub(crate) fn respond(hub: &Hub, answer: &Answer) -> Response<Reply> {
    respond_with(hub, answer, Reply::whole(answer.body.clone()))
}

fn respond_with(hub: &Hub, answer: &Answer, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let others = answer.headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.clone()));
    for (name, value) in others.chain([(DATE, http_date(hub.clock.now()))]) {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

fn http_date(time: Timestamp) -> String {
    time.to_civil("%a, %d %b %Y %H:%M:%S GMT", 0)
}
