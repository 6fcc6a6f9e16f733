use super::Refusals;
use crate::code::UploadReceipt;
use crate::error::Result;
use crate::ext_json::ExtJson;
use crate::id::TemplateId;

/// The arguments of `upload_code`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UploadArguments {
    /// The template.
    pub template: TemplateId,
    /// The app's values for it.
    pub ext: ExtJson,
    /// The version text, not checked.
    pub version: String,
    /// The description, not checked.
    pub description: String,
}

impl UploadArguments {
    /// Takes over the arguments of the command.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a blank template id. The rules for the version and
    /// the description are the vendor's.
    pub fn new(
        refuse: Refusals,
        template: &TemplateId,
        ext: &ExtJson,
        version: &str,
        description: &str,
    ) -> Result<Self> {
        refuse.required("upload_code", "template_id", template.as_str())?;
        Ok(Self {
            template: template.clone(),
            ext: ext.clone(),
            version: version.to_owned(),
            description: description.to_owned(),
        })
    }

    /// Returns a receipt that names the version and the description.
    #[must_use]
    pub fn receipt(&self) -> UploadReceipt {
        UploadReceipt::new(&self.version, &self.description)
    }
}
