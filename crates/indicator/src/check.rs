//! Every SQL of a pack, planned against its empty tables before anyone runs it on records.

use crate::{
    catalog::Catalog,
    compute::{compute_in, planned_reads},
    contract::Layout,
    derive::{parts, select_step},
    error::{IndicatorError, Mistake},
    fence::{Fence, Limits},
    run::{Scope, at_line, declared, failed, read_through},
    sql::{
        lint::{Slip, first_slip},
        split::Parts,
        token::{Kind, tokens},
    },
};
use shirube_plan::{Compare, Diagnostic, Field, FieldKind, Indicator, Pack, Place, Register, Sensitivity};
use shirube_snapshot::{Snapshot, schema};
use std::sync::Arc;

/// Tables filled from the pack itself: an indicator that reads only these can be run before there are records.
const PACK_TABLES: [&str; 4] = ["published_figure", "assumption", "code", "plan_node"];

/// Plans every SQL of a pack — indicators with each of their steps, derived columns, checks — and holds the results
/// to the contract. One diagnostic per mistake, in order of file and line; empty when all is right.
///
/// What the pack's loader finds (unknown dimensions, labels, citations) is not repeated here.
pub fn check_sql(pack: &Pack) -> Vec<Diagnostic> {
    let snapshot = match Snapshot::empty(Arc::new(pack.clone())) {
        Ok(snapshot) => snapshot,
        Err(error) => return vec![no_tables(&error.to_string())],
    };
    let scope = Scope::of(&snapshot);
    let mut found: Vec<Diagnostic> = pack.registers.values().flat_map(|r| register(&scope, r)).collect();
    for indicator in pack.indicators.values() {
        found.extend(self::indicator(&scope, indicator).into_iter().map(Diagnostic::from));
    }
    found.extend(pack.indicators.values().flat_map(|i| compared_columns(&scope, i)));
    found.sort();
    found.dedup();
    found
}

fn no_tables(problem: &str) -> Diagnostic {
    Diagnostic {
        place: Place { file: "pack.toml".into(), line: 0 },
        problem: format!("the tables of this pack cannot be made: {problem}"),
        mend: "mend the other mistakes first; doubled ids and names are the usual reason".into(),
    }
}

fn indicator(scope: &Scope<'_>, indicator: &Indicator) -> Vec<IndicatorError> {
    let parts = match read_through(indicator).and_then(|()| parts(indicator)) {
        Ok(parts) => parts,
        Err(error) => return vec![error],
    };
    let mut found = unexplained(indicator, &parts);
    match planned(scope, indicator, &parts) {
        Ok(()) => {
            found.extend(ran(scope, indicator).err());
            found.extend(undisclosed(scope, indicator));
        }
        Err(error) => found.push(error),
    }
    // The loader names dimensions that do not exist where they are declared.
    found.retain(|e| !matches!(*e.mistake, Mistake::UnknownDimension { .. }));
    found
}

/// Steps whose comment is missing, wholly or in English.
fn unexplained(indicator: &Indicator, parts: &Parts) -> Vec<IndicatorError> {
    let steps = parts.steps.iter().filter_map(|step| {
        let english_only = match &step.comment {
            None => false,
            Some(comment) if comment.en.is_empty() || comment.ja.is_empty() => true,
            Some(_) => return None,
        };
        Some(at_line(indicator, step.line, Mistake::Unexplained { step: step.name.clone(), english_only }))
    });
    steps.collect()
}

/// Plans every step and the whole. SQLite does not look at a step that nothing uses, so each is asked for alone.
fn planned(scope: &Scope<'_>, indicator: &Indicator, parts: &Parts) -> Result<(), IndicatorError> {
    let fence = scope.fence(Limits::default()).map_err(|m| declared(indicator, m))?;
    for step in &parts.steps {
        fence.prepare(&select_step(indicator, parts, step)).map_err(|e| failed(indicator, &fence, e))?;
    }
    let whole = fence.prepare(&indicator.sql).map_err(|e| failed(indicator, &fence, e))?;
    let columns: Vec<String> = whole.column_names().map(str::to_string).collect();
    Layout::of(&columns, indicator, scope.pack).map(drop).map_err(|m| at_line(indicator, 0, m))
}

/// Runs an indicator that reads only what the pack itself brings. Others give rows only when there are records.
fn ran(scope: &Scope<'_>, indicator: &Indicator) -> Result<(), IndicatorError> {
    let fence = scope.fence(Limits::default()).map_err(|m| declared(indicator, m))?;
    fence.prepare(&indicator.sql).map_err(|e| failed(indicator, &fence, e))?;
    let reads = fence.take_reads();
    drop(fence);
    let all_known = reads.iter().all(|(table, _)| PACK_TABLES.contains(&table.as_str()));
    if all_known { compute_in(scope, indicator, Limits::default()).map(drop) } else { Ok(()) }
}

/// An indicator that reads a register with personal or commercial fields must say what it may tell.
fn undisclosed(scope: &Scope<'_>, indicator: &Indicator) -> Option<IndicatorError> {
    let reads = planned_reads(scope, indicator).ok().filter(|_| indicator.disclosure.is_none())?;
    let register = scope.registers(&reads).into_iter().find(|r| scope.pack.registers.get(r).is_some_and(tells_of_few))?;
    Some(declared(indicator, Mistake::NoDisclosure { register }))
}

/// Whether a register holds what is personal or commercial, so that counts of its records may tell of few.
pub fn tells_of_few(register: &Register) -> bool {
    fn guarded(fields: &[Field]) -> bool {
        fields.iter().any(|field| {
            let inner = matches!(&field.kind, FieldKind::Group { fields } if guarded(fields));
            inner || field.sensitivity >= Sensitivity::Commercial
        })
    }
    guarded(&register.fields)
}

/// Series that compare a column which their indicator does not return.
fn compared_columns(scope: &Scope<'_>, indicator: &Indicator) -> Vec<Diagnostic> {
    let Ok(fence) = scope.fence(Limits::default()) else { return vec![] };
    let Ok(statement) = fence.prepare(&indicator.sql) else { return vec![] };
    let columns: Vec<&str> = statement.column_names().collect();
    let series = scope.pack.series.values().filter(|s| s.indicator.as_ref() == Some(&indicator.id));
    let missing = series.filter_map(|series| {
        let column = match series.compare {
            Compare::Value => "value",
            Compare::Numerator => "numerator",
            Compare::Denominator => "denominator",
            Compare::N => "n",
        };
        (!columns.contains(&column)).then(|| Diagnostic {
            place: series.place.clone(),
            problem: format!(
                "the series `{}` is compared with `{column}`, which the indicator `{}` does not return",
                series.id, indicator.id
            ),
            mend: format!("return `{column}` in indicators/{}.sql, or change `compare`", indicator.id),
        })
    });
    missing.collect()
}

/// Derived columns and checks of a register: expressions over the record's own columns.
fn register(scope: &Scope<'_>, register: &Register) -> Vec<Diagnostic> {
    let mut own = vec!["_state".to_string()];
    let plain = register.columns();
    own.extend(plain.iter().filter(|c| !matches!(c.field.kind, FieldKind::Derived { .. })).map(|c| c.name.clone()));
    let mut found = vec![];
    for field in &register.fields {
        if let FieldKind::Derived { sql, .. } = &field.kind {
            let what = format!("the derived column `{}`", field.name);
            found.extend(expression(scope, &own, sql, &what, &field.place));
            // A derived column may use those before it.
            own.push(field.name.clone());
        }
    }
    for check in &register.checks {
        let what = format!("the check `{}`", check.name);
        found.extend(expression(scope, &own, &check.sql, &what, &check.place));
    }
    found
}

fn expression(scope: &Scope<'_>, own: &[String], sql: &str, what: &str, place: &Place) -> Option<Diagnostic> {
    let mistake = mistake_in(scope, own, sql)?;
    let mend = match &mistake {
        Mistake::UnknownColumn { .. } => "use columns of this register, `_state`, and derived columns above this one".to_string(),
        Mistake::UnknownTable { .. } | Mistake::ForbiddenTable { .. } => "use this record's own columns only".to_string(),
        Mistake::UnknownParameter { .. } => "a record's own columns are all it may depend on".to_string(),
        Mistake::Clock { .. } => "store the date in a field, or compute it in an indicator with :as_of".to_string(),
        Mistake::SeveralStatements | Mistake::NotSelect { .. } => "write one SQL expression, as it would stand after SELECT".to_string(),
        other => other.mend(),
    };
    Some(Diagnostic { place: place.clone(), problem: format!("{what}: {mistake}"), mend })
}

fn mistake_in(scope: &Scope<'_>, own: &[String], sql: &str) -> Option<Mistake> {
    let found = first_slip(&format!("SELECT {sql}")).map(|(slip, ..)| slip);
    let slip = match found {
        Some(Slip::Unclosed) => Some(Mistake::Unclosed),
        Some(Slip::Second | Slip::NotSelect) => Some(Mistake::SeveralStatements),
        Some(Slip::Clock) => Some(Mistake::Clock { name: sql.to_string() }),
        Some(Slip::Bypass) => Some(Mistake::Bypass { name: sql.to_string() }),
        Some(Slip::Parameter) | None => parameter(sql),
    };
    if slip.is_some() || !closes(sql) {
        return slip.or(Some(Mistake::SeveralStatements));
    }
    let names: Vec<String> = own.iter().map(|name| schema::quoted(name)).collect();
    let nulls = vec!["NULL"; own.len()].join(", ");
    let whole = format!("WITH own({}) AS (SELECT {nulls}) SELECT ({sql}\n) FROM own", names.join(", "));
    let catalog = Arc::new(Catalog::of_columns(own));
    let fence = Fence::enter(scope.connection(), scope.snapshot.gate(), &catalog, Limits::default()).ok()?;
    match fence.prepare(&whole) {
        Ok(statement) if statement.column_count() != 1 => Some(Mistake::SeveralStatements),
        Ok(_) => None,
        Err(error) => Some(fence.mistake(error).0),
    }
}

/// The first parameter, none of which belongs in an expression over one record.
fn parameter(sql: &str) -> Option<Mistake> {
    let found = tokens(sql).ok()?.into_iter().find(|t| t.kind == Kind::Parameter)?;
    Some(Mistake::UnknownParameter { name: found.text(sql).to_string() })
}

/// Whether no bracket closes that the expression did not open.
fn closes(sql: &str) -> bool {
    let mut depth = 0i32;
    for token in tokens(sql).unwrap_or_default() {
        depth += match token.kind {
            Kind::Open => 1,
            Kind::Close => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}
