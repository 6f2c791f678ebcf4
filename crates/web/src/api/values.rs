//! Records as JSON: columns out, columns in.

use crate::{
    error::{Error, Refusal, pair},
    fmt,
    text::L,
};
use serde_json::{Map, Value, json};
use shirube_plan::{Field, FieldKind, Lang, Pack, Part, Register};
use shirube_record::{Cell, Content, FieldError, Mistake, Origin, parse};
use shirube_snapshot::Record;
use shirube_store::Version;
use std::collections::BTreeMap;

/// A record as it is sent.
pub fn record(record: &Record) -> Value {
    let mut json = json!({
        "_id": record.id,
        "_register": record.register,
        "_number": record.number,
        "_state": record.state,
        "_version": record.version,
        "_seq": record.seq,
        "_created_at": super::time(record.created_at),
        "_updated_at": super::time(record.updated_at),
        "_source": record.origin.source,
        "_heading": record.origin.heading,
        "_quote": record.origin.quote,
        "_synthetic": record.origin.synthetic,
    });
    if let Value::Object(members) = &mut json {
        members.extend(record.content.iter().map(|(column, cell)| (column.clone(), json!(cell))));
    }
    json
}

/// A version as it is sent.
pub fn version(version: &Version) -> Value {
    json!({
        "_version": version.version,
        "_seq": version.seq,
        "kind": version.kind.as_str(),
        "time": super::time(version.at),
        "actor": version.actor,
        "reason": version.reason,
        "transition": version.transition,
        "scope": version.scope,
        "_state": version.state,
        "changes": version.changes.iter().map(|c| json!({ "column": c.column, "before": c.before, "after": c.after })).collect::<Vec<_>>(),
        "erased": version.erased,
        "personal_erased": version.personal_erased,
        "hash": version.hash,
    })
}

/// What was sent, read.
#[derive(Debug, Default, PartialEq)]
pub struct Sent {
    /// Columns; none makes a column blank.
    pub content: BTreeMap<String, Option<Cell>>,
    /// Citation and demonstration mark.
    pub origin: Origin,
    /// Why.
    pub reason: Option<String>,
}

/// Finds the record that a text means.
pub type Resolve<'a> = dyn Fn(&str, &str) -> Result<i64, Mistake> + 'a;

/// Reads an object whose members are columns. Texts are understood as in files: eras, labels, separators.
pub fn read(register: &Register, pack: &Pack, body: Map<String, Value>, new: bool, resolve: &Resolve<'_>) -> Result<Sent, Error> {
    let mut reader = Reader { pack, resolve, errors: vec![] };
    let mut sent = Sent::default();
    for (name, value) in body {
        match (name.as_str(), value) {
            ("_reason", Value::String(text)) => sent.reason = Some(text).filter(|t| !t.trim().is_empty()),
            ("_source", Value::String(text)) if new => sent.origin.source = Some(text),
            ("_heading", Value::String(text)) if new => sent.origin.heading = Some(text),
            ("_quote", Value::String(text)) if new => sent.origin.quote = Some(text),
            ("_synthetic", Value::Bool(yes)) if new => sent.origin.synthetic = yes,
            (_, value) => {
                let cell = reader.column(&register.fields, None, &name, value);
                sent.content.insert(name, cell);
            }
        }
    }
    if reader.errors.is_empty() { Ok(sent) } else { Err(invalid(reader.errors)) }
}

/// The refusal of values that cannot be read.
pub fn invalid(places: Vec<FieldError>) -> Error {
    let n = places.len();
    Error::Refused(Box::new(Refusal {
        status: 422,
        code: "invalid",
        title: pair("入力に誤りがあります", "Some values are not accepted"),
        problem: pair(
            format!("{n}か所を読み取れません。"),
            format!("{} cannot be read.", fmt::counted(L(Lang::En), n, "", "place", "places")),
        ),
        mend: pair("示された箇所を直して、もう一度送ってください。", "Mend the places listed and send it again."),
        places,
    }))
}

struct Reader<'a> {
    pack: &'a Pack,
    resolve: &'a Resolve<'a>,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn column(&mut self, fields: &[Field], row: Option<(&str, usize)>, name: &str, value: Value) -> Option<Cell> {
        let found = fields.iter().find_map(|field| match &field.kind {
            FieldKind::Choices { .. } | FieldKind::Group { .. } if field.name == name => Some((field, Part::Main)),
            // Before what it would cost to make the names of all.
            _ if !name.starts_with(&field.name) => None,
            _ => field.columns().into_iter().find(|c| c.name == name).map(|c| (field, c.part)),
        });
        let Some((field, part)) = found else {
            self.say("", name, row, Mistake::NoSuchColumn { column: name.to_string() });
            return None;
        };
        self.cell(field, part, name, row, value)
    }

    fn say(&mut self, field: &str, column: &str, row: Option<(&str, usize)>, mistake: Mistake) {
        let (field, row) = row.map_or((field, None), |(group, n)| (group, Some(n)));
        self.errors.push(FieldError::new(field, column, row, mistake));
    }

    fn cell(&mut self, field: &Field, part: Part, column: &str, row: Option<(&str, usize)>, value: Value) -> Option<Cell> {
        let wrong = |ja: &str, en: &str| Mistake::WrongKind { expected: pair(ja, en) };
        let mistake = match (&field.kind, value) {
            (FieldKind::Derived { .. }, _) => Mistake::Computed,
            (_, Value::Null) => return None,
            (_, Value::Object(object)) => match object.get("missing") {
                Some(Value::String(word)) if object.len() == 1 => return Some(Cell::Missing { missing: word.clone() }),
                _ => wrong("値", "a value"),
            },
            (FieldKind::Group { fields }, Value::Array(rows)) => return Some(self.rows(field, fields, rows)),
            (FieldKind::Choices { .. }, Value::Array(codes)) => {
                let texts: Option<Vec<String>> = codes.into_iter().map(|c| c.as_str().map(str::to_string)).collect();
                let parsed = texts.map(|texts| parse(field, part, &texts.join(";"), self.pack));
                match parsed {
                    Some(Ok(cell)) => return cell,
                    Some(Err(error)) => *error.mistake,
                    None => wrong("コードの並び", "a list of codes"),
                }
            }
            (_, Value::Array(_)) => wrong("一つの値", "one value"),
            (FieldKind::Boolean, Value::Bool(yes)) => return Some(Cell::Integer(i64::from(yes))),
            (_, Value::Bool(_)) => wrong("真偽値以外の値", "a value other than true or false"),
            (kind, Value::Number(number)) => return Some(numeric(kind, part, &number)),
            (FieldKind::Reference { register }, Value::String(text))
                if !text.trim().is_empty() && shirube_record::input::missing_word(text.trim()).is_none() =>
            {
                match (self.resolve)(register, &text) {
                    Ok(id) => return Some(Cell::Integer(id)),
                    Err(mistake) => mistake,
                }
            }
            (_, Value::String(text)) => match parse(field, part, &text, self.pack) {
                Ok(cell) => return cell,
                Err(error) => *error.mistake,
            },
        };
        self.say(&field.name, column, row, mistake);
        None
    }

    fn rows(&mut self, group: &Field, fields: &[Field], rows: Vec<Value>) -> Cell {
        let mut read = vec![];
        for (i, value) in rows.into_iter().enumerate() {
            let at = Some((group.name.as_str(), i + 1));
            match value {
                Value::Object(members) => {
                    let cells = members.into_iter().map(|(name, value)| {
                        let cell = self.column(fields, at, &name, value);
                        (name, cell)
                    });
                    read.push(cells.filter_map(|(name, cell)| Some((name, cell?))).collect::<Content>());
                }
                _ => self.say(&group.name, &group.name, at, Mistake::WrongKind { expected: pair("行", "rows") }),
            }
        }
        Cell::Rows(read)
    }
}

/// Whole numbers are stored as decimals where the field is one, and decimals without a fraction as whole numbers
/// where it is not.
fn numeric(kind: &FieldKind, part: Part, number: &serde_json::Number) -> Cell {
    let decimal = part == Part::Main && matches!(kind, FieldKind::Decimal { .. } | FieldKind::Money { places: 1.., .. });
    match (number.as_i64(), number.as_f64()) {
        (Some(n), _) if !decimal => Cell::Integer(n),
        (_, Some(x)) if !decimal && x.fract() == 0.0 && x.abs() < 9e15 => Cell::Integer(x as i64),
        (_, Some(x)) => Cell::Real(x),
        (Some(n), None) => Cell::Integer(n),
        (None, None) => Cell::Text(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn sent(body: Value) -> Result<Sent, Error> {
        let pack = crate::testing::desk();
        let Value::Object(body) = body else { panic!() };
        let resolve = |register: &str, text: &str| match text {
            "H-01" => Ok(7),
            _ => Err(Mistake::NoSuchRecord { register: register.into(), text: text.into() }),
        };
        read(&pack.registers["project"], &pack, body, true, &resolve)
    }

    #[test]
    fn json_values_and_texts_become_the_same_cells() {
        let typed = sent(json!({
            "title": "t", "year": 2024, "budget": 1500.0, "share": 3, "joint": true, "areas": ["a", "舟"], "hub": 7, "people": null,
            "started_on": "2024-05-01", "grants": [{ "fiscal_year": 2020, "amount": 5 }], "price": { "missing": "suppressed" }, "_synthetic": true,
        }));
        let written = sent(json!({
            "title": "t", "year": "R6", "budget": "1,500", "share": "3.0", "joint": "はい", "areas": ["光", "b"], "hub": "H-01", "people": "",
            "started_on": "令和6年5月1日", "grants": [{ "fiscal_year": "令和2年度", "amount": "5円" }], "price": "(秘匿)", "_synthetic": true,
        }));
        assert_eq!(typed.unwrap(), written.unwrap());
    }

    #[test]
    fn every_mistake_has_its_place() {
        let error = sent(json!({
            "titel": "t", "year": [2024], "people": true, "hub": "H-9", "rich": 1, "areas": "zz", "_version": 3,
            "grants": [{ "amount": "x" }, 5], "price": { "missing": 1 },
        }))
        .unwrap_err();
        let Error::Refused(refusal) = &error else { panic!("{error}") };
        let mut places: Vec<(&str, Option<usize>, &str)> =
            refusal.places.iter().map(|e| (e.column.as_str(), e.row, e.mistake.code())).collect();
        places.sort_unstable();
        assert_eq!(
            places,
            [
                ("_version", None, "no-such-column"),
                ("amount", Some(1), "not-a-number"),
                ("areas", None, "not-a-code"),
                ("grants", Some(2), "wrong-kind"),
                ("hub", None, "no-such-record"),
                ("people", None, "wrong-kind"),
                ("price", None, "wrong-kind"),
                ("rich", None, "computed"),
                ("titel", None, "no-such-column"),
                ("year", None, "wrong-kind"),
            ]
        );
    }
}
