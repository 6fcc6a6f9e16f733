//! The words beside Baidu's codes.

pub(super) fn of(code: i64) -> &'static str {
    match code {
        500 => "服务器未知错误，请稍后再试",
        501 => "网络繁忙",
        1000 => "内部错误",
        5000 => "服务降级，请稍后再试",
        6002 => "上游请求失败",
        40001 => "参数错误",
        40032 => "没有线上或审核通过的代码包",
        40045 => "小程序状态不允许该操作",
        47002 => "二维码生成失败",
        50015 => "任务正在执行，请稍后再试",
        50052 => "该信息正在审核中",
        69004 => "ext_json存在无法解析的字符",
        69005 => "代码包不存在",
        69009 => "提包服务暂不可用",
        69010 => "模板文件解析失败",
        69011 => "审核服务暂不可用",
        69012 => "发布服务暂不可用",
        69013 => "当前周期内的审核额度已用完",
        470018 => "二维码宽度超出范围",
        470019 => "代码包状态不允许生成二维码",
        470020 => "没有线上代码包，请指定package_id",
        470021 => "版本号错误",
        _ => "未知错误",
    }
}

pub(super) fn of_gateway(code: i64) -> &'static str {
    match code {
        2 => "Service temporarily unavailable",
        3 => "Unsupported openapi method",
        100 => "Invalid parameter",
        110 => "Access token invalid or no longer valid",
        111 => "Access token expired",
        _ => "Unknown error",
    }
}
