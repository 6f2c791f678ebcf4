//! What a handler gives back.

use crate::gate;
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
    cookies: Vec<String>,
}

impl Reply {
    /// A page.
    pub fn page(markup: Markup) -> Reply {
        Reply::bytes("text/html; charset=utf-8", markup.into_string().into())
    }

    /// Bytes of a media type.
    pub fn bytes(media: &str, body: Bytes) -> Reply {
        Reply {
            status: 200,
            media: media.to_string(),
            body,
            location: None,
            file_name: None,
            lasting: false,
            headers: vec![],
            cookies: vec![],
        }
    }

    /// JSON.
    pub fn json(value: &serde_json::Value) -> Reply {
        Reply::bytes("application/json; charset=utf-8", value.to_string().into())
    }

    /// To another address, with GET (after a form was sent).
    pub fn see_other(to: String) -> Reply {
        Reply::elsewhere(to, 303)
    }

    /// To the institution's provider of identities, the only place off the portal that readers are sent to: its address
    /// is in the settings.
    pub fn away(to: String) -> Reply {
        Reply { location: Some(to), ..Reply::bytes("text/plain; charset=utf-8", Bytes::new()).with_status(303) }
    }

    /// To another address for good.
    pub fn moved(to: String) -> Reply {
        Reply::elsewhere(to, 308)
    }

    /// Never off the portal: what is no address of ours becomes the front page.
    fn elsewhere(to: String, status: u16) -> Reply {
        let to = if gate::own_address(&to) { to } else { "/".to_string() };
        Reply { location: Some(to), ..Reply::bytes("text/plain; charset=utf-8", Bytes::new()).with_status(status) }
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

    /// Kept by no browser and no proxy: it was made for someone who is signed in. Parts of pages are the same for all.
    pub fn unkept(self) -> Reply {
        if self.lasting { self } else { self.with_header("cache-control", "no-store".into()) }
    }

    /// One more header (`etag`, `refresh`); the name in lower case.
    pub fn with_header(mut self, name: &'static str, value: String) -> Reply {
        self.headers.push((name, value));
        self
    }

    /// One more cookie, as a `set-cookie` header says it.
    pub fn with_cookie(mut self, cookie: String) -> Reply {
        self.cookies.push(cookie);
        self
    }

    /// The cookies it sets.
    pub fn cookies(&self) -> &[String] {
        &self.cookies
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

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if self.lasting {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(gate::LASTING));
        }
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
        for cookie in self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                headers.append(header::SET_COOKIE, cookie);
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
    fn file_names_and_addresses_cannot_break_a_header() {
        let response = Reply::bytes("text/csv", Bytes::new()).as_file("台帳\r\n\"x.csv".into()).into_response();
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment; filename*=UTF-8''%E5%8F%B0%E5%B8%B3%0D%0A%22x.csv");
        for to in ["/a\r\nb: c", "//evil.example", "https://evil.example/"] {
            assert_eq!(Reply::see_other(to.into()).into_response().headers()[header::LOCATION], "/");
        }
    }
}
