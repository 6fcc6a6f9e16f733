/// Declares a client's calls of unmodelled endpoints: one that returns the JSON of a successful response, and one that
/// returns the whole response, whatever its body is. Each is sent once. The caller's crate depends on `http` and
/// `serde_json`.
///
/// Takes the function that builds such a call from method, path, query and body; then, per client, the
/// [`Op`](crate::vendor_api::pipeline::Op) that sends it, the call with its token, and the names of the two methods with
/// their documentation.
///
/// ```text
/// raw_calls! { form::raw_call;
///     impl AcmePlatform, |platform, call| platform.begin("call"), call.with_platform_token();
///     /// Calls an unmodelled endpoint with the platform's token.
///     call_as_platform;
///     /// Like `call_as_platform`, but returns the whole response.
///     call_raw_as_platform;
/// }
/// ```
#[macro_export]
macro_rules! raw_calls {
    ($build:path; $(
        impl $client:ident, |$this:ident, $built:ident| $op:expr, $authorized:expr;
        $(#[$about:meta])*
        $call:ident;
        $(#[$about_raw:meta])*
        $call_raw:ident;
    )*) => {$(
        impl $client {
            $(#[$about])*
            pub async fn $call(
                &self,
                method: http::Method,
                path: &str,
                query: &[(&str, &str)],
                body: Option<&serde_json::Value>,
            ) -> $crate::Result<serde_json::Value> {
                let $this = self;
                let $built = $build(method, path, query, body)?;
                Ok($op.send_once(&$authorized).await?.json)
            }

            $(#[$about_raw])*
            pub async fn $call_raw(
                &self,
                method: http::Method,
                path: &str,
                query: &[(&str, &str)],
                body: Option<&serde_json::Value>,
            ) -> $crate::Result<$crate::vendor_api::pipeline::Reply> {
                let $this = self;
                let $built = $build(method, path, query, body)?.expecting_anything();
                $op.send_once(&$authorized).await
            }
        }
    )*};
}

/// Declares the function that returns the request of such a call, with its token masked, without sending it.
#[macro_export]
macro_rules! raw_plan {
    ($build:path, $dialect:expr; $(#[$about:meta])* $plan:ident) => {
        $(#[$about])*
        pub fn $plan(
            method: http::Method,
            path: &str,
            query: &[(&str, &str)],
            body: Option<&serde_json::Value>,
        ) -> $crate::Result<$crate::PlannedRequest> {
            $build(method, path, query, body)?.planned(&$dialect)
        }
    };
}
