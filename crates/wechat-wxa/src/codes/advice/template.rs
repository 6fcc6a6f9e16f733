//! The template library.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::MESSAGE_TEMPLATE as MESSAGE;

pub(in crate::codes) const UNKNOWN: Advice = Advice::new(
    "name a draft that `template_drafts` lists or a template that `templates` lists",
    "请填写 `template_drafts` 或 `templates` 返回的 ID",
);
pub(in crate::codes) const DRAFT: Advice = Advice::new(
    "name a draft that `template_drafts` lists: the next upload of the development app overwrites a draft",
    "请填写 `template_drafts` 返回的草稿 ID，草稿会被开发小程序的下一次上传覆盖",
);
pub(in crate::codes) const TEMPLATE: Advice = Advice::new(
    "name a template that `templates` lists: it may be deleted already",
    "请填写 `templates` 返回的模板 ID，可能已被删除",
);
pub(in crate::codes) const FULL: Advice = Advice::new(
    "delete a template that is no longer used with `delete_template`: the library holds 200",
    "模板库最多 200 个模板，请先用 `delete_template` 删除不再使用的",
);
