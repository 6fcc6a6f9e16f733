use miniprogram_core::{open_enums, status_tables};

use crate::WECHAT;

open_enums! {
    /// The state of a standard template, which WeChat audits before apps can use it.
    TemplateAuditStatus {
        /// Not submitted.
        NotSubmitted = "not_submitted",
        /// No verdict yet.
        InReview = "in_review",
        /// Failed; the reason field explains why.
        Rejected = "rejected",
        /// Passed.
        Approved = "approved",
        /// Being submitted for audit.
        Submitting = "submitting",
        /// The submission for audit failed.
        SubmissionFailed = "submission_failed",
    }
    /// The kind of a template.
    TemplateKind {
        /// A template that each app submits for audit separately.
        Ordinary = "ordinary",
        /// A template that WeChat has audited; `ext_json` may contain little more than texts.
        Standard = "standard",
    }
    /// The state of the review of a name, a category or an order path.
    ReviewStatus {
        /// No verdict yet.
        InReview = "in_review",
        /// Failed; the reason field explains why.
        Rejected = "rejected",
        /// Passed.
        Approved = "approved",
    }
    /// Whether an app may use a privacy interface.
    PrivacyInterfaceStatus {
        /// The app may apply.
        MayApply = "may_apply",
        /// The app may not even apply. WeChat's sample of a push on a refused application shows this number.
        NoPermission = "no_permission",
        /// The app has applied; no verdict yet.
        Applied = "applied",
        /// Refused; the reason field explains why.
        Refused = "refused",
        /// Granted.
        Granted = "granted",
    }
    /// The result of the application for one app's order path.
    OrderPathTaken {
        /// The application is in review.
        Accepted = "accepted",
        /// An application for this app is already in review.
        Duplicate = "duplicate",
        /// WeChat was busy.
        Busy = "busy",
        /// No app of the platform has this id.
        InvalidApp = "invalid_app",
    }
    /// The progress of the verification of an app's subject.
    AuthTaskStatus {
        /// The initial state.
        Initial = "initial",
        /// Expired: inactive for more than 24 hours.
        Expired = "expired",
        /// The user refused.
        Refused = "refused",
        /// The user agreed.
        Agreed = "agreed",
        /// The face check has started.
        FaceCheckStarted = "face_check_started",
        /// The face check failed.
        FaceCheckFailed = "face_check_failed",
        /// The face check passed.
        FaceCheckPassed = "face_check_passed",
        /// A code was sent to the telephone number.
        PhoneCodeSent = "phone_code_sent",
        /// The telephone number could not be verified.
        PhoneFailed = "phone_failed",
        /// The telephone number was verified.
        PhonePassed = "phone_passed",
        /// Creating the review order failed.
        OrderFailed = "order_failed",
        /// The review order was created.
        OrderMade = "order_made",
        /// The check failed.
        CheckFailed = "check_failed",
        /// Waiting for payment.
        WaitingForPayment = "waiting_for_payment",
    }
    /// The progress of the review of a verification.
    ApplyStatus {
        /// There is no review yet.
        NoReview = "no_review",
        /// Payment is due.
        ToBePaid = "to_be_paid",
        /// In review.
        InReview = "in_review",
        /// Sent back to be filled in again.
        SentBack = "sent_back",
        /// Passed.
        Passed = "passed",
        /// Failed permanently.
        Failed = "failed",
    }
    /// The result of the face check of the person in charge, which a filing requires.
    FaceCheck {
        /// It failed.
        Failed = "failed",
        /// It passed.
        Passed = "passed",
    }
    /// The party that appeals.
    AppealSource {
        /// The app's owner.
        Owner = "owner",
        /// The platform.
        Platform = "platform",
    }
    /// The kind of an account.
    AccountType {
        /// A subscription account.
        Subscription = "subscription",
        /// A service account.
        Service = "service",
        /// A mini program.
        MiniProgram = "mini_program",
    }
    /// Whether WeChat's search shows an app.
    SearchStatus {
        /// Search shows it.
        Searchable = "searchable",
        /// Search does not show it.
        Hidden = "hidden",
    }
}

status_tables! { WECHAT;
    /// `audit_status` of `gettemplatelist`, for standard templates only.
    TEMPLATE_AUDIT: TemplateAuditStatus = "template_audit_status" {
        0 => NotSubmitted, "未提审核";
        1 => InReview, "审核中";
        2 => Rejected, "审核驳回";
        3 => Approved, "审核通过";
        4 => Submitting, "提审中";
        5 => SubmissionFailed, "提审失败";
    }
    /// `template_type` of `gettemplatelist` and `addtotemplate`.
    TEMPLATE_TYPE: TemplateKind = "template_type" {
        0 => Ordinary, "普通模板";
        1 => Standard, "标准模板";
    }
    /// `audit_stat` of `api_wxa_querynickname`.
    NAME_AUDIT: ReviewStatus = "audit_stat" {
        1 => InReview, "审核中";
        2 => Rejected, "审核失败";
        3 => Approved, "审核成功";
    }
    /// `ret` of the pushes `wxa_nickname_audit` and `wxa_category_audit`.
    PUSHED_VERDICT: ReviewStatus = "ret" {
        2 => Rejected, "审核失败";
        3 => Approved, "审核成功";
    }
    /// `audit_status` of `getcategory`.
    CATEGORY_AUDIT: ReviewStatus = "category_audit_status" {
        1 => InReview, "审核中";
        2 => Rejected, "审核不通过";
        3 => Approved, "审核通过";
    }
    /// `status` of `get_privacy_interface`, and of `result_info` in the push `wxa_privacy_apply`.
    PRIVACY_INTERFACE: PrivacyInterfaceStatus = "privacy_interface_status" {
        1 => MayApply, "待申请开通";
        2 => NoPermission, "无权限";
        3 => Applied, "申请中";
        4 => Refused, "申请失败";
        5 => Granted, "已开通";
    }
    /// `status` of `getorderpathinfo` and of the push `order_path_audit_result_notify`.
    ORDER_PATH: ReviewStatus = "order_path_status" {
        2 => InReview, "审核中";
        3 => Rejected, "审核失败";
        4 => Approved, "审核通过";
    }
    /// `ret_code` of the push `order_path_apply_result_notify`.
    ORDER_PATH_APPLICATION: OrderPathTaken = "order_path_ret_code" {
        -2 => InvalidApp, "appid not valid";
        -1 => Busy, "busy";
        0 => Accepted, "accepted";
        1 => Duplicate, "duplicate";
    }
    /// `task_status` of the push `notify_3rd_wxa_auth`.
    AUTH_TASK: AuthTaskStatus = "task_status" {
        0 => Initial, "initial";
        1 => Expired, "over 24 h";
        2 => Refused, "refused";
        3 => Agreed, "agreed";
        4 => FaceCheckStarted, "face check started";
        5 => FaceCheckFailed, "face check failed";
        6 => FaceCheckPassed, "face check passed";
        7 => PhoneCodeSent, "phone code sent";
        8 => PhoneFailed, "phone check failed";
        9 => PhonePassed, "phone check passed";
        11 => OrderFailed, "order failed";
        12 => OrderMade, "order made";
        14 => CheckFailed, "check failed";
        15 => WaitingForPayment, "waiting for payment";
    }
    /// `apply_status` of the push `notify_3rd_wxa_auth`.
    APPLY_STATUS: ApplyStatus = "apply_status" {
        0 => NoReview, "none";
        1 => ToBePaid, "to pay";
        2 => InReview, "in review";
        3 => SentBack, "sent back";
        4 => Passed, "passed";
        5 => Failed, "failed for good";
    }
    /// `result` of the push `notify_icpfiling_verify_result`.
    FACE_CHECK: FaceCheck = "icpfiling_verify_result" {
        2 => Failed, "failed";
        3 => Passed, "ok";
    }
    /// `appeal_from` of `getappealrecords` and of the push `wxa_appeal_record`.
    APPEAL_SOURCE: AppealSource = "appeal_from" {
        0 => Owner, "用户";
        1 => Platform, "服务商";
    }
    /// `account_type` of `getaccountbasicinfo`.
    ACCOUNT_TYPE: AccountType = "account_type" {
        1 => Subscription, "订阅号";
        2 => Service, "服务号";
        3 => MiniProgram, "小程序";
    }
    /// `realname_status` of `getaccountbasicinfo`.
    REALNAME_STATUS: ReviewStatus = "realname_status" {
        1 => Approved, "实名验证成功";
        2 => InReview, "实名验证中";
        3 => Rejected, "实名验证失败";
    }
    /// `status` of `getwxasearchstatus` and `changewxasearchstatus`.
    SEARCH_STATUS: SearchStatus = "search_status" {
        0 => Searchable, "可搜索";
        1 => Hidden, "不可搜索";
    }
}
