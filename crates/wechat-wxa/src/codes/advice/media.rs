//! Files and media ids.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const EXPIRED: Advice = Advice::new(
    "upload the file again: a media id lives for three days",
    "请重新上传文件，`media_id` 只有 3 天有效期",
);
pub(in crate::codes) const PREVIEW: Advice = Advice::new(
    "upload the pictures again with `upload_audit_media` and submit: their media ids live for three days",
    "请用 `upload_audit_media` 重新上传图片后再提审，`media_id` 只有 3 天有效期",
);
pub(in crate::codes) const TOO_MANY: Advice = Advice::new(
    "send fewer pictures and videos in `preview_info`",
    "请减少 `preview_info` 中的图片或视频数量",
);
pub(in crate::codes) const FORMAT: Advice = Advice::new(
    "send a PNG, JPEG or GIF picture, or an MP4 video",
    "仅支持 PNG、JPEG、GIF 图片和 MP4 视频，请转换格式",
);
pub(in crate::codes) const PICTURE_FORMAT: Advice =
    Advice::new("send a PNG, JPEG or GIF picture", "仅支持 PNG、JPEG、GIF 图片，请转换格式");
pub(in crate::codes) const SIZE: Advice = Advice::new(
    "make the file smaller: pictures for the audit up to 2 MB, videos up to 10 MB",
    "文件过大，请压缩：提审图片不超过 2 MB，视频不超过 10 MB",
);
pub(in crate::codes) const PICTURE_SIZE: Advice =
    Advice::new("make the picture smaller", "图片过大，请压缩后再上传");
pub(in crate::codes) const NO_FILE: Advice =
    Advice::new("send the file as the multipart part `media`", "请以 multipart 的 `media` 字段上传文件内容");
pub(in crate::codes) const NO_ID: Advice =
    Advice::new("send the media id that the upload returned", "请传入上传接口返回的 `media_id`");
pub(in crate::codes) const TRANSCODING: Advice =
    Advice::new("wait until the file is transcoded, then repeat", "文件转码中，请稍后再试");
