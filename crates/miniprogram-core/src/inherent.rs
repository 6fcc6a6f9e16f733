//! Commands of effects that only one vendor has: how they are created and read.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::command::{Command, InherentCommand, MethodName};
use crate::error::{Error, Result};
use crate::vendor::Vendor;

impl InherentCommand {
    /// Creates a command from a method and its arguments.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the arguments cannot be serialized as JSON.
    pub fn new(method: MethodName, arguments: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(arguments) {
            Ok(arguments) => Ok(Self { vendor: None, method, arguments }),
            Err(problem) => Err(Error::invalid(method.as_str(), "arguments", problem.to_string())),
        }
    }

    /// For one vendor, which alone reads these arguments.
    #[must_use]
    pub const fn for_vendor(mut self, vendor: Vendor) -> Self {
        self.vendor = Some(vendor);
        self
    }

    /// Refuses a command that is written for another vendor: two vendors may have methods of one name, and read each
    /// other's arguments.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported).
    pub fn expect_vendor(&self, vendor: Vendor) -> Result<()> {
        match self.vendor {
            Some(other) if other != vendor => Err(Error::unsupported(vendor, self.method.as_str())
                .with_field("vendor")
                .with_detail(format!("the command is written for {other}"))),
            _ => Ok(()),
        }
    }

    /// The arguments as the vendor's type.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the intent was written by another version and
    /// this one cannot read it.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.arguments)
            .map_err(|problem| Error::invalid(self.method.as_str(), "arguments", problem.to_string()))
    }
}

impl Command {
    /// Creates the command of an effect that only one vendor has.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the arguments cannot be serialized as JSON.
    pub fn inherent(method: MethodName, arguments: &impl Serialize) -> Result<Self> {
        InherentCommand::new(method, arguments).map(Self::Inherent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_that_was_stored_without_its_vendor_is_the_same_command() {
        let stored: Command = serde_json::from_value(
            json!({ "inherent": { "method": "set_name", "arguments": { "name": "面包店" } } }),
        )
        .unwrap();
        let method = MethodName::new("set_name");
        let command = |vendor| {
            let command = InherentCommand::new(method, &json!({ "name": "面包店" })).unwrap();
            Command::Inherent(command.for_vendor(vendor))
        };
        let (acme, other) = (Vendor::new("acme"), Vendor::new("other"));
        assert_eq!(stored, command(acme));
        assert_ne!(command(acme), command(other));
        assert_eq!(serde_json::to_value(command(acme)).unwrap()["inherent"]["vendor"], "acme");
    }
}
