//! Uploading images, whose URLs other calls take.

use bytes::Bytes;
use miniprogram_core::Result;
use miniprogram_core::transport::Part;
use miniprogram_core::vendor_api::pipeline::Call;
use serde_json::Value;

use crate::REFUSE;
use crate::client::BaiduPlatform;
use crate::endpoints;
use crate::values::ImageKind;

const OPERATION: &str = "upload_image";

/// The formats that Baidu accepts, by their first bytes, with their media types.
const FORMATS: &[(&[u8], &str)] =
    &[(b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"BM", "image/bmp")];

impl BaiduPlatform {
    /// Uploads an image with the platform's token and returns its URL. Baidu accepts images only at such URLs:
    /// elsewhere it refuses others with 47008.
    ///
    /// PNG, JPEG or BMP; an icon has at most 2 MB and 256 × 256 pixels, anything else at most 5 MB. The image alone
    /// does not change an app, so the call is retried after a lost response, like a read: at worst Baidu keeps the
    /// image twice, under two URLs.
    ///
    /// Source: Baidu's pages on third-party platforms, "图片上传接口"; document 003 refers to it.
    ///
    /// # Errors
    /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument), without a request, for an empty file name,
    /// an image that is too large, or bytes that begin like none of the formats; from Baidu for other dimensions.
    pub async fn upload_image(
        &self,
        kind: ImageKind,
        file_name: &str,
        bytes: impl Into<Bytes> + Send,
    ) -> Result<String> {
        let call = call(kind, file_name, bytes.into())?;
        let reply = self.begin(OPERATION).read(&call).await?;
        match reply.json.get("data") {
            Some(Value::String(url)) if !url.trim().is_empty() => Ok(url.clone()),
            _ => Err(reply.protocol("is not a URL").with_field("data")),
        }
    }
}

/// `/file/2.0/smartapp/upload/image`.
fn call(kind: ImageKind, file_name: &str, bytes: Bytes) -> Result<Call> {
    REFUSE.required(OPERATION, "file_name", file_name)?;
    let invalid = |why: String| REFUSE.invalid(OPERATION, "multipartFile", why);
    let megabytes = if kind == ImageKind::Icon { 2 } else { 5 };
    if bytes.len() > megabytes << 20 {
        let why = format!("must have at most {megabytes} MB, has {} bytes", bytes.len());
        return Err(invalid(why));
    }
    let format = FORMATS.iter().find(|(first, _)| bytes.starts_with(first));
    let Some((_, media_type)) = format else {
        return Err(invalid("must be a PNG, JPEG or BMP picture".to_owned()));
    };
    let parts =
        vec![Part::text("type", kind.as_wire()), Part::file("multipartFile", file_name, *media_type, bytes)];
    Ok(Call::to(&endpoints::UPLOAD_IMAGE).with_parts(parts).with_platform_token())
}
