//! The page of an account: how it comes in, what it may do.

use super::{
    confirm, rights,
    roles::{self, MEMBERSHIPS},
    tokens,
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
    who::{self, Accounts},
};
use maud::{Markup, html};
use shirube_access::{Clearance, RecordAction, SystemAction, what_can};
use shirube_keyring::{Account as Keyed, ExposeSecret, Purpose};
use shirube_plan::Pair;
use shirube_record::Cell;
use shirube_snapshot::{AsOf, Snapshot};
use shirube_store::Account;

/// What the page shows once.
#[derive(Default)]
struct Once {
    /// A link, and until when it is good.
    link: Option<(String, Option<i64>)>,
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
            let until = keyring.look_at_link(purpose, token.expose_secret())?.map(|link| link.expires);
            let path = cx.form_path(&format!("/links/{word}/{}", token.expose_secret()));
            once.link = Some((format!("{}{path}", app.site.address(cx)), until));
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
    let reader = app.store.reader(&cx.asking.actor, AsOf::Head)?;
    let called = roles::organisations(&reader, &people, clearance.own_organisations().into_iter().map(|o| o.id), l)?;
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
        @if let Some((link, until)) = &once.link {
            div class="callout" role="status" {
                p {
                    (l.t("このリンクを本人に渡してください。1回だけ使えます。", "Hand this link to the person; it is good once."))
                    @if let Some(until) = until { (l.t("期限：", " It ends ")) (cells::time(l, *until)) (l.t("。", ".")) }
                }
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
        (entrance(app, cx, accounts, account, without_role(cx, &reader, account, record.as_ref().and_then(|r| r.number.as_deref()))?)?)
        h2 { (title) }
        (rights::for_purpose(app, cx, purpose))
        @if !grants.system.is_empty() {
            p { (l.t("プログラム全体：", "Installation: ")) (grants.system.iter().map(|a| rights::system_word(l, *a)).collect::<Vec<_>>().join(l.t("、", ", "))) }
        }
        p { (l.t("読める指標：", "Indicators it may read: ")) (grants.indicators.len()) " / " (app.pack.indicators.len()) (l.t("、うち秘匿なしの値まで見られる指標：", "; of these with figures that are suppressed for others: ")) (grants.exact.len()) }
        @if grants.registers.is_empty() { p class="muted" { (l.t("台帳で見えるものはありません。", "Nothing in the registers.")) } }
        @else { (rights::granted(app, cx, &clearance, &grants, &called)) }
    };
    Ok(layout::page(&app.view(cx), name, "people", &[(l.t("利用者", "People").into(), cx.to("/people"))], body))
}

/// What its register calls the account's state.
fn state_of<'a>(app: &'a App, l: L, account: &'a Account) -> &'a str {
    let register = app.pack.registers.get("office_account");
    register.map_or(&account.state, |register| cells::state_name(l, register, &account.state))
}

/// Beside the links of an account without a role: what they would lead to, and the way to give it one.
fn without_role(cx: &Ctx, reader: &Snapshot, account: &Account, number: Option<&str>) -> Result<Markup, Error> {
    let l = cx.l;
    let may = |action| who::some(cx.asking.actor.clearance(), action, MEMBERSHIPS);
    let comes_in = ["invited", "active"].contains(&&*account.state);
    // To whom memberships are hidden, all accounts seem to be without.
    let seems = account.person.memberships().is_empty() && may(RecordAction::Read);
    if !comes_in || !seems || !roles::held(reader, &[account.id])?.is_empty() {
        return Ok(html! {});
    }
    Ok(html! {
        p class="callout care" {
            (l.t("この利用者には役割がありません。サインインしても、公開されている内容だけが見えます。", "This account has no role: it sees only what the public sees."))
            @if may(RecordAction::Create) {
                " " a href=(cx.form_path(&format!("/registers/{MEMBERSHIPS}/new"))) { (l.t("所属と役割を加える", "Add a membership")) }
                @if let Some(number) = number { " (" (number) ")" }
            }
        }
    })
}

/// How the account comes in: links, sessions, tokens.
fn entrance(app: &App, cx: &Ctx, accounts: &Accounts, account: &Account, above: Markup) -> Result<Markup, Error> {
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
        (above)
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
