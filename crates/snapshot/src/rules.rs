//! The rules of a register that depend on nothing but a record's own content and state.
//!
//! Imports and the writer judge by the same function. What it lets pass is [`Judged`], which nothing else can make:
//! whoever holds one need not judge the same content by the same pack again.

use crate::{Evaluated, Head, RuleError, Snapshot, SnapshotError, functions, head::Evaluator, layout::Layout};
use rusqlite::{
    Connection,
    hooks::{AuthAction, AuthContext, Authorization},
};
use shirube_plan::{Pack, Register};
use shirube_record::{Content, FieldError, Mistake, Validator, normalise};
use std::{collections::BTreeMap, sync::Arc};

/// Functions whose result is not given by their arguments.
const CHANGING: [&str; 15] = [
    "random",
    "randomblob",
    "changes",
    "total_changes",
    "last_insert_rowid",
    "date",
    "time",
    "datetime",
    "julianday",
    "unixepoch",
    "strftime",
    "timediff",
    "current_date",
    "current_time",
    "current_timestamp",
];

/// The rules of one register, prepared for many records: kinds, ranges, required fields, derived columns, checks.
#[derive(Debug)]
pub struct Rules {
    name: Arc<str>,
    register: Register,
    /// Digest of their pack, if what they say holds wherever that pack is in force.
    pack: Option<Arc<str>>,
    validator: Validator,
    layout: Layout,
    evaluator: Evaluator,
    /// By lifecycle state: columns that a record in it has, whichever way it came.
    demanded: BTreeMap<String, Vec<String>>,
}

/// Content that keeps the rules of its register, with what they derive from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    register: Arc<str>,
    pack: Option<Arc<str>>,
    state: Option<String>,
    content: Content,
    evaluated: Evaluated,
}

/// Content that breaks rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The content, normalised.
    pub content: Content,
    /// What is wrong with it.
    pub errors: Vec<FieldError>,
}

impl Judged {
    /// The register whose rules it keeps.
    pub fn register(&self) -> &str {
        &self.register
    }

    /// Digest of the pack by which this need not be judged again; none if other records had a say in it.
    pub fn pack(&self) -> Option<&Arc<str>> {
        self.pack.as_ref()
    }

    /// The lifecycle state it was judged in.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The content, normalised.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The content and what the pack's SQL says about it.
    pub fn into_parts(self) -> (Content, Evaluated) {
        (self.content, self.evaluated)
    }
}

impl Rules {
    /// Prepares the rules of a register for judging on the spot.
    pub fn new(register: &Register, pack: &Pack) -> Rules {
        Rules {
            name: register.name.as_str().into(),
            pack: None,
            validator: Validator::new(register, pack),
            layout: Layout::new(register),
            evaluator: Evaluator::new(register),
            demanded: register
                .states
                .iter()
                .map(|s| (s.name.clone(), register.demanded_in(&s.name).into_iter().map(str::to_owned).collect()))
                .collect(),
            register: register.clone(),
        }
    }

    /// Judges a record's content in a lifecycle state. `require` names columns that may not be blank besides the
    /// register's own; `beyond` adds mistakes that only other records show (references, unique values) and says
    /// whether all else is in order. The pack's SQL is asked last: it may take for granted that every value is of its
    /// kind.
    fn judge<E: From<RuleError>>(
        &self,
        connection: &Connection,
        state: Option<&str>,
        content: Content,
        require: &[String],
        beyond: impl FnOnce(&Content, &mut Vec<FieldError>) -> Result<bool, E>,
    ) -> Result<Result<Judged, Refused>, E> {
        let content = normalise(&self.register, content);
        let mut errors = self.validator.check(&content);
        let demanded = state.and_then(|s| self.demanded.get(s)).map_or(&[][..], Vec::as_slice);
        let blank: Vec<String> = require.iter().chain(demanded.iter().filter(|f| !require.contains(f))).cloned().collect();
        errors.extend(self.validator.blanks(&content, &blank));
        let in_order = beyond(&content, &mut errors)?;
        if !in_order || !errors.is_empty() {
            return Ok(Err(Refused { content, errors }));
        }
        let evaluated = self.evaluator.evaluate(connection, &self.layout, state, &content)?;
        for check in evaluated.failed.iter().filter_map(|i| self.register.checks.get(*i)) {
            let field = check.field.clone().unwrap_or_default();
            let mistake = Mistake::Check { name: check.name.clone(), message: check.message.clone() };
            errors.push(FieldError::new(field.clone(), field, None, mistake));
        }
        if !errors.is_empty() {
            return Ok(Err(Refused { content, errors }));
        }
        Ok(Ok(Judged { register: self.name.clone(), pack: self.pack.clone(), state: state.map(str::to_owned), content, evaluated }))
    }

    /// Whether the pack's SQL, too, depends on the record alone: it reads no table and asks for no clock or dice.
    fn hold_anywhere(&self, pack: &Pack) -> Result<bool, SnapshotError> {
        let Some(sql) = self.evaluator.sql() else { return Ok(true) };
        let mut bare = Connection::open_in_memory()?;
        functions::register(&bare, pack.meta.fiscal_year_start)?;
        bare.authorizer(Some(|context: AuthContext<'_>| match context.action {
            AuthAction::Select | AuthAction::Recursive => Authorization::Allow,
            AuthAction::Function { function_name } if !CHANGING.iter().any(|name| name.eq_ignore_ascii_case(function_name)) => {
                Authorization::Allow
            }
            _ => Authorization::Deny,
        }))?;
        Ok(bare.prepare(sql).is_ok())
    }
}

impl Snapshot {
    /// The rules of a register, for judgements that last: [`Judged::pack`].
    pub fn rules(&self, register: &str) -> Result<Rules, SnapshotError> {
        let pack = self.pack();
        let declared = pack.registers.get(register).ok_or_else(|| SnapshotError::NoSuchRegister(register.to_string()))?;
        let mut rules = Rules::new(declared, pack);
        if !pack.digest.is_empty() && rules.hold_anywhere(pack)? {
            rules.pack = Some(pack.digest.as_str().into());
        }
        Ok(rules)
    }

    /// Judges content by rules of this snapshot's pack; see [`Rules`].
    pub fn judge<E: From<RuleError>>(
        &self,
        rules: &Rules,
        state: Option<&str>,
        content: Content,
        require: &[String],
        beyond: impl FnOnce(&Content, &mut Vec<FieldError>) -> Result<bool, E>,
    ) -> Result<Result<Judged, Refused>, E> {
        rules.judge(self.connection(), state, content, require, beyond)
    }
}

impl Head {
    /// Judges content by rules of this head's pack; see [`Rules`].
    pub fn judge<E: From<RuleError>>(
        &self,
        rules: &Rules,
        state: Option<&str>,
        content: Content,
        require: &[String],
        beyond: impl FnOnce(&Content, &mut Vec<FieldError>) -> Result<bool, E>,
    ) -> Result<Result<Judged, Refused>, E> {
        rules.judge(self.connection(), state, content, require, beyond)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::{Check, Field, FieldKind, Pair, Storage};
    use shirube_record::Cell;

    fn pack(check: &str) -> Arc<Pack> {
        let field = |name: &str, kind| Field {
            name: name.into(),
            label: Pair::default(),
            help: None,
            kind,
            required: false,
            unique: false,
            sensitivity: Default::default(),
            place: Default::default(),
        };
        let number = || FieldKind::Integer { min: None, max: None, unit: None };
        let mut pack = Pack::default();
        pack.meta.fiscal_year_start = 4;
        pack.registers.insert(
            "course".into(),
            Register {
                name: "course".into(),
                fields: vec![
                    field("first", number()),
                    field("last", number()),
                    field("years", FieldKind::Derived { sql: "last - first + 1".into(), stored_as: Storage::Integer }),
                ],
                checks: vec![Check { name: "forward".into(), sql: check.into(), ..Check::default() }],
                ..Register::default()
            },
        );
        Arc::new(pack)
    }

    fn judge(snapshot: &Snapshot, content: Content) -> Result<Judged, Refused> {
        let rules = snapshot.rules("course").unwrap();
        let judged: Result<_, RuleError> = snapshot.judge(&rules, None, content, &["first".to_owned()], |_, _| Ok(true));
        judged.unwrap()
    }

    #[test]
    fn content_is_judged_before_it_is_a_record() {
        let snapshot = Snapshot::empty(pack("years > 0")).unwrap();
        let content = |first, last| Content::from([("first".into(), Cell::Integer(first)), ("last".into(), Cell::Integer(last))]);
        let (fine, evaluated) = judge(&snapshot, content(2020, 2022)).unwrap().into_parts();
        assert_eq!(fine, content(2020, 2022));
        assert_eq!(evaluated, Evaluated { derived: [("years".to_string(), Cell::Integer(3))].into(), failed: vec![] });
        let codes = |content| judge(&snapshot, content).unwrap_err().errors.iter().map(|e| e.mistake.code()).collect::<Vec<_>>();
        assert_eq!(codes(content(2022, 2020)), ["check"]);
        assert_eq!(codes(Content::new()), ["required"]);
        assert!(matches!(snapshot.rules("corse"), Err(SnapshotError::NoSuchRegister(_))));
    }

    #[test]
    fn rules_that_ask_for_more_than_the_record_hold_only_where_they_were_asked() {
        for (check, anywhere) in [
            ("years > 0", true),
            ("instr('basic applied', coalesce(first, '')) < round_to(years, 1) + fiscal_year('2025-04-01')", true),
            ("years < (SELECT count(*) FROM course)", false),
            ("years < (SELECT count(*) FROM sqlite_schema)", false),
            ("last < strftime('%Y', 'now')", false),
            ("last < CURRENT_TIMESTAMP", false),
            ("years < Random()", false),
        ] {
            let pack = pack(check);
            let rules = Rules::new(&pack.registers["course"], &pack);
            assert_eq!(rules.hold_anywhere(&pack).unwrap(), anywhere, "{check}");
        }
    }
}
