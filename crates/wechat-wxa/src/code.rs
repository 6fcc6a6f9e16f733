//! Uploading code, and listing its versions.

mod privacy;
mod upload;
mod versions;

use async_trait::async_trait;
use miniprogram_core::model::{
    Category, CategoryLevel, CodeVersion, QrCode, QrCodeOptions, UploadProgress, UploadReceipt,
};
use miniprogram_core::vendor_api::pipeline::{Call, Fields, Op};
use miniprogram_core::{CodeManager, Result};
use serde_json::{Value, json};

pub use privacy::PrivacyScan;
pub(crate) use privacy::{privacy_call, wait_for_scan};
pub(crate) use upload::UploadCode;

use crate::audit_status::read_latest;
use crate::client::WeChatApp;
use crate::endpoints;
use crate::{REFUSE, fields, wire};

#[async_trait]
impl CodeManager for WeChatApp {
    async fn upload_progress(&self, _receipt: &UploadReceipt) -> Result<UploadProgress> {
        // There is one experience version, and the scan covers that one.
        let scan = privacy::read_scan(&mut self.begin("upload_progress")).await?;
        Ok(match scan {
            PrivacyScan::Running => UploadProgress::Processing,
            PrivacyScan::Finished { .. } => UploadProgress::ready(None),
        })
    }

    async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
        let mut op = self.begin("code_versions");
        let info = op.read(&versions_call()).await?.decode()?;
        let latest = read_latest(&mut op).await?;
        Ok(versions::merged(info, latest))
    }

    async fn trial_qr_code(&self, options: &QrCodeOptions) -> Result<QrCode> {
        let call = qr_code_call(options)?;
        let reply = self.begin("trial_qr_code").read(&call).await?;
        QrCode::from_bytes(reply.bytes.to_vec())
            .ok_or_else(|| reply.protocol("the body is neither a JPEG nor a PNG"))
    }

    async fn pages(&self) -> Result<Vec<String>> {
        let call = Call::to(&endpoints::PAGES);
        let pages: wire::Pages = self.begin("pages").read(&call).await?.decode()?;
        Ok(pages.page_list)
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        let call = Call::to(&endpoints::CATEGORIES);
        let reply = self.begin("categories").read(&call).await?;
        fields::of(&reply).each("category_list", |row| Ok(category(row)))
    }
}

/// The call that reads the experience version and the one online.
pub(crate) fn versions_call() -> Call {
    Call::to(&endpoints::CODE_VERSIONS).with_json(&json!({}))
}

/// Checks that the experience version is the one to be submitted.
pub(crate) async fn expect_experience_version(op: &mut Op<'_>, version: &str) -> Result<()> {
    let info: wire::VersionInfo = op.read(&versions_call()).await?.decode()?;
    match info.exp_info.and_then(|exp| exp.exp_version) {
        Some(found) if found == version => Ok(()),
        Some(found) => {
            Err(REFUSE
                .conflict("submit_audit", format!("the uploaded version is {found:?}, not {version:?}")))
        }
        None => {
            Err(REFUSE
                .conflict("submit_audit", format!("no version has been uploaded (asked for {version:?})")))
        }
    }
}

fn qr_code_call(options: &QrCodeOptions) -> Result<Call> {
    const OPERATION: &str = "trial_qr_code";
    if options.package_id.is_some() {
        return Err(REFUSE.unsupported(
            OPERATION,
            "package_id",
            "cannot be chosen: the experience version is shown",
        ));
    }
    if options.width.is_some() {
        return Err(REFUSE.unsupported(OPERATION, "width", "cannot be chosen"));
    }
    let call = Call::to(&endpoints::TRIAL_QR_CODE).expecting_image();
    Ok(match &options.path {
        Some(path) => call.with_query("path", path),
        None => call,
    })
}

/// Reads a category; the second and third level may be absent. A level that has only a name or only an id stays among
/// the other fields, and so do the levels below it, which must not take its place.
fn category(row: &mut Fields<'_>) -> Category {
    let mut levels = Vec::new();
    for level in ["first", "second", "third"] {
        let (class, id) = (format!("{level}_class"), format!("{level}_id"));
        match (row.text(&class), row.number(&id).filter(|id| *id != 0)) {
            (Some(name), Some(number)) => levels.push(CategoryLevel::new(number, name)),
            (None, None) => {}
            (name, number) => {
                let halves = [(class, name.map(Value::from)), (id, number.map(Value::from))];
                for (name, half) in halves.into_iter().filter_map(|(name, half)| Some((name, half?))) {
                    row.keep(&name, half);
                }
                break;
            }
        }
    }
    Category::new(levels).with_extra(row.rest())
}
