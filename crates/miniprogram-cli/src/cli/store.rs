use std::time::Duration;

use clap::{Args, Subcommand};
use miniprogram::Secret;

use crate::values::{memory, secret};

#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Read the whole store and report what is wrong; exit code 1 if something is
    #[command(
        after_help = "Only reads. `sealed_with` counts the values of each key; `keys` says whether a key\nstill seals (`active`), is being replaced (`replaced`), or can be removed (`retired`).\nExample:\n  miniprogram store check --store sqlite:state.db"
    )]
    Check,
    /// Print every record as a JSON line, without secrets
    #[command(
        after_help = "A secret is only shown as present or absent. No key is needed.\nExample:\n  miniprogram store export --store sqlite:state.db > records.jsonl"
    )]
    Export,
    /// Create the store or migrate it to this version, and seal its secrets with the current key
    #[command(
        after_help = "MINIPROGRAM_STORE_KEY seals secrets: 32 bytes in base64, such as `openssl rand -base64 32` prints.\nA store that was opened with a key requires it from then on. To change it, put the old one into\nMINIPROGRAM_STORE_PREVIOUS_KEYS, restart everything, and run this: from then on nothing is sealed\nwith the old one. Remove it when `store check` reports it as `retired`.\nExample:\n  miniprogram store migrate --store sqlite:state.db"
    )]
    Migrate,
    /// Repair or drop what `store check` reports, row by row, and print what is lost
    Repair(Repair),
    /// Delete what has long been done: handled events, and effects with a known outcome
    Prune(Prune),
    /// Copy everything to another store, seal it with that store's key, and compare every row
    Copy(Copy),
}

#[derive(Debug, Args)]
#[command(
    after_help = "May run beside the daemon. Each row is printed with what was done and what is lost:\n  dropped         a ticket, an access token, a closed effect: no longer needed\n  needs_recovery  a refresh token: it is recovered at the next renewal, or with `auth recover`\n  dead            a pending event: it is not delivered to handlers\n  stays_open      an open effect without its arguments: close it with `effects settle --as`\n  found_anew      which event of an app is next\n  left            what only lacks its key, and what can only be dropped\nExit code 1 if something is left.\nExamples:\n  miniprogram store repair --dry-run\n  miniprogram store repair --drop\n  miniprogram store repair --accept-loss --store sqlite:state.db"
)]
pub(crate) struct Repair {
    /// Write nothing: print what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Delete rows from which nothing can be recovered, such as unreadable dead letters
    #[arg(long)]
    pub(crate) drop: bool,
    /// Accept a file that has lost acknowledged writes or was replaced; nothing else is done
    #[arg(long, conflicts_with_all = ["dry_run", "drop"])]
    pub(crate) accept_loss: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "May run beside the daemon, which does the same after its --keep. A duplicate of a deleted event\ncounts as new, so the minimum is 7 days.\nExample:\n  miniprogram store prune --older-than 30d"
)]
pub(crate) struct Prune {
    /// The minimum age of what is deleted: 7d or more
    #[arg(long, value_name = "TIME", value_parser = memory)]
    pub(crate) older_than: Duration,
    /// Delete dead letters too
    #[arg(long)]
    pub(crate) dead: bool,
    /// Delete rollouts too that ended longer ago than this, with their apps and ledgers: 7d or more
    #[arg(long, value_name = "TIME", value_parser = memory)]
    pub(crate) rollouts_older_than: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Stop the daemons of both stores first: nothing may be written meanwhile. A missing target is\ncreated; one that contains anything else is refused. After an interruption, run it again: it\ncontinues. MINIPROGRAM_STORE_KEY opens the source; it also seals the target unless\nMINIPROGRAM_STORE_TARGET_KEY is set.\nExample:\n  miniprogram store copy sqlite:state.db postgres://platform@db/platform"
)]
pub(crate) struct Copy {
    /// The store to read: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(value_name = "FROM", value_parser = secret)]
    pub(crate) from: Secret,
    /// The store to write
    #[arg(value_name = "TO", value_parser = secret)]
    pub(crate) to: Secret,
}
