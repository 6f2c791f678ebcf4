//! From events to deliveries.

use super::{NotifyError, Task, now};
use crate::{state::App, who::Who};
use shirube_outbox::Draft;
use shirube_store::{Channel, Happened, People, Subscriber, Subscription};

/// Events looked at in one step.
const TOGETHER: i64 = 1000;
/// More of one moment than this go into one letter.
const MANY: usize = 20;

/// Makes the deliveries of the events behind the outbox's cursor and moves it. True if there is more to do.
///
/// A new outbox begins at the end of the log: what happened before it is not told. Whoever else follows the same log
/// moves the same cursor, and one of them wins; the others look again.
pub fn derive(app: &App) -> Result<bool, NotifyError> {
    let Who::Accounts(accounts) = &app.who else { return Ok(false) };
    let outbox = &accounts.post.outbox;
    let (cursor, head) = (outbox.cursor()?, app.store.head_seq());
    let Some(cursor) = cursor else {
        outbox.advance(None, head, &[], now())?;
        return Ok(true);
    };
    if cursor >= head {
        // A log of one's own that ends before was restored up to an earlier moment; one of several processes may lag.
        if cursor > head && !app.store.is_shared() {
            outbox.advance(Some(cursor), head, &[], now())?;
        }
        return Ok(false);
    }
    let subscriptions = app.store.subscriptions()?;
    // What happened before the first of them is nobody's news.
    let from = subscriptions.first().map_or(head, |first| first.id).clamp(cursor, head);
    let until = head.min(from + TOGETHER);
    let mut drafts = vec![];
    if from < until {
        let (people, happened) = (app.store.people()?, app.store.happened(from, until)?);
        for subscription in &subscriptions {
            let covered: Vec<&Happened> = happened.iter().filter(|happened| subscription.covers(happened)).collect();
            // What was written at once shares its moment.
            for together in covered.chunk_by(|one, next| one.at == next.at) {
                for account in recipients(&people, subscription) {
                    match together {
                        [first, .., last] if together.len() > MANY && subscription.channel == Channel::Mail => {
                            drafts.push(many((first, last), together, subscription, account));
                        }
                        few => drafts.extend(few.iter().map(|happened| draft(happened, subscription, account))),
                    }
                }
            }
        }
    }
    outbox.advance(Some(cursor), until, &drafts, now())?;
    Ok(until < head)
}

/// The accounts that a subscription speaks of.
fn recipients<'a>(people: &'a People, subscription: &'a Subscription) -> impl Iterator<Item = i64> + 'a {
    people.accounts().filter(move |a| is_recipient(a, subscription)).map(|a| a.id)
}

/// Whether an account is told by a subscription: it may sign in, is or belongs to who subscribed, and can be reached.
pub fn is_recipient(account: &shirube_store::Account, subscription: &Subscription) -> bool {
    let meant = match subscription.subscriber {
        Subscriber::Account(id) => account.id == id,
        Subscriber::Organisation(id) => account.email.is_some() && account.person.memberships().iter().any(|m| m.organisation.id == id),
    };
    meant && account.is_active() && (account.email.is_some() || matches!(subscription.channel, Channel::Webhook(_)))
}

fn draft(happened: &Happened, subscription: &Subscription, account: i64) -> Draft {
    let Happened { seq, register, record, what, state, at } = happened;
    let task = Task::Event {
        seq: *seq,
        at: *at,
        register: register.clone(),
        record: *record,
        what: what.code().to_string(),
        state: state.clone(),
        subscription: subscription.id,
        account,
    };
    Draft {
        key: format!("event/{seq}/{}/{account}", subscription.id),
        lane: format!("{}/{account}/{record}", subscription.id),
        task: task.text(),
    }
}

/// One letter of much that happened at once. Programs are told of each event.
fn many((first, last): (&Happened, &Happened), together: &[&Happened], subscription: &Subscription, account: i64) -> Draft {
    let task = Task::Many {
        at: last.at,
        register: last.register.clone(),
        events: (first.seq, last.seq),
        records: together.iter().map(|happened| happened.record).collect(),
        subscription: subscription.id,
        account,
    };
    let key = format!("events/{}-{}/{}/{account}", first.seq, last.seq, subscription.id);
    Draft { lane: key.clone(), key, task: task.text() }
}
