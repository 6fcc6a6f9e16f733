//! After an `unknown` outcome: what the error contains, and three ways to continue. Repeat the call; settle the intent,
//! here or in another process; or, if the vendor never reports it, close it with what a person has found out.
//!
//! ```sh
//! cargo run --example after_unknown
//! ```
//!
//! The simulator plays the vendor. It performs every release, drops the response, and then fails reads for a while. The
//! program exits with 0 only if each release took effect once and every caller learned so.
#![expect(clippy::print_stdout, reason = "an example speaks to its reader")]

use std::error::Error as StdError;
use std::sync::Arc;

use miniprogram::clock::VirtualClock;
use miniprogram::journal::MemoryJournal;
use miniprogram::token::{AccessToken, StaticToken};
use miniprogram::transport::BaseUrl;
use miniprogram::wechat::{WECHAT, WeChatPlatform};
use miniprogram::*;
use miniprogram_sim::{AppSpec, Disturbance, Fault, FaultRule, Scope, SimConfig, Simulator, State, Untold};

/// A simulator and a platform's access to it.
struct Stage {
    sim: Simulator,
    clock: VirtualClock,
    /// Open intents, in memory. A backend uses `StoreJournal`, which survives the process.
    journal: Arc<MemoryJournal>,
}

impl Stage {
    /// A new platform value, as after a restart: only the journal is shared.
    fn app(&self, app: &AppId) -> Result<Box<dyn MiniProgram>, Box<dyn StdError>> {
        let token = AccessToken::new(self.sim.token(app)?)?;
        let tokens = Arc::new(StaticToken::new(WECHAT, app.clone(), token));
        let config = ClientConfig::new(self.sim.callback(WECHAT)?.platform_id, tokens)
            .with_base_url(BaseUrl::parse(&self.sim.base_url())?)
            .with_clock(Arc::new(self.clock.clone()))
            .with_journal(Arc::<MemoryJournal>::clone(&self.journal));
        Ok(WeChatPlatform::new(config)?.authorizer(app.clone()))
    }

    /// An app with an approved audit, whose next release takes effect and gets no response. `reads` is the fault of the
    /// reads after it.
    fn prepare(&self, app: &str, reads: Fault) -> Result<AppId, Box<dyn StdError>> {
        let app = AppId::from(app);
        self.sim.add_app(AppSpec::wechat(app.clone()).with_state(State::Approved))?;
        let lost = Fault::After(Disturbance::Reset);
        self.sim.set_faults(vec![
            FaultRule::next(1, Scope::operation("release"), lost).with_app(app.clone()),
            FaultRule::always(Scope::Reads, reads).with_app(app.clone()).once_tried("release"),
        ]);
        Ok(app)
    }

    /// Makes the vendor readable again.
    fn recover(&self) {
        self.sim.clear_faults();
    }

    fn check(&self, app: &AppId) -> Result<(), Box<dyn StdError>> {
        let (releases, open) = (self.sim.effects(app, "release"), self.journal.open_intents(app).len());
        println!("  truth: {releases} release, {open} intents open");
        if (releases, open) == (1, 0) { Ok(()) } else { Err("the release was lost or doubled".into()) }
    }
}

/// Releases and prints the error.
async fn lose(app: &dyn MiniProgram) -> Result<Intent, Box<dyn StdError>> {
    let Err(error) = app.release(&ReleaseTarget::Approved).await else {
        return Err("the response was to be lost".into());
    };
    println!("  {error:#}");
    let intent = error.intent().ok_or("an unknown outcome comes with its intent")?;
    println!("  open: {} of {}, attempt {}", intent.operation, intent.subject, intent.attempt);
    Ok(intent.clone())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let clock = VirtualClock::new(Timestamp::from_unix(1_700_000_000));
    let sim = Simulator::start(SimConfig::new().with_virtual_clock(clock.clone())).await?;
    let stage = Stage { sim, clock, journal: Arc::new(MemoryJournal::new()) };
    let down = Fault::Before(Disturbance::ServerError(503));

    println!("repeat the call: it returns what became of the first");
    let id = stage.prepare("wx0000000000000001", down.clone())?;
    let app = stage.app(&id)?;
    lose(&*app).await?;
    stage.recover();
    let effect = app.release(&ReleaseTarget::Approved).await?;
    println!("  released, as the vendor says when it is {}", effect.evidence);
    stage.check(&id)?;

    println!("settle the intent: any process can, from the journal or from the error");
    let id = stage.prepare("wx0000000000000002", down)?;
    lose(&*stage.app(&id)?).await?;
    stage.recover();
    for intent in stage.journal.all_open_intents() {
        let app = intent.subject.app().ok_or("the effect was an app's")?;
        let settled = stage.app(app)?.settle(&intent).await?;
        println!("  {} of {}: {}", intent.operation, intent.subject, settled.outcome);
    }
    stage.check(&id)?;

    println!("resolve it: where the vendor never says, a person looks and closes it");
    let id = stage.prepare("wx0000000000000003", Fault::Untold(Untold::Null))?;
    let app = stage.app(&id)?;
    let intent = lose(&*app).await?;
    let Err(error) = app.settle(&intent).await else { return Err("the vendor was to say nothing".into()) };
    println!("  {error}");
    // `Asked`: a person looked it up in the vendor's console.
    app.resolve(&intent, &Settled::done(EffectValue::None, Evidence::Asked)).await?;
    stage.check(&id)
}
