//! Erasing what a record holds: its personal content, or everything.

use super::{
    confirm,
    desk::{self, Desk, fields_within},
};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::{Entered, Fault, fields},
    layout, names,
    reply::Reply,
    state::App,
    url::Query,
};
use maud::{Markup, html};
use shirube_access::RecordAction;
use shirube_plan::{Register, Sensitivity};
use shirube_record::Scope;
use shirube_snapshot::Record;
use shirube_store::{Command, StoreError};

/// The form.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let record = desk.record_to(RecordAction::Redact)?;
    Ok(Reply::page(page(&desk, &record, &Entered::default(), &[])?))
}

/// The form was sent.
pub fn sent(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let record = desk.record_to(RecordAction::Redact)?;
    let sent = desk.sent()?;
    let (entered, mut faults) = (sent.entered, sent.faults);
    let scope = match entered.text("_scope") {
        "personal" => Some(Scope::Personal),
        "all" => Some(Scope::All),
        _ => None,
    };
    let say = |control: &str, problem, mend| Fault::say(desk.register, control, problem, mend);
    if scope.is_none() {
        faults.push(say(
            "_scope",
            pair("消去する範囲が選ばれていません", "nothing was chosen"),
            pair("どちらかを選んでください", "choose what is erased"),
        ));
    }
    faults.extend(desk::reason_missing(desk.register, &entered));
    if entered.filled("_sure").is_none() {
        faults.push(say(
            "_sure",
            pair("取り消せないことの確認がありません", "it was not confirmed"),
            pair("確認の欄に印を付けてください", "tick the box"),
        ));
    }
    let Some(scope) = scope.filter(|_| faults.is_empty()) else {
        return Ok(Reply::page(page(&desk, &record, &entered, &faults)?).with_status(422));
    };
    if let Some(asked) = confirm::before_rights(app, &desk.cx, desk.register, &entered)? {
        return Ok(asked);
    }
    let command = Command::Redact {
        register: desk.register.name.clone(),
        record: record.id,
        scope,
        reason: entered.filled("_reason").unwrap_or_default().to_string(),
    };
    // What is erased leaves the write-ahead file only when nobody reads it any more.
    let (cx, register) = (desk.cx.clone(), desk.register);
    drop(desk);
    match app.submit(&cx, command) {
        Ok(receipt) if scope == Scope::Personal => Ok(super::form::done(&cx, &register.name, receipt.record, "erased")),
        Ok(_) => {
            let list = cells::register_path(&register.name);
            Ok(Reply::see_other(cx.to_with(&list, Query(vec![("done".into(), "redacted".into())]))))
        }
        Err(StoreError::NothingPersonal { .. }) => {
            let fault = Fault::say(
                register,
                "_scope",
                pair("この記録には消去できる個人情報がありません", "the record holds no personal content"),
                pair("記録全体を消去する場合は、そちらを選んでください", "choose the whole record if that is to be erased"),
            );
            let desk = Desk::open(app, &cx)?;
            Ok(Reply::page(page(&desk, &record, &entered, &[fault])?).with_status(422))
        }
        Err(error) => Err(error.into()),
    }
}

/// The register has fields about persons.
fn has_personal(register: &Register) -> bool {
    register.fields.iter().chain(fields_within(&register.fields)).any(|f| f.sensitivity == Sensitivity::Personal)
}

fn page(desk: &Desk, record: &Record, entered: &Entered, faults: &[Fault]) -> Result<Markup, Error> {
    let v = desk.view();
    let l = v.cx.l;
    let references = Default::default();
    let form = fields::Form { v: &v, register: desk.register, entered, faults, references: &references };
    let title = l.t("内容を消去する", "Erase content");
    let personal = has_personal(desk.register);
    let chosen = if personal || !entered.text("_scope").is_empty() { entered.text("_scope") } else { "all" };
    let scopes: Vec<(&str, &str)> = [
        ("personal", l.t("個人情報の項目だけ（記録は残ります）", "Personal fields only (the record stays)")),
        ("all", l.t("記録全体（一覧と検索からも消えます）", "The whole record (it leaves lists and searches too)")),
    ]
    .into_iter()
    .filter(|(scope, _)| personal || *scope == "all")
    .collect();
    let referring = names::referring(&desk.reader, &desk.register.name, record.id, l.0)?;
    let body = html! {
        (cells::heading(l, &desk::title(&v, desk.register, record), title))
        (fields::summary(l, faults))
        @if !referring.is_empty() {
            section class="callout care" {
                h2 { (l.t("この記録を指す記録があります", "Other records refer to this one")) }
                p { (l.t("記録全体を消去すると、次の記録は行き先を失い、つないで数える指標の値も変わります。先にそちらを直すことを勧めます。",
                         "If the whole record is erased, these lose what they refer to, and indicators that count across both change. Better mend them first.")) }
                (super::record::referring(&v, &referring, record.id))
            }
        }
        div class="callout care" {
            p { (l.t("消去した内容は、過去の時点の表示、履歴、保存された時点のファイルからも失われ、戻せません。誰がいつ消去したかと、記録があったという事実は残ります。",
                     "What is erased is gone from earlier moments, from the history and from kept snapshots, for good. Who erased it and when, and that there was a record, remains.")) }
            p { (l.t("誤りを直すだけなら、「記録を直す」を使ってください。", "To correct a mistake, amend the record instead.")) }
        }
        form method="post" action=(v.cx.form_action()) class="record-form" novalidate {
            (desk::own_inputs(&desk.cx, None))
            fieldset class={ "field" @if form.faults_at("_scope").next().is_some() { " bad" } } id="f-_scope" {
                legend { (l.t("消去する範囲", "What is erased")) " " span class="required" { (l.t("必須", "required")) } }
                (fields::faults(&form, "_scope"))
                div class="boxes" {
                    @for (scope, label) in scopes {
                        label { input type="radio" name="_scope" value=(scope) checked[chosen == scope]; " " (label) }
                    }
                }
            }
            (desk::reason(&form, true, l.t("消去の理由と根拠。履歴に残るので、消去する内容そのものは書かないでください。",
                                           "Why, and on what ground. It stays in the history: do not repeat what is being erased.")))
            div class={ "field" @if form.faults_at("_sure").next().is_some() { " bad" } } {
                (fields::faults(&form, "_sure"))
                label { input type="checkbox" id="f-_sure" name="_sure" value="1" checked[entered.filled("_sure").is_some()]; " " (l.t("取り消せないことを確認しました", "I know that this cannot be undone")) }
            }
            p class="actions" { button class="danger" { (l.t("消去する", "Erase")) } " " a href=(cells::record_href(&v, &desk.register.name, record.id)) { (l.t("やめる", "Cancel")) } }
        }
    };
    Ok(layout::page(&v, title, "registers", &desk.crumbs(Some(record)), body))
}
