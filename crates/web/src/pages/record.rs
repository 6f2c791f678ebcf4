//! A record: what it says at a moment, where it comes from, what may be done with it, how it came to be, and what
//! depends on it.

use super::{
    desk::{self, record_id, register, register_crumbs},
    timeline, transition,
};
use crate::{
    actors::Actors,
    cells::{self, Values},
    ctx::Ctx,
    error::{Error, pair},
    form::fields::sensitivity,
    layout::{self, View},
    names::{self, Names, Referring},
    parts,
    reply::Reply,
    state::App,
    url::{self, Query},
};
use maud::{Markup, html};
use shirube_access::{RecordAction, SystemAction};
use shirube_plan::{Citation, Field, FieldKind, Indicator, Pack, Register, SourceText};
use shirube_record::{Cell, Content, EventKind, Scope};
use shirube_snapshot::{AsOf, Record};
use shirube_store::{StoreError, Version};
use std::collections::BTreeSet;

/// The register of accounts.
const ACCOUNTS: &str = "office_account";

/// Everything the page draws.
pub struct Sheet<'a> {
    /// The register.
    pub register: &'a Register,
    /// The record.
    pub record: Record,
    /// What referred records are called.
    pub names: Names,
    /// Who made its versions.
    pub actors: Actors,
    /// Its versions up to the moment shown, oldest first; none if the reader may not see them.
    pub versions: Option<Vec<Version>>,
    /// Records that refer to it.
    pub referring: Vec<Referring<'a>>,
    /// Indicators that read its register.
    pub indicators: Vec<&'a Indicator>,
}

/// The record's page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let id = record_id(cx)?;
    let reader = app.open(cx)?;
    let moment = reader.moment();
    // Who may read a record need not be one who may see how it came to be.
    let (mut versions, told) = match app.store.history(&cx.asking.actor, &register.name, id) {
        Ok(versions) => (versions, true),
        Err(StoreError::Denied { .. }) => (vec![], false),
        Err(error) => return Err(error.into()),
    };
    let later = versions.iter().any(|v| v.seq > moment.seq);
    versions.retain(|v| v.seq <= moment.seq);
    let whole = app.whole(cx)?;
    let v = app.view_of(cx, reader.moment());
    let Some(record) = reader.record(&register.name, id)? else {
        let erased = versions.iter().any(|v| v.kind == EventKind::Redact && v.scope == Some(Scope::All));
        return match erased || later && versions.iter().any(|v| v.erased) {
            true => Ok(Reply::page(redacted(&v, register, id, &Actors::of(&reader, &versions)?, &versions)).with_status(410)),
            false => Err(not_yet(id)),
        };
    };
    let mut wanted = BTreeSet::new();
    names::referred(&register.fields, &record.content, &mut wanted);
    versions.iter().for_each(|version| names::referred(&register.fields, &version.content, &mut wanted));
    let sheet = Sheet {
        register,
        names: Names::of(&reader, &wanted, cx.l.0)?,
        actors: Actors::of(&reader, &versions)?,
        referring: names::referring(&reader, &register.name, id, cx.l.0)?,
        indicators: app.readers_of(cx, &whole, &register.name),
        record,
        versions: told.then_some(versions),
    };
    Ok(Reply::page(view(&v, &sheet)).with_header("etag", format!("\"{}\"", sheet.record.version)))
}

fn not_yet(id: i64) -> Error {
    Error::NotFound(pair(format!("記録 {id} はこの時点にありません。"), format!("Record {id} is not there at this moment.")))
}

/// A file attached to the record: `column` names it as the form does (`report`, `grants.2.report`).
pub fn file(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = register(app, cx)?;
    let column = cx.param("column");
    let nowhere = || Error::no("添付ファイル", "attached file", column);
    let reader = app.open(cx)?;
    let record = reader.record(&register.name, record_id(cx)?)?.ok_or_else(nowhere)?;
    let (content, name) = match column.split_once('.') {
        None => (Some(&record.content), column),
        Some((group, rest)) => {
            let (row, name) = rest.split_once('.').ok_or_else(nowhere)?;
            let row = row.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).ok_or_else(nowhere)?;
            match record.content.get(group) {
                Some(Cell::Rows(rows)) => (rows.get(row), name),
                _ => (None, name),
            }
        }
    };
    let text = |suffix: &str| match content.and_then(|c| c.get(&format!("{name}{suffix}"))) {
        Some(Cell::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let (file_name, hash) = text("").zip(text("_sha256")).ok_or_else(nowhere)?;
    let bytes = app.store.file(&reader, &register.name, record.id, &hash)?;
    // Never as a page of ours, whatever it says it is: only to be kept.
    Ok(Reply::bytes("application/octet-stream", bytes.into()).as_file(file_name))
}

/// Draws the page.
pub fn view(v: &View, sheet: &Sheet) -> Markup {
    let l = v.cx.l;
    let (register, record) = (sheet.register, &sheet.record);
    let title = desk::title(v, register, record);
    let name = names::of_record(register, v.pack, &record.content, l.0);
    let values = Values { v, of: (&register.name, record.id), names: &sheet.names, hidden: &record.hidden };
    let body = html! {
        (confirmation(v, sheet))
        div class="head" {
            p class="kicker" { (l.p(&register.label)) @if let Some(number) = &record.number { " " span class="digits" { (number) } } }
            h1 lang=[l.lang_of(&name)] { @if name.is_empty() { (title) } @else { (name) } }
        }
        p class="tags" {
            (cells::state(v, register, record.state.as_deref()))
            @if record.origin.synthetic { (cells::synthetic(l)) }
            span class="small muted" {
                @if l.is_ja() { "版 " (record.version) "、" (cells::time(l, record.updated_at)) "更新" }
                @else { "version " (record.version) ", changed " (cells::time(l, record.updated_at)) }
            }
        }
        (actions(v, register, record))
        div class="columns aside" {
            div {
                h2 id="fields" { (l.t("内容", "Content")) }
                dl class="facts record" {
                    @for field in &register.fields {
                        div class=[broad(field, &record.content).then_some("broad")] {
                            dt { (l.p(&field.label)) (sensitivity(l, field.sensitivity)) @if matches!(field.kind, FieldKind::Derived { .. }) { " " span class="small muted" { (l.t("（計算）", "(computed)")) } } }
                            dd { (values.field(field, &record.content, "")) }
                        }
                    }
                }
            }
            div {
                h2 id="source" { (l.t("出典", "Source")) }
                (source(v, record))
                h2 id="uses" { (l.t("使われ方", "What depends on it")) }
                (uses(v, sheet))
            }
        }
        @if let Some(versions) = &sheet.versions {
            h2 id="history" { (l.t("履歴", "History")) }
            (timeline::draw(v, register, record.id, (&sheet.names, &sheet.actors), versions))
        }
    };
    layout::page(v, &title, "registers", &register_crumbs(v, register), body)
}

/// Takes the whole width: rows of a group, long text.
fn broad(field: &Field, content: &Content) -> bool {
    match content.get(&field.name) {
        Some(Cell::Rows(_)) => true,
        Some(Cell::Text(text)) => matches!(field.kind, FieldKind::LongText { .. }) && text.len() > 120,
        _ => false,
    }
}

/// What was just done, after a form was sent.
fn confirmation(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let moves = transition::possible(sheet.register, sheet.record.state.as_deref()).next().is_some() && !sheet.indicators.is_empty();
    let word = match cx.query.get("done") {
        Some("created") if moves => l.t(
            "記録しました。まだ最初の状態です。次の状態に移った記録だけを数える指標もあります。",
            "Saved, in its first state. Some indicators count a record only once it has moved on.",
        ),
        Some("created") => l.t("記録しました。", "Saved."),
        Some("amended") => l.t(
            "直した内容を記録しました。前の内容は履歴に残っています。",
            "The changes are saved; what it said before stays in the history.",
        ),
        Some("moved") => l.t("状態を移しました。", "The record is in its new state."),
        Some("erased") => l.t("個人情報を消去しました。", "The personal content is erased."),
        _ => return html! {},
    };
    html! { p class="done" role="status" { (word) } }
}

fn actions(v: &View, register: &Register, record: &Record) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let path = cells::record_path(&register.name, record.id);
    let actor = &cx.asking.actor;
    html! {
        div class="actions no-print" {
            @if actor.clearance().system(SystemAction::Trail) {
                a class="quiet-link" href=(cx.to_with("/trail", Query(vec![("register".to_string(), register.name.clone()), ("record".to_string(), record.id.to_string())]))) {
                    (l.t("だれが読み、変えたか", "Who read and changed this"))
                }
            }
            @if cx.as_of == AsOf::Head {
                @if actor.may_with(RecordAction::Amend, register, record) {
                    a class="button" href=(cx.to(&format!("{path}/amend"))) { (l.t("直す", "Amend")) }
                }
                @for t in transition::possible(register, record.state.as_deref()).filter(|t| actor.may_move_on(&t.name, register, record)) {
                    a class="button quiet" href=(cx.to(&format!("{path}/transitions/{}", url::segment(&t.name)))) { (l.p(&t.label)) }
                }
                @if actor.may_with(RecordAction::Redact, register, record) {
                    a class="quiet-link" href=(cx.to(&format!("{path}/redact"))) { (l.t("内容を消去する", "Erase content")) }
                }
                @if cx.asking.administers() {
                    a class="quiet-link" href=(cx.to(&format!("{path}/access"))) { (l.t("だれに見え、なぜか", "Who can see this, and why")) }
                    @if register.name == ACCOUNTS {
                        a class="quiet-link" href=(cx.to(&format!("/people/{}", record.id))) { (l.t("この利用者に見えるもの・入口", "What this account can see, and how it comes in")) }
                    }
                }
            } @else {
                p class="small muted" {
                    (l.t("過去の時点を表示しています。", "This is an earlier moment. ")) a href=(cx.now()) { (l.t("現在の記録を開く", "Open the record as it is now")) }
                }
            }
        }
    }
}

fn source(v: &View, record: &Record) -> Markup {
    let l = v.cx.l;
    let origin = &record.origin;
    html! {
        @match &origin.source {
            Some(id) => {
                ul class="cites" { li { (parts::citation(v, &citation(v.pack, id, origin.heading.as_deref(), origin.quote.as_deref()))) } }
            }
            None if origin.synthetic => p { (l.t("画面や計算を試すために作られた例示データで、実在の事実ではありません。", "Made up to try the pages and calculations; not a fact.")) },
            None => p class="muted" { (l.t("文書からの転記ではなく、直接登録されました。", "Entered directly, not transcribed from a document.")) },
        }
    }
}

/// A record's citation with its line, looked up in the document.
pub fn citation(pack: &Pack, source: &str, heading: Option<&str>, quote: Option<&str>) -> Citation {
    let (heading, quote) = (heading.unwrap_or_default(), quote.unwrap_or_default());
    let text = pack.source(source).and_then(|s| s.text.as_deref()).map(SourceText::new);
    let found = text.and_then(|t| t.find(heading, quote));
    Citation {
        source: source.to_string(),
        heading: heading.to_string(),
        quote: quote.to_string(),
        span: found.map(|f| f.0),
        line: found.map(|f| f.1),
    }
}

fn uses(v: &View, sheet: &Sheet) -> Markup {
    let l = v.cx.l;
    html! {
        @if sheet.referring.is_empty() && sheet.indicators.is_empty() {
            p class="muted" { (l.t("この記録を指す記録も、この台帳を読む指標もありません。", "No record refers to it, and no indicator reads this register.")) }
        }
        (referring(v, &sheet.referring, sheet.record.id))
        @if !sheet.indicators.is_empty() {
            h3 { (l.t("この台帳を読む指標", "Indicators that read this register")) }
            ul class="plain" { @for indicator in &sheet.indicators { li { (parts::indicator_link(v, &indicator.id)) } } }
        }
    }
}

/// Records that refer to a record, by register.
pub fn referring(v: &View, groups: &[Referring], record: i64) -> Markup {
    let l = v.cx.l;
    html! {
        @for group in groups {
            h3 { (l.p(&group.register.label)) " " span class="muted" { "(" (group.total) ")" } }
            ul class="plain" {
                @for choice in &group.first { li { a href=(cells::record_href(v, &group.register.name, choice.id)) { (l.foreign(&choice.text())) } } }
            }
            @if group.total > group.first.len() {
                p class="small" {
                    a href=(v.cx.to_with(&cells::register_path(&group.register.name), group.filter(record))) { (l.t("すべて見る", "See all")) }
                }
            }
        }
    }
}

/// The page of a record that was erased: that it was, when, by whom and why.
fn redacted(v: &View, register: &Register, id: i64, actors: &Actors, versions: &[Version]) -> Markup {
    let l = v.cx.l;
    let title = l.t("消去された記録", "Redacted record");
    let body = html! {
        (parts::heading(l.p(&register.label), title))
        div class="callout care" {
            p { (l.t("この記録の内容は消去されました。過去の時点を開いても内容は表示されません。", "The content of this record was erased; it is not shown at earlier moments either.")) }
        }
        h2 id="history" { (l.t("履歴", "History")) }
        (timeline::draw(v, register, id, (&Names::default(), actors), versions))
    };
    layout::page(v, title, "registers", &register_crumbs(v, register), body)
}
