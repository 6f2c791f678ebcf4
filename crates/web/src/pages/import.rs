//! Files into a register: sending one begins a job that checks it first.

use super::desk::{self, Desk, register_crumbs};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::{Entered, Fault, controls::bytes, fields},
    jobs::{self, Job, Stage},
    layout::{self, View},
    reply::Reply,
    state::App,
};
use maud::{Markup, html};
use shirube_exchange::heading;
use shirube_plan::{Field, FieldKind, Lang, Register};
use std::{sync::Arc, time::Duration};

/// Control of the file.
const FILE: &str = "file";

/// The form to send a file.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    Ok(Reply::page(page(&desk, &[])))
}

/// A file was sent: it is checked as a job.
pub fn sent(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let entered = Entered::read(cx)?;
    let mut faults = vec![];
    if !cx.asking.is_own_form(entered.text("_token")) {
        faults.push(Fault::say(
            desk.register,
            "",
            pair("この画面を開いてからプログラムが再起動しました", "the program was started anew since this page was opened"),
            pair("もう一度ファイルを選んで送ってください", "choose the file and send it again"),
        ));
    }
    let Some(file) = entered.file(FILE).filter(|_| faults.is_empty()) else {
        if faults.is_empty() {
            faults.push(Fault::say(
                desk.register,
                FILE,
                pair("ファイルが選ばれていません", "no file was chosen"),
                pair("CSVかXLSXのファイルを選んでください", "choose a CSV or XLSX file"),
            ));
        }
        return Ok(Reply::page(page(&desk, &faults)).with_status(422));
    };
    let mut job = app.jobs.create(&desk.register.name, desk.cx.asking.actor.id(), &file.name, &file.bytes)?;
    job.reason = entered.text("_reason").trim().to_string();
    let (id, to) = (job.id.clone(), format!("/jobs/{}", job.id));
    if let Err(error) = start(app, &desk.cx, job, Stage::Checking) {
        // Another was faster. What was sent is sent again.
        app.jobs.cancel(&id)?;
        return Err(error);
    }
    Ok(Reply::see_other(desk.cx.to(&to)))
}

/// Work that is done within this time shows its result at once.
const AT_ONCE: Duration = Duration::from_millis(800);

/// Begins to check or to write a job's file.
pub fn start(app: &App, cx: &Ctx, job: Job, stage: Stage) -> Result<(), Error> {
    let id = job.id.clone();
    let (jobs, store, actor, lang) = (Arc::clone(&app.jobs), Arc::clone(&app.store), cx.asking.actor.clone(), cx.l.0);
    app.jobs.start(job, stage, move |control, job| match stage {
        Stage::Importing => jobs::import::write(&jobs, &store, &actor, lang, control, job),
        _ => jobs::import::check(&jobs, &store, &actor, lang, control, job),
    })?;
    app.jobs.wait(&id, AT_ONCE);
    Ok(())
}

fn page(desk: &Desk, faults: &[Fault]) -> Markup {
    let v = desk.view();
    let l = v.cx.l;
    let register = desk.register;
    let title = l.t("ファイルから取り込む", "Import a file");
    let body = html! {
        (cells::heading(l, l.p(&register.label), title))
        (fields::summary(l, faults))
        p class="lead" {
            (l.t("送ったファイルはまず確認するだけで、何も登録しません。誤りがあれば行と列を示し、全部の行が正しいときだけ、確かめたうえで一度に取り込みます。",
                 "A file is first checked and nothing is written. Mistakes are shown by row and column; only when every row is right is it imported, at once, after you have confirmed."))
        }
        (send_form(desk, faults))
        h2 { (l.t("ファイルの形", "What the file looks like")) }
        ul {
            li { (l.t("CSV（UTF-8、シフトJIS）またはXLSX。1行が1件です。", "CSV (UTF-8 or Shift_JIS) or XLSX, one row per record.")) }
            li { (l.t("見出しは列の名前か表示名。順番は自由で、足りない列は変更しません。", "Headings are column names or labels, in any order; columns left out stay as they are.")) }
            @if !register.key.is_empty() {
                li {
                    @let key = key_labels(l.0, register);
                    @if l.is_ja() { "すでにある記録は「" (key) "」が同じかどうかで見分け、違う列だけを直します。" }
                    @else { "Existing records are found by “" (key) "”; only columns that differ are amended." }
                }
            }
            li { (l.t("和暦、全角数字、桁区切り、「万」「億」も読み取ります。空欄の理由は (不明) (未収集) (非該当) (秘匿) と書けます。",
                      "Japanese eras, full-width digits, separators and 万 or 億 are understood. Why a cell is blank is written (unknown), (not collected), (not applicable) or (suppressed).")) }
        }
        p { a class="button quiet" href=(v.cx.to(&format!("{}/template.csv", cells::register_path(&register.name)))) { (l.t("見出しだけのCSV", "CSV with the headings")) } }
        h2 { (l.t("列", "Columns")) }
        div class="scroll" {
            table {
                caption class="visually-hidden" { (l.t("列の一覧", "Columns")) }
                thead { tr { th scope="col" { (l.t("表示名", "Label")) } th scope="col" { (l.t("列の名前", "Column")) } th scope="col" { (l.t("必須", "Required")) } } }
                tbody {
                    @for column in columns(register, 1) {
                        tr { td { (column.label.get(l.0)) } td { code { (column.name) } } td { @if column.required { (l.t("必須", "required")) } } }
                    }
                }
            }
        }
    };
    layout::page(&v, title, "registers", &register_crumbs(&v, register), body)
}

fn key_labels(lang: Lang, register: &Register) -> String {
    let labels: Vec<&str> = register.key.iter().filter_map(|k| register.field(k)).map(|f| f.label.get(lang)).collect();
    labels.join(if lang == Lang::Ja { "・" } else { ", " })
}

/// The form that sends a file; also on the page of a job that needs a mended one.
pub fn send_form(desk: &Desk, faults: &[Fault]) -> Markup {
    let v = desk.view();
    let l = v.cx.l;
    let entered = Entered::default();
    let references = Default::default();
    let form = fields::Form { v: &v, register: desk.register, entered: &entered, faults, references: &references };
    let (bad, most) = (form.faults_at(FILE).next().is_some(), desk.app.site.limits.upload as u64);
    html! {
        form method="post" action=(v.cx.form_path(&format!("{}/import", cells::register_path(&desk.register.name)))) class="record-form" enctype="multipart/form-data" novalidate {
            (desk::own_inputs(&desk.cx, None))
            div class={ "field" @if bad { " bad" } } {
                label for="f-file" { (l.t("ファイル（CSV・XLSX）", "File (CSV or XLSX)")) " " span class="required" { (l.t("必須", "required")) } }
                (fields::faults(&form, FILE))
                input type="file" id="f-file" name=(FILE) accept=".csv,.tsv,.txt,.xlsx,text/csv" aria-describedby=[form.described_by(FILE, false)] aria-invalid=[bad.then_some("true")];
                p class="hint" { @if l.is_ja() { (bytes(most)) "まで。それより大きいファイルは「shirube import」で取り込めます。" } @else { "Up to " (bytes(most)) "; larger files are imported with the command “shirube import”." } }
            }
            div class="field" {
                label for="f-_reason" { (l.t("変更の理由", "Reason for changes")) }
                p class="help" id="h-_reason" { (l.t("すでにある記録を直す場合に、履歴に残ります。", "Stays in the history of existing records that the file changes.")) }
                input type="text" id="f-_reason" name="_reason" autocomplete="off" aria-describedby="h-_reason";
            }
            p class="actions" { button { (l.t("確認する（まだ登録しません）", "Check it (nothing is written yet)")) } }
        }
    }
}

/// A column that a file may have.
#[derive(Clone, Debug)]
pub struct FileColumn {
    /// Name.
    pub name: String,
    /// Label.
    pub label: shirube_plan::Pair,
    /// Must be filled.
    pub required: bool,
}

/// Columns that an import reads, groups with so many rows.
pub fn columns(register: &Register, rows: usize) -> Vec<FileColumn> {
    let mut columns = vec![];
    let of = |field: &Field| {
        let column = |name: String, part| FileColumn {
            name,
            label: heading::label(field, part),
            required: field.required && part == shirube_plan::Part::Main,
        };
        match &field.kind {
            FieldKind::Derived { .. } | FieldKind::Attachment { .. } => vec![],
            FieldKind::Choices { .. } => vec![column(field.name.clone(), shirube_plan::Part::Main)],
            _ => field.columns().into_iter().map(|c| column(c.name, c.part)).collect(),
        }
    };
    for field in &register.fields {
        match &field.kind {
            FieldKind::Group { fields } => {
                for row in 1..=rows {
                    for inner in fields.iter().flat_map(of) {
                        let text = |lang| heading::group_label(field, row, &inner.label, lang);
                        columns.push(FileColumn {
                            name: format!("{}.{row}.{}", field.name, inner.name),
                            label: pair(text(Lang::Ja), text(Lang::En)),
                            required: false,
                        });
                    }
                }
            }
            _ => columns.extend(of(field)),
        }
    }
    for (name, ja, en) in heading::OWN.iter().take(6) {
        columns.push(FileColumn { name: name.to_string(), label: pair(*ja, *en), required: false });
    }
    columns
}

/// A CSV file with the headings only, in the language of the page.
pub fn template(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    use shirube_exchange::export;
    let register = desk::register(app, cx)?;
    let columns =
        columns(register, 2).into_iter().filter(|c| c.name != "_number").map(|c| export::Column::new(c.name, c.label, export::Kind::Text));
    let table = export::Table { label: register.label.clone(), columns: columns.collect(), ..export::Table::default() };
    let options = export::ExportOptions { lang: cx.l.0, header: export::Header::Labels, bom: true, ..export::ExportOptions::default() };
    let mut out = vec![];
    export::table(&table, 0, [], &options, &mut out, &shirube_exchange::silent).map_err(Error::internal)?;
    Ok(Reply::bytes(export::Format::Csv.media_type(), out.into()).as_file(format!("{}.csv", register.name)))
}

/// Name of a column for people, from its name.
pub fn column_label(v: &View, register: &Register, name: &str) -> Option<String> {
    let rows = name.split('.').nth(1).and_then(|n| n.parse().ok()).unwrap_or(1).min(1000);
    columns(register, rows).into_iter().find(|c| c.name == name).map(|c| c.label.get(v.cx.l.0).to_string())
}
