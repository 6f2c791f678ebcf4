//! Every kind of visitor, and what each may be told of records with a word of its own in every field.

use crate::{
    testing::{self, Portal},
    tests::accounts::{self, Browser, PASSWORD, make, text},
};
use shirube_access::{Clearance, Own, Person, RecordAction, RecordOwner, View};
use shirube_keyring::{Account, ExposeSecret, csrf_token};
use shirube_plan::Sensitivity;
use shirube_record::Cell;
use shirube_store::{Actor, Command};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

/// Corporate numbers of two houses.
pub(super) const HOUSES: [(&str, &str); 2] = [("House A", "7000012050002"), ("House B", "8000012010038")];

/// Somebody who asks.
pub struct Visitor {
    pub name: &'static str,
    pub headers: Vec<(&'static str, String)>,
    /// What the policies permit them, on pages and in the API.
    pages: Clearance,
    api: Clearance,
    pub kind: Kind,
    /// As events and jobs name them.
    pub actor: String,
    /// The word of their forms.
    pub word: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Public,
    Person,
    /// A program by a token that may read only.
    Reads,
    Program,
    Trial,
}

impl Visitor {
    pub fn clearance(&self, api: bool) -> &Clearance {
        if api { &self.api } else { &self.pages }
    }

    /// Whether they are known to be someone there.
    pub fn is_known(&self, api: bool) -> bool {
        match self.kind {
            Kind::Public => false,
            Kind::Person | Kind::Trial => true,
            Kind::Reads | Kind::Program => api,
        }
    }
}

/// What decisions on a version of a record depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub state: Option<String>,
    pub owner: Option<Whose>,
    pub synthetic: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Whose {
    Number(String),
    Organisation(i64),
}

impl Standing {
    pub fn view<'a>(&'a self, register: &'a str, clearance: &Clearance) -> View<'a> {
        let owner = match &self.owner {
            None => RecordOwner::Nobody,
            Some(Whose::Number(number)) => RecordOwner::Number(number),
            Some(Whose::Organisation(id)) => RecordOwner::Organisation(*id),
        };
        let own = if self.owner.is_some() { clearance.whose(owner) } else { Own::NO };
        View { register, state: self.state.as_deref(), own, synthetic: self.synthetic }
    }
}

/// A record whose words are known.
#[derive(Clone, Debug)]
pub struct Planted {
    pub register: String,
    pub id: i64,
    /// Its versions, oldest first.
    pub versions: Vec<Standing>,
    pub erased: bool,
}

impl Planted {
    pub fn now(&self) -> &Standing {
        self.versions.last().unwrap()
    }

    pub fn may(&self, clearance: &Clearance, action: RecordAction) -> bool {
        !self.erased && clearance.may(action, self.now().view(&self.register, clearance))
    }
}

/// Where a word stands.
#[derive(Clone, Debug)]
pub struct Word {
    pub record: usize,
    pub sensitivity: Sensitivity,
    /// Versions that hold it.
    pub versions: RangeInclusive<usize>,
    /// It is not in the record but in the reason of a change.
    pub is_reason: bool,
}

pub struct Scene {
    pub portal: Portal,
    pub visitors: Vec<Visitor>,
    pub records: Vec<Planted>,
    pub words: BTreeMap<String, Word>,
    /// Jobs and the words in them: id, who began it.
    pub jobs: Vec<(String, String)>,
    /// Names of people, which are words: by login.
    names: BTreeMap<String, String>,
    pub houses: [i64; 2],
    /// Words given out so far.
    pub next: usize,
}

/// All words of ours in a text, also where its letters were changed to upper case.
pub fn words_in(bytes: &[u8]) -> BTreeSet<String> {
    let text = bytes.to_ascii_lowercase();
    let is_word = |w: &&[u8]| w.starts_with(b"zq") && w.iter().skip(2).all(u8::is_ascii_digit);
    text.windows(6).filter(is_word).map(|w| String::from_utf8_lossy(w).into_owned()).collect()
}

impl Scene {
    pub fn new() -> Scene {
        let (portal, link) = Portal::with_accounts(testing::guarded());
        accounts::founded(&portal, &link);
        let houses = HOUSES.map(|(name, number)| {
            make(&portal, "office_organisation", &[("name", text(name)), ("kind", text("other")), ("corporate_number", text(number))])
        });
        let mut scene = Scene {
            portal,
            visitors: vec![],
            records: vec![],
            words: BTreeMap::new(),
            jobs: vec![],
            names: BTreeMap::new(),
            houses,
            next: 0,
        };
        scene.plant();
        scene.invite();
        scene
    }

    /// Whether a word may be told to somebody; with `earlier` also one that stood in an earlier version.
    pub fn may_be_told(&self, word: &str, clearance: &Clearance, earlier: bool) -> bool {
        let Some(word) = self.words.get(word) else { return false };
        let record = &self.records[word.record];
        let last = record.versions.len() - 1;
        if word.is_reason && !record.may(clearance, RecordAction::History) {
            return false;
        }
        let seen = |at: &usize| {
            let view = record.versions[*at].view(&record.register, clearance);
            clearance.may(RecordAction::Read, view) && clearance.sees(view, word.sensitivity)
        };
        let mut versions = word.versions.clone().filter(|at| *at <= last);
        !record.erased && versions.any(|at| (earlier || at == last) && seen(&at))
    }

    /// Records, by register and id, of which words on personal or commercial fields were told.
    pub fn sensitive(&self, words: &BTreeSet<String>) -> BTreeSet<(String, i64)> {
        let words =
            words.iter().filter_map(|word| self.words.get(word)).filter(|w| w.sensitivity >= Sensitivity::Commercial && !w.is_reason);
        words.map(|w| (self.records[w.record].register.clone(), self.records[w.record].id)).collect()
    }

    /// The words of a record that somebody may see in it now.
    pub fn told_of(&self, at: usize, clearance: &Clearance) -> BTreeSet<String> {
        let own = self.words.iter().filter(|(_, w)| w.record == at && !w.is_reason);
        own.map(|(word, _)| word.clone()).filter(|word| self.may_be_told(word, clearance, false)).collect()
    }

    /// An account with roles in houses, whose name is a word.
    fn account(&mut self, login: &str, kind: &str, roles: &[(&str, usize)]) -> i64 {
        let name = self.word(Sensitivity::Personal, 0..=0);
        self.names.insert(login.into(), name.clone());
        let columns = [("login", text(login)), ("kind", text(kind)), ("_state", text("active")), ("name", text(&name))];
        let account = make(&self.portal, "office_account", &columns);
        self.planted("office_account", account, vec![Standing { state: Some("active".into()), owner: None, synthetic: false }]);
        for (role, house) in roles {
            let held = [("account", Cell::Integer(account)), ("organisation", Cell::Integer(self.houses[*house])), ("role", text(role))];
            make(&self.portal, "office_membership", &held);
        }
        if kind == "person" {
            let keyring = &self.portal.app.who.accounts().unwrap().keyring;
            keyring.set_password(Account(account), login, PASSWORD).unwrap();
        }
        account
    }

    /// What the policies permit an account.
    fn permits(&self, account: Option<i64>, purpose: Option<&str>) -> Clearance {
        let people = self.portal.app.store.people().unwrap();
        let person = account.and_then(|id| people.account(id)).map_or_else(Person::public, |a| a.person.clone());
        Clearance::new(&self.portal.app.who.accounts().unwrap().policies, person, purpose).unwrap()
    }

    fn invite(&mut self) {
        let public = self.permits(None, None);
        let visitor = |name, headers, (pages, api): (&Clearance, &Clearance), kind, actor: String, word| Visitor {
            name,
            headers,
            pages: pages.clone(),
            api: api.clone(),
            kind,
            actor,
            word,
        };
        self.visitors.push(visitor("public", vec![], (&public, &public), Kind::Public, "person:public".into(), String::new()));
        let people: [(&'static str, &[(&str, usize)]); 11] = [
            ("no-role", &[]),
            ("owner-a", &[("owner", 0)]),
            ("secretariat-a", &[("secretariat", 0)]),
            ("desk-a", &[("desk", 0)]),
            ("reader-a", &[("reader", 0)]),
            ("auditor-a", &[("auditor", 0)]),
            ("reporter-a", &[("reporter", 0)]),
            ("reporter-b", &[("reporter", 1)]),
            ("company-b", &[("company", 1)]),
            ("desk-a-reporter-b", &[("desk", 0), ("reporter", 1)]),
            ("suspended", &[("secretariat", 0)]),
        ];
        for (login, roles) in people {
            let account = self.account(login, "person", roles);
            let session = || {
                let mut browser = Browser::new(&self.portal);
                assert_eq!(browser.sign_in(login, PASSWORD).status(), 303, "{login}");
                let session = browser.cookies.iter().find(|(n, _)| n == "shirube").unwrap().1.clone();
                let word = csrf_token(&session).expose_secret().to_string();
                (session, word)
            };
            let (own, word) = session();
            let cookies = |session: &str, purpose: &str| vec![("cookie", format!("shirube={session}{purpose}"))];
            // Each visitor has a session of their own.
            let second = (["owner-a", "secretariat-a", "desk-a", "reporter-a"].contains(&login)).then(session);
            if login == "suspended" {
                let (register, record) = ("office_account".to_string(), account);
                let (transition, content, reason) = ("suspend".to_string(), Default::default(), Some("left".to_string()));
                self.submit(Command::Transition { register, record, version: 1, transition, content, reason });
                self.records.last_mut().unwrap().versions[0].state = Some("suspended".into());
                let actor = "person:public".to_string();
                self.visitors.push(visitor(login, cookies(&own, ""), (&public, &public), Kind::Public, actor, word));
                continue;
            }
            let permits = self.permits(Some(account), None);
            let actor = format!("person:{login}");
            self.visitors.push(visitor(login, cookies(&own, ""), (&permits, &permits), Kind::Person, actor.clone(), word));
            let named = match login {
                "owner-a" => "owner-a on duty",
                "secretariat-a" => "secretariat-a on duty",
                "desk-a" => "desk-a on duty",
                "reporter-a" => "reporter-a on duty",
                _ => continue,
            };
            let Some((session, word)) = second else { continue };
            let permits = self.permits(Some(account), Some("duty"));
            self.visitors.push(visitor(
                named,
                cookies(&session, "; shirube-purpose=duty"),
                (&permits, &permits),
                Kind::Person,
                actor,
                word,
            ));
        }
        for (name, scopes, kind) in [("program-reads", &["read"][..], Kind::Reads), ("program", &["read", "write"], Kind::Program)] {
            let account = self.account(name, "service", &[("desk", 0)]);
            let keyring = &self.portal.app.who.accounts().unwrap().keyring;
            let until = jiff::Timestamp::now().as_millisecond() + 1_000_000;
            let scopes = scopes.iter().map(|s| s.to_string()).collect();
            let token = keyring.make_token(Account(account), "feed", scopes, until).unwrap().0;
            let permits = self.permits(Some(account), None);
            let headers = vec![("authorization", format!("Bearer {}", token.expose_secret()))];
            self.visitors.push(visitor(name, headers, (&public, &permits), kind, format!("person:{name}"), String::new()));
        }
        let owner = Clearance::owner();
        let word = self.portal.app.token.word().to_string();
        self.visitors.push(visitor("trial", vec![], (&owner, &owner), Kind::Trial, "owner".into(), word));
    }

    /// Everyone once, the trial last: in it there are no accounts any more.
    pub fn for_everyone(&mut self, mut look: impl FnMut(&Scene, &Visitor)) {
        let visitors = std::mem::take(&mut self.visitors);
        for visitor in &visitors {
            if visitor.kind == Kind::Trial {
                self.portal.app.who = crate::who::Who::Trial;
            }
            look(self, visitor);
        }
    }

    /// One of the visitors.
    pub fn visitor(&self, name: &str) -> &Visitor {
        self.visitors.iter().find(|v| v.name == name).unwrap()
    }
}

impl Scene {
    /// The word that is somebody's own name.
    pub fn name_of(&self, visitor: &Visitor) -> Option<&str> {
        let login = visitor.actor.strip_prefix("person:")?;
        self.names.get(login).map(String::as_str)
    }

    /// What a word is, for telling of a leak.
    pub fn describe(&self, word: &str) -> String {
        let Some(found) = self.words.get(word) else { return format!("{word}, which nobody wrote") };
        let record = &self.records[found.record];
        let what = if found.is_reason { "reason" } else { "value" };
        format!("{word}: {:?} {what} of {} {} {:?} in {:?}", found.sensitivity, record.register, record.id, found.versions, record.versions)
    }

    /// Events of the case that was settled late and of the one that changed hands.
    pub fn moments(&self) -> Vec<i64> {
        let long = self.records.iter().filter(|r| r.versions.len() > 1 && !r.erased);
        let of = |r: &Planted| self.portal.app.store.history(&Actor::owner(), &r.register, r.id).unwrap();
        long.flat_map(|r| of(r).into_iter().map(|v| v.seq)).collect()
    }

    /// Files sent by two people, with mistakes in them.
    pub fn begin_jobs(&mut self) {
        for name in ["secretariat-a", "reporter-b"] {
            let visitor = self.visitor(name);
            let body = format!(
                "--xx\r\ncontent-disposition: form-data; name=\"_token\"\r\n\r\n{}\r\n--xx\r\ncontent-disposition: form-data; name=\"file\"; \
                 filename=\"cases.csv\"\r\n\r\ntitle,year\n{},never\n\r\n--xx--\r\n",
                visitor.word,
                super::SENT
            );
            let to = "/registers/case/import";
            let reply = super::ask(self, visitor, crate::routes::Method::Post, to, "multipart/form-data; boundary=xx", &body).unwrap();
            let id = reply.location().unwrap().rsplit('/').next().unwrap().to_string();
            self.portal.app.jobs.wait(&id, std::time::Duration::from_secs(20));
            self.jobs.push((id, visitor.actor.clone()));
        }
    }
}
