//! The routes: callback URLs, and the endpoints for operators.

use std::any::Any;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use http::{StatusCode, header};
use miniprogram_core::callback::Route;
use tower_http::catch_panic::CatchPanicLayer;

use crate::intake::{self, Target};
use crate::metrics;
use crate::refusal::{Refusal, refused};
use crate::service::CallbackService;
use crate::state::Shared;

type Found<T> = Result<Path<T>, PathRejection>;

impl CallbackService {
    /// Returns the routes for the open network: [`callbacks`](Self::callbacks) and `/healthz`; also readiness and
    /// metrics if [`with_public_status`](crate::CallbackServiceBuilder::with_public_status) is enabled.
    ///
    /// It is a tower service that can be nested anywhere. The server that runs it must enforce header timeouts
    /// and a connection limit, and run [`dispatch`](Self::dispatch) alongside; [`serve`](Self::serve) does all of
    /// this.
    pub fn router(&self) -> Router {
        let status = if self.shared.public_status { self.status() } else { self.health() };
        self.callbacks().merge(status)
    }

    /// Returns the callback URLs, for the open network.
    ///
    /// | method | path | for |
    /// |---|---|---|
    /// | POST | `/{vendor}/{platform}/authorization` | authorization events, tickets |
    /// | POST | `/{vendor}/{platform}/messages` | messages and events |
    /// | POST | `/{vendor}/{platform}/messages/{app}` | the same, where the vendor puts the app into the URL (WeChat: `$APPID$`) |
    /// | GET | the same | WeChat's check of the URL |
    ///
    /// A stored push gets a 200 response with the vendor's text. Every rejected request gets the same response:
    /// 403 without a body. 503 means that the store failed: the vendor delivers again.
    pub fn callbacks(&self) -> Router {
        Router::new()
            .route("/{vendor}/{platform}/authorization", any(authorization))
            .route("/{vendor}/{platform}/messages", any(messages))
            .route("/{vendor}/{platform}/messages/{*app}", any(messages_of_app))
            .layer(CatchPanicLayer::custom(after_panic))
            .with_state(Arc::clone(&self.shared))
    }

    /// Returns the endpoints for operators: `/healthz` (503 if only a restart helps), `/readyz` (whether to send
    /// pushes here: 200 or 503, with all problems in JSON) and, with a recorder, `/metrics`.
    ///
    /// The data they show is at most a second old, however often they are requested.
    pub fn status(&self) -> Router {
        let status = Router::new().route("/readyz", get(readyz));
        let status =
            if self.shared.metrics.is_some() { status.route("/metrics", get(metrics)) } else { status };
        status.with_state(Arc::clone(&self.shared)).merge(self.health())
    }

    fn health(&self) -> Router {
        Router::new().route("/healthz", get(healthz)).with_state(Arc::clone(&self.shared))
    }
}

async fn authorization(
    State(shared): State<Arc<Shared>>,
    found: Found<(String, String)>,
    request: Request,
) -> Response {
    let target = found.ok().map(|Path((vendor, platform))| Target {
        route: Route::Authorization,
        vendor,
        platform,
        app: None,
    });
    intake::answer(shared, target, request).await
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    found: Found<(String, String)>,
    request: Request,
) -> Response {
    let target = found.ok().map(|Path((vendor, platform))| Target {
        route: Route::Messages,
        vendor,
        platform,
        app: None,
    });
    intake::answer(shared, target, request).await
}

async fn messages_of_app(
    State(shared): State<Arc<Shared>>,
    found: Found<(String, String, String)>,
    request: Request,
) -> Response {
    let target = found.ok().map(|Path((vendor, platform, app))| Target {
        route: Route::App,
        vendor,
        platform,
        app: Some(app),
    });
    intake::answer(shared, target, request).await
}

/// Returns the response to a path that is not served.
pub(crate) async fn nowhere(shared: Arc<Shared>, request: Request) -> Response {
    intake::answer(shared, None, request).await
}

/// The text of a panic may quote its cause, so only the fact is counted and logged.
fn after_panic(_panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request made the receiver panic");
    metrics::refusal(None, Refusal::Panic);
    refused(None)
}

async fn healthz(State(shared): State<Arc<Shared>>) -> Response {
    match shared.mortal().await {
        None => "ok\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let (ready, state) = shared.readiness().await;
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(state)).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let page = shared.metrics_page().await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page).into_response()
}
