//! A lost password: whoever it belongs to is sent a link, and whoever asks learns nothing.

use super::sign_in;
use crate::{cells, ctx::Ctx, error::Error, form::Entered, layout, notify::Task, parts, reply::Reply, state::App, who::SLOWED};
use maud::{Markup, html};

/// The form; where no mail is sent, whom to ask instead.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let by_mail = app.who.accounts()?.post.mail.is_some();
    Ok(Reply::page(page(app, cx, if by_mail { form(cx) } else { by_hand(cx) })))
}

/// A login was sent. The same is done and answered whether or not there is such a person: a letter to nobody waits in
/// the outbox, too, and is found out to be one when it is about to be sent.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    if accounts.post.mail.is_none() {
        return Ok(Reply::page(page(app, cx, by_hand(cx))));
    }
    let entered = Entered::read(cx)?;
    let login = entered.text("login").trim().to_lowercase();
    if let Some(until) = accounts.keyring.may_ask_for_letter(sign_in::client(accounts, cx).address)? {
        cx.asking.note(SLOWED);
        return Ok(Reply::page(page(app, cx, wait(cx, until))).with_status(429));
    }
    let people = app.store.people()?;
    let (by_login, by_email) = (people.by_login(&login), people.by_email(&login));
    accounts.post.ask_for(&Task::Forgotten { account: by_login.or(by_email).map(|a| a.id) }).map_err(Error::internal)?;
    Ok(Reply::page(page(app, cx, on_its_way(cx))))
}

fn page(app: &App, cx: &Ctx, content: Markup) -> Markup {
    let l = cx.l;
    let title = l.t("パスワードを忘れた場合", "Forgotten password");
    let body = html! {
        (parts::heading(l.t("サインイン", "Sign in"), title))
        (content)
        p { a href=(cx.to("/sign-in")) { (l.t("サインインへ戻る", "Back to signing in")) } }
    };
    layout::page(&app.view(cx), title, "", &[], body)
}

fn form(cx: &Ctx) -> Markup {
    let l = cx.l;
    html! {
        p { (l.t("新しいパスワードを決めるためのリンクを、登録されたメールアドレスへ送ります。",
                 "We send a link for choosing a new password to the mail address that is registered.")) }
        form class="narrow" method="post" action=(cx.form_action()) {
            div class="field" {
                label for="login" { (l.t("ログイン名またはメールアドレス", "Login or e-mail")) }
                input id="login" name="login" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="320" required autofocus;
            }
            p { button { (l.t("リンクを送る", "Send the link")) } }
        }
    }
}

fn by_hand(cx: &Ctx) -> Markup {
    html! { p { (cx.l.t("管理者に、パスワード再設定のリンクを頼んでください。", "Ask whoever manages the accounts for a link to a new password.")) } }
}

fn on_its_way(cx: &Ctx) -> Markup {
    let l = cx.l;
    html! {
        div class="callout" role="status" {
            p { (l.t("そのログイン名のアカウントにメールアドレスが登録されていれば、リンクを送りました。",
                     "If there is an account of that name with a mail address, a link is on its way.")) }
            p { (l.t("リンクは1時間、1回だけ使えます。届かない場合は迷惑メールを確かめ、管理者に尋ねてください。",
                     "It is good once, for an hour. If nothing comes, look among the junk, then ask whoever manages the accounts.")) }
        }
    }
}

fn wait(cx: &Ctx, until: i64) -> Markup {
    let until = cells::time_words(cx.l, until);
    html! {
        div class="callout care" role="alert" {
            p { @if cx.l.is_ja() { "依頼が続いたため、" (until) " までお待ちください。" } @else { "After several requests, please wait until " (until) "." } }
        }
    }
}
