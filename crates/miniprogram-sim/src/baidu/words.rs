//! Messages of Baidu's codes.

use super::api;

type Rows = &'static [(i64, &'static str)];

/// The tables of document 003: each endpoint has its own messages, down to the full stop.
static TABLES: &[(&str, Rows)] = &[
    (
        api!("app/category/update"),
        &[
            (50013, "暂时不支持小游戏，敬请期待！"),
            (50060, "小程序类目上限为5个"),
            (50061, "类目id不正确，请检查"),
            (50062, "categorys格式非法，请检查"),
            (50063, "资质信息不正确，请检查"),
            (47008, "图片来源非法"),
            (47007, "修改服务分类超过限制次数"),
        ],
    ),
    (api!("app/modifyheadimage"), &[(47005, "修改头像超过限制次数"), (47008, "图片来源非法")]),
    (api!("app/modifysignature"), &[(47006, "修改简介超过限制次数")]),
    (
        api!("appflow/applyRecovery"),
        &[
            (30007, "当前登录账号无操作权限"),
            (40028, "未查询到主体信息"),
            (40032, "未查询到线上包或者审核通过的包"),
            (40045, "小程序状态不正确"),
        ],
    ),
    (
        api!("app/qrcode"),
        &[
            (470_018, "二维码 width 字段超过指定范围"),
            (470_019, "二维码 package_id 非法，只支持审核，开发，线上版本的 package"),
            (470_020, "此小程序没有线上版本的包，需要指定 package_id"),
            (40001, "请求参数内容或格式非法"),
            (47002, "获取二维码失败"),
        ],
    ),
    (api!("app/setnickname"), &[(47004, "修改名称超过限制次数"), (47008, "图片来源非法")]),
    (api!("app/setsupportversion"), &[(470_021, "版本输入错误")]),
    (
        api!("app/modifydomain"),
        &[
            (470_011, "修改服务器域名超过限制次数。"),
            (470_013, "至少传递一个要被操作的服务域名类型。"),
            (470_014, "域名格式非法，请检查格式，协议目前只支持https:// https:// wss://。"),
            (470_015, "被操作的域名不能为空。"),
            (470_016, "请求保存的域名不是第三方平台中已设置的小程序域名或子域名。"),
            (470_017, "删除的域名在小程序中没有设置过。"),
        ],
    ),
    (
        api!("app/modifywebviewdomain"),
        &[
            (470_012, "修改业务域名超过限制次数"),
            (470_013, "至少传递一个要被操作的服务域名类型"),
            (470_014, "域名格式非法，请检查格式，协议目前只支持https:// https:// wss://"),
            (470_015, "被操作的域名不能为空"),
            (470_016, "请求保存的域名不是第三方平台中已设置的小程序域名或子域名"),
            (470_017, "删除的域名在小程序中没有设置过"),
        ],
    ),
];

/// Returns the message that document 003 prints for a code of this endpoint, if any.
pub(super) fn documented(path: &str, code: i64) -> Option<&'static str> {
    let (_, rows) = TABLES.iter().find(|(of, _)| *of == path)?;
    rows.iter().find(|(of, _)| *of == code).map(|(_, words)| *words)
}

/// Returns the message for a code elsewhere: that of document 003 if it fits any endpoint.
pub(super) fn of(code: i64) -> &'static str {
    match code {
        500 => "服务器未知错误，请稍后再试",
        501 => "网络繁忙",
        502 => "Client authentication failed",
        1000 => "内部错误",
        2003 => "模板数量超过上限",
        5000 => "服务降级，请稍后再试",
        6002 => "上游请求失败",
        40001 => "参数错误",
        40006 => "文件过大",
        40016 => "模板描述不合法",
        40032 => "未查询到线上包或者审核通过的包",
        40045 => "小程序状态不正确",
        45000 => "小程序不存在",
        47000 => "图片格式非法",
        47003 => "图片尺寸超过限制",
        47008 => "图片来源非法",
        50002 => "client_id不存在",
        50003 => "ticket无效",
        50015 => "任务正在执行，请稍后再试",
        50032 => "授权关系不存在",
        50038 => "请先完成主体真实性认证",
        50051 => "修改内容与当前内容一致",
        50052 => "该信息正在审核中",
        69001 => "小程序名称未审核通过，不能提交代码包审核",
        69002 => "小程序类目未审核通过，不能提交代码包审核",
        69003 => "小程序名称和类目未审核通过，不能提交代码包审核",
        69004 => "ext_json存在无法解析的字符",
        69005 => "代码包不存在",
        69009 => "提包服务暂不可用",
        69010 => "模板文件解析失败",
        69011 => "审核服务暂不可用",
        69012 => "发布服务暂不可用",
        69013 => "当前周期内的审核额度已用完",
        _ => "未知错误",
    }
}

pub(super) fn of_gateway(code: i64) -> &'static str {
    match code {
        2 => "Service temporarily unavailable",
        3 => "Unsupported openapi method",
        6 => "No permission to access data",
        100 => "Invalid parameter",
        110 => "Access token invalid or no longer valid",
        111 => "Access token expired",
        _ => "Unknown error",
    }
}
