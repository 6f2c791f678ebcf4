//! What every page knows about its request: language, moment, reader, and how to link on.

use crate::{
    error::{Error, pair},
    text::L,
    url::Query,
    who::Asking,
};
use axum::{body::Bytes, http::HeaderMap};
use shirube_plan::Lang;
use shirube_snapshot::AsOf;

/// A request, read.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Language of the page.
    pub l: L,
    /// The moment to show.
    pub as_of: AsOf,
    /// The moment as the reader wrote it (`2026-11-01`); none for now.
    pub as_of_text: Option<String>,
    /// Who asks, and what they may do.
    pub asking: Asking,
    /// Path without the language's prefix, percent-encoded as it came.
    pub path: String,
    /// Parameters of the query but `as_of`.
    pub query: Query,
    /// Parts of the path, decoded.
    pub params: Vec<(String, String)>,
    /// Body of a form or an API call; empty when reading.
    pub body: Bytes,
    /// Headers of the request.
    pub headers: HeaderMap,
}

impl Ctx {
    /// A request for a page without parameters, now, by nobody.
    pub fn plain(lang: Lang, path: &str) -> Ctx {
        Ctx {
            l: L(lang),
            as_of: AsOf::Head,
            as_of_text: None,
            asking: Asking::nobody(),
            path: path.to_string(),
            query: Query::default(),
            params: vec![],
            body: Bytes::new(),
            headers: HeaderMap::new(),
        }
    }

    /// Reads the moment out of the query. A moment that cannot be read is an error, never silently "now".
    pub fn new(lang: Lang, path: &str, query: Query) -> Result<Ctx, Error> {
        let query = query.printable();
        let as_of_text = query.get("as_of").map(str::to_string);
        let as_of = match &as_of_text {
            None => AsOf::Head,
            Some(text) => text.parse().map_err(|_| {
                Error::Moment(pair(format!("時点「{text}」を読み取れません。"), format!("The moment “{text}” cannot be read.")))
            })?,
        };
        let as_of_text = as_of_text.filter(|_| as_of != AsOf::Head);
        Ok(Ctx { as_of, as_of_text, query: query.with("as_of", None), ..Ctx::plain(lang, path) })
    }

    /// A part of the path.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v)
    }

    /// A header of the request, where it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Address of a page in this language at this moment. `path` begins with `/` and may end in `#anchor`.
    pub fn to(&self, path: &str) -> String {
        self.to_with(path, Query::default())
    }

    /// The same with parameters.
    pub fn to_with(&self, path: &str, query: Query) -> String {
        address(self.l, path, &query.with("as_of", self.as_of_text.as_deref()))
    }

    /// Address of a page at another moment (`seq:12`, `2026-11-01`).
    pub fn to_at(&self, path: &str, moment: &str) -> String {
        address(self.l, path, &Query(vec![("as_of".to_string(), moment.to_string())]))
    }

    /// This page with one parameter changed.
    pub fn here_with(&self, name: &str, value: Option<&str>) -> String {
        self.to_with(&self.path, self.query.with(name, value))
    }

    /// This page in the other language.
    pub fn other_language(&self) -> String {
        address(self.l.other(), &self.path, &self.query.with("as_of", self.as_of_text.as_deref()))
    }

    /// This page now.
    pub fn now(&self) -> String {
        address(self.l, &self.path, &self.query_elsewhen())
    }

    /// What the query asks for at another moment: a list begins anew, as it may have fewer pages then.
    pub fn query_elsewhen(&self) -> Query {
        self.query.with("page", None)
    }

    /// This page without a query, for forms that send their own (`as_of` goes along as a hidden input).
    pub fn form_action(&self) -> String {
        address(self.l, &self.path, &Query::default())
    }

    /// Address of another page without a query, for forms that lead there.
    pub fn form_path(&self, path: &str) -> String {
        address(self.l, path, &Query::default())
    }

    /// The moment as it is written in words.
    pub fn moment_words(&self) -> Option<String> {
        let text = self.as_of_text.as_deref()?;
        Some(match text.strip_prefix("seq:") {
            Some(seq) => format!("{} {seq}", self.l.t("記録番号", "event")),
            None => text.to_string(),
        })
    }
}

fn address(l: L, path: &str, query: &Query) -> String {
    let (path, anchor) = path.split_once('#').map_or((path, None), |(p, a)| (p, Some(a)));
    let prefix = match l.0 {
        Lang::Ja => "",
        Lang::En => "/en",
    };
    let path = if path == "/" && !prefix.is_empty() { "" } else { path };
    let (sign, anchor) = anchor.map_or(("", ""), |anchor| ("#", anchor));
    [prefix, path, &query.to_suffix(), sign, anchor].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ctx(lang: Lang, query: &[(&str, &str)]) -> Ctx {
        let query = Query(query.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
        Ctx::new(lang, "/audit", query).unwrap()
    }

    #[test]
    fn links_carry_language_and_moment() {
        let cx = ctx(Lang::En, &[("as_of", "2026-11-01"), ("verdict", "differs"), ("page", "2")]);
        assert_eq!(cx.other_language(), "/audit?verdict=differs&page=2&as_of=2026-11-01");
        assert_eq!(cx.now(), "/en/audit?verdict=differs", "another moment may have fewer pages");
        let cx = ctx(Lang::En, &[("as_of", "2026-11-01"), ("verdict", "differs")]);
        assert_eq!(cx.to("/sources/d003#c-12"), "/en/sources/d003?as_of=2026-11-01#c-12");
        assert_eq!(cx.to("/"), "/en?as_of=2026-11-01");
        assert_eq!(cx.here_with("verdict", None), "/en/audit?as_of=2026-11-01");
        assert_eq!(cx.other_language(), "/audit?verdict=differs&as_of=2026-11-01");
        assert_eq!(cx.now(), "/en/audit?verdict=differs");
        assert_eq!(ctx(Lang::Ja, &[]).to("/"), "/");
    }

    #[test]
    fn an_unreadable_moment_is_refused() {
        let query = Query(vec![("as_of".into(), "2026-13-01".into())]);
        let error = Ctx::new(Lang::Ja, "/", query).unwrap_err();
        assert_eq!(error.status(), 400);
        assert!(error.problem().ja.contains("2026-13-01"));
    }

    #[test]
    fn a_blank_moment_from_the_form_is_now() {
        let cx = ctx(Lang::Ja, &[("as_of", "")]);
        assert_eq!((cx.as_of, cx.as_of_text.clone()), (AsOf::Head, None));
        assert_eq!(cx.to("/plan"), "/plan");
    }
}
