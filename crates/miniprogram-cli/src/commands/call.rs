use std::path::Path;

use http::Method;
use miniprogram::pipeline::Reply;
use miniprogram::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::Call;
use crate::context::{Context, Target, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::write_whole;
use crate::vendors::{Calling, RawCall};

const CALL: &str = "call";
/// What stands for standard output.
const STDOUT: &str = "-";

/// Sends one request to any endpoint, or prints it.
pub(crate) async fn run(context: &Context, wish: Call) -> Result<Finish, Failure> {
    let (entry, send): (_, Box<dyn FnOnce(RawCall) -> Calling<Reply>>) = if wish.platform {
        let (entry, config) = context.call_platform(wish.dry).await?;
        (entry, Box::new(move |call| (entry.call_as_platform)(config, call)))
    } else {
        let Target { entry, app, config } = context.call_target(wish.dry).await?;
        (entry, Box::new(move |call| (entry.call)(config, app, call)))
    };
    if !wish.path.starts_with('/') || wish.path.contains(['?', '#', '\\']) || wish.path.contains("..") {
        let why = "must begin with / and hold neither ?, #, \\ nor ..; parameters go into --query";
        return Err(Error::invalid(CALL, "path", why).into());
    }
    let call = RawCall {
        method: if wish.method.eq_ignore_ascii_case("GET") { Method::GET } else { Method::POST },
        path: wish.path,
        query: wish.query,
        body: match wish.body {
            Some(body) => Some(body.json(CALL, "body")?),
            None => wish.empty_body.then_some(Value::Null),
        },
    };
    if wish.dry.dry_run {
        context.output.json(&[(entry.plan_call)(&call)?])?;
        return Ok(Finish::Done);
    }
    if let Some(file) = wish.output.as_deref().filter(|file| *file != STDOUT)
        && !wish.force
        && Path::new(file).symlink_metadata().is_ok()
    {
        return Err(refused(file, "exists already; --force replaces it").into());
    }
    let reply = uninterrupted(entry, CALL, send(call)).await?;
    print(context, &reply, wish.output.as_deref(), wish.force).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// Writes a success where it shall go.
fn print(context: &Context, reply: &Reply, output: Option<&str>, replace: bool) -> Result<(), Failure> {
    match output {
        Some(STDOUT) => context.output.bytes(&reply.bytes),
        Some(file) => {
            write_whole(Path::new(file), &reply.bytes, replace)
                .map_err(|problem| refused(file, &problem.to_string()))?;
            context.output.record(&json!({
                "output": file, "status": reply.status, "content_type": content_type(reply), "bytes": reply.bytes.len(),
            }))
        }
        None if reply.json.is_null() && !is_null(&reply.bytes) => {
            let kind = content_type(reply).unwrap_or("of no stated type");
            let why = format!("is not JSON: {} bytes, {kind}", reply.bytes.len());
            Err(Error::new(ErrorKind::Protocol, CALL)
                .with_field("body")
                .with_detail(why)
                .with_advice("the vendor did what was asked; --output FILE takes a body that is not JSON")
                .into())
        }
        None => context.output.json(&reply.json),
    }
}

/// Whether a body is nothing, or JSON's null.
fn is_null(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii(), b"" | b"null")
}

fn content_type(reply: &Reply) -> Option<&str> {
    reply.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()
}

fn refused(file: &str, why: &str) -> Error {
    Error::invalid(CALL, "output", format!("{file}: {why}"))
}
