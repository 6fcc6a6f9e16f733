//! Merges the experience version, the one in audit and the one online into one list without duplicates.

use miniprogram_core::model::CodeVersion;
use miniprogram_core::{Audit, AuditStatus, Stage, Timestamp};

use crate::codes::AUDIT_STAGE;
use crate::wire::{self, VersionInfo};

/// A version as `getversioninfo` reports it.
struct Told {
    version: Option<String>,
    description: Option<String>,
    at: Option<Timestamp>,
}

impl Told {
    /// Returns `None` if the block contains nothing at all.
    fn new(version: Option<String>, description: Option<String>, seconds: Option<i64>) -> Option<Self> {
        let at = wire::time(seconds);
        (version.is_some() || at.is_some()).then_some(Self { version, description, at })
    }

    fn into_version(self, stage: Stage) -> CodeVersion {
        CodeVersion::new(stage, None).with_version(self.version, self.description).with_committed_at(self.at)
    }
}

/// Whether two versions have the same text; an unreported text is not the same as any other.
fn same(one: Option<&String>, other: Option<&String>) -> bool {
    one.is_some() && one == other
}

/// Whether the first time is not after the second, as far as both are reported.
fn in_order(first: Option<Timestamp>, second: Option<Timestamp>) -> bool {
    first.zip(second).is_none_or(|(first, second)| first <= second)
}

/// Returns the experience version first, then the one in audit, then the one online.
pub(super) fn merged(info: VersionInfo, latest: Audit) -> Vec<CodeVersion> {
    let experience = info.exp_info.and_then(|exp| Told::new(exp.exp_version, exp.exp_desc, exp.exp_time));
    let online = info
        .release_info
        .and_then(|release| Told::new(release.release_version, release.release_desc, release.release_time));
    let audit = (latest.status != AuditStatus::NotSubmitted).then_some(latest);

    // A later upload may have the same version text as an earlier one: the order of the times distinguishes them.
    let experience_is_audited = experience.as_ref().zip(audit.as_ref()).is_some_and(|(experience, audit)| {
        same(experience.version.as_ref(), audit.version.as_ref())
            && in_order(experience.at, audit.submitted_at)
    });
    let audited_is_online = audit.as_ref().zip(online.as_ref()).is_some_and(|(audit, online)| {
        audit.status == AuditStatus::Approved
            && same(audit.version.as_ref(), online.version.as_ref())
            && in_order(audit.submitted_at, online.at)
    });
    let experience_is_online =
        experience.as_ref().zip(online.as_ref()).is_some_and(|(experience, online)| {
            let untold = audit.as_ref().is_none_or(|audit| audit.version.is_none());
            let through_audit = experience_is_audited && audited_is_online;
            through_audit
                || (untold
                    && same(experience.version.as_ref(), online.version.as_ref())
                    && in_order(experience.at, online.at))
        });
    // A withdrawn version that another upload has replaced no longer exists anywhere.
    let is_gone = |audit: &Audit| {
        audit.status == AuditStatus::Withdrawn && experience.is_some() && !experience_is_audited
    };

    let audit_id = audit.as_ref().filter(|_| audited_is_online).and_then(|audit| audit.audit_id.clone());
    let audit = audit.filter(|audit| !audited_is_online && !is_gone(audit));
    let experience = experience.filter(|_| !experience_is_online);

    let mut versions = Vec::new();
    match (experience, audit) {
        (Some(experience), Some(audit)) if experience_is_audited => {
            versions.push(audited(audit, Some(experience)));
        }
        (experience, audit) => {
            versions.extend(experience.map(|experience| experience.into_version(Stage::Development)));
            versions.extend(audit.map(|audit| audited(audit, None)));
        }
    }
    versions.extend(online.map(|online| online.into_version(Stage::Released).with_ids(None, audit_id)));
    versions
}

fn audited(audit: Audit, experience: Option<Told>) -> CodeVersion {
    let stage = match &audit.raw_status {
        Some(raw) => AUDIT_STAGE.translate(raw.code.clone()).0,
        None => Stage::Unknown,
    };
    let (description, uploaded_at) = match experience {
        Some(experience) => (experience.description, experience.at),
        None => (None, None),
    };
    let description = description.or(audit.description);
    CodeVersion::new(stage, audit.raw_status)
        .with_version(audit.version, description)
        .with_ids(None, audit.audit_id)
        .with_committed_at(uploaded_at.or(audit.submitted_at))
        .with_reason(audit.reason)
}
