//! The words of both languages. The Chinese ones are those of the vendors' own documents.

use std::time::Duration;

use miniprogram_core::{AuditStatus, ErrorKind, Evidence, Language, Operation, Outcome, Timestamp};

use super::failures::Reason;
use super::figures::{ENDS, Stage};
use super::timeline::Group;
use crate::engine::Mode;
use crate::machine::{Health, Ignored, Mover, Need, Order, Phase, Source, Why};

/// Hours ahead of UTC in Asia/Shanghai, which has no daylight saving time.
const SHANGHAI: i8 = 8;

/// The words of a language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(Language);

impl Words {
    pub(super) const fn new(language: Language) -> Self {
        Self(language)
    }

    pub(super) const fn language(self) -> Language {
        self.0
    }

    /// The tag of the language, for `lang`.
    pub(super) const fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }

    /// Chooses between English and Chinese.
    pub(super) const fn say(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self.0 {
            Language::Chinese => chinese,
            _ => english,
        }
    }

    /// In English a machine name with spaces, otherwise the Chinese.
    fn name(self, machine: &'static str, chinese: &'static str) -> String {
        match self.0 {
            Language::Chinese => chinese.to_owned(),
            _ => machine.replace('_', " "),
        }
    }

    pub(super) fn time(self, time: Timestamp) -> String {
        time.to_civil("%Y-%m-%d %H:%M:%S", SHANGHAI)
    }

    /// A time for the axis of a chart.
    pub(super) fn short_time(self, time: Timestamp, spans_days: bool) -> String {
        time.to_civil(if spans_days { "%m-%d %H:%M" } else { "%H:%M:%S" }, SHANGHAI)
    }

    /// A time span, in its two largest units.
    pub(super) fn span(self, millis: u64) -> String {
        let seconds = Duration::from_millis(millis).as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let parts = [
            (days, self.say(" d", " 天")),
            (hours, self.say(" h", " 小时")),
            (minutes, self.say(" min", " 分")),
            (seconds % 60, self.say(" s", " 秒")),
        ];
        let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(parts.len() - 1);
        let shown = parts[first..].iter().take(2).enumerate();
        let shown = shown.filter(|(place, (count, _))| *place == 0 || *count > 0);
        shown.map(|(_, (count, unit))| format!("{count}{unit}")).collect::<Vec<_>>().join(" ")
    }

    pub(super) const fn mode(self, mode: Mode) -> &'static str {
        match mode {
            Mode::Running => self.say("running", "进行中"),
            Mode::Paused => self.say("paused by a person", "已由人工暂停"),
        }
    }

    pub(super) const fn stage(self, stage: Stage) -> &'static str {
        match stage {
            Stage::Planned => self.say("planned", "计划内"),
            Stage::Begun => self.say("begun", "已开始"),
            Stage::Uploaded => self.say("uploaded", "已上传代码"),
            Stage::Submitted => self.say("submitted for audit", "已提审"),
            Stage::Approved => self.say("audit passed", "审核通过"),
            Stage::Released => self.say("released", "已发布"),
        }
    }

    pub(super) const fn group(self, group: Group) -> &'static str {
        match group {
            Group::Released => self.say("released", "已发布"),
            Group::Releasing => self.say("releasing", "发布中"),
            Group::Gray => self.say("gray release", "灰度中"),
            Group::InReview => self.say("in review", "审核中"),
            Group::Preparing => self.say("preparing", "准备中（上传、提审）"),
            Group::Looking => self.say("being looked into", "核对状态中"),
            Group::Waiting => self.say("waiting", "未开始"),
            Group::TakingBack => self.say("taking back", "撤销或回退中"),
            Group::Left => self.say("out of the rollout", "已退出或已回退"),
            Group::Rejected => self.say("rejected", "审核驳回"),
            Group::Failed => self.say("failed", "失败"),
        }
    }

    pub(super) fn phase(self, phase: Phase) -> String {
        let chinese = match phase {
            Phase::Waiting => "未开始",
            Phase::Preflight => "发布前检查",
            Phase::Uploading => "上传代码",
            Phase::Processing => "代码处理中",
            Phase::Submitting => "提审",
            Phase::InReview => "审核中",
            Phase::Expediting => "加急审核",
            Phase::Withdrawing => "撤回审核",
            Phase::StartingGray => "开始灰度",
            Phase::Baking => "灰度观察",
            Phase::Releasing => "全量发布",
            Phase::Confirming => "确认上线",
            Phase::Observing => "上线观察",
            Phase::Looking => "核对状态",
            Phase::CancellingGray => "取消灰度",
            Phase::BeforeRollback => "回退前核对",
            Phase::RollingBack => "回退",
            Phase::AfterRollback => "确认回退",
            Phase::Released => "已发布",
            Phase::Rejected => "审核驳回",
            Phase::Failed => "失败",
            Phase::Skipped => "已跳过",
            Phase::Aborted => "已中止",
            Phase::Superseded => "已由新任务接管",
            Phase::RolledBack => "已回退",
        };
        self.name(phase.as_str(), chinese)
    }

    pub(super) fn why(self, why: Why) -> String {
        let chinese = match why {
            Why::Begun => "轮到该小程序",
            Why::Clear => "检查通过",
            Why::AlreadyOnline => "该版本此前已上线",
            Why::Adopted => "沿用已有的审核",
            Why::Uploaded => "上传成功",
            Why::UploadFailed => "平台方处理代码失败",
            Why::Ready => "代码处理完成",
            Why::Submitted => "提审成功",
            Why::Approved => "审核通过",
            Why::Rejected => "审核驳回",
            Why::Stuck => "审核超时",
            Why::Expedited => "已申请加急",
            Why::MeasureRefused => "加急或撤回被拒绝",
            Why::Withdrawn => "审核已撤回",
            Why::GrayStarted => "灰度已生效",
            Why::Baked => "观察期结束",
            Why::Promoted => "人工放行",
            Why::Sent => "平台方已确认",
            Why::Online => "查询到已上线",
            Why::Back => "查询到已不在线上",
            Why::Unexpected => "状态与预期不符",
            Why::Unexplained => "查询未能说明原因",
            Why::Found => "查询到需要撤销的内容",
            Why::Foreign => "他人的操作",
            Why::Refused => "平台方拒绝",
            Why::Revoked => "授权已失效",
            Why::Left => "退出本次发布",
            Why::GivenUp => "人工放弃",
            Why::Retried => "人工重试",
        };
        self.name(why.as_str(), chinese)
    }

    pub(super) const fn mover(self, mover: Mover) -> &'static str {
        match mover {
            Mover::Platform => self.say("platform", "服务商（第三方平台）"),
            Mover::Merchant => self.say("merchant", "商家"),
            Mover::Vendor => self.say("vendor", "平台方"),
        }
    }

    pub(super) fn reason(self, reason: Reason) -> String {
        match reason {
            Reason::Rejected => self.say("audit rejected", "审核驳回").to_owned(),
            Reason::Unauthorized => self.say("authorization not valid", "商家授权已失效").to_owned(),
            Reason::Refused(kind) => {
                format!("{}{}", self.say("refused: ", "平台方拒绝："), self.kind(kind))
            }
            Reason::UploadFailed => self.say("upload not processed", "平台方处理代码失败").to_owned(),
            Reason::GateFailed => self.say("health gate failed", "健康检查未通过").to_owned(),
            Reason::ReleasedOurs => {
                self.say("somebody else released this version", "他人已发布该版本").to_owned()
            }
            Reason::ReleasedAnother => {
                self.say("somebody else released a version", "他人发布了其他版本").to_owned()
            }
            Reason::SubmittedAnother => {
                self.say("somebody else submitted a version", "他人提审了其他版本").to_owned()
            }
            Reason::Withdrew => self.say("somebody else withdrew the audit", "他人撤回了审核").to_owned(),
            Reason::ChangedGray => {
                self.say("somebody else changed the gray release", "他人改动了灰度").to_owned()
            }
            Reason::Unexplained => self.say("cause not known", "原因未知").to_owned(),
            Reason::Needs(need) => format!("{}{}", self.say("waits: ", "待处理："), self.need(need)),
        }
    }

    /// What is to be done about a reason.
    pub(super) fn next(self, reason: Reason) -> &'static str {
        match reason {
            Reason::Rejected => self.say(
                "correct what the vendor names, then retry the app",
                "请按驳回原因修改后，对该小程序执行重试",
            ),
            Reason::Unauthorized => ErrorKind::Unauthorized.advice_in(self.0),
            Reason::Refused(kind) => kind.advice_in(self.0),
            Reason::UploadFailed => {
                self.say("check template and extension, then retry", "请检查模板和 ext.json 后重试")
            }
            Reason::GateFailed => self.say("find out why the version is unhealthy", "请先查明版本异常的原因"),
            Reason::ReleasedOurs => self.say("nothing: the version is online", "无需处理：该版本已在线上"),
            Reason::ReleasedAnother | Reason::SubmittedAnother | Reason::Withdrew | Reason::ChangedGray => {
                self.say("agree with whoever did it, then retry", "请与操作者确认后再重试")
            }
            Reason::Unexplained => self.say("read the ledger of the app", "请查看该小程序的台账"),
            Reason::Needs(need) => match need {
                Need::StuckAudit => self.say("ask the vendor about the audit", "请向平台方咨询审核进度"),
                Need::NotShown | Need::StuckUpload | Need::UnknownOutcome => self.say(
                    "look at the vendor's console, then resume, retry or skip",
                    "请到平台方后台核对后，再继续、重试或跳过",
                ),
                Need::Failing | Need::Refused => self.say(
                    "remove the cause, then resume or retry; or skip the app",
                    "请排除原因后继续或重试，或跳过该小程序",
                ),
                Need::Local => ErrorKind::Config.advice_in(self.0),
                Need::GateInconclusive | Need::GateFailed => {
                    self.say("decide: promote, abort or roll back", "请决定：放行、中止或回退")
                }
            },
        }
    }

    pub(super) const fn need(self, need: Need) -> &'static str {
        match need {
            Need::StuckAudit => self.say("audit without a verdict", "审核迟迟没有结果"),
            Need::NotShown => self.say("the vendor does not show what it confirmed", "已确认的操作查询不到"),
            Need::StuckUpload => self.say("upload is not processed", "代码迟迟未处理完成"),
            Need::UnknownOutcome => self.say("outcome unknown", "结果未知"),
            Need::Failing => self.say("a call keeps failing", "调用持续失败"),
            Need::Local => self.say("a local problem", "本地问题"),
            Need::Refused => self.say("the vendor refused", "平台方拒绝"),
            Need::GateInconclusive => self.say("health gate inconclusive", "健康检查没有结论"),
            Need::GateFailed => self.say("health gate failed", "健康检查未通过"),
        }
    }

    pub(super) fn kind(self, kind: ErrorKind) -> String {
        let chinese = match kind {
            ErrorKind::InvalidArgument => "参数错误",
            ErrorKind::Unsupported => "不支持的操作",
            ErrorKind::TokenRejected => "access_token 无效",
            ErrorKind::Unauthorized => "授权已失效",
            ErrorKind::PermissionDenied => "没有权限",
            ErrorKind::NotFound => "对象不存在",
            ErrorKind::Conflict => "状态不允许",
            ErrorKind::ContentRejected => "内容不合规",
            ErrorKind::QuotaExhausted => "额度已用完",
            ErrorKind::RateLimited => "调用过于频繁",
            ErrorKind::Unavailable => "服务不可用",
            ErrorKind::Timeout => "超时",
            ErrorKind::Protocol => "响应无法解析",
            ErrorKind::Callback => "推送被拒绝",
            ErrorKind::Store => "本地存储故障",
            ErrorKind::Config => "本地配置错误",
            ErrorKind::Cancelled => "调用被取消",
            ErrorKind::Vendor => "未收录的错误码",
            other => return self.name(other.as_str(), other.as_str()),
        };
        self.name(kind.as_str(), chinese)
    }

    pub(super) fn operation(self, operation: &Operation) -> String {
        let chinese = match operation {
            Operation::UploadCode => "上传代码",
            Operation::SubmitAudit => "提审",
            Operation::WithdrawAudit => "撤回审核",
            Operation::ExpediteAudit => "加急审核",
            Operation::Release => "全量发布",
            Operation::Rollback => "回退",
            Operation::StartGrayRelease => "开始灰度",
            Operation::CancelGrayRelease => "取消灰度",
            other => return other.as_str().replace('_', " "),
        };
        match self.0 {
            Language::Chinese => chinese.to_owned(),
            _ => operation.as_str().replace('_', " "),
        }
    }

    pub(super) const fn outcome(self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::NotSent => self.say("not sent", "未发出"),
            Outcome::NotDone => self.say("not done", "未生效"),
            Outcome::Done => self.say("done", "已生效"),
            Outcome::Unknown => self.say("outcome unknown", "结果未知"),
        }
    }

    pub(super) const fn evidence(self, evidence: Evidence) -> &'static str {
        match evidence {
            Evidence::Answered => self.say("answered", "平台方直接答复"),
            Evidence::Asked => self.say("asked afterwards", "事后查询得知"),
            _ => self.say("inferred", "由重发时的拒绝推断"),
        }
    }

    pub(super) fn status(self, status: AuditStatus) -> String {
        let chinese = match status {
            AuditStatus::NotSubmitted => "未提审",
            AuditStatus::InReview => "审核中",
            AuditStatus::Approved => "审核通过",
            AuditStatus::Rejected => "审核驳回",
            AuditStatus::Withdrawn => "已撤回",
            AuditStatus::Delayed => "审核延后",
            _ => "未知",
        };
        self.name(status.as_str(), chinese)
    }

    pub(super) const fn health(self, health: Health) -> &'static str {
        match health {
            Health::Pass => self.say("pass", "通过"),
            Health::Fail => self.say("fail", "未通过"),
            Health::Inconclusive => self.say("inconclusive", "没有结论"),
        }
    }

    pub(super) const fn order(self, order: &Order) -> &'static str {
        match order {
            Order::Pause => self.say("pause", "暂停"),
            Order::Resume => self.say("resume", "继续"),
            Order::Withdraw => self.say("withdraw", "撤回审核"),
            Order::Promote => self.say("promote", "放行"),
            Order::Abort => self.say("abort", "中止"),
            Order::Skip => self.say("skip", "跳过"),
            Order::Retry(_) => self.say("retry", "重试"),
            Order::RollBack => self.say("roll back", "回退"),
        }
    }

    pub(super) fn source(self, source: Source) -> String {
        match source {
            Source::Poll => self.say("poll", "轮询").to_owned(),
            Source::Push(id) => format!("{} {id}", self.say("push", "推送")),
            Source::Missed(id) => format!("{} {id}", self.say("missed push", "补拉的推送")),
        }
    }

    pub(super) const fn ignored(self, ignored: Ignored) -> &'static str {
        match ignored {
            Ignored::Begun => self.say(ignored.as_str(), "该小程序已经开始"),
            Ignored::Ended => self.say(ignored.as_str(), "该小程序已经结束"),
            Ignored::Busy => self.say(ignored.as_str(), "有操作正在进行"),
            Ignored::Blocked => self.say(ignored.as_str(), "已暂停，或等待人工处理"),
            Ignored::Early => self.say(ignored.as_str(), "时间未到"),
            Ignored::NotOutstanding => self.say(ignored.as_str(), "不是当前操作的结果"),
            Ignored::NothingToRead => self.say(ignored.as_str(), "没有与推送相关的等待"),
            Ignored::NothingHeld => self.say(ignored.as_str(), "既未暂停，也无需人工处理"),
            Ignored::NothingToPromote => self.say(ignored.as_str(), "没有进行中的观察期"),
            Ignored::Leaving => self.say(ignored.as_str(), "正在退出"),
            Ignored::TooLate => self.say(ignored.as_str(), "已无法执行，请先中止"),
            Ignored::NotOurs => self.say(ignored.as_str(), "该版本由他人发布"),
        }
    }

    /// The kind of an entry; a kind that is not known is returned as it is.
    pub(super) fn entry_kind(self, kind: &str) -> String {
        let chinese = match kind {
            "begin" => "开始",
            "due" => "到时",
            "woken" => "收到推送",
            "answered" => "查询结果",
            "performed" => "写操作结果",
            "gated" => "健康检查",
            "recalled" => "收回未发出的操作",
            "ordered" => "人工指令",
            "superseded" => "由新任务接管",
            "revoked" => "取消授权",
            other => return other.replace('_', " "),
        };
        match self.0 {
            Language::Chinese => chinese.to_owned(),
            _ => kind.to_owned(),
        }
    }

    /// The interval of the distribution of audits with this number.
    pub(super) fn interval(self, number: usize) -> String {
        let begin = number.checked_sub(1).map(|before| self.span(ENDS[before]));
        let end = ENDS.get(number).map(|end| self.span(*end));
        match (begin, end) {
            (None, Some(end)) => format!("< {end}"),
            (Some(begin), Some(end)) => format!("{begin} – {end}"),
            (begin, None) => format!("≥ {}", begin.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_their_two_largest_units() {
        let english = Words::new(Language::English);
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_661, "1 h 1 min"),
            (86_400 * 3 + 3_599, "3 d"),
            (86_400 * 3 + 7_200, "3 d 2 h"),
        ] {
            assert_eq!(english.span(seconds * 1000), text);
        }
        assert_eq!(Words::new(Language::Chinese).span(90_000), "1 分 30 秒");
    }

    #[test]
    fn every_name_has_a_chinese_one() {
        let chinese = Words::new(Language::Chinese);
        let names = (Phase::ALL.iter().map(|phase| chinese.phase(*phase)))
            .chain(Why::ALL.iter().map(|why| chinese.why(*why)))
            .chain(Operation::ALL[..8].iter().map(|operation| chinese.operation(operation)))
            .chain(Group::ALL.map(|group| chinese.group(group).to_owned()));
        for name in names {
            assert!(!name.is_ascii(), "{name:?}");
        }
    }
}
