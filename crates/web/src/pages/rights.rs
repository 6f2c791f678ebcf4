//! What may be done and seen, in tables: by one account, and with one record by everyone, with the reasons.

use super::{
    desk::{record_id, register},
    purpose,
};
use crate::{cells, ctx::Ctx, error::Error, layout, parts, reply::Reply, state::App, text::L};
use maud::{Markup, html};
use shirube_access::{Clearance, Decision, Explanation, Grants, Person, RecordAction, RecordOwner, RegisterAction, SystemAction, who_can};
use shirube_plan::{Owner, Register, Sensitivity};
use shirube_record::Cell;
use std::collections::BTreeMap;

/// People asked about one record; more are found by their own pages.
const MOST_PEOPLE: usize = 100;

/// What an account may do with records, by register and state. `called` names organisations.
pub fn granted(app: &App, cx: &Ctx, clearance: &Clearance, grants: &Grants, called: &BTreeMap<i64, String>) -> Markup {
    let l = cx.l;
    let joined = |words: Vec<String>| words.join(l.t("、", ", "));
    html! {
        div class="scroll" { table class="wide" {
            caption class="visually-hidden" { (l.t("できること", "Rights")) }
            thead { tr {
                th scope="col" { (l.t("台帳", "Register")) }
                th scope="col" { (l.t("状態", "State")) }
                th scope="col" { (l.t("どの組織の", "Whose")) }
                th scope="col" { (l.t("できること", "May")) }
                th scope="col" { (l.t("見える項目", "Sees fields that are")) }
                th scope="col" { (l.t("移行", "Moves")) }
            } }
            tbody { @for g in &grants.registers {
                @let register = app.pack.registers.get(&g.register);
                tr {
                    td {
                        (register.map_or(g.register.as_str(), |r| l.p(&r.label)))
                        @if g.synthetic { " " (cells::synthetic(l)) }
                        @if let Some((_, actions)) = grants.whole.iter().find(|(name, _)| *name == g.register) {
                            " " span class="small muted" { (joined(actions.iter().map(|a| register_word(l, *a).to_string()).collect())) }
                        }
                    }
                    td { (state_word(l, register, g.state.as_deref())) }
                    td {
                        @if !g.own.is_own() { (l.t("ほか", "others")) }
                        @for (i, own) in clearance.organisations(g.own).into_iter().enumerate() {
                            @if i > 0 { (l.t("、", ", ")) }
                            (l.foreign(&called.get(&own.id).cloned().unwrap_or_else(|| own.policy_name())))
                        }
                    }
                    td { (joined(g.actions.iter().map(|a| action_word(l, *a).to_string()).collect())) }
                    td { (joined(g.sees.iter().map(|s| sensitivity_word(l, *s).to_string()).collect())) }
                    td { (joined(g.transitions.iter().map(|t| transition_word(l, register, t)).collect())) }
                }
            } }
        } }
    }
}

/// Who may do what with a record, and by which policy.
pub fn of_record(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let l = cx.l;
    let register = register(app, cx)?;
    let id = record_id(cx)?;
    let record = app.open(cx)?.record(&register.name, id)?.ok_or_else(|| Error::no("記録", "record", &id.to_string()))?;
    let owner = match register.owner() {
        Some(Owner::Itself) => RecordOwner::Organisation(id),
        Some(Owner::Number(column)) => match record.content.get(&column) {
            Some(Cell::Text(number)) => RecordOwner::Number(number),
            _ => RecordOwner::Nobody,
        },
        Some(Owner::Reference(column)) => match record.content.get(column) {
            Some(Cell::Integer(id)) => RecordOwner::Organisation(*id),
            _ => RecordOwner::Nobody,
        },
        None => RecordOwner::Nobody,
    };
    let people = app.store.people()?;
    let purpose = cx.query.get("purpose").filter(|p| app.pack.code("purpose", p).is_some());
    let clearance = |person: Person| Clearance::new(&accounts.policies, person, purpose).map_err(Error::internal);
    let mut asked = vec![clearance(Person::public())?];
    for account in people.accounts().filter(|a| a.is_active()).take(MOST_PEOPLE) {
        asked.push(clearance(account.person.clone())?);
    }
    let rows = who_can(&app.pack, &asked, &register.name, record.state.as_deref(), owner, record.origin.synthetic);
    let title = l.t("だれに見え、なぜか", "Who can see this, and why");
    let permitted = |e: &Explanation| e.decision == Decision::Allow;
    let body = html! {
        (parts::heading(l.p(&register.label), title))
        p { a href=(cx.to(&format!("/registers/{}/{id}", register.name))) { (l.t("記録へ戻る", "Back to the record")) } }
        p { (l.t("個人の項目などは、利用目的を示した人にだけ見えることがあります。目的を選ぶと、それを示した場合を表示します。", "Some fields, personal ones above all, are shown only to who states a purpose. Choose one to see what is shown then.")) }
        (for_purpose(app, cx, purpose))
        div class="scroll" { table class="wide" {
            caption class="visually-hidden" { (title) }
            thead { tr {
                th scope="col" { (l.t("だれ", "Who")) }
                th scope="col" { (l.t("できること", "May")) }
                th scope="col" { (l.t("見える項目", "Sees fields that are")) }
                th scope="col" { (l.t("移行", "Moves")) }
            } }
            tbody { @for row in &rows {
                tr {
                    th scope="row" {
                        @if row.login == "public" { (l.t("だれでも", "Everyone")) } @else { (row.login) }
                        @if row.own { " " span class="tag" { (l.t("自組織", "own")) } }
                    }
                    td { @for (action, why) in row.actions.iter().filter(|(_, why)| permitted(why)) { (reasoned(l, action_word(l, *action), why)) } }
                    td {
                        @if !row.sees.iter().any(|(_, why)| permitted(why)) { span class="muted" { (l.t("なし", "nothing")) } }
                        @for (sensitivity, why) in row.sees.iter().filter(|(_, why)| permitted(why)) { (reasoned(l, sensitivity_word(l, *sensitivity), why)) }
                    }
                    td { @for (name, why) in row.transitions.iter().filter(|(_, why)| permitted(why)) { (reasoned(l, &transition_word(l, Some(register), name), why)) } }
                }
            } }
        } }
        @if people.accounts().filter(|a| a.is_active()).count() > MOST_PEOPLE {
            p class="small muted" { @if l.is_ja() { "初めの" (MOST_PEOPLE) "人までを示しています。" } @else { "The first " (MOST_PEOPLE) " people are shown." } }
        }
    };
    Ok(Reply::page(layout::page(&app.view(cx), title, "registers", &[], body)))
}

/// The choice of the purpose for which rights are shown.
pub fn for_purpose(app: &App, cx: &Ctx, purpose: Option<&str>) -> Markup {
    let l = cx.l;
    html! {
        form class="filters" method="get" action=(cx.form_action()) {
            label { (l.t("利用目的", "Purpose"))
                select name="purpose" {
                    option value="" { (l.t("なし", "None")) }
                    @for code in purpose::all(app) {
                        option value=(code.code) selected[purpose == Some(code.code.as_str())] { (l.p(&code.label)) }
                    }
                }
            }
            button class="quiet" { (l.t("表示", "Show")) }
        }
    }
}

/// A right with the policies that give it.
fn reasoned(l: L, word: &str, why: &Explanation) -> Markup {
    let names: Vec<&str> = why.reasons.iter().map(|r| l.p(&r.policy.label)).collect();
    html! { details { summary { (word) } p class="small" { (names.join(l.t("、", "; "))) } } }
}

fn state_word(l: L, register: Option<&Register>, state: Option<&str>) -> String {
    let Some(state) = state else { return l.t("―", "–").to_string() };
    register.and_then(|r| r.states.iter().find(|s| s.name == state)).map_or(state.to_string(), |s| l.p(&s.label).to_string())
}

fn transition_word(l: L, register: Option<&Register>, name: &str) -> String {
    register.and_then(|r| r.transitions.iter().find(|t| t.name == name)).map_or(name.to_string(), |t| l.p(&t.label).to_string())
}

fn action_word(l: L, action: RecordAction) -> &'static str {
    match action {
        RecordAction::Read => l.t("読む", "read"),
        RecordAction::Create => l.t("登録", "create"),
        RecordAction::Amend => l.t("修正", "amend"),
        RecordAction::Attach => l.t("添付", "attach"),
        RecordAction::Redact => l.t("消去", "erase"),
        RecordAction::History => l.t("履歴", "history"),
    }
}

fn register_word(l: L, action: RegisterAction) -> &'static str {
    match action {
        RegisterAction::Import => l.t("取り込み", "import"),
        RegisterAction::Export => l.t("書き出し", "export"),
    }
}

pub fn system_word(l: L, action: SystemAction) -> &'static str {
    match action {
        SystemAction::Snapshot => l.t("スナップショット", "snapshots"),
        SystemAction::Verify => l.t("ログの検証", "verifying the log"),
        SystemAction::Rebuild => l.t("作り直し", "rebuilding"),
        SystemAction::Administer => l.t("利用者の管理", "managing accounts"),
        SystemAction::Trail => l.t("閲覧と変更の記録の閲覧", "seeing who read and changed what"),
    }
}

fn sensitivity_word(l: L, sensitivity: Sensitivity) -> &'static str {
    match sensitivity {
        Sensitivity::Public => l.t("公開", "public"),
        Sensitivity::Internal => l.t("内部", "internal"),
        Sensitivity::Commercial => l.t("企業秘密", "commercial"),
        Sensitivity::Personal => l.t("個人", "personal"),
    }
}
