//! From the outbox to the outside.

use super::{NotifyError, Task, address, derive::is_recipient, letters, now};
use crate::{
    ctx::Ctx,
    state::App,
    who::{Accounts, Who},
};
use serde_json::json;
use shirube_keyring::{Account as Keyed, ExposeSecret, Purpose};
use shirube_outbox::{
    Delivery, Outcome,
    mail::Letter,
    webhook::{Answer, HookUrl, Message},
};
use shirube_plan::Lang;
use shirube_snapshot::AsOf;
use shirube_store::{Account, Actor, Channel, Command, People, Subscription};
use std::{collections::BTreeSet, thread, time::Duration};

/// How long a process that lags behind the one that made the delivery is given to catch up.
const LAG: Duration = Duration::from_secs(2);
/// How long an invitation is good.
pub const INVITATION: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a link to a new password is good that somebody hands on or has sent.
pub const RECOVERY: Duration = Duration::from_secs(24 * 3600);
/// How long one is good that was asked for without being signed in.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// Said of what cannot be done for a fault of our own, which the log lines tell.
const OWN_FAULT: &str = "the program could not do it; see its log";

/// Takes one delivery that is due and tells it. False if there is none.
pub fn deliver(app: &App) -> Result<bool, NotifyError> {
    let Who::Accounts(accounts) = &app.who else { return Ok(false) };
    let outbox = &accounts.post.outbox;
    let Some(delivery) = outbox.take(now())? else { return Ok(false) };
    let outcome = tell(app, accounts, &delivery).unwrap_or_else(|error| {
        tracing::error!(%error, delivery = delivery.id, "a delivery fails");
        Outcome::Again(OWN_FAULT.to_string())
    });
    match &outcome {
        Outcome::Done => tracing::debug!(delivery = delivery.id, "told"),
        Outcome::Again(why) => tracing::info!(delivery = delivery.id, attempt = delivery.attempt, why, "not told yet"),
        Outcome::Never(why) => tracing::warn!(delivery = delivery.id, why, "given up"),
    }
    outbox.settle(&delivery, outcome, now())?;
    Ok(true)
}

fn tell(app: &App, accounts: &Accounts, delivery: &Delivery) -> Result<Outcome, NotifyError> {
    let people = app.store.people()?;
    match Task::parse(&delivery.task) {
        Some(task @ Task::Event { .. }) => event(app, accounts, &people, delivery, &task),
        Some(task @ Task::Many { .. }) => many(app, accounts, &people, delivery, &task),
        Some(Task::Link { purpose, account }) => {
            let wanted = if purpose == Purpose::Invitation { "invited" } else { "active" };
            match people.account(account).filter(|a| a.state == wanted && !a.person.is_service()) {
                Some(account) => {
                    link(app, accounts, account, delivery, (purpose, if purpose == Purpose::Invitation { INVITATION } else { RECOVERY }))
                }
                None => Ok(Outcome::Done),
            }
        }
        Some(Task::Forgotten { account }) => {
            let account = account.and_then(|id| people.account(id)).filter(|a| is_reached(a));
            let Some(account) = account else { return Ok(Outcome::Done) };
            // Counted once, not at every attempt.
            if delivery.attempt == 1 && !accounts.keyring.may_send_letter(Keyed(account.id))? {
                return Ok(Outcome::Done);
            }
            link(app, accounts, account, delivery, (Purpose::Recovery, FORGOTTEN))
        }
        None => Ok(Outcome::Never("this release does not know what it says".to_string())),
    }
}

/// Whether a letter with a link to a new password may go to an account.
fn is_reached(account: &Account) -> bool {
    account.is_active() && account.email.is_some() && !account.person.is_service()
}

/// Sends a letter with a one-time link. The link is made now, so that it stands nowhere before, and taken back if it
/// does not reach the person.
fn link(
    app: &App,
    accounts: &Accounts,
    account: &Account,
    delivery: &Delivery,
    (purpose, life): (Purpose, Duration),
) -> Result<Outcome, NotifyError> {
    let Some(mail) = &accounts.post.mail else { return Ok(no_mail()) };
    let Some(to) = &account.email else { return Ok(Outcome::Never("the account has no mail address".to_string())) };
    if app.site.public_url.is_none() {
        return Ok(Outcome::Again("public_url is not set, so there is no address to send".to_string()));
    }
    let id = Keyed(account.id);
    let token = accounts.keyring.make_link(purpose, id, "", life)?;
    let word = if purpose == Purpose::Invitation { "invitation" } else { "recovery" };
    let address = address(app, account.english, format_args!("/links/{word}/{}", token.expose_secret()));
    let text = letters::link(&app.pack.meta.label, account.english, purpose, &address, now() + life.as_millis() as i64);
    let outcome = mail.send(&Letter { id: &letter_id(delivery), to, subject: &text.subject, text: &text.body });
    if outcome != Outcome::Done {
        accounts.keyring.drop_link(purpose, id)?;
    }
    Ok(outcome)
}

fn no_mail() -> Outcome {
    Outcome::Again("no mail server is set (mail.server)".to_string())
}

fn letter_id(delivery: &Delivery) -> String {
    format!("{}.{}", delivery.made, delivery.id)
}

/// Tells of an event, if whoever is told may see the record, as it was then and as it is now.
fn event(
    app: &App,
    accounts: &Accounts,
    people: &std::sync::Arc<People>,
    delivery: &Delivery,
    task: &Task,
) -> Result<Outcome, NotifyError> {
    let Task::Event { seq, register, record, subscription, account, .. } = task else { return Ok(Outcome::Done) };
    let Some((subscription, account)) = addressed(app, people, (*subscription, *account))? else { return Ok(Outcome::Done) };
    if !has_seen(app, *seq) {
        return Ok(Outcome::Again("this process is behind the event log".to_string()));
    }
    if seen(app, accounts, (people, account), (register, *seq), &[*record].into())?.is_empty() {
        return Ok(Outcome::Done);
    }
    match &subscription.channel {
        Channel::Mail => {
            let (Some(mail), Some(to)) = (&accounts.post.mail, &account.email) else { return Ok(no_mail()) };
            let lang = if account.english { Lang::En } else { Lang::Ja };
            let to_record = address(app, account.english, crate::cells::record_path(register, *record));
            let to_subscription = address(app, account.english, crate::cells::record_path("office_subscription", subscription.id));
            let text = letters::event(&app.pack, Ctx::plain(lang, "/").l, task, &to_record, &to_subscription);
            Ok(mail.send(&Letter { id: &letter_id(delivery), to, subject: &text.subject, text: &text.body }))
        }
        Channel::Webhook(url) => webhook(app, accounts, account, &subscription, (url, task)),
    }
}

/// Tells of much that happened at once: how many of the records whoever is told may see, and where they are listed.
fn many(app: &App, accounts: &Accounts, people: &std::sync::Arc<People>, delivery: &Delivery, task: &Task) -> Result<Outcome, NotifyError> {
    let Task::Many { register, events: (first, last), records, subscription, account, .. } = task else { return Ok(Outcome::Done) };
    let Some((subscription, account)) = addressed(app, people, (*subscription, *account))? else { return Ok(Outcome::Done) };
    if !has_seen(app, *last) {
        return Ok(Outcome::Again("this process is behind the event log".to_string()));
    }
    let seen = seen(app, accounts, (people, account), (register, *last), records)?.len();
    if seen == 0 {
        return Ok(Outcome::Done);
    }
    let (Some(mail), Some(to)) = (&accounts.post.mail, &account.email) else { return Ok(no_mail()) };
    let lang = if account.english { Lang::En } else { Lang::Ja };
    let (list, own) = (crate::cells::register_path(register), crate::cells::record_path("office_subscription", subscription.id));
    let to_list = address(app, account.english, format_args!("{list}?f._seq.ge={first}&f._seq.le={last}&sort=_seq"));
    let text = letters::many(&app.pack, Ctx::plain(lang, "/").l, task, seen, &to_list, &address(app, account.english, own));
    Ok(mail.send(&Letter { id: &letter_id(delivery), to, subject: &text.subject, text: &text.body }))
}

/// The subscription and whoever is told by it, if they are still to be told.
fn addressed<'p>(
    app: &App,
    people: &'p People,
    (subscription, account): (i64, i64),
) -> Result<Option<(Subscription, &'p Account)>, NotifyError> {
    let subscription = app.store.subscriptions()?.into_iter().find(|s| s.id == subscription);
    let both = subscription.zip(people.account(account));
    Ok(both.filter(|(subscription, account)| is_recipient(account, subscription)))
}

/// Those of the records that an account may see, as they were after an event and as they are now.
fn seen(
    app: &App,
    accounts: &Accounts,
    (people, account): (&std::sync::Arc<People>, &Account),
    (register, seq): (&str, i64),
    records: &BTreeSet<i64>,
) -> Result<BTreeSet<i64>, NotifyError> {
    let actor = accounts.actor(people, Some(account), None)?;
    let mut seen = records.clone();
    for moment in [AsOf::Seq(seq), AsOf::Head] {
        // Numbers, not texts of people: they may stand in the statement.
        let ids = seen.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let found = app.store.reader(&actor, moment)?.cells(register, &[], &format!("WHERE t._id IN ({ids})"), &[]);
        seen = found.map_err(shirube_store::StoreError::from)?.into_iter().map(|record| record.id).collect();
    }
    Ok(seen)
}

/// Whether readers of this process see an event by now.
fn has_seen(app: &App, seq: i64) -> bool {
    const STEP: Duration = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    while app.store.head_seq() < seq && waited < LAG {
        thread::sleep(STEP);
        waited += STEP;
    }
    app.store.head_seq() >= seq
}

fn webhook(
    app: &App,
    accounts: &Accounts,
    account: &Account,
    subscription: &Subscription,
    (url, task): (&str, &Task),
) -> Result<Outcome, NotifyError> {
    let url = match url.parse::<HookUrl>() {
        Ok(url) => url,
        Err(wrong) => return Ok(Outcome::Never(wrong.to_string())),
    };
    let Some(secret) = accounts.keyring.webhook_secret(subscription.id, Keyed(account.id))? else {
        return Ok(Outcome::Again("no signing secret was made; make one on the page of the outbox".to_string()));
    };
    let (Some((id, body)), at) = (body(app, task), now() / 1000) else { return Ok(Outcome::Done) };
    match accounts.post.webhooks.post(&url, secret.expose_secret(), &Message { id: &id, at, body: &body }) {
        Answer::Taken => Ok(Outcome::Done),
        Answer::Refused(why) => Ok(Outcome::Again(why)),
        Answer::Gone => stop(app, subscription.id),
    }
}

/// The id and the body of a webhook's message.
fn body(app: &App, task: &Task) -> Option<(String, String)> {
    let Task::Event { seq, at, register, record, what, state, subscription, .. } = task else { return None };
    let time = jiff::Timestamp::from_millisecond(*at).ok()?.to_string();
    let url = address(app, false, crate::cells::record_path(register, *record));
    let mut data = json!({ "register": register, "record": record, "event": seq, "url": url });
    if let Some(state) = state {
        data["state"] = json!(state);
    }
    let body = json!({ "type": format!("record.{what}"), "timestamp": time, "data": data });
    Some((format!("event-{seq}-{subscription}"), body.to_string()))
}

/// A receiver that is gone (410) is not written to again until somebody resumes the subscription.
fn stop(app: &App, subscription: i64) -> Result<Outcome, NotifyError> {
    let (actor, register) = (Actor::program("webhook"), "office_subscription".to_string());
    let record = app.store.reader(&actor, AsOf::Head)?.record(&register, subscription).map_err(shirube_store::StoreError::from)?;
    if let Some(record) = record.filter(|r| r.state.as_deref() == Some("active")) {
        let (version, reason) = (record.version, Some("the receiver answered 410 (gone)".to_string()));
        app.store.submit(
            &actor,
            Command::Transition { register, record: subscription, version, transition: "stop".into(), content: Default::default(), reason },
        )?;
    }
    Ok(Outcome::Done)
}
