//! A vendor's endpoints as data: each is one static value, which the calls, the code tables and the dialect refer to.

use serde_json::{Map, Value};

use crate::status::RowCode;
use crate::vendor_error::Code;

/// One endpoint of a vendor.
///
/// ```
/// use miniprogram_core::vendor_api::RowCode;
/// use miniprogram_core::vendor_api::endpoint::Endpoint;
///
/// static RELEASE: Endpoint = Endpoint::post("release", "/release");
/// static AUDIT: Endpoint = Endpoint::get("audit", "/audit").also(&["latest_audit"]).answers(&[RowCode::Word("NO_AUDIT")]);
///
/// assert_eq!((RELEASE.name(), RELEASE.path()), ("release", "/release"));
/// assert!(AUDIT.is_named("latest_audit") && AUDIT.is_named("/audit"));
/// assert!(AUDIT.answers_with(&"NO_AUDIT".into()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    name: &'static str,
    also: &'static [&'static str],
    verb: Verb,
    path: &'static str,
    answers: &'static [RowCode],
    bare: &'static [&'static str],
}

/// The method of an endpoint's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// A GET.
    Get,
    /// A POST.
    Post,
    /// Whichever a caller chooses: no method of the client calls the endpoint.
    Any,
}

/// The name of an endpoint that no method of the client calls.
pub const UNMODELLED: &str = "call";

impl Endpoint {
    const fn new(name: &'static str, verb: Verb, path: &'static str) -> Self {
        Self { name, also: &[], verb, path, answers: &[], bare: &[] }
    }

    /// Creates an endpoint that is called with GET, named after the client's method that calls it.
    #[must_use]
    pub const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Verb::Get, path)
    }

    /// Creates an endpoint that is called with POST, named after the client's method that calls it.
    #[must_use]
    pub const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(name, Verb::Post, path)
    }

    /// Creates an endpoint that only the low-level `call` reaches.
    #[must_use]
    pub const fn unmodelled(path: &'static str) -> Self {
        Self::new(UNMODELLED, Verb::Any, path)
    }

    /// Names the other methods of the client that call it. Its codes mean the same for them.
    #[must_use]
    pub const fn also(mut self, methods: &'static [&'static str]) -> Self {
        self.also = methods;
        self
    }

    /// Sets the codes, numbers or words, that are answers rather than refusals: the other fields of the response carry information.
    #[must_use]
    pub const fn answers(mut self, codes: &'static [RowCode]) -> Self {
        self.answers = codes;
        self
    }

    /// Declares that a success has no code, and the fields of which it has at least one instead.
    #[must_use]
    pub const fn bare(mut self, fields: &'static [&'static str]) -> Self {
        self.bare = fields;
        self
    }

    /// Returns its name: the client's method that calls it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns its path.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns the method of its requests.
    #[must_use]
    pub const fn verb(&self) -> Verb {
        self.verb
    }

    /// Returns the client's methods that call it, its name first.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }

    /// Returns whether it goes by a name: that of a method that calls it, or its path.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.path == name || (self.name != UNMODELLED && self.methods().any(|method| method == name))
    }

    /// Returns whether a code is an answer rather than a refusal.
    #[must_use]
    pub fn answers_with(&self, code: &Code) -> bool {
        self.answers.iter().any(|answer| answer == code)
    }

    /// Returns whether the fields of a response without a code are those of a success.
    #[must_use]
    pub fn succeeds_with(&self, fields: &Map<String, Value>) -> bool {
        let told = |field: &Value| match field {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        };
        self.bare.iter().any(|name| fields.get(*name).is_some_and(told))
    }
}

/// Returns every name by which endpoints go, each once: the methods of the client, then the paths.
pub fn names(endpoints: &[&'static Endpoint]) -> Vec<&'static str> {
    let methods =
        endpoints.iter().filter(|endpoint| endpoint.name != UNMODELLED).flat_map(|one| one.methods());
    let mut names: Vec<&'static str> = Vec::new();
    for name in methods.chain(endpoints.iter().map(|endpoint| endpoint.path)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns what is wrong with a vendor's list of endpoints, one sentence each; nothing if it is sound.
///
/// No method may be listed twice for one path, endpoints of one path must read its responses alike, and a path begins
/// with `/`.
#[must_use]
pub fn check(endpoints: &[&'static Endpoint]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, endpoint) in endpoints.iter().enumerate() {
        let path = endpoint.path;
        if !path.starts_with('/') || path.ends_with('/') {
            wrong.push(format!("{path} is not a path"));
        }
        for other in endpoints[..at].iter().filter(|other| other.path == path) {
            if let Some(method) =
                endpoint.methods().find(|method| other.methods().any(|name| name == *method))
            {
                wrong.push(format!("{method} calls {path} twice"));
            }
            if (other.answers, other.bare) != (endpoint.answers, endpoint.bare) {
                wrong.push(format!("{path} is read in two ways"));
            }
        }
        let same = |other: &&&Endpoint| other.name == endpoint.name && endpoint.name != UNMODELLED;
        if endpoints[..at].iter().filter(same).any(|other| other.verb != endpoint.verb) {
            wrong.push(format!("{} has two methods of HTTP", endpoint.name));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    static A: Endpoint = Endpoint::get("a", "/a").also(&["b"]);
    static C: Endpoint = Endpoint::post("c", "/c");
    static D: Endpoint = Endpoint::unmodelled("/d");

    #[test]
    fn an_endpoint_goes_by_its_methods_and_its_path() {
        assert_eq!(names(&[&A, &C, &D]), ["a", "b", "c", "/a", "/c", "/d"]);
        assert!(A.is_named("b") && A.is_named("/a") && !A.is_named("c"));
        assert!(D.is_named("/d") && !D.is_named(UNMODELLED));
    }

    #[test]
    fn what_is_wrong_with_a_list_is_found() {
        static B: Endpoint = Endpoint::get("b", "/a").bare(&["token"]);
        static OTHER: Endpoint = Endpoint::get("c", "d");
        assert_eq!(check(&[&A, &C, &D]), [""; 0]);
        let wrong = check(&[&A, &B, &C, &OTHER]);
        let expected =
            ["b calls /a twice", "/a is read in two ways", "d is not a path", "c has two methods of HTTP"];
        assert_eq!(wrong, expected);
    }

    #[test]
    fn an_answer_is_a_number_or_a_word() {
        let endpoint = Endpoint::get("a", "/a").answers(&[RowCode::Number(7), RowCode::Word("8")]);
        let codes = [(7.into(), true), ("8".into(), true), (8.into(), false), (Code::from("7"), false)];
        for (code, answers) in codes {
            assert_eq!(endpoint.answers_with(&code), answers, "{code:?}");
        }
    }

    #[test]
    fn a_success_without_a_code_has_one_of_its_fields() {
        let bare = Endpoint::get("token", "/token").bare(&["token", "thumb"]);
        for (json, succeeds) in [
            (r#"{"thumb":"1"}"#, true),
            (r#"{"token":0}"#, true),
            (r#"{"token":""}"#, false),
            (r#"{"token":null}"#, false),
            (r#"{"other":1}"#, false),
        ] {
            assert_eq!(bare.succeeds_with(&serde_json::from_str(json).unwrap()), succeeds, "{json}");
        }
    }
}
