//! The form of a request.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::SUCCEEDED;

pub(in crate::codes) const BUSY: Advice = Advice::new(
    "repeat later; for an effect, check first whether it has happened nevertheless",
    "百度服务繁忙，请稍后重试；写操作须先查询是否已生效",
);
pub(in crate::codes) const REPEAT: Advice =
    Advice::new("repeat later: nothing was done", "操作未生效，请稍后重试");
pub(in crate::codes) const PATH: Advice =
    Advice::new("check the path of the call: the vendor does not know it", "请核对接口路径，该接口不存在");
pub(in crate::codes) const METHOD: Advice = Advice::new(
    "send the call with the method that its documentation names",
    "请求方式不支持，请按文档使用 GET 或 POST",
);
pub(in crate::codes) const CORRECT: Advice = Advice::new(
    "correct the parameter that `msg` names: its content or form is wrong",
    "请按 `msg` 的提示修正参数内容或格式",
);
pub(in crate::codes) const LAST_PAGE: Advice =
    Advice::new("nothing to do: the list ends here", "已是最后一页，无需处理");
pub(in crate::codes) const ONE_TIME: Advice =
    Advice::new("start again: the data was for one use and has expired", "一次性数据已过期，请重新发起");
pub(in crate::codes) const SUPPORT: Advice = Advice::new(
    "report the code with the trace id to the vendor if the error persists",
    "反复出现时，请带上 trace id 向百度反馈",
);
