//! What the documents leave open about WeChat.

use super::{
    answers, basics, categories, code, component, domains, media, messages, naming, options,
    platform_domains, quota, records, release, templates, testers, web_domains,
};
use crate::WECHAT;
use crate::authorization::OVERLAP;
use crate::config::{LAST_TEMPLATE, SimConfig};
use crate::decisions::{DecisionInfo, Rows, grouped, phone_page, time};

/// WeChat's decisions, in the order of the endpoints: code, audit, release, what is beside the code, the platform.
pub(crate) fn decisions() -> Vec<DecisionInfo> {
    let mut rows = Rows::new(Some(WECHAT));
    of_code(&mut rows);
    of_audits(&mut rows);
    of_releases(&mut rows);
    of_information(&mut rows);
    of_calls(&mut rows);
    of_the_platform(&mut rows);
    rows.done()
}

fn of_code(rows: &mut Rows) {
    rows.add(
        "templates",
        "002, 1",
        format!(
            "Every template id up to {LAST_TEMPLATE} exists, unless `with_templates` names others, and so does \
             every template of the library; any other, and one that was deleted, is refused with 85014. The id \
             is a number or text. Every template has the pages {}.",
            code::template_pages().join(", ")
        ),
        &["wechat::a_commit_is_validated", "wechat_templates::drafts_become_templates"],
    );
    rows.add(
        "upload",
        "002, 1",
        format!(
            "`ext_json` is text: an object in its place is refused with -1, text that is not a JSON object \
             with 85048. `pages`, `extPages` and `tabBar.list` may only name pages of the template: 85045. A \
             version has 1 to {} characters: 40097.",
            code::VERSION
        ),
        &["wechat::a_commit_is_validated"],
    );
    rows.add(
        "codes that are never returned",
        "002, 1 to 17",
        "85013, 85043, 85044, 85077, 86000 and 86002: templates and their categories are good, every call \
         comes from a platform, and every app has a name, a picture and a signature.",
        &["words::wechat_refuses_with_the_codes_of_document_002"],
    );
    rows.add(
        "words of refusals",
        "002, 2",
        "Document 002 prints the words of -1 alone, `system error`. The others are those that WeChat is known \
         to send; where none are known there are none. A request id follows them.",
        &[
            "words::wechat_refuses_with_the_codes_of_document_002",
            "wechat::every_answer_carries_the_simulators_date_and_a_request_id",
        ],
    );
    rows.add(
        "QR code",
        "002, 2",
        format!(
            "A JPEG of {0} × {0} pixels. It holds an address with `appid`, `version` and `path`; a path that \
             is too long for a code is refused with 40097.",
            code::QR_CODE
        ),
        &["wechat::pictures_and_categories"],
    );
    rows.add(
        "privacy scan",
        "",
        "It is over at once (`with_privacy_scan`). A submission while it runs is refused with 61039.",
        &["wechat::the_privacy_scan_holds_a_submission_up"],
    );
}

fn of_audits(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "submission",
        "002, 5",
        "`address`, `tag` and `title` may be left out of an item; its category needs the names and the ids of \
         all its levels. A version that was released before is refused with 85086.",
        &["wechat::a_submission_is_validated", "wechat::from_upload_to_rollback"],
    );
    rows.add(
        "submissions of a month",
        "",
        format!(
            "{} for all apps together (`with_wechat_audits`), and {} speed-ups (`with_wechat_speedups`). They \
             do not come back. Beyond them a submission is refused with 85085, a speed-up with 89405.",
            grouped(settings.wechat_audits.into()),
            settings.wechat_speedups
        ),
        &["wechat::the_quota_is_shared_by_all_apps", "wechat::a_review_is_sped_up_once"],
    );
    rows.add(
        "`auditid`",
        "002, 7 and 8",
        "The documents print it as a number and as text. `submit_audit` tells it as a number, \
         `get_latest_auditstatus` as text; `get_auditstatus` and `speedupaudit` take both.",
        &["wechat::verdicts_are_told", "wechat::a_review_is_sped_up_once"],
    );
    rows.add(
        "status of an audit",
        "002, 7 and 8",
        "Beside 0, 1 and 2 there are 3, withdrawn, and 4, delayed. An app without code is refused with 86001, an \
         audit that the app does not have with 85012. With code and without any audit `get_latest_auditstatus` is \
         refused with 85058.",
        &["wechat::verdicts_are_told"],
    );
    rows.add(
        "withdrawals",
        "002, 16",
        format!(
            "{} on a day and {} in a month, of the calendar in Beijing, for each app by itself \
             (`with_wechat_withdrawals_per_day`, `with_wechat_withdrawals_per_month`); beyond them 87013. \
             Nothing under review is refused with 87012.",
            settings.wechat_withdrawals_per_day, settings.wechat_withdrawals_per_month
        ),
        &[
            "wechat::withdrawals_are_counted_by_day_and_month",
            "wechat::a_day_of_withdrawals_begins_at_midnight_in_beijing",
            "wechat::how_often_audits_are_withdrawn_can_be_set",
        ],
    );
}

fn of_releases(rows: &mut Rows) {
    rows.add(
        "release",
        "002, 9",
        "After a withdrawal, or without an audit, 85019; after a rejection or during a review 85020; a second \
         one 85052.",
        &["wechat::a_release_needs_an_approved_audit"],
    );
    rows.add(
        "rollback",
        "002, 15",
        format!(
            "To the version before, or with `app_version` to one of the last {}. There is no other until the \
             next release: 87012.",
            release::LISTED
        ),
        &["wechat::a_chosen_version_comes_back_and_others_do_not"],
    );
    rows.add(
        "gray release",
        "002, 17",
        "The percentage only goes up: 85082. At 100 the plan still runs; the full release ends it. Cancelling \
         where none runs succeeds. Where there never was a plan, it shows status 0, no time and nobody.",
        &["wechat::gray_releases_only_go_up_and_end_with_the_full_one"],
    );
    rows.add(
        "visit status",
        "002, 10",
        "Without a version online 85021. Setting what is set already succeeds. A release opens the app.",
        &["wechat::visits_and_library_versions"],
    );
    rows.add(
        "library version",
        "002, 12 and 13",
        "Three numbers, the first from 1 to 3; any other is refused with 85015. It is 1.0.0 at first.",
        &["wechat::visits_and_library_versions"],
    );
}

fn of_information(rows: &mut Rows) {
    rows.add(
        "testers",
        "",
        format!(
            "A person is found whose id has 6 to 20 letters, digits, hyphens and underscores. An app has {} \
             testers at most, a person tests {} apps at most.",
            testers::PER_APP,
            testers::PER_PERSON
        ),
        &[
            "wechat_testers::testers_come_and_go",
            "wechat_testers::refusals_about_testers",
            "wechat_testers::a_person_tests_only_so_many_apps",
        ],
    );
    rows.add(
        "domains",
        "",
        format!(
            "With the protocol of their kind or without one; another protocol is refused with 86100. Hosts \
             below `{}` lack an ICP filing. A server domain that the platform has not registered is refused \
             with 85017, beside others that it has with 85018; one registered domain covers all below it, for \
             every kind. Without an `action`, web view domains are all that the platform has registered. {} of \
             a kind at most, {} changes in a month. What is set takes effect with the next release.",
            domains::UNFILED,
            domains::PER_KIND,
            domains::CHANGES_PER_MONTH
        ),
        &[
            "wechat_domains::server_domains_that_are_refused",
            "wechat_domains::changes_of_a_month_are_counted",
            "wechat_domains::a_release_puts_the_platforms_domains_in_the_place_of_the_apps_own",
            "wechat_domains::web_view_domains",
        ],
    );
    rows.add(
        "web view domains, prefetched names",
        "",
        format!("{} and {} at most.", web_domains::LIMIT, web_domains::PREFETCHED),
        &["wechat_domains::check_files_and_prefetched_domains", "wechat_domains::web_view_domains"],
    );
    rows.add(
        "categories of an app",
        "002, 3",
        format!(
            "工具 备忘录, 教育 学历教育 高等 and 文娱 资讯 at first. One that needs no certificate counts at once, one that \
             does after its review. {} are added in a month, {} at most in all.",
            categories::CHANGES_PER_MONTH,
            categories::LIMIT
        ),
        &[
            "wechat::pictures_and_categories",
            "wechat_categories::an_ordinary_category_counts_at_once",
            "wechat_categories::a_sensitive_category_is_reviewed",
            "wechat_categories::categories_that_are_refused",
        ],
    );
    rows.add(
        "names",
        "",
        format!(
            "4 to 30 wide; a character beyond ASCII counts twice. The checks know the names of the other \
             WeChat apps and the words of `set_wechat_name_rules`. The first name of an app that was never \
             released is taken on at once, any other after its review. After {} changes in a year 91013.",
            naming::CHANGES_PER_YEAR
        ),
        &[
            "wechat_names::a_rename_goes_to_audit",
            "wechat_names::names_that_are_refused",
            "wechat_names::changes_of_a_year_and_an_app_in_review",
        ],
    );
    rows.add(
        "avatar and signature",
        "",
        format!(
            "They change at once, each {} times a month. An avatar has {} MB at most.",
            basics::CHANGES_PER_MONTH,
            basics::LARGEST / media::MEGABYTE
        ),
        &["wechat_names::avatar_and_signature"],
    );
    rows.add(
        "search status",
        "",
        format!(
            "An app with a breach on record that no appeal has lifted (`{}`) is refused with 85083.",
            records::PUNISHMENT
        ),
        &["wechat_names::the_search_status"],
    );
    rows.add(
        "uploaded files",
        "",
        format!(
            "Their first bytes count, not their names. A media id is valid for {} and for one app.",
            time(media::LIFETIME)
        ),
        &[
            "wechat_media::material_for_an_audit",
            "wechat_media::temporary_material_is_answered_without_a_code",
        ],
    );
    rows.add(
        "privacy",
        "",
        "The code of every template uses `UserInfo` and `Location`. A guide takes effect with the next \
         release.",
        &["wechat_privacy::a_guide_takes_effect_with_the_next_release"],
    );
    rows.add(
        "interfaces to personal data",
        "",
        "`wx.chooseAddress` is granted at first, `wx.startLocationUpdateBackground` not to be had: 48001. The \
         others may be applied for. An application for what is granted is refused with 61035, during its \
         review with 85050.",
        &["wechat_privacy::privacy_interfaces_are_applied_for"],
    );
    rows.add(
        "page of orders",
        "",
        "An application names several apps; what becomes of each is pushed. One that has an application under \
         review already is reported as a duplicate.",
        &["wechat_privacy::the_page_of_orders_is_reviewed"],
    );
    rows.add(
        "options",
        "",
        format!(
            "{}, and 0 at first.",
            options::OPTIONS.map(|(name, largest)| format!("`{name}` (0 to {largest})")).join(", ")
        ),
        &["wechat_authorization::options_are_set_with_either_token_and_either_path"],
    );
    rows.add(
        "messages to users",
        "",
        format!("All are accepted, and the last {} of an app kept.", grouped(messages::KEPT as u64)),
        &["wechat_authorization::messages_to_users_are_kept_in_the_truth"],
    );
}

fn of_calls(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "order of checks",
        "",
        "Token, path, calls of the day, method, body, then the endpoint's own. An empty body is refused with \
         44002, one that is not a JSON object with 47001, text beyond ASCII that is escaped with 47002.",
        &[
            "wechat_endpoints::every_endpoint_checks_method_body_and_token_first",
            "wechat::bodies_and_methods_are_checked_first",
        ],
    );
    rows.add(
        "refused tokens",
        "",
        "None 41001, malformed 40014, unknown or replaced 40001, expired 42001. That of an app where the \
         platform's is wanted 61014, the reverse 61015; the two template lists are empty for the token of an \
         app.",
        &[
            "wechat::tokens_are_bound_expire_and_are_replaced",
            "wechat_templates::refusals_of_the_template_library",
        ],
    );
    rows.add(
        "calls of a day",
        "",
        format!(
            "Each call of an app {} times (`with_wechat_daily_calls`), then 45009. The counts may be cleared \
             {} times a month.",
            grouped(settings.wechat_daily_calls),
            quota::CLEARED_PER_MONTH
        ),
        &[
            "wechat_records::calls_of_a_day_are_counted_and_cleared",
            "wechat_records::a_call_that_is_used_up_comes_back_with_the_next_day_or_a_reset",
        ],
    );
    rows.add(
        "request ids",
        "",
        format!(
            "The last {} responses to apps are remembered for {}.",
            grouped(answers::KEPT as u64),
            time(answers::LIFETIME)
        ),
        &["wechat_records::a_request_is_found_by_its_id"],
    );
}

fn of_the_platform(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "template library",
        "",
        format!("{} templates, then 85065. A draft stays when it becomes a template.", templates::LIMIT),
        &["wechat_templates::drafts_become_templates", "wechat_templates::refusals_of_the_template_library"],
    );
    rows.add(
        "domains of the platform",
        "",
        format!(
            "{} for servers, {} for web views, {} changes of each in a month.",
            grouped(platform_domains::SERVER_DOMAINS as u64),
            web_domains::LIMIT,
            domains::CHANGES_PER_MONTH
        ),
        &["wechat_domains::the_platform_registers_domains"],
    );
    rows.add(
        "authorization page for a phone",
        "",
        format!(
            "{}, with `action=bindcomponent` and `no_scan=1`. It consents at once like the page for a desk.",
            phone_page()
        ),
        &["authorization::the_page_for_a_phone_sends_the_browser_back_too"],
    );
    rows.add(
        "`auth_type`",
        "",
        "1 to 6 or 8, if it is given. Only mini programs wait here, so 1, 4, 5 and 8 find nobody unless \
         `biz_appid` names an app. `category_id_list` is not looked at.",
        &["authorization::the_kinds_of_accounts_that_a_page_offers"],
    );
    rows.add(
        "codes",
        "",
        format!(
            "A code is good for {} (`with_code_lifetime`), one of a visit for {}. One that was used or is too \
             old is refused with 61010, any other that is not good with 61009.",
            time(settings.code_lifetime(WECHAT)),
            time(component::VISIT_LIFETIME)
        ),
        &["wechat_authorization::a_code_is_exchanged_once_and_in_time"],
    );
    rows.add(
        "refresh tokens",
        "",
        format!(
            "One can be used again and again (`with_refresh_token_rotation` has every refresh replace it). A \
             merchant who authorizes again replaces it too; one that was replaced stays good for {}.",
            time(OVERLAP)
        ),
        &[
            "wechat_authorization::a_refresh_token_is_used_again_and_again",
            "wechat_authorization::a_replaced_refresh_token_stays_good_for_five_minutes",
        ],
    );
    rows.add(
        "permissions",
        "",
        format!(
            "Every app grants the sets {}. No call is refused for want of one.",
            component::PERMISSIONS.map(|set| set.to_string()).join(", ")
        ),
        &["wechat_authorization::an_authorizer_is_described"],
    );
    rows.add(
        "list of authorizers",
        "",
        format!("{} on a page at most, then 40170; in order of their first authorization.", component::PAGE),
        &["wechat_authorization::the_list_of_authorizers_has_pages_and_refresh_tokens"],
    );
}
