//! Building a manager, and what is refused.

use std::sync::Arc;
use std::time::Duration;

use miniprogram_core::ErrorKind;
use miniprogram_core::authorization::RefreshTokenUse;
use miniprogram_core::token::TokenProvider;
use miniprogram_store::PlatformKey;
use miniprogram_store::tokens::LONGEST_LEASE;
use miniprogram_tokens::{TokenManager, TokenManagerBuilder};

use crate::support::{Bench, builder, platform, scope};
use crate::vendor::{ACME, Fault, PLATFORM};

fn built(bench: &Bench) -> TokenManagerBuilder {
    builder(&bench.store, &bench.vendor, &bench.clock, &bench.alarms)
}

fn assert_refused(builder: TokenManagerBuilder, method: &str) {
    let error = builder.build().unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some(method)), "{error}");
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_the_method_that_set_it() {
    let bench = Bench::empty(RefreshTokenUse::SingleUse).await;
    assert_refused(TokenManager::builder(Arc::clone(&bench.store) as _), "with_platform");
    assert_refused(built(&bench).with_platform(Arc::clone(&bench.vendor) as _), "with_platform");
    assert_refused(built(&bench).with_lease(Duration::from_millis(999)), "with_lease");
    assert_refused(built(&bench).with_lease(LONGEST_LEASE + Duration::from_millis(1)), "with_lease");
    assert_refused(built(&bench).with_concurrency(0), "with_concurrency");
    for owner in ["", " \t"] {
        assert_refused(built(&bench).with_owner(owner), "with_owner");
    }
    let least = built(&bench).with_lease(Duration::from_secs(1)).with_concurrency(1).with_owner("me");
    assert_eq!(least.build().unwrap().platforms(), [PlatformKey::new(ACME, PLATFORM)]);
    built(&bench).with_lease(LONGEST_LEASE).build().unwrap();
}

#[tokio::test]
async fn leases_carry_the_name_of_their_owner_and_last_as_long_as_was_set() {
    let bench = Bench::new(RefreshTokenUse::SingleUse).await;
    let named = built(&bench).with_owner("worker 7").with_lease(Duration::from_secs(90)).build().unwrap();
    bench.expire();
    bench.vendor.fail([Fault::LostAfter, Fault::NotSent]);
    named.token(&scope()).await.unwrap_err();
    let lease = bench.record().await.lease.expect("the renewal is open");
    assert_eq!(lease.owner, "worker 7");
    let left = lease.until.since(bench.now());
    assert!((89..90).contains(&left.as_secs()), "a pause has passed since: {left:?}");
    // Two managers without a name do not share one.
    let [one, other] = [(); 2].map(|()| {
        let builder = TokenManager::builder(Arc::clone(&bench.store) as _);
        format!("{:?}", builder.with_platform(Arc::clone(&bench.vendor) as _).build().unwrap())
    });
    assert_ne!(one, other);
    assert!(one.contains("owner") && one.contains(platform().platform.as_str()), "{one}");
}
