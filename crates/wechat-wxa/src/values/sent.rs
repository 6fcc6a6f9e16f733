/// Declares a sent enumeration, its machine names and its wire form.
macro_rules! sent {
    ($($(#[$about:meta])* $name:ident: $wire:ty { $($(#[$doc:meta])* $variant:ident = $text:literal, $on_wire:literal;)* })*) => {$(
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

sent! {
    /// `action`: the operation on domains.
    DomainAction: &'static str {
        /// Add to the configured domains.
        Add = "add", "add";
        /// Delete from the configured domains.
        Delete = "delete", "delete";
        /// Replace the configured domains.
        Set = "set", "set";
        /// Read the configured domains.
        Get = "get", "get";
    }
    /// The interface by which an app reaches a domain.
    ServerDomainKind: &'static str {
        /// `wx.request`.
        Request = "request", "requestdomain";
        /// `wx.connectSocket`.
        WsRequest = "ws_request", "wsrequestdomain";
        /// `wx.uploadFile`.
        Upload = "upload", "uploaddomain";
        /// `wx.downloadFile`.
        Download = "download", "downloaddomain";
        /// UDP sockets.
        Udp = "udp", "udpdomain";
        /// TCP sockets.
        Tcp = "tcp", "tcpdomain";
    }
    /// `type` of temporary material.
    MaterialKind: &'static str {
        /// An image.
        Image = "image", "image";
        /// A voice recording.
        Voice = "voice", "voice";
        /// A video.
        Video = "video", "video";
        /// A thumbnail.
        Thumb = "thumb", "thumb";
    }
    /// `privacy_ver`: the version of the privacy guide.
    PrivacyVersion: i64 {
        /// The guide of the version online.
        Published = "published", 1;
        /// The guide of the version in development.
        Development = "development", 2;
    }
    /// `info_type`: which order path.
    OrderPathKind: &'static str {
        /// The one in use.
        Released = "released", "0";
        /// The one in review.
        InReview = "in_review", "1";
    }
}
