//! How requests reach Acme: in memory, or over a socket.

use std::io;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Uri};
use miniprogram_core::transport::{BaseUrl, Request, Response, Transport, TransportError};
use tokio::net::TcpListener;

use super::{Acme, Received, Served, cut};

#[async_trait]
impl Transport for Acme {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let headers = request.sent_headers().map_err(|error| TransportError::Build(error.into()))?;
        let body = request.sent_body().map_err(|error| TransportError::Build(error.into()))?;
        let body = body.into_owned().encode().map(|(_, bytes)| bytes).unwrap_or_default();
        let method = request.method.as_str();
        match self.serve(&Received { method, path: &request.path, headers: &headers, body: &body }) {
            Served::Answer(response) => Ok(response),
            Served::Cut => Err(cut()),
            Served::Silence => {
                self.clock.stall(None).await;
                Err(cut())
            }
        }
    }
}

impl Acme {
    /// Serves on a port of the loopback, and returns its address.
    pub(crate) async fn listen(&self) -> io::Result<BaseUrl> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        BaseUrl::parse(&format!("http://{address}")).map_err(io::Error::other)
    }
}

async fn answer(
    State(acme): State<Acme>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> http::Response<Body> {
    let request = Received { method: method.as_str(), path: uri.path(), headers: &headers, body: &body };
    let served = acme.serve(&request);
    let mut response = http::Response::new(Body::empty());
    match served {
        Served::Answer(answer) => {
            *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
            *response.body_mut() = Body::from(answer.body);
        }
        Served::Cut => {
            let broken = futures::stream::once(async { Err::<Bytes, _>(io::Error::other("reset by peer")) });
            *response.body_mut() = Body::from_stream(broken);
        }
        Served::Silence => acme.clock.stall(None).await,
    }
    response
}
