use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum StoreVerb {
    /// Read everything that is kept and report what is wrong; 1 if something is
    #[command(after_help = "Reads only.\nExample:\n  miniprogram store check --store sqlite:state.db")]
    Check,
    /// Print every record as a JSON line, without secrets
    #[command(
        after_help = "Of a secret there is only whether it is present.\nExample:\n  miniprogram store export --store sqlite:state.db > records.jsonl"
    )]
    Export,
    /// Make the store, or bring it up to this version, and seal its secrets with the present key
    #[command(
        after_help = "MINIPROGRAM_STORE_KEY seals secrets: 32 bytes in base64, such as `openssl rand -base64 32` prints.\nTo change it, put the old one into MINIPROGRAM_STORE_PREVIOUS_KEYS and run this; then it can go.\nExample:\n  miniprogram store migrate --store sqlite:state.db"
    )]
    Migrate,
}
