//! The privacy guide and privacy interfaces.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const SCAN_RUNS: Advice = Advice::new(
    "wait about a minute and submit again; do not upload again",
    "隐私接口检测未完成，请约 1 分钟后重新提审，不要重新上传代码",
);
pub(in crate::codes) const SCAN_RUNS_READ: Advice = Advice::new(
    "query again in about a minute; do not upload again, that starts the scan anew",
    "隐私接口检测未完成，请约 1 分钟后再查询，重新上传会重新检测",
);
pub(in crate::codes) const INTERFACE: Advice = Advice::new(
    "apply for the privacy interface with `apply_privacy_interface`, or declare `privacy_api_not_use` when submitting",
    "请用 `apply_privacy_interface` 申请该隐私接口，或提审时声明 `privacy_api_not_use`",
);
pub(in crate::codes) const NO_APPLICATION: Advice =
    Advice::new("nothing to do: the interface needs no application", "该接口无需申请，直接使用即可");
pub(in crate::codes) const ORDER_PATH: Advice = Advice::new(
    "set the path of the order page with `apply_order_path` first",
    "请先用 `apply_order_path` 设置订单中心页面路径",
);
pub(in crate::codes) const INFO_NAME: Advice = Advice::new(
    "correct the interface names in `requiredPrivateInfos`: a list of names",
    "请检查 `requiredPrivateInfos`，须为数组且接口名正确",
);
pub(in crate::codes) const INFO_EXCLUSIVE: Advice = Advice::new(
    "take one of the interfaces that exclude each other out of `requiredPrivateInfos`",
    "`requiredPrivateInfos` 中有互斥的接口，请去掉其中之一",
);
pub(in crate::codes) const INFO_RIGHT: Advice = Advice::new(
    "apply for the interface with `apply_privacy_interface`, or take it out of `requiredPrivateInfos`",
    "请用 `apply_privacy_interface` 申请该接口权限，或从 `requiredPrivateInfos` 中去掉",
);
pub(in crate::codes) const OWNER: Advice = Advice::new(
    "give one way of contact and `notice_method` in `owner_setting`",
    "请在 `owner_setting` 中填写至少一种联系方式和 `notice_method`",
);
pub(in crate::codes) const NOTICE: Advice =
    Advice::new("give `notice_method` in `owner_setting`", "请在 `owner_setting` 中填写 `notice_method`");
pub(in crate::codes) const VERSION: Advice = Advice::new(
    "send 1 for the published guide or 2 for the one in development as `privacy_ver`",
    "`privacy_ver` 只能为 1（现网版本）或 2（开发版本）",
);
pub(in crate::codes) const STORE: Advice = Advice::new(
    "write `store_expire_timestamp` as digits and 天, such as 30天",
    "`store_expire_timestamp` 请写成“30天”这样的格式",
);
pub(in crate::codes) const FILE: Advice = Advice::new(
    "upload the file with `upload_privacy_file` and send its `ext_file_media_id`",
    "请用 `upload_privacy_file` 上传文件，并传入返回的 `ext_file_media_id`",
);
pub(in crate::codes) const NOT_PUBLISHED: Advice = Advice::new(
    "set the guide with `privacy_ver` 2 and release a version first: none is published",
    "没有现网隐私指引，请先以 `privacy_ver` 2 设置并发布版本",
);
pub(in crate::codes) const FILE_FIXED: Advice = Advice::new(
    "leave `ext_file_media_id` out with `privacy_ver` 1: that of the published guide cannot be changed",
    "现网隐私指引的 `ext_file_media_id` 不可修改，`privacy_ver` 为 1 时请不要传",
);
