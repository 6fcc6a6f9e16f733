//! Name, signature, avatar and category.
//!
//! Words: document 002 where it prints some, else the `errmsg` of WeChat's public error tables, else a gloss.

use miniprogram_core::ErrorKind::{
    Conflict, ContentRejected, InvalidArgument, PermissionDenied, QuotaExhausted, RateLimited,
};
use miniprogram_core::Retry;
use miniprogram_core::codes::CodeRow;
use miniprogram_core::codes::Owner::Merchant;

use super::advice;

// One row a line.
#[rustfmt::skip]
pub(super) const ROWS: &[CodeRow] = &[
    CodeRow::new(53000, QuotaExhausted, "principal limit exceed").retry(Retry::AfterChange).owner(Merchant).advice("let the merchant close accounts that are no longer used"),
    CodeRow::new(53001, PermissionDenied, "principal in black list").owner(Merchant).advice(advice::LIFT_BAN),
    CodeRow::new(53010, InvalidArgument, "nickname invalid").owner(Merchant),
    CodeRow::new(53011, RateLimited, "check nickname too frequently"),
    CodeRow::new(53012, ContentRejected, "nickname ban"),
    CodeRow::new(53013, Conflict, "nickname has been occupied").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53014, Conflict, "a name of the form A+ exists; same owner needed for A").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53015, Conflict, "name taken by an account of the other kind; same owner needed").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53016, Conflict, "name taken by several accounts of the other kind").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53017, Conflict, "A+ rule across account kinds").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53018, Conflict, "nickname hit alias").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53019, Conflict, "nickname protected by infringement").owner(Merchant).advice(advice::OTHER_NAME),
    CodeRow::new(53200, QuotaExhausted, "modify signature quota limit exceed").advice(advice::NEXT_MONTH),
    CodeRow::new(53201, ContentRejected, "signature in black list, can not use"),
    CodeRow::new(53202, QuotaExhausted, "modify avatar quota limit exceed").advice(advice::NEXT_MONTH),
    CodeRow::new(53203, Conflict, "can't be modified for the time being").advice("wait, then look whether a change is possible"),
    CodeRow::new(53204, InvalidArgument, "signature invalid"),
    CodeRow::new(53300, QuotaExhausted, "category changes of this month used up").advice(advice::NEXT_MONTH),
    CodeRow::new(53301, QuotaExhausted, "number of categories at its limit").retry(Retry::AfterChange).advice("delete a category that is no longer used"),
    CodeRow::new(53302, PermissionDenied, "owner type may not use this category").owner(Merchant).advice("choose a category that this type of owner may use"),
    CodeRow::new(53303, InvalidArgument, "category parameters not valid"),
    CodeRow::new(53304, Conflict, "category already set (errmsg is empty in practice)").advice("nothing to do: the category is set already"),
    CodeRow::new(53305, Conflict, "category did not pass the ICP check").owner(Merchant).advice(advice::ICP),
    CodeRow::new(53306, InvalidArgument, "only the certificates of a category may be changed, not its id"),
    CodeRow::new(53307, Conflict, "only a rejected category may be changed"),
    CodeRow::new(53308, Conflict, "category under review cannot be deleted").advice("wait for the verdict on the category"),
    CodeRow::new(53309, Conflict, "this category (social red packet) cannot be deleted"),
    CodeRow::new(53310, QuotaExhausted, "limit reached; apply_reason can ask for more").retry(Retry::AfterChange).advice("ask for more with `apply_reason`"),
    CodeRow::new(53311, Conflict, "certificates needed").owner(Merchant).advice("add the certificates that the category asks for"),
];
