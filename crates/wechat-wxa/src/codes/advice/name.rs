//! Name, icon and description.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const FORBIDDEN: Advice = Advice::new(
    "let the merchant choose a name without forbidden words; check with `check_name` first",
    "名称含违禁内容，请商家更换名称；可先用 `check_name` 检测",
);
pub(in crate::codes) const FORMAT: Advice = Advice::new(
    "send a name of 4 to 30 characters; check with `check_name` first",
    "名称格式不符，须为 4 到 30 个字符；可先用 `check_name` 检测",
);
pub(in crate::codes) const OFTEN: Advice =
    Advice::new("wait a while before the next `check_name`", "名称检测过于频繁，请稍后再调用 `check_name`");
pub(in crate::codes) const OTHER_NAME: Advice = Advice::new(
    "let the merchant choose another name, or prove a right to this one",
    "名称已被占用，请商家更换名称，或提交拥有该名称权利的证明",
);
pub(in crate::codes) const SAME_OWNER: Advice = Advice::new(
    "let the merchant choose another name, or prove that both accounts have the same owner",
    "同名账号属于其他主体，请商家更换名称，或证明两个账号属于同一主体",
);
pub(in crate::codes) const WECHAT_ID: Advice = Advice::new(
    "let the merchant choose another name: it equals an existing WeChat id",
    "名称与他人的微信号相同，请商家更换名称",
);
pub(in crate::codes) const PROTECTED: Advice = Advice::new(
    "let the merchant choose another name, or wait until its protection has ended",
    "该名称处于保护期，请商家更换名称，或等保护期结束",
);
pub(in crate::codes) const PROTECTED_15: Advice = Advice::new(
    "let the merchant choose another name, or wait up to 15 days until its protection has ended",
    "该名称处于 15 天保护期内，请商家更换名称，或等保护期结束",
);
pub(in crate::codes) const PROTECTED_7: Advice = Advice::new(
    "let the merchant choose another name, or wait up to 7 days until its protection has ended",
    "该名称因侵权投诉处于 7 天保护期内，请商家更换名称，或等保护期结束",
);
pub(in crate::codes) const COMPLAINED: Advice = Advice::new(
    "let the merchant choose another name: there is a complaint against this one",
    "该名称正被投诉，请商家更换名称",
);
pub(in crate::codes) const PROOF: Advice = Advice::new(
    "add proof of a right to the name in `naming_other_stuff`, and call `set_name` again",
    "请在 `naming_other_stuff` 中补充名称的权利证明，再次调用 `set_name`",
);
pub(in crate::codes) const AUDIT_ID: Advice = Advice::new(
    "pass the audit id that `set_name` returned to `name_audit`",
    "请把 `set_name` 返回的 `audit_id` 传给 `name_audit`",
);
pub(in crate::codes) const RELEASED: Advice = Advice::new(
    "let the merchant rename the app in WeChat's console: it has been released",
    "小程序已发布过，请商家到微信公众平台改名",
);
pub(in crate::codes) const STATE: Advice = Advice::new(
    "check `account_info` and `name_audit`: a change may be pending or no longer allowed",
    "请用 `account_info` 和 `name_audit` 查询，可能有改名正在审核或次数已用完",
);
pub(in crate::codes) const BY_VERIFICATION: Advice = Advice::new(
    "let the merchant rename the app through verification",
    "名称因侵权被清空，请商家通过微信认证改名",
);
pub(in crate::codes) const IN_REVIEW: Advice =
    Advice::new("wait for the verdict, then rename", "小程序正在审核中，请等审核结束后再改名");
pub(in crate::codes) const RESERVED: Advice =
    Advice::new("choose a trial name without reserved words", "试用小程序名称含保留词，请更换");
pub(in crate::codes) const TRIAL_LENGTH: Advice =
    Advice::new("send a trial name of 4 to 30 characters", "试用小程序名称须为 4 到 30 个字符");
pub(in crate::codes) const CHANGES: Advice = Advice::new(
    "wait for the next month; `account_info` shows how many changes are left",
    "本月修改次数已用完，请下月再试；剩余次数可用 `account_info` 查询",
);
pub(in crate::codes) const LATER: Advice = Advice::new(
    "wait, then check with `account_info` whether a change is possible",
    "暂时不可修改，请稍后用 `account_info` 查询能否修改",
);
pub(in crate::codes) const DESCRIPTION: Advice = Advice::new(
    "let the merchant change the description: it contains something that the vendor forbids",
    "简介含违禁内容，请商家修改简介",
);
pub(in crate::codes) const DESCRIPTION_LENGTH: Advice =
    Advice::new("send a description of 4 to 120 characters", "简介须为 4 到 120 个字符");
pub(in crate::codes) const CROP: Advice = Advice::new(
    "send `x1`, `y1`, `x2` and `y2` from 0 to 1, and the media id of the picture",
    "请检查 `x1`、`y1`、`x2`、`y2`（取值 0 到 1）和图片的 `head_img_media_id`",
);
pub(in crate::codes) const SEARCH_BANNED: Advice =
    Advice::new("leave the search status: the vendor has locked it", "搜索状态已被微信锁定，无法修改");
pub(in crate::codes) const SEARCH_VALUE: Advice = Advice::new(
    "send 0 for searchable or 1 for not searchable",
    "`status` 只能为 0（可被搜索）或 1（不可被搜索）",
);
pub(in crate::codes) const SEARCH_OFF: Advice = Advice::new(
    "make the app searchable with `set_search_status` first",
    "请先用 `set_search_status` 打开搜索",
);
