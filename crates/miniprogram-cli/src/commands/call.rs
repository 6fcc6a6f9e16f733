use std::path::Path;

use http::Method;
use miniprogram::pipeline::Reply;
use miniprogram::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::Call;
use crate::context::{Context, Target, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::write_whole;
use crate::vendors::RawCall;

const CALL: &str = "call";
/// What stands for standard output.
const STDOUT: &str = "-";

/// Sends one request to any endpoint, or prints it.
pub(crate) async fn run(context: &Context, wish: Call) -> Result<Finish, Failure> {
    let (entry, config, app) = if wish.platform {
        let (entry, config) = context.call_platform(wish.dry).await?;
        (entry, config, None)
    } else {
        let Target { entry, app, config } = context.call_target(wish.dry).await?;
        (entry, config, Some(app))
    };
    let calls = entry.raw_calls().ok_or_else(|| Error::unsupported(entry.vendor(), CALL))?;
    if !wish.path.starts_with('/') || wish.path.contains(['?', '#', '\\']) || wish.path.contains("..") {
        let why = "must begin with / and hold neither ?, #, \\ nor ..; parameters go into --query";
        return Err(Error::invalid(CALL, "path", why).into());
    }
    let method = if wish.method.eq_ignore_ascii_case("GET") { Method::GET } else { Method::POST };
    let body = match wish.body {
        Some(body) => Some(body.json(CALL, "body")?),
        None => wish.empty_body.then_some(Value::Null),
    };
    let call = RawCall::new(method, wish.path, wish.query, body);
    if wish.dry.dry_run {
        context.output.json(&[calls.plan(&call)?])?;
        return Ok(Finish::Done);
    }
    if let Some(file) = wish.output.as_deref().filter(|file| *file != STDOUT)
        && !wish.force
        && Path::new(file).symlink_metadata().is_ok()
    {
        return Err(refused(file, "exists already; --force replaces it").into());
    }
    let reply = uninterrupted(&*entry, CALL, calls.call(config, app, &call)).await?;
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
