//! What vendor crates are made of. Applications do not need it.

pub use crate::command::{InherentCommand, InvalidMethodName, MethodName};
pub use crate::effect::EffectFields;
pub use crate::event::{Fields, MessageTimeError, digits, message_time, positive_id};
pub use crate::id::SubjectRef;
pub use crate::printable::{Printable, printable_json};
pub use crate::status::{RowCode, StatusRow, StatusTable};
pub use crate::strict_json::{parse_message_json, parse_strict_json};
pub use crate::template::{ADD_TEMPLATE, AddTemplate, DELETE_TEMPLATE, DeleteTemplate};

pub mod codes {
    //! Tables of the vendors' error codes: what a code means, who has to act, and whether to retry.

    pub use crate::codes::*;
}

pub mod endpoint {
    //! A vendor's endpoints as data: each is one static value, which the calls, the code tables and the dialect
    //! refer to.

    pub use crate::endpoint::*;
}

#[cfg(feature = "callback")]
pub mod frame {
    //! The encrypted frame of callbacks: bytes in, bytes out.

    pub use crate::frame::*;
}

pub mod json {
    //! Tolerant reading of JSON as vendors write it.

    pub use crate::json::*;
}

#[cfg(feature = "client")]
pub mod kit {
    //! What the crates of the vendors have in common: refusing arguments, effects that consist of one call, the state
    //! that an effect's intent stores.

    pub use crate::kit::*;
}

#[cfg(feature = "client")]
pub mod pipeline {
    //! The call pipeline: token → send → read the envelope → classify → settle, or maybe again.
    //!
    //! A vendor crate provides a [`Dialect`] (how to read a response) and one [`EffectPlan`] per effect (what to read
    //! before it, what to send, how to probe afterwards). Everything else is implemented once, here.

    pub use crate::pipeline::*;
}

pub mod redact {
    //! Masks secrets in external data, where a secret can be recognized only by the name of its field.

    pub use crate::redact::*;
}

pub mod wire {
    //! Shared rules for tolerant reading of vendors' JSON: how a value is read as a string, a number or a flag.

    pub use crate::wire::*;
}
