mod decode;
mod inbox;

use crate::cli::EventsVerb;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// Runs a verb of `events`.
pub(crate) async fn run(context: &Context, verb: EventsVerb) -> Result<Finish, Failure> {
    match verb {
        EventsVerb::Decode(args) => decode::run(context, args),
        EventsVerb::List(args) => inbox::list(context, &args).await,
        EventsVerb::Show { id } => inbox::show(context, id).await,
        EventsVerb::Replay(args) => inbox::replay(context, args).await,
    }
}
