//! Reads the value and precision of a figure as a document prints it: `約1.65兆円`, `33.1%`, `2,737名`, `4割`.

use unicode_normalization::UnicodeNormalization;

/// What a printed figure says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Printed {
    /// The number, multipliers applied (割 counts as 10 points of percent).
    pub value: f64,
    /// Step of the last printed digit.
    pub precision: f64,
    /// Printed as approximate.
    pub approximate: bool,
}

/// Why a printed figure cannot be read by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrintedError {
    /// No digits.
    #[error("no number in “{0}”")]
    NoNumber(String),
    /// More than one number that do not belong together.
    #[error("more than one number in “{0}”")]
    Ambiguous(String),
}

const APPROXIMATE: [&str; 14] = ["約", "およそ", "程度", "以上", "以下", "未満", "超", "弱", "強", "前後", "余", "ほぼ", "近く", "近い"];
const MULTIPLIERS: [(&str, f64); 8] =
    [("千万", 1e7), ("百万", 1e6), ("兆", 1e12), ("億", 1e8), ("万", 1e4), ("千", 1e3), ("割", 10.0), ("million", 1e6)];

/// Reads a printed figure.
///
/// # Errors
/// [`PrintedError`] when there is no number or more than one; the pack then gives `value` itself.
pub fn read(printed: &str) -> Result<Printed, PrintedError> {
    let text: String = printed.nfkc().filter(|c| !c.is_whitespace()).collect();
    let approximate = APPROXIMATE.iter().any(|w| text.contains(w));
    let groups = groups(&text);
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return Err(PrintedError::NoNumber(printed.to_owned()));
    };
    // 1兆2,000億円 is one number: multipliers fall and the groups touch.
    let one_number = groups.windows(2).all(|w| w[0].end == w[1].start && w[0].multiplier > w[1].multiplier);
    if !one_number {
        return Err(PrintedError::Ambiguous(printed.to_owned()));
    }
    let sign = if first.negative { -1.0 } else { 1.0 };
    let value = sign * groups.iter().map(Group::value).sum::<f64>();
    Ok(Printed { value, precision: last.multiplier / 10f64.powi(last.decimals as i32), approximate })
}

struct Group {
    start: usize,
    end: usize,
    digits: String,
    decimals: usize,
    multiplier: f64,
    negative: bool,
}

impl Group {
    fn value(&self) -> f64 {
        // Scaling by an integer keeps 1.65兆 exact where 1.65 × 1e12 would not be.
        let whole: f64 = self.digits.replace('.', "").parse().unwrap_or(f64::NAN);
        let scale = 10f64.powi(self.decimals as i32);
        if self.multiplier >= scale { whole * (self.multiplier / scale) } else { whole * self.multiplier / scale }
    }
}

fn groups(text: &str) -> Vec<Group> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut out = vec![];
    let mut i = 0;
    while i < chars.len() {
        if !chars[i].1.is_ascii_digit() {
            i += 1;
            continue;
        }
        let negative = i > 0 && matches!(chars[i - 1].1, '-' | '−' | '▲' | '△');
        let start = chars[i].0;
        let mut digits = String::new();
        while i < chars.len() {
            let c = chars[i].1;
            let digit_follows = chars.get(i + 1).is_some_and(|c| c.1.is_ascii_digit());
            match c {
                '0'..='9' => digits.push(c),
                ',' if digit_follows => {}
                '.' if digit_follows && !digits.contains('.') => digits.push('.'),
                _ => break,
            }
            i += 1;
        }
        let rest = &text[chars.get(i).map_or(text.len(), |c| c.0)..];
        let found = MULTIPLIERS.iter().find(|(w, _)| rest.starts_with(w));
        let multiplier = found.map_or(1.0, |m| m.1);
        i += found.map_or(0, |m| m.0.chars().count());
        let decimals = digits.split_once('.').map_or(0, |(_, d)| d.len());
        out.push(Group { start, end: chars.get(i).map_or(text.len(), |c| c.0), digits, decimals, multiplier, negative });
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn printed(s: &str) -> (f64, f64, bool) {
        let p = read(s).unwrap();
        (p.value, p.precision, p.approximate)
    }

    #[test]
    fn reads_what_the_documents_print() {
        assert_eq!(printed("52.3%"), (52.3, 0.1, false));
        assert_eq!(printed("2,737名"), (2737.0, 1.0, false));
        assert_eq!(printed("約1.65兆円"), (1.65e12, 1e10, true));
        assert_eq!(printed("約28兆円"), (28e12, 1e12, true));
        assert_eq!(printed("307,774千円"), (307_774_000.0, 1000.0, false));
        assert_eq!(printed("16百万円"), (16e6, 1e6, false));
        assert_eq!(printed("4割"), (40.0, 10.0, false));
        assert_eq!(printed("１．４倍"), (1.4, 0.1, false));
        assert_eq!(printed("1兆2,000億円"), (1.2e12, 1e8, false));
        assert_eq!(printed("▲3.5"), (-3.5, 0.1, false));
        assert_eq!(printed("0"), (0.0, 1.0, false));
    }

    #[test]
    fn refuses_to_guess() {
        assert!(matches!(read("多数"), Err(PrintedError::NoNumber(_))));
        assert!(matches!(read("2(3)"), Err(PrintedError::Ambiguous(_))));
        assert!(matches!(read("5〜10年"), Err(PrintedError::Ambiguous(_))));
    }
}
