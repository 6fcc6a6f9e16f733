//! What the store says about an app, and what the merchant granted.

use std::sync::Arc;
use std::time::Duration;

use miniprogram::authorization::{Permission, PlatformProof};
use miniprogram::clock::{Clock, SystemClock};
use miniprogram::model::{Check, CheckResult, CheckTarget};
use miniprogram::token::TokenScope;
use miniprogram::vendor_api::codes::Owner;
use miniprogram::{AppId, Error};
use miniprogram_store::{GrantState, PlatformKey, Store, TokenRecord};
use miniprogram_tokens::{TicketStatus, TokenManager};

use crate::config::{Platform, Settings};
use crate::context::{Context, State};
use crate::failure::Failure;

/// Vendors push a ticket every ten minutes. Without one for so long, something is wrong with the receiver.
const LATE: Duration = Duration::from_secs(3600);
/// How long a ticket is valid.
const TICKET_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// A platform in the store.
pub(super) struct Stored {
    store: Arc<dyn Store>,
    key: PlatformKey,
    /// The calls of its token chain, if the vendor has any.
    tokens: Option<TokenManager>,
    takes_tickets: bool,
    /// The permissions that a rollout requires.
    required: &'static [&'static str],
}

impl Stored {
    pub(super) async fn of(
        context: &Context,
        settings: &Settings,
        platform: &Platform,
    ) -> Result<Self, Failure> {
        let proof = context.proof(platform)?;
        let (store, tokens) = match proof {
            Some(_) => {
                let State { store, tokens } = context.state(settings, platform).await?;
                (store, Some(tokens))
            }
            None => (context.open(settings).await?, None),
        };
        Ok(Self {
            store,
            key: platform.key(),
            tokens,
            takes_tickets: proof == Some(PlatformProof::Ticket),
            required: platform.entry.required_permissions(),
        })
    }

    pub(super) async fn checks(&self, app: &AppId, wanted: &CheckTarget) -> Vec<CheckResult> {
        let scope = TokenScope::authorizer(self.key.vendor, self.key.platform.clone(), app.clone());
        let mut results = vec![match self.store.token(&scope).await {
            Ok(record) => token(record.as_ref(), self.tokens.is_some()),
            Err(error) => CheckResult::failed(Check::Token, &error),
        }];
        let is_granted = results.iter().all(|result| result.check != Check::Authorization);
        results.push(if self.takes_tickets {
            match self.store.ticket(&self.key).await {
                Ok(found) => ticket(found.map(|found| TicketStatus::of(&found, SystemClock.now()))),
                Err(error) => CheckResult::failed(Check::Ticket, &error),
            }
        } else {
            CheckResult::skipped(Check::Ticket, "this vendor's platforms take no ticket")
        });
        if let Some(tokens) = &self.tokens
            && is_granted
            && !self.required.is_empty()
            && wanted.wants(Check::Permissions)
        {
            let granted = tokens.authorizer_info(&self.key, app).await.map(|info| info.permissions);
            results.push(permissions(&granted, self.required));
        }
        results.retain(|result| wanted.wants(result.check));
        results
    }
}

/// What a record says; about the authorization if that is gone.
fn token(record: Option<&TokenRecord>, is_renewed: bool) -> CheckResult {
    let Some(record) = record else {
        let detail = "the store has no authorization of this app";
        return CheckResult::error(Check::Authorization, Owner::Merchant, detail)
            .with_advice("let the merchant authorize the platform, or use `auth recover`");
    };
    match record.state {
        GrantState::Active => {}
        GrantState::NeedsRecovery => {
            let detail = "the refresh token cannot be read from the store";
            return CheckResult::error(Check::Token, Owner::Platform, detail)
                .with_advice("use `auth recover`");
        }
        state => {
            let detail = format!("the authorization is in the state {}", state.as_str());
            return CheckResult::error(Check::Authorization, Owner::Merchant, detail)
                .with_advice("let the merchant authorize the platform again");
        }
    }
    if record.usable(SystemClock.now()).is_some() {
        return CheckResult::ok(Check::Token, "the stored token is valid");
    }
    if is_renewed && record.refresh_token.is_some() {
        return CheckResult::ok(
            Check::Token,
            "the stored token has expired, and is renewed when it is needed",
        );
    }
    CheckResult::error(Check::Token, Owner::Platform, "the stored token has expired, and nothing renews it")
        .with_advice("let the program that obtains tokens store a new one")
}

fn ticket(newest: Option<TicketStatus>) -> CheckResult {
    let advice = "check that the vendor's pushes arrive at `serve`, and use `auth ticket --start`";
    let Some(ticket) = newest else {
        return CheckResult::error(Check::Ticket, Owner::Platform, "no ticket has arrived yet")
            .with_advice(advice);
    };
    let age = Duration::from_secs(ticket.age_seconds);
    let detail = format!("the newest ticket is {} seconds old", ticket.age_seconds);
    if age >= TICKET_LIFETIME {
        CheckResult::error(Check::Ticket, Owner::Platform, detail).with_advice(advice)
    } else if age >= LATE {
        CheckResult::warning(Check::Ticket, Owner::Platform, detail).with_advice(advice)
    } else {
        CheckResult::ok(Check::Ticket, detail)
    }
}

fn permissions(granted: &Result<Vec<Permission>, Error>, required: &[&str]) -> CheckResult {
    let granted = match granted {
        Ok(granted) if granted.is_empty() => {
            return CheckResult::skipped(Check::Permissions, "the vendor lists no permission");
        }
        Ok(granted) => granted,
        Err(error) => return CheckResult::failed(Check::Permissions, error),
    };
    let is_missing = |id: &&&str| granted.iter().all(|granted| granted.id != **id);
    let missing: Vec<_> = required.iter().filter(is_missing).copied().collect();
    if missing.is_empty() {
        return CheckResult::ok(Check::Permissions, format!("granted: {}", required.join(", ")));
    }
    let detail = format!("not granted: {}", missing.join(", "));
    CheckResult::error(Check::Permissions, Owner::Merchant, detail)
        .with_advice("let the merchant authorize the platform again, with these permissions")
}

#[cfg(test)]
mod tests {
    use miniprogram::model::CheckLevel;
    use miniprogram::{PlatformId, Secret, Timestamp, Vendor};
    use miniprogram_store::Ticket;

    use super::*;

    #[test]
    fn a_ticket_is_late_after_an_hour_and_void_after_twelve() {
        let now = SystemClock.now();
        let level = |age: i64| {
            let then = Timestamp::from_unix_millis(now.as_unix_millis() - age * 1000);
            ticket(Some(TicketStatus::of(&Ticket::new(Secret::new("ticket"), then, then), now))).level
        };
        assert_eq!([0, 3599].map(level), [CheckLevel::Ok; 2]);
        assert_eq!([3600, 43_199].map(level), [CheckLevel::Warning; 2]);
        assert_eq!(level(43_200), CheckLevel::Error);
        assert_eq!(ticket(None).level, CheckLevel::Error);
    }

    #[test]
    fn a_revoked_authorization_and_a_token_that_nothing_renews_block() {
        let scope = TokenScope::authorizer(Vendor::new("acme"), PlatformId::from("p"), AppId::from("a"));
        let mut record = TokenRecord::new(scope, SystemClock.now());
        let result = |record: &TokenRecord, is_renewed| {
            let result = token(Some(record), is_renewed);
            (result.check, result.level)
        };
        assert_eq!(result(&record, true), (Check::Token, CheckLevel::Error));
        record.refresh_token = Some(Secret::new("refresh"));
        assert_eq!(result(&record, true), (Check::Token, CheckLevel::Ok));
        assert_eq!(result(&record, false), (Check::Token, CheckLevel::Error));
        for state in [GrantState::Revoked, GrantState::NeedsReauthorization] {
            record.state = state;
            assert_eq!(result(&record, true), (Check::Authorization, CheckLevel::Error));
        }
        assert_eq!(token(None, true).check, Check::Authorization);
    }

    #[test]
    fn a_permission_that_was_not_granted_is_named() {
        let granted = Ok(vec![Permission::new("17")]);
        let found = permissions(&granted, &["17", "18"]);
        assert_eq!((found.level, found.detail.as_str()), (CheckLevel::Error, "not granted: 18"));
        assert_eq!(permissions(&granted, &["17"]).level, CheckLevel::Ok);
        assert_eq!(permissions(&Ok(Vec::new()), &["17"]).level, CheckLevel::Skipped);
    }
}
