//! What a request asks for, as far as its address and headers say.

use crate::{
    ctx::Ctx,
    error::{Error, pair},
    url::Query,
};
use axum::{
    extract::Query as QueryOf,
    http::{HeaderMap, Uri, header},
};
use shirube_plan::Lang;

/// Language of the answer: of the page, or for programs what they accept.
pub fn language(page: Lang, uri: &Uri, headers: &HeaderMap) -> Lang {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if is_api(uri) && wanted.trim_start().to_ascii_lowercase().starts_with("en") { Lang::En } else { page }
}

/// Whether it is made for programs.
pub fn is_api(uri: &Uri) -> bool {
    uri.path().starts_with("/api/")
}

/// The request, but for what comes with it.
pub fn context(lang: Lang, uri: &Uri) -> Result<Ctx, Error> {
    Ctx::new(lang, path(lang, uri), query(uri)?)
}

/// The same page now, whatever moment was asked for.
pub fn context_now(lang: Lang, uri: &Uri) -> Ctx {
    let query = query(uri).unwrap_or_default().with("as_of", None);
    Ctx::new(lang, path(lang, uri), query).unwrap_or_else(|_| Ctx::plain(lang, "/"))
}

/// The path without the language's prefix.
fn path(lang: Lang, uri: &Uri) -> &str {
    match lang {
        Lang::En if !is_api(uri) => uri.path().strip_prefix("/en").filter(|p| !p.is_empty()).unwrap_or("/"),
        _ => uri.path(),
    }
}

fn query(uri: &Uri) -> Result<Query, Error> {
    let pairs = QueryOf::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| Error::BadRequest {
        problem: pair("アドレスの「?」より後を読み取れません。", "The part of the address after “?” cannot be read."),
        mend: pair("画面のリンクから開き直してください。", "Open the page from a link of the portal."),
    })?;
    Ok(Query(pairs.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn programs_get_the_language_they_accept_and_pages_their_own() {
        let english = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, header::HeaderValue::from_static("en-GB,en;q=0.9"))]);
        assert_eq!(language(Lang::Ja, &"/api/v1/pack".parse().unwrap(), &english), Lang::En);
        assert_eq!(language(Lang::Ja, &"/plan".parse().unwrap(), &english), Lang::Ja);
        assert_eq!(context(Lang::En, &"/api/v1/pack".parse().unwrap()).unwrap().path, "/api/v1/pack");
    }

    #[test]
    fn the_page_now_keeps_all_of_its_address_but_the_moment() {
        let now = |uri: &str| context_now(Lang::En, &uri.parse().unwrap()).now();
        for moment in ["2999-01-01", "seq:99", "someday"] {
            assert_eq!(now(&format!("/en/audit?verdict=differs&as_of={moment}")), "/en/audit?verdict=differs");
        }
    }
}
