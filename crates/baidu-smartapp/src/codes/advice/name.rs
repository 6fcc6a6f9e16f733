//! Name, description and other basic information.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const TAKEN: Advice = Advice::new(
    "let the merchant choose another name; check with `check_name` first",
    "名称已被占用，请商家更换名称；可先用 `check_name` 检测",
);
pub(in crate::codes) const FORBIDDEN: Advice = Advice::new(
    "let the merchant choose a name that the vendor allows; check with `check_name` first",
    "名称不合规，请商家更换名称；可先用 `check_name` 检测",
);
pub(in crate::codes) const OWNER_FORBIDDEN: Advice = Advice::new(
    "let the merchant settle it with the vendor: the owner's name is on a black list",
    "主体名称在黑名单中，请商家先与百度沟通解除",
);
pub(in crate::codes) const PLATFORM_NAME: Advice =
    Advice::new("choose another name for the platform", "第三方平台名称已被占用，请更换");
pub(in crate::codes) const SAME: Advice =
    Advice::new("nothing to do: it is already as requested", "内容没有变化，无需处理");
pub(in crate::codes) const VERDICT: Advice =
    Advice::new("wait for the verdict that is pending", "审核中，请等待审核结果");
pub(in crate::codes) const UPDATE_RUNS: Advice = Advice::new(
    "wait, then check whether the first update shows; do not update again before",
    "重复更新正在处理，请稍后查询第一次更新是否生效，不要重复提交",
);
pub(in crate::codes) const TASK_RUNS: Advice = Advice::new(
    "wait until the task that is running has ended, then repeat",
    "有任务正在执行，请等其结束后再试",
);
