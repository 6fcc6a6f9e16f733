//! Accounts arranged in a given state.

use miniprogram_core::Timestamp;

use super::state::{Account, Package, Status};
use crate::platform::Platform;
use crate::spec::State;
use crate::verdict::Decision;

/// Builds an account in a state; `None` for a gray release, which Baidu does not have.
pub(crate) fn arrange(state: &State, platform: &mut Platform, now: Timestamp) -> Option<Account> {
    let mut account = Account::default();
    let ago = |minutes: i64| Timestamp::from_unix_millis(now.as_unix_millis() - minutes * 60_000);
    let mut upload = |account: &mut Account, version: &str, at: Timestamp| {
        let id = platform.next_package;
        platform.next_package += 1;
        account.add(Package {
            id,
            version: version.to_owned(),
            description: format!("version {version}"),
            committed_at: at,
            ready_at: at,
            failure: None,
            status: Status::Development,
            message: String::new(),
            remark: String::new(),
            online_at: at,
        });
        id
    };
    const DAY: i64 = 24 * 60;
    let versions = match state {
        State::Fresh => &[][..],
        State::NoPrevious => &["1.1.0"],
        State::OnlineAs { version } => &[version.as_str()],
        _ => &["1.0.0", "1.1.0"],
    };
    for (index, version) in (1_i64..).zip(versions) {
        let id = upload(&mut account, version, ago(30 * DAY / index));
        account.submit(id, "", ago(29 * DAY / index));
        account.decide(Some(id), &Decision::Approve);
        account.release(id, ago(27 * DAY / index));
    }
    let version = match state {
        State::Fresh | State::Online | State::NoPrevious | State::OnlineAs { .. } => return Some(account),
        State::GrayRunning { .. } => return None,
        State::RolledBack => {
            account.rolled_back(ago(30));
            return Some(account);
        }
        State::Closed => {
            account.paused = true;
            return Some(account);
        }
        State::Uploaded { version } => version,
        _ => "1.2.0",
    };
    let id = upload(&mut account, version, ago(60));
    if matches!(state, State::Uploaded { .. }) {
        return Some(account);
    }
    account.submit(id, "", ago(50));
    match state {
        State::Withdrawn => account.withdraw(id),
        State::Rejected { reason } => {
            account.decide(None, &Decision::reject(reason.clone()));
        }
        State::Approved | State::Released => {
            account.decide(None, &Decision::Approve);
        }
        // Baidu has no delayed review: the review simply continues.
        _ => {}
    }
    if *state == State::Released {
        account.release(id, ago(30));
    }
    Some(account)
}
