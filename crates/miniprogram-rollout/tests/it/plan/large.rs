use super::{BOLT, check};

#[test]
fn ten_thousand_merchants_are_a_plan() {
    let mut merchants = "vendor,app_id,name\n".to_owned();
    for n in 0..10_000 {
        let vendor = if n % 2 == 0 { "acme" } else { "bolt" };
        merchants.push_str(&format!("{vendor},1700{n:06},\"店, 第 {n} 号\"\n"));
    }
    let file = r#"
        merchants = "m.csv"
        failure_budget = "2%"
        [vendor.acme]
        template = 1
        version = "1"
        description = "for ${name}"
        extension = { ext = { shop = "${name}" } }
        [vendor.bolt]
        template = 1
        version = "1"
        description = "for ${name}"
        [[wave]]
        name = "canary"
        apps = "1%"
        [[wave]]
        name = "all"
        apps = "rest"
    "#;
    let plan = check(file, &[("m.csv", merchants.as_bytes())]).unwrap();
    assert_eq!(plan.apps().len(), 10_000);
    assert_eq!(plan.summary().submissions[&BOLT], 5000);
    let last = plan.apps().last().unwrap();
    assert_eq!(
        (last.target.app_id.as_str(), last.target.description.as_str()),
        ("1700009999", "for 店, 第 9999 号")
    );
    // A file may name them one by one.
    let apps: Vec<_> =
        plan.apps().map(|app| format!("\"{}/{}\"", app.target.vendor, app.target.app_id)).collect();
    let list = file.replace("\"1%\"\n", &format!("[{}]\n", apps[..9000].join(", ")));
    let filter = format!("[filter]\nexcept = [{}]\n", apps[9000..9500].join(", "));
    let named = check(&format!("{list}{filter}"), &[("m.csv", merchants.as_bytes())]).unwrap();
    assert_eq!(
        (named.apps().len(), named.summary().rows[0].apps + named.summary().rows[1].apps),
        (9500, 9000)
    );
    // Ten thousand problems are ten thousand lines, in their order.
    let broken = merchants.replace("acme", "acne");
    let problems = check(file, &[("m.csv", broken.as_bytes())]).unwrap_err();
    assert_eq!(problems.as_slice().len(), 5000);
    let last = problems.as_slice().last().unwrap().to_string();
    assert_eq!(last, "m.csv:10000: vendor: there is no vendor \"acne\"; write `acme`");
}
