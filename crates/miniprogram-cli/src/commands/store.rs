use miniprogram::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::cli::StoreVerb;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// Runs a verb of `store`.
pub(crate) async fn run(context: &Context, verb: StoreVerb) -> Result<Finish, Failure> {
    let settings = context.settings()?;
    match verb {
        StoreVerb::Check => {
            let report = context.open_read_only(&settings).await?.check(SystemClock.now()).await?;
            context.output.record(&report)?;
            Ok(if report.is_ok() { Finish::Done } else { Finish::Faulty })
        }
        StoreVerb::Export => {
            let store = context.open_without_secrets(&settings).await?;
            let output = context.output;
            let mut failure = None;
            let mut print = |record: &Value| {
                output.json(record).map_err(|why| {
                    let error = why.to_error("export");
                    failure = Some(why);
                    error
                })
            };
            let ended = store.export(SystemClock.now(), &mut print).await;
            match failure {
                Some(failure) => Err(failure),
                None => Ok(ended.map(|()| Finish::Done)?),
            }
        }
        StoreVerb::Migrate => {
            let store = context.migrate(&settings).await?;
            let resealed = store.reseal().await?;
            let report = store.check(SystemClock.now()).await?;
            context.output.record(&json!({
                "backend": report.backend,
                "schema_version": report.schema_version,
                "resealed": resealed,
            }))?;
            Ok(Finish::Done)
        }
    }
}
