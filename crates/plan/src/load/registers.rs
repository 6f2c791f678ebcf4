//! registers/REGISTER.toml.

use crate::model::*;
use crate::office;
use crate::table::Table;
use std::collections::BTreeSet;

/// A register of the pack.
pub(super) fn register(pack: &mut Pack, name: &str, t: Table) {
    if name.starts_with(office::PREFIX) {
        let known = if pack.registers.contains_key(name) { "is built in" } else { "has a reserved name" };
        t.report("label", format!("the register `{name}` {known}"), format!("use a name that does not begin with `{}`", office::PREFIX));
        return;
    }
    read(pack, name, t);
}

/// Reads a register, built in or of the pack.
pub(super) fn read(pack: &mut Pack, name: &str, t: Table) {
    let mut register = Register {
        name: name.to_owned(),
        label: t.need_pair("label"),
        description: t.need_pair("description"),
        desk: t.pair("desk"),
        number: t.str("number").and_then(|s| numbering(&t, &s)),
        key: t.strings("key"),
        title: t.need_str("title", "\"name\""),
        sort: t.str("sort").and_then(|s| sort(&t, &s)),
        nodes: t.strings("nodes"),
        owner: t.str("owner"),
        place: t.place(),
        ..Register::default()
    };
    register.fields = t.tables("field").into_iter().filter_map(|f| field(f, false)).collect();
    register.raise_derived();
    for c in t.tables("check") {
        register.checks.push(Check {
            name: c.need_str("name", "\"end_after_start\""),
            sql: c.need_str("sql", "\"ended_on >= started_on\""),
            field: c.str("field"),
            message: c.need_pair("message"),
            place: c.place_of("sql"),
        });
        c.finish();
    }
    for s in t.tables("state") {
        register.states.push(State { name: s.need_str("name", "\"draft\""), label: s.need_pair("label") });
        s.finish();
    }
    for x in t.tables("transition") {
        register.transitions.push(Transition {
            name: x.need_str("name", "\"approve\""),
            label: x.need_pair("label"),
            from: x.strings("from"),
            to: x.need_str("to", "\"approved\""),
            require: x.strings("require"),
            reason: x.bool("reason"),
            place: x.place(),
        });
        x.finish();
    }
    if let Some(kept) = t.table("retention") {
        register.retention = Retention { readings: days(&kept, "readings"), personal: days(&kept, "personal") };
        kept.finish();
    }
    t.finish();
    pack.registers.insert(name.to_owned(), register);
}

impl Register {
    /// Makes what is derived of fields as sensitive as they are, whatever it declares. Done to every register that is
    /// loaded.
    pub fn raise_derived(&mut self) {
        for i in 0..self.fields.len() {
            let FieldKind::Derived { sql, .. } = &self.fields[i].kind else { continue };
            let words: BTreeSet<&str> = sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            let is_named = |f: &Field| words.contains(f.name.as_str()) || f.columns().iter().any(|c| words.contains(c.name.as_str()));
            // Of derived ones it may use those above it only, which have been raised.
            let named = self.fields.iter().enumerate().filter(|(j, f)| *j != i && is_named(f));
            let greatest = named.map(|(_, f)| f.sensitivity).fold(self.fields[i].sensitivity, Ord::max);
            self.fields[i].sensitivity = greatest;
        }
    }
}

fn field(t: Table, inside_group: bool) -> Option<Field> {
    let name = t.need_str("name", "\"title\"");
    let kind = kind(&t, inside_group);
    let personal = matches!(kind, Some(FieldKind::Person));
    let words = [
        ("public", Sensitivity::Public),
        ("internal", Sensitivity::Internal),
        ("commercial", Sensitivity::Commercial),
        ("personal", Sensitivity::Personal),
    ];
    let field = Field {
        name,
        label: t.need_pair("label"),
        help: t.pair("help"),
        required: t.bool("required"),
        unique: t.bool("unique"),
        sensitivity: t.word("sensitivity", &words).unwrap_or(if personal { Sensitivity::Personal } else { Sensitivity::Public }),
        place: t.place(),
        kind: kind.clone().unwrap_or(FieldKind::Boolean),
    };
    if matches!(kind, Some(FieldKind::Derived { .. })) && (field.required || field.unique) {
        t.report(
            "name",
            format!("derived field `{}` cannot be required or unique", field.name),
            "remove the key, or state the rule as a [[check]]",
        );
    }
    t.finish();
    kind.map(|_| field)
}

fn kind(t: &Table, inside_group: bool) -> Option<FieldKind> {
    use FieldKind as K;
    const TYPES: [&str; 17] = [
        "text",
        "longtext",
        "integer",
        "decimal",
        "money",
        "boolean",
        "date",
        "fiscal_year",
        "choice",
        "choices",
        "country",
        "organisation",
        "person",
        "reference",
        "attachment",
        "group",
        "derived",
    ];
    let name = t.need_word("type", &TYPES.map(|t| (t, t)))?;
    if inside_group && matches!(name, "group" | "derived" | "choices" | "attachment") {
        t.report(
            "type",
            format!("a group cannot hold a field of type `{name}`"),
            "use a simple type here, or make it a field of the register",
        );
        return None;
    }
    Some(match name {
        "text" => K::Text { max_length: t.small("max_length").unwrap_or(300), pattern: t.str("pattern").inspect(|p| pattern(t, p)) },
        "longtext" => K::LongText { max_length: t.small("max_length").unwrap_or(20_000) },
        "integer" => K::Integer { min: t.int("min"), max: t.int("max"), unit: t.str("unit") },
        "decimal" => K::Decimal { places: t.small("places").unwrap_or(2), min: t.float("min"), max: t.float("max"), unit: t.str("unit") },
        "money" => K::Money {
            currency: t.str("currency").unwrap_or_else(|| "JPY".into()),
            places: t.small("places").unwrap_or(0),
            min: t.float("min"),
            max: t.float("max"),
        },
        "boolean" => K::Boolean,
        "date" => K::Date { min: t.str("min"), max: t.str("max") },
        "fiscal_year" => K::FiscalYear { min: t.int("min"), max: t.int("max") },
        "choice" => K::Choice { codes: t.need_str("codes", "\"stage\"") },
        "choices" => K::Choices { codes: t.need_str("codes", "\"stage\"") },
        "country" => K::Country,
        "organisation" => K::Organisation,
        "person" => K::Person,
        "reference" => K::Reference { register: t.need_str("register", "\"project\"") },
        "attachment" => K::Attachment { max_size: t.small("max_size").unwrap_or(20_000_000), types: types(t) },
        "group" => {
            let fields: Vec<Field> = t.tables("field").into_iter().filter_map(|f| field(f, true)).collect();
            if fields.is_empty() {
                t.report("field", "a group needs fields", "add [[field.field]] entries below it");
            }
            K::Group { fields }
        }
        _ => {
            let words = [("text", Storage::Text), ("integer", Storage::Integer), ("decimal", Storage::Real)];
            K::Derived { sql: t.need_str("sql", "\"a + b\""), stored_as: t.need_word("as", &words).unwrap_or(Storage::Text) }
        }
    })
}

/// Types of files that a field takes; all that are known if it names none.
fn types(t: &Table) -> Vec<FileType> {
    let words = t.strings("types");
    let known = || FileType::ALL.iter().map(|t| t.word()).collect::<Vec<_>>().join(", ");
    let read = |word: &String| {
        let found = FileType::ALL.iter().copied().find(|t| t.word() == word);
        if found.is_none() {
            t.report("types", format!("`{word}` is no type of file"), format!("write some of: {}", known()));
        }
        found
    };
    if words.is_empty() { FileType::ALL.to_vec() } else { words.iter().filter_map(read).collect() }
}

/// A number of days, one at least.
fn days(t: &Table, key: &'static str) -> Option<u32> {
    let days = t.int(key)?;
    let read = u32::try_from(days).ok().filter(|days| *days > 0);
    if read.is_none() {
        t.report(key, format!("`{key}` is {days}"), "write a number of days, such as 1825");
    }
    read
}

fn pattern(t: &Table, pattern: &str) {
    if let Err(e) = regex::Regex::new(pattern) {
        t.report("pattern", format!("`pattern` is not a regular expression: {e}"), "correct it");
    }
}

fn sort(t: &Table, text: &str) -> Option<(String, bool)> {
    let mut words = text.split_whitespace();
    let column = words.next()?.to_owned();
    match (words.next(), words.next()) {
        (None, _) | (Some("asc"), None) => Some((column, false)),
        (Some("desc"), None) => Some((column, true)),
        _ => {
            t.report("sort", format!("`sort = \"{text}\"` is not a column and asc or desc"), "write e.g. `sort = \"survey_year desc\"`");
            None
        }
    }
}

fn numbering(t: &Table, text: &str) -> Option<Numbering> {
    let mut parts = vec![];
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        if open > 0 {
            parts.push(NumberPart::Literal(rest[..open].to_owned()));
        }
        let close = rest[open..].find('}').map(|i| open + i);
        let inside = close.map(|c| &rest[open + 1..c]);
        parts.push(match inside {
            Some("year") => NumberPart::Year,
            Some(s) if s.strip_prefix("seq:").and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| (1..=12).contains(&n)) => {
                NumberPart::Seq(s["seq:".len()..].parse().unwrap_or(1))
            }
            _ => {
                t.report(
                    "number",
                    format!("`number = \"{text}\"` has a part that is not {{year}} or {{seq:N}}"),
                    "write e.g. `number = \"PRJ-{year}-{seq:4}\"`",
                );
                return None;
            }
        });
        rest = &rest[close.map_or(rest.len(), |c| c + 1)..];
    }
    if !rest.is_empty() {
        parts.push(NumberPart::Literal(rest.to_owned()));
    }
    if parts.iter().filter(|p| matches!(p, NumberPart::Seq(_))).count() != 1 {
        t.report("number", format!("`number = \"{text}\"` needs exactly one {{seq:N}}"), "write e.g. `number = \"PRJ-{year}-{seq:4}\"`");
        return None;
    }
    Some(Numbering { parts })
}
