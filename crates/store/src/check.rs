//! From a command to a draft of an event: everything that must hold before it is written.

use crate::{
    Actor, Command, StoreError,
    access::{Standing, Way},
    batch::Asked,
    beside,
    files::{self, FileRefused, Files, Sent, Upload},
    log::Draft,
};
use shirube_access::RecordAction;
use shirube_plan::{Field, FieldKind, FileType, Register};
use shirube_record::{Body, Cell, Content, EventKind, FieldError, Mistake, Origin, RecordState, normalise, split};
use shirube_snapshot::{Evaluated, Head, Key};
use std::collections::{BTreeMap, BTreeSet};

/// What one register asks of its records, prepared.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What a record keeps by itself.
    alone: shirube_snapshot::Rules,
    unique: Vec<Key>,
    references: Vec<(String, Option<String>, String)>,
    personal: bool,
}

impl Rules {
    pub fn new(register: &Register, pack: &shirube_plan::Pack) -> Rules {
        let unique = register.fields.iter().filter(|f| f.unique).map(|f| vec![f.name.clone()]);
        let mut unique: Vec<Key> = unique.map(|columns| Key::new(&register.name, columns)).collect();
        if !register.key.is_empty() {
            unique.push(Key::new(&register.name, register.key.clone()));
        }
        let mut references = vec![];
        let mut personal = false;
        for field in &register.fields {
            personal |= field.sensitivity == shirube_plan::Sensitivity::Personal;
            match &field.kind {
                FieldKind::Reference { register } => references.push((field.name.clone(), None, register.clone())),
                FieldKind::Group { fields } => {
                    for inner in fields {
                        personal |= inner.sensitivity == shirube_plan::Sensitivity::Personal;
                        if let FieldKind::Reference { register } = &inner.kind {
                            references.push((field.name.clone(), Some(inner.name.clone()), register.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
        Rules { alone: shirube_snapshot::Rules::new(register, pack), unique, references, personal }
    }
}

type Changes = BTreeMap<String, Option<Cell>>;

/// A record as decisions see it.
pub(crate) fn standing<'a>(register: &'a Register, state: &'a RecordState) -> Standing<'a> {
    Standing { register, state: state.state.as_deref(), synthetic: state.origin.synthetic, content: &state.content, record: state.id }
}

/// The writer's view while it checks.
pub(crate) struct Checker<'a> {
    pub head: &'a mut Head,
    pub rules: &'a BTreeMap<String, Rules>,
    pub sent: &'a Sent,
    pub files: &'a Files,
    pub actor: &'a Actor,
    /// Time of the batch.
    pub at: i64,
    pub salt: &'a mut dyn FnMut() -> Result<[u8; 16], StoreError>,
}

/// A checked command: what to write, and what the receipt will say.
pub(crate) struct Checked {
    pub draft: Draft,
    pub number: Option<String>,
    pub version: i64,
    /// What the register's SQL said.
    pub evaluated: Evaluated,
}

impl Checker<'_> {
    pub fn check(&mut self, asked: Asked) -> Result<Checked, StoreError> {
        let Asked { command, judged } = asked;
        let pack = self.head.pack().clone();
        let register = pack.registers.get(command.register()).ok_or_else(|| StoreError::NoSuchRegister(command.register().to_string()))?;
        beside::check(&pack, &command)?;
        match command {
            Command::Create { content, origin, .. } => self.create(register, content, origin, judged),
            Command::Amend { record, version, content, reason, .. } => {
                let state = self.present(register, record, version)?;
                let body = Body { reason, ..Body::default() };
                self.change(register, state, EventKind::Amend, content, body, &[])
            }
            Command::Transition { record, version, transition, content, reason, .. } => {
                let state = self.present(register, record, version)?;
                self.transition(register, state, transition, content, reason)
            }
            Command::Attach { record, version, field, name, media, bytes, reason, .. } => {
                let state = self.present(register, record, version)?;
                let (content, upload) = attachment(register, &field, name, &media, &bytes)?;
                self.sent.note(self.actor.id(), &files::sha256(&bytes), upload);
                self.change(register, state, EventKind::Attach, content, Body { reason, ..Body::default() }, &[])
            }
            Command::Redact { .. } => Err(StoreError::RedactionInBatch),
        }
    }

    fn create(
        &mut self,
        register: &Register,
        mut content: Content,
        origin: Origin,
        judged: Option<Evaluated>,
    ) -> Result<Checked, StoreError> {
        let state = match content.remove("_state") {
            Some(Cell::Text(state)) => {
                if !register.states.iter().any(|s| s.name == state) {
                    return Err(StoreError::NoSuchState { register: register.name.clone(), state });
                }
                Some(state)
            }
            _ => register.states.first().map(|s| s.name.clone()),
        };
        let allowed = self.actor.may_create(Standing::new(register, state.as_deref(), &origin, &content));
        allowed.map_err(|_| self.actor.denied())?;
        let mut content = content;
        // What was judged with other sizes and types of files is judged anew.
        let otherwise = self.hold_files(register, &mut content, &Content::new(), false)?;
        let judged = judged.filter(|_| !otherwise);
        let (content, evaluated) = match judged {
            Some(evaluated) => {
                let mut errors = vec![];
                self.among_others(register, 0, &content, &mut errors)?;
                if !errors.is_empty() {
                    return Err(StoreError::Invalid(errors));
                }
                (content, evaluated)
            }
            None => self.judge(register, 0, state.as_deref(), content, &[])?,
        };
        let number = self.head.next_number(register, self.at)?;
        let origin = Some(origin).filter(|o| *o != Origin::default());
        let body = Body { origin, number: number.clone(), state, ..Body::default() };
        let changes = content.into_iter().map(|(c, v)| (c, Some(v))).collect();
        let draft = self.draft(register, None, EventKind::Create, changes, body)?;
        Ok(Checked { draft, number, version: 1, evaluated })
    }

    fn transition(
        &mut self,
        register: &Register,
        state: RecordState,
        name: String,
        content: Changes,
        reason: Option<String>,
    ) -> Result<Checked, StoreError> {
        let Some(transition) = register.transitions.iter().find(|t| t.name == name) else {
            return Err(StoreError::NoSuchTransition { register: register.name.clone(), transition: name });
        };
        if !state.state.as_ref().is_some_and(|s| transition.from.contains(s)) {
            return Err(StoreError::WrongState { transition: name, from: transition.from.clone(), state: state.state.unwrap_or_default() });
        }
        self.actor.may_move(&transition.name, standing(register, &state))?;
        if transition.reason && reason.as_deref().is_none_or(|r| r.trim().is_empty()) {
            return Err(StoreError::ReasonRequired);
        }
        let body = Body { reason, transition: Some(name), state: Some(transition.to.clone()), ..Body::default() };
        self.change(register, state, EventKind::Transition, content, body, &transition.require)
    }

    /// The record as the change found it.
    fn present(&self, register: &Register, record: i64, version: i64) -> Result<RecordState, StoreError> {
        let state = self.head.state(&register.name, record)?;
        let Some(state) = state else { return Err(absent(self.head, self.actor, &register.name, record)?) };
        // Who may not read it does not learn that it is there.
        if self.actor.may_do(RecordAction::Read, standing(register, &state)).is_err() {
            return Err(StoreError::NoSuchRecord { register: register.name.clone(), record });
        }
        if state.version != version {
            return Err(StoreError::VersionConflict { register: register.name.clone(), record, given: version, current: state.version });
        }
        Ok(state)
    }

    /// The citation with the changes of its columns, which are taken out; none if it stays.
    fn citation(state: &RecordState, changes: &mut Changes) -> Option<Origin> {
        let mut origin = state.origin.clone();
        for (column, part) in [("_source", &mut origin.source), ("_heading", &mut origin.heading), ("_quote", &mut origin.quote)] {
            match changes.remove(column) {
                Some(Some(Cell::Text(text))) => *part = Some(text),
                Some(_) => *part = None,
                None => {}
            }
        }
        (origin != state.origin).then_some(origin)
    }

    fn change(
        &mut self,
        register: &Register,
        state: RecordState,
        kind: EventKind,
        mut changes: Changes,
        mut body: Body,
        require: &[String],
    ) -> Result<Checked, StoreError> {
        body.origin = Self::citation(&state, &mut changes);
        let given: BTreeSet<String> = changes.keys().cloned().collect();
        let mut content = state.content.clone();
        for (column, cell) in changes {
            match cell {
                Some(cell) => content.insert(column, cell),
                None => content.remove(&column),
            };
        }
        let mut content = normalise(register, content);
        let mut changes = difference(&state.content, &content);
        let way = match (&body.transition, kind) {
            (Some(transition), _) => Way::Transition(transition),
            (None, EventKind::Attach) => Way::Attach,
            (None, _) => Way::Amend,
        };
        // Of what is given and stays the same, too.
        let allowed = self.actor.may_change(way, standing(register, &state), &content, given.iter().chain(changes.keys()));
        allowed.map_err(|_| self.actor.denied())?;
        if self.hold_files(register, &mut content, &state.content, kind == EventKind::Attach)? {
            changes = difference(&state.content, &content);
        }
        if changes.is_empty() && body.state.is_none() && body.origin.is_none() {
            return Err(StoreError::NothingChanged);
        }
        let new_state = body.state.as_deref().or(state.state.as_deref());
        let (_, evaluated) = self.judge(register, state.id, new_state, content, require)?;
        let draft = self.draft(register, Some(state.id), kind, changes, body)?;
        Ok(Checked { draft, number: state.number, version: state.version + 1, evaluated })
    }

    /// All rules of the register on a record's content.
    fn judge(
        &self,
        register: &Register,
        id: i64,
        state: Option<&str>,
        content: Content,
        require: &[String],
    ) -> Result<(Content, Evaluated), StoreError> {
        let Some(rules) = self.rules.get(&register.name) else { return Err(StoreError::NoSuchRegister(register.name.clone())) };
        let beyond = |content: &Content, errors: &mut Vec<FieldError>| self.among_others(register, id, content, errors).map(|()| true);
        match self.head.judge(&rules.alone, state, content, require, beyond)? {
            Ok(judged) => Ok(judged.into_parts()),
            Err(refused) => Err(StoreError::Invalid(refused.errors)),
        }
    }

    /// What other records have a say in: references and unique values.
    fn among_others(&self, register: &Register, id: i64, content: &Content, errors: &mut Vec<FieldError>) -> Result<(), StoreError> {
        let Some(rules) = self.rules.get(&register.name) else { return Err(StoreError::NoSuchRegister(register.name.clone())) };
        self.references(rules, content, errors)?;
        for key in &rules.unique {
            if let Some((record, number)) = self.head.find(key, content, id)? {
                // That a value is taken cannot be kept secret; by which record can.
                let (record, number) = if self.reads(register, record)? { (record, number) } else { (0, None) };
                let fields = key.columns.iter().map(|c| register.label_of(c)).collect();
                let place = key.columns.first().cloned().unwrap_or_default();
                errors.push(FieldError::new(place.clone(), place, None, Mistake::Taken { number, record, fields }));
            }
        }
        Ok(())
    }

    /// Whether the actor may read a record that is there.
    fn reads(&self, register: &Register, record: i64) -> Result<bool, StoreError> {
        let Some(state) = self.head.state(&register.name, record)? else { return Ok(false) };
        Ok(self.actor.may_do(RecordAction::Read, standing(register, &state)).is_ok())
    }

    /// Whether the actor may name a record: it is there, and they may read it.
    fn may_name(&self, register: &str, record: i64) -> Result<bool, StoreError> {
        if self.actor.clearance().is_unlimited() {
            return Ok(self.head.exists(register, record)?);
        }
        self.head.pack().registers.get(register).map_or(Ok(false), |register| self.reads(register, record))
    }

    fn references(&self, rules: &Rules, content: &Content, errors: &mut Vec<FieldError>) -> Result<(), StoreError> {
        for (field, inner, register) in &rules.references {
            let rows: Vec<(Option<usize>, Option<&Cell>)> = match (inner, content.get(field)) {
                (None, cell) => vec![(None, cell)],
                (Some(inner), Some(Cell::Rows(rows))) => rows.iter().enumerate().map(|(i, row)| (Some(i + 1), row.get(inner))).collect(),
                _ => continue,
            };
            for (row, cell) in rows {
                if let Some(Cell::Integer(id)) = cell
                    && !self.may_name(register, *id)?
                {
                    let column = inner.as_ref().unwrap_or(field);
                    errors.push(FieldError::new(
                        field,
                        column,
                        row,
                        Mistake::NoSuchRecord { register: register.clone(), text: id.to_string() },
                    ));
                }
            }
        }
        Ok(())
    }

    fn draft(
        &mut self,
        register: &Register,
        record: Option<i64>,
        kind: EventKind,
        changes: Changes,
        body: Body,
    ) -> Result<Draft, StoreError> {
        let personal = self.rules.get(&register.name).is_some_and(|r| r.personal);
        let (others, private) = if personal { split(register, changes) } else { (changes, Changes::new()) };
        let personal = if private.is_empty() { None } else { Some(Body { salt: (self.salt)()?, content: private, ..Body::default() }) };
        let body = Body { salt: (self.salt)()?, content: others, ..body };
        Ok(Draft { register: register.name.clone(), record, kind, actor: self.actor.id().to_string(), body, personal })
    }
}

/// Why a record is not there, as far as the actor may know.
pub(crate) fn absent(head: &Head, actor: &Actor, register: &str, record: i64) -> Result<StoreError, StoreError> {
    let register = register.to_string();
    Ok(match head.erased(&register, record)?.filter(|_| actor.may_know_of_erased(&register)) {
        Some(seq) => StoreError::Redacted { register, record, seq },
        None => StoreError::NoSuchRecord { register, record },
    })
}

/// Columns that differ.
fn difference(before: &Content, after: &Content) -> Changes {
    let mut changes: Changes = after.iter().filter(|(c, v)| before.get(*c) != Some(v)).map(|(c, v)| (c.clone(), Some(v.clone()))).collect();
    changes.extend(before.keys().filter(|c| !after.contains_key(*c)).map(|c| (c.clone(), None)));
    changes
}

/// The columns of an attached file that its field takes.
fn attachment(register: &Register, field: &str, name: String, media: &str, bytes: &[u8]) -> Result<(Changes, Upload), StoreError> {
    let Some(declared) = register.field(field).filter(|f| matches!(f.kind, FieldKind::Attachment { .. })) else {
        return Err(StoreError::NotAnAttachment { register: register.name.clone(), field: field.to_string() });
    };
    let upload = upload(declared, &name, media, bytes)?;
    let changes = Changes::from([
        (field.to_string(), Some(Cell::Text(name))),
        (format!("{field}_sha256"), Some(Cell::Text(files::sha256(bytes)))),
        (format!("{field}_media"), Some(Cell::Text(upload.media.clone()))),
        (format!("{field}_size"), Some(Cell::Integer(upload.size))),
    ]);
    Ok((changes, upload))
}

/// A file that is sent for a field, if the field takes it by name and content. One that is too large is not looked into:
/// it is refused at its place by the register's rules.
pub(crate) fn upload(field: &Field, name: &str, media: &str, bytes: &[u8]) -> Result<Upload, FileRefused> {
    let found = match &field.kind {
        FieldKind::Attachment { max_size, types } if bytes.len() as u64 <= *max_size => Some(files::check_kind(bytes, name, media, types)?),
        _ => None,
    };
    let said = Some(media.trim()).filter(|media| !media.is_empty());
    let media = said.or(found.map(FileType::media)).unwrap_or("application/octet-stream").to_string();
    Ok(Upload { media, size: size_of(bytes), found })
}

pub(crate) fn size_of(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}
