//! Who is to be told of what, and what happened: the two sides that deliveries are made of.
//!
//! Neither is narrowed to what somebody may see. What happened holds no values, only which record it was and the state
//! it moved to; whoever tells somebody of it asks for the record in their name first.

use crate::{Store, StoreError, log::Which};
use shirube_record::EventKind;
use shirube_snapshot::AsOf;

/// By what one is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A letter to the account's mail address.
    Mail,
    /// A message posted to this address.
    Webhook(String),
}

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscriber {
    /// An account, by its record.
    Account(i64),
    /// Everyone who belongs to an organisation, by its record.
    Organisation(i64),
}

/// A subscription in force: a record of `office_subscription`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Id of the record. What happened before it is not told.
    pub id: i64,
    /// Who is told.
    pub subscriber: Subscriber,
    /// In which register.
    pub register: String,
    /// Of what; none for anything.
    pub happening: Option<Happening>,
    /// Of moves to this state only.
    pub to_state: Option<String>,
    /// By what.
    pub channel: Channel,
}

impl Subscription {
    /// Whether this is to be told.
    pub fn covers(&self, happened: &Happened) -> bool {
        happened.seq > self.id
            && happened.register == self.register
            && self.happening.is_none_or(|wanted| wanted == happened.what)
            && (self.to_state.is_none() || self.to_state == happened.state)
    }
}

/// What may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A record began.
    Create,
    /// Its columns changed, or a file was attached.
    Amend,
    /// It moved to another state.
    Transition,
}

impl Happening {
    /// Every one.
    pub const ALL: [Happening; 3] = [Happening::Create, Happening::Amend, Happening::Transition];

    /// Code in the list `office_happening`.
    pub fn code(self) -> &'static str {
        match self {
            Happening::Create => "create",
            Happening::Amend => "amend",
            Happening::Transition => "transition",
        }
    }

    /// By its code.
    pub fn parse(code: &str) -> Option<Happening> {
        Happening::ALL.into_iter().find(|h| h.code() == code)
    }
}

/// Something that happened, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The event.
    pub seq: i64,
    /// Register of the record.
    pub register: String,
    /// The record.
    pub record: i64,
    /// What.
    pub what: Happening,
    /// The state it moved to, for moves; none once that was erased.
    pub state: Option<String>,
    /// When (milliseconds since the epoch, UTC).
    pub at: i64,
}

impl Store {
    /// The subscriptions in force now, in order of their ids.
    pub fn subscriptions(&self) -> Result<Vec<Subscription>, StoreError> {
        let reader = self.whole(AsOf::Head)?;
        let sql = "SELECT _id, account, organisation, register, happening, to_state, channel, address
            FROM main.office_subscription WHERE _state = 'active' ORDER BY _id";
        let mut statement = reader.connection().prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut subscriptions = vec![];
        while let Some(row) = rows.next()? {
            let text = |at| row.get::<_, Option<String>>(at);
            let subscriber = match (row.get(1)?, row.get(2)?) {
                (Some(account), _) => Subscriber::Account(account),
                (None, Some(organisation)) => Subscriber::Organisation(organisation),
                // Erased.
                (None, None) => continue,
            };
            let channel = match (text(6)?.as_deref(), text(7)?) {
                (Some("mail"), _) => Channel::Mail,
                (Some("webhook"), Some(address)) => Channel::Webhook(address),
                _ => continue,
            };
            let (Some(register), Some(happening)) = (text(3)?, text(4)?) else { continue };
            let happening = Happening::parse(&happening);
            subscriptions.push(Subscription { id: row.get(0)?, subscriber, register, happening, to_state: text(5)?, channel });
        }
        Ok(subscriptions)
    }

    /// What happened behind one event up to another, in order. Redactions are no news.
    pub fn happened(&self, after: i64, until: i64) -> Result<Vec<Happened>, StoreError> {
        let mut all = vec![];
        self.log_reader()?.read(Which::Between(after, until), &mut |event| {
            let what = match event.kind {
                EventKind::Create => Happening::Create,
                EventKind::Amend | EventKind::Attach => Happening::Amend,
                EventKind::Transition => Happening::Transition,
                EventKind::Redact => return Ok(()),
            };
            let state = event.body.and_then(|body| body.state).filter(|_| what == Happening::Transition);
            all.push(Happened { seq: event.seq, register: event.register, record: event.record, what, state, at: event.at });
            Ok(())
        })?;
        Ok(all)
    }
}
