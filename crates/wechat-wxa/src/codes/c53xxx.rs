//! Codes 53000 to 53999: name, signature, avatar and category.
//!
//! Messages are those of document 002 where it prints one, otherwise the `errmsg` of WeChat's public error tables,
//! otherwise a gloss.

use miniprogram_core::ErrorKind::{
    Conflict, ContentRejected, InvalidArgument, PermissionDenied, QuotaExhausted, RateLimited,
};
use miniprogram_core::Retry;
use miniprogram_core::vendor_api::codes::CodeRow;
use miniprogram_core::vendor_api::codes::Owner::Merchant;

use super::advice::{access, category, name, quota};

// One row per line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(53000, QuotaExhausted, "principal limit exceed").retry(Retry::AfterChange).owner(Merchant).advice(quota::OWNER_ACCOUNTS),
    CodeRow::new(53001, PermissionDenied, "principal in black list").owner(Merchant).advice(access::LIFT_BAN),
    CodeRow::new(53010, InvalidArgument, "nickname invalid").owner(Merchant).advice(name::FORMAT),
    CodeRow::new(53011, RateLimited, "check nickname too frequently").advice(name::OFTEN),
    CodeRow::new(53012, ContentRejected, "nickname ban").advice(name::FORBIDDEN),
    CodeRow::new(53013, Conflict, "nickname has been occupied").owner(Merchant).advice(name::OTHER_NAME),
    CodeRow::new(53014, Conflict, "a name of the form A+ exists; same owner needed for A").owner(Merchant).advice(name::SAME_OWNER),
    CodeRow::new(53015, Conflict, "name taken by an account of the other kind; same owner needed").owner(Merchant).advice(name::SAME_OWNER),
    CodeRow::new(53016, Conflict, "name taken by several accounts of the other kind").owner(Merchant).advice(name::SAME_OWNER),
    CodeRow::new(53017, Conflict, "A+ rule across account kinds").owner(Merchant).advice(name::SAME_OWNER),
    CodeRow::new(53018, Conflict, "nickname hit alias").owner(Merchant).advice(name::WECHAT_ID),
    CodeRow::new(53019, Conflict, "nickname protected by infringement").owner(Merchant).advice(name::PROTECTED),
    CodeRow::new(53200, QuotaExhausted, "modify signature quota limit exceed").advice(name::CHANGES),
    CodeRow::new(53201, ContentRejected, "signature in black list, can not use").advice(name::DESCRIPTION),
    CodeRow::new(53202, QuotaExhausted, "modify avatar quota limit exceed").advice(name::CHANGES),
    CodeRow::new(53203, Conflict, "can't be modified for the time being").advice(name::LATER),
    CodeRow::new(53204, InvalidArgument, "signature invalid").advice(name::DESCRIPTION_LENGTH),
    CodeRow::new(53300, QuotaExhausted, "category changes of this month used up").advice(category::CHANGES),
    CodeRow::new(53301, QuotaExhausted, "number of categories at its limit").retry(Retry::AfterChange).advice(category::FULL),
    CodeRow::new(53302, PermissionDenied, "owner type may not use this category").owner(Merchant).advice(category::OWNER_TYPE),
    CodeRow::new(53303, InvalidArgument, "category parameters not valid").advice(category::PARAMETERS),
    CodeRow::new(53304, Conflict, "category already set (errmsg is empty in practice)").advice(category::SET),
    CodeRow::new(53305, Conflict, "category did not pass the ICP check").owner(Merchant).advice(category::ICP),
    CodeRow::new(53306, InvalidArgument, "only the certificates of a category may be changed, not its id").advice(category::CERTIFICATES_ONLY),
    CodeRow::new(53307, Conflict, "only a rejected category may be changed").advice(category::NOT_REJECTED),
    CodeRow::new(53308, Conflict, "category under review cannot be deleted").advice(category::PENDING),
    CodeRow::new(53309, Conflict, "this category (social red packet) cannot be deleted").advice(category::FIXED),
    CodeRow::new(53310, QuotaExhausted, "limit reached; apply_reason can ask for more").retry(Retry::AfterChange).advice(category::ASK_FOR_MORE),
    CodeRow::new(53311, Conflict, "certificates needed").owner(Merchant).advice(category::CERTIFICATES),
];
