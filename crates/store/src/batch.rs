//! Commands kept in little memory until they are submitted: a million records as a million maps of their own would
//! take gigabytes.
//!
//! A batch also keeps that content was judged. Only [`Judged`] brings that in and only the writer takes it out, so
//! that nobody can claim it.

use crate::Command;
use shirube_record::{Cell, Content, Origin};
use shirube_snapshot::{Evaluated, Judged};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Bytes of a part, about.
const PART: usize = 1 << 20;

type Changes = BTreeMap<String, Option<Cell>>;

/// A command as the writer takes it up.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    pub command: Command,
    /// What the pack's SQL says about a new record, if it was judged by the pack in force.
    pub judged: Option<Evaluated>,
}

impl From<Command> for Asked {
    fn from(command: Command) -> Asked {
        Asked { command, judged: None }
    }
}

/// Creations, amendments and transitions of one register.
#[derive(Debug, Default)]
pub struct Batch {
    register: Arc<str>,
    reason: Option<Arc<str>>,
    parts: VecDeque<Part>,
    count: usize,
    /// Bytes that a part will probably take.
    usual: usize,
    /// Where among the names the next probably stands: records have the same columns in the same order.
    guess: usize,
}

/// Some of the commands, one after the other.
#[derive(Debug)]
struct Part {
    register: Arc<str>,
    reason: Option<Arc<str>>,
    /// Digest of the pack that records to be created were judged by.
    pack: Option<Arc<str>>,
    /// Column and transition names, each kept once.
    names: Vec<String>,
    bytes: Vec<u8>,
}

impl Batch {
    /// A batch for a register; `reason` says why existing records change.
    pub fn new(register: &str, reason: Option<&str>) -> Self {
        Batch { register: register.into(), reason: reason.map(Into::into), ..Batch::default() }
    }

    /// The commands so far; as many are expected to follow.
    pub fn take(&mut self) -> Batch {
        let usual = self.parts.back().map_or(0, |part| part.bytes.len() + part.bytes.len() / 8);
        let next = Batch { register: self.register.clone(), reason: self.reason.clone(), usual, ..Batch::default() };
        std::mem::replace(self, next)
    }

    /// How many commands it has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets all commands.
    pub fn clear(&mut self) {
        self.parts.clear();
        self.count = 0;
    }

    /// Adds the commands of another batch, which is left empty.
    pub fn append(&mut self, other: &mut Batch) {
        for mut part in other.parts.drain(..) {
            part.bytes.shrink_to_fit();
            self.parts.push_back(part);
        }
        self.count += std::mem::take(&mut other.count);
    }

    /// Adds a new record.
    pub fn create(&mut self, judged: Judged, origin: &Origin) {
        let lasts = self.begin_create(&judged);
        self.optional(judged.state());
        for text in [&origin.source, &origin.heading, &origin.quote] {
            self.optional(text.as_deref());
        }
        self.byte(u8::from(origin.synthetic));
        let (content, evaluated) = judged.into_parts();
        self.content(&content);
        if lasts {
            self.content(&evaluated.derived);
        }
    }

    /// Adds other values of a record.
    pub fn amend(&mut self, record: i64, version: i64, changes: &Changes) {
        self.begin(b'a');
        self.integer(record);
        self.integer(version);
        self.changes(changes);
    }

    /// Adds a transition of a record, with other values.
    pub fn transition(&mut self, record: i64, version: i64, transition: &str, changes: &Changes) {
        self.begin(b't');
        self.integer(record);
        self.integer(version);
        self.name(transition);
        self.changes(changes);
    }

    /// The commands, for a store with the pack of this digest.
    pub(crate) fn take_up(self, pack: &str) -> TakenUp {
        TakenUp { in_force: pack.to_owned(), at: 0, batch: self }
    }

    /// Begins a creation; whether the judgement is kept with it.
    fn begin_create(&mut self, judged: &Judged) -> bool {
        self.begin(b'c');
        let Some(part) = self.parts.back_mut().filter(|part| *part.register == *judged.register()) else { return false };
        if part.pack.is_none() {
            part.pack = judged.pack().cloned();
        }
        let lasts = judged.pack().is_some() && judged.pack() == part.pack.as_ref();
        if let Some(kind) = part.bytes.last_mut().filter(|_| lasts) {
            *kind = b'j';
        }
        lasts
    }

    fn begin(&mut self, kind: u8) {
        self.count += 1;
        if self.parts.back().is_none_or(|part| part.bytes.len() >= PART) {
            let (register, reason) = (self.register.clone(), self.reason.clone());
            self.parts.push_back(Part { register, reason, pack: None, names: vec![], bytes: Vec::with_capacity(self.usual) });
        }
        self.guess = 0;
        self.byte(kind);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(part) = self.parts.back_mut() {
            part.bytes.extend_from_slice(bytes);
        }
    }

    fn byte(&mut self, byte: u8) {
        self.bytes(&[byte]);
    }

    fn integer(&mut self, n: i64) {
        self.bytes(&n.to_le_bytes());
    }

    fn length(&mut self, n: usize) {
        self.bytes(&u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.byte(u8::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn name(&mut self, name: &str) {
        let Some(part) = self.parts.back_mut() else { return };
        let known = if part.names.get(self.guess).is_some_and(|n| n == name) {
            Some(self.guess)
        } else {
            part.names.iter().position(|n| n == name)
        };
        let at = known.unwrap_or(part.names.len());
        if known.is_none() {
            part.names.push(name.to_owned());
        }
        self.guess = at + 1;
        self.length(at);
    }

    fn content(&mut self, content: &Content) {
        self.length(content.len());
        for (column, cell) in content {
            self.name(column);
            self.cell(cell);
        }
    }

    fn changes(&mut self, changes: &Changes) {
        self.length(changes.len());
        for (column, cell) in changes {
            self.name(column);
            match cell {
                Some(cell) => self.cell(cell),
                None => self.byte(b'-'),
            }
        }
    }

    fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Integer(n) => {
                self.byte(b'i');
                self.integer(*n);
            }
            Cell::Real(x) => {
                self.byte(b'r');
                self.bytes(&x.to_bits().to_le_bytes());
            }
            Cell::Text(text) => {
                self.byte(b't');
                self.text(text);
            }
            Cell::Missing { missing } => {
                self.byte(b'm');
                self.text(missing);
            }
            Cell::List(texts) => {
                self.byte(b'l');
                self.length(texts.len());
                texts.iter().for_each(|t| self.text(t));
            }
            Cell::Rows(rows) => {
                self.byte(b'g');
                self.length(rows.len());
                rows.iter().for_each(|row| self.content(row));
            }
        }
    }
}

/// The commands, in order. Parts are let go as they are read.
#[derive(Debug)]
pub(crate) struct TakenUp {
    batch: Batch,
    /// How far the first part is read.
    at: usize,
    /// Digest of the pack in force.
    in_force: String,
}

impl Iterator for TakenUp {
    type Item = Asked;

    fn next(&mut self) -> Option<Asked> {
        while self.at >= self.batch.parts.front()?.bytes.len() {
            self.batch.parts.pop_front();
            self.at = 0;
        }
        let part = self.batch.parts.front()?;
        let in_force = part.pack.as_deref() == Some(self.in_force.as_str());
        let (register, reason) = (part.register.to_string(), part.reason.as_deref().map(str::to_owned));
        let mut judged = None;
        let command = match self.byte()? {
            kind @ (b'j' | b'c') => {
                let state = self.optional()?;
                let (source, heading, quote) = (self.optional()?, self.optional()?, self.optional()?);
                let origin = Origin { source, heading, quote, synthetic: self.byte()? == 1 };
                let mut content = self.content()?;
                if let Some(state) = state {
                    content.insert("_state".to_owned(), Cell::Text(state));
                }
                if kind == b'j' {
                    judged = Some(Evaluated { derived: self.content()?, failed: vec![] }).filter(|_| in_force);
                }
                Command::Create { register, content, origin }
            }
            b'a' => {
                let (record, version) = (self.integer()?, self.integer()?);
                Command::Amend { register, record, version, content: self.changes()?, reason }
            }
            _ => {
                let (record, version) = (self.integer()?, self.integer()?);
                let transition = self.name()?;
                Command::Transition { register, record, version, transition, content: self.changes()?, reason }
            }
        };
        Some(Asked { command, judged })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.batch.count))
    }
}

impl TakenUp {
    fn bytes(&mut self, n: usize) -> Option<&[u8]> {
        let bytes = self.batch.parts.front()?.bytes.get(self.at..self.at.checked_add(n)?)?;
        self.at += n;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    fn integer(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    fn length(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?) as usize)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    fn optional(&mut self) -> Option<Option<String>> {
        Some(if self.byte()? == 1 { Some(self.text()?) } else { None })
    }

    fn name(&mut self) -> Option<String> {
        let at = self.length()?;
        self.batch.parts.front()?.names.get(at).cloned()
    }

    fn content(&mut self) -> Option<Content> {
        (0..self.length()?).map(|_| Some((self.name()?, self.cell()??))).collect()
    }

    fn changes(&mut self) -> Option<Changes> {
        (0..self.length()?).map(|_| Some((self.name()?, self.cell()?))).collect()
    }

    /// A cell; a cell of none makes a column blank.
    fn cell(&mut self) -> Option<Option<Cell>> {
        Some(Some(match self.byte()? {
            b'i' => Cell::Integer(self.integer()?),
            b'r' => Cell::Real(f64::from_bits(self.integer()? as u64)),
            b't' => Cell::Text(self.text()?),
            b'm' => Cell::Missing { missing: self.text()? },
            b'l' => Cell::List((0..self.length()?).map(|_| self.text()).collect::<Option<_>>()?),
            b'g' => Cell::Rows((0..self.length()?).map(|_| self.content()).collect::<Option<_>>()?),
            _ => return Some(None),
        }))
    }
}

#[cfg(test)]
mod tests;
