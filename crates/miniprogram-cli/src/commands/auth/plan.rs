//! What a call of the token chain would send: the request is built by the vendor's own client and not sent.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use miniprogram::authorization::{PlatformAuth, PlatformProof};
use miniprogram::token::AccessToken;
use miniprogram::transport::{Request, Response, Transport, TransportError};
use miniprogram::vendor_api::redact::MASK;
use miniprogram::{AppId, ClientConfig, PlannedRequest, Secret};

use crate::config::Platform;
use crate::context::Context;
use crate::failure::{Failure, Finish};

/// A call whose request is printed.
#[derive(Debug)]
pub(super) enum Planned {
    PlatformToken,
    TicketPush,
    Exchange,
    Refresh(AppId),
    Recover(AppId),
}

/// Keeps requests instead of sending them.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<PlannedRequest>>);

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request.planned());
        Err(TransportError::Build("a dry run sends nothing".into()))
    }
}

/// Prints the request of a call as a dry run does.
pub(super) async fn print(context: &Context, platform: &Platform, call: Planned) -> Result<Finish, Failure> {
    let recorder = Arc::new(Recorder::default());
    let config = ClientConfig::without_tokens(platform.id.clone()).with_max_attempts(1);
    let config = config.with_transport(Arc::clone(&recorder) as _);
    let masked = Secret::new(MASK);
    let calls = platform.entry.authorization(config, masked.clone(), None)?;
    let token = match calls.platform_proof() {
        PlatformProof::Signature => PlatformAuth::Signed,
        _ => AccessToken::new(masked.clone())?.into(),
    };
    let result = match call {
        Planned::PlatformToken => calls.platform_token(Some(&masked)).await.map(drop),
        Planned::TicketPush => calls.start_ticket_push().await,
        Planned::Exchange => calls.exchange(&token, &masked).await.map(drop),
        Planned::Refresh(app) => calls.refresh(&token, &app, &masked).await.map(drop),
        Planned::Recover(app) => calls.recover(&token, &app).await.map(drop),
    };
    let requests = std::mem::take(&mut *recorder.0.lock().unwrap_or_else(PoisonError::into_inner));
    match (requests.is_empty(), result) {
        // Rejected before there was a request.
        (true, Err(error)) => Err(error.into()),
        _ => {
            context.output.json(&requests)?;
            Ok(Finish::Done)
        }
    }
}
