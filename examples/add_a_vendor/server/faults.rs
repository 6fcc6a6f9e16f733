//! The faults that Acme is told to have.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use miniprogram_core::conformance::{Fault, Untold};
use miniprogram_core::transport::Response;
use serde_json::{Value, json};

use super::{Served, refused, served};

pub(super) const LATE: Fault = Fault::Late;
/// Longer than one attempt lasts, shorter than the settle time after it.
pub(super) const LATE_BY: Duration = Duration::from_secs(12);

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// App, path, fault, how often.
    pub(crate) effects: Vec<(String, &'static str, Fault, u32)>,
    /// Apps whose reads tell nothing, once a request to that path was seen.
    pub(crate) silent: BTreeMap<String, (&'static str, bool, Untold)>,
    /// The next status of an audit.
    pub(crate) status: Option<String>,
    /// The code and the message that refuse the visibility.
    pub(crate) refusal: Option<(String, String)>,
    /// Whether the next read of the visibility is answered with something meaningless.
    pub(crate) garbage: bool,
}

impl Faults {
    pub(super) fn refusal_of(&self, path: &str) -> Option<(String, String)> {
        self.refusal.clone().filter(|_| path == "/v1/app/visibility")
    }

    /// Returns the fault that an effect meets.
    pub(super) fn of_effect(&mut self, app: &str, path: &str) -> Option<Fault> {
        if let Some((at, seen, _)) = self.silent.get_mut(app) {
            *seen |= path == *at;
        }
        let meets =
            |(of, at, _, left): &&mut (String, &str, Fault, u32)| of == app && *at == path && *left > 0;
        let (_, _, fault, left) = self.effects.iter_mut().find(meets)?;
        *left -= 1;
        Some(*fault)
    }

    /// Returns what a read yields.
    pub(super) fn distort(&mut self, app: &str, path: &str, mut data: Value) -> Served {
        if path == "/v1/app/visibility" && std::mem::take(&mut self.garbage) {
            return Served::Answer(Response::new(200, HeaderMap::new(), "<html>"));
        }
        if path == "/v1/app/review"
            && let Some(status) = self.status.take()
        {
            data["review_status"] = status.into();
        }
        if let Some((_, true, untold)) = self.silent.get(app) {
            leave_untold(&mut data, *untold);
        }
        served(Ok(data))
    }
}

fn leave_untold(data: &mut Value, untold: Untold) {
    let value = match untold {
        Untold::Absent => return *data = json!({}),
        Untold::Null => Value::Null,
        Untold::Empty => "".into(),
        _ => "  ".into(),
    };
    data.as_object_mut().into_iter().flatten().for_each(|(_, field)| field.clone_from(&value));
}

/// What happens instead of the effect.
pub(super) fn instead(fault: Fault) -> Option<Served> {
    Some(match fault {
        Fault::ErrorBefore => Served::Answer(Response::new(503, HeaderMap::new(), "<html>")),
        Fault::BusyBefore => refused("BUSY", "try again later"),
        Fault::ResetBefore => Served::Cut,
        Fault::HangBefore | Fault::Late => Served::Silence,
        _ => return None,
    })
}

/// What happens after the effect.
pub(super) fn afterwards(fault: Fault) -> Option<Served> {
    Some(match fault {
        Fault::ErrorAfter => Served::Answer(Response::new(502, HeaderMap::new(), "")),
        Fault::BusyAfter => refused("BUSY", "try again later"),
        Fault::ResetAfter | Fault::CutAfter => Served::Cut,
        Fault::HangAfter => Served::Silence,
        _ => return None,
    })
}
