//! What the documents leave open about Baidu.

use super::profile::{CATEGORY_CHANGES, CHANGES};
use super::{authorization, categories, image, phone, qrcode, sent, templates};
use crate::BAIDU;
use crate::config::{LAST_TEMPLATE, SimConfig};
use crate::decisions::{DecisionInfo, Rows, time};
use crate::tokens::CLIENT_TOKENS;

/// Baidu's decisions, in the order of the endpoints: packages, the app, the platform.
pub(crate) fn decisions() -> Vec<DecisionInfo> {
    let mut rows = Rows::new(Some(BAIDU));
    of_uploads(&mut rows);
    of_packages(&mut rows);
    of_information(&mut rows);
    of_the_app(&mut rows);
    of_calls(&mut rows);
    of_the_platform(&mut rows);
    rows.done()
}

fn of_uploads(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "templates",
        "001, 授权小程序上传包",
        format!(
            "Every template id up to {LAST_TEMPLATE} exists unless `with_templates` names others; others \
             are refused with 40001. The template library is independent: an upload accepts ids that are \
             not in it."
        ),
        &["baidu::an_upload_is_validated"],
    );
    rows.add(
        "`ext_json`",
        "001, 授权小程序上传包",
        "A string that is not a JSON object, or has no boolean `extEnable`, is refused with 69004. \
         `extAppid` is optional, as in the sample. `directCommit` is a boolean or a string.",
        &["baidu::an_upload_is_validated", "baidu::a_direct_commit_submits_itself"],
    );
    rows.add(
        "uploads",
        "001, 授权小程序上传包",
        format!(
            "An upload takes {} (`with_upload_time`). In the list it replaces an earlier one that was not \
             submitted; both keep their ids.",
            time(settings.upload_time)
        ),
        &["baidu::from_upload_to_rollback", "baidu::an_upload_can_fail_later"],
    );
    rows.add(
        "`directCommit`",
        "001, 授权小程序上传包",
        "The package is submitted when its upload ends, without a remark; if that is not possible it stays \
         in development.",
        &["baidu::a_direct_commit_submits_itself", "baidu::a_direct_commit_waits_for_basic_information"],
    );
}

fn of_packages(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "submission during a review",
        "001, 授权小程序提交审核",
        "Refused with 50052 while another package is under review.",
        &["baidu::from_upload_to_rollback"],
    );
    rows.add(
        "basic information under review",
        "001, 第二步",
        "A submission is refused with 69001 while a name is under review (alone or in an update after a \
         forced offline), with 69002 for categories, 69003 for both, and 40045 for an icon, a description \
         or any other such update. Rejected changes block nothing: the previous values stay in force. The \
         permission for phone numbers is not basic information.",
        &[
            "baidu_app::basic_information_under_review_holds_up_a_submission",
            "baidu_app::information_of_an_app_forced_offline_holds_up_a_submission_too",
            "baidu_app::a_permission_under_review_holds_up_nothing",
        ],
    );
    rows.add(
        "`remark`",
        "001, 授权小程序提交审核",
        "The package object shows the remark of the last submission as a string; empty before.",
        &["baidu::the_remark_of_a_submission_is_kept"],
    );
    rows.add(
        "weekly submissions",
        "",
        "Unlimited (`with_baidu_audits`); beyond a limit 69013. Reported by `auditquota`.",
        &["baidu::the_weekly_quota_is_kept"],
    );
    rows.add(
        "packages in the wrong state",
        "001, 授权小程序发布 and others",
        "Refused with 40045; a package that does not exist, belongs to another app or is still uploading \
         with 69005; a release during a rollback with 50015.",
        &["baidu::from_upload_to_rollback", "baidu::tokens_are_refused_by_the_gateway"],
    );
    rows.add(
        "certified subject",
        "001, 第三步",
        "Every app's legal subject is certified unless `AppSpec::without_authentication` or \
         `set_authenticated` says otherwise: then a release is refused with 50038, and `app/info` shows \
         `ad_type` 0 and `ad_status` 3. A rollback does not need it.",
        &["baidu::a_release_needs_an_authenticated_subject"],
    );
    rows.add(
        "rollback",
        "000 and 001, 授权小程序回滚包",
        format!(
            "`package_id` is that of the package online, as document 000 says. It takes {} \
             (`with_rollback_time`) and goes back one step; without an earlier version it is refused with \
             40032.",
            time(settings.rollback_time)
        ),
        &["baidu::from_upload_to_rollback"],
    );
    rows.add(
        "`rollback_version`",
        "001, 获取小程序包列表",
        "The sample prefixes a `v` that the version does not have, and so does the simulator \
         (`with_rollback_version_prefix`). Omitted without an earlier version.",
        &["baidu::from_upload_to_rollback"],
    );
    rows.add(
        "packages that were online",
        "001, 获取授权小程序包详情",
        "They keep their ids and show status 3, but appear in no list and cannot be submitted.",
        &["baidu::from_upload_to_rollback", "baidu::a_package_that_was_online_is_not_submitted_again"],
    );
    rows.add(
        "list of packages",
        "001, 获取小程序包列表",
        "At most one package in development, one in review or approved, one online.",
        &["baidu::details_by_type_and_the_preview"],
    );
}

fn of_information(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "refusal messages",
        "003",
        "If document 003 prints a message for a code of an endpoint, it is returned verbatim: \
         `modifydomain` ends it with a full stop, `modifywebviewdomain` does not. Other messages are the \
         simulator's own.",
        &["words::baidu_refuses_in_the_words_of_document_003"],
    );
    rows.add(
        "codes never returned",
        "003",
        "50013, 30007 and 40028: there are no games, no accounts without permissions, and no apps without a \
         subject.",
        &["words::baidu_refuses_in_the_words_of_document_003"],
    );
    rows.add(
        "`categories` and `categorys`",
        "003, 修改小程序类目",
        "The table has one name, the sample the other: both are accepted, and `categorys` takes precedence.",
        &["baidu_app::categories_come_under_either_name"],
    );
    rows.add(
        "category catalogue",
        "003, 获取小程序全类目列表",
        format!(
            "Three categories with nine items; 2 and 197 need qualification 1. An app has at most {}, \
             initially none.",
            categories::LIMIT
        ),
        &["baidu::the_app_itself", "baidu_app::categories_are_replaced_as_a_whole"],
    );
    rows.add(
        "number of changes",
        "003, 修改小程序icon and others",
        format!(
            "Name, icon and description may be submitted {CHANGES} times each, the categories \
             {CATEGORY_CHANGES} times, whatever the verdict."
        ),
        &["baidu_app::changes_are_limited_and_validated", "baidu_app::categories_are_replaced_as_a_whole"],
    );
    rows.add(
        "changes under review",
        "003, 修改小程序icon and others",
        "A second change of an item under review is refused with 50052, a change to the current value with \
         50051.",
        &[
            "baidu_app::a_name_takes_effect_once_it_is_approved",
            "baidu_app::changes_are_limited_and_validated",
        ],
    );
    rows.add(
        "length of names and descriptions",
        "003, 修改小程序名称 and 修改功能介绍",
        "3 to 30 and 10 to 56 wide; a non-ASCII character counts twice. Others are refused with 40001.",
        &["baidu_app::changes_are_limited_and_validated"],
    );
    rows.add(
        "name check",
        "003, 小程序名称检测",
        "`checkname` compares with the names of the other Baidu apps and the words of `NameRules`; the \
         first rule broken decides. `setnickname` does not: that is left to the reviewer.",
        &["baidu_app::names_are_checked_by_rules"],
    );
    rows.add(
        "QR code",
        "003, 二维码",
        format!(
            "A square PNG, {} to {} pixels wide. It encodes a URL with `app_id`, `package_id` and `path`; a \
             path too long for a QR code is refused with 47002.",
            qrcode::WIDTHS.start(),
            qrcode::WIDTHS.end()
        ),
        &["baidu::qr_codes_are_pictures_of_allowed_packages"],
    );
    rows.add(
        "library version",
        "003, 设置最低基础库版本",
        "Three numbers, the first from 1 to 3. Initially 1.0.0.",
        &["baidu::the_app_itself"],
    );
    rows.add(
        "domains",
        "003, 设置小程序服务器域名",
        format!(
            "A host with `https://` or `wss://`, whatever its kind; domains that the platform registers \
             need no protocol. Without an `action`, all registered domains are added, whether or not the \
             request names any. {} changes of server domains in 30 days, and as many of business domains \
             (`with_baidu_domain_changes`).",
            settings.baidu_domain_changes
        ),
        &[
            "baidu_domains::server_domains_are_those_of_the_platform_or_below",
            "baidu_domains::without_an_action_all_that_is_registered_is_added",
            "words::baidu_refuses_in_the_words_of_document_003",
        ],
    );
}

fn of_the_app(rows: &mut Rows) {
    rows.add(
        "pause and resume",
        "003, 暂停服务 and 开启服务",
        "Setting the current value succeeds and pushes nothing.",
        &["baidu_standing::pausing_and_resuming_is_pushed_once"],
    );
    rows.add(
        "end of a forced offline",
        "003, 基本信息强制下线后修改基本信息",
        "`offline/update` for basic information, with at least one field; the next release for a package. A \
         release ends a rectification as well. An app that is not offline is refused with 40045.",
        &[
            "baidu_standing::an_app_forced_offline_comes_back_with_better_information",
            "baidu_standing::an_app_offline_for_its_package_comes_back_with_a_release",
            "baidu_standing::a_rectification_is_announced",
        ],
    );
    rows.add(
        "traffic recovery",
        "003, 申请恢复流量下线",
        "An app whose traffic is open is refused with 40045, one without a package online or approved with \
         40032.",
        &["baidu_standing::traffic_is_recovered_on_application"],
    );
    rows.add(
        "permission for phone numbers",
        "003, 申请获取用户手机号",
        format!(
            "`reason` and `used_scene` are numbers; a description has at most {} characters. Another \
             application is refused with 50052 while one is pending and with 40045 once it is granted; \
             cancelling without either with 40045.",
            phone::DESCRIPTION
        ),
        &["baidu_standing::the_permission_for_phone_numbers"],
    );
    rows.add(
        "pushes",
        "003, 审核结果推送",
        "As the samples print them: `reson` for `reason` where they do, a space before \
         `BASE_INFO_OFFLINE_AUDIT_SUCCESS` and `_FAIL`. The end of a permission for phone numbers is \
         `APP_MOBILE_AUTH_CANCEL`, as in the table.",
        &[
            "baidu_standing::the_permission_for_phone_numbers",
            "baidu_standing::an_app_forced_offline_comes_back_with_better_information",
        ],
    );
    rows.add(
        "images",
        "",
        format!(
            "PNG, BMP or JPEG by their first bytes. An icon has at most {} MB and {} × {} pixels, any other \
             image {} MB. A URL that is not from the upload is refused with 47008.",
            image::ICON.0 / (1024 * 1024),
            image::ICON.1,
            image::ICON.1,
            image::OTHER / (1024 * 1024)
        ),
        &["baidu_app::images_are_measured", "baidu_app::changes_are_limited_and_validated"],
    );
}

fn of_calls(rows: &mut Rows) {
    rows.add(
        "parameters",
        "001 and 003, 请求示例",
        "In the query or a form, the query first; a JSON body is refused with 40001.",
        &["baidu::parameters_come_in_query_or_form_and_never_as_json"],
    );
    rows.add(
        "refused calls",
        "",
        "The gateway refuses tokens and paths, with `error_code`: missing token 100, unknown 110, expired \
         111, wrong kind 6, unknown path 3. The wrong method is refused with errno 501.",
        &[
            "baidu::tokens_are_refused_by_the_gateway",
            "baidu::parameters_come_in_query_or_form_and_never_as_json",
            "baidu_authorization::tokens_of_another_kind_are_refused",
        ],
    );
    rows.add(
        "either token",
        "",
        "The image upload and the category list accept an app's token and the platform's.",
        &["baidu_app::images_are_measured", "endpoints::every_endpoint_answers"],
    );
}

fn of_the_platform(rows: &mut Rows) {
    let settings = SimConfig::new().settings;
    rows.add(
        "refused tickets",
        "",
        "An expired one is refused with 502, one that was never pushed with 50003.",
        &["baidu_authorization::a_ticket_buys_the_platform_token"],
    );
    rows.add(
        "codes",
        "",
        format!(
            "A code is valid for {} (`with_code_lifetime`), a visit's for {}, one of \
             `retrieve/authorizationcode` for {}.",
            time(settings.code_lifetime(BAIDU)),
            time(authorization::VISIT_LIFETIME),
            time(authorization::RETRIEVED_LIFETIME)
        ),
        &["baidu_authorization::a_lost_authorization_is_brought_back"],
    );
    rows.add(
        "refresh tokens",
        "",
        "A refresh or an exchange invalidates the previous one. A code of `retrieve/authorizationcode` \
         leaves it valid until the code is exchanged.",
        &[
            "baidu_authorization::every_refresh_spends_its_token",
            "baidu_authorization::a_lost_authorization_is_brought_back",
        ],
    );
    rows.add(
        "missed pushes",
        "",
        format!(
            "`pushmsg/getmsg` lists every push of the last {} except tickets, at most {} per request and {} \
             per page. A push that was lost or had no receiver counts as failed.",
            time(sent::MEMORY),
            time(sent::SPAN),
            sent::PAGE
        ),
        &[
            "baidu_authorization::missed_pushes_can_be_read",
            "baidu_authorization::what_became_of_a_push_can_be_read",
        ],
    );
    rows.add(
        "template library",
        "",
        format!(
            "{} templates, then 2003; a description has at most {} characters. A draft is kept when it \
             becomes a template. A missing template is refused with 63002.",
            templates::LIMIT,
            templates::DESCRIPTION
        ),
        &["baidu_templates::a_draft_becomes_a_template", "baidu_templates::the_library_is_paged_and_limited"],
    );
    rows.add(
        "client credentials",
        "004",
        format!(
            "Earlier tokens stay valid, up to {CLIENT_TOKENS}; a token lives {}. A request about an unknown \
             app is refused with 45000; in a list of several, unknown apps are omitted.",
            time(settings.token_lifetime(BAIDU, &crate::tokens::Holder::Client("".into())))
        ),
        &[
            "baidu_alliance::client_credentials_are_exchanged_without_an_envelope",
            "baidu_alliance::several_apps_are_told_at_once",
            "baidu_alliance::packages_are_those_of_the_app",
        ],
    );
}
