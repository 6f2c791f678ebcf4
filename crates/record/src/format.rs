//! Values as people read them; [`crate::parse`] reads each back to the same value.

use crate::{Cell, input::missing_label};
use shirube_plan::{Field, FieldKind, Lang, Pack, Part};

/// One column of a field as text in a language: codes as labels, digits grouped, reasons for a blank in words.
///
/// Units are not written: money as 億円 or a percent sign belong to the page that shows it.
pub fn format(field: &Field, part: Part, cell: &Cell, lang: Lang, pack: &Pack) -> String {
    match cell {
        Cell::Missing { missing } => missing_label(missing, lang),
        Cell::Integer(value) => integer(field, part, *value, lang),
        Cell::Real(value) => real(*value, places(field)),
        Cell::Text(text) if part == Part::Main => match &field.kind {
            FieldKind::Choice { codes } => label(codes, text, lang, pack),
            FieldKind::Country => label("country", text, lang, pack),
            _ => text.clone(),
        },
        Cell::Text(text) => text.clone(),
        Cell::List(codes) => match &field.kind {
            FieldKind::Choices { codes: list } => codes.iter().map(|c| label(list, c, lang, pack)).collect::<Vec<_>>().join("; "),
            _ => codes.join("; "),
        },
        Cell::Rows(rows) => match (lang, rows.len()) {
            (Lang::Ja, n) => format!("{n}行"),
            (Lang::En, 1) => "1 row".to_string(),
            (Lang::En, n) => format!("{n} rows"),
        },
    }
}

fn places(field: &Field) -> usize {
    match field.kind {
        FieldKind::Decimal { places, .. } | FieldKind::Money { places, .. } => usize::from(places),
        _ => 0,
    }
}

fn integer(field: &Field, part: Part, value: i64, lang: Lang) -> String {
    match (&field.kind, part, lang) {
        (FieldKind::Boolean, _, Lang::Ja) => if value == 0 { "いいえ" } else { "はい" }.to_string(),
        (FieldKind::Boolean, _, Lang::En) => if value == 0 { "no" } else { "yes" }.to_string(),
        (FieldKind::FiscalYear { .. }, _, Lang::Ja) => format!("{value}年度"),
        (FieldKind::FiscalYear { .. }, _, Lang::En) => format!("FY{value}"),
        (FieldKind::Reference { .. }, _, _) => value.to_string(),
        _ => grouped(&value.to_string()),
    }
}

/// At least the field's decimals, and all digits the value has: nothing is rounded away.
fn real(value: f64, places: usize) -> String {
    let shortest = value.to_string();
    let decimals = shortest.split_once('.').map_or(0, |(_, d)| d.len());
    if decimals >= places { grouped(&shortest) } else { grouped(&format!("{value:.places$}")) }
}

fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |d| ("-", d));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = sign.to_string();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn label(list: &str, code: &str, lang: Lang, pack: &Pack) -> String {
    pack.code(list, code).map_or(code, |c| c.label.get(lang)).to_string()
}
