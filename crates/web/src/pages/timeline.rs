//! What happened to a record: who, when, why, and field by field what changed.

use crate::{
    actors::Actors,
    cells::{self, Values},
    layout::View,
    names::Names,
    text::L,
};
use maud::{Markup, html};
use shirube_plan::{Field, Register};
use shirube_record::{Cell, Content, EventKind, Scope};
use shirube_store::Version;
use std::collections::BTreeSet;

/// Draws the versions, newest first.
pub fn draw(v: &View, register: &Register, record: i64, (names, actors): (&Names, &Actors), versions: &[Version]) -> Markup {
    let l = v.cx.l;
    let nothing = Content::new();
    html! {
        ol class="timeline" reversed {
            @for (i, version) in versions.iter().enumerate().rev() {
                @let before = i.checked_sub(1).and_then(|b| versions.get(b)).map_or(&nothing, |b| &b.content);
                li id={ "v" (version.version) } {
                    p class="what" {
                        b { (kind(l, register, version)) } " "
                        span class="tag" { @if l.is_ja() { "版 " (version.version) } @else { "version " (version.version) } } " "
                        @if let Some(state) = version.state.as_deref().filter(|_| version.kind != EventKind::Amend) { (cells::state(v, register, Some(state))) }
                    }
                    p class="small muted" {
                        (cells::time(l, version.at)) " " (l.t("記録者：", "by ")) (actors.draw(v, &version.actor)) " "
                        a href=(v.cx.to_at(&cells::record_path(&register.name, record), &format!("seq:{}", version.seq))) { (l.t("この版を見る", "See this version")) } " "
                        span { (l.t("出来事 ", "event ")) (version.seq) " " code title=(version.hash) { (version.hash.get(..12).unwrap_or_default()) } }
                    }
                    @if let Some(reason) = &version.reason { p class="reason" { (l.t("理由：", "Reason: ")) (l.foreign(reason)) } }
                    @if version.erased { p class="muted" { (l.t("内容は消去されました。", "The content was erased.")) } }
                    @else if version.personal_erased { p class="muted" { (l.t("この版の個人情報は消去されました。", "The personal content of this version was erased.")) } }
                    @if !version.changes.is_empty() { (changes(v, register, record, names, version, before)) }
                }
            }
        }
    }
}

fn kind(l: L, register: &Register, version: &Version) -> String {
    match version.kind {
        EventKind::Create => l.t("登録", "Created").to_string(),
        EventKind::Amend => l.t("修正", "Amended").to_string(),
        EventKind::Attach => l.t("ファイルの添付", "File attached").to_string(),
        EventKind::Transition => {
            let label = version.transition.as_ref().and_then(|name| register.transitions.iter().find(|t| &t.name == name));
            let word = l.t("状態の移行", "Moved");
            label.map_or_else(|| word.to_string(), |t| format!("{word}{}{}", l.t("：", ": "), l.p(&t.label)))
        }
        EventKind::Redact => match version.scope {
            Some(Scope::Personal) => l.t("個人情報の消去", "Personal content erased").to_string(),
            _ => l.t("記録全体の消去", "Whole record erased").to_string(),
        },
    }
}

/// Fields that changed, before and after; behind an opener where everything is new.
fn changes(v: &View, register: &Register, record: i64, names: &Names, version: &Version, before: &Content) -> Markup {
    let l = v.cx.l;
    // What may not be seen is no part of the changes.
    let hidden = BTreeSet::new();
    let values = Values { v, of: (&register.name, record), names, hidden: &hidden };
    let first = version.kind == EventKind::Create;
    let fields: Vec<&Field> = register.fields.iter().filter(|f| changed(f, version)).collect();
    let table = html! {
        div class="scroll" {
            table class="differences" {
                caption class="visually-hidden" { @if l.is_ja() { "版 " (version.version) " の変更" } @else { "Changes of version " (version.version) } }
                thead { tr {
                    th scope="col" { (l.t("項目", "Field")) }
                    @if !first { th scope="col" { (l.t("前", "Before")) } }
                    th scope="col" { @if first { (l.t("内容", "Content")) } @else { (l.t("後", "After")) } }
                } }
                tbody {
                    @for field in fields {
                        tr {
                            th scope="row" { (l.p(&field.label)) }
                            @if !first { td class="before" { (values.field(field, before, "")) } }
                            td class="after" { (values.field(field, &version.content, "")) }
                        }
                    }
                    @for change in version.changes.iter().filter(|c| !known(register, &c.column)) {
                        tr {
                            th scope="row" { code { (change.column) } }
                            @if !first { td class="before" { (plain(l, change.before.as_ref())) } }
                            td class="after" { (plain(l, change.after.as_ref())) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if first {
            details { summary { (l.t("登録した内容", "What was entered")) } (table) }
        } @else { (table) }
    }
}

fn columns(field: &Field) -> Vec<String> {
    let mut names: Vec<String> = field.columns().into_iter().map(|c| c.name).collect();
    names.push(field.name.clone());
    names
}

fn changed(field: &Field, version: &Version) -> bool {
    let own = columns(field);
    version.changes.iter().any(|c| own.contains(&c.column))
}

/// The register still has a column of this name.
fn known(register: &Register, column: &str) -> bool {
    register.fields.iter().any(|f| columns(f).iter().any(|c| c == column))
}

/// A value of a column that the pack no longer declares.
fn plain(l: L, cell: Option<&Cell>) -> Markup {
    html! {
        @match cell {
            None => (cells::blank(l)),
            Some(Cell::Text(text)) => (l.foreign(text)),
            Some(Cell::Integer(n)) => (n),
            Some(Cell::Real(x)) => (x),
            Some(Cell::List(list)) => (list.join("; ")),
            Some(Cell::Missing { missing }) => (crate::fmt::absence(l, shirube_plan::Absence::parse(missing))),
            Some(Cell::Rows(rows)) => (rows.len()),
        }
    }
}
