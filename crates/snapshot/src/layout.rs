//! Where a register's values stand: its columns in order, its child tables, and the SQL built from them.

use crate::schema::{OWN_COLUMNS, child_columns, child_name, past_name, quoted};
use shirube_plan::{FieldKind, Pack, Register, Storage};
use std::{collections::BTreeMap, sync::Arc};

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
    pub children: Vec<ChildLayout>,
    /// All columns of the register's table, quoted, in order.
    pub all: String,
    pub insert: String,
    pub to_past: String,
}

#[derive(Debug)]
pub(crate) struct ColumnLayout {
    pub name: String,
    pub storage: Storage,
    pub derived: bool,
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
        let columns: Vec<ColumnLayout> = register
            .columns()
            .into_iter()
            .map(|c| ColumnLayout { storage: c.storage, derived: matches!(c.field.kind, FieldKind::Derived { .. }), name: c.name })
            .collect();
        let names: Vec<String> = OWN_COLUMNS.iter().map(|c| c.0.to_string()).chain(columns.iter().map(|c| quoted(&c.name))).collect();
        let all = names.join(", ");
        let marks = marks(names.len());
        let table = quoted(&register.name);
        let past = quoted(&past_name(&register.name));
        Layout {
            insert: format!("INSERT INTO {table} ({all}) VALUES ({marks})"),
            to_past: format!("INSERT INTO {past} ({all}, _until) SELECT {all}, ?2 FROM {table} WHERE _id = ?1"),
            name: register.name.clone(),
            children: register.fields.iter().filter_map(|field| ChildLayout::new(&register.name, field)).collect(),
            columns,
            all,
        }
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
