//! Handlers beside each other: one that fails keeps no event from the others.

use std::sync::Arc;

use async_trait::async_trait;
use miniprogram::push::Delivery;
use miniprogram::{Event, EventHandler, Result};

/// Gives an event to each handler, whatever becomes of the others. The event is delivered again to all of them if one
/// has failed.
#[derive(Debug)]
pub(super) struct Beside(pub(super) Vec<Arc<dyn EventHandler>>);

#[async_trait]
impl EventHandler for Beside {
    async fn handle(&self, event: &Event<'static>, delivery: &Delivery) -> Result<()> {
        let mut failed = None;
        for handler in &self.0 {
            if let Err(error) = handler.handle(event, delivery).await {
                failed = failed.or(Some(error));
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use miniprogram::{Error, ErrorKind};

    use super::super::handlers::tests::audit_approved;
    use super::*;

    #[derive(Debug)]
    struct Counting(Arc<AtomicUsize>, bool);

    #[async_trait]
    impl EventHandler for Counting {
        async fn handle(&self, _event: &Event<'static>, _delivery: &Delivery) -> Result<()> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if self.1 { Ok(()) } else { Err(Error::new(ErrorKind::Store, "handle")) }
        }
    }

    #[tokio::test]
    async fn a_handler_that_fails_keeps_no_event_from_the_others() {
        let asked = Arc::new(AtomicUsize::new(0));
        for works in [[true, false], [false, true], [false, false], [true, true]] {
            let handlers = works.map(|works| Arc::new(Counting(Arc::clone(&asked), works)) as _);
            let (event, delivery) = audit_approved();
            let handled = Beside(handlers.to_vec()).handle(&event, &delivery).await;
            assert_eq!(handled.is_ok(), works == [true, true]);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 8);
    }
}
