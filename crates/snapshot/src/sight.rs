//! What a reader may see of a snapshot: some rows, and of these some columns.
//!
//! A narrowed snapshot has TEMP views with the registers' own names. They leave out rows that are not to be seen and
//! give NULL for columns that are not, so that lists, filters, sorts, counts, searches and all SQL see nothing else.
//! [`Narrow`] refuses statements that would read the tables behind the views: it lets only views read them whose
//! names nobody can know, since SQLite tells a view and a subquery of a statement that has its name not apart.

use crate::{
    gate::Guard,
    past::{self, Rows},
    schema::{OWN_COLUMNS, child_columns, child_name, past_name, quoted},
};
use rusqlite::{
    Connection, Result,
    hooks::{AuthAction, AuthContext, Authorization},
};
use shirube_plan::{Field, FieldKind, Owner, Pack, Register, Sensitivity};
use std::collections::{BTreeMap, BTreeSet};

/// Column of the views of a narrowed snapshot: one bit for each sensitivity that is not shown in the row.
pub(crate) const HIDDEN: &str = "_hidden";

pub(crate) const SENSITIVITIES: [Sensitivity; 4] =
    [Sensitivity::Public, Sensitivity::Internal, Sensitivity::Commercial, Sensitivity::Personal];

/// Which rows of a register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Every one.
    All,
    /// Not one.
    #[default]
    None,
    /// Those alike to one of these.
    Some(Vec<Alike>),
}

/// Rows alike in what decisions depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// Their state; none in a register without states.
    pub state: Option<String>,
    /// Whose they are.
    pub owner: Whose,
    /// Whether they are demonstration records.
    pub synthetic: bool,
}

/// Whose a row is, by the column that its register names as owner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// Of one of these organisations.
    Of(Organisations),
    /// Of none of them, or nobody's.
    NotOf(Organisations),
}

/// Organisations by what rows know them by.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Organisations {
    /// Corporate numbers.
    pub numbers: BTreeSet<String>,
    /// Ids of their records.
    pub ids: BTreeSet<i64>,
}

/// What may be seen of one register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterSight {
    /// Its rows.
    pub rows: Shown,
    /// Of these, the rows in which columns of a sensitivity are shown; none where it is missing.
    pub columns: BTreeMap<Sensitivity, Shown>,
}

/// What may be seen of all registers; of a register that is not among them nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight(pub BTreeMap<String, RegisterSight>);

impl Sight {
    /// Whether any record of a register would be shown with all fields up to a sensitivity.
    pub(crate) fn shows_any(&self, register: &str, up_to: Sensitivity) -> bool {
        let shown = |sight: &RegisterSight, s: &Sensitivity| sight.columns.get(s) == Some(&Shown::All);
        self.0
            .get(register)
            .is_some_and(|sight| sight.rows == Shown::All && SENSITIVITIES.iter().filter(|s| **s <= up_to).all(|s| shown(sight, s)))
    }

    fn of(&self, register: &Register) -> Conditions {
        let nothing = RegisterSight::default();
        let sight = self.0.get(&register.name).unwrap_or(&nothing);
        let rows = condition(register, &sight.rows);
        let columns = SENSITIVITIES.map(|s| match sight.columns.get(&s) {
            Some(shown) if *shown == sight.rows => "1".to_string(),
            Some(shown) => condition(register, shown),
            None => "0".to_string(),
        });
        Conditions { rows, columns }
    }
}

/// Columns of these sensitivities, those of groups as `group.column`.
pub fn columns_of(register: &Register, is_hidden: impl Fn(Sensitivity) -> bool) -> BTreeSet<String> {
    let mut hidden = BTreeSet::new();
    if !SENSITIVITIES.into_iter().any(&is_hidden) {
        return hidden;
    }
    for field in &register.fields {
        let own = is_hidden(field.sensitivity);
        if own {
            hidden.insert(field.name.clone());
            hidden.extend(field.columns().into_iter().map(|c| c.name));
        }
        if let FieldKind::Group { fields } = &field.kind {
            let inner = fields.iter().filter(|f| own || is_hidden(f.sensitivity)).flat_map(Field::columns);
            hidden.extend(inner.map(|c| format!("{}.{}", field.name, c.name)));
        }
    }
    hidden
}

/// SQL over a row of the register's own columns.
struct Conditions {
    rows: String,
    /// By sensitivity, in the order of [`SENSITIVITIES`].
    columns: [String; 4],
}

impl Conditions {
    fn shows(&self, sensitivity: Sensitivity) -> &str {
        SENSITIVITIES.iter().position(|s| *s == sensitivity).map_or("0", |i| &self.columns[i])
    }

    /// A column where it is shown.
    fn masked(&self, column: &str, sensitivity: Sensitivity) -> String {
        match self.shows(sensitivity) {
            "1" => column.to_string(),
            "0" => "NULL".to_string(),
            shown => format!("CASE WHEN {shown} THEN {column} END"),
        }
    }

    fn hidden(&self) -> String {
        let bits = SENSITIVITIES.iter().map(|s| match self.shows(*s) {
            "1" => "0".to_string(),
            "0" => bit(*s).to_string(),
            shown => format!("CASE WHEN {shown} THEN 0 ELSE {} END", bit(*s)),
        });
        bits.collect::<Vec<_>>().join(" | ")
    }

    /// Reasons for blanks, without those of columns that are hidden. Rows of a group have reasons under names that
    /// cannot be listed, so that a group with anything hidden takes all reasons with it.
    fn missing(&self, register: &Register) -> String {
        let mut reasons = "_missing".to_string();
        for s in SENSITIVITIES.iter().filter(|s| self.shows(**s) != "1") {
            let concerned = |f: &&Field| f.sensitivity == *s;
            let groups = |f: &Field| match &f.kind {
                FieldKind::Group { fields } => f.sensitivity == *s || fields.iter().any(|f| f.sensitivity == *s),
                _ => false,
            };
            let paths =
                register.fields.iter().filter(concerned).flat_map(|f| f.columns().into_iter().map(|c| c.name).chain([f.name.clone()]));
            let paths: BTreeSet<String> = paths.map(|c| format!("'$.\"{c}\"'")).collect();
            let without = match (register.fields.iter().any(groups), paths.len()) {
                (true, _) => "NULL".to_string(),
                (false, 0) => continue,
                _ => format!("json_remove({reasons}, {})", paths.into_iter().collect::<Vec<_>>().join(", ")),
            };
            reasons = match self.shows(*s) {
                "0" => without,
                shown => format!("CASE WHEN {shown} THEN {reasons} ELSE {without} END"),
            };
        }
        // Without any reason left there is no object either.
        if reasons == "_missing" { reasons } else { format!("nullif({reasons}, '{{}}')") }
    }
}

/// The bits of a sensitivity and all below it.
pub(crate) fn bits_up_to(sensitivity: Sensitivity) -> i64 {
    SENSITIVITIES.iter().filter(|s| **s <= sensitivity).map(|s| bit(*s)).sum()
}

pub(crate) fn bit(sensitivity: Sensitivity) -> i64 {
    SENSITIVITIES.iter().position(|s| *s == sensitivity).map_or(0, |i| 1 << i)
}

/// Whether a row is among those shown.
fn condition(register: &Register, shown: &Shown) -> String {
    let alike = match shown {
        Shown::All => return "1".to_string(),
        Shown::None => return "0".to_string(),
        Shown::Some(alike) => alike,
    };
    // Rows that differ in their state alone share a condition.
    let mut states: BTreeMap<(bool, &Whose), Vec<Option<&str>>> = BTreeMap::new();
    for a in alike {
        states.entry((a.synthetic, &a.owner)).or_default().push(a.state.as_deref());
    }
    let one = |((synthetic, owner), states): ((bool, &Whose), Vec<Option<&str>>)| {
        let names: Vec<String> = states.iter().flatten().map(|s| text(s)).collect();
        let state = if names.is_empty() { "_state IS NULL".to_string() } else { format!("_state IN ({})", names.join(", ")) };
        format!("(_synthetic = {} AND {state} AND {})", i64::from(synthetic), owned(register, owner))
    };
    let any: Vec<String> = states.into_iter().map(one).collect();
    if any.is_empty() { "0".to_string() } else { format!("({})", any.join(" OR ")) }
}

fn owned(register: &Register, whose: &Whose) -> String {
    let of = |organisations: &Organisations| {
        let numbers = || organisations.numbers.iter().map(|n| text(n)).collect::<Vec<_>>();
        let ids = || organisations.ids.iter().map(i64::to_string).collect::<Vec<_>>();
        let (column, values) = match register.owner()? {
            Owner::Itself => ("_id".to_string(), ids()),
            Owner::Number(column) => (quoted(&column), numbers()),
            Owner::Reference(column) => (quoted(column), ids()),
        };
        (!values.is_empty()).then(|| format!("coalesce({column} IN ({}), 0)", values.join(", ")))
    };
    match whose {
        Whose::Of(organisations) => of(organisations).unwrap_or_else(|| "0".to_string()),
        Whose::NotOf(organisations) => of(organisations).map_or_else(|| "1".to_string(), |own| format!("NOT {own}")),
    }
}

/// A text as SQL.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Makes the views of a narrowed snapshot; `earlier` are the registers that show an earlier moment.
pub(crate) fn show(connection: &Connection, pack: &Pack, sight: &Sight, earlier: &BTreeMap<String, Rows>) -> Result<Narrow> {
    let inner: String = connection.query_row("SELECT '_' || lower(hex(randomblob(16))) || '_'", [], |r| r.get(0))?;
    for register in pack.registers.values() {
        let conditions = sight.of(register);
        let own = OWN_COLUMNS.iter().map(|(name, ..)| match *name {
            "_missing" => format!("{} AS _missing", conditions.missing(register)),
            name => name.to_string(),
        });
        let columns = register.columns().into_iter().map(|c| {
            let name = quoted(&c.name);
            format!("{} AS {name}", conditions.masked(&name, c.field.sensitivity))
        });
        let columns: Vec<String> = own.chain(columns).chain([format!("{} AS {HIDDEN}", conditions.hidden())]).collect();
        let tables = past::tables(register);
        let shown = earlier.get(&register.name).copied().unwrap_or(Rows::Present);
        let rows = tables.first().map(|(table, columns)| past::rows_of(table, columns, shown)).unwrap_or_default();
        let sql = format!("SELECT {} FROM {rows} WHERE {}", columns.join(", "), conditions.rows);
        view(connection, &inner, &register.name, &sql)?;
        for field in &register.fields {
            let name = child_name(&register.name, &field.name);
            if let Some((table, columns)) = tables.iter().skip(1).find(|(table, _)| *table == name) {
                let sql = child(field, &conditions, &rows, &past::rows_of(table, columns, shown));
                view(connection, &inner, table, &sql)?;
            }
        }
    }
    let tables = pack.registers.values().flat_map(past::tables).flat_map(|(table, _)| [past_name(&table), table]);
    Ok(Narrow { tables: tables.collect(), inner })
}

/// The view of a child table: the rows of records that are shown, where the field is.
fn child(field: &Field, conditions: &Conditions, rows: &str, values: &str) -> String {
    let inner: &[Field] = match &field.kind {
        FieldKind::Group { fields } => fields,
        _ => &[],
    };
    let sensitivity_of =
        |column: &str| inner.iter().find(|f| f.columns().iter().any(|c| c.name == column)).map_or(field.sensitivity, |f| f.sensitivity);
    // Own columns of the record are named in the conditions; those of the child never begin with an underscore but for
    // the three it shares.
    let columns = child_columns(field).into_iter().flatten().map(|(column, ..)| {
        let shown = conditions.masked("1", sensitivity_of(&column));
        let column = quoted(&column);
        match shown.as_str() {
            "1" => format!("c.{column} AS {column}"),
            "NULL" => format!("NULL AS {column}"),
            _ => format!("CASE WHEN (SELECT {shown} FROM {rows} WHERE _id = c._id) THEN c.{column} END AS {column}"),
        }
    });
    let columns: Vec<String> = ["c._id AS _id".to_string(), "c.position AS position".to_string()]
        .into_iter()
        .chain(columns)
        .chain(["c._seq AS _seq".to_string()])
        .collect();
    let shown = conditions.shows(field.sensitivity);
    format!(
        "SELECT {} FROM {values} c WHERE EXISTS (SELECT 1 FROM {rows} WHERE _id = c._id AND {} AND {shown})",
        columns.join(", "),
        conditions.rows
    )
}

/// A view that asks one with a name that nobody knows.
fn view(connection: &Connection, inner: &str, name: &str, sql: &str) -> Result<()> {
    let (inner, name) = (quoted(&format!("{inner}{name}")), quoted(name));
    connection.execute_batch(&format!("CREATE TEMP VIEW {inner} AS {sql}; CREATE TEMP VIEW {name} AS SELECT * FROM {inner}"))
}

/// Keeps statements from the tables behind the views of a narrowed snapshot.
#[derive(Debug)]
pub(crate) struct Narrow {
    /// Tables that are read through views only.
    tables: BTreeSet<String>,
    /// How the names of these views begin.
    inner: String,
}

impl Guard for Narrow {
    fn allow(&mut self, context: AuthContext<'_>) -> Authorization {
        let AuthAction::Read { table_name, column_name } = context.action else { return Authorization::Allow };
        // SQLite does not say by way of which view it reads no column at all, as for counting. Nobody but the program
        // writes SQL here, and a pack's SQL may not name a table with its database.
        if column_name.is_empty() {
            return Authorization::Allow;
        }
        let within = context.accessor.is_some_and(|view| view.starts_with(&self.inner));
        let behind = self.tables.contains(table_name) && context.database_name == Some("main") && !within;
        // The list of views would tell their names.
        let names = table_name.starts_with("sqlite_") && (table_name.starts_with("sqlite_temp_") || context.database_name == Some("temp"));
        if behind || names { Authorization::Deny } else { Authorization::Allow }
    }

    fn stop(&mut self) -> bool {
        false
    }
}
