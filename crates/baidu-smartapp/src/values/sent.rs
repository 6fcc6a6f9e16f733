use miniprogram_core::sent_enums;

use super::{WireRow, WireTable};

/// Declares a sent enumeration, whose wire value is a text (a number as its digits), and the table of all its values.
macro_rules! sent {
    ($($(#[$about:meta])* $name:ident, $(#[$of_table:meta])* $table:ident = $field:literal {
        $($(#[$doc:meta])* $variant:ident = $wire:literal, $text:literal, $label:literal;)*
    })*) => {$(
        sent_enums! {
            $(#[$about])*
            $name: &'static str { $($(#[$doc])* $variant = $text, $wire;)* }
        }

        $(#[$of_table])*
        pub static $table: WireTable<$name> = WireTable::new(
            $field,
            &[$(WireRow { wire: $wire, value: $name::$variant, label: $label },)*],
        );
    )*};
}

sent! {
    /// The categories that `category_tree` lists.
    CategoryScope,
    /// `category_type` of a request: document 003, "获取小程序全类目列表".
    CATEGORY_SCOPE = "category_type" {
        /// The categories that a person may choose.
        Personal = "1", "personal", "个人类型类目";
        /// All categories: those for enterprises include the others.
        All = "2", "all", "企业类型类目 为2时可以查出全部类目";
    }
    /// The operation on the domains of an app.
    DomainAction,
    /// `action`: document 003, "设置小程序服务器域名" and "设置小程序业务域名".
    DOMAIN_ACTION = "action" {
        /// Add to the configured domains.
        Add = "add", "add", "添加";
        /// Delete from the configured domains.
        Delete = "delete", "delete", "删除";
        /// Replace the configured domains.
        Set = "set", "set", "覆盖";
        /// Read the configured domains.
        Get = "get", "get", "获取";
    }
    /// The purpose of an image.
    ImageKind,
    /// `type` of an image upload: Baidu's pages on third-party platforms, "图片上传接口".
    IMAGE_KIND = "type" {
        /// The app's icon: at most 2 MB and 256 × 256 pixels.
        Icon = "1", "icon", "icon";
        /// A qualification that a category requires: at most 5 MB.
        CategoryQualification = "2", "category_qualification", "category qualification";
        /// A proof for a name: at most 5 MB.
        NameMaterial = "3", "name_material", "name material";
    }
    /// Why an app requests its users' phone numbers.
    PhonePermissionReason,
    /// `reason`: document 003, "申请手机号权限".
    PHONE_PERMISSION_REASON = "reason" {
        /// To sign in.
        SignIn = "0", "sign_in", "用于登录";
        /// To contact the recipient of a delivery.
        DeliveryContact = "1", "delivery_contact", "收货联系方式";
        /// Another reason.
        Other = "2", "other", "其他";
    }
    /// Where an app uses its users' phone numbers.
    PhonePermissionScene,
    /// `used_scene`: document 003, "申请手机号权限".
    PHONE_PERMISSION_SCENE = "used_scene" {
        /// Online shopping.
        OnlineShopping = "0", "online_shopping", "网络购物";
        /// Synchronizing the content of an account.
        AccountSync = "1", "account_sync", "账号下信息内容同步";
        /// Booking tickets.
        TicketBooking = "2", "ticket_booking", "票务预订";
        /// Handling official or business matters.
        BusinessProcessing = "3", "business_processing", "业务办理";
        /// Looking up information, such as social insurance.
        InformationQuery = "4", "information_query", "信息查询（如社保、公积金查询）";
        /// Reservations.
        Reservation = "5", "reservation", "预约";
    }
}
