use crate::secret::Secret;

/// A secret that a push delivers. `Debug` shows only its kind.
///
/// It cannot be serialized. A store that seals its contents keeps [`kind`](Self::kind) and
/// [`secret`](Self::secret), and recreates the credential with [`from_parts`](Self::from_parts).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventCredential {
    /// The ticket with which the platform's token is obtained.
    Ticket(Secret),
    /// The code of an authorization. Exchanging it for the app's tokens consumes it.
    AuthorizationCode(Secret),
}

impl EventCredential {
    /// Returns the machine name of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Ticket(_) => "ticket",
            Self::AuthorizationCode(_) => "authorization_code",
        }
    }

    /// Returns the secret itself.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        match self {
            Self::Ticket(secret) | Self::AuthorizationCode(secret) => secret,
        }
    }

    /// Creates a credential from the machine name of its kind; `None` if there is no such kind.
    #[must_use]
    pub fn from_parts(kind: &str, secret: Secret) -> Option<Self> {
        match kind {
            "ticket" => Some(Self::Ticket(secret)),
            "authorization_code" => Some(Self::AuthorizationCode(secret)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_make_the_credential_anew() {
        for make in [EventCredential::Ticket, EventCredential::AuthorizationCode] {
            let credential = make(Secret::new("canary"));
            let anew = EventCredential::from_parts(credential.kind(), credential.secret().clone());
            assert_eq!(anew.as_ref(), Some(&credential));
            assert!(!format!("{credential:?}").contains("canary"));
        }
        assert_eq!(EventCredential::from_parts("password", Secret::new("x")), None);
    }
}
