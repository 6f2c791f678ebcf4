//! What an indicator may read and call.

use shirube_plan::{Field, FieldKind, Pack, Sensitivity};
use shirube_snapshot::schema;
use std::collections::BTreeMap;

/// Tables that come from the pack itself or from SQLite, with their columns.
const COMMON: [(&str, &str); 6] = [
    ("published_figure", "id source series period dims value printed unit status heading quote"),
    ("assumption", "id value unit"),
    ("code", "list code label_ja label_en position"),
    ("plan_node", "id period kind parent number label_ja label_en"),
    ("json_each", "key value type atom id parent fullkey path"),
    ("json_tree", "key value type atom id parent fullkey path"),
];

/// SQLite's own functions that give the same on every machine at any time, and ours. `random`, the clock,
/// `changes` and everything that touches files or memory are left out.
const FUNCTIONS: &str = "fiscal_year era cagr project round_to \
    abs ceil ceiling char coalesce concat concat_ws floor format glob hex if ifnull iif instr length like likelihood likely \
    lower ltrim max min mod nullif octet_length pow power printf quote replace round rtrim sign sqrt substr substring trim \
    trunc typeof unhex unicode unistr unlikely upper \
    exp ln log log10 log2 pi \
    date time datetime julianday unixepoch strftime timediff \
    avg count group_concat median percentile percentile_cont percentile_disc string_agg sum total \
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value \
    json json_array json_array_length json_error_position json_extract json_group_array json_group_object json_insert \
    json_object json_patch json_pretty json_quote json_remove json_replace json_set json_type json_valid -> ->>";

/// The tables of a pack by name, each with its columns.
#[derive(Debug)]
pub(crate) struct Catalog {
    tables: BTreeMap<String, Table>,
}

/// A table that may be read.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The register whose records its `_id` names; none for the pack's own tables.
    pub register: Option<String>,
    columns: BTreeMap<String, Sensitivity>,
}

impl Catalog {
    /// The catalog of a pack.
    pub fn of(pack: &Pack) -> Catalog {
        let mut tables: BTreeMap<String, Table> = COMMON
            .iter()
            .map(|(name, columns)| {
                let columns = columns.split_whitespace().map(|c| (c.to_string(), Sensitivity::Public)).collect();
                (name.to_string(), Table { register: None, columns })
            })
            .collect();
        for register in pack.registers.values() {
            let new_table = || Table { register: Some(register.name.clone()), ..Table::default() };
            let mut own = new_table();
            own.columns.extend(schema::OWN_COLUMNS.iter().map(|c| (c.0.to_string(), Sensitivity::Public)));
            for field in &register.fields {
                own.add(field, Sensitivity::Public);
                if matches!(field.kind, FieldKind::Group { .. } | FieldKind::Choices { .. }) {
                    let mut child = new_table();
                    child.columns.extend(["_id", "position", "_seq"].map(|c| (c.to_string(), Sensitivity::Public)));
                    if let FieldKind::Group { fields } = &field.kind {
                        fields.iter().for_each(|inner| child.add(inner, field.sensitivity));
                    } else {
                        child.columns.insert("value".to_string(), field.sensitivity);
                    }
                    tables.insert(schema::child_name(&register.name, &field.name), child);
                }
            }
            tables.insert(register.name.clone(), own);
        }
        Catalog { tables }
    }

    /// A catalog without tables, whose columns are only there to be suggested.
    pub fn of_columns(columns: &[String]) -> Catalog {
        let columns = columns.iter().map(|c| (c.clone(), Sensitivity::Public)).collect();
        Catalog { tables: BTreeMap::from([(String::new(), Table { register: None, columns })]) }
    }

    /// The table of this name. Names are compared as SQLite does: without regard to case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name).or_else(|| self.tables.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, t)| t))
    }

    /// Names of all tables.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Names of all columns of the named tables, or of every table when none is known.
    pub fn columns(&self, of: &[String]) -> impl Iterator<Item = &str> {
        let known = of.iter().any(|name| self.table(name).is_some());
        self.tables
            .iter()
            .filter(move |(name, _)| !known || of.iter().any(|o| o.eq_ignore_ascii_case(name)))
            .flat_map(|(_, table)| table.columns.keys().map(String::as_str))
    }
}

impl Table {
    fn add(&mut self, field: &Field, at_least: Sensitivity) {
        for column in field.columns() {
            self.columns.insert(column.name, field.sensitivity.max(at_least));
        }
    }

    /// Sensitivity of a column.
    pub fn sensitivity(&self, column: &str) -> Sensitivity {
        self.columns.get(column).copied().unwrap_or_default()
    }
}

/// Whether an indicator may call this function.
pub(crate) fn may_call(function: &str) -> bool {
    functions().any(|f| f.eq_ignore_ascii_case(function))
}

/// Names of all functions an indicator may call.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.split_whitespace()
}
