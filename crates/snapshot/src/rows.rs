//! Records as rows: binding cells, reading them back.

use crate::layout::{ChildLayout, Layout};
use jiff::Timestamp;
use rusqlite::{Connection, Result, Row, Statement, types::ValueRef};
use shirube_plan::Storage;
use shirube_record::{Cell, Content, Origin, RecordState};

/// Number of columns every register table begins with.
pub(crate) const OWN: usize = crate::schema::OWN_COLUMNS.len();

/// Binds a cell as a column stores it. A value of a kind the column does not store (its field's type changed
/// since) becomes one where that loses nothing, and otherwise NULL: the log keeps what was written.
pub(crate) fn bind(statement: &mut Statement<'_>, index: usize, storage: Storage, cell: Option<&Cell>) -> Result<()> {
    match (storage, cell) {
        (Storage::Text, Some(Cell::Text(text))) => statement.raw_bind_parameter(index, text.as_str()),
        (Storage::Text, Some(Cell::Integer(n))) => statement.raw_bind_parameter(index, n.to_string()),
        (Storage::Text, Some(Cell::Real(x))) => statement.raw_bind_parameter(index, x.to_string()),
        (Storage::Integer, Some(Cell::Integer(n))) => statement.raw_bind_parameter(index, n),
        (Storage::Integer, Some(Cell::Real(x))) if x.fract() == 0.0 && x.abs() < 9e15 => statement.raw_bind_parameter(index, *x as i64),
        (Storage::Integer, Some(Cell::Text(text))) => statement.raw_bind_parameter(index, text.parse::<i64>().ok()),
        (Storage::Real, Some(Cell::Real(x))) => statement.raw_bind_parameter(index, x),
        (Storage::Real, Some(Cell::Integer(n))) => statement.raw_bind_parameter(index, *n as f64),
        (Storage::Real, Some(Cell::Text(text))) => statement.raw_bind_parameter(index, text.parse::<f64>().ok().filter(|x| x.is_finite())),
        _ => statement.raw_bind_parameter(index, rusqlite::types::Null),
    }
}

/// A stored value as a cell; none for NULL.
pub(crate) fn cell(value: ValueRef<'_>) -> Option<Cell> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(n) => Some(Cell::Integer(n)),
        ValueRef::Real(x) => Some(Cell::Real(x)),
        ValueRef::Text(text) | ValueRef::Blob(text) => Some(Cell::Text(String::from_utf8_lossy(text).into_owned())),
    }
}

/// Time as register tables show it: `2025-03-31T08:00:00.123Z`.
pub(crate) fn time_text(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

fn time_ms(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, |time| time.as_millisecond())
}

/// Reasons for blanks as JSON, `{"stage":"unknown","grants.1.amount":"suppressed"}`; none if there are none.
pub(crate) fn missing_json<'c>(content: impl IntoIterator<Item = (&'c String, &'c Cell)>) -> Option<String> {
    let mut reasons = serde_json::Map::new();
    for (column, cell) in content {
        match cell {
            Cell::Missing { missing } => {
                reasons.insert(column.clone(), missing.as_str().into());
            }
            Cell::Rows(rows) => {
                for (i, row) in rows.iter().enumerate() {
                    for (inner, cell) in row {
                        if let Cell::Missing { missing } = cell {
                            reasons.insert(format!("{column}.{}.{inner}", i + 1), missing.as_str().into());
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if reasons.is_empty() { None } else { Some(serde_json::Value::Object(reasons).to_string()) }
}

fn put_missing(content: &mut Content, json: &str) {
    let Ok(serde_json::Value::Object(reasons)) = serde_json::from_str(json) else { return };
    for (place, word) in reasons {
        let cell = Cell::Missing { missing: word.as_str().unwrap_or_default().to_string() };
        match place.split('.').collect::<Vec<_>>().as_slice() {
            [group, row, column] => {
                let row = row.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                if let (Some(Cell::Rows(rows)), Some(row)) = (content.get_mut(*group), row)
                    && let Some(row) = rows.get_mut(row)
                {
                    row.insert(column.to_string(), cell);
                }
            }
            _ => {
                content.insert(place, cell);
            }
        }
    }
}

/// The state of a record from a row of `layout.all` (its child tables still to be added with [`children`]).
pub(crate) fn state(layout: &Layout, row: &Row<'_>, derived: bool) -> Result<(RecordState, Option<String>)> {
    let mut content = Content::new();
    for (i, column) in layout.columns.iter().enumerate() {
        if (derived || !column.derived)
            && let Some(cell) = cell(row.get_ref(OWN + i)?)
        {
            content.insert(column.name.clone(), cell);
        }
    }
    let state = RecordState {
        id: row.get(0)?,
        number: row.get(1)?,
        state: row.get(2)?,
        version: row.get(3)?,
        seq: row.get(4)?,
        created_at: time_ms(row.get_ref(5)?.as_str()?),
        updated_at: time_ms(row.get_ref(6)?.as_str()?),
        origin: Origin { source: row.get(7)?, heading: row.get(8)?, quote: row.get(9)?, synthetic: row.get::<_, i64>(10)? != 0 },
        content,
        erased: false,
    };
    Ok((state, row.get(11)?))
}

/// Adds the values of the child tables that are wanted, and the reasons for blanks.
pub(crate) fn complete(
    connection: &Connection,
    layout: &Layout,
    state: &mut RecordState,
    missing: Option<&str>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<()> {
    for child in layout.children.iter().filter(|child| wanted(&child.field)) {
        if let Some(cell) = children(connection, child, state.id)? {
            state.content.insert(child.field.clone(), cell);
        }
    }
    if let Some(json) = missing {
        put_missing(&mut state.content, json);
    }
    Ok(())
}

fn children(connection: &Connection, child: &ChildLayout, id: i64) -> Result<Option<Cell>> {
    let mut statement = connection.prepare_cached(&child.select)?;
    let mut rows = statement.query([id])?;
    let mut list = vec![];
    let mut group = vec![];
    while let Some(row) = rows.next()? {
        if child.group {
            let mut content = Content::new();
            for (i, (name, _)) in child.columns.iter().enumerate() {
                if let Some(cell) = cell(row.get_ref(3 + i)?) {
                    content.insert(name.clone(), cell);
                }
            }
            group.push(content);
        } else if let Some(Cell::Text(code)) = cell(row.get_ref(3)?) {
            list.push(code);
        }
    }
    Ok(match (list.is_empty(), group.is_empty()) {
        (false, _) => Some(Cell::List(list)),
        (_, false) => Some(Cell::Rows(group)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_for_blanks_come_back_to_their_places() {
        let missing = |word: &str| Cell::Missing { missing: word.into() };
        let content = Content::from([
            ("stage".into(), missing("unknown")),
            (
                "grants".into(),
                Cell::Rows(vec![
                    Content::from([("year".into(), Cell::Integer(1))]),
                    Content::from([("amount".into(), missing("suppressed"))]),
                ]),
            ),
        ]);
        let json = missing_json(&content);
        assert_eq!(json.as_deref(), Some(r#"{"grants.2.amount":"suppressed","stage":"unknown"}"#));
        let mut read =
            Content::from([("grants".into(), Cell::Rows(vec![Content::from([("year".into(), Cell::Integer(1))]), Content::new()]))]);
        put_missing(&mut read, json.as_deref().unwrap_or_default());
        assert_eq!(read, content);
        assert!(missing_json(&read).is_some());
        assert_eq!(missing_json(&Content::new()), None);
    }

    #[test]
    fn times_read_back() {
        assert_eq!(time_text(1_743_408_000_123), "2025-03-31T08:00:00.123Z");
        assert_eq!(time_text(1_743_408_000_000), "2025-03-31T08:00:00.000Z");
        assert_eq!(time_ms("2025-03-31T08:00:00.123Z"), 1_743_408_000_123);
    }
}
