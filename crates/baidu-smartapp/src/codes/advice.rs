//! What to do next, by topic, for codes that allow more specific advice than their kind.

pub(super) mod access;
pub(super) mod account;
pub(super) mod category;
pub(super) mod code;
pub(super) mod domain;
pub(super) mod media;
pub(super) mod name;
pub(super) mod other;
pub(super) mod quota;
pub(super) mod release;
pub(super) mod request;
pub(super) mod token;
