//! Baidu's endpoints, each as one value: the calls, the tables of codes and the reading of responses refer to it.

use miniprogram_core::vendor_api::endpoint::Endpoint;

/// `rest/2.0/smartapp/package/upload`.
pub static UPLOAD_CODE: Endpoint = Endpoint::post("upload_code", "/rest/2.0/smartapp/package/upload");
/// `rest/2.0/smartapp/package/get`.
pub static PACKAGES: Endpoint = Endpoint::get("packages", "/rest/2.0/smartapp/package/get").also(&[
    "upload_progress",
    "code_versions",
    "latest_audit",
    "rollback_targets",
]);
/// `rest/2.0/smartapp/package/getdetail`.
pub static PACKAGE_DETAIL: Endpoint =
    Endpoint::get("package_detail", "/rest/2.0/smartapp/package/getdetail").also(&["audit_status"]);
/// `rest/2.0/smartapp/package/gettrial`.
pub static TRIAL_PACKAGE: Endpoint = Endpoint::get("trial_package", "/rest/2.0/smartapp/package/gettrial");
/// `rest/2.0/smartapp/app/qrcode`.
pub static TRIAL_QR_CODE: Endpoint = Endpoint::get("trial_qr_code", "/rest/2.0/smartapp/app/qrcode");
/// `rest/2.0/smartapp/app/category/list`.
pub static CATEGORIES: Endpoint =
    Endpoint::get("categories", "/rest/2.0/smartapp/app/category/list").also(&["category_tree"]);
/// `rest/2.0/smartapp/package/submitaudit`.
pub static SUBMIT_AUDIT: Endpoint = Endpoint::post("submit_audit", "/rest/2.0/smartapp/package/submitaudit");
/// `rest/2.0/smartapp/package/withdraw`.
pub static WITHDRAW_AUDIT: Endpoint = Endpoint::post("withdraw_audit", "/rest/2.0/smartapp/package/withdraw");
/// `rest/2.0/smartapp/package/auditquota`.
pub static AUDIT_QUOTA: Endpoint = Endpoint::get("audit_quota", "/rest/2.0/smartapp/package/auditquota");
/// `rest/2.0/smartapp/package/release`.
pub static RELEASE: Endpoint = Endpoint::post("release", "/rest/2.0/smartapp/package/release");
/// `rest/2.0/smartapp/package/rollback`.
pub static ROLLBACK: Endpoint = Endpoint::post("rollback", "/rest/2.0/smartapp/package/rollback");
/// `rest/2.0/smartapp/app/pause`.
pub static PAUSE: Endpoint = Endpoint::post("set_visit_status", "/rest/2.0/smartapp/app/pause");
/// `rest/2.0/smartapp/app/resume`.
pub static RESUME: Endpoint = Endpoint::post("set_visit_status", "/rest/2.0/smartapp/app/resume");
/// `rest/2.0/smartapp/app/info`.
pub static APP_INFO: Endpoint =
    Endpoint::get("app_info", "/rest/2.0/smartapp/app/info").also(&["visit_status"]);
/// `rest/2.0/smartapp/app/info`. The same, called with the token of an authorizer that is given.
pub static AUTHORIZER_INFO: Endpoint = Endpoint::get("authorizer_info", "/rest/2.0/smartapp/app/info");
/// `rest/2.0/smartapp/app/getsupportversion`.
pub static MIN_LIBRARY_VERSION: Endpoint =
    Endpoint::get("min_library_version", "/rest/2.0/smartapp/app/getsupportversion");
/// `rest/2.0/smartapp/app/setsupportversion`.
pub static SET_MIN_LIBRARY_VERSION: Endpoint =
    Endpoint::post("set_min_library_version", "/rest/2.0/smartapp/app/setsupportversion");
/// `rest/2.0/smartapp/template/gettemplatedraftlist`.
pub static TEMPLATE_DRAFTS: Endpoint =
    Endpoint::get("template_drafts", "/rest/2.0/smartapp/template/gettemplatedraftlist");
/// `rest/2.0/smartapp/template/gettemplatelist`.
pub static TEMPLATES: Endpoint = Endpoint::get("templates", "/rest/2.0/smartapp/template/gettemplatelist");
/// `rest/2.0/smartapp/template/addtotemplate`.
pub static ADD_TEMPLATE: Endpoint =
    Endpoint::post("add_template", "/rest/2.0/smartapp/template/addtotemplate");
/// `rest/2.0/smartapp/template/deltemplate`.
pub static DELETE_TEMPLATE: Endpoint =
    Endpoint::post("delete_template", "/rest/2.0/smartapp/template/deltemplate");
/// `file/2.0/smartapp/upload/image`.
pub static UPLOAD_IMAGE: Endpoint = Endpoint::post("upload_image", "/file/2.0/smartapp/upload/image");
/// `rest/2.0/smartapp/app/category/update`.
pub static UPDATE_CATEGORIES: Endpoint =
    Endpoint::post("update_categories", "/rest/2.0/smartapp/app/category/update");
/// `rest/2.0/smartapp/app/modifyheadimage`.
pub static SET_ICON: Endpoint = Endpoint::post("set_icon", "/rest/2.0/smartapp/app/modifyheadimage");
/// `rest/2.0/smartapp/app/modifysignature`.
pub static SET_DESCRIPTION: Endpoint =
    Endpoint::post("set_description", "/rest/2.0/smartapp/app/modifysignature");
/// `rest/2.0/smartapp/app/setnickname`.
pub static SET_NAME: Endpoint = Endpoint::post("set_name", "/rest/2.0/smartapp/app/setnickname");
/// `rest/2.0/smartapp/app/checkname`.
pub static CHECK_NAME: Endpoint = Endpoint::get("check_name", "/rest/2.0/smartapp/app/checkname");
/// `rest/2.0/smartapp/appflow/applyRecovery`.
pub static APPLY_RECOVERY: Endpoint =
    Endpoint::post("apply_recovery", "/rest/2.0/smartapp/appflow/applyRecovery");
/// `rest/2.0/smartapp/app/offline/update`.
pub static UPDATE_OFFLINE_INFO: Endpoint =
    Endpoint::post("update_offline_info", "/rest/2.0/smartapp/app/offline/update");
/// `rest/2.0/smartapp/app/modifydomain`.
pub static SERVER_DOMAINS: Endpoint =
    Endpoint::post("server_domains", "/rest/2.0/smartapp/app/modifydomain").also(&["change_server_domains"]);
/// `rest/2.0/smartapp/app/modifywebviewdomain`.
pub static WEB_VIEW_DOMAINS: Endpoint =
    Endpoint::post("web_view_domains", "/rest/2.0/smartapp/app/modifywebviewdomain")
        .also(&["change_web_view_domains"]);
/// `rest/2.0/smartapp/app/apply/mobileauth`.
pub static APPLY_PHONE_PERMISSION: Endpoint =
    Endpoint::post("apply_phone_permission", "/rest/2.0/smartapp/app/apply/mobileauth");
/// `rest/2.0/smartapp/app/cancel/mobileauth`.
pub static CANCEL_PHONE_PERMISSION: Endpoint =
    Endpoint::post("cancel_phone_permission", "/rest/2.0/smartapp/app/cancel/mobileauth");
/// `rest/2.0/smartapp/app/get/mobileauthstatus`.
pub static PHONE_PERMISSION: Endpoint =
    Endpoint::get("phone_permission", "/rest/2.0/smartapp/app/get/mobileauthstatus");
/// `rest/2.0/smartapp/oss/app/info`.
pub static ALLIANCE_APPS: Endpoint = Endpoint::get("alliance_apps", "/rest/2.0/smartapp/oss/app/info");
/// `rest/2.0/smartapp/oss/package/get`.
pub static ALLIANCE_PACKAGES: Endpoint =
    Endpoint::get("alliance_packages", "/rest/2.0/smartapp/oss/package/get");
/// `rest/2.0/smartapp/oss/package/getdetail`.
pub static ALLIANCE_PACKAGE: Endpoint =
    Endpoint::get("alliance_package", "/rest/2.0/smartapp/oss/package/getdetail");
/// `public/2.0/smartapp/auth/tp/token`.
pub static PLATFORM_TOKEN: Endpoint = Endpoint::get("platform_token", "/public/2.0/smartapp/auth/tp/token");
/// `rest/2.0/smartapp/tp/createpreauthcode`.
pub static PRE_AUTHORIZATION_CODE: Endpoint =
    Endpoint::get("pre_authorization_code", "/rest/2.0/smartapp/tp/createpreauthcode");
/// `rest/2.0/oauth/token`. Exchange and refresh: responses without the envelope of other responses.
pub static OAUTH_TOKEN: Endpoint =
    Endpoint::get("exchange", "/rest/2.0/oauth/token").also(&["refresh"]).bare(&["access_token"]);
/// `rest/2.0/smartapp/auth/retrieve/authorizationcode`.
pub static RECOVER: Endpoint =
    Endpoint::post("recover", "/rest/2.0/smartapp/auth/retrieve/authorizationcode");
/// `rest/2.0/smartapp/pushmsg/getmsg`.
pub static MISSED_PUSHES: Endpoint = Endpoint::get("missed_pushes", "/rest/2.0/smartapp/pushmsg/getmsg");
/// `oauth/2.0/token`.
pub static CLIENT_TOKEN: Endpoint =
    Endpoint::post("client_credentials", "/oauth/2.0/token").also(&["token"]).bare(&["access_token"]);
/// `file/2.0/smartapp/robots/app/upload`.
pub static APP_UPLOAD: Endpoint = Endpoint::unmodelled("/file/2.0/smartapp/robots/app/upload");
/// `file/2.0/smartapp/robots/template/upload`.
pub static TEMPLATE_UPLOAD: Endpoint = Endpoint::unmodelled("/file/2.0/smartapp/robots/template/upload");
/// `rest/2.0/smartapp/access/submit/sitemap`.
pub static SUBMIT_SITEMAP: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/access/submit/sitemap");
/// `rest/2.0/smartapp/access/submitsitemap/api`.
pub static SUBMIT_SITEMAP_API: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/access/submitsitemap/api");
/// `rest/2.0/smartapp/account/register`.
pub static REGISTER: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/account/register");
/// `rest/2.0/smartapp/app/checknamewithqual`.
pub static CHECKNAMEWITHQUAL: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/checknamewithqual");
/// `rest/2.0/smartapp/app/createbytp`.
pub static CREATEBYTP: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/createbytp");
/// `rest/2.0/smartapp/app/grade`.
pub static GRADE: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/grade");
/// `rest/2.0/smartapp/app/modifywebstatus`.
pub static MODIFYWEBSTATUS: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/modifywebstatus");
/// `rest/2.0/smartapp/app/setnicknamewithqual`.
pub static SETNICKNAMEWITHQUAL: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/setnicknamewithqual");
/// `rest/2.0/smartapp/app/violation`.
pub static VIOLATION: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/app/violation");
/// `rest/2.0/smartapp/appflow/control`.
pub static APPFLOW_CONTROL: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/appflow/control");
/// `rest/2.0/smartapp/auth/faceauthen`.
pub static FACEAUTHEN: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/auth/faceauthen");
/// `rest/2.0/smartapp/auth/paymentCertification`.
pub static PAYMENT_CERTIFICATION: Endpoint =
    Endpoint::unmodelled("/rest/2.0/smartapp/auth/paymentCertification");
/// `rest/2.0/smartapp/auth/tp/authcodetoapp`.
pub static AUTHCODETOAPP: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/auth/tp/authcodetoapp");
/// `rest/2.0/smartapp/auth/tp/authcodetocustomerid`.
pub static AUTHCODETOCUSTOMERID: Endpoint =
    Endpoint::unmodelled("/rest/2.0/smartapp/auth/tp/authcodetocustomerid");
/// `rest/2.0/smartapp/tp/download/domaincer`.
pub static DOMAINCER: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/tp/download/domaincer");
/// `rest/2.0/smartapp/tp/modifydomain`.
pub static PLATFORM_SERVER_DOMAINS: Endpoint = Endpoint::unmodelled("/rest/2.0/smartapp/tp/modifydomain");
/// `rest/2.0/smartapp/tp/modifywebviewdomain`.
pub static PLATFORM_WEB_VIEW_DOMAINS: Endpoint =
    Endpoint::unmodelled("/rest/2.0/smartapp/tp/modifywebviewdomain");

/// Every endpoint; the last ones have no method of the client.
pub static ALL: &[&Endpoint] = &[
    &UPLOAD_CODE,
    &PACKAGES,
    &PACKAGE_DETAIL,
    &TRIAL_PACKAGE,
    &TRIAL_QR_CODE,
    &CATEGORIES,
    &SUBMIT_AUDIT,
    &WITHDRAW_AUDIT,
    &AUDIT_QUOTA,
    &RELEASE,
    &ROLLBACK,
    &PAUSE,
    &RESUME,
    &APP_INFO,
    &AUTHORIZER_INFO,
    &MIN_LIBRARY_VERSION,
    &SET_MIN_LIBRARY_VERSION,
    &TEMPLATE_DRAFTS,
    &TEMPLATES,
    &ADD_TEMPLATE,
    &DELETE_TEMPLATE,
    &UPLOAD_IMAGE,
    &UPDATE_CATEGORIES,
    &SET_ICON,
    &SET_DESCRIPTION,
    &SET_NAME,
    &CHECK_NAME,
    &APPLY_RECOVERY,
    &UPDATE_OFFLINE_INFO,
    &SERVER_DOMAINS,
    &WEB_VIEW_DOMAINS,
    &APPLY_PHONE_PERMISSION,
    &CANCEL_PHONE_PERMISSION,
    &PHONE_PERMISSION,
    &ALLIANCE_APPS,
    &ALLIANCE_PACKAGES,
    &ALLIANCE_PACKAGE,
    &PLATFORM_TOKEN,
    &PRE_AUTHORIZATION_CODE,
    &OAUTH_TOKEN,
    &RECOVER,
    &MISSED_PUSHES,
    &CLIENT_TOKEN,
    &APP_UPLOAD,
    &TEMPLATE_UPLOAD,
    &SUBMIT_SITEMAP,
    &SUBMIT_SITEMAP_API,
    &REGISTER,
    &CHECKNAMEWITHQUAL,
    &CREATEBYTP,
    &GRADE,
    &MODIFYWEBSTATUS,
    &SETNICKNAMEWITHQUAL,
    &VIOLATION,
    &APPFLOW_CONTROL,
    &FACEAUTHEN,
    &PAYMENT_CERTIFICATION,
    &AUTHCODETOAPP,
    &AUTHCODETOCUSTOMERID,
    &DOMAINCER,
    &PLATFORM_SERVER_DOMAINS,
    &PLATFORM_WEB_VIEW_DOMAINS,
];

/// The methods that call no endpoint: each is refused, or answered without a request.
pub(crate) const WITHOUT_ENDPOINT: &[&str] = &[
    "pages",
    "expedite_audit",
    "start_gray_release",
    "gray_release_plan",
    "cancel_gray_release",
    "start_ticket_push",
    "authorizers",
];
