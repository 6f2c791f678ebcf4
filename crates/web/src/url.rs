//! Parts of addresses: percent-encoding, query strings.

use std::fmt::Write;

/// Encodes one path segment or query value. `/` stays in `keep`, for ids that hold one.
fn encode(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A path segment.
pub fn segment(text: &str) -> String {
    encode(text, "@=,:")
}

/// The rest of a path, for ids that hold `/` (published figures).
pub fn tail(text: &str) -> String {
    encode(text, "/@=,:")
}

/// A query value.
pub fn value(text: &str) -> String {
    encode(text, ":/,@")
}

/// Decodes one name or value of a form; bytes that are no text become the replacement sign.
fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let mut rest = bytes.clone();
                let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => {
                        out.push((high * 16 + low) as u8);
                        bytes = rest;
                    }
                    _ => out.push(b'%'),
                }
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The pairs of a form's body (`application/x-www-form-urlencoded`), in order.
pub fn form_pairs(body: &str) -> Vec<(String, String)> {
    let pairs = body.split('&').filter(|p| !p.is_empty());
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(name, value)| (decode(name), decode(value))).collect()
}

/// The parameters of a query string, in order; a name may come several times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(pub Vec<(String, String)>);

impl Query {
    /// First value of a parameter; a blank one counts as absent, as forms send blanks for untouched inputs.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(k, v)| k == name && !v.trim().is_empty()).map(|(_, v)| v.trim())
    }

    /// All filled values of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(k, v)| k == name && !v.trim().is_empty()).map(|(_, v)| v.trim())
    }

    /// The same query without control characters, which no input of ours takes and no page should show. Those that
    /// part words (a tab out of a spreadsheet) become blanks.
    pub fn printable(&self) -> Query {
        let clean = |text: &str| {
            let blank = |c: char| if c.is_control() && c.is_whitespace() { ' ' } else { c };
            text.chars().map(blank).filter(|c| !c.is_control()).collect::<String>()
        };
        Query(self.0.iter().map(|(name, value)| (clean(name), clean(value))).collect())
    }

    /// The same query with one parameter set (or, with `None`, gone).
    pub fn with(&self, name: &str, value: Option<&str>) -> Query {
        let mut pairs: Vec<_> = self.0.iter().filter(|(k, _)| k != name).cloned().collect();
        pairs.extend(value.map(|v| (name.to_string(), v.to_string())));
        Query(pairs)
    }

    /// `?a=b&c=d`, or nothing. Blank values are left out so that links stay short.
    pub fn to_suffix(&self) -> String {
        let mut out = String::new();
        for (name, text) in self.0.iter().filter(|(_, v)| !v.trim().is_empty()) {
            out.push(if out.is_empty() { '?' } else { '&' });
            out.push_str(&encode(name, ""));
            out.push('=');
            out.push_str(&value(text));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_figures_survive_a_path() {
        assert_eq!(tail("d003/rate@2024[stage=basic]~a"), "d003/rate@2024%5Bstage=basic%5D~a");
        assert_eq!(segment("重 点"), "%E9%87%8D%20%E7%82%B9");
    }

    #[test]
    fn forms_read_as_browsers_send_them() {
        let pairs = form_pairs("name=%E5%8F%B0+%E5%B8%B3&empty=&plus=1%2B1&odd=100%&bare");
        let expected = [("name", "台 帳"), ("empty", ""), ("plus", "1+1"), ("odd", "100%"), ("bare", "")];
        assert_eq!(pairs, expected.map(|(k, v)| (k.to_string(), v.to_string())));
    }

    #[test]
    fn a_query_drops_blanks_and_replaces_values() {
        let query = Query(vec![("q".into(), "a b&c".into()), ("goal".into(), " ".into())]);
        assert_eq!(query.to_suffix(), "?q=a%20b%26c");
        assert_eq!(query.with("q", None).to_suffix(), "");
        assert_eq!(query.with("as_of", Some("2026-11-01")).to_suffix(), "?q=a%20b%26c&as_of=2026-11-01");
        assert_eq!(query.get("goal"), None);
    }

    #[test]
    fn a_query_holds_no_control_characters() {
        let query = Query(form_pairs("q=a%00b%1B%5B31m%09c%C2%9B&n%0Aame=x")).printable();
        assert_eq!(query.0, [("q", "ab[31m c"), ("n ame", "x")].map(|(k, v)| (k.to_string(), v.to_string())));
    }
}
