//! Categories of the app.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const CHANGES: Advice = Advice::new(
    "wait for the next month; `account_categories` shows how many changes are left",
    "本月类目修改次数已用完，请下月再试；剩余次数可用 `account_categories` 查询",
);
pub(in crate::codes) const FULL: Advice = Advice::new(
    "delete a category that is no longer used with `delete_category`",
    "类目数量已达上限，请先用 `delete_category` 删除不再使用的类目",
);
pub(in crate::codes) const OWNER_TYPE: Advice = Advice::new(
    "let the merchant choose a category that this type of owner may use",
    "该主体类型不支持此类目，请商家选择其他类目",
);
pub(in crate::codes) const PARAMETERS: Advice = Advice::new(
    "correct `first`, `second` and the certificates of the category",
    "请检查类目的 `first`、`second` 和资质参数",
);
pub(in crate::codes) const SET: Advice =
    Advice::new("nothing to do: the category is set already", "该类目已设置，无需处理");
pub(in crate::codes) const ICP: Advice = Advice::new(
    "let the merchant finish the ICP filing that the category asks for",
    "类目未通过 ICP 校验，请商家先完成对应的备案",
);
pub(in crate::codes) const CERTIFICATES_ONLY: Advice = Advice::new(
    "change the certificates alone with `modify_category`; for another category delete this one and add that",
    "`modify_category` 只能修改资质；要换类目请先删除再添加",
);
pub(in crate::codes) const NOT_REJECTED: Advice = Advice::new(
    "check `account_categories`: only a rejected category may be modified",
    "只有审核失败的类目才能修改，请先用 `account_categories` 查询",
);
pub(in crate::codes) const PENDING: Advice = Advice::new(
    "wait for the verdict on the category; `account_categories` shows it",
    "类目审核中不可删除，请等审核结果，可用 `account_categories` 查询",
);
pub(in crate::codes) const FIXED: Advice =
    Advice::new("leave the category: the vendor does not let it be deleted", "该类目（社交红包）不允许删除");
pub(in crate::codes) const ASK_FOR_MORE: Advice =
    Advice::new("ask for more with `apply_reason`", "已达上限，可填写 `apply_reason` 申请提额");
pub(in crate::codes) const CERTIFICATES: Advice = Advice::new(
    "add the certificates of the category in `certicates` (the vendor's spelling)",
    "请在 `certicates`（拼写如此）中补充类目资质",
);
pub(in crate::codes) const CLOSED: Advice = Advice::new(
    "let the merchant choose another category: the vendor has closed this one",
    "类目中有已被官方下架的，请商家重新选择类目",
);
pub(in crate::codes) const NOT_LISTED: Advice = Advice::new(
    "name a category that `categories` lists, with `first_id` and `second_id` as numbers; the merchant needs an approved one first",
    "请填写 `categories` 返回的类目名称及数字形式的 `first_id`、`second_id`；若列表为空，请商家先添加类目并通过审核",
);
