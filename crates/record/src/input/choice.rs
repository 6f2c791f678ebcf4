//! Codes, labels, countries, yes and no, reasons for a blank.

use crate::Mistake;
use shirube_plan::{Absence, Code, Lang, Pack};

/// The reason for a blank that words like `(unknown)` or `(不明)` give; none for other text.
pub fn missing_word(text: &str) -> Option<&'static str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?.trim();
    let absence = match inner.to_ascii_lowercase().as_str() {
        "unknown" | "不明" => Absence::Unknown,
        "not collected" | "not_collected" | "未収集" => Absence::NotCollected,
        "not applicable" | "not_applicable" | "非該当" => Absence::NotApplicable,
        "suppressed" | "秘匿" => Absence::Suppressed,
        _ => return None,
    };
    Some(absence.as_str())
}

/// How a reason for a blank reads; the other way of [`missing_word`].
pub fn missing_label(word: &str, lang: Lang) -> String {
    let label = match (Absence::parse(word), lang) {
        (Some(Absence::Unknown), Lang::Ja) => "不明",
        (Some(Absence::Unknown), Lang::En) => "unknown",
        (Some(Absence::NotCollected), Lang::Ja) => "未収集",
        (Some(Absence::NotCollected), Lang::En) => "not collected",
        (Some(Absence::NotApplicable), Lang::Ja) => "非該当",
        (Some(Absence::NotApplicable), Lang::En) => "not applicable",
        (Some(Absence::Suppressed), Lang::Ja) => "秘匿",
        (Some(Absence::Suppressed), Lang::En) => "suppressed",
        (None, _) => word,
    };
    format!("({label})")
}

pub(crate) fn boolean(text: &str) -> Result<i64, Mistake> {
    match text.to_lowercase().as_str() {
        "はい" | "yes" | "y" | "true" | "1" | "on" | "○" | "〇" | "◯" | "有" => Ok(1),
        "いいえ" | "no" | "n" | "false" | "0" | "off" | "×" | "✕" | "無" => Ok(0),
        _ => Err(Mistake::NotABoolean { text: text.to_string() }),
    }
}

/// A code of a list, from the code itself or a label.
pub(crate) fn code(list: &str, text: &str, pack: &Pack) -> Result<String, Mistake> {
    let codes = pack.code_lists.get(list).map(|l| l.codes.as_slice()).unwrap_or_default();
    match find(codes, text) {
        Ok(Some(code)) => Ok(code.to_string()),
        Ok(None) => {
            Err(Mistake::NotACode { text: text.to_string(), allowed: codes.iter().map(|c| (c.code.clone(), c.label.clone())).collect() })
        }
        Err(several) => Err(Mistake::AmbiguousLabel { text: text.to_string(), codes: several }),
    }
}

/// A country, from its alpha-2 code or its name.
pub(crate) fn country(text: &str, pack: &Pack) -> Result<String, Mistake> {
    let codes = pack.code_lists.get("country").map(|l| l.codes.as_slice()).unwrap_or_default();
    match find(codes, text) {
        Ok(Some(code)) => Ok(code.to_string()),
        _ => Err(Mistake::NotACountry { text: text.to_string() }),
    }
}

/// The exact code first, then labels, then both without regard to case; more than one match is an error.
fn find<'a>(codes: &'a [Code], text: &str) -> Result<Option<&'a str>, Vec<String>> {
    if let Some(code) = codes.iter().find(|c| c.code == text) {
        return Ok(Some(&code.code));
    }
    let fold = |s: &str| super::fold_width(s).to_lowercase();
    let wanted = fold(text);
    let matching = |by: &dyn Fn(&Code) -> bool| codes.iter().filter(|c| by(c)).map(|c| c.code.as_str()).collect::<Vec<_>>();
    for found in [matching(&|c| fold(&c.label.ja) == wanted || fold(&c.label.en) == wanted), matching(&|c| fold(&c.code) == wanted)] {
        match found.as_slice() {
            [] => {}
            [one] => return Ok(Some(one)),
            several => return Err(several.iter().map(|s| s.to_string()).collect()),
        }
    }
    Ok(None)
}
