//! The one table of addresses. The router, the navigation, the API document and the tests read it.

use crate::{ctx::Ctx, error::Error, pages, reply::Reply, state::App};

/// What answers a request. Handlers are plain functions; they run on a thread that may wait for the disk.
pub type Handler = fn(&App, &Ctx) -> Result<Reply, Error>;

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
}

/// An address.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Method.
    pub method: Method,
    /// Pattern, `{name}` for one segment, `{*name}` for the rest.
    pub path: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// What is there: Japanese, English.
    pub summary: (&'static str, &'static str),
    /// Also under `/en`.
    pub languages: bool,
    /// What answers.
    pub handler: Handler,
}

const fn read(path: &'static str, name: &'static str, summary: (&'static str, &'static str), handler: Handler) -> Route {
    Route { method: Method::Get, path, name, summary, languages: true, handler }
}

const fn file(path: &'static str, name: &'static str, handler: Handler) -> Route {
    Route { method: Method::Get, path, name, summary: ("画面の部品", "Part of the pages"), languages: false, handler }
}

/// Every address.
pub const ROUTES: &[Route] = &[
    read("/plan", "plan", ("計画の体系（既定の期）", "The plan's tree (default period)"), pages::plan::default_period),
    read("/plan/{period}", "period", ("計画の体系", "The plan's tree"), pages::plan::period),
    read("/compare/{from}/{to}", "compare", ("期と期の比較", "Two periods compared"), pages::compare::show),
    read("/nodes/{id}", "node", ("ゴールなど計画の項目", "A goal or another node of the plan"), pages::node::show),
    read("/indicators", "indicators", ("指標の一覧", "Indicators"), pages::indicators::list),
    read("/indicators/{id}", "indicator", ("指標", "An indicator"), pages::indicator::show),
    read("/sources", "sources", ("出典の一覧", "Sources"), pages::sources::list),
    read("/sources/{id}", "source", ("出典の本文と引用", "A source's text and what cites it"), pages::source::show),
    read("/figures/{*id}", "figure", ("公表値", "A published figure"), pages::figure::show),
    read("/codes", "codes", ("用語・区分の一覧", "Terms and code lists"), pages::codes::list),
    read("/codes/{list}", "code_list", ("区分表", "A code list"), pages::codes::show),
    read("/about", "about", ("使い方", "Help"), pages::about::show),
    file("/assets/app.css", "style", pages::assets::style),
    file("/assets/app.js", "script", pages::assets::script),
    file("/assets/icon.svg", "icon", pages::assets::icon),
];

/// The route with this name.
pub fn named(name: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|r| r.name == name)
}
