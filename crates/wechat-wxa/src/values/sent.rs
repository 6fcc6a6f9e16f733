/// Declares what is sent: the enumeration, its machine names and its form on the wire.
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

            /// The value on the wire.
            #[must_use]
            pub const fn as_wire(self) -> $wire {
                match self { $(Self::$variant => $on_wire,)* }
            }

            /// The machine name, as in JSON.
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
    /// `action`: what is done with domains.
    DomainAction: &'static str {
        /// Add to those that are set.
        Add = "add", "add";
        /// Delete out of those that are set.
        Delete = "delete", "delete";
        /// Replace those that are set.
        Set = "set", "set";
        /// Read those that are set.
        Get = "get", "get";
    }
    /// What an app reaches a domain with.
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
        /// A picture.
        Image = "image", "image";
        /// A sound.
        Voice = "voice", "voice";
        /// A film.
        Video = "video", "video";
        /// A small picture.
        Thumb = "thumb", "thumb";
    }
    /// `privacy_ver`: which privacy guide is meant.
    PrivacyVersion: i64 {
        /// That of the version online.
        Published = "published", 1;
        /// That of the version which is being made.
        Development = "development", 2;
    }
    /// `info_type`: which order path is meant.
    OrderPathKind: &'static str {
        /// The one in use.
        Released = "released", "0";
        /// The one in review.
        InReview = "in_review", "1";
    }
}
