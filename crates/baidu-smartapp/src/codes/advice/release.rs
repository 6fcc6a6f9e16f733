//! Audits, releases, recovery and settings.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::LIBRARY;

pub(in crate::codes) const NAME_PENDING: Advice =
    Advice::new("wait until the name is approved, then submit again", "名称尚未审核通过，请通过后再提审");
pub(in crate::codes) const CATEGORY_PENDING: Advice =
    Advice::new("wait until the category is approved, then submit again", "类目尚未审核通过，请通过后再提审");
pub(in crate::codes) const BOTH_PENDING: Advice = Advice::new(
    "wait until name and category are approved, then submit again",
    "名称和类目尚未审核通过，请通过后再提审",
);
pub(in crate::codes) const AUDIT_BUSY: Advice = Advice::new(
    "check with `latest_audit` whether the submission arrived before repeating it",
    "审核服务暂不可用，请先用 `latest_audit` 查询是否已提审，再决定重试",
);
pub(in crate::codes) const RELEASE_BUSY: Advice = Advice::new(
    "check with `code_versions` whether the version is online before repeating the call",
    "发布服务暂不可用，请先用 `code_versions` 查询是否已上线，再决定重试",
);
pub(in crate::codes) const FAST_REVIEW: Advice = Advice::new(
    "submit the ordinary way: the fast review was not accepted",
    "加急审核提交失败，请按普通流程提审",
);
pub(in crate::codes) const CERTIFY: Advice =
    Advice::new("let the merchant finish the certification first", "请商家先完成主体真实性认证");
pub(in crate::codes) const CERTIFIED: Advice =
    Advice::new("nothing to do: the certification is done already", "已完成真实性认证，无需处理");
pub(in crate::codes) const OWNER_DATA: Advice = Advice::new(
    "let the merchant complete the data of the owner first",
    "未查询到主体信息，请商家先完善主体信息",
);
pub(in crate::codes) const NONE_ONLINE: Advice =
    Advice::new("have a version approved first", "没有线上包或审核通过的包，请先提审并通过审核");
pub(in crate::codes) const STATE: Advice = Advice::new(
    "check `app_info`: the state of the app does not allow this call",
    "请用 `app_info` 查询状态，当前状态不允许该操作",
);
pub(in crate::codes) const SUBMIT_STATE: Advice = Advice::new(
    "read `packages`: a version is submitted from development, or after a rejection, never while one is in review",
    "请用 `packages` 查询，只有开发版本或审核失败的版本才能提审，审核中不可重复提审",
);
pub(in crate::codes) const WITHDRAW_STATE: Advice = Advice::new(
    "check `audit_status` of this package: only a version in review can be withdrawn",
    "请用 `audit_status` 查询该包，只有审核中的版本才能撤回",
);
pub(in crate::codes) const RELEASE_STATE: Advice = Advice::new(
    "read `packages`: only an approved version can be released, and it may be online already",
    "请用 `packages` 查询，只有审核通过的版本才能发布，也可能已经上线",
);
pub(in crate::codes) const ROLLBACK_STATE: Advice = Advice::new(
    "read `rollback_targets`: only the version online can be rolled back",
    "请用 `rollback_targets` 查询，只有线上版本才能回退",
);
pub(in crate::codes) const VISIT_STATE: Advice = Advice::new(
    "check `visit_status`: the app may already be as requested, or closed by the vendor",
    "请用 `visit_status` 查询，可能已是目标状态，或被百度封禁、强制下线",
);
pub(in crate::codes) const PHONE_STATE: Advice = Advice::new(
    "check `phone_permission`: it may already be granted, or not be held by the app",
    "请用 `phone_permission` 查询，手机号权限可能已开通，或尚未开通",
);
pub(in crate::codes) const OFFLINE_STATE: Advice = Advice::new(
    "check `app_info`: this call is for an app that the vendor took offline for its basic information",
    "请用 `app_info` 查询，仅因基本信息被强制下线的小程序可调用该接口",
);
pub(in crate::codes) const TRAFFIC_NOT_CLOSED: Advice = Advice::new(
    "check `app_info`: recovery is for an app whose traffic was taken offline",
    "请用 `app_info` 查询状态，仅被流量下线的小程序可申请恢复",
);
pub(in crate::codes) const TRAFFIC_OPEN: Advice =
    Advice::new("nothing to do: the traffic is open already", "流量已开启，无需处理");
pub(in crate::codes) const TRAFFIC_OFFLINE: Advice =
    Advice::new("nothing to do: the traffic is offline already", "流量已下线，无需处理");
pub(in crate::codes) const QR_WIDTH: Advice =
    Advice::new("send a width of 200 to 1280", "二维码 `width` 须在 200 到 1280 之间");
pub(in crate::codes) const QR_PACKAGE: Advice = Advice::new(
    "name a package that is in review, in development or online",
    "请填写审核中、开发中或线上版本的 `package_id`",
);
pub(in crate::codes) const QR_NONE_ONLINE: Advice =
    Advice::new("name a package id: nothing is online yet", "没有线上版本，请指定 `package_id`");
pub(in crate::codes) const QR_AGAIN: Advice =
    Advice::new("ask for the QR code again later", "获取二维码失败，请稍后重试");
