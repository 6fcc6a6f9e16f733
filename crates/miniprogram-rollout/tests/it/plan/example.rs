use std::path::Path;

use miniprogram_core::{Capabilities, GrayReleaseSupport, Vendor};
use miniprogram_rollout::plan::{Context, KnownVendor, Plan};

#[test]
fn the_example_is_a_plan() {
    let gray = Capabilities::new().with_gray_release(GrayReleaseSupport::Any);
    let context = Context::new([
        KnownVendor::new(Vendor::new("wechat"), gray),
        KnownVendor::new(Vendor::new("baidu"), Capabilities::new()),
    ]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rollout.toml");
    let plan = Plan::load(&path, &context).unwrap();
    insta::assert_snapshot!("example_summary", plan.summary());
    insta::assert_debug_snapshot!("example_settings", plan.settings());
    let extensions: Vec<_> =
        plan.apps().map(|app| format!("{} {}", app.target.app_id, app.target.ext.as_str())).collect();
    insta::assert_snapshot!("example_extensions", extensions.join("\n"));
    let missing = Plan::load(Path::new("no/such/rollout.toml"), &context).unwrap_err().to_string();
    assert!(missing.starts_with("rollout.toml: cannot be read: No such file"), "{missing}");
}
