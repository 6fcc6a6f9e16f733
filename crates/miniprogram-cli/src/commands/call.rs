use std::path::Path;

use http::Method;
use miniprogram::vendor_api::pipeline::Reply;
use miniprogram::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::Call;
use crate::context::{Context, Target, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::output::write_whole;
use crate::vendors::RawCall;

const CALL: &str = "call";
/// The file name for standard output.
const STDOUT: &str = "-";

/// Sends one request to any endpoint, or prints it.
pub(crate) async fn run(context: &Context, args: Call) -> Result<Finish, Failure> {
    let (entry, config, app) = if args.platform {
        let (entry, config) = context.call_platform(args.dry).await?;
        (entry, config, None)
    } else {
        let Target { entry, app, config } = context.call_target(args.dry).await?;
        (entry, config, Some(app))
    };
    let calls = entry.raw_calls().ok_or_else(|| Error::unsupported(entry.vendor(), CALL))?;
    if !args.path.starts_with('/') || args.path.contains(['?', '#', '\\']) || args.path.contains("..") {
        let why = "must begin with / and contain none of ?, #, \\ and ..; use --query for parameters";
        return Err(Error::invalid(CALL, "path", why).into());
    }
    let method = if args.method.eq_ignore_ascii_case("GET") { Method::GET } else { Method::POST };
    let body = match args.body {
        Some(body) => Some(body.json(CALL, "body")?),
        None => args.empty_body.then_some(Value::Null),
    };
    let call = RawCall::new(method, args.path, args.query, body);
    if args.dry.dry_run {
        context.output.json(&[calls.plan(&call)?])?;
        return Ok(Finish::Done);
    }
    if let Some(file) = args.output.as_deref().filter(|file| *file != STDOUT)
        && !args.force
        && Path::new(file).symlink_metadata().is_ok()
    {
        return Err(refused(file, "already exists; --force replaces it").into());
    }
    let reply = uninterrupted(&*entry, CALL, calls.call(config, app, &call)).await?;
    print(context, &reply, args.output.as_deref(), args.force).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

/// Writes a success to its destination.
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
            let kind = content_type(reply).unwrap_or("no content type");
            let why = format!("is not JSON: {} bytes, {kind}", reply.bytes.len());
            Err(Error::new(ErrorKind::Protocol, CALL)
                .with_field("body")
                .with_detail(why)
                .with_advice("the request succeeded; --output FILE writes a body that is not JSON")
                .into())
        }
        None => context.output.json(&reply.json),
    }
}

/// Whether a body is empty or JSON's null.
fn is_null(bytes: &[u8]) -> bool {
    matches!(bytes.trim_ascii(), b"" | b"null")
}

fn content_type(reply: &Reply) -> Option<&str> {
    reply.headers.get(http::header::CONTENT_TYPE)?.to_str().ok()
}

fn refused(file: &str, why: &str) -> Error {
    Error::invalid(CALL, "output", format!("{file}: {why}"))
}
