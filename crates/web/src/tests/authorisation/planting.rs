//! The records of a scene, with a word of its own in every field.

use super::scene::{HOUSES, Planted, Scene, Standing, Whose, Word};
use crate::tests::accounts::text;
use shirube_plan::Sensitivity;
use shirube_record::{Cell, Content, Origin, Scope};
use shirube_store::{Actor, Command};
use std::ops::RangeInclusive;

impl Scene {
    /// A word of its own for a field of the record that is planted next.
    pub(super) fn word(&mut self, sensitivity: Sensitivity, versions: RangeInclusive<usize>) -> String {
        self.word_of(self.records.len(), sensitivity, versions, false)
    }

    fn word_of(&mut self, record: usize, sensitivity: Sensitivity, versions: RangeInclusive<usize>, is_reason: bool) -> String {
        let word = format!("zq{:04}", self.next);
        self.next += 1;
        self.words.insert(word.clone(), Word { record, sensitivity, versions, is_reason });
        word
    }

    /// Words for all columns of a case but one, which stand in these versions.
    pub fn content_of_case(&mut self, owner: Option<usize>, versions: RangeInclusive<usize>, but: &str) -> Content {
        use Sensitivity as S;
        let mut content = Content::from([("year".to_string(), Cell::Integer(2024))]);
        for (column, sensitivity) in [
            ("title", S::Public),
            ("memo", S::Internal),
            ("code", S::Internal),
            ("price", S::Commercial),
            ("contact", S::Personal),
            ("flyer", S::Public),
            ("scan", S::Commercial),
        ]
        .into_iter()
        .filter(|(column, _)| *column != but)
        {
            let word = self.word(sensitivity, versions.clone());
            content.insert(column.into(), text(&word));
            if ["flyer", "scan"].contains(&column) {
                let bytes = format!("content of {word}");
                let field = self.portal.app.pack.registers["case"].field(column).unwrap();
                let sha = self.portal.app.store.keep(&Actor::owner(), field, "x.txt", "text/plain", bytes.as_bytes()).unwrap();
                content.insert(format!("{column}_sha256"), text(&sha));
                content.insert(format!("{column}_media"), text("text/plain"));
                content.insert(format!("{column}_size"), Cell::Integer(bytes.len() as i64));
            }
        }
        let mail = self.word(S::Personal, versions.clone());
        content.insert("contact_email".into(), text(&format!("{mail}@example.org")));
        let fields = [("place", S::Public), ("remark", S::Internal), ("offer", S::Commercial), ("guest", S::Personal)];
        let row = fields.map(|(column, sensitivity)| (column.to_string(), text(&self.word(sensitivity, versions.clone()))));
        content.insert("visits".into(), Cell::Rows(vec![Content::from(row)]));
        if let Some(owner) = owner {
            content.insert("company".into(), text(HOUSES[owner].0));
            content.insert("company_number".into(), text(HOUSES[owner].1));
        }
        content
    }

    fn create(&self, register: &str, mut content: Content, state: Option<&str>, synthetic: bool) -> i64 {
        if let Some(state) = state {
            content.insert("_state".into(), text(state));
        }
        let origin = Origin { synthetic, ..Origin::default() };
        self.submit(Command::Create { register: register.into(), content, origin })
    }

    pub(super) fn submit(&self, command: Command) -> i64 {
        self.portal.app.store.submit(&Actor::owner(), command).unwrap().record
    }

    fn case_stands(state: &str, owner: Option<usize>, synthetic: bool) -> Standing {
        let owner = owner.map(|o| Whose::Number(HOUSES[o].1.into()));
        Standing { state: Some(state.into()), owner, synthetic }
    }

    /// A case in a state, of a house; its place among the records.
    pub fn case(&mut self, state: &str, owner: Option<usize>, synthetic: bool) -> usize {
        let content = self.content_of_case(owner, 0..=0, "");
        let id = self.create("case", content, Some(state), synthetic);
        self.planted("case", id, vec![Self::case_stands(state, owner, synthetic)])
    }

    pub fn partner(&mut self, owner: Option<usize>) -> usize {
        let content = [("name", Sensitivity::Public), ("fee", Sensitivity::Commercial)];
        let mut content = Content::from(content.map(|(c, s)| (c.to_string(), text(&self.word(s, 0..=0)))));
        let owner = owner.map(|o| self.houses[o]);
        content.extend(owner.map(|id| ("house".to_string(), Cell::Integer(id))));
        let id = self.create("partner", content, None, false);
        self.planted("partner", id, vec![Standing { state: None, owner: owner.map(Whose::Organisation), synthetic: false }])
    }

    pub fn board(&mut self, case: Option<usize>) -> usize {
        let content = [("headline", Sensitivity::Public), ("note", Sensitivity::Internal), ("author", Sensitivity::Personal)];
        let mut content = Content::from(content.map(|(c, s)| (c.to_string(), text(&self.word(s, 0..=0)))));
        content.extend(case.map(|at| ("case".to_string(), Cell::Integer(self.records[at].id))));
        let id = self.create("board", content, None, false);
        self.planted("board", id, vec![Standing { state: None, owner: None, synthetic: false }])
    }

    pub(super) fn planted(&mut self, register: &str, id: i64, versions: Vec<Standing>) -> usize {
        self.records.push(Planted { register: register.into(), id, versions, erased: false });
        self.records.len() - 1
    }

    pub(super) fn plant(&mut self) {
        for owner in [Some(0), Some(1), None] {
            for state in ["draft", "reported", "confirmed", "withdrawn"] {
                self.case(state, owner, false);
            }
        }
        self.case("confirmed", Some(0), true);
        for owner in [Some(0), Some(1), None] {
            self.partner(owner);
        }
        // Lines that lead to records which not everyone may read.
        let (draft, confirmed) = (0, 2);
        self.board(Some(draft));
        self.board(Some(confirmed));
        self.settled_late();
        self.handed_over();
        self.erased(Scope::All);
        self.erased(Scope::Personal);
    }

    /// A case that said other things while only its house could read it.
    fn settled_late(&mut self) {
        let at = self.records.len();
        let content = self.content_of_case(Some(0), 0..=0, "");
        let id = self.create("case", content, Some("draft"), false);
        let (register, record) = ("case".to_string(), id);
        let changes = |content: Content| content.into_iter().map(|(c, v)| (c, Some(v))).collect();
        let mut reasons = (1..=3).map(|at_| self.word_of(at, Sensitivity::Public, at_..=at_, true)).collect::<Vec<_>>().into_iter();
        let content = changes(self.content_of_case(Some(0), 1..=1, ""));
        self.submit(Command::Amend { register: register.clone(), record, version: 1, content, reason: reasons.next() });
        let mut content = self.content_of_case(Some(0), 2..=2, "code");
        content.insert("code".into(), text(&self.word(Sensitivity::Internal, 2..=3)));
        let (transition, content) = ("report".to_string(), changes(content));
        self.submit(Command::Transition { register: register.clone(), record, version: 2, transition, content, reason: reasons.next() });
        let (transition, content) = ("confirm".to_string(), changes(self.content_of_case(Some(0), 3..=3, "code")));
        self.submit(Command::Transition { register, record, version: 3, transition, content, reason: reasons.next() });
        let standing = ["draft", "draft", "reported", "confirmed"].map(|state| Self::case_stands(state, Some(0), false));
        self.planted("case", id, standing.to_vec());
    }

    /// A report that went from one house to another.
    fn handed_over(&mut self) {
        let mut content = self.content_of_case(Some(0), 0..=1, "price");
        let price = self.word(Sensitivity::Commercial, 0..=0);
        content.insert("price".into(), text(&price));
        let id = self.create("case", content, Some("reported"), false);
        let price = self.word(Sensitivity::Commercial, 1..=1);
        let content = [("company", HOUSES[1].0), ("company_number", HOUSES[1].1), ("price", price.as_str())];
        let content = content.into_iter().map(|(c, v)| (c.to_string(), Some(text(v)))).collect();
        let reason = Some("handed over".to_string());
        self.submit(Command::Amend { register: "case".into(), record: id, version: 1, content, reason });
        let standing = [0, 1].map(|owner| Self::case_stands("reported", Some(owner), false));
        self.planted("case", id, standing.to_vec());
    }

    fn erased(&mut self, scope: Scope) {
        let at = self.case("confirmed", Some(0), false);
        let id = self.records[at].id;
        self.submit(Command::Redact { register: "case".into(), record: id, scope, reason: "asked for".into() });
        let standing = self.records[at].now().clone();
        self.records[at].versions.push(standing);
        self.records[at].erased = scope == Scope::All;
        for word in self.words.values_mut().filter(|w| w.record == at) {
            // Of the personal words none is left in any version.
            word.versions = if word.sensitivity == Sensitivity::Personal { 9..=9 } else { 0..=1 };
        }
    }
}
