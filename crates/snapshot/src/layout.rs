//! Where a register's values stand: its columns in order, its child tables, and the SQL built from them.

use crate::{
    rows::OWN,
    schema::{OWN_COLUMNS, child_columns, child_name, past_name, quoted},
    seen::{Fields, is_sensitive},
    sight::{SENSITIVITIES, bit, columns_of},
};
use shirube_plan::{FieldKind, Pack, Register, Storage};
use shirube_record::Cell;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

/// Layouts of all registers of a pack, by name.
pub(crate) type Layouts = BTreeMap<String, Arc<Layout>>;

pub(crate) fn layouts(pack: &Pack) -> Layouts {
    pack.registers.values().map(|register| (register.name.clone(), Arc::new(Layout::new(register)))).collect()
}

/// The tables of one register.
#[derive(Debug)]
pub(crate) struct Layout {
    pub name: String,
    /// Columns of fields, after the register's own twelve.
    pub columns: Vec<ColumnLayout>,
    /// Places in `columns`, in the order of names.
    by_name: Vec<usize>,
    pub children: Vec<ChildLayout>,
    /// All columns of the register's table, quoted, in order.
    pub all: String,
    pub insert: String,
    pub to_past: String,
    /// It has personal or commercial fields.
    pub sensitive: bool,
    /// By bits: the columns hidden in a row that has these. Made when first asked for.
    hidden: [OnceLock<Arc<BTreeSet<String>>>; 1 << SENSITIVITIES.len()],
}

#[derive(Debug)]
pub(crate) struct ColumnLayout {
    pub name: String,
    /// Field it is a part of.
    pub field: String,
    pub storage: Storage,
    pub derived: bool,
    /// Place in a row of the table, from 1.
    pub place: usize,
    /// Place among the columns that are not derived, from 0.
    pub own: usize,
}

#[derive(Debug)]
pub(crate) struct ChildLayout {
    /// Field name: the key in the content.
    pub field: String,
    pub table: String,
    pub group: bool,
    pub columns: Vec<(String, Storage)>,
    pub insert: String,
    pub select: String,
    pub delete: String,
    pub to_past: String,
}

impl Layout {
    pub fn new(register: &Register) -> Layout {
        let mut columns: Vec<ColumnLayout> = vec![];
        let mut own = 0;
        for column in register.columns() {
            let derived = matches!(column.field.kind, FieldKind::Derived { .. });
            let place = OWN + columns.len() + 1;
            columns.push(ColumnLayout {
                storage: column.storage,
                derived,
                place,
                own,
                field: column.field.name.clone(),
                name: column.name,
            });
            own += usize::from(!derived);
        }
        let mut by_name: Vec<usize> = (0..columns.len()).collect();
        by_name.sort_by_key(|i| &columns[*i].name);
        let names: Vec<String> = OWN_COLUMNS.iter().map(|c| c.0.to_string()).chain(columns.iter().map(|c| quoted(&c.name))).collect();
        let all = names.join(", ");
        let marks = marks(names.len());
        let table = quoted(&register.name);
        let past = quoted(&past_name(&register.name));
        Layout {
            // Short: it is looked up by its text for each row.
            insert: format!("INSERT INTO {table} VALUES ({marks})"),
            to_past: format!("INSERT INTO {past} ({all}, _until) SELECT {all}, ?2 FROM {table} WHERE _id = ?1"),
            name: register.name.clone(),
            children: register.fields.iter().filter_map(|field| ChildLayout::new(&register.name, field)).collect(),
            columns,
            by_name,
            all,
            sensitive: is_sensitive(register),
            hidden: Default::default(),
        }
    }

    /// What a row is read by: the register's own columns and those of fields that are wanted, the others as NULL in
    /// their places, for many are computed only when they are read. All fields if none.
    pub fn select(&self, fields: &Fields) -> String {
        let Some(fields) = fields else { return self.all.clone() };
        let wanted = |field: &str| fields.contains(field);
        let column = |c: &ColumnLayout| if wanted(&c.field) { quoted(&c.name) } else { "NULL".to_string() };
        OWN_COLUMNS.iter().map(|c| c.0.to_string()).chain(self.columns.iter().map(column)).collect::<Vec<_>>().join(", ")
    }

    /// Columns that are hidden in a row with these bits, those of groups as `group.column`.
    pub fn hidden(&self, register: &Register, bits: i64) -> Arc<BTreeSet<String>> {
        let columns = || Arc::new(columns_of(register, |sensitivity| bits & bit(sensitivity) != 0));
        let kept = usize::try_from(bits).ok().and_then(|at| self.hidden.get(at));
        kept.map_or_else(columns, |kept| Arc::clone(kept.get_or_init(columns)))
    }

    /// The columns that a content fills, each with its cell. Contents are in the order of names, so one walk finds all.
    pub fn filled<'c>(&self, content: impl Iterator<Item = (&'c String, &'c Cell)>) -> impl Iterator<Item = (&ColumnLayout, &'c Cell)> {
        let mut columns = self.by_name.iter().map(|i| &self.columns[*i]).peekable();
        content.filter_map(move |(name, cell)| {
            while columns.next_if(|column| column.name < *name).is_some() {}
            columns.next_if(|column| column.name == *name).map(|column| (column, cell))
        })
    }

    /// The field that a key of a content is a part of.
    pub fn field_of<'l>(&'l self, key: &'l str) -> &'l str {
        let found = self.by_name.binary_search_by(|i| self.columns[*i].name.as_str().cmp(key));
        found.map_or(key, |at| &self.columns[self.by_name[at]].field)
    }

    pub fn child(&self, field: &str) -> Option<&ChildLayout> {
        self.children.iter().find(|c| c.field == field)
    }
}

impl ChildLayout {
    fn new(register: &str, field: &shirube_plan::Field) -> Option<ChildLayout> {
        let columns: Vec<(String, Storage)> = child_columns(field)?.into_iter().map(|(name, storage, _)| (name, storage)).collect();
        let name = child_name(register, &field.name);
        let (table, past) = (quoted(&name), quoted(&past_name(&name)));
        let values = columns.iter().map(|c| quoted(&c.0)).collect::<Vec<_>>().join(", ");
        let all = if values.is_empty() { "_id, position, _seq".to_string() } else { format!("_id, position, _seq, {values}") };
        Some(ChildLayout {
            insert: format!("INSERT INTO {table} ({all}) VALUES ({})", marks(columns.len() + 3)),
            select: format!("SELECT {all} FROM {table} WHERE _id = ?1 ORDER BY position"),
            delete: format!("DELETE FROM {table} WHERE _id = ?1"),
            to_past: format!("INSERT INTO {past} ({all}, _until) SELECT {all}, ?2 FROM {table} WHERE _id = ?1"),
            field: field.name.clone(),
            table: name,
            group: matches!(field.kind, FieldKind::Group { .. }),
            columns,
        })
    }
}

fn marks(n: usize) -> String {
    (1..=n).map(|i| format!("?{i}")).collect::<Vec<_>>().join(", ")
}
