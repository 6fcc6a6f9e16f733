use std::time::Duration;

use miniprogram_core::Timestamp;
use miniprogram_core::model::{AuditQuota, QuotaPeriod};
use miniprogram_rollout::plan::{Basis, Forecast, KnownQuota, Outlook, Plan, Reached, Remaining, forecast};

use super::{ACME, BOLT, check};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Monday, 2026-11-30, 08:00 in Beijing.
fn begin() -> Timestamp {
    Timestamp::from_civil("2026-11-30 08:00:00", 8).unwrap()
}

/// So many apps of both vendors. The first has a gray step; ten requests a second.
fn plan(apps: usize, top: &str, of_acme: &str, tables: &str) -> Plan {
    let file = format!(
        r#"
merchants = "m.csv"
failure_budget = 0
{top}
[vendor.acme]
template = 1
version = "1"
description = "d"
rate = 10
concurrency = 100
gray = [{{ share = "10%", bake = "6h" }}]
{of_acme}
[vendor.bolt]
template = 1
version = "1"
description = "d"
rate = 10
concurrency = 100
{tables}
"#
    );
    let rows = (0..apps).map(|number| format!("acme,a{number}\nbolt,b{number}\n"));
    let merchants = format!("vendor,app_id\n{}", rows.collect::<String>());
    check(&file, &[("m.csv", merchants.as_bytes())]).unwrap_or_else(|problems| panic!("{problems}"))
}

const ALL: &str = "[[wave]]\nname = \"all\"\napps = \"rest\"\n";

fn of(plan: &Plan) -> Forecast {
    forecast(plan.settings(), &Outlook::new(begin(), plan.remaining()))
}

/// Hours from the beginning to a time, rounded to hundredths.
fn hours(until: Option<Timestamp>) -> f64 {
    let span = until.expect("it ends").since(begin());
    (span.as_secs_f64() / 36.0).round() / 100.0
}

#[test]
fn audits_and_bake_times_follow_each_other_and_waves_wait_for_the_one_before() {
    let plan = plan(
        10,
        "bake_after_release = \"2h\"",
        "audit_time = \"1 day\"",
        &format!("[[wave]]\nname = \"canary\"\napps = 2\n{ALL}"),
    );
    let forecast = of(&plan);
    // Acme's: an audit of a day, 6 and 2 hours of baking. Bolt's: the assumed audit of two days, and 2 hours.
    assert_eq!(forecast.waves.len(), 2);
    assert_eq!((hours(forecast.waves[0].ends), hours(forecast.end)), (50.0, 100.0), "{forecast:?}");
    assert_eq!(forecast.waves[1].begins, forecast.waves[0].ends);
    let assumed: Vec<_> =
        forecast.assumed.iter().map(|own| (own.vendor, own.audit_seconds, own.by)).collect();
    assert_eq!(assumed, [(ACME, 86_400, Basis::Plan), (BOLT, 172_800, Basis::Default)]);
    assert!(forecast.assumed.iter().all(|own| !own.quota_known));

    let mut outlook = Outlook::new(begin(), plan.remaining());
    outlook.measured.insert(BOLT, HOUR * 3);
    let measured = miniprogram_rollout::plan::forecast(plan.settings(), &outlook);
    assert_eq!((hours(measured.end), measured.assumed[1].by), (64.0, Basis::Measured), "{measured:?}");
}

#[test]
fn the_rate_or_the_concurrency_limits_how_fast_a_fleet_is_submitted() {
    // Seven requests until the submission: 9,000 apps at ten a second take an hour and three quarters.
    let by_rate = of(&plan(9000, "", "", ALL));
    assert_eq!(hours(by_rate.waves[0].submitted), 1.75, "{by_rate:?}");
    assert!((55.0..56.1).contains(&hours(by_rate.end)), "{by_rate:?}");
    // Four actions until the submission: two at a time, half a second each, are four a second.
    let slow = plan(9000, "", "", ALL);
    let mut settings = slow.settings().clone();
    settings.vendors.iter_mut().for_each(|own| own.concurrency = 2);
    let by_places = forecast(&settings, &Outlook::new(begin(), slow.remaining()));
    assert_eq!(hours(by_places.waves[0].submitted), 2.5, "{by_places:?}");
}

#[test]
fn releases_wait_for_a_window_and_for_the_end_of_a_freeze() {
    let window = format!("{ALL}[[window]]\ndays = [\"mon-fri\"]\nhours = \"10:00-12:00\"\n");
    // The verdict of both comes on Wednesday at 8:00. The gray step begins at 10:00, and ends when the window is closed:
    // the release is on Thursday at 10:00.
    assert_eq!(hours(of(&plan(2, "", "", &window)).end), 74.0);
    let frozen = "freeze = [\"2026-12-03..2026-12-05\"]";
    // Thursday, Friday and Saturday are frozen, and Sunday has no window.
    assert_eq!(hours(of(&plan(2, frozen, "", &window)).end), 170.0);
}

#[test]
fn a_quota_that_does_not_suffice_is_waited_for_month_by_month() {
    let plan = plan(25, "", "quota_kept = \"20%\"", ALL);
    let quota = |left, period| {
        let mut quota = AuditQuota::new(Some((left, 10))).shared();
        quota.period = period;
        KnownQuota::new(quota, begin())
    };
    let with = |quota| {
        let mut outlook = Outlook::new(begin(), plan.remaining());
        outlook.quotas.insert(ACME, quota);
        forecast(plan.settings(), &outlook)
    };
    // Two of ten are left to others: 5 in November, 8 in December, 8 in January, and the last 4 on the first of February.
    let months = with(quota(7, Some(QuotaPeriod::Month)));
    let february = Timestamp::from_civil("2027-02-01 00:00:00", 8).unwrap();
    let submitted = months.waves[0].submitted.unwrap();
    assert!(submitted > february && submitted.since(february) < HOUR, "{months:?}");
    assert!(months.end.unwrap() >= february.after(DAY * 2 + HOUR * 6), "{months:?}");
    assert!(months.assumed[0].quota_known && !months.assumed[1].quota_known);
    // An old quota has been refilled since.
    let october = Timestamp::from_civil("2026-10-01 08:00:00", 8).unwrap();
    let none = quota(0, Some(QuotaPeriod::Month));
    let old = KnownQuota::new(none.quota.clone(), october);
    assert!(with(old).waves[0].submitted.unwrap().since(february) < HOUR, "eight a month from November on");
    assert!(
        with(none).waves[0].submitted.unwrap() > february.after(DAY * 20),
        "eight a month from December on"
    );
    // When a week begins is not known.
    let unknown = with(quota(7, Some(QuotaPeriod::Week)));
    assert_eq!((unknown.end, unknown.waves[0].ends), (None, None), "{unknown:?}");
    // Each app has its own, or there is no limit.
    for enough in [AuditQuota::new(Some((1, 1))), AuditQuota::new(None).shared()] {
        assert!(with(KnownQuota::new(enough, begin())).end.unwrap() < begin().after(DAY * 3));
    }
}

#[test]
fn what_has_been_done_already_is_not_done_again() {
    let plan = plan(4, "bake_after_release = \"2h\"", "", ALL);
    let ago = |span: Duration| {
        let millis = i64::try_from(span.as_millis()).unwrap();
        Timestamp::from_unix_millis(begin().as_unix_millis() - millis)
    };
    let end = |vendor, reached| {
        let remaining = vec![Remaining::new(0, vendor, 2, reached)];
        hours(forecast(plan.settings(), &Outlook::new(begin(), remaining)).end)
    };
    assert_eq!(end(ACME, Reached::Nothing), 56.0);
    assert_eq!(end(ACME, Reached::Submitted(ago(DAY))), 32.0);
    assert_eq!(end(ACME, Reached::Submitted(ago(DAY * 9))), 8.0, "the verdict is overdue");
    assert_eq!(end(ACME, Reached::Approved { steps: 0, from: ago(HOUR) }), 8.0);
    assert_eq!(end(ACME, Reached::Approved { steps: 1, from: begin().after(HOUR) }), 3.0);
    assert_eq!(end(BOLT, Reached::Approved { steps: usize::MAX, from: begin() }), 2.0);
    assert_eq!(end(BOLT, Reached::Online(ago(HOUR))), 1.0);
    let nothing = forecast(plan.settings(), &Outlook::new(begin(), Vec::new()));
    assert_eq!((nothing.end, nothing.waves.len()), (Some(begin()), 0));
}

#[test]
fn a_plan_needs_a_slot_per_app_and_reads_that_grow_with_the_time_in_audit() {
    let needs = plan(10, "", "audit_time = \"1 day\"", ALL).needs();
    let told: Vec<_> = needs.iter().map(|own| (own.vendor, own.apps, own.submissions, own.calls)).collect();
    // Ten calls, three for the gray step, and nine reads in a day or fourteen in two.
    assert_eq!(told, [(ACME, 10, 10, 220), (BOLT, 10, 10, 240)]);
    let short = plan(1, "", "audit_time = \"1s\"", ALL).needs();
    assert_eq!(short[0].calls, 14, "one read at least");
}
