//! The form of a request.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::SUCCEEDED;

pub(in crate::codes) const BUSY: Advice = Advice::new(
    "repeat later, an effect only after checking whether it has happened; if the error persists, check encoding and media ids",
    "请稍后重试，写操作须先查询是否已生效；反复出现时，检查请求编码和素材是否过期",
);
pub(in crate::codes) const BUSY_TASK: Advice = Advice::new(
    "check whether it has happened, then repeat after a while",
    "请先查询是否已生效，过一段时间再重试",
);
pub(in crate::codes) const ADD_FIELD: Advice =
    Advice::new("add the field that the vendor names", "请补上提示中缺少的字段");
pub(in crate::codes) const UTF8: Advice = Advice::new(
    "send the characters themselves as UTF-8, not as `\\uXXXX`",
    "请直接以 UTF-8 发送中文，不要转义成 `\\uXXXX`",
);
pub(in crate::codes) const JSON_OBJECT: Advice = Advice::new(
    "send a JSON object as UTF-8: not a form, not `[]`",
    "请求体须为 UTF-8 编码的 JSON 对象，不能是表单或 `[]`",
);
pub(in crate::codes) const EMPTY_OBJECT: Advice = Advice::new(
    "send `{}` as the body where a call takes no parameters",
    "无参数的 POST 接口也须发送 `{}` 作为请求体",
);
pub(in crate::codes) const USE_GET: Advice =
    Advice::new("send it as GET, with the parameters in the query", "请改用 GET 请求，参数放在 query 里");
pub(in crate::codes) const USE_POST: Advice = Advice::new(
    "send it as POST, with the parameters in a JSON body",
    "请改用 POST 请求，参数放在 JSON 请求体里",
);
pub(in crate::codes) const USE_HTTPS: Advice = Advice::new("send it over https", "请改用 https 请求");
pub(in crate::codes) const SHORTEN: Advice =
    Advice::new("shorten the text that the vendor names", "内容超长，请缩短后再提交");
pub(in crate::codes) const FIVE_HUNDRED: Advice =
    Advice::new("ask for at most 500 at a time", "单次最多拉取 500 条，请调小 `count`");
pub(in crate::codes) const PAGE_PATH: Advice =
    Advice::new("name a page that `pages` lists", "请填写 `pages` 返回的页面路径");
pub(in crate::codes) const RELEASED_PAGE: Advice =
    Advice::new("name a page of the version that is online", "请填写线上版本中存在的页面路径");
pub(in crate::codes) const RID: Advice = Advice::new(
    "send the `rid` exactly as it appears at the end of `errmsg`",
    "请原样传入 `errmsg` 末尾的 `rid`",
);
pub(in crate::codes) const RID_OWNER: Advice = Advice::new(
    "ask with the token of the account that made the call",
    "请使用当时发起调用的账号的 token 查询",
);
pub(in crate::codes) const RID_OLD: Advice = Advice::new(
    "ask within seven days of the call: older ones are gone",
    "`rid` 只保留 7 天，更早的请求已无法查询",
);
pub(in crate::codes) const CGI_PATH: Advice = Advice::new(
    "send `cgi_path` from `/`, without host and query",
    "`cgi_path` 须以 `/` 开头，不含域名和 query",
);
pub(in crate::codes) const PAGES: Advice =
    Advice::new("give `pages`, and in each entry its `path`", "请填写 `pages`，且每一项都要有 `path`");
pub(in crate::codes) const UNDESCRIBED: Advice = Advice::new(
    "report the request id to WeChat: the meaning of this code is not documented",
    "微信未公开该错误码的含义，请凭 `rid` 向微信反馈",
);
pub(in crate::codes) const SERVICE_MARKET: Advice = Advice::new(
    "correct the parameters of the service-market call: one is empty or not valid",
    "请检查服务市场接口的参数，有参数为空或不合法",
);
