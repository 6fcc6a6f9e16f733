/// Declares open enumerations of a vendor's numbers: every number has a value, and every value its number.
///
/// ```
/// miniprogram_core::numbered! {
///     /// Why an app is closed.
///     pub enum Closed {
///         /// By its owner.
///         Owner = 1,
///         /// By the vendor.
///         Vendor = -1,
///     }
/// }
///
/// assert_eq!(Closed::from_code(-1), Closed::Vendor);
/// assert_eq!(Closed::from_code(9), Closed::Other(9));
/// assert_eq!(Closed::Other(9).code(), 9);
/// ```
#[macro_export]
macro_rules! numbered {
    ($($(#[$about:meta])* $visible:vis enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $code:literal,)*
    })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        $visible enum $name {
            $($(#[$doc])* $variant,)*
            /// A number that is not listed.
            Other(i64),
        }

        impl $name {
            /// What the vendor's number says.
            #[must_use]
            pub const fn from_code(code: i64) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    other => Self::Other(other),
                }
            }

            /// The vendor's number.
            #[must_use]
            pub const fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Other(code) => code,
                }
            }
        }
    )*};
}
