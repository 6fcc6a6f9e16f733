//! What the documents leave open about WeChat.

use super::{
    answers, basics, categories, code, component, domains, media, messages, naming, options,
    platform_domains, quota, records, release, templates, testers, web_domains,
};
use crate::WECHAT;
use crate::authorization::OVERLAP;
use crate::config::{LAST_TEMPLATE, SimConfig};
use crate::decisions::{DecisionInfo, Rows, grouped, phone_page, time};

/// WeChat's decisions, in the order of the endpoints: code, audit, release, everything else about the app, the
/// platform.
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
            "Every template id up to {LAST_TEMPLATE} exists unless `with_templates` names others, and so \
             does every template of the library; others, and deleted ones, are refused with 85014. The id \
             is a number or a string. Every template has the pages {}.",
            code::template_pages().join(", ")
        ),
        &["wechat::a_commit_is_validated", "wechat_templates::drafts_become_templates"],
    );
    rows.add(
        "upload",
        "002, 1",
        format!(
            "`ext_json` is a string: an object is refused with -1, a string that is not a JSON object with \
             85048. `pages`, `extPages` and `tabBar.list` may only name pages of the template (85045). A \
             version has 1 to {} characters (40097).",
            code::VERSION
        ),
        &["wechat::a_commit_is_validated"],
    );
    rows.add(
        "codes never returned",
        "002, 1 to 17",
        "85013, 85043, 85044, 85077, 86000 and 86002: templates and their categories are always valid, \
         every call comes from a platform, and every app has a name, an avatar and a signature.",
        &["words::wechat_refuses_with_the_codes_of_document_002"],
    );
    rows.add(
        "refusal messages",
        "002, 2",
        "Document 002 prints only the message of -1, `system error`. The others are those known from \
         WeChat, or empty if none is known, followed by a request id.",
        &[
            "words::wechat_refuses_with_the_codes_of_document_002",
            "wechat::every_answer_carries_the_simulators_date_and_a_request_id",
        ],
    );
    rows.add(
        "QR code",
        "002, 2",
        format!(
            "A JPEG of {0} × {0} pixels. It encodes a URL with `appid`, `version` and `path`; a path too \
             long for a QR code is refused with 40097.",
            code::QR_CODE
        ),
        &["wechat::pictures_and_categories"],
    );
    rows.add(
        "privacy scan",
        "",
        "It finishes at once (`with_privacy_scan`). A submission during the scan is refused with 61039.",
        &["wechat::the_privacy_scan_holds_a_submission_up"],
    );
}

fn of_audits(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "submission",
        "002, 5",
        "`address`, `tag` and `title` are optional in an item; its category needs the names and ids of all \
         its levels. A version released before is refused with 85086. Without `with_wechat_content_checks` any page and any \
         category is accepted, also in an upload.",
        &["wechat::a_submission_is_validated", "wechat::content_of_other_templates_is_accepted_unless_checked", "wechat::from_upload_to_rollback"],
    );
    rows.add(
        "monthly submissions",
        "",
        format!(
            "{} for all apps together (`with_wechat_audits`), and {} expedited audits \
             (`with_wechat_speedups`), full again with each month in Beijing. Beyond that a submission is refused with 85085, \
             expediting with 89405.",
            grouped(settings.wechat_audits.into()),
            settings.wechat_speedups
        ),
        &["wechat::the_quota_is_shared_by_all_apps", "wechat::a_review_is_sped_up_once"],
    );
    rows.add(
        "`auditid`",
        "002, 7 and 8",
        "The documents print it as a number and as a string. `submit_audit` returns a number, \
         `get_latest_auditstatus` a string; `get_auditstatus` and `speedupaudit` accept both.",
        &["wechat::verdicts_are_told", "wechat::a_review_is_sped_up_once"],
    );
    rows.add(
        "audit status",
        "002, 7 and 8",
        "Besides 0, 1 and 2 there are 3 (withdrawn) and 4 (delayed). An app without code is refused with \
         86001, an audit that the app does not have with 85012. If there is code but no audit, \
         `get_latest_auditstatus` is refused with 85058.",
        &["wechat::verdicts_are_told"],
    );
    rows.add(
        "withdrawals",
        "002, 16",
        format!(
            "{} per calendar day and {} per calendar month in Beijing, for each app \
             (`with_wechat_withdrawals_per_day`, `with_wechat_withdrawals_per_month`), then 87013. With \
             nothing under review, refused with 87012.",
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
        "Refused after a withdrawal or without an audit with 85019, after a rejection or during a review \
         with 85020, the second time with 85052.",
        &["wechat::a_release_needs_an_approved_audit"],
    );
    rows.add(
        "rollback",
        "002, 15",
        format!(
            "To the previous version, or with `app_version` to one of the last {}. A second rollback before \
             the next release is refused with 87012.",
            release::LISTED
        ),
        &["wechat::a_chosen_version_comes_back_and_others_do_not"],
    );
    rows.add(
        "gray release",
        "002, 17",
        "The percentage only increases (85082). At 100 the plan still runs; the full release ends it. \
         Cancelling without a running plan succeeds. An app that never had a plan shows status 0, no time \
         and 0 percent.",
        &["wechat::gray_releases_only_go_up_and_end_with_the_full_one"],
    );
    rows.add(
        "visit status",
        "002, 10",
        "Refused without a version online with 85021. Setting the current value succeeds. A release opens \
         the app.",
        &["wechat::visits_and_library_versions"],
    );
    rows.add(
        "library version",
        "002, 12 and 13",
        "Three numbers, the first from 1 to 3; others are refused with 85015. Initially 1.0.0.",
        &["wechat::visits_and_library_versions"],
    );
}

fn of_information(rows: &mut Rows) {
    rows.add(
        "testers",
        "",
        format!(
            "An id of 6 to 20 letters, digits, hyphens and underscores belongs to an existing person. An \
             app has at most {} testers, a person tests at most {} apps.",
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
            "With the protocol of their kind or none; another protocol is refused with 86100. Hosts below \
             `{}` lack an ICP filing. A server domain that the platform has not registered is refused with \
             85017, or with 85018 if the request also has registered ones; a registered domain covers its \
             subdomains, for every kind. Without an `action`, all web view domains registered by the \
             platform are added. At most {} of a kind, {} changes per month. Changes take effect with the \
             next release.",
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
        "web view and prefetch domains",
        "",
        format!("At most {} and {}.", web_domains::LIMIT, web_domains::PREFETCHED),
        &["wechat_domains::check_files_and_prefetched_domains", "wechat_domains::web_view_domains"],
    );
    rows.add(
        "categories of an app",
        "002, 3",
        format!(
            "Initially 工具 备忘录, 教育 学历教育 高等 and 文娱 资讯. A category without certificate counts at once, one \
             with certificate after its review. {} additions per month, at most {} in all.",
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
            "4 to 30 wide; a non-ASCII character counts twice. Checked against the names of the other \
             WeChat apps and the words of `set_wechat_name_rules`. The first name of an app that was never \
             released is adopted at once, any other after its review. After {} changes in a year 91013.",
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
            "They change at once, each {} times per month. An avatar has at most {} MB.",
            basics::CHANGES_PER_MONTH,
            basics::LARGEST / media::MEGABYTE
        ),
        &["wechat_names::avatar_and_signature"],
    );
    rows.add(
        "search status",
        "",
        format!(
            "Refused with 85083 while the app has an illegal record (`{}`) without a successful appeal.",
            records::PUNISHMENT
        ),
        &["wechat_names::the_search_status"],
    );
    rows.add(
        "uploaded files",
        "",
        format!(
            "Recognized by their first bytes, not their names. A media id is valid for {} and for one app.",
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
        "privacy interfaces",
        "",
        "`wx.chooseAddress` is granted initially, `wx.startLocationUpdateBackground` is unavailable \
         (48001); for the others an app may apply. An application for a granted one is refused with 61035, \
         one under review with 85050.",
        &["wechat_privacy::privacy_interfaces_are_applied_for"],
    );
    rows.add(
        "order page",
        "",
        "One application names several apps; the result of each is pushed. An app whose application is \
         under review is reported as a duplicate.",
        &["wechat_privacy::the_page_of_orders_is_reviewed"],
    );
    rows.add(
        "options",
        "",
        format!(
            "{}, initially 0.",
            options::OPTIONS.map(|(name, largest)| format!("`{name}` (0 to {largest})")).join(", ")
        ),
        &["wechat_authorization::options_are_set_with_either_token_and_either_path"],
    );
    rows.add(
        "messages to users",
        "",
        format!("All are accepted; the last {} of an app are kept.", grouped(messages::KEPT as u64)),
        &["wechat_authorization::messages_to_users_are_kept_in_the_truth"],
    );
}

fn of_calls(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "order of checks",
        "",
        "Token, path, daily calls, method, body, then the endpoint's own. An empty body is refused with \
         44002, one that is not a JSON object with 47001, escaped non-ASCII text with 47002.",
        &[
            "wechat_endpoints::every_endpoint_checks_method_body_and_token_first",
            "wechat::bodies_and_methods_are_checked_first",
        ],
    );
    rows.add(
        "refused tokens",
        "",
        "Missing 41001, malformed 40014, unknown or replaced 40001, expired 42001. An app's token where the \
         platform's is required 61014, the reverse 61015; the two template lists are empty for an app's \
         token.",
        &[
            "wechat::tokens_are_bound_expire_and_are_replaced",
            "wechat_templates::refusals_of_the_template_library",
        ],
    );
    rows.add(
        "daily calls",
        "",
        format!(
            "Each call of an app {} times (`with_wechat_daily_calls`), then 45009. The counts may be \
             cleared {} times per month.",
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
            "The last {} responses to apps are kept for {}.",
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
        format!("{} templates, then 85065. A draft is kept when it becomes a template.", templates::LIMIT),
        &["wechat_templates::drafts_become_templates", "wechat_templates::refusals_of_the_template_library"],
    );
    rows.add(
        "platform domains",
        "",
        format!(
            "{} for servers, {} for web views, {} changes of each per month.",
            grouped(platform_domains::SERVER_DOMAINS as u64),
            web_domains::LIMIT,
            domains::CHANGES_PER_MONTH
        ),
        &["wechat_domains::the_platform_registers_domains"],
    );
    rows.add(
        "authorization page for phones",
        "",
        format!(
            "{}, with `action=bindcomponent` and `no_scan=1`. The merchant consents at once, as on the \
             desktop page.",
            phone_page()
        ),
        &["authorization::the_page_for_a_phone_sends_the_browser_back_too"],
    );
    rows.add(
        "`auth_type`",
        "",
        "1 to 6 or 8, optional. Only mini programs exist here, so 1, 4, 5 and 8 find no account unless \
         `biz_appid` names an app. `category_id_list` is ignored.",
        &["authorization::the_kinds_of_accounts_that_a_page_offers"],
    );
    rows.add(
        "codes",
        "",
        format!(
            "A code is valid for {} (`with_code_lifetime`), a visit's for {}. A used or expired one is \
             refused with 61010, any other invalid one with 61009.",
            time(settings.code_lifetime(WECHAT)),
            time(component::VISIT_LIFETIME)
        ),
        &["wechat_authorization::a_code_is_exchanged_once_and_in_time"],
    );
    rows.add(
        "refresh tokens",
        "",
        format!(
            "Reusable (with `with_refresh_token_rotation` every refresh replaces it). A repeated \
             authorization replaces it as well; a replaced one stays valid for {}.",
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
            "Every app grants the sets {}. No call is refused for lack of one.",
            component::PERMISSIONS.map(|set| set.to_string()).join(", ")
        ),
        &["wechat_authorization::an_authorizer_is_described"],
    );
    rows.add(
        "list of authorizers",
        "",
        format!("At most {} per page, then 40170; ordered by first authorization.", component::PAGE),
        &["wechat_authorization::the_list_of_authorizers_has_pages_and_refresh_tokens"],
    );
}
