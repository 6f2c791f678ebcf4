//! The headers that every answer carries, whoever made it.

use axum::{
    http::{HeaderName, HeaderValue, Method, header},
    response::Response,
};

/// Our own files only; no inline script or style; forms to ourselves; in nobody's frame.
const POLICY: &str = "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A file that is handed on runs nothing, even where a browser shows it.
const FILE_POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// Kept for a year: the address changes with the content.
pub const LASTING: &str = "public, max-age=31536000, immutable";

/// Features of browsers that no page uses.
const FEATURES: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

/// Puts them on. `https`: readers come by `https` only and are to go on doing so.
pub fn put(response: &mut Response, method: &Method, https: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    let file = headers.contains_key(header::CONTENT_DISPOSITION);
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, if file { FILE_POLICY } else { POLICY }),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), FEATURES),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        let read = method == Method::GET || method == Method::HEAD;
        // Pages are asked for again each time, by this reader's browser alone, which may show them when going back;
        // files, refusals and what answers a form are kept by nobody.
        let keep = if file || !read || status.is_client_error() || status.is_server_error() { "no-store" } else { "private, no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    }
}
