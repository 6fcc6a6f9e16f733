//! Pushes as they arrive, the checks that reject them, and what surrounds an [`Event`](crate::Event).

pub use crate::event::{CallbackCheck, Delivery, EventCredential, OwnedPush, Push};
pub use crate::missed::{MissedEvent, MissedEvents};
