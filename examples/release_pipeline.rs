//! The release cycle end to end: upload a template, submit it for audit, receive the verdict by callback, release (gray
//! first if the vendor supports it) and roll back, on Baidu and WeChat, in one function that names neither.
//!
//! ```sh
//! cargo run --example release_pipeline
//! ```
//!
//! The simulator plays both vendors: real HTTP over loopback, pushes signed and encrypted as the vendors do. The clock
//! is virtual, so uploads and rollbacks take no time. The program exits with 0 only if the simulator's truth agrees
//! with the vendors' responses.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use miniprogram::baidu::{BAIDU, BaiduPlatform};
use miniprogram::callback::CallbackConfig;
use miniprogram::clock::{Clock as _, VirtualClock};
use miniprogram::model::{Category, CategoryLevel};
use miniprogram::push::Push;
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{AuditItem, WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{AppSpec, Decision, SimConfig, Simulator};
use tokio::sync::mpsc;

/// What the platform prepares per vendor; everything else is the same code.
struct Job {
    app: AppId,
    template: TemplateId,
    ext: ExtJson,
    options: SubmitOptions,
}

const VERSION: &str = "2.5.0";

/// The release cycle of one app, independent of the vendor. `reviewer` plays the vendor's staff who decide an audit.
async fn release_cycle(
    app: Box<dyn MiniProgram>,
    job: &Job,
    reviewer: impl Fn(),
    verdicts: &mut mpsc::UnboundedReceiver<Event<'static>>,
) -> Result<()> {
    let vendor = app.vendor();
    let say = |step: &str| println!("{vendor:>7}  {step}");
    let before = online(&*app).await?;
    say(&format!("online now: {}", before.as_deref().unwrap_or("nothing")));

    let upload = app.upload_code(&job.template, &job.ext, VERSION, "秋季活动").await?;
    say(&format!("uploaded template {} as {VERSION}", job.template));
    let audit = app.submit_audit(&SubmitTarget::Upload(upload.value), &job.options).await?.value;
    say(&format!("submitted for audit: {audit} is {}", app.audit_status(&audit).await?.status));

    reviewer();
    let Some(event) = verdicts.recv().await else {
        return Err(
            Error::new(ErrorKind::Callback, "release_pipeline").with_detail("the receiver has stopped")
        );
    };
    let about = event.app_id.as_ref().map_or("-", AppId::as_str);
    say(&format!("callback: {} ({}) about app {about}", event.kind, event.raw_event));
    // A callback only wakes the platform; the query decides.
    let status = app.audit_status(&audit).await?.status;
    say(&format!("asked again: {audit} is {status}"));

    // From here on only the release manager is needed.
    let release: Box<dyn ReleaseManager> = app;
    if release.capabilities().gray_release.is_supported() {
        for percentage in [10, 50] {
            release.start_gray_release(GrayRelease::percentage(percentage)).await?;
            let plan = release.gray_release_plan().await?;
            let shown = plan.map_or("no plan", |plan| plan.status.as_str());
            say(&format!("gray release to {percentage} %: {shown}"));
        }
    } else {
        let refusal = release.start_gray_release(GrayRelease::percentage(10)).await;
        say(&format!(
            "no gray release here: {}",
            refusal.map_or_else(|error| error.to_string(), |_| "?".to_owned())
        ));
    }
    let done = release.release(&ReleaseTarget::Audit(audit)).await?;
    say(&format!("released to everybody ({} after {} attempt)", done.evidence, done.attempts));

    let targets = release.rollback_targets().await?;
    say(&format!(
        "could go back to {:?}",
        targets.iter().map(|target| target.version.as_str()).collect::<Vec<_>>()
    ));
    let done = release.rollback(&RollbackTarget::Previous).await?;
    say(&format!("rolled back ({})", done.evidence));
    Ok(())
}

/// The version that users see, as the vendor reports it.
async fn online(app: &dyn MiniProgram) -> Result<Option<String>> {
    let versions = app.code_versions().await?;
    Ok(versions
        .into_iter()
        .find(|version| version.stage == Stage::Released)
        .and_then(|version| version.version))
}

/// The platform's callback address: verify, forward, acknowledge.
struct Receiver {
    decoders: HashMap<Vendor, Box<dyn EventDecoder>>,
    clock: VirtualClock,
    verdicts: mpsc::UnboundedSender<Event<'static>>,
}

/// Route of a push: `/{vendor}`, or `/{vendor}/{app}` if the vendor's pushes do not name the app.
#[derive(serde::Deserialize)]
struct Route {
    vendor: Vendor,
    app: Option<String>,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    Path(route): Path<Route>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, StatusCode> {
    let decoder = receiver.decoders.get(&route.vendor).ok_or(StatusCode::NOT_FOUND)?;
    let mut body = body.to_vec();
    let push = Push::new(receiver.clock.now(), &mut body)
        .with_query(query.as_deref().unwrap_or_default())
        .with_content_type(headers.get("content-type").and_then(|value| value.to_str().ok()));
    let mut event = decoder.decode(push).map_err(|refusal| {
        println!("refused a push: {refusal}");
        StatusCode::FORBIDDEN
    })?;
    // A genuine push may be replayed to another app's route: a receiver on the open network also checks that the
    // original id belongs to the app, as `miniprogram-callback` does.
    event.app_id = event.app_id.or(route.app.map(AppId::from));
    receiver.verdicts.send(event.into_owned()).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok("success")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    // A virtual clock, and both vendors on loopback.
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let sim = Arc::new(Simulator::start(SimConfig::new().with_virtual_clock(clock.clone())).await?);
    println!("simulator at {} (seed {})", sim.base_url(), sim.seed());

    // The platform at both vendors, behind the same trait.
    let client = |vendor| -> Result<ClientConfig, Box<dyn StdError>> {
        // A real platform uses a provider that refreshes and stores its tokens.
        Ok(ClientConfig::new(sim.callback(vendor)?.platform_id, sim.tokens())
            .with_base_url(BaseUrl::parse(&sim.base_url())?)
            .with_clock(Arc::new(clock.clone())))
    };
    let callbacks = |vendor| -> Result<CallbackConfig, Box<dyn StdError>> {
        let callback = sim.callback(vendor)?;
        let config = CallbackConfig::encrypted(callback.token, &callback.aes_key)?;
        Ok(config.with_receiver_id(callback.receiver_id)?.with_platform_id(callback.platform_id))
    };
    let platforms: Vec<Box<dyn MiniProgramPlatform>> = vec![
        Box::new(BaiduPlatform::new(client(BAIDU)?)?.with_callbacks(callbacks(BAIDU)?)),
        Box::new(WeChatPlatform::new(client(WECHAT)?)?.with_callbacks(callbacks(WECHAT)?)),
    ];

    // The callback address, registered with both vendors.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (verdicts, mut inbox) = mpsc::unbounded_channel();
    let mut decoders = HashMap::new();
    for platform in &platforms {
        decoders.insert(platform.vendor(), platform.event_decoder()?);
    }
    let receiver = Arc::new(Receiver { decoders, clock: clock.clone(), verdicts });
    let routes = Router::new()
        .route("/{vendor}", post(receive))
        .route("/{vendor}/{app}", post(receive))
        .with_state(receiver);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    for (vendor, route) in [(BAIDU, "baidu"), (WECHAT, "wechat/$APPID$")] {
        sim.set_callback(vendor, sim.callback(vendor)?.with_url(format!("http://{address}/{route}")))?;
    }

    // Differences between vendors are data.
    let item = AuditItem::of_category(&Category::new(vec![
        CategoryLevel::new(1, "工具"),
        CategoryLevel::new(2, "备忘录"),
    ]))
    .with_address("index")
    .with_title("首页");
    let options: HashMap<Vendor, SubmitOptions> = HashMap::from([
        (BAIDU, baidu::SubmitOptions::new("面包店的秋季活动", "代提审").into()),
        (WECHAT, wechat::SubmitOptions::new().with_item(item).into()),
    ]);
    let apps = HashMap::from([(BAIDU, "1452365"), (WECHAT, "wxba5fad812f8e6fb9")]);

    for platform in &platforms {
        let vendor = platform.vendor();
        let app = AppId::from(apps[&vendor]);
        sim.add_app(AppSpec::new(vendor, app.clone()))?;
        let before = sim.truth(&app)?.online.map(|online| online.version);
        let job = Job {
            template: TemplateId::from("7"),
            ext: r#"{"extEnable":true,"ext":{"shop":"面包店"}}"#.parse()?,
            options: options[&vendor].clone(),
            app,
        };
        let reviewer = || {
            if let Err(error) = sim.decide_audit(&job.app, &Decision::Approve) {
                println!("{vendor:>7}  the reviewer found nothing to decide: {error}");
            }
        };
        release_cycle(platform.authorizer(job.app.clone()), &job, reviewer, &mut inbox).await?;

        // The simulator knows what actually happened.
        sim.settle().await;
        let busy = clock.enter();
        clock.sleep(Duration::from_secs(60)).await;
        drop(busy);
        let truth = sim.truth(&job.app)?;
        let counts: Vec<u64> =
            ["upload_code", "submit_audit", "release", "rollback"].map(|of| truth.effects_of(of)).into();
        println!(
            "{vendor:>7}  truth: online {:?}, uploads, audits, releases, rollbacks {counts:?}",
            truth.online_version()
        );
        if counts != [1, 1, 1, 1] || truth.online.map(|online| online.version) != before {
            return Err(format!("{vendor}: the truth differs from what was reported").into());
        }
    }
    println!("both vendors: released and rolled back, once each");
    Ok(())
}
