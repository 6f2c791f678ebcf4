//! Text typed by people, read as values.
//!
//! Full-width digits and signs, thousands separators, eras, fiscal years, labels instead of codes and Japanese
//! units of magnitude are all understood; anything that has more than one reading is refused rather than guessed.

mod choice;
pub(crate) mod contact;
mod date;
mod number;

pub use choice::{missing_label, missing_word};
pub use contact::check_digit;

use crate::{Cell, InputError, Mistake};
use shirube_plan::{Field, FieldKind, Pack, Part};
use unicode_normalization::{UnicodeNormalization, is_nfkc};

/// Reads a day as forms do: `2026-11-01`, `2026/11/1`, `令和8年11月1日`, full-width too. Gives `YYYY-MM-DD`.
pub fn day(text: &str) -> Result<String, InputError> {
    Ok(date::date(&fold_width(text.trim()))?)
}

/// Reads text as one column of a field. Blank text is no value.
///
/// `part` says which column of the field is meant (`budget_currency` is `Part::Currency` of `budget`). A `choices`
/// field is read from codes or labels separated by `;`. A reference is read from the record's `_id`.
pub fn parse(field: &Field, part: Part, text: &str, pack: &Pack) -> Result<Option<Cell>, InputError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    // What is kept as typed is only looked at in half width where it may be the reason for a blank.
    if part == Part::Main && kept_as_typed(&field.kind) && !opens_bracket(text) {
        return Ok(Some(main(field, text, text, pack)?));
    }
    let plain = fold_width(text);
    let plain = plain.trim();
    if part == Part::Main
        && let Some(word) = missing_word(plain)
    {
        return Ok(Some(Cell::Missing { missing: word.to_string() }));
    }
    let cell = match part {
        Part::Main => main(field, text, plain, pack)?,
        Part::Currency => contact::currency(plain)?,
        Part::CorporateNumber => contact::corporate_number(plain)?,
        Part::Email => contact::email(plain)?,
        Part::Phone => contact::phone(plain)?,
        Part::Sha256 => contact::sha256(plain)?,
        Part::Media => Cell::Text(plain.to_string()),
        Part::Size => Cell::Integer(number::read(plain, &[])?.whole(plain)?),
    };
    Ok(Some(cell))
}

fn main(field: &Field, text: &str, plain: &str, pack: &Pack) -> Result<Cell, Mistake> {
    use FieldKind as K;
    Ok(match &field.kind {
        K::Text { .. } | K::Organisation | K::Person | K::Attachment { .. } => Cell::Text(one_line(text)),
        K::LongText { .. } => Cell::Text(text.replace("\r\n", "\n").replace('\r', "\n")),
        K::Integer { unit, .. } => Cell::Integer(number::read(plain, &unit_words(unit.as_deref(), pack))?.whole(plain)?),
        K::Decimal { unit, .. } => Cell::Real(number::read(plain, &unit_words(unit.as_deref(), pack))?.real()),
        K::Money { places, currency, .. } => {
            let amount = number::read(plain, &number::money_words(currency))?;
            if *places == 0 { Cell::Integer(amount.whole(plain)?) } else { Cell::Real(amount.real()) }
        }
        K::Boolean => Cell::Integer(choice::boolean(plain)?),
        K::Date { .. } => Cell::Text(date::date(plain)?),
        K::FiscalYear { .. } => Cell::Integer(date::fiscal_year(plain)?),
        K::Choice { codes } => Cell::Text(choice::code(codes, plain, pack)?),
        K::Choices { codes } => {
            let parts = plain.split([';', '\n']).map(str::trim).filter(|s| !s.is_empty());
            Cell::List(parts.map(|s| choice::code(codes, s, pack)).collect::<Result<_, _>>()?)
        }
        K::Country => Cell::Text(choice::country(plain, pack)?),
        K::Reference { .. } => match plain.parse::<i64>() {
            Ok(id) if id > 0 => Cell::Integer(id),
            _ => return Err(Mistake::NotAReference { text: plain.to_string() }),
        },
        K::Group { .. } => return Err(Mistake::NotText),
        K::Derived { .. } => return Err(Mistake::Computed),
    })
}

fn kept_as_typed(kind: &FieldKind) -> bool {
    use FieldKind as K;
    matches!(kind, K::Text { .. } | K::LongText { .. } | K::Organisation | K::Person | K::Attachment { .. })
}

/// Whether a trimmed text begins with `(` in half width.
fn opens_bracket(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first == '(' || !is_plain(first) && first.nfkc().next() == Some('('))
}

/// Half-width digits, letters and signs (NFKC).
pub fn fold_width(text: &str) -> String {
    if text.chars().all(is_plain) || is_nfkc(text) { text.to_string() } else { text.nfkc().collect() }
}

/// Characters that NFKC leaves alone wherever they stand, among them nearly all of Japanese text: ASCII, kana
/// without sound marks of their own, kanji, the common punctuation.
fn is_plain(c: char) -> bool {
    matches!(c,
        '\0'..='\x7f'
        | '、'..='〃' | '々'..='〇' | '「'..='】' | 'ぁ'..='ゖ' | 'ァ'..='ヾ'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Yes or no.
pub(crate) fn yes(text: &str) -> Result<bool, Mistake> {
    Ok(choice::boolean(fold_width(text).trim())? == 1)
}

fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r']) { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { text.to_string() }
}

/// Words a number may end with: the labels of its unit.
fn unit_words<'a>(unit: Option<&str>, pack: &'a Pack) -> Vec<&'a str> {
    unit.and_then(|name| pack.units.get(name)).map(|u| vec![u.label.ja.as_str(), u.label.en.as_str()]).unwrap_or_default()
}

#[cfg(test)]
mod tests;
