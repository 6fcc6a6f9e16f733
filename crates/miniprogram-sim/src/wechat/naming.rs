//! The name of an app.

use miniprogram_core::Timestamp;
use serde_json::{Value, json};

use super::input;
use super::uses::Uses;
use super::{Step, Verdict, WeScene, WeView, review};
use crate::call::{Object, Refusal};
use crate::verdict::ReviewItem;

/// How often a name may change per year.
pub(super) const CHANGES_PER_YEAR: usize = 2;

/// A rename's audit result, as WeChat's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RenameStatus {
    InReview = 1,
    Rejected = 2,
    Approved = 3,
}

#[derive(Debug, Clone)]
pub(crate) struct Rename {
    pub(super) audit: u64,
    pub(crate) nickname: String,
    pub(crate) status: RenameStatus,
    pub(crate) reason: String,
    created_at: Timestamp,
    decided_at: Option<Timestamp>,
}

impl Rename {
    pub(super) fn is_approved(&self) -> bool {
        self.status == RenameStatus::Approved
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Naming {
    pub(super) name: String,
    renames: Vec<Rename>,
    changes: Uses,
}

impl Naming {
    pub(super) fn new(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn changes(&self, now: Timestamp) -> usize {
        self.changes.this_year(now)
    }

    /// Returns the name under review.
    pub(super) fn pending(&self) -> Option<&Rename> {
        self.renames.last().filter(|rename| rename.status == RenameStatus::InReview)
    }

    /// Decides the name under review; if `id` is given, only that one.
    pub(super) fn decide(
        &mut self,
        audit: Option<u64>,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Option<Rename> {
        let rename = self.renames.last_mut()?;
        if rename.status != RenameStatus::InReview || audit.is_some_and(|audit| audit != rename.audit) {
            return None;
        }
        rename.decided_at = Some(now);
        rename.reason = reason.unwrap_or_default().to_owned();
        rename.status = if reason.is_some() { RenameStatus::Rejected } else { RenameStatus::Approved };
        if rename.is_approved() {
            self.changes.add(now);
            self.name.clone_from(&rename.nickname);
        }
        Some(rename.clone())
    }
}

/// What prevents a name: a code, or a request for proof.
enum Hit {
    Refused(i64),
    NeedsProof,
}

/// Requests proof instead of refusing.
const NEEDS_PROOF: i64 = 91009;

/// A name of 4 to 30 characters, counting a Chinese character as 2.
fn nick_name<'a>(view: &'a WeView<'_>) -> Result<&'a str, Refusal> {
    let name = input::text(view.body, "nick_name").ok_or(Refusal::code(53010))?;
    let length: usize = name.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
    let printable = !name.chars().any(char::is_control) && name.trim() == name;
    if (4..=30).contains(&length) && printable { Ok(name) } else { Err(Refusal::code(53010)) }
}

fn hit(view: &WeView<'_>, name: &str) -> Option<Hit> {
    let mut others = view.platform.wechat.names.iter().filter(|(owner, _)| *owner != view.app_id);
    if others.any(|(_, other)| other == name) {
        return Some(Hit::Refused(53013));
    }
    let code = view
        .platform
        .wechat
        .name_rules
        .iter()
        .find(|(word, _)| name.contains(word.as_str()))
        .map(|(_, code)| *code)?;
    Some(if code == NEEDS_PROOF { Hit::NeedsProof } else { Hit::Refused(code) })
}

const PROOF_WANTED: &str = "你提交的名称命中关键字，需提供相关证明材料";

pub(super) fn checkwxverifynickname(view: &WeView<'_>) -> Verdict {
    let name = nick_name(view)?;
    match hit(view, name) {
        Some(Hit::Refused(code)) => Err(Refusal::code(code)),
        Some(Hit::NeedsProof) => Step::answer(json!({ "hit_condition": true, "wording": PROOF_WANTED })),
        None => Step::answer(json!({ "hit_condition": false, "wording": "" })),
    }
}

const PROOFS: [&str; 7] = [
    "id_card",
    "license",
    "naming_other_stuff_1",
    "naming_other_stuff_2",
    "naming_other_stuff_3",
    "naming_other_stuff_4",
    "naming_other_stuff_5",
];

/// The first name of an app that was never released is adopted at once; any other is reviewed.
pub(super) fn setnickname(view: &WeView<'_>) -> Verdict {
    let name = nick_name(view)?.to_owned();
    let mut proven = false;
    for proof in PROOFS {
        match view.body.get(proof) {
            None => {}
            Some(Value::String(media_id)) if view.state.profile.media.holds(media_id, view.now) => {
                proven = true;
            }
            Some(_) => return Err(Refusal::code(40007)),
        }
    }
    match hit(view, &name) {
        Some(Hit::Refused(code)) => return Err(Refusal::code(code)),
        Some(Hit::NeedsProof) if !proven => return Err(Refusal::code(NEEDS_PROOF)),
        Some(Hit::NeedsProof) | None => {}
    }
    let naming = &view.state.profile.naming;
    if naming.pending().is_some() {
        return Err(Refusal::code(91003));
    }
    if view.state.audits.last().is_some_and(|audit| audit.status.is_open()) {
        return Err(Refusal::code(91019));
    }
    if naming.changes(view.now) >= CHANGES_PER_YEAR {
        return Err(Refusal::code(91013));
    }
    let is_first = naming.renames.is_empty() && naming.changes.is_empty();
    let at_once = is_first && view.state.online.is_none();
    Step::effect(move |scene: &mut WeScene<'_>| {
        if at_once {
            let naming = &mut scene.state.profile.naming;
            naming.changes.add(scene.now);
            naming.name.clone_from(&name);
            scene.platform.wechat.names.insert(scene.app_id.clone(), name);
            return json!({ "wording": "" }).into();
        }
        let audit = review::submit(scene, ReviewItem::Name);
        scene.state.profile.naming.renames.push(Rename {
            audit,
            nickname: name,
            status: RenameStatus::InReview,
            reason: String::new(),
            created_at: scene.now,
            decided_at: None,
        });
        json!({ "audit_id": audit, "wording": "" }).into()
    })
}

pub(super) fn querynickname(view: &WeView<'_>) -> Verdict {
    let audit = input::number(view.body, "audit_id");
    let rename = view.state.profile.naming.renames.iter().find(|rename| Some(rename.audit) == audit);
    let rename = rename.ok_or(Refusal::code(91011))?;
    let mut answer = Object::new();
    answer.insert("nickname".to_owned(), json!(rename.nickname));
    answer.insert("audit_stat".to_owned(), json!(rename.status as u64));
    answer.insert("fail_reason".to_owned(), json!(rename.reason));
    answer.insert("create_time".to_owned(), json!(rename.created_at.as_unix()));
    answer.insert("audit_time".to_owned(), json!(rename.decided_at.map_or(0, |at| at.as_unix())));
    Step::answer(Value::Object(answer))
}
