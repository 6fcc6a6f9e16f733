//! Limits of this process: open files, core dumps.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Disables core dumps, because they contain every secret of the process.
pub(crate) fn forbid_core_dumps() {
    #[cfg(unix)]
    set_soft(Resource::Core, |_| Some(0));
}

/// Enables core dumps up to the hard limit.
pub(crate) fn allow_core_dumps() {
    #[cfg(unix)]
    set_soft(Resource::Core, |hard| hard);
}

/// Raises the soft limit of open files to `wanted`, or as far as the hard limit allows. Returns the limit; `None` if
/// there is none.
pub(crate) fn raise_open_files(wanted: u64) -> Option<u64> {
    #[cfg(unix)]
    {
        let soft = || getrlimit(Resource::Nofile).current;
        if soft().is_some_and(|soft| soft < wanted) {
            set_soft(Resource::Nofile, |hard| Some(hard.map_or(wanted, |hard| hard.min(wanted))));
        }
        soft()
    }
    #[cfg(not(unix))]
    {
        let _any = wanted;
        None
    }
}

/// The number of open files, if it can be determined.
pub(crate) fn open_files() -> Option<u64> {
    let listed = std::fs::read_dir("/dev/fd").ok()?;
    u64::try_from(listed.count()).ok()
}

#[cfg(unix)]
fn set_soft(resource: Resource, soft: impl FnOnce(Option<u64>) -> Option<u64>) {
    let hard = getrlimit(resource).maximum;
    let limit = Rlimit { current: soft(hard), maximum: hard };
    if let Err(error) = setrlimit(resource, limit) {
        tracing::warn!(%error, ?resource, "a limit of this process could not be set");
    }
}
