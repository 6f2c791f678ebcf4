//! Moving a record to another state of its lifecycle.

use super::{
    confirm,
    desk::{self, Desk},
    form::{changes, done, without_derived},
};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::{self, Entered, Fault, fault, fields},
    layout,
    reply::Reply,
    state::App,
    who,
};
use maud::{Markup, html};
use shirube_plan::{Register, Transition};
use shirube_record::Content;
use shirube_snapshot::Record;
use shirube_store::{Command, StoreError};

/// Transitions that start from the record's state.
pub fn possible<'a>(register: &'a Register, state: Option<&str>) -> impl Iterator<Item = &'a Transition> {
    let state = state.map(str::to_string);
    register.transitions.iter().filter(move |t| state.as_ref().is_some_and(|s| t.from.contains(s)))
}

fn transition<'a>(desk: &Desk<'a>) -> Result<&'a Transition, Error> {
    let name = desk.cx.param("transition");
    desk.register.transitions.iter().find(|t| t.name == name).ok_or_else(|| Error::no("状態の移行", "transition", name))
}

/// The record and the transition that the address names. Where the record does not move from its state, the page says so.
fn opened<'a>(desk: &Desk<'a>) -> Result<(Record, &'a Transition), Error> {
    let (record, transition) = (desk.record()?, transition(desk)?);
    let starts = record.state.as_ref().is_some_and(|s| transition.from.contains(s));
    if starts && !desk.cx.asking.actor.may_move_on(&transition.name, desk.register, &record) {
        return Err(who::forbidden());
    }
    Ok((record, transition))
}

/// A register with only the fields the transition requires, as far as the reader sees them: what its form shows.
fn narrowed(register: &Register, transition: &Transition, record: &Record) -> Register {
    let asked = |name: &String| transition.require.contains(name) && !record.hidden.contains(name);
    let fields = register.fields.iter().filter(|f| asked(&f.name)).cloned().collect();
    Register { fields, ..register.clone() }
}

/// The form.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let (record, transition) = opened(&desk)?;
    let references = desk.references(&Entered::default(), &record.content, vec![])?;
    let entered = form::fill(&narrowed(desk.register, transition, &record), &app.pack, &record.content, &references);
    Ok(Reply::page(page(&desk, &record, transition, &entered, &[], vec![])?))
}

/// The form was sent.
pub fn sent(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let desk = Desk::open(app, cx)?;
    let (record, transition) = opened(&desk)?;
    let sent = desk.sent()?;
    if sent.again {
        return Ok(Reply::page(page(&desk, &record, transition, &sent.entered, &[], sent.found)?));
    }
    let narrow = narrowed(desk.register, transition, &record);
    let entered = sent.entered.without_blank_rows(&narrow);
    let read = desk.read_fields(&narrow, &entered);
    let unsaid = desk::reason_missing(desk.register, &entered).filter(|_| transition.reason);
    let faults = [sent.faults, read.faults, Vec::from_iter(unsaid)].concat();
    if faults.is_empty()
        && let Some(asked) = confirm::before_rights(app, &desk.cx, desk.register, &entered)?
    {
        return Ok(asked);
    }
    let answer = if faults.is_empty() {
        let shown: Content = columns_of(&narrow, &without_derived(desk.register, &record.content));
        app.submit(
            &desk.cx,
            Command::Transition {
                register: desk.register.name.clone(),
                record: record.id,
                version: entered.text("_version").parse().unwrap_or(record.version),
                transition: transition.name.clone(),
                content: changes(&narrow, &shown, &read.content),
                reason: entered.filled("_reason").map(str::to_string),
            },
        )
    } else {
        Err(StoreError::Invalid(vec![]))
    };
    match answer {
        Ok(receipt) => Ok(done(&desk.cx, &desk.register.name, receipt.record, "moved")),
        Err(StoreError::Invalid(errors)) => {
            let faults = [faults, errors.iter().map(|e| fault::of(desk.register, e)).collect()].concat();
            Ok(Reply::page(page(&desk, &record, transition, &entered, &faults, vec![])?).with_status(422))
        }
        Err(StoreError::FileRefused(why)) => {
            let faults = [desk::file_fault(desk.register, "", &why)];
            Ok(Reply::page(page(&desk, &record, transition, &entered, &faults, vec![])?).with_status(422))
        }
        Err(StoreError::VersionConflict { current, .. }) => {
            let mut entered = entered;
            entered.set("_version", current.to_string());
            let problem = pair("この記録は、開いてから別の変更がありました", "the record was changed since you opened it");
            let mend = pair(
                "今の状態と内容を確かめて、よければもう一度送ってください",
                "look at what it says now; if you still mean it, send it again",
            );
            let fault = Fault::say(desk.register, "", problem, mend);
            let desk = Desk::open(app, cx)?;
            Ok(Reply::page(page(&desk, &desk.record()?, transition, &entered, &[fault], vec![])?).with_status(409))
        }
        Err(error) => Err(error.into()),
    }
}

/// The values of a register's columns only.
fn columns_of(register: &Register, content: &Content) -> Content {
    let own = |name: &str| register.fields.iter().any(|f| f.name == name || f.columns().iter().any(|c| c.name == name));
    content.iter().filter(|(name, _)| own(name)).map(|(name, cell)| (name.clone(), cell.clone())).collect()
}

fn page(
    desk: &Desk,
    record: &Record,
    transition: &Transition,
    entered: &Entered,
    faults: &[Fault],
    found: Vec<(String, Vec<form::Choice>)>,
) -> Result<Markup, Error> {
    let v = desk.view();
    let l = v.cx.l;
    let references = desk.references(entered, &record.content, found)?;
    let narrow = narrowed(desk.register, transition, record);
    let form = fields::Form { v: &v, register: &narrow, entered, faults, references: &references };
    let startable = record.state.as_ref().is_some_and(|s| transition.from.contains(s));
    let title = l.p(&transition.label);
    let last_owner = startable && desk.register.name == "office_account" && transition.to != "active" && {
        let people = desk.app.store.people()?;
        people.owners().map(|owner| owner.id).eq([record.id])
    };
    let body = html! {
        (cells::heading(l, &desk::title(&v, desk.register, record), title))
        (fields::summary(l, faults))
        p class="states" {
            (cells::state(&v, desk.register, record.state.as_deref())) " " span aria-hidden="true" { "→" } span class="visually-hidden" { (l.t("から", " to ")) } " "
            (cells::state(&v, desk.register, Some(&transition.to)))
        }
        @if last_owner {
            p class="callout care" { (l.t(
                "管理者はこの利用者だけです。移すと、だれも利用者を管理できなくなります。先に別の人に管理者の役割を与えてください。",
                "This is the only owner: once it is moved nobody manages accounts. Give somebody else the role of owner first.",
            )) }
        }
        @if startable {
            form method="post" action=(v.cx.form_action()) class="record-form" novalidate enctype="multipart/form-data" {
                (desk::own_inputs(&desk.cx, Some(version(entered, record))))
                @if !transition.require.is_empty() {
                    p { (l.t("この状態に移すには、次の項目が必要です。", "These fields must be filled in for this state.")) }
                    (fields::some(&form, &transition.require, &transition.require))
                }
                @if transition.reason { (desk::reason(&form, true, l.t("なぜ移すのかを書いてください。履歴に残ります。", "Say why. It stays in the history."))) }
                @else { (desk::reason(&form, false, l.t("必要なら、移す理由を書いてください。履歴に残ります。", "If need be, say why. It stays in the history."))) }
                (form::controls::shared_lists(&form))
                p class="actions" { button { (title) } " " a href=(cells::record_href(&v, &desk.register.name, record.id)) { (l.t("やめる", "Cancel")) } }
            }
        } @else {
            div class="callout care" {
                p { (l.t("この記録は今の状態からは移せません。別の人が先に移した可能性があります。", "The record cannot be moved from its present state; someone may have moved it already.")) }
                p { a href=(cells::record_href(&v, &desk.register.name, record.id)) { (l.t("記録に戻る", "Back to the record")) } }
            }
        }
    };
    Ok(layout::page(&v, title, "registers", &desk.crumbs(Some(record)), body))
}

/// The version the form stands on.
fn version(entered: &Entered, record: &Record) -> i64 {
    entered.text("_version").parse().unwrap_or(record.version)
}
