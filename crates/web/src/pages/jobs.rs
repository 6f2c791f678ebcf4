//! Long work, seen and steered without a script: the page of a running job loads itself anew.

use super::{
    confirm,
    desk::{self, Desk, register_crumbs},
    import, matching,
};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, STALE, pair},
    fmt,
    form::{Entered, controls::bytes},
    jobs::{Counts, Job, JobError, Left, Problem, Stage, import::LISTED},
    layout::{self, View},
    reply::Reply,
    state::App,
    text::L,
};
use maud::{Markup, html};
use shirube_access::SystemAction;
use shirube_plan::Register;

/// Seconds between two looks at a running job.
const AGAIN: &str = "2";

/// All jobs.
pub fn list(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let mut jobs = app.jobs.list()?;
    jobs.retain(|job| is_theirs(cx, job));
    let v = app.view(cx);
    let l = cx.l;
    let title = l.t("処理の一覧", "Jobs");
    let body = html! {
        (cells::heading(l, l.t("台帳", "Registers"), title))
        @if jobs.is_empty() { p class="muted" { (l.t("処理はありません。", "No jobs.")) } } @else {
            div class="scroll" {
                table class="wide" {
                    caption class="visually-hidden" { (title) }
                    thead { tr {
                        th scope="col" { (l.t("始めた日時", "Begun")) }
                        th scope="col" { (l.t("台帳", "Register")) }
                        th scope="col" { (l.t("ファイル", "File")) }
                        th scope="col" { (l.t("状態", "State")) }
                    } }
                    tbody {
                        @for job in &jobs {
                            tr {
                                td { (cells::time(l, job.created_at)) }
                                td { (app.pack.registers.get(&job.register).map_or(job.register.as_str(), |r| l.p(&r.label))) }
                                td { a href=(cx.to(&format!("/jobs/{}", job.id))) { (job.file_name) } }
                                td { (stage_tag(l, job)) }
                            }
                        }
                    }
                }
            }
        }
        p class="small muted" { (l.t("終わった処理の記録は7日で消えます。", "What is kept of a job is removed after seven days.")) }
    };
    Ok(Reply::page(layout::page(&v, title, "registers", &[(l.t("台帳", "Registers").into(), cx.to("/registers"))], body)))
}

fn stage_word(l: L, stage: Stage) -> &'static str {
    match stage {
        Stage::Uploaded => l.t("受け取り済み", "received"),
        Stage::Checking => l.t("確認中", "being checked"),
        Stage::Checked => l.t("確認済み（未登録）", "checked, not yet written"),
        Stage::Importing => l.t("取り込み中", "being written"),
        Stage::Done => l.t("取り込み済み", "imported"),
        Stage::Cancelled => l.t("中止", "cancelled"),
        Stage::Failed => l.t("失敗", "failed"),
        Stage::Interrupted => l.t("中断", "interrupted"),
    }
}

fn stage_tag(l: L, job: &Job) -> Markup {
    let class = match job.stage {
        Stage::Done => "better",
        Stage::Failed => "worse",
        Stage::Checked if job.problems > 0 => "worse",
        Stage::Interrupted | Stage::Checked => "care",
        Stage::Uploaded | Stage::Checking | Stage::Importing => "note",
        Stage::Cancelled => "flat",
    };
    html! { span class={ "tag " (class) } { (stage_word(l, job.stage)) } }
}

/// The job that the address names, if it is the reader's own, or theirs to manage.
fn job(app: &App, cx: &Ctx) -> Result<Job, Error> {
    let id = cx.param("job");
    let job = app.jobs.get(id)?;
    if is_theirs(cx, &job) { Ok(job) } else { Err(JobError::NoSuchJob(id.to_string()).into()) }
}

fn is_theirs(cx: &Ctx, job: &Job) -> bool {
    job.actor == cx.asking.actor.id() || cx.asking.actor.clearance().system(SystemAction::Administer)
}

/// A desk over the register of a job.
fn open<'a>(app: &'a App, cx: &Ctx) -> Result<(Desk<'a>, Job), Error> {
    let job = job(app, cx)?;
    let mut cx = cx.clone();
    cx.params.push(("register".to_string(), job.register.clone()));
    Ok((Desk::open(app, &cx)?, job))
}

/// A job.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let (desk, job) = open(app, cx)?;
    let problems = app.jobs.problems(&job.id)?;
    let reply = Reply::page(page(&desk, &job, &problems));
    let refresh = job.stage.under_way() && cx.query.get("refresh") != Some("off");
    Ok(if refresh { reply.with_header("refresh", AGAIN.to_string()) } else { reply })
}

/// What a person wants of a job: check it again, write it, give it up.
pub fn steer(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let (desk, mut job) = open(app, cx)?;
    let entered = Entered::read(cx)?;
    if !cx.asking.is_own_form(entered.text("_token")) {
        return Err(Error::refused(
            409,
            STALE,
            pair("画面が古くなっています", "The page is out of date"),
            pair("この画面を開いてからプログラムが再起動しました。", "The program was started anew since this page was opened."),
            pair("画面を開き直してから操作してください。", "Open the page again, then repeat."),
        ));
    }
    let here = desk.cx.to(&format!("/jobs/{}", job.id));
    match entered.text("_do") {
        "check" if !job.stage.under_way() => {
            matching::put(&mut job, &entered);
            import::start(app, &desk.cx, job, Stage::Checking)?;
        }
        "write" if job.stage == Stage::Checked && job.problems == 0 => {
            if let Some(reason) = entered.filled("_reason") {
                job.reason = reason.to_string();
            }
            if lacks_reason(&job) {
                return Ok(Reply::see_other(format!("{here}?{UNSAID}=1#f-_reason")));
            }
            if let Some(asked) = confirm::before_rights(app, &desk.cx, desk.register, &entered)? {
                return Ok(asked);
            }
            import::start(app, &desk.cx, job, Stage::Importing)?;
        }
        "cancel" => app.jobs.cancel(&job.id)?,
        // Pressed twice, or on a page that was left open: the job's page says how it stands.
        _ => {}
    }
    Ok(Reply::see_other(here))
}

/// Parameter of the page after someone wanted to write without saying why records change.
const UNSAID: &str = "unsaid";

/// Existing records would change and nobody has said why.
fn lacks_reason(job: &Job) -> bool {
    job.reason.trim().is_empty() && job.counts.is_some_and(|c| c.amend > 0)
}

/// The errors as a CSV file.
pub fn errors_csv(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    errors(app, cx, "errors.csv", shirube_exchange::export::Format::Csv)
}

/// The errors as a workbook.
pub fn errors_xlsx(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    errors(app, cx, "errors.xlsx", shirube_exchange::export::Format::Xlsx)
}

fn errors(app: &App, cx: &Ctx, name: &'static str, format: shirube_exchange::export::Format) -> Result<Reply, Error> {
    let job = job(app, cx)?;
    let bytes = app.jobs.extra(&job.id, name)?.ok_or_else(|| Error::no("誤りのファイル", "error file", name))?;
    let stem = job.file_name.rsplit_once('.').map_or(job.file_name.as_str(), |(stem, _)| stem);
    Ok(Reply::bytes(format.media_type(), bytes.into()).as_file(format!("{stem}-errors.{}", format.as_str())))
}

fn page(desk: &Desk, job: &Job, problems: &[Problem]) -> Markup {
    let v = desk.view();
    let l = v.cx.l;
    let register = desk.register;
    let title = if l.is_ja() { format!("取り込み：{}", job.file_name) } else { format!("Import: {}", job.file_name) };
    let body = html! {
        (cells::heading(l, l.p(&register.label), &title))
        p { (stage_tag(l, job)) " " span class="small muted" { (job.file_name) " (" (bytes(job.size)) ")" " " (cells::time(l, job.created_at)) } }
        @if job.stage == Stage::Checked { (matching::left_out(l, job)) }
        @match job.stage {
            Stage::Uploaded | Stage::Checking | Stage::Importing => { (working(desk, &v, job)) }
            Stage::Checked if job.problems == 0 => { (ready(desk, &v, job)) }
            Stage::Checked => { (mend(desk, &v, job, problems)) }
            Stage::Done => { (done(&v, register, job)) }
            Stage::Failed => {
                div class="callout care" role="alert" { p { (job.failure.as_ref().map_or(l.t("失敗しました。何も登録していません。", "It failed; nothing was written."), |f| f.get(l.0))) } }
                (check_again(desk, &v, job))
                h2 { (l.t("直したファイルを送る", "Send a mended file")) }
                (import::send_form(desk, &[]))
            }
            Stage::Cancelled => {
                p { (l.t("中止しました。何も登録していません。", "Cancelled; nothing was written.")) }
                p { a class="button quiet" href=(v.cx.to(&format!("{}/import", cells::register_path(&register.name)))) { (l.t("別のファイルを取り込む", "Import another file")) } }
            }
            Stage::Interrupted => { (interrupted(desk, &v, job)) }
        }
    };
    layout::page(&v, &title, "registers", &register_crumbs(&v, register), body)
}

/// What became of an import that was under way when the program stopped. It is written whole or not at all.
fn interrupted(desk: &Desk, v: &View, job: &Job) -> Markup {
    let l = v.cx.l;
    let path = cells::register_path(&desk.register.name);
    html! {
        div class="callout care" role="alert" {
            p { (l.t("処理の途中でプログラムが止まりました。", "The program stopped while this was under way.")) }
            @match job.left {
                Some(Left::Everything) => {
                    p { b { (l.t("すべての行が登録されています。", "Every row was written.")) } }
                    p { (records(v, desk.register, job)) }
                },
                Some(Left::Nothing) => p { b { (l.t("何も登録されていません。", "Nothing was written.")) } " " (l.t("もう一度確認してから取り込んでください。", "Check it again, then import it.")) },
                Some(Left::Unknown) | None => {
                    p { (l.t("取り込みは全部か何もなしのどちらかですが、ほかの登録と見分けられませんでした。もう一度確認すると分かります：登録済みの行は「変更なし」と数えられます。",
                             "An import is written whole or not at all; which of the two could not be told from what else was written. Check it again to see: rows that were written count as unchanged.")) }
                    @if let Some(before) = job.before {
                        @let since = crate::url::Query(vec![("f._seq.gt".into(), before.to_string()), ("sort".into(), "_seq".into())]);
                        p { a href=(v.cx.to_with(&path, since)) { (l.t("取り込みを始めた後に登録された記録を見る", "See the records written since it began")) } }
                    }
                },
            }
        }
        @if job.left != Some(Left::Everything) { (check_again(desk, v, job)) }
    }
}

/// Link to the records an import has made. Those that another event has changed since are no longer as the file
/// said, and not among them.
fn records(v: &View, register: &Register, job: &Job) -> Markup {
    let (before, last) = job.events.unwrap_or_default();
    let of_job = [("f._seq.gt", before.to_string()), ("f._seq.le", last.to_string()), ("sort", "_seq".to_string())];
    let of_job = crate::url::Query(of_job.map(|(name, value)| (name.to_string(), value)).to_vec());
    html! {
        @if last > before {
            a class="button" href=(v.cx.to_with(&cells::register_path(&register.name), of_job)) { (v.cx.l.t("取り込んだ記録を見る", "See the records")) }
        }
    }
}

fn working(desk: &Desk, v: &View, job: &Job) -> Markup {
    let l = v.cx.l;
    let percent = (job.total > 0).then(|| (job.done * 100 / job.total.max(1)).min(100));
    html! {
        p class="progress" role="status" {
            label for="progress" { (stage_word(l, job.stage)) } " "
            @match percent {
                Some(percent) => { progress id="progress" max="100" value=(percent) {} " " span class="digits" { (percent) "%" } }
                None => { progress id="progress" {} }
            }
        }
        @if job.cancelling { p { (l.t("中止しています…", "Stopping…")) } } @else {
            form method="post" action=(v.cx.form_action()) {
                (desk::own_inputs(&desk.cx, None))
                button class="quiet" name="_do" value="cancel" { (l.t("中止する", "Cancel")) }
            }
        }
        @if v.cx.query.get("refresh") == Some("off") {
            p class="small" { a href=(v.cx.here_with("refresh", None)) { (l.t("今の様子を見る", "See how far it is")) } }
        } @else {
            p class="small muted" {
                (l.t("この画面は2秒ごとに更新されます。", "This page renews itself every two seconds.")) " "
                a href=(v.cx.here_with("refresh", Some("off"))) { (l.t("更新を止める", "Stop that")) }
            }
        }
    }
}

fn counts(l: L, counts: &Counts, past: bool) -> Markup {
    let words = [
        (counts.rows, fmt::noun(l, counts.rows as usize, "行", "row", "rows")),
        (counts.create, if past { l.t("新しく登録", "created") } else { l.t("新しく登録する", "to create") }),
        (counts.amend, if past { l.t("直した", "amended") } else { l.t("直す", "to amend") }),
        (counts.unchanged, l.t("変更なし", "unchanged")),
        (counts.wrong, l.t("誤りのある行", "with mistakes")),
    ];
    html! { ul class="stats" { @for (n, word) in words { @if n > 0 || word == words[0].1 { li { b { (fmt::count(n as usize)) } (word) } } } } }
}

fn ready(desk: &Desk, v: &View, job: &Job) -> Markup {
    let (l, c) = (v.cx.l, job.counts.unwrap_or_default());
    html! {
        p { (l.t("誤りはありませんでした。まだ何も登録していません。", "No mistakes were found. Nothing is written yet.")) }
        (counts(l, &c, false))
        form method="post" action=(v.cx.form_action()) {
            (desk::own_inputs(&desk.cx, None))
            @if lacks_reason(job) {
                @let unsaid = v.cx.query.get(UNSAID).is_some();
                div class={ "field" @if unsaid { " bad" } } {
                    label for="f-_reason" { (l.t("変更の理由", "Reason for changes")) " " span class="required" { (l.t("必須", "required")) } }
                    p class="help" id="h-_reason" { (l.t("すでにある記録を直すので、なぜかを書いてください。履歴に残ります。", "Existing records change: say why. It stays in their history.")) }
                    @if unsaid { p class="fault" id="e-_reason" role="alert" { (l.t("理由が書かれていません。", "No reason is given.")) } }
                    input type="text" id="f-_reason" name="_reason" autocomplete="off" aria-describedby="h-_reason" aria-invalid=[unsaid.then_some("true")];
                }
            }
            p class="actions" {
                @if c.create + c.amend > 0 { button name="_do" value="write" { (l.t("取り込む", "Import")) } " " }
                @else { span { (l.t("登録することはありません。", "There is nothing to write.")) } " " }
                button class="quiet" name="_do" value="cancel" { (l.t("やめる", "Cancel")) }
            }
        }
        @let unseen = !job.left_out.is_empty();
        details id=(matching::ID) open[unseen] { summary { (l.t("列の対応", "How columns were matched")) } (matching::table(desk, v, job)) }
    }
}

fn mend(desk: &Desk, v: &View, job: &Job, problems: &[Problem]) -> Markup {
    let l = v.cx.l;
    let path = format!("/jobs/{}", job.id);
    html! {
        section class="faults" role="alert" {
            h2 { @if l.is_ja() { (fmt::count(job.problems as usize)) "か所に誤りがあります" } @else { (fmt::count(job.problems as usize)) (if job.problems == 1 { " mistake" } else { " mistakes" }) } }
            p { (l.t("一つでも誤りがある間は、どの行も登録しません。", "While there is one, no row is written.")) }
        }
        (counts(l, &job.counts.unwrap_or_default(), false))
        p class="no-print" {
            (l.t("誤りを書き込んだファイルを直して、そのまま送り直せます：", "Mend the file with the mistakes written in and send it again: "))
            a href=(v.cx.to(&format!("{path}/errors.xlsx"))) download { "XLSX" } " "
            a href=(v.cx.to(&format!("{path}/errors.csv"))) download { "CSV" }
        }
        div class="scroll" {
            table class="wide" {
                caption {
                    (l.t("誤りの一覧", "Mistakes"))
                    @if job.problems as usize > problems.len() { @if l.is_ja() { "（最初の" (LISTED) "件）" } @else { " (the first " (LISTED) ")" } }
                }
                thead { tr {
                    th scope="col" class="num" { (l.t("行", "Row")) }
                    th scope="col" { (l.t("列", "Column")) }
                    th scope="col" { (l.t("値", "Value")) }
                    th scope="col" { (l.t("誤り", "Mistake")) }
                    th scope="col" { (l.t("直し方", "How to mend it")) }
                } }
                tbody {
                    @for p in problems {
                        tr {
                            td class="num" { (p.row) }
                            td { @match &p.column { Some(c) => { (l.foreign(c)) } None => { (l.t("行全体", "whole row")) } } }
                            td { @match &p.value { Some(value) => { code lang=[l.lang_of(value)] { (value) } } None => { (cells::blank(l)) } } }
                            td { (l.foreign(p.problem.get(l.0))) }
                            td { (l.foreign(p.mend.get(l.0))) }
                        }
                    }
                }
            }
        }
        h2 { (l.t("直したファイルを送る", "Send the mended file")) }
        (import::send_form(desk, &[]))
        h2 id=(matching::ID) { (l.t("列の対応を直す", "Match columns by hand")) }
        (matching::table(desk, v, job))
        form method="post" action=(v.cx.form_action()) {
            (desk::own_inputs(&desk.cx, None))
            p class="actions" { button class="quiet" name="_do" value="cancel" { (l.t("取り込みをやめる", "Give up this import")) } }
        }
    }
}

fn check_again(desk: &Desk, v: &View, job: &Job) -> Markup {
    let l = v.cx.l;
    html! {
        @if job.stage == Stage::Interrupted || !job.columns.is_empty() {
            form method="post" action=(v.cx.form_action()) {
                (desk::own_inputs(&desk.cx, None))
                p class="actions" {
                    button name="_do" value="check" { (l.t("もう一度確認する", "Check it again")) } " "
                    button class="quiet" name="_do" value="cancel" { (l.t("やめる", "Cancel")) }
                }
            }
        }
    }
}

fn done(v: &View, register: &Register, job: &Job) -> Markup {
    let l = v.cx.l;
    let path = cells::register_path(&register.name);
    let (before, last) = job.events.unwrap_or_default();
    html! {
        p role="status" { (l.t("すべての行を取り込みました。", "Every row was imported.")) }
        (counts(l, &job.counts.unwrap_or_default(), true))
        p {
            (records(v, register, job)) " "
            a class="button quiet" href=(v.cx.to(&format!("{path}/import"))) { (l.t("続けて取り込む", "Import another file")) }
        }
        @if last > before {
            p class="small" {
                a href=(v.cx.to_at(&path, &format!("seq:{before}"))) { (l.t("取り込む前の台帳を見る", "The register as it was before")) }
            }
        }
    }
}
