//! Whether the configuration can be used: every value of it and, on demand, what the values lead to.

use std::sync::Arc;

use miniprogram::Error;
use miniprogram::authorization::PlatformProof;
use miniprogram::token::{NoTokens, TokenScope};
use serde_json::{Value, json};

use crate::cli::{ConfigCheck, ConfigVerb};
use crate::config::{Platform, Settings};
use crate::context::{Context, uninterrupted};
use crate::failure::{Failure, Finish};
use crate::words;

const COLUMNS: [&str; 6] = ["vendor", "platform_id", "check", "state", "detail", "advice"];

/// What was checked, and what was found.
#[derive(Debug, Default)]
struct Found {
    rows: Vec<Value>,
    is_faulty: bool,
}

impl Found {
    /// Adds a check, which may have been left out for a reason.
    fn add(&mut self, platform: Option<&Platform>, check: &str, result: Result<Option<&str>, Error>) {
        let mut row = json!({});
        if let Some(platform) = platform {
            row = json!({ "vendor": platform.entry.vendor(), "platform_id": platform.id });
        }
        row["check"] = json!(check);
        match result {
            Ok(left_out) => {
                row["state"] = json!(if left_out.is_some() { "skipped" } else { "ok" });
                if let Some(why) = left_out {
                    row["detail"] = json!(why);
                }
            }
            Err(error) => {
                self.is_faulty = true;
                row["state"] = json!("error");
                row["detail"] = json!(error.to_string());
                let entry = platform.map(|platform| &*platform.entry);
                row["advice"] = json!(words::with_commands(error.advice(), entry));
            }
        }
        self.rows.push(row);
    }
}

/// Runs a verb of `config`.
pub(crate) async fn run(context: &Context, verb: ConfigVerb) -> Result<Finish, Failure> {
    let ConfigVerb::Check(ConfigCheck { online }) = verb;
    let settings = context.settings()?;
    let vendor = context.named_vendor().map(|entry| entry.vendor());
    let platforms = settings.named(vendor, context.platform_id());
    if platforms.is_empty() {
        // Nothing that could be checked is there: the error says what is.
        context.one_platform(&settings)?;
    }
    let mut found = Found::default();
    let store = settings.store();
    let has_store = matches!(store, Ok(Some(_)));
    found.add(None, "store", store.map(|store| store.is_none().then_some("none is configured")));
    for platform in &platforms {
        let calls = context
            .signed(platform, Arc::new(NoTokens))
            .and_then(|config| platform.entry.platform(config))
            .and_then(|_| context.proof(platform));
        found.add(Some(platform), "calls", calls.map(|_| None));
        found.add(Some(platform), "pushes", pushes(platform));
    }
    if online {
        let opened = match has_store {
            true => context.open(&settings).await.map_err(|failure| failure.to_error("open")),
            false => return finish(context, found),
        };
        let is_open = opened.is_ok();
        found.add(None, "open_store", opened.map(|_| None));
        for platform in platforms.iter().filter(|_| is_open) {
            found.add(Some(platform), "token", token(context, &settings, platform).await);
        }
    }
    finish(context, found)
}

fn finish(context: &Context, found: Found) -> Result<Finish, Failure> {
    context.output.list(&found.rows, &COLUMNS)?;
    Ok(if found.is_faulty { Finish::Faulty } else { Finish::Done })
}

/// Reads what a platform's pushes are verified with.
fn pushes(platform: &Platform) -> Result<Option<&'static str>, Error> {
    if !platform.receives_pushes() {
        return Ok(Some("no token is configured: `serve` needs one"));
    }
    platform.callback(&platform.push_settings()?).map(|_| None)
}

/// Renews the platform's own token.
async fn token(
    context: &Context,
    settings: &Settings,
    platform: &Platform,
) -> Result<Option<&'static str>, Error> {
    match context.proof(platform)? {
        None => return Ok(Some("nothing here obtains tokens of this vendor")),
        Some(PlatformProof::Signature) => {
            return Ok(Some("its requests are signed: it has no token of its own"));
        }
        Some(_) => {}
    }
    let state = context.state(settings, platform).await.map_err(|failure| failure.to_error("token"))?;
    let scope = TokenScope::platform(platform.entry.vendor(), platform.id.clone());
    uninterrupted(&*platform.entry, "refresh", state.tokens.refresh(&scope)).await.map(|_| None)
}
