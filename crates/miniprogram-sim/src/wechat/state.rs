//! The state of an app at WeChat.

use miniprogram_core::Timestamp;

use super::profile::Profile;
use crate::platform::Platform;
use crate::spec::State;
use crate::truth::{AppTruth, AuditTruth, GrayTruth, VersionTruth};
use crate::verdict::Decision;

/// The state of an app at WeChat.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) uploaded: Option<Upload>,
    pub(crate) audits: Vec<Audit>,
    pub(crate) online: Option<Release>,
    /// Versions that a rollback may restore, oldest first.
    pub(crate) earlier: Vec<Release>,
    pub(crate) gray: Option<Gray>,
    pub(crate) closed: bool,
    pub(crate) library: Option<String>,
    pub(crate) withdrawals: Vec<Timestamp>,
    pub(crate) next_release: u64,
    pub(crate) profile: Profile,
}

/// The experience version.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) at: Timestamp,
    pub(crate) scanned_at: Timestamp,
    pub(crate) pages: Vec<String>,
    pub(crate) released: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Audit {
    pub(crate) id: u64,
    pub(crate) status: Status,
    pub(crate) reason: String,
    pub(crate) screenshots: Vec<String>,
    pub(crate) upload: Upload,
    pub(crate) submitted_at: Timestamp,
    pub(crate) expedited: bool,
    pub(crate) released: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Approved = 0,
    Rejected = 1,
    InReview = 2,
    Withdrawn = 3,
    Delayed = 4,
}

impl Status {
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::InReview | Self::Delayed)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::InReview => "in_review",
            Self::Withdrawn => "withdrawn",
            Self::Delayed => "delayed",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub(crate) number: u64,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) committed_at: Timestamp,
    pub(crate) released_at: Timestamp,
}

#[derive(Debug, Clone)]
pub(crate) struct Gray {
    /// 1 running, 3 finished, 4 deleted.
    pub(crate) status: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) percentage: u8,
    pub(crate) debuggers_first: bool,
    pub(crate) experiencers_first: bool,
}

impl Account {
    /// The running plan.
    pub(crate) fn running_gray(&self) -> Option<&Gray> {
        self.gray.as_ref().filter(|gray| gray.status == 1)
    }

    /// Returns the newest submission if it is approved and unreleased.
    pub(crate) fn approved(&self) -> Option<&Audit> {
        self.audits.last().filter(|audit| audit.status == Status::Approved && !audit.released)
    }

    pub(crate) fn submit(&mut self, id: u64, now: Timestamp) {
        if let Some(upload) = self.uploaded.clone() {
            self.audits.push(Audit {
                id,
                status: Status::InReview,
                reason: String::new(),
                screenshots: Vec::new(),
                upload,
                submitted_at: now,
                expedited: false,
                released: false,
            });
        }
    }

    pub(crate) fn decide(&mut self, id: Option<u64>, decision: &Decision) -> Option<()> {
        let audit = self.audits.last_mut()?;
        if !audit.status.is_open() || id.is_some_and(|id| id != audit.id) {
            return None;
        }
        match decision {
            Decision::Approve => audit.status = Status::Approved,
            Decision::Reject { reason, screenshots } => {
                audit.status = Status::Rejected;
                audit.reason.clone_from(reason);
                audit.screenshots.clone_from(screenshots);
            }
            Decision::Delay { reason } => {
                audit.status = Status::Delayed;
                audit.reason.clone_from(reason);
            }
        }
        Some(())
    }

    /// Publishes the approved version.
    pub(crate) fn release(&mut self, now: Timestamp) {
        let Some(audit) = self.audits.last_mut() else { return };
        audit.released = true;
        let release = Release {
            number: self.next_release,
            version: audit.upload.version.clone(),
            description: audit.upload.description.clone(),
            committed_at: audit.upload.at,
            released_at: now,
        };
        if let Some(upload) = &mut self.uploaded
            && upload.at == audit.upload.at
            && upload.version == audit.upload.version
        {
            upload.released = true;
        }
        self.next_release += 1;
        self.earlier.extend(self.online.replace(release));
        self.closed = false;
        if let Some(gray) = &mut self.gray
            && gray.status == 1
        {
            gray.status = 3;
        }
    }

    pub(crate) fn describe(&self, truth: &mut AppTruth) {
        let release = |release: &Release| VersionTruth {
            version: release.version.clone(),
            description: release.description.clone(),
            id: Some(release.number.to_string()),
            since: release.released_at,
        };
        truth.uploaded = self.uploaded.as_ref().map(|upload| VersionTruth {
            version: upload.version.clone(),
            description: upload.description.clone(),
            id: None,
            since: upload.at,
        });
        truth.online = self.online.as_ref().map(release);
        truth.previous = self.earlier.last().map(release);
        truth.gray =
            self.gray.as_ref().map(|gray| GrayTruth { status: gray.status, percentage: gray.percentage });
        truth.open = !self.closed;
        truth.min_library_version = self.library().to_owned();
        truth.audits = self.audits.iter().map(Audit::describe).collect();
        self.profile.describe(truth);
    }

    /// Replaces its versions; everything else about the app is kept.
    pub(crate) fn replace(&mut self, new: Self) {
        let profile = std::mem::take(&mut self.profile);
        *self = Self { profile, ..new };
    }

    pub(crate) fn library(&self) -> &str {
        self.library.as_deref().unwrap_or("1.0.0")
    }
}

impl Audit {
    fn describe(&self) -> AuditTruth {
        AuditTruth {
            id: self.id.to_string(),
            status: self.status.word().to_owned(),
            version: self.upload.version.clone(),
            reason: Some(self.reason.clone()).filter(|reason| !reason.is_empty()),
        }
    }
}

/// Builds an account in a state.
pub(crate) fn arrange(state: &State, platform: &mut Platform, now: Timestamp) -> Account {
    let mut account = Account { next_release: 447, ..Account::default() };
    if *state == State::Fresh {
        return account;
    }
    let day = |days: i64| Timestamp::from_unix_millis(now.as_unix_millis() - days * 86_400_000);
    let mut audit_id = || {
        platform.next_audit += 1;
        platform.next_audit - 1
    };
    let versions = match state {
        State::NoPrevious => &["1.1.0"][..],
        State::OnlineAs { version } => &[version.as_str()],
        _ => &["1.0.0", "1.1.0"],
    };
    for (index, version) in (1_i64..).zip(versions) {
        account.upload(version, day(30 / index));
        account.submit(audit_id(), day(29 / index));
        account.decide(None, &Decision::Approve);
        account.release(day(27 / index));
    }
    let version = match state {
        State::Fresh | State::Online | State::NoPrevious | State::OnlineAs { .. } => return account,
        State::RolledBack => {
            account.online = account.earlier.pop();
            account.earlier.clear();
            return account;
        }
        State::Closed => {
            account.closed = true;
            return account;
        }
        State::Uploaded { version } => version,
        _ => "1.2.0",
    };
    let before = |minutes: i64| Timestamp::from_unix_millis(now.as_unix_millis() - minutes * 60_000);
    account.upload(version, before(60));
    if matches!(state, State::Uploaded { .. }) {
        return account;
    }
    account.submit(audit_id(), before(50));
    let decision = match state {
        State::InReview | State::Withdrawn => None,
        State::Rejected { reason } => Some(Decision::reject(reason.clone())),
        State::Delayed { reason } => Some(Decision::Delay { reason: reason.clone() }),
        _ => Some(Decision::Approve),
    };
    if let Some(decision) = decision {
        account.decide(None, &decision);
    }
    match state {
        State::Withdrawn => {
            if let Some(audit) = account.audits.last_mut() {
                audit.status = Status::Withdrawn;
            }
        }
        State::GrayRunning { percentage } => {
            account.gray = Some(Gray {
                status: 1,
                created_at: before(30),
                percentage: *percentage,
                debuggers_first: false,
                experiencers_first: false,
            });
        }
        State::Released => account.release(before(30)),
        _ => {}
    }
    account
}

impl Account {
    fn upload(&mut self, version: &str, at: Timestamp) {
        self.uploaded = Some(Upload {
            version: version.to_owned(),
            description: format!("version {version}"),
            at,
            scanned_at: at,
            pages: super::code::template_pages(),
            released: false,
        });
    }
}
