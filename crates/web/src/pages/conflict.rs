//! Two people changed the same record: theirs and yours side by side, and your form again on top of theirs.

use super::{desk::Desk, form};
use crate::{
    actors::Actors,
    cells,
    error::Error,
    form::{Entered, fill},
    layout::View,
    names::{self, Names},
    reply::Reply,
};
use maud::{Markup, html};
use shirube_plan::{Field, Register};
use shirube_record::{Cell, Content};
use shirube_snapshot::Record;
use shirube_store::Version;
use std::collections::{BTreeMap, BTreeSet};

/// The conflict page. `base` is the version `version` the changes were made on.
pub fn show(
    desk: &Desk,
    base: &Content,
    version: i64,
    changes: &BTreeMap<String, Option<Cell>>,
    entered: &Entered,
) -> Result<Reply, Error> {
    let record = desk.record()?;
    let theirs = form::without_derived(desk.register, &record.content);
    let mut merged = theirs.clone();
    for (column, cell) in changes {
        match cell {
            Some(cell) => merged.insert(column.clone(), cell.clone()),
            None => merged.remove(column),
        };
    }
    let versions = form::versions(desk, record.id)?;
    let since: Vec<&Version> = versions.iter().filter(|v| v.version > version).collect();
    let references = desk.references(entered, &merged, vec![])?;
    let mut again = fill(desk.register, &desk.app.pack, &merged, &references);
    again.set("_reason", entered.text("_reason"));
    let table = table(desk, &record, base, &theirs, changes, &since)?;
    let page = form::page(desk, Some(&record), &again, &[], vec![], Some(table))?;
    Ok(Reply::page(page).with_status(409))
}

fn table(
    desk: &Desk,
    record: &Record,
    base: &Content,
    theirs: &Content,
    changes: &BTreeMap<String, Option<Cell>>,
    since: &[&Version],
) -> Result<Markup, Error> {
    let v = desk.view();
    let l = v.cx.l;
    let mut yours = base.clone();
    for (column, cell) in changes {
        match cell {
            Some(cell) => yours.insert(column.clone(), cell.clone()),
            None => yours.remove(column),
        };
    }
    let mut wanted = BTreeSet::new();
    [base, theirs, &yours].into_iter().for_each(|content| names::referred(&desk.register.fields, content, &mut wanted));
    let names = Names::of(&desk.reader, &wanted, l.0)?;
    let actors = Actors::of(&desk.reader, since.iter().copied())?;
    let values = cells::Values { v: &v, of: (&desk.register.name, record.id), names: &names, hidden: &record.hidden };
    let rows = differing(desk.register, base, theirs, &yours);
    Ok(html! {
        section class="callout care conflict" role="alert" {
            h2 { (l.t("この記録は、開いてから別の変更がありました", "The record was changed since you opened it")) }
            @for version in since { p { (who(&v, &actors, version)) } }
            p { (l.t("下の表で見比べてください。下の入力欄には、今の内容にあなたの変更を重ねたものが入っています。確かめてから記録してください。",
                     "Compare both below. The form holds what the record says now with your changes on top: look it over, then save.")) }
            div class="scroll" {
                table {
                    caption class="visually-hidden" { (l.t("変更の見比べ", "Both changes compared")) }
                    thead { tr {
                        th scope="col" { (l.t("項目", "Field")) }
                        th scope="col" { (l.t("開いたとき", "When you opened it")) }
                        th scope="col" { (l.t("今の内容", "Now")) }
                        th scope="col" { (l.t("あなたの入力", "Yours")) }
                    } }
                    tbody {
                        @for (field, both) in rows {
                            tr {
                                th scope="row" { (l.p(&field.label)) @if both { " " span class="tag care" { (l.t("双方が変更", "both changed")) } } }
                                td { (values.field(field, base, "")) }
                                td { (values.field(field, theirs, "")) }
                                td { (values.field(field, &yours, "")) }
                            }
                        }
                    }
                }
            }
        }
    })
}

/// Fields that someone changed, and whether both did.
fn differing<'a>(register: &'a Register, base: &Content, theirs: &Content, yours: &Content) -> Vec<(&'a Field, bool)> {
    let columns = |field: &Field| {
        let mut names: Vec<String> = field.columns().into_iter().map(|c| c.name).collect();
        names.push(field.name.clone());
        names
    };
    let differ = |field: &Field, content: &Content| columns(field).iter().any(|c| base.get(c) != content.get(c));
    let changed = register.fields.iter().map(|field| (field, differ(field, theirs), differ(field, yours)));
    changed.filter(|(_, t, y)| *t || *y).map(|(field, t, y)| (field, t && y)).collect()
}

fn who(v: &View, actors: &Actors, version: &Version) -> Markup {
    let l = v.cx.l;
    html! {
        @if l.is_ja() { "版 " (version.version) "：" (cells::time(l, version.at)) " " (actors.draw(v, &version.actor)) }
        @else { "Version " (version.version) ": " (cells::time(l, version.at)) ", " (actors.draw(v, &version.actor)) }
        @if let Some(reason) = &version.reason { " " q { (l.foreign(reason)) } }
    }
}
