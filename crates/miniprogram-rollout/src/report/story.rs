//! What an entry of the ledger says, in words.

use miniprogram_core::model::UploadProgress;
use miniprogram_core::{EffectValue, Stage};

use super::words::Words;
use crate::machine::{Answer, Entry, Input, Note, Performed, Survey, Trouble};

/// What was told.
pub(super) fn told(entry: &Entry, words: Words) -> String {
    match &entry.input {
        Input::Begin(started) => {
            let digest: String = started.ext_sha256.chars().take(12).collect();
            format!(
                "{} {} · {} {} · {} · ext SHA-256 {digest}…",
                words.say("template", "模板"),
                started.template,
                words.say("version", "版本"),
                started.version,
                by(&started.by, words)
            )
        }
        Input::Woken(wake) => format!("{} · {}", words.source(wake.source), wake.kind.as_str()),
        Input::Answered(answer) => answered(answer, words),
        Input::Performed(performed) => effect(performed, words),
        Input::Gated(gated) => joined([Some(words.health(gated.health).to_owned()), gated.note.clone()]),
        Input::Ordered(ordered) => format!("{} · {}", words.order(&ordered.order), by(&ordered.by, words)),
        Input::Superseded { rollout } => format!("{} {rollout}", words.say("newer rollout", "新任务")),
        Input::Due | Input::Recalled | Input::Revoked => String::new(),
    }
}

/// The transitions that followed.
pub(super) fn moves(entry: &Entry, words: Words) -> String {
    let moves = entry.moves.iter().map(|taken| {
        let (from, why, to) = (words.phase(taken.from), words.why(taken.why), words.phase(taken.to));
        format!("{from} → {to} ({why})")
    });
    moves.collect::<Vec<_>>().join("; ")
}

/// What else is to be said.
pub(super) fn notes(entry: &Entry, words: Words) -> String {
    let notes = entry.notes.iter().map(|note| match note {
        Note::Needs(need) => format!("{}: {}", words.say("needs a person", "需人工处理"), words.need(*need)),
        Note::Delayed => words.say("the vendor delayed the audit", "平台方审核延后").to_owned(),
        Note::Ignored(why) => format!("{}: {}", words.say("ignored", "未生效"), words.ignored(*why)),
    });
    notes.collect::<Vec<_>>().join("; ")
}

fn by(who: &str, words: Words) -> String {
    match words.say("by", "操作人：") {
        "by" => format!("by {who}"),
        label => format!("{label}{who}"),
    }
}

fn joined(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn answered(answer: &Answer, words: Words) -> String {
    match answer {
        Answer::Preflight(survey, _) | Answer::Survey(survey) => surveyed(survey, words),
        Answer::Upload(UploadProgress::Failed { code, reason, .. }) => joined([
            Some(words.say("upload failed", "代码处理失败").to_owned()),
            code.as_ref().map(ToString::to_string),
            Some(reason.clone()),
        ]),
        Answer::Upload(UploadProgress::Ready { package_id, .. }) => joined([
            Some(words.say("upload ready", "代码处理完成").to_owned()),
            package_id.as_ref().map(ToString::to_string),
        ]),
        Answer::Upload(_) => words.say("upload being processed", "代码处理中").to_owned(),
        Answer::Audit(audit) => joined([
            audit.audit_id.as_ref().map(|id| format!("{} {id}", words.say("audit", "审核单"))),
            Some(words.status(audit.status)),
            audit.reason.clone(),
        ]),
        Answer::Failed(failed) => trouble(failed, words),
    }
}

fn surveyed(survey: &Survey, words: Words) -> String {
    let of = |stage: Stage, label: &str| {
        let seen = survey.versions.iter().filter(|seen| seen.stage == stage);
        let seen: Vec<_> = seen.map(|seen| seen.version.as_deref().unwrap_or("?")).collect();
        (!seen.is_empty()).then(|| format!("{label} {}", seen.join(", ")))
    };
    let gray = survey.gray.and_then(|gray| gray.percentage);
    let text = joined([
        of(Stage::Released, words.say("online", "线上版本")),
        of(Stage::InReview, words.say("in review", "审核中")),
        of(Stage::Approved, words.say("approved", "审核通过")),
        gray.map(|share| format!("{} {share} %", words.say("gray", "灰度"))),
    ]);
    if text.is_empty() { words.say("no version online", "没有线上版本").to_owned() } else { text }
}

fn effect(performed: &Performed, words: Words) -> String {
    match performed {
        Performed::Done { operation, evidence, attempts, value, request_id, .. } => {
            let audit = match value {
                EffectValue::Audit(id) => Some(format!("{} {id}", words.say("audit", "审核单"))),
                _ => None,
            };
            joined([
                Some(words.operation(operation)),
                Some(words.evidence(*evidence).to_owned()),
                audit,
                (*attempts > 1).then(|| format!("{} {attempts}", words.say("requests:", "请求次数："))),
                request_id.clone(),
            ])
        }
        Performed::Failed { operation, trouble: failed, .. } => {
            format!("{} · {}", words.operation(operation), trouble(failed, words))
        }
    }
}

fn trouble(trouble: &Trouble, words: Words) -> String {
    joined([
        Some(words.outcome(trouble.outcome).to_owned()),
        Some(words.kind(trouble.kind)),
        trouble.code.as_ref().map(ToString::to_string),
        Some(trouble.message.clone()),
        trouble.request_id.clone(),
    ])
}
