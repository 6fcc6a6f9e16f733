use http::Method;
use miniprogram::Error;

use crate::cli::Call;
use crate::context::{Context, Target, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::vendors::{Calling, RawCall};

const CALL: &str = "call";

/// Sends one request to any endpoint, or prints it.
pub(crate) async fn run(context: &Context, wish: Call) -> Result<Finish, Failure> {
    let (entry, send): (_, Box<dyn FnOnce(RawCall) -> Calling>) = if wish.platform {
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
    if wish.query.iter().any(|(name, _)| name == "access_token") {
        return Err(Error::invalid(CALL, "query", "must not hold access_token: it is added by itself").into());
    }
    let call = RawCall {
        method: if wish.method.eq_ignore_ascii_case("GET") { Method::GET } else { Method::POST },
        path: wish.path,
        query: wish.query,
        body: wish.body.map(|body| body.json(CALL, "body")).transpose()?,
    };
    if wish.dry.dry_run {
        context.output.json(&[call.planned(entry.bodies)?])?;
        return Ok(Finish::Done);
    }
    let answer = uninterrupted(entry, CALL, send(call)).await?;
    context.output.json(&answer).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}
