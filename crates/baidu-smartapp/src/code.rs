//! [`CodeManager`] at Baidu: `package/upload`, `package/get`, `app/qrcode`, `app/category/list`.

mod category;
mod progress;
mod state;
mod upload;

use async_trait::async_trait;
use miniprogram_core::model::{Category, CodeVersion, QrCode, QrCodeOptions, UploadProgress, UploadReceipt};
use miniprogram_core::vendor_api::pipeline::Call;
use miniprogram_core::{CodeManager, Error, Result};

pub(crate) use progress::{Shown, UPLOAD_PAUSE, UPLOAD_WAIT, not_shown, progress};
pub use state::UploadState;
pub(crate) use upload::UploadCode;

use crate::client::BaiduApp;
use crate::endpoints;
use crate::package::{self, Package, PackageQuery, Packages};
use crate::{BAIDU, REFUSE};

#[async_trait]
impl CodeManager for BaiduApp {
    async fn upload_progress(&self, receipt: &UploadReceipt) -> Result<UploadProgress> {
        let state = UploadState::read("upload_progress", receipt)?;
        let mut op = self.pipeline.begin(&self.app, "upload_progress");
        let packages = Packages::read(&mut op).await?;
        match progress(&packages, receipt, &state) {
            Shown::Ready(id) => Ok(UploadProgress::ready(Some(id))),
            Shown::Processing => Ok(UploadProgress::Processing),
            Shown::Failed { code, reason } => Ok(UploadProgress::failed(code, reason)),
            Shown::Nothing => Err(not_shown("upload_progress", receipt)),
        }
    }

    async fn code_versions(&self) -> Result<Vec<CodeVersion>> {
        let mut op = self.pipeline.begin(&self.app, "code_versions");
        let packages = Packages::read(&mut op).await?;
        Ok(packages.0.into_iter().map(CodeVersion::from).collect())
    }

    async fn trial_qr_code(&self, options: &QrCodeOptions) -> Result<QrCode> {
        let call = qr_code(options)?;
        let mut op = self.pipeline.begin(&self.app, "trial_qr_code");
        let reply = op.read(&call).await?;
        QrCode::from_bytes(reply.bytes.to_vec())
            .ok_or_else(|| reply.protocol("is neither a PNG nor a JPEG").with_field("body"))
    }

    async fn pages(&self) -> Result<Vec<String>> {
        Err(Error::unsupported(BAIDU, "pages"))
    }

    async fn categories(&self) -> Result<Vec<Category>> {
        let mut op = self.pipeline.begin(&self.app, "categories");
        let reply = op.read(&category::list()).await?;
        category::decode(&reply)
    }
}

impl BaiduApp {
    /// Returns the packages with every field that Baidu reports: [`code_versions`](CodeManager::code_versions) cannot
    /// represent some of them, such as remark, committer and template id.
    ///
    /// Source: documents 000 and 001, `package/get`.
    ///
    /// # Errors
    /// The errors of any read.
    pub async fn packages(&self) -> Result<Vec<Package>> {
        let mut op = self.pipeline.begin(&self.app, "packages");
        Ok(Packages::read(&mut op).await?.0)
    }

    /// Returns the preview package.
    ///
    /// Source: document 000 only. Later editions do not list `package/gettrial`, so it may have been removed.
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) if there is none; those of any read.
    pub async fn trial_package(&self) -> Result<Package> {
        let mut op = self.pipeline.begin(&self.app, "trial_package");
        package::one(&op.read(&package::trial()).await?)
    }

    /// Returns one package, by its id or by its status.
    ///
    /// Source: document 001, `package/getdetail`.
    ///
    /// # Errors
    /// [`NotFound`](miniprogram_core::ErrorKind::NotFound) if there is none; those of any read.
    pub async fn package_detail(&self, query: &PackageQuery) -> Result<Package> {
        const OPERATION: &str = "package_detail";
        let mut op = self.pipeline.begin(&self.app, OPERATION);
        if let PackageQuery::Id(id) = query {
            REFUSE.required(OPERATION, "package_id", id.as_str())?;
        }
        package::asked_for(&op.read(&package::detail(query)).await?, query)
    }
}

/// `app/qrcode`. The width is 200 to 1280 pixels, 200 by default; the package must be in review, in development or
/// online. Source: document 003.
fn qr_code(options: &QrCodeOptions) -> Result<Call> {
    const OPERATION: &str = "trial_qr_code";
    let mut call = Call::to(&endpoints::TRIAL_QR_CODE).expecting_image();
    if let Some(path) = &options.path {
        REFUSE.required(OPERATION, "path", path)?;
        call = call.with_query("path", path);
    }
    if let Some(id) = &options.package_id {
        REFUSE.required(OPERATION, "package_id", id.as_str())?;
        call = call.with_query("package_id", id.as_str());
    }
    if let Some(width) = options.width {
        if !(200..=1280).contains(&width) {
            let why = format!("must be 200 to 1280 pixels, has {width}");
            return Err(REFUSE.invalid(OPERATION, "width", why));
        }
        call = call.with_query("width", width.to_string());
    }
    Ok(call)
}
