//! The fields of WeChat's answers.

use miniprogram_core::pipeline::{Fields, Reply};

use crate::WECHAT;

/// The fields of a whole answer, the envelope's own left out.
pub(crate) fn of(reply: &Reply) -> Fields<'_> {
    let mut fields = reply.json.as_object().cloned().unwrap_or_default();
    fields.shift_remove("errcode");
    fields.shift_remove("errmsg");
    Fields::new(reply, WECHAT, "", fields)
}
