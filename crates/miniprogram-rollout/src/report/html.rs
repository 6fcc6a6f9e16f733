//! The page.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use miniprogram_core::vendor_api::Printable;
use miniprogram_core::{Language, Vendor};
use plotters::style::RGBColor;

use super::chart::{self, Chart, Row, SERIES, css};
use super::failures::Failure;
use super::figures::{ENDS, Line, Stage, UnreadableRow, VendorFigures};
use super::timeline::{Group, Sample};
use super::words::Words;
use super::{Report, story};
use crate::machine::{Mover, Phase};

/// The most rows of the table of states.
const STATE_ROWS: usize = 12;
/// The most causes in the chart.
const CAUSES: usize = 15;

pub(super) fn page(report: &Report, words: Words) -> String {
    let title = format!("{}: {}", words.say("Rollout", "批量发布报告"), Printable(&report.status.name));
    let page = html! {
        (DOCTYPE)
        html lang=(words.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { (title) }
                    (summary(report, words))
                }
                main {
                    (unreadable(report, words))
                    (funnel(report, words))
                    (states(report, words))
                    (audits(report, words))
                    (failures(report, words))
                    (ledger(report, words))
                }
                footer class="faint" {
                    p { (times(words)) }
                }
            }
        }
    };
    page.into_string()
}

fn times(words: Words) -> &'static str {
    words.say(
        "All times are in Asia/Shanghai (UTC+08:00).",
        "所有时间均为北京时间（Asia/Shanghai，UTC+08:00）。",
    )
}

fn summary(report: &Report, words: Words) -> Markup {
    let status = &report.status;
    let released = report.vendors.values().map(|figures| figures.now(Phase::Released)).sum::<u64>();
    let apps = report.vendors.values().map(VendorFigures::apps).sum::<u64>();
    html! {
        p { (times(words)) }
        dl {
            dt { (words.say("Report made", "报告生成于")) } dd { (words.time(report.made_at)) }
            dt { (words.say("Created", "创建于")) }
            dd { (words.time(status.created_at)) " · " (words.say("by ", "操作人：")) (Printable(&status.by)) }
            dt { (words.say("State", "状态")) }
            dd {
                @match status.ended_at {
                    Some(at) => { (words.say("ended ", "已结束于 ")) (words.time(at)) },
                    None => (words.mode(status.mode)),
                }
            }
            dt { (words.say("Apps", "小程序数")) }
            dd { (apps) " · " (words.say("released now: ", "当前已发布：")) (released) }
            @for (vendor, figures) in &report.vendors {
                dt { (shown(&report.name_of(*vendor))) }
                dd {
                    (figures.apps())
                    @for ((template, version), apps) in &figures.versions {
                        " · " (words.say("template ", "模板 ")) (shown(template))
                        (words.say(", version ", "，版本 ")) (shown(version))
                        " (" (apps) ")"
                    }
                }
            }
            dt { (words.say("Plan", "计划摘要")) } dd { code { (shown(&status.plan_hash)) } }
        }
        @if let Some(halt) = &status.halt {
            p class="alarm" {
                (match words.language() {
                    Language::Chinese => format!(
                        "第 {} 波已自动暂停：失败或被驳回 {} 个，计划只容许 {} 个。",
                        halt.wave + 1, halt.bad, halt.tolerated
                    ),
                    _ => format!(
                        "Wave {} halted by itself: {} apps failed or were rejected, and the plan tolerates {}.",
                        halt.wave + 1, halt.bad, halt.tolerated
                    ),
                })
            }
        }
        @if status.submissions_held {
            p class="alarm" {
                (words.say(
                    "Submissions wait for a person, because the vendor delayed an audit.",
                    "平台方审核延后，提审已暂停，等待人工决定。",
                ))
            }
        }
    }
}

fn unreadable(report: &Report, words: Words) -> Markup {
    let unreadable = &report.unreadable;
    let rows = |what: &'static str, total: u64, rows: &[UnreadableRow]| {
        html! {
            @if total > 0 {
                h3 { (what) ": " (total) }
                ul {
                    @for row in rows {
                        li { code { (shown(&row.app)) } " (" (row.id) "): " (shown(&row.reason)) }
                    }
                }
                @if total > rows.len() as u64 {
                    p { (words.say("And so many more: ", "另有：")) (total - rows.len() as u64) }
                }
            }
        }
    };
    html! {
        @if unreadable.apps + unreadable.entries > 0 {
            section id="unreadable" {
                h2 class="alarm" { (words.say("What could not be read", "无法读取的内容")) }
                p {
                    (words.say(
                        "The figures below are those of all other rows. List what is damaged with ",
                        "下列数字不含这些行。查看损坏情况：",
                    ))
                    code { "miniprogram store check" }
                    (words.say(".", "。"))
                }
                (rows(words.say("Apps", "小程序"), unreadable.apps, &unreadable.app_rows))
                (rows(words.say("Ledger entries", "台账条目"), unreadable.entries, &unreadable.entry_rows))
            }
        }
    }
}

fn funnel(report: &Report, words: Words) -> Markup {
    let rows: Vec<_> = (Stage::ALL.iter())
        .map(|stage| Row {
            label: words.stage(*stage).to_owned(),
            bars: of_vendors(report, |figures| figures.reached[*stage as usize]),
        })
        .collect();
    html! {
        section id="funnel" {
            h2 { (words.say("Funnel per vendor", "各平台方的发布漏斗")) }
            (figure("funnel-chart", words.say("How many apps came how far, per vendor", "各平台方到达各阶段的小程序数"), &chart::bars(&rows), &vendor_legend(report)))
            div class="wide" { table {
                caption {
                    (words.say(
                        "An app that reached a stage counts for all stages before it, also if it was rolled back later.",
                        "到达某一阶段的小程序计入之前的所有阶段，之后被回退的也计入。",
                    ))
                }
                thead { tr {
                    th scope="col" { (words.say("Vendor", "平台方")) }
                    @for stage in Stage::ALL { th scope="col" class="number" { (words.stage(stage)) } }
                    th scope="col" class="number" { (words.say("of them by gray release", "其中经灰度")) }
                    th scope="col" class="number" { (words.say("released now", "当前已发布")) }
                } }
                tbody {
                    @for (vendor, figures) in &report.vendors {
                        tr {
                            th scope="row" { (shown(&report.name_of(*vendor))) }
                            @for count in figures.reached { td class="number" { (count) } }
                            td class="number" { (figures.gray) }
                            td class="number" { (figures.now(Phase::Released)) }
                        }
                    }
                }
            } }
        }
    }
}

fn states(report: &Report, words: Words) -> Markup {
    let samples = &report.samples;
    let occurs = |group: &Group| samples.iter().any(|sample| sample.apps[*group as usize] > 0);
    let groups: Vec<_> = Group::ALL.into_iter().filter(occurs).collect();
    let legend: Vec<_> =
        groups.iter().map(|group| (words.group(*group).to_owned(), chart::colour(*group))).collect();
    let chart = chart::stacked(samples, |time, spans_days| words.short_time(time, spans_days));
    html! {
        section id="states" {
            h2 { (words.say("States over time", "状态随时间的变化")) }
            (figure("states-chart", words.say("How many apps were in which state over time", "各状态的小程序数随时间的变化"), &chart, &legend))
            div class="wide" { table {
                caption { (words.say("The same at some of these times", "其中若干时刻的数字")) }
                thead { tr {
                    th scope="col" { (words.say("Time", "时间")) }
                    @for group in &groups { th scope="col" class="number" { (words.group(*group)) } }
                } }
                tbody {
                    @for sample in some_of(samples) {
                        tr {
                            td class="time" { (words.time(sample.at)) }
                            @for group in &groups { td class="number" { (sample.apps[*group as usize]) } }
                        }
                    }
                }
            } }
            div class="wide" { table {
                caption { (words.say("The states now", "当前状态")) }
                thead { tr {
                    th scope="col" { (words.say("State", "状态")) }
                    @for vendor in report.vendors.keys() {
                        th scope="col" class="number" { (shown(&report.name_of(*vendor))) }
                    }
                } }
                tbody {
                    @for phase in Phase::ALL.iter().filter(|phase| report.vendors.values().any(|figures| figures.now(**phase) > 0)) {
                        tr {
                            th scope="row" { (words.phase(*phase)) }
                            @for figures in report.vendors.values() { td class="number" { (figures.now(*phase)) } }
                        }
                    }
                }
            } }
        }
    }
}

fn audits(report: &Report, words: Words) -> Markup {
    let distributions: Vec<_> =
        report.vendors.values().map(|figures| figures.audits.distribution()).collect();
    let rows: Vec<_> = (0..=ENDS.len())
        .map(|number| {
            let counts = distributions.iter().zip(SERIES.iter().cycle());
            let bars = counts.map(|(distribution, colour)| (distribution[number], *colour)).collect();
            Row { label: words.interval(number), bars }
        })
        .collect();
    let timed = report.vendors.values().any(|figures| !figures.audits.times.is_empty());
    html! {
        section id="audits" {
            h2 { (words.say("Time in audit", "审核耗时")) }
            @if timed {
                (figure("audits-chart", words.say("How many audits took how long, per vendor", "各平台方审核耗时的分布"), &chart::bars(&rows), &vendor_legend(report)))
            } @else {
                p { (words.say("No audit has a verdict yet.", "尚无审核结果。")) }
            }
            div class="wide" { table {
                caption {
                    (words.say(
                        "From the submission to the read that showed the verdict: up to a polling interval longer than the vendor took.",
                        "从提审成功到查询到审核结果：可能比平台方实际耗时多出至多一个轮询间隔。",
                    ))
                }
                thead { tr {
                    th scope="col" { (words.say("Vendor", "平台方")) }
                    @for head in [
                        words.say("passed", "审核通过"), words.say("rejected", "审核驳回"),
                        words.say("open", "审核中"), words.say("delays", "审核延后次数"),
                        words.say("begun by others", "他人提审（不计时）"),
                        words.say("half within", "中位数"), words.say("90 % within", "90% 不超过"),
                        words.say("longest", "最长"),
                    ] { th scope="col" class="number" { (head) } }
                } }
                tbody {
                    @for (vendor, figures) in &report.vendors {
                        @let audits = &figures.audits;
                        tr {
                            th scope="row" { (shown(&report.name_of(*vendor))) }
                            @for count in [audits.approved, audits.rejected, audits.open, audits.delays, audits.untimed] {
                                td class="number" { (count) }
                            }
                            @for percent in [50, 90, 100] {
                                td class="number" {
                                    (audits.quantile(percent).map_or_else(|| "–".to_owned(), |millis| words.span(millis)))
                                }
                            }
                        }
                    }
                }
            } }
            @if timed {
                div class="wide" { table {
                    caption { (words.say("Audits by time", "按耗时区间的审核数")) }
                    thead { tr {
                        th scope="col" { (words.say("Time", "耗时")) }
                        @for vendor in report.vendors.keys() {
                            th scope="col" class="number" { (shown(&report.name_of(*vendor))) }
                        }
                    } }
                    tbody {
                        @for row in &rows {
                            tr {
                                th scope="row" { (row.label) }
                                @for (count, _) in &row.bars { td class="number" { (count) } }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn failures(report: &Report, words: Words) -> Markup {
    let failures = &report.failures;
    let rows: Vec<_> = (failures.iter().take(CAUSES))
        .map(|failure| Row {
            label: format!("{} · {}", report.name_of(failure.vendor), words.reason(failure.reason)),
            bars: vec![(failure.apps, colour_of(failure.mover))],
        })
        .collect();
    let movers = [Mover::Platform, Mover::Merchant, Mover::Vendor];
    let total = |mover: Mover| {
        failures.iter().filter(|failure| failure.mover == mover).map(|failure| failure.apps).sum::<u64>()
    };
    let legend: Vec<_> =
        movers.iter().map(|mover| (words.mover(*mover).to_owned(), colour_of(*mover))).collect();
    html! {
        section id="failures" {
            h2 { (words.say("Failures by cause and owner", "失败与待处理：按原因和责任方")) }
            @if failures.is_empty() {
                p { (words.say("No app failed, was rejected or needs a person.", "没有失败、被驳回或需人工处理的小程序。")) }
            } @else {
                p {
                    (words.say("Whose move it is: ", "轮到谁处理："))
                    @for (number, mover) in movers.into_iter().enumerate() {
                        @if number > 0 { (words.say(", ", "，")) }
                        (words.mover(mover)) " " (total(mover))
                    }
                    (words.say(".", "。"))
                }
                (figure("failures-chart", words.say("How many apps failed or need a person, by cause", "按原因统计的失败与待处理小程序数"), &chart::bars(&rows), &legend))
                @if failures.len() > CAUSES {
                    p { (words.say("The chart shows the most frequent causes: ", "图中只列出最常见的原因：")) (CAUSES) }
                }
                div class="wide" { table {
                    thead { tr {
                        th scope="col" { (words.say("Vendor", "平台方")) }
                        th scope="col" { (words.say("Cause", "原因")) }
                        th scope="col" { (words.say("Owner", "责任方")) }
                        th scope="col" { (words.say("Code", "错误码")) }
                        th scope="col" class="number" { (words.say("Apps", "小程序数")) }
                        th scope="col" { (words.say("Next", "下一步")) }
                        th scope="col" { (words.say("Which, and what the vendor or the gate said", "小程序及平台方或健康检查的说明")) }
                    } }
                    tbody { @for failure in failures { (cause(report, failure, words)) } }
                } }
                p {
                    (words.say("All of them: ", "查看全部："))
                    @for (number, state) in ["failed", "rejected"].into_iter().enumerate() {
                        @if number > 0 { ", " }
                        code { "miniprogram rollout apps " (quoted(&report.status.name)) " --state " (state) }
                    }
                }
            }
        }
    }
}

fn cause(report: &Report, failure: &Failure, words: Words) -> Markup {
    let left_out = failure.apps - failure.examples.len() as u64;
    html! {
        tr {
            td { (shown(&report.name_of(failure.vendor))) }
            td { (words.reason(failure.reason)) }
            td { (words.mover(failure.mover)) }
            td { @if let Some(code) = &failure.code { (shown(&code.to_string())) } }
            td class="number" { (failure.apps) }
            td { (words.next(failure.reason)) }
            td class="text" {
                @for (app, said) in &failure.examples {
                    div { code { (shown(app.as_str())) } @if let Some(said) = said { ": " (shown(said)) } }
                }
                @if left_out > 0 {
                    div class="faint" {
                        (words.say("Not named here: ", "未列出：")) (left_out)
                    }
                }
            }
        }
    }
}

fn ledger(report: &Report, words: Words) -> Markup {
    let kept = &report.ledger;
    html! {
        section id="ledger" {
            h2 { (words.say("Ledger", "执行台账")) }
            p {
                (words.say("Entries: ", "条目总数：")) (kept.total)
                @for (number, (kind, count)) in kept.kinds.iter().enumerate() {
                    (if number == 0 { " (" } else { ", " }) (shown(&words.entry_kind(kind))) " " (count)
                }
                @if !kept.kinds.is_empty() { ")" }
            }
            @if kept.left_out() > 0 {
                p {
                    (match words.language() {
                        Language::Chinese => format!(
                            "此处只列出最后 {} 条，省略了前面的 {} 条。查看全部：", kept.lines.len(), kept.left_out()
                        ),
                        _ => format!(
                            "Only the last {} are shown here; {} before them are left out. All of them are listed by ",
                            kept.lines.len(), kept.left_out()
                        ),
                    })
                    code { "miniprogram rollout ledger " (quoted(&report.status.name)) }
                }
            }
            @if !kept.lines.is_empty() {
                div class="wide" { table {
                    thead { tr {
                        th scope="col" { (words.say("Time", "时间")) }
                        th scope="col" { (words.say("App", "小程序")) }
                        th scope="col" class="number" { (words.say("No.", "序号")) }
                        th scope="col" { (words.say("What", "事项")) }
                        th scope="col" { (words.say("Details", "详情")) }
                        th scope="col" { (words.say("What followed", "结果")) }
                    } }
                    tbody { @for line in &kept.lines { (line_of(report, line, words)) } }
                } }
            }
        }
    }
}

fn line_of(report: &Report, line: &Line, words: Words) -> Markup {
    let entry = line.entry.as_deref();
    let told = entry.map(|entry| story::told(entry, words)).unwrap_or_default();
    let followed = entry.map(|entry| [story::moves(entry, words), story::notes(entry, words)]);
    let followed: Vec<_> = followed.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    html! {
        tr {
            td class="time" { (words.time(line.at)) }
            td {
                @match &line.app {
                    Some((vendor, app)) => { (shown(&report.name_of(*vendor))) " " code { (shown(app.as_str())) } },
                    None => (words.say("the rollout", "整个任务")),
                }
            }
            td class="number" { (line.seq) }
            td { (shown(&words.entry_kind(&line.kind))) }
            td class="text" { (shown(&told)) }
            td class="text" { (shown(&followed.join("; "))) }
        }
    }
}

/// A chart with its title and its legend.
fn figure(id: &str, title: &str, chart: &Chart, legend: &[(String, RGBColor)]) -> Markup {
    html! {
        figure {
            svg viewBox={ "0 0 " (chart.width) " " (chart.height) } role="img" aria-labelledby=(id) {
                title id=(id) { (title) }
                (PreEscaped(&chart.inside))
            }
            figcaption {
                ul class="legend" {
                    @for (label, colour) in legend {
                        li { span style={ "background:" (css((colour.0, colour.1, colour.2))) } {} (shown(label)) }
                    }
                }
            }
        }
    }
}

fn of_vendors(report: &Report, count: impl Fn(&VendorFigures) -> u64) -> Vec<(u64, RGBColor)> {
    report
        .vendors
        .values()
        .zip(SERIES.iter().cycle())
        .map(|(figures, colour)| (count(figures), *colour))
        .collect()
}

fn vendor_legend(report: &Report) -> Vec<(String, RGBColor)> {
    let name = |vendor: &Vendor| report.name_of(*vendor);
    report.vendors.keys().map(name).zip(SERIES.iter().copied().cycle()).collect()
}

const fn colour_of(mover: Mover) -> RGBColor {
    match mover {
        Mover::Platform => SERIES[1],
        Mover::Merchant => SERIES[2],
        Mover::Vendor => SERIES[3],
    }
}

/// Text from outside: what cannot be seen is escaped here, and what HTML would read by the template.
fn shown(text: &str) -> String {
    Printable(text).to_string()
}

/// A name as an argument of a command.
fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !name.is_empty() && name.chars().all(plain) {
        return name.to_owned();
    }
    format!("'{}'", shown(name).replace('\'', r"'\''"))
}

/// At most [`STATE_ROWS`] samples of those in which something changed, the first and the last of all included.
fn some_of(samples: &[Sample]) -> Vec<&Sample> {
    let last = samples.len().saturating_sub(1);
    let changed = |number: &usize| match *number {
        0 => true,
        number => number == last || samples[number].apps != samples[number - 1].apps,
    };
    let changed: Vec<_> = (0..samples.len()).filter(changed).collect();
    if changed.len() <= STATE_ROWS {
        return changed.into_iter().map(|number| &samples[number]).collect();
    }
    (0..STATE_ROWS).map(|row| &samples[changed[row * (changed.len() - 1) / (STATE_ROWS - 1)]]).collect()
}
