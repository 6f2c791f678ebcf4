//! Personal columns apart from the rest, so that they can be erased alone.

use crate::{Cell, Content};
use shirube_plan::{Field, FieldKind, Register, Sensitivity};
use std::collections::{BTreeMap, BTreeSet};

type Changes = BTreeMap<String, Option<Cell>>;

/// Splits columns into (others, personal) by the sensitivity of their fields.
///
/// A group with some personal columns is split row by row: both parts keep all rows, so that [`merge`] can join
/// them by position.
pub fn split(register: &Register, changes: Changes) -> (Changes, Changes) {
    let mut personal = Changes::new();
    let mut others = Changes::new();
    for (column, cell) in changes {
        match owner(register, &column) {
            Some(field) if field.sensitivity == Sensitivity::Personal => {
                personal.insert(column, cell);
            }
            Some(Field { kind: FieldKind::Group { fields }, .. }) => {
                let names = personal_columns(fields);
                match cell {
                    Some(Cell::Rows(rows)) if !names.is_empty() => {
                        let (rest, private): (Vec<Content>, Vec<Content>) =
                            rows.into_iter().map(|row| row.into_iter().partition(|(c, _)| !names.contains(c))).unzip();
                        if private.iter().any(|row| !row.is_empty()) {
                            personal.insert(column.clone(), Some(Cell::Rows(private)));
                        }
                        others.insert(column, Some(Cell::Rows(rest)));
                    }
                    cell => {
                        others.insert(column, cell);
                    }
                }
            }
            _ => {
                others.insert(column, cell);
            }
        }
    }
    (others, personal)
}

/// The field a column of a register belongs to (`budget_currency` to `budget`).
fn owner<'a>(register: &'a Register, column: &str) -> Option<&'a Field> {
    register.field(column).or_else(|| {
        register.fields.iter().find(|f| {
            column.strip_prefix(f.name.as_str()).is_some_and(|rest| rest.starts_with('_')) && f.columns().iter().any(|c| c.name == column)
        })
    })
}

fn personal_columns(fields: &[Field]) -> BTreeSet<String> {
    fields.iter().filter(|f| f.sensitivity == Sensitivity::Personal).flat_map(|f| f.columns().into_iter().map(|c| c.name)).collect()
}

/// Joins what [`split`] separated. Without the personal part, the rest as it is.
pub fn merge(others: &Changes, personal: Option<&Changes>) -> Changes {
    let mut merged = others.clone();
    for (column, cell) in personal.into_iter().flatten() {
        match (merged.get_mut(column), cell) {
            (Some(Some(Cell::Rows(rows))), Some(Cell::Rows(private))) => {
                for (row, private) in rows.iter_mut().zip(private) {
                    row.extend(private.iter().map(|(c, v)| (c.clone(), v.clone())));
                }
            }
            _ => {
                merged.insert(column.clone(), cell.clone());
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use shirube_plan::Pair;

    fn field(name: &str, kind: FieldKind, sensitivity: Sensitivity) -> Field {
        Field {
            name: name.into(),
            label: Pair::default(),
            help: None,
            kind,
            required: false,
            unique: false,
            sensitivity,
            place: Default::default(),
        }
    }

    fn text() -> FieldKind {
        FieldKind::Text { max_length: 300, pattern: None }
    }

    #[test]
    fn personal_columns_and_their_parts_are_split_off_and_join_again() {
        use Sensitivity::*;
        let members = FieldKind::Group { fields: vec![field("who", FieldKind::Person, Personal), field("role", text(), Public)] };
        let register = Register {
            fields: vec![
                field("title", text(), Public),
                field("contact", FieldKind::Person, Personal),
                field("contact_hours", text(), Public),
                field("members", members, Public),
            ],
            ..Register::default()
        };
        let t = |s: &str| Cell::Text(s.into());
        let row = |c: &[(&str, &str)]| c.iter().map(|(k, v)| (k.to_string(), t(v))).collect::<Content>();
        let changes = Changes::from([
            ("title".into(), Some(t("x"))),
            ("contact".into(), Some(t("n"))),
            ("contact_email".into(), None),
            ("contact_hours".into(), Some(t("9-5"))),
            (
                "members".into(),
                Some(Cell::Rows(vec![row(&[("who", "a"), ("who_phone", "1"), ("role", "chair")]), row(&[("role", "member")])])),
            ),
        ]);
        let (others, personal) = split(&register, changes.clone());
        assert_eq!(others.keys().collect::<Vec<_>>(), ["contact_hours", "members", "title"]);
        assert_eq!(personal.keys().collect::<Vec<_>>(), ["contact", "contact_email", "members"]);
        assert_eq!(others["members"], Some(Cell::Rows(vec![row(&[("role", "chair")]), row(&[("role", "member")])])));
        assert_eq!(merge(&others, Some(&personal)), changes);
        assert_eq!(merge(&others, None), others);
    }
}
