use serde::Deserialize;
use serde_with::serde_as;

use super::{MaybeNumber, Text};

/// Tokens and codes, each answer with some of them: `auth/tp/token`, `tp/createpreauthcode`,
/// `auth/retrieve/authorizationcode` and `/rest/2.0/oauth/token`. Not to be printed.
#[serde_as]
#[derive(Deserialize)]
pub(crate) struct Issued {
    #[serde_as(as = "Option<Text>")]
    #[serde(default)]
    pub(crate) access_token: Option<String>,
    #[serde_as(as = "Option<Text>")]
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    #[serde_as(as = "Option<Text>")]
    #[serde(default)]
    pub(crate) pre_auth_code: Option<String>,
    #[serde_as(as = "Option<Text>")]
    #[serde(default)]
    pub(crate) authorization_code: Option<String>,
    #[serde_as(as = "MaybeNumber")]
    #[serde(default)]
    pub(crate) expires_in: Option<i64>,
}
