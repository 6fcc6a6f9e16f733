use clap::Subcommand;

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
}
