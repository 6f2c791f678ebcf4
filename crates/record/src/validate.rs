//! What makes a record valid against its register.
//!
//! Everything that can be said about one record by itself, without SQL: kinds, required fields, ranges, patterns,
//! codes. Cross-field checks, uniqueness and references need a snapshot and are the store's part.

use crate::{
    Cell, Content, FieldError, Mistake,
    input::contact::{check_corporate_number, is_currency, is_email, is_phone, is_sha256},
};
use jiff::civil::Date;
use regex::Regex;
use shirube_plan::{Absence, Code, Field, FieldKind, Pack, Pair, Part, Register};
use std::collections::{HashMap, HashSet};

/// Mistakes in a record's content; empty when it is valid.
///
/// A required field passes with a stated reason for its blank: what is unknown is said, not invented. For many
/// records of one register keep a [`Validator`].
pub fn validate(register: &Register, pack: &Pack, content: &Content) -> Vec<FieldError> {
    Validator::new(register, pack).check(content)
}

/// Content as it is stored: blank texts, empty lists and empty rows are no values, and an amount of money without
/// a currency has its field's.
pub fn normalise(register: &Register, content: Content) -> Content {
    tidy(&register.fields, content)
}

fn tidy(fields: &[Field], mut content: Content) -> Content {
    content.retain(|_, cell| !is_blank(cell));
    for field in fields {
        match &field.kind {
            FieldKind::Money { currency, .. } => {
                let part = format!("{}_currency", field.name);
                let filled = matches!(content.get(&field.name), Some(Cell::Integer(_) | Cell::Real(_)));
                if filled {
                    content.entry(part).or_insert_with(|| Cell::Text(currency.clone()));
                } else {
                    content.remove(&part);
                }
            }
            FieldKind::Group { fields } => {
                if let Some(Cell::Rows(rows)) = content.get_mut(&field.name) {
                    *rows = std::mem::take(rows).into_iter().map(|row| tidy(fields, row)).filter(|row| !row.is_empty()).collect();
                    if rows.is_empty() {
                        content.remove(&field.name);
                    }
                }
            }
            _ => {}
        }
    }
    content
}

/// No value at all; a stated reason for a blank is not blank.
fn is_blank(cell: &Cell) -> bool {
    match cell {
        Cell::Text(text) => text.trim().is_empty(),
        Cell::List(codes) => codes.is_empty(),
        Cell::Rows(rows) => rows.is_empty(),
        _ => false,
    }
}

/// The rules of one register, prepared.
#[derive(Debug)]
pub struct Validator {
    fields: Vec<Rules>,
    columns: HashMap<String, (usize, Part)>,
}

#[derive(Debug)]
struct Rules {
    name: String,
    required: bool,
    parts: Vec<String>,
    rule: Rule,
}

impl Rules {
    /// The parts of an attachment come together, with the name, or not at all.
    fn all_or_nothing(&self, content: &Content) -> bool {
        let stored = self.parts.iter().filter(|name| content.contains_key(*name)).count();
        stored == 0 || (stored == self.parts.len() && content.contains_key(&self.name))
    }
}

#[derive(Debug)]
enum Rule {
    Text { max: usize, pattern: Option<(Regex, Option<Pair>)> },
    Integer { min: Option<i64>, max: Option<i64> },
    Real { min: Option<f64>, max: Option<f64>, places: u8 },
    Money { min: Option<f64>, max: Option<f64>, places: u8 },
    Boolean,
    Date { min: Option<String>, max: Option<String> },
    Code { allowed: Codes },
    Codes { allowed: Codes },
    Country { allowed: Codes },
    Reference,
    Attachment { max: u64 },
    Group(Validator),
    Derived,
}

#[derive(Debug)]
struct Codes {
    set: HashSet<String>,
    list: Vec<(String, Pair)>,
}

impl Codes {
    fn new(list: &str, pack: &Pack) -> Self {
        let codes: &[Code] = pack.code_lists.get(list).map(|l| l.codes.as_slice()).unwrap_or_default();
        Codes {
            set: codes.iter().map(|c| c.code.clone()).collect(),
            list: codes.iter().map(|c| (c.code.clone(), c.label.clone())).collect(),
        }
    }

    fn check(&self, code: &str) -> Result<(), Mistake> {
        if self.set.contains(code) { Ok(()) } else { Err(Mistake::NotACode { text: code.to_string(), allowed: self.list.clone() }) }
    }
}

/// Longest plain name (organisation, person, file name).
const NAME_LENGTH: usize = 300;
/// Fiscal years where a field declares no range: from the first of Meiji, as far as plans look ahead.
const FIRST_YEAR: i64 = 1868;
const LAST_YEAR: i64 = 2199;

impl Validator {
    /// Prepares the rules of a register.
    pub fn new(register: &Register, pack: &Pack) -> Self {
        Self::of(&register.fields, pack)
    }

    fn of(fields: &[Field], pack: &Pack) -> Self {
        let mut columns = HashMap::new();
        let mut rules = vec![];
        for (i, field) in fields.iter().enumerate() {
            let own = field.columns();
            columns.insert(field.name.clone(), (i, Part::Main));
            columns.extend(own.iter().map(|c| (c.name.clone(), (i, c.part))));
            let parts = own.into_iter().filter(|c| c.part != Part::Main).map(|c| c.name).collect();
            rules.push(Rules { name: field.name.clone(), required: field.required, parts, rule: Rule::new(field, pack) });
        }
        Validator { fields: rules, columns }
    }

    /// Mistakes in a record's content, in the order of the register's fields.
    pub fn check(&self, content: &Content) -> Vec<FieldError> {
        let mut errors = vec![];
        self.collect(content, None, &mut errors);
        errors
    }

    /// Like [`Validator::check`] for columns that a transition requires: those among `names` that are blank.
    pub fn blanks(&self, content: &Content, names: &[String]) -> Vec<FieldError> {
        let blank = |name: &&String| content.get(*name).is_none_or(is_blank);
        names.iter().filter(blank).map(|name| FieldError::new(name, name, None, Mistake::Required)).collect()
    }

    fn collect(&self, content: &Content, place: Option<(&str, usize)>, errors: &mut Vec<FieldError>) {
        let mut say = |field: &str, column: &str, mistake| {
            let (field, row) = place.map_or((field, None), |(group, row)| (group, Some(row)));
            errors.push(FieldError::new(field, column, row, mistake));
        };
        let mut groups = vec![];
        for (column, cell) in content {
            let Some((rules, part)) = self.columns.get(column).and_then(|(i, part)| Some((self.fields.get(*i)?, *part))) else {
                say("", column, Mistake::NoSuchColumn { column: column.clone() });
                continue;
            };
            match (&rules.rule, cell) {
                (Rule::Group(inner), Cell::Rows(rows)) => groups.push((rules, inner, rows)),
                _ => {
                    if let Err(mistake) = rules.rule.check(part, cell) {
                        say(&rules.name, column, mistake);
                    }
                }
            }
        }
        for rules in &self.fields {
            if rules.required && content.get(&rules.name).is_none_or(is_blank) {
                say(&rules.name, &rules.name, Mistake::Required);
            }
            if matches!(rules.rule, Rule::Attachment { .. }) && !rules.all_or_nothing(content) {
                say(&rules.name, &rules.name, Mistake::FileIncomplete);
            }
        }
        for (rules, inner, rows) in groups {
            for (i, row) in rows.iter().enumerate() {
                inner.collect(row, Some((&rules.name, i + 1)), errors);
            }
        }
    }
}

impl Rule {
    fn new(field: &Field, pack: &Pack) -> Rule {
        use FieldKind as K;
        let text = |max| Rule::Text { max, pattern: None };
        match &field.kind {
            K::Text { max_length, pattern } => {
                // A pattern that does not compile is a mistake of the pack, found when the pack is checked.
                let pattern = pattern.as_ref().and_then(|p| Some((Regex::new(&format!("^(?:{p})$")).ok()?, field.help.clone())));
                Rule::Text { max: *max_length, pattern }
            }
            K::LongText { max_length } => text(*max_length),
            K::Integer { min, max, .. } => Rule::Integer { min: *min, max: *max },
            K::FiscalYear { min, max } => Rule::Integer { min: min.or(Some(FIRST_YEAR)), max: max.or(Some(LAST_YEAR)) },
            K::Decimal { places, min, max, .. } => Rule::Real { min: *min, max: *max, places: *places },
            K::Money { places, min, max, .. } => Rule::Money { min: *min, max: *max, places: *places },
            K::Boolean => Rule::Boolean,
            K::Date { min, max } => Rule::Date { min: min.clone(), max: max.clone() },
            K::Choice { codes } => Rule::Code { allowed: Codes::new(codes, pack) },
            K::Choices { codes } => Rule::Codes { allowed: Codes::new(codes, pack) },
            K::Country => Rule::Country { allowed: Codes::new("country", pack) },
            K::Organisation | K::Person => text(NAME_LENGTH),
            K::Reference { .. } => Rule::Reference,
            K::Attachment { max_size, .. } => Rule::Attachment { max: *max_size },
            K::Group { fields } => Rule::Group(Validator::of(fields, pack)),
            K::Derived { .. } => Rule::Derived,
        }
    }

    fn check(&self, part: Part, cell: &Cell) -> Result<(), Mistake> {
        if let Cell::Missing { missing } = cell {
            return match (Absence::parse(missing), part, self) {
                (_, _, Rule::Derived) => Err(Mistake::Computed),
                (Some(_), Part::Main, _) => Ok(()),
                (Some(_), ..) => Err(wrong("値", "a value")),
                (None, ..) => Err(Mistake::MissingWord { word: missing.clone() }),
            };
        }
        if part != Part::Main {
            return self.check_part(part, cell);
        }
        match (self, cell) {
            (Rule::Text { max, pattern }, Cell::Text(text)) => {
                length(text, *max)?;
                readable(text)?;
                match pattern {
                    Some((regex, help)) if !regex.is_match(text) => Err(Mistake::Pattern { help: help.clone() }),
                    _ => Ok(()),
                }
            }
            (Rule::Integer { min, max }, Cell::Integer(n)) => range(*n, *min, *max),
            (Rule::Real { min, max, places }, Cell::Real(x)) => real(*x, *min, *max, *places),
            (Rule::Money { min, max, places: 0 }, Cell::Integer(n)) => range(*n as f64, *min, *max),
            (Rule::Money { min, max, places }, Cell::Real(x)) if *places > 0 => real(*x, *min, *max, *places),
            (Rule::Boolean, Cell::Integer(0 | 1)) => Ok(()),
            (Rule::Date { min, max }, Cell::Text(text)) => date(text, min.as_deref(), max.as_deref()),
            (Rule::Code { allowed }, Cell::Text(code)) => allowed.check(code),
            (Rule::Codes { allowed }, Cell::List(codes)) => {
                let mut seen = HashSet::new();
                codes.iter().try_for_each(|code| {
                    allowed.check(code)?;
                    if seen.insert(code) { Ok(()) } else { Err(Mistake::RepeatedCode { code: code.clone() }) }
                })
            }
            (Rule::Country { allowed }, Cell::Text(code)) => allowed.check(code).map_err(|_| Mistake::NotACountry { text: code.clone() }),
            (Rule::Reference, Cell::Integer(id)) if *id > 0 => Ok(()),
            (Rule::Attachment { .. }, Cell::Text(name)) => length(name, NAME_LENGTH),
            (Rule::Derived, _) => Err(Mistake::Computed),
            (rule, _) => Err(rule.expected()),
        }
    }

    fn check_part(&self, part: Part, cell: &Cell) -> Result<(), Mistake> {
        let fails = |text: &str| text.to_string();
        match (part, cell, self) {
            (Part::Size, Cell::Integer(size), Rule::Attachment { max }) => {
                if u64::try_from(*size).is_ok_and(|s| s <= *max) {
                    Ok(())
                } else {
                    Err(Mistake::FileTooLarge { size: *size, max: *max })
                }
            }
            (Part::Currency, Cell::Text(t), _) if !is_currency(t) => Err(Mistake::NotACurrency { text: fails(t) }),
            (Part::CorporateNumber, Cell::Text(t), _) => check_corporate_number(t),
            (Part::Email, Cell::Text(t), _) if !is_email(t) => Err(Mistake::NotAnEmail { text: fails(t) }),
            (Part::Phone, Cell::Text(t), _) if !is_phone(t) => Err(Mistake::NotAPhone { text: fails(t) }),
            (Part::Sha256, Cell::Text(t), _) if !is_sha256(t) => Err(Mistake::NotAHash { text: fails(t) }),
            (Part::Size, ..) => Err(wrong("整数", "a whole number")),
            (_, Cell::Text(text), _) => length(text, NAME_LENGTH),
            _ => Err(wrong("文字列", "text")),
        }
    }

    fn expected(&self) -> Mistake {
        match self {
            Rule::Text { .. } | Rule::Attachment { .. } => wrong("文字列", "text"),
            Rule::Integer { .. } | Rule::Money { places: 0, .. } => wrong("整数", "a whole number"),
            Rule::Real { .. } | Rule::Money { .. } => wrong("数値", "a number"),
            Rule::Boolean => wrong("はい・いいえ", "yes or no"),
            Rule::Date { .. } => wrong("日付", "a date"),
            Rule::Code { .. } => wrong("選択肢のコード", "a code"),
            Rule::Codes { .. } => wrong("選択肢のコードの並び", "a list of codes"),
            Rule::Country { .. } => wrong("国コード", "a country code"),
            Rule::Reference => wrong("記録", "a record"),
            Rule::Group(_) => wrong("明細の行", "rows"),
            Rule::Derived => Mistake::Computed,
        }
    }
}

fn wrong(ja: &str, en: &str) -> Mistake {
    Mistake::WrongKind { expected: Pair { ja: ja.into(), en: en.into() } }
}

/// Refuses characters that nobody sees and that make a text look like another one or break files: control characters
/// but tabs and line breaks, and those that turn the direction of writing.
fn readable(text: &str) -> Result<(), Mistake> {
    let hidden =
        |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    match text.chars().find(hidden) {
        Some(c) => Err(Mistake::HiddenCharacter { code: format!("U+{:04X}", u32::from(c)) }),
        None => Ok(()),
    }
}

fn length(text: &str, max: usize) -> Result<(), Mistake> {
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() <= max {
        return Ok(());
    }
    match text.chars().count() {
        length if length > max => Err(Mistake::TooLong { max, length }),
        _ => Ok(()),
    }
}

fn range<T: PartialOrd + ToString>(value: T, min: Option<T>, max: Option<T>) -> Result<(), Mistake> {
    match (min, max) {
        (Some(min), _) if value < min => Err(Mistake::TooSmall { min: min.to_string() }),
        (_, Some(max)) if value > max => Err(Mistake::TooGreat { max: max.to_string() }),
        _ => Ok(()),
    }
}

fn real(value: f64, min: Option<f64>, max: Option<f64>, places: u8) -> Result<(), Mistake> {
    if !value.is_finite() {
        return Err(wrong("数値", "a number"));
    }
    range(value, min, max)?;
    // Rounding to the places must give the same number back.
    let scale = 10f64.powi(i32::from(places));
    if (value * scale).abs() < 1e15 && (value * scale).round() / scale != value {
        return Err(Mistake::TooManyPlaces { places });
    }
    Ok(())
}

fn date(text: &str, min: Option<&str>, max: Option<&str>) -> Result<(), Mistake> {
    let shaped = text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shaped || text.parse::<Date>().is_err() {
        return Err(Mistake::NotADate { text: text.to_string() });
    }
    // ISO days sort as text.
    match (min, max) {
        (Some(min), _) if text < min => Err(Mistake::TooSmall { min: min.to_string() }),
        (_, Some(max)) if text > max => Err(Mistake::TooGreat { max: max.to_string() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
