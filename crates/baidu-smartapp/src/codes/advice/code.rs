//! Uploading code.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::MESSAGE_TEMPLATE;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::TEMPLATE;

pub(in crate::codes) const EXT: Advice =
    Advice::new("correct the values of `ext`", "请修正 `ext_json`，其中有无法解析的字符");
pub(in crate::codes) const EXT_AGAIN: Advice =
    Advice::new("correct the values of `ext`, then upload again", "请修正 `ext_json` 后重新上传");
pub(in crate::codes) const TEMPLATE_FILE: Advice =
    Advice::new("correct the template, then upload again", "模板文件解析失败，请修正模板后重新上传");
pub(in crate::codes) const UPLOADS_TWICE: Advice = Advice::new(
    "wait, then check whether the first upload shows; do not upload again before",
    "重复上传正在处理，请先用 `code_versions` 查询第一次上传是否生效，不要重复上传",
);
pub(in crate::codes) const UPLOAD_BUSY: Advice = Advice::new(
    "check `code_versions` for the upload before repeating it",
    "上传服务暂不可用，请先用 `code_versions` 查询是否已上传，再决定重试",
);
pub(in crate::codes) const UPLOAD_FAILED: Advice =
    Advice::new("upload again later: this upload failed", "本次上传失败，请稍后重新上传");
pub(in crate::codes) const UPLOAD_UNKNOWN: Advice = Advice::new(
    "upload again; report the response to the vendor if the error persists",
    "请重新上传；反复出现时，请向百度反馈",
);
pub(in crate::codes) const BEING_MADE: Advice =
    Advice::new("wait until the app is created, then repeat", "小程序正在创建，请等创建完成后再试");
pub(in crate::codes) const PACKAGE: Advice =
    Advice::new("name a package that `code_versions` lists", "请填写 `code_versions` 返回的 `package_id`");
pub(in crate::codes) const BATCH: Advice =
    Advice::new("name fewer source templates", "源模板过多，请减少数量");
pub(in crate::codes) const BATCH_TARGET: Advice = Advice::new(
    "name a target template that `templates` lists",
    "目标模板已不存在，请填写 `templates` 返回的模板 ID",
);
pub(in crate::codes) const BATCH_SOURCE: Advice = Advice::new(
    "name source templates that `templates` lists",
    "源模板不存在，请填写 `templates` 返回的模板 ID",
);
pub(in crate::codes) const BATCH_NONE: Advice =
    Advice::new("nothing to do: no app uses these templates", "没有需要替换的小程序，无需处理");
pub(in crate::codes) const LIBRARY_FULL: Advice = Advice::new(
    "delete a template that is no longer used with `delete_template`: the library holds 50",
    "模板库最多 50 个模板，请先用 `delete_template` 删除不再使用的",
);
pub(in crate::codes) const TEMPLATE_NAME: Advice = Advice::new(
    "send at most 30 allowed characters as `user_desc` of the template",
    "模板描述 `user_desc` 最多 30 个字符，请修改后重试",
);
