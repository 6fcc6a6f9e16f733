//! Uploading code.

use miniprogram_core::vendor_api::codes::Advice;
pub(in crate::codes) use miniprogram_core::vendor_api::codes::advice::TEMPLATE;

pub(in crate::codes) const UNDESCRIBED: Advice = Advice::new(
    "read `code_versions` before uploading again; report the request id to the vendor if the error persists",
    "请先用 `code_versions` 确认是否已上传；反复出现时，凭 rid 向微信反馈",
);
pub(in crate::codes) const BROKEN_TEMPLATE: Advice = Advice::new(
    "recreate the template from its draft with `add_template`, then upload that one",
    "模板有误，请用 `add_template` 从草稿重新生成模板后再上传",
);
pub(in crate::codes) const TOO_LARGE: Advice = Advice::new(
    "make the template's package smaller, then upload again: 2 MB for the main package and for each other one",
    "代码包过大，主包和每个分包均不得超过 2 MB，请精简模板后重新上传",
);
pub(in crate::codes) const EXT: Advice = Advice::new(
    "correct the values of `ext`: their paths and keys must exist in the template",
    "请修正 `ext_json`，其中的路径和字段必须在模板中存在",
);
pub(in crate::codes) const EXT_TEXT: Advice = Advice::new(
    "send `ext_json` as one valid JSON text in a string",
    "`ext_json` 须为合法 JSON 的字符串，请检查格式",
);
pub(in crate::codes) const TAB_BAR: Advice = Advice::new(
    "give every entry of `tabBar.list` its `pagePath`",
    "请为 `tabBar.list` 的每一项补上 `pagePath`",
);
pub(in crate::codes) const PAGES: Advice = Advice::new(
    "name at least one page of the template in `pages`, or leave `pages` out",
    "`pages` 至少要有一个模板中的页面，或不传该字段",
);
pub(in crate::codes) const STANDARD: Advice = Advice::new(
    "with a standard template `ext` may contain only `extAppid`, `ext` and `window`",
    "标准模板的 `ext_json` 只允许 `extAppid`、`ext` 和 `window`",
);
pub(in crate::codes) const RUNNING: Advice = Advice::new(
    "wait until the upload to this app that is running has ended, then upload again",
    "该小程序正在上传代码，请等其结束后再上传",
);
pub(in crate::codes) const ONE_AT_A_TIME: Advice = Advice::new(
    "wait until the other operation on this app has ended; send one at a time",
    "该小程序有其他操作正在进行，请串行调用，稍后再试",
);
pub(in crate::codes) const UPLOAD_FIRST: Advice =
    Advice::new("upload code first with `upload_code`", "请先用 `upload_code` 上传代码");
pub(in crate::codes) const NAVIGATE: Advice = Advice::new(
    "list the app ids in `navigateToMiniProgramAppIdList` of the template or of `ext`",
    "请在模板或 `ext_json` 的 `navigateToMiniProgramAppIdList` 中声明要跳转的 AppID",
);
pub(in crate::codes) const PLUGIN_VERSION: Advice = Advice::new(
    "name a version of the plugin that exists, in the template or in `ext`",
    "插件版本无效，请在模板或 `ext_json` 中改为存在的版本",
);
pub(in crate::codes) const PLUGIN: Advice = Advice::new(
    "correct the plugin's app id in the template or in `ext`",
    "插件不存在，请核对模板或 `ext_json` 中的插件 AppID",
);
pub(in crate::codes) const PLUGIN_RIGHT: Advice = Advice::new(
    "let the merchant add the plugin, or take it out of the template",
    "请商家先添加该插件，或从模板中移除",
);
pub(in crate::codes) const CLOUD: Advice = Advice::new(
    "open cloud development for the app first, or take it out of the template",
    "请先为该小程序开通云开发，或从模板中移除",
);
pub(in crate::codes) const PLUGIN_SPECIAL: Advice = Advice::new(
    "take the plugin out of the template: only certain apps may use it",
    "该插件仅供特定小程序使用，请从模板中移除",
);
pub(in crate::codes) const PLUGIN_LIVE: Advice =
    Advice::new("leave the live-streaming plugin: it cannot be deleted", "直播插件不允许删除");
