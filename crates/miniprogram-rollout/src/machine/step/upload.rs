//! From the first read to an upload that can be submitted.

use miniprogram_core::model::{UploadProgress, UploadReceipt};
use miniprogram_core::{AuditId, EffectValue, Stage};

use super::{Run, Why};
use crate::machine::input::{Offers, Seen, Survey};
use crate::machine::state::{Cause, Foreign, Need, Phase};

/// An upload that the vendor could not process is repeated once.
const UPLOADS: u8 = 2;

impl Run<'_> {
    pub(super) fn preflight(&mut self, survey: &Survey, offers: &Offers) {
        self.facts().offers = offers.clone();
        let fresh = self.facts().fresh;
        if self.facts().ours && survey.at(Stage::Released).any(|seen| self.is_ours(seen)) {
            return self.enter(Phase::Released, Why::AlreadyOnline);
        }
        let online = survey.at(Stage::Released).find_map(|seen| seen.version.clone());
        let facts = self.facts();
        facts.online_before = online;
        (facts.ours, facts.receipt, facts.audit) = (false, None, None);
        if survey.at(Stage::Released).any(|seen| self.is_ours(seen)) {
            return self.online_already(fresh);
        }
        if let Some(open) = survey.at(Stage::InReview).next() {
            return match open.audit_id.clone().filter(|_| self.is_ours(open) && !fresh) {
                Some(audit) => self.adopt(open, audit),
                None => {
                    let version = open.version.clone();
                    self.fail(Cause::Foreign(Foreign::Submitted { version }), Why::Foreign);
                }
            };
        }
        let approved = survey.at(Stage::Approved).filter(|seen| self.is_ours(seen));
        let mut audits = approved.filter_map(|seen| Some((seen, seen.audit_id.clone()?)));
        if fresh {
            self.facts().outdated = audits.map(|(_, audit)| audit).collect();
        } else if let Some((seen, audit)) = audits.find(|(seen, _)| !self.is_outdated(seen)) {
            return self.adopt(seen, audit);
        }
        self.enter(Phase::Uploading, Why::Clear);
        self.act();
    }

    fn online_already(&mut self, fresh: bool) {
        let cause = Cause::Foreign(Foreign::ReleasedOurs);
        if fresh {
            return self.fail(cause, Why::Foreign);
        }
        self.facts().cause = Some(Box::new(cause));
        self.enter(Phase::Released, Why::AlreadyOnline);
    }

    /// Whether a version is ours: by the package if both are known, otherwise by the text.
    pub(super) fn is_ours(&self, seen: &Seen) -> bool {
        let receipt = self.state.facts.as_ref().and_then(|facts| facts.receipt.as_ref());
        match (receipt.and_then(|receipt| receipt.package_id.as_ref()), &seen.package_id) {
            (Some(own), Some(package)) => own == package,
            _ => seen.version.as_ref() == Some(&self.target.version),
        }
    }

    /// Whether its audit is older than what a retry has changed, or used up by a rollback.
    pub(super) fn is_outdated(&self, seen: &Seen) -> bool {
        let facts = self.state.facts.as_ref();
        seen.audit_id.as_ref().is_some_and(|audit| facts.is_some_and(|facts| facts.outdated.contains(audit)))
    }

    /// Follows an audit of our version that was submitted before: by a call whose result was lost, by an earlier
    /// rollout, or by somebody else. Its verdict is still read.
    pub(super) fn adopt(&mut self, seen: &Seen, audit: AuditId) {
        self.take_for_ours(seen);
        self.open(audit, Why::Adopted);
        self.act();
    }

    /// What identifies our upload, if its own receipt was lost.
    pub(super) fn take_for_ours(&mut self, seen: &Seen) {
        let receipt = UploadReceipt::new(self.target.version.clone(), self.target.description.clone())
            .with_package_id(seen.package_id.clone());
        self.facts().receipt.get_or_insert(receipt);
    }

    pub(super) fn uploaded(&mut self, value: &EffectValue) {
        let receipt = match value {
            EffectValue::Upload(receipt) => receipt.clone(),
            // The value was lost; version and description identify the upload as well.
            _ => UploadReceipt::new(self.target.version.clone(), self.target.description.clone()),
        };
        let deadline = self.now.after(self.policy.patience.processing);
        let facts = self.facts();
        facts.receipt = Some(receipt);
        facts.uploads = facts.uploads.saturating_add(1);
        facts.deadline = Some(deadline);
        self.enter(Phase::Processing, Why::Uploaded);
        self.wait_longer(self.policy.patience.pause, std::time::Duration::ZERO);
    }

    pub(super) fn processing(&mut self, progress: &UploadProgress) {
        match progress {
            UploadProgress::Ready { package_id, .. } => {
                let facts = self.facts();
                if let Some(receipt) = &mut facts.receipt {
                    receipt.package_id = package_id.clone().or_else(|| receipt.package_id.take());
                }
                self.enter(Phase::Submitting, Why::Ready);
                self.act();
            }
            UploadProgress::Failed { .. } if self.facts().uploads < UPLOADS => {
                self.enter(Phase::Uploading, Why::UploadFailed);
                self.act();
            }
            UploadProgress::Failed { code, reason, .. } => {
                let cause = Cause::UploadFailed { code: code.clone(), reason: reason.clone() };
                self.fail(cause, Why::UploadFailed);
            }
            _ => self.still_processing(),
        }
    }

    pub(super) fn still_processing(&mut self) {
        if self.is_overdue() {
            self.need(Need::StuckUpload);
        }
        self.read_again(self.policy.patience.pause);
    }
}
