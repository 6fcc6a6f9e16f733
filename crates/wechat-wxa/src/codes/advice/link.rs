//! Links opened by QR code.

use miniprogram_core::vendor_api::codes::Advice;

pub(in crate::codes) const CHECK_FILE: Advice =
    Advice::new("put the check file below the address of the rule", "请把校验文件放到规则对应的地址下");
pub(in crate::codes) const ADDED: Advice =
    Advice::new("nothing to do: the rule is added already", "该规则已添加，无需处理");
pub(in crate::codes) const OWNED: Advice = Advice::new(
    "let the other app give up the rule, or choose another link",
    "该链接规则已被其他小程序占用，请换一个，或由对方先删除",
);
pub(in crate::codes) const FULL: Advice = Advice::new(
    "delete a rule that is no longer used: waiting does not make room",
    "规则数量已达上限，请先删除不再使用的规则",
);
pub(in crate::codes) const RELEASE_FIRST: Advice = Advice::new("release a first version", "请先发布一个版本");
pub(in crate::codes) const FORBIDDEN: Advice = Advice::new(
    "choose another link; personal apps cannot set rules at all",
    "该链接不可使用，请更换；个人主体的小程序不支持设置规则",
);
pub(in crate::codes) const BROKEN: Advice =
    Advice::new("delete the rule and add it again", "规则数据异常，请删除后重新添加");
pub(in crate::codes) const PUBLICATIONS: Advice = Advice::new(
    "wait for the next month: rules may be published 100 times a month",
    "二维码规则每月最多发布 100 次，本月次数已用完，请下月再试",
);
