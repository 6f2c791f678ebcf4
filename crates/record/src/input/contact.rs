//! Currencies, corporate numbers, e-mail, telephone, hashes.

use crate::{Cell, Mistake};

pub(crate) fn currency(text: &str) -> Result<Cell, Mistake> {
    let code = text.to_ascii_uppercase();
    if is_currency(&code) { Ok(Cell::Text(code)) } else { Err(Mistake::NotACurrency { text: text.to_string() }) }
}

pub(crate) fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// 13 digits, also written with hyphens or with the `T` of an invoice number.
pub(crate) fn corporate_number(text: &str) -> Result<Cell, Mistake> {
    let digits: String = text.strip_prefix(['T', 't']).unwrap_or(text).chars().filter(|c| !['-', ' '].contains(c)).collect();
    check_corporate_number(&digits).map(|()| Cell::Text(digits)).map_err(|mistake| match mistake {
        Mistake::NotACorporateNumber { .. } => Mistake::NotACorporateNumber { text: text.to_string() },
        other => other,
    })
}

pub(crate) fn check_corporate_number(digits: &str) -> Result<(), Mistake> {
    let text = digits.to_string();
    if digits.len() != 13 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Mistake::NotACorporateNumber { text });
    }
    let expected = check_digit(&digits[1..]);
    if digits.as_bytes()[0] - b'0' == expected { Ok(()) } else { Err(Mistake::WrongCheckDigit { text, expected }) }
}

/// Check digit of a corporate number (法人番号) over its twelve other digits: 9 − (Σ digit × weight mod 9), the
/// weights 1, 2, 1, 2 … from the right.
pub fn check_digit(twelve: &str) -> u8 {
    let sum: u32 = twelve.bytes().rev().zip([1, 2].into_iter().cycle()).map(|(b, weight)| u32::from(b.wrapping_sub(b'0')) * weight).sum();
    9 - (sum % 9) as u8
}

pub(crate) fn email(text: &str) -> Result<Cell, Mistake> {
    if is_email(text) { Ok(Cell::Text(text.to_string())) } else { Err(Mistake::NotAnEmail { text: text.to_string() }) }
}

/// Looks like an address; whether mail arrives only sending it shows.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let label = |l: &str| !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.chars().all(|c| c.is_alphanumeric() || c == '-');
    !local.is_empty()
        && !local.contains('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && domain.contains('.')
        && domain.split('.').all(label)
}

pub(crate) fn phone(text: &str) -> Result<Cell, Mistake> {
    let text: String = text.chars().map(|c| if ['−', '‐', '–', 'ー'].contains(&c) { '-' } else { c }).collect();
    if is_phone(&text) { Ok(Cell::Text(text)) } else { Err(Mistake::NotAPhone { text }) }
}

/// At least six digits, with the marks numbers are written with; `内線12` or `ext. 12` may follow.
pub(crate) fn is_phone(text: &str) -> bool {
    let number = ["内線", "ext"].into_iter().find_map(|mark| text.split_once(mark).map(|(number, _)| number)).unwrap_or(text);
    number.bytes().filter(u8::is_ascii_digit).count() >= 6 && number.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c))
}

pub(crate) fn sha256(text: &str) -> Result<Cell, Mistake> {
    let hash = text.to_ascii_lowercase();
    if is_sha256(&hash) { Ok(Cell::Text(hash)) } else { Err(Mistake::NotAHash { text: text.to_string() }) }
}

pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
