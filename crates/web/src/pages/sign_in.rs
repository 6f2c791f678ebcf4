//! Signing in and out.

use crate::{
    cells,
    ctx::Ctx,
    error::Error,
    form::Entered,
    gate, layout, parts,
    reply::Reply,
    state::App,
    url,
    who::{Accounts, SLOWED, cookies},
};
use maud::{Markup, html};
use shirube_keyring::{Account, Attempt, Client, ExposeSecret, SignIn, SignedIn};
use std::net::{IpAddr, Ipv4Addr};

/// What went wrong with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Login or password; which of them is not told.
    Password,
    /// The code.
    Code,
    /// Password or code, asked for once more of someone who is signed in; which of them is not told.
    Again,
    /// Too many failures; the next attempt may be made then (milliseconds since 1970 UTC).
    Wait(i64),
    /// The code was asked for too long ago.
    Over,
}

/// The form.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    if cx.asking.signed().is_some() && cx.query.get("again").is_none() {
        return Ok(Reply::see_other(destination(cx, cx.query.get("to"))));
    }
    Ok(Reply::page(form(app, cx, accounts, "", cx.query.get("to").unwrap_or_default(), None)))
}

/// Login and password were sent.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let entered = Entered::read(cx)?;
    let (typed, to) = (entered.text("login").trim(), entered.text("to"));
    let people = app.store.people()?;
    let login = typed.to_lowercase();
    let account = people.by_login(&login).or_else(|| people.by_email(&login)).filter(|a| a.is_active() && !a.person.is_service());
    let attempt = Attempt {
        login: account.map_or(typed, |a| &a.login),
        account: account.map(|a| Account(a.id)),
        client: client(accounts, cx),
        label: &label(cx),
        session: cookies::read(&cx.headers, cookies::SESSION, accounts.https),
    };
    let attempted = accounts.keyring.sign_in(&attempt, entered.text("password"))?;
    Ok(outcome(app, cx, accounts, attempted, typed, to))
}

/// What is answered to an attempt.
pub fn outcome(app: &App, cx: &Ctx, accounts: &Accounts, outcome: SignIn, typed: &str, to: &str) -> Reply {
    match outcome {
        SignIn::Done(done) => signed_in(accounts, &done, destination(cx, Some(to))),
        SignIn::SecondFactor(token) => {
            let half = cookies::set(cookies::HALF, token.expose_secret(), None, accounts.https);
            Reply::page(code_form(app, cx, to, None)).with_cookie(half)
        }
        SignIn::Wrong => Reply::page(form(app, cx, accounts, typed, to, Some(Wrong::Password))).with_status(422),
        SignIn::Wait { until } => {
            cx.asking.note(SLOWED);
            Reply::page(form(app, cx, accounts, typed, to, Some(Wrong::Wait(until)))).with_status(429)
        }
    }
}

/// The code of the second factor was sent.
pub fn code(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let entered = Entered::read(cx)?;
    let to = entered.text("to");
    let half = cookies::read(&cx.headers, cookies::HALF, accounts.https).unwrap_or_default();
    let over = cookies::remove(cookies::HALF, accounts.https);
    match accounts.keyring.second_factor(half, entered.text("code"), &client(accounts, cx))? {
        Some(SignIn::Done(done)) => Ok(signed_in(accounts, &done, destination(cx, Some(to))).with_cookie(over)),
        Some(SignIn::Wait { until }) => {
            cx.asking.note(SLOWED);
            Ok(Reply::page(code_form(app, cx, to, Some(Wrong::Wait(until)))).with_status(429))
        }
        Some(_) => Ok(Reply::page(code_form(app, cx, to, Some(Wrong::Code))).with_status(422)),
        None => Ok(Reply::page(form(app, cx, accounts, "", to, Some(Wrong::Over))).with_status(422).with_cookie(over)),
    }
}

/// Signs out. From a page that is out of date, too: that the form comes from our own pages is seen from its origin.
pub fn out(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    accounts.keyring.end_session(cx.asking.must_sign_in()?.token.expose_secret())?;
    let over = [cookies::SESSION, cookies::PURPOSE].map(|name| cookies::remove(name, accounts.https));
    let reply = over.into_iter().fold(Reply::see_other(cx.to("/")), Reply::with_cookie);
    Ok(reply.with_header("clear-site-data", "\"cache\"".into()))
}

/// Answers with the cookies of a session that has begun.
pub fn signed_in(accounts: &Accounts, done: &SignedIn, to: String) -> Reply {
    let https = accounts.https;
    let reply = Reply::see_other(to).with_cookie(cookies::set(cookies::SESSION, done.token.expose_secret(), None, https));
    match &done.device {
        Some(device) => reply.with_cookie(cookies::set(cookies::DEVICE, device.expose_secret(), Some(cookies::DEVICE_SECONDS), https)),
        None => reply,
    }
}

/// Where someone came from, as the keyring counts it. Without an address all count as one.
pub fn client<'a>(accounts: &Accounts, cx: &'a Ctx) -> Client<'a> {
    let address = cx.asking.client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    Client { address, device: cookies::read(&cx.headers, cookies::DEVICE, accounts.https) }
}

/// What the list of sessions shows of a browser.
pub fn label(cx: &Ctx) -> String {
    cx.header("user-agent").unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The page where one signs in, to go on to another; again though one is signed in, if that is wanted.
pub fn form_address(cx: &Ctx, to: &str, again: bool) -> String {
    cx.form_path(&format!("/sign-in?{}to={}", if again { "again=1&" } else { "" }, url::value(to)))
}

/// The same after a password was set, which the page then says.
pub const PASSWORD_SET: &str = "/sign-in?done=password";

/// Where to go after signing in: a page of ours, else the front page.
pub fn destination(cx: &Ctx, to: Option<&str>) -> String {
    to.filter(|to| gate::own_address(to)).map_or_else(|| cx.to("/"), str::to_string)
}

pub(super) fn told(cx: &Ctx, wrong: Option<Wrong>) -> Markup {
    let l = cx.l;
    let Some(wrong) = wrong else { return html! {} };
    let words = match wrong {
        Wrong::Password => l.t("ログイン名かパスワードが違います。", "The login or the password is wrong.").to_string(),
        Wrong::Code => l.t("コードが違うか、すでに使われています。", "The code is wrong or was used already.").to_string(),
        Wrong::Again => l.t("パスワードかコードが違います。", "The password or the code is wrong.").to_string(),
        Wrong::Over => l.t("時間が過ぎました。もう一度サインインしてください。", "That took too long; sign in again.").to_string(),
        Wrong::Wait(until) => match l.is_ja() {
            true => format!("失敗が続いたため、{} までお待ちください。", cells::time_words(l, until)),
            false => format!("After several failures, please wait until {}.", cells::time_words(l, until)),
        },
    };
    html! { div class="callout care" role="alert" { p { (words) } } }
}

fn form(app: &App, cx: &Ctx, accounts: &Accounts, login: &str, to: &str, wrong: Option<Wrong>) -> Markup {
    let l = cx.l;
    let title = l.t("サインイン", "Sign in");
    let body = html! {
        (parts::heading(l.t("関係者の入口", "For those who work on the plan"), title))
        @if cx.query.get("done").is_some() && wrong.is_none() {
            div class="callout" role="status" { p { (l.t("パスワードを設定しました。サインインしてください。", "The password is set. Sign in with it.")) } }
        }
        (told(cx, wrong))
        form class="narrow" method="post" action=(cx.form_path("/sign-in")) {
            input type="hidden" name="to" value=(to);
            div class="field" {
                label for="login" { (l.t("ログイン名またはメールアドレス", "Login or e-mail")) }
                input id="login" name="login" value=(login) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus;
            }
            div class="field" {
                label for="password" { (l.t("パスワード", "Password")) }
                input id="password" name="password" type="password" autocomplete="current-password" required;
            }
            p { button { (title) } }
        }
        p { a href=(cx.to("/sign-in/forgot")) { (l.t("パスワードを忘れた場合", "Forgotten your password?")) } }
        @if let Some(provider) = &accounts.provider {
            p { a class="button quiet" href=(by_provider(cx, to)) {
                @if l.is_ja() { (provider.name) "でサインイン" } @else { "Sign in with " (provider.name) }
            } }
        }
        p class="small muted" { (l.t("公開されている内容は、サインインしなくても見られます。", "What is published can be read without signing in.")) }
    };
    layout::page(&app.view(cx), title, "", &[], body)
}

/// The way to the provider. Who is to sign in again is asked again there, too.
fn by_provider(cx: &Ctx, to: &str) -> String {
    let again = if cx.query.get("again").is_some() { "&again=1" } else { "" };
    cx.form_path(&format!("/sign-in/provider?to={}{again}", url::value(to)))
}

fn code_form(app: &App, cx: &Ctx, to: &str, wrong: Option<Wrong>) -> Markup {
    let l = cx.l;
    let title = l.t("確認コード", "Confirmation code");
    let body = html! {
        (parts::heading(l.t("サインイン", "Sign in"), title))
        (told(cx, wrong))
        form class="narrow" method="post" action=(cx.form_path("/sign-in/code")) {
            input type="hidden" name="to" value=(to);
            div class="field" {
                label for="code" { (l.t("認証アプリの6桁のコード、または予備コード", "The six digits of your authenticator app, or a recovery code")) }
                input id="code" name="code" autocomplete="one-time-code" inputmode="text" spellcheck="false" required autofocus;
            }
            p { button { (l.t("続ける", "Go on")) } }
        }
    };
    layout::page(&app.view(cx), title, "", &[], body)
}
