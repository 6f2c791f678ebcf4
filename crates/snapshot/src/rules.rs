//! The pack's rules on a record that is not stored yet: what a form or an import is checked with.

use crate::{Evaluated, RuleError, Snapshot, SnapshotError, head::Evaluator, layout::Layout};
use shirube_record::Content;
use std::sync::Arc;

/// Derived columns and cross-field checks of one register, prepared for many records.
#[derive(Debug)]
pub struct Rules {
    layout: Arc<Layout>,
    evaluator: Evaluator,
}

impl Snapshot {
    /// The SQL rules of a register.
    pub fn rules(&self, register: &str) -> Result<Rules, SnapshotError> {
        let declared = self.pack().registers.get(register).ok_or_else(|| SnapshotError::NoSuchRegister(register.to_string()))?;
        Ok(Rules { layout: self.layout(register)?, evaluator: Evaluator::new(declared) })
    }
}

impl Rules {
    /// Computes derived columns and checks of a record with this state and content; `snapshot` only lends its
    /// connection.
    pub fn evaluate(&self, snapshot: &Snapshot, state: Option<&str>, content: &Content) -> Result<Evaluated, RuleError> {
        self.evaluator.evaluate(snapshot.connection(), &self.layout, state, content)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use shirube_plan::{Check, Field, FieldKind, Pack, Pair, Register, Storage};
    use shirube_record::Cell;

    #[test]
    fn rules_apply_to_a_record_that_is_nowhere_yet() {
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
                checks: vec![Check { name: "forward".into(), sql: "years > 0".into(), ..Check::default() }],
                ..Register::default()
            },
        );
        let snapshot = Snapshot::empty(Arc::new(pack)).unwrap();
        let rules = snapshot.rules("course").unwrap();
        let content = |first, last| Content::from([("first".into(), Cell::Integer(first)), ("last".into(), Cell::Integer(last))]);
        let fine = rules.evaluate(&snapshot, None, &content(2020, 2022)).unwrap();
        assert_eq!(fine, Evaluated { derived: [("years".to_string(), Cell::Integer(3))].into(), failed: vec![] });
        assert_eq!(rules.evaluate(&snapshot, None, &content(2022, 2020)).unwrap().failed, [0]);
        assert_eq!(rules.evaluate(&snapshot, None, &Content::new()).unwrap(), Evaluated::default());
        assert!(matches!(snapshot.rules("corse"), Err(SnapshotError::NoSuchRegister(_))));
    }
}
