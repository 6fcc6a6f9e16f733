use serde::Serialize;

use crate::command::{Command, InherentCommand, MethodName};
use crate::error::{Error, Result};
use crate::pipeline::EffectPlan;
use crate::vendor::Vendor;

/// An effect that only one vendor has: its method, and the conversion of its command into a plan.
#[derive(Debug, Clone, Copy)]
pub struct Inherent {
    method: MethodName,
    plan: fn(&InherentCommand) -> Result<Box<dyn EffectPlan>>,
}

impl Inherent {
    /// Creates an entry of a vendor's table.
    #[must_use]
    pub const fn new(method: MethodName, plan: fn(&InherentCommand) -> Result<Box<dyn EffectPlan>>) -> Self {
        Self { method, plan }
    }

    /// Returns the plan of a command from a vendor's tables.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a method that no table lists, and for a command that is
    /// written for another vendor; the errors of the plan.
    pub fn plan(
        vendor: Vendor,
        tables: &[&[Self]],
        command: &InherentCommand,
    ) -> Result<Box<dyn EffectPlan>> {
        command.expect_vendor(vendor)?;
        let found = tables.iter().copied().flatten().find(|effect| effect.method == command.method);
        let effect = found.ok_or_else(|| Error::unsupported(vendor, command.method.as_str()))?;
        (effect.plan)(command)
    }

    /// Returns the plan of a command on a subject that has no other effects than those of the vendor's tables.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for any other command; the errors of [`plan`](Self::plan).
    pub fn plan_only(vendor: Vendor, tables: &[&[Self]], command: &Command) -> Result<Box<dyn EffectPlan>> {
        match command {
            Command::Inherent(command) => Self::plan(vendor, tables, command),
            other => Err(Error::unsupported(vendor, other.operation().as_str())),
        }
    }
}

/// Declares the functions that create the commands of a vendor's own effects: per function its arguments, the method,
/// and the arguments in the vendor crate's own form. The functions return an error only if those cannot be serialized.
///
/// ```
/// use miniprogram_core::vendor_api::MethodName;
/// use miniprogram_core::{Vendor, inherent_commands};
///
/// const SET_NAME: MethodName = MethodName::new("set_name");
///
/// inherent_commands! { Vendor::new("acme");
///     /// Renames the app.
///     set_name(name: &str) = SET_NAME, &[name];
/// }
///
/// assert_eq!(set_name("bakery")?.operation().as_str(), "set_name");
/// # Ok::<(), miniprogram_core::Error>(())
/// ```
#[macro_export]
macro_rules! inherent_commands {
    ($vendor:expr; $(
        $(#[$about:meta])*
        $name:ident($($argument:ident: $type:ty),*) = $method:expr, $arguments:expr;
    )*) => {$(
        $(#[$about])*
        ///
        /// # Errors
        /// [`InvalidArgument`](miniprogram_core::ErrorKind::InvalidArgument) if the arguments cannot be written as
        /// JSON.
        pub fn $name($($argument: $type),*) -> $crate::Result<$crate::Command> {
            $crate::vendor_api::kit::command($vendor, $method, $arguments)
        }
    )*};
}

/// Creates the command of an effect that only this vendor has.
///
/// # Errors
/// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the arguments cannot be serialized as JSON.
pub fn command(vendor: Vendor, method: MethodName, arguments: &impl Serialize) -> Result<Command> {
    let command = InherentCommand::new(method, arguments).map_err(|error| error.for_vendor(vendor))?;
    Ok(Command::Inherent(command.for_vendor(vendor)))
}
