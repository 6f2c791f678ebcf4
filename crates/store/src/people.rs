//! Who may sign in and where they belong, as the office registers say now.

use crate::{Store, StoreError};
use shirube_access::{Organisations, Person};
use shirube_plan::Pair;
use shirube_snapshot::{AsOf, Snapshot, today};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const REGISTERS: [&str; 3] = ["office_account", "office_organisation", "office_membership"];

/// Someone, or a program, who may sign in: a record of `office_account`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Id of the record.
    pub id: i64,
    /// Name under which changes are recorded.
    pub login: String,
    /// The person's name.
    pub name: Option<String>,
    /// Where invitations go.
    pub email: Option<String>,
    /// Mail to them is in English, else in Japanese.
    pub english: bool,
    /// `invited`, `active`, `suspended` or `left`.
    pub state: String,
    /// With their roles in force today. Those of an account that is not active are not counted.
    pub person: Person,
}

impl Account {
    /// Whether they may sign in.
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// Everyone, as of an event and a day.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct People {
    /// Last event that touched accounts, organisations or memberships.
    seq: i64,
    /// Day on which memberships are in force, `YYYY-MM-DD` in Japan: the clock's, for a membership ends whether or not
    /// anything is recorded.
    day: String,
    accounts: BTreeMap<i64, Account>,
    /// What organisations are called, by the id of the record.
    organisations: BTreeMap<i64, Pair>,
}

impl People {
    /// By the id of the record.
    pub fn account(&self, id: i64) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// What an organisation that is not closed is called.
    pub fn organisation(&self, id: i64) -> Option<&Pair> {
        self.organisations.get(&id)
    }

    /// By login.
    pub fn by_login(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|a| a.login == login)
    }

    /// By mail address, regardless of upper and lower case.
    pub fn by_email(&self, email: &str) -> Option<&Account> {
        self.accounts.values().find(|a| a.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(email)))
    }

    /// All of them.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Whether these were read before others. Of two requests at once, the one that began earlier may come later.
    pub fn precede(&self, others: &People) -> bool {
        (self.seq, &self.day) < (others.seq, &others.day)
    }

    /// People who may sign in and hold the role `owner`, by the ids of their records.
    pub fn owners(&self) -> impl Iterator<Item = &Account> {
        let is_owner = |a: &&Account| a.person.memberships().iter().any(|m| m.role == "owner");
        self.accounts().filter(|a| a.is_active() && !a.person.is_service()).filter(is_owner)
    }
}

/// The people that were read last, and an event up to which they hold.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<(Arc<People>, i64)>);

impl Store {
    /// Everyone as of now. Looked at again only when something was recorded, read again only when something about them has
    /// changed, or the day.
    pub fn people(&self) -> Result<Arc<People>, StoreError> {
        let (head, day) = (self.head_seq(), today());
        // Who comes meanwhile waits for the same answer.
        let mut known = self.known();
        if known.1 >= head && known.0.day == day {
            return Ok(Arc::clone(&known.0));
        }
        let reader = self.whole(AsOf::Head)?;
        let seq = reader.last_change(REGISTERS)?;
        if known.0.seq < seq || known.0.day != day {
            known.0 = Arc::new(read(&reader, seq, day)?);
        }
        known.1 = reader.moment().seq;
        Ok(Arc::clone(&known.0))
    }

    fn known(&self) -> MutexGuard<'_, (Arc<People>, i64)> {
        self.people.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(snapshot: &Snapshot, seq: i64, day: String) -> Result<People, StoreError> {
    let connection = snapshot.connection();
    let sql = "SELECT _id, corporate_number, parent, name, coalesce(name_en, name) FROM main.office_organisation
        WHERE _state = 'active'";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let (mut tree, mut names) = (vec![], BTreeMap::new());
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        tree.push((id, row.get(1)?, row.get(2)?));
        // A redacted one has no name.
        if let Some(ja) = row.get(3)? {
            names.insert(id, Pair { ja, en: row.get(4)? });
        }
    }
    let organisations = Organisations::new(tree);
    let sql = "SELECT account, role, organisation FROM main.office_membership
        WHERE _state = 'active' AND coalesce(since <= ?1, 1) AND coalesce(until >= ?1, 1) ORDER BY _id";
    let mut statement = connection.prepare_cached(sql)?;
    let mut held: BTreeMap<i64, Vec<(String, i64)>> = BTreeMap::new();
    let mut rows = statement.query([&day])?;
    while let Some(row) = rows.next()? {
        held.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    let mut statement = connection.prepare_cached("SELECT _id, login, name, email, kind, _state, language FROM main.office_account")?;
    let mut rows = statement.query([])?;
    let mut accounts = BTreeMap::new();
    while let Some(row) = rows.next()? {
        // A redacted account keeps its number and nothing else.
        let (id, Some(login)) = (row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?) else { continue };
        let (kind, state): (Option<String>, String) = (row.get(4)?, row.get(5)?);
        let english = row.get::<_, Option<String>>(6)?.as_deref() == Some("en");
        let roles = held.remove(&id).filter(|_| state == "active").unwrap_or_default();
        let memberships = roles.into_iter().filter_map(|(role, at)| organisations.membership(role, at)).collect();
        let person = match kind.as_deref() {
            Some("service") => Person::service(&login, memberships),
            _ => Person::new(&login, memberships),
        };
        accounts.insert(id, Account { id, login, name: row.get(2)?, email: row.get(3)?, english, state, person });
    }
    Ok(People { seq, day, accounts, organisations: names })
}
