//! Forms that carry files.

use super::{Entered, Upload};
use crate::{
    ctx::Ctx,
    error::{Error, pair},
};
use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart},
    http::{Request, header},
};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Reads a multipart body.
pub fn read(cx: &Ctx) -> Result<Entered, Error> {
    let mut request = Request::new(Body::from(cx.body.clone()));
    // The limit was kept when the body came in; the extractor's own is far less.
    DefaultBodyLimit::disable().apply(&mut request);
    if let Some(media) = cx.headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, media.clone());
    }
    complete(parts(request)).unwrap_or_else(|| Err(unreadable()))
}

async fn parts(request: Request<Body>) -> Result<Entered, Error> {
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let (mut texts, mut files) = (vec![], vec![]);
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let control = part.name().unwrap_or_default().to_string();
        match part.file_name().map(base_name) {
            Some(name) => {
                let media = part.content_type().unwrap_or("application/octet-stream").to_string();
                let bytes = part.bytes().await.map_err(|_| unreadable())?;
                files.push(Upload { control, name, media, bytes });
            }
            None => texts.push((control, part.text().await.map_err(|_| unreadable())?)),
        }
    }
    Ok(Entered::new(texts, files))
}

/// The file's name without the folders some browsers send along.
fn base_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().trim().to_string()
}

fn unreadable() -> Error {
    Error::bad(
        pair("送られた内容を読み取れません。途中で切れた可能性があります。", "What was sent cannot be read; it may have been cut off."),
        pair("もう一度送ってください。", "Send it again."),
    )
}

/// Runs a future that never waits: the whole body is in memory already. None if it waits after all.
fn complete<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..WAKES {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
    }
    None
}

/// A parser may yield between chunks without waiting for anything.
const WAKES: usize = 10_000;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Bytes;
    use shirube_plan::Lang;

    fn request(body: impl Into<Bytes>) -> Ctx {
        let mut cx = Ctx { body: body.into(), ..Ctx::plain(Lang::Ja, "/") };
        cx.headers.insert("content-type", "multipart/form-data; boundary=xx".parse().unwrap());
        cx
    }

    #[test]
    fn texts_and_files_are_told_apart() {
        let cx = request(
            "--xx\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\n表題\r\n\
             --xx\r\ncontent-disposition: form-data; name=\"report\"; filename=\"C:\\\\dir\\\\a.txt\"\r\ncontent-type: text/plain\r\n\r\nhello\r\n\
             --xx\r\ncontent-disposition: form-data; name=\"none\"; filename=\"\"\r\n\r\n\r\n--xx--\r\n",
        );
        let form = Entered::read(&cx).unwrap();
        assert_eq!(form.text("title"), "表題");
        let file = form.file("report").unwrap();
        assert_eq!((file.name.as_str(), file.media.as_str(), &file.bytes[..]), ("a.txt", "text/plain", &b"hello"[..]));
        assert!(form.file("none").is_none());
    }

    #[test]
    fn a_file_may_be_as_large_as_a_body_may_be() {
        let head = "--xx\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\ncontent-type: text/csv\r\n\r\n";
        let body = [head.as_bytes(), &vec![b'x'; 40 << 20], b"\r\n--xx--\r\n"].concat();
        assert_eq!(Entered::read(&request(body)).unwrap().file("file").unwrap().bytes.len(), 40 << 20);
    }

    #[test]
    fn a_body_cut_off_is_an_error() {
        let cx = request("--xx\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\n表");
        assert_eq!(Entered::read(&cx).unwrap_err().status(), 400);
    }
}
