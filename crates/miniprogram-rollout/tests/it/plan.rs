//! Plans, as an operator writes them.

use std::collections::BTreeMap;
use std::io;

use miniprogram_core::{Capabilities, GrayReleaseSupport, Vendor};
use miniprogram_rollout::plan::{Context, KnownVendor, Plan, Problems};

mod apps;
mod broken_files;
mod broken_merchants;
mod example;
mod forecast;
mod large;
mod merchants;
mod reference;
mod stored;
mod values;
mod waves;

/// Offers gray releases to any share.
const ACME: Vendor = Vendor::new("acme");
/// Offers no gray releases.
const BOLT: Vendor = Vendor::new("bolt");
/// Offers gray releases in three steps.
const CORAL: Vendor = Vendor::new("coral");

fn context() -> Context {
    let gray = |support| Capabilities::new().with_gray_release(support);
    Context::new([
        KnownVendor::new(ACME, gray(GrayReleaseSupport::Any)).with_extension_limit(200),
        KnownVendor::new(BOLT, Capabilities::new()),
        KnownVendor::new(CORAL, gray(GrayReleaseSupport::Steps(&[10, 30, 50]))),
    ])
}

/// Checks a rollout file and the files that it names.
fn check(file: &str, others: &[(&str, &[u8])]) -> Result<Plan, Problems> {
    check_in(&context(), file, others)
}

fn check_in(context: &Context, file: &str, others: &[(&str, &[u8])]) -> Result<Plan, Problems> {
    let others: BTreeMap<_, _> = others.iter().copied().collect();
    let mut files = |name: &str| {
        others.get(name).map(|bytes| bytes.to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    Plan::check("rollout.toml", file.as_bytes(), &mut files, context)
}

/// A file that is in order apart from what is added: top-level keys before, tables after.
fn file_with(top: &str, tables: &str) -> String {
    format!(
        r#"{top}
failure_budget = "2%"

[vendor.acme]
template = 7
version = "1.0"
description = "d"

[[wave]]
name = "all"
apps = "rest"
{tables}"#
    )
}

/// Checks merchants with a file that is in order.
fn check_csv(merchants: &str) -> Result<Plan, Problems> {
    check(&file_with(r#"merchants = "m.csv""#, ""), &[("m.csv", merchants.as_bytes())])
}
