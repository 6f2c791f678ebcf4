//! What records are called: for references on pages and in forms.

use crate::{
    error::Error,
    form::{Choice, Choices},
};
use rusqlite::types::Value;
use shirube_plan::{Field, FieldKind, Lang, Pack, Register};
use shirube_record::{Cell, Content, Mistake};
use shirube_snapshot::{Cells, Snapshot, schema::quoted};
use std::collections::{BTreeMap, BTreeSet};

/// Names of records, by register and id.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<(String, i64), Choice>);

/// Ids that are looked up in one statement.
const AT_ONCE: usize = 500;

impl Names {
    /// Names of these records, as far as they exist at the snapshot's moment.
    pub fn of(snapshot: &Snapshot, wanted: &BTreeSet<(String, i64)>, lang: Lang) -> Result<Names, Error> {
        let mut by_register: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (register, id) in wanted {
            by_register.entry(register).or_default().push(*id);
        }
        let mut names = BTreeMap::new();
        for (register, ids) in by_register {
            for ids in ids.chunks(AT_ONCE) {
                // Numbers, not texts of people: they may stand in the statement.
                let list = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
                for choice in select(snapshot, register, &format!("WHERE t._id IN ({list})"), &[], lang)? {
                    names.insert((register.to_string(), choice.id), choice);
                }
            }
        }
        Ok(Names(names))
    }

    /// Name of a record; none if it does not exist (any more).
    pub fn get(&self, register: &str, id: i64) -> Option<&Choice> {
        self.0.get(&(register.to_string(), id))
    }

    /// All names.
    pub fn into_map(self) -> BTreeMap<(String, i64), Choice> {
        self.0
    }
}

/// Records that values refer to: register and id.
pub fn referred(fields: &[Field], content: &Content, found: &mut BTreeSet<(String, i64)>) {
    for field in fields {
        match (&field.kind, content.get(&field.name)) {
            (FieldKind::Reference { register }, Some(Cell::Integer(id))) => {
                found.insert((register.clone(), *id));
            }
            (FieldKind::Group { fields }, Some(Cell::Rows(rows))) => rows.iter().for_each(|row| referred(fields, row, found)),
            _ => {}
        }
    }
}

/// Records a form offers for a reference: all of a small register, the first of a large one.
pub fn offered(snapshot: &Snapshot, register: &str, limit: usize, lang: Lang) -> Result<Choices, Error> {
    let mut options = select(snapshot, register, &format!("ORDER BY t._id LIMIT {}", limit + 1), &[], lang)?;
    let more = options.len() > limit;
    options.truncate(limit);
    Ok(Choices { options, more })
}

/// Records whose number or name holds a text.
pub fn search(snapshot: &Snapshot, register: &str, text: &str, limit: usize, lang: Lang) -> Result<Vec<Choice>, Error> {
    let title = title_column(snapshot.pack(), register)?;
    let like = format!("%{}%", text.trim().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let condition = format!("WHERE t._number LIKE ?1 ESCAPE '\\' OR t.{title} LIKE ?1 ESCAPE '\\' ORDER BY t._id LIMIT {limit}");
    select(snapshot, register, &condition, &[like], lang)
}

/// The record that a text means: its number, `#ID`, its name, or number and name as pages write them.
pub fn resolve(snapshot: &Snapshot, register: &str, text: &str) -> Result<i64, Mistake> {
    let unknown = || Mistake::NoSuchRecord { register: register.to_string(), text: text.to_string() };
    let text = text.trim();
    let title = title_column(snapshot.pack(), register).map_err(|_| unknown())?;
    let first = text.split_whitespace().next().unwrap_or_default();
    let tries = [
        (text.strip_prefix('#').and_then(|id| id.parse::<i64>().ok()).map(|id| format!("WHERE t._id = {id}")), text),
        (Some("WHERE t._number = ?1".to_string()), text),
        (Some(format!("WHERE t.{title} = ?1 LIMIT 2")), text),
        (Some("WHERE t._number = ?1".to_string()), first),
    ];
    for (condition, text) in tries {
        let Some(condition) = condition else { continue };
        let values = if condition.contains("?1") { vec![text.to_string()] } else { vec![] };
        let found = select(snapshot, register, &condition, &values, Lang::Ja).map_err(|_| unknown())?;
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one.id),
            // Two of the same name: only a number says which.
            _ => return Err(unknown()),
        }
    }
    Err(unknown())
}

fn title_column(pack: &Pack, register: &str) -> Result<String, Error> {
    let declared = pack.registers.get(register).ok_or_else(|| Error::no("台帳", "register", register))?;
    Ok(quoted(&declared.title))
}

fn select(snapshot: &Snapshot, register: &str, condition: &str, values: &[String], lang: Lang) -> Result<Vec<Choice>, Error> {
    let pack = snapshot.pack();
    let declared = pack.registers.get(register).ok_or_else(|| Error::no("台帳", "register", register))?;
    let values: Vec<Value> = values.iter().cloned().map(Value::Text).collect();
    let found = snapshot.cells(register, &[declared.title.as_str()], condition, &values)?;
    let choice = |found: Cells| {
        let cell = found.cells.into_iter().next().flatten();
        Choice::new(found.id, found.number.as_deref(), &title(declared, pack, cell.as_ref(), lang))
    };
    Ok(found.into_iter().map(choice).collect())
}

/// Longest name that is shown in one piece.
const LONGEST: usize = 120;

fn title(register: &Register, pack: &Pack, cell: Option<&Cell>, lang: Lang) -> String {
    let Some((field, cell)) = register.field(&register.title).zip(cell) else { return String::new() };
    let text = shirube_record::format(field, shirube_plan::Part::Main, cell, lang, pack);
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > LONGEST { line.chars().take(LONGEST).chain(['…']).collect() } else { line.to_string() }
}

/// What a record is called: the value of its register's title field; blank if it has none.
pub fn of_record(register: &Register, pack: &Pack, content: &Content, lang: Lang) -> String {
    title(register, pack, content.get(&register.title), lang)
}

/// Records of one register that refer to a record by one field.
#[derive(Clone, Debug)]
pub struct Referring<'a> {
    /// The register they are in.
    pub register: &'a Register,
    /// The field they refer by; within a group, `group.field`.
    pub field: String,
    /// How many there are.
    pub total: usize,
    /// The first of them.
    pub first: Vec<Choice>,
}

impl Referring<'_> {
    /// The list of all of them.
    pub fn filter(&self, id: i64) -> crate::url::Query {
        crate::url::Query(vec![(format!("f.{}", self.field), id.to_string())])
    }
}

/// Referring records shown at once.
const SHOWN: usize = 10;

/// Records that refer to a record, by register and field.
pub fn referring<'a>(snapshot: &'a Snapshot, register: &str, id: i64, lang: Lang) -> Result<Vec<Referring<'a>>, Error> {
    let mut found = vec![];
    for other in snapshot.pack().registers.values() {
        for (field, condition) in references_to(other, register) {
            let first = select(snapshot, &other.name, &format!("WHERE {condition} ORDER BY t._id LIMIT {SHOWN}"), &[id.to_string()], lang)?;
            let total = if first.len() < SHOWN {
                first.len()
            } else {
                let sql = format!("SELECT count(*) FROM {} t WHERE {condition}", quoted(&other.name));
                let n: i64 = snapshot.connection().query_row(&sql, [id], |row| row.get(0)).map_err(Error::internal)?;
                usize::try_from(n).unwrap_or_default()
            };
            if total > 0 {
                found.push(Referring { register: other, field, total, first });
            }
        }
    }
    Ok(found)
}

/// Fields of a register that refer to another, each with its condition.
fn references_to(register: &Register, to: &str) -> Vec<(String, String)> {
    let refers = |field: &&Field| matches!(&field.kind, FieldKind::Reference { register } if register == to);
    let mut found: Vec<(String, String)> =
        register.fields.iter().filter(refers).map(|f| (f.name.clone(), format!("t.{} = CAST(?1 AS INTEGER)", quoted(&f.name)))).collect();
    for group in &register.fields {
        if let FieldKind::Group { fields } = &group.kind {
            let child = quoted(&shirube_snapshot::schema::child_name(&register.name, &group.name));
            found.extend(fields.iter().filter(refers).map(|f| {
                let inner = format!("EXISTS (SELECT 1 FROM {child} c WHERE c._id = t._id AND c.{} = CAST(?1 AS INTEGER))", quoted(&f.name));
                (format!("{}.{}", group.name, f.name), inner)
            }));
        }
    }
    found
}
