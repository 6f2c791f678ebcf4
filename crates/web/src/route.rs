//! What an address is.

use crate::{ctx::Ctx, error::Error, reply::Reply, state::App};
use shirube_access::{RecordAction, RegisterAction, SystemAction};

/// What answers a request. Handlers are plain functions; they run on a thread that may wait for the disk.
pub type Handler = fn(&App, &Ctx) -> Result<Reply, Error>;

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a form, or begins something.
    Post,
    /// Changes parts of something.
    Patch,
}

/// What a request may bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: it reads.
    Nothing,
    /// A form, or JSON.
    Form,
    /// A form with files.
    Files,
}

/// What one must be permitted to come to an address at all. What is shown and done there is decided again on the
/// records themselves, by the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: what is there is the pack's own, or narrowed to what the reader may see.
    Nothing,
    /// Reading some record of `{register}`.
    Reading,
    /// This to some record of `{register}`.
    Doing(RecordAction),
    /// This with `{register}` as a whole.
    Register(RegisterAction),
    /// Being signed in, or the owner in a trial.
    SomeOne,
    /// Being signed in by the pages, with an account of one's own.
    Account,
    /// This to the installation.
    System(SystemAction),
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
    /// Who may come here.
    pub needs: Needs,
    /// What its body may be.
    pub takes: Takes,
    /// What answers.
    pub handler: Handler,
}

/// A page.
pub(crate) const fn read(
    needs: Needs,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    Route { method: Method::Get, path, name, summary, languages: true, needs, takes: Takes::Nothing, handler }
}

/// What a form of a page is sent to.
pub(crate) const fn send(
    needs: Needs,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    Route { method: Method::Post, path, name, summary, languages: true, needs, takes: Takes::Form, handler }
}

/// What a form with files is sent to.
pub(crate) const fn send_files(
    needs: Needs,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    Route { takes: Takes::Files, ..send(needs, path, name, summary, handler) }
}

/// Something that has no language.
pub(crate) const fn probe(
    needs: Needs,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    Route { languages: false, ..read(needs, path, name, summary, handler) }
}

/// A part of the pages.
pub(crate) const fn file(path: &'static str, name: &'static str, handler: Handler) -> Route {
    Route {
        method: Method::Get,
        path,
        name,
        summary: ("画面の部品", "Part of the pages"),
        languages: false,
        needs: Needs::Nothing,
        takes: Takes::Nothing,
        handler,
    }
}

/// An address for programs.
pub(crate) const fn api(
    needs: Needs,
    method: Method,
    path: &'static str,
    name: &'static str,
    summary: (&'static str, &'static str),
    handler: Handler,
) -> Route {
    let takes = if matches!(method, Method::Get) { Takes::Nothing } else { Takes::Form };
    Route { method, path, name, summary, languages: false, needs, takes, handler }
}
