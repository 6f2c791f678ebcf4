//! What an account may do and how it comes in; who may do what with a record, and why.

use super::{
    confirm,
    desk::{record_id, register},
    purpose, tokens,
};
use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::Entered,
    layout,
    notify::{INVITATION, RECOVERY, Task},
    parts,
    reply::Reply,
    state::App,
    text::L,
    url::Query,
    who::Accounts,
};
use maud::{Markup, html};
use shirube_access::{
    Clearance, Decision, Explanation, Person, RecordAction, RecordOwner, RegisterAction, RegisterGrants, SystemAction, what_can, who_can,
};
use shirube_keyring::{Account as Keyed, ExposeSecret, Purpose};
use shirube_plan::{Owner, Pair, Register, Sensitivity};
use shirube_record::Cell;
use shirube_store::Account;

/// People asked about one record; more are found by their own pages.
const MOST_PEOPLE: usize = 100;

/// What the page shows once.
#[derive(Default)]
struct Once {
    link: Option<String>,
    token: Option<String>,
    fault: Option<Pair>,
    sent: bool,
}

/// The page of an account.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(page(app, cx, &Once::default())?))
}

/// Something was asked for on it.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let people = app.store.people()?;
    let account = people.account(account_id(cx)?).ok_or_else(|| none(cx))?;
    let entered = Entered::read(cx)?;
    if !cx.asking.is_own_form(entered.text("_token")) {
        return Err(Error::Forbidden(pair("画面を開き直してください。", "Open the page again, then repeat.")));
    }
    if let Some(asked) = confirm::first(app, cx, &entered)? {
        return Ok(asked);
    }
    let (keyring, id) = (&accounts.keyring, Keyed(account.id));
    let mut once = Once::default();
    match entered.text("_do") {
        "invite" => {
            let (purpose, word, life) = match account.state.as_str() {
                "invited" => (Purpose::Invitation, "invitation", INVITATION),
                _ => (Purpose::Recovery, "recovery", RECOVERY),
            };
            let token = keyring.make_link(purpose, id, "", life)?;
            once.link = Some(format!("{}{}", app.site.address(cx), cx.form_path(&format!("/links/{word}/{}", token.expose_secret()))));
        }
        "mail" if can_mail(accounts, account) => {
            let purpose = if account.state == "invited" { Purpose::Invitation } else { Purpose::Recovery };
            accounts.post.ask_for(&Task::Link { purpose, account: account.id }).map_err(Error::internal)?;
            once.sent = true;
        }
        "end" => drop(keyring.end_sessions(id, None)?),
        "remove-factor" => {
            keyring.remove_second_factor(id)?;
            // Whoever has the lost app may have had the rest, too.
            keyring.end_sessions(id, None)?;
        }
        "forget" => keyring.forget(id)?,
        "token" => match tokens::make(keyring, account, &entered)? {
            Ok(text) => once.token = Some(text),
            Err(fault) => once.fault = Some(fault),
        },
        "revoke" => drop(keyring.revoke_token(id, entered.text("token"))?),
        _ => return Err(none(cx)),
    }
    let status = if once.fault.is_some() { 422 } else { 200 };
    Ok(Reply::page(page(app, cx, &once)?).with_status(status))
}

/// Whether a link can be sent to them.
fn can_mail(accounts: &Accounts, account: &Account) -> bool {
    accounts.post.mail.is_some()
        && account.email.is_some()
        && !account.person.is_service()
        && ["invited", "active"].contains(&&*account.state)
}

fn account_id(cx: &Ctx) -> Result<i64, Error> {
    cx.param("account").parse().map_err(|_| none(cx))
}

fn none(cx: &Ctx) -> Error {
    Error::no("利用者", "account", cx.param("account"))
}

fn page(app: &App, cx: &Ctx, once: &Once) -> Result<Markup, Error> {
    let accounts = app.who.accounts()?;
    let people = app.store.people()?;
    let account = people.account(account_id(cx)?).ok_or_else(|| none(cx))?;
    let l = cx.l;
    let purpose = cx.query.get("purpose").filter(|p| app.pack.code("purpose", p).is_some());
    let clearance = Clearance::new(&accounts.policies, account.person.clone(), purpose).map_err(Error::internal)?;
    let whole = app.whole(cx)?;
    let grants = what_can(&clearance, |id| app.sensitivity(&whole, id));
    let title = l.t("この利用者に見えるもの・できること", "What this account can see and do");
    // The name is personal: who administers sees it for a purpose, as everyone does.
    let record = app.open(cx)?.record("office_account", account.id)?;
    let name = match record.as_ref().and_then(|r| r.content.get("name")) {
        Some(Cell::Text(name)) => name,
        _ => &account.login,
    };
    let body = html! {
        (parts::heading(&account.login, name))
        p { a href=(cx.to(&format!("/registers/office_account/{}", account.id))) { (l.t("利用者の記録", "Record of the account")) }
            @if cx.asking.actor.clearance().system(SystemAction::Trail) {
                " · " a href=(cx.to_with("/trail", Query(vec![("person".to_string(), account.login.clone())]))) { (l.t("閲覧・変更したもの", "What they read and changed")) }
            }
        }
        @if let Some(link) = &once.link {
            div class="callout" role="status" {
                p { (l.t("このリンクを本人に渡してください。1回だけ使えます。", "Hand this link to the person; it is good once.")) }
                p { code class="break" { (link) } }
            }
        }
        @if once.sent {
            div class="callout" role="status" {
                p { (l.t("リンクをメールで送ります。", "The link is sent by mail.")) " " a href=(cx.to("/outbox")) { (l.t("通知の送信", "Outbox")) } }
            }
        }
        @if let Some(token) = &once.token {
            div class="callout" role="status" {
                p { (l.t("今だけ表示します。", "Shown only now.")) }
                p { code class="break" { (token) } }
            }
        }
        @if let Some(fault) = &once.fault { div class="callout care" role="alert" { p { (l.p(fault)) } } }
        (entrance(app, cx, accounts, account)?)
        h2 { (title) }
        (for_purpose(app, cx, purpose))
        @if !grants.system.is_empty() {
            p { (l.t("プログラム全体：", "Installation: ")) (grants.system.iter().map(|a| system_word(l, *a)).collect::<Vec<_>>().join(l.t("、", ", "))) }
        }
        p { (l.t("読める指標：", "Indicators it may read: ")) (grants.indicators.len()) " / " (app.pack.indicators.len()) (l.t("、うち秘匿なしの値まで見られる指標：", "; of these with figures that are suppressed for others: ")) (grants.exact.len()) }
        @if grants.registers.is_empty() { p class="muted" { (l.t("台帳で見えるものはありません。", "Nothing in the registers.")) } }
        @else { (granted(app, cx, &clearance, &grants.registers, &grants.whole)) }
    };
    Ok(layout::page(&app.view(cx), name, "registers", &[], body))
}

/// What its register calls the account's state.
fn state_of<'a>(app: &'a App, l: L, account: &'a Account) -> &'a str {
    let register = app.pack.registers.get("office_account");
    register.map_or(&account.state, |register| cells::state_name(l, register, &account.state))
}

/// How the account comes in: links, sessions, tokens.
fn entrance(app: &App, cx: &Ctx, accounts: &Accounts, account: &Account) -> Result<Markup, Error> {
    let l = cx.l;
    let (keyring, id) = (&accounts.keyring, Keyed(account.id));
    let (sessions, factor, password) = (keyring.sessions(id)?, keyring.has_second_factor(id)?, keyring.has_password(id)?);
    let button = |task: &str, word: &str| {
        html! { button class="quiet" name="_do" value=(task) { (word) } " " }
    };
    Ok(html! {
        h2 { (l.t("サインイン", "Signing in")) }
        dl class="facts" {
            div { dt { (l.t("状態", "State")) } dd { (state_of(app, l, account)) } }
            div { dt { (l.t("パスワード", "Password")) } dd { (if password { l.t("あり", "set") } else { l.t("なし", "none") }) } }
            div { dt { (l.t("認証アプリ", "Authenticator app")) } dd { (if factor { l.t("あり", "in force") } else { l.t("なし", "none") }) } }
            div { dt { (l.t("セッション", "Sessions")) } dd { (sessions.len()) } }
        }
        form method="post" action=(cx.form_action()) {
            input type="hidden" name="_token" value=(cx.asking.word);
            p {
                @if !account.person.is_service() {
                    (button("invite", if account.state == "invited" { l.t("招待のリンクを作る", "Make an invitation link") } else { l.t("再設定のリンクを作る", "Make a recovery link") }))
                }
                @if can_mail(accounts, account) {
                    (button("mail", if account.state == "invited" { l.t("招待をメールで送る", "Send an invitation by mail") } else { l.t("再設定のリンクをメールで送る", "Send a recovery link by mail") }))
                }
                @if !sessions.is_empty() { (button("end", l.t("セッションをすべて終わらせる", "End all sessions"))) }
                @if factor { (button("remove-factor", l.t("認証アプリを外す", "Remove the authenticator app"))) }
                (button("forget", l.t("パスワード・セッション・トークンをすべて消す", "Remove password, sessions and tokens")))
            }
        }
        (tokens::list(cx, account, &keyring.tokens(id)?))
    })
}

fn granted(app: &App, cx: &Ctx, clearance: &Clearance, registers: &[RegisterGrants], whole: &[(String, Vec<RegisterAction>)]) -> Markup {
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
            tbody { @for g in registers {
                @let register = app.pack.registers.get(&g.register);
                tr {
                    td {
                        (register.map_or(g.register.as_str(), |r| l.p(&r.label)))
                        @if g.synthetic { " " span class="tag care" { "synthetic" } }
                        @if let Some((_, actions)) = whole.iter().find(|(name, _)| *name == g.register) {
                            " " span class="small muted" { (joined(actions.iter().map(|a| register_word(l, *a).to_string()).collect())) }
                        }
                    }
                    td { (state_word(l, register, g.state.as_deref())) }
                    td { @if g.own.is_own() { (joined(clearance.organisations(g.own).into_iter().map(shirube_access::Organisation::policy_name).collect())) } @else { (l.t("ほか", "others")) } }
                    td { (joined(g.actions.iter().map(|a| action_word(l, *a).to_string()).collect())) }
                    td { (joined(g.sees.iter().map(|s| sensitivity_word(l, *s).to_string()).collect())) }
                    td { (joined(g.transitions.iter().map(|t| transition_word(l, register, t)).collect())) }
                }
            } }
        } }
    }
}

/// Who may do what with a record, and by which policy.
pub fn who(app: &App, cx: &Ctx) -> Result<Reply, Error> {
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
fn for_purpose(app: &App, cx: &Ctx, purpose: Option<&str>) -> Markup {
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

fn system_word(l: L, action: SystemAction) -> &'static str {
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
