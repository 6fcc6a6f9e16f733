//! The versions of a database schema.

use miniprogram_core::Error;
use sha2::{Digest, Sha256};

use crate::failure::store;

/// A step from one version of the schema to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// Counted from 1 without gaps.
    pub(crate) version: i64,
    pub(crate) description: &'static str,
    pub(crate) sql: &'static str,
}

impl Migration {
    /// Returns the digest that is stored with the version.
    pub(crate) fn checksum(&self) -> Vec<u8> {
        Sha256::digest(self.sql).to_vec()
    }
}

/// Returns the version that a list of migrations leads to.
pub(crate) fn newest(migrations: &[Migration]) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Returns the error for a migration that the database refused.
pub(crate) fn failed(problem: &Error) -> Error {
    let advice = "restore the store from a backup, or use the version of miniprogram that wrote it";
    let why = problem.detail().unwrap_or_default();
    store(format!("the schema could not be brought up to date: {why}"), advice)
}
