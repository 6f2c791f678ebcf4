//! What a handler gives back.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::Markup;

/// An answer, complete: pages are small and made in one go.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    media: String,
    body: Bytes,
    location: Option<String>,
    file_name: Option<String>,
    lasting: bool,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// A page.
    pub fn page(markup: Markup) -> Reply {
        Reply::bytes("text/html; charset=utf-8", markup.into_string().into())
    }

    /// Bytes of a media type.
    pub fn bytes(media: &str, body: Bytes) -> Reply {
        Reply { status: 200, media: media.to_string(), body, location: None, file_name: None, lasting: false, headers: vec![] }
    }

    /// JSON.
    pub fn json(value: &serde_json::Value) -> Reply {
        Reply::bytes("application/json; charset=utf-8", value.to_string().into())
    }

    /// To another address, with GET (after a form was sent).
    pub fn see_other(to: String) -> Reply {
        Reply { location: Some(to), ..Reply::bytes("text/plain; charset=utf-8", Bytes::new()).with_status(303) }
    }

    /// To another address for good.
    pub fn moved(to: String) -> Reply {
        Reply { location: Some(to), ..Reply::bytes("text/plain; charset=utf-8", Bytes::new()).with_status(308) }
    }

    /// The same answer under another status.
    pub fn with_status(self, status: u16) -> Reply {
        Reply { status, ..self }
    }

    /// Offered as a file to keep.
    pub fn as_file(self, name: String) -> Reply {
        Reply { file_name: Some(name), ..self }
    }

    /// May be kept for a year: its address changes with its content.
    pub fn lasting(self) -> Reply {
        Reply { lasting: true, ..self }
    }

    /// One more header (`etag`, `refresh`); the name in lower case.
    pub fn with_header(mut self, name: &'static str, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Where the reader is sent, if anywhere.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// A header that was set beside the usual ones.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The bytes of the body.
    pub fn bytes_of(&self) -> &[u8] {
        &self.body
    }

    /// The body as text, for tests and for embedding.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Nothing but our own files; no inline script or style; not in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
            (header::CACHE_CONTROL, if self.lasting { "public, max-age=31536000, immutable" } else { "no-cache" }),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        headers.insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
        let disposition = self.file_name.map(|name| format!("attachment; filename*=UTF-8''{}", crate::url::segment(&name)));
        for (name, value) in
            [(header::CONTENT_TYPE, Some(self.media)), (header::LOCATION, self.location), (header::CONTENT_DISPOSITION, disposition)]
        {
            // A value that is no header text (control characters in an address) is left out, never sent broken.
            if let Some(value) = value.and_then(|v| HeaderValue::from_str(&v).ok()) {
                headers.insert(name, value);
            }
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_answer_carries_the_safe_headers() {
        let response = Reply::json(&serde_json::json!({})).into_response();
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn file_names_and_addresses_cannot_break_a_header() {
        let response = Reply::bytes("text/csv", Bytes::new()).as_file("台帳\r\n\"x.csv".into()).into_response();
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename*=UTF-8''%E5%8F%B0%E5%B8%B3%0D%0A%22x.csv");
        assert!(Reply::see_other("/a\r\nb: c".into()).into_response().headers().get(header::LOCATION).is_none());
    }
}
