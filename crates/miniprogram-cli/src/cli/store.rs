use std::time::Duration;

use clap::{Args, Subcommand};
use miniprogram::Secret;

use crate::values::{memory, secret};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Read everything that is kept and report what is wrong; 1 if something is
    #[command(
        after_help = "Reads only. `sealed_with` counts the values of each key; `keys` says whether a key\nstill seals (`active`), is being replaced (`replaced`), or can go (`retired`).\nExample:\n  miniprogram store check --store sqlite:state.db"
    )]
    Check,
    /// Print every record as a JSON line, without secrets
    #[command(
        after_help = "Of a secret there is only whether it is present. No key is needed.\nExample:\n  miniprogram store export --store sqlite:state.db > records.jsonl"
    )]
    Export,
    /// Make the store, or bring it up to this version, and seal its secrets with the present key
    #[command(
        after_help = "MINIPROGRAM_STORE_KEY seals secrets: 32 bytes in base64, such as `openssl rand -base64 32` prints.\nA store that was opened with it wants it from then on. To change it, put the old one into\nMINIPROGRAM_STORE_PREVIOUS_KEYS, start everything again, and run this: from then on\nthe old one seals no more. It can go when `store check` says that it is `retired`.\nExample:\n  miniprogram store migrate --store sqlite:state.db"
    )]
    Migrate,
    /// Set right or give up what `store check` names, row by row, and say what is lost
    Repair(Repair),
    /// Forget what is done for long: events that were handled and effects whose outcome is known
    Prune(Prune),
    /// Copy everything to another store, seal it with the other's key, and compare every row
    Copy(Copy),
}

#[derive(Debug, Args)]
#[command(
    after_help = "May run beside the daemon. Each row is told with what was done and what is lost:\n  dropped         a ticket, an access token, what a closed effect was: nobody needs it\n  needs_recovery  a refresh token: it is recovered at the next renewal, or with `auth recover`\n  dead            a pending event: its handlers never see it\n  stays_open      an open effect without its arguments: close it with `effects settle --as`\n  found_anew      which event of an app is next\n  left            what lacks only its key, and what can only be dropped\nExit code 1 where something is left.\nExamples:\n  miniprogram store repair --dry-run\n  miniprogram store repair --drop\n  miniprogram store repair --accept-loss --store sqlite:state.db"
)]
pub(crate) struct Repair {
    /// Write nothing: tell what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete rows that have nothing left to give, such as dead events that cannot be read
    #[arg(long)]
    pub(crate) drop: bool,
    /// Go on with a file that has lost acknowledged writes, or that is another one than before; nothing else is done
    #[arg(long, conflicts_with_all = ["dry_run", "drop"])]
    pub(crate) accept_loss: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "May run beside the daemon, which does the same after its --keep. A repetition of an event that is\nforgotten counts as new, so 7 days is the least.\nExample:\n  miniprogram store prune --older-than 30d"
)]
pub(crate) struct Prune {
    /// How long ago it was done at least: from 7d on
    #[arg(long, value_name = "TIME", value_parser = memory)]
    pub(crate) older_than: Duration,
    /// Forget dead events too
    #[arg(long)]
    pub(crate) dead: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "End the daemons of both first: nothing may be written meanwhile. The target is made where there is\nnone; one that holds anything else is refused. Run it again after an interruption: it goes on where\nit was. MINIPROGRAM_STORE_KEY opens the source; it seals the target too unless\nMINIPROGRAM_STORE_TARGET_KEY is set.\nExample:\n  miniprogram store copy sqlite:state.db postgres://platform@db/platform"
)]
pub(crate) struct Copy {
    /// The store to read: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(value_name = "FROM", value_parser = secret)]
    pub(crate) from: Secret,
    /// The store to write
    #[arg(value_name = "TO", value_parser = secret)]
    pub(crate) to: Secret,
}
