//! The filing of the app itself (ICP).

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const MEDIA_KIND: Advice = Advice::new(
    "check the file, and that `certificate_type` fits `icp_order_field`, then upload again",
    "请检查文件，并确认 `certificate_type` 与 `icp_order_field` 对应，再重新上传",
);
pub(in crate::codes) const HINTS: Advice = Advice::new(
    "correct the fields that `hints` names, each with its own code and message, then apply again",
    "请按 `hints` 中各字段的错误码和提示修正后重新申请备案",
);
pub(in crate::codes) const MEDIA: Advice = Advice::new(
    "send a media id that `/wxa/icp/upload_icp_media` returned for this app",
    "请传入该小程序由 `/wxa/icp/upload_icp_media` 返回的 `media_id`",
);
pub(in crate::codes) const PHOTO: Advice = Advice::new(
    "let the merchant give a legible photograph; check too that it was uploaded with its own `certificate_type`",
    "请商家提供清晰的证件照片，并确认上传时 `certificate_type` 填写正确",
);
pub(in crate::codes) const TASK: Advice = Advice::new(
    "send the `task_id` of a face check of this app; it lives for one to three days, then start a new one",
    "请核对 `task_id`，人脸核身任务 1 至 3 天后过期，过期须重新发起",
);
pub(in crate::codes) const NOT_NOW: Advice = Advice::new(
    "wait for the verdict on the filing: it can no longer be withdrawn",
    "备案申请当前不可撤回，请等待审核结果",
);
pub(in crate::codes) const NONE_FILED: Advice =
    Advice::new("nothing to cancel: the app has no filing", "小程序未备案，无需注销");
pub(in crate::codes) const OTHER_OWNER: Advice = Advice::new(
    "let the merchant name the owner of the app as the organiser of the filing",
    "备案主办者须与小程序主体一致，请商家更正",
);
pub(in crate::codes) const NOTHING_OPEN: Advice =
    Advice::new("nothing to withdraw: no filing is in review", "没有审核中的备案申请，无需撤回");
