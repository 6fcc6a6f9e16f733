/// Declares open enumerations for the numbers that a vendor sends: machine names, `Display`, serde, and `Unknown`
/// for unlisted numbers. The caller's crate depends on serde with `derive`.
///
/// ```
/// use miniprogram_core::{Vendor, status_tables, open_enums};
///
/// open_enums! {
///     /// Why an app is closed.
///     Closed {
///         /// By its owner.
///         Owner = "owner",
///     }
/// }
///
/// status_tables! { Vendor::new("acme");
///     /// `closed` of an app.
///     CLOSED: Closed = "closed" {
///         1 => Owner, "by its owner";
///     }
/// }
///
/// assert_eq!(CLOSED.translate(1).0, Closed::Owner);
/// assert_eq!(CLOSED.translate(9).0.to_string(), "unknown");
/// ```
#[macro_export]
macro_rules! open_enums {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$about])*
        ///
        /// Later versions may add variants. The number is provided alongside.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
            /// An unlisted number.
            #[serde(rename = "unknown")]
            Unknown,
        }

        impl $name {
            /// Returns the machine name, as used in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown => "unknown",
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}

/// Declares enumerations that are sent to a vendor: machine names, `Display`, serde, and the wire value of each
/// variant, which is the second of its two. The caller's crate depends on serde with `derive`.
///
/// ```
/// use miniprogram_core::sent_enums;
///
/// sent_enums! {
///     /// Which version of a guide.
///     Guide: i64 {
///         /// The published one.
///         Published = "published", 1;
///         /// The one in development.
///         Development = "development", 2;
///     }
/// }
///
/// assert_eq!(Guide::Published.as_wire(), 1);
/// assert_eq!(Guide::ALL[1].to_string(), "development");
/// ```
#[macro_export]
macro_rules! sent_enums {
    ($($(#[$about:meta])* $name:ident: $wire:ty {
        $($(#[$doc:meta])* $variant:ident = $text:literal, $on_wire:literal;)*
    })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the wire value.
            #[must_use]
            pub const fn as_wire(self) -> $wire {
                match self { $(Self::$variant => $on_wire,)* }
            }

            /// Returns the machine name, as in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    )*};
}

/// Declares the tables of a vendor's numbers, over enumerations declared with [`open_enums!`](crate::open_enums),
/// which has an example.
#[macro_export]
macro_rules! status_tables {
    ($vendor:expr; $($(#[$about:meta])* $table:ident: $of:ident = $name:literal {
        $($code:literal => $status:ident, $label:literal;)*
    })*) => {$(
        $(#[$about])*
        pub static $table: $crate::vendor_api::StatusTable<$of> = $crate::vendor_api::StatusTable::new(
            $vendor,
            $name,
            $of::Unknown,
            &[$($crate::vendor_api::StatusRow::new($code, $of::$status, $label),)*],
        );
    )*};
}
