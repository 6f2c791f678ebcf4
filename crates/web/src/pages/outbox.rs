//! The outbox: what waits to be told, what failed and why, what was given up; and the signing secrets of webhooks.

use crate::{
    cells,
    ctx::Ctx,
    error::{Error, pair},
    form::Entered,
    layout,
    notify::{self, Task},
    parts,
    reply::Reply,
    state::App,
    url::Query,
    who::Accounts,
};
use maud::{Markup, html};
use shirube_keyring::{Account as Keyed, ExposeSecret, Purpose};
use shirube_outbox::{Entry, Which, webhook::HookUrl};
use shirube_store::{Channel, People, Subscriber, Subscription};

/// Deliveries on a page.
const PAGE: u32 = 50;

/// The page.
pub fn show(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    Ok(Reply::page(page(app, cx, None)?))
}

/// Something was asked for on it.
pub fn send(app: &App, cx: &Ctx) -> Result<Reply, Error> {
    let accounts = app.who.accounts()?;
    let entered = Entered::read(cx)?;
    if !cx.asking.is_own_form(entered.text("_token")) {
        return Err(Error::Forbidden(pair("画面を開き直してください。", "Open the page again, then repeat.")));
    }
    let id: i64 = entered.text("id").parse().map_err(|_| none(entered.text("id")))?;
    let outbox = &accounts.post.outbox;
    match entered.text("_do") {
        "retry" => drop(outbox.retry(id, notify::now()).map_err(Error::internal)?),
        "drop" => drop(outbox.remove(id).map_err(Error::internal)?),
        "secret" => {
            let hooks = app.store.subscriptions()?;
            let hook = hooks.iter().find(|s| s.id == id && matches!(s.channel, Channel::Webhook(_)));
            let Some(Subscriber::Account(account)) = hook.map(|s| s.subscriber) else { return Err(none(entered.text("id"))) };
            let secret = accounts.keyring.make_webhook_secret(id, Keyed(account))?;
            return Ok(Reply::page(page(app, cx, Some(secret.expose_secret()))?));
        }
        _ => return Err(none(entered.text("_do"))),
    }
    Ok(Reply::see_other(cx.to_with("/outbox", Query::default().with("state", Some(word(which(cx)))))))
}

fn none(id: &str) -> Error {
    Error::no("通知", "delivery", id)
}

/// Which deliveries the address asks for.
fn which(cx: &Ctx) -> Which {
    match cx.query.get("state") {
        Some("failed") => Which::Failed,
        Some("dead") => Which::Dead,
        _ => Which::Waiting,
    }
}

fn word(which: Which) -> &'static str {
    match which {
        Which::Waiting => "waiting",
        Which::Failed => "failed",
        Which::Dead => "dead",
    }
}

fn page(app: &App, cx: &Ctx, secret: Option<&str>) -> Result<Markup, Error> {
    let accounts = app.who.accounts()?;
    let l = cx.l;
    let which = which(cx);
    let after = cx.query.get("after").and_then(|n| n.parse().ok()).unwrap_or(0);
    let outbox = &accounts.post.outbox;
    let tally = outbox.tally().map_err(Error::internal)?;
    let mut entries = outbox.page(which, after, PAGE + 1).map_err(Error::internal)?;
    let next = (entries.len() > PAGE as usize).then(|| entries.pop()).flatten().and_then(|_| entries.last().map(|e| e.id));
    let (people, subscriptions) = (app.store.people()?, app.store.subscriptions()?);
    let tabs = [
        (Which::Waiting, l.t("これから送る", "Waiting"), tally.waiting),
        (Which::Failed, l.t("失敗し、再び試す", "Failed, to be tried again"), tally.failed),
        (Which::Dead, l.t("あきらめた", "Given up"), tally.dead),
    ];
    let at = |state: Which, after: Option<i64>| {
        let after = after.map(|id| id.to_string());
        cx.to_with("/outbox", Query::default().with("state", Some(word(state))).with("after", after.as_deref()))
    };
    let title = l.t("通知の送信", "Outbox");
    let body = html! {
        (parts::heading(l.t("利用者と組織", "People and organisations"), title))
        @if let Some(secret) = secret {
            div class="callout" role="status" {
                p { (l.t("受け手に設定する署名の鍵です。今だけ表示します。", "The signing secret for the receiver. Shown only now.")) }
                p { code class="break" { (secret) } }
            }
        }
        nav aria-label=(title) { p { @for (state, label, count) in tabs {
            a href=(at(state, None)) aria-current=[(state == which).then_some("page")] { (label) " (" (count) ")" } " "
        } } }
        @if entries.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else {
            (table(app, cx, &entries, (&people, &subscriptions)))
        }
        @if let Some(next) = next { p { a href=(at(which, Some(next))) { (l.t("次へ", "Next")) } } }
        (hooks(app, cx, accounts, (&people, &subscriptions))?)
        p class="small muted" { a href=(cx.to("/registers/office_subscription")) { (l.t("通知の申込", "Subscriptions")) } }
    };
    Ok(layout::page(&app.view(cx), title, "registers", &[], body))
}

fn table(app: &App, cx: &Ctx, entries: &[Entry], known: (&People, &[Subscription])) -> Markup {
    let l = cx.l;
    html! {
        div class="scroll" { table class="wide" {
            caption class="visually-hidden" { (l.t("通知", "Deliveries")) }
            thead { tr {
                th scope="col" { (l.t("作成", "Made")) }
                th scope="col" { (l.t("内容", "What")) }
                th scope="col" { (l.t("宛先", "To")) }
                th scope="col" { (l.t("試行", "Attempts")) }
                th scope="col" { (l.t("理由", "Why")) }
                th scope="col" { (l.t("次回", "Next")) }
                th scope="col" { span class="visually-hidden" { (l.t("操作", "Actions")) } }
            } }
            tbody { @for entry in entries {
                @let task = Task::parse(&entry.task);
                tr {
                    td { (cells::time(l, entry.made)) }
                    td { (what(app, cx, task.as_ref())) }
                    td { (to(task.as_ref(), known)) }
                    td { (entry.attempts) }
                    td lang="en" { (entry.problem.as_deref().unwrap_or_default()) }
                    td { @if entry.taken { (l.t("送信中", "being sent")) } @else if which(cx) != Which::Dead { (cells::time(l, entry.due)) } }
                    td {
                        @if entry.problem.is_some() && !entry.taken { (button(cx, entry.id, "retry", l.t("再送", "Retry"))) " " }
                        (button(cx, entry.id, "drop", l.t("送らない", "Drop")))
                    }
                }
            } }
        } }
    }
}

fn button(cx: &Ctx, id: i64, task: &str, word: &str) -> Markup {
    html! {
        form class="inline" method="post" action=(cx.to_with("/outbox", cx.query.with("after", None))) {
            input type="hidden" name="_token" value=(cx.asking.word);
            input type="hidden" name="id" value=(id);
            button class="quiet" name="_do" value=(task) { (word) }
        }
    }
}

fn what(app: &App, cx: &Ctx, task: Option<&Task>) -> Markup {
    let l = cx.l;
    html! {
        @match task {
            Some(task @ Task::Event { register, record, .. }) => {
                a href=(cx.to(&cells::record_path(register, *record))) {
                    (app.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label))) " #" (record)
                }
                " " (notify::happening(&app.pack, l, task))
            }
            Some(Task::Many { register, records, .. }) => {
                a href=(cx.to(&cells::register_path(register))) { (app.pack.registers.get(register).map_or(register.as_str(), |r| l.p(&r.label))) }
                " " @if l.is_ja() { (records.len()) "件をまとめて" } @else { (records.len()) " records at once" }
            }
            Some(Task::Link { purpose: Purpose::Invitation, .. }) => { (l.t("招待", "Invitation")) }
            Some(Task::Link { .. } | Task::Forgotten { .. }) => { (l.t("パスワードの再設定", "A new password")) }
            None => { (l.t("この版では読めません", "This release cannot read it")) }
        }
    }
}

/// A login, and the host of a webhook.
fn to(task: Option<&Task>, (people, subscriptions): (&People, &[Subscription])) -> String {
    let login = |id: &i64| people.account(*id).map_or_else(|| format!("#{id}"), |a| a.login.clone());
    match task {
        Some(Task::Event { account, subscription, .. } | Task::Many { account, subscription, .. }) => {
            let host = subscriptions.iter().find(|s| s.id == *subscription).and_then(host);
            host.map_or_else(|| login(account), |host| format!("{} ({host})", login(account)))
        }
        Some(Task::Link { account, .. } | Task::Forgotten { account: Some(account) }) => login(account),
        Some(Task::Forgotten { account: None }) | None => String::new(),
    }
}

/// Scheme and host of a webhook: what stands behind may be a secret.
fn host(subscription: &Subscription) -> Option<String> {
    match &subscription.channel {
        Channel::Webhook(url) => Some(url.parse::<HookUrl>().map_or_else(|wrong| wrong.to_string(), |url| url.to_string())),
        Channel::Mail => None,
    }
}

/// The webhooks and whether they have a secret.
fn hooks(app: &App, cx: &Ctx, accounts: &Accounts, (people, subscriptions): (&People, &[Subscription])) -> Result<Markup, Error> {
    let l = cx.l;
    let mut rows = vec![];
    for subscription in subscriptions {
        let (Some(host), Subscriber::Account(account)) = (host(subscription), subscription.subscriber) else { continue };
        let has_secret = accounts.keyring.webhook_secret(subscription.id, Keyed(account))?.is_some();
        let login = people.account(account).map_or_else(|| format!("#{account}"), |a| a.login.clone());
        rows.push(html! { li {
            a href=(cx.to(&cells::record_path("office_subscription", subscription.id))) {
                (app.pack.registers.get(&subscription.register).map_or(subscription.register.as_str(), |r| l.p(&r.label)))
            }
            " → " (host) " (" (login) ") "
            @if !has_secret { span class="tag care" { (l.t("署名の鍵がありません", "no signing secret")) } " " }
            (button(cx, subscription.id, "secret", if has_secret { l.t("署名の鍵を作り直す", "New signing secret") } else { l.t("署名の鍵を作る", "Make a signing secret") }))
        } });
    }
    Ok(html! {
        h2 { (l.t("Webhook", "Webhooks")) }
        @if rows.is_empty() { p class="muted" { (l.t("ありません。", "None.")) } } @else { ul { @for row in rows { (row) } } }
    })
}
