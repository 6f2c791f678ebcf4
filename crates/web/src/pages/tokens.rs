//! Tokens of programs, on the page of their account.

use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::Entered,
    text::L,
    who::{ACCOUNTS, READ, WRITE},
};
use maud::{Markup, html};
use shirube_keyring::{Account as Keyed, ExposeSecret, Keyring, KeyringError, MOST_TOKEN_DAYS, ServiceToken, TokenError};
use shirube_plan::Pair;
use shirube_store::Account;
use std::collections::BTreeSet;

const DAY: i64 = 86_400_000;

/// Makes one as a form asks for it: its text, or what is wrong.
pub fn make(keyring: &Keyring, account: &Account, entered: &Entered) -> Result<Result<String, Pair>, Error> {
    if !account.is_active() {
        return Ok(Err(not_active()));
    }
    let days: i64 = entered.text("days").trim().parse().unwrap_or(0);
    let scopes: BTreeSet<String> =
        [READ, WRITE, ACCOUNTS].into_iter().filter(|s| entered.all("scope").any(|t| t == *s)).map(str::to_string).collect();
    let until = jiff::Timestamp::now().as_millisecond().saturating_add(days.saturating_mul(DAY));
    match keyring.make_token(Keyed(account.id), entered.text("name"), scopes, until) {
        Ok((text, _)) => Ok(Ok(text.expose_secret().to_string())),
        Err(KeyringError::Token(error)) => Ok(Err(fault(error))),
        Err(other) => Err(other.into()),
    }
}

/// Why no token is made for an account: it would be refused, and good all at once when the account becomes active.
fn not_active() -> Pair {
    pair(
        "有効な利用者にだけトークンを作れます。先に、利用者の記録で有効にしてください。",
        "Tokens are made for active accounts only: activate it in the account’s record first.",
    )
}

fn fault(error: TokenError) -> Pair {
    match error {
        TokenError::Name => pair(
            "トークンの名前を100字以内で入れてください。何に使うかが、あとから分かるように。",
            "Give the token a name of up to 100 characters, so that one knows later what it is for.",
        ),
        TokenError::NoScope => pair("範囲を少なくとも1つ選んでください。", "Choose at least one scope."),
        TokenError::Expiry { most_days } => {
            pair(format!("有効な日数は1から{most_days}までにしてください。"), format!("Write a number of days from 1 to {most_days}."))
        }
    }
}

/// A scope as the form has it.
fn scope_word(l: L, scope: &str) -> &str {
    match scope {
        READ => l.t("読む", "read"),
        WRITE => l.t("書く", "write"),
        ACCOUNTS => l.t("利用者と組織も書く", "write accounts and organisations, too"),
        other => other,
    }
}

/// Those there are, and the form for another.
pub fn list(cx: &Ctx, account: &Account, tokens: &[ServiceToken]) -> Markup {
    let l = cx.l;
    html! {
        h3 { (l.t("プログラム用のトークン", "Tokens for programs")) }
        p class="small muted" {
            @if account.person.is_service() { (l.t("プログラムは、トークンを示して、この利用者の権限でAPIを使います。", "A program shows its token and uses the API with the rights of this account.")) }
            @else { (l.t("トークンを示すプログラムは、この人の名前と権限でAPIを使います。単独で動くプログラムには、サービスの利用者を作ってください。",
                         "A program that shows one uses the API in this person’s name and with their rights. For a program that runs by itself make a service account.")) }
        }
        @if tokens.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else {
            ul { @for token in tokens {
                li {
                    b { (token.name) } " · " (token.scopes.iter().map(|scope| scope_word(l, scope)).collect::<Vec<_>>().join(l.t("・", ", "))) " · "
                    (l.t("期限 ", "until ")) (cells::time(l, token.expires)) " "
                    form class="inline" method="post" action=(cx.form_action()) {
                        input type="hidden" name="_token" value=(cx.asking.word);
                        input type="hidden" name="token" value=(token.id);
                        button class="quiet" name="_do" value="revoke" { (l.t("取り消す", "Revoke")) }
                    }
                }
            } }
        }
        @if !account.is_active() { p { (l.p(&not_active())) } }
        @else { form class="narrow" method="post" action=(cx.form_action()) {
            input type="hidden" name="_token" value=(cx.asking.word);
            div class="field" { label for="name" { (l.t("名前（何に使うか）", "Name (what it is for)")) } input id="name" name="name" required maxlength="100"; }
            fieldset class="field" {
                legend { (l.t("範囲", "Scopes")) }
                label { input type="checkbox" name="scope" value=(READ) checked; " " (scope_word(l, READ)) } " "
                label { input type="checkbox" name="scope" value=(WRITE); " " (scope_word(l, WRITE)) } " "
                label { input type="checkbox" name="scope" value=(ACCOUNTS); " " (scope_word(l, ACCOUNTS)) }
            }
            div class="field" {
                label for="days" {
                    @if l.is_ja() { "有効な日数（最長" (MOST_TOKEN_DAYS) "日）" } @else { "Days it is good (at most " (MOST_TOKEN_DAYS) ")" }
                }
                input id="days" name="days" type="number" min="1" max=(MOST_TOKEN_DAYS) value="90" required;
            }
            p { button class="quiet" name="_do" value="token" { (l.t("トークンを作る", "Make a token")) } }
        } }
    }
}
