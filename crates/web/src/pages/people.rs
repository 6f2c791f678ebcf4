//! Everyone who may sign in: the list of their register with what memberships and the keyring tell beside it, where
//! whoever manages accounts begins.

use super::{
    filters,
    list::{self, Sheet},
    roles::{self, MEMBERSHIPS, ORGANISATIONS, Role},
};
use crate::{
    cells,
    ctx::Ctx,
    error::Error,
    fmt,
    layout::{self, View},
    listing::{FILTER, Listing},
    names::Names,
    parts,
    reply::Reply,
    state::App,
    url::Query,
    who,
};
use maud::{Markup, html};
use shirube_access::{RecordAction, Rows};
use shirube_keyring::{Account as Keyed, Keyring};
use shirube_plan::Sensitivity;
use shirube_record::Cell;
use shirube_snapshot::{AsOf, Filter, ListQuery, Op, Record, Snapshot};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The register of accounts.
const ACCOUNTS: &str = "office_account";

/// Fields of an account that are shown.
const SHOWN: [&str; 3] = ["login", "name", "kind"];

/// Everything the page draws.
struct Everyone<'a> {
    /// The accounts.
    sheet: Sheet<'a>,
    /// How many there are in each state of the register.
    states: Vec<u64>,
    /// Their roles.
    roles: Vec<Role>,
    /// What the organisations are called.
    organisations: BTreeMap<i64, String>,
    /// How each comes in.
    entrances: BTreeMap<i64, Entrance>,
}

/// What the keyring tells of an account.
struct Entrance {
    /// An authenticator app is in force.
    factor: bool,
    /// When one of its sessions was last used. Those that are over are not kept.
    seen: Option<i64>,
}

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    // Who may sign in is a matter of now, whatever moment the page before has shown.
    let cx = &Ctx { as_of: AsOf::Head, as_of_text: None, ..cx.clone() };
    let register = app.pack.registers.get(ACCOUNTS).ok_or_else(|| Error::no("台帳", "register", ACCOUNTS))?;
    let listing = Listing::read(&app.pack, register, &cx.query, &[])?;
    let reader = app.open(cx)?;
    let fields = Some(Arc::new(BTreeSet::from(SHOWN.map(str::to_string))));
    let page = reader.list(&ListQuery { fields, ..listing.query() })?;
    let ids: Vec<i64> = page.rows.iter().map(|account| account.id).collect();
    let roles = roles::held(&reader, &ids)?;
    let held_at = roles.iter().map(|role| role.organisation);
    let everyone = Everyone {
        states: register.states.iter().map(|state| counted(&reader, &state.name)).collect::<Result<_, _>>()?,
        organisations: roles::organisations(&reader, &*app.store.people()?, held_at, cx.l)?,
        entrances: ids.iter().map(|id| Ok((*id, entrance(&accounts.keyring, *id)?))).collect::<Result<_, Error>>()?,
        sheet: Sheet { listing, page, names: Names::default(), offered: BTreeMap::new() },
        roles,
    };
    Ok(Reply::page(view(&app.view_of(cx, reader.moment()), &everyone)))
}

/// How many accounts are in a state.
fn counted(reader: &Snapshot, state: &str) -> Result<u64, Error> {
    let filters = vec![Filter { column: "_state".to_string(), op: Op::Eq, values: vec![state.to_string()] }];
    Ok(reader.count(&ListQuery { register: ACCOUNTS.to_string(), filters, ..ListQuery::default() })?)
}

fn entrance(keyring: &Keyring, account: i64) -> Result<Entrance, Error> {
    let account = Keyed(account);
    let seen = keyring.sessions(account)?.iter().map(|session| session.seen).max();
    Ok(Entrance { factor: keyring.has_second_factor(account)?, seen })
}

/// Whether who asks may do this to any record of a register.
fn may(v: &View, action: RecordAction, register: &str) -> bool {
    who::some(v.cx.asking.actor.clearance(), action, register)
}

/// Draws the page.
fn view(v: &View, everyone: &Everyone) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let sheet = &everyone.sheet;
    let register = sheet.listing.register;
    let title = l.t("利用者", "People");
    let in_state = |state: &str| cx.to_with(&cx.path, Query(vec![(format!("{FILTER}_state"), state.to_string())]));
    let others = [MEMBERSHIPS, ORGANISATIONS].into_iter().filter(|name| may(v, RecordAction::Read, name));
    let body = html! {
        (parts::heading(l.t("利用者と組織", "People and organisations"), title))
        p class="lead" { (l.t(
            "サインインする人と、プログラムが使うサービスの利用者です。人を招くには、利用者を登録し、所属と役割を加えてから、その利用者の画面で招待のリンクを作ります。",
            "Who may sign in, and the accounts that programs use. To invite somebody, make an account, add a membership, then make an invitation link on the page of the account.",
        )) }
        ul class="stats" {
            @for (state, n) in register.states.iter().zip(&everyone.states) {
                li { a href=(in_state(&state.name)) { b { (fmt::count(*n as usize)) } (l.p(&state.label)) } }
            }
        }
        div class="actions no-print" {
            @if may(v, RecordAction::Create, ACCOUNTS) {
                a class="button" href=(cx.to(&format!("{}/new", cells::register_path(ACCOUNTS)))) { (l.t("人を招く", "Invite a person")) }
            }
            @for other in others.filter_map(|name| v.pack.registers.get(name)) {
                a class="button quiet" href=(cells::register_href(v, &other.name)) { (l.p(&other.label)) }
            }
            a class="quiet-link" href=(cells::register_href(v, ACCOUNTS)) { (l.t("台帳として見る（列の選択、書き出し、取り込み）", "As a register (columns, export, import)")) }
        }
        (form(v, sheet))
        (filters::chips(v, sheet))
        div class="list-bar" { p role="status" { b { (list::total(l, sheet.page.total)) } } }
        @if sheet.page.rows.iter().any(|account| account.hidden.contains("name")) {
            p class="small muted" {
                (l.t("氏名は個人に関する項目なので、ログイン名だけを示しています。", "Names are personal: logins alone are shown."))
                @if cx.asking.actor.clearance().purpose().is_none() { " " a href=(cx.to("/me")) { (l.t("利用目的を示す", "State a purpose")) } }
            }
        }
        @if sheet.page.rows.is_empty() { p class="muted" { (l.t("条件に合う利用者はいません。", "No account fits.")) } } @else { (table(v, everyone)) }
        (list::pager(v, sheet))
    };
    layout::page(v, title, "people", &[], body)
}

/// Conditions that are usual for accounts. Others may stand in the address, as for any list.
fn form(v: &View, sheet: &Sheet) -> Markup {
    let (cx, l) = (v.cx, v.cx.l);
    let register = sheet.listing.register;
    let named = cx.asking.actor.clearance().rows_showing(Sensitivity::Personal, ACCOUNTS) != Rows::None;
    let texts = register.fields.iter().filter(|field| field.name == "login" || field.name == "name" && named);
    let kinds = v.pack.code_lists.get("office_account_kind").map(|list| list.codes.as_slice()).unwrap_or_default();
    let kinds: Vec<_> = kinds.iter().map(|code| (code.code.as_str(), l.p(&code.label))).collect();
    let states: Vec<_> = register.states.iter().map(|state| (state.name.as_str(), l.p(&state.label))).collect();
    let choice = |column: &str, label: &str, options: &[(&str, &str)]| {
        let name = format!("{FILTER}{column}");
        let chosen = cx.query.get(&name).unwrap_or_default();
        html! {
            label { (label) select name=(name) {
                option value="" { (l.t("すべて", "All")) }
                @for (value, word) in options { option value=(value) selected[*value == chosen] { (word) } }
            } }
        }
    };
    html! {
        form class="filters no-print" method="get" action=(cx.form_action()) role="search" aria-label=(l.t("利用者を探す", "Search accounts")) {
            @for field in texts {
                @let name = format!("{FILTER}{}", field.name);
                label { (l.p(&field.label)) input type="search" name=(name) value=(cx.query.get(&name).unwrap_or_default()) autocomplete="off"; }
            }
            (choice("_state", l.t("状態", "State"), &states))
            (choice("kind", l.t("区分", "Kind"), &kinds))
            button { (l.t("絞り込む", "Apply")) }
        }
    }
}

fn table(v: &View, everyone: &Everyone) -> Markup {
    let l = v.cx.l;
    html! {
        div class="scroll" { table class="wide" {
            caption class="visually-hidden" { (l.t("利用者", "People")) }
            thead { tr {
                th scope="col" { (l.t("利用者", "Account")) }
                th scope="col" { (l.t("状態", "State")) }
                th scope="col" { (l.t("役割", "Roles")) }
                th scope="col" { (l.t("認証アプリ", "Authenticator app")) }
                th scope="col" class="wrapping" { (l.t("最後の操作（続いているセッション）", "Last used (sessions under way)")) }
            } }
            tbody { @for account in &everyone.sheet.page.rows { (row(v, everyone, account)) } }
        } }
    }
}

fn row(v: &View, everyone: &Everyone, account: &Record) -> Markup {
    let l = v.cx.l;
    let text = |column: &str| match account.content.get(column) {
        Some(Cell::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let login = text("login").map_or_else(|| format!("#{}", account.id), str::to_string);
    let entrance = everyone.entrances.get(&account.id);
    let is_service = text("kind") == Some("service");
    html! { tr {
        th scope="row" {
            a href=(v.cx.to(&format!("/people/{}", account.id))) { (l.foreign(text("name").unwrap_or(&login))) }
            @if text("name").is_some() { " " span class="small muted" { (login) } }
            @if is_service { " " span class="tag" { (l.t("サービス", "service")) } }
        }
        td { (cells::state(v, everyone.sheet.listing.register, account.state.as_deref())) }
        td { (roles_of(v, everyone, account)) }
        td {
            @if is_service { (cells::blank(l)) }
            @else if entrance.is_some_and(|e| e.factor) { (l.t("あり", "in force")) }
            @else { (l.t("なし", "none")) }
        }
        td { @match entrance.and_then(|e| e.seen) { Some(seen) => (cells::time(l, seen)), None => (cells::blank(l)) } }
    } }
}

fn roles_of(v: &View, everyone: &Everyone, account: &Record) -> Markup {
    let l = v.cx.l;
    let held: Vec<&Role> = everyone.roles.iter().filter(|role| role.account == account.id).collect();
    if !held.is_empty() {
        return html! { ul class="plain" { @for role in held { li {
            (v.pack.code("role", &role.role).map_or(role.role.as_str(), |code| l.p(&code.label))) " · "
            @match everyone.organisations.get(&role.organisation) {
                Some(name) => { a href=(cells::record_href(v, ORGANISATIONS, role.organisation)) { (l.foreign(name)) } }
                None => { "#" (role.organisation) }
            }
        } } } };
    }
    let comes_in = matches!(account.state.as_deref(), Some("invited" | "active"));
    html! {
        @if !may(v, RecordAction::Read, MEMBERSHIPS) { (cells::hidden(l)) }
        @else if comes_in { span class="tag care" { (l.t("役割なし", "no role")) } }
        @else { (cells::blank(l)) }
    }
}
