//! Advice for codes that several vendors have.

use crate::advice::Advice;

/// For a code that means success.
pub const SUCCEEDED: Advice = Advice::new("nothing to do: the call succeeded", "调用成功，无需处理");

/// For a binding that exists.
pub const ALREADY_BOUND: Advice = Advice::new("nothing to do: it is bound already", "已绑定，无需处理");

/// For a list that is full.
pub const MAKE_ROOM: Advice = Advice::new(
    "remove entries that are no longer used: waiting does not make room",
    "数量已达上限，请先删除不再使用的条目",
);

/// For the deletion of a domain that is not set.
pub const DOMAIN_NOT_SET: Advice =
    Advice::new("nothing to delete: the domain is not set", "该域名未设置过，无需删除");

/// For a version of the base library that does not exist.
pub const LIBRARY: Advice = Advice::new(
    "name a version that `min_library_version` lists",
    "请填写 `min_library_version` 返回的基础库版本号",
);

/// For a code template that does not exist.
pub const TEMPLATE: Advice =
    Advice::new("name a template that `templates` lists", "请填写 `templates` 返回的模板 ID");

/// For a message template that does not exist.
pub const MESSAGE_TEMPLATE: Advice = Advice::new(
    "name a message template: this is not the id of a code template",
    "请填写消息模板 ID，不是代码模板 ID",
);
