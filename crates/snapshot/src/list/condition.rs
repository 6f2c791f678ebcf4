//! Conditions of a list as SQL over a row `t`.

use super::{Filter, Op};
use crate::{
    Snapshot, SnapshotError,
    schema::{OWN_COLUMNS, child_name, quoted},
    search::words::{Query, fold},
    sight::HIDDEN,
};
use rusqlite::{params, types::Value};
use shirube_plan::{Field, FieldKind, Pack, Pair, Part, Register, Storage};
use shirube_record::{Cell, parse};

/// One condition.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    /// SQL with numberless parameters; `{t}` stands for the row.
    pub sql: String,
    pub values: Vec<Value>,
    /// Column whose index finds the rows of this condition; none if only looking at each row decides it.
    pub column: Option<String>,
    /// How many versions the search index found, for the condition on words.
    pub found: Option<usize>,
    /// Some of the versions that meet the condition, where all are too many to list.
    pub sample: Option<Value>,
}

/// Where a filter's column stands.
enum Target<'a> {
    Own(&'static str),
    Column { name: String, field: &'a Field, part: Part },
    Derived { name: String, storage: Storage },
    Choices { table: String, field: &'a Field },
    Group { table: String, name: String, field: &'a Field, part: Part },
}

fn target<'a>(register: &'a Register, name: &str) -> Option<Target<'a>> {
    if let Some(own) = OWN_COLUMNS.iter().find(|c| c.0 == name && c.0 != "_missing") {
        return Some(Target::Own(own.0));
    }
    if let Some((group, column)) = name.split_once('.') {
        let group = register.field(group)?;
        let FieldKind::Group { fields } = &group.kind else { return None };
        let table = child_name(&register.name, &group.name);
        let column = fields.iter().flat_map(Field::columns).find(|c| c.name == column)?;
        return Some(Target::Group { table, name: column.name, field: column.field, part: column.part });
    }
    if let Some(field) = register.field(name)
        && matches!(field.kind, FieldKind::Choices { .. })
    {
        return Some(Target::Choices { table: child_name(&register.name, name), field });
    }
    let column = register.columns().into_iter().find(|c| c.name == name)?;
    Some(match column.field.kind {
        FieldKind::Derived { stored_as, .. } => Target::Derived { name: column.name, storage: stored_as },
        _ => Target::Column { name: column.name, field: column.field, part: column.part },
    })
}

fn no_such_column(register: &Register, column: &str) -> SnapshotError {
    SnapshotError::NoSuchColumn { register: register.name.clone(), column: column.to_string() }
}

/// The column a list is sorted by. Times sort as the events that made them, which are indexed; numbers as they were
/// given, for PRJ-2026-10000 comes after PRJ-2026-9999.
pub(super) fn sort_column(register: &Register, column: &str) -> Result<String, SnapshotError> {
    match target(register, column) {
        Some(Target::Own("_created_at" | "_number")) => Ok("_id".to_string()),
        Some(Target::Own("_updated_at")) => Ok("_seq".to_string()),
        Some(Target::Own(name)) => Ok(name.to_string()),
        Some(Target::Column { name, .. } | Target::Derived { name, .. }) => Ok(name),
        _ => Err(no_such_column(register, column)),
    }
}

impl Filter {
    fn first(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }
}

impl Condition {
    /// On a narrowed snapshot: the row's public fields may be seen.
    pub fn public_is_shown() -> Condition {
        Condition { sql: format!("{{t}}.{HIDDEN} & 1 = 0"), ..Condition::default() }
    }

    pub fn new(pack: &Pack, register: &Register, filter: &Filter) -> Result<Condition, SnapshotError> {
        let target = target(register, &filter.column).ok_or_else(|| no_such_column(register, &filter.column))?;
        let cells = match filter.op {
            Op::Blank | Op::Filled => vec![],
            Op::Contains => vec![],
            Op::In => filter.values.iter().map(|v| read(pack, &target, filter, v)).collect::<Result<_, _>>()?,
            _ => vec![read(pack, &target, filter, filter.first())?],
        };
        Ok(match &target {
            Target::Own(name) => plain(name, filter, cells),
            Target::Column { name, .. } | Target::Derived { name, .. } => plain(name, filter, cells),
            Target::Choices { table, .. } => in_child(table, "value", filter, cells),
            Target::Group { table, name, .. } => in_child(table, name, filter, cells),
        })
    }
}

/// The value of a filter, read like any other input.
fn read(pack: &Pack, target: &Target<'_>, filter: &Filter, text: &str) -> Result<Cell, SnapshotError> {
    let bad = |problem: Pair, mend: Pair| SnapshotError::BadFilterValue { column: filter.column.clone(), problem, mend };
    let number = || {
        bad(
            Pair { ja: format!("「{text}」は数値ではありません"), en: format!("“{text}” is not a number") },
            Pair { ja: "数値を書いてください".into(), en: "write a number".into() },
        )
    };
    let blank = || {
        bad(
            Pair { ja: "値がありません".into(), en: "there is no value".into() },
            Pair { ja: "値を書くか、blank を使ってください".into(), en: "write a value, or use blank".into() },
        )
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(blank());
    }
    let by_storage = |storage: Storage| match storage {
        Storage::Text => Ok(Cell::Text(trimmed.to_string())),
        Storage::Integer => trimmed.parse().map(Cell::Integer).map_err(|_| number()),
        Storage::Real => trimmed.parse().ok().filter(|x: &f64| x.is_finite()).map(Cell::Real).ok_or_else(number),
    };
    let parsed = |field: &Field, part| match parse(field, part, text, pack) {
        Ok(Some(Cell::List(mut codes))) => codes.pop().map(Cell::Text).ok_or_else(blank),
        Ok(Some(cell)) => Ok(cell),
        Ok(None) => Err(blank()),
        Err(error) => Err(bad(error.problem, error.mend)),
    };
    match target {
        Target::Own("_id" | "_version" | "_seq" | "_synthetic") => by_storage(Storage::Integer),
        Target::Own(_) => by_storage(Storage::Text),
        Target::Derived { storage, .. } => by_storage(*storage),
        Target::Column { field, part, .. } | Target::Group { field, part, .. } => parsed(field, *part),
        Target::Choices { field, .. } => parsed(field, Part::Main),
    }
}

fn sql_value(cell: Cell) -> Value {
    match cell {
        Cell::Integer(n) => Value::Integer(n),
        Cell::Real(x) => Value::Real(x),
        Cell::Text(text) => Value::Text(text),
        _ => Value::Null,
    }
}

fn comparison(op: Op) -> &'static str {
    match op {
        Op::Ne => "IS NOT",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        Op::Ge => ">=",
        _ => "=",
    }
}

/// A condition on a column of the row itself.
fn plain(name: &str, filter: &Filter, cells: Vec<Cell>) -> Condition {
    let column = format!("{{t}}.{}", quoted(name));
    // A stated reason for a blank is looked for among the reasons.
    if let [Cell::Missing { missing }] = cells.as_slice() {
        let sql = format!("{{t}}._missing ->> ? {} ?", comparison(filter.op));
        let path = format!("$.\"{name}\"");
        return Condition { sql, values: vec![Value::Text(path), Value::Text(missing.clone())], ..Condition::default() };
    }
    let indexed = Some(name.to_string());
    let (sql, values, by) = match filter.op {
        Op::Blank => (format!("{column} IS NULL"), vec![], indexed),
        Op::Filled => (format!("{column} IS NOT NULL"), vec![], None),
        Op::Contains => (format!("instr(_fold({column}), ?) > 0"), vec![Value::Text(fold(filter.first().trim()))], None),
        Op::In => {
            let marks = vec!["?"; cells.len()].join(", ");
            (format!("{column} IN ({marks})"), cells.into_iter().map(sql_value).collect(), indexed)
        }
        op => {
            let by = if op == Op::Ne { None } else { indexed };
            (format!("{column} {} ?", comparison(op)), cells.into_iter().map(sql_value).collect(), by)
        }
    };
    Condition { sql, values, column: by, ..Condition::default() }
}

/// A condition on the rows of a child table: some row meets it; for "not equal" and "blank", none does.
fn in_child(table: &str, name: &str, filter: &Filter, cells: Vec<Cell>) -> Condition {
    let column = format!("c.{}", quoted(name));
    let inner = |test: String| format!("EXISTS (SELECT 1 FROM {} c WHERE c._id = {{t}}._id AND {test})", quoted(table));
    let values: Vec<Value> = cells.into_iter().map(sql_value).collect();
    let (sql, values) = match filter.op {
        Op::Blank => (format!("NOT {}", inner(format!("{column} IS NOT NULL"))), vec![]),
        Op::Filled => (inner(format!("{column} IS NOT NULL")), vec![]),
        Op::Contains => (inner(format!("instr(_fold({column}), ?) > 0")), vec![Value::Text(fold(filter.first().trim()))]),
        Op::In => (inner(format!("{column} IN ({})", vec!["?"; values.len()].join(", "))), values),
        Op::Ne => (format!("NOT {}", inner(format!("{column} = ?"))), values),
        op => (inner(format!("{column} {} ?", comparison(op))), values),
    };
    Condition { sql, values, ..Condition::default() }
}

/// Up to this many versions the search index lists; what is found more often is looked for in the list's order.
const LISTED: usize = 30_000;

/// The row's version is one of a JSON list.
pub(super) const IS_LISTED: &str = "{t}._seq IN (SELECT value FROM json_each(?))";

impl Snapshot {
    /// The condition that a row's text holds the words; none if there are no words. And how many events the index
    /// is behind.
    pub(super) fn text_condition(&self, register: &str, text: &str) -> Result<(Option<Condition>, i64), SnapshotError> {
        if text.trim().is_empty() {
            return Ok((None, 0));
        }
        let (Some(query), Some(parts)) = (Query::new(text), self.texts.get(register)) else {
            // Marks only: no text holds them as words.
            return Ok((Some(Condition { sql: "0".to_string(), ..Condition::default() }), 0));
        };
        let indexed = self.indexed()?;
        let lag = indexed.map_or(0, |indexed| (self.moment().seq - indexed).max(0));
        let mut versions = self.not_indexed_yet(register, &query)?;
        if let Some(indexed) = indexed {
            let sql = "SELECT rowid FROM search.doc WHERE doc MATCH ?1 AND rowid <= ?2 ORDER BY rowid DESC LIMIT ?3";
            let mut statement = self.connection().prepare_cached(sql)?;
            let expression = format!("register : \"{register}\" AND {}", query.expression("text"));
            let rows = statement.query_map(params![expression, indexed.min(self.moment().seq), (LISTED + 1) as i64], |r| r.get(0))?;
            versions.extend(rows.collect::<Result<Vec<i64>, _>>()?);
        }
        let found = Some(versions.len());
        let list = Value::Text(serde_json::json!(versions).to_string());
        if versions.len() <= LISTED {
            let column = Some("_seq".to_string());
            return Ok((Some(Condition { sql: IS_LISTED.to_string(), values: vec![list], column, found, sample: None }), lag));
        }
        let sql = format!("_holds(?, ?, {})", parts.present().replace("t.", "{t}."));
        let values = vec![Value::Text(register.to_string()), Value::Text(text.to_string())];
        Ok((Some(Condition { sql, values, column: None, found, sample: Some(list) }), lag))
    }
}
