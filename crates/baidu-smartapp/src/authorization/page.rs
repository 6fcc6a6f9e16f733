//! The page on which a merchant authorizes the platform.

use miniprogram_core::authorization::AuthorizationRequest;
use miniprogram_core::vendor_api::kit::page_query;
use miniprogram_core::{Error, Result};

use super::BaiduAuthorization;
use crate::{BAIDU, REFUSE};

const OPERATION: &str = "authorization_url";

/// Builds the URL of the page, the same for desktops and phones. It must be opened from the platform's registered
/// domain.
pub(super) fn url(of: &BaiduAuthorization, code: &str, request: &AuthorizationRequest) -> Result<String> {
    if request.app.is_some() {
        let why = "must not be given: the merchant chooses the app on Baidu's page";
        return Err(Error::unsupported(BAIDU, OPERATION).with_field("app").with_detail(why));
    }
    let own = [
        ("client_id", of.client_id.as_str()),
        ("pre_auth_code", code),
        ("redirect_uri", request.redirect_uri.as_str()),
    ];
    let query = page_query(REFUSE, own, request)?;
    let host = of.pages.as_ref().map_or("https://smartprogram.baidu.com/", |base| base.as_str());
    Ok(format!("{host}mappconsole/tp/authorization?{query}"))
}
