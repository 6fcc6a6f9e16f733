//! Releases, gray releases, rollbacks and settings.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::LIBRARY;

pub(in crate::codes) const NOT_APPROVED: Advice = Advice::new(
    "submit a version and wait until it is approved",
    "没有审核通过的版本，请先提审并等待审核通过",
);
pub(in crate::codes) const STATE: Advice = Advice::new(
    "read `latest_audit`: the state of the audit does not allow it",
    "请用 `latest_audit` 查询，当前审核状态不允许此操作",
);
pub(in crate::codes) const ONLY_APPROVED: Advice = Advice::new(
    "read the latest audit: only an approved version can be released",
    "只有审核通过的版本才能发布，请先用 `latest_audit` 查询审核状态",
);
pub(in crate::codes) const VISIT_LOCKED: Advice = Advice::new(
    "read the visit status: it may already be as requested, or locked by the vendor",
    "请用 `visit_status` 查询，可能已是目标状态，或被微信锁定",
);
pub(in crate::codes) const ACTION: Advice =
    Advice::new("send `open` or `close` as `action`", "`action` 只能是 `open` 或 `close`");
pub(in crate::codes) const NOTHING_NEW: Advice = Advice::new(
    "nothing to release: the approved version is online already",
    "审核通过的版本已在线上，无需再次发布",
);
pub(in crate::codes) const NONE_ONLINE: Advice = Advice::new(
    "release a first version in full: a gray release needs one online",
    "没有线上版本不能灰度，请先全量发布一个版本",
);
pub(in crate::codes) const GRAY_NOT_APPROVED: Advice = Advice::new(
    "read `latest_audit` and `code_versions`: the version is not approved yet, or released in full already",
    "请用 `latest_audit` 和 `code_versions` 查询：版本尚未审核通过，或已全量发布",
);
pub(in crate::codes) const PERCENTAGE: Advice = Advice::new(
    "send a whole percentage from 1 to 100, or 0 with one of the two flags",
    "灰度比例须为 1 到 100 的整数；为 0 时须设置两个优先标志之一",
);
pub(in crate::codes) const UPWARDS: Advice = Advice::new(
    "name a higher percentage than the running plan, or cancel the plan first",
    "灰度比例只能调高，请填写更大的比例，或先用 `cancel_gray_release` 取消",
);
pub(in crate::codes) const NOT_INITIALISED: Advice = Advice::new(
    "let the merchant complete the app's basic data first",
    "小程序未完成初始化，请商家先补全基本信息",
);
pub(in crate::codes) const GRAY_RUNS: Advice = Advice::new(
    "cancel the gray release, or let it finish, before a rollback",
    "灰度发布中不能回退，请先用 `cancel_gray_release` 取消，或等灰度结束",
);
pub(in crate::codes) const GRAY_RUNS_PLUGIN: Advice = Advice::new(
    "cancel the gray release, or let it finish, then repeat",
    "正在灰度发布，请先取消或等灰度结束后再试",
);
pub(in crate::codes) const ONE_STEP: Advice = Advice::new(
    "read `rollback_targets`: one rollback is possible after each release",
    "请用 `rollback_targets` 查询可回退的版本，每次发布后只能回退一次",
);
pub(in crate::codes) const TARGET: Advice = Advice::new(
    "send an `app_version` that `rollback_targets` lists, or none for the version before",
    "`app_version` 请填写 `rollback_targets` 返回的版本号，不填则回退到上一版本",
);
pub(in crate::codes) const LIBRARY_OR_ACCOUNT: Advice = Advice::new(
    "name a version that `min_library_version` lists; for domains use the token of a mini program",
    "设置基础库时请填写 `min_library_version` 返回的版本号；设置域名时请使用小程序的 token",
);
