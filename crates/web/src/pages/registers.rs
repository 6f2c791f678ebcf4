//! All registers: what each holds, how many records, when it last changed.

use crate::{
    cells,
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    parts,
    reply::Reply,
    state::App,
    who,
};
use jiff::Timestamp;
use maud::{Markup, html};
use shirube_access::RecordAction;
use shirube_plan::{Pair, Register};
use shirube_snapshot::{Snapshot, schema::quoted};

/// A register with what is in it.
#[derive(Clone, Debug)]
pub struct Holding<'a> {
    /// The register.
    pub register: &'a Register,
    /// Records at the moment shown.
    pub records: usize,
    /// When one of them last changed (milliseconds since the epoch, UTC); none without records.
    pub changed_at: Option<i64>,
}

/// What is in every register at the snapshot's moment, without registers of which nothing can be read or written.
pub fn holdings<'a>(snapshot: &'a Snapshot, cx: &Ctx) -> Result<Vec<Holding<'a>>, Error> {
    let clearance = cx.asking.actor.clearance();
    let open = |r: &&Register| [RecordAction::Read, RecordAction::Create].iter().any(|a| who::some(clearance, *a, &r.name));
    snapshot.pack().registers.values().filter(open).map(|register| holding(snapshot, register)).collect()
}

/// What is in a register.
pub fn holding<'a>(snapshot: &Snapshot, register: &'a Register) -> Result<Holding<'a>, Error> {
    let table = quoted(&register.name);
    let connection = snapshot.connection();
    let records = format!("SELECT count(*) FROM {table}");
    let records = connection.prepare_cached(&records).and_then(|mut found| found.query_row([], |row| row.get::<_, i64>(0)));
    let last = format!("SELECT max(_updated_at) FROM {table} WHERE _seq = (SELECT max(_seq) FROM {table})");
    let last = connection.prepare_cached(&last).and_then(|mut found| found.query_row([], |row| row.get::<_, Option<String>>(0)));
    let (records, last) = (records.map_err(Error::internal)?, last.map_err(Error::internal)?);
    Ok(Holding {
        register,
        records: usize::try_from(records).unwrap_or_default(),
        changed_at: last.and_then(|t| t.parse::<Timestamp>().ok()).map(Timestamp::as_millisecond),
    })
}

/// The page.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let reader = app.open(cx)?;
    Ok(Reply::page(view(&app.view_of(cx, reader.moment()), &holdings(&reader, cx)?)))
}

/// Registers by the desk that looks after them, in the order in which desks first appear.
fn by_desk<'a, 'b>(holdings: &'b [Holding<'a>]) -> Vec<(Option<&'a Pair>, Vec<&'b Holding<'a>>)> {
    let mut desks: Vec<(Option<&'a Pair>, Vec<&'b Holding<'a>>)> = vec![];
    for holding in holdings {
        let desk = holding.register.desk.as_ref();
        match desks.iter_mut().find(|(name, _)| *name == desk) {
            Some((_, list)) => list.push(holding),
            None => desks.push((desk, vec![holding])),
        }
    }
    // Those nobody looks after stand last.
    desks.sort_by_key(|(desk, _)| desk.is_none());
    desks
}

/// Draws the page.
pub fn view(v: &View, holdings: &[Holding]) -> Markup {
    let l = v.cx.l;
    let title = l.t("台帳", "Registers");
    let total: usize = holdings.iter().map(|h| h.records).sum();
    let body = html! {
        (parts::heading(l.p(&v.pack.meta.label), title))
        ul class="stats" {
            li { b { (fmt::count(holdings.len())) } (fmt::noun(l, holdings.len(), "台帳", "register", "registers")) }
            li { b { (fmt::count(total)) } (fmt::noun(l, total, "記録", "record", "records")) }
        }
        @if v.cx.asking.administers() { p class="no-print small" { a href=(v.cx.to("/outbox")) { (l.t("通知の送信", "Outbox")) } } }
        @if v.cx.asking.is_someone() { p class="no-print small" { a href=(v.cx.to("/jobs")) { (l.t("取り込みの様子", "Imports and other jobs")) } } }
        @if holdings.is_empty() { p class="muted" { (l.t("この計画には台帳がありません。", "This plan has no registers.")) } }
        @for (desk, list) in by_desk(holdings) {
            h2 { (desk.map_or(l.t("窓口の定めなし", "No desk named"), |d| l.p(d))) }
            div class="scroll" {
                table class="wide registers" {
                    caption class="visually-hidden" { (desk.map_or(l.t("窓口の定めなし", "No desk named"), |d| l.p(d))) }
                    thead { tr {
                        th scope="col" { (l.t("台帳", "Register")) }
                        th scope="col" class="num" { (l.t("件数", "Records")) }
                        th scope="col" { (l.t("最終更新", "Last change")) }
                    } }
                    tbody {
                        @for holding in list {
                            tr {
                                th scope="row" {
                                    a href=(cells::register_href(v, &holding.register.name)) { b { (l.p(&holding.register.label)) } }
                                    div class="small muted" { (l.p(&holding.register.description)) }
                                }
                                td class="num" { (fmt::count(holding.records)) }
                                td { @match holding.changed_at { Some(at) => (cells::time(l, at)), None => (cells::blank(l)) } }
                            }
                        }
                    }
                }
            }
        }
    };
    layout::page(v, title, "registers", &[], body)
}
