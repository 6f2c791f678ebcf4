//! Commands kept in little memory between preparing and running: a million records as a million maps of their own
//! would take gigabytes.

use shirube_record::{Cell, Content, Origin};
use shirube_store::Command;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Bytes of a piece. Pieces are let go one by one as they are read.
const PIECE: usize = 1 << 20;

type Changes = BTreeMap<String, Option<Cell>>;

/// Creations, amendments and transitions of one register.
#[derive(Debug, Default)]
pub(super) struct Packed {
    register: String,
    reason: Option<String>,
    /// Column and transition names, each kept once.
    names: Vec<String>,
    known: HashMap<String, u32>,
    pieces: VecDeque<Vec<u8>>,
    count: usize,
}

impl Packed {
    pub fn new(register: &str, reason: Option<String>) -> Self {
        Packed { register: register.to_owned(), reason, ..Packed::default() }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    /// Forgets all commands.
    pub fn clear(&mut self) {
        self.pieces.clear();
        self.count = 0;
    }

    pub fn create(&mut self, content: Content, origin: &Origin) {
        self.begin(b'c');
        self.content(content);
        for text in [&origin.source, &origin.heading, &origin.quote] {
            match text {
                Some(text) => {
                    self.byte(1);
                    self.text(text);
                }
                None => self.byte(0),
            }
        }
        self.byte(u8::from(origin.synthetic));
    }

    pub fn amend(&mut self, record: i64, version: i64, changes: Changes) {
        self.begin(b'a');
        self.integer(record);
        self.integer(version);
        self.changes(changes);
    }

    pub fn transition(&mut self, record: i64, version: i64, transition: &str, changes: Changes) {
        self.begin(b't');
        self.integer(record);
        self.integer(version);
        self.name(transition);
        self.changes(changes);
    }

    fn begin(&mut self, kind: u8) {
        self.count += 1;
        if self.pieces.back().is_none_or(|p| p.len() >= PIECE) {
            self.pieces.push_back(Vec::with_capacity(PIECE + PIECE / 8));
        }
        self.byte(kind);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(piece) = self.pieces.back_mut() {
            piece.extend_from_slice(bytes);
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

    fn name(&mut self, name: &str) {
        let at = match self.known.get(name) {
            Some(at) => *at,
            None => {
                let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.names.push(name.to_owned());
                self.known.insert(name.to_owned(), at);
                at
            }
        };
        self.bytes(&at.to_le_bytes());
    }

    fn content(&mut self, content: Content) {
        self.length(content.len());
        for (column, cell) in content {
            self.name(&column);
            self.cell(cell);
        }
    }

    fn changes(&mut self, changes: Changes) {
        self.length(changes.len());
        for (column, cell) in changes {
            self.name(&column);
            match cell {
                Some(cell) => self.cell(cell),
                None => self.byte(b'-'),
            }
        }
    }

    fn cell(&mut self, cell: Cell) {
        match cell {
            Cell::Integer(n) => {
                self.byte(b'i');
                self.integer(n);
            }
            Cell::Real(x) => {
                self.byte(b'r');
                self.bytes(&x.to_bits().to_le_bytes());
            }
            Cell::Text(text) => {
                self.byte(b't');
                self.text(&text);
            }
            Cell::Missing { missing } => {
                self.byte(b'm');
                self.text(&missing);
            }
            Cell::List(texts) => {
                self.byte(b'l');
                self.length(texts.len());
                texts.iter().for_each(|t| self.text(t));
            }
            Cell::Rows(rows) => {
                self.byte(b'g');
                self.length(rows.len());
                rows.into_iter().for_each(|row| self.content(row));
            }
        }
    }
}

impl IntoIterator for Packed {
    type Item = Command;
    type IntoIter = Commands;

    fn into_iter(self) -> Commands {
        Commands { at: 0, packed: self }
    }
}

/// The commands, in order.
#[derive(Debug)]
pub(super) struct Commands {
    packed: Packed,
    at: usize,
}

impl Iterator for Commands {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        while self.at >= self.packed.pieces.front()?.len() {
            self.packed.pieces.pop_front();
            self.at = 0;
        }
        let (register, reason) = (self.packed.register.clone(), self.packed.reason.clone());
        Some(match self.byte()? {
            b'c' => {
                let content = self.content()?;
                let mut texts = [None, None, None];
                for text in &mut texts {
                    *text = if self.byte()? == 1 { Some(self.text()?) } else { None };
                }
                let [source, heading, quote] = texts;
                Command::Create { register, content, origin: Origin { source, heading, quote, synthetic: self.byte()? == 1 } }
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
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.packed.count))
    }
}

impl Commands {
    fn bytes(&mut self, n: usize) -> Option<&[u8]> {
        let bytes = self.packed.pieces.front()?.get(self.at..self.at.checked_add(n)?)?;
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

    fn name(&mut self) -> Option<String> {
        let at = self.length()?;
        self.packed.names.get(at).cloned()
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn cell() -> impl Strategy<Value = Cell> {
        let leaf = prop_oneof![
            any::<i64>().prop_map(Cell::Integer),
            any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Cell::Real),
            any::<String>().prop_map(Cell::Text),
            Just(Cell::Missing { missing: "unknown".into() }),
        ];
        let list = prop::collection::vec(any::<String>(), 0..4).prop_map(Cell::List);
        let rows = prop::collection::vec(prop::collection::btree_map("[a-z]{1,4}", leaf.clone(), 0..3), 0..3).prop_map(Cell::Rows);
        prop_oneof![leaf, list, rows]
    }

    fn command() -> impl Strategy<Value = Command> {
        let (register, reason) = ("r".to_owned(), Some("why".to_owned()));
        let changes = || prop::collection::btree_map("[a-z_]{1,8}", prop::option::of(cell()), 0..6);
        let create = (prop::collection::btree_map("[a-z_]{1,8}", cell(), 0..6), any::<[Option<String>; 3]>(), any::<bool>());
        let again = register.clone();
        prop_oneof![
            create.prop_map(move |(content, [source, heading, quote], synthetic)| Command::Create {
                register: again.clone(),
                content,
                origin: Origin { source, heading, quote, synthetic }
            }),
            (any::<i64>(), any::<i64>(), prop::option::of("[a-z]{1,5}"), changes()).prop_map(
                move |(record, version, transition, content)| {
                    let (register, reason) = (register.clone(), reason.clone());
                    match transition {
                        Some(transition) => Command::Transition { register, record, version, transition, content, reason },
                        None => Command::Amend { register, record, version, content, reason },
                    }
                }
            ),
        ]
    }

    fn pack(commands: Vec<Command>) -> Packed {
        let mut packed = Packed::new("r", Some("why".into()));
        for command in commands {
            match command {
                Command::Create { content, origin, .. } => packed.create(content, &origin),
                Command::Amend { record, version, content, .. } => packed.amend(record, version, content),
                Command::Transition { record, version, transition, content, .. } => {
                    packed.transition(record, version, &transition, content)
                }
                _ => {}
            }
        }
        packed
    }

    proptest! {
        #[test]
        fn commands_come_out_as_they_went_in(commands in prop::collection::vec(command(), 0..20)) {
            let packed = pack(commands.clone());
            prop_assert_eq!(packed.len(), commands.len());
            prop_assert_eq!(packed.into_iter().collect::<Vec<_>>(), commands);
        }
    }

    #[test]
    fn many_pieces_are_one_row_of_commands() {
        let one = |i: i64| Command::Amend {
            register: "r".into(),
            record: i,
            version: 1,
            content: [("text".to_owned(), Some(Cell::Text("x".repeat(PIECE / 3))))].into(),
            reason: Some("why".into()),
        };
        let packed = pack((0..10).map(one).collect());
        assert!(packed.pieces.len() > 2);
        assert!(packed.into_iter().eq((0..10).map(one)));
    }
}
