use std::io::ErrorKind as ErrorCause;

use miniprogram::{Error, ErrorKind};
use miniprogram_sim::{Callback, SimConfig, Simulator};
use serde_json::json;

use crate::cli::{PerVendor, Sim};
use crate::context::{Context, interrupted};
use crate::failure::{Failure, Finish};
use crate::vendors::sim::SIMULATED;

/// Runs the simulator until it is interrupted.
pub(crate) async fn run(context: &Context, args: Sim) -> Result<Finish, Failure> {
    let mut config = SimConfig::new().with_address(args.listen);
    if let Some(seed) = args.seed {
        config = config.with_seed(seed);
    }
    for (vendor, with_callback) in SIMULATED {
        let mut callback = Callback::sample(vendor);
        let pick = |given: &[PerVendor]| PerVendor::pick(given, vendor).cloned();
        if let Some(url) = pick(&args.callback_url) {
            callback = callback.with_url(url.expose());
        }
        if let Some(url) = pick(&args.authorization_url) {
            callback = callback.with_authorization_url(url.expose());
        }
        if let Some(token) = pick(&args.callback_token) {
            callback = callback.with_token(token);
        }
        if let Some(key) = pick(&args.aes_key) {
            callback = callback.with_aes_key(key);
        }
        config = with_callback(config, callback);
    }
    // The reader of the line may stop the process at once: catch the signal before printing it.
    let stop = interrupted();
    let sim = Simulator::start(config).await.map_err(|problem| {
        let error = Error::new(ErrorKind::Config, "sim");
        // What the simulator itself refuses is not the address.
        match problem.kind() {
            ErrorCause::InvalidInput => error.with_detail(problem.to_string()),
            _ => error.with_field("listen").with_detail(format!("{}: {problem}", args.listen)),
        }
    })?;
    context
        .output
        .json(&json!({ "base_url": sim.base_url(), "admin_url": sim.admin_url(), "seed": sim.seed() }))?;
    stop.await;
    sim.shutdown().await;
    Ok(Finish::Done)
}
