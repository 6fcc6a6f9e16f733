use miniprogram_core::sent_enums;

sent_enums! {
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
