//! Registration, owners, members and search accounts.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const REGISTRATION: Advice =
    Advice::new("wait until the registration has ended", "账号正在注册，请等注册完成后再试");
pub(in crate::codes) const REGISTERED: Advice =
    Advice::new("nothing to do: the account is registered already", "账号已注册，无需处理");
pub(in crate::codes) const REGISTER_FIRST: Advice = Advice::new(
    "let the merchant register the account and have it approved first",
    "账号未注册或未通过审核，请商家先完成注册",
);
pub(in crate::codes) const MOBILE: Advice =
    Advice::new("let the merchant bind a mobile number first", "请商家先绑定手机号");
pub(in crate::codes) const IDENTITY: Advice = Advice::new(
    "let the merchant check the name and the identity number",
    "姓名与身份证号不匹配，请商家核对",
);
pub(in crate::codes) const IDENTITY_USED: Advice = Advice::new(
    "let the merchant name another person: this identity number is used already",
    "该身份证号已被使用，请商家更换",
);
pub(in crate::codes) const OTHER_NAME: Advice =
    Advice::new("let the merchant choose another account name", "账号名称已存在，请商家更换");
pub(in crate::codes) const OTHER_QUALIFICATION: Advice = Advice::new(
    "let the merchant use another qualification: this one has all the accounts it may have",
    "该资质可注册的账号数已达上限，请商家更换资质",
);
pub(in crate::codes) const QUALIFY: Advice = Advice::new(
    "let the merchant have the qualification approved first",
    "主体资质未通过审核，请商家先完成资质审核",
);
pub(in crate::codes) const COMPLETE: Advice =
    Advice::new("let the merchant complete the qualification", "账号资质不完整，请商家补全");
pub(in crate::codes) const SAME_QUALIFICATION: Advice = Advice::new(
    "let the merchant use the qualification that is bound already",
    "资质与已绑定的不一致，请商家使用已绑定的资质",
);
pub(in crate::codes) const OTHER_ACCOUNT: Advice = Advice::new(
    "let the merchant use another account: this one manages a mini program already",
    "该账号已是其他小程序的管理员或成员，请商家更换账号",
);
pub(in crate::codes) const ABNORMAL: Advice = Advice::new(
    "let the merchant settle with the vendor what is wrong with the bound account",
    "绑定的账号状态异常，请商家先与百度处理",
);
pub(in crate::codes) const NOT_PERSONAL: Advice = Advice::new(
    "let the merchant use the account of an organisation: personal ones are not supported",
    "不支持个人账号，请商家使用企业账号",
);
pub(in crate::codes) const SEARCH_APPROVE: Advice = Advice::new(
    "let the merchant have the search account approved first",
    "搜索账号未通过审核，请商家先完成审核",
);
pub(in crate::codes) const SEARCH_BOUND: Advice = Advice::new(
    "let the merchant use another search account: this one is bound already",
    "该搜索账号已被绑定，请商家更换",
);
pub(in crate::codes) const REGISTERING_PLATFORM: Advice =
    Advice::new("let the platform that registered the account do it", "仅注册该账号的第三方平台可创建小程序");
pub(in crate::codes) const MEMBER_THERE: Advice =
    Advice::new("nothing to do: the person has already been added", "该成员已存在，无需处理");
pub(in crate::codes) const MEMBER_UNKNOWN: Advice =
    Advice::new("check the person: the app has no such member", "请核对成员信息，该成员不存在");
pub(in crate::codes) const PERMISSION_THERE: Advice =
    Advice::new("nothing to do: the permission is already granted", "权限已开通，无需处理");
pub(in crate::codes) const CHECK: Advice =
    Advice::new("correct what `msg` names, then apply again", "请按 `msg` 的提示整改后重新申请");
