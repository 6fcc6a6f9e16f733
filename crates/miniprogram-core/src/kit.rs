//! What the crates of the vendors have in common: refusing arguments, effects that consist of one call, the state that
//! an effect's intent stores, what an authorization needs. For vendor crates; an application needs none of it.

mod authorization;
mod inherent;
mod one_call;
mod options;
mod raw_calls;
mod refusals;
mod settings;
pub mod snapshot;
mod upload;

pub use authorization::{issued_code, issued_token, lifetime, page_code, page_query, secret};
pub use inherent::{Inherent, command};
pub use one_call::{OneCall, effect_value, fields_of};
pub use options::read_options;
pub use refusals::Refusals;
pub use settings::{open_or_closed, set_min_library_version};
pub use upload::UploadArguments;

/// Returns whether a body begins like a PNG or a JPEG. The content type does not decide: vendors send images under
/// several, and errors under those of images.
#[must_use]
pub fn is_image(body: &[u8]) -> bool {
    crate::code::image_type(body).is_some()
}
