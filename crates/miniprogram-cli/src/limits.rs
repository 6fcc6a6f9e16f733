//! What the operating system allows this process: open files, core dumps.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A core dump holds every secret that the process knows: none is written unless somebody asks for it.
pub(crate) fn forbid_core_dumps() {
    #[cfg(unix)]
    set_soft(Resource::Core, |_| Some(0));
}

/// Allows core dumps as large as this user may have them.
pub(crate) fn allow_core_dumps() {
    #[cfg(unix)]
    set_soft(Resource::Core, |hard| hard);
}

/// Raises how many files may be open to that many, or as close to it as this user may. Returns how many may be open
/// now; `None` for any number.
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

/// How many files are open, as far as that can be told.
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
