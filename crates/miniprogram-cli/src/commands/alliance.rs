#[cfg(feature = "kafka")]
mod watch;

use miniprogram::AppId;
use serde_json::Value;

use crate::cli::AllianceVerb;
use crate::context::Context;
use crate::failure::{Failure, Finish};
use crate::vendors::alliance::AllianceQuery;

const WATCH: &str = "watch";

/// The status of the package online, which is the default.
const ONLINE: i64 = 1;

/// Runs a verb of `alliance`.
pub(crate) async fn run(context: Context, verb: AllianceVerb) -> Result<Finish, Failure> {
    let operation = match &verb {
        AllianceVerb::Info { .. } => "alliance_apps",
        AllianceVerb::Packages { .. } => "alliance_packages",
        AllianceVerb::Package { .. } => "alliance_package",
        AllianceVerb::Watch(_) => WATCH,
    };
    let (context, alliance) = context.sole(operation, |entry| entry.alliance())?;
    let app = AppId::new(context.app().unwrap_or_default());
    let (query, credentials, needs_app) = match verb {
        AllianceVerb::Info { app_ids, credentials } => {
            (AllianceQuery::Apps(app_ids.into_iter().map(AppId::from).collect()), credentials, false)
        }
        AllianceVerb::Packages { credentials } => (AllianceQuery::Packages(app), credentials, true),
        AllianceVerb::Package { package_id: Some(id), credentials, .. } => {
            (AllianceQuery::Package(app, id.into()), credentials, true)
        }
        AllianceVerb::Package { status, credentials, .. } => {
            (AllianceQuery::PackageOfStatus(app, status.unwrap_or(ONLINE)), credentials, true)
        }
        #[cfg(feature = "kafka")]
        AllianceVerb::Watch(args) => return watch::run(&context, &*alliance, args).await,
        #[cfg(not(feature = "kafka"))]
        AllianceVerb::Watch(_) => return Err(without_kafka().into()),
    };
    let columns = match &query {
        AllianceQuery::Apps(_) => &["app_id", "name", "visit", "min_library_version"][..],
        _ => &["version", "stage", "package_id", "committed_at", "description", "audit_message"],
    };
    let member = context.member(credentials, needs_app)?;
    let answer = alliance.join(member)?.read(query).await?;
    match answer {
        Value::Array(_) => context.output.list(&answer, columns)?,
        _ => context.output.record(&answer)?,
    }
    Ok(Finish::Done)
}

/// The command is not part of this build, whatever the vendor can do.
#[cfg(not(feature = "kafka"))]
fn without_kafka() -> miniprogram::Error {
    miniprogram::Error::new(miniprogram::ErrorKind::Config, WATCH)
        .with_detail("this command was built without the feature `kafka`")
        .with_advice(
            "install it with `cargo install --locked --path crates/miniprogram-cli --features kafka`",
        )
}
