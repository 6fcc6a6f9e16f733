use miniprogram_core::{open_enums, status_tables};
use serde::Serialize;

use super::{WireRow, WireTable};
use crate::BAIDU;

open_enums! {
    /// The progress of a subject's certification.
    AdvancedAuditStatus {
        /// Passed.
        Passed = "passed",
        /// Done, but the fee is unpaid.
        FeeUnpaid = "fee_unpaid",
    }
    /// The kind of subject that may choose a category.
    CategoryType {
        /// Any subject: a service suitable for persons.
        Personal = "personal",
        /// Enterprises only.
        Enterprise = "enterprise",
    }
    /// Whether something is required.
    Necessity {
        /// Required.
        Needed = "needed",
        /// Not required.
        NotNeeded = "not_needed",
    }
    /// The result of a name check.
    NameVerdict {
        /// The name is free and allowed.
        Passed = "passed",
        /// Another app has the name.
        Taken = "taken",
        /// The name contains sensitive or forbidden words.
        Sensitive = "sensitive",
        /// The name is a brand word.
        BrandWord = "brand_word",
        /// The name contains a brand word: proofs may be needed.
        ContainsBrandWord = "contains_brand_word",
        /// The name is a frequently searched word.
        HighTraffic = "high_traffic",
    }
    /// The state of a push's delivery.
    PushStatus {
        /// Waiting.
        Pending = "pending",
        /// Acknowledged.
        Delivered = "delivered",
        /// Given up.
        Failed = "failed",
    }
    /// The state of the permission to read users' phone numbers.
    PhonePermission {
        /// Cancelled, or never requested.
        Cancelled = "cancelled",
        /// Requested; no verdict yet.
        Pending = "pending",
        /// Refused; the reason field explains why.
        Refused = "refused",
        /// Granted.
        Granted = "granted",
    }
    /// Why an app was forced offline.
    OfflineReason {
        /// Its basic information.
        BasicInformation = "basic_information",
        /// Its code package.
        Package = "package",
        /// Both.
        Both = "both",
    }
    /// A part of an app's basic information.
    AppPart {
        /// The name.
        Name = "name",
        /// The icon.
        Icon = "icon",
        /// The description.
        Description = "description",
    }
    /// The kind of subject that owns an app.
    SubjectType {
        /// A person; not available yet.
        Person = "person",
        /// An enterprise.
        Enterprise = "enterprise",
        /// A government body.
        Government = "government",
        /// A media organization.
        Media = "media",
        /// Another kind.
        Other = "other",
    }
    /// The state of the review of a subject.
    SubjectStatus {
        /// Not begun.
        NotBegun = "not_begun",
        /// Passed.
        Passed = "passed",
        /// No verdict yet.
        InReview = "in_review",
        /// Failed.
        Failed = "failed",
        /// The review could not be forwarded.
        PushFailed = "push_failed",
    }
    /// How the authenticity of a subject was certified.
    Certification {
        /// In another way.
        Other = "other",
        /// Not at all.
        None = "none",
        /// By bank transfer.
        BankTransfer = "bank_transfer",
        /// By a liveness check.
        Liveness = "liveness",
        /// By face verification of the legal representative.
        LegalRepresentative = "legal_representative",
    }
    /// The result of that certification.
    CertificationStatus {
        /// Passed.
        Passed = "passed",
        /// Failed.
        Failed = "failed",
    }
    /// The state of a review.
    ReviewStatus {
        /// No verdict yet.
        InReview = "in_review",
        /// Passed.
        Passed = "passed",
        /// Failed.
        Failed = "failed",
    }
    /// The state of the yearly review of a subject.
    AnnualReviewStatus {
        /// Nothing to do.
        Normal = "normal",
        /// The review is due.
        Due = "due",
        /// The review was not done in time.
        Overdue = "overdue",
    }
    /// Whether the app is available as a web page.
    WebStatus {
        /// Never made available.
        NeverOpened = "never_opened",
        /// Available.
        On = "on",
        /// No longer available.
        Off = "off",
    }
    /// The subject of a permission.
    PermissionScope {
        /// The app.
        App = "app",
        /// The merchant's account.
        Account = "account",
    }
}

status_tables! { BAIDU;
    /// `category_type` of a category: document 003, "获取小程序全类目列表".
    CATEGORY_TYPE: CategoryType = "category_type" {
        1 => Personal, "个人服务";
        2 => Enterprise, "企业服务";
    }
    /// `need_quali` of a category: document 003, "获取小程序全类目列表".
    NEED_QUALIFICATION: Necessity = "need_quali" {
        0 => NotNeeded, "不需要";
        1 => Needed, "需要";
    }
    /// `must` of a qualification that a category requires: document 003, "获取小程序全类目列表".
    QUALIFICATION_MUST: Necessity = "must" {
        0 => NotNeeded, "非必须";
        1 => Needed, "必须";
    }
    /// `checkResult`: document 003, "小程序名称检测".
    CHECK_RESULT: NameVerdict = "check_result" {
        0 => Passed, "检测通过";
        1 => Taken, "重名检测未通过";
        2 => Sensitive, "敏感&黄反检测未通过";
        3 => BrandWord, "完全对等品牌词检测未通过";
        4 => ContainsBrandWord, "包含品牌词检测未通过";
        5 => HighTraffic, "高流量词检测未通过";
    }
    /// `status` of the phone permission: document 003, "查询手机号权限状态".
    PHONE_PERMISSION: PhonePermission = "mobileauth" {
        0 => Cancelled, "取消";
        1 => Pending, "待审核";
        2 => Refused, "拒绝";
        3 => Granted, "通过";
    }
    /// `offlineReason` of a push, `offline_reason` of `app/info`: document 003, "小程序状态变更推送".
    OFFLINE_REASON: OfflineReason = "offline_reason" {
        1 => BasicInformation, "基本信息强制下线";
        2 => Package, "小程序代码包强制下线";
        3 => Both, "基本信息和代码包强制下线";
    }
    /// `qualification.type`: document 004, "获取小程序基础信息".
    SUBJECT_TYPE: SubjectType = "qualification_type" {
        1 => Person, "个人";
        2 => Enterprise, "企业";
        3 => Government, "政府";
        4 => Media, "媒体";
        5 => Other, "其他";
    }
    /// `qualification.satus` or `qualification.status`: document 004, "获取小程序基础信息".
    SUBJECT_STATUS: SubjectStatus = "qualification_status" {
        0 => NotBegun, "未操作";
        1 => Passed, "通过";
        2 => InReview, "审核中";
        3 => Failed, "审核失败";
        4 => PushFailed, "推送失败";
    }
    /// `qualification.ad_type`, `adType` of a push: document 004 for 0 to 2, Baidu's later pages for the others.
    AD_TYPE: Certification = "ad_type" {
        -1 => Other, "other";
        0 => None, "未做高级认证";
        1 => BankTransfer, "对公验证";
        2 => Liveness, "活体验证";
        23 => LegalRepresentative, "face of the legal representative";
    }
    /// `qualification.ad_status`: document 004, "获取小程序基础信息".
    AD_STATUS: CertificationStatus = "ad_status" {
        1 => Passed, "通过";
        3 => Failed, "失败";
    }
    /// `adStatus` of a push, which is not `ad_status` of `app/info`: Baidu's pages on third-party platforms.
    ADVANCED_AUDIT: AdvancedAuditStatus = "adStatus" {
        1 => Passed, "passed";
        7 => FeeUnpaid, "done, fee unpaid";
    }
    /// `category.audit_status` of `app/info`: Baidu's pages on third-party platforms.
    CATEGORY_AUDIT: ReviewStatus = "category_audit_status" {
        1 => InReview, "in review";
        2 => Passed, "passed";
        3 => Failed, "failed";
    }
    /// The statuses in `audit_info` of `app/info`: Baidu's pages on third-party platforms.
    AUDIT_INFO: ReviewStatus = "audit_info_status" {
        1 => InReview, "in review";
        3 => Failed, "failed";
    }
    /// `annual_review_status` of `app/info`: Baidu's pages on third-party platforms.
    ANNUAL_REVIEW: AnnualReviewStatus = "annual_review_status" {
        1 => Normal, "normal";
        2 => Due, "due";
        3 => Overdue, "overdue";
    }
    /// `web_status` of `app/info`: Baidu's pages on third-party platforms.
    WEB_STATUS: WebStatus = "web_status" {
        0 => NeverOpened, "never opened";
        1 => On, "on";
        2 => Off, "off";
    }
    /// `status` of `pushmsg/getmsg`: Baidu's current SDKs.
    PUSH_STATUS: PushStatus = "push_status" {
        0 => Pending, "pending";
        1 => Delivered, "delivered";
        2 => Failed, "failed";
    }
    /// `auth_info.type` of `app/info`: Baidu's pages on third-party platforms.
    PERMISSION_SCOPE: PermissionScope = "auth_info_type" {
        0 => App, "program scope";
        1 => Account, "account scope";
    }
}

/// `illegalFields` of a push, `illegal_fields` of `app/info`, which join several values by commas: document 003,
/// "小程序状态变更推送".
pub static ILLEGAL_FIELD: WireTable<AppPart> = WireTable::new(
    "illegal_fields",
    &[
        WireRow { wire: "appName", value: AppPart::Name, label: "名称" },
        WireRow { wire: "photoAddr", value: AppPart::Icon, label: "图片" },
        WireRow { wire: "appDesc", value: AppPart::Description, label: "简介" },
    ],
);

/// A part of an app's basic information that breaks the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct IllegalPart {
    /// The part.
    pub part: AppPart,
    /// Baidu's name for it.
    pub name: String,
}

impl IllegalPart {
    /// Returns the parts in a text that joins their names by commas.
    #[must_use]
    pub fn list(names: &str) -> Vec<Self> {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        let part = |name: &str| Self {
            part: ILLEGAL_FIELD.find(name).unwrap_or(AppPart::Unknown),
            name: name.to_owned(),
        };
        names.map(part).collect()
    }
}
