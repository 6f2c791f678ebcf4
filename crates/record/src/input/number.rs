//! Numbers as people write them, read exactly.

use crate::Mistake;

/// A decimal number: `digits × 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Decimal {
    negative: bool,
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// As a whole number.
    pub fn whole(self, text: &str) -> Result<i64, Mistake> {
        let mut digits = self.digits;
        let mut exponent = self.exponent;
        while exponent < 0 && digits % 10 == 0 {
            digits /= 10;
            exponent += 1;
        }
        if exponent < 0 {
            return Err(Mistake::NotWhole { text: text.to_string() });
        }
        let too_great = || Mistake::TooGreat { max: i64::MAX.to_string() };
        let scale = 10i128.checked_pow(exponent.unsigned_abs()).ok_or_else(too_great)?;
        let value = digits.checked_mul(scale).ok_or_else(too_great)?;
        i64::try_from(if self.negative { -value } else { value }).map_err(|_| too_great())
    }

    /// As the nearest binary number.
    pub fn real(self) -> f64 {
        let written = format!("{}{}e{}", if self.negative { "-" } else { "" }, self.digits, self.exponent);
        // Digits and an exponent always read as a number.
        written.parse().unwrap_or(f64::NAN)
    }

    fn plus(self, other: Decimal) -> Option<Decimal> {
        let exponent = self.exponent.min(other.exponent);
        let at = |d: Decimal| d.digits.checked_mul(10i128.checked_pow((d.exponent - exponent).unsigned_abs())?);
        Some(Decimal { negative: self.negative, digits: at(self)?.checked_add(at(other)?)?, exponent })
    }
}

/// Words a sum of money may carry.
pub(crate) fn money_words(currency: &str) -> Vec<&str> {
    if currency == "JPY" { vec!["円", "¥", "JPY", "yen"] } else { vec![currency] }
}

const MAGNITUDES: [(char, i32); 6] = [('兆', 12), ('億', 8), ('万', 4), ('千', 3), ('百', 2), ('十', 1)];

/// Reads a number after width folding. `words` are units that may stand after it (or, like `¥`, before it).
///
/// `1,234`, `-1.5`, `△3`, `1.65兆円`, `3億5,000万`, `12千円`, `120百万円`.
pub(crate) fn read(text: &str, words: &[&str]) -> Result<Decimal, Mistake> {
    let not_a_number = || Mistake::NotANumber { text: text.to_string() };
    let mut rest = text.trim();
    for word in words.iter().filter(|w| !w.is_empty()) {
        let folded = super::fold_width(word);
        if let Some(before) = rest.strip_suffix(folded.as_str()).or_else(|| rest.strip_prefix(folded.as_str())) {
            rest = before.trim();
            break;
        }
    }
    let (negative, mut rest) = sign(rest);
    let mut total: Option<Decimal> = None;
    let mut last = i32::MAX;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ',')).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        let mut part = plain(digits, text)?;
        let (power, after) = magnitude(after.trim_start());
        // 億 before 万, each once; a part without magnitude comes last.
        if power >= last || (power == 0 && !after.is_empty()) {
            return Err(not_a_number());
        }
        last = power;
        part.exponent = part.exponent.checked_add(power).ok_or_else(not_a_number)?;
        total = Some(match total {
            None => part,
            Some(sum) => sum.plus(part).ok_or_else(not_a_number)?,
        });
        rest = after.trim_start();
    }
    total.map(|t| Decimal { negative, ..t }).ok_or_else(not_a_number)
}

/// Minus signs, also the triangles of Japanese tables.
fn sign(text: &str) -> (bool, &str) {
    for mark in ['-', '−', '‐', '–', '△', '▲', 'ー'] {
        if let Some(rest) = text.strip_prefix(mark) {
            return (true, rest.trim_start());
        }
    }
    (false, text.strip_prefix('+').unwrap_or(text))
}

/// The magnitude words at the start of a text: `百万` is 10^6.
fn magnitude(text: &str) -> (i32, &str) {
    let mut power = 0;
    let mut rest = text;
    while let Some((c, p)) = rest.chars().next().and_then(|c| MAGNITUDES.into_iter().find(|m| m.0 == c)) {
        power += p;
        rest = &rest[c.len_utf8()..];
    }
    (power, rest)
}

/// Digits with thousands separators and a decimal point.
fn plain(digits: &str, text: &str) -> Result<Decimal, Mistake> {
    let not_a_number = || Mistake::NotANumber { text: text.to_string() };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.contains(['.', ',']) || (whole.is_empty() && fraction.is_empty()) || digits.ends_with('.') {
        return Err(not_a_number());
    }
    if whole.contains(',') {
        let groups: Vec<&str> = whole.split(',').collect();
        if !(1..=3).contains(&groups[0].len()) || groups[1..].iter().any(|g| g.len() != 3) {
            return Err(Mistake::Grouping { text: text.to_string() });
        }
    }
    let all: String = whole.chars().filter(|c| *c != ',').chain(fraction.chars()).collect();
    if all.len() > 30 {
        return Err(Mistake::TooGreat { max: i64::MAX.to_string() });
    }
    Ok(Decimal { negative: false, digits: all.parse().map_err(|_| not_a_number())?, exponent: -(fraction.len() as i32) })
}
