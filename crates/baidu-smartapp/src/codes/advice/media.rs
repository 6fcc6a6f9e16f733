//! Images.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const UPLOAD_FIRST: Advice = Advice::new(
    "upload the picture with `upload_image` first, and send the address that it returns",
    "请先用 `upload_image` 上传图片，并使用返回的图片地址",
);
pub(in crate::codes) const FORMAT: Advice =
    Advice::new("send a bmp, jpeg, jpg or png picture", "图片仅支持 bmp、jpeg、jpg、png 格式");
pub(in crate::codes) const PIXELS: Advice = Advice::new(
    "make the icon at most 256 by 256 pixels: 144 by 144 is advised",
    "图标尺寸不得超过 256×256 像素，建议 144×144",
);
pub(in crate::codes) const SIZE: Advice = Advice::new(
    "make the file smaller: icons up to 2 MB, certificates and name material up to 5 MB",
    "文件过大，图标不超过 2 MB，资质和名称材料不超过 5 MB",
);
pub(in crate::codes) const AGAIN: Advice =
    Advice::new("call `upload_image` again later", "图片上传失败，请稍后重新调用 `upload_image`");
