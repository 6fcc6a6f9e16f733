//! Audits, releases, recovery and settings.

use miniprogram_core::codes::Advice;

pub(in crate::codes) const NAME_PENDING: Advice =
    Advice::new("wait until the name is approved, then submit again", "名称尚未审核通过，请通过后再提审");
pub(in crate::codes) const CATEGORY_PENDING: Advice =
    Advice::new("wait until the category is approved, then submit again", "类目尚未审核通过，请通过后再提审");
pub(in crate::codes) const BOTH_PENDING: Advice = Advice::new(
    "wait until name and category are approved, then submit again",
    "名称和类目尚未审核通过，请通过后再提审",
);
pub(in crate::codes) const AUDIT_BUSY: Advice = Advice::new(
    "ask `latest_audit` whether the submission arrived before it is repeated",
    "审核服务暂不可用，请先用 `latest_audit` 查询是否已提审，再决定重试",
);
pub(in crate::codes) const RELEASE_BUSY: Advice = Advice::new(
    "ask `code_versions` whether the version is online before it is repeated",
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
    "ask `app_info`, and for phone numbers `phone_permission`, where the app stands: its state does not allow this call",
    "请用 `app_info`（手机号权限用 `phone_permission`）查询状态，当前状态不允许该操作",
);
pub(in crate::codes) const TRAFFIC_NOT_CLOSED: Advice = Advice::new(
    "ask `app_info`: recovery is for an app whose traffic was taken offline",
    "请用 `app_info` 查询状态，仅被流量下线的小程序可申请恢复",
);
pub(in crate::codes) const TRAFFIC_OPEN: Advice =
    Advice::new("nothing to do: the traffic is open already", "流量已开启，无需处理");
pub(in crate::codes) const TRAFFIC_OFFLINE: Advice =
    Advice::new("nothing to do: the traffic is offline already", "流量已下线，无需处理");
pub(in crate::codes) const LIBRARY: Advice = Advice::new(
    "name a version that `min_library_version` lists",
    "请填写 `min_library_version` 返回的基础库版本号",
);
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
