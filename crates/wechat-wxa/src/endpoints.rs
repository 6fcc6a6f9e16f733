//! WeChat's endpoints, each as one value: the calls, the tables of codes and the reading of responses refer to it.

use miniprogram_core::vendor_api::RowCode::{self, Number};
use miniprogram_core::vendor_api::endpoint::Endpoint;

/// Refusals whose response names the domains at fault, so that the lists are read.
const SERVER_DOMAIN_REFUSALS: &[RowCode] = &[Number(85301), Number(85302), Number(85303)];

/// `wxa/commit`.
pub static UPLOAD_CODE: Endpoint = Endpoint::post("upload_code", "/wxa/commit");
/// `wxa/security/get_code_privacy_info`. The scan is still running, or has found something.
pub static PRIVACY_SCAN: Endpoint = Endpoint::get("privacy_scan", "/wxa/security/get_code_privacy_info")
    .also(&["upload_progress"])
    .answers(&[Number(61039), Number(61040)]);
/// `wxa/getversioninfo`.
pub static CODE_VERSIONS: Endpoint = Endpoint::post("code_versions", "/wxa/getversioninfo");
/// `wxa/get_latest_auditstatus`. Never submitted. The call sends no id and needs no upload, so the other two codes can mean nothing else here.
pub static LATEST_AUDIT: Endpoint = Endpoint::get("latest_audit", "/wxa/get_latest_auditstatus").answers(&[
    Number(85058),
    Number(85012),
    Number(86001),
]);
/// `wxa/get_qrcode`.
pub static TRIAL_QR_CODE: Endpoint = Endpoint::get("trial_qr_code", "/wxa/get_qrcode");
/// `wxa/get_page`.
pub static PAGES: Endpoint = Endpoint::get("pages", "/wxa/get_page");
/// `wxa/get_category`.
pub static CATEGORIES: Endpoint = Endpoint::get("categories", "/wxa/get_category");
/// `wxa/submit_audit`.
pub static SUBMIT_AUDIT: Endpoint = Endpoint::post("submit_audit", "/wxa/submit_audit");
/// `wxa/get_auditstatus`.
pub static AUDIT_STATUS: Endpoint = Endpoint::post("audit_status", "/wxa/get_auditstatus");
/// `wxa/undocodeaudit`.
pub static WITHDRAW_AUDIT: Endpoint = Endpoint::get("withdraw_audit", "/wxa/undocodeaudit");
/// `wxa/queryquota`.
pub static AUDIT_QUOTA: Endpoint = Endpoint::get("audit_quota", "/wxa/queryquota");
/// `wxa/speedupaudit`.
pub static EXPEDITE_AUDIT: Endpoint = Endpoint::post("expedite_audit", "/wxa/speedupaudit");
/// `wxa/release`.
pub static RELEASE: Endpoint = Endpoint::post("release", "/wxa/release");
/// `wxa/revertcoderelease`.
pub static ROLLBACK: Endpoint =
    Endpoint::get("rollback", "/wxa/revertcoderelease").also(&["rollback_targets"]);
/// `wxa/grayrelease`.
pub static START_GRAY_RELEASE: Endpoint = Endpoint::post("start_gray_release", "/wxa/grayrelease");
/// `wxa/getgrayreleaseplan`.
pub static GRAY_RELEASE_PLAN: Endpoint = Endpoint::get("gray_release_plan", "/wxa/getgrayreleaseplan");
/// `wxa/revertgrayrelease`.
pub static CANCEL_GRAY_RELEASE: Endpoint = Endpoint::get("cancel_gray_release", "/wxa/revertgrayrelease");
/// `wxa/change_visitstatus`.
pub static SET_VISIT_STATUS: Endpoint = Endpoint::post("set_visit_status", "/wxa/change_visitstatus");
/// `wxa/getvisitstatus`.
pub static VISIT_STATUS: Endpoint = Endpoint::post("visit_status", "/wxa/getvisitstatus");
/// `cgi-bin/wxopen/getweappsupportversion`.
pub static MIN_LIBRARY_VERSION: Endpoint =
    Endpoint::post("min_library_version", "/cgi-bin/wxopen/getweappsupportversion");
/// `cgi-bin/wxopen/setweappsupportversion`.
pub static SET_MIN_LIBRARY_VERSION: Endpoint =
    Endpoint::post("set_min_library_version", "/cgi-bin/wxopen/setweappsupportversion");
/// `wxa/gettemplatedraftlist`.
pub static TEMPLATE_DRAFTS: Endpoint = Endpoint::get("template_drafts", "/wxa/gettemplatedraftlist");
/// `wxa/gettemplatelist`.
pub static TEMPLATES: Endpoint = Endpoint::get("templates", "/wxa/gettemplatelist").also(&["templates_of"]);
/// `wxa/addtotemplate`.
pub static ADD_TEMPLATE: Endpoint =
    Endpoint::post("add_template", "/wxa/addtotemplate").also(&["add_template_of"]);
/// `wxa/deletetemplate`.
pub static DELETE_TEMPLATE: Endpoint = Endpoint::post("delete_template", "/wxa/deletetemplate");
/// `wxa/uploadmedia`.
pub static UPLOAD_AUDIT_MEDIA: Endpoint = Endpoint::post("upload_audit_media", "/wxa/uploadmedia");
/// `cgi-bin/media/upload`.
pub static UPLOAD_MATERIAL: Endpoint =
    Endpoint::post("upload_material", "/cgi-bin/media/upload").bare(&["media_id", "thumb_media_id"]);
/// `wxa/bind_tester`.
pub static BIND_TESTER: Endpoint = Endpoint::post("bind_tester", "/wxa/bind_tester");
/// `wxa/unbind_tester`.
pub static UNBIND_TESTER: Endpoint = Endpoint::post("unbind_tester", "/wxa/unbind_tester");
/// `wxa/memberauth`.
pub static TESTERS: Endpoint = Endpoint::post("testers", "/wxa/memberauth");
/// `wxa/modify_domain`.
pub static SERVER_DOMAINS: Endpoint = Endpoint::post("server_domains", "/wxa/modify_domain")
    .also(&["change_server_domains"])
    .answers(SERVER_DOMAIN_REFUSALS);
/// `wxa/modify_domain_directly`.
pub static SERVER_DOMAINS_DIRECTLY: Endpoint =
    Endpoint::post("change_server_domains_directly", "/wxa/modify_domain_directly")
        .answers(SERVER_DOMAIN_REFUSALS);
/// `wxa/setwebviewdomain`.
pub static WEB_VIEW_DOMAINS: Endpoint =
    Endpoint::post("web_view_domains", "/wxa/setwebviewdomain").also(&["change_web_view_domains"]);
/// `wxa/setwebviewdomain_directly`.
pub static WEB_VIEW_DOMAINS_DIRECTLY: Endpoint =
    Endpoint::post("change_web_view_domains_directly", "/wxa/setwebviewdomain_directly");
/// `wxa/get_webviewdomain_confirmfile`.
pub static WEB_VIEW_CHECK_FILE: Endpoint =
    Endpoint::post("web_view_check_file", "/wxa/get_webviewdomain_confirmfile");
/// `wxa/get_effective_domain`.
pub static EFFECTIVE_SERVER_DOMAINS: Endpoint =
    Endpoint::post("effective_server_domains", "/wxa/get_effective_domain");
/// `wxa/get_effective_webviewdomain`.
pub static EFFECTIVE_WEB_VIEW_DOMAINS: Endpoint =
    Endpoint::post("effective_web_view_domains", "/wxa/get_effective_webviewdomain");
/// `wxa/get_prefetchdnsdomain`.
pub static PREFETCH_DOMAINS: Endpoint = Endpoint::get("prefetch_domains", "/wxa/get_prefetchdnsdomain");
/// `wxa/set_prefetchdnsdomain`.
pub static SET_PREFETCH_DOMAINS: Endpoint =
    Endpoint::post("set_prefetch_domains", "/wxa/set_prefetchdnsdomain");
/// `cgi-bin/component/modify_wxa_server_domain`.
pub static PLATFORM_SERVER_DOMAINS: Endpoint =
    Endpoint::post("platform_server_domains", "/cgi-bin/component/modify_wxa_server_domain")
        .also(&["change_platform_server_domains"]);
/// `cgi-bin/component/modify_wxa_jump_domain`.
pub static PLATFORM_WEB_VIEW_DOMAINS: Endpoint =
    Endpoint::post("platform_web_view_domains", "/cgi-bin/component/modify_wxa_jump_domain")
        .also(&["change_platform_web_view_domains"]);
/// `cgi-bin/component/get_domain_confirmfile`.
pub static PLATFORM_CHECK_FILE: Endpoint =
    Endpoint::post("platform_check_file", "/cgi-bin/component/get_domain_confirmfile");
/// `cgi-bin/wxopen/getallcategories`.
pub static CATEGORY_CATALOGUE: Endpoint =
    Endpoint::get("category_catalogue", "/cgi-bin/wxopen/getallcategories");
/// `cgi-bin/wxopen/getcategoriesbytype`.
pub static CATEGORY_CATALOGUE_BY_TYPE: Endpoint =
    Endpoint::post("category_catalogue_by_type", "/cgi-bin/wxopen/getcategoriesbytype");
/// `cgi-bin/wxopen/getcategory`.
pub static ACCOUNT_CATEGORIES: Endpoint = Endpoint::get("account_categories", "/cgi-bin/wxopen/getcategory");
/// `cgi-bin/wxopen/addcategory`.
pub static ADD_CATEGORIES: Endpoint = Endpoint::post("add_categories", "/cgi-bin/wxopen/addcategory");
/// `cgi-bin/wxopen/modifycategory`.
pub static MODIFY_CATEGORY: Endpoint = Endpoint::post("modify_category", "/cgi-bin/wxopen/modifycategory");
/// `cgi-bin/wxopen/deletecategory`.
pub static DELETE_CATEGORY: Endpoint = Endpoint::post("delete_category", "/cgi-bin/wxopen/deletecategory");
/// `cgi-bin/account/getaccountbasicinfo`.
pub static ACCOUNT_INFO: Endpoint = Endpoint::get("account_info", "/cgi-bin/account/getaccountbasicinfo");
/// `cgi-bin/wxverify/checkwxverifynickname`.
pub static CHECK_NAME: Endpoint = Endpoint::post("check_name", "/cgi-bin/wxverify/checkwxverifynickname");
/// `wxa/setnickname`.
pub static SET_NAME: Endpoint = Endpoint::post("set_name", "/wxa/setnickname");
/// `wxa/api_wxa_querynickname`.
pub static NAME_AUDIT: Endpoint = Endpoint::post("name_audit", "/wxa/api_wxa_querynickname");
/// `cgi-bin/account/modifyheadimage`.
pub static SET_ICON: Endpoint = Endpoint::post("set_icon", "/cgi-bin/account/modifyheadimage");
/// `cgi-bin/account/modifysignature`.
pub static SET_DESCRIPTION: Endpoint = Endpoint::post("set_description", "/cgi-bin/account/modifysignature");
/// `wxa/changewxasearchstatus`.
pub static SET_SEARCH_STATUS: Endpoint = Endpoint::post("set_search_status", "/wxa/changewxasearchstatus");
/// `wxa/getwxasearchstatus`.
pub static SEARCH_STATUS: Endpoint = Endpoint::get("search_status", "/wxa/getwxasearchstatus");
/// `cgi-bin/component/getprivacysetting`.
pub static PRIVACY_SETTING: Endpoint =
    Endpoint::post("privacy_setting", "/cgi-bin/component/getprivacysetting");
/// `cgi-bin/component/setprivacysetting`.
pub static SET_PRIVACY_SETTING: Endpoint =
    Endpoint::post("set_privacy_setting", "/cgi-bin/component/setprivacysetting");
/// `cgi-bin/component/uploadprivacyextfile`.
pub static UPLOAD_PRIVACY_FILE: Endpoint =
    Endpoint::post("upload_privacy_file", "/cgi-bin/component/uploadprivacyextfile");
/// `wxa/security/get_privacy_interface`.
pub static PRIVACY_INTERFACES: Endpoint =
    Endpoint::get("privacy_interfaces", "/wxa/security/get_privacy_interface");
/// `wxa/security/apply_privacy_interface`.
pub static APPLY_PRIVACY_INTERFACE: Endpoint =
    Endpoint::post("apply_privacy_interface", "/wxa/security/apply_privacy_interface");
/// `wxa/security/getorderpathinfo`.
pub static ORDER_PATH: Endpoint = Endpoint::get("order_path", "/wxa/security/getorderpathinfo");
/// `wxa/security/applysetorderpathinfo`.
pub static APPLY_ORDER_PATH: Endpoint =
    Endpoint::post("apply_order_path", "/wxa/security/applysetorderpathinfo");
/// `cgi-bin/openapi/quota/get`.
pub static API_QUOTA: Endpoint = Endpoint::post("api_quota", "/cgi-bin/openapi/quota/get");
/// `cgi-bin/clear_quota`.
pub static CLEAR_QUOTA: Endpoint = Endpoint::post("clear_quota", "/cgi-bin/clear_quota");
/// `cgi-bin/openapi/rid/get`.
pub static REQUEST_INFO: Endpoint = Endpoint::post("request_info", "/cgi-bin/openapi/rid/get");
/// `wxa/getillegalrecords`.
pub static ILLEGAL_RECORDS: Endpoint = Endpoint::post("illegal_records", "/wxa/getillegalrecords");
/// `wxa/getappealrecords`.
pub static APPEAL_RECORDS: Endpoint = Endpoint::post("appeal_records", "/wxa/getappealrecords");
/// `cgi-bin/message/custom/send`.
pub static SEND_TEXT_MESSAGE: Endpoint = Endpoint::post("send_text_message", "/cgi-bin/message/custom/send");
/// `cgi-bin/component/api_component_token`.
pub static PLATFORM_TOKEN: Endpoint =
    Endpoint::post("platform_token", "/cgi-bin/component/api_component_token")
        .bare(&["component_access_token"]);
/// `cgi-bin/component/api_start_push_ticket`.
pub static START_TICKET_PUSH: Endpoint =
    Endpoint::post("start_ticket_push", "/cgi-bin/component/api_start_push_ticket");
/// `cgi-bin/component/api_create_preauthcode`.
pub static PRE_AUTHORIZATION_CODE: Endpoint =
    Endpoint::post("pre_authorization_code", "/cgi-bin/component/api_create_preauthcode")
        .bare(&["pre_auth_code"]);
/// `cgi-bin/component/api_query_auth`.
pub static EXCHANGE: Endpoint =
    Endpoint::post("exchange", "/cgi-bin/component/api_query_auth").bare(&["authorization_info"]);
/// `cgi-bin/component/api_authorizer_token`.
pub static REFRESH: Endpoint =
    Endpoint::post("refresh", "/cgi-bin/component/api_authorizer_token").bare(&["authorizer_access_token"]);
/// `cgi-bin/component/api_get_authorizer_info`.
pub static AUTHORIZER_INFO: Endpoint =
    Endpoint::post("authorizer_info", "/cgi-bin/component/api_get_authorizer_info")
        .also(&["recover"])
        .bare(&["authorizer_info"]);
/// `cgi-bin/component/api_get_authorizer_list`. The list may be null if it is empty.
pub static AUTHORIZERS: Endpoint =
    Endpoint::post("authorizers", "/cgi-bin/component/api_get_authorizer_list")
        .also(&["recover"])
        .bare(&["list", "total_count"]);
/// `cgi-bin/component/get_authorizer_option`.
pub static AUTHORIZER_OPTION: Endpoint =
    Endpoint::post("authorizer_option", "/cgi-bin/component/get_authorizer_option").bare(&["option_value"]);
/// `cgi-bin/component/set_authorizer_option`.
pub static SET_AUTHORIZER_OPTION: Endpoint =
    Endpoint::post("set_authorizer_option", "/cgi-bin/component/set_authorizer_option");
/// `cgi-bin/component/clear_quota/v2`.
pub static CLEAR_QUOTA_WITH_SECRET: Endpoint =
    Endpoint::post("clear_quota_with_secret", "/cgi-bin/component/clear_quota/v2");
/// `cgi-bin/clear_quota/v2`.
pub static CLEAR_APP_QUOTA_WITH_SECRET: Endpoint = Endpoint::unmodelled("/cgi-bin/clear_quota/v2");
/// `wxa/icp/query_icp_verifytask`.
pub static FACE_CHECK_TASK: Endpoint = Endpoint::unmodelled("/wxa/icp/query_icp_verifytask");

/// Every endpoint; the last ones have no method of the client.
pub static ALL: &[&Endpoint] = &[
    &UPLOAD_CODE,
    &PRIVACY_SCAN,
    &CODE_VERSIONS,
    &LATEST_AUDIT,
    &TRIAL_QR_CODE,
    &PAGES,
    &CATEGORIES,
    &SUBMIT_AUDIT,
    &AUDIT_STATUS,
    &WITHDRAW_AUDIT,
    &AUDIT_QUOTA,
    &EXPEDITE_AUDIT,
    &RELEASE,
    &ROLLBACK,
    &START_GRAY_RELEASE,
    &GRAY_RELEASE_PLAN,
    &CANCEL_GRAY_RELEASE,
    &SET_VISIT_STATUS,
    &VISIT_STATUS,
    &MIN_LIBRARY_VERSION,
    &SET_MIN_LIBRARY_VERSION,
    &TEMPLATE_DRAFTS,
    &TEMPLATES,
    &ADD_TEMPLATE,
    &DELETE_TEMPLATE,
    &UPLOAD_AUDIT_MEDIA,
    &UPLOAD_MATERIAL,
    &BIND_TESTER,
    &UNBIND_TESTER,
    &TESTERS,
    &SERVER_DOMAINS,
    &SERVER_DOMAINS_DIRECTLY,
    &WEB_VIEW_DOMAINS,
    &WEB_VIEW_DOMAINS_DIRECTLY,
    &WEB_VIEW_CHECK_FILE,
    &EFFECTIVE_SERVER_DOMAINS,
    &EFFECTIVE_WEB_VIEW_DOMAINS,
    &PREFETCH_DOMAINS,
    &SET_PREFETCH_DOMAINS,
    &PLATFORM_SERVER_DOMAINS,
    &PLATFORM_WEB_VIEW_DOMAINS,
    &PLATFORM_CHECK_FILE,
    &CATEGORY_CATALOGUE,
    &CATEGORY_CATALOGUE_BY_TYPE,
    &ACCOUNT_CATEGORIES,
    &ADD_CATEGORIES,
    &MODIFY_CATEGORY,
    &DELETE_CATEGORY,
    &ACCOUNT_INFO,
    &CHECK_NAME,
    &SET_NAME,
    &NAME_AUDIT,
    &SET_ICON,
    &SET_DESCRIPTION,
    &SET_SEARCH_STATUS,
    &SEARCH_STATUS,
    &PRIVACY_SETTING,
    &SET_PRIVACY_SETTING,
    &UPLOAD_PRIVACY_FILE,
    &PRIVACY_INTERFACES,
    &APPLY_PRIVACY_INTERFACE,
    &ORDER_PATH,
    &APPLY_ORDER_PATH,
    &API_QUOTA,
    &CLEAR_QUOTA,
    &REQUEST_INFO,
    &ILLEGAL_RECORDS,
    &APPEAL_RECORDS,
    &SEND_TEXT_MESSAGE,
    &PLATFORM_TOKEN,
    &START_TICKET_PUSH,
    &PRE_AUTHORIZATION_CODE,
    &EXCHANGE,
    &REFRESH,
    &AUTHORIZER_INFO,
    &AUTHORIZERS,
    &AUTHORIZER_OPTION,
    &SET_AUTHORIZER_OPTION,
    &CLEAR_QUOTA_WITH_SECRET,
    &CLEAR_APP_QUOTA_WITH_SECRET,
    &FACE_CHECK_TASK,
];
