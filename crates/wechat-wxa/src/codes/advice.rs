//! Advice that several codes of WeChat share.

pub(super) const OTHER_NAME: &str = "let the merchant choose another name, or prove a right to this one";
pub(super) const MAKE_ROOM: &str = "remove entries that are no longer used: waiting does not make room";
pub(super) const NEXT_MONTH: &str = "wait for the next month";
pub(super) const LIFT_BAN: &str = "let the merchant settle the restriction with the vendor first";
pub(super) const LIFT_PLATFORM_BAN: &str = "settle the restriction in the platform's own console";
pub(super) const NEW_CODE: &str =
    "let the merchant authorize again: an authorization code works once and for a short time";
pub(super) const NEWEST_TICKET: &str =
    "store the newest `component_verify_ticket` that WeChat pushed, then fetch the component token again";
pub(super) const WHITE_LIST: &str = "add the platform's outgoing address to its white list at the vendor";
pub(super) const GRANT: &str = "let the merchant grant the permission set of this call to the platform";
pub(super) const ICP: &str = "let the merchant file the domain with the authorities (ICP) first";
pub(super) const EXT: &str = "correct the values of `ext`: their paths and keys must exist in the template";
pub(super) const MEDIA: &str = "upload the file again: a media id lives for three days";
pub(super) const UPLOAD_FIRST: &str = "upload code first";
pub(super) const UTF8: &str = "send the characters themselves as UTF-8, not as `\\uXXXX`";
pub(super) const REFRESH_TOKEN_GONE: &str = "read the refresh token again with `api_get_authorizer_list`; failing that, let the merchant authorize again";
pub(super) const ANOTHER: &str = "free a place first, or use another one: waiting does not help";
pub(super) const LIBRARY_VERSION: &str = "name a version that `min_library_version` lists";
