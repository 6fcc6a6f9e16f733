mod decode;
mod exec;
mod handlers;
mod inbox;
mod serve;

use crate::cli::EventsVerb;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// Runs a verb of `events`.
pub(crate) async fn run(context: &Context, verb: EventsVerb) -> Result<Finish, Failure> {
    match verb {
        EventsVerb::Decode(wish) => decode::run(context, wish),
        EventsVerb::Serve(wish) => serve::run(context, wish).await,
        EventsVerb::List(wish) => inbox::list(context, &wish).await,
        EventsVerb::Show { id } => inbox::show(context, id).await,
        EventsVerb::Replay(wish) => inbox::replay(context, wish).await,
    }
}
