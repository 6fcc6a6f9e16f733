//! The fields of WeChat's responses.

use miniprogram_core::vendor_api::pipeline::{Fields, Reply};

/// Returns the fields of a whole response, without those of the envelope.
pub(crate) fn of(reply: &Reply) -> Fields<'_> {
    let mut fields = reply.json.as_object().cloned().unwrap_or_default();
    fields.shift_remove("errcode");
    fields.shift_remove("errmsg");
    Fields::new(reply, "", fields)
}
