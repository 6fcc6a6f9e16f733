//! All endpoints, with their operations.

use super::{
    Account, Apps, audit, basics, categories, code, component, domains, media, messages, naming, options,
    order_path, platform_domains, privacy, privacy_interfaces, quota, records, release, templates, testers,
    web_domains,
};
use crate::call::Call;
use crate::endpoint::{Endpoint, find};

const GET: bool = false;
const POST: bool = true;

/// Whether a call with an `action` only reads.
fn action_reads(call: &Call) -> bool {
    call.json().is_some_and(|body| body.get("action").is_some_and(|action| action == "get"))
}

/// App calls, with the app's token.
pub(super) static ENDPOINTS: &[Endpoint<Account>] = &[
    Endpoint::effect(POST, "/wxa/commit", "upload_code", code::commit),
    Endpoint::read(GET, "/wxa/get_qrcode", "trial_qr_code", code::get_qrcode),
    Endpoint::read(GET, "/wxa/get_category", "categories", code::get_category),
    Endpoint::read(GET, "/wxa/get_page", "pages", code::get_page),
    Endpoint::read(POST, "/wxa/getversioninfo", "code_versions", code::getversioninfo),
    Endpoint::read(
        GET,
        "/wxa/security/get_code_privacy_info",
        "upload_progress",
        code::get_code_privacy_info,
    ),
    Endpoint::effect(POST, "/wxa/submit_audit", "submit_audit", audit::submit_audit),
    Endpoint::read(POST, "/wxa/get_auditstatus", "audit_status", audit::get_auditstatus),
    Endpoint::read(GET, "/wxa/get_latest_auditstatus", "latest_audit", audit::get_latest_auditstatus),
    Endpoint::effect(GET, "/wxa/undocodeaudit", "withdraw_audit", audit::undocodeaudit),
    Endpoint::effect(POST, "/wxa/speedupaudit", "expedite_audit", audit::speedupaudit),
    Endpoint::read(GET, "/wxa/queryquota", "audit_quota", audit::queryquota),
    Endpoint::effect(POST, "/wxa/release", "release", release::release),
    Endpoint::either(
        GET,
        "/wxa/revertcoderelease",
        release::only_lists,
        ["rollback_targets", "rollback"],
        release::revertcoderelease,
    ),
    Endpoint::effect(POST, "/wxa/grayrelease", "start_gray_release", release::grayrelease),
    Endpoint::effect(GET, "/wxa/revertgrayrelease", "cancel_gray_release", release::revertgrayrelease),
    Endpoint::read(GET, "/wxa/getgrayreleaseplan", "gray_release_plan", release::getgrayreleaseplan),
    Endpoint::effect(POST, "/wxa/change_visitstatus", "set_visit_status", release::change_visitstatus),
    Endpoint::read(POST, "/wxa/getvisitstatus", "visit_status", release::getvisitstatus),
    Endpoint::read(
        POST,
        "/cgi-bin/wxopen/getweappsupportversion",
        "min_library_version",
        release::get_support_version,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/wxopen/setweappsupportversion",
        "set_min_library_version",
        release::set_support_version,
    ),
    // Files.
    Endpoint::effect(POST, "/wxa/uploadmedia", "upload_audit_media", media::uploadmedia),
    Endpoint::effect(POST, "/cgi-bin/media/upload", "upload_material", media::upload),
    // Testers.
    Endpoint::effect(POST, "/wxa/bind_tester", "bind_tester", testers::bind_tester),
    Endpoint::effect(POST, "/wxa/unbind_tester", "unbind_tester", testers::unbind_tester),
    Endpoint::read(POST, "/wxa/memberauth", "testers", testers::memberauth),
    // Domains.
    Endpoint::either(
        POST,
        "/wxa/modify_domain",
        action_reads,
        ["server_domains", "change_server_domains"],
        domains::modify_domain,
    ),
    Endpoint::either(
        POST,
        "/wxa/modify_domain_directly",
        action_reads,
        ["server_domains", "change_server_domains_directly"],
        domains::modify_domain_directly,
    ),
    Endpoint::either(
        POST,
        "/wxa/setwebviewdomain",
        action_reads,
        ["web_view_domains", "change_web_view_domains"],
        web_domains::setwebviewdomain,
    ),
    Endpoint::either(
        POST,
        "/wxa/setwebviewdomain_directly",
        action_reads,
        ["web_view_domains", "change_web_view_domains_directly"],
        web_domains::setwebviewdomain_directly,
    ),
    Endpoint::read(
        POST,
        "/wxa/get_webviewdomain_confirmfile",
        "web_view_check_file",
        web_domains::get_webviewdomain_confirmfile,
    ),
    Endpoint::read(
        POST,
        "/wxa/get_effective_domain",
        "effective_server_domains",
        domains::get_effective_domain,
    ),
    Endpoint::read(
        POST,
        "/wxa/get_effective_webviewdomain",
        "effective_web_view_domains",
        web_domains::get_effective_webviewdomain,
    ),
    Endpoint::read(GET, "/wxa/get_prefetchdnsdomain", "prefetch_domains", web_domains::get_prefetchdnsdomain),
    Endpoint::effect(
        POST,
        "/wxa/set_prefetchdnsdomain",
        "set_prefetch_domains",
        web_domains::set_prefetchdnsdomain,
    ),
    // Categories.
    Endpoint::read(
        GET,
        "/cgi-bin/wxopen/getallcategories",
        "category_catalogue",
        categories::getallcategories,
    ),
    Endpoint::read(
        POST,
        "/cgi-bin/wxopen/getcategoriesbytype",
        "category_catalogue_by_type",
        categories::getcategoriesbytype,
    ),
    Endpoint::read(GET, "/cgi-bin/wxopen/getcategory", "account_categories", categories::getcategory),
    Endpoint::effect(POST, "/cgi-bin/wxopen/addcategory", "add_categories", categories::addcategory),
    Endpoint::effect(POST, "/cgi-bin/wxopen/modifycategory", "modify_category", categories::modifycategory),
    Endpoint::effect(POST, "/cgi-bin/wxopen/deletecategory", "delete_category", categories::deletecategory),
    // Basic information.
    Endpoint::read(GET, "/cgi-bin/account/getaccountbasicinfo", "account_info", basics::getaccountbasicinfo),
    Endpoint::read(
        POST,
        "/cgi-bin/wxverify/checkwxverifynickname",
        "check_name",
        naming::checkwxverifynickname,
    ),
    Endpoint::effect(POST, "/wxa/setnickname", "set_name", naming::setnickname),
    Endpoint::read(POST, "/wxa/api_wxa_querynickname", "name_audit", naming::querynickname),
    Endpoint::effect(POST, "/cgi-bin/account/modifyheadimage", "set_icon", basics::modifyheadimage),
    Endpoint::effect(POST, "/cgi-bin/account/modifysignature", "set_description", basics::modifysignature),
    Endpoint::read(GET, "/wxa/getwxasearchstatus", "search_status", basics::getwxasearchstatus),
    Endpoint::effect(POST, "/wxa/changewxasearchstatus", "set_search_status", basics::changewxasearchstatus),
    // Privacy.
    Endpoint::read(
        POST,
        "/cgi-bin/component/getprivacysetting",
        "privacy_setting",
        privacy::getprivacysetting,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/setprivacysetting",
        "set_privacy_setting",
        privacy::setprivacysetting,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/uploadprivacyextfile",
        "upload_privacy_file",
        media::uploadprivacyextfile,
    ),
    Endpoint::read(
        GET,
        "/wxa/security/get_privacy_interface",
        "privacy_interfaces",
        privacy_interfaces::get_privacy_interface,
    ),
    Endpoint::effect(
        POST,
        "/wxa/security/apply_privacy_interface",
        "apply_privacy_interface",
        privacy_interfaces::apply_privacy_interface,
    ),
    Endpoint::read(GET, "/wxa/security/getorderpathinfo", "order_path", order_path::getorderpathinfo),
    // Records and quotas.
    Endpoint::read(POST, "/wxa/getillegalrecords", "illegal_records", records::getillegalrecords),
    Endpoint::read(POST, "/wxa/getappealrecords", "appeal_records", records::getappealrecords),
    Endpoint::read(POST, "/cgi-bin/openapi/quota/get", "api_quota", quota::get_quota),
    Endpoint::effect(POST, "/cgi-bin/clear_quota", "clear_quota", quota::clear_quota),
    Endpoint::read(POST, "/cgi-bin/openapi/rid/get", "request_info", quota::get_rid),
    // Options, under both spellings of their paths, and messages.
    Endpoint::read(POST, GET_OPTION[0], "authorizer_option", options::get),
    Endpoint::read(POST, GET_OPTION[1], "authorizer_option", options::get),
    Endpoint::effect(POST, SET_OPTION[0], "set_authorizer_option", options::set),
    Endpoint::effect(POST, SET_OPTION[1], "set_authorizer_option", options::set),
    Endpoint::effect(POST, "/cgi-bin/message/custom/send", "send_text_message", messages::send),
];

const GET_OPTION: [&str; 2] =
    ["/cgi-bin/component/get_authorizer_option", "/cgi-bin/component/api_get_authorizer_option"];
const SET_OPTION: [&str; 2] =
    ["/cgi-bin/component/set_authorizer_option", "/cgi-bin/component/api_set_authorizer_option"];

/// Platform calls with the platform's token.
pub(super) static PLATFORM_ENDPOINTS: &[Endpoint<Apps>] = &[
    Endpoint::read(GET, "/wxa/gettemplatedraftlist", "template_drafts", templates::gettemplatedraftlist),
    Endpoint::read(GET, "/wxa/gettemplatelist", "templates", templates::gettemplatelist),
    Endpoint::effect(POST, "/wxa/addtotemplate", "add_template", templates::addtotemplate),
    Endpoint::effect(POST, "/wxa/deletetemplate", "delete_template", templates::deletetemplate),
    Endpoint::either(
        POST,
        "/cgi-bin/component/modify_wxa_server_domain",
        action_reads,
        ["platform_server_domains", "change_platform_server_domains"],
        platform_domains::modify_wxa_server_domain,
    ),
    Endpoint::either(
        POST,
        "/cgi-bin/component/modify_wxa_jump_domain",
        action_reads,
        ["platform_web_view_domains", "change_platform_web_view_domains"],
        platform_domains::modify_wxa_jump_domain,
    ),
    Endpoint::read(
        POST,
        "/cgi-bin/component/get_domain_confirmfile",
        "platform_check_file",
        platform_domains::get_domain_confirmfile,
    ),
    Endpoint::effect(
        POST,
        "/wxa/security/applysetorderpathinfo",
        "apply_order_path",
        order_path::applysetorderpathinfo,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/api_create_preauthcode",
        "pre_authorization_code",
        component::api_create_preauthcode,
    ),
    Endpoint::effect(POST, "/cgi-bin/component/api_query_auth", "exchange", component::api_query_auth),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/api_authorizer_token",
        "refresh",
        component::api_authorizer_token,
    ),
    Endpoint::read(
        POST,
        "/cgi-bin/component/api_get_authorizer_info",
        "authorizer_info",
        component::api_get_authorizer_info,
    ),
    Endpoint::read(
        POST,
        "/cgi-bin/component/api_get_authorizer_list",
        "authorizers",
        component::api_get_authorizer_list,
    ),
    Endpoint::read(POST, GET_OPTION[0], "authorizer_option", options::get_for),
    Endpoint::read(POST, GET_OPTION[1], "authorizer_option", options::get_for),
    Endpoint::effect(POST, SET_OPTION[0], "set_authorizer_option", options::set_for),
    Endpoint::effect(POST, SET_OPTION[1], "set_authorizer_option", options::set_for),
];

/// Platform calls without a token.
pub(super) static OPEN_ENDPOINTS: &[Endpoint<Apps>] = &[
    Endpoint::effect(
        POST,
        "/cgi-bin/component/api_start_push_ticket",
        "start_ticket_push",
        component::api_start_push_ticket,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/api_component_token",
        "platform_token",
        component::api_component_token,
    ),
    Endpoint::effect(
        POST,
        "/cgi-bin/component/clear_quota/v2",
        "clear_quota_with_secret",
        quota::clear_quota_with_secret,
    ),
];

pub(super) fn is_apps(path: &str) -> bool {
    find(ENDPOINTS, path).is_some()
}

pub(super) fn is_platforms(path: &str) -> bool {
    find(PLATFORM_ENDPOINTS, path).is_some()
}
