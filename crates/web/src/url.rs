//! Parts of addresses: percent-encoding, query strings.

use std::fmt::Write;

/// Encodes one path segment or query value. `/` stays in `keep`, for ids that hold one.
fn encode(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-._~".contains(c) || keep.contains(c) {
            out.push(c);
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
    fn a_query_drops_blanks_and_replaces_values() {
        let query = Query(vec![("q".into(), "a b&c".into()), ("goal".into(), " ".into())]);
        assert_eq!(query.to_suffix(), "?q=a%20b%26c");
        assert_eq!(query.with("q", None).to_suffix(), "");
        assert_eq!(query.with("as_of", Some("2026-11-01")).to_suffix(), "?q=a%20b%26c&as_of=2026-11-01");
        assert_eq!(query.get("goal"), None);
    }
}
