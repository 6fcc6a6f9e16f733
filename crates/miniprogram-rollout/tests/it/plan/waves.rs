use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{BOLT, check};

const VENDORS: &str = r#"
merchants = "m.csv"
failure_budget = 0
[vendor.acme]
template = 1
version = "1"
description = "d"
[vendor.bolt]
template = 1
version = "1"
description = "d"
"#;

/// The apps of each wave, or all problems.
fn waves(waves: &[&str], merchants: &str) -> String {
    let mut file = VENDORS.to_owned();
    for (index, apps) in waves.iter().enumerate() {
        let apps = if apps.is_empty() { String::new() } else { format!("apps = {apps}\n") };
        file.push_str(&format!("[[wave]]\nname = \"w{index}\"\n{apps}"));
    }
    match check(&file, &[("m.csv", merchants.as_bytes())]) {
        Ok(plan) => {
            let mut shown: BTreeMap<usize, Vec<String>> = BTreeMap::new();
            for app in plan.apps() {
                shown.entry(app.wave).or_default().push(app.target.app_id.to_string());
            }
            shown.values().map(|apps| apps.join(" ")).collect::<Vec<_>>().join(" | ")
        }
        Err(problems) => problems.to_string(),
    }
}

fn merchants(acme: usize, bolt: usize) -> String {
    let acme = (1..=acme).map(|n| format!("acme,a{n},\n"));
    let bolt = (1..=bolt).map(|n| format!("bolt,b{n},\n"));
    format!("vendor,app_id,wave\n{}", acme.chain(bolt).collect::<String>())
}

#[test]
fn waves_take_apps_of_each_vendor_in_proportion_and_in_the_order_of_the_file() {
    let table = merchants(6, 3);
    assert_eq!(waves(&["3", r#""rest""#], &table), "a1 a2 b1 | a3 a4 a5 a6 b2 b3");
    assert_eq!(waves(&[r#""30%""#, r#""70%""#], &table), "a1 a2 b1 | a3 a4 a5 a6 b2 b3");
    assert_eq!(waves(&[r#"["b3", "acme/a6"]"#, "2", r#""rest""#], &table), "a6 b3 | a1 b1 | a2 a3 a4 a5 b2");
    assert_eq!(waves(&[r#""rest""#], "vendor,app_id\nbolt,b\nacme,a\n"), "b a");
    assert_eq!(waves(&["1", r#""rest""#], "vendor,app_id\nbolt,b\nacme,a\n"), "b | a");
}

#[test]
fn the_column_of_the_merchants_puts_apps_into_waves() {
    let table = "vendor,app_id,wave,priority\nacme,a1,w1,\nacme,a2,,\nacme,a3,w0,\nacme,a4,w0,9\nacme,a5,,\n";
    assert_eq!(waves(&["", r#""rest""#], table), "a4 a3 | a1 a2 a5");
    assert_eq!(waves(&["3", r#""rest""#], table), "a4 a2 a3 | a1 a5");
}

#[test]
fn waves_that_do_not_fit_the_apps_are_refused() {
    let shown = [
        waves(&["4", "4"], &merchants(5, 0)),
        waves(&["1", r#""40%""#], &merchants(5, 0)),
        waves(&[r#""60%""#, r#""60%""#], &merchants(5, 0)),
        waves(&[r#""rest""#, "1"], &merchants(2, 0)),
        waves(&[r#"["a1", "a9", "a1"]"#, r#"["bolt/a2", "a2"]"#], &merchants(2, 0)),
        waves(&[r#"["same"]"#, r#""rest""#], "vendor,app_id,wave\nacme,same,\nbolt,same,w3\n"),
        waves(&["0", r#""most""#, "true"], &merchants(2, 0)),
        waves(&[], &merchants(2, 0)),
    ];
    insta::assert_snapshot!("waves_that_do_not_fit", shown.join("\n\n"));
}

proptest! {
    /// Whatever the shares: every app is in exactly one wave, and a vendor's part of a wave is at most one app away
    /// from its part of all apps.
    #[test]
    fn shares_cover_every_app_once(acme in 1_usize..40, bolt in 1_usize..40, first in 1_u8..100) {
        let file = format!(
            "{VENDORS}[[wave]]\nname = \"a\"\napps = \"{first}%\"\n[[wave]]\nname = \"b\"\napps = \"rest\"\n"
        );
        let all = acme + bolt;
        let canary = (all * usize::from(first)).div_ceil(100);
        prop_assume!(canary < all);
        let plan = check(&file, &[("m.csv", merchants(acme, bolt).as_bytes())]).unwrap();
        prop_assert_eq!(plan.apps().len(), all);
        let of_wave: Vec<_> = plan.apps().filter(|app| app.wave == 0).collect();
        prop_assert_eq!(of_wave.len(), canary);
        let part = of_wave.iter().filter(|app| app.target.vendor == BOLT).count();
        let exact = canary as f64 * bolt as f64 / all as f64;
        prop_assert!((part as f64 - exact).abs() <= 1.0, "{} of {}", part, exact);
    }
}
