//! Categories of the app.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const FIVE: Advice = Advice::new(
    "name at most five categories: `update_categories` replaces them all",
    "类目最多 5 个，`update_categories` 会整体覆盖，请减少类目",
);
pub(in crate::codes) const ID: Advice =
    Advice::new("name sub-categories that `categories` lists", "请填写 `categories` 返回的二级类目 ID");
pub(in crate::codes) const FORM: Advice = Advice::new(
    "send `categorys` as a JSON array of `sub_category_id` and `qualis`",
    "`categorys` 须为 JSON 数组，元素含 `sub_category_id` 和 `qualis`",
);
pub(in crate::codes) const CERTIFICATES: Advice = Advice::new(
    "correct `qualis`: the ids that `categories` lists, and addresses from `upload_image`",
    "请修正 `qualis`：`id` 取自 `categories`，`addr` 取自 `upload_image`",
);
pub(in crate::codes) const PENDING: Advice =
    Advice::new("wait for the verdict on the category", "有类目正在审核，请等待审核结果");
pub(in crate::codes) const NO_GAMES: Advice = Advice::new(
    "let the merchant do it in the vendor's console: mini games are not supported here",
    "接口暂不支持小游戏，请商家到百度智能小程序后台操作",
);
