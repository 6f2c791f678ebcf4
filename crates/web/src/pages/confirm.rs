//! Asking someone who is signed in once more who they are, before what could take an account away: in place, so that
//! what they wanted is done as soon as they have shown it.

use super::sign_in;
use crate::{
    ctx::Ctx,
    error::{Error, pair},
    form::Entered,
    layout, parts,
    reply::Reply,
    state::App,
    who::{ACCOUNTS, SLOWED, Visitor},
};
use maud::{Markup, html};
use shirube_keyring::{Account, Attempt, Confirmed, ExposeSecret};
use shirube_plan::Register;
use std::time::Duration;

/// They showed it recently enough.
const FRESH: Duration = Duration::from_secs(15 * 60);

const PASSWORD: &str = "_password";
const CODE: &str = "_code";

/// The page that asks for the password before a register is changed that says who may sign in and what they may do, or
/// nothing: go on with what was sent. To be asked of forms that carry the word of their session.
pub fn before_rights(app: &App, cx: &Ctx, register: &Register, entered: &Entered) -> Result<Option<Reply>, Error> {
    if register.built_in() && cx.asking.signed().is_some() { first(app, cx, entered) } else { Ok(None) }
}

/// The same where there is no page to ask on: a session has to have shown it just before, a token to be made for it.
pub fn shown(app: &App, cx: &Ctx, register: &Register) -> Result<(), Error> {
    if !register.built_in() {
        return Ok(());
    }
    match &cx.asking.visitor {
        Visitor::Person(signed) if !app.who.accounts()?.keyring.is_fresh(&signed.session, FRESH) => Err(Error::refused(
            403,
            "confirm",
            pair("本人の確認が必要です", "Show once more who you are"),
            pair(
                "利用者・所属・組織・通知の申込の変更には、15分以内のパスワードの確認が必要です。",
                "Accounts, memberships, organisations and subscriptions are changed within 15 minutes of entering the password.",
            ),
            pair(
                format!(
                    "画面で操作するか、サインインし直してから送ってください。プログラムには範囲「{ACCOUNTS}」のトークンを使ってください。"
                ),
                format!("Use the pages, or sign in again and repeat it; let programs use a token with the scope `{ACCOUNTS}`."),
            ),
        )),
        Visitor::Program(token) if !token.scopes.contains(ACCOUNTS) => Err(Error::Forbidden(pair(
            format!("このトークンの範囲に「{ACCOUNTS}」がありません。"),
            format!("This token’s scopes do not hold `{ACCOUNTS}`, which changes of accounts and what belongs to them need."),
        ))),
        _ => Ok(()),
    }
}

/// The page that asks for the password, or nothing: go on with what was sent.
pub fn first(app: &App, cx: &Ctx, entered: &Entered) -> Result<Option<Reply>, Error> {
    let (accounts, signed) = (app.who.accounts()?, cx.asking.must_sign_in()?);
    let (keyring, me) = (&accounts.keyring, Account(signed.account));
    if keyring.is_fresh(&signed.session, FRESH) {
        return Ok(None);
    }
    if !keyring.has_password(me)? {
        // They sign in otherwise, and do so again. The new session takes the place of this one.
        return Ok(Some(Reply::see_other(sign_in::form_address(cx, &cx.to(&cx.path), true))));
    }
    let with_code = keyring.has_second_factor(me)?;
    let asked = |wrong: Option<sign_in::Wrong>| page(app, cx, entered, &signed.login, with_code, wrong);
    if entered.all(PASSWORD).next().is_none() {
        return Ok(Some(Reply::page(asked(None))));
    }
    let attempt = Attempt {
        login: &signed.login,
        account: Some(me),
        client: sign_in::client(accounts, cx),
        label: &signed.session.label,
        session: Some(signed.token.expose_secret()),
    };
    Ok(match keyring.confirm(&attempt, entered.text(PASSWORD), entered.text(CODE))? {
        Confirmed::Yes => None,
        Confirmed::Wrong => Some(Reply::page(asked(Some(sign_in::Wrong::Again))).with_status(422)),
        Confirmed::Wait { until } => {
            cx.asking.note(SLOWED);
            Some(Reply::page(asked(Some(sign_in::Wrong::Wait(until)))).with_status(429))
        }
    })
}

/// Carries on what was sent, and asks.
fn page(app: &App, cx: &Ctx, entered: &Entered, login: &str, with_code: bool, wrong: Option<sign_in::Wrong>) -> Markup {
    let l = cx.l;
    let title = l.t("本人の確認", "Is it you?");
    let carried = entered.texts().iter().filter(|(name, _)| !["_token", PASSWORD, CODE].contains(&name.as_str()));
    let body = html! {
        (parts::heading(l.t("アカウント", "Account"), title))
        p { (l.t("大切な変更です。続けるには、もう一度パスワードを入れてください。", "This matters: enter your password once more to go on.")) }
        (sign_in::told(cx, wrong))
        form class="narrow" method="post" action=(cx.form_action()) {
            input type="hidden" name="_token" value=(cx.asking.word);
            @for (name, text) in carried { input type="hidden" name=(name) value=(text); }
            input type="text" name="username" value=(login) autocomplete="username" readonly hidden;
            div class="field" {
                label for="password" { (l.t("パスワード", "Password")) }
                input id="password" name=(PASSWORD) type="password" autocomplete="current-password" required autofocus;
            }
            @if with_code {
                div class="field" {
                    label for="code" { (l.t("認証アプリの6桁のコード、または予備コード", "The six digits of your authenticator app, or a recovery code")) }
                    input id="code" name=(CODE) autocomplete="one-time-code" inputmode="text" spellcheck="false" required;
                }
            }
            p { button { (l.t("続ける", "Go on")) } " " a href=(cx.to(&cx.path)) { (l.t("やめる", "Not now")) } }
        }
    };
    layout::page(&app.view(cx), title, "", &[], body)
}
