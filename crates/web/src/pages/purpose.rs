//! What someone looks at personal fields for: asked for on one's own page, and where a form lacks them without it.

use super::desk::fields_within;
use crate::{ctx::Ctx, error::Error, gate, reply::Reply, state::App, who::cookies};
use maud::{Markup, html};
use shirube_access::Rows;
use shirube_plan::{Code, Field, Register, Sensitivity};

/// A purpose was stated, or taken back: on to the page that asked for it.
pub fn state(app: &App, cx: &Ctx, purpose: &str, to: &str) -> Result<Reply, Error> {
    let https = app.who.accounts()?.https;
    let cookie = match app.pack.code("purpose", purpose) {
        Some(_) => cookies::set(cookies::PURPOSE, purpose, Some(cookies::PURPOSE_SECONDS), https),
        None => cookies::remove(cookies::PURPOSE, https),
    };
    let to = if gate::own_address(to) { to.to_string() } else { cx.to("/me") };
    Ok(Reply::see_other(to).with_cookie(cookie))
}

/// All there are.
pub fn all(app: &App) -> impl Iterator<Item = &Code> {
    app.pack.code_lists.get("purpose").into_iter().flat_map(|list| &list.codes)
}

/// Above a form that lacks these fields: why it does, and the choice of a purpose, if with one there would be more.
pub fn offer(app: &App, cx: &Ctx, register: &Register, left: &[&Field]) -> Result<Markup, Error> {
    let is_personal = |field: &&&Field| fields_within(std::slice::from_ref(**field)).any(|f| f.sensitivity == Sensitivity::Personal);
    let personal: Vec<&str> = left.iter().filter(is_personal).map(|f| cx.l.p(&f.label)).collect();
    let Some(signed) = cx.asking.signed().filter(|_| !personal.is_empty() && cx.asking.actor.clearance().purpose().is_none()) else {
        return Ok(html! {});
    };
    let (accounts, people) = (app.who.accounts()?, app.store.people()?);
    let mut open = vec![];
    for code in all(app) {
        let actor = accounts.actor(&people, people.account(signed.account), Some(&code.code))?;
        if actor.clearance().rows_showing(Sensitivity::Personal, &register.name) != Rows::None {
            open.push(code);
        }
    }
    if open.is_empty() {
        return Ok(html! {});
    }
    let l = cx.l;
    let labels = personal.join(l.t("、", ", "));
    Ok(html! {
        section class="callout" {
            h2 { (l.t("利用目的を示すと入力できる項目があります", "Some fields are for a stated purpose")) }
            p {
                @if l.is_ja() { "「" (labels) "」は個人に関する項目で、今は画面にありません。利用目的を示すと、見て入力できるようになります。示した目的は閲覧の記録に残ります。先に示してから入力してください。" }
                @else { "Personal fields are not on this page at present: " (labels) ". State what you need them for to see and fill them in; the purpose is recorded with every reading. Do so before you type." }
            }
            form class="filters" method="post" action=(cx.form_path("/me")) {
                input type="hidden" name="_token" value=(cx.asking.word);
                input type="hidden" name="_do" value="purpose";
                input type="hidden" name="to" value=(cx.to(&cx.path));
                label { (l.t("利用目的", "Purpose")) " "
                    select name="purpose" { @for code in open { option value=(code.code) { (l.p(&code.label)) } } }
                }
                button class="quiet" { (l.t("目的を示す", "Set the purpose")) }
            }
        }
    })
}
