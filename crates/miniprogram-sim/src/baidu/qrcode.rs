//! The QR code of a package.

use std::ops::RangeInclusive;

use super::state::Status;
use super::{BdView, Step, Verdict};
use crate::call::{Content, Refusal};
use crate::picture;

/// Allowed widths, in pixels (003, 二维码).
pub(super) const WIDTHS: RangeInclusive<u16> = 200..=1280;

/// A QR code of a URL that names app, package and path; 47002 if that is too long.
pub(super) fn qrcode(view: &BdView<'_>) -> Verdict {
    let width = match view.call.param("width") {
        None => *WIDTHS.start(),
        Some(width) => {
            let width = width.parse().ok().filter(|width| WIDTHS.contains(width));
            width.ok_or(Refusal::code(470_018))?
        }
    };
    let id = match view.call.param("package_id").filter(|id| !id.is_empty()) {
        None => view.state.online.ok_or(Refusal::code(470_020))?,
        Some(id) => id.parse().map_err(|_| Refusal::code(40001))?,
    };
    let package = view.state.package(id).filter(|package| package.is_ready(view.now));
    let package =
        package.filter(|package| package.status != Status::Retired).ok_or(Refusal::code(470_019))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("app_id", view.app_id.as_str()).append_pair("package_id", &package.id.to_string());
    if let Some(path) = view.call.param("path").filter(|path| !path.is_empty()) {
        query.append_pair("path", path);
    }
    let address = format!("https://smartprogram.baidu.com/mappconsole/preview?{}", query.finish());
    let png = picture::png(&address, width).ok_or(Refusal::code(47002))?;
    Step::answer(Content::Image("image/png", png))
}
