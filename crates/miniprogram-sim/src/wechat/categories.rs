//! Categories of an app.

use serde_json::{Value, json};

use super::catalogue::{self, RED_PACKET};
use super::input;
use super::uses::Uses;
use super::{Step, Verdict, WeScene, WeView, review};
use crate::call::{Content, Object, Refusal};
use crate::verdict::ReviewItem;

/// How many categories an app may add per month.
pub(super) const CHANGES_PER_MONTH: usize = 5;
/// Maximum categories per app.
pub(super) const LIMIT: usize = 20;
/// Number of owner kinds in `verify_type`.
const OWNERS: u64 = 5;

/// A category's audit result, as WeChat's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CategoryStatus {
    InReview = 1,
    Rejected = 2,
    Approved = 3,
}

#[derive(Debug, Clone)]
pub(crate) struct OwnCategory {
    pub(crate) first: u64,
    pub(crate) second: u64,
    pub(crate) status: CategoryStatus,
    pub(crate) reason: String,
    pub(super) audit: u64,
}

impl OwnCategory {
    fn approved(first: u64, second: u64) -> Self {
        Self { first, second, status: CategoryStatus::Approved, reason: String::new(), audit: 0 }
    }

    pub(crate) fn names(&self) -> (&'static str, &'static str) {
        let name = |id| catalogue::class_of(id).map_or("", |class| class.name);
        (name(self.first), name(self.second))
    }

    fn to_json(&self) -> Value {
        let (first_name, second_name) = self.names();
        json!({
            "first": self.first,
            "first_name": first_name,
            "second": self.second,
            "second_name": second_name,
            "audit_status": self.status as u64,
            "audit_reason": self.reason,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Categories {
    pub(crate) own: Vec<OwnCategory>,
    changes: Uses,
}

impl Default for Categories {
    fn default() -> Self {
        let own = [(1, 2), (3, 4), (6, 7)].map(|(first, second)| OwnCategory::approved(first, second));
        Self { own: own.to_vec(), changes: Uses::default() }
    }
}

impl Categories {
    fn find(&self, first: u64, second: u64) -> Option<&OwnCategory> {
        self.own.iter().find(|category| (category.first, category.second) == (first, second))
    }

    /// Decides the category of this audit, or of any; returns the result.
    pub(super) fn decide(&mut self, audit: Option<u64>, reason: Option<&str>) -> Option<OwnCategory> {
        let category = self.own.iter_mut().rev().find(|category| {
            category.status == CategoryStatus::InReview && audit.is_none_or(|audit| audit == category.audit)
        })?;
        category.reason = reason.unwrap_or_default().to_owned();
        category.status = if reason.is_some() { CategoryStatus::Rejected } else { CategoryStatus::Approved };
        Some(category.clone())
    }
}

pub(super) fn getallcategories(_: &WeView<'_>) -> Verdict {
    Step::answer(catalogue::rows(None))
}

pub(super) fn getcategoriesbytype(view: &WeView<'_>) -> Verdict {
    let owner = input::number(view.body, "verify_type").filter(|owner| *owner < OWNERS);
    Step::answer(catalogue::rows(Some(owner.ok_or(Refusal::code(40097))?)))
}

pub(super) fn getcategory(view: &WeView<'_>) -> Verdict {
    let categories = &view.state.profile.categories;
    let own: Vec<Value> = categories.own.iter().map(OwnCategory::to_json).collect();
    Step::answer(json!({
        "categories": own,
        "limit": CHANGES_PER_MONTH,
        "quota": CHANGES_PER_MONTH.saturating_sub(categories.changes.this_month(view.now)),
        "category_limit": LIMIT,
    }))
}

/// Returns a category's ids, which must be numbers.
fn ids(category: &Object) -> Result<(u64, u64), Refusal> {
    let ids = input::number(category, "first").zip(input::number(category, "second"));
    ids.ok_or(Refusal::code(53303))
}

/// Counts the certificates; `certicates` is WeChat's spelling (sic).
fn certificates(view: &WeView<'_>, category: &Object) -> Result<usize, Refusal> {
    let Some(certificates) = category.get("certicates") else { return Ok(0) };
    let certificates = certificates.as_array().ok_or(Refusal::code(53303))?;
    for certificate in certificates {
        let certificate = certificate.as_object().ok_or(Refusal::code(53303))?;
        let key = input::text(certificate, "key").filter(|key| !key.is_empty());
        let media_id = key.and(input::text(certificate, "value")).ok_or(Refusal::code(53303))?;
        if !view.state.profile.media.holds(media_id, view.now) {
            return Err(Refusal::code(40007));
        }
    }
    Ok(certificates.len())
}

pub(super) fn addcategory(view: &WeView<'_>) -> Verdict {
    let given = view.body.get("categories").and_then(Value::as_array).filter(|given| !given.is_empty());
    let given = given.ok_or(Refusal::code(53303))?;
    let categories = &view.state.profile.categories;
    let mut added: Vec<(u64, u64, bool)> = Vec::new();
    for category in given {
        let category = category.as_object().ok_or(Refusal::code(53303))?;
        let (first, second) = ids(category)?;
        let class = catalogue::second(first, second).ok_or(Refusal::code(53303))?;
        let twice = added.iter().any(|(_, other, _)| *other == second);
        if twice || categories.find(first, second).is_some() {
            return Err(Refusal::code(53304));
        }
        if !class.may_belong_to(if view.state.profile.is_personal {
            catalogue::PERSON
        } else {
            catalogue::ENTERPRISE
        }) {
            return Err(Refusal::code(53302));
        }
        if certificates(view, category)? == 0 && class.needs_certificates() {
            return Err(Refusal::code(53311));
        }
        added.push((first, second, class.needs_certificates()));
    }
    if categories.changes.this_month(view.now) + added.len() > CHANGES_PER_MONTH {
        return Err(Refusal::code(53300));
    }
    if categories.own.len() + added.len() > LIMIT {
        return Err(Refusal::code(53301));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        for (first, second, audited) in added {
            let mut category = OwnCategory::approved(first, second);
            if audited {
                category.status = CategoryStatus::InReview;
                category.audit = review::submit(scene, ReviewItem::Categories);
            }
            let categories = &mut scene.state.profile.categories;
            categories.changes.add(scene.now);
            categories.own.push(category);
        }
        Content::Done
    })
}

pub(super) fn modifycategory(view: &WeView<'_>) -> Verdict {
    let (first, second) = ids(view.body)?;
    let categories = &view.state.profile.categories;
    let category = categories.find(first, second).ok_or(Refusal::code(53306))?;
    if category.status != CategoryStatus::Rejected {
        return Err(Refusal::code(53307));
    }
    if certificates(view, view.body)? == 0 {
        return Err(Refusal::code(53311));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let audit = review::submit(scene, ReviewItem::Categories);
        let own = &mut scene.state.profile.categories.own;
        if let Some(category) =
            own.iter_mut().find(|category| (category.first, category.second) == (first, second))
        {
            *category = OwnCategory {
                status: CategoryStatus::InReview,
                audit,
                ..OwnCategory::approved(first, second)
            };
        }
        Content::Done
    })
}

pub(super) fn deletecategory(view: &WeView<'_>) -> Verdict {
    let (first, second) = ids(view.body)?;
    let category = view.state.profile.categories.find(first, second).ok_or(Refusal::code(53303))?;
    if category.status == CategoryStatus::InReview {
        return Err(Refusal::code(53308));
    }
    if (first, second) == RED_PACKET {
        return Err(Refusal::code(53309));
    }
    Step::effect(move |scene: &mut WeScene<'_>| {
        let own = &mut scene.state.profile.categories.own;
        own.retain(|category| (category.first, category.second) != (first, second));
        Content::Done
    })
}
