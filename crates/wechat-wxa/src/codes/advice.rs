//! What to do next, by topic, for codes that allow more specific advice than their kind.

pub(super) mod access;
pub(super) mod account;
pub(super) mod audit;
pub(super) mod category;
pub(super) mod code;
pub(super) mod domain;
pub(super) mod filing;
pub(super) mod link;
pub(super) mod media;
pub(super) mod message;
pub(super) mod name;
pub(super) mod privacy;
pub(super) mod quota;
pub(super) mod release;
pub(super) mod request;
pub(super) mod template;
pub(super) mod tester;
pub(super) mod token;
