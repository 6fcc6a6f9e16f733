//! What vendor crates are made of, beside the [pipeline](crate::pipeline). Applications do not need it.

pub use crate::effect::EffectFields;
pub use crate::event::{Fields, MessageTimeError, digits, message_time, positive_id};
pub use crate::strict_json::{parse_message_json, parse_strict_json};
pub use crate::template::{ADD_TEMPLATE, AddTemplate, DELETE_TEMPLATE, DeleteTemplate};
