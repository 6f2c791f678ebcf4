//! The records of a register: searched, filtered, ordered, in pages; the address is the saved search.

use super::{
    desk::{self, register_crumbs},
    filters,
};
use crate::{
    cells::{self, Values},
    ctx::Ctx,
    error::{Error, pair},
    fmt,
    form::Choices,
    layout::{self, View},
    listing::{Listing, SIZES, Shown},
    names::{self, Names},
    parts,
    reply::Reply,
    state::App,
    text::L,
    url::Query,
    who,
};
use maud::{Markup, html};
use shirube_access::{RecordAction, RegisterAction};
use shirube_exchange::export::{self, ExportError, ExportOptions, Format, Header};
use shirube_plan::{FieldKind, Register};
use shirube_snapshot::{AsOf, ListQuery, Page, Record, Snapshot, Total};
use std::collections::{BTreeMap, BTreeSet};

/// Everything the page draws.
pub struct Sheet<'a> {
    /// What is listed.
    pub listing: Listing<'a>,
    /// The records.
    pub page: Page,
    /// What referred records are called.
    pub names: Names,
    /// Records of small registers that references may be filtered by.
    pub offered: BTreeMap<String, Choices>,
}

/// Registers of up to so many records are offered as a choice of a filter.
const OFFERED: usize = 60;

/// Parameters of the address that are no part of the list.
const EXTRA: [&str; 1] = ["done"];

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = desk::register(app, cx)?;
    let listing = Listing::read(&app.pack, register, &cx.query, &EXTRA)?;
    let reader = app.open(cx)?;
    let page = reader.list(&ListQuery { fields: listing.fields(), ..listing.query() })?;
    let sheet = Sheet { names: names_of(&reader, &listing, &page, cx.l)?, offered: offered(&reader, &listing, cx.l)?, listing, page };
    Ok(Reply::page(view(&app.view_of(cx, reader.moment()), &sheet)))
}

fn names_of(snapshot: &Snapshot, listing: &Listing, page: &Page, l: L) -> Result<Names, Error> {
    let mut wanted = BTreeSet::new();
    page.rows.iter().for_each(|record| names::referred(&listing.register.fields, &record.content, &mut wanted));
    for condition in &listing.filters {
        if let Some((field, _)) = condition.column.field
            && let FieldKind::Reference { register } = &field.kind
        {
            wanted.extend(condition.written.iter().filter_map(|id| Some((register.clone(), id.parse().ok()?))));
        }
    }
    Names::of(snapshot, &wanted, l.0)
}

fn offered(snapshot: &Snapshot, listing: &Listing, l: L) -> Result<BTreeMap<String, Choices>, Error> {
    let mut offered = BTreeMap::new();
    for field in &listing.register.fields {
        if let FieldKind::Reference { register } = &field.kind
            && !offered.contains_key(register)
        {
            offered.insert(register.clone(), names::offered(snapshot, register, OFFERED, l.0)?);
        }
    }
    Ok(offered)
}

/// All records of the list, in the columns shown, as a file.
pub fn export(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let register = desk::register(app, cx)?;
    let word = cx.param("format");
    let format = Format::parse(word).ok_or_else(|| {
        Error::bad(
            pair(format!("「{word}」という形式はありません。"), format!("There is no format “{word}”.")),
            pair("csv、xlsx、json のいずれかを指定してください。", "Ask for csv, xlsx or json."),
        )
    })?;
    let listing = Listing::read(&app.pack, register, &cx.query, &EXTRA)?;
    let reader = app.open(cx)?;
    let options = ExportOptions {
        format,
        lang: cx.l.0,
        header: Header::Labels,
        codes: export::Codes::Labels,
        bom: true,
        columns: listing.columns.iter().flat_map(file_columns).collect(),
    };
    let mut out = std::io::Cursor::new(vec![]);
    export::records(&reader, &listing.query(), &options, &mut out, &shirube_exchange::silent).map_err(export_error)?;
    let name = format!("{}-{}.{}", register.name, reader.moment().day(), format.as_str());
    Ok(Reply::bytes(format.media_type(), out.into_inner().into()).as_file(name))
}

/// Columns of a file for what a list shows: a value with all its parts.
fn file_columns(shown: &Shown) -> Vec<String> {
    match shown {
        Shown::Own(name, ..) => vec![name.to_string()],
        Shown::Field(field) => {
            let parts: Vec<String> = field.columns().into_iter().map(|c| c.name).collect();
            if parts.is_empty() { vec![field.name.clone()] } else { parts }
        }
    }
}

fn export_error(error: ExportError) -> Error {
    match error {
        ExportError::TooManyRows { limit } => Error::refused(
            422,
            "too-many-rows",
            pair("行が多すぎます", "Too many rows"),
            pair(format!("XLSXの1枚に入るのは{limit}行までです。"), format!("A sheet of a workbook holds {limit} rows.")),
            pair("条件を絞るか、CSVで書き出してください。", "Narrow the list or take CSV."),
        ),
        other => Error::internal(other),
    }
}

/// Draws the page.
pub fn view(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let register = sheet.listing.register;
    let clearance = cx.asking.actor.clearance();
    let title = l.p(&register.label);
    let path = cells::register_path(&register.name);
    let body = html! {
        @if cx.query.get("done") == Some("redacted") { p class="done" role="status" { (l.t("記録の内容を消去しました。", "The record was erased.")) } }
        (parts::heading(register.desk.as_ref().map_or(l.t("台帳", "Register"), |d| l.p(d)), title))
        p class="lead" { (l.p(&register.description)) }
        @if !register.nodes.is_empty() {
            p class="small" {
                (l.t("計画の項目：", "Serves: "))
                @for (i, node) in register.nodes.iter().filter_map(|id| v.pack.node(id)).enumerate() { @if i > 0 { (l.t("、", "; ")) } (parts::node_link(v, node.1)) }
            }
        }
        div class="actions no-print" {
            @if cx.as_of == AsOf::Head {
                @if may_create(cx, register) { a class="button" href=(cx.to(&format!("{path}/new"))) { (l.t("新しい記録", "New record")) } }
                @if clearance.register(RegisterAction::Import, &register.name) {
                    a class="button quiet" href=(cx.to(&format!("{path}/import"))) { (l.t("ファイルから取り込む", "Import a file")) }
                }
            }
            a class="quiet-link" href=(cx.to(&format!("{path}/fields"))) { (l.t("項目の説明", "What the fields mean")) }
        }
        (filters::form(v, sheet))
        (filters::chips(v, sheet))
        div class="list-bar" {
            p role="status" { b { (total(l, sheet.page.total)) } " " span class="small muted" { (order(l, &sheet.listing)) } }
            @if clearance.register(RegisterAction::Export, &register.name) {
                p class="no-print" {
                    (l.t("表示中の列と条件で全件を書き出す：", "All of these, in these columns, as: "))
                    @for format in [Format::Csv, Format::Xlsx, Format::Json] {
                        a href=(cx.to_with(&format!("{path}/export/{}", format.as_str()), cx.query.with("page", None).with("done", None))) download { (format.as_str().to_uppercase()) } " "
                    }
                }
            }
        }
        @if sheet.page.rows.is_empty() { (nothing(v, sheet)) } @else { (table(v, sheet)) }
        (pager(v, sheet))
        (filters::columns(v, sheet))
    };
    layout::page(v, title, "registers", &register_crumbs(v, register)[..1], body)
}

/// Whether the reader may make any new record in a register.
fn may_create(cx: &Ctx, register: &Register) -> bool {
    who::some(cx.asking.actor.clearance(), RecordAction::Create, &register.name)
}

/// How many records there are, exact where it is known.
pub fn total(l: L, total: Total) -> String {
    match total {
        Total::Exactly(n) => format!("{}{}", fmt::count(n as usize), l.t("件", if n == 1 { " record" } else { " records" })),
        Total::AtLeast(n) => format!("{}{}", fmt::count(n as usize), l.t("件以上", " records or more")),
    }
}

/// The order in words.
fn order(l: L, listing: &Listing) -> String {
    let name = |column: &str| match (column, listing.register.field(column)) {
        ("_id", _) => l.t("登録", "creation").to_string(),
        (_, Some(field)) => l.p(&field.label).to_string(),
        _ => crate::listing::OWN.iter().find(|o| o.0 == column).map_or(column.to_string(), |o| l.t(o.1, o.2).to_string()),
    };
    let words = listing.order().into_iter().map(|(column, descending)| match (l.is_ja(), descending) {
        (true, true) => format!("{}の降順", name(&column)),
        (true, false) => format!("{}の昇順", name(&column)),
        (false, true) => format!("{}, descending", name(&column)),
        (false, false) => format!("{}, ascending", name(&column)),
    });
    let words: Vec<String> = words.collect();
    if l.is_ja() { format!("（{}）", words.join("、")) } else { format!("(by {})", words.join("; ")) }
}

fn nothing(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let narrowed = sheet.listing.text.is_some() || !sheet.listing.filters.is_empty();
    html! {
        div class="callout" {
            @if sheet.listing.page > 1 {
                p { (l.t("このページには記録がありません。", "There are no records on this page.")) " " a href=(cx.here_with("page", None)) { (l.t("最初のページへ", "To the first page")) } }
            } @else if narrowed {
                p { (l.t("条件に合う記録はありません。", "No record meets these conditions.")) }
                p { a href=(cx.to(&cells::register_path(&sheet.listing.register.name))) { (l.t("条件をすべて外す", "Remove all conditions")) } }
            } @else if cx.as_of != AsOf::Head {
                p { (l.t("この時点には記録がありませんでした。", "There were no records at this moment.")) }
            } @else if !may_create(cx, sheet.listing.register) {
                p { (l.t("ここで見られる記録はありません。", "There are no records here that you may see.")) }
            } @else {
                p { (l.t("まだ記録がありません。「新しい記録」で入力するか、ファイルから取り込んでください。", "No records yet. Enter one with “New record”, or import a file.")) }
            }
        }
    }
}

fn table(v: &View, sheet: &Sheet) -> Markup {
    let l = v.cx.l;
    let register = sheet.listing.register;
    let linked = linked(sheet);
    html! {
        div class="scroll" {
            table class="wide listing" {
                caption class="visually-hidden" { (l.p(&register.label)) (l.t("の記録", ": records")) }
                thead { tr { @for shown in &sheet.listing.columns { (head(v, &sheet.listing, shown)) } } }
                tbody {
                    @for record in &sheet.page.rows {
                        tr class=[record.origin.synthetic.then_some("demonstration")] {
                            @for (i, shown) in sheet.listing.columns.iter().enumerate() {
                                td class=[numeric(shown).then_some("num")] { (cell(v, sheet, record, shown, i == linked)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The column that leads to the record: its name, else its number, else the first.
fn linked(sheet: &Sheet) -> usize {
    let at = |name: &str| sheet.listing.columns.iter().position(|c| c.name() == name);
    at(&sheet.listing.register.title).or_else(|| at("_number")).unwrap_or(0)
}

fn numeric(shown: &Shown) -> bool {
    match shown {
        Shown::Field(field) => cells::numeric(field),
        Shown::Own(name, ..) => ["_version", "_seq"].contains(name),
    }
}

/// A heading; where the list can be ordered by it, a link that does so and back.
fn head(v: &View, listing: &Listing, shown: &Shown) -> Markup {
    let l = v.cx.l;
    let label = shown.label();
    let first = listing.order().into_iter().next().filter(|(column, _)| column == shown.name());
    let (sorted, next) = match first {
        Some((_, false)) => (Some("ascending"), format!("-{}", shown.name())),
        Some((_, true)) => (Some("descending"), shown.name().to_string()),
        None => (None, shown.name().to_string()),
    };
    html! {
        th scope="col" class=[numeric(shown).then_some("num")] aria-sort=[sorted] {
            @if shown.sortable() {
                a href=(v.cx.to_with(&v.cx.path, v.cx.query.with("sort", Some(&next)).with("page", None))) {
                    (l.p(&label))
                    @match sorted {
                        Some("ascending") => { span aria-hidden="true" { " ▲" } }
                        Some(_) => { span aria-hidden="true" { " ▼" } }
                        None => {}
                    }
                }
            } @else { (l.p(&label)) }
        }
    }
}

fn cell(v: &View, sheet: &Sheet, record: &Record, shown: &Shown, linked: bool) -> Markup {
    let l = v.cx.l;
    let values = Values { v, of: (&record.register, record.id), names: &sheet.names, hidden: &record.hidden };
    let content = match shown {
        Shown::Field(field) => values.short(field, &record.content),
        Shown::Own("_number", ..) => {
            html! { @match &record.number { Some(n) => span class="nowrap digits" { (n) }, None => (cells::blank(l)) } }
        }
        Shown::Own("_state", ..) => cells::state(v, sheet.listing.register, record.state.as_deref()),
        Shown::Own("_created_at", ..) => cells::time(l, record.created_at),
        Shown::Own("_updated_at", ..) => cells::time(l, record.updated_at),
        Shown::Own("_source", ..) => match &record.origin.source {
            Some(id) => html! { a href=(parts::source_href(v, id, None)) { (parts::source_name(v, id)) } },
            None => cells::blank(l),
        },
        Shown::Own("_synthetic", ..) => html! { @if record.origin.synthetic { (cells::synthetic(l)) } },
        Shown::Own("_version", ..) => html! { (record.version) },
        Shown::Own(..) => html! { (record.seq) },
    };
    // A reference leads to what it refers to; a link within a link is none.
    let own_link = matches!(shown, Shown::Field(field) if matches!(field.kind, FieldKind::Reference { .. }))
        || matches!(shown, Shown::Own("_source", ..));
    let href = || cells::record_href(v, &record.register, record.id);
    html! {
        @if linked && own_link { a href=(href()) { "#" (record.id) } " " (content) }
        @else if linked { a href=(href()) { (content) } }
        @else { (content) }
        @if linked && record.origin.synthetic && !matches!(shown, Shown::Own("_synthetic", ..)) { " " (cells::synthetic(l)) }
    }
}

/// The ways to the other pages of a list.
pub fn pager(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let (page, size) = (sheet.listing.page, sheet.listing.size);
    let (known, exact) = match sheet.page.total {
        Total::Exactly(n) => (n, true),
        Total::AtLeast(n) => (n, false),
    };
    let last = known.div_ceil(size).max(1);
    let more = if exact { page < last } else { sheet.page.rows.len() as u64 == size };
    let to = |n: u64| cx.here_with("page", (n > 1).then(|| n.to_string()).as_deref());
    let near: Vec<u64> =
        (page.saturating_sub(2).max(1)..=(page + 2).min(if more { last.max(page + 1) } else { page.max(last.min(page)) })).collect();
    html! {
        @if page > 1 || more {
            nav class="list-bar no-print" aria-label=(l.t("ページ", "Pages")) {
                ul class="pages" {
                    @if page > 1 { li { a href=(to(page - 1)) rel="prev" { (l.t("前へ", "Previous")) } } }
                    @if near.first().is_some_and(|n| *n > 1) { li { a href=(to(1)) { "1" } } @if near.first().is_some_and(|n| *n > 2) { li aria-hidden="true" { "…" } } }
                    @for n in &near {
                        li { @if *n == page { span class="here" aria-current="page" { (n) } } @else { a href=(to(*n)) { (n) } } }
                    }
                    @if exact && near.last().is_some_and(|n| *n < last) {
                        @if near.last().is_some_and(|n| *n + 1 < last) { li aria-hidden="true" { "…" } }
                        li { a href=(to(last)) { (fmt::count(last as usize)) } }
                    }
                    @if more { li { a href=(to(page + 1)) rel="next" { (l.t("次へ", "Next")) } } }
                }
            }
        }
        @if known > SIZES[1] {
            p class="small no-print" {
                (l.t("1ページの件数：", "Rows per page: "))
                @for n in sizes() {
                    @if n == size { b { (n) } } @else { a href=(cx.to_with(&cx.path, cx.query.with("size", Some(&n.to_string())).with("page", None))) { (n) } }
                    " "
                }
            }
        }
    }
}

fn sizes() -> Vec<u64> {
    let mut sizes = SIZES.to_vec();
    sizes.sort_unstable();
    sizes
}

/// The address of a list without what is only of this page.
pub fn kept(query: &Query) -> Query {
    query.with("page", None).with("done", None)
}
