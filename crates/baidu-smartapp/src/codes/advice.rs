//! Advice that several codes of Baidu share.

pub(super) const VERDICT: &str = "wait for the verdict that is pending";
pub(super) const MAKE_ROOM: &str = "remove entries that are no longer used: waiting does not make room";
pub(super) const REGISTRATION: &str = "wait until the registration has ended";
pub(super) const NEWEST_TICKET: &str =
    "store the newest ticket that Baidu pushed, then fetch the platform token again";
pub(super) const VERIFICATION_FILE: &str = "put the verification file at the root of the domain";
pub(super) const AS_WANTED: &str = "nothing to do: it is as wanted already";
pub(super) const ALLOW_LIST: &str = "add the caller's address to the allow-list of the platform";
pub(super) const RECOVER: &str =
    "recover with `auth/retrieve/authorizationcode`; failing that, let the merchant authorize again";
