mod code;
mod plan;

use std::io::Read;

use miniprogram::authorization::{AuthorizationRequest, AuthorizerPage};
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::token::TokenScope;
use miniprogram::{AppId, Error, ErrorKind, Secret, Timestamp};
use miniprogram_store::{GrantState, PlatformKey, Ticket, TokenFilter, TokenRecord, UnreadableRecord};
use miniprogram_tokens::{TicketStatus, TokenStatus};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::plan::Planned;
use crate::cli::{self, AuthList, AuthVerb, DryRun, Exchange, Refresh, Ticket as TicketWish, Url};
use crate::config::{Platform, Settings};
use crate::context::{Context, State, uninterrupted};
use crate::failure::{Failure, Finish, local};
use crate::output::{span, to_value};
use crate::terminal::Format;

/// The maximum size of a code or a ticket on standard input in bytes.
const MAX_INPUT: u64 = 64 << 10;
/// How many records are read at a time.
const PAGE: u32 = 500;

const COLUMNS: [&str; 8] =
    ["vendor", "platform_id", "app_id", "kind", "state", "age_seconds", "expires_in_seconds", "refreshable"];

/// Runs a verb of `auth`.
pub(crate) async fn run(context: &Context, verb: AuthVerb) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    match verb {
        AuthVerb::Url(args) => url(context, &settings, args).await,
        AuthVerb::Exchange(args) => exchange(context, &settings, args).await,
        AuthVerb::List(args) => list(context, &settings, &args).await,
        AuthVerb::Refresh(args) => refresh(context, &settings, &args).await,
        AuthVerb::Recover(args) => recover(context, &settings, args.dry).await,
        AuthVerb::Status => status(context, &settings).await,
        AuthVerb::Ticket(args) => ticket(context, &settings, args).await,
    }
}

/// The platform that the options select, and its tokens.
async fn chosen<'a>(context: &Context, settings: &'a Settings) -> Result<(&'a Platform, State), Failure> {
    let platform = context.one_platform(settings)?;
    Ok((platform, context.state(settings, platform).await?))
}

fn app(context: &Context) -> Result<AppId, Failure> {
    context.app().map(AppId::from).ok_or_else(|| cli::missing(&["--app <APP_ID>"]).into())
}

async fn url(context: &Context, settings: &Settings, args: Url) -> Result<Finish, Failure> {
    let (platform, state) = chosen(context, settings).await?;
    let mut request = AuthorizationRequest::new(args.redirect_uri);
    request.mobile = args.mobile;
    request.app = context.app().map(AppId::from);
    request.extra = args.extra;
    let link = state.tokens.authorization_url(&platform.key(), &request).await?;
    match context.output.format() {
        // A line to copy.
        Format::Table => {
            context.output.text(&link.url)?;
            if let Some(life) = link.expires_in {
                context.output.remark(&format!("for one merchant, within {}", span(life.as_secs())));
            }
        }
        Format::Json => context.output.json(&link)?,
    }
    Ok(Finish::Done)
}

async fn exchange(context: &Context, settings: &Settings, args: Exchange) -> Result<Finish, Failure> {
    if args.dry.dry_run {
        let platform = context.one_platform(settings)?;
        return plan::print(context, platform, Planned::Exchange).await;
    }
    let given = if args.code.expose() == "-" { from_input("exchange", "code")? } else { args.code };
    let code = code::read(&given, context.one_platform(settings)?.entry.code_parameter())?;
    let (platform, state) = chosen(context, settings).await?;
    let expected = context.app().map(AppId::from);
    let key = platform.key();
    let exchange = state.tokens.exchange(&key, &code, expected.as_ref(), None);
    let authorized = uninterrupted(&*platform.entry, "exchange", exchange).await?;
    context.output.record(&authorized).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

async fn list(context: &Context, settings: &Settings, args: &AuthList) -> Result<Finish, Failure> {
    let (platform, state) = chosen(context, settings).await?;
    let (key, tokens) = (platform.key(), &state.tokens);
    let listed = if args.all {
        tokens.all_authorizers(&key).await
    } else {
        let page = AuthorizerPage::new(args.offset, args.count);
        tokens.authorizers(&key, page).await.map(|page| page.authorizers)
    };
    context.output.list(&listed?, &["app_id", "authorized_at"])?;
    Ok(Finish::Done)
}

async fn refresh(context: &Context, settings: &Settings, args: &Refresh) -> Result<Finish, Failure> {
    let app = context.app().map(AppId::from);
    let one = usize::from(app.is_some()) + usize::from(args.platform) + usize::from(args.all);
    if one != 1 {
        return Err(cli::usage("`auth refresh` takes one of --app, --platform and --all").into());
    }
    if args.dry.dry_run {
        if args.all {
            return Err(
                cli::usage("`auth refresh --all` takes no --dry-run: it sends one request per app").into()
            );
        }
        let what = app.map_or(Planned::PlatformToken, Planned::Refresh);
        return plan::print(context, context.one_platform(settings)?, what).await;
    }
    let (platform, state) = chosen(context, settings).await?;
    let key = platform.key();
    let scope = |app: Option<AppId>| match app {
        Some(app) => TokenScope::authorizer(key.vendor, key.platform.clone(), app),
        None => TokenScope::platform(key.vendor, key.platform.clone()),
    };
    if !args.all {
        let scope = scope(app);
        let status = uninterrupted(&*platform.entry, "refresh", state.tokens.refresh(&scope)).await?;
        context.output.record(&status).map_err(Failure::after_effect)?;
        return Ok(Finish::Done);
    }
    let all = async {
        let mut waiting = renewable(&state, &key).await?.into_iter();
        let mut results = Vec::new();
        let mut running = JoinSet::new();
        let limit = usize::try_from(args.concurrency).unwrap_or(usize::MAX);
        loop {
            while running.len() < limit
                && let Some(scope) = waiting.next()
            {
                let tokens = state.tokens.clone();
                running.spawn(async move {
                    let result = tokens.refresh(&scope).await;
                    (scope, result.err())
                });
            }
            match running.join_next().await {
                Some(Ok(result)) => results.push(result),
                Some(Err(problem)) => std::panic::resume_unwind(problem.into_panic()),
                None => break,
            }
        }
        results.sort_by(|(one, _), (other, _)| one.app.cmp(&other.app));
        Ok(results)
    };
    let results = uninterrupted(&*platform.entry, "refresh", all).await?;
    let failed = results.iter().any(|(_, error)| error.is_some());
    let rows: Vec<Value> = results
        .iter()
        .map(|(scope, error)| {
            without_null(json!({
                "app_id": scope.app,
                "outcome": error.as_ref().map_or("done", |error| error.outcome().as_str()),
                "error": error.as_ref().map(Error::to_string),
            }))
        })
        .collect();
    context.output.list(&rows, &["app_id", "outcome", "error"]).map_err(Failure::after_effect)?;
    Ok(if failed { Finish::Faulty } else { Finish::Done })
}

/// The apps whose tokens can be renewed.
async fn renewable(state: &State, key: &PlatformKey) -> Result<Vec<TokenScope>, Error> {
    let mut scopes: Vec<TokenScope> = Vec::new();
    let mut filter = TokenFilter::new(PAGE).of(key.clone()).in_state(GrantState::Active);
    loop {
        let page = state.store.tokens(&filter).await?;
        let apps = page.records.into_iter().filter(|record| record.refresh_token.is_some());
        scopes.extend(apps.map(|record| record.scope).filter(|scope| scope.app.is_some()));
        let Some(next) = page.next else { return Ok(scopes) };
        filter = filter.after(next);
    }
}

async fn recover(context: &Context, settings: &Settings, dry: DryRun) -> Result<Finish, Failure> {
    let app = app(context)?;
    if dry.dry_run {
        return plan::print(context, context.one_platform(settings)?, Planned::Recover(app)).await;
    }
    let (platform, state) = chosen(context, settings).await?;
    let key = platform.key();
    let status = uninterrupted(&*platform.entry, "recover", state.tokens.recover(&key, &app)).await?;
    context.output.record(&status).map_err(Failure::after_effect)?;
    Ok(Finish::Done)
}

async fn ticket(context: &Context, settings: &Settings, args: TicketWish) -> Result<Finish, Failure> {
    let platform = context.one_platform(settings)?;
    let key = platform.key();
    if args.dry.dry_run {
        if !args.start {
            return Err(cli::usage("`auth ticket` takes --dry-run with --start only").into());
        }
        return plan::print(context, platform, Planned::TicketPush).await;
    }
    let now = SystemClock.now();
    if args.start {
        let state = context.state(settings, platform).await?;
        uninterrupted(&*platform.entry, "start_ticket_push", state.tokens.start_ticket_push(&key)).await?;
        context
            .output
            .record(&json!({ "vendor": key.vendor, "platform_id": key.platform, "outcome": "done" }))?;
        return Ok(Finish::Done);
    }
    let store = if args.set.is_some() {
        let ticket = from_input("ticket", "set")?;
        let created_at = args.created_at.map_or(now, Timestamp::from_unix);
        let store = context.open(settings).await?;
        store.save_ticket(&key, &Ticket::new(ticket, created_at, now)).await?;
        store
    } else {
        context.open_read_only(settings).await?
    };
    let ticket = store.ticket(&key).await?;
    context.output.record(&of_ticket(&key, ticket.as_ref(), now)?)?;
    Ok(Finish::Done)
}

/// The state of a ticket, as a row of `auth status`.
fn of_ticket(key: &PlatformKey, ticket: Option<&Ticket>, now: Timestamp) -> Result<Value, Error> {
    let mut shown = json!({
        "vendor": key.vendor,
        "platform_id": key.platform,
        "kind": "ticket",
        "state": if ticket.is_some() { "present" } else { "absent" },
    });
    if let (Some(fields), Some(ticket)) = (shown.as_object_mut(), ticket)
        && let Value::Object(ages) = to_value(&TicketStatus::of(ticket, now))?
    {
        fields.extend(ages);
    }
    Ok(shown)
}

/// An unreadable ticket, as a row of `auth status`.
fn unreadable_ticket(key: &PlatformKey, error: &Error) -> Value {
    json!({
        "vendor": key.vendor,
        "platform_id": key.platform,
        "kind": "ticket",
        "state": "unreadable",
        "reason": error.detail(),
    })
}

/// An unreadable record, as a row of `auth status`.
fn of_unreadable(record: &UnreadableRecord) -> Value {
    let [vendor, platform, kind, app] = &record.key;
    without_null(json!({
        "vendor": vendor,
        "platform_id": platform,
        "kind": kind,
        "app_id": app.as_ref().filter(|app| !app.is_empty()),
        "state": "unreadable",
        "reason": record.reason,
    }))
}

/// Prints the state of tickets and tokens.
async fn status(context: &Context, settings: &Settings) -> Result<Finish, Failure> {
    let store = context.open_read_only(settings).await?;
    let now = SystemClock.now();
    let (vendor, id) = (context.named_vendor().map(|entry| entry.vendor()), context.platform_id());
    let fits = |scope: &TokenScope| {
        vendor.is_none_or(|vendor| vendor == scope.vendor)
            && id.is_none_or(|id| id == scope.platform.as_str())
            && context.app().is_none_or(|app| scope.app.as_ref().is_some_and(|of| of.as_str() == app))
    };
    let mut keys: Vec<PlatformKey> = settings.named(vendor, id).into_iter().map(Platform::key).collect();
    let mut tokens = Vec::new();
    let mut filter = TokenFilter::new(PAGE);
    loop {
        let page = store.tokens(&filter).await?;
        for record in page.records.iter().filter(|record| fits(&record.scope) && !is_empty(record)) {
            let scope = &record.scope;
            keys.push(PlatformKey::new(scope.vendor, scope.platform.clone()));
            tokens.push(to_value(&TokenStatus::of(record, now))?);
        }
        tokens.extend(page.unreadable.iter().map(of_unreadable));
        let Some(next) = page.next else { break };
        filter = filter.after(next);
    }
    keys.sort();
    keys.dedup();
    let mut rows = Vec::new();
    if context.app().is_none() {
        for key in &keys {
            let signs = |key: &PlatformKey| {
                context.vendors().find(key.vendor.as_str()).is_some_and(|entry| entry.signs_requests())
            };
            match store.ticket(key).await {
                // A platform that signs its requests gets no ticket.
                Ok(None) if signs(key) => {}
                Ok(ticket) => rows.push(of_ticket(key, ticket.as_ref(), now)?),
                Err(error) => rows.push(unreadable_ticket(key, &error)),
            }
        }
    }
    rows.extend(tokens);
    context.output.list(&rows, &COLUMNS)?;
    Ok(Finish::Done)
}

/// Whether nothing was ever stored for an app: an exchange or a recovery for it failed.
fn is_empty(record: &TokenRecord) -> bool {
    record.scope.app.is_some()
        && (record.generation, record.state) == (0, GrantState::Active)
        && record.lease.is_none()
        && record.unreadable.is_empty()
}

/// Reads a secret from standard input, without the line end.
fn from_input(operation: &'static str, field: &'static str) -> Result<Secret, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_INPUT)
        .read_to_string(&mut text)
        .map_err(|problem| local(operation, &problem))?;
    match text.trim() {
        "" => Err(Error::new(ErrorKind::InvalidArgument, operation)
            .with_field(field)
            .with_detail("standard input is empty")
            .into()),
        text => Ok(Secret::new(text)),
    }
}

/// An object without its null fields.
fn without_null(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
