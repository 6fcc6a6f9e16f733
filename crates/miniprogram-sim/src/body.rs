//! An HTTP response body that can be cut off.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Bytes sent completely, or in part before the connection is closed.
#[derive(Debug)]
pub(crate) struct Reply {
    rest: Option<Bytes>,
    /// The announced length.
    stated: u64,
    cut: Cut,
}

#[derive(Debug, PartialEq, Eq)]
enum Cut {
    Never,
    AfterThis,
    Now,
}

/// The response is cut off on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed on purpose")]
pub(crate) struct BrokenOff;

impl From<Infallible> for BrokenOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Reply {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        let stated = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { rest: Some(bytes), stated, cut: Cut::Never }
    }

    /// Announces the full length and sends half of it.
    pub(crate) fn half(bytes: &Bytes) -> Self {
        let stated = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self { rest: Some(bytes.slice(..bytes.len() / 2)), stated, cut: Cut::AfterThis }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.cut {
            Cut::Never => Poll::Ready(None),
            // Pauses once, so that the connection flushes what it has.
            Cut::AfterThis => {
                self.cut = Cut::Now;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Cut::Now => Poll::Ready(Some(Err(BrokenOff))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.cut == Cut::Never
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.stated)
    }
}
