//! One file per noun.

mod alliance;
mod app;
mod audit;
mod auth;
mod call;
mod code;
mod config;
mod doctor;
mod effects;
mod events;
mod explain;
mod release;
mod rollout;
mod serve;
#[cfg(feature = "sim")]
mod sim;
mod store;
mod template;
mod vendors;

use crate::cli::{self, Noun};
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// Runs a command.
pub(crate) async fn run(context: Context, noun: Noun) -> Result<Finish, Failure> {
    match noun {
        Noun::Vendors => vendors::run(&context),
        Noun::Explain(args) => explain::run(&context, &args),
        Noun::Code(verb) => code::run(&context, verb).await,
        Noun::Audit(verb) => audit::run(&context, verb).await,
        Noun::Release(verb) => release::run(&context, verb).await,
        Noun::App(verb) => app::run(context, verb).await,
        Noun::Template(verb) => template::run(&context, verb).await,
        Noun::Alliance(verb) => alliance::run(context, verb).await,
        Noun::Auth(verb) => auth::run(&context, verb).await,
        Noun::Effects(verb) => effects::run(&context, verb).await,
        Noun::Rollout(verb) => rollout::run(&context, verb).await,
        Noun::Doctor(args) => doctor::run(&context, &args).await,
        Noun::Serve(args) => serve::run(&context, args).await,
        Noun::Events(verb) => events::run(&context, verb).await,
        Noun::Config(verb) => config::run(&context, verb).await,
        Noun::Store(verb) => store::run(&context, verb).await,
        #[cfg(feature = "sim")]
        Noun::Sim(args) => sim::run(&context, args).await,
        Noun::Call(args) => call::run(&context, args).await,
        Noun::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut cli::command(context.vendors()), "miniprogram", &mut script);
            context.output.bytes(&script)?;
            Ok(Finish::Done)
        }
    }
}
