//! Who read and changed what: readings of personal and commercial fields, and all changes, newest first.

use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    layout, parts,
    reply::Reply,
    state::App,
    text::L,
    trail::{self, Row},
};
use maud::{Markup, html};
use shirube_exchange::export::{self, ExportOptions, Format, Header};
use shirube_store::{Act, Acts, CHECKPOINT, Changed, Entry, Look, Only, TRAIL};

/// Acts of a page.
const SIZE: usize = 50;
/// Acts of a file at most.
const MOST: usize = 100_000;
/// Ids that are shown of an entry; the file has all.
const SHOWN: usize = 10;

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let look = trail::look(cx, SIZE)?;
    let found = app.store.trail(&cx.asking.actor, &look)?;
    Ok(Reply::page(view(app, cx, &look, &found)))
}

/// All that is found, as a file.
pub fn export(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let word = cx.param("format");
    let format = Format::parse(word).ok_or_else(|| {
        Error::bad(
            pair(format!("「{word}」という形式はありません。"), format!("There is no format “{word}”.")),
            pair("csv、xlsx、json のいずれかを指定してください。", "Ask for csv, xlsx or json."),
        )
    })?;
    let mut look = trail::look(cx, MOST)?;
    let mut rows: Vec<Row> = vec![];
    loop {
        let found = app.store.trail(&cx.asking.actor, &look)?;
        rows.extend(found.acts.iter().map(Row::of));
        match found.next {
            None => break,
            Some(_) if rows.len() >= MOST => {
                return Err(Error::refused(
                    422,
                    "too-many-rows",
                    pair("行が多すぎます", "Too many rows"),
                    pair(format!("一度に書き出せるのは{MOST}行までです。"), format!("A file holds {MOST} rows.")),
                    pair("期間や台帳で絞ってください。", "Narrow it by time or register."),
                ));
            }
            next => look.before = next,
        }
    }
    let table = trail::table(&app.pack.meta.label);
    let options = ExportOptions { format, lang: cx.l.0, header: Header::Names, bom: true, ..ExportOptions::default() };
    let mut out = std::io::Cursor::new(vec![]);
    let count = rows.len() as u64;
    export::table(&table, count, rows.into_iter().map(Row::values), &options, &mut out, &shirube_exchange::silent)
        .map_err(Error::internal)?;
    let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
    Ok(Reply::bytes(format.media_type(), out.into_inner().into()).as_file(format!("trail-{day}.{}", format.as_str())))
}

fn view(app: &App, cx: &Ctx, look: &Look, found: &Acts) -> Markup {
    let l = cx.l;
    let title = l.t("閲覧と変更の記録", "Who read and changed what");
    let body = html! {
        (parts::heading(l.t("監査", "Audit"), title))
        p class="lead" { (l.t(
            "個人情報・企業秘密の項目の閲覧と、すべての変更です。項目の値は含みません。この画面の閲覧も記録されます。",
            "Readings of personal and commercial fields, and all changes. No values of fields are kept here. Looking at this page is recorded, too.",
        )) }
        (form(app, cx, look))
        p class="no-print small" {
            (l.t("見つかった全件を書き出す：", "All that is found, as: "))
            @for format in [Format::Csv, Format::Xlsx, Format::Json] {
                a href=(cx.to_with(&format!("/trail/export/{}", format.as_str()), cx.query.with("before", None))) download { (format.as_str().to_uppercase()) } " "
            }
        }
        @if found.acts.is_empty() { p class="muted" { (l.t("見つかりません。", "Nothing is found.")) } } @else {
            div class="scroll" { table class="wide listing" {
                caption class="visually-hidden" { (title) }
                thead { tr {
                    th scope="col" { (l.t("日時", "When")) }
                    th scope="col" { (l.t("だれ", "Who")) }
                    th scope="col" { (l.t("したこと", "Did")) }
                    th scope="col" { (l.t("台帳", "Register")) }
                    th scope="col" { (l.t("記録", "Records")) }
                    th scope="col" { (l.t("項目", "Fields")) }
                } }
                tbody { @for act in &found.acts { (row(app, cx, act)) } }
            } }
        }
        @if let Some((entry, event)) = found.next {
            p class="no-print" { a href=(cx.here_with("before", Some(&format!("{entry}.{event}")))) { (l.t("これより前", "Earlier")) } }
        }
    };
    layout::page(&app.view(cx), title, "trail", &[], body)
}

fn form(app: &App, cx: &Ctx, look: &Look) -> Markup {
    let l = cx.l;
    let text = |name: &str| cx.query.get(name).unwrap_or_default().to_string();
    let only = match look.only {
        Some(Only::Readings) => "readings",
        Some(Only::Changes) => "changes",
        None => "",
    };
    html! {
        form class="filters" method="get" action=(cx.form_action()) {
            label { (l.t("だれ（ログイン名）", "Who (login)")) input name="person" value=(text("person")); }
            label { (l.t("台帳", "Register")) select name="register" {
                option value="" { (l.t("すべて", "All")) }
                @for register in app.pack.registers.values() {
                    option value=(register.name) selected[look.register.as_ref() == Some(&register.name)] { (l.p(&register.label)) }
                }
            } }
            label { (l.t("記録のID", "Id of the record")) input name="record" inputmode="numeric" value=(text("record")); }
            label { (l.t("いつから", "From")) input type="date" name="since" value=(text("since")); }
            label { (l.t("いつまで", "Until")) input type="date" name="until" value=(text("until")); }
            label { (l.t("種類", "Kind")) select name="only" {
                @for (word, label) in [("", l.t("閲覧と変更", "Both")), ("readings", l.t("閲覧", "Readings")), ("changes", l.t("変更", "Changes"))] {
                    option value=(word) selected[only == word] { (label) }
                }
            } }
            button class="quiet" { (l.t("探す", "Search")) }
        }
    }
}

fn row(app: &App, cx: &Ctx, act: &Act) -> Markup {
    match act {
        Act::Read(entry) => reading(app, cx, entry),
        Act::Changed(changed) => change(app, cx, changed),
    }
}

fn reading(app: &App, cx: &Ctx, entry: &Entry) -> Markup {
    let l = cx.l;
    let Some(told) = &entry.told else {
        return html! { tr { td { (cells::time(l, entry.at)) } td colspan="5" class="muted" {
            (register(app, l, &entry.register)) (l.t("：保存期間が過ぎ、消去されました。", ": erased, its time was over."))
        } } };
    };
    html! { tr {
        td { (cells::time(l, entry.at)) }
        td { (person(cx, &told.actor)) @if let Some(purpose) = &told.purpose { br; span class="small muted" { (l.t("目的：", "for ")) (purpose_word(app, l, purpose)) } } }
        td {
            @if entry.register == CHECKPOINT { (l.t("期間の過ぎた記録の消去", "dropped what was over")) } @else { (l.t("閲覧", "read")) }
            br; span class="small muted" { (told.by) @if let Some(token) = &told.token { " · " (l.t("トークン ", "token ")) (token) } }
        }
        td { (register(app, l, &entry.register)) @if let Some(seq) = told.as_of { br; span class="small muted" { (l.t("出来事 ", "as of event ")) (seq) } } }
        td {
            @for shown in &told.cells { div {
                @let runs = shown.ids.runs();
                @for (first, last) in runs.iter().take(SHOWN) {
                    @if app.pack.registers.contains_key(&entry.register) { a href=(cx.to(&cells::record_path(&entry.register, *first))) { "#" (first) } } @else { (first) }
                    @if last > first { "–" (last) } " "
                }
                @if runs.len() > SHOWN { "… " }
                @if shown.ids.count() > 1 { span class="small muted" { "(" (shown.ids.count()) ")" } }
            } }
            @if let Some(over) = &told.over { (over.entries) " " (register(app, l, &over.register)) }
        }
        td { @for shown in &told.cells { div { (shown.fields.iter().map(|f| field(app, l, &entry.register, f)).collect::<Vec<_>>().join(l.t("、", ", "))) } } }
    } }
}

fn change(app: &App, cx: &Ctx, changed: &Changed) -> Markup {
    let l = cx.l;
    html! { tr {
        td { (cells::time(l, changed.at)) }
        td { (person(cx, &changed.actor)) }
        td { (kind_word(l, &changed.kind)) br; span class="small muted" { (l.t("出来事 ", "event ")) (changed.seq) } }
        td { (register(app, l, &changed.register)) }
        td { a href=(cx.to(&cells::record_path(&changed.register, changed.record))) { "#" (changed.record) } }
        td {}
    } }
}

fn person(cx: &Ctx, actor: &str) -> Markup {
    let login = actor.strip_prefix("person:").unwrap_or(actor);
    html! { a href=(cx.here_with("person", Some(login))) { (login) } }
}

fn register(app: &App, l: L, name: &str) -> String {
    match name {
        TRAIL => l.t("閲覧と変更の記録", "this trail").to_string(),
        CHECKPOINT => String::new(),
        name => app.pack.registers.get(name).map_or(name.to_string(), |r| l.p(&r.label).to_string()),
    }
}

fn field(app: &App, l: L, register: &str, path: &str) -> String {
    let label = app.pack.registers.get(register).map(|r| r.label_of(path));
    label.map_or_else(|| path.to_string(), |label| l.p(&label).to_string())
}

fn purpose_word(app: &App, l: L, purpose: &str) -> String {
    app.pack.code("purpose", purpose).map_or(purpose.to_string(), |code| l.p(&code.label).to_string())
}

fn kind_word(l: L, kind: &str) -> &str {
    match kind {
        "create" => l.t("登録", "created"),
        "amend" => l.t("修正", "amended"),
        "transition" => l.t("状態の移行", "moved"),
        "attach" => l.t("添付", "attached a file"),
        "redact" => l.t("消去", "erased"),
        other => other,
    }
}
