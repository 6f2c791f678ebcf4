//! The fold: one event's effect on the rows of the head.

use super::{Applied, Evaluated, Head, HeadError};
use crate::{
    layout::{ChildLayout, Layout},
    rows::{bind, missing_json, state},
    schema::{past_name, quoted},
};
use rusqlite::{params, types::Null};
use shirube_record::{Body, Cell, Content, Event, EventKind, RecordState, Scope, apply, merge};
use std::{borrow::Cow, sync::Arc};

impl Head {
    /// Applies the next event. Within a batch ([`Head::begin`]).
    pub fn apply(&mut self, event: &Event) -> Result<(), HeadError> {
        self.apply_evaluated(event, None)
    }

    /// Applies the next event, whose derived columns may be known from checking it.
    pub fn apply_evaluated(&mut self, event: &Event, evaluated: Option<Evaluated>) -> Result<(), HeadError> {
        if event.kind == EventKind::Create {
            let year = self.time(event.at).fiscal_year;
            for year in [0, year] {
                *self.counters.entry((event.register.clone(), year)).or_default() += 1;
            }
        }
        // A register the pack no longer has keeps its events in the log and has no table here.
        if let Some(layout) = self.layouts.get(&event.register).cloned() {
            self.fold(&layout, event, evaluated)?;
        }
        match self.moments.last_mut() {
            Some((at, seq)) if *at == event.at => *seq = event.seq,
            _ => self.moments.push((event.at, event.seq)),
        }
        self.applied = Applied { seq: event.seq, hash: event.hash, at: event.at };
        Ok(())
    }

    fn fold(&mut self, layout: &Arc<Layout>, event: &Event, evaluated: Option<Evaluated>) -> Result<(), HeadError> {
        if event.kind == EventKind::Create {
            if let Some(body) = &event.body {
                self.insert(layout, event, body, evaluated)?;
                *self.counts.entry(layout.name.clone()).or_default() += 1;
            }
            return Ok(());
        }
        let redacted = match (&event.body, event.kind) {
            (Some(body), EventKind::Redact) => body.scope.map(|scope| (scope, body.erased.as_slice())),
            _ => None,
        };
        if let Some((scope, _)) = redacted {
            let mut put = self.connection.prepare_cached("INSERT INTO _redaction (seq, register, _id, whole) VALUES (?1, ?2, ?3, ?4)")?;
            put.execute(params![event.seq, layout.name, event.record, scope == Scope::All])?;
        }
        let before = self.state(&layout.name, event.record)?;
        if let Some((Scope::All, _)) = redacted {
            if before.is_some() {
                self.erase_record(layout, event.record)?;
                *self.counts.entry(layout.name.clone()).or_default() -= 1;
            }
            return Ok(());
        }
        // The payloads of a record erased later are gone: there is no row to change.
        let Some(before) = before else { return Ok(()) };
        let after = apply(Some(before.clone()), event);
        self.connection.prepare_cached(&layout.to_past)?.execute([event.record, event.seq])?;
        self.update_row(layout, &before, &after, evaluated)?;
        match redacted {
            // Values erased from child rows are erased where they stand, as if they had never been there.
            Some((_, columns)) => self.erase_columns(layout, event.record, columns),
            None => self.supersede_children(layout, &before, &after),
        }
    }

    /// A new record, straight from its event.
    fn insert(&mut self, layout: &Layout, event: &Event, body: &Body, evaluated: Option<Evaluated>) -> Result<(), HeadError> {
        let evaluated = evaluated.unwrap_or_else(|| self.derive(layout, &apply(None, event)));
        let values = match &event.personal {
            Some(personal) => Cow::Owned(merge(&body.content, Some(&personal.content))),
            None => Cow::Borrowed(&body.content),
        };
        let filled = || values.iter().filter_map(|(column, cell)| Some((column, cell.as_ref()?)));
        let time = self.time(event.at).text.clone();
        let origin = body.origin.as_ref();
        let mut statement = self.connection.prepare_cached(&layout.insert)?;
        statement.raw_bind_parameter(1, event.record)?;
        statement.raw_bind_parameter(2, body.number.as_deref())?;
        statement.raw_bind_parameter(3, body.state.as_deref())?;
        statement.raw_bind_parameter(4, 1)?;
        statement.raw_bind_parameter(5, event.seq)?;
        statement.raw_bind_parameter(6, time.as_str())?;
        statement.raw_bind_parameter(7, time.as_str())?;
        statement.raw_bind_parameter(8, origin.and_then(|o| o.source.as_deref()))?;
        statement.raw_bind_parameter(9, origin.and_then(|o| o.heading.as_deref()))?;
        statement.raw_bind_parameter(10, origin.and_then(|o| o.quote.as_deref()))?;
        statement.raw_bind_parameter(11, origin.is_some_and(|o| o.synthetic))?;
        statement.raw_bind_parameter(12, missing_json(filled()))?;
        let own = layout.filled(filled()).filter(|(column, _)| !column.derived);
        let derived = layout.filled(evaluated.derived.iter()).filter(|(column, _)| column.derived);
        for (column, cell) in own.chain(derived) {
            bind(&mut statement, column.place, column.storage, Some(cell))?;
        }
        statement.raw_execute()?;
        drop(statement);
        for child in &layout.children {
            self.write_children(child, event.record, event.seq, values.get(&child.field).and_then(Option::as_ref))?;
        }
        Ok(())
    }

    /// Rules that fail on what is already recorded leave the column blank; nothing recorded is lost over them.
    fn derive(&self, layout: &Layout, state: &RecordState) -> Evaluated {
        let Some(evaluator) = self.evaluators.get(&layout.name) else { return Evaluated::default() };
        evaluator.evaluate(&self.connection, layout, state.state.as_deref(), &state.content).unwrap_or_default()
    }

    /// Child rows move to the past only if their field changed.
    fn supersede_children(&mut self, layout: &Layout, before: &RecordState, after: &RecordState) -> Result<(), HeadError> {
        for child in &layout.children {
            if before.content.get(&child.field) != after.content.get(&child.field) {
                self.connection.prepare_cached(&child.to_past)?.execute([before.id, after.seq])?;
                self.connection.prepare_cached(&child.delete)?.execute([before.id])?;
                self.write_children(child, after.id, after.seq, after.content.get(&child.field))?;
            }
        }
        Ok(())
    }

    /// Writes only what changed, so that only its indexes are touched.
    fn update_row(
        &mut self,
        layout: &Layout,
        before: &RecordState,
        after: &RecordState,
        evaluated: Option<Evaluated>,
    ) -> Result<(), HeadError> {
        let evaluated = evaluated.unwrap_or_else(|| self.derive(layout, after));
        let changed: Vec<_> =
            layout.columns.iter().filter(|c| c.derived || before.content.get(&c.name) != after.content.get(&c.name)).collect();
        let own = ["_version", "_seq", "_updated_at", "_state", "_missing", "_source", "_heading", "_quote"].map(str::to_owned);
        let all = own.into_iter().chain(changed.iter().map(|column| quoted(&column.name)));
        let set: Vec<String> = (2..).zip(all).map(|(i, column)| format!("{column} = ?{i}")).collect();
        let updated = self.time(after.updated_at).text.clone();
        let sql = format!("UPDATE {} SET {} WHERE _id = ?1", quoted(&layout.name), set.join(", "));
        let mut statement = self.connection.prepare_cached(&sql)?;
        statement.raw_bind_parameter(1, after.id)?;
        statement.raw_bind_parameter(2, after.version)?;
        statement.raw_bind_parameter(3, after.seq)?;
        statement.raw_bind_parameter(4, updated)?;
        statement.raw_bind_parameter(5, after.state.as_deref())?;
        statement.raw_bind_parameter(6, missing_json(&after.content))?;
        statement.raw_bind_parameter(7, after.origin.source.as_deref())?;
        statement.raw_bind_parameter(8, after.origin.heading.as_deref())?;
        statement.raw_bind_parameter(9, after.origin.quote.as_deref())?;
        for (i, column) in changed.iter().enumerate() {
            let content = if column.derived { &evaluated.derived } else { &after.content };
            bind(&mut statement, 10 + i, column.storage, content.get(&column.name))?;
        }
        statement.raw_execute()?;
        Ok(())
    }

    fn write_children(&self, child: &ChildLayout, id: i64, seq: i64, cell: Option<&Cell>) -> Result<(), HeadError> {
        let rows: Vec<Content> = match cell {
            Some(Cell::List(codes)) if !child.group => {
                codes.iter().map(|c| Content::from([("value".to_string(), Cell::Text(c.clone()))])).collect()
            }
            Some(Cell::Rows(rows)) if child.group => rows.clone(),
            _ => return Ok(()),
        };
        let mut statement = self.connection.prepare_cached(&child.insert)?;
        for (position, row) in (1i64..).zip(&rows) {
            statement.raw_bind_parameter(1, id)?;
            statement.raw_bind_parameter(2, position)?;
            statement.raw_bind_parameter(3, seq)?;
            for (i, (name, storage)) in child.columns.iter().enumerate() {
                bind(&mut statement, 4 + i, *storage, row.get(name))?;
            }
            statement.raw_execute()?;
        }
        Ok(())
    }

    fn erase_record(&self, layout: &Layout, id: i64) -> Result<(), HeadError> {
        let names = std::iter::once(&layout.name).chain(layout.children.iter().map(|c| &c.table));
        for table in names.flat_map(|name| [name.clone(), past_name(name)]) {
            self.connection.execute(&format!("DELETE FROM {} WHERE _id = ?1", quoted(&table)), [id])?;
        }
        Ok(())
    }

    /// Blanks personal columns in every version of a record.
    fn erase_columns(&self, layout: &Layout, id: i64, columns: &[String]) -> Result<(), HeadError> {
        let blank = |table: &str, column: &str| -> Result<(), HeadError> {
            for table in [table.to_string(), past_name(table)] {
                self.connection
                    .execute(&format!("UPDATE {} SET {} = ?2 WHERE _id = ?1", quoted(&table), quoted(column)), params![id, Null])?;
            }
            Ok(())
        };
        for name in columns {
            let (field, inner) = name.split_once('.').unwrap_or((name, ""));
            if layout.columns.iter().any(|c| c.name == field) {
                blank(&layout.name, field)?;
            } else if let Some(child) = layout.child(field) {
                if inner.is_empty() {
                    for table in [child.table.clone(), past_name(&child.table)] {
                        self.connection.execute(&format!("DELETE FROM {} WHERE _id = ?1", quoted(&table)), [id])?;
                    }
                } else if child.columns.iter().any(|c| c.0 == inner) {
                    blank(&child.table, inner)?;
                }
            }
            self.forget_reasons(layout, id, name)?;
        }
        self.derive_again(layout, id)
    }

    /// Derived columns of superseded versions may have been computed from what is erased.
    fn derive_again(&self, layout: &Layout, id: i64) -> Result<(), HeadError> {
        let derived: Vec<_> = layout.columns.iter().filter(|c| c.derived).collect();
        if derived.is_empty() {
            return Ok(());
        }
        let past = quoted(&past_name(&layout.name));
        let mut select = self.connection.prepare(&format!("SELECT {} FROM {past} WHERE _id = ?1", layout.all))?;
        let versions: Vec<RecordState> = select.query_map([id], |row| Ok(state(layout, row, false)?.0))?.collect::<Result<_, _>>()?;
        let set: Vec<String> = (2..).zip(&derived).map(|(i, c)| format!("{} = ?{i}", quoted(&c.name))).collect();
        let mut update = self.connection.prepare(&format!("UPDATE {past} SET {} WHERE _seq = ?1", set.join(", ")))?;
        for version in versions {
            let evaluated = self.derive(layout, &version);
            update.raw_bind_parameter(1, version.seq)?;
            for (i, column) in derived.iter().enumerate() {
                bind(&mut update, 2 + i, column.storage, evaluated.derived.get(&column.name))?;
            }
            update.raw_execute()?;
        }
        Ok(())
    }

    /// Why an erased column was blank is part of what was erased.
    fn forget_reasons(&self, layout: &Layout, id: i64, name: &str) -> Result<(), HeadError> {
        for (table, key) in [(layout.name.clone(), "_id"), (past_name(&layout.name), "_seq")] {
            let table = quoted(&table);
            let mut select =
                self.connection.prepare_cached(&format!("SELECT {key}, _missing FROM {table} WHERE _id = ?1 AND _missing IS NOT NULL"))?;
            let found: Vec<(i64, String)> = select.query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_, _>>()?;
            for (row, json) in found {
                let Ok(serde_json::Value::Object(mut reasons)) = serde_json::from_str(&json) else { continue };
                reasons.retain(|place, _| !is_at(place, name));
                let json = if reasons.is_empty() { None } else { Some(serde_json::Value::Object(reasons).to_string()) };
                self.connection.execute(&format!("UPDATE {table} SET _missing = ?2 WHERE {key} = ?1"), params![row, json])?;
            }
        }
        Ok(())
    }
}

/// Whether the place of a blank (`grants.2.amount`) belongs to an erased column (`grants.amount`, `grants`).
fn is_at(place: &str, name: &str) -> bool {
    match place.split('.').collect::<Vec<_>>().as_slice() {
        [group, _, column] => name == *group || name.split_once('.') == Some((group, column)),
        _ => place == name,
    }
}
