//! What the columns of a file are called: by column name, or by label in either language.
//!
//! Exports write these headings and imports read them back, so both come from here.

use shirube_plan::{Field, Lang, Pair, Part};
use unicode_normalization::UnicodeNormalization;

/// Columns of the record itself that a file may have, with their labels. An import reads the first six; the others
/// are written by exports and skipped by imports.
pub const OWN: [(&str, &str, &str); 11] = [
    ("_number", "番号", "Number"),
    ("_state", "状態", "State"),
    ("_source", "出典", "Source"),
    ("_heading", "見出し", "Heading"),
    ("_quote", "引用", "Quote"),
    ("_synthetic", "例示データ", "Demonstration record"),
    ("_id", "識別番号", "Identifier"),
    ("_version", "版", "Version"),
    ("_seq", "出来事", "Event"),
    ("_created_at", "登録日時", "Created"),
    ("_updated_at", "更新日時", "Last changed"),
];

/// Heading of the column that an error file adds; an import skips it.
pub const ERRORS: &str = "_errors";

/// Label of a column: the field's, with the part in brackets where it is not the main one.
pub fn label(field: &Field, part: Part) -> Pair {
    let (ja, en) = match part {
        Part::Main => return field.label.clone(),
        Part::Currency => ("通貨", "currency"),
        Part::CorporateNumber => ("法人番号", "corporate number"),
        Part::Email => ("メール", "e-mail"),
        Part::Phone => ("電話", "telephone"),
        Part::Sha256 => ("SHA-256", "SHA-256"),
        Part::Media => ("種類", "media type"),
        Part::Size => ("バイト数", "bytes"),
    };
    Pair { ja: format!("{}（{ja}）", field.label.ja), en: format!("{} ({en})", field.label.en) }
}

/// Label of a column in the `row`-th row (from 1) of a group.
pub fn group_label(group: &Field, row: usize, column: &Pair, lang: Lang) -> String {
    format!("{} {row} {}", group.label.get(lang), column.get(lang))
}

/// Headings that differ only in width, case or spaces are the same.
pub fn fold(heading: &str) -> String {
    heading.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_spaces_make_no_difference() {
        assert_eq!(fold("　Ｒ＆Ｄ Budget（ＪＰＹ）\n"), fold("r&d budget(jpy)"));
        assert_eq!(fold("ｽﾃｰｼﾞ"), fold("ステージ"));
        assert_ne!(fold("予算額"), fold("予算"));
    }
}
